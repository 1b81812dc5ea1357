package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// explained looks for what of the suspect's own held its event loop through the silence. The slowlog, LATENCY, INFO and the log may all tell
// of one hold.
func explained(kind string) func(*scene) Finding {
	return func(s *scene) Finding {
		var f Finding
		f.at = unknown
		for i := range s.suspect.Stalls {
			st := &s.suspect.Stalls[i]
			for _, e := range st.Because {
				if e.Kind != kind || s.effect(&e) || !e.Overlaps(s.Window()) || e.From > s.Last+timeline.Tick || s.First != nil && !long(e, s) && !(st.Gap && st.AtMost >= s.Timeout && e.Own() >= e.Lent) {
					continue
				}
				if f.Answer == yes {
					f.aloud, f.ran = f.aloud || e.Aloud, cmp.Or(f.ran, e.Culprit)
					f.evidence = append(slices.Clone(f.evidence), e.Evidence...)
					continue
				}
				f = found(e.From, e.Summary, e.Evidence...)
				f.exact, f.aloud, f.ran = e.Exact, e.Aloud, e.Culprit
				if st.Gap && !e.Exact {
					f.at = st.From
				}
			}
		}
		return f
	}
}

// stallFits: a stall can lose links to silence alone, and refuses no connection.
func stallFits(s *scene) Finding {
	wave := s.Wave
	if s.suspect != s.Primary { // each of ten thousand replicas is asked about: it has one outage in a round
		wave = nil
		if o := s.FirstOf(s.suspect); o != nil {
			wave = []*replication.Outage{o}
		}
	}
	for _, o := range wave {
		if why, e := incident.NoStall(o); why != "" {
			return denied(why, e.Evidence())
		}
		if s.suspect != s.Primary && o.Promoted && len(o.Notices) == 0 {
			return denied(s.suspect.Name + " lost nothing: it was made a primary, which its standing still does not do")
		}
	}
	if s.suspect == s.Primary {
		return neighbourHeld(s)
	}
	return Finding{at: unknown}
}

// neighbourHeld: a stall of the primary's that is longer than everybody waits costs every link. A neighbour that waits no longer and kept
// its own shows that it was not the stall.
func neighbourHeld(s *scene) Finding {
	st := s.StallOf(s.Primary)
	if st == nil || st.AtLeast < s.Timeout+timeline.ThreeTicks {
		return Finding{at: unknown}
	}
	for h := range s.G.AttachedAt(s.Primary, s.Lost) {
		if h.Duration("repl-timeout") > s.Timeout || slices.ContainsFunc(s.G.Links, func(o *replication.Outage) bool {
			return o.Replica == h && !o.First && o.Lost >= st.From && o.Lost <= st.To+timeline.ThreeTicks+h.Clock.Err
		}) {
			continue
		}
		if up := h.FirstSampleAfter(st.To); up != nil && up.LinkStatus == "up" && h.HasLog() {
			return denied(fmt.Sprintf("%s waits no longer and kept its link through the same stall", h.Name), up.Evidence("master_link_status:up"))
		}
	}
	return Finding{at: unknown}
}

// effect reports whether a fork is the incident's own work: the snapshot that the first request for a resync asked for.
// The slowlog knows whole seconds only, so such a fork may seem to begin a second before its request.
func (s *scene) effect(e *timeline.Explanation) bool {
	if e.Kind != "fork-stall" {
		return false
	}
	for i := range s.Primary.Stalls {
		st := &s.Primary.Stalls[i]
		// One fork is told by the slowlog, LATENCY and INFO: what the slowlog says of it holds for all.
		if st.Overlaps(e.Span) && slices.ContainsFunc(st.Because, func(x timeline.Explanation) bool {
			return x.Resync && x.Overlaps(e.Span) && e.From >= x.From-timeline.SecondAndHalf
		}) {
			return true
		}
	}
	asked := unknown
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if asked == unknown || t.At < asked {
				asked = t.At
			}
		}
	}
	return asked != unknown && e.From >= asked-timeline.SecondAndHalf
}

