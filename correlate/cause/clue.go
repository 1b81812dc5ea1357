package cause

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// answer is what the evidence says to a question: yes, no, or nothing.
type answer int

const (
	dontKnow answer = iota
	yes
	no
)

// Finding is a condition's answer with the rows that give it.
type Finding struct {
	Answer   answer
	Text     string // what was found, as a clause: "its slowlog holds DEBUG SLEEP 10 for 10 s"
	evidence []diagnosis.Evidence
	at       micros // when the cause began, where the Finding tells
	exact    bool   // at is exact to about a second
	need     string // with dontKnow: the artifact that would tell
}

func found(at micros, text string, ev ...diagnosis.Evidence) Finding {
	return Finding{Answer: yes, Text: text, evidence: ev, at: at}
}

func denied(text string, ev ...diagnosis.Evidence) Finding {
	return Finding{Answer: no, Text: text, evidence: ev, at: unknown}
}

func needs(artifact string) Finding { return Finding{need: artifact, at: unknown} }

// scene is an incident seen with one suspect.
type scene struct {
	*incident.Incident
	suspect *timeline.Host
}

// own is the suspect's own outage in the first wave.
func (s *scene) own() *replication.Outage {
	for _, o := range s.Wave {
		if o.Replica == s.suspect {
			return o
		}
	}
	return nil
}

// answered reports whether h gave a dump, or wrote a line of its main thread, inside the silence.
func (s *scene) answeredInside(h *timeline.Host) *timeline.Sample {
	from, to := s.Contact+second, s.Lost-second
	if !s.Silent || to <= from {
		from, to = s.Lost-2*second, s.Lost+2*second
	}
	for i := range h.Samples {
		if t := h.Samples[i].At; t > from && t < to {
			return &h.Samples[i]
		}
	}
	return nil
}

func ms(x micros) string { return x.Time().Format("15:04:05.000") }

func explained(kind string) func(*scene) Finding {
	return func(s *scene) Finding {
		for i := range s.suspect.Stalls {
			st := &s.suspect.Stalls[i]
			for _, e := range st.Because {
				if e.Kind == kind && !s.effect(&e) && e.Overlaps(s.Window()) && e.From <= s.Last+second && (s.First == nil || long(e, s) || st.Gap && st.AtMost >= s.Timeout) {
					f := found(e.From, e.Summary, e.Evidence...)
					f.exact = e.Exact
					if st.Gap && !e.Exact {
						f.at = st.From
					}
					return f
				}
			}
		}
		return Finding{at: unknown}
	}
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
		if st.Overlaps(e.Span) && slices.ContainsFunc(st.Because, func(x timeline.Explanation) bool { return x.Resync && x.Overlaps(e.Span) }) {
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
	return asked != unknown && e.From >= asked-3*second/2
}

// long reports whether a hold is long enough to cost a silent link: a repl-timeout, less the time between two pings
// that may already have passed.
func long(e timeline.Explanation, s *scene) bool {
	if s.Guessed && !s.Silent {
		return e.To-e.From >= 5*second // what the server itself calls slow (busy-reply-threshold)
	}
	need := s.Timeout - second
	if !s.Silent {
		need = s.Timeout / 2
	}
	return e.To-e.From >= min(need, 5*second) && e.To-e.From >= s.Timeout/2
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
		return denied(fmt.Sprintf("nothing in the slowlog of %s held it for %s", s.suspect.Name, diagnosis.Length(max(s.Timeout/2, second))))
	}
}

