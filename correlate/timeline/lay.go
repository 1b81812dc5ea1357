package timeline

import (
	"cmp"
	"slices"

	"psyncope/ingest/message"
)

// Lay lays the rows of all hosts on the axis, once. What looks at the rows afterwards changes none.
func Lay(lists ...[]*Host) {
	for _, list := range lists {
		for _, h := range list {
			h.lay()
		}
	}
}

// lay lays the host's rows on the axis with its clock, now that all is known of it, and sorts them. It is done once; what
// looks at the rows afterwards changes none.
func (h *Host) lay() {
	c := &h.Clock
	for i := range h.Events {
		e := &h.Events[i]
		e.At, e.Last = c.Event(&e.Event, e.Index, e.Stamp), c.Event(&e.Event, e.Index, e.LastStamp)
		if e.Last == unknown {
			e.Last = e.At
		}
	}
	var logs map[string][]*Event // by file, for dumps without a date
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.At = c.Dump(s); s.At != unknown {
			continue
		}
		if logs == nil {
			logs = map[string][]*Event{}
			for j := range h.Events {
				logs[h.Events[j].File] = append(logs[h.Events[j].File], &h.Events[j])
			}
		}
		s.At = saidBefore(logs[s.File], s.Line)
	}
	next := 0
	for i := range h.Replicas {
		r := &h.Replicas[i]
		r.At, next = h.dumpAt(r.File, r.Replica.At, next)
	}
	next = 0
	for i := range h.Stats {
		r := &h.Stats[i]
		r.At, next = h.dumpAt(r.File, r.Statistic.At, next)
	}
	for i := range h.Commands {
		e := &h.Commands[i]
		e.End = c.Server(e.Ended)
		e.Start = e.End - micros(e.Micros)
	}
	for i := range h.latency {
		l := &h.latency[i]
		l.end = c.Server(l.Latency.At)
		l.start = l.end - micros(l.Last.Or(0))*1000
	}
	h.layMachine()
	h.layUnanswered()
	sortByTime(h.Samples, func(s *Sample) micros { return s.At })
	sortByTime(h.Replicas, func(r *ReplicaRow) micros { return r.At })
	sortByTime(h.Stats, func(r *Statistic) micros { return r.At })
	h.step = h.usualStep()
	slices.SortStableFunc(h.Commands, func(a, b Command) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.ID, b.ID))
	})
	h.Commands = slices.CompactFunc(h.Commands, func(a, b Command) bool { return a.ID == b.ID && a.Ended == b.Ended })
	slices.SortStableFunc(h.latency, func(a, b latency) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.Event, b.Event))
	})
	h.orderEvents()
	for i := range h.Events {
		if e := &h.Events[i]; e.Kind == message.ForkCow && e.Bytes.Known() {
			h.Copied = append(h.Copied, e)
		}
	}
	h.strangers()
	h.Lives = livesOf(h)
	h.FindStalls()
}

// orderEvents sorts events by time but keeps the file's order where stamps are missing or lie closer
// than a second: parent and child append to one file, and their lines may swap by milliseconds.
func (h *Host) orderEvents() {
	last := unknown
	for i := range h.Events {
		e := &h.Events[i]
		if e.At == unknown {
			e.At, e.Last = last, last
		}
		last = e.At
	}
	sortByTime(h.Events, func(e *Event) micros { return e.At })
}

// saidBefore is when the message before this line was said: the INFO in a crash report has no other date before 7.0.
func saidBefore(log []*Event, line int32) micros {
	at := unknown
	for _, e := range log {
		if e.Line <= line && e.At != unknown {
			at = e.At
		}
	}
	return at
}

// dumpAt is where the dump of a row lies on the axis: rows come in the order of their dumps, so the search goes on
// from the last one found.
func (h *Host) dumpAt(file string, at micros, from int) (micros, int) {
	for i := from; i < len(h.Samples); i++ {
		if s := &h.Samples[i]; s.Stamp == at && s.File == file {
			return s.At, i
		}
	}
	return h.Clock.Server(at), from
}
