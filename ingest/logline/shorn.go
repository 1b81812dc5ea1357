package logline

import (
	"bytes"

	"psyncope/ingest/table"
)

// shornHead is how far into a line a header is looked for of which a part was cut.
const shornHead = 256

// Shorn reads what is left where a shipper took the header apart: a stamp of its own or none, whatever it put behind that, and perhaps the
// process and its role, with a level or without ("20:30:06.940 12:S Connecting to …", "I0409 13:33:39.382448 *174] 19:M …"). No server writes
// such a line and other programmes do: only a known message makes it a log line. The prefix is what stands before the process where no stamp
// does. It is false where neither a stamp nor a process stands before the message.
func (p *Parser) Shorn(line []byte, h *Header) (prefix []byte, ok bool) {
	line = Unquote(line)
	*h = Header{Form: Worn, PID: table.Null, Stamp: table.Null, Clock: table.ClockNone}
	rest := line
	s, n := p.shippers(line)
	if n > 0 {
		h.Stamp, h.Clock = s.at, s.clock
		rest = skipZone(line[n:], &s)
		h.Clock = s.clock
	}
	head := rest[:min(len(rest), shornHead)]
	for i := 0; i+3 < len(head); i++ {
		if !isDigit(head[i]) || i > 0 && isWord(head[i-1]) {
			continue
		}
		after, pid, role := masked(rest[i:])
		if role == "" {
			continue
		}
		if n == 0 {
			prefix = rest[:i]
		}
		h.PID, h.Role, h.Message = pid, role, after
		leveled(rest[len(rest)-len(after)-1:], h)
		return prefix, len(h.Message) > 0
	}
	if n == 0 {
		return nil, false
	}
	h.Message = bytes.TrimLeft(rest, " \t]|-:")
	return nil, len(h.Message) > 0
}

// shippers reads the stamp with which a shipper begins a line, in brackets or not: those that servers write, a time alone, and glog's
// "I0409 13:33:39.382448", a level's letter with month and day.
func (p *Parser) shippers(line []byte) (stamp, int) {
	at := line
	if len(at) > 0 && (at[0] == '[' || at[0] == '(') {
		at = at[1:]
	}
	if len(at) > 14 && bytes.IndexByte([]byte("IWEF"), at[0]) >= 0 && at[5] == ' ' {
		date, w := number(at[1:5])
		days, ok := civil(2000, int(date)/100, int(date)%100)
		if w != 4 || !ok {
			return stamp{}, 0
		}
		s, ok := p.stamps.time(at, 6, table.Micros(days)*86400*table.Second, table.ClockLocalNoYear)
		if !ok {
			return stamp{}, 0
		}
		return s, len(line) - len(at) + s.n
	}
	s, ok := p.stamps.read(at)
	if !ok || s.n < len(at) && isWord(at[s.n]) {
		return stamp{}, 0
	}
	return s, len(line) - len(at) + s.n
}
