package info

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"psyncope/ingest/table"
)

// common is how many bytes at the beginning of a and b are equal.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// step is a line whose value changes from dump to dump, and the bytes before that value, which do not: all from
// the end of the step before on.
type step struct {
	line  int32
	fixed int32
}

// warm is for how many plans a line that does not change any more stays a step.
const warm = 8

// draw makes the plan for the lines as they are now.
func (r *Reader) draw() {
	r.plan, r.replan = r.plan[:0], false
	fixed := uint32(0)
	for i := range r.lines {
		l := &r.lines[i]
		if l.heat == 0 {
			fixed += r.lengths[i]
			continue
		}
		l.heat--
		r.plan = append(r.plan, step{int32(i), int32(fixed + l.value)})
		fixed = 0
	}
}

// run goes along the plan as far as the dump keeps to it: the bytes between steps are compared as a whole, and the
// values at the steps read where they must stand.
func (r *Reader) run() {
	buf, end := r.buf[:r.end], r.end
	k, pline, cline, from, at := r.k, r.pline, r.cline, r.from, r.at
	for ; at < len(r.plan); at++ {
		s := r.plan[at]
		fixed := int(s.fixed) - (pline - from)
		v := cline + fixed
		if v >= end || v-r.start > maxBytes || !bytes.Equal(buf[cline:v], buf[pline:pline+fixed]) {
			break
		}
		l := &r.lines[s.line]
		next := 0
		if l.class == classInt {
			n, length := digits(buf[v:])
			e := v + length
			if e+1 >= end || length-1 >= 18 || l.bad || n > l.most {
				break
			}
			switch {
			case buf[e] == '\n':
				next = e + 1
			case buf[e] == '\r' && buf[e+1] == '\n':
				next = e + 2
			}
			if next > 0 && *l.ints != table.Int(n) {
				*l.ints, l.heat = table.Int(n), warm
			}
		}
		old := int(r.lengths[s.line] - l.value)
		if next == 0 {
			nl := bytes.IndexByte(buf[v:], '\n')
			if nl < 0 {
				break
			}
			next = v + nl + 1
			if !bytes.Equal(buf[v:next], buf[pline+fixed:pline+fixed+old]) {
				r.k = int(s.line)
				if !r.take(l, buf[v-int(l.value):next]) {
					break
				}
				l.heat = warm
			}
		}
		r.lengths[s.line] = uint32(next-v) + l.value
		k, pline, cline = int(s.line)+1, pline+fixed+old, next
		from = pline
	}
	if at == len(r.plan) {
		if fixed := r.prevEnd - pline; cline+fixed <= end && bytes.Equal(buf[cline:cline+fixed], buf[pline:r.prevEnd]) {
			k, pline, cline = len(r.lines), r.prevEnd, cline+fixed
		}
	}
	r.k, r.pline, r.cline, r.from, r.at = k, pline, cline, from, at
}

// scan reads all whole lines that are in the buffer.
func (r *Reader) scan() {
	buf := r.buf[:r.end]
	for {
		if !r.edited {
			r.run()
		}
		// Where the dump left the plan, the lines are searched for what differs.
		k, pline, cline := r.k, r.pline, r.cline
		n := common(buf[cline:], buf[pline:r.prevEnd])
		lengths := r.lengths
		for k < len(lengths) && n >= int(lengths[k]) {
			l := int(lengths[k])
			if r.edited && r.lines[k].edge() {
				n = l - 1 // other lines stand before it now: it may begin a dump
				break
			}
			n, pline, cline = n-l, pline+l, cline+l
			r.passed(k, pline)
			k++
		}
		r.k, r.pline, r.cline = k, pline, cline

		nl := bytes.IndexByte(buf[cline+n:], '\n')
		if nl < 0 {
			return
		}
		b := buf[cline : cline+n+nl+1]
		if k < len(lengths) {
			if l := &r.lines[k]; n >= int(l.value) && !(r.edited && l.edge()) && cline-r.start <= maxBytes && r.take(l, b) {
				r.replan = r.replan || l.heat == 0
				l.heat = warm
				r.pline += int(lengths[k])
				lengths[k] = uint32(len(b))
				r.cline += len(b)
				r.passed(k, r.pline)
				r.k++
				continue
			}
		} else if k > 0 && r.whole && !r.edited && r.again(b) {
			r.finish(cline, false)
			continue
		}
		r.odd(b)
	}
}

// passed notes that line k, which ends before buf[pline] in the dump before, was passed without the plan.
func (r *Reader) passed(k, pline int) {
	if r.at < len(r.plan) && k == int(r.plan[r.at].line) {
		r.at++
		r.from = pline
	}
}

// again reports whether b, which follows the last line of a dump like the one before, is its first line again.
func (r *Reader) again(b []byte) bool {
	l, first := &r.lines[0], r.buf[r.start:]
	if l.number == 0 || len(b) < int(l.value) || !bytes.Equal(b[:l.value], first[:l.value]) {
		return false
	}
	if l.class != classDate {
		return true
	}
	_, _, ok := lineDate(b)
	return ok
}
