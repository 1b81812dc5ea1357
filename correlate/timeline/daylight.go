package timeline

import (
	"fmt"
	"time"

	"psyncope/ingest/table"
)

// zoneStep is a zone that holds from a line of the log on: local time may repeat an hour, so only the order of the
// lines tells its halves apart.
type zoneStep struct {
	index int
	zone  micros
}

// findZoneChange finds daylight saving inside a log: in autumn the stamps go back by an hour and nothing marks it, in
// spring they leap, which only instants known in UTC on both sides can tell from an hour of silence. Servers change
// by whole hours (redis 7.4.1 localtime.c nolocks_localtime adds 3600 for daylight saving).
func (h *Host) findZoneChange() {
	const hour = 3600 * second
	part := func(lo, hi int) (micros, bool) {
		sub := *h
		sub.Events = h.Events[lo:hi]
		z, _, ok := zoneOf(&sub, Options{})
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
		before, okA := part(0, back)
		after, okB := part(back, len(h.Events))
		switch {
		case okA && okB && before-after != hour, !okA && !okB:
			return // the clock was set, or files are out of order: no change of zone explains it
		case !okA:
			before = after + hour
		}
		h.changeZone(back, before, before-hour)
	case leap > 0:
		before, okA := part(0, leap)
		after, okB := part(leap, len(h.Events))
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

// followZone applies a given zone's own rules to each line.
func (h *Host) followZone(loc *time.Location) {
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
