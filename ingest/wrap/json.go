package wrap

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

// what a key of a JSON record is to us.
type what uint8

const (
	none what = iota
	text
	when
	source
	host
	level
	role
	pid
	stream
)

// key is a field that shippers and stores use, with what it holds. Of several in one record the one
// listed first counts.
type key struct {
	name string
	what what
}

// keys lists them: docker, the journal (systemd.journal-fields(7)), Fluent Bit, Loki, Vector, Splunk,
// CloudWatch, Cloud Logging, Elastic, GELF, ElastiCache's engine log, valkey's own json form.
var keys = [...]key{
	{"MESSAGE", text},
	{"log", text},
	{"textPayload", text},
	{"_raw", text},
	{"Message", text},
	{"message", text},
	{"@message", text},
	{"msg", text},
	{"line", text},
	{"short_message", text},
	{"body", text},
	{"stringValue", text},

	{"__REALTIME_TIMESTAMP", when},
	{"time", when},
	{"Time", when},
	{"timestamp", when},
	{"@timestamp", when},
	{"ts", when},
	{"_time", when},
	{"eventTime", when},
	{"receiveTimestamp", when},

	{"pod_name", source},
	{"pod", source},
	{"container_name", source},
	{"CONTAINER_NAME", source},
	{"_SYSTEMD_UNIT", source},
	{"CacheNodeId", source},
	{"CacheClusterId", source},
	{"SYSLOG_IDENTIFIER", source},
	{"ident", source},
	{"container", source},

	{"_HOSTNAME", host},
	{"hostname", host},
	{"host", host},
	{"LogLevel", level},
	{"level", level},
	{"Role", role},
	{"role", role},
	{"_PID", pid},
	{"stream", stream},
}

// record is what was found of one JSON object.
type record struct {
	rank  [stream + 1]int // of the key that counts, from 1; 0 for none
	value [stream + 1][]byte
	other int // keys of no use
}

// peelDocker knows docker's json-file as docker writes it: the same as peelJSON would read, in a fraction of
// the time, for these files are large.
func peelDocker(in []byte, s *Scratch, out *Line) bool {
	text, ok := bytes.CutPrefix(in, []byte(`{"log":"`))
	if !ok {
		return false
	}
	i := bytes.IndexByte(text, '\\') // of the newline, or of an escape that this is not for
	if i < 0 || i >= 16<<10 {
		return false
	}
	text, tail := text[:i], text[i:]
	tail, ok = bytes.CutPrefix(tail, []byte(`\n","stream":"std`))
	if !ok || bytes.IndexByte(text, '"') >= 0 {
		return false
	}
	tail, ok = bytes.CutPrefix(tail, []byte(`out","time":"`))
	if !ok {
		tail, ok = bytes.CutPrefix(tail, []byte(`err","time":"`))
	}
	at, clock, n := logline.ISO(tail)
	if !ok || n == 0 || string(tail[n:]) != `"}` {
		return false
	}
	out.stamped(at, clock)
	out.Inner = text
	return true
}

// peelJSON knows an object on one line that holds the wrapped line in one of the known fields.
func peelJSON(in []byte, s *Scratch, out *Line) bool {
	in = bytes.TrimSpace(in)
	if len(in) < 8 || in[0] != '{' {
		return false
	}
	var r record
	p := scanner{b: in}
	if !p.object(&r, 0) || r.rank[text] == 0 {
		return false
	}
	return r.fill(s, out)
}

// peelFragment knows a line of a record that was printed over several: `"message": "line",`. Other fields'
// lines are the store's own.
func peelFragment(in []byte, s *Scratch, out *Line) bool {
	in = bytes.TrimSpace(in)
	if len(in) < 4 || in[0] != '"' {
		return false
	}
	var r record
	p := scanner{b: in}
	if opens(in) {
		out.Foreign = true
		return true
	}
	if !p.member(&r, 0) {
		return false
	}
	p.blank()
	if rest := p.b[p.i:]; len(rest) > 0 && string(rest) != "," {
		return false
	}
	if r.rank[text] == 0 {
		out.Foreign = true
		return true
	}
	return r.fill(s, out)
}

