package logline

import "bytes"

// logfmt reads `pid=1 role=primary timestamp="..." level=notice message="..."` (valkey unstable
// server.c:203). A quote in the message was written as an apostrophe, so the closing one is the last.
func (p *Parser) logfmt(line []byte, h *Header) bool {
	rest, ok := bytes.CutPrefix(line, []byte("pid="))
	if !ok {
		return false
	}
	pid, n := number(rest)
	if n == 0 {
		return false
	}
	rest, ok = bytes.CutPrefix(rest[n:], []byte(" role="))
	if !ok {
		return false
	}
	role, rest, ok := bytes.Cut(rest, []byte(` timestamp="`))
	if !ok {
		return false
	}
	at, rest, ok := bytes.Cut(rest, []byte(`" level=`))
	if !ok {
		return false
	}
	level, rest, ok := bytes.Cut(rest, []byte(` message="`))
	if !ok {
		return false
	}
	s, ok := p.stamps.read(at)
	if !ok || s.dateless || s.n != len(at) {
		return false
	}
	*h = Header{Form: Full, PID: pid, Stamp: s.at, Clock: s.clock}
	h.Role, h.Level = RoleNamed(role), LevelNamed(level)
	h.Message = bytes.TrimSuffix(rest, []byte(`"`))
	return h.Role != "" && h.Level != ""
}

// name is a word and what it stands for.
type name struct{ word, means string }

// RoleNamed is the role letter for a word: of logfmt (valkey unstable server.c:174), or the letter
// itself. It is empty for an unknown one.
func RoleNamed(word []byte) string {
	for _, r := range [...]name{
		{"primary", "M"},
		{"replica", "S"},
		{"RDB/AOF", "C"},
		{"sentinel", "X"},
		{"M", "M"},
		{"S", "S"},
		{"C", "C"},
		{"X", "X"},
		{"master", "M"},
		{"slave", "S"},
	} {
		if r.word == string(word) {
			return r.means
		}
	}
	return ""
}

// LevelNamed is the level for a word: of logfmt, where verbose is called info (valkey unstable
// server.c:173), and of managed services, which write it in capitals. It is empty for an unknown one.
func LevelNamed(word []byte) string {
	for _, l := range [...]name{
		{"notice", Notice},
		{"warning", Warning},
		{"info", Verbose},
		{"debug", Debug},
		{"verbose", Verbose},
		{"NOTICE", Notice},
		{"WARNING", Warning},
		{"INFO", Verbose},
		{"DEBUG", Debug},
		{"VERBOSE", Verbose},
	} {
		if l.word == string(word) {
			return l.means
		}
	}
	return ""
}
