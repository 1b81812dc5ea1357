package logs

import (
	"bytes"

	"psyncope/ingest/artifact"
	"psyncope/ingest/kernel"
	"psyncope/ingest/logline"
	"psyncope/ingest/table"
	"psyncope/ingest/wrap"
)

// reader reads one log.
type reader struct {
	in      artifact.Input
	out     *table.Case // nil where only the account is asked for
	account artifact.Account
	line    int32
	sure    int // lines with a header that only a server writes
	blocks  int // lines of raw blocks, and those joined to others: ignored, but a log's

	doubled doubled
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

// event takes the message that r.header holds. It reports whether that was said before in this second, and nothing else
// of the stream is waiting for what comes next.
func (r *reader) event(s *stream, at place) bool {
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
			return false
		}
	}
	s.open, s.joins = true, 0
	if s.fold.again(h, at) {
		return s.block == noBlock
	}
	r.say(s, h, at)
	return false
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
	if r.shorn(s, line, at) {
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

// shorn reads a line of whose header a shipper left a part, if its message is known.
func (r *reader) shorn(s *stream, line []byte, at place) bool {
	w, h := &r.wrapped, &r.header
	prefix, ok := s.parser.Shorn(line, h)
	if !ok || w.Syslog && h.Role == "" || !r.known.knows(h.Message) {
		return false
	}
	if h.Role != "" {
		r.sure++
		if name := prefixName(prefix); name != nil && len(w.Source) == 0 {
			s = r.streamOf(&wrap.Line{Source: name})
		}
	}
	r.complete(h, w)
	at.at = h.Stamp
	r.event(s, at)
	return true
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
		server := r.serverOn(string(w.Host))
		if name == "kernel" && server != nil && r.kernelSays(server, line, at) {
			return
		}
		if server != nil && r.known.knows(line) {
			*h = logline.Header{Form: logline.Full, PID: table.Null, Level: w.Level, Stamp: w.At, Clock: w.Clock, Message: line}
			at.at = h.Stamp
			r.event(server, at)
			return
		}
	}
	r.ignore(s)
}

// kernelSays keeps what the kernel says of the host under a server.
func (r *reader) kernelSays(s *stream, line []byte, at place) bool {
	kind, _ := kernel.Said(string(line))
	if kind == "" {
		return false
	}
	if r.out == nil { // a look at the head
		r.ignore(s)
		return true
	}
	e, _ := kernel.Event(table.Origin{Instance: s.name, File: r.in.Origin.File, Line: at.line}, string(line), r.wrapped.At, r.wrapped.Clock)
	r.out.Events.Append(&e)
	r.account.Records++
	return true
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
