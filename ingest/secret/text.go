package secret

import (
	"slices"
	"strings"
)

// Text is s with every credential in it replaced. It is s itself where there is none.
func Text(s string) string {
	if !suspicious(s) {
		return s
	}
	t := text{s: s}
	t.urls()
	t.names()
	t.users()
	t.blobs()
	return t.masked()
}

// Part is a piece of a text, or Mask where it is none of what is left of the text without its credentials.
func Part(text, piece string) string {
	if clean := Text(text); clean != text && !strings.Contains(clean, piece) {
		return Mask
	}
	return piece
}

// Open reports whether s ends in the name of a secret, so that the secret itself stands on the line behind it, as it does where CONFIG GET was
// saved, and in a private key.
func Open(s string) bool {
	if !suspicious(s) {
		return false
	}
	if strings.Contains(s, "PRIVATE KEY-----") && strings.Contains(s, "BEGIN") {
		return true
	}
	s = strings.TrimRight(s, " \t\r\n\"',:=")
	word := strings.ToLower(s[len(s)-lenFrom(reversed(s), isName):])
	return secretName(word) && !plain(word)
}

// suspicious reports whether s has anything in it with which a credential can begin. Nearly no line of a log has.
func suspicious(s string) bool {
	run := 0
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if isBlob(s[i]) {
			if run++; run >= minBlob {
				return true
			}
		} else {
			run = 0
		}
		if c != 'p' && c != 'a' && c != 's' && c != 't' && c != 'c' && c != 'k' && c != 'l' && c != 'u' && s[i] != ':' {
			continue
		}
		for _, b := range beginnings {
			if len(s)-i >= len(b) && c == b[0] && strings.EqualFold(s[i:i+len(b)], b) {
				return true
			}
		}
	}
	return false
}

var beginnings = [...]string{"pass", "pwd", "auth", "argv[", "acl ", "api", "access", "secret", "setuser", "user ", "token", "cred", "://", "key", "loadmodule", "load", "-cli ", "cli ", "args beg"}

type span struct{ from, to int }

type text struct {
	s      string
	spans  []span
	quotes []int // where quotes are that no backslash stands before, behind a -1; nil where nobody asked yet
}

func (t *text) hide(from, to int) {
	if from < to && t.s[from:to] != Mask {
		t.spans = append(t.spans, span{from, to})
	}
}

