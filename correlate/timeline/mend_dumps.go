package timeline

import (
	"psyncope/ingest/table"
)

// mendRunIDs gives a dump whose run id nobody else has that of the dumps on both sides, where those agree, and one that differs from the
// dump before although its uptime goes on.
func (h *Host) mendRunIDs() (found []table.Origin) {
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		if a.RunID == "" || b.RunID == "" || a.RunID == b.RunID {
			continue
		}
		lone := i+1 < len(h.Samples) && h.Samples[i+1].RunID == a.RunID
		if lone || goesOn(a, b) {
			new(restated).give(b, func(st *Standing) { st.RunID = a.RunID })
			found = append(found, b.Origin())
		}
	}
	return found
}

// goesOn reports whether two dumps' dates and uptimes show one process.
func goesOn(a, b *Sample) bool {
	if !a.Uptime.Known() || !b.Uptime.Known() || a.Stamp == unknown || b.Stamp == unknown || b.Uptime < a.Uptime {
		return false
	}
	return ((b.Stamp-a.Stamp)-micros(b.Uptime-a.Uptime)*second).Abs() <= TwoTicks && a.Uptime > 0
}

// fewest is how few dumps of one process tell which of them is wrong.
const fewest = 3

// mendDates puts dumps right whose date and uptime disagree with those of the process's other dumps: the date where it does not lie between
// those of the dumps around it, else the uptime is left out.
func (h *Host) mendDates() (found []table.Origin) {
	if len(h.Samples) < fewest {
		return nil
	}
	for from := 0; from < len(h.Samples); {
		to := from + 1
		for to < len(h.Samples) && h.Samples[to].RunID == h.Samples[from].RunID {
			to++
		}
		for _, i := range strayDates(h.Samples[from:to]) {
			found = append(found, h.Samples[from+i].Origin())
		}
		from = to
	}
	return found
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
		b := s.Uptime.Known() && (s.date() == unknown || (s.date()-micros(s.Uptime)*second-start).Abs() > MinuteApart)
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
func (h *Host) findSteps() (steps []Step) {
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
		case last == unknown || (start-last).Abs() <= TwoTicks:
			last, run = start, run+1
		case run >= fewest && i+1 < len(h.Samples) && h.Samples[i+1].Uptime.Known() && (h.Samples[i+1].ServerTime-micros(h.Samples[i+1].Uptime)*second-start).Abs() <= TwoTicks:
			steps = append(steps, Step{start - last, s.File, s.Line})
			last, run = start, 1
		}
	}
	return steps
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
func (h *Host) missFields() (found []table.Origin) {
	if len(h.Samples) < fewest {
		return nil
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
	for i := range torn {
		for k, is := range torn[i] {
			if is && whole[k]*2 > len(h.Samples) {
				found = append(found, h.Samples[i].Origin())
				break
			}
		}
	}
	return found
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
