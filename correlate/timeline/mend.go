package timeline

import (
	"slices"
	"sort"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

const (
	// strayRun is how many rows in a row may have lost their time and still be put right. More of them agree with each other: then
	// the clock was set, or a file is out of order.
	strayRun = 3
	// manyRows is from how many rows on the others outvote the first and the last one.
	manyRows = 8
	// strayShare is the part of a file, one in so many, from which on its times are too many to be put right.
	strayShare = 4
)

const (
	// hourBack is how far a log goes back at the end of daylight saving, at most: by an hour, or two in time zones that had more.
	hourBack = 2*3600*second + MinuteApart
	// changesBy is the hour of the day by which clocks have been changed, in every zone.
	changesBy = 4
)

// mend puts right what a host's own rows show to be damaged: a time that does not lie between those of the rows around it, a dump whose
// date disagrees with its uptime, a run id that one dump alone has. What was found is kept in Damage; rows that cannot be put right stay.
func (h *Host) mend(files []stretch) {
	var stray, disorder []table.Origin
	var steps []Step
	for _, f := range files {
		lines := h.Events[f.from:f.to]
		mended, set, mess := mendLines(lines)
		stray, steps = append(stray, mended...), append(steps, set...)
		if mess {
			disorder = append(disorder, lines[0].Origin)
		}
	}
	for _, is := range []struct {
		one, many, what string
		rows            []table.Origin
	}{
		{"line", "lines", "whose time lies outside that of the lines around them", stray},
		{"log", "logs", "whose lines are not in the order of their times", disorder},
		{"line", "lines", "missing of those that a server always writes together", h.missLines()},
		{"line", "lines", "holding many messages: the ends of lines are lost", h.gluedLines()},
		{"dump", "dumps", "of another process than those whose lines its log holds", h.strangeDumps()},
		{"address", "addresses", "that cannot be one", h.strangePeers()},
		{"dump", "dumps", "whose run id is not that of the process spoken of", h.mendRunIDs()},
		{"dump", "dumps", "whose date disagrees with the uptime and with the dumps around", h.mendDates()},
		{"dump", "dumps", "lacking a part of what the others have", h.missFields()},
	} {
		if len(is.rows) > 0 {
			h.Damage = append(h.Damage, Damage{diagnosis.Plural(int64(len(is.rows)), is.one, is.many) + " " + is.what, is.rows[0].File, is.rows[0].Line})
		}
	}
	for _, s := range append(steps, h.findSteps()...) {
		if !slices.ContainsFunc(h.Steps, func(old Step) bool { return (old.By - s.By).Abs() <= TwoTicks }) { // the log and the dumps may tell of one
			h.Steps = append(h.Steps, s)
		}
	}
}

// giveDates dates lines of a file of which nothing but the time of day is left, as of one that was cut, by the nearest line with a date.
func giveDates(lines []Event) {
	const day = 24 * 3600 * second
	firstDay := inYear(0, 2000) // a time of day alone is read as of the first day of a year
	near := unknown
	date := func(e *Event) {
		if e.Clock == table.ClockLocal && e.Stamp != unknown {
			near = e.Stamp
			return
		}
		if e.Clock != table.ClockLocalNoYear || near == unknown || e.Stamp < firstDay || e.Stamp >= firstDay+day {
			return
		}
		at := near - near%day + e.Stamp - firstDay
		if at-near > day/2 {
			at -= day
		} else if near-at > day/2 {
			at += day
		}
		e.LastStamp, e.Stamp, e.Clock = at+max(e.LastStamp-e.Stamp, 0), at, table.ClockLocal
	}
	for i := range lines {
		date(&lines[i])
	}
	near = unknown
	for i := len(lines) - 1; i >= 0; i-- {
		date(&lines[i])
	}
}

// mendLines gives lines of one file whose time lies outside that of the lines around them the time of the line before.
// Where one leap alone parts what comes before from what comes behind, the clock was set; else they are in a mess, and stay as they are.
func mendLines(lines []Event) (mended []table.Origin, set []Step, mess bool) {
	giveDates(lines)
	var at []micros
	var of []int
	clock, falls, night, fell, by := "", 0, false, 0, micros(0)
	for i := range lines {
		e := &lines[i]
		if e.Stamp == unknown || e.Clock == "" || e.Clock == table.ClockNone {
			continue
		}
		if clock == "" {
			clock = e.Clock
		}
		if e.Clock != clock {
			continue
		}
		if n := len(at); n > 0 && e.Stamp < at[n-1]-BannerLead {
			falls, fell, by = falls+1, i, at[n-1]-e.Stamp
			night = at[n-1].Time().Hour() < changesBy && at[n-1]-e.Stamp <= hourBack
		}
		at, of = append(at, e.Stamp), append(of, i)
	}
	if falls == 0 || falls == 1 && night {
		return nil, nil, false // the end of daylight saving
	}
	stray, n := strays(at)
	switch {
	case n == 0 && falls == 1: // what comes before agrees with itself, and so does what comes after
		return nil, []Step{{-by, lines[fell].File, lines[fell].Line}}, false
	case n == 0:
		return nil, nil, true
	}
	for i, s := range stray {
		if !s {
			continue
		}
		e := &lines[of[i]]
		mended = append(mended, e.Origin)
		to := neighbour(at, stray, i)
		length := e.LastStamp - e.Stamp
		if e.LastStamp == unknown || length < 0 || length > second {
			length = 0
		}
		e.Stamp, e.LastStamp = to, to+length
	}
	return mended, nil, false
}

// strays are those of a row of times that do not lie between the times around them, and how many they are: those outside the longest
// part that is in order. None are, where they are too many or too many in a row.
func strays(at []micros) (stray []bool, n int) {
	kept := rising(at)
	stray = make([]bool, len(at))
	from, to := 0, len(at)
	if len(at) < manyRows { // the first and the last row have neighbours on one side only: of a few rows, who is to tell which is wrong?
		for from < to && !kept[from] {
			from++
		}
		for to > from && !kept[to-1] {
			to--
		}
	}
	for i := from; i < to; i++ {
		stray[i] = !kept[i]
	}
	for i := range stray {
		// Parent and child write to one file, and their lines may swap.
		if stray[i] && (at[i]-neighbour(at, stray, i)).Abs() <= BannerLead {
			stray[i] = false
		}
	}
	run := 0
	for _, s := range stray {
		if !s {
			run = 0
			continue
		}
		n++
		if run++; run > strayRun {
			return nil, 0
		}
	}
	if n*strayShare > len(at) {
		return nil, 0
	}
	return stray, n
}

// neighbour is the time of the nearest row before that is no stray, else of the nearest behind.
func neighbour(at []micros, stray []bool, i int) micros {
	for j := i - 1; j >= 0; j-- {
		if !stray[j] {
			return at[j]
		}
	}
	for j := i + 1; j < len(at); j++ {
		if !stray[j] {
			return at[j]
		}
	}
	return at[i]
}

// rising marks the longest part of a row of times that never falls.
func rising(at []micros) []bool {
	var tails, prev []int // the index at which the best part of each length ends; the one before each
	prev = make([]int, len(at))
	for i, t := range at {
		k := sort.Search(len(tails), func(k int) bool { return at[tails[k]] > t })
		prev[i] = -1
		if k > 0 {
			prev[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, i)
		} else {
			tails[k] = i
		}
	}
	kept := make([]bool, len(at))
	for i := tails[len(tails)-1]; i >= 0; i = prev[i] {
		kept[i] = true
	}
	return kept
}