// statsShow looks for a command family whose total time in INFO commandstats jumped over the silence.
func statsShow(kind string) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.suspect
		if len(h.Stats) == 0 {
			return needs("INFO commandstats of " + h.Name)
		}
		last := map[string]*timeline.Statistic{}
		for i := range h.Stats {
			r := &h.Stats[i]
			if !strings.HasPrefix(r.Name, "cmdstat_") {
				continue
			}
			prev := last[r.Name]
			last[r.Name] = r
			if !r.Usec.Known() || r.At < s.Contact-2*second || r.At > s.Last+h.Interval()*2+60*second {
				continue
			}
			d := int64(r.Usec)
			if prev != nil {
				if !prev.Usec.Known() || prev.Usec > r.Usec {
					continue
				}
				d -= int64(prev.Usec)
			} else if h.Samples[0].At >= r.At {
				continue
			}
			if micros(d) < max(s.Timeout/2, second) {
				continue
			}
			name := strings.ToUpper(strings.TrimPrefix(r.Name, "cmdstat_"))
			base, _, _ := strings.Cut(name, "|")
			k := "slow-command"
			switch {
			case base == "PSYNC" || base == "SYNC":
				continue // a resync's own fork: some link had been lost before
			case timeline.IsForkCommand(base, strings.ToLower(name)):
				k = "fork-stall"
			case timeline.IsScript(base):
				k = "slow-script"
			}
			if k != kind {
				continue
			}
			at := unknown
			if st := s.StallOf(h); st != nil {
				at = st.From
			}
			return found(at, fmt.Sprintf("%s took %s more of %s between two dumps", name, diagnosis.Length(micros(d)), h.Name),
				diagnosis.Evidence{File: r.File, Line: r.Line, Text: fmt.Sprintf("%s:calls=%d,usec=%d", r.Name, r.Calls.Or(0), r.Usec)})
		}
		return denied("no command's total time in INFO commandstats rose by as much")
	}
}

