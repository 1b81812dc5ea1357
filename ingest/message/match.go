package message

import (
	"bytes"
	"strings"

	"psyncope/ingest/table"
)

// minCut is how many bytes of literal text a message must share with a wording that it ends before.
const minCut = 16

// longText is from where a message counts as cut by the server: a text field may then run to its end.
const longText = 1000

// maxDepth is how many nodes with wordings are remembered on the way down the tree. No head in the
// catalogue has more of them above it (a test counts); deeper ones would push out the least specific.
const maxDepth = 8

// outcome is how a message stands to a wording.
type outcome uint8

const (
	differs outcome = iota
	ends            // the message ends before the wording does, and agrees as far as it goes
	matches
)

// Match reads one message into m, which is set anew whatever it held. It reports whether the
// catalogue has the message; if not, m.Kind is [Other]. It never fails, and allocates nothing once
// m has been used for a message of this length.
func (c *Catalogue) Match(msg []byte, m *Match) bool {
	msg = trim(msg)
	if c.match(msg, m) || c.matchBehind(msg, m) {
		return true
	}
	if defaced(msg) {
		m.clean = clean(m.clean[:0], msg)
		if msg = trim(m.clean); c.match(msg, m) || c.matchBehind(msg, m) {
			return true
		}
	}
	// Whoever pasted it may have cut it short, or have had a console that says behind the message whose it is.
	for _, behind := range [...]func([]byte) ([]byte, bool){withoutDots, withoutColumn} {
		if rest, ok := behind(msg); ok && (c.match(rest, m) || c.matchBehind(rest, m)) {
			return true
		}
	}
	m.reset(Other)
	return false
}

// withoutDots takes the dots off a message that was cut.
func withoutDots(msg []byte) ([]byte, bool) {
	rest, ok := bytes.CutSuffix(msg, []byte("..."))
	return trim(rest), ok
}

// withoutColumn takes a last word behind a bar off: " | redis-0".
func withoutColumn(msg []byte) ([]byte, bool) {
	i := bytes.LastIndex(msg, []byte(" | "))
	if i < minCut || len(msg)-i > 80 || bytes.IndexByte(msg[i+3:], ' ') >= 0 {
		return msg, false
	}
	return trim(msg[:i]), true
}

// matchBehind tries what stands behind a server's own prefix.
func (c *Catalogue) matchBehind(msg []byte, m *Match) bool {
	for _, b := range c.before {
		if rest, ok := bytes.CutPrefix(msg, b); ok {
			return c.match(trim(rest), m)
		}
	}
	return false
}

func (m *Match) reset(kind Kind) {
	m.Kind = kind
	m.Peer, m.ReplID, m.ReplID2, m.Detail = nil, nil, nil, nil
	m.Offset, m.Bytes, m.Number = table.Null, table.Null, table.Null
	m.Cut = false
	m.buf = m.buf[:0]
}

// possible collects what a message that ends early could still become.
type possible struct {
	kind    Kind
	several bool
	word    *wording // where fields can be read from; nil if the message ends inside a head
	at      int
}

// add takes one more; an empty kind stands for several.
func (p *possible) add(kind Kind, w *wording, at int) {
	common := kind
	if p.kind != "" {
		common = general(p.kind, kind)
	}
	switch {
	case common == "":
		p.several = true
	case p.word == nil || p.kind != common:
		if p.kind != common {
			p.word = nil
		}
		p.kind = common
		if kind == common {
			p.word, p.at = w, at
		}
	}
}

// general is the one of two kinds that the other is a case of ("psync-refused-backlog" of
// "psync-refused-backlog-none"), and empty if neither is.
func general(a, b Kind) Kind {
	if len(a) > len(b) {
		a, b = b, a
	}
	if a == b || a != "" && strings.HasPrefix(b, a) && b[len(a)] == '-' {
		return a
	}
	return ""
}

