package timeline

import (
	"fmt"
	"strings"
	"time"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Span is a stretch of the axis; to is unknown while it is open.
type Span struct{ From, To micros }

// Overlaps reports whether two stretches have a moment in common.
func (s Span) Overlaps(o Span) bool {
	return (s.To == unknown || o.From <= s.To) && (o.To == unknown || s.From <= o.To)
}

// ReplicaRow is one line of a dump about a replica, on the axis.
type ReplicaRow struct {
	table.Replica
	At micros
}

// Statistic is a line of commandstats or errorstats, on the axis.
type Statistic struct {
	table.Statistic
	At micros
}

// Event is a log message on the axis. last is when the last of a folded run stands.
type Event struct {
	table.Event
	At, Last micros
	Index    int // among the host's events as they were read, file after file
	// Means is what the message means for replication.
	Means message.Meaning
	// BySentinel tells of a role change that a Sentinel asked for it.
	BySentinel bool
}

// Is reports whether the message means one of these words.
func (e *Event) Is(words message.Meaning) bool { return e.Means.Is(words) }

// Command is a slowlog entry on the axis. The slowlog says when a command ended, in whole seconds
// (redis 7.4.1 slowlog.c:67): it ended within [end, end+1s).
type Command struct {
	table.Command
	Start, End micros
}

type latency struct {
	table.Latency
	start, end micros
}

// Evidence is the message as a report quotes it.
func (e *Event) Evidence() diagnosis.Evidence {
	return diagnosis.Evidence{File: e.File, Line: e.Line, Text: e.Text}
}

// Evidence is the entry as a report quotes it.
func (c *Command) Evidence() diagnosis.Evidence {
	return diagnosis.Evidence{File: c.File, Line: c.Line, Text: fmt.Sprintf("slowlog id %d: %s %s took %s, ended %s", c.ID, c.Name, diagnosis.Shorten(c.Args, 80),
		diagnosis.Length(micros(c.Micros)), c.Ended.Time().Format(time.TimeOnly))}
}

func (l *latency) evidence() diagnosis.Evidence {
	return diagnosis.Evidence{File: l.File, Line: l.Line, Text: fmt.Sprintf("latency event %s: %d ms at %s", l.Event, l.Last.Or(0), l.At.Time().Format(time.TimeOnly))}
}

// Evidence are fields of the dump as a report quotes them.
func (s *Sample) Evidence(fields ...string) diagnosis.Evidence {
	return diagnosis.Evidence{File: s.File, Line: s.Line, Text: strings.Join(fields, " ")}
}

// ofMain reports whether a server's main thread wrote the line, and which: children come and go.
func (e *Event) ofMain() bool { return (e.Role == "M" || e.Role == "S") && e.PID.Known() }
