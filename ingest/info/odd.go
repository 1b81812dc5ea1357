package info

import (
	"bytes"
	"slices"
)

// odd reads a line that is not the one that the dump before had in its place.
func (r *Reader) odd(b []byte) {
	l := r.readLine(b)
	r.mark(r.k)
	if r.stutters(&l, b) {
		r.leaveOut(b)
		return
	}
	if r.starts(&l) {
		r.finish(r.cline, false)
		return // to be compared with the first line of the dump just read
	}
	if r.body {
		if at := glued(b, 1); at > 0 {
			r.split(b, at)
			return
		}
	}
	if r.over() {
		r.slip(&l, b)
		return
	}
	r.edited = true
	if j := r.find(&l, b); j >= 0 {
		for _, n := range r.lengths[r.k:j] {
			r.pline += int(n)
		}
		r.lengths = slices.Delete(r.lengths, r.k, j)
		r.lines = slices.Delete(r.lines, r.k, j)
		was := int(r.lengths[r.k])
		if !bytes.Equal(r.buf[r.pline:r.pline+was], b) {
			l.name, l.slot, l.heat = r.lines[r.k].name, r.lines[r.k].slot, warm
			r.learn(&l, b)
			r.lines[r.k], r.lengths[r.k] = l, uint32(len(b))
		}
		r.pline += was
	} else {
		r.learn(&l, b)
		r.lines = slices.Insert(r.lines, r.k, l)
		r.lengths = slices.Insert(r.lengths, r.k, uint32(len(b)))
	}
	r.cline += len(b)
	r.k++
}

// stutters reports whether a field or section stands below itself, to the byte the same: one of the lines was written twice, and no dump is
// that short.
func (r *Reader) stutters(l *line, b []byte) bool {
	return r.k > 0 && (l.number != 0 || l.family) && !r.over() && bytes.Equal(b, r.buf[r.cline-int(r.lengths[r.k-1]):r.cline])
}

// leaveOut takes a line for a blank one.
func (r *Reader) leaveOut(b []byte) {
	r.edited = true
	l := line{class: classBlank, value: uint32(len(b))}
	if r.k < len(r.lines) && r.lines[r.k].class == classBlank {
		r.pline += int(r.lengths[r.k])
		r.lines[r.k], r.lengths[r.k] = l, uint32(len(b))
	} else {
		r.lines = slices.Insert(r.lines, r.k, l)
		r.lengths = slices.Insert(r.lengths, r.k, uint32(len(b)))
	}
	r.cline += len(b)
	r.k++
}

// starts reports whether a line begins the next dump.
func (r *Reader) starts(l *line) bool {
	if !r.body {
		return r.over() && (l.class == classDate || l.opens())
	}
	switch l.class {
	case classDate, classBulk, classPrompt, classFailed:
		return true
	}
	return l.number != 0 && r.seen[l.number] == r.gen || l.number == serverSection && !r.dated
}

// over reports whether the current dump is beyond the limits.
func (r *Reader) over() bool {
	return r.loose > 0 || r.k >= maxLines || r.cline-r.start > maxBytes
}

// slip passes over a line of a dump that is beyond the limits. What was read of the dump is put out first.
func (r *Reader) slip(l *line, b []byte) {
	if r.loose == 0 {
		body, dated, gen := r.body, r.dated, r.gen
		r.finish(r.cline, false)
		r.body, r.dated, r.gen = body, dated, gen
		r.lengths, r.lines = r.lengths[:0], r.lines[:0]
		r.edited = true
	}
	r.note(l)
	r.loose++
	r.cline += len(b)
	r.start, r.pline, r.prev, r.prevEnd = r.cline, r.cline, r.cline, r.cline
}

// split ends the current dump inside line b, where the next one's date begins.
func (r *Reader) split(b []byte, at int) {
	r.problem(r.lineNo+int32(r.k), "line cut short by the next dump: not taken", b[:at])
	r.acc.Rejected++
	r.finish(r.cline, false)
	r.cline += at
	r.start = r.cline
}

// mark looks at the lines of the current dump up to k.
func (r *Reader) mark(k int) {
	for ; r.marked < k; r.marked++ {
		r.note(&r.lines[r.marked])
	}
}

func (r *Reader) note(l *line) {
	if l.number != 0 {
		r.seen[l.number] = r.gen
	}
	r.body = r.body || l.opens()
	r.dated = r.dated || l.class == classDate
}

// window is how far ahead a line without a number is searched for: replicas and commands come and go by a few.
const window = 48

// find looks among the lines of the dump before, from k on, for the one that l is now; -1 if it is new.
func (r *Reader) find(l *line, b []byte) int {
	if l.number != 0 {
		for j := r.k; j < len(r.lines); j++ {
			if r.lines[j].number == l.number {
				return j
			}
		}
		return -1
	}
	switch l.class {
	case classPrompt, classFailed, classStrange:
		return -1
	}
	at := r.pline
	for j := r.k; j < min(len(r.lines), r.k+window); j++ {
		o := &r.lines[j]
		if o.class == l.class && (l.class == classBlank || o.value == l.value && bytes.Equal(r.buf[at:at+int(l.value)], b[:l.value])) {
			return j
		}
		at += int(r.lengths[j])
	}
	return -1
}
