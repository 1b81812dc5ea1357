package info

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"slices"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// Limits that keep any input within bounded memory. A real dump is 3 to 60 KiB of 100 to 1200 lines.
const (
	maxLine  = 1 << 20 // a longer line keeps its beginning only, and is a problem
	longHead = 1 << 10 // that beginning
	maxLines = 1 << 15 // lines of a dump that are read
	maxBytes = 4 << 20 // bytes of a dump that are read
	maxTold  = 1000    // rows of Problems a file; more are counted
	maxText  = 200     // bytes of a line kept in a row
)

// blockBytes is how much is read at once. Blocks of 256 KiB are still in the second cache when they are parsed:
// 2.2 GB/s of dumps in files against 1.8 with 1 MiB, and 1.9 with 64 KiB.
const blockBytes = 256 << 10

// longMark stands at the end of a line that was longer than maxLine.
var longMark = []byte("\x00\x00long")

// line is what is known of one line of the dump before, and so of the same line of this one.
type line struct {
	class  class
	heat   uint8  // above 0 where its value changed lately
	family bool   // stands for many fields: slaveN, cmdstat_, db0, ...
	last   bool   // may end a dump without a line end
	bad    bool   // its value could not be read
	number uint16 // of the field, section or date; 0 where repeats mean nothing
	twin   uint16 // of the field that has the same column under another name, or 0
	value  uint32 // where in the line its value begins; the line's length if all of it is its name
	// Where the value goes: one of these.
	ints *table.Int
	real *table.Float
	text *string
	slot *table.Replica // classReplica
	name string         // classCount, and classOther when fields are asked for
}

// Reader reads the INFO dumps of one instance, from one file or many. It reads each dump by comparison
// with the one before, whatever file that was in.
//
// The dump before lies in buf[prev:prevEnd], the current one from start on; lengths and lines describe the
// k lines of the current one that were passed, then those of the dump before from there on. pline and cline are
// where line k begins in either.
type Reader struct {
	out    *table.Case
	fields bool
	block  int // bytes asked of the body at once

	numbers map[string]uint16
	known   []line // by number
	state   state

	in    artifact.Input
	acc   artifact.Account
	err   error
	eof   bool
	cut   bool // the body ended inside a line
	skip  bool // inside a line longer than maxLine
	told  int
	named table.Micros // date in the file's name
	dumps int          // of this file

	buf           []byte
	end           int
	prev, prevEnd int
	start         int
	pline, cline  int
	k             int
	lengths       []uint32
	lines         []line
	lineNo        int32 // number in the file of the current dump's first line, from 1

	plan   []step // the lines whose values change
	at     int    // the step that comes next
	from   int    // where the bytes before it begin in buf: behind the step before, in the dump before
	replan bool   // a line changed that is no step

	seen    []uint32 // by number: generation that has it
	gen     uint32
	marked  int  // lines looked at for seen, body, dated
	body    bool // of the lines marked
	dated   bool
	edited  bool // the current dump's lines are not those of the dump before
	whole   bool // the dump before had a body and all its lines are known
	special int  // lines that settle has to look at
	loose   int  // lines not kept, of a dump beyond the limits
	collect table.Micros

	replicas []int // indices of the replicas' lines
	counts   []table.Statistic
	others   []table.Field
	words    map[string]string
}

// NewReader makes a Reader that puts its rows into out. Fields asks for the table of INFO fields without a
// column, as Input.Fields does for one file.
func NewReader(out *table.Case, others bool) *Reader {
	r := &Reader{
		out: out, fields: others, block: blockBytes,
		numbers: index().numbers,
		known:   make([]line, len(fields)+1),
		seen:    make([]uint32, int(sectionNumber(len(sections)))),
		words:   map[string]string{},
		gen:     1,
	}
	for i, f := range fields {
		l := &r.known[i+1]
		*l = line{number: uint16(i + 1), twin: index().twins[i+1], last: f.last}
		l.target(f.at(&r.state))
		l.forget()
	}
	return r
}

