package info

import (
	"bytes"
	"strings"

	"psyncope/ingest/table"
)

// finish ends the current dump before buf[at], puts its rows out and makes it the dump before.
func (r *Reader) finish(at int, eof bool) {
	if r.loose > 0 {
		r.problem(r.lineNo+int32(r.k), "dump longer than 32768 lines or 4 MiB: the rest was not read", nil)
		r.acc.Rejected += int64(r.loose)
		r.lineNo += int32(r.loose)
		r.loose = 0
		r.next(at)
		return
	}
	if r.k == 0 {
		return
	}
	if r.k < len(r.lengths) {
		clear(r.lines[r.k:])
		r.lengths, r.lines = r.lengths[:r.k], r.lines[:r.k]
		r.edited = true
	}
	cut := eof && r.cut
	if cut {
		r.distrust(at)
	}
	if r.edited {
		r.relearn()
	}
	r.state.Line = r.lineNo
	if r.special > 0 || !r.whole {
		r.settle(eof)
	}
	if r.whole {
		r.emit(eof)
	}
	r.lineNo += int32(r.k)
	if cut { // nothing is compared with a line that may be half of one
		r.k--
		at -= int(r.lengths[r.k])
		r.lengths, r.lines = r.lengths[:r.k], r.lines[:r.k]
	}
	r.next(at)
	r.edited = cut
}

// next makes the lines before buf[at] the dump before.
func (r *Reader) next(at int) {
	if r.edited || r.replan {
		r.draw()
	}
	r.prev, r.prevEnd, r.pline = r.start, at, r.start
	r.at, r.from = 0, r.start
	r.start, r.cline = at, at
	r.k, r.marked, r.body, r.dated, r.edited = 0, 0, false, false, false
	r.gen++
	r.counts, r.others = r.counts[:0], r.others[:0]
}

// relearn draws the conclusions of a change among the lines: which columns say nothing any more, where the
// replicas stand, and which lines need a look at each dump.
func (r *Reader) relearn() {
	r.mark(r.k)
	for i := 1; i < len(r.known); i++ {
		if l := &r.known[i]; r.seen[i] != r.gen && (l.twin == 0 || r.seen[l.twin] != r.gen) {
			l.forget()
		}
	}
	if !r.dated {
		r.collect = table.Null
	}
	r.whole = r.body
	r.replicas, r.special = r.replicas[:0], 0
	dates := 0
	for i := range r.lines {
		l := &r.lines[i]
		switch l.class {
		case classReplica:
			r.replicas = append(r.replicas, i)
		case classDate:
			dates++
		case classFailed, classStrange:
			r.special++
		}
		if l.bad || dates > 1 {
			r.special++
		}
	}
	if r.several && dates == 1 {
		r.redate()
	}
	r.several = dates > 1
}

// redate reads the current dump's only date again: a line that is like one of several in the dump before was passed over, and another of them was
// the last to be read.
func (r *Reader) redate() {
	at := r.start
	for i := range r.lines {
		b := r.buf[at : at+int(r.lengths[i])]
		at += len(b)
		if r.lines[i].class == classDate {
			r.collect, _, _ = lineDate(b)
		}
	}
}

// distrust takes back the value of the last line, which the input ended inside of: 12 may be half of 1234. Many
// collectors leave out the last line end, so that a field which ends a section is believed, and so is a line
// whose numbers are followed by more.
func (r *Reader) distrust(at int) {
	l := &r.lines[r.k-1]
	b := r.buf[at-int(r.lengths[r.k-1]) : at]
	switch l.class {
	case classInt, classReal, classText:
		if l.last || l.bad {
			return
		}
		l.forget()
	case classReplica:
		if !l.slot.LagSeconds.Known() {
			l.slot.Offset = table.Null
		}
		return
	case classCount:
		n := len(r.counts)
		if bytes.Contains(b, []byte(",usec_per_call=")) || n == 0 || r.counts[n-1].Line != r.lineNo+int32(r.k-1) {
			return
		}
		r.counts = r.counts[:n-1]
	default:
		return
	}
	r.edited = true
	r.problem(r.lineNo+int32(r.k-1), "the input ends inside this line: its value is not taken", b)
	r.acc.Rejected++
}

// emit puts the rows of the dump out.
func (r *Reader) emit(eof bool) {
	s := &r.state
	s.Version, s.Flavor = s.redisVersion, ""
	if s.redisVersion != "" {
		s.Flavor = "redis"
	}
	if s.valkeyVersion != "" {
		s.Version, s.Flavor = s.valkeyVersion, "valkey"
	}
	s.Collected = r.collect
	if !s.Collected.Known() && r.dumps == 0 {
		s.Collected = r.named
	}
	s.ServerTime = table.Micros(s.serverTime)
	switch {
	case s.serverTime.Known():
		s.At, s.Dated = s.ServerTime, "server_time"
	case r.collect.Known():
		s.At, s.Dated = r.collect, "line"
	case s.Collected.Known():
		s.At, s.Dated = s.Collected, "name"
	case eof && r.in.ModTime.Known():
		s.At, s.Dated = r.in.ModTime, "mtime"
	default:
		s.At, s.Dated = table.Null, ""
	}
	switch s.Role { // Dragonfly and others have the new words
	case "replica":
		s.Role = "slave"
	case "primary":
		s.Role = "master"
	}
	r.dumps++
	r.acc.Records++
	r.acc.Saw(s.At)
	r.out.Samples.Append(&s.Sample)
	for _, i := range r.replicas {
		p := r.lines[i].slot
		if p.Addr == "" {
			continue
		}
		p.Origin, p.At = r.in.Origin, s.At
		p.Line = r.lineNo + int32(i)
		r.out.Replicas.Append(p)
	}
	for i := range r.counts {
		p := &r.counts[i]
		line := p.Line
		p.Origin, p.At = r.in.Origin, s.At
		p.Line = line
		r.out.Statistics.Append(p)
	}
	for i := range r.others {
		p := &r.others[i]
		line := p.Line
		p.Origin, p.At = r.in.Origin, s.At
		p.Line = line
		r.out.Fields.Append(p)
	}
	clear(r.others)
}

