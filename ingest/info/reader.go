package info

import (
	"bytes"
	"io"

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
// The first is smaller, and each twice the one before: most files of a fleet are one dump of some kilobytes.
const (
	blockBytes = 256 << 10
	firstBlock = 16 << 10
)

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
	most int64 // of ints: what is more is beyond reason
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
	most   int // the largest block

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
	several bool // the dump before had several dates: what it was dated by last need not be what the next begins with
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
		out: out, fields: others, block: firstBlock, most: blockBytes,
		numbers: index().numbers,
		known:   make([]line, len(fields)+1),
		seen:    make([]uint32, int(sectionNumber(len(sections)))),
		words:   map[string]string{},
		gen:     1,
	}
	for i, f := range fields {
		l := &r.known[i+1]
		*l = line{number: uint16(i + 1), twin: index().twins[i+1], last: f.last, most: f.most}
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
		r.block = max(r.block, min(2*n, r.most))
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
