package timeline

import (
	"sort"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// LifeAfter is the life after another; nil behind the last.
func (h *Host) LifeAfter(l *Life) *Life {
	for i := range h.Lives[:max(len(h.Lives)-1, 0)] {
		if &h.Lives[i] == l {
			return &h.Lives[i+1]
		}
	}
	return nil
}

// FirstSeen is when the host's evidence begins.
func (h *Host) FirstSeen() micros {
	t := unknown
	for i := range h.Events {
		if h.Events[i].At != unknown {
			t = h.Events[i].At
			break
		}
	}
	if len(h.Samples) > 0 && (t == unknown || h.Samples[0].At < t) {
		t = h.Samples[0].At
	}
	return t
}

// FirstLine is when the host's log begins.
func (h *Host) FirstLine() micros {
	for i := range h.Events {
		if h.Events[i].At != unknown {
			return h.Events[i].At
		}
	}
	return unknown
}

// Life is one process's time from its start to its end.
type Life struct {
	Span
	// start is the event or sample that shows the start; end the one that shows the end. Either may be nil.
	StartEv, EndEv *Event
	// How it ended: "" (still running, or unseen), "shutdown", "crash", "gone" (the next start follows in the log without a
	// farewell), "ended" (the evidence does not reach to its end).
	How   string
	Ready micros // when it last said that it takes connections; unknown where its log does not
	runID string
}

// Logged reports whether the server's own log tells that the process ended: by its farewell, or by the next start after its last line.
func (l *Life) Logged() bool { return l != nil && (l.EndEv != nil || l.How == "gone") }

// livesOf splits a host's evidence into process lives: start markers in the log, run ids in INFO.
func livesOf(h *Host) []Life {
	l := lives{h: h, cur: Life{Span: Span{unknown, unknown}, Ready: unknown}, pid: table.Int(table.Null), until: map[table.Int]micros{}}
	for i := range h.Events {
		if e := &h.Events[i]; e.ofMain() {
			l.until[e.PID] = e.At // they lie in the order of time
		}
	}
	for i := range h.Events {
		l.hear(i)
		if e := &h.Events[i]; e.ofMain() {
			l.pid = e.PID
		}
	}
	l.out = append(l.out, l.cur)
	if len(l.out) > 1 || l.out[0].StartEv != nil || l.out[0].How != "" {
		return l.out
	}
	return livesOfDumps(h)
}

// lives gathers a log's processes, line by line.
type lives struct {
	h     *Host
	out   []Life
	cur   Life
	heard bool                 // the log holds lines of the process before
	pid   table.Int            // of the last line of a main thread; Null before one
	until map[table.Int]micros // when each process's main thread wrote last
}

func (l *lives) hear(i int) {
	e, cur := &l.h.Events[i], &l.cur
	if i > 0 && Awake(&l.h.Events[i-1]) && e.At-l.h.Events[i-1].At > BannerLead || cur.StartEv != nil {
		l.heard = true
	}
	switch {
	case i == 0 && e.Is(message.Begins) && !e.Is(message.Starts):
		cur.From, cur.StartEv = e.At, e // the log begins in the middle of a start
	case e.Is(message.Starts), e.Is(message.Banner) && (cur.StartEv == nil || e.At-cur.From > BannerLead || cur.StartEv.Is(message.Banner)):
		l.begin(i)
	case e.Is(message.AskedToEnd) && (cur.How == "" || cur.How == "shutdown"):
		cur.How, cur.To, cur.EndEv = "shutdown", e.At, e
	case e.Is(message.Crash) && cur.How != "crash":
		cur.How, cur.To, cur.EndEv = "crash", e.At, e
	}
	if e.Kind == message.ServerReady {
		l.cur.Ready = e.At
	}
}

// begin ends the life before, if there was one, with how its evidence ends.
func (l *lives) begin(i int) {
	e := &l.h.Events[i]
	if livedThrough(l.h, e.At) || l.speaksOn(e) {
		return // the line is another process's, or stands where it was not written
	}
	if l.cur.StartEv != nil || len(l.out) > 0 || sawBefore(l.h, e) {
		if l.cur.How == "" {
			l.cur.How, l.cur.To = "ended", lastBefore(l.h, i)
			if l.heard {
				l.cur.How = "gone" // its log reaches to its end and holds no farewell
			}
		}
		l.out = append(l.out, l.cur)
	}
	l.cur, l.heard = Life{Span: Span{e.At, unknown}, StartEv: e, Ready: unknown}, false
}

// speaksOn reports whether the process that a start would follow goes on writing after it: then it is another server's start.
func (l *lives) speaksOn(start *Event) bool {
	return l.pid.Known() && l.pid != start.PID && l.until[l.pid] > start.At
}

// livesOfDumps is for a log without a start line: a changed run id shows a restart within the gap between two dumps.
func livesOfDumps(h *Host) []Life {
	var out []Life
	var prev *Sample
	cur := Life{Span: Span{unknown, unknown}, Ready: unknown}
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.RunID == "" {
			continue
		}
		if prev != nil && prev.RunID != s.RunID {
			cur.To, cur.How = prev.At, "ended"
			out = append(out, cur)
			start := s.At
			if s.Uptime.Known() {
				start -= micros(s.Uptime) * second
			}
			cur = Life{Span: Span{start, unknown}, Ready: unknown, runID: s.RunID}
		}
		prev = s
	}
	return append(out, cur)
}

