package timeline

import (
	"fmt"
	"slices"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

func zoneName(z micros) string {
	sign := "+"
	if z < 0 {
		sign, z = "-", -z
	}
	return fmt.Sprintf("%s%02d:%02d", sign, z/(3600*second), z/(60*second)%60)
}

// zoneOf estimates what the log's local stamps are ahead of the host's own UTC, to a zone that there is, from
// instants that the same host gives in both.
func zoneOf(h *Host) (micros, string, bool) {
	if !slices.ContainsFunc(h.Events, func(e Event) bool { return e.Clock == table.ClockLocal }) {
		return 0, "its stamps, which carry it", true
	}
	for _, way := range []struct {
		how string
		of  func(*Host) []micros
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

func zoneFromWrapper(h *Host) (d []micros) {
	for i := range h.Events {
		e := &h.Events[i]
		if e.Clock == table.ClockLocal && e.Outer.Known() {
			d = append(d, e.Stamp-e.Outer)
		}
	}
	return d
}

// zoneFromSignals pairs a signal handler's line with the next line of the same process.
func zoneFromSignals(h *Host) (d []micros) {
	for i := 0; i+1 < len(h.Events); i++ {
		a, b := &h.Events[i], &h.Events[i+1]
		if a.Clock == table.ClockUTC && a.Role == "" && b.Clock == table.ClockLocal && a.PID == b.PID {
			if z := b.Stamp - a.Stamp; near(z) {
				d = append(d, z)
			}
		}
	}
	return d
}

// near reports whether a difference is a time zone.
func near(z micros) bool {
	return (z - zoneNear(z)).Abs() < ZoneSlack
}

// ownTime is the host's own UTC at a dump.
func (h *Host) ownTime(s *Sample) micros {
	if s.ServerTime.Known() {
		return s.ServerTime
	}
	if s.Collected.Known() {
		return s.Collected - h.Clock.collector
	}
	return s.Stamp
}

// localStamps are the local stamps of the events that which picks: each is then held against every dump.
func (h *Host) localStamps(pick func(*Event) bool) (stamps []micros) {
	for i := range h.Events {
		if e := &h.Events[i]; e.Clock == table.ClockLocal && pick(e) {
			stamps = append(stamps, e.Stamp)
		}
	}
	return stamps
}

func zoneFromUptime(h *Host) (d []micros) {
	starts := h.localStamps(func(e *Event) bool { return e.Is(message.Begins) })
	if len(starts) == 0 {
		return nil
	}
	for i := range h.Samples {
		s := &h.Samples[i]
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

func zoneFromSaves(h *Host) (d []micros) {
	seen := map[table.Int]bool{}
	saved := h.localStamps(func(e *Event) bool { return e.Kind == message.BgsaveOk })
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.RDBLastSave.Or(0) <= 0 || seen[s.RDBLastSave] {
			continue
		}
		seen[s.RDBLastSave] = true
		t := micros(s.RDBLastSave) * second
		for _, stamp := range saved {
			if z := stamp - t; (z - zoneNear(z)).Abs() < TwoTicks {
				d = append(d, zoneNear(z))
			}
		}
	}
	return agreed(d)
}

// zoneFromCounters finds the zone in which the log's resyncs fall between the dumps over which the counters rose.
func zoneFromCounters(h *Host) (d []micros) {
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		rose := func(x, y table.Int) bool { return x.Known() && y.Known() && y > x && a.RunID == b.RunID }
		served := rose(a.SyncFull, b.SyncFull) || rose(a.SyncPartialOK, b.SyncPartialOK)
		turned := a.LinkStatus != "" && b.LinkStatus != "" && a.LinkStatus != b.LinkStatus
		if !served && !turned {
			continue
		}
		from, to := h.ownTime(a), h.ownTime(b)
		for j := range h.Events {
			e := &h.Events[j]
			if e.Clock != table.ClockLocal {
				continue
			}
			asked := served && e.Is(message.Asked)
			changed := turned && e.Is(message.LosesLink|message.LinkUp) && e.Is(message.Follows) && !e.Is(message.TimesOut) && e.Is(message.LosesLink) == (b.LinkStatus == "down")
			if !asked && !changed {
				continue
			}
			z := e.Stamp - (from+to)/2
			if q := zoneNear(z); e.Stamp-q > from-TwoTicks && e.Stamp-q <= to+TwoTicks {
				d = append(d, q)
			}
		}
	}
	return agreed(d)
}

// zoneFromSpan: a log and dumps that were taken together end together.
func zoneFromSpan(h *Host) []micros {
	if len(h.Samples) < 2 || len(h.Events) == 0 {
		return nil
	}
	last := unknown
	for i := range h.Events {
		if h.Events[i].Clock == table.ClockLocal {
			last = max(last, h.Events[i].Stamp)
		}
	}
	end := h.ownTime(&h.Samples[len(h.Samples)-1])
	begin := h.ownTime(&h.Samples[0])
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
		if k > best || k == best && z.Abs() < at.Abs() {
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
		if z := m * 60 * second; (z - d).Abs() < (best - d).Abs() {
			best = z
		}
	}
	return best
}

// zoneStep is a zone that holds from a line of the log on: local time may repeat an hour, so only the order of the
// lines tells its halves apart.
type zoneStep struct {
	index int
	zone  micros
}

// findZone finds the log's zone and its change, if any.
func (h *Host) findZone() {
	h.Clock.Zone, h.Clock.ZoneHow, h.Clock.ZoneKnown = zoneOf(h)
	h.findZoneChange()
}

// findZoneChange finds daylight saving inside a log: in autumn the stamps go back by an hour and nothing marks it, in
// spring they leap, which only instants known in UTC on both sides can tell from an hour of silence. Servers change
// by whole hours (redis 7.4.1 localtime.c nolocks_localtime adds 3600 for daylight saving).
func (h *Host) findZoneChange() {
	const hour = 3600 * second
	zone := func(lo, hi int) (micros, bool) {
		sub := *h
		sub.Events = h.Events[lo:hi]
		z, _, ok := zoneOf(&sub)
		return z, ok
	}
	back, leap, most := -1, -1, micros(0)
	prev := unknown
	for i := range h.Events {
		e := &h.Events[i]
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
		before, okA := zone(0, back)
		after, okB := zone(back, len(h.Events))
		switch {
		case okA && okB && before-after != hour, !okA && !okB:
			return // the clock was set, or files are out of order: no change of zone explains it
		case !okA:
			before = after + hour
		}
		h.changeZone(back, before, before-hour)
	case leap > 0:
		before, okA := zone(0, leap)
		after, okB := zone(leap, len(h.Events))
		if okA && okB && after-before == hour {
			h.changeZone(leap, before, after)
		}
	}
}

func (h *Host) changeZone(index int, before, after micros) {
	h.Clock.Zone, h.Clock.ZoneKnown = before, true
	h.Clock.zones = []zoneStep{{index, after}}
	h.Clock.Changes = append(h.Clock.Changes, fmt.Sprintf("local time went from UTC%s to UTC%s at line %d of %s", zoneName(before), zoneName(after), h.Events[index].Line, h.Events[index].File))
}

// followZone applies a given zone's own rules to each line. About is when the evidence was taken: the zone before a line tells more of it.
func (h *Host) followZone(loc *time.Location, about micros) {
	_, off := about.Time().In(loc).Zone()
	h.Clock.Zone, h.Clock.ZoneHow, h.Clock.ZoneKnown = micros(off)*second, "--tz", true
	last := h.Clock.Zone
	for i := range h.Events {
		e := &h.Events[i]
		if e.Clock != table.ClockLocal || e.Stamp == unknown {
			continue // what has its own zone needs none
		}
		t := e.Stamp.Time()
		_, off := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc).Zone()
		if z := micros(off) * second; z != last {
			h.Clock.zones = append(h.Clock.zones, zoneStep{i, z})
			last = z
		}
	}
}