func (c *Catalogue) match(msg []byte, m *Match) bool {
	if len(msg) == 0 {
		return false
	}
	var stack [maxDepth]*node // nodes with wordings whose heads msg begins with
	var at [maxDepth]int
	depth := 0
	var cut possible

	n, i := c.start(msg)
	for n != nil {
		rest := msg[i:]
		if len(rest) < len(n.label) {
			if n.label[:len(rest)] == string(rest) && len(msg) >= minCut {
				cut.add(n.only, nil, 0)
			}
			break
		}
		if string(rest[:len(n.label)]) != n.label {
			break
		}
		i += len(n.label)
		if n.words != nil && depth < maxDepth {
			stack[depth], at[depth] = n, i
			depth++
		}
		if i == len(msg) {
			if len(msg) >= minCut {
				for _, k := range n.kids {
					cut.add(k.only, nil, 0)
				}
			}
			break
		}
		k := strings.IndexByte(n.first, msg[i])
		if k < 0 {
			break
		}
		n = n.kids[k]
	}
	for d := depth - 1; d >= 0; d-- {
		words := stack[d].words
		for k := range words {
			switch w := &words[k]; w.read(msg, at[d], m) {
			case matches:
				return true
			case ends:
				cut.add(w.kind, w, at[d])
			}
		}
	}
	loose := c.looseText
	if msg[0]-'0' <= 9 {
		loose = c.looseNumber
	}
	for k := range loose {
		w := &loose[k]
		tail := w.parts[len(w.parts)-1].after
		if len(tail) > 0 && tail[len(tail)-1] != msg[len(msg)-1] { // most often, and cheaper than HasSuffix
			continue
		}
		if bytes.HasSuffix(msg, tail) && bytes.Contains(msg, w.parts[0].after) && w.read(msg, 0, m) == matches {
			return true
		}
	}
	switch {
	case cut.several || cut.kind == "":
		return false
	case cut.word != nil:
		cut.word.read(msg, cut.at, m)
	default:
		m.reset(cut.kind)
	}
	m.Cut = true
	return true
}

// read compares msg from i, where the wording's head ended, and fills m. If the outcome is differs,
// what m holds means nothing.
func (w *wording) read(msg []byte, i int, m *Match) outcome {
	m.reset(w.kind)
	literal := len(w.head)
	event := w.head != "" && (w.head[0] == '+' || w.head[0] == '-') && w.head[len(w.head)-1] == ' '
	detail := -1
	for k := range w.parts {
		p := &w.parts[k]
		n, res := p.span(msg[i:], k == len(w.parts)-1, len(msg))
		if res == differs || res == ends && literal < minCut && !event && p.field != fieldClient {
			return differs
		}
		end := i + n
		if p.field == fieldDetail || p.field == fieldItem || p.field == fieldClient {
			if detail < 0 {
				detail = i
			}
			if m.Detail = msg[detail:end]; detail == end {
				m.Detail = nil
			}
		}
		if res == matches || end < len(msg) || p.field == fieldClient {
			m.store(p.field, msg[i:end])
		}
		if res == ends {
			return ends
		}
		i = end + len(p.after)
		literal += len(p.after)
	}
	if i != len(msg) {
		return differs
	}
	return matches
}

// span says how many bytes of s the field takes. ends: s is over before the literal behind the field
// is; n bytes of it are the field.
func (p *part) span(s []byte, last bool, total int) (n int, res outcome) {
	switch fieldSpecs[p.field].shape {
	case shapeDigits:
		n = digits(s)
	case shapeDecimal:
		n = decimal(s)
	case shapeToken:
		if n = p.token(s, last); p.field == fieldReplID || p.field == fieldReplID2 {
			if bytes.IndexByte(s[:n], ')') >= 0 {
				return 0, differs // an id never has one, and an offset in its place may be followed by one
			}
		}
	case shapeText:
		return p.textSpan(s, last, total)
	case shapeSpecial:
		n = p.special(s)
	}
	if n < 0 {
		return 0, differs
	}
	if n == 0 && len(s) > 0 && p.field != fieldReplID && p.field != fieldReplID2 {
		return 0, differs
	}
	return n, follows(s[n:], p.after, last)
}

