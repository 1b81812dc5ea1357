package questions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// twoPrimaries: from the promotion until the former primary was demoted, its process living; or from its return as a primary on.
func twoPrimaries(s *scene) answer {
	p := s.former()
	if p == nil {
		return answer{}
	}
	from := s.heir.Restored
	if l := s.ended(p); l != nil && l.To <= from {
		next := p.LifeAfter(l)
		if next == nil {
			return known(fmt.Sprintf("no: %s had ended before %s took over, and did not come back", p.Name, s.heir.Replica.Name), endOf(l)...)
		}
		from = max(from, next.From)
	}
	to, ev := unknown, []diagnosis.Evidence{}
	if d := s.demoted(); d != nil && d.Moved != nil {
		to = d.Moved.At
		ev = append(ev, d.Moved.Evidence())
	} else if sm := firstAs(p, "slave", from); sm != nil {
		to = sm.At
		ev = append(ev, sm.Evidence("role:slave"))
	}
	if s.heir.Moved != nil {
		ev = append([]diagnosis.Evidence{s.heir.Moved.Evidence()}, ev...)
	}
	switch last := p.LastSampleBefore(cmp.Or(max(to, 0), from+timeline.MinuteApart)); {
	case to != unknown && to <= from:
		return known(fmt.Sprintf("no: %s followed %s from the start", p.Name, s.heir.Replica.Name), ev...)
	case to != unknown:
		return known(fmt.Sprintf("yes, %s and %s, for %s: from %s to %s", p.Name, s.heir.Replica.Name, diagnosis.Length(to-from), diagnosis.ClockTime(from), diagnosis.ClockTime(to)), ev...).during(timeline.Span{From: from, To: to})
	case last != nil && last.At > from && last.Role == "master":
		return known(fmt.Sprintf("yes, %s and %s, from %s on: the evidence ends before %s follows", p.Name, s.heir.Replica.Name, diagnosis.ClockTime(from), p.Name), append(ev, last.Evidence("role:master"))...).during(timeline.Span{From: from, To: unknown})
	}
	return cannotTell(fmt.Sprintf("the log or INFO of %s from after %s", p.Name, diagnosis.ClockTime(from)))
}

func endOf(l *timeline.Life) []diagnosis.Evidence {
	if l.EndEv == nil {
		return nil
	}
	return []diagnosis.Evidence{l.EndEv.Evidence()}
}

// firstAs is the host's first dump in a role from a moment on.
func firstAs(h *timeline.Host, role string, from micros) *timeline.Sample {
	for i := range h.Samples {
		if s := &h.Samples[i]; s.At >= from && s.Role == role {
			return s
		}
	}
	return nil
}

// saysPrimaryDown reports whether a Sentinel or a cluster node calls a primary down.
func saysPrimaryDown(e *timeline.Event) bool {
	return e.Is(message.SaysDown) && (e.Kind != message.SentinelSdown || strings.Contains(e.Text, "master "))
}

// whyFailover: somebody asked for it, or who watches the primary held it for dead; and what the primary did meanwhile.
func whyFailover(s *scene) answer {
	if s.former() == nil {
		return answer{}
	}
	if asked := s.said(s.everybody(), func(e *timeline.Event) bool { return e.Is(message.FailoverAsked) }); len(asked) > 0 {
		return known(fmt.Sprintf("it was asked for: %q", diagnosis.Shorten(asked[0].Text, 120)), evidenceOf(asked)...)
	}
	down := s.said(s.everybody(), func(e *timeline.Event) bool { return saysPrimaryDown(e) && e.At <= s.heir.Restored+timeline.ThreeTicks })
	if len(down) == 0 {
		if m := s.heir.Moved; s.heir.ByHand {
			return known(fmt.Sprintf("%s was told to: %q", s.heir.Replica.Name, diagnosis.Shorten(m.Text, 120)), m.Evidence())
		}
		return cannotTell("the logs of the Sentinels, or of the cluster's nodes")
	}
	var who []string
	for _, e := range down {
		if !slices.Contains(who, e.Instance) {
			who = append(who, e.Instance)
		}
	}
	text := diagnosis.List(who) + " heard nothing from the primary and held it for dead"
	if p := s.former(); p != nil {
		text += "; " + s.meanwhile(p)
	}
	return known(text, evidenceOf(down)...)
}

