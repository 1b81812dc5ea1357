package timeline

import (
	"slices"
	"time"

	"psyncope/ingest/table"
)

// clocks reads off each host's own evidence what its log's local time is ahead of its UTC.
func clocks(hs []*Host, o Options) {
	anchor := anyInstant(hs)
	for _, h := range hs {
		h.Clock = clock{Method: "unaligned: alone in its group"}
		own := anyInstant([]*Host{h})
		if own == unknown {
			own = anchor
		}
		bound := unknown
		if own == unknown && h.written != unknown {
			own, bound = h.written, h.written+yearSlack // years alone rest on it: no line is written after its file
		}
		if o.Year != 0 {
			own, bound = table.MicrosOf(time.Date(o.Year, time.July, 1, 0, 0, 0, 0, time.UTC)), unknown
		}
		giveYears(h, own, bound)
		h.Clock.collector = collectorAhead(h)
		sortByTime(h.Samples, h.Clock.Dump)
		if loc := o.TZ[h.Name]; loc != nil {
			h.followZone(loc, own)
		} else {
			h.findZone()
		}
	}
}

// anyInstant is an instant in UTC about when the hosts' evidence was taken; unknown where nothing has a year.
func anyInstant(hs []*Host) micros {
	n := 0
	for _, h := range hs {
		n += len(h.Samples) + len(h.Commands) + len(h.Events)
	}
	all := make([]micros, 0, n)
	for _, h := range hs {
		for i := range h.Samples {
			all = append(all, h.Samples[i].Stamp)
		}
		for i := range h.Commands {
			all = append(all, h.Commands[i].Ended)
		}
		for i := range h.Events {
			if h.Events[i].Clock == table.ClockUTC || h.Events[i].Clock == table.ClockLocal {
				all = append(all, h.Events[i].Stamp)
			} else if h.Events[i].Outer.Known() {
				all = append(all, h.Events[i].Outer)
			}
		}
	}
	all = slices.DeleteFunc(all, func(t micros) bool { return t == unknown })
	if len(all) == 0 {
		return unknown
	}
	return median(all)
}

// yearSlack is how long after its file's own time a line may be dated: zones are half a day, and clocks differ.
const yearSlack = 24 * 3600 * second

// giveYears turns stamps without a year into local stamps: the last one gets the year that brings it closest to an
// instant known from elsewhere, but none later than the bound, and a log read backwards enters the year before where a stamp lies far behind the next.
func giveYears(h *Host, near, bound micros) {
	next := near
	for i := len(h.Events) - 1; i >= 0; i-- {
		e := &h.Events[i]
		if e.Clock != table.ClockLocalNoYear || e.Stamp == unknown {
			if e.Clock == table.ClockLocal {
				next = e.Stamp
			}
			continue
		}
		at := dated(e.Stamp, next, bound)
		h.YearGuessed = h.YearGuessed || bound != unknown
		if e.LastStamp != unknown {
			e.LastStamp = at + e.LastStamp - e.Stamp
		}
		e.Stamp, e.Clock = at, table.ClockLocal
		next = at
	}
	for i := range h.Kernel {
		if e := &h.Kernel[i]; e.Clock == table.ClockLocalNoYear && e.Stamp != unknown {
			e.Stamp, e.Clock = dated(e.Stamp, next, bound), table.ClockLocal
		}
	}
}

// dated is a stamp without a year in the year that brings it closest to another, and not behind the bound.
func dated(stamp, next, bound micros) micros {
	const half = 183 * 24 * 3600 * second
	at := inYear(stamp, 2000)
	if next != unknown {
		for _, y := range []int{yearOf(next) - 1, yearOf(next), yearOf(next) + 1} {
			if t := inYear(stamp, y); (t - next).Abs() < (at - next).Abs() {
				at = t
			}
		}
		if (at - next).Abs() > half {
			at = inYear(stamp, yearOf(next))
		}
	}
	if bound != unknown && at > bound {
		at = inYear(stamp, yearOf(at)-1)
	}
	return at
}

// inYear moves a stamp of the year 2000, a leap year, to another one.
func inYear(stamp micros, year int) micros {
	t := stamp.Time()
	return table.MicrosOf(time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC))
}

func yearOf(t micros) int { return t.Time().Year() }

// collectorAhead compares the collector's stamps with the server's own clock where a dump has both.
// Before 6.2 a dump has no server_time_usec, but lru_clock is the server's second modulo 2^24 (2.8.10+).
func collectorAhead(h *Host) micros {
	var d []micros
	for i := range h.Samples {
		s := &h.Samples[i]
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
