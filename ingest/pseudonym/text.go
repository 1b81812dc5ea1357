package pseudonym

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// manner is how a text is gone through.
type manner struct {
	words  map[string]bool // those that stay
	number int             // digits from which on a number by itself does not stay; 0 for all stay
	quoted int             // the same between quotes
	dates  bool            // digits that may be a date stay, also in a name
}

// inName is how many digits of a name stay: enough for node-12 and for a port behind it, not for an account's number.
const inName = 5

// Text replaces what is the user's own in what a server, a person or a log shipper wrote. Numbers that stand by themselves stay.
func (m *Maker) Text(s string) string { return m.through(s, manner{words: load().words}) }

// Path replaces what is the user's own in the path of a file, the name of an instance, or an address. Dates in names stay.
func (m *Maker) Path(s string) string { return m.through(s, manner{words: load().words, dates: true}) }

// Name replaces a name that somebody gave, or an id.
func (m *Maker) Name(s string) string { return m.through(s, manner{words: given, number: inName + 1}) }

// given are names that servers and Sentinels give themselves and their users (redis 7.4.1 acl.c, sentinel.c sentinelSetClientName).
var given = map[string]bool{"default": true, "redis": true, "valkey": true, "sentinel": true, "cmd": true, "pubsub": true, "redacted": true}

// inArgs is how many digits of a number among a command's arguments stay: a count, an index, seconds.
const inArgs = 5

// Args replaces the arguments of a command, joined by blanks; subcommands, options and small numbers stay.
func (m *Maker) Args(s string) string {
	return m.through(s, manner{words: load().commands, number: inArgs + 1})
}

// Slowlog is Args of a line of a slowlog in whatever form: numbers outside of quotes are the server's own.
func (m *Maker) Slowlog(s string) string {
	return m.through(s, manner{words: load().replies, number: 11, quoted: inArgs + 1})
}

func (m *Maker) through(s string, how manner) string {
	w := writer{m: m, manner: how}
	w.b.Grow(len(s) + len(s)/4)
	for len(s) > 0 {
		n := strings.IndexFunc(s, isBorder)
		if n < 0 {
			n = len(s)
		}
		if n > 0 {
			n = whole(s, n)
			w.chunk(s[:n])
			s = s[n:]
			continue
		}
		switch c := s[0]; {
		case c != '"' && c != '\'' && c != '`':
		case w.quote == 0:
			w.quote = c
		case w.quote == c:
			w.quote = 0
		}
		w.last(s[0])
		s = s[1:]
	}
	return w.b.String()
}

// isBorder knows what stands between the parts of a text of which each is judged by itself.
func isBorder(r rune) bool {
	return r <= ' ' || r < utf8.RuneSelf && strings.IndexByte("=,;()[]{}<>|\"'`", byte(r)) >= 0
}

// whole lengthens a chunk over an escaped quote or bracket, whose backslash is its last byte.
func whole(s string, n int) int {
	if s[n-1] == '\\' && n < len(s) {
		return n + 1
	}
	return n
}

type writer struct {
	m *Maker
	manner
	b       strings.Builder
	quote   byte
	foreign bool   // the chunk has a word that does not stay
	dry     bool   // looking only whether it has
	key     string // the word before the border, where that is '='
}

// last writes a border.
func (w *writer) last(c byte) {
	if c != '=' {
		w.key = ""
	}
	w.b.WriteByte(c)
}

func (w *writer) chunk(c string) {
	if w.key == "name" || w.key == "user" { // of a client's description, as CLIENT LIST and logs have it
		w.b.WriteString(w.m.Name(c))
		w.key = ""
		return
	}
	w.foreign, w.dry = false, true
	w.each(c)
	w.dry = false
	w.each(c)
	w.key = strings.ToLower(c)
	if i := strings.LastIndexAny(w.key, ":_-."); i >= 0 {
		w.key = w.key[i+1:]
	}
}

// each goes through the tokens of a chunk.
func (w *writer) each(c string) {
	for i := 0; i < len(c); {
		free := i == 0 || !letterAt(c, i-1) && c[i-1] != '.'
		switch {
		case c[i] == '\\':
			i += w.escape(c[i:])
			continue
		case free && (isDigit(c[i]) || c[i] == ':' || c[i]|0x20 >= 'a' && c[i]|0x20 <= 'f'):
			if n := addressAt(c[i:]); n > 0 && !w.dry {
				a, _ := w.m.address(c[i : i+n])
				w.b.WriteString(a)
				i += n
				continue
			} else if n > 0 {
				i += n
				continue
			}
			if n := dashed(c[i:]); n > 0 {
				w.dashes(c[i : i+n])
				i += n
				continue
			}
		}
		n := tokenLen(c[i:])
		if n == 0 {
			_, n := utf8.DecodeRuneInString(c[i:])
			w.put(c[i : i+n])
			i += n
			continue
		}
		w.token(c[i : i+n])
		i += n
	}
}

func (w *writer) put(s string) {
	if !w.dry {
		w.b.WriteString(s)
	}
}

