package cause

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// answeredInside is a dump that h gave inside the silence; nil without one.
func (s *scene) answeredInside(h *timeline.Host) *timeline.Sample {
	from, to := s.Contact+timeline.Tick, s.Lost-timeline.Tick
	if !s.Silent || to <= from {
		from, to = s.Lost-timeline.TwoTicks, s.Lost+timeline.TwoTicks
	}
	for i := range h.Samples {
		if t := h.Samples[i].At; t > from && t < to {
			return &h.Samples[i]
		}
	}
	return nil
}

// pingBytes is what a ping is in a replication stream (redis 7.4.1 replication.c replicationCron).
const pingBytes = 14

// pingsKnown tells that the evidence has both settings: how often a primary pings, and how long its replica waits.
func pingsKnown(p *timeline.Host, o *replication.Outage) bool {
	return !p.Setting("repl-ping-replica-period").Assumed && !o.Replica.Setting("repl-timeout").Assumed && p.Duration("repl-ping-replica-period") > 0
}

// pingsUnsent: a replica gave its link up for silence, and what it had missed when it asked again is less than the pings alone that were due meanwhile. Pings
// are of the stream: a path that lost them would have cost the replica as many bytes. So its primary sent none: it ran too seldom, though it may have
// answered now and then. A replica that stood still itself may have read them all too late, and missed nothing either.
var pingsUnsent = ofAll(func(s *scene) Finding {
	for _, o := range s.Wave {
		by := o.TimeoutByReplica
		if by == nil || o.TimeoutByPrimary != nil || len(o.Tries) == 0 || !pingsKnown(s.Primary, o) {
			continue
		}
		t := o.Tries[0]
		if t.Granted != diagnosis.Partial || t.AnswerEv == nil || !t.AnswerEv.Bytes.Known() || s.StallOf(o.Replica) != nil || s.answeredInside(o.Replica) == nil {
			continue
		}
		// One of them may have been on its way when the silence began.
		every := s.Primary.Duration("repl-ping-replica-period")
		due := int64(o.Replica.Duration("repl-timeout")/every) - 1
		if int64(t.AnswerEv.Bytes) >= due*pingBytes {
			continue
		}
		return found(by.At-s.Timeout, fmt.Sprintf("%s pings every %s and sent %s, which was awake, %d bytes in the %s before that gave the link up: it ran too seldom to send them", s.Primary.Name,
			diagnosis.Length(every), o.Replica.Name, t.AnswerEv.Bytes, diagnosis.Length(o.Replica.Duration("repl-timeout"))), by.Evidence(), t.AnswerEv.Evidence())
	}
	return Finding{at: unknown}
})

// ranTooSeldom tells that a server was the primary, and did not run enough to send what was due.
func (s *scene) ranTooSeldom(h *timeline.Host) bool {
	return h == s.Primary && pingsUnsent(s).Answer == yes
}
