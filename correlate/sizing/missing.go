package sizing

import (
	"slices"

	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
)

// Missing is how long a link gave its replica nothing that was written: from when it was last alive until the replica
// asked again and was answered. That is what a backlog has to bridge; the resync after it is not.
func Missing(in *incident.Incident, o *replication.Outage) micros {
	if o.Promoted || o.First || o.Lost == unknown {
		return 0
	}
	from := o.Lost
	if by := replication.FirstOf(o.TimeoutByReplica, o.TimeoutByPrimary); by != nil {
		from = min(from, max(by.At-o.Replica.Duration("repl-timeout"), o.AliveAt()))
	}
	if in.Silent && slices.Contains(in.Wave, o) {
		from = min(from, in.Contact)
	}
	to := o.Restored
	for _, t := range o.Tries {
		if t.Granted != "" {
			to = t.At
			break
		}
	}
	if to == unknown {
		to = in.G.LastSeen()
	}
	if to == unknown || to < from {
		return 0
	}
	return to - from
}

// Stale reports whether a restarted replica asked from an old dump file and not from where it had stopped: what it misses
// then is the age of the dump, and no sensible backlog reaches back as far.
func Stale(in *incident.Incident, o *replication.Outage, t *replication.Attempt) bool {
	if o.Restart == nil {
		return false
	}
	if t.Offset >= 0 {
		for i := len(o.Replica.Samples) - 1; i >= 0; i-- {
			if s := &o.Replica.Samples[i]; s.At < o.Lost && s.Role == "slave" && s.ReplicaOffset.Or(0) > 0 {
				return t.Offset < int64(s.ReplicaOffset)
			}
		}
		p := t.Server
		if p == nil {
			p = in.Primary
		}
		if before, _ := p.OffsetsAround(o.Lost, o.Replica.Clock.Err, t.Replid); before > 0 {
			return t.Offset < before
		}
	}
	l := o.Replica.LifeBefore(o.Restart)
	return l == nil || l.How != "shutdown"
}
