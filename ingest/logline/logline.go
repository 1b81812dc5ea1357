// Package logline takes the header off one line of a server's or Sentinel's log: process id, role,
// stamp and level; the rest is the message.
//
// It reads what the servers write (redis 2.4 to 8, valkey 7.2 to 9: redis 2.8.24 redis.c:307,
// 4.0.14 server.c:337, 7.4.1 server.c:121, valkey unstable server.c:196) with [Parser.Parse], and what
// becomes of it when people paste it (quotes, indents, masked days, no stamp at all) with
// [Parser.ParsePasted]. It does not strip the wrappers that shippers put around a line (package
// wrap does), does not know any message, and decides no zone and no year: a stamp without a zone is
// local time read as if it were UTC, one without a year counts within 2000.
//
// Lines are read by position, without allocating. A parser keeps the last line's beginning and the
// last day's date, since most lines share them with the line before.
package logline

import (
	"bytes"

	"psyncope/ingest/table"
)

// Form is how much of a header a line has.
type Form uint8

// The forms of a header, surest first.
const (
	// Full is a header as a server writes it: process id, stamp and level.
	Full Form = iota + 1
	// Handler is a line of the signal handler: process id and epoch second (redis 7.4.1 server.c:155).
	Handler
	// Worn is a header of which something is missing or masked: the process id, the day, the level.
	Worn
	// Bare is a level character before the message and nothing else. Headings and list items look
	// the same: only a known message makes it a log line.
	Bare
)

// Header is what stands before a message.
type Header struct {
	Form Form
	// PID is the process id; Null where masked or missing.
	PID table.Int
	// Role is M, S, C or X as in table.Event; empty before 3.0 and where missing.
	Role string
	// Stamp is the line's own stamp, Null without one, and Clock how to read it (table.ClockUTC, ...).
	// A time without a date counts from 1 January, one whose day is masked from the month's first.
	Stamp table.Micros
	Clock string
	// Level is debug, verbose, notice or warning; empty where missing.
	Level string
	// Message is the rest, a part of the line given.
	Message []byte
}

// Levels as table.Event has them.
const (
	Debug   = "debug"
	Verbose = "verbose"
	Notice  = "notice"
	Warning = "warning"
)

// Parser reads headers. The zero Parser is ready; it is not safe for use by several goroutines.
type Parser struct {
	// The last full line up to and with the dot before its milliseconds, and what it said: a line
	// of the same second differs in the milliseconds, the level and the message only.
	same [64]byte
	n    int
	last Header

	stamps stamps
}

// Parse reads a line that begins with a header in one of the forms in which servers write it. It is
// false, and h undefined, for any other line.
func (p *Parser) Parse(line []byte, h *Header) bool {
	if last, at, level, n := p.Again(line); n > 0 {
		*h = *last
		h.Stamp, h.Level, h.Message = at, level, line[n:]
		return true
	}
	return p.parse(line, h)
}

// Again looks whether b begins as the last full line did that Parse read, but for its milliseconds and its level. If so,
// last is what both say of process, role and clock, at and level are this one's, and its message begins at n; else n is 0.
// b may go on behind the line.
func (p *Parser) Again(b []byte) (last *Header, at table.Micros, level string, n int) {
	n = p.n
	if n == 0 || len(b) < n+6 || string(b[:n]) != string(p.same[:n]) {
		return nil, 0, "", 0
	}
	x, y, z := b[n]-'0', b[n+1]-'0', b[n+2]-'0'
	level, ok := levelOf(b[n+4])
	if x > 9 || y > 9 || z > 9 || b[n+3] != ' ' || !ok || b[n+5] != ' ' {
		return nil, 0, "", 0
	}
	return &p.last, p.last.Stamp + table.Micros(x)*100_000 + table.Micros(y)*10_000 + table.Micros(z)*1_000, level, n + 6
}

func (p *Parser) parse(line []byte, h *Header) bool {
	if len(line) == 0 {
		return false
	}
	switch c := line[0]; {
	case c == '[':
		return p.bracketed(line, h)
	case isDigit(c):
		return p.prefixed(line, h)
	case c == 'p':
		return p.logfmt(line, h)
	}
	return false
}

