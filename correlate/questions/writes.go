package questions

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// writesLost: what the former primary had written and its heir never got. "Requested offset for second ID was X, but I can reply up to Y"
// gives it to the byte; else the heir's log says up to which offset it had the old history, and the former's last dump how far that went.
func writesLost(s *scene) answer {
	p := s.former()
	if p == nil {
		return answer{}
	}
	heir := s.heir.Replica.Name
	span := s.lostSpan(p)
	if n := s.LostWrites(); n != nil {
		a := known(fmt.Sprintf("%s bytes of the stream that %s had written and %s never got%s", diagnosis.BytesOf(*n), p.Name, heir, within(span)), s.refusedAhead()...).during(span)
		a.bytes = *n
		return a
	}
	if d := s.demoted(); d != nil && d.Closing == diagnosis.Partial {
		a := known(fmt.Sprintf("none: %s continued from where %s had come to", p.Name, heir), d.Proof...)
		a.bytes = 0
		return a
	}
	shifted := s.said([]*timeline.Host{s.heir.Replica}, func(e *timeline.Event) bool { return e.Kind == message.ReplidShifted && e.Offset.Known() })
	last := p.LastSampleBefore(s.heir.Restored)
	if len(shifted) == 0 || last == nil || last.Role != "master" || !last.PrimaryOffset.Known() {
		return cannotTell(fmt.Sprintf("INFO replication of %s from right before %s took over, and the log of %s (4.0 on)", p.Name, heir, heir))
	}
	e := shifted[0]
	n := int64(last.PrimaryOffset) - int64(e.Offset)
	if e.ReplID2 != "" && last.ReplID != "" && last.ReplID != e.ReplID2 {
		return cannotTell("INFO replication of " + p.Name + " with the history that " + heir + " had followed")
	}
	ev := []diagnosis.Evidence{e.Evidence(), last.Evidence("master_repl_offset:" + diagnosis.Itoa(int64(last.PrimaryOffset)))}
	if n > 0 {
		a := known(fmt.Sprintf("at least %s bytes of the stream: %s was at %s in its last dump as the primary, and %s had the old history up to %s%s",
			diagnosis.BytesOf(n), p.Name, diagnosis.BytesOf(int64(last.PrimaryOffset)), heir, diagnosis.BytesOf(int64(e.Offset)), within(span)), ev...).during(span)
		a.bytes = n
		return a
	}
	a := cannotTell(fmt.Sprintf("what %s wrote after its last dump as the primary, at %s: %s had all until then", p.Name, diagnosis.ClockTime(last.At), heir))
	a.evidence = ev
	return a
}

func within(s timeline.Span) string {
	if s.From == unknown || s.To == unknown || s.To <= s.From {
		return ""
	}
	return ", within " + diagnosis.Length(s.To-s.From)
}

// refusedAhead are the lines that give the lost bytes.
func (s *scene) refusedAhead() (ev []diagnosis.Evidence) {
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.AnswerEv != nil && t.AnswerEv.Is(message.BeyondEnd) {
				ev = append(ev, t.AnswerEv.Evidence())
			}
		}
	}
	return ev
}

// lostSpan is when what was lost was written: from when the heir heard the former primary last until that one was none any more.
func (s *scene) lostSpan(p *timeline.Host) timeline.Span {
	to := unknown
	if l := s.ended(p); l != nil {
		to = l.To
	} else if d := s.demoted(); d != nil && d.Moved != nil {
		to = d.Moved.At
	}
	from := min(s.Contact, s.heir.Lost)
	if to == unknown || to <= from {
		return timeline.Span{From: unknown, To: unknown}
	}
	return timeline.Span{From: from, To: to}
}

// spell is a stretch in which something could not be done, and why.
type spell struct {
	timeline.Span
	why      string
	evidence []diagnosis.Evidence
}

// nobodyWrote adds up the stretches in which no primary took writes: it stood still, it was gone and nobody had taken over, a hand-over was
// under way, or it had too few replicas for min-replicas-to-write.
func nobodyWrote(s *scene) answer {
	p := s.writable()
	spells := s.stoodStill(p)
	if x, ok := s.gone(p); ok {
		spells = append(spells, x)
	}
	if x, ok := s.handOver(); ok {
		spells = append(spells, x)
	}
	spells = append(spells, s.tooFewReplicas()...)
	if len(spells) > 0 {
		return summed(spells, "")
	}
	if s.First == nil {
		return answer{}
	}
	before, after := p.LastSampleBefore(s.Contact), p.FirstSampleAfter(s.Last)
	if before == nil || after == nil || p.Interval() == 0 || before.RunID != after.RunID || before.Role != "master" || after.Role != "master" {
		return cannotTell(fmt.Sprintf("INFO of %s at short intervals over the incident", p.Name))
	}
	a := known(fmt.Sprintf("no time that is seen: %s was a primary all along, and its dumps, one every %s, have no hole", p.Name, diagnosis.Length(p.Interval())), before.Evidence("role:master"), after.Evidence("role:master"))
	return a
}

