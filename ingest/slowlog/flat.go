package slowlog

import "psyncope/ingest/reply"

// flat reads --csv: the whole reply in one line, without the ends of its lists. Arguments are always
// quoted, so three numbers in a row begin an entry.
type flat struct {
	*reader
	line  int32
	ints  []int64
	cur   entry
	words []string
	begun bool
	lost  bool // words before the first entry of the line were rejected
	// anyLine tells that an entry may go over lines.
	anyLine bool
}

const maxWords = 1 << 12 // of one entry; servers show 32 arguments

func (f *flat) scalar(v reply.Value) {
	if v.Line != f.line && !f.anyLine {
		f.end()
		f.line = v.Line
	}
	if v.Kind == reply.Int {
		if len(f.ints) == 4 {
			f.ints = append(f.ints[:0], f.ints[1:]...)
		}
		if f.anyLine && len(f.ints) == 0 {
			f.line = v.Line
		}
		f.ints = append(f.ints, v.Int)
		return
	}
	// A number of arguments may stand behind a name, and so before the next entry's three numbers.
	if n := len(f.ints); n >= 3 && f.start(f.ints[n-3], f.ints[n-2], f.ints[n-1]) {
		f.words = append(f.words, textOf(v))
		return
	}
	if !f.begun {
		if !f.lost {
			f.sink.reject(v.Line, "text before the first entry", textOf(v))
			f.lost = true
		}
		return
	}
	if len(f.words) < maxWords {
		f.words = append(f.words, textOf(v))
	}
}

// list goes through lists that have lost their meaning.
func (f *flat) list(v reply.Value) {
	for _, i := range v.Items {
		if i.Kind == reply.List || i.Kind == reply.Map {
			f.list(i)
		} else {
			f.scalar(i)
		}
	}
}

func (f *flat) start(id, second, amount int64) bool {
	next := entry{line: f.line, id: id, amount: amount}
	if next.check(second) != isEntry {
		return false
	}
	f.finish()
	f.ints = f.ints[:0]
	f.cur, f.begun = next, true
	return true
}

func (f *flat) finish() {
	if !f.begun {
		return
	}
	f.cur.argv, f.cur.client, f.cur.user = f.splitPeer(f.words)
	f.emit(&f.cur)
	f.cur, f.words, f.begun, f.taken = entry{}, nil, false, 0
}

// end is the end of the line.
func (f *flat) end() {
	if len(f.ints) > 0 && !f.begun && !f.lost {
		f.sink.reject(f.line, "numbers that begin no entry", "")
	}
	f.finish()
	f.ints, f.lost = f.ints[:0], false
}
