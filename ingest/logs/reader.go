package logs

import (
	"bytes"
	"fmt"

	"psyncope/ingest/artifact"
	"psyncope/ingest/logline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
	"psyncope/ingest/wrap"
)

// maxProblems is how many rejected lines of one file get a row of their own; the rest are counted.
const maxProblems = 100

// reader reads one log.
type reader struct {
	in      artifact.Input
	out     *table.Case // nil where only the account is asked for
	account artifact.Account
	line    int32
	sure    int // lines with a header that only a server writes
	blocks  int // lines of raw blocks, and those joined to others: ignored, but a log's

	known   *known
	bare    *stream            // lines without a source, or of the only one
	streams map[string]*stream // by host and source
	names   map[string]string  // instance names of the sources that the survey found
	order   []*stream          // in order of appearance
	key     []byte
	found   int // where in the line an unknown prefix ended, 0 without one
	// surveying keeps every source apart, to see which of them are servers.
	surveying bool

	header  logline.Header
	wrapped wrap.Line
	scratch wrap.Scratch
	export  wrap.Export
	row     table.Event
	joined  []byte

	told     int   // lines rejected here; the INFO dump's reader tells of its own
	unread   int64 // those of them without a row
	lastLine int32 // of them
}

func newReader(in artifact.Input, out *table.Case) *reader {
	r := &reader{in: in, out: out, account: artifact.NewAccount(), known: newKnown(), line: in.Origin.Line}
	r.bare = &stream{name: in.Origin.Instance}
	r.order = []*stream{r.bare}
	return r
}

// stream is one server's lines, in their order.
type stream struct {
	name    string
	parser  logline.Parser
	fold    fold
	block   block
	parts   []byte // of a line that its wrapper cut
	held    []held
	info    []byte // the INFO dump of a crash report, as far as it was read
	infoAt  int32  // its first line
	records int64
	foreign bool // the survey saw its file's servers, and this is none of them
	bareOK  bool // headers of only a level were seen to be headers
	open    bool // the last line was a message, or was joined to one
	joins   int  // lines joined to the last message
	source  string
	host    string
}

// block is the raw block that a stream is in.
type block uint8

const (
	noBlock    block = iota
	inCrash          // up to its end mark
	inInfo           // the INFO dump in it
	untilDated       // up to the next line with a header
)

// maxHeld bounds the lines that wait: a crash report begins once.
const maxHeld = 16

// held is a raw line with a meaning that waits for the stamp of the next line.
type held struct {
	text string
	line int32
}

// event takes the message that r.header holds.
func (r *reader) event(s *stream, at place) {
	h := &r.header
	r.account.Records++
	s.records++
	if len(s.held) > 0 {
		r.release(s, h, at)
	}
	if s.block != noBlock {
		if !r.inBlock(s, h) {
			r.account.Records--
			s.records--
			r.ignoreBlock(s)
			return
		}
	}
	s.open, s.joins = true, 0
	if s.fold.again(h, at) {
		return
	}
	r.say(s, h, at)
}

// say adds a message that the fold does not have.
func (r *reader) say(s *stream, h *logline.Header, at place) *said {
	if s.fold.full(at.at) {
		r.flush(s)
	}
	w := r.known.of(h.Message)
	s.fold.add(w, h, at)
	if w.frame != noFrame {
		r.enter(s, w.frame)
	}
	return w
}

// enter opens or closes a raw block.
func (r *reader) enter(s *stream, f frame) {
	if s.block == inInfo && f != noFrame {
		r.dump(s)
	}
	switch f {
	case crashBegins:
		s.block = inCrash
	case crashInfo:
		s.block = inInfo
	case crashEnds:
		s.block = untilDated
	case blockBegins:
		if s.block == noBlock {
			s.block = untilDated
		}
	case processBegin:
		s.block = noBlock
	}
}

// inBlock tells whether a line with a header counts as a message though a raw block is open: those of
// crash reports that the catalogue does not know are registers and stack.
func (r *reader) inBlock(s *stream, h *logline.Header) bool {
	if s.block == untilDated && h.Form != logline.Handler {
		s.block = noBlock
		return true
	}
	w := r.known.of(h.Message)
	if w.frame != noFrame {
		r.enter(s, w.frame)
	} else if s.block == inInfo && w.kind == message.Other {
		s.keep(h.Message, r.line) // up to 2.8 the dump's first line has a header
	}
	return w.kind != message.Other
}

// flush gives a stream's second out as rows.
func (r *reader) flush(s *stream) {
	s.fold.each(func(e *entry, first, last place, count int64) {
		r.account.Saw(first.at)
		r.account.Saw(last.at)
		if r.out == nil {
			return
		}
		w := e.what
		r.row = table.Event{
			Origin: table.Origin{Instance: s.name, File: r.in.Origin.File, Line: first.line},
			Stamp:  first.at, Clock: e.clock, Outer: first.outer,
			PID: e.pid, Role: e.role, Level: e.level,
			Kind: w.kind, Peer: w.peer, ReplID: w.replID, ReplID2: w.replID2,
			Offset: w.offset, Bytes: w.bytes, Number: w.number, Detail: w.detail, Text: w.text,
			Count: table.Int(count), LastLine: last.line, LastStamp: last.at,
		}
		r.out.Events.Append(&r.row)
	})
}