// BannerLead is how long before its banner a starting server may already write: warnings about the host come first (7.2).
const BannerLead = 5 * second

// sawBefore reports whether the host was seen as an earlier process before a start: by a line of its log, or a dump. What stands behind
// the start in the same file was written later, whatever its time, and a dump of the process that started is none of an earlier one.
func sawBefore(h *Host, start *Event) bool {
	for i := range h.Events {
		e := &h.Events[i]
		if e.At >= start.At-BannerLead {
			break
		}
		if e.At != unknown && e.PID.Known() && (e.File != start.File || e.Line < start.Line) {
			return true
		}
	}
	after := runIDAfter(h, start.At)
	for i := range h.sampleAt(start.At) {
		s := &h.Samples[i]
		if s.At == unknown {
			continue
		}
		other := s.RunID != "" && after != "" && s.RunID != after
		if other || s.At < start.At-BannerLead && s.RunID != after && (s.RunID != "" || after == "") {
			return true
		}
	}
	return false
}

// livedThrough reports whether dumps on both sides of a moment are of the same process.
func livedThrough(h *Host, at micros) bool {
	before := ""
	for i := h.sampleAt(at - MinuteApart); i < len(h.Samples) && h.Samples[i].At <= at+MinuteApart; i++ {
		s := &h.Samples[i]
		if s.RunID == "" {
			continue
		}
		if s.At > at+BannerLead {
			return before == s.RunID
		}
		if s.At < at-BannerLead {
			before = s.RunID
		}
	}
	return false
}

// runIDAfter is the run id in the first dump after a moment that has one.
func runIDAfter(h *Host, at micros) string {
	for i := h.sampleAt(at); i < len(h.Samples); i++ {
		if s := &h.Samples[i]; s.RunID != "" {
			return s.RunID
		}
	}
	return ""
}

// lastBefore is the last sign of the process before the start that line i is: what the starting one wrote before its banner is none.
func lastBefore(h *Host, i int) micros {
	start, t := &h.Events[i], unknown
	early := start.At - BannerLead
	for j := i - 1; j >= 0 && t == unknown; j-- {
		e := &h.Events[j]
		if e.At != unknown && (e.At < early || e.At < start.At && e.PID.Known() && e.PID != start.PID) {
			t = e.Last
		}
	}
	// A dump dated in whole seconds may seem to lie before the start of the process that gave it.
	if k := h.sampleAt(early - TwoTicks); k > 0 {
		t = max(t, h.Samples[k-1].At)
	}
	return t
}

// LastSeen is the last sign of the host.
func (h *Host) LastSeen() micros {
	t := unknown
	if n := len(h.Events); n > 0 {
		t = h.Events[n-1].Last
	}
	if n := len(h.Samples); n > 0 {
		t = max(t, h.Samples[n-1].At)
	}
	return t
}

// LifeAt is the life that begins at this moment; nil where none does.
func (h *Host) LifeAt(at micros) *Life {
	for i := range h.Lives {
		if h.Lives[i].From == at {
			return &h.Lives[i]
		}
	}
	return nil
}

// LifeIn is the life that a moment lies in, or the last one before it.
func (h *Host) LifeIn(at micros) *Life {
	i := sort.Search(len(h.Lives), func(i int) bool { return h.Lives[i].From > at })
	if i == 0 {
		return nil
	}
	return &h.Lives[i-1]
}

// LifeBefore is the life before another; nil before the first.
func (h *Host) LifeBefore(l *Life) *Life {
	for i := 1; i < len(h.Lives); i++ {
		if &h.Lives[i] == l {
			return &h.Lives[i-1]
		}
	}
	return nil
}

// RestartedWithin reports whether the log shows a start between two moments.
func (h *Host) RestartedWithin(from, to micros) bool {
	for _, l := range h.Lives {
		if l.StartEv != nil && l.From >= from && l.From <= to {
			return true
		}
	}
	return false
}

// strangers finds lines of another server's among the host's own, once they lie in order of time: a process that another one followed
// does not come back.
func (h *Host) strangers() (found []table.Origin) {
	var all, one returns // of all files; of one
	file := ""
	for i := range h.Events {
		e := &h.Events[i]
		if !e.ofMain() {
			continue
		}
		if e.File != file {
			file, one = e.File, returns{}
		}
		if all.again(e.PID) {
			found = append(found, e.Origin)
		}
		one.again(e.PID)
		h.mixed = h.mixed || one.n >= mixedReturns
	}
	return found
}

// Mixed reports whether one file of the host's has the lines of processes that lived at the same time: a process speaks, another does, and
// the first again, again and again. Then its lines are several servers', and nothing tells them apart.
func (h *Host) Mixed() bool { return h.mixed }

// returns counts how often a process comes back that another one followed.
type returns struct {
	seen map[table.Int]bool
	last table.Int
	n    int
}

func (r *returns) again(pid table.Int) bool {
	if r.seen == nil {
		r.seen = map[table.Int]bool{}
	} else if pid == r.last {
		return false
	}
	back := r.seen[pid]
	r.seen[pid], r.last = true, pid
	if back {
		r.n++
	}
	return back
}
