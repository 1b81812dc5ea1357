package timeline

import (
	"cmp"
	"maps"
	"slices"

	"psyncope/ingest/message"
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

// countedOnce leaves out what was handed over more than once.
func (h *Host) countedOnce() {
	h.Events = withoutStutters(once(h.Events))
	type dump struct {
		run            string
		at             table.Micros
		uptime, offset int64
	}
	if dumpsMayRepeat(h.Samples) {
		h.Samples = onceEach(h.Samples, func(s *Sample) (dump, bool) {
			return dump{s.RunID, s.ServerTime, s.Uptime.Or(-1), s.PrimaryOffset.Or(-1)}, s.RunID != "" && s.ServerTime.Known()
		})
	}
	type entry struct {
		id    int64
		ended table.Micros
		took  int64
		args  string
	}
	if len(h.Commands) > 1 && h.Commands[0].File != h.Commands[len(h.Commands)-1].File {
		h.Commands = onceEach(h.Commands, func(c *Command) (entry, bool) { return entry{c.ID, c.Ended, c.Micros, c.Args}, true })
	}
}

// dumpsMayRepeat reports whether some moment lies in the dumps of several files.
func dumpsMayRepeat(dumps []Sample) bool {
	if oneBehindTheOther(dumps) {
		return false
	}
	spans := map[string]*Span{}
	var of *Span // of the file last looked at: a file's dumps come one behind the other
	var file string
	for i := range dumps {
		s := &dumps[i]
		if !s.ServerTime.Known() {
			continue
		}
		if of == nil || s.File != file {
			if file, of = s.File, spans[s.File]; of == nil {
				of = &Span{From: s.ServerTime, To: s.ServerTime}
				spans[s.File] = of
			}
		}
		of.From, of.To = min(of.From, s.ServerTime), max(of.To, s.ServerTime)
	}
	byStart := slices.SortedFunc(maps.Values(spans), func(a, b *Span) int { return cmp.Compare(a.From, b.From) })
	for i := 1; i < len(byStart); i++ {
		if byStart[i].From <= byStart[i-1].To {
			return true
		}
	}
	return false
}

// oneBehindTheOther reports whether dumps are in the order of their times, and their files in that of their names: then none repeats another, and a
// million need not be sorted for that.
func oneBehindTheOther(dumps []Sample) bool {
	for i := range dumps {
		s := &dumps[i]
		if !s.ServerTime.Known() {
			return false
		}
		if i == 0 {
			continue
		}
		b := &dumps[i-1]
		if s.File == b.File && s.ServerTime >= b.ServerTime {
			continue
		}
		if s.ServerTime <= b.ServerTime || cmp.Or(cmp.Compare(len(b.File), len(s.File)), cmp.Compare(b.File, s.File)) >= 0 {
			return false
		}
	}
	return true
}

// once leaves every message as often as the server said it, though it was handed over more than once: in a file and its copy, in
// captures that overlap, from two collectors, in a file that goes over the same again. Files of one server that do not overlap, as its
// rotations, are not compared. Lines that are doubled on the spot are package logs's.
func once(events []Event) []Event {
	files := filesOf(events)
	if !anyOverlap(files) {
		return events
	}
	want := map[said]int64{}
	for _, f := range files {
		count := map[said]int64{}
		for i := f.from; i < f.to; i++ {
			count[saidBy(&events[i])] += events[i].Count.Or(1)
		}
		for k, n := range count {
			want[k] = max(want[k], n)
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

// withoutStutters leaves out a line that stands once more right below itself, to the millisecond the same: a server has one link to its
// primary, and between two requests of a replica it writes what it answered the first. What names a peer otherwise is left as it is: behind
// one gateway all replicas have one address, and may be lost in one millisecond.
func withoutStutters(events []Event) []Event {
	left := events[:0]
	for i := range events {
		if n := len(left); n == 0 || !stutters(&left[n-1], &events[i]) {
			left = append(left, events[i])
		}
	}
	return left
}

func stutters(a, b *Event) bool {
	return a.Stamp.Known() && a.Stamp == b.Stamp && a.Line+1 == b.Line && a.File == b.File && a.Count.Or(1) == 1 && b.Count.Or(1) == 1 &&
		a.Role != "C" && // a child of valkey 9.1 says twice what its memory was (rdb.c)
		a.Stamp%table.Second != 0 && // a stamp in whole seconds does not tell a repeat from another
		(a.Peer == "" || a.Is(message.Asked|message.Accepts|message.Refuses)) && saidBy(a) == saidBy(b)
}

// stretch is one file's rows, and the time that they span as written.
type stretch struct {
	file        string
	from, to    int
	first, last table.Micros
}

// filesOf are the stretches of rows that are of one file each. Where a file begins again with its own first line, so does a stretch.
func filesOf(events []Event) []stretch {
	var out []stretch
	for i := range events {
		e := &events[i]
		n := len(out)
		if n == 0 || out[n-1].file != e.File || again(e, &events[out[n-1].from], &out[n-1]) {
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

// again reports whether a row is the first one of its stretch once more, though the log had gone on.
func again(e, first *Event, f *stretch) bool {
	return e.Stamp.Known() && e.Stamp == first.Stamp && e.Stamp < f.last && saidBy(e) == saidBy(first)
}

func anyOverlap(files []stretch) bool {
	for i := range files {
		for j := range files[:i] {
			a, b := &files[j], &files[i]
			if a.first.Known() && b.first.Known() && a.first < b.last && b.first < a.last {
				return true
			}
		}
		if i > 64 { // more files than that are a series, each looked at with the one before
			break
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
