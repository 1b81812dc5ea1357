package timeline

import (
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
