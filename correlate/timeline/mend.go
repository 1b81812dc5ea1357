package timeline

import (
	"sort"

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
func (h *Host) mend() {
	for _, f := range filesOf(h.Events) {
		giveDates(h.Events[f.from:f.to])
		h.mendLines(h.Events[f.from:f.to])
	}
	h.missLines()
	h.gluedLines()
	h.mendRunIDs()
	h.mendDates()
	h.findSteps()
	h.missFields()
	h.strangeDumps()
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
func (h *Host) mendLines(lines []Event) {
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
		return // the end of daylight saving
	}
	stray, n := strays(at)
	switch {
	case n == 0 && falls == 1: // what comes before agrees with itself, and so does what comes after
		h.stepped(-by, &lines[fell].Origin)
		return
	case n == 0:
		h.damaged(tally{1, lines[0].Origin}, "log whose lines are not in the order of their times")
		return
	}
	var t tally
	for i, s := range stray {
		if !s {
			continue
		}
		e := &lines[of[i]]
		t.see(&e.Origin)
		to := neighbour(at, stray, i)
		length := e.LastStamp - e.Stamp
		if e.LastStamp == unknown || length < 0 || length > second {
			length = 0
		}
		e.Stamp, e.LastStamp = to, to+length
	}
	h.damaged(t, "lines whose time lies outside that of the lines around them")
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
		if stray[i] && Abs(at[i]-neighbour(at, stray, i)) <= BannerLead {
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

// mendRunIDs gives a dump whose run id nobody else has that of the dumps on both sides, where those agree, and one that differs from the
// dump before although its uptime goes on.
func (h *Host) mendRunIDs() {
	var t tally
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		if a.RunID == "" || b.RunID == "" || a.RunID == b.RunID {
			continue
		}
		lone := i+1 < len(h.Samples) && h.Samples[i+1].RunID == a.RunID
		if lone || goesOn(a, b) {
			b.RunID = a.RunID
			t.see(&b.Origin)
		}
	}
	h.damaged(t, "dumps whose run id is not that of the process they speak of")
}

// goesOn reports whether two dumps' dates and uptimes show one process.
func goesOn(a, b *Sample) bool {
	if !a.Uptime.Known() || !b.Uptime.Known() || a.Stamp == unknown || b.Stamp == unknown || b.Uptime < a.Uptime {
		return false
	}
	return Abs((b.Stamp-a.Stamp)-micros(b.Uptime-a.Uptime)*second) <= TwoTicks && a.Uptime > 0
}

// fewest is how few dumps of one process tell which of them is wrong.
const fewest = 3

// mendDates puts dumps right whose date and uptime disagree with those of the process's other dumps: the date where it does not lie between
// those of the dumps around it, else the uptime is left out.
func (h *Host) mendDates() {
	if len(h.Samples) < fewest {
		return
	}
	var t tally
	for from := 0; from < len(h.Samples); {
		to := from + 1
		for to < len(h.Samples) && h.Samples[to].RunID == h.Samples[from].RunID {
			to++
		}
		for _, i := range strayDates(h.Samples[from:to]) {
			t.see(&h.Samples[from+i].Origin)
		}
		from = to
	}
	h.damaged(t, "dumps whose date disagrees with their uptime and with the dumps around them")
}

// strayDates mends dumps of one process, and returns which.
func strayDates(dumps []Sample) (mended []int) {
	if len(dumps) < fewest || dumps[0].RunID == "" {
		return nil
	}
	starts := make([]micros, 0, len(dumps))
	for i := range dumps {
		if s := &dumps[i]; s.Uptime.Known() && s.date() != unknown {
			starts = append(starts, s.date()-micros(s.Uptime)*second)
		}
	}
	if len(starts) < fewest {
		return nil
	}
	start := median(starts)
	var bad []bool
	n, run := 0, 0
	for i := range dumps {
		s := &dumps[i]
		b := s.Uptime.Known() && (s.date() == unknown || Abs(s.date()-micros(s.Uptime)*second-start) > MinuteApart)
		bad = append(bad, b)
		if !b {
			run = 0
			continue
		}
		n++
		if run++; run > strayRun {
			return nil
		}
	}
	if n == 0 || n*2 > len(dumps) {
		return nil
	}
	for i := range dumps {
		s := &dumps[i]
		if !bad[i] {
			continue
		}
		mended = append(mended, i)
		at := start + micros(s.Uptime)*second
		if between(dumps, bad, i, s.date()) || !between(dumps, bad, i, at) {
			s.Uptime = table.Int(table.Null)
			continue
		}
		s.mended = at
	}
	return mended
}

// findSteps finds where the server's own clock was set while its process went on: its dumps' dates leap against their uptimes, and stay so.
func (h *Host) findSteps() {
	last, run := unknown, 0
	for i := range h.Samples {
		s := &h.Samples[i]
		if !s.ServerTime.Known() || !s.Uptime.Known() || s.mended != 0 {
			continue
		}
		start := s.ServerTime - micros(s.Uptime)*second
		if i > 0 && s.RunID != h.Samples[i-1].RunID {
			last, run = unknown, 0
		}
		switch {
		case last == unknown || Abs(start-last) <= TwoTicks:
			last, run = start, run+1
		case run >= fewest && i+1 < len(h.Samples) && h.Samples[i+1].Uptime.Known() && Abs(h.Samples[i+1].ServerTime-micros(h.Samples[i+1].Uptime)*second-start) <= TwoTicks:
			h.stepped(start-last, &s.Origin)
			last, run = start, 1
		}
	}
}

// between reports whether a date lies between those of the nearest good dumps on both sides.
func between(dumps []Sample, bad []bool, i int, at micros) bool {
	if at == unknown {
		return false
	}
	for j := i - 1; j >= 0; j-- {
		if !bad[j] {
			if at < dumps[j].date()-TwoTicks {
				return false
			}
			break
		}
	}
	for j := i + 1; j < len(dumps); j++ {
		if !bad[j] {
			return at <= dumps[j].date()+TwoTicks
		}
	}
	return true
}

// date is the dump's best date as it was written; unknown without.
func (s *Sample) date() micros {
	switch {
	case s.ServerTime.Known():
		return s.ServerTime
	case s.Collected.Known():
		return s.Collected
	}
	return s.Stamp
}

// sections are fields of INFO that every server writes in one go, section by section. Who asks for a section gets all of it.
var sections = [...][]func(*Sample) bool{
	{
		func(s *Sample) bool { return s.RunID != "" },
		func(s *Sample) bool { return s.ProcessID.Known() },
		func(s *Sample) bool { return s.TCPPort.Known() },
		func(s *Sample) bool { return s.Uptime.Known() },
	},
	{func(s *Sample) bool { return s.UsedMemory.Known() }, func(s *Sample) bool { return s.UsedMemoryRSS.Known() }},
	{func(s *Sample) bool { return s.RDBInProgress.Known() }, func(s *Sample) bool { return s.RDBLastStatus != "" }},
	{
		func(s *Sample) bool { return s.RejectedConnections.Known() },
		func(s *Sample) bool { return s.SyncFull.Known() },
		func(s *Sample) bool { return s.SyncPartialErr.Known() },
		func(s *Sample) bool { return s.EvictedKeys.Known() },
	},
	{
		func(s *Sample) bool { return s.Role != "" },
		func(s *Sample) bool { return s.Role != "slave" || s.LinkStatus != "" },
		func(s *Sample) bool { return s.PrimaryOffset.Known() },
		func(s *Sample) bool { return s.BacklogSize.Known() },
	},
}

// missFields counts dumps that lack a part of a section which most of the others have whole: they were cut, or lines of them are gone.
func (h *Host) missFields() {
	if len(h.Samples) < fewest {
		return
	}
	var whole [len(sections)]int
	torn := make([][len(sections)]bool, len(h.Samples))
	for i := range h.Samples {
		for k, fields := range &sections {
			n := count(fields, &h.Samples[i])
			torn[i][k] = n > 0 && n < len(fields)
			if n == len(fields) {
				whole[k]++
			}
		}
	}
	var t tally
	for i := range torn {
		for k, is := range torn[i] {
			if is && whole[k]*2 > len(h.Samples) {
				t.see(&h.Samples[i].Origin)
				break
			}
		}
	}
	h.damaged(t, "dumps that lack a part of what the others have")
}

// count is how many of the fields the dump has.
func count(fields []func(*Sample) bool, s *Sample) int {
	n := 0
	for _, has := range fields {
		if has(s) {
			n++
		}
	}
	return n
}
