package incident

import (
	"cmp"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// Incident is a set of outages that belong together, or a fault of one server that no link felt.
type Incident struct {
	G       *replication.Group
	Outages []*replication.Outage
	// Seed is the server whose fault this is where no link was lost.
	Seed       *timeline.Host
	Start, End micros // end is unknown while a link is still down at the capture's end
	promoted   bool   // one of its replicas was made a primary
	worked     micros // the last moment at which one of its outages asked something of the servers
	back       map[*timeline.Host]micros
	facts
}

// Find joins outages into incidents: what one cause dropped, and what the work of coming back dropped again.
func Find(g *replication.Group) []*Incident {
	var out []*Incident
	var near []*Incident // those that an outage may still belong to: of a year's incidents most are long over
	reach := micros(0)
	for _, o := range g.Links {
		reach = max(reach, slackOf(o))
	}
	for _, o := range g.Links {
		if o.First && !Failing(o) && !Demoted(o) && (o.Moved == nil || !o.Promoted || o.ByHand) {
			continue // provisioning: a note
		}
		var home *Incident
		near = slices.DeleteFunc(near, func(in *Incident) bool { return in.End != unknown && o.Lost > in.End+reach && !in.promoted })
		for i := len(near) - 1; i >= 0 && home == nil; i-- {
			if near[i].takes(o) {
				home = near[i]
			}
		}
		if home == nil {
			home = &Incident{G: g}
			out, near = append(out, home), append(near, home)
		}
		home.add(o)
	}
	// A role change that a person asked for and nobody else felt is no incident.
	out = slices.DeleteFunc(out, func(in *Incident) bool {
		return len(in.lostLinks()) == 0 && !slices.ContainsFunc(in.Outages, func(o *replication.Outage) bool {
			return o.Moved == nil && o.Promoted || o.Moved != nil && (!o.ByHand || g.Rogue(o.Moved))
		})
	})
	out = append(out, silentFaults(g, out)...)
	slices.SortStableFunc(out, func(a, b *Incident) int { return cmp.Compare(a.Start, b.Start) })
	for _, in := range out {
		in.Close()
	}
	return out
}

func (in *Incident) add(o *replication.Outage) {
	if len(in.Outages) == 0 || o.Lost < in.Start {
		in.Start = o.Lost
	}
	if len(in.Outages) == 0 {
		in.End = o.Restored
	} else if in.End != unknown {
		if o.Restored == unknown {
			in.End = unknown
		} else {
			in.End = max(in.End, o.Restored)
		}
	}
	in.promoted = in.promoted || o.Promoted
	if len(in.Outages) == 0 {
		in.worked, in.back = unknown, map[*timeline.Host]micros{}
	}
	in.worked = max(in.worked, lastWork(o))
	if o.Restored != unknown {
		if at, ok := in.back[o.Replica]; !ok || o.Restored > at {
			in.back[o.Replica] = o.Restored // when each replica was last up again
		}
	}
	in.Outages = append(in.Outages, o)
}

// takes reports whether o belongs to the incident: lost together with its links, lost to the work of its
// resyncs, or lost again before a whole repl-timeout had shown the link to hold.
func (in *Incident) takes(o *replication.Outage) bool {
	slack := slackOf(o)
	if in.End != unknown && o.Lost > in.End+slack && !in.promoted {
		return false
	}
	if up, ok := in.back[o.Replica]; ok && o.Lost-up <= slack || in.promoted && (Demoted(o) || o.Moved != nil) {
		return true
	}
	last := in.worked
	if in.End != unknown && o.Lost > in.End+slack {
		return false
	}
	if !in.sameFault(o) {
		return false
	}
	open := in.End == unknown || o.Lost <= in.End+timeline.ThreeTicks+o.Replica.Clock.Err
	return open && o.Lost-last <= slack || in.lostToFork(o, last+slack, provenAfter(o)) || open && in.lostToResync(o)
}

// provenAfter is how long a link must have lasted to show that it holds: a whole repl-timeout, or a ping's time.
func provenAfter(o *replication.Outage) micros {
	return max(o.Replica.Duration("repl-timeout"), o.Replica.Duration("repl-ping-replica-period"))
}

// slackOf is how long after an incident's last work an outage may still be its own.
func slackOf(o *replication.Outage) micros {
	return provenAfter(o) + timeline.ThreeTicks + o.Replica.Clock.Err
}

// sameFault reports whether what lost the incident's links can have lost this one too. A link that is closed while its ends can speak
// and one that goes silent are lost to two faults, unless the one's full resyncs can have silenced the other: then its silence does
// not begin before them.
func (in *Incident) sameFault(o *replication.Outage) bool {
	mine := LossOf(o)
	if mine != Closed && mine != Silence {
		return true
	}
	other := false
	for _, p := range in.Outages {
		switch l := LossOf(p); {
		case p.Replica == o.Replica, l == mine, l != Closed && l != Silence:
			return true
		case p.Replica == o.Server: // a replica that has no link of its own has nothing to pass on
			return true
		case l == Closed && mine == Silence && o.Lost-o.Replica.Duration("repl-timeout")-timeline.TwoTicks > p.Lost:
			return true
		case l == Closed && mine == Silence && guessed(o.Replica) && in.withinFork(o):
			return true
		default:
			other = true
		}
	}
	return !other
}

// lastWork is the last moment at which the outage asked something of the servers: its loss, a full resync, a promotion.
func lastWork(o *replication.Outage) micros {
	last := o.Lost
	for _, t := range o.Tries {
		if t.Granted == diagnosis.Full {
			last = max(last, t.At, t.End)
		}
	}
	if o.Promoted {
		last = max(last, o.Restored)
	}
	return last
}

// lostToResync reports whether a fork for a full resync that one of the incident's replicas had asked for, as the slowlog tells, held the primary
// as the link was lost. Without a log nothing else tells when they asked.
func (in *Incident) lostToResync(o *replication.Outage) bool {
	return o.Server == in.Outages[0].Server && in.within(o, func(e *timeline.Explanation) bool {
		h := in.G.At(e.Asker)
		return h != nil && slices.ContainsFunc(in.Outages, func(x *replication.Outage) bool { return x.Replica == h })
	})
}

// withinFork reports whether a replica of which nothing tells how long it waits gave up within a fork that was made since the incident began.
func (in *Incident) withinFork(o *replication.Outage) bool {
	return in.within(o, func(e *timeline.Explanation) bool { return e.Kind == "fork-stall" && e.Own() >= timeline.CalledSlow })
}

// within reports whether the link was lost while something of this sort, begun in the incident, held the primary.
func (in *Incident) within(o *replication.Outage, sort func(*timeline.Explanation) bool) bool {
	p := in.Outages[0].Server
	if p == nil {
		return false
	}
	for i := range p.Stalls {
		for j := range p.Stalls[i].Because {
			e := &p.Stalls[i].Because[j]
			if e.From >= in.Start && e.From < o.Lost && o.Lost <= e.To+timeline.ThreeTicks && sort(e) {
				return true
			}
		}
	}
	return false
}

// lostToFork reports whether the primary's own stall, begun in the incident and until this moment, dropped the link.
func (in *Incident) lostToFork(o *replication.Outage, until, timeout micros) bool {
	p := in.Outages[0].Server
	return p != nil && slices.ContainsFunc(p.Stalls, func(s timeline.Stall) bool {
		return s.From >= in.Start && s.From <= until && o.Lost >= s.From && o.Lost <= s.To+timeline.ThreeTicks && s.AtMost >= timeout/2
	})
}
