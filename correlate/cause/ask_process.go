package cause

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// endedNear is the life of the host that ended about when the links were lost.
func endedNear(h *timeline.Host, s *scene) *timeline.Life {
	for i := range h.Lives {
		l := &h.Lives[i]
		if l.How == "" || l.To == unknown {
			continue
		}
		next := unknown
		if i+1 < len(h.Lives) {
			next = h.Lives[i+1].From
		}
		if l.To <= s.Last+replication.ClockSlack+h.Clock.Err && (next == unknown || next >= s.Contact-replication.ClockSlack) && l.To >= s.Contact-timeline.MinuteApart-h.Interval()*2 {
			return l
		}
		if (l.How == "gone" || l.How == "ended") && next != unknown && next >= s.Contact-timeline.Tick && l.To <= s.Last+timeline.Tick {
			return l
		}
	}
	return nil
}

func restartedReplica(s *scene) Finding {
	o := s.own()
	if o == nil {
		return crashedReplica(s)
	}
	if o.Restart != nil {
		at := o.Lost
		ev := []diagnosis.Evidence{}
		l := o.Replica.LifeBefore(o.Restart)
		if l != nil && l.EndEv != nil {
			at = l.EndEv.At
			ev = append(ev, l.EndEv.Evidence())
		}
		if o.Restart.StartEv != nil {
			ev = append(ev, o.Restart.StartEv.Evidence())
		}
		f := found(at, o.Replica.Name+" was a new process when it came back", ev...)
		f.aloud = l.Logged()
		return f
	}
	if l := endedNear(o.Replica, s); l != nil && l.Logged() && ends[l.How] != "" && l.EndEv != nil {
		return outLoud(found(l.To, o.Replica.Name+": "+ends[l.How]+", and has not come back", l.EndEv.Evidence()))
	}
	a, b := o.Replica.LastSampleBefore(s.Lost), o.Replica.FirstSampleAfter(s.Last+timeline.Tick)
	if a != nil && b != nil && a.RunID != "" && b.RunID != "" {
		if a.RunID != b.RunID {
			return found(a.At, "the run id of "+o.Replica.Name+" changed over the loss", a.Evidence("run_id:"+a.RunID), b.Evidence("run_id:"+b.RunID))
		}
		return denied("the run id of "+o.Replica.Name+" is the same before and after", b.Evidence("run_id:"+b.RunID))
	}
	if o.Replica.LogCovers(s.Lost) {
		return denied("the log of " + o.Replica.Name + " has no start line after the loss")
	}
	return needs("the log or INFO of " + o.Replica.Name)
}

// crashedReplica: no link is known, but the server wrote its crash report in the role of a replica.
func crashedReplica(s *scene) Finding {
	if s.First != nil {
		return Finding{at: unknown}
	}
	if l := endedNear(s.suspect, s); l != nil && l.How == "crash" && asReplica(l.EndEv) {
		return outLoud(found(l.To, s.suspect.Name+": "+ends[l.How]+", as a replica", l.EndEv.Evidence()))
	}
	return Finding{at: unknown}
}

// asReplica reports whether a server wrote the line in the role of a replica.
func asReplica(e *timeline.Event) bool { return e != nil && e.Role == "S" }

// primaryEnded asks how the primary's process ended.
func primaryEnded(hows ...string) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.suspect
		if l := endedNear(h, s); l != nil {
			return endedSo(s, l, hows)
		}
		if s.First == nil && slices.Contains(hows, "crash") {
			served := func(e *timeline.Event) bool { return e.Is(message.Crash) && !asReplica(e) }
			if f := said("suspect", served, "left a crash report")(s); f.Answer == yes {
				return f // of a process that nothing else dates
			}
		}
		a, b := h.LastSampleBefore(s.Contact), h.FirstSampleAfter(s.Last+timeline.Tick)
		switch {
		case a != nil && b != nil && a.RunID != "" && a.RunID == b.RunID:
			return denied(h.Name+" is the same process before and after", b.Evidence("run_id:"+b.RunID))
		case !h.HasInfo() && !h.HasLog():
			return needs("the log of " + h.Name)
		case h.LogCovers(s.Contact) && len(h.Lives) == 1 && h.Events[len(h.Events)-1].At > s.Last && (h.Lives[0].StartEv == nil || h.Lives[0].From < s.Contact):
			return denied("the log of " + h.Name + " goes on without a new start")
		}
		return Finding{at: unknown}
	}
}

