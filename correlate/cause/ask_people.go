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

// movedAtLoss: the link was lost because a role changed or the replica was told to follow another. What Sentinels and the cluster do about
// a primary that they cannot reach does not tell why they cannot.
func movedAtLoss(s *scene) Finding {
	if cutOff(s).Answer == yes || bothAwake(s).Answer == yes {
		return Finding{at: unknown}
	}
	for _, o := range s.Wave {
		if o.Moved != nil && !o.First && (o.Moved.At-o.Lost).Abs() <= timeline.TwoTicks {
			return found(o.Lost, o.Replica.Name+" was re-pointed at that moment", o.Moved.Evidence())
		}
	}
	for _, o := range s.Wave {
		if o.LeftFor != nil {
			return found(o.Lost, o.Replica.Name+" let its primary go to follow another", o.LeftFor.Evidence())
		}
	}
	if b := turnedReplica(s); b != nil {
		return found(b.At, s.Primary.Name+" followed another from then on, as its dumps show", follows(b))
	}
	for e := range s.Primary.Within(timeline.Span{From: s.Lost - timeline.TwoTicks, To: s.Lost + timeline.TwoTicks}) {
		if (e.Is(message.RePointed) || replication.RoleChanged(e)) && (e.At-s.Lost).Abs() <= timeline.TwoTicks {
			return found(e.At, s.Primary.Name+" changed its role at that moment", e.Evidence())
		}
	}
	return Finding{at: unknown}
}

// obeyed: a server did what a client told it about its role. That a server which nobody followed was told whom to follow begins a
// provisioning: it cannot have cost a link.
func obeyed(s *scene) Finding {
	begins := map[*timeline.Event]bool{}
	for _, o := range s.Outages {
		if o.First && o.Moved != nil && !incident.Demoted(o) {
			begins[o.Moved] = true
		}
	}
	return said("group", func(e *timeline.Event) bool { return replication.ByPerson(e) && !begins[e] && !s.tooLate(e) }, "obeyed a client")(s)
}

// leftUnasked: a replica let its primary go to follow another, and no line says who wanted that. REPLICAOF and a Sentinel's orders are logged,
// and so is what the cluster does by itself (redis 7.0 cluster.c: each call of clusterSetMaster but that of CLUSTER REPLICATE).
func leftUnasked(s *scene) Finding {
	for _, o := range s.Wave {
		if o.LeftFor == nil || o.Moved != nil || o.Promoted {
			continue
		}
		at, told := o.LeftFor.At, false
		for e := range o.Replica.Within(timeline.Span{From: at - timeline.Tick, To: at + timeline.Tick}) {
			told = told || e.Is(message.MovedByCluster|message.RePointed|message.Promotes)
		}
		if !told {
			f := found(at, o.Replica.Name+" let its primary go to follow another, and neither a Sentinel nor the cluster says that it moved it", o.LeftFor.Evidence())
			f.on = o.Replica
			return f
		}
	}
	return Finding{at: unknown}
}

// tooLate reports whether a line was written after the links were lost, by more than clocks and timers explain: what it tells of did not
// bring that on.
func (s *scene) tooLate(e *timeline.Event) bool {
	if s.First == nil || e.At == unknown {
		return false
	}
	doubt := s.Primary.Clock.Err
	for _, o := range s.Wave {
		doubt = max(doubt, o.Replica.Clock.Err)
	}
	return e.At > s.Last+timeline.ThreeTicks+doubt
}

// clientKilled: CLIENT KILL stands in the slowlog at the loss, or its count in commandstats rose over it.
func clientKilled(s *scene) Finding {
	h := s.Primary
	for i := range h.Commands {
		c := &h.Commands[i]
		if c.Name == "CLIENT" && strings.HasPrefix(strings.ToUpper(c.Args), "KILL") && (c.End-s.Lost).Abs() <= timeline.ThreeTicks {
			return found(c.Start, "CLIENT KILL on "+h.Name, c.Evidence())
		}
	}
	var prev *timeline.Statistic
	for i := range h.Stats {
		r := &h.Stats[i]
		if r.Name != "cmdstat_client|kill" {
			continue
		}
		if r.At >= s.Lost-timeline.Tick && (prev == nil || prev.At <= s.Lost) && r.At-s.Lost <= 2*h.Interval()+timeline.Tick && (prev != nil || h.Samples[0].At < s.Lost) {
			return found(s.Lost, "CLIENT KILL was called on "+h.Name+" between two dumps", diagnosis.Evidence{File: r.File, Line: r.Line, Text: r.Name + ":calls=" + diagnosis.Itoa(r.Calls.Or(0))})
		}
		prev = r
	}
	return Finding{at: unknown}
}

