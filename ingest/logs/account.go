package logs

import (
	"fmt"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
	"psyncope/ingest/wrap"
)

// maxProblems is how many rejected lines of one file get a row of their own; the rest are counted.
const maxProblems = 100

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
	r.in.Refuse(number)
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
