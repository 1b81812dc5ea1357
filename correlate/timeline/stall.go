package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/message"
)

// Stall is a time in which a server did nothing for its replicas: its event loop was held.
type Stall struct {
	Span
	// AtLeast and atMost bound its length: a gap between dumps is longer than the stall by up to two intervals.
	AtLeast, AtMost micros
	Gap             bool // seen as a hole in the server's own INFO series
	Before, After   *Sample
	Because         []Explanation
}

// Explanation is something of the server's own that held its event loop.
type Explanation struct {
	Kind string // slow-command, slow-script, fork-stall, aof-fsync-stall; own-save: a snapshot that some command had it write itself
	Span
	Exact  bool // its beginning is known to a second
	Aloud  bool // the server says so in its log
	Resync bool // it was done for a replica that asked to continue: some link had been lost before
	// Asker is the address of the replica that a full resync's fork was done for; empty where the slowlog does not name it.
	Asker string
	Waits bool // it sleeps, and would take as long on any machine
	// Lent is how much of it went to waiting for what the machine lacked: the same work would have been done without it.
	Lent     micros
	Summary  string
	Culprit  string // what was run and by whom, and what that did, as a headline says it; empty where the evidence names no call
	Evidence []diagnosis.Evidence
}

// Own is how long it would have taken on a machine that lacked nothing.
func (e *Explanation) Own() micros { return e.To - e.From - e.Lent }

// WorthASecond is the shortest hold that is looked at: the servers' own link timers tick once a second
// (redis 7.4.1 replication.c replicationCron), so nothing shorter can cost a link by itself.
const WorthASecond = second

