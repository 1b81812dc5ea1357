package sizing

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
)

// happen tells which of the account's full resyncs are left with a backlog of this size. A replica asks again only
// after an attempt that was not granted, and what a full resync's work broke stays whole without it.
func (a *Account) happen(size int64) []bool {
	out := make([]bool, len(a.Demands))
	ended := map[*replication.Outage]bool{} // continued by a partial resync, or never lost
	any := false
	for i := range a.Demands {
		d := &a.Demands[i]
		switch {
		case ended[d.o]:
		case d.effect && !any, d.Curable && size >= d.Need.Most:
			ended[d.o] = true
		default:
			out[i], any = true, true
		}
	}
	return out
}

// FullAt is how many of the incident's full resyncs are left.
func (a *Account) FullAt(size int64) int64 {
	var left, known int64
	for i, h := range a.happen(size) {
		known += a.Demands[i].count
		if h {
			left += a.Demands[i].count
		}
	}
	rest := max(a.Total-known, 0)
	if a.feeds && left == 0 && known > 0 {
		rest = 0
	}
	return min(left+rest, max(a.Total, 0))
}

// maxSteps bounds the curve of a capture with thousands of resyncs.
const maxSteps = 24

// backlogCurve is how many full resyncs are left at each size at which that changes, from the present size on.
func backlogCurve(g *replication.Group, as []Account, present int64) []diagnosis.WhatIf {
	var sizes []int64
	for i := range as {
		for j := range as[i].Demands {
			if d := &as[i].Demands[j]; d.Curable && d.Need.Most > present {
				sizes = append(sizes, d.Need.Most)
			}
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
		was, is := as[i].happen(from), as[i].happen(to)
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