// clientCommanded: before 7.0 commandstats count all of CLIENT as one, KILL with LIST and SETNAME (redis 6.2 server.c, redisCommandTable). Where
// whoever takes the dumps, or nobody, calls it equally often all along, and more often between the two dumps around the loss, it was a person then.
// A Sentinel that changes a server's role closes that server's clients itself (redis 6.2 sentinel.c sentinelSendSlaveOf).
func clientCommanded(s *scene) Finding {
	h := s.Primary
	if s.rolesMoved(h.Interval() + timeline.ThreeTicks) {
		return Finding{at: unknown}
	}
	calls := map[micros]*timeline.Statistic{}
	for i := range h.Stats {
		r := &h.Stats[i]
		if strings.HasPrefix(r.Name, "cmdstat_client|") {
			return Finding{at: unknown} // KILL has a count of its own
		}
		if r.Name == "cmdstat_client" && r.Calls.Known() {
			calls[r.At] = r
		}
	}
	var was, rose *timeline.Statistic
	atLoss, others := int64(0), []int64{}
	for i := range h.Samples {
		r := calls[h.Samples[i].At]
		if r == nil {
			r = was
		}
		if i > 0 && r != nil && (was != nil || h.Samples[i-1].At < s.Lost) {
			n := r.Calls.Or(0)
			if was != nil {
				n -= was.Calls.Or(0)
			}
			if h.Samples[i-1].At <= s.Lost && s.Lost <= h.Samples[i].At {
				atLoss, rose = n, r
			} else {
				others = append(others, n)
			}
		}
		was = r
	}
	// A counter that moves now so and now so tells nothing, nor one between whose readings somebody may have come to look.
	if rose == nil || len(others) < 3 || slices.Min(others) != slices.Max(others) || atLoss <= others[0] || h.Interval() > timeline.ThreeTicks {
		return Finding{at: unknown}
	}
	return found(s.Lost, fmt.Sprintf("CLIENT was called more often on %s between the two dumps around the loss than between any others", h.Name),
		diagnosis.Evidence{File: rose.File, Line: rose.Line, Text: rose.Name + ":calls=" + diagnosis.Itoa(rose.Calls.Or(0))})
}

// rolesMoved reports whether any server of the group was promoted or re-pointed so near to the loss.
func (s *scene) rolesMoved(near micros) bool {
	return slices.ContainsFunc(s.G.Hosts, func(h *timeline.Host) bool {
		for e := range h.Within(timeline.Span{From: s.Lost - near, To: s.Lost + near}) {
			if e.At != unknown && (e.Is(message.RePointed|message.Promotes) || replication.RoleChanged(e)) {
				return true
			}
		}
		return false
	})
}

// rogueReplicaof: a client that is no Sentinel told a serving primary to follow a stranger.
func rogueReplicaof(s *scene) Finding {
	// The stranger may pass for the primary: who follows it was told to.
	for _, h := range s.G.Hosts {
		for e := range s.Said(h) {
			if s.G.Rogue(e) {
				f := found(e.At, fmt.Sprintf("%s was told to follow %s, a stranger's address that is nobody of the group", h.Name, e.Peer), e.Evidence())
				f.exact, f.aloud, f.on = true, true, h
				return f
			}
		}
	}
	return Finding{at: unknown}
}

// toldToFollowNobody: a client told a primary that others lost by it to follow an address that the evidence does not know. An owner who
// moves a group does the same.
func toldToFollowNobody(s *scene) Finding {
	if s.First == nil || s.First.Replica == s.Primary {
		return Finding{at: unknown}
	}
	for e := range s.Said(s.Primary) {
		if s.G.Stranger(e) && !s.G.Rogue(e) {
			return found(e.At, fmt.Sprintf("%s, a primary, was told to follow %s, which is nobody of the group", s.Primary.Name, e.Peer), e.Evidence())
		}
	}
	return Finding{at: unknown}
}

// moduleOfStranger: a module was loaded while the server followed a stranger, or right after.
func moduleOfStranger(s *scene) Finding {
	since := unknown
	for e := range s.Said(s.Primary) {
		switch {
		case s.G.Stranger(e):
			since = e.At
		case (e.Kind == message.ModuleLoaded || e.Kind == message.ModuleLoadFailed) && since != unknown:
			return outLoud(found(since, fmt.Sprintf("%s was told to load a module after it was told to follow a stranger: %q", s.Primary.Name, e.Text), e.Evidence()))
		}
	}
	return Finding{at: unknown}
}

// askedAlone: of a failover that somebody asked for nothing is seen but that.
func askedAlone(s *scene) Finding {
	if s.First != nil {
		return Finding{at: unknown}
	}
	return said("sentinels", replication.Bears(message.FailoverAsked), "was asked for a failover")(s)
}

// stuck: a failover was given up, and no role changed.
func stuck(s *scene) Finding {
	if f := said("sentinels", replication.RoleChanged, "changed roles")(s); f.Answer == yes {
		return denied(f.Text, f.evidence...)
	}
	return said("sentinels", replication.NoFailover, "gave up a failover")(s)
}

func counterRose(get func(*timeline.Sample) int64, name string) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.Primary
		before := h.LastSampleBefore(s.Contact)
		var after *timeline.Sample
		for i := range h.Samples {
			sm := &h.Samples[i]
			if sm.At > s.Lost && (s.End == unknown || sm.At <= s.End+2*h.Interval()) {
				after = sm
			}
		}
		if before == nil || after == nil {
			return needs("INFO of " + h.Name + " on both sides of the incident")
		}
		a, b := get(before), get(after)
		if a < 0 || b < 0 || before.RunID != after.RunID {
			return Finding{at: unknown}
		}
		if b > a {
			return found(unknown, fmt.Sprintf("%s of %s rose by %s", name, h.Name, diagnosis.BytesOf(b-a)), before.Evidence(name+":"+diagnosis.Itoa(a)), after.Evidence(name+":"+diagnosis.Itoa(b)))
		}
		return denied(name + " did not rise")
	}
}
