package sizing

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
)

// maxSteps bounds the curve of a capture with thousands of resyncs.
const maxSteps = 24

// backlogCurve is how many full resyncs are left at each size at which that changes, from the present size on.
func backlogCurve(as []Account, present int64) []diagnosis.WhatIf {
	var sizes []int64
	for i := range as {
		for j := range as[i].Demands {
			if d := &as[i].Demands[j]; d.Curable && d.Need.Most > present {
				sizes = append(sizes, d.Need.Most)
			}
		}
		if l := &as[i].limits; l.shares && l.buffer > present && l.measured {
			sizes = append(sizes, l.buffer) // from 7.0 the limit for replicas is never below the backlog
		}
	}
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	if len(sizes) > maxSteps {
		thin := make([]int64, 0, maxSteps)
		for i := range maxSteps {
			thin = append(thin, sizes[(i+1)*len(sizes)/maxSteps-1])
		}
		sizes = thin
	}
	out := []diagnosis.WhatIf{step0("repl-backlog-size", present, diagnosis.SizeWord(present), fullOf(as, present))}
	last := present
	for _, n := range sizes {
		left := fullOf(as, n)
		if left == out[len(out)-1].FullSyncs {
			continue
		}
		out = append(out, diagnosis.WhatIf{Setting: "repl-backlog-size", BacklogBytes: n, Value: diagnosis.SizeWord(n), FullSyncs: left, Saves: savedBetween(as, last, n)})
		last = n
	}
	return out
}

func step0(setting string, bytes int64, value string, full int64) diagnosis.WhatIf {
	return diagnosis.WhatIf{Setting: setting, BacklogBytes: bytes, Value: value, FullSyncs: full}
}

func fullOf(as []Account, size int64) int64 {
	n := int64(0)
	for i := range as {
		n += as[i].FullAt(size)
	}
	return n
}

// savedBetween names the resyncs that happen at one size and no longer at the next.
func savedBetween(as []Account, from, to int64) string {
	var names []string
	n := 0
	for i := range as {
		_, was := as[i].replay(Settings{Backlog: from})
		_, is := as[i].replay(Settings{Backlog: to})
		for j := range was {
			if was[j] && !is[j] {
				if n++; len(names) < 3 {
					names = append(names, as[i].Demands[j].dated())
				}
			}
		}
	}
	if n > len(names) {
		names = append(names, fmt.Sprintf("%d more", n-len(names)))
	}
	if n == 0 {
		return ""
	}
	return diagnosis.List(names)
}