// masked is the text with the spans replaced.
func (t *text) masked() string {
	if len(t.spans) == 0 {
		return t.s
	}
	hidden := make([]bool, len(t.s))
	for _, x := range t.spans {
		for i := x.from; i < x.to; i++ {
			hidden[i] = true
		}
	}
	var b strings.Builder
	for i := 0; i < len(t.s); i++ {
		switch {
		case !hidden[i]:
			b.WriteByte(t.s[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(Mask)
		}
	}
	return b.String()
}

// urls hides what stands before the host of a URL: scheme://user:password@host. A lone name is hidden as well, for many clients put a token there.
func (t *text) urls() {
	rest := 0
	for {
		i := strings.Index(t.s[rest:], "://")
		if i < 0 {
			return
		}
		from := rest + i + len("://")
		rest = from
		to := from + lenFrom(t.s[from:], func(c byte) bool { return c > ' ' && c != '"' && c != '\'' && c != '`' && c != '<' && c != '>' })
		if next := strings.Index(t.s[from:to], "://"); next >= 0 {
			to = from + next
		}
		at := strings.LastIndexByte(t.s[from:to], '@')
		if slash := strings.IndexByte(t.s[from:to], '/'); slash >= 0 && slash < at {
			// A slash begins the path, unless it is part of a password: what stands behind the colon is no port then.
			_, port, _ := strings.Cut(t.s[from:from+slash], ":")
			if strings.Trim(port, "0123456789") == "" {
				continue
			}
		}
		if at < 0 {
			continue
		}
		if colon := strings.IndexByte(t.s[from:from+at], ':'); colon >= 0 {
			t.hide(from+colon+1, from+at)
		} else {
			t.hide(from, from+at)
		}
	}
}

func url(s string) string {
	t := text{s: s}
	t.urls()
	return t.masked()
}

// names hides what follows the name of a secret.
func (t *text) names() {
	cli := strings.Contains(t.s, "-cli")
	// An unknown command may be AUTH under another name, or with a slip of the pen (redis 7.4.1 server.c commandCheckExistence).
	if i := strings.Index(t.s, "args beginning with:"); i >= 0 {
		t.hide(i+len("args beginning with:"), t.end(i))
	}
	before := ""
	for i := 0; i < len(t.s); {
		if !isName(t.s[i]) {
			i++
			continue
		}
		n := lenFrom(t.s[i:], isName)
		word := strings.ToLower(t.s[i : i+n])
		end := i + n
		if strings.HasPrefix(t.s[end:], "[") && word == "argv" { // a crash report: argv[1]: '"hunter2"'
			if close := strings.IndexByte(t.s[end:], ']'); close > 1 && t.s[end:end+close] != "[0" {
				t.hide(end+close+1, t.end(end))
			}
		}
		switch bare := strings.TrimLeft(word, "-"); {
		case bare == "auth2" || bare == "auth" || strings.HasSuffix(bare, "auth-pass") || bare == "authorization":
			end = t.values(end, bare, 2)
		case secretName(bare):
			end = t.values(end, bare, 1)
		case cli && word == "-a":
			end = t.values(end, "requirepass", 1)
		case (word == "load" || word == "loadex") && before == "module", bare == "loadmodule":
			t.given(end)
		}
		before = word
		i = end
	}
}

// end is where the text ends that at lies in: with the quotes around it, where it is a string of JSON, and else with all.
func (t *text) end(at int) int {
	if t.quotes == nil {
		t.quotes = append(t.quotes, -1)
		for i := 0; i < len(t.s); i++ {
			switch t.s[i] {
			case '\\':
				i++
			case '"':
				t.quotes = append(t.quotes, i)
			}
		}
	}
	next, _ := slices.BinarySearch(t.quotes, at) // the quotes before it, and one more
	if next%2 == 1 || next == len(t.quotes) {
		return len(t.s)
	}
	return max(at, len(strings.TrimSuffix(t.s[:t.quotes[next]], `\n`)))
}

// given hides what a module is given behind its path.
func (t *text) given(at int) {
	at += lenFrom(t.s[at:], isBetween)
	path := lenFrom(t.s[at:], func(c byte) bool { return c > ' ' && c != '"' && c != '\'' })
	at += path
	at += lenFrom(t.s[at:], isBetween)
	if path > 0 {
		to := len(strings.TrimRight(t.s[:t.end(at)], "\"') \r\n"))
		t.hide(at, max(at, to))
	}
}

// values hides up to n values behind a name that ends at at, and gives where it stopped.
func (t *text) values(at int, name string, n int) int {
	for k := range n {
		gap := lenBetween(t.s[at:])
		between := t.s[at : at+gap]
		if gap == 0 && k == 0 || at+gap == len(t.s) || strings.HasPrefix(strings.TrimLeft(between, `"'`), ")") {
			return at
		}
		from := at + gap
		to := from + t.valueLen(from, between)
		value := strings.ToLower(strings.Trim(t.s[from:to], "\"'`()[]{}<>,.;:!? "))
		if next := strings.ToLower(t.s[from : from+lenFrom(t.s[from:], isName)]); k > 0 && (secretName(next) || next == "auth") {
			return at
		}
		weak := k > 0 || strings.Trim(between, " \t") == "" || strings.Trim(between, " \t:") == "" && plain(name)
		if weak && goesOn(value) {
			if value == "is" || value == "was" {
				at = to
				return t.values(at, name, 1)
			}
			return at
		}
		t.hide(from, to)
		at = to
	}
	return at
}

// valueLen is how long the value is that begins at from: to the end of its quotes where there are any, else to a blank.
func (t *text) valueLen(from int, between string) int {
	s := t.s[from:]
	if strings.HasPrefix(s, Mask) {
		return len(Mask)
	}
	quote, escaped := byte(0), false
	if i := len(between) - 1; i >= 0 && (between[i] == '"' || between[i] == '\'' || between[i] == '`') {
		quote, escaped = between[i], i > 0 && between[i-1] == '\\'
	}
	if quote == 0 {
		n := min(lenFrom(s, func(c byte) bool { return c > ' ' }), t.end(from)-from)
		for n > 1 && strings.IndexByte(",;)}]\"'", s[n-1]) >= 0 {
			n--
		}
		return n
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && escaped && i+1 < len(s) && s[i+1] == quote:
			return i
		case s[i] == '\\':
			i++
		case s[i] == quote && !escaped:
			return i
		}
	}
	return len(s)
}

// users hides the passwords in the rules of an ACL user: >password, <password, #hash, !hash.
func (t *text) users() {
	lower := strings.ToLower(t.s)
	if !strings.Contains(lower, "user") {
		return
	}
	for i := 1; i < len(t.s); i++ {
		if c := t.s[i]; c != '>' && c != '<' && c != '#' && c != '!' || strings.IndexByte(" \t\"'", t.s[i-1]) < 0 {
			continue
		}
		n := lenFrom(t.s[i+1:], func(c byte) bool { return c > ' ' && c != '"' && c != '\'' })
		if n > 0 && t.s[i+n] != '>' { // "<password>" is what an error calls it
			t.hide(i+1, i+1+n)
		}
	}
}

// minBlob is from where a word of base64 is taken for a key or a token: 32 bytes, the shortest key in use, take 43 letters. Replication ids and
// hashes are hexadecimal, and so are not meant.
const minBlob = 43

// blobs hides the lines of private keys, and bearer tokens that stand alone.
func (t *text) blobs() {
	for i := 0; i < len(t.s); {
		n := lenFrom(t.s[i:], isBlob)
		if n < minBlob {
			i += max(n, 1)
			continue
		}
		var upper, lower, digit, beyond int
		for _, c := range []byte(t.s[i : i+n]) {
			switch {
			case c >= 'A' && c <= 'Z':
				upper++
			case c >= 'a' && c <= 'z':
				lower++
			case c >= '0' && c <= '9':
				digit++
			}
			if c|0x20 > 'f' {
				beyond++
			}
		}
		// A path has letters of mostly one case.
		if upper >= n/8 && lower >= n/8 && digit > 0 && beyond >= n/8 {
			t.hide(i, i+n)
		}
		i += n
	}
}

func isBlob(c byte) bool {
	return isAlnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-'
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isName(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' }

// isBetween knows what stands between a name and its value.
func isBetween(c byte) bool { return c <= ' ' || strings.IndexByte("\"'`=:,\\()", c) >= 0 }

// lenBetween is how long the stretch between a name and its value is; the wire protocol's lengths are part of it, also as they are printed:
// AUTH\r\n$7\r\nhunter2.
func lenBetween(s string) int {
	n := 0
	for n < len(s) {
		switch {
		case strings.HasPrefix(s[n:], Mask):
			return n
		case s[n] == '\\' && n+1 < len(s) && (s[n+1] == 'r' || s[n+1] == 'n' || s[n+1] == 't'):
			n += 2
		case s[n] == '$' && n > 1 && lenFrom(s[n+1:], isDigit) > 0:
			n += 1 + lenFrom(s[n+1:], isDigit)
		case isBetween(s[n]):
			n++
			if q := s[n-1]; n > 1 && (q == '"' || q == '\'' || q == '`') && strings.Trim(s[:n-1], `"'`+"`\\") != "" {
				return n // the quote that opens the value
			}
		default:
			return n
		}
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func lenFrom(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func reversed(s string) string {
	b := []byte(s[max(0, len(s)-200):])
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
