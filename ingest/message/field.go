package message

import (
	"bytes"
	"slices"

	"psyncope/ingest/table"
)

// store puts a field's text where it belongs; Detail, which may span several fields, is not its matter.
func (m *Match) store(f field, s []byte) {
	switch f {
	case fieldPeer:
		m.Peer = m.address(s)
	case fieldReplID:
		m.ReplID = s
	case fieldReplID2:
		m.ReplID2 = s
	case fieldOffset:
		m.Offset = number(s)
	case fieldBytes:
		m.Bytes = number(s)
	case fieldMegabytes:
		m.Bytes = scaled(s, 1<<20)
	case fieldNumber, fieldMillis:
		m.Number = number(s)
	case fieldSeconds:
		m.Number = scaled(s, 1000)
	case fieldClient:
		m.client(s)
	case fieldInstance:
		m.instance(s)
	case fieldSwitch:
		m.switched(s)
	}
}

// number reads digits with an optional sign; Null if they are too many for an int64.
func number(s []byte) table.Int {
	if len(s) == 0 {
		return table.Null
	}
	negative := s[0] == '-'
	if negative || s[0] == '+' {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 18 {
		return table.Null
	}
	var n int64
	for _, c := range s {
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return table.Int(n)
}

// scaled reads a decimal and multiplies it.
func scaled(s []byte, by int64) table.Int {
	whole, fraction := s, []byte(nil)
	if i := bytes.IndexByte(s, '.'); i >= 0 {
		whole, fraction = s[:i], s[i+1:]
	}
	n := number(whole)
	if !n.Known() || len(whole) > 11 { // 11 digits of MB or seconds: what follows cannot overflow
		return table.Null
	}
	n *= table.Int(by)
	part, unit := int64(0), int64(1)
	for _, c := range fraction[:min(len(fraction), 6)] {
		part, unit = part*10+int64(c-'0'), unit*10
	}
	if s[0] == '-' {
		part = -part
	}
	return n + table.Int(part*by/unit)
}

// address gives an IPv6 address that a server printed as "%s:%d" its brackets; others stay as they are.
func (m *Match) address(s []byte) []byte {
	last := bytes.LastIndexByte(s, ':')
	if last <= 0 || s[0] == '[' || bytes.IndexByte(s[:last], ':') < 0 || s[0] == '/' {
		return s
	}
	return m.join(s[:last], s[last+1:])
}

// join composes an address of a host and a port that do not stand together.
func (m *Match) join(host, port []byte) []byte {
	start := len(m.buf)
	if bytes.IndexByte(host, ':') >= 0 && host[0] != '[' {
		m.buf = append(append(append(m.buf, '['), host...), ']')
	} else {
		m.buf = append(m.buf, host...)
	}
	m.buf = append(append(m.buf, ':'), port...)
	return m.buf[start:]
}

// client reads a client's description in the form of CLIENT LIST.
func (m *Match) client(s []byte) {
	if m.Peer == nil {
		if v, ok := attribute(s, "addr="); ok {
			m.Peer = v
		}
	}
	if !m.Bytes.Known() {
		if v, ok := attribute(s, "omem="); ok && digits(v) == len(v) {
			m.Bytes = number(v)
		}
	}
}

// attribute finds "name=value " at the beginning or behind a blank. A value that s ends inside is not taken,
// unless it is the only one.
func attribute(s []byte, name string) ([]byte, bool) {
	for i := 0; ; {
		k := bytes.Index(s[i:], []byte(name))
		if k < 0 {
			return nil, false
		}
		i += k
		if i == 0 || s[i-1] == ' ' {
			v := s[i+len(name):]
			n := bytes.IndexByte(v, ' ')
			if n < 0 {
				return nil, false
			}
			return v[:n], true
		}
		i += len(name)
	}
}

// words cuts s into at most len(into) words; the rest is everything behind the last one's blank.
func words(s []byte, into [][]byte) (n int, rest []byte) {
	for n < len(into) {
		w := s
		if i := bytes.IndexByte(s, ' '); i >= 0 {
			w, s = s[:i], s[i+1:]
		} else {
			s = nil
		}
		if len(w) == 0 {
			return n, s
		}
		into[n] = w
		n++
		if s == nil {
			return n, nil
		}
	}
	return n, s
}

// special is the length of a Sentinel's list of words, -1 if s is none: it reaches to the literal
// behind it or to the end, for what stands behind an instance has no name of its own.
func (p *part) special(s []byte) int {
	if p.field == fieldInstance && !slices.ContainsFunc(instanceTypes[:], func(t string) bool { return bytes.HasPrefix(s, []byte(t)) }) {
		return -1
	}
	if len(p.after) == 0 {
		return len(s)
	}
	return bytes.Index(s, p.after)
}

// instanceTypes are how Sentinel and Valkey's Sentinel name what they watch (valkey unstable sentinel.c:1409-1418).
var instanceTypes = [...]string{"master ", "slave ", "sentinel "}

// instance reads "type name ip port[ @ group ip port][ more]" (redis 7.4.1 sentinel.c sentinelEvent).
func (m *Match) instance(s []byte) {
	m.Detail = s // if it turns out to be cut
	var w, q [4][]byte
	n, rest := words(s, w[:])
	if n < 4 || digits(w[3]) != len(w[3]) {
		return
	}
	m.Peer = m.join(w[2], w[3])
	group, host, port := w[1], w[2], w[3]
	if bytes.HasPrefix(rest, []byte("@")) {
		n, more := words(rest, q[:])
		if n < 4 || digits(q[3]) != len(q[3]) {
			return
		}
		group, host, port, rest = q[1], q[2], q[3], more
	}
	start := len(m.buf)
	m.buf = append(append(m.buf, w[0]...), ' ')
	m.buf = append(append(m.buf, group...), ' ')
	m.join(host, port)
	if len(rest) > 0 {
		m.buf = append(append(m.buf, ' '), rest...)
	}
	m.Detail = m.buf[start:]
}

// switched reads "group old-ip old-port new-ip new-port".
func (m *Match) switched(s []byte) {
	var w [5][]byte
	n, rest := words(s, w[:])
	if n < 5 || len(rest) > 0 || digits(w[2]) != len(w[2]) || digits(w[4]) != len(w[4]) {
		m.Detail = s
		return
	}
	m.Peer = m.join(w[3], w[4])
	start := len(m.buf)
	m.buf = append(append(m.buf, w[0]...), ' ')
	m.join(w[1], w[2])
	m.buf = append(m.buf, ' ')
	m.buf = append(m.buf, m.Peer...)
	m.Detail = m.buf[start:]
}

// defaced reports whether clean could help: the text was pasted through something that changed it.
func defaced(s []byte) bool {
	return bytes.IndexByte(s, '\\') >= 0 || bytes.Contains(s, []byte("  ")) || bytes.Contains(s, []byte("**")) ||
		bytes.IndexByte(s, '&') >= 0 && bytes.IndexByte(s, ';') >= 0 || bytes.Contains(s, []byte("\xe2\x80")) || bytes.Contains(s, []byte("\u00a0"))
}

// entities are what forums and word processors make of the characters that messages have.
var entities = [...]struct{ from, to string }{
	{"‘", "'"},
	{"’", "'"},
	{"“", `"`},
	{"”", `"`},
	{"–", "-"},
	{"—", "-"},
	{"…", "..."},
	{"\u00a0", " "},
	{"&lt;", "<"},
	{"&gt;", ">"},
	{"&#39;", "'"},
	{"&amp;", "&"},
	{"&quot;", `"`},
}

// clean appends s to dst without Markdown's backslashes and stars of bold, with entities undone and with one blank where
// there are several. A backslash before a letter or digit stays: it is the server's own.
func clean(dst, s []byte) []byte {
next:
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] < 0x7f && s[i+1] > ' ' && !alphanumeric(s[i+1]):
			i++
		case s[i] == '*' && i+1 < len(s) && s[i+1] == '*': // bold
			i++
			continue
		case s[i] == ' ' && i+1 < len(s) && s[i+1] == ' ':
			continue
		case s[i] == '&' || s[i] == 0xe2 || s[i] == 0xc2:
			for _, e := range entities {
				if bytes.HasPrefix(s[i:], []byte(e.from)) {
					dst = append(dst, e.to...)
					i += len(e.from) - 1
					continue next
				}
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