// escape takes a backslash and what it stands before, and gives its length. What is written as a number may be a letter of a name.
func (w *writer) escape(c string) int {
	n := 2
	if len(c) > 1 {
		switch c[1] {
		case 'x':
			n = 4
		case 'u':
			n = 6
		}
	}
	if n > len(c) || n > 2 && !isHex(strings.ToLower(c[2:n])) { // no number follows
		n = min(2, len(c))
	}
	if n < 4 {
		w.put(c[:n])
		return n
	}
	switch code := strings.ToLower(c[2:n]); {
	case strings.TrimLeft(code, "0") == "", len(strings.TrimLeft(code, "0")) == 1, strings.HasPrefix(code, "001"), len(code) == 2 && code[0] == '1',
		strings.HasSuffix(code, "22"), strings.HasSuffix(code, "26"), strings.HasSuffix(code, "27"), strings.HasSuffix(code, "3c"), strings.HasSuffix(code, "3e"), strings.HasSuffix(code, "5c"):
		w.put(c[:n]) // a control character, or one that has a meaning where it stands
	default:
		w.foreign = true
		w.put(c[:2] + "00"[:n-4] + "2a")
	}
	return n
}

// dashed is how long the IP address with dashes is that begins s, as in ip-10-0-0-1.
func dashed(s string) int {
	n, groups := 0, 0
	for groups < 4 {
		d := 0
		for d < 4 && n+d < len(s) && isDigit(s[n+d]) {
			d++
		}
		if d == 0 || d > 3 {
			return 0
		}
		n += d
		if groups++; groups < 4 {
			if n == len(s) || s[n] != '-' {
				return 0
			}
			n++
		}
	}
	if letterAt(s, n) || n+1 < len(s) && s[n] == '-' && isDigit(s[n+1]) {
		return 0
	}
	return n
}

func (w *writer) dashes(s string) {
	a, ok := w.m.address(strings.ReplaceAll(s, "-", "."))
	if !ok {
		a = s
	}
	w.put(strings.ReplaceAll(a, ".", "-"))
}

// tokenLen is how long the run of letters and digits is that begins s. What is no UTF-8 may be a letter.
func tokenLen(s string) int {
	n := 0
	for n < len(s) {
		if s[n] < utf8.RuneSelf {
			if !letterAt(s, n) {
				break
			}
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		if r != utf8.RuneError && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			break
		}
		n += size
	}
	if n == 0 && len(s) > 0 && s[0] >= utf8.RuneSelf {
		return 0
	}
	return n
}

// token writes a run of letters and digits, or its pseudonym.
func (w *writer) token(t string) {
	digits, letters, runs := shape(t)
	lower := strings.ToLower(t)
	switch {
	case letters == 0:
		w.put(w.figures(t))
	case len(t) == 1, w.words[lower], strings.HasPrefix(lower, "0x") && isHex(lower[2:]), isStamp(t):
		w.put(t)
	case digits > 0 && len(t) >= 8 && isHex(lower):
		w.put(w.m.hexadecimal(t)) // with an offset behind it, which stays
	case digits == 0:
		w.made(w.m.word(t))
	case runs == 2:
		i := strings.IndexFunc(t, func(r rune) bool { return isDigit(t[0]) != (r >= '0' && r <= '9') })
		w.part(t[:i])
		w.part(t[i:])
	default:
		w.made(w.m.word(t))
	}
}

// part writes the letters or the digits of a token that has one run of each: node12, 256mb.
func (w *writer) part(t string) {
	switch {
	case isDigit(t[0]):
		w.put(w.figures(t))
	case len(t) == 1 || w.words[strings.ToLower(t)]:
		w.put(t)
	default:
		w.made(w.m.word(t))
	}
}

func (w *writer) made(s string) {
	w.foreign = true
	w.put(s)
}

// figures is a number, or its pseudonym.
func (w *writer) figures(t string) string {
	n := len(t)
	epoch := t[0] == '1' && (n == 10 || n == 13 || n == 16)
	switch {
	case strings.Trim(t, "0") == "": // an id of zeros is none
		return t
	case w.quote != 0 && w.quoted > 0:
		if n < w.quoted || epoch {
			return t
		}
	case w.dates && (n == 6 || n == 8 || n == 10 || n == 13 || n == 14 || n == 16):
		return t
	case w.foreign && n > inName, w.number > 0 && n >= w.number && !(epoch && w.number > inArgs+1):
	default:
		return t
	}
	if w.dry {
		return t
	}
	return w.m.digits(t)
}

// shape counts the digits and other characters of a token, and how often the one follows the other.
func shape(t string) (digits, letters, runs int) {
	for i := 0; i < len(t); i++ {
		d := isDigit(t[i])
		if d {
			digits++
		} else {
			letters++
		}
		if i == 0 || d != isDigit(t[i-1]) {
			runs++
		}
	}
	return digits, letters, runs
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// isStamp knows dates as in file names and ISO 8601: 20261122T184530Z, 22T18.
func isStamp(t string) bool {
	day, hour, ok := strings.Cut(t, "T")
	hour = strings.TrimSuffix(hour, "Z")
	return ok && (len(day) == 2 || len(day) == 8) && strings.Trim(day+hour, "0123456789") == "" && (len(hour) == 2 || len(hour) == 4 || len(hour) == 6) ||
		len(t) == 3 && t[2] == 'Z' && isDigit(t[0]) && isDigit(t[1])
}