func stoodStill(s *scene) Finding {
	h := s.suspect
	if st := s.StallOf(h); st != nil && (st.Gap || st.AtLeast >= s.Timeout/2) && (s.First == nil || st.AtMost >= s.Timeout-second || !s.Silent && st.AtMost >= 2*second) {
		ev := []diagnosis.Evidence{}
		if st.Before != nil {
			ev = append(ev, st.Before.Evidence("last dump before the hole, "+ms(st.Before.At)), st.After.Evidence("first dump after it, "+ms(st.After.At)))
		}
		f := found(st.From, fmt.Sprintf("%s gave no sign of life from %s to %s", h.Name, ms(st.From), ms(st.To)), ev...)
		return f
	}
	if a := s.answeredInside(h); a != nil && s.First != nil {
		return denied(fmt.Sprintf("%s answered INFO at %s, inside the silence", h.Name, ms(a.At)), a.Evidence("dump at "+ms(a.At)))
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

func primaryAnswered(s *scene) Finding {
	t := *s
	t.suspect = s.Primary
	return keptAnswering(&t)
}

func replicaAnswered(s *scene) Finding {
	if len(s.Wave) == 0 {
		return Finding{at: unknown}
	}
	t := *s
	t.suspect = s.Wave[0].Replica
	return keptAnswering(&t)
}

func allAtOnce(s *scene) Finding {
	switch {
	case s.First == nil:
		return Finding{at: unknown}
	case s.All:
		return found(unknown, fmt.Sprintf("all %d replicas lost their link within %s", len(s.Wave), diagnosis.Length(s.Last-s.Lost)))
	case len(s.G.AttachedAt(s.Primary, s.Lost)) > len(s.Wave):
		return denied(fmt.Sprintf("only %d of %d replicas lost its link", len(s.Wave), len(s.G.AttachedAt(s.Primary, s.Lost))))
	}
	return Finding{at: unknown, need: "the logs of the other replicas"}
}

func alone(s *scene) Finding {
	f := allAtOnce(s)
	switch f.Answer {
	case yes:
		return denied(f.Text)
	case no:
		return found(unknown, f.Text)
	}
	return f
}

func nothingOfItsOwn(s *scene) Finding {
	h := s.suspect
	st := s.StallOf(h)
	if st == nil || s.First == nil {
		return Finding{at: unknown}
	}
	for _, e := range st.Because {
		if long(e, s) || e.To-e.From >= st.AtLeast/2 {
			return denied(e.Summary, e.Evidence...)
		}
	}
	for _, k := range []string{"slow-command", "slow-script", "fork-stall"} {
		if f := statsShow(k)(s); f.Answer == yes {
			return denied(f.Text, f.evidence...)
		}
	}
	if !h.HasSlowlog() {
		return needs("the slowlog of " + h.Name)
	}
	return found(st.From, "nothing in its slowlog, its forks or its AOF explains it")
}

func forksUnchanged(s *scene) Finding {
	h := s.suspect
	before, after := h.LastSampleBefore(s.Lost-second), h.FirstSampleAfter(s.Last+second)
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

func connectFails(words ...string) func(*scene) Finding {
	return func(s *scene) Finding {
		for _, o := range s.Wave {
			for _, e := range o.Failures {
				if !e.Is(message.ConnectFailed) && e.Kind != message.ReplHandshakeError {
					continue
				}
				for _, w := range words {
					if replication.ContainsWord(e.Text, w) {
						return found(unknown, fmt.Sprintf("%s could not connect: %s", o.Replica.Name, e.Text), e.Evidence())
					}
				}
			}
		}
		for _, o := range s.Wave {
			if !o.Replica.HasLog() {
				return needs("the log of " + o.Replica.Name)
			}
		}
		return Finding{at: unknown}
	}
}

// pathBroken: connecting failed although the primary was there.
func pathBroken(s *scene) Finding {
	f := connectFails("refused", "no route", "unreachable", "timed out", "Timeout connecting", "reset by peer", "Operation now in progress")(s)
	if f.Answer != yes {
		return f
	}
	p := s.Primary
	if st := s.StallOf(p); st != nil && st.Gap && strings.Contains(f.Text, "Timeout connecting") {
		return Finding{at: unknown}
	}
	if endedNear(p, s) != nil || startedAnew(s).Answer == yes {
		return Finding{at: unknown}
	}
	// It ran on if it gave a dump meanwhile, or wrote a line: a log that ends before the loss may be that of a process that ended.
	if p.AnswersBetween(s.Lost, s.End) || p.WroteAfter(s.Lost-p.Clock.Err) {
		f.Text += ", though " + p.Name + " ran on"
		return f
	}
	return needs("evidence of " + p.Name + " from that time")
}

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
		if l.To <= s.Last+5*second+h.Clock.Err && (next == unknown || next >= s.Contact-5*second) && l.To >= s.Contact-60*second-h.Interval()*2 {
			return l
		}
		if (l.How == "gone" || l.How == "ended") && next != unknown && next >= s.Contact-second && l.To <= s.Last+second {
			return l
		}
	}
	return nil
}

func bothTimedOut(s *scene) Finding {
	o := s.First
	if o == nil {
		return Finding{at: unknown}
	}
	if o.TimeoutByReplica != nil && o.TimeoutByPrimary != nil && timeline.Abs(o.TimeoutByPrimary.At-o.TimeoutByReplica.At) <= o.Replica.Duration("repl-timeout") {
		return found(unknown, "each side waited for the other until its own repl-timeout", o.TimeoutByReplica.Evidence(), o.TimeoutByPrimary.Evidence())
	}
	return Finding{at: unknown}
}

func lostWithoutTimeout(s *scene) Finding {
	o := s.First
	if o == nil || o.LostBy < replication.PrimaryLog {
		return Finding{at: unknown}
	}
	if !s.Silent {
		return found(s.Lost, "the connection closed at once, without a timeout", replication.EvidenceOf(o.Notices, 2)...)
	}
	return denied("the link timed out", replication.EvidenceOf(o.Notices, 2)...)
}

func overflowClosed(s *scene) Finding {
	o := s.own()
	if o == nil {
		if s.First != nil {
			return Finding{at: unknown}
		}
		for i := range s.Primary.Events {
			e := &s.Primary.Events[i]
			if replication.ClosedReplica(e) {
				return found(e.At, "the primary closed a replica at its output buffer limit", e.Evidence())
			}
		}
		return Finding{at: unknown}
	}
	if o.Begun && o.First {
		for _, e := range o.Failures {
			if replication.ClosedReplica(e) {
				return found(e.At, fmt.Sprintf("the primary closed %s at its output buffer limit while it took its first full resync", o.Replica.Name), e.Evidence())
			}
		}
	}
	if o.Overflow != nil {
		return found(o.Overflow.At, fmt.Sprintf("the primary closed %s at its output buffer limit with %s bytes waiting", o.Replica.Name, diagnosis.BytesOf(o.Overflow.Bytes.Or(0))), o.Overflow.Evidence())
	}
	// The closed client's address carries its own port, not the listening one: near misses in time count.
	for i := range s.Primary.Events {
		e := &s.Primary.Events[i]
		if replication.ClosedReplica(e) && timeline.Abs(e.At-s.Lost) <= 2*second+o.Replica.Clock.Err && !s.Several {
			return found(e.At, fmt.Sprintf("the primary closed a replica at its output buffer limit with %s bytes waiting", diagnosis.BytesOf(e.Bytes.Or(0))), e.Evidence())
		}
	}
	// The replica may notice a moment after it was closed.
	before, after := s.Primary.LastSampleBefore(s.Lost-3*second), s.Primary.FirstSampleAfter(s.Lost)
	if before != nil && after != nil && before.OutputLimitDrops.Known() && after.OutputLimitDrops > before.OutputLimitDrops && before.RunID == after.RunID {
		return found(s.Lost, "client_output_buffer_limit_disconnections rose over the loss", after.Evidence("client_output_buffer_limit_disconnections:"+diagnosis.Itoa(int64(after.OutputLimitDrops))))
	}
	if !s.Primary.HasLog() {
		return needs("the log of " + s.Primary.Name)
	}
	if s.Primary.LogCovers(s.Lost) && !o.Begun {
		return denied("the log of " + s.Primary.Name + " names no client closed at a limit")
	}
	return needs("the log of " + s.Primary.Name + " from the time of the loss")
}

func restartedReplica(s *scene) Finding {
	o := s.own()
	if o == nil {
		return Finding{at: unknown}
	}
	if o.Restart != nil {
		at := o.Lost
		ev := []diagnosis.Evidence{}
		if l := o.Replica.LifeBefore(o.Restart); l != nil && l.EndEv != nil {
			at = l.EndEv.At
			ev = append(ev, l.EndEv.Evidence())
		}
		if o.Restart.StartEv != nil {
			ev = append(ev, o.Restart.StartEv.Evidence())
		}
		return found(at, o.Replica.Name+" was a new process when it came back", ev...)
	}
	a, b := o.Replica.LastSampleBefore(s.Lost), o.Replica.FirstSampleAfter(s.Last+second)
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

// primaryEnded asks how the primary's process ended.
func primaryEnded(hows ...string) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.Primary
		if s.suspect != nil {
			h = s.suspect
		}
		if l := endedNear(h, s); l != nil {
			for _, how := range hows {
				if l.How != how {
					continue
				}
				var ev []diagnosis.Evidence
				if l.EndEv != nil {
					ev = append(ev, l.EndEv.Evidence())
				}
				if n := h.LifeAfter(l); n != nil && n.StartEv != nil {
					ev = append(ev, n.StartEv.Evidence())
				}
				text := map[string]string{"shutdown": "it was asked to shut down", "crash": "it left a crash report", "gone": "its process was gone without a farewell"}[how]
				at := l.To
				if how == "gone" && s.First != nil && s.Lost > at {
					at = s.Lost // its links broke when it died; its last line may be older
				}
				return found(at, h.Name+": "+text, ev...)
			}
			if l.How == "ended" {
				return needs("the log of " + h.Name + " up to its end")
			}
			return denied(h.Name + " ended otherwise: " + l.How)
		}
		a, b := h.LastSampleBefore(s.Contact), h.FirstSampleAfter(s.Last+second)
		if a != nil && b != nil && a.RunID != "" && a.RunID == b.RunID {
			return denied(h.Name+" is the same process before and after", b.Evidence("run_id:"+b.RunID))
		}
		if !h.HasInfo() && !h.HasLog() {
			return needs("the log of " + h.Name)
		}
		if h.LogCovers(s.Contact) && len(h.Lives) == 1 && h.Events[len(h.Events)-1].At > s.Last {
			return denied("the log of " + h.Name + " goes on without a new start")
		}
		return Finding{at: unknown}
	}
}
