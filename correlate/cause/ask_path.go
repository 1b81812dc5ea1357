package cause

import (
	"fmt"

	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// failedConnect is the first attempt of the first round's replicas to connect that failed in one of these words, and whose outage it is of.
func failedConnect(s *scene, words ...string) (*replication.Outage, *timeline.Event) {
	for _, o := range s.Wave {
		for _, e := range o.Failures {
			if !e.Is(message.ConnectFailed) && e.Kind != message.ReplHandshakeError {
				continue
			}
			for _, w := range words {
				if replication.ContainsWord(e.Text, w) && tookConnection(o, e) == nil {
					return o, e
				}
			}
		}
	}
	return nil, nil
}

// tookConnection is the line that tells that the system at the other end took a connection whose handshake then waited in vain; nil where it
// did not. The path was there, and the process behind it did not answer: a connection that is dropped on its way never comes about.
func tookConnection(o *replication.Outage, e *timeline.Event) *timeline.Event {
	if e.Kind != message.ReplConnectTimeout {
		return nil
	}
	var took *timeline.Event
	for x := range o.Replica.Within(timeline.Span{From: e.At - o.Replica.Duration("repl-timeout") - timeline.ThreeTicks, To: e.At}) {
		switch {
		case x == e:
			return took
		case x.At == unknown:
		case x.Kind == message.ReplConnectedTcp:
			took = x
		case x.Is(message.Connects):
			took = nil
		}
	}
	return nil
}

// systemAnswered: the suspect's system took a replica's connection, and the suspect itself answered nothing in it for a whole repl-timeout. Once it
// has answered a request, its own forks may hold it.
func systemAnswered(s *scene) Finding {
	for _, o := range s.Wave {
		if o.Server == s.suspect {
			if f := answeredFor(o); f.Answer == yes {
				return f
			}
		}
	}
	return Finding{at: unknown}
}

// answeredFor: the system of the server that the replica lost took its connection, and nobody answered in it.
func answeredFor(o *replication.Outage) Finding {
	for _, e := range o.Failures {
		if len(o.Tries) > 0 && e.At > o.Tries[0].At {
			break
		}
		// Where it answered others meanwhile, what took the connection was no system of its own: a proxy, a load balancer.
		if took := tookConnection(o, e); took != nil && o.Server != nil && !o.Server.AnswersBetween(took.At, e.At) {
			return found(unknown, fmt.Sprintf("the system of %s took a connection of %s, and %s itself did not answer in it", o.Server.Name, o.Replica.Name, o.Server.Name), took.Evidence(), e.Evidence())
		}
	}
	return Finding{at: unknown}
}

// anySystemAnswered: some server's system took a connection in which the server itself did not answer.
func anySystemAnswered(s *scene) Finding {
	for _, o := range s.Wave {
		if f := answeredFor(o); f.Answer == yes {
			return f
		}
	}
	return Finding{at: unknown}
}

func connectFails(s *scene, words ...string) Finding {
	if o, e := failedConnect(s, words...); e != nil {
		return found(unknown, fmt.Sprintf("%s could not connect: %s", o.Replica.Name, e.Text), e.Evidence())
	}
	for _, o := range s.Wave {
		if !o.Replica.HasLog() {
			return needs("the log of " + o.Replica.Name)
		}
	}
	return Finding{at: unknown}
}

// pathBroken: connecting failed although the server that the replica names was there.
func pathBroken(s *scene) Finding {
	words := []string{"refused", "no route", "unreachable", "timed out", "Timeout connecting", "reset by peer", "Operation now in progress"}
	f := connectFails(s, words...)
	if f.Answer != yes {
		return f
	}
	o, e := failedConnect(s, words...)
	p := o.Server
	if p == nil {
		p = s.Primary
	}
	silent := replication.ContainsWord(e.Text, "Timeout connecting") || replication.ContainsWord(e.Text, "timed out")
	if st := s.StallOf(p); st != nil && st.Gap && silent {
		return Finding{at: unknown}
	}
	if endedNear(p, s) != nil || p == s.Primary && startedAnew(s).Answer == yes {
		return Finding{at: unknown}
	}
	// It ran on if it gave a dump meanwhile, or wrote a line. A server that stands still answers nobody, and is no more than slow: it must
	// have shown itself while the replica waited for it.
	from, to := o.Lost-p.Clock.Err, s.End
	if silent {
		from, to = e.At-o.Replica.Duration("repl-timeout"), e.At
	}
	if p.AnswersBetween(from, to) || p.WroteBetween(from, to) {
		f.Text += ", though " + p.Name + " ran on"
		return f
	}
	return needs("evidence of " + p.Name + " from that time")
}

func lostWithoutTimeout(s *scene) Finding {
	o := s.First
	if o == nil || o.LostBy < replication.PrimaryLog || o.First && len(o.Notices) == 0 {
		return Finding{at: unknown} // nobody saw it go
	}
	if !s.Silent {
		return found(s.Lost, "the connection closed at once, without a timeout", replication.EvidenceOf(o.Notices, 2)...)
	}
	return denied("the link timed out", replication.EvidenceOf(o.Notices, 2)...)
}

// awakeButUnreached: a server was awake while whoever took its dumps got none, for longer than a dump is apart: the server ran and its network did not.
func awakeButUnreached(s *scene) Finding {
	hs := []*timeline.Host{s.Primary}
	for _, o := range s.Wave {
		hs = append(hs, o.Replica)
	}
	for _, h := range hs {
		for i := 1; i < len(h.Samples); i++ {
			a, b := &h.Samples[i-1], &h.Samples[i]
			if b.At < s.Contact || a.At > s.Last+timeline.Tick {
				continue
			}
			if at, ev := h.AwakeUnreached(a, b); at != unknown {
				return found(unknown, fmt.Sprintf("%s was awake at %s while nobody got a dump of it until %s", h.Name, ms(at), ms(b.At)), ev, b.Evidence("first dump after the hole, "+ms(b.At)))
			}
		}
	}
	return Finding{at: unknown}
}

// noWay: whoever asked for INFO through the silence found no way to one end's system, while the other end answered: no process that stands still, or is
// held, is like that, as its system takes connections for it.
func noWay(s *scene) Finding {
	if s.First == nil {
		return Finding{at: unknown}
	}
	for _, h := range s.ends() {
		other := s.Primary
		if h == s.Primary {
			other = s.First.Replica
		}
		u := h.ReachedIn(timeline.Span{From: s.Contact, To: s.Last + timeline.Tick})
		if u != nil && u.How == timeline.NoWay && s.answeredInside(other) != nil {
			return found(unknown, fmt.Sprintf("who asked for INFO at %s found no way to the system of %s, and %s answered meanwhile", ms(u.At), h.Name, other.Name), u.Ev)
		}
	}
	return Finding{at: unknown}
}

// noWayTo: nobody found a way to the suspect's system while it was silent: what stood still was not its process alone.
func noWayTo(s *scene) Finding {
	u := s.suspect.ReachedIn(timeline.Span{From: s.Contact, To: s.Last + timeline.Tick})
	if u == nil || u.How != timeline.NoWay {
		return Finding{at: unknown}
	}
	return found(unknown, fmt.Sprintf("who asked for INFO at %s found no way to the system of %s", ms(u.At), s.suspect.Name), u.Ev)
}

// unseenSince is an end of a connection that was closed of which nothing shows that it lived on; nil where something does.
func (s *scene) unseenSince() *timeline.Host {
	if s.Silent {
		return nil
	}
	ends := []*timeline.Host{s.Primary}
	o := s.First
	if o != nil {
		if o.Server != nil {
			ends[0] = o.Server
		}
		if o.Restored == unknown && (o.Replica.HasLog() || len(o.Replica.Samples) > 0) {
			ends = append(ends, o.Replica)
		}
	}
	for _, h := range ends {
		seen := h.LastSeen()
		// Whatever its clock is off, who lives on is seen later than that, as the others are; and who says that it lost its link lives.
		silent := o != nil && o.LostBy != replication.ReplicaLog && seen <= s.Lost+h.Clock.Err && s.G.SeenUntil()-seen > 2*h.Clock.Err+3*max(h.Interval(), timeline.Tick)
		if seen < s.Lost-h.Clock.Err || silent && h == o.Replica {
			return h
		}
	}
	return nil
}

// nothingElseSaid: the logs of both ends reach over the loss and name no cause: no end of a process, no closing at a
// limit, no change of roles. What breaks links without a word is the network.
func nothingElseSaid(s *scene) Finding {
	if s.First == nil || s.First.First && len(s.First.Notices) == 0 {
		return Finding{at: unknown}
	}
	r := s.First.Replica
	if !s.Primary.HasLog() || !r.HasLog() {
		for _, h := range []*timeline.Host{s.Primary, r} {
			if !h.HasLog() {
				return needs("the log of " + h.Name)
			}
		}
	}
	for _, f := range []Finding{sameProcesses(s), not(movedAtLoss)(s), not(overflowClosed)(s)} {
		if f.Answer == no {
			return denied(f.Text, f.evidence...)
		}
	}
	if p := s.unseenSince(); p != nil {
		return needs("the log of " + p.Name + " from after the loss") // one that is killed says nothing either
	}
	return found(unknown, "the logs of both ends name no other cause", replication.EvidenceOf(s.First.Notices, 2)...)
}

// wentNowhere: connecting timed out or found no route: packets were dropped on the way, unless the primary itself hung.
func wentNowhere(s *scene) Finding {
	f := connectFails(s, "no route", "unreachable", "timed out", "Timeout connecting")
	if f.Answer != yes {
		return Finding{at: unknown}
	}
	if st := s.StallOf(s.Primary); st != nil && st.Gap {
		return Finding{at: unknown}
	}
	for _, o := range s.Wave {
		for _, t := range o.Tries {
			if t.ByReplica || t.ByPrimary {
				return Finding{at: unknown} // it got through in between: whoever did not answer was the primary
			}
		}
	}
	return f
}

// goneForGood: nothing of the primary after the loss, and the replicas cannot reach it.
func goneForGood(s *scene) Finding {
	p := s.Primary
	if stuck(s).Answer == yes {
		return Finding{at: unknown} // that says more
	}
	if len(p.Samples) > 0 && p.Samples[len(p.Samples)-1].At > s.Lost+replication.ClockSlack || p.HasLog() && p.Events[len(p.Events)-1].At > s.Lost+replication.ClockSlack+p.Clock.Err {
		return denied(p.Name + " has evidence after the loss")
	}
	// A node of a cluster never says of itself that it failed (redis 7.4.1 cluster_legacy.c markNodeAsFailingIfNeeded): who does lives on.
	for e := range s.Said(p) {
		if e.Is(message.SaysDown) && !p.Sentinel {
			return denied(p.Name+" itself says that another node failed", e.Evidence())
		}
	}
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Granted != "" && o.Moved == nil && (t.Server == nil || t.Server == p) {
				return denied(p.Name+" answered "+o.Replica.Name+" afterwards", replication.AttemptEvidence(t)...)
			}
		}
	}
	if f := connectFails(s, "refused", "reset by peer"); f.Answer == yes {
		f.Text = "nothing of " + p.Name + " after the loss, and " + f.Text
		return f
	}
	if f := said("sentinels", replication.Bears(message.SaysDown), "says it is down")(s); f.Answer == yes {
		f.at = unknown // when others noticed
		return f
	}
	return Finding{at: unknown}
}
