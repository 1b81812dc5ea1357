package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// clock is one instance's clock: what its log's local time is ahead of UTC, and what its UTC is
// ahead of the group's first primary.
type clock struct {
	zone    micros // local stamps are ahead of the host's own UTC by this
	skew    micros // the host's UTC is ahead of the reference by this
	err     micros // doubt of skew, on either side
	pairs   int
	method  string
	changes []string
	// collector is how far the collector's clock is ahead of the host's, for dumps that only the collector dated.
	collector micros
	// steps are the skews after the host's clock was set, and zones the zones after its local time was changed; both by
	// the host's own time, oldest first.
	steps     []clockStep
	zones     []zoneStep
	zoneHow   string
	zoneKnown bool
	aligned   bool
}

// clockStep is a skew that holds from a moment of the host's own UTC on.
type clockStep struct{ from, skew micros }

// zoneStep is a zone that holds from a line of the log on: local time may repeat an hour, so only the order of the
// lines tells its halves apart.
type zoneStep struct {
	index int
	zone  micros
}

// event lays a log stamp on the axis: the stamp of the log's line number index, or its run's last.
func (c *clock) event(e *table.Event, index int, stamp micros) micros {
	if stamp == unknown {
		return unknown
	}
	switch e.Clock {
	case table.ClockUTC:
		return c.server(stamp)
	case table.ClockLocal:
		zone := c.zone
		for _, z := range c.zones {
			if index >= z.index {
				zone = z.zone
			}
		}
		return c.server(stamp - zone)
	}
	return unknown
}

// server lays an instant of the host's own UTC clock on the axis.
func (c *clock) server(t micros) micros {
	if t == unknown {
		return unknown
	}
	skew := c.skew
	for _, s := range c.steps {
		if t >= s.from {
			skew = s.skew
		}
	}
	return t - skew
}

// dump lays an INFO dump on the axis.
func (c *clock) dump(s *sample) micros {
	switch {
	case s.ServerTime.Known():
		return c.server(s.ServerTime)
	case s.Collected.Known():
		return c.server(s.Collected - c.collector)
	default:
		return c.server(s.Stamp)
	}
}

// clocks reads off each host's own evidence what its log's local time is ahead of its UTC.
func clocks(hs []*host, o Options) {
	anchor := anyInstant(hs)
	for _, h := range hs {
		h.clock = clock{method: "unaligned: alone in its group"}
		h.clock.collector = collectorAhead(h)
		sortByTime(h.samples, h.clock.dump)
		own := anyInstant([]*host{h})
		if own == unknown {
			own = anchor
		}
		if own == unknown {
			own = h.written // years alone rest on it, and a log is seldom copied years later
		}
		giveYears(h, own)
		h.clock.zone, h.clock.zoneHow, h.clock.zoneKnown = zoneOf(h, o)
		if o.TZ[h.name] == nil {
			h.findZoneChange()
		} else {
			h.followZone(o.TZ[h.name])
		}
	}
}

// findZoneChange finds daylight saving inside a log: in autumn the stamps go back by an hour and nothing marks it, in
// spring they leap, which only instants known in UTC on both sides can tell from an hour of silence. Servers change
// by whole hours (redis 7.4.1 localtime.c nolocks_localtime adds 3600 for daylight saving).
func (h *host) findZoneChange() {
	const hour = 3600 * second
	part := func(lo, hi int) (micros, bool) {
		sub := *h
		sub.events = h.events[lo:hi]
		z, _, ok := zoneOf(&sub, Options{})
		return z, ok
	}
	back, leap, most := -1, -1, micros(0)
	prev := unknown
	for i := range h.events {
		e := &h.events[i]
		if e.Clock != table.ClockLocal || e.Stamp == unknown || e.Role == "C" {
			continue
		}
		if prev != unknown {
			switch d := e.Stamp - prev; {
			case d <= -hour/6 && d >= -hour-60*second:
				back = i
			case d >= hour && d > most:
				leap, most = i, d
			}
		}
		prev = e.Stamp
	}
	switch {
	case back > 0:
		before, okA := part(0, back)
		after, okB := part(back, len(h.events))
		switch {
		case okA && okB && before-after != hour, !okA && !okB:
			return // the clock was set, or files are out of order: no change of zone explains it
		case !okA:
			before = after + hour
		}
		h.changeZone(back, before, before-hour)
	case leap > 0:
		before, okA := part(0, leap)
		after, okB := part(leap, len(h.events))
		if okA && okB && after-before == hour {
			h.changeZone(leap, before, after)
		}
	}
}

func (h *host) changeZone(index int, before, after micros) {
	h.clock.zone, h.clock.zoneKnown = before, true
	h.clock.zones = []zoneStep{{index, after}}
	h.clock.changes = append(h.clock.changes, fmt.Sprintf("local time went from UTC%s to UTC%s at line %d of %s", zoneName(before), zoneName(after), h.events[index].Line, h.events[index].File))
}