// FindStalls gathers the times a host stood still and what of its own explains them.
func (h *Host) FindStalls() {
	var ex []Explanation
	ex = append(ex, h.slowCommands()...)
	ex = append(ex, h.slowScripts()...)
	ex = append(ex, h.slowForks()...)
	ex = append(ex, h.slowFsyncs()...)
	for i := range ex {
		if e := &ex[i]; !e.Waits && e.Kind != "aof-fsync-stall" && e.To-e.From >= WorthASecond {
			// Its ends are known to a whole second.
			var but []diagnosis.Resource
			if e.Kind == "fork-stall" {
				but = append(but, diagnosis.Memory) // to find room for the tables of all pages is what a fork does
			}
			e.Lent = min(e.To-e.From, h.Lent(Span{e.From - WholeSecond, e.To + WholeSecond}, but...))
		}
	}
	h.Holds = ex
	out := h.gaps()
	ex = append(ex, h.ownSaves(out)...)
	for _, e := range ex {
		placed := false
		for i := range out {
			s := &out[i]
			// The hold lies in the hole, and fills a good part of it. A hole may be wider by an interval on each side.
			if s.Gap && e.Overlaps(Span{s.From - TwoTicks, s.To + TwoTicks}) && e.To-e.From >= min(s.AtLeast, s.AtMost)/2 {
				s.Because = append(s.Because, e)
				placed = true
			}
		}
		if !placed && e.To-e.From >= WorthASecond {
			out = append(out, Stall{Span: e.Span, AtLeast: e.To - e.From, AtMost: e.To - e.From, Because: []Explanation{e}})
		}
	}
	for i := range out {
		s := &out[i]
		slices.SortStableFunc(s.Because, func(a, b Explanation) int { return cmp.Compare(b.To-b.From, a.To-a.From) })
		// An exact account of the hold narrows the hole.
		for _, e := range s.Because {
			if e.Exact && e.From >= s.From-TwoTicks {
				s.From, s.To = e.From, e.To
				break
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Stall) int { return cmp.Compare(a.From, b.From) })
	h.Stalls = joinStalls(out)
}

// ownSaves finds snapshots that a server wrote itself while nobody got an answer of it: whoever asked for one with SAVE, DEBUG RELOAD or FLUSHALL
// held everyone else (redis 7.4.1 rdb.c rdbSave). Its log has the end alone.
func (h *Host) ownSaves(holes []Stall) (out []Explanation) {
	next := 0
	for i := range h.Events {
		e := &h.Events[i]
		for next < len(holes) && holes[next].To < e.At {
			next++
		}
		if next == len(holes) {
			break
		}
		if s := &holes[next]; e.Kind == message.RdbSaved && (e.Role == "M" || e.Role == "S") && e.At > s.From {
			out = append(out, Explanation{
				Kind: "own-save", Span: Span{s.From, e.At}, Evidence: []diagnosis.Evidence{e.Evidence(), s.After.Evidence("the first dump after the hole")},
				Summary: fmt.Sprintf("%s wrote a snapshot itself, as SAVE, DEBUG RELOAD and FLUSHALL ask for, and answered nobody meanwhile", h.Name),
			})
		}
	}
	return out
}

// joinStalls makes one of stalls that overlap: the slowlog, LATENCY and INFO tell of the same hold.
func joinStalls(in []Stall) []Stall {
	var out []Stall
	for _, s := range in {
		if n := len(out); n > 0 && s.From < out[n-1].To-second/2 {
			last := &out[n-1]
			last.Because = append(last.Because, s.Because...)
			last.To = max(last.To, s.To)
			last.AtLeast, last.AtMost = max(last.AtLeast, s.AtLeast), max(last.AtMost, s.AtMost)
			if s.Gap && !last.Gap {
				last.Gap, last.Before, last.After = true, s.Before, s.After
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// gaps are the holes in the host's INFO series through which the same process lived on.
func (h *Host) gaps() []Stall {
	step := h.Interval()
	if step == 0 {
		return nil
	}
	var out []Stall
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		d := b.At - a.At
		// One dump missing is a hole; less is the collector's jitter.
		if d < step*Hole/10 || d < TwoTicks {
			continue
		}
		if a.RunID != "" && b.RunID != "" && a.RunID != b.RunID || h.RestartedWithin(a.At, b.At) {
			continue
		}
		if at, _ := h.AwakeUnreached(a, b); at != unknown && at == h.noticedDown(a, b) {
			continue // it was not it that stood still
		}
		// A server that writes to its log is awake: it can have stood still only between two lines.
		free := h.longestSilence(a.At, b.At)
		if d = free.To - free.From; d < step*Hole/10-Tick || d < TwoTicks {
			continue
		}
		out = append(out, Stall{Span: free, AtLeast: max(d-step, 0), AtMost: d, Gap: true, Before: a, After: b})
	}
	return out
}

// AwakeUnreached is when a server showed that it was awake between two dumps of it, so long before the second that whoever asked would have got one in
// between: by a line of its log, or by what it says later of when it noticed that its link was down. Unknown where nothing shows it.
func (h *Host) AwakeUnreached(a, b *Sample) (micros, diagnosis.Evidence) {
	step := h.Interval()
	if step == 0 || b.At-a.At < step*Hole/10 || h.RestartedWithin(a.At, b.At) || a.RunID != b.RunID {
		return unknown, diagnosis.Evidence{}
	}
	early := b.At - step*12/10 - Tick
	for j := range h.Events {
		e := &h.Events[j]
		if e.At > a.At+Tick && e.At < early && Awake(e) && !h.InScript(e.At) {
			return e.At, e.Evidence()
		}
	}
	if at := h.noticedDown(a, b); at != unknown && at > a.At+Tick && at < early {
		return at, b.Evidence(fmt.Sprintf("first dump after the hole: master_link_down_since_seconds:%d", b.LinkDownSeconds))
	}
	return unknown, diagnosis.Evidence{}
}

// noticedDown is when a replica noticed that its link was down, by the dump after that; unknown where it was down before already, or is not. The
// count is of whole seconds (redis 7.4.1 server.c genRedisInfoString).
func (h *Host) noticedDown(a, b *Sample) micros {
	if b.LinkStatus != "down" || a.LinkStatus != "up" || b.LinkDownSeconds.Or(-1) < 0 {
		return unknown
	}
	return b.At - micros(b.LinkDownSeconds)*second
}
