package timeline

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// Source is a kind of artifact. Lines of one kind may share one mistake.
type Source string

// The kinds of artifacts that evidence is quoted from.
const (
	SourceLog     Source = "log"
	SourceInfo    Source = "info"
	SourceSlowlog Source = "slowlog"
	SourceLatency Source = "latency"
)

// SourceOf is what kind of artifact of these hosts a quoted line is of.
func SourceOf(hosts []*Host, e diagnosis.Evidence) Source {
	is := func(o *table.Origin) bool { return o.Line == e.Line && o.File == e.File }
	for _, h := range hosts {
		switch {
		case slices.ContainsFunc(h.Commands, func(c Command) bool { return is(&c.Origin) }):
			return SourceSlowlog
		case slices.ContainsFunc(h.latency, func(l latency) bool { return is(&l.Origin) }):
			return SourceLatency
		case h.AnyEvent(func(x *Event) bool { return is(&x.Origin) }):
			return SourceLog
		}
	}
	return SourceInfo
}
