package incident

import (
	"cmp"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Incident is a set of outages that belong together, or a fault of one server that no link felt.
type Incident struct {
	G       *replication.Group
	Outages []*replication.Outage
	// Seed is the server whose fault this is where no link was lost.
	Seed       *timeline.Host
	Start, End micros // end is unknown while a link is still down at the capture's end
	facts
}

// Find joins outages into incidents: what one cause dropped, and what the work of coming back dropped again.
func Find(g *replication.Group) []*Incident {
	var out []*Incident
	for _, o := range g.Links {
		if o.First && !Failing(o) && !Demoted(o) && (o.Moved == nil || !o.Promoted || replication.ByPerson(o.Moved)) {
			continue // provisioning: a note
		}
		var home *Incident
		for i := len(out) - 1; i >= 0 && home == nil; i-- {
			if out[i].takes(o) {
				home = out[i]
			}
		}
		if home == nil {
			home = &Incident{G: g}
			out = append(out, home)
		}
		home.add(o)
	}
	// A role change that a person asked for and nobody else felt is no incident.
	out = slices.DeleteFunc(out, func(in *Incident) bool {
		return len(in.lostLinks()) == 0 && !slices.ContainsFunc(in.Outages, func(o *replication.Outage) bool {
			return o.Promoted && (o.Moved == nil || !replication.ByPerson(o.Moved)) || o.Moved != nil && !replication.ByPerson(o.Moved)
		})
	})
	out = append(out, silentFaults(g, out)...)
	slices.SortStableFunc(out, func(a, b *Incident) int { return cmp.Compare(a.Start, b.Start) })
	for _, in := range out {
		in.Close()
	}
	return out
}

// Failing reports whether a first attachment is more than provisioning: a full resync's work was in vain, or it was turned
// away again and again. A replica that waits some seconds for its primary to start is well.
func Failing(o *replication.Outage) bool {
	for _, t := range o.Tries {
		if t.Granted == diagnosis.Full && t.Outcome == diagnosis.Failed {
			return true
		}
	}
	n := int64(0)
	for _, e := range o.Failures {
		n += e.Count.Or(1)
	}
	return n >= 2 && (o.Restored == unknown || o.Restored-o.Lost > 30*second) || n >= 1 && o.Restored == unknown
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
	in.Outages = append(in.Outages, o)
}

// takes reports whether o belongs to the incident: lost together with its links, lost to the work of its
// resyncs, or lost again before a whole repl-timeout had shown the link to hold.
func (in *Incident) takes(o *replication.Outage) bool {
	timeout := o.Replica.Duration("repl-timeout")
	slack := timeout + 3*second + o.Replica.Clock.Err
	last := unknown
	for _, p := range slices.Backward(in.Outages) { // a storm has thousands, and the newest answers
		if p.Replica == o.Replica && p.Restored != unknown && o.Lost-p.Restored <= slack {
			return true
		}
		last = max(last, p.Lost)
		for _, t := range p.Tries {
			if t.Granted == diagnosis.Full {
				last = max(last, t.At, t.End)
			}
		}
		if p.Promoted {
			last = max(last, p.Restored)
			if Demoted(o) || o.Moved != nil {
				return true
			}
		}
	}
	if in.End != unknown && o.Lost > in.End+slack {
		return false
	}
	open := in.End == unknown || o.Lost <= in.End+3*second+o.Replica.Clock.Err
	if open && o.Lost-last <= slack {
		return true
	}
	// After the end: only what the primary's own stall for the resync's fork dropped.
	if p := in.Outages[0].Server; p != nil {
		for i := range p.Stalls {
			s := &p.Stalls[i]
			if s.From >= in.Start && s.From <= last+slack && o.Lost >= s.From && o.Lost <= s.To+3*second && s.AtMost >= timeout/2 {
				return true
			}
		}
	}
	return false
}

// Demoted reports whether the outage is a former primary that comes back as a replica.
func Demoted(o *replication.Outage) bool {
	if o.Promoted {
		return false
	}
	if o.Served {
		return true
	}
	if o.Moved == nil {
		return false
	}
	for i := range o.Replica.Events {
		e := &o.Replica.Events[i]
		if e.At >= o.Moved.At {
			return false
		}
		if e.Is(message.Asked) || e.Kind == message.Promoted {
			return true
		}
	}
	for i := range o.Replica.Samples {
		s := &o.Replica.Samples[i]
		if s.At >= o.Moved.At {
			break
		}
		if s.Role == "master" && s.ConnectedReplicas.Or(0) > 0 {
			return true
		}
	}
	return false
}

// silentFaults are faults of a server that no known link felt: a crash, a fork refused, a snapshot that cannot be
// written, a stall, in evidence that shows no replica. They are incidents where they repeat or end a process.
func silentFaults(g *replication.Group, known []*Incident) []*Incident {
	covered := func(at micros) bool {
		for _, in := range known {
			if at >= in.Start-120*second && (in.End == unknown || at <= in.End+120*second) {
				return true
			}
		}
		return false
	}
	watched := false // some evidence shows that replicas live on
	for _, o := range g.Links {
		watched = watched || o.Restored != unknown
	}
	for _, h := range g.Hosts {
		for i := range h.Samples {
			watched = watched || h.Samples[i].LinkStatus == "up" || h.Samples[i].ConnectedReplicas.Or(0) > 0
		}
	}
	var out []*Incident
	for _, h := range append(slices.Clone(g.Hosts), g.Sentinels...) {
		var in *Incident
		mark := func(from, to micros) {
			if covered(from) {
				return
			}
			if in != nil && from-in.End < 600*second {
				in.End = max(in.End, to)
				return
			}
			in = &Incident{G: g, Seed: h, Start: from, End: to}
			out = append(out, in)
		}
		for i := range h.Events {
			e := &h.Events[i]
			// All shards hear of a node that failed. Where replicas are seen, their links report whether it was one of this group's.
			if !replication.FaultKind(e, h.Sentinel) || watched && (replication.SlowKind(e) || e.Kind == message.ClusterNodeFail) {
				continue
			}
			if e.At != unknown {
				mark(e.At, e.Last)
			} else {
				mark(0, 0) // a log without stamps
			}
		}
		for _, l := range h.Lives {
			if l.How == "crash" && l.To != unknown {
				mark(l.To, l.To)
			}
		}
		if !watched {
			for _, s := range h.Stalls {
				if !s.Gap && s.AtLeast >= 5*second { // busy-reply-threshold: what the server itself calls slow
					mark(s.From, s.To)
				}
			}
		}
	}
	return out
}