// target sets where the line's value goes, and so what is read there.
func (l *line) target(at any) {
	switch p := at.(type) {
	case *table.Int:
		l.class, l.ints = classInt, p
	case *table.Float:
		l.class, l.real = classReal, p
	case *string:
		l.class, l.text = classText, p
	}
}

// forget makes the line's column say nothing.
func (l *line) forget() {
	switch l.class {
	case classInt:
		*l.ints = table.Null
	case classReal:
		*l.real = table.NoFloat()
	case classText:
		*l.text = ""
	}
}

// Read reads one artifact to its end. A line that cannot be read is a row of Problems; only a failing Body is
// an error, and what was read before it stays.
func (r *Reader) Read(in artifact.Input) (artifact.Account, error) {
	if in.Origin.Instance != r.in.Origin.Instance {
		// Another server's counters are no base for "differs from the dump before".
		r.lengths, r.lines, r.prevEnd = r.lengths[:0], r.lines[:0], r.prev
		r.edited = true
	}
	r.in = in
	r.state.Origin = in.Origin
	r.acc, r.err, r.eof, r.cut, r.skip, r.told, r.dumps = artifact.NewAccount(), nil, false, false, false, 0, 0
	r.named = nameDate(in.Name)
	r.end = r.prevEnd
	r.start, r.cline, r.pline, r.k = r.end, r.end, r.prev, 0
	r.lineNo = in.Origin.Line + 1
	r.at, r.from = 0, r.pline
	for r.fill() {
		r.scan()
	}
	r.finish(r.cline, true)
	return r.acc, r.err
}

// fill reads more of the body; false at its end, when all lines were read.
func (r *Reader) fill() bool {
	for !r.eof {
		if len(r.buf)-r.end < r.block/2+2 {
			r.makeRoom()
		}
		n, err := io.ReadFull(r.in.Body, r.buf[r.end:min(len(r.buf)-1, r.end+r.block)])
		fresh := r.buf[r.end : r.end+n]
		if err != nil {
			r.eof = true
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				r.err = err
			}
		}
		if r.skip {
			nl := bytes.IndexByte(fresh, '\n')
			if nl < 0 {
				nl = n
			} else {
				r.skip = false
			}
			n = copy(fresh, fresh[nl:])
		}
		r.end += n
		if r.eof && r.end > r.cline && r.buf[r.end-1] != '\n' {
			r.buf[r.end] = '\n'
			r.end++
			r.cut = !r.skip
		}
		if n > 0 || r.eof {
			return r.end > r.cline
		}
	}
	return false
}

// makeRoom moves the dump before and what follows to the front of the buffer, and makes the buffer larger
// where that leaves less than half a block.
func (r *Reader) makeRoom() {
	if r.end-r.cline > maxLine && !r.skip {
		r.end = r.cline + longHead
		r.end += copy(r.buf[r.end:], longMark)
		r.skip = true
	}
	from := min(r.prev, r.pline)
	size := len(r.buf)
	if kept := r.end - from; size-kept < r.block/2+2 {
		size = max(2*size, 2*r.block+kept, 64)
	}
	to := r.buf
	if size > len(to) {
		to = make([]byte, size)
	}
	copy(to, r.buf[from:r.end])
	r.buf = to
	for _, p := range []*int{&r.prev, &r.prevEnd, &r.start, &r.pline, &r.cline, &r.end, &r.from} {
		*p -= from
	}
}

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
			if e+1 >= end || length-1 >= 18 || l.bad {
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

// again tells whether b, which follows the last line of a dump like the one before, is its first line again.
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

// odd reads a line that is not the one that the dump before had in its place.
func (r *Reader) odd(b []byte) {
	l := r.readLine(b)
	r.mark(r.k)
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

// starts tells whether a line begins the next dump.
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

// over tells whether the current dump is beyond the limits.
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
