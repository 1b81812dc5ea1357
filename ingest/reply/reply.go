// Package reply reads a server's reply back out of the text in which a client saved it: redis-cli on
// a terminal, --json, --quoted-json and --csv, the wire protocol (RESP), and the lists and
// dictionaries that client libraries print (Python's repr, JSON of Go structs).
//
// All of these say what is a number, what is text and where a list ends. redis-cli's raw form does
// not; what can be recovered from it depends on the command, and is left to the packages of the
// artifacts. The package knows no command, keeps no more than one reply's open lists in memory, and
// drops what goes beyond [maxItems] and [maxText].
package reply

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Kind is what a Value is.
type Kind uint8

// Kinds of values.
const (
	Nil  Kind = iota
	Int       // a whole number that stood without quotes
	Text      // quoted text, or a bulk or simple string of the wire protocol
	Bare      // a word or number that is neither: 1.5, true, OK
	List      // an array, a set, a push
	Map       // Items are key, value, key, value
)

// Value is one element of a reply.
type Value struct {
	Kind  Kind
	Int   int64
	Text  string // at most maxText bytes
	Items []Value
	Line  int32 // where it begins
}

// BufferBytes is how much Read and Lines read at once. A bufio.Reader they use as it is.
const BufferBytes = 16 << 10

// Buffered is r behind a buffer of that size, or of what there is of bytes that are in memory already: heads of files are, and there may be a
// million.
func Buffered(r io.Reader) *bufio.Reader {
	if b, ok := r.(*bufio.Reader); ok {
		return b
	}
	size := BufferBytes
	if b, ok := r.(*bytes.Reader); ok {
		size = min(size, b.Len()+1)
	}
	return bufio.NewReaderSize(r, size)
}

const (
	maxText  = 8 << 10  // an argument in the slowlog has at most 128 bytes and a marker; a joined command 4.7 KiB
	maxItems = 64 << 10 // of one open list: what its owner takes out does not count
	maxDepth = 16
	maxLine  = 1 << 20
)

// Handler takes what is found. Every function must be set.
type Handler struct {
	// List is given every list and map when it ends, inner ones before the outer; depth is the number
	// of lists around it. True takes it out: the list around it will not hold it.
	List func(v Value, depth int) bool
	// Scalar is given every value outside of lists: --csv prints a whole reply so, flattened, in one line.
	Scalar func(v Value)
	// Line is given every line outside of replies, without its end.
	Line func(line int32, text string)
	// Broken is given a line at which a reply could not be read on.
	Broken func(line int32, reason, text string)
}

// Read reads r to its end. It fails only where r does.
func Read(r io.Reader, h Handler) error {
	in := &scanner{r: Buffered(r), line: 1}
	p := &parser{in: in, h: h}
	for {
		head, err := in.peek(64)
		if len(head) == 0 {
			p.closeAll()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		switch shapeOf(head) {
		case literal:
			p.closeAll()
			p.literal(false)
		case flat:
			p.closeAll()
			p.literal(true)
		case wire:
			p.closeAll()
			p.wire()
		default:
			n, text := in.readLine()
			if p.tty(n, text) {
				continue
			}
			p.h.Line(n, text)
		}
	}
}

type shape uint8

const (
	lines shape = iota
	literal
	flat
	wire
)

// shapeOf tells by a line's first bytes how the reply that it may begin is written.
func shapeOf(head []byte) shape {
	i := 0
	for i < len(head) && (head[i] == ' ' || head[i] == '\t') {
		i++
	}
	if i == len(head) {
		return lines
	}
	digits := 0
	for i+digits+1 < len(head) && head[i+digits+1] >= '0' && head[i+digits+1] <= '9' {
		digits++
	}
	after := byte(0)
	if j := i + digits + 1; j < len(head) {
		after = head[j]
	}
	switch c := head[i]; {
	case c == '[' || c == '{':
		return literal
	case c == '"', c >= '0' && c <= '9' && after == ',':
		return flat
	case (c == '*' || c == '%' || c == '~' || c == '$') && i == 0 && digits > 0 && (after == '\r' || after == '\n'):
		return wire
	}
	return lines
}

// frame is a list that is still open.
type frame struct {
	v      Value
	column int  // terminal form: where the closing parenthesis of its numbers stands
	close  byte // literal form: the bracket that ends it
	left   int  // wire form: elements to come
}

// parser builds lists out of what the readers of the forms find.
type parser struct {
	in   *scanner
	h    Handler
	open []frame
	// half is a terminal line's text whose closing quote is still to come: a wrapped line.
	half     []byte
	halfLine int32
	halves   int // lines of it
	text     []byte
}

func (p *parser) push(f frame) { p.open = append(p.open, f) }

// put places a finished value.
func (p *parser) put(v Value) {
	depth := len(p.open)
	if v.Kind == List || v.Kind == Map {
		if p.h.List(v, depth) {
			return
		}
	} else if depth == 0 {
		p.h.Scalar(v)
		return
	}
	if depth == 0 {
		return
	}
	top := &p.open[depth-1].v
	if len(top.Items) < maxItems {
		top.Items = append(top.Items, v)
	}
}

// pop ends the innermost list.
func (p *parser) pop() {
	f := p.open[len(p.open)-1]
	p.open[len(p.open)-1] = frame{}
	p.open = p.open[:len(p.open)-1]
	p.put(f.v)
}

// closeAll ends whatever is open, as far as it came.
func (p *parser) closeAll() {
	p.flushHalf()
	for len(p.open) > 0 {
		p.pop()
	}
}

// drop forgets whatever is open: its reply is broken.
func (p *parser) drop() {
	clear(p.open)
	p.open = p.open[:0]
}

// Begins reports whether a reply in one of the forms that Read knows may begin with this line.
func Begins(line string) bool {
	if shapeOf(append([]byte(line[:min(len(line), 64)]), '\n')) != lines || isEmpty(strings.TrimSpace(line)) {
		return true
	}
	_, index, _, ok := number(line, 0)
	return ok && index == 1
}

// Head is the beginning of a file, at most n bytes, without the part of a line at its end unless that
// is most of it: then the file may be all one line.
func Head(b []byte, n int) []byte {
	b = b[:min(len(b), n)]
	if end := bytes.LastIndexByte(b, '\n') + 1; end > 0 && end >= len(b)/2 {
		return b[:end]
	}
	return b
}