// ends are how a process may have ended, in words.
var ends = map[string]string{"shutdown": "it was asked to shut down", "crash": "it left a crash report", "gone": "its process was gone without a farewell"}

// endedSo reports whether the suspect's life ended in one of these ways.
func endedSo(s *scene, l *timeline.Life, hows []string) Finding {
	h := s.suspect
	switch {
	case l.How == "ended":
		return needs("the log of " + h.Name + " up to its end")
	case !slices.Contains(hows, l.How):
		return denied(h.Name + " ended otherwise: " + l.How)
	case s.First == nil && asReplica(l.EndEv):
		return denied(h.Name+" was a replica when it ended", l.EndEv.Evidence())
	}
	var ev []diagnosis.Evidence
	if l.EndEv != nil {
		ev = append(ev, l.EndEv.Evidence())
	}
	if n := h.LifeAfter(l); n != nil && n.StartEv != nil {
		ev = append(ev, n.StartEv.Evidence())
	}
	at := l.To
	if l.How == "gone" && s.First != nil && s.Lost > at {
		at = s.Lost // its links broke when it died; its last line may be older
	}
	f := found(at, h.Name+": "+ends[l.How], ev...)
	f.aloud = l.Logged()
	return f
}

func runIDChanged(s *scene) Finding {
	h := s.Primary
	a, b := h.LastSampleBefore(s.Lost), h.FirstSampleAfter(s.Last)
	if a == nil || b == nil || a.RunID == "" || b.RunID == "" {
		return needs("INFO of " + h.Name + " before and after")
	}
	if a.RunID != b.RunID {
		return found(unknown, "the run id of "+h.Name+" changed", a.Evidence("run_id:"+a.RunID), b.Evidence("run_id:"+b.RunID))
	}
	// A later dump may be the first of the new process.
	return denied("the run id of "+h.Name+" stayed the same", b.Evidence("run_id:"+b.RunID))
}

func sameProcesses(s *scene) Finding {
	if l := endedNear(s.Primary, s); l != nil {
		return denied(s.Primary.Name + " itself was a new process afterwards")
	}
	for _, o := range s.Wave {
		if o.Restart != nil {
			return denied(o.Replica.Name + " itself was a new process")
		}
		if l := endedNear(o.Replica, s); l != nil && l.EndEv != nil {
			return denied("the process of "+o.Replica.Name+" had ended", l.EndEv.Evidence())
		}
	}
	return Finding{at: unknown}
}

// startedAnew: the primary's log begins with a start after the loss: the process before it had ended, and how is not
// in the evidence.
func startedAnew(s *scene) Finding {
	h := s.Primary
	if len(h.Lives) == 0 || h.Lives[0].StartEv == nil || s.First == nil || s.First.First {
		return Finding{at: unknown}
	}
	l := &h.Lives[0]
	if x := h.LastSampleBefore(s.Lost - h.Clock.Err); x != nil && x.At > l.From {
		return Finding{at: unknown} // it had answered before: the slack of the clocks is no start
	}
	if l.From >= s.Lost-replication.ClockSlack && (s.End == unknown || l.From <= s.End) {
		return found(s.Lost, h.Name+" started after the links were lost; its log does not reach back to how it ended", l.StartEv.Evidence())
	}
	return Finding{at: unknown}
}

// wasReplica: a server of which no link is known and that shows itself as a primary alone is no replica.
func wasReplica(s *scene) Finding {
	h := s.suspect
	as := func(letter, role string) bool {
		return h.AnyEvent(func(e *timeline.Event) bool { return e.Role == letter }) || h.AnySample(func(x *timeline.Sample) bool { return x.Role == role })
	}
	if s.First == nil && as("M", "master") && !as("S", "slave") {
		return denied(h.Name + " is a primary")
	}
	return Finding{at: unknown}
}