// opens knows `"key": {` and `"key": [`.
func opens(in []byte) bool {
	p := scanner{b: in}
	if _, ok := p.str(); !ok {
		return false
	}
	rest := bytes.TrimSpace(p.b[p.i:])
	return len(rest) > 1 && rest[0] == ':' && len(bytes.Trim(rest[1:], " {[")) == 0
}

func (r *record) fill(s *Scratch, out *Line) bool {
	v := r.value[text]
	if len(v) == 0 {
		return false
	}
	switch v[0] {
	case '"':
		s.text = unquote(s.text[:0], v)
	case '[':
		var ok bool
		if s.text, ok = byteArray(s.text[:0], v); !ok {
			return false
		}
	default:
		return false
	}
	inner := s.text
	ended := bytes.HasSuffix(inner, []byte("\n"))
	inner = bytes.TrimRight(inner, "\r\n")
	if i := bytes.IndexByte(inner, '\n'); i >= 0 {
		// Several lines in one record: a raw block. The first says what it is.
		inner = inner[:i]
	}
	if r.rank[when] != 0 {
		if at, clock, ok := instant(r.value[when], s); ok {
			out.stamped(at, clock)
		}
	}
	if r.rank[source] != 0 {
		s.source = unquote(s.source[:0], r.value[source])
		out.Source = bytes.TrimSuffix(s.source, []byte(".service"))
	}
	if r.rank[host] != 0 {
		s.host = unquote(s.host[:0], r.value[host])
		out.Host = s.host
	}
	if k := r.rank[source]; k != 0 && (keys[k-1].name == "SYSLOG_IDENTIFIER" || keys[k-1].name == "_SYSTEMD_UNIT" || keys[k-1].name == "ident") {
		out.Syslog = true
	}
	var word [16]byte
	if r.rank[level] != 0 {
		out.Level = logline.LevelNamed(unquote(word[:0], r.value[level]))
	}
	if r.rank[role] != 0 {
		out.Role = logline.RoleNamed(unquote(word[:0], r.value[role]))
	}
	if r.rank[pid] != 0 {
		out.PID = pidOf(unquote(word[:0], r.value[pid]))
	}
	// Docker's json-file cuts at 16 KiB and leaves the newline to the last part (moby
	// daemon/logger/copier.go).
	out.More = !ended && r.rank[stream] != 0 && r.other == 0 && len(s.text) >= 16<<10
	out.Inner = inner
	return true
}

// instant reads a stamp in any form a shipper writes it.
func instant(v []byte, s *Scratch) (table.Micros, string, bool) {
	b := unquote(s.at[:0], v)
	if at, clock, n := logline.ISO(b); n > 0 {
		return at, clock, true
	}
	if at, ok := dayFirst(b); ok {
		return at, table.ClockUTC, true
	}
	whole, fraction, _ := bytes.Cut(b, []byte("."))
	n, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil || n < 0 {
		return table.Null, table.ClockNone, false
	}
	at, ok := logline.OfEpoch(n, len(whole))
	if ok && len(whole) == 10 && len(fraction) > 0 {
		unit := table.Micros(100_000)
		for _, c := range fraction {
			if c-'0' > 9 {
				break
			}
			at += table.Micros(c-'0') * unit
			unit /= 10
		}
	}
	return at, table.ClockUTC, ok
}

// dayFirst reads ElastiCache's "12-11-2020 01:28:57.382 UTC": the day stands first.
func dayFirst(b []byte) (table.Micros, bool) {
	if len(b) < 19 || b[2] != '-' || b[5] != '-' {
		return table.Null, false
	}
	turned := append(make([]byte, 0, 32), b[6:10]...)
	turned = append(turned, '-', b[3], b[4], '-', b[0], b[1])
	turned = append(turned, b[10:min(len(b), 26)]...)
	at, _, n := logline.ISO(turned)
	return at, n > 0
}

// scanner walks over JSON without building it. It is lax about what it skips: the text is a log's, and
// may be cut.
type scanner struct {
	b []byte
	i int
}

// nesting is how deep records are looked into: a shipper's metadata lie one or two levels down.
const nesting = 4

func (p *scanner) blank() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\t') {
		p.i++
	}
}

