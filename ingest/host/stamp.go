package host

import (
	"strings"
	"time"

	"psyncope/ingest/table"
)

// stamp is when something was taken, and on which clock.
type stamp struct {
	at    table.Micros
	clock string
}

// days gives times of day their day. Tools print a day once and times after it, which go on past midnight.
type days struct {
	day   time.Time // zero where none was told
	other time.Time // the day, if the month came second in the date: zero where there is no doubt
	last  time.Duration
	utc   bool // the tool said that its times are UTC
}

// dayLayouts are how tools print a day, by locale. Where day and month could be either, the American order comes first, as in the C locale.
var dayLayouts = []struct{ first, other string }{
	{"2006-01-02", ""}, {"01/02/2006", "02/01/2006"}, {"01/02/06", "02/01/06"}, {"02.01.2006", ""}, {"02.01.06", ""}, {"2006/01/02", ""}, {"2006年01月02日", ""},
}

// dayOf reads a day.
func dayOf(word string) (day, other time.Time, ok bool) {
	for _, l := range dayLayouts {
		a, err := time.Parse(l.first, word)
		if l.other == "" {
			if err == nil {
				return a, time.Time{}, true
			}
			continue
		}
		b, otherErr := time.Parse(l.other, word)
		switch {
		case err == nil && otherErr == nil && !a.Equal(b):
			return a, b, true
		case err == nil:
			return a, time.Time{}, true
		case otherErr == nil:
			return b, time.Time{}, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// begin takes a day that a title told. near is when the file was written, which settles a day that reads two ways.
func (d *days) begin(day, other time.Time, near table.Micros) {
	if !other.IsZero() && near.Known() && near.Time().Sub(other).Abs() < near.Time().Sub(day).Abs() {
		day = other
	}
	d.day, d.other, d.last = day, other, 0
}

// saw notes what a line dated, so that times behind it know their day.
func (d *days) saw(at stamp) {
	if !at.at.Known() {
		return
	}
	t := at.at.Time()
	d.day = t.Truncate(24 * time.Hour)
	d.last = t.Sub(d.day)
	d.utc = at.clock == table.ClockUTC
}

// time is a time of day on its day; one that runs backwards by hours is the next day's.
func (d *days) time(of time.Duration) stamp {
	if d.day.IsZero() {
		return stamp{table.Null, table.ClockNone}
	}
	if of < d.last-12*time.Hour {
		d.day = d.day.AddDate(0, 0, 1)
	}
	d.last = of
	clock := table.ClockLocal
	if d.utc {
		clock = table.ClockUTC
	}
	return stamp{table.MicrosOf(d.day.Add(of)), clock}
}

// timeOf reads a time of day at the beginning of words, with AM or PM behind it or not, and says how many words it took.
func timeOf(words []string) (of time.Duration, n int) {
	if len(words) == 0 || len(words[0]) < 7 || strings.Count(words[0], ":") != 2 {
		return 0, 0
	}
	t, err := time.Parse("15:04:05", words[0])
	if err != nil {
		return 0, 0
	}
	of = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	if len(words) > 1 {
		switch words[1] {
		case "AM":
			if t.Hour() == 12 {
				of -= 12 * time.Hour
			}
			return of, 2
		case "PM":
			if t.Hour() != 12 {
				of += 12 * time.Hour
			}
			return of, 2
		}
	}
	return of, 1
}

// stampOf reads a line that is a day and a time of day and nothing else, as iostat -t prints.
func stampOf(text string, d *days) (stamp, bool) {
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 3 {
		return stamp{}, false
	}
	day, other, ok := dayOf(words[0])
	if !ok {
		return stamp{}, false
	}
	of, n := timeOf(words[1:])
	if n == 0 || n != len(words)-1 {
		return stamp{}, false
	}
	if !other.IsZero() && d.day.Equal(other) {
		day = other
	}
	clock := table.ClockLocal
	if d.utc {
		clock = table.ClockUTC
	}
	return stamp{table.MicrosOf(day.Add(of)), clock}, true
}
