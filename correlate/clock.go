package correlate

import (
	"cmp"
	"slices"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// clock is one instance's clock: what its log's local time is ahead of UTC, and what its UTC is
// ahead of the group's first primary.
type clock struct {
	zone    micros // local stamps are ahead of the host's own UTC by this
	year    int    // of stamps without one; 0 where all have one
	skew    micros // the host's UTC is ahead of the reference by this
	err     micros // doubt of skew, on either side
	pairs   int
	method  string
	changes []string
	// collector is how far the collector's clock is ahead of the host's, for dumps that only the collector dated.
	collector micros
	zoneHow   string
	skewHow   string
	aligned   bool
}

// event lays a log stamp on the axis. A stamp is the event's own or its run's last.
func (c *clock) event(e *table.Event, stamp micros) micros {
	if stamp == unknown {
		return unknown
	}
	switch e.Clock {
	case table.ClockUTC:
		return c.server(stamp)
	case table.ClockLocal:
		return c.server(stamp - c.zone)
	case table.ClockLocalNoYear:
		t := stamp.Time()
		return c.server(table.MicrosOf(t.AddDate(c.year-2000, 0, 0)) - c.zone)
	}
	return unknown
}

// server lays an instant of the host's own UTC clock on the axis.
func (c *clock) server(t micros) micros {
	if t == unknown {
		return unknown
	}
	return t - c.skew
}

// dump lays an INFO dump on the axis.
func (c *clock) dump(s *table.Sample) micros {
	switch {
	case s.ServerTime.Known():
		return c.server(s.ServerTime)
	case s.Collected.Known():
		return c.server(s.Collected - c.collector)
	default:
		return c.server(s.At)
	}
}

// clocks estimates every host's clock against the reference, a host of the group.
func clocks(hs []*host, o Options) {
	anchor := anyInstant(hs)
	for _, h := range hs {
		h.clock = clock{method: "assumed"}
		h.clock.collector = collectorAhead(h)
		if z, how, ok := zoneOf(h, o); ok {
			h.clock.zone, h.clock.zoneHow = z, how
		}
		h.clock.year = yearOf(anchor)
	}
}

func anyInstant(hs []*host) micros {
	var all []micros
	for _, h := range hs {
		for i := range h.samples {
			all = append(all, h.samples[i].At)
		}
		for i := range h.events {
			if h.events[i].Clock == table.ClockUTC || h.events[i].Clock == table.ClockLocal {
				all = append(all, h.events[i].Stamp)
			} else if h.events[i].Outer.Known() {
				all = append(all, h.events[i].Outer)
			}
		}
	}
	all = slices.DeleteFunc(all, func(t micros) bool { return t == unknown })
	if len(all) == 0 {
		return unknown
	}
	return median(all)
}

func yearOf(t micros) int {
	if t == unknown {
		return 2000
	}
	return t.Time().Year()
}

// collectorAhead compares the collector's stamps with the server's own clock where a dump has both.
// Before 6.2 a dump has no server_time_usec, but lru_clock is the server's second modulo 2^24 (2.8.10+).
func collectorAhead(h *host) micros {
	var d []micros
	for i := range h.samples {
		s := &h.samples[i]
		if !s.Collected.Known() {
			continue
		}
		switch {
		case s.ServerTime.Known():
			d = append(d, s.Collected-s.ServerTime)
		case s.LRUClock.Known():
			const wrap = 1 << 24
			ahead := (int64(s.Collected/second) - int64(s.LRUClock)) % wrap
			if ahead > wrap/2 {
				ahead -= wrap
			} else if ahead < -wrap/2 {
				ahead += wrap
			}
			d = append(d, micros(ahead)*second+s.Collected%second-second/2)
		}
	}
	if len(d) == 0 {
		return 0
	}
	return median(d)
}

// zoneOf estimates what the log's local stamps are ahead of the host's own UTC, to a quarter of an hour.
func zoneOf(h *host, o Options) (micros, string, bool) {
	if loc := o.TZ[h.name]; loc != nil {
		at := anyInstant([]*host{h})
		_, off := at.Time().In(loc).Zone()
		return micros(off) * second, "given", true
	}
	var d []micros
	for i := range h.events {
		e := &h.events[i]
		if e.Clock == table.ClockLocal && e.Outer.Known() {
			d = append(d, e.Stamp-e.Outer)
		}
	}
	if len(d) > 0 {
		return quarter(median(d)), "the log wrapper's stamps", true
	}
	for i := range h.samples {
		s := &h.samples[i]
		if !s.Uptime.Known() {
			continue
		}
		t := s.ServerTime
		if !t.Known() {
			t = s.Collected - h.clock.collector
		}
		start := t - micros(s.Uptime)*second
		for j := range h.events {
			e := &h.events[j]
			if (e.Kind == message.ServerReady || e.Kind == message.ServerInitialized || e.Kind == message.ServerStarted) && e.Clock == table.ClockLocal {
				if z := e.Stamp - start; abs(z-quarter(z)) < 60*second && abs(z) < 15*3600*second {
					return quarter(z), "the start line against uptime_in_seconds", true
				}
			}
		}
	}
	return 0, "", false
}

func quarter(d micros) micros {
	const q = 900 * second
	if d < 0 {
		return -((-d + q/2) / q * q)
	}
	return (d + q/2) / q * q
}

// align estimates the skew of every host of a group against the first primary, from requests that both
// ends log: the replica's "Trying a partial resynchronization (request id:offset)" and the primary's answer.
func align(g *group, o Options) {
	ref := g.primary
	ref.clock.aligned, ref.clock.method = true, "reference"
	asked := map[int64][]micros{}
	for i := range ref.events {
		e := &ref.events[i]
		switch e.Kind {
		case message.PsyncRefusedBacklog, message.PsyncAccepted:
			if e.Offset.Known() {
				asked[int64(e.Offset)] = append(asked[int64(e.Offset)], e.at)
			}
		}
	}
	for _, h := range g.hosts {
		if h == ref {
			continue
		}
		var d []micros
		for i := range h.events {
			e := &h.events[i]
			if e.Kind != message.PsyncTry || !e.Offset.Known() {
				continue
			}
			for _, t := range asked[int64(e.Offset)] {
				d = append(d, e.at-t)
			}
		}
		if s, ok := o.Skew[h.name]; ok {
			h.clock.skew, h.clock.aligned, h.clock.method = micros(s/time.Microsecond), true, "given"
			continue
		}
		if len(d) == 0 {
			h.clock.method = "unaligned: no event ties it to the primary; its clock was taken as it is"
			continue
		}
		h.clock.skew = closest(d)
		h.clock.pairs, h.clock.aligned, h.clock.method = len(d), true, "requests logged at both ends"
		h.clock.err = second / 2
	}
	for _, h := range g.hosts {
		h.place()
	}
}

// closest is the median of the tightest half of the differences: retries pair with each other wrongly,
// and the wrong pairs scatter.
func closest(d []micros) micros {
	slices.SortFunc(d, func(a, b micros) int { return cmp.Compare(a, b) })
	if len(d) < 3 {
		return d[0]
	}
	n := len(d)/2 + 1
	best := 0
	for i := range len(d) - n + 1 {
		if d[i+n-1]-d[i] < d[best+n-1]-d[best] {
			best = i
		}
	}
	return d[best+n/2]
}

func median[T cmp.Ordered](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

func abs(d micros) micros {
	if d < 0 {
		return -d
	}
	return d
}
