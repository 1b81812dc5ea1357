package logs

import (
	"bytes"

	"psyncope/ingest/logline"
	"psyncope/ingest/message"
)

// maxJoins is how many lines are joined to one message: texts that scripts log have many.
const maxJoins = 64

// continues joins a line without a header to the message before it, if that one is not all there or its free
// end can go on.
//
// A message that the catalogue knows to be complete goes on only where the line is indented below it:
// else any stray line would end up in an error's text.
func (r *reader) continues(s *stream, line []byte) bool {
	if !s.open || s.joins >= maxJoins || !printable(line) || len(s.fold.ring) == 0 {
		return false
	}
	e := &s.fold.ring[s.fold.last]
	before := e.what
	if len(before.raw) >= maxRaw {
		return false
	}
	complete := before.kind != message.Other && !before.cut
	indented := line[0] == ' ' || line[0] == '\t'
	if complete && !indented {
		return false
	}
	text := bytes.TrimSpace(line)
	// A terminal cuts inside words, people cut between them.
	for _, blank := range [...]string{"", " "} {
		r.joined = append(append(append(r.joined[:0], before.raw...), blank...), text...)
		w := r.known.of(r.joined)
		switch {
		case w.kind == message.Other:
			continue
		case complete && (w.kind != before.kind || w.detail == before.detail && w.cut == before.cut):
			continue // the same message with rubbish behind it
		}
		r.rejoin(s, e)
		return true
	}
	if complete || drawing(text) || stackLine(text) {
		return false
	}
	r.joined = append(append(append(r.joined[:0], before.raw...), ' '), text...)
	r.rejoin(s, e)
	return true
}

// rejoin says the last message anew, as r.joined has it.
func (r *reader) rejoin(s *stream, e *entry) {
	h := logline.Header{PID: e.pid, Role: e.role, Level: e.level, Stamp: e.last.at, Clock: e.clock, Message: r.joined}
	at := e.last
	s.fold.undo()
	if !s.fold.again(&h, at) {
		r.say(s, &h, at)
	}
	s.joins++
}

// printable reports whether a line is text.
func printable(line []byte) bool {
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
