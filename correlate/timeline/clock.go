package timeline

import (
	"cmp"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// clock is one instance's clock: what its log's local time is ahead of UTC, and what its UTC is
// ahead of the group's first primary.
type clock struct {
	Zone    micros // local stamps are ahead of the host's own UTC by this
	Skew    micros // the host's UTC is ahead of the reference by this
	Err     micros // doubt of skew, on either side
	Pairs   int
	Method  string
	Changes []string
	// collector is how far the collector's clock is ahead of the host's, for dumps that only the collector dated.
	collector micros
	// steps are the skews after the host's clock was set, and zones the zones after its local time was changed; both by
	// the host's own time, oldest first.
	steps     []clockStep
	zones     []zoneStep
	ZoneHow   string
	ZoneKnown bool
	aligned   bool
}

// clockStep is a skew that holds from a moment of the host's own UTC on.
type clockStep struct{ from, skew micros }

// Event lays a log stamp on the axis: the stamp of the log's line number index, or its run's last.
func (c *clock) Event(e *table.Event, index int, stamp micros) micros {
	if stamp == unknown {
		return unknown
	}
	switch e.Clock {
	case table.ClockUTC:
		return c.Server(stamp)
	case table.ClockLocal:
		zone := c.Zone
		for _, z := range c.zones {
			if index >= z.index {
				zone = z.zone
			}
		}
		return c.Server(stamp - zone)
	}
	return unknown
}

// Server lays an instant of the host's own UTC clock on the axis.
func (c *clock) Server(t micros) micros {
	if t == unknown {
		return unknown
	}
	skew := c.Skew
	for _, s := range c.steps {
		if t >= s.from {
			skew = s.skew
		}
	}
	return t - skew
}

// Dump lays an INFO dump on the axis.
func (c *clock) Dump(s *Sample) micros {
	switch {
	case s.mended != 0 && s.Dated != "server_time" && s.Collected.Known():
		return c.Server(s.mended - c.collector)
	case s.mended != 0:
		return c.Server(s.mended)
	case s.ServerTime.Known():
		return c.Server(s.ServerTime)
	case s.Collected.Known():
		return c.Server(s.Collected - c.collector)
	default:
		return c.Server(s.Stamp)
	}
}

func (c *clock) set(skew, err micros, pairs int, how string) {
	c.Skew, c.Err, c.Pairs, c.Method, c.aligned = skew, err, pairs, how, true
}

// line is a message with its time by what is known of the clock so far.
type line struct {
	at    micros
	event *Event
}

// linesOf are the host's messages that pick picks, in order of time, as far as they have one. Rows lie nowhere yet while
// clocks are compared, so this is what the comparison reads.
func (h *Host) linesOf(pick func(*Event) bool) []line {
	var out []line
	for i := range h.Events {
		e := &h.Events[i]
		if !pick(e) {
			continue
		}
		if at := h.Clock.Event(&e.Event, e.Index, e.Stamp); at != unknown {
			out = append(out, line{at, e})
		}
	}
	sortByTime(out, func(l *line) micros { return l.at })
	return out
}

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
	for i := range h.Machine {
		m := &h.Machine[i]
		m.At = c.Event(&table.Event{Clock: m.Clock}, len(h.Events), m.Stamp)
	}
	for i := range h.Kernel {
		e := &h.Kernel[i]
		e.At = c.Event(&e.Event, len(h.Events), e.Stamp)
		e.Last = e.At
	}
	h.dateUndated()
	h.layUnanswered()
	sortByTime(h.Machine, func(m *HostSample) micros { return m.At })
	sortByTime(h.Kernel, func(e *Event) micros { return e.At })
	sortByTime(h.Events, func(e *Event) micros { return e.At })
	sortByTime(h.Unanswered, func(u *Unanswered) micros { return u.At })
	sortByTime(h.Samples, func(s *Sample) micros { return s.At })
	sortByTime(h.Replicas, func(r *ReplicaRow) micros { return r.At })
	sortByTime(h.Stats, func(r *Statistic) micros { return r.At })
	h.step = usualStep(h.Samples, func(s *Sample) micros { return s.At }, Queued)
	slices.SortStableFunc(h.Commands, func(a, b Command) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.ID, b.ID))
	})
	h.Commands = slices.CompactFunc(h.Commands, func(a, b Command) bool { return a.ID == b.ID && a.Ended == b.Ended })
	slices.SortStableFunc(h.latency, func(a, b latency) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.Event, b.Event))
	})
	for i := range h.Events {
		if e := &h.Events[i]; e.Kind == message.ForkCow && e.Bytes.Known() {
			h.Copied = append(h.Copied, e)
		}
	}
	h.readMachine()
	if mixed := h.strangers(); len(mixed) > 0 {
		h.Damage = append(h.Damage, Damage{diagnosis.Plural(int64(len(mixed)), "line", "lines") + " of a process that another one had followed: they are of several servers", mixed[0].File, mixed[0].Line})
	}
	h.Lives = livesOf(h)
	h.FindStalls()
}

// dateUndated dates messages without a time of their own by the one before in the file.
func (h *Host) dateUndated() {
	last := unknown
	for i := range h.Events {
		e := &h.Events[i]
		if e.At == unknown {
			e.At, e.Last = last, last
		}
		last = e.At
	}
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
