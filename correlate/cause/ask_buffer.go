package cause

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

func overflowClosed(s *scene) Finding {
	f := closedAtLimit(s)
	switch {
	case f.Answer != yes || s.suspect != s.Primary:
	case s.Several:
		f.ran = "replicas of " + s.Primary.Name + " were closed at the output buffer limit"
	default:
		f.ran = "a replica of " + s.Primary.Name + " was closed at the output buffer limit"
	}
	return f
}

func closedAtLimit(s *scene) Finding {
	o := s.own()
	if o == nil {
		if s.First != nil {
			return Finding{at: unknown}
		}
		for i := range s.Primary.Events {
			e := &s.Primary.Events[i]
			if replication.ClosedReplica(e) {
				return outLoud(found(e.At, "the primary closed a replica at its output buffer limit", e.Evidence()))
			}
		}
		return Finding{at: unknown}
	}
	if o.Begun && o.First {
		for _, e := range o.Failures {
			if replication.ClosedReplica(e) {
				return outLoud(found(e.At, fmt.Sprintf("the primary closed %s at its output buffer limit while it took its first full resync", o.Replica.Name), e.Evidence()))
			}
		}
	}
	if o.Overflow != nil {
		return outLoud(found(o.Overflow.At, fmt.Sprintf("the primary closed %s at its output buffer limit with %s bytes waiting", o.Replica.Name, diagnosis.BytesOf(o.Overflow.Bytes.Or(0))), o.Overflow.Evidence()))
	}
	if f := closedNear(s, o); f.Answer == yes {
		return f
	}
	// The replica may notice a moment after it was closed.
	before, after := s.Primary.LastSampleBefore(s.Lost-timeline.ThreeTicks), s.Primary.FirstSampleAfter(s.Lost)
	if before != nil && after != nil && before.OutputLimitDrops.Known() && after.OutputLimitDrops > before.OutputLimitDrops && before.RunID == after.RunID {
		return found(s.Lost, "client_output_buffer_limit_disconnections rose over the loss", after.Evidence("client_output_buffer_limit_disconnections:"+diagnosis.Itoa(int64(after.OutputLimitDrops))))
	}
	if !s.Primary.HasLog() {
		return needs("the log of " + s.Primary.Name)
	}
	if s.Primary.LogCovers(s.Lost) && !o.Begun {
		return denied("the log of " + s.Primary.Name + " names no client closed at a limit")
	}
	return needs("the log of " + s.Primary.Name + " from the time of the loss")
}

// closedNear: the closed client's address carries its own port, not the listening one: near misses in time count.
func closedNear(s *scene, o *replication.Outage) Finding {
	near := timeline.TwoTicks + o.Replica.Clock.Err
	var closed []*timeline.Event
	for e := range s.Primary.Within(timeline.Span{From: s.Lost - near, To: s.Lost + near}) {
		if replication.ClosedReplica(e) && (e.At-s.Lost).Abs() <= near {
			closed = append(closed, e)
		}
	}
	// Which is which does not matter where as many were closed as links were lost.
	if len(closed) == 0 || s.Several && len(closed) < len(s.Wave) {
		return Finding{at: unknown}
	}
	return outLoud(found(closed[0].At, fmt.Sprintf("the primary closed a replica at its output buffer limit with %s bytes waiting", diagnosis.BytesOf(closed[0].Bytes.Or(0))), closed[0].Evidence()))
}

// overflowLater: what lost the link first is not in the evidence, and a later round of it ended at the buffer limit.
func overflowLater(s *scene) Finding {
	o := s.own()
	if o == nil {
		return Finding{at: unknown}
	}
	for _, x := range s.LossesOf(o.Replica) {
		for _, e := range append(append([]*timeline.Event{}, x.Notices...), x.Failures...) {
			if replication.ClosedReplica(e) && e != o.Overflow {
				return outLoud(found(unknown, "a round of this link's resyncs ended at the output buffer limit", e.Evidence()))
			}
		}
	}
	return Finding{at: unknown}
}

// timedOutFirst: the replica's first attachment, or the first the evidence shows, ended in a timed-out transfer.
// After a link that had been up, a transfer that times out feeds a loop but began nothing.
func timedOutFirst(s *scene) Finding {
	o := s.own()
	if o == nil || !o.First && !o.Begun {
		return denied("the link had been up before: what broke it came first")
	}
	var f Finding
	f.at = unknown
	for _, e := range o.Failures {
		switch told := replication.TransferTimedOut(e); {
		case !told && e.Kind != message.ReplicaTimeout:
		case f.Answer != yes:
			f = found(e.At, fmt.Sprintf("a resync of %s outran repl-timeout: %q", o.Replica.Name, diagnosis.Shorten(e.Text, 100)), e.Evidence())
			f.aloud = told
		default: // that the primary gave the replica up for silent says only that it was silent
			f.aloud = f.aloud || told
		}
	}
	if f.Answer == yes {
		return f
	}
	return said("group", replication.TransferTimedOut, "gave up on a transfer")(s)
}
