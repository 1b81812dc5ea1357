package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

func (m *linkMachine) replicaSays(it item) {
	e := it.ev
	switch e.Kind {
	case message.PrimaryTimeout:
		m.wasUp(it.at)
		if o := m.lostAt(it, it.at); o != nil {
			o.Notices = append(o.Notices, e)
			if o.TimeoutByReplica == nil {
				o.TimeoutByReplica = e
			}
		}
	case message.PrimaryLinkLost:
		if n := len(m.out); e.Role == "M" && m.cur == nil && n > 0 && m.out[n-1].Promoted {
			m.out[n-1].Notices = append(m.out[n-1].Notices, e) // a new primary lets its old link go: in a cluster it says so afterwards
			return
		}
		m.wasUp(it.at)
		if o := m.lostAt(it, it.at); o != nil {
			o.Notices = append(o.Notices, e)
		}
	case message.ServerStarting, message.ServerStarted, message.ServerVersion:
		m.restarted(it)
	case message.ReplConnecting, message.ReplReconnecting, message.ReplConnectedTcp:
		if h := m.g.At(e.Peer); h != nil {
			m.server = h
		}
		if m.cur == nil {
			o := m.open(it, it.at)
			o.First, o.Begun = !m.hadLink(it.at), true
		}
		if m.cur != nil && e.Peer != "" && !slices.Contains(m.cur.Tried, e.Peer) {
			m.cur.Tried = append(m.cur.Tried, e.Peer)
		}
		// The outage is of the link to the server before; who is asked next may be another.
		if m.cur != nil && m.cur.Server == nil && m.server != m.h {
			m.cur.Server = m.server
		}
	case message.PsyncTry:
		t := m.request(it)
		t.Asked, t.Replid, t.Offset, t.ByReplica, t.AskEv = "partial", e.ReplID, e.Offset.Or(-1), true, e
		m.hasHistory(e)
	case message.PsyncNoCachedPrimary:
		t := m.request(it)
		t.Asked, t.ByReplica, t.AskEv = "full", true, e
	case message.SyncFullFromPrimary:
		t := m.retold(it)
		t.Granted, t.FullEv = "full", e
		if e.Offset.Known() {
			t.PrimaryOffset = int64(e.Offset)
		}
	case message.DualChannelStart:
		if m.cur != nil {
			t := m.current(it)
			t.Granted = cmp.Or(t.Granted, "full")
		}
	case message.PsyncOk:
		if m.cur != nil {
			t := m.current(it)
			t.Granted, t.Outcome, t.End = "partial", "partial", it.at
		}
		m.close(it, "partial")
	case message.SyncReceivingRdb:
		if m.cur != nil {
			m.current(it).ReceiveEv = e
		}
	case message.SyncLoading:
		if m.cur != nil {
			m.current(it).LoadEv = e
		}
	case message.SyncFinished:
		if m.cur != nil {
			t := m.current(it)
			t.Outcome, t.End = "full", it.at
			t.Granted = cmp.Or(t.Granted, "full")
		}
		m.close(it, "full")
	case message.ReplicaofSet:
		if o := m.lostAt(it, it.at); o != nil {
			o.Moved = CmpEvent(o.Moved, e)
			if !m.hadLink(it.at) && len(o.Notices) == 0 && o.Lost == it.at {
				o.First = true
			}
		}
	case message.Promoted, message.PromotedByFailover, message.ClusterElectionWon:
		if m.cur != nil {
			m.cur.Promoted, m.cur.Restored = true, it.at
			m.cur.Moved = CmpEvent(m.cur.Moved, e)
			m.cur = nil
		} else if m.upOnce {
			o := m.open(it, it.at)
			o.Promoted, o.Restored, o.Moved = true, it.at, e
			m.cur = nil
		}
		m.upOnce = false
	default:
		if m.cur != nil && failsAttempt(e.Kind) {
			if t := m.cur.last(); t != nil && t.Outcome == "" {
				t.Outcome, t.FailEv, t.End = "failed", e, it.at
			}
			m.cur.Failures = append(m.cur.Failures, e)
		}
	}
}

// current is the attempt a later line of the replica belongs to; it makes one where the request itself was not logged.
func (m *linkMachine) current(it item) *Attempt {
	if m.cur != nil {
		if t := m.cur.last(); t != nil && (t.Outcome == "" || t.Outcome == "full" && t.FullEv == nil && it.ev.Kind == message.SyncFullFromPrimary) {
			t.ByReplica = true
			return t
		}
	}
	t := m.request(it)
	t.ByReplica = true
	return t
}

// retold is the attempt that a grant belongs to. In a storm of retries equal lines of one second are folded, so the
// requests of some attempts stand in the count of an earlier one; the grants all differ, in their offset.
func (m *linkMachine) retold(it item) *Attempt {
	t := m.current(it)
	if m.cur == nil {
		return t
	}
	if t.FullEv == nil {
		if n := len(m.cur.Tries); n > 1 && t.AskEv == nil && t.Asked == "" && m.cur.Tries[n-1] == t {
			if p := m.cur.Tries[n-2]; p.AskEv != nil && p.AskEv.Stamp/second == it.ev.Stamp/second {
				t.Asked, t.Replid, t.Offset, t.AskEv = p.Asked, p.Replid, p.Offset, p.AskEv
				m.cur.unfold(p.AskEv)
			}
		}
		return t
	}
	if t.Outcome == "" {
		t.Outcome, t.End = "failed", it.at
	}
	again := &Attempt{At: it.at, End: unknown, Asked: t.Asked, Replid: t.Replid, Offset: t.Offset, Refusal: t.Refusal, PrimaryOffset: -1, Count: 1, Server: t.Server, ByReplica: true, AskEv: t.AskEv}
	m.cur.unfold(t.AskEv)
	m.cur.Tries = append(m.cur.Tries, again)
	return again
}

// restarted handles the replica's own start line: its link was gone with its process.
func (m *linkMachine) restarted(it item) {
	l := m.h.LifeAt(it.at)
	if l == nil || l.StartEv != it.ev {
		return
	}
	if m.cur != nil {
		// The primary's account of a new replica's first request may stand a moment before the replica's start.
		if m.cur.Lost < l.From-ClockSlack || len(m.cur.Notices) > 0 || m.h.LifeBefore(l) != nil {
			m.cur.Restart = l
			m.cur.First = false
		}
		return
	}
	// A dump dated in whole seconds may seem to lie before the start it comes after.
	if m.hadLink(l.From) || m.h.LifeBefore(l) != nil && followedBefore(m.h, l.From) {
		lost := it.at
		if prev := m.h.LifeBefore(l); prev != nil && prev.To != unknown {
			lost = prev.To
		}
		if n := len(m.out); n > 0 && m.out[n-1].Restored == unknown {
			m.out[n-1].Restart = l
			return
		}
		o := m.open(it, lost)
		o.Restart = l
		o.Notices = append(o.Notices, it.ev)
	}
}

// followedBefore reports whether the host was a replica just before this moment.
func followedBefore(h *timeline.Host, at micros) bool {
	role := ""
	for i := range h.Events {
		e := &h.Events[i]
		if e.At >= at {
			break
		}
		if e.Role == "M" || e.Role == "S" {
			role = e.Role
		} else if e.Kind == message.SyncFinished || e.Kind == message.PsyncOk {
			role = "S"
		}
	}
	if s := h.LastSampleBefore(at - 2*second); s != nil && role == "" {
		return s.Role == "slave"
	}
	return role == "S"
}