// bracketed reads "[pid] stamp L message" (up to 2.8, and the Windows port) and
// "[pid | signal handler] (epoch) message".
func (p *Parser) bracketed(line []byte, h *Header) bool {
	pid, n := number(line[1:])
	if n == 0 {
		return false
	}
	rest := line[1+n:]
	if after, ok := bytes.CutPrefix(rest, []byte("] ")); ok {
		*h = Header{Form: Full, PID: pid}
		return p.dated(line, after, h)
	}
	if after, ok := bytes.CutPrefix(rest, []byte(" | signal handler] (")); ok {
		return handler(pid, after, h)
	}
	return false
}

// prefixed reads "pid:R stamp L message" (3.0 and later) and "pid:signal-handler (epoch) message".
func (p *Parser) prefixed(line []byte, h *Header) bool {
	pid, n := number(line)
	if n == 0 || len(line) < n+4 || line[n] != ':' {
		return false
	}
	rest := line[n+1:]
	if role, ok := roleOf(rest[0]); ok && rest[1] == ' ' {
		*h = Header{Form: Full, PID: pid, Role: role}
		return p.dated(line, rest[2:], h)
	}
	if after, ok := bytes.CutPrefix(rest, []byte("signal-handler (")); ok {
		return handler(pid, after, h)
	}
	return false
}

// dated reads the stamp, the level and the message of line, of which rest is what follows the
// process id and role that h already holds.
func (p *Parser) dated(line, rest []byte, h *Header) bool {
	s, ok := p.stamps.read(rest)
	if !ok || s.dateless {
		return false
	}
	if !leveled(skipZone(rest[s.n:], &s), h) {
		return false
	}
	h.Stamp, h.Clock = s.at, s.clock
	if s.dot > 0 {
		p.remember(line[:len(line)-len(rest)+s.dot+1], h)
	}
	return true
}

// remember keeps the beginning of a line for those of the same second.
func (p *Parser) remember(prefix []byte, h *Header) {
	p.n = copy(p.same[:], prefix)
	if p.n < len(prefix) || h.Stamp < 0 {
		p.n = 0 // too long for a server's own, or the arithmetic below would not hold
		return
	}
	p.last = *h
	p.last.Stamp -= h.Stamp % table.Second
	p.last.Message = nil
}

// leveled reads " L message", the level escaped or not.
func leveled(rest []byte, h *Header) bool {
	if len(rest) < 2 || rest[0] != ' ' {
		return false
	}
	rest = rest[1:]
	if rest[0] == '\\' && len(rest) > 1 {
		rest = rest[1:]
	}
	level, ok := levelOf(rest[0])
	if !ok || len(rest) > 1 && rest[1] != ' ' {
		return false
	}
	h.Level, h.Message = level, rest[min(2, len(rest)):]
	return true
}

// handler reads "epoch) message" of a signal handler's line.
func handler(pid table.Int, rest []byte, h *Header) bool {
	seconds, n := number(rest)
	if n == 0 || len(rest) < n+1 || rest[n] != ')' {
		return false
	}
	*h = Header{
		Form: Handler, PID: pid,
		Stamp: table.Micros(seconds) * table.Second, Clock: table.ClockUTC,
		Message: bytes.TrimPrefix(rest[n+1:], []byte(" ")),
	}
	return true
}

// levelOf knows the level characters (redis 7.4.1 server.c:96). A NUL stands where a call passed
// syslog's LOG_WARNING and the index ran past the characters (redis 6.2.16 server.c:2902).
func levelOf(c byte) (string, bool) {
	switch c {
	case '*':
		return Notice, true
	case '#', 0:
		return Warning, true
	case '-':
		return Verbose, true
	case '.':
		return Debug, true
	}
	return "", false
}

func roleOf(c byte) (string, bool) {
	switch c {
	case 'M':
		return "M", true
	case 'S':
		return "S", true
	case 'C':
		return "C", true
	case 'X':
		return "X", true
	}
	return "", false
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// number reads at most 10 digits; 0 bytes where there are none or more.
func number(b []byte) (table.Int, int) {
	v, n := 0, 0
	for n < len(b) && isDigit(b[n]) {
		if n == 10 {
			return 0, 0
		}
		v = v*10 + int(b[n]-'0')
		n++
	}
	return table.Int(v), n
}
