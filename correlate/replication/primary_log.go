package replication

import (
	"cmp"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

func (m *linkMachine) primarySays(it item) {
	e := it.ev
	switch e.Kind {
	case message.ReplicaTimeout, message.ReplicaTimeoutFullsync, message.ClientOutputBufferLimit, message.ReplicaLinkLost:
		// A connection that closes while a later attempt runs is that attempt's end, or an old one's.
		if o := m.lostAt(it, it.at); o != nil {
			o.Notices = append(o.Notices, e)
			switch e.Kind {
			case message.ReplicaTimeout, message.ReplicaTimeoutFullsync:
				o.TimeoutByPrimary = CmpEvent(o.TimeoutByPrimary, e)
			case message.ClientOutputBufferLimit:
				if len(o.Tries) == 0 {
					o.Overflow = CmpEvent(o.Overflow, e)
				} else {
					o.Failures = append(o.Failures, e)
				}
			}
			if t := o.last(); t != nil && o == m.cur && t.ByPrimary && it.at > t.At {
				if t.Outcome == "" && !t.ByReplica {
					t.Outcome, t.FailEv, t.End = "failed", e, it.at
				}
				if e.Kind == message.ReplicaTimeout && t.Granted == "full" {
					// Silent while it still receives or loads: the resync outran repl-timeout.
					o.Failures = append(o.Failures, e)
				}
			}
		}
	case message.SyncRequested:
		t := m.request(it)
		t.ByPrimary, t.Server = true, it.server
	case message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncRefusedReplid, message.PsyncRefusedSecondOffset, message.PsyncOffsetAhead, message.SyncFullRequested, message.PsyncBadOffset:
		if e.Kind == message.PsyncOffsetAhead && m.cur != nil {
			// The second line of one answer: the first said that the backlog does not hold the offset (redis 7.4.1 replication.c:765).
			if t := m.cur.last(); t != nil && t.AnswerEv != nil && t.AnswerEv.Kind == message.PsyncRefusedBacklog && it.at-t.AnswerEv.At < second/4 {
				t.Refusal = refusalOf(e.Kind)
				return
			}
		}
		t := m.answered(it)
		t.ByPrimary, t.AnswerEv, t.Server = true, e, it.server
		t.Refusal = refusalOf(e.Kind)
		t.Asked = cmp.Or(t.Asked, map[bool]string{true: "full", false: "partial"}[e.Kind == message.SyncFullRequested])
		if e.Offset.Known() && t.Offset < 0 {
			t.Offset = int64(e.Offset)
		}
		if e.Kind == message.PsyncRefusedBacklog {
			m.hasHistory(e)
		}
		if e.Kind == message.PsyncRefusedReplid {
			t.Replid = cmp.Or(t.Replid, e.ReplID)
			t.replid2 = e.ReplID2
		}
		t.Granted = cmp.Or(t.Granted, "full")
	case message.PsyncAccepted:
		t := m.answered(it)
		t.ByPrimary, t.AnswerEv, t.Granted, t.Server = true, e, "partial", it.server
		m.hasHistory(e)
		if m.may(it) {
			t.Outcome, t.End = "partial", it.at
			m.close(it, "partial")
		}
	case message.SyncReplicaOnline:
		switch {
		case m.cur == nil:
		case m.may(it):
			if t := m.cur.last(); t != nil && t.Outcome == "" {
				t.Outcome, t.End = "full", it.at
			}
			m.close(it, "full")
		default:
			m.cur.online = e
		}
	case message.SyncBgsaveFailed, message.SyncBgsaveChildFailed, message.ForkFailedRdb, message.BgsaveFailed, message.RdbSaveOpenFailed,
		message.RdbSaveWriteError, message.RdbSaveRenameFailed, message.DisklessTransferFailed, message.DisklessTransferReplicaFailed:
		if m.cur != nil {
			if t := m.cur.last(); t != nil && t.Outcome == "" && t.FailEv == nil {
				t.FailEv = e
				if !t.ByReplica {
					t.Outcome, t.End = "failed", it.at
				}
			}
			m.cur.Failures = append(m.cur.Failures, e)
		}
	}
}

// hasHistory: who asks to continue from an offset had a link before, though the evidence may not show it. A node that
// was never a replica may offer an id of its own too (from 4.0), from its own first bytes on.
func (m *linkMachine) hasHistory(e *timeline.Event) {
	if m.cur == nil || e.Offset.Or(0) <= 1 {
		return
	}
	for _, at := range m.offers {
		if at <= e.At && e.At-at < 60*second {
			return
		}
	}
	m.cur.First = false
}

// answered is the attempt a primary's answer belongs to: the request just before it.
func (m *linkMachine) answered(it item) *Attempt {
	if m.cur != nil {
		for i := len(m.cur.Tries) - 1; i >= 0; i-- {
			t := m.cur.Tries[i]
			if t.AnswerEv == nil && timeline.Abs(it.at-t.At) < ClockSlack+m.h.Clock.Err && (t.Offset < 0 || !it.ev.Offset.Known() || t.Offset == int64(it.ev.Offset)) {
				return t
			}
		}
	}
	return m.request(it)
}