// long reports whether a hold is long enough to cost a silent link: a repl-timeout, less the time between two pings
// that may already have passed.
func long(e timeline.Explanation, s *scene) bool {
	if s.Guessed && (!s.Silent || e.From < s.Lost && e.To >= s.Lost) { // of a timeout that nothing tells, one that ran out within the hold may be as short
		return e.Own() >= timeline.CalledSlow // what the server itself calls slow (busy-reply-threshold)
	}
	need := s.Timeout - timeline.TwoTicks
	if !s.Primary.Flows(e.From) { // a link that carries nothing but pings may have been silent since the last one
		need = max(need-s.Primary.Duration("repl-ping-replica-period"), s.Timeout/2)
	}
	return e.Own() >= need
}

func slowlogHas(kind string) func(*scene) Finding {
	exp := explained(kind)
	return func(s *scene) Finding {
		if f := exp(s); f.Answer == yes {
			return f
		}
		if !s.suspect.HasSlowlog() {
			return needs("the slowlog of " + s.suspect.Name)
		}
		return denied(fmt.Sprintf("nothing in the slowlog of %s held it for %s", s.suspect.Name, diagnosis.Length(max(s.Timeout/2, timeline.Tick))))
	}
}

// heldItself: a command, a script, a fork or the disk held the suspect's event loop, by its own account. An empty account acquits nobody
// where it cannot reach back to the loss.
func heldItself(s *scene) Finding {
	for _, kind := range holds {
		if f := explained(kind)(s); f.Answer == yes {
			return f
		}
	}
	return slowlogHas("slow-command")(s)
}

// holds are what can hold an event loop, by the server's own account.
var holds = [...]string{"slow-script", "slow-command", "own-save", "fork-stall", "aof-fsync-stall"}

// statsShow looks for a command family whose total time in INFO commandstats jumped over the silence.
func statsShow(kind string) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.suspect
		if len(h.Stats) == 0 {
			return needs("INFO commandstats of " + h.Name)
		}
		last := map[string]*timeline.Statistic{}
		twice := countedTwice(h)
		for i := range h.Stats {
			r := &h.Stats[i]
			prev := last[r.Name]
			last[r.Name] = r
			if twice[r.At] && familyKind(r.Name) != "slow-script" {
				continue
			}
			if r.At < s.Contact-timeline.TwoTicks || r.At > s.Last+h.Interval()*2+timeline.MinuteApart || familyKind(r.Name) != kind {
				continue
			}
			took, ok := gainedTime(h, prev, r)
			if before := h.LastSampleBefore(r.At); ok && before != nil {
				took -= min(took, h.Lent(timeline.Span{From: before.At, To: r.At}))
			}
			if !ok || took < max(s.Timeout/2, timeline.Tick) {
				continue
			}
			at := unknown
			if st := s.StallOf(h); st != nil {
				at = st.From
			}
			name := strings.ToUpper(strings.TrimPrefix(r.Name, "cmdstat_"))
			return found(at, fmt.Sprintf("%s took %s more of %s between two dumps", name, diagnosis.Length(took), h.Name),
				diagnosis.Evidence{File: r.File, Line: r.Line, Text: fmt.Sprintf("%s:calls=%d,usec=%d", r.Name, r.Calls.Or(0), r.Usec)})
		}
		return denied("no command's total time in INFO commandstats rose by as much")
	}
}

// countedTwice are the dumps since which commands took more time together than went by: one thread has no more. What a busy script lets in meanwhile
// is counted from the script's begin (redis 6.0 server.c call: its clock stands still in a script), so that only the script's own time is any.
func countedTwice(h *timeline.Host) map[micros]bool {
	out := map[micros]bool{}
	last := map[string]*timeline.Statistic{}
	total := map[micros]micros{}
	for i := range h.Stats {
		r := &h.Stats[i]
		if took, ok := gainedTime(h, last[r.Name], r); ok {
			total[r.At] += took
		}
		last[r.Name] = r
	}
	for at, took := range total {
		if before := h.LastSampleBefore(at); before != nil && took > at-before.At+timeline.TwoTicks {
			out[at] = true
		}
	}
	return out
}

