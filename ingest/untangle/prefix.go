package untangle

import (
	"slices"
	"strings"

	"psyncope/ingest/logline"
)

// words are those of a prefix that could name somebody: not times, numbers, levels.
func words(prefix string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(prefix, func(r rune) bool { return strings.ContainsRune(" []|()<>\"'`,{}=\t", r) }) {
		w = strings.Trim(w, ":-")
		if w == "" || strings.Trim(w, "0123456789-T:Z+.,/") == "" || isLevel(w) || isMonth(w) || w == "stdout" || w == "stderr" || w == "F" || w == "P" {
			continue
		}
		out = append(out, w)
	}
	return out
}

func isMonth(w string) bool {
	return len(w) == 3 && slices.Contains([]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "utc"}, strings.ToLower(w))
}

// source is one of those whose prefix stands before lines.
type source struct {
	words  []string
	fields int // how many blanks-separated words its prefix has
	n      int
	name   string
}

const maxPrefix = 200

// headerAt is where a server's header begins behind a prefix; 0 where there is none.
func headerAt(p *logline.Parser, l string) int {
	if isLogLine(l) {
		return 0
	}
	var h logline.Header
	n := p.Find([]byte(l), &h)
	if n <= 0 || n > maxPrefix {
		return 0
	}
	return n
}

func looksPrefixed(head string) bool {
	var p logline.Parser
	n := 0
	lines := firstLines(head, 12)
	for _, l := range lines {
		if headerAt(&p, l) > 0 && len(words(l[:headerAt(&p, l)])) > 0 {
			n++
		}
	}
	return n > 0 || len(lines) > 2 && barred(lines) != ""
}

// barred is the separator behind which, in most lines, something of a server's stands that is no log; "" for none.
func barred(lines []string) string {
	for _, sep := range [...]string{" | ", "] ", ": "} {
		n := 0
		for _, l := range lines {
			i := strings.Index(l, sep)
			if i <= 0 || i > maxPrefix {
				continue
			}
			inner := strings.TrimSpace(l[i+len(sep):])
			name, _, ok := strings.Cut(inner, ":")
			if ok && isInfoField(name) || inner == "# Server" || isReply(inner) {
				n++
			}
		}
		if n*2 > len(lines) {
			return sep
		}
	}
	return ""
}

// isReply reports whether a line is one of a reply as redis-cli prints it: 3) (integer) 17.
func isReply(l string) bool {
	number, rest, ok := strings.Cut(l, ") ")
	return ok && isNumber(number) && len(number) < 5 && (strings.HasPrefix(rest, "(integer) ") || strings.HasPrefix(rest, `"`) || isReply(rest))
}

// prefixed takes a text apart in which every line stands behind the name of its server.
func prefixed(text string) (Result, bool) {
	if sep := barred(firstLines(text, 40)); sep != "" {
		return behind(text, sep)
	}
	var p logline.Parser
	sources := map[string]*source{}
	var order []*source
	headers, bare := 0, 0
	var ends enclosure
	for l := range strings.Lines(text) {
		n := headerAt(&p, l)
		if n == 0 {
			if isLogLine(l) {
				bare++
			}
			continue
		}
		headers++
		ends.see(l, n)
		w := words(l[:n])
		k := strings.Join(w, "\x00")
		s := sources[k]
		if s == nil {
			if len(sources) > 4*maxServers {
				return Result{}, false
			}
			s = &source{words: w}
			sources[k] = s
			order = append(order, s)
		}
		s.n++
		s.fields = len(strings.Fields(l[:n]))
	}
	if len(order) < 2 || bare > headers/10 || headers < 2*len(order) || len(order) > maxServers || !nameSources(order) {
		return Result{}, false
	}
	var ps parts
	number := int32(0)
	var last *source
	for l := range strings.Lines(text) {
		number++
		l = strings.TrimRight(l, "\r\n")
		if n := headerAt(&p, l); n > 0 {
			l = strings.TrimSuffix(l, ends.tail)
			if s := sources[strings.Join(words(l[:n]), "\x00")]; s != nil {
				last = s
				ps.at(s.name, "log").line(l[n:], number)
				continue
			}
		}
		if s, rest := rawOf(sources, l); s != nil {
			last = s
			l = rest
		}
		if last != nil {
			ps.at(last.name, "log").line(l, number)
		}
	}
	return Result{Parts: ps.done(), By: "prefix"}, true
}