// meanwhile says what the former primary did while it was held for dead.
func (s *scene) meanwhile(p *timeline.Host) string {
	st := s.StallOf(p)
	switch l := s.ended(p); {
	case l != nil && l.To <= s.heir.Restored:
		return p.Name + " had ended"
	case st != nil:
		return fmt.Sprintf("%s ran, but stood still for %s", p.Name, diagnosis.Length(st.To-st.From))
	case p.AnswersBetween(s.Contact, s.heir.Restored) || p.WroteBetween(s.Contact, s.heir.Restored):
		return p.Name + " ran and answered others all the while: they could not reach it"
	}
	return "whether " + p.Name + " ran, its evidence does not tell"
}

// whyThisReplica: who chose it, and how far it lay behind the primary.
func whyThisReplica(s *scene) answer {
	if s.former() == nil {
		return answer{}
	}
	h := s.heir.Replica
	why, ev := "", []diagnosis.Evidence{}
	chosen := s.said(s.everybody(), func(e *timeline.Event) bool {
		return e.Kind == message.SentinelSelectedReplica || e.Kind == message.ClusterElectionWon || e.Kind == message.ClusterElectionRanked
	})
	others := 0
	for _, o := range s.G.Hosts {
		if o != h && o != s.former() {
			others++
		}
	}
	switch {
	case len(chosen) > 0 && chosen[0].Kind == message.SentinelSelectedReplica:
		why = fmt.Sprintf("%s chose it", chosen[0].Instance)
		ev = evidenceOf(chosen)
	case len(chosen) > 0:
		why = "it won the cluster's vote: the replica that has most asks first"
		ev = evidenceOf(chosen)
	case s.heir.ByHand:
		why = "it was told to"
		ev = append(ev, s.heir.Moved.Evidence())
	}
	if others == 0 {
		why = strings.TrimPrefix(why+", and no other replica is in the evidence", ", and ")
	}
	behind := s.behind(h)
	if why == "" && behind == "" {
		return cannotTell("the log of the Sentinel that led the failover, and INFO of every replica from right before it")
	}
	if behind == "" {
		behind = "how far behind it was, no dump tells"
	}
	return known(strings.TrimPrefix(why+"; "+behind, "; "), ev...)
}

// behind compares the offsets in the last dumps before the promotion; empty without any.
func (s *scene) behind(h *timeline.Host) string {
	mine := h.LastSampleBefore(s.heir.Restored)
	if n := s.LostWrites(); n != nil {
		return fmt.Sprintf("it lacked %s bytes of the primary's stream", diagnosis.BytesOf(*n))
	}
	p := s.former()
	if mine == nil || !mine.ReplicaOffset.Known() || p == nil {
		return ""
	}
	var more []string
	for _, o := range s.G.Hosts {
		if o == h || o == p {
			continue
		}
		if x := o.LastSampleBefore(s.heir.Restored); x != nil && x.Role == "slave" && x.ReplicaOffset.Known() && x.ReplID == mine.ReplID && x.ReplicaOffset > mine.ReplicaOffset && x.At <= mine.At {
			more = append(more, fmt.Sprintf("%s had %s bytes more", o.Name, diagnosis.BytesOf(int64(x.ReplicaOffset-mine.ReplicaOffset))))
		}
	}
	text := ""
	if x := p.LastSampleBefore(s.heir.Restored); x != nil && x.PrimaryOffset.Known() && x.Role == "master" && x.ReplID == mine.ReplID {
		if x.PrimaryOffset > mine.ReplicaOffset {
			text = fmt.Sprintf("by the last dumps of both it was %s bytes behind", diagnosis.BytesOf(int64(x.PrimaryOffset-mine.ReplicaOffset)))
		} else {
			text = "by the last dumps of both it had all that the primary had"
		}
	}
	if len(more) > 0 {
		text = strings.TrimPrefix(text+"; "+strings.Join(more, ", "), "; ")
	}
	return text
}

// whyAborted tells a failover that was begun and given up, in its own words.
func whyAborted(s *scene) answer {
	evs := s.said(s.everybody(), replication.NoFailover)
	if len(evs) == 0 {
		return answer{}
	}
	e := evs[0]
	return known(fmt.Sprintf("%s: %q (%s)", e.Instance, diagnosis.Shorten(e.Text, 120), diagnosis.Plural(int64(len(evs)), "time", "times")), evidenceOf(evs)...)
}