// gainedTime is how much a family's time grew from one dump to another. Families whose first call fell between have none before.
func gainedTime(h *timeline.Host, prev, r *timeline.Statistic) (micros, bool) {
	switch {
	case !r.Usec.Known():
		return 0, false
	case prev == nil:
		return micros(r.Usec), h.Samples[0].At < r.At
	case !prev.Usec.Known() || prev.Usec > r.Usec:
		return 0, false
	}
	return micros(r.Usec - prev.Usec), true
}

// familyKind is the cause that a family of commandstats speaks of. A resync's own fork is none: some link had been lost before.
func familyKind(stat string) string {
	name, ok := strings.CutPrefix(stat, "cmdstat_")
	base, _, _ := strings.Cut(strings.ToUpper(name), "|")
	switch {
	case !ok || base == "PSYNC" || base == "SYNC":
		return ""
	case timeline.IsForkCommand(base, name):
		return "fork-stall"
	case timeline.IsScript(base):
		return "slow-script"
	}
	return "slow-command"
}

func stoodStill(s *scene) Finding {
	h := s.suspect
	if st := s.StallOf(h); st != nil && (st.Gap || st.AtLeast >= s.Timeout/2) && (s.First == nil || st.AtMost >= s.Timeout-timeline.Tick || !s.Silent && st.AtMost >= timeline.TwoTicks) {
		ev := []diagnosis.Evidence{}
		if st.Before != nil {
			ev = append(ev, st.Before.Evidence("last dump before the hole, "+ms(st.Before.At)), st.After.Evidence("first dump after it, "+ms(st.After.At)))
		}
		f := found(st.From, fmt.Sprintf("%s gave no sign of life from %s to %s", h.Name, ms(st.From), ms(st.To)), ev...)
		return f
	}
	for _, kind := range holds {
		if f := explained(kind)(s); f.Answer == yes {
			return f
		}
	}
	if s.ranTooSeldom(h) {
		return Finding{at: unknown} // it needs no hole for that
	}
	if a := s.answeredInside(h); a != nil && s.First != nil {
		when := "inside the silence"
		if !s.Silent {
			when = "about when the link was lost"
		}
		return denied(fmt.Sprintf("%s answered INFO at %s, %s", h.Name, ms(a.At), when), a.Evidence("dump at "+ms(a.At)))
	}
	if h.Interval() == 0 || h.Samples[0].At > s.Contact || h.Samples[len(h.Samples)-1].At < s.Lost {
		return needs("INFO dumps of " + h.Name + " over the time of the loss")
	}
	if h.Interval() > s.Timeout/2 && s.Timeout > 0 {
		return needs("INFO dumps of " + h.Name + " more often than every " + diagnosis.Length(h.Interval()))
	}
	return denied(fmt.Sprintf("the INFO series of %s has no hole long enough", h.Name))
}

func keptAnswering(s *scene) Finding {
	f := stoodStill(s)
	switch f.Answer {
	case yes:
		return denied(f.Text, f.evidence...)
	case no:
		return Finding{Answer: yes, Text: f.Text, evidence: f.evidence, at: unknown}
	}
	return f
}

// primaryAnswered: the primary ran on over the loss. Of a connection that was closed a server that ended just then had as little hole before:
// it must have been seen after it.
func primaryAnswered(s *scene) Finding {
	t := *s
	t.suspect = s.Primary
	f := keptAnswering(&t)
	if p := s.unseenSince(); f.Answer == yes && p != nil {
		return needs("INFO or the log of " + p.Name + " from after the loss")
	}
	return f
}

// bothAwake: while the link was silent, both ends answered whoever took their dumps.
func bothAwake(s *scene) Finding {
	if s.First == nil || !s.Silent {
		return Finding{at: unknown}
	}
	a, b := s.answeredInside(s.Primary), s.answeredInside(s.First.Replica)
	if endStarved(s).Answer == yes {
		return Finding{at: unknown}
	}
	if a == nil || b == nil || a.Role != "master" || b.Role != "slave" || s.StallOf(s.Primary) != nil || s.StallOf(s.First.Replica) != nil {
		return Finding{at: unknown}
	}
	return found(unknown, fmt.Sprintf("%s and %s both answered INFO while nothing got from one to the other", s.Primary.Name, s.First.Replica.Name), a.Evidence("dump at "+ms(a.At)), b.Evidence("dump at "+ms(b.At)))
}

