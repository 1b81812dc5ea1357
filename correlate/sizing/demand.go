package sizing

import (
	"cmp"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
)

// Demand is one full resync of an incident, and what would have spared it.
type Demand struct {
	o       *replication.Outage
	try     *replication.Attempt
	at      micros
	count   int64
	Need    incident.Shortfall
	Curable bool // a backlog of need.most bytes would have granted a partial resync
	effect  bool // its link was lost to the work of an earlier full resync
	freed   bool // there was no backlog any more: it takes one that lasts, too
}

func (d *Demand) Label() string { // the replica, and when it asked
	if d.at == unknown {
		return d.o.Replica.Name
	}
	return d.o.Replica.Name + " at " + diagnosis.ClockTime(d.at)
}

// dated is the label with its date: a curve spans the whole capture.
func (d *Demand) dated() string {
	if d.at == unknown {
		return d.o.Replica.Name
	}
	return d.o.Replica.Name + " at " + d.at.Time().Format(diagnosis.StampLayout)
}

// Account is one incident's full resyncs: those whose requests are known, and how many there were in all.
type Account struct {
	In      *cause.Judged
	Total   int64
	Demands []Demand
	limits  limits
	feeds   bool // one round's work brings on the next: what is not told apart goes with the rest
	why     string
}

// BacklogCures reports whether the incident is of a kind that a larger backlog could have made a partial resync of, and
// why not. Whatever keeps a resync from succeeding, or ends the primary's stream, no backlog mends.
func BacklogCures(in *cause.Judged) (bool, string) {
	if b := in.Verdict.Best; b != nil && !slices.Contains(b.Cause.Fix, "raise-backlog") {
		return false, string(b.Cause.Kind) + " is no matter of the backlog"
	}
	if l := in.Loop; l != nil && (l.Kind == diagnosis.OutputBufferLoop || l.Kind == diagnosis.PartialLoop || l.Kind == diagnosis.SnapshotFailed || l.Kind == diagnosis.FailoverLoop) {
		return false, "the " + string(l.Kind) + " loop goes on whatever the backlog holds"
	}
	return true, ""
}

// demandsOf lists the incident's full resyncs in order of time.
func demandsOf(in *cause.Judged, next micros, backlog int64) Account {
	a := Account{In: in, limits: limitsOf(in, backlog)}
	a.Total, _ = in.Counts(next)
	cures, why := BacklogCures(in)
	a.why = why
	l, storm := in.Loop, in.Storm
	a.feeds = storm && l != nil && l.Kind == diagnosis.ForkCascade
	first := map[*replication.Outage]bool{}
	for _, o := range in.Wave {
		first[o] = true
	}
	for _, o := range in.Outages {
		if o.Promoted {
			continue
		}
		for _, t := range o.Tries {
			if t.Granted != diagnosis.Full {
				continue
			}
			d := Demand{o: o, try: t, at: t.At, count: max(t.Count, 1), Need: incident.Shortfall{Least: -1, Most: -1}, effect: a.feeds && !first[o]}
			if cures {
				a.needOf(&d)
			}
			a.Demands = append(a.Demands, d)
		}
		if d, ok := fromCountersOnly(in.Incident, o); ok {
			d.Curable = cures && d.Need.Most >= 0 && !Stale(in.Incident, o, &replication.Attempt{Offset: -1})
			a.Demands = append(a.Demands, d)
		}
	}
	slices.SortStableFunc(a.Demands, func(x, y Demand) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.o.Replica.Name, y.o.Replica.Name))
	})
	for i := range a.Demands {
		d := &a.Demands[i]
		// The window had room for as much and it was refused all the same (a backlog emptied by a resize, up to 6.2).
		if _, _, _, has := in.Arithmetic(d.o, d.try); has != nil && d.Need.Most <= *has && !d.freed {
			d.Curable = false
		}
	}
	return a
}

// needOf finds what a backlog would have had to hold for the request, and whether any would have been enough.
func (a *Account) needOf(d *Demand) {
	in := a.In.Incident
	switch in.RefusalKind(d.o, d.try) {
	case diagnosis.BacklogOverflow:
		d.Need = in.Shortfall(d.o, d.try)
	case diagnosis.NoBacklog:
		// Without a backlog the offset stands still whatever is written: the request does not tell what it would have missed.
		if a.limits.away == 0 || a.limits.ttl == 0 {
			return
		}
		n := mostWritten(in.G, Missing(in, d.o))
		d.Need, d.freed = incident.Shortfall{Least: 0, Most: n, How: "what was written in as long a time: the backlog was freed, and the offset stood still without it"}, true
	default:
		return
	}
	d.Curable = d.Need.Most >= 0 && !Stale(in, d.o, d.try)
}

// fromCountersOnly makes a demand of an outage that no log tells of: the primary's counters say that it ended in a full
// resync for a lost offset.
func fromCountersOnly(in *incident.Incident, o *replication.Outage) (Demand, bool) {
	if len(o.Tries) > 0 || o.Restored == unknown || o.Closing == diagnosis.Partial || o.Server == nil {
		return Demand{}, false
	}
	p := o.Server
	a, b := p.LastSampleBefore(o.Lost), p.FirstSampleAfter(o.Restored)
	if a == nil || b == nil || a.RunID != b.RunID || a.ReplID != b.ReplID || b.SyncFull <= a.SyncFull || b.SyncPartialErr <= a.SyncPartialErr {
		return Demand{}, false
	}
	t := &replication.Attempt{At: o.Restored, End: o.Restored, Offset: -1, PrimaryOffset: -1, Count: 1, Server: p, Asked: diagnosis.Partial, Granted: diagnosis.Full}
	return Demand{o: o, try: t, at: o.Restored, count: 1, Need: in.FromDumps(o, p, o.Restored)}, true
}