func zoneName(z micros) string {
	sign := "+"
	if z < 0 {
		sign, z = "-", -z
	}
	return fmt.Sprintf("%s%02d:%02d", sign, z/(3600*second), z/(60*second)%60)
}

// followZone applies a given zone's own rules to each line.
func (h *host) followZone(loc *time.Location) {
	last := h.clock.zone
	for i := range h.events {
		e := &h.events[i]
		if e.Clock != table.ClockLocal || e.Stamp == unknown {
			continue // what has its own zone needs none
		}
		t := e.Stamp.Time()
		_, off := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc).Zone()
		if z := micros(off) * second; z != last {
			h.clock.zones = append(h.clock.zones, zoneStep{i, z})
			last = z
		}
	}
}

// anyInstant is an instant in UTC about when the hosts' evidence was taken; unknown where nothing has a year.
func anyInstant(hs []*host) micros {
	var all []micros
	for _, h := range hs {
		for i := range h.samples {
			all = append(all, h.samples[i].Stamp)
		}
		for i := range h.commands {
			all = append(all, h.commands[i].Ended)
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

// giveYears turns stamps without a year into local stamps: the last one gets the year that brings it closest to an
// instant known from elsewhere, and a log read backwards enters the year before where a stamp lies far behind the next.
func giveYears(h *host, near micros) {
	const half = 183 * 24 * 3600 * second
	next := near
	for i := len(h.events) - 1; i >= 0; i-- {
		e := &h.events[i]
		if e.Clock != table.ClockLocalNoYear || e.Stamp == unknown {
			if e.Clock == table.ClockLocal {
				next = e.Stamp
			}
			continue
		}
		at := inYear(e.Stamp, 2000)
		if next != unknown {
			for _, y := range []int{yearOf(next) - 1, yearOf(next), yearOf(next) + 1} {
				if t := inYear(e.Stamp, y); abs(t-next) < abs(at-next) {
					at = t
				}
			}
			if abs(at-next) > half {
				at = inYear(e.Stamp, yearOf(next))
			}
		}
		if e.LastStamp != unknown {
			e.LastStamp = at + e.LastStamp - e.Stamp
		}
		e.Stamp, e.Clock = at, table.ClockLocal
		next = at
	}
}

// inYear moves a stamp of the year 2000, a leap year, to another one.
func inYear(stamp micros, year int) micros {
	t := stamp.Time()
	return table.MicrosOf(time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC))
}

func yearOf(t micros) int { return t.Time().Year() }

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

// zoneOf estimates what the log's local stamps are ahead of the host's own UTC, to a zone that there is, from
// instants that the same host gives in both.
func zoneOf(h *host, o Options) (micros, string, bool) {
	if loc := o.TZ[h.name]; loc != nil {
		_, off := anyInstant([]*host{h}).Time().In(loc).Zone()
		return micros(off) * second, "--tz", true
	}
	if !slices.ContainsFunc(h.events, func(e event) bool { return e.Clock == table.ClockLocal }) {
		return 0, "its stamps, which carry it", true
	}
	for _, way := range []struct {
		how string
		of  func(*host) []micros
	}{
		{"the log wrapper's stamps", zoneFromWrapper},
		{"signal handler lines, which are in epoch seconds", zoneFromSignals},
		{"the start line against uptime_in_seconds", zoneFromUptime},
		{"\"saved\" lines against rdb_last_save_time", zoneFromSaves},
		{"resyncs in the log against the counters in INFO", zoneFromCounters},
		{"the log's span against that of the dumps", zoneFromSpan},
	} {
		if d := way.of(h); len(d) > 0 {
			return zoneNear(median(d)), way.how, true
		}
	}
	return 0, "assumed UTC: nothing ties the log's local time to UTC", false
}

func zoneFromWrapper(h *host) (d []micros) {
	for i := range h.events {
		e := &h.events[i]
		if e.Clock == table.ClockLocal && e.Outer.Known() {
			d = append(d, e.Stamp-e.Outer)
		}
	}
	return d
}

// zoneFromSignals pairs a signal handler's line with the next line of the same process.
func zoneFromSignals(h *host) (d []micros) {
	for i := 0; i+1 < len(h.events); i++ {
		a, b := &h.events[i], &h.events[i+1]
		if a.Clock == table.ClockUTC && a.Role == "" && b.Clock == table.ClockLocal && a.PID == b.PID {
			if z := b.Stamp - a.Stamp; near(z) {
				d = append(d, z)
			}
		}
	}
	return d
}

// near tells whether a difference is a time zone.
func near(z micros) bool {
	return abs(z-zoneNear(z)) < 30*second
}

// ownTime is the host's own UTC at a dump.
func (h *host) ownTime(s *sample) micros {
	if s.ServerTime.Known() {
		return s.ServerTime
	}
	if s.Collected.Known() {
		return s.Collected - h.clock.collector
	}
	return s.Stamp
}

// localStamps are the local stamps of the events that which picks: each is then held against every dump.
func (h *host) localStamps(which ...string) (stamps []micros) {
	for i := range h.events {
		if e := &h.events[i]; e.Clock == table.ClockLocal && slices.Contains(which, e.Kind) {
			stamps = append(stamps, e.Stamp)
		}
	}
	return stamps
}

func zoneFromUptime(h *host) (d []micros) {
	starts := h.localStamps(message.ServerReady, message.ServerInitialized, message.ServerStarted, message.ServerStarting)
	if len(starts) == 0 {
		return nil
	}
	for i := range h.samples {
		s := &h.samples[i]
		t := h.ownTime(s)
		if !s.Uptime.Known() || !t.Known() {
			continue
		}
		start := t - micros(s.Uptime)*second
		for _, stamp := range starts {
			if near(stamp - start) {
				d = append(d, stamp-start)
			}
		}
		if len(d) > 0 {
			return d
		}
	}
	return d
}

func zoneFromSaves(h *host) (d []micros) {
	seen := map[table.Int]bool{}
	saved := h.localStamps(message.BgsaveOk)
	for i := range h.samples {
		s := &h.samples[i]
		if s.RDBLastSave.Or(0) <= 0 || seen[s.RDBLastSave] {
			continue
		}
		seen[s.RDBLastSave] = true
		t := micros(s.RDBLastSave) * second
		for _, stamp := range saved {
			if z := stamp - t; abs(z-zoneNear(z)) < 2*second {
				d = append(d, zoneNear(z))
			}
		}
	}
	return agreed(d)
}

// zoneFromCounters finds the zone in which the log's resyncs fall between the dumps over which the counters rose.
func zoneFromCounters(h *host) (d []micros) {
	for i := 1; i < len(h.samples); i++ {
		a, b := &h.samples[i-1], &h.samples[i]
		rose := func(x, y table.Int) bool { return x.Known() && y.Known() && y > x && a.RunID == b.RunID }
		served := rose(a.SyncFull, b.SyncFull) || rose(a.SyncPartialOK, b.SyncPartialOK)
		turned := a.LinkStatus != "" && b.LinkStatus != "" && a.LinkStatus != b.LinkStatus
		if !served && !turned {
			continue
		}
		from, to := h.ownTime(a), h.ownTime(b)
		for j := range h.events {
			e := &h.events[j]
			if e.Clock != table.ClockLocal {
				continue
			}
			switch e.Kind {
			case message.SyncRequested:
				if !served {
					continue
				}
			case message.PrimaryLinkLost, message.SyncFinished, message.PsyncOk:
				if !turned || (e.Kind == message.PrimaryLinkLost) != (b.LinkStatus == "down") {
					continue
				}
			default:
				continue
			}
			z := e.Stamp - (from+to)/2
			if q := zoneNear(z); e.Stamp-q > from-2*second && e.Stamp-q <= to+2*second {
				d = append(d, q)
			}
		}
	}
	return agreed(d)
}

// zoneFromSpan: a log and dumps that were taken together end together.
func zoneFromSpan(h *host) []micros {
	if len(h.samples) < 2 || len(h.events) == 0 {
		return nil
	}
	last := unknown
	for i := range h.events {
		if h.events[i].Clock == table.ClockLocal {
			last = max(last, h.events[i].Stamp)
		}
	}
	end := h.ownTime(&h.samples[len(h.samples)-1])
	begin := h.ownTime(&h.samples[0])
	if last == unknown || end == unknown || end-begin > 1800*second {
		return nil
	}
	// The last line stands at the last dump, a moment after it or some time before.
	best := unknown
	for _, m := range realZones {
		if z := m * 60 * second; last-z <= end+60*second && (best == unknown || z < best) {
			best = z
		}
	}
	if best == unknown || last-best < end-3600*second {
		return nil
	}
	return []micros{best}
}

// agreed keeps the value that most of the differences share, if it is more than any other.
func agreed(d []micros) []micros {
	n := map[micros]int{}
	for _, z := range d {
		n[z]++
	}
	best, second, at := 0, 0, micros(0)
	for z, k := range n {
		if k > best || k == best && abs(z) < abs(at) {
			if k > best {
				second = best
			}
			best, at = k, z
		} else if k > second {
			second = k
		}
	}
	if best == 0 || best == second {
		return nil
	}
	return []micros{at}
}

// realZones are the time zones there are, in minutes ahead of UTC, with daylight saving as servers write it: a whole hour more
// (redis 7.4.1 localtime.c nolocks_localtime).
var realZones = [...]micros{
	-720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -150, -120, -60, 0, 60, 120, 180, 210, 240, 270, 300, 330, 345,
	360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 690, 720, 765, 780, 825, 840,
}

// zoneNear is the time zone closest to d.
func zoneNear(d micros) micros {
	best := micros(0)
	for _, m := range realZones {
		if z := m * 60 * second; abs(z-d) < abs(best-d) {
			best = z
		}
	}
	return best
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