// odd reads a line that is no bare header: wrapped, worn, raw, or no log's at all.
func (r *reader) odd(line []byte) {
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // the mark that some editors begin files with
	if r.export.Open() || r.export.Begins(line) {
		if r.export.Add(line, r.line) {
			r.account.Ignored++
			r.blocks++
			if !r.export.Open() {
				r.exported()
			}
			return
		}
		r.exported()
	}
	if name, ok := tailed(line); ok {
		// tail and head name the file that the next lines are from.
		r.ignoreBlock(r.bare)
		r.bare = r.streamOf(&wrap.Line{Source: name})
		return
	}
	if !wrap.Unwrap(line, &r.scratch, &r.wrapped) {
		r.inner(r.bare, line, r.line)
		return
	}
	if r.wrapped.Foreign {
		r.ignore(r.bare)
		return
	}
	s := r.streamOf(&r.wrapped)
	if r.wrapped.More {
		if len(s.parts) < maxLine {
			s.parts = append(s.parts, r.wrapped.Inner...)
		}
		r.account.Ignored++
		r.blocks++
		return
	}
	inner := unreturned(r.wrapped.Inner)
	if len(s.parts) > 0 {
		s.parts = append(s.parts, inner...)
		inner = s.parts
		defer func() { s.parts = s.parts[:0] }()
	}
	r.inner(s, inner, r.line)
}

// exported reads the message of a finished record of the journal's export format. Its line was counted as
// ignored when it passed.
func (r *reader) exported() {
	line, ok := r.export.Take(&r.wrapped)
	if !ok {
		return
	}
	r.account.Ignored--
	r.blocks--
	r.inner(r.streamOf(&r.wrapped), unreturned(r.wrapped.Inner), line)
}

// inner reads a line out of its wrapper, or one without a wrapper, in which case r.wrapped holds nothing.
func (r *reader) inner(s *stream, line []byte, number int32) {
	w, h := &r.wrapped, &r.header
	at := place{line: number, outer: table.Null}
	if w.Clock == table.ClockUTC {
		at.outer = w.At
	}
	if r.parse(s, line, h) {
		if r.found > 0 && len(w.Source) == 0 {
			if name := prefixName(line[:r.found]); name != nil {
				s = r.streamOf(&wrap.Line{Source: name})
			}
		}
		r.complete(h, w)
		at.at = h.Stamp
		r.event(s, at)
		return
	}
	if len(bytes.TrimSpace(line)) == 0 {
		r.ignore(s)
		return
	}
	if s.block != noBlock && r.raw(s, line) {
		return
	}
	if !bytes.ContainsFunc(line, isWritten) {
		r.ignoreBlock(s) // a rule, or dots for what was left out
		return
	}
	if w.Syslog && ofNoInterest(line) {
		r.ignoreBlock(s)
		return
	}
	if w.Role != "" || w.Syslog && serverName(w.Source) || w.At.Known() && r.known.knows(line) {
		// The wrapper says all that a header says: syslog and managed services keep none.
		*h = logline.Header{Form: logline.Full, PID: w.PID, Role: w.Role, Level: w.Level, Stamp: w.At, Clock: w.Clock, Message: line}
		at.at = h.Stamp
		r.sure++
		r.event(s, at)
		return
	}
	if w.Syslog {
		r.beside(s, line, at) // another programme's line in the same journal
		return
	}
	if f := frameOf(line); f != noFrame || r.known.knows(line) {
		r.meaning(s, line, f, number)
		return
	}
	if r.continues(s, line) {
		r.account.Ignored++
		r.blocks++
		return
	}
	if ofNoInterest(line) {
		r.ignoreBlock(s)
		return
	}
	s.open = false
	if s.foreign && s.records == 0 {
		r.account.Ignored++ // the source is another programme
		return
	}
	r.problem(number, line)
}

// beside reads a line of another programme in a server's journal. The kernel and the service manager may
// tell of the server's end, as far as the catalogue knows their words.
func (r *reader) beside(s *stream, line []byte, at place) {
	w, h := &r.wrapped, &r.header
	if name := string(w.Source); name == "kernel" || name == "systemd" {
		if name == "kernel" && len(line) > 0 && line[0] == '[' { // "[12345.678901] ", since boot
			if _, after, ok := bytes.Cut(line, []byte("] ")); ok {
				line = after
			}
		}
		if server := r.serverOn(string(w.Host)); server != nil && r.known.knows(line) {
			*h = logline.Header{Form: logline.Full, PID: table.Null, Level: w.Level, Stamp: w.At, Clock: w.Clock, Message: line}
			at.at = h.Stamp
			r.event(server, at)
			return
		}
	}
	r.ignore(s)
}

