package wrap

import (
	"bytes"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

// peelSyslog knows the lines of syslog files and of the journal's short forms:
//
//	<133>Nov 22 18:57:20 host redis[8010]: line                  RFC 3164, with or without its priority
//	<133>1 2026-11-22T18:57:20.641Z host redis 8010 - - line     RFC 5424
//	2026-11-22T18:57:20.641123+00:00 host redis[8010]: line      rsyslog, journal short-iso
//	Sun 2026-11-22 18:57:20 UTC host redis[8010]: line           journal short-full
func peelSyslog(in []byte, s *Scratch, out *Line) bool {
	level := ""
	rest := in
	if in[0] == '<' {
		var ok bool
		if level, rest, ok = priority(in); !ok {
			return false
		}
		if after, ok := bytes.CutPrefix(rest, []byte("1 ")); ok {
			return rfc5424(after, level, out)
		}
	}
	if len(rest) < 16 {
		return false
	}
	at, n := logline.NoYear(rest)
	clock := table.ClockLocalNoYear
	if n == 0 && rest[3] == ' ' {
		return shortFull(rest, out)
	}
	if n == 0 {
		at, clock, n = logline.ISO(rest)
	}
	if n == 0 || n >= len(rest) || rest[n] != ' ' || !program(rest[n+1:], out) {
		return false
	}
	out.stamped(at, clock)
	if level != "" {
		out.Level = level
	}
	return true
}

// priority reads "<133>": facility times eight plus severity, as the server maps its levels (redis
// 7.4.1 server.c:136).
func priority(in []byte) (level string, rest []byte, ok bool) {
	v, i := 0, 1
	for i < len(in) && i < 4 && in[i]-'0' <= 9 {
		v = v*10 + int(in[i]-'0')
		i++
	}
	if i == 1 || i >= len(in) || in[i] != '>' {
		return "", nil, false
	}
	return severity(v & 7), in[i+1:], true
}

func severity(v int) string {
	switch {
	case v <= 4:
		return logline.Warning
	case v == 5:
		return logline.Notice
	case v == 6:
		return logline.Verbose
	default:
		return logline.Debug
	}
}

// rfc5424 reads what follows "<133>1 ": stamp, host, program, process id, message id, structured data.
func rfc5424(rest []byte, level string, out *Line) bool {
	at, clock, n := logline.ISO(rest)
	if n == 0 {
		if len(rest) == 0 || rest[0] != '-' {
			return false
		}
		at, clock, n = table.Null, table.ClockNone, 1
	}
	var words [4][]byte // host, program, process id, message id
	rest = rest[n:]
	for i := range words {
		rest = bytes.TrimPrefix(rest, []byte(" "))
		j := bytes.IndexByte(rest, ' ')
		if j <= 0 {
			return false
		}
		words[i], rest = rest[:j], rest[j:]
	}
	rest = bytes.TrimPrefix(rest, []byte(" "))
	rest, ok := structured(rest)
	if !ok {
		return false
	}
	rest = bytes.TrimPrefix(rest, []byte("\xef\xbb\xbf"))
	out.stamped(at, clock)
	out.Host, out.Source, out.Syslog = nilled(words[0]), nilled(words[1]), true
	out.PID = pidOf(words[2])
	out.Level = level
	out.Inner = rest
	return true
}

func nilled(word []byte) []byte {
	if string(word) == "-" {
		return nil
	}
	return word
}

// structured steps over "-" or "[id k=\"v\"][...]" and the blank behind it.
func structured(rest []byte) ([]byte, bool) {
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
		return bytes.TrimPrefix(rest, []byte(" ")), true
	}
	if len(rest) == 0 || rest[0] != '[' {
		return nil, false
	}
	quoted := false
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && quoted:
			i++
		case rest[i] == '"':
			quoted = !quoted
		case rest[i] == ']' && !quoted && (i+1 == len(rest) || rest[i+1] != '['):
			return bytes.TrimPrefix(rest[i+1:], []byte(" ")), true
		}
	}
	return nil, false
}

// shortFull reads "Sun 2026-11-22 18:57:20 UTC host redis[8010]: line". A zone other than UTC is an
// abbreviation that names no offset: its time is local.
func shortFull(in []byte, out *Line) bool {
	if len(in) < 28 || !weekday(in[:3]) {
		return false
	}
	rest := in[4:]
	at, clock, n := logline.ISO(rest)
	if n == 0 || n >= len(rest) || rest[n] != ' ' {
		return false
	}
	rest = rest[n+1:]
	i := bytes.IndexByte(rest, ' ')
	if i < 0 || i > 6 {
		return false
	}
	if zone := string(rest[:i]); zone == "UTC" || zone == "GMT" {
		clock = table.ClockUTC
	}
	if !program(rest[i+1:], out) {
		return false
	}
	out.stamped(at, clock)
	return true
}

func weekday(b []byte) bool {
	const names = "MonTueWedThuFriSatSun"
	i := bytes.Index([]byte(names), b)
	return i >= 0 && i%3 == 0
}

// program reads "host ident[pid]: line" or "ident[pid]: line".
func program(in []byte, out *Line) bool {
	// The identifier ends at the first ": ", or ":" at the end; neither host nor identifier holds one.
	i := bytes.IndexByte(in[:min(len(in), 256)], ':')
	for i >= 0 && i+1 < len(in) && in[i+1] != ' ' {
		j := bytes.IndexByte(in[i+1:min(len(in), 256)], ':')
		if j < 0 {
			return false
		}
		i += 1 + j
	}
	if i <= 0 {
		return false
	}
	head, rest := in[:i], in[min(i+2, len(in)):]
	var host []byte
	if j := bytes.IndexByte(head, ' '); j >= 0 {
		host, head = head[:j], head[j+1:]
	}
	if len(head) == 0 || bytes.IndexByte(head, ' ') >= 0 {
		return false
	}
	pid := table.Int(table.Null)
	if j := bytes.IndexByte(head, '['); j > 0 && head[len(head)-1] == ']' {
		pid = pidOf(head[j+1 : len(head)-1])
		head = head[:j]
	}
	// A server's own header has a ':' in the same place: "1:M ..." has no blank behind it, but
	// "8010:signal-handler (...)" and messages such as "Fork CoW for RDB: ..." are no programs'.
	for i, c := range head {
		if c <= ' ' || c == '"' || c == '(' || c == '{' || c == '\'' {
			return false
		}
		// Without a process id only a name such as "kernel" is one: "Guru Meditation: ..." is text.
		if pid == table.Null && (c-'A' < 26 || i == 0 && c-'a' >= 26) {
			return false
		}
	}
	if pid == table.Null && host == nil {
		return false
	}
	out.Host, out.Source, out.PID, out.Syslog = host, head, pid, true
	out.Inner = rest
	return true
}

func pidOf(word []byte) table.Int {
	v := table.Int(0)
	for _, c := range word {
		if c-'0' > 9 || v > 1<<31 {
			return table.Null
		}
		v = v*10 + table.Int(c-'0')
	}
	if len(word) == 0 {
		return table.Null
	}
	return v
}
