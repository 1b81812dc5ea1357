package wrap

import (
	"bytes"
	"strconv"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

// peelCRI knows "2026-11-22T18:57:20.641234567Z stdout F line" of containerd and CRI-O; tag P says that
// the rest of the line follows.
func peelCRI(in []byte, _ *Scratch, out *Line) bool {
	at, clock, n := logline.ISO(in)
	if n == 0 || len(in) < n+10 {
		return false
	}
	rest := in[n:]
	after, ok := bytes.CutPrefix(rest, []byte(" stdout "))
	if !ok {
		after, ok = bytes.CutPrefix(rest, []byte(" stderr "))
	}
	if !ok || after[0] != 'F' && after[0] != 'P' {
		return false
	}
	i := bytes.IndexByte(after, ' ')
	if i < 0 {
		i = len(after)
	}
	if i > 1 && after[1] != ':' { // tags are joined by colons
		return false
	}
	out.stamped(at, clock)
	out.More = after[0] == 'P'
	out.Inner = after[min(i+1, len(after)):]
	return true
}

// peelStamp knows a stamp and a blank: `docker logs -t`, `kubectl logs --timestamps`, CloudWatch's text,
// svlogd ("2015-03-23_16:11:31.44256", UTC). Behind the stamp of the journal's and rsyslog's ISO forms
// stand a host and a program: peelSyslog has taken those.
func peelStamp(in []byte, _ *Scratch, out *Line) bool {
	at, clock, n := logline.ISO(in)
	if n == 0 {
		return false
	}
	if in[10] == '_' {
		clock = table.ClockUTC
	}
	if n < len(in) && in[n] != ' ' && in[n] != '\t' {
		return false
	}
	out.stamped(at, clock)
	out.Inner = in[min(n+1, len(in)):]
	return true
}

// peelTAI knows multilog's and svlogd's "@4000000065...": seconds of TAI since 1970 plus 2^62, and
// nanoseconds, in hexadecimal. Their clock is ten seconds ahead of UTC by definition of the tools.
func peelTAI(in []byte, _ *Scratch, out *Line) bool {
	if len(in) < 26 || in[0] != '@' || in[25] != ' ' {
		return false
	}
	seconds, err := strconv.ParseUint(string(in[1:17]), 16, 64)
	nanos, err2 := strconv.ParseUint(string(in[17:25]), 16, 32)
	const label = 1<<62 + 10
	if err != nil || err2 != nil || seconds < label || seconds-label > 1<<34 {
		return false
	}
	out.stamped(table.Micros(seconds-label)*table.Second+table.Micros(nanos/1000), table.ClockUTC)
	out.Inner = in[26:]
	return true
}

// peelUnix knows the journal's short-unix: "1795373840.641234 host redis-server[8010]: line".
func peelUnix(in []byte, _ *Scratch, out *Line) bool {
	i := bytes.IndexByte(in, ' ')
	if i != 17 || in[10] != '.' {
		return false
	}
	seconds, err := strconv.ParseInt(string(in[:10]), 10, 64)
	micros, err2 := strconv.ParseUint(string(in[11:17]), 10, 32)
	if err != nil || err2 != nil || seconds < 0 {
		return false
	}
	if !program(in[18:], out) {
		return false
	}
	out.stamped(table.Micros(seconds)*table.Second+table.Micros(micros), table.ClockUTC)
	return true
}

// peelMonotonic knows the journal's short-monotonic: "[12345.678901] host redis-server[8010]: line". Its
// clock counts from the host's start and dates nothing.
func peelMonotonic(in []byte, _ *Scratch, out *Line) bool {
	if in[0] != '[' {
		return false
	}
	i := bytes.Index(in[:min(32, len(in))], []byte("] "))
	if i < 8 || in[i-7] != '.' {
		return false
	}
	for _, c := range in[1:i] {
		if c != ' ' && c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return program(in[i+2:], out)
}