// follows compares the literal behind a field.
func follows(rest, after []byte, last bool) outcome {
	switch {
	case bytes.HasPrefix(rest, after):
		if last && len(rest) > len(after) {
			return differs
		}
		return matches
	case bytes.HasPrefix(after, rest):
		return ends
	}
	return differs
}

// textSpan finds the end of a free text: the literal behind it, at the message's end if the wording ends with it.
func (p *part) textSpan(s []byte, last bool, total int) (n int, res outcome) {
	if len(p.after) == 0 {
		return len(s), matches
	}
	if last {
		if n := len(s) - len(p.after); n >= 0 && bytes.Equal(s[n:], p.after) {
			return n, matches
		}
	} else if n := bytes.Index(s, p.after); n >= 0 {
		return n, matches
	}
	// Cut: the beginning of the literal may still be there, three bytes of it at least.
	for n := max(0, len(s)-len(p.after)+1); n+3 <= len(s); n++ {
		if bytes.HasPrefix(p.after, s[n:]) {
			return n, ends
		}
	}
	if total >= longText || p.field == fieldClient && looksLikeClient(s) {
		return len(s), ends
	}
	return 0, differs
}

// looksLikeClient reports whether all of s is the beginning of a client's description: name=value words,
// of which the last may be cut.
func looksLikeClient(s []byte) bool {
	if !bytes.HasPrefix(s, []byte("id=")) && !bytes.HasPrefix(s, []byte("addr=")) {
		return false
	}
	for {
		blank := bytes.IndexByte(s, ' ')
		if blank < 0 {
			return true
		}
		if bytes.IndexByte(s[:blank], '=') < 0 {
			return false
		}
		s = s[blank+1:]
	}
}

// token is the length of a word: up to a blank, or to the literal behind it if that begins otherwise.
// "client id #5" is one word, for that is how old servers name a replica whose peer is gone.
func (p *part) token(s []byte, last bool) int {
	const gone = "client id #"
	if p.field == fieldPeer && bytes.HasPrefix(s, []byte(gone)) {
		return len(gone) + digits(s[len(gone):])
	}
	blank := bytes.IndexByte(s, ' ')
	if blank < 0 {
		blank = len(s)
	}
	if len(p.after) == 0 || p.after[0] == ' ' {
		return blank
	}
	if last && blank == len(s) && bytes.HasSuffix(s, p.after) {
		return blank - len(p.after) // "ip:port." has more dots than one
	}
	if n := bytes.Index(s[:min(len(s), blank+len(p.after))], p.after); n >= 0 {
		return n
	}
	// Cut inside the literal: the word ends where the rest begins it.
	for n := max(0, blank-len(p.after)+1); n < blank; n++ {
		if bytes.HasPrefix(p.after, s[n:]) {
			return n
		}
	}
	return blank
}

func digits(s []byte) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && s[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

func decimal(s []byte) int {
	n := digits(s)
	if n > 0 && n+1 < len(s) && s[n] == '.' && s[n+1]-'0' <= 9 {
		n++
		for n < len(s) && s[n]-'0' <= 9 {
			n++
		}
	}
	return n
}

func trim(s []byte) []byte {
	for len(s) > 0 && s[0] <= ' ' {
		s = s[1:]
	}
	for len(s) > 0 {
		switch n := len(s); {
		case s[n-1] <= ' ':
			s = s[:n-1]
		case s[n-1] == 'M' && n > 1 && s[n-2] == '^':
			s = s[:n-2]
		case s[n-1] == 'm' && n > 3 && bytes.HasSuffix(s, []byte("\x1b[0m")):
			s = s[:n-4]
		default:
			return s
		}
	}
	return s
}
