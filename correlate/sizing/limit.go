package sizing

import (
	"cmp"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// limits are what of an incident hangs on a setting's value, worked out once.
type limits struct {
	silence  int64 // repl-timeout that outlives the silence that lost the first links, seconds; 0 where it was no silence
	transfer int64 // that outlives the transfers that timed out
	fork     int64 // that outlives the forks of a cascade
	closes   []*timeline.Event
	buffer   int64 // the hard limit that holds what piled up
	measured bool  // it rests on what was written; else on the size at which it was closed
	hard     int64 // the limit there was, 0 none
	backlog  int64 // the backlog there was
	partials bool  // partial resyncs were granted and closed, again and again
	shares   bool  // replicas read from the backlog (7.0)
	away     int64 // how long the primary had no replica at most, seconds, where its backlog was freed
	ttl      int64 // the repl-backlog-ttl there was, seconds; 0 never
}

func limitsOf(in *cause.Judged, backlog int64) limits {
	p := in.Primary
	l := limits{closes: Closes(in.Incident), backlog: backlog, shares: p.Can(timeline.SharesBuffers), ttl: int64(p.Duration("repl-backlog-ttl") / second)}
	l.hard, _, _, _ = p.ReplicaLimit()
	l.partials = in.Loop != nil && in.Loop.Kind == diagnosis.PartialLoop
	if b := in.Verdict.Best; b == nil || !b.Cause.Blocks {
		l.silence = TimeoutNeed(in)
	}
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if t.FailEv != nil && replication.TransferTimedOut(t.FailEv) && t.End != unknown {
				l.transfer = max(l.transfer, int64((t.End-t.At)/second)+1)
			}
			if in.RefusalKind(o, t) == diagnosis.NoBacklog && freed(in.Incident, p) {
				l.away = max(l.away, int64(Missing(in.Incident, o)/second)+1)
			}
		}
	}
	if in.Storm && in.Loop.Kind == diagnosis.ForkCascade {
		for _, f := range in.ForkStalls() {
			l.fork = max(l.fork, int64(f.AtMost/second)+2)
		}
	}
	if len(l.closes) > 0 {
		l.buffer, _, l.measured = BufferNeed(in.Incident)
	}
	return l
}

// freed reports whether the server's backlog was freed for want of replicas: its log says so, or its dumps do.
func freed(in *incident.Incident, p *timeline.Host) bool {
	for e := range in.Said(p) {
		if e.Kind == message.BacklogFreed {
			return true
		}
	}
	before, at := p.LastSampleBefore(in.Start), p.FirstSampleAfter(in.Start)
	for i := range p.Samples {
		s := &p.Samples[i]
		if before != nil && at != nil && s.At >= at.At && (in.End == unknown || s.At <= in.End) && before.BacklogActive == 1 && s.BacklogActive == 0 && s.RunID == before.RunID {
			return true
		}
	}
	return false
}

// Closes are the replicas that the primaries closed at their output buffer limit in one incident.
func Closes(in *incident.Incident) []*timeline.Event {
	var out []*timeline.Event
	for _, o := range in.Outages {
		for _, e := range slices.Concat(o.Failures, o.Notices) {
			if replication.ClosedReplica(e) && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
		if o.Overflow != nil && !slices.Contains(out, o.Overflow) {
			out = append(out, o.Overflow)
		}
	}
	slices.SortStableFunc(out, func(a, b *timeline.Event) int { return cmp.Compare(a.At, b.At) })
	return out
}

// BufferNeed is the hard limit with which the incident's first close would not have been the beginning of a loop: what
// was waiting at it, and what was written from then until the replica was up again. It is an upper bound, for what
// drained meanwhile is not known. ok is false where no INFO tells what was written, or the replica never came back.
func BufferNeed(in *incident.Incident) (need, written int64, ok bool) {
	cs := Closes(in)
	if len(cs) == 0 {
		return 0, 0, false
	}
	for _, e := range cs {
		need = max(need, e.Bytes.Or(0)+1)
	}
	if in.End == unknown {
		return need, 0, false
	}
	p := in.Primary
	from, _ := p.OffsetsAround(cs[0].At, p.Clock.Err, "")
	_, to := p.OffsetsAround(in.End, p.Clock.Err, "")
	if from < 0 || to < from {
		return need, 0, false
	}
	return max(need, cs[0].Bytes.Or(0)+to-from), to - from, true
}

// Silence is how long the links of the incident's first wave carried nothing before life came back, where they were
// given up for it; 0 where they were not.
func Silence(in *cause.Judged) micros {
	if !in.Silent || in.First == nil {
		return 0
	}
	from, to := in.Contact, unknown
	if b := in.Verdict.Best; b != nil {
		if st := in.StallOf(b.Suspect); st != nil && b.Cause.On != cause.OnPath && st.To != unknown {
			from, to = min(from, st.From), st.To
		}
	}
	if to == unknown {
		for _, o := range in.Wave {
			for _, t := range o.Tries {
				if t.Granted != "" && (to == unknown || t.At > to) {
					to = t.At
					break
				}
			}
		}
	}
	if to == unknown || to <= from {
		return 0
	}
	return to - from
}

// TimeoutNeed is the repl-timeout with which the first wave would have kept its links: timers tick once a second and
// ask for more than the timeout (redis 7.4.1 replication.c replicationCron).
func TimeoutNeed(in *cause.Judged) int64 {
	d := Silence(in)
	if d == 0 {
		return 0
	}
	return int64((d+timeline.Tick-1)/second) + 1
}

// survived is the longest silence that a link outlived: master_last_io_seconds_ago of a link that was up, or lag.
func survived(g *replication.Group) (longest micros, who string) {
	for _, h := range g.Hosts {
		for i := range h.Samples {
			s := &h.Samples[i]
			if d := micros(s.LastIOSeconds.Or(0)) * second; s.LinkStatus == "up" && d > longest {
				// Only where the next dump shows the link still up.
				if i+1 < len(h.Samples) && h.Samples[i+1].LinkStatus == "up" && h.Samples[i+1].LastIOSeconds.Or(1<<30) < int64(s.LastIOSeconds) {
					longest, who = d, h.Name
				}
			}
		}
	}
	return longest, who
}
