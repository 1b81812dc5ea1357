package logline

import (
	"bytes"

	"psyncope/ingest/table"
)

// ParsePasted reads a line as people hand it on: indented, quoted with ">", fenced or escaped for
// Markdown, its process id or day masked, its date or the whole stamp cut away. h.Form says how much
// was left. It is false for a line with no sign of a header.
func (p *Parser) ParsePasted(line []byte, h *Header) bool {
	line = Unquote(line)
	if p.Parse(line, h) {
		return true
	}
	rest, pid, role := masked(line)
	if role == "" {
		rest, role = p.renamed(line)
	}
	*h = Header{Form: Worn, PID: pid, Role: role, Stamp: table.Null, Clock: table.ClockNone}
	if s, ok := p.stamps.read(rest); ok {
		h.Stamp, h.Clock = s.at, s.clock
		rest = skipZone(rest[s.n:], &s)
		h.Clock = s.clock
		if leveled(rest, h) {
			return true
		}
		// The level went missing where "*" was taken for emphasis. A process's role before the
		// stamp makes up for it.
		if role != "" && len(rest) > 1 && rest[0] == ' ' {
			h.Message = bytes.TrimLeft(rest, " ")
			return len(h.Message) > 0
		}
		return false
	}
	if role != "" {
		return len(rest) > 0 && leveled(line[len(line)-len(rest)-1:], h)
	}
	return bare(line, h)
}

// Unquote takes off what quoting and pasting put around a line: blanks, ">" and backquotes.
func Unquote(line []byte) []byte {
	for len(line) > 0 {
		switch c := line[0]; {
		case c == ' ' || c == '\t' || c == '>' || c == '`':
			line = line[1:]
		case c == 0xC2 && len(line) > 1 && line[1] == 0xA0: // no-break space
			line = line[2:]
		default:
			return bytes.TrimRight(line, " \t`\r")
		}
	}
	return line
}

// masked reads "pid:R " whose process id may be missing or made unreadable. Where there is none it
// gives the line back.
func masked(line []byte) (rest []byte, pid table.Int, role string) {
	pid, n := number(line)
	if n == 0 {
		pid = table.Null
		for n < len(line) && n < 16 && isMask(line[n]) {
			n++
		}
	}
	if len(line) < n+4 || line[n] != ':' || line[n+2] != ' ' {
		return line, table.Null, ""
	}
	role, ok := roleOf(line[n+1])
	if !ok {
		return line, table.Null, ""
	}
	return line[n+3:], pid, role
}

// renamed reads "WORD:R " with a word or a placeholder in place of the process id, where a stamp follows: "FG:M 2026-01-12T09:43:10.924". Where there
// is none it gives the line back.
func (p *Parser) renamed(line []byte) (rest []byte, role string) {
	const longest = 24
	n := 0
	for n < min(len(line), longest) && (line[n]|0x20-'a' < 26 || bytes.IndexByte([]byte("<>{}[]_-"), line[n]) >= 0) {
		n++
	}
	if n == 0 || len(line) < n+4 || line[n] != ':' || line[n+2] != ' ' {
		return line, ""
	}
	role, ok := roleOf(line[n+1])
	if ok {
		_, ok = p.stamps.read(line[n+3:])
	}
	if !ok {
		return line, ""
	}
	return line[n+3:], role
}

func isMask(c byte) bool { return c == '*' || c == 'x' || c == 'X' || c == '#' || c == '?' || c == '_' }

// bare reads "L message".
func bare(line []byte, h *Header) bool {
	i := 0
	if len(line) > 2 && line[0] == '\\' {
		i = 1
	}
	if len(line) < i+3 || line[i+1] != ' ' {
		return false
	}
	level, ok := levelOf(line[i])
	if !ok {
		return false
	}
	h.Form, h.Level = Bare, level
	h.Message = bytes.TrimLeft(line[i+2:], " ")
	return len(h.Message) > 0
}

// Find looks for a full header behind a prefix that no wrapper explains (grep's file name, a host's
// name, a shipper's tags) and says where it begins; -1 without one. It looks no further than the
// line's first 512 bytes.
func (p *Parser) Find(line []byte, h *Header) int {
	head := line[:min(len(line), 512)]
	for i := 1; i+8 < len(head); i++ {
		switch c := head[i]; {
		case c == '[' && isDigit(head[i+1]):
		case isDigit(c) && !isWord(head[i-1]):
		default:
			continue
		}
		if p.parse(line[i:], h) {
			return i
		}
		for isDigit(head[i]) && i+8 < len(head) {
			i++
		}
	}
	return -1
}

func isWord(c byte) bool {
	return isDigit(c) || c-'a' < 26 || c-'A' < 26 || c == '_' || c == '.' || c == '-'
}