// summed is the answer of several stretches: all of them together, and each with its reason.
func summed(spells []spell, who string) answer {
	slices.SortStableFunc(spells, func(a, b spell) int { return cmp.Compare(a.From, b.From) })
	all := timeline.Span{From: spells[0].From, To: spells[0].To}
	var total micros
	end, open := unknown, false
	says := make([]string, 0, len(spells))
	var ev []diagnosis.Evidence
	for _, x := range spells {
		ev = append(ev, x.evidence...)
		if x.To == unknown {
			open = true
			says = append(says, fmt.Sprintf("%s from %s on", x.why, diagnosis.ClockTime(x.From)))
			all.To = unknown
			continue
		}
		from := x.From
		if end != unknown {
			from = max(from, end)
		}
		total += max(x.To-from, 0)
		end = max(end, x.To)
		if all.To != unknown {
			all.To = max(all.To, x.To)
		}
		says = append(says, fmt.Sprintf("%s from %s to %s", x.why, diagnosis.ClockTime(x.From), diagnosis.ClockTime(x.To)))
	}
	text := who + diagnosis.Length(total)
	if open {
		text = who + "until the evidence ends"
	}
	const few = 4
	if len(says) > few {
		says = append(says[:few], diagnosis.Plural(int64(len(says)-few), "more", "more"))
	}
	a := known(text+": "+strings.Join(says, "; "), ev...)
	if len(spells) == 1 {
		return a.during(all)
	}
	return a
}

// stoodStill are the primary's stalls in the incident, that which began it and those that its resyncs cost.
func (s *scene) stoodStill(p *timeline.Host) (out []spell) {
	reach := timeline.Span{From: min(s.Contact, s.Start) - timeline.TwoTicks, To: s.End}
	for i := range p.Stalls {
		if st := &p.Stalls[i]; st.Overlaps(reach) && st.AtLeast >= timeline.WorthASecond {
			out = append(out, spell{st.Span, p.Name + " stood still", stallEvidence(st)})
		}
	}
	return out
}

func stallEvidence(st *timeline.Stall) (ev []diagnosis.Evidence) {
	for _, b := range st.Because {
		ev = append(ev, b.Evidence...)
	}
	if st.Before != nil {
		ev = append(ev, st.Before.Evidence("last dump before the hole"))
	}
	return ev
}

// gone is from the end of the primary's process until it was ready again, or another took over.
func (s *scene) gone(p *timeline.Host) (spell, bool) {
	l := s.ended(p)
	if l == nil {
		return spell{}, false
	}
	x := spell{Span: timeline.Span{From: l.To, To: unknown}, why: p.Name + " was gone"}
	if l.EndEv == nil && s.TriggerAt() != unknown {
		x.From = max(x.From, s.TriggerAt()) // its last line is only the last sign of it
	}
	if l.EndEv != nil {
		x.evidence = append(x.evidence, l.EndEv.Evidence())
	}
	if next := p.LifeAfter(l); next != nil {
		x.To = next.From
		if e := readyAfter(p, next.From); e != nil {
			x.To, x.why = e.At, p.Name+" was gone or loading"
			x.evidence = append(x.evidence, e.Evidence())
		}
	}
	if s.heir != nil && s.heir.Restored >= l.To && (x.To == unknown || s.heir.Restored < x.To) {
		x.To, x.why = s.heir.Restored, p.Name+" was gone, and "+s.heir.Replica.Name+" had not taken over"
		if s.heir.Moved != nil {
			x.evidence = append(x.evidence, s.heir.Moved.Evidence())
		}
	}
	return x, true
}

// readyAfter is the message with which a server that started says that clients can connect; nil without one.
func readyAfter(h *timeline.Host, from micros) *timeline.Event {
	for i := range h.Events {
		e := &h.Events[i]
		if e.At < from || e.At == unknown {
			continue
		}
		if e.Kind == message.ServerReady {
			return e
		}
		if e.At > from && e.Is(message.Starts) {
			return nil
		}
	}
	return nil
}

// handOver is from a FAILOVER command until the heir is a primary: writes are held meanwhile (redis 7.4.1 replication.c failoverCommand).
func (s *scene) handOver() (spell, bool) {
	asked := s.said(s.G.Hosts, func(e *timeline.Event) bool { return e.Kind == message.FailoverRequested })
	if len(asked) == 0 || s.heir == nil || s.heir.Restored < asked[0].At {
		return spell{}, false
	}
	return spell{timeline.Span{From: asked[0].At, To: s.heir.Restored}, "writes were held for the hand-over", evidenceOf(asked)}, true
}