// sameDate is how near two dates stand that date one dump twice ("Sun Nov 22 ..." and the epoch below it).
const sameDate = 900 * table.Second / 1000

// settle looks at the lines that are no part of a dump: failed collects before it, strange lines in it. It runs
// only where there are such lines.
func (r *Reader) settle(eof bool) {
	at, date, dateNo := r.start, table.Micros(table.Null), int32(0)
	body, answered := false, false
	var failed, noise table.Event
	flush := func() {
		if failed.Text != "" {
			r.out.Events.Append(&failed)
			r.acc.Saw(failed.Stamp)
		}
		failed.Text = ""
	}
	for i := range r.k {
		l, no := &r.lines[i], r.lineNo+int32(i)
		b := r.buf[at : at+int(r.lengths[i])]
		at += len(b)
		if !body && l.opens() {
			body = true
			r.state.Line = no
			if dateNo > 0 {
				r.state.Line = dateNo
			}
			r.collect = date
		}
		switch {
		case l.class == classDate:
			t, _, _ := lineDate(b)
			flush()
			if !answered && date.Known() && (t-date >= sameDate || date-t >= sameDate) {
				failed = noise
				if failed.Text == "" {
					failed = r.failure(dateNo, date, r.textOf(dateNo))
					failed.Detail = "no answer"
				}
				flush()
			}
			date, dateNo, answered, noise = t, no, false, table.Event{}
			r.acc.Ignored++
			continue
		case l.class == classFailed:
			answered = true
			text := clip(trimEnd(trimQuote(b)))
			switch {
			case failed.Text == "":
				failed = r.failure(no, r.stampFor(b, date, eof), text)
			case failed.Text == text || failed.Detail == text:
				failed.Count++
			case strings.HasPrefix(failed.Text, "Traceback"):
				failed.Detail = text
			default:
				flush()
				failed = r.failure(no, r.stampFor(b, date, eof), text)
			}
			failed.LastLine = no
		case l.bad:
			r.problem(no, "value cannot be read: left out", b)
			r.acc.Rejected++
			continue
		case l.class == classStrange && body:
			r.problem(no, "no line of INFO", b)
			r.acc.Rejected++
			continue
		case l.class == classStrange && noise.Text == "" && !answered:
			noise = r.failure(no, r.stampFor(b, date, eof), clip(trimEnd(trimQuote(b))))
		}
		if !body || l.class == classPrompt {
			r.acc.Ignored++
		}
	}
	flush()
	if !body && eof && noise.Text != "" {
		if noise.Stamp.Known() {
			failed = noise
			flush()
		} else {
			r.problem(noise.Line, "no line of INFO, and no dump follows", []byte(noise.Text))
			r.acc.Ignored--
			r.acc.Rejected++
		}
	}
}

// stampFor is the collector's date of a failed collect.
func (r *Reader) stampFor(line []byte, before table.Micros, eof bool) table.Micros {
	own, n := date(line)
	switch {
	case n > 0 && n < len(line) && line[n] == ' ': // "2026-11-22T18:45:30Z no answer: ..."
		return own
	case before.Known():
		return before
	case r.dumps > 0:
		return table.Null
	case r.named.Known():
		return r.named
	case eof:
		return r.in.ModTime
	}
	return table.Null
}

func (r *Reader) failure(line int32, stamp table.Micros, text string) table.Event {
	e := table.Event{
		Origin: r.in.Origin, Stamp: stamp, Clock: table.ClockUTC, Outer: table.Null, PID: table.Null, Kind: table.CollectFailed,
		Offset: table.Null, Bytes: table.Null, Number: table.Null, Detail: text, Text: text, Count: 1, LastLine: line, LastStamp: stamp,
	}
	e.Line = line
	if !stamp.Known() {
		e.Clock = table.ClockNone
	}
	// redis-cli: "Could not connect to Redis at 10.0.0.1:6379: Connection refused"
	if _, rest, ok := strings.Cut(text, " at "); ok {
		if peer, _, ok := strings.Cut(rest, ": "); ok && !strings.Contains(peer, " ") {
			e.Peer = peer
		}
	}
	return e
}

// textOf is line number no of the current dump, which begins at buf[start:].
func (r *Reader) textOf(no int32) string {
	at := r.start
	for i := range int(no - r.lineNo) {
		at += int(r.lengths[i])
	}
	return clip(trimEnd(r.buf[at : at+int(r.lengths[no-r.lineNo])]))
}

// problem puts a row of Problems out, the first maxTold of a file.
func (r *Reader) problem(line int32, reason string, text []byte) {
	r.in.Refuse(line)
	if r.told++; r.told > maxTold {
		return
	}
	if r.told == maxTold {
		reason, text = "more lines like these: counted, not shown", nil
	}
	p := table.Problem{Origin: r.in.Origin, Reason: reason, Text: clip(trimEnd(text))}
	p.Line = line
	r.out.Problems.Append(&p)
}

func clip(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), maxText)]), "?")
}
