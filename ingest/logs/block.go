package logs

import (
	"bytes"

	"psyncope/ingest/logline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

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

// inBlock reports whether a line with a header counts as a message though a raw block is open: those of
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
