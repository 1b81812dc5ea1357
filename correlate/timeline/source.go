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
	SourceMachine Source = "machine"
)

// SourceOf is what kind of artifact of these hosts a quoted line is of.
func SourceOf(hosts []*Host, e diagnosis.Evidence) Source {
	is := func(o *table.Origin) bool { return o.Line == e.Line && o.File == e.File }
	for _, h := range hosts {
		if s, ok := h.sources()[e.File]; ok && s != severalSources {
			return s
		} else if !ok {
			continue // none of its rows is of that file
		}
		switch {
		case slices.ContainsFunc(h.Commands, func(c Command) bool { return is(&c.Origin) }):
			return SourceSlowlog
		case slices.ContainsFunc(h.latency, func(l latency) bool { return is(&l.Origin) }):
			return SourceLatency
		case slices.ContainsFunc(h.Kernel, func(x Event) bool { return is(&x.Origin) }):
			return SourceMachine
		case h.AnyEvent(func(x *Event) bool { return is(&x.Origin) }):
			return SourceLog
		}
	}
	return SourceInfo
}

// severalSources marks a file that has rows of several kinds.
const severalSources Source = "several"

// sources tells of each file that the host's rows are of what they are. It is looked up for each line that is quoted, and made once.
func (h *Host) sources() map[string]Source {
	if h.ofFile != nil {
		return h.ofFile
	}
	h.ofFile = map[string]Source{}
	add := func(file string, s Source) {
		if was, ok := h.ofFile[file]; ok && was != s {
			s = severalSources
		}
		h.ofFile[file] = s
	}
	for i := range h.Commands {
		add(h.Commands[i].File, SourceSlowlog)
	}
	for i := range h.latency {
		add(h.latency[i].File, SourceLatency)
	}
	for i := range h.Events {
		add(h.Events[i].File, SourceLog)
	}
	for i := range h.Machine {
		add(h.Machine[i].File, SourceMachine)
	}
	for i := range h.Kernel {
		add(h.Kernel[i].File, SourceMachine)
	}
	for i := range h.Samples {
		add(h.Samples[i].File, SourceInfo)
	}
	return h.ofFile
}