// parse reads a header in any form that may be trusted.
func (r *reader) parse(s *stream, line []byte, h *logline.Header) bool {
	r.found = 0
	if s.parser.Parse(line, h) {
		r.sure++
		return true
	}
	if s.parser.ParsePasted(line, h) {
		switch h.Form {
		case logline.Bare:
			// A list item or a heading looks the same.
			ok := s.block == noBlock && (s.bareOK || r.wrapped.Syslog && serverName(r.wrapped.Source) || r.known.knows(h.Message))
			s.bareOK = s.bareOK || ok
			return ok
		default:
			r.sure++
			return true
		}
	}
	if r.found = s.parser.Find(line, h); r.found > 0 {
		r.sure++
		if line[r.found-1] == '"' {
			h.Message = quoted(h.Message)
		}
		return true
	}
	return false
}

// complete fills in from the wrapper what a header lacks.
func (r *reader) complete(h *logline.Header, w *wrap.Line) {
	if h.Stamp == table.Null {
		h.Stamp, h.Clock = w.At, w.Clock
	}
	if h.PID == table.Null {
		h.PID = w.PID
	}
	if h.Role == "" {
		h.Role = w.Role
	}
	if h.Level == "" {
		h.Level = w.Level
	}
}

// raw reads a line without a header inside a raw block; it is false if the line is no part of it.
func (r *reader) raw(s *stream, line []byte) bool {
	if f := frameOf(line); f != noFrame {
		r.enter(s, f)
		if f == crashBegins && bytes.Contains(line, []byte("BUG REPORT START")) {
			return false // a fault within the report begins another
		}
	} else if s.block == inInfo {
		s.keep(line, r.line)
	}
	r.ignoreBlock(s)
	return true
}

// meaning takes a message that stands without a header.
func (r *reader) meaning(s *stream, line []byte, f frame, number int32) {
	r.enter(s, f)
	w := r.known.of(line)
	if w.kind == message.Other {
		r.ignoreBlock(s) // the mark of a block
		return
	}
	r.account.Records++
	s.records++
	s.open = false
	if f == crashBegins && len(s.held) < maxHeld {
		s.held = append(s.held, held{text: w.raw, line: number})
		return
	}
	h := logline.Header{PID: table.Null, Stamp: table.Null, Clock: table.ClockNone, Message: line}
	if n := len(s.fold.ring); n > 0 {
		e := &s.fold.ring[s.fold.last]
		h.PID, h.Role, h.Stamp, h.Clock = e.pid, e.role, e.last.at, e.clock
	}
	at := place{line: number, at: h.Stamp, outer: table.Null}
	if !s.fold.again(&h, at) {
		r.say(s, &h, at)
	}
}

// release gives the held lines the stamp of the line behind them.
func (r *reader) release(s *stream, next *logline.Header, at place) {
	for _, l := range s.held {
		h := *next
		h.Level, h.Message = "", []byte(l.text)
		p := place{line: l.line, at: at.at, outer: at.outer}
		if !s.fold.again(&h, p) {
			r.say(s, &h, p)
		}
	}
	s.held = s.held[:0]
}

func (r *reader) ignore(s *stream) {
	s.open = false
	r.account.Ignored++
}

func (r *reader) ignoreBlock(s *stream) {
	r.blocks++
	r.ignore(s)
}

// problem rejects a line.
func (r *reader) problem(number int32, line []byte) {
	r.account.Rejected++
	if r.told++; r.told > maxProblems {
		r.unread++
		r.lastLine = number
		return
	}
	reason := "not a log line: no header, no known message"
	if !printable(line) {
		reason = "not a log line: not text"
	}
	r.reject(number, reason, line)
}

func (r *reader) reject(number int32, reason string, line []byte) {
	if r.out == nil {
		return
	}
	r.out.Problems.Append(&table.Problem{
		Origin: table.Origin{Instance: r.in.Origin.Instance, File: r.in.Origin.File, Line: number},
		Reason: reason, Text: legible(line, 200, ""),
	})
}

// finish gives out what is still waiting.
func (r *reader) finish() {
	r.exported()
	for _, s := range r.order {
		if len(s.parts) > 0 {
			// The last part never came: what is there is read as a line, which was counted before.
			r.account.Ignored--
			r.blocks--
			r.wrapped = wrap.Line{At: table.Null, Clock: table.ClockNone, PID: table.Null}
			r.inner(s, s.parts, r.line)
		}
		if len(s.held) > 0 {
			r.release(s, &logline.Header{PID: table.Null, Stamp: table.Null, Clock: table.ClockNone}, place{at: table.Null, outer: table.Null})
		}
		r.dump(s)
		r.flush(s)
	}
	if r.unread > 0 {
		r.reject(r.lastLine, fmt.Sprintf("not log lines: %d more up to here", r.unread), nil)
	}
}
