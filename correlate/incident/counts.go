package incident

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Counts is how many full and partial resyncs the primaries granted in the incident. The counters in INFO are exact
// where a dump stands on either side; the logs count requests one by one. Counters begin anew with each process.
func (in *Incident) Counts(next micros) (full, partial int64) {
	var c granted
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if !in.G.IsRelay(t.Server) && (t.Server != nil || !in.G.IsRelay(o.Server)) {
				c.add(t, turnedAway(o))
			}
		}
	}
	full, partial = in.fromCounters(next)
	switch {
	case full < 0:
		return max(c.primary[diagnosis.Full], c.replica[diagnosis.Full]), c.partial()
	case in.overTwoConnections():
		// Valkey counts the stream's part of such a full resync as a partial one (valkey 9.1).
		partial = min(partial, c.partial())
	}
	return full, partial
}

// granted counts what was granted, by the log of either end.
type granted struct{ primary, replica map[diagnosis.Outcome]int64 }

func (c *granted) partial() int64 {
	return max(c.primary[diagnosis.Partial], c.replica[diagnosis.Partial])
}

// turnedAway reports whether the primary answered the outage's requests with errors: what is not known to have been granted was not.
func turnedAway(o *replication.Outage) bool {
	return slices.ContainsFunc(o.Failures, replication.ErrorReply)
}

func (c *granted) add(t *replication.Attempt, turnedAway bool) {
	if c.primary == nil {
		c.primary, c.replica = map[diagnosis.Outcome]int64{}, map[diagnosis.Outcome]int64{}
	}
	n := max(t.Count, 1)
	// A refusal that names an id alone, said many times in a second, answers as many replicas.
	if t.AnswerEv != nil && t.AnswerEv.Peer != "" {
		n = max(n, int64(t.AnswerEv.Count.Or(1)))
	}
	if t.ByPrimary {
		c.primary[t.Granted] += n
	}
	if t.ByReplica {
		c.replica[t.Granted] += n
	}
	if t.Granted == "" && !t.ByPrimary && t.Asked == diagnosis.Full && t.Outcome != diagnosis.Failed && !turnedAway {
		c.replica[diagnosis.Full] += n
	}
}

// overTwoConnections reports whether a full resync's stream went ahead beside its snapshot.
func (in *Incident) overTwoConnections() bool {
	return slices.ContainsFunc(in.G.Servers(), func(p *timeline.Host) bool {
		return p.AnyEvent(func(e *timeline.Event) bool {
			return e.Kind == message.DualChannelEndOffset && e.At >= in.Start && (in.End == unknown || e.At <= in.End)
		})
	})
}

// fromCounters sums what sync_full and sync_partial_ok gained on every server; -1 where no dump stands on both sides.
func (in *Incident) fromCounters(next micros) (full, partial int64) {
	full, partial = -1, -1
	for _, p := range in.G.Servers() {
		if in.G.IsRelay(p) {
			continue
		}
		if f, q, ok := in.counted(p, next); ok {
			full, partial = max(full, 0)+f, max(partial, 0)+q
		}
	}
	return full, partial
}

// FullGranted is how many full resyncs the primary's dumps count over the incident; ok is false where they do not tell.
func (in *Incident) FullGranted() (n int64, ok bool) {
	n, _, ok = in.counted(in.Primary, unknown)
	return n, ok
}

// counted is what one server's counters gained between the last dump before the incident and the first one after it, or before the next.
func (in *Incident) counted(p *timeline.Host, next micros) (full, partial int64, ok bool) {
	var prev *timeline.Sample
	closed := in.End == unknown || p != in.Primary
	for i := range p.Samples {
		s := &p.Samples[i]
		switch {
		case !s.SyncFull.Known():
			continue
		case next != unknown && s.At >= next:
			return full, partial, ok && closed
		case prev == nil && s.At > in.Start && p == in.G.Primary:
			return 0, 0, false // no dump before: the counters may hold older resyncs
		case prev == nil || s.At <= in.Start:
			prev = s
			continue
		}
		full += gained(prev.SyncFull, s.SyncFull, prev.RunID == s.RunID)
		partial += gained(prev.SyncPartialOK, s.SyncPartialOK, prev.RunID == s.RunID)
		prev, ok = s, true
		if in.End != unknown && s.At >= in.End {
			return full, partial, true
		}
	}
	return full, partial, ok && closed
}

func gained(a, b table.Int, same bool) int64 {
	if !b.Known() {
		return 0
	}
	if !a.Known() || !same || b < a {
		return int64(b)
	}
	return int64(b - a)
}