func (p *scanner) object(r *record, level int) bool {
	p.i++ // {
	for {
		p.blank()
		if p.i >= len(p.b) {
			return false
		}
		switch p.b[p.i] {
		case '}':
			p.i++
			return true
		case ',':
			p.i++
		case '"':
			if !p.member(r, level) {
				return false
			}
		default:
			return false
		}
	}
}

// member reads `"key": value`.
func (p *scanner) member(r *record, level int) bool {
	name, ok := p.str()
	if !ok {
		return false
	}
	p.blank()
	if p.i >= len(p.b) || p.b[p.i] != ':' {
		return false
	}
	p.i++
	p.blank()
	if p.i >= len(p.b) {
		return false
	}
	if p.b[p.i] == '{' && level < nesting {
		return p.object(r, level+1)
	}
	v, ok := p.value()
	if !ok {
		return false
	}
	r.note(name[1:len(name)-1], v)
	return true
}

func (r *record) note(name, v []byte) {
	for i, k := range keys {
		if len(k.name) == len(name) && k.name == string(name) {
			if r.rank[k.what] == 0 || i+1 < r.rank[k.what] {
				r.rank[k.what], r.value[k.what] = i+1, v
			}
			return
		}
	}
	r.other++
}

// str reads a string with its quotes.
func (p *scanner) str() ([]byte, bool) {
	start := p.i
	for i := p.i + 1; i < len(p.b); i++ {
		j := bytes.IndexByte(p.b[i:], '"')
		if j < 0 {
			return nil, false
		}
		i += j
		slashes := 0
		for k := i - 1; k > start && p.b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			p.i = i + 1
			return p.b[start:p.i], true
		}
	}
	return nil, false
}

// value reads any value; arrays and objects are stepped over by their brackets.
func (p *scanner) value() ([]byte, bool) {
	start := p.i
	switch p.b[p.i] {
	case '"':
		return p.str()
	case '[', '{':
		open := 0
		for p.i < len(p.b) {
			switch p.b[p.i] {
			case '"':
				if _, ok := p.str(); !ok {
					return nil, false
				}
				continue
			case '[', '{':
				open++
			case ']', '}':
				open--
			}
			p.i++
			if open == 0 {
				return p.b[start:p.i], true
			}
		}
		return nil, false
	}
	for p.i < len(p.b) && p.b[p.i] != ',' && p.b[p.i] != '}' && p.b[p.i] != ']' && p.b[p.i] != ' ' {
		p.i++
	}
	return p.b[start:p.i], p.i > start
}

// unquote appends what a JSON value stands for: a string's text, another value as it is written.
func unquote(dst, v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return append(dst, v...)
	}
	v = v[1 : len(v)-1]
	for len(v) > 0 {
		i := bytes.IndexByte(v, '\\')
		if i < 0 || i+1 >= len(v) {
			return append(dst, v...)
		}
		dst = append(dst, v[:i]...)
		c := v[i+1]
		v = v[i+2:]
		switch c {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			if len(v) < 4 {
				return dst
			}
			r, err := strconv.ParseUint(string(v[:4]), 16, 32)
			if err != nil {
				r = utf8.RuneError
			}
			v = v[4:]
			if r >= 0xD800 && r < 0xDC00 && len(v) >= 6 && v[0] == '\\' && v[1] == 'u' {
				if low, err := strconv.ParseUint(string(v[2:6]), 16, 32); err == nil && low >= 0xDC00 && low < 0xE000 {
					r = (r-0xD800)<<10 + (low - 0xDC00) + 0x10000
					v = v[6:]
				}
			}
			dst = utf8.AppendRune(dst, rune(r))
		default: // the quote, the backslash, the slash
			dst = append(dst, c)
		}
	}
	return dst
}

// byteArray reads [72,105]: the journal's form of a MESSAGE that is not text (systemd's JSON output).
func byteArray(dst, v []byte) ([]byte, bool) {
	n, digits := 0, 0
	for _, c := range v[1:] {
		switch {
		case c-'0' <= 9:
			n = n*10 + int(c-'0')
			digits++
			if n > 255 {
				return dst, false
			}
		case c == ',' || c == ']':
			if digits > 0 {
				dst = append(dst, byte(n))
			}
			n, digits = 0, 0
		case c == ' ':
		default:
			return dst, false
		}
	}
	return dst, true
}
