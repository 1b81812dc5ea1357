// Package wrap takes a log line out of what shippers and runtimes put around it: docker's JSON and
// stamps, CRI, kubectl, compose, the journal, syslog, svlogd, and the JSON of managed services and
// log stores. It keeps what the wrapper knew: its clock, the source, a level, that a line goes on.
//
// It knows no log format: what it hands back may be any programme's line. It keeps no state, so every
// line is judged by itself and a file may change its wrapper in the middle; [Export] alone spans lines.
// It never removes a server's own header, which no wrapper's shape fits.
package wrap

import (
	"bytes"

	"psyncope/ingest/table"
)

// Line is one line out of its wrapper.
type Line struct {
	// Inner is what was wrapped: a part of the line given, or of the Scratch. It may be empty.
	Inner []byte
	// At is the wrapper's stamp, Null without one, and Clock how to read it (table.ClockUTC, ...).
	At    table.Micros
	Clock string
	// Host and Source say whose line it is: the machine, and the container, pod, unit or program.
	// They are parts of the line, or of the Scratch.
	Host, Source []byte
	// Syslog tells that Source is a program's name as syslog and the journal have it: other
	// programs' lines may stand between, and a server's own message may stand without a header.
	Syslog bool
	// PID, Role and Level are what the wrapper says of them; Null and empty otherwise.
	PID         table.Int
	Role, Level string
	// More tells that the line was cut and its rest follows.
	More bool
	// Foreign tells that the line is known to be another programme's.
	Foreign bool
}

// Scratch is the memory that unwrapping needs for text that was escaped. It is good for one line at
// a time: the Line made with it is overwritten with the next.
type Scratch struct {
	text, source, host []byte
	at                 [32]byte
}

// depth is how many wrappers may lie around each other: compose around docker's stamp around a
// shipper's, and one more for luck. A hostile line cannot make it more.
const depth = 4

// form is one kind of wrapper: it takes itself off in, or is false and leaves out as it was.
type form struct {
	name string
	peel func(in []byte, s *Scratch, out *Line) bool
}

// forms lists the wrappers. Their shapes exclude each other except that a longer one comes first.
var forms = [...]form{
	{"docker", peelDocker},
	{"json", peelJSON},
	{"fragment", peelFragment},
	{"syslog", peelSyslog},
	{"cri", peelCRI},
	{"stamp", peelStamp},
	{"kubectl", peelPod},
	{"monotonic", peelMonotonic},
	{"unix", peelUnix},
	{"tai64n", peelTAI},
	{"elasticache", peelNode},
	{"compose", peelCompose},
}

// Unwrap takes all wrappers off line. It is false where there was none.
func Unwrap(line []byte, s *Scratch, out *Line) bool {
	*out = Line{Inner: line, At: table.Null, Clock: table.ClockNone, PID: table.Null}
	found := colour(s, out)
	for range depth {
		if !peel(s, out) {
			break
		}
		found = true
		if out.More || headed(out.Inner) {
			return true
		}
	}
	if !found {
		return bitnami(out)
	}
	bitnami(out)
	return true
}

func peel(s *Scratch, out *Line) bool {
	in := out.Inner
	if len(in) < 2 {
		return false
	}
	for _, f := range forms {
		if f.peel(in, s, out) {
			return true
		}
	}
	return false
}

// headed knows the header that most servers write, "8010:M ": nothing wraps what begins with it.
func headed(in []byte) bool {
	n := 0
	for n < len(in) && n < 10 && in[n]-'0' <= 9 {
		n++
	}
	return n > 0 && len(in) > n+2 && in[n] == ':' && in[n+2] == ' '
}

// stamped notes the wrapper's stamp; an inner wrapper's is nearer to the server than an outer one's.
func (l *Line) stamped(at table.Micros, clock string) {
	if l.Clock == table.ClockUTC && clock != table.ClockUTC {
		return
	}
	l.At, l.Clock = at, clock
}

// colour removes the escape sequences with which compose and other terminals' output is coloured.
func colour(s *Scratch, out *Line) bool {
	i := bytes.IndexByte(out.Inner, 0x1b)
	if i < 0 {
		return false
	}
	text := append(s.text[:0], out.Inner[:i]...)
	for rest := out.Inner[i:]; len(rest) > 0; {
		if len(rest) > 1 && rest[0] == 0x1b && rest[1] == '[' {
			n := 2
			for n < len(rest) && (rest[n] < 0x40 || rest[n] > 0x7e) {
				n++
			}
			rest = rest[min(n+1, len(rest)):]
			continue
		}
		text = append(text, rest[0])
		rest = rest[1:]
	}
	s.text = text
	// The text must outlive the JSON text that an inner wrapper may put into the scratch.
	out.Inner = append([]byte(nil), text...)
	return true
}

// bitnami knows the images' own lines: "redis 18:57:20.12 INFO  ==> ** Starting Redis **".
func bitnami(out *Line) bool {
	i := bytes.Index(out.Inner, []byte(" ==> "))
	if i < 0 || i > 64 {
		return false
	}
	for _, level := range [...]string{"INFO", "WARN", "ERROR", "DEBUG"} {
		if bytes.Contains(out.Inner[:i], []byte(level)) {
			out.Foreign = true
			return true
		}
	}
	return false
}
