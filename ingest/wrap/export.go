package wrap

import (
	"bytes"

	"psyncope/ingest/table"
)

// Export reads the journal's export format (systemd, journal-export-formats): a field a line, a blank line
// behind each record. The zero Export is ready.
type Export struct {
	open    bool
	binary  bool // the next line is the data of a MESSAGE that is not text, behind its 8 bytes of length
	message []byte
	found   bool
	line    int32
	at      table.Micros
	host    []byte
	source  []byte
	rank    int
	pid     table.Int
}

// Begins reports whether a line opens a record of the export format. The journal writes its own fields,
// which begin with two underscores, first.
func (e *Export) Begins(line []byte) bool {
	return bytes.HasPrefix(line, []byte("__CURSOR=")) || bytes.HasPrefix(line, []byte("__REALTIME_TIMESTAMP="))
}

// Open reports whether a record is being read: every line is then Add's.
func (e *Export) Open() bool { return e.open }

// Add takes the next line, number its place in the file. It reports whether the line was part of a record;
// one that is not closes the record too.
func (e *Export) Add(line []byte, number int32) bool {
	if !e.open {
		*e = Export{open: true, message: e.message[:0], host: e.host[:0], source: e.source[:0], at: table.Null, pid: table.Null}
	}
	if e.binary {
		e.binary = false
		e.keep(line[min(8, len(line)):], number)
		return true
	}
	if len(line) == 0 {
		e.open = false
		return true
	}
	name, value, ok := bytes.Cut(line, []byte("="))
	if !isField(name) {
		// The rest of a binary MESSAGE, or a file that was cut.
		e.open = e.found
		return e.found
	}
	if !ok {
		e.binary = string(name) == "MESSAGE"
		return true
	}
	switch string(name) {
	case "__REALTIME_TIMESTAMP":
		if v := pidOf(value[:min(10, len(value))]); v.Known() && len(value) == 16 {
			if low := pidOf(value[10:]); low.Known() {
				e.at = table.Micros(v)*table.Second + table.Micros(low)
			}
		}
	case "MESSAGE":
		e.keep(value, number)
	case "_HOSTNAME":
		e.host = append(e.host[:0], value...)
	case "_PID":
		e.pid = pidOf(value)
	case "_SYSTEMD_UNIT":
		e.name(2, bytes.TrimSuffix(value, []byte(".service")))
	case "SYSLOG_IDENTIFIER":
		e.name(1, value)
	}
	return true
}

func (e *Export) name(rank int, value []byte) {
	if rank > e.rank {
		e.rank, e.source = rank, append(e.source[:0], value...)
	}
}

func (e *Export) keep(value []byte, number int32) {
	e.message, e.found, e.line = append(e.message[:0], value...), true, number
}

// Take hands over the record's message and the line it stands on, once; it is false without one.
func (e *Export) Take(out *Line) (number int32, ok bool) {
	if !e.found {
		return 0, false
	}
	e.found = false
	clock := table.ClockUTC
	if e.at == table.Null {
		clock = table.ClockNone
	}
	*out = Line{Inner: e.message, At: e.at, Clock: clock, Host: e.host, Source: e.source, Syslog: true, PID: e.pid}
	return e.line, true
}

func isField(name []byte) bool {
	if len(name) == 0 || len(name) > 64 {
		return false
	}
	for _, c := range name {
		if c-'A' >= 26 && c-'0' > 9 && c != '_' {
			return false
		}
	}
	return true
}