// enclosure is what closes behind every message what the prefix opened before it: "');" of an INSERT, "]]></event>".
type enclosure struct {
	tail string
	seen bool
}

// closes are the marks that close what each mark opens.
var closes = map[byte]byte{'\'': '\'', '"': '"', '`': '`', '[': ']', '(': ')', '{': '}', '<': '>', '>': '<'}

// see takes a line whose message begins at n; the tail is what all of them end in.
func (e *enclosure) see(l string, n int) {
	l = strings.TrimRight(l, "\r\n")
	if !e.seen {
		e.seen = true
		if i := strings.LastIndexByte(l, closes[l[n-1]]); closes[l[n-1]] != 0 && i >= n {
			for i > n && l[i-1] == l[i] {
				i--
			}
			e.tail = l[i:]
		}
		return
	}
	if !strings.HasSuffix(l, e.tail) {
		e.tail = ""
	}
}

// rawOf finds whose a line without a header is, by the words before it.
func rawOf(sources map[string]*source, l string) (*source, string) {
	tried := map[int]bool{}
	for _, s := range sources {
		if tried[s.fields] {
			continue
		}
		tried[s.fields] = true
		rest := l
		for range s.fields {
			rest = strings.TrimLeft(rest, " \t")
			i := strings.IndexAny(rest, " \t")
			if i < 0 {
				rest = ""
				break
			}
			rest = rest[i:]
		}
		prefix := l[:len(l)-len(rest)]
		if t := sources[strings.Join(words(prefix), "\x00")]; t != nil && len(t.words) > 0 {
			return t, strings.TrimPrefix(rest, " ")
		}
	}
	return nil, ""
}

// nameSources names them by the words that differ. It is false where two would have one name.
func nameSources(order []*source) bool {
	same := true
	for _, s := range order {
		same = same && len(s.words) == len(order[0].words)
	}
	var all []string
	for _, s := range order {
		var w []string
		for i, word := range s.words {
			differs := !same
			for _, t := range order {
				differs = differs || i >= len(t.words) || t.words[i] != word
			}
			if differs {
				w = append(w, word)
			}
		}
		s.name = strings.Join(w, "/")
		if s.name == "" || slices.Contains(all, s.name) {
			return false
		}
		all = append(all, s.name)
	}
	short := Shorten(all)
	for _, s := range order {
		s.name = short[s.name]
	}
	return true
}

// behind takes INFO and slowlogs apart whose every line stands behind a name and a separator.
func behind(text, sep string) (Result, bool) {
	by := map[string][]string{}
	at := map[string][]int32{}
	var order []string
	number, other := int32(0), int64(0)
	for l := range strings.Lines(text) {
		number++
		l = strings.TrimRight(l, "\r\n")
		i := strings.Index(l, sep)
		if i <= 0 || i > maxPrefix {
			if strings.HasSuffix(l, strings.TrimRight(sep, " ")) { // an empty line
				continue
			}
			other++
			continue
		}
		who := strings.Join(words(l[:i]), "/")
		if by[who] == nil {
			if len(order) > maxServers {
				return Result{}, false
			}
			order = append(order, who)
		}
		by[who] = append(by[who], l[i+len(sep):])
		at[who] = append(at[who], number)
	}
	if len(order) == 0 || other > int64(number)/10 {
		return Result{}, false
	}
	names := Shorten(order)
	var ps parts
	for _, who := range order {
		kind := "slowlog"
		if isDump(strings.Join(by[who], "\n")) {
			kind = "info"
		}
		name := names[who]
		if len(order) == 1 {
			name = ""
		}
		for i, l := range by[who] {
			ps.at(name, kind).line(l, at[who][i])
		}
	}
	return Result{Parts: ps.done(), By: "prefix"}, true
}
