package cause

import (
	"fmt"
	"net"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

func neverLinked(s *scene) Finding {
	o := s.First
	if o == nil || !o.Begun {
		return Finding{at: unknown}
	}
	if o.Restored == unknown && !slices.ContainsFunc(o.Tries, func(t *replication.Attempt) bool { return t.Granted != "" }) && len(o.Failures) > 0 {
		return found(o.Lost, o.Replica.Name+" never had a link in the evidence", o.Failures[0].Evidence())
	}
	return Finding{at: unknown}
}

// neverSeen: nobody ever had a link to the primary, and there is no evidence of its own: what cannot be reached may be a wrong address as well.
func neverSeen(s *scene) Finding {
	f := neverLinked(s)
	if f.Answer != yes || s.Primary.HasLog() || len(s.Primary.Samples) > 0 || len(s.Wave) != 1 {
		return Finding{at: unknown}
	}
	f.Text = "nothing shows that " + s.Primary.Name + " ever was a server: its address may be wrong, or nobody's of yours"
	return f
}

// wrongAddress: the replica tried an address at which nobody of the group is known, in vain, while the primary has
// another: the one it was told to follow later, or the one its siblings use.
func wrongAddress(s *scene) Finding {
	o := s.own()
	if o == nil {
		return Finding{at: unknown}
	}
	if f := configuredElsewhere(s, o); f.Answer == yes {
		return f
	}
	if f := pointedRight(s, o); f.Answer == yes {
		return f
	}
	for _, a := range o.Tried {
		if s.G.ByAddr[a] != nil || o.Moved != nil && o.Moved.Peer == a {
			continue
		}
		i := slices.IndexFunc(o.Failures, replication.Bears(message.ConnectFailed))
		if i < 0 {
			continue
		}
		e := o.Failures[i]
		if o.Moved != nil && s.G.At(o.Moved.Peer) == s.Primary {
			return found(e.At, fmt.Sprintf("%s tried %s in vain and got its link when it was told to follow %s", o.Replica.Name, a, o.Moved.Peer), e.Evidence(), o.Moved.Evidence())
		}
		if other := otherAddress(s, a); other != "" && s.Primary.HasLog() {
			return found(e.At, fmt.Sprintf("%s tried %s, where nobody of the group is known; its primary is at %s", o.Replica.Name, a, other), e.Evidence())
		}
	}
	return Finding{at: unknown}
}

// configuredElsewhere: INFO names the primary that the replica is configured with: one address while its link was down, another when it was
// up again.
func configuredElsewhere(s *scene, o *replication.Outage) Finding {
	down := ""
	var downAt *timeline.Sample
	for i := range o.Replica.Samples {
		sm := &o.Replica.Samples[i]
		if sm.PrimaryHost == "" || sm.At < o.Lost || sm.At > o.Lost+timeline.LongWait {
			continue
		}
		a := net.JoinHostPort(sm.PrimaryHost, diagnosis.Itoa(sm.PrimaryPort.Or(6379)))
		switch {
		case sm.LinkStatus == "down" && downAt == nil:
			down, downAt = a, sm
		case sm.LinkStatus == "up" && downAt != nil:
			if a == down || o.Moved != nil && !o.ByHand || s.G.ByAddr[a] != s.Primary && s.Primary.Name != a {
				return Finding{at: unknown}
			}
			return found(downAt.At, fmt.Sprintf("%s was configured with %s while its link was down, and with %s when it was up", o.Replica.Name, down, a), downAt.Evidence("master_host, master_port: "+down))
		}
	}
	return Finding{at: unknown}
}

// pointedRight: where addresses are masked, a replica that was refused until a person pointed it to a primary that had been there all along.
func pointedRight(s *scene, o *replication.Outage) Finding {
	if !o.ByHand || o.Moved.Peer != "" || o.Restored == unknown {
		return Finding{at: unknown}
	}
	refused := slices.IndexFunc(o.Failures, func(e *timeline.Event) bool { return e.Is(message.ConnectFailed) && e.At < o.Moved.At })
	there := s.Primary.AnySample(func(x *timeline.Sample) bool { return x.At > o.Lost && x.At < o.Moved.At && x.Role == "master" })
	if refused < 0 || !there {
		return Finding{at: unknown}
	}
	return found(o.Failures[refused].At, fmt.Sprintf("%s was refused where it was told to connect, and got its link when it was pointed to %s, which had been there all along", o.Replica.Name, s.Primary.Name),
		o.Failures[refused].Evidence(), o.Moved.Evidence())
}

// otherAddress is an address of the primary's that is not a; the first by name.
func otherAddress(s *scene, a string) string {
	other := ""
	for x, h := range s.G.ByAddr {
		if h == s.Primary && x != a && (other == "" || x < other) {
			other = x
		}
	}
	return other
}

// cameBack: the link was restored by the same process to the same primary, and nobody pointed it elsewhere: whatever
// kept it away passed by itself.
func cameBack(s *scene) Finding {
	o := s.own()
	if o == nil || o.Restored == unknown || o.Promoted || o.Moved != nil || o.Restart != nil || len(o.Tried) > 1 || wrongAddress(s).Answer == yes {
		return Finding{at: unknown}
	}
	f := found(o.Restored, o.Replica.Name+" came back to the same primary with nothing changed")
	if o.RestoredEv != nil {
		f.evidence = append(f.evidence, o.RestoredEv.Evidence())
	}
	return f
}

// tooShort: the replica gives its primary up after less than the primary lets pass between two pings: an idle link times out though nothing
// is wrong (redis 7.4.1 config.c warns of it, replication.c replicationCron pings every repl-ping-replica-period).
func tooShort(s *scene) Finding {
	const wait, ping = "repl-timeout", "repl-ping-replica-period"
	for _, o := range s.Wave {
		for _, h := range []*timeline.Host{o.Replica, s.Primary} {
			by := o.TimeoutByReplica
			if h == s.Primary {
				by = o.TimeoutByPrimary
			}
			if by == nil {
				continue
			}
			w := h.Setting(wait)
			if w.Assumed || h.Duration(wait) == 0 || h.Duration(wait) >= s.Primary.Duration(ping) || s.StallOf(s.Primary) != nil || s.StallOf(o.Replica) != nil {
				continue
			}
			return outLoud(found(by.At-h.Duration(wait), fmt.Sprintf("%s gives a link up after %s s of silence, and %s pings every %s s", h.Name, w.Value, s.Primary.Name, s.Primary.Value(ping)),
				diagnosis.Evidence{File: w.File, Line: w.Line, Text: wait + " " + w.Value}, by.Evidence()))
		}
	}
	return Finding{at: unknown}
}

// missedNothing: a replica that gave its link up for silence, and when it asked again had missed nothing, or a ping at most, was sent nothing
// meanwhile. Where its primary was awake, it had nothing to send: its pings come further apart than the replica waits. A path that broke,
// whatever the way, would have cost the replica what was written, or left its timer alone.
var missedNothing = ofAll(func(s *scene) Finding {
	for _, o := range s.Wave {
		by := o.TimeoutByReplica
		if by == nil || o.TimeoutByPrimary != nil || len(o.Tries) == 0 {
			continue
		}
		t := o.Tries[0]
		if t.Granted != diagnosis.Partial || t.AnswerEv == nil || !t.AnswerEv.Bytes.Known() || t.AnswerEv.Bytes > pingBytes {
			continue
		}
		if st := s.StallOf(s.Primary); st != nil && st.To-st.From >= s.Timeout/2 {
			return Finding{at: unknown} // it was not awake for as long as the replica waits
		}
		if pingsKnown(s.Primary, o) && 2*s.Primary.Duration("repl-ping-replica-period") <= o.Replica.Duration("repl-timeout") {
			return Finding{at: unknown} // it had pings to send
		}
		a := s.answeredInside(s.Primary)
		if a == nil {
			return needs("INFO dumps of " + s.Primary.Name + " over the time of the loss")
		}
		return found(by.At-s.Timeout, fmt.Sprintf("%s gave the link up for silence and had missed %d bytes: %s, which was awake, had nothing to send for as long as it waits", o.Replica.Name, t.AnswerEv.Bytes, s.Primary.Name),
			by.Evidence(), t.AnswerEv.Evidence(), a.Evidence("dump at "+ms(a.At)))
	}
	return Finding{at: unknown}
})

// closedPrimary: the replica lets no client send a command as large as its primary sent.
func closedPrimary(s *scene) Finding {
	return said("suspect", replication.ClosedPrimary, "closed its primary")(s)
}

// stayedAway: what is set up wrong does not come right by itself. A timeout that is too short gives the link back each time.
func stayedAway(s *scene) Finding {
	if missedNothing(s).Answer == yes || closedPrimary(s).Answer == yes {
		return Finding{at: unknown}
	}
	return not(cameBack)(s)
}

// pathFits: a path loses what is sent over it.
func pathFits(s *scene) Finding {
	for _, ask := range []func(*scene) Finding{missedNothing, pingsUnsent} {
		if f := ask(s); f.Answer == yes {
			return denied(f.Text, f.evidence...)
		}
	}
	return Finding{at: unknown}
}