func forksUnchanged(s *scene) Finding {
	h := s.suspect
	before, after := h.LastSampleBefore(s.Lost-timeline.Tick), h.FirstSampleAfter(s.Last+timeline.Tick)
	if st := s.StallOf(h); st != nil && st.Before != nil {
		before, after = st.Before, st.After
	}
	if before == nil || after == nil || !before.LatestForkMicros.Known() || !after.LatestForkMicros.Known() {
		return needs("INFO stats of " + h.Name + " on both sides of the stall")
	}
	if before.LatestForkMicros == after.LatestForkMicros && before.TotalForks == after.TotalForks {
		return found(unknown, "latest_fork_usec did not change over it", before.Evidence("latest_fork_usec:"+diagnosis.Itoa(int64(before.LatestForkMicros))),
			after.Evidence("latest_fork_usec:"+diagnosis.Itoa(int64(after.LatestForkMicros))))
	}
	return Finding{at: unknown}
}

func aofOff(s *scene) Finding {
	sm := s.suspect.LastSampleBefore(s.Lost)
	if sm == nil {
		sm = s.suspect.FirstSampleAfter(s.Lost)
	}
	if sm == nil || !sm.AOFEnabled.Known() {
		if v := s.suspect.Setting("appendonly"); !v.Assumed && v.Value == "no" {
			return found(unknown, "appendonly is no", diagnosis.Evidence{File: v.File, Line: v.Line, Text: "appendonly no"})
		}
		return needs("INFO persistence of " + s.suspect.Name)
	}
	if sm.AOFEnabled == 0 {
		return found(unknown, "aof_enabled is 0", sm.Evidence("aof_enabled:0"))
	}
	return denied("aof_enabled is 1")
}

// wokeTogether: Sentinel noticed a jump of its own timer, or primary and replica lost each other in the same moment
// with almost nothing missed: the host under all of them had stopped.
func wokeTogether(s *scene) Finding {
	f := said("sentinels", replication.Only(message.SentinelTiltEnter), "entered TILT")(s)
	if f.Answer == yes {
		f.at = unknown
		return f
	}
	return Finding{at: unknown}
}

// noticedLate: the primary heard nothing for repl-timeout and dropped the replica, which did not see a silence of
// its own: it was not looking.
func noticedLate(s *scene) Finding {
	o := s.own()
	if o == nil || o.TimeoutByPrimary == nil {
		return Finding{at: unknown}
	}
	if e := o.TimeoutByReplica; e != nil {
		// Over a silent path both wait from about the same moment. Whoever wakes up much later finds its timer run out too.
		wait := max(o.Replica.Duration("repl-timeout")-s.Primary.Duration("repl-timeout"), 0)
		if late := e.At - o.TimeoutByPrimary.At - wait; late > timeline.ThreeTicks+o.Replica.Clock.Err {
			return found(o.TimeoutByPrimary.At-s.Primary.Duration("repl-timeout"), fmt.Sprintf("%s found its own timer run out %s after the primary had dropped it: it was not looking", o.Replica.Name, diagnosis.Length(late)),
				o.TimeoutByPrimary.Evidence(), e.Evidence())
		}
		return denied(o.Replica.Name+" timed the primary out by itself: it was awake", e.Evidence())
	}
	for _, e := range o.Notices {
		if e.Instance == o.Replica.Name && e.At > o.TimeoutByPrimary.At+timeline.TwoTicks+o.Replica.Clock.Err {
			return found(o.TimeoutByPrimary.At-o.Replica.Duration("repl-timeout"), fmt.Sprintf("%s noticed %s after the primary had dropped it, and had seen no silence itself", o.Replica.Name, diagnosis.Length(e.At-o.TimeoutByPrimary.At)),
				o.TimeoutByPrimary.Evidence(), e.Evidence())
		}
	}
	if !o.Replica.HasLog() {
		return needs("the log of " + o.Replica.Name)
	}
	return Finding{at: unknown}
}
