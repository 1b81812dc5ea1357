package sizing

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
)

// Report adds the group's sizing: what the backlog holds, what it should hold, and what other settings would have left.
// A group without offsets, counters or resyncs has none.
func Report(g *replication.Group, p *Plan, d *diagnosis.Diagnosis) {
	if p.Rates.windows == 0 && p.need == 0 && (p.assumed || p.Backlog == 0) {
		return
	}
	s := diagnosis.Sizing{
		Group: g.ID, BacklogBytes: p.Backlog, PeakWriteBytesPerS: math.Round(p.Rates.Peak), P99WriteBytesPerS: math.Round(p.Rates.p99),
		MedianWriteBytesPerS: math.Round(p.Rates.median), LongestOutageS: diagnosis.Round2(diagnosis.Seconds(p.longest)), Method: p.method, WhatIf: []diagnosis.WhatIf{}, Limits: []diagnosis.WhatIf{},
	}
	if p.Rates.Peak > 0 {
		s.SecondsCovered = diagnosis.Round2(float64(p.Backlog) / p.Rates.Peak)
	}
	// Copies: what points into the plan keeps all its group's evidence in memory.
	if p.Recommended > 0 {
		s.RecommendedBytes = new(p.Recommended)
	}
	if p.Room > 0 {
		s.MemoryLimitBytes = new(p.Room)
	}
	if p.upper > 0 {
		s.UpperBytes, s.UpperForS = new(p.upper), diagnosis.Round2(diagnosis.Seconds(p.upperFor))
	}
	s.WhatIf = append(s.WhatIf, backlogCurve(p.Accounts, p.Backlog)...)
	if last := s.WhatIf[len(s.WhatIf)-1]; p.Recommended > last.BacklogBytes {
		s.WhatIf = append(s.WhatIf, step0("repl-backlog-size", p.Recommended, diagnosis.SizeWord(p.Recommended), fullOf(p.Accounts, Settings{Backlog: p.Recommended})))
	}
	for i := range s.WhatIf {
		s.WhatIf[i].SurvivesS = diagnosis.Round2(diagnosis.Seconds(p.Survives(s.WhatIf[i].BacklogBytes)))
	}
	s.Limits = append(s.Limits, bufferCurve(g, p.Accounts)...)
	s.Limits = append(s.Limits, timeoutCurve(g, p.Accounts)...)
	if floor := fullOf(p.Accounts, Settings{Backlog: 1 << 62}); floor > 0 {
		s.Method += "; " + floorWords(p.Accounts, floor)
	}
	d.Sizing = append(d.Sizing, s)
}

// floorWords says why some full resyncs stay whatever the backlog holds.
func floorWords(as []Account, floor int64) string {
	var why []string
	for i := range as {
		if as[i].FullAt(1<<62) > 0 && as[i].why != "" && !slices.Contains(why, as[i].why) {
			why = append(why, as[i].why)
		}
	}
	s := fmt.Sprintf("no backlog spares %s", diagnosis.Plural(floor, "full resync", "full resyncs"))
	if len(why) > 0 {
		s += ": " + strings.Join(why, ", ")
	}
	return s
}
