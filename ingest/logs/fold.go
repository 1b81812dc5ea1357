package logs

import (
	"slices"
	"unsafe"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

// place is where and when a message was said.
type place struct {
	line      int32
	at, outer table.Micros
}

// entry is one distinct message of the second that is being read, and how often it was said.
type entry struct {
	what  *said
	pid   table.Int
	role  string
	level string
	clock string
	count int64
	// The first and second time it was said, the last time and the one before that.
	first, second, before, last place
	next                        int // the entry that was said after this one last time
}

// fold turns repeated messages into rows with a count.
//
// A server whose connection is refused says the same three lines ten thousand times a second. The
// fold keeps the distinct messages of the current second in the order in which they were first
// said, and finds a repeat by comparing the text: first with the message that followed the last
// one the time before, since storms go round, then with the others.
//
// A message that was said n times within one second, by the same process in the same role and at the
// same level, becomes: n rows for n up to 2; else a row for the first, a row with count n-2 for those
// between, and a row for the last. So the beginning and the end of every second stand in the table
// as they were said, whatever was folded between them; counts are exact. Messages that differ in
// anything (an offset, a process id) are distinct, and messages without a stamp are never folded.
type fold struct {
	ring   []entry
	second table.Micros // beginning of the second
	last   int          // the entry that was said last
	undone place        // entry.before as it was before the last say
	rows   []row
}

// ringSize is the number of distinct messages in a second from which they are given out early: a full
// resync is told in some 20 lines, and two may run at once.
const ringSize = 64

// row says which of an entry's places a row of the table is for.
type row struct {
	line  int32
	entry int32
	part  int8 // 0 first, 1 between, 2 last
}

// again counts a message that is one of the second's; false if it is new, or of another second.
func (f *fold) again(h *logline.Header, at place) bool {
	if len(f.ring) == 0 || uint64(at.at-f.second) >= uint64(table.Second) || at.at == table.Null {
		return false
	}
	i := f.ring[f.last].next
	if i >= len(f.ring) || !f.ring[i].is(h) {
		i = f.find(h)
		if i < 0 {
			return false
		}
		f.ring[f.last].next = i
	}
	f.count(i, at)
	return true
}

// next counts a message that is expected: the one that followed the last one the time before. b is where it would
// begin, and may go on behind its line; last is what its header said but for the level. It gives the bytes that the
// message and its newline take, 0 if this is not the one that is expected.
func (f *fold) next(last *logline.Header, level string, b []byte, at place) int {
	i := f.ring[f.last].next
	if i >= len(f.ring) || uint64(at.at-f.second) >= uint64(table.Second) {
		return 0
	}
	e := &f.ring[i]
	n := len(e.what.raw)
	if len(b) <= n || b[n] != '\n' || string(b[:n]) != e.what.raw || e.pid != last.PID || !same(e.level, level) || !same(e.role, last.Role) || !same(e.clock, last.Clock) {
		return 0
	}
	f.count(i, at)
	return n + 1
}

func (f *fold) count(i int, at place) {
	e := &f.ring[i]
	f.last = i
	f.undone = e.before
	e.count++
	if e.count == 2 {
		e.second = at
	}
	e.before, e.last = e.last, at
}

func (e *entry) is(h *logline.Header) bool {
	return e.pid == h.PID && same(e.role, h.Role) && same(e.level, h.Level) && same(e.clock, h.Clock) && e.what.raw == string(h.Message)
}

// same reports whether two strings are equal; mostly they are one and the same, and then it costs no call.
func same(a, b string) bool {
	return len(a) == len(b) && (unsafe.StringData(a) == unsafe.StringData(b) || a == b)
}

func (f *fold) find(h *logline.Header) int {
	for i := range f.ring {
		if f.ring[i].is(h) {
			return i
		}
	}
	return -1
}

// full tells that the ring must be given out before a message at that time is added.
func (f *fold) full(at table.Micros) bool {
	return len(f.ring) >= ringSize || at != table.Null && len(f.ring) > 0 && uint64(at-f.second) >= uint64(table.Second)
}

// add begins an entry.
func (f *fold) add(w *said, h *logline.Header, at place) {
	if len(f.ring) == 0 || f.second == table.Null {
		f.second = table.Null
		if at.at != table.Null {
			f.second = at.at - mod(at.at, table.Second)
		}
	}
	if len(f.ring) > 0 {
		f.ring[f.last].next = len(f.ring)
	}
	f.last = len(f.ring)
	f.ring = append(f.ring, entry{
		what: w, pid: h.PID, role: h.Role, level: h.Level, clock: h.Clock,
		count: 1, first: at, last: at,
	})
}

// mod is the remainder that is never negative.
func mod(a, b table.Micros) table.Micros {
	if m := a % b; m >= 0 {
		return m
	} else {
		return m + b
	}
}

// undo takes back the last message that was said, for it turned out to go on.
func (f *fold) undo() {
	e := &f.ring[f.last]
	e.count--
	e.last, e.before = e.before, f.undone
	if e.count == 0 {
		f.ring = f.ring[:f.last]
		f.last = 0
	}
}

// each gives the rows in the order of their lines and empties the ring.
func (f *fold) each(give func(e *entry, first, last place, count int64)) {
	f.rows = f.rows[:0]
	sorted := true
	for i := range f.ring {
		e := &f.ring[i]
		f.rows = append(f.rows, row{e.first.line, int32(i), 0})
		if e.count > 2 {
			f.rows = append(f.rows, row{e.second.line, int32(i), 1})
		}
		if e.count > 1 {
			f.rows = append(f.rows, row{e.last.line, int32(i), 2})
			sorted = false
		}
	}
	if !sorted {
		slices.SortFunc(f.rows, func(a, b row) int { return int(a.line) - int(b.line) })
	}
	for _, r := range f.rows {
		e := &f.ring[r.entry]
		switch r.part {
		case 0:
			give(e, e.first, e.first, 1)
		case 1:
			give(e, e.second, e.before, e.count-2)
		case 2:
			give(e, e.last, e.last, 1)
		}
	}
	f.ring, f.last = f.ring[:0], 0
}
