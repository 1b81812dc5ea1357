package timeline

import (
	"psyncope/ingest/table"
)

// said is what makes two messages the same one: whoever writes a line twice writes these twice.
type said struct {
	stamp table.Micros
	pid   table.Int
	role  string
	text  string
}

func saidBy(e *Event) said { return said{e.Stamp, e.PID, e.Role, withoutIDs(e.Text)} }

// withoutIDs hides the ids of 40 digits in a text: one copy may have been cleaned of them before it was handed over.
func withoutIDs(s string) string {
	const idLen = 40
	if len(s) < idLen {
		return s
	}
	var b []byte
	run := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			if run++; run == idLen {
				if b == nil {
					b = []byte(s)
				}
				for j := i - idLen + 1; j <= i; j++ {
					b[j] = '.'
				}
				run = 0
			}
			continue
		}
		run = 0
	}
	if b == nil {
		return s
	}
	return string(b)
}

// doubled is from how many different messages on a file in which each stands as often is one in which each was written so often; fewer
// may be chance.
const doubled = 5

// once leaves every message as often as the server said it, though it was handed over more than once: in a file and its copy, in
// captures that overlap, from two collectors. Files of one server that do not overlap, as its rotations, are not looked at.
func once(events []Event) []Event {
	files := filesOf(events)
	if len(files) == 0 || !anyOverlap(files) && !anyDoubled(events, files) {
		return events
	}
	want := map[said]int64{}
	for _, f := range files {
		count := map[said]int64{}
		for i := f.from; i < f.to; i++ {
			count[saidBy(&events[i])] += events[i].Count.Or(1)
		}
		every := int64(1)
		if len(count) >= doubled {
			every = 0
			for _, n := range count {
				every = gcd(every, n)
			}
		}
		for k, n := range count {
			want[k] = max(want[k], n/every)
		}
	}
	kept := make([]Event, 0, len(events))
	for i := range events {
		e := events[i]
		k := saidBy(&e)
		n := min(e.Count.Or(1), want[k])
		if n == 0 {
			continue
		}
		want[k] -= n
		if e.Count.Known() {
			e.Count = table.Int(n)
		}
		kept = append(kept, e)
	}
	return kept
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// stretch is one file's rows, and the time that they span as written.
type stretch struct {
	file        string
	from, to    int
	first, last table.Micros
}

// filesOf are the stretches of rows that are of one file each.
func filesOf(events []Event) []stretch {
	var out []stretch
	for i := range events {
		e := &events[i]
		n := len(out)
		if n == 0 || out[n-1].file != e.File {
			out = append(out, stretch{file: e.File, from: i, first: table.Null, last: table.Null})
			n++
		}
		f := &out[n-1]
		f.to = i + 1
		if e.Stamp.Known() {
			if f.first == table.Null {
				f.first = e.Stamp
			}
			f.last = max(f.last, e.Stamp)
		}
	}
	return out
}

func anyOverlap(files []stretch) bool {
	for i := range files {
		for j := range files[:i] {
			a, b := &files[j], &files[i]
			if a.file != b.file && a.first.Known() && b.first.Known() && a.first <= b.last && b.first <= a.last {
				return true
			}
		}
		if i > 64 { // more files than that are a series, each looked at with the one before
			break
		}
	}
	return false
}

// anyDoubled looks at the first rows of each file: where one stands alone, not every line is there twice.
func anyDoubled(events []Event, files []stretch) bool {
	for _, f := range files {
		alone := false
		rows := events[f.from:min(f.to, f.from+32)]
		seen := map[said]int64{}
		for i := range rows {
			seen[saidBy(&rows[i])] += rows[i].Count.Or(1)
		}
		for _, n := range seen {
			alone = alone || n == 1
		}
		if !alone && len(seen) >= doubled {
			return true
		}
	}
	return false
}

// onceEach leaves each of equal things once, in their order.
func onceEach[T any, K comparable](all []T, key func(*T) (K, bool)) []T {
	seen := make(map[K]bool, len(all))
	kept := all[:0]
	for i := range all {
		k, ok := key(&all[i])
		if ok && seen[k] {
			continue
		}
		seen[k] = true
		kept = append(kept, all[i])
	}
	return kept
}