// tooFewReplicas are the stretches in which fewer replicas were attached than min-replicas-to-write asks for: NOREPLICAS.
func (s *scene) tooFewReplicas() (out []spell) {
	set := s.Primary.Setting("min-replicas-to-write")
	n, err := strconv.Atoi(set.Value)
	if s.writable() != s.Primary {
		return nil
	}
	if err != nil || n <= 0 || set.File == "" || s.First == nil {
		return nil
	}
	attached := len(s.G.AttachedAt(s.Primary, s.Lost))
	type turn struct {
		at   micros
		down int
	}
	var turns []turn
	for _, o := range s.Outages {
		if o.Server != nil && o.Server != s.Primary || o.Promoted || o.First {
			continue
		}
		turns = append(turns, turn{o.Lost, 1})
		if o.Restored != unknown {
			turns = append(turns, turn{o.Restored, -1})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	why := fmt.Sprintf("fewer replicas than min-replicas-to-write %d were attached", n)
	ev := []diagnosis.Evidence{{File: set.File, Line: set.Line, Text: set.Name + " " + set.Value}}
	down, since := 0, unknown
	for _, t := range turns {
		down += t.down
		short := attached-down < n
		if short && since == unknown {
			since = t.at
		} else if !short && since != unknown {
			out = append(out, spell{timeline.Span{From: since, To: t.at}, why, ev})
			since = unknown
		}
	}
	if since != unknown {
		out = append(out, spell{timeline.Span{From: since, To: unknown}, why, ev})
	}
	return out
}

// nobodyRead: a replica refuses reads while it loads a snapshot and while its process is gone, and while its link is down where
// replica-serve-stale-data is no; else it answers with old data.
func nobodyRead(s *scene) answer {
	var says []string
	var ev []diagnosis.Evidence
	var longest timeline.Span
	stale := micros(0)
	for _, o := range s.Outages {
		if o.Promoted {
			continue
		}
		r := o.Replica
		end := o.Restored
		if r.Value("replica-serve-stale-data") == "no" {
			says = append(says, fmt.Sprintf("%s%s, with its link down and replica-serve-stale-data no", r.Name, forHowLong(o.Lost, end)))
			continue
		}
		for _, x := range refusedReads(o) {
			says = append(says, fmt.Sprintf("%s%s, %s", r.Name, forHowLong(x.From, x.To), x.why))
			ev = append(ev, x.evidence...)
			if x.To != unknown && x.To-x.From > longest.To-longest.From {
				longest = x.Span
			}
		}
		if end != unknown {
			stale = max(stale, end-min(o.Lost, s.Contact))
		}
	}
	const few = 4
	if len(says) > few {
		says = append(says[:few], diagnosis.Plural(int64(len(says)-few), "more stretch", "more stretches"))
	}
	old := fmt.Sprintf("answered with data that was up to %s old", diagnosis.Length(stale))
	text := strings.Join(says, "; ")
	switch {
	case text == "" && stale == 0 && len(s.Affected) == 0:
		return answer{}
	case text == "" && stale == 0:
		return cannotTell("the logs of the replicas, which say when they load")
	case text == "":
		text = "no time that is seen: they " + old
	case stale > 0:
		text += "; else they " + old
	}
	a := known(text, ev...)
	if len(says) == 1 && longest.To > longest.From {
		return a.during(longest)
	}
	return a
}

func forHowLong(from, to micros) string {
	if to == unknown {
		return " until the evidence ends"
	}
	return " for " + diagnosis.Length(to-from)
}

// refusedReads are the stretches of an outage in which the replica answered no reads: it loaded, or its process was gone.
func refusedReads(o *replication.Outage) (out []spell) {
	for _, t := range o.Tries {
		if t.LoadEv != nil && t.End != unknown && t.Outcome == diagnosis.Full && t.End > t.LoadEv.At {
			out = append(out, spell{timeline.Span{From: t.LoadEv.At, To: t.End}, "while it loaded the snapshot", []diagnosis.Evidence{t.LoadEv.Evidence()}})
		}
	}
	if o.Restart != nil {
		if l := o.Replica.LifeBefore(o.Restart); l != nil && l.To != unknown && o.Restart.From > l.To {
			x := spell{timeline.Span{From: l.To, To: o.Restart.From}, "while its process was gone", nil}
			if e := readyAfter(o.Replica, o.Restart.From); e != nil {
				x.To, x.why = e.At, "while it was gone or loading"
				x.evidence = append(x.evidence, e.Evidence())
			}
			out = append(out, x)
		}
	}
	return out
}
