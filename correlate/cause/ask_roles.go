package cause

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// turnedReplica is the first dump in which the server that lost its replicas is a replica itself, where that was at the loss; nil without one.
func turnedReplica(s *scene) *timeline.Sample {
	h := s.Primary
	if s.First == nil {
		return nil
	}
	near := h.Interval() + timeline.TwoTicks
	a, around := h.LastSampleBefore(s.Lost-near), h.SamplesWithin(timeline.Span{From: s.Lost - near, To: s.Last + near})
	for i := range around {
		b := &around[i]
		if a != nil && a.Role == "master" && b.Role == "slave" && a.RunID == b.RunID && a.At <= s.Last {
			return b
		}
		a = b
	}
	return nil
}

func follows(b *timeline.Sample) diagnosis.Evidence {
	return b.Evidence("role:"+b.Role, "master_host:"+b.PrimaryHost)
}

// strangerInDumps: a primary's dumps show that it follows nobody of its group from the loss on, and no log tells who told it to. Where a replica
// became a primary instead, roles changed, and that is another cause.
func strangerInDumps(s *scene) Finding {
	b := turnedReplica(s)
	if b == nil || s.Primary.HasLog() || slices.ContainsFunc(s.Outages, func(o *replication.Outage) bool { return o.Promoted }) {
		return Finding{at: unknown}
	}
	if h := s.G.At(b.PrimaryAddr()); h != nil && (h.HasInfo() || h.HasLog()) {
		return Finding{at: unknown}
	}
	f := found(b.At, fmt.Sprintf("%s, a primary, follows %s from one dump to the next, which is nobody of the group", s.Primary.Name, b.PrimaryHost), follows(b))
	f.on = s.Primary
	return f
}

// promotedInDumps: a replica that has no log calls itself a primary from one dump to the next, and others follow it. A replica that somebody
// makes a primary of its own has nobody. Where the primary's process had ended, or nothing is seen of it since, that is why.
func promotedInDumps(s *scene) Finding {
	if s.Primary.FirstSampleAfter(s.Last) == nil || endedNear(s.Primary, s) != nil {
		return Finding{at: unknown}
	}
	for _, o := range s.Outages {
		if o.Promoted && inDumps(o) && o.Replica.AnySample(func(x *timeline.Sample) bool {
			return x.At >= o.Restored && x.Role == "master" && x.ConnectedReplicas.Or(0) > 0
		}) {
			return found(o.Restored, o.Replica.Name+" was a replica, and is a primary in the next dump", o.Proof...)
		}
	}
	return Finding{at: unknown}
}

// inDumps reports whether dumps alone tell that a replica was promoted.
func inDumps(o *replication.Outage) bool {
	return o.Moved == nil && len(o.Proof) > 0 && !o.Replica.HasLog()
}

// servedOn: dumps show the old primary as one still while a replica was one already, and as that one's replica later: nobody had reached it to
// tell it so.
func servedOn(s *scene) Finding {
	p := s.Primary
	for _, o := range s.Outages {
		if !o.Promoted || !inDumps(o) {
			continue
		}
		var still *timeline.Sample
		for i := range p.Samples {
			switch x := &p.Samples[i]; {
			case x.At < o.Restored+p.Interval()+timeline.TwoTicks:
			case x.Role == "master":
				still = x
			case still != nil && x.Role == "slave" && s.G.At(x.PrimaryAddr()) == o.Replica:
				return found(unknown, fmt.Sprintf("%s called itself a primary for %s after %s had become one, and follows it since", p.Name, diagnosis.Length(still.At-o.Restored), o.Replica.Name),
					still.Evidence("role:master"), follows(x))
			}
		}
	}
	return Finding{at: unknown}
}
