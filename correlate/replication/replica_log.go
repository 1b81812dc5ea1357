package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// replicaWords are for the replica's own lines. The first word that a line bears decides.
var replicaWords = []said{
	{message.TimesOut, (*linkMachine).gaveUp},
	{message.LosesLink, (*linkMachine).noticedLoss},
	{message.Starts | message.Banner, (*linkMachine).restarted},
	{message.Connects, (*linkMachine).connects},
	{message.Asks, (*linkMachine).asks},
	{message.GrantedFull, (*linkMachine).grantedFull},
	{message.GrantedPartial, (*linkMachine).grantedPartial},
	{message.HeardAnswer, (*linkMachine).overTwoConnections},
	{message.Receives, (*linkMachine).receives},
	{message.Loads, (*linkMachine).loads},
	{message.LinkUp, (*linkMachine).loaded},
	{message.RePointed, (*linkMachine).rePointed},
	{message.Promotes, (*linkMachine).promotes},
	{message.EndsAttempt, (*linkMachine).attemptEnds},
}

func (m *linkMachine) replicaSays(it item) {
	if it.ev.Is(message.LosesLink) && !it.ev.Is(message.Follows) {
		return // it speaks of a replica of its own
	}
	if it.ev.Kind == message.CachedPrimaryDiscarded && it.ev.Role != "M" && m.cur == nil && !m.upOnce { // one that is promoted says so too
		m.dropped = it
	}
	m.hear(replicaWords, it)
}

func (m *linkMachine) gaveUp(it item) {
	m.wasUp(it.at)
	if o := m.lostAt(it, it.at); o != nil {
		o.Notices = append(o.Notices, it.ev)
		o.TimeoutByReplica = FirstOf(o.TimeoutByReplica, it.ev)
	}
}

func (m *linkMachine) noticedLoss(it item) {
	e := it.ev
	if n := len(m.out); e.Role == "M" && m.cur == nil && n > 0 && m.out[n-1].Promoted {
		m.out[n-1].Notices = append(m.out[n-1].Notices, e) // a new primary lets its old link go: in a cluster it says so afterwards
		return
	}
	m.wasUp(it.at)
	if o := m.lostAt(it, it.at); o != nil {
		o.Notices = append(o.Notices, e)
	}
}

func (m *linkMachine) connects(it item) {
	peer := it.ev.Peer
	if h := m.g.At(peer); h != nil {
		m.server = h
	} else if isAddr(peer) && !m.g.mayFollow(peer) {
		m.server = m.g.stranger(peer)
	}
	if m.cur == nil {
		o := m.open(it, it.at)
		o.First, o.Begun = !m.hadLink(it.at), true
	}
	m.leaves(it)
	if peer != "" && !slices.Contains(m.cur.Tried, peer) {
		m.cur.Tried = append(m.cur.Tried, peer)
	}
	// The outage is of the link to the server before; who is asked next may be another.
	if m.cur.Server == nil && m.server != m.h {
		m.cur.Server = m.server
	}
}

// leaves notes that a replica closed its link itself, for it was given another primary. From 6.2 on the loss is then told in the role of a
// primary, for in that moment the server follows nobody (redis 6.2 replication.c, replicationSetMaster); and whom it connects to at once is
// another than whom it lost.
func (m *linkMachine) leaves(it item) {
	o := m.cur
	if n := len(o.Notices); n > 0 && len(o.Tried) == 0 && o.Server != nil && o.Server != m.server {
		if e := o.Notices[n-1]; e.Role == "M" && e.Is(message.Follows) && it.at-e.At <= timeline.Tick {
			o.LeftFor = e
		}
	}
}

func (m *linkMachine) asks(it item) {
	e, t := it.ev, m.request(it)
	t.ByReplica, t.AskEv = true, e
	if e.Is(message.AsksFull) {
		t.Asked = diagnosis.Full
		return
	}
	t.Asked, t.Replid, t.Offset = diagnosis.Partial, e.ReplID, e.Offset.Or(-1)
	m.hasHistory(e)
}

func (m *linkMachine) grantedFull(it item) {
	t := m.retold(it)
	t.Granted, t.FullEv = diagnosis.Full, it.ev
	if it.ev.Offset.Known() {
		t.PrimaryOffset = int64(it.ev.Offset)
	}
}

func (m *linkMachine) grantedPartial(it item) {
	if m.cur != nil {
		t := m.current(it)
		t.Granted, t.Outcome, t.End = diagnosis.Partial, diagnosis.Partial, it.at
	}
	m.close(it, diagnosis.Partial)
}

// overTwoConnections: a full resync whose stream goes ahead beside its snapshot is granted without a word of its offset.
func (m *linkMachine) overTwoConnections(it item) {
	if m.cur != nil && it.ev.Kind == message.DualChannelStart {
		t := m.current(it)
		t.Granted = cmp.Or(t.Granted, diagnosis.Full)
	}
}

func (m *linkMachine) receives(it item) {
	if m.cur != nil {
		m.current(it).ReceiveEv = it.ev
	} else if !m.upOnce {
		m.midway = it
	}
}

// loads is a snapshot that takes the place of what the replica had. Where the log begins with that, and with a history that was given up for it, the
// link was lost before: who attaches for the first time has none.
func (m *linkMachine) loads(it item) {
	if m.cur == nil && !m.upOnce && m.dropped.ev != nil {
		m.open(m.dropped, m.dropped.at).Begun = true
		m.current(it).Granted = diagnosis.Full
	}
	if m.cur != nil {
		m.current(it).LoadEv = it.ev
	}
}

func (m *linkMachine) loaded(it item) {
	m.midway = item{}
	if m.cur != nil {
		t := m.current(it)
		t.Outcome, t.End = diagnosis.Full, it.at
		t.Granted = cmp.Or(t.Granted, diagnosis.Full)
	}
	m.close(it, diagnosis.Full)
}

func (m *linkMachine) rePointed(it item) {
	o := m.lostAt(it, it.at)
	if o == nil {
		return
	}
	o.Moved = FirstOf(o.Moved, it.ev)
	if !m.hadLink(it.at) && len(o.Notices) == 0 && o.Lost == it.at {
		o.First = true
	}
}

func (m *linkMachine) promotes(it item) {
	o := m.cur
	if o == nil && m.upOnce {
		o = m.open(it, it.at)
	}
	if o != nil {
		o.Promoted, o.Restored = true, it.at
		o.Moved = FirstOf(o.Moved, it.ev)
	}
	m.cur, m.upOnce = nil, false
}

func (m *linkMachine) attemptEnds(it item) {
	if m.cur == nil {
		m.beganBefore(it)
	}
	if m.cur == nil {
		return
	}
	if t := m.cur.last(); t != nil && t.Outcome == "" {
		t.Outcome, t.FailEv, t.End = diagnosis.Failed, it.ev, it.at
		if it.ev.Kind == message.DualChannelAborted && t.FullEv == nil && t.ReceiveEv == nil && t.LoadEv == nil {
			t.Granted = "" // sent to the second connection, on which nobody granted anything
		}
	}
	m.cur.Failures = append(m.cur.Failures, it.ev)
}

// beganBefore opens the outage in whose middle the log begins: an attempt ended of which it has no beginning. What timed out, could not be
// loaded or not be written down had been granted. What only speaks of a dump may speak of the server's own, at its start.
func (m *linkMachine) beganBefore(it item) {
	switch e := it.ev; {
	case m.midway.ev != nil:
		t := m.current(m.midway)
		t.Granted, t.ReceiveEv = diagnosis.Full, m.midway.ev
		m.midway = item{}
	case m.upOnce || e.Role == "M" || !e.Is(message.LinkWord):
	default:
		o := m.open(it, it.at)
		o.First, o.Begun = !m.hadLink(it.at), true
		if e.Is(message.TransferTimedOut|message.CannotLoad) || CannotWriteDown(e) {
			m.current(it).Granted = diagnosis.Full
		}
	}
}

// restarted handles the replica's own start line: its link was gone with its process.
func (m *linkMachine) restarted(it item) {
	l := m.h.LifeAt(it.at)
	if l == nil || l.StartEv != it.ev {
		return
	}
	prev := m.h.LifeBefore(l)
	if m.cur != nil {
		// The primary's account of a new replica's first request may stand a moment before the replica's start.
		if m.cur.Lost < l.From-ClockSlack || len(m.cur.Notices) > 0 || prev != nil {
			m.cur.Restart, m.cur.First = l, false
		}
		return
	}
	// Without a process before there is none that lost the link, whatever the other end's clock makes of it.
	if prev == nil || !m.hadLink(l.From) && !followedBefore(m.h, l.From) {
		return
	}
	if n := len(m.out); n > 0 && m.out[n-1].Restored == unknown {
		m.out[n-1].Restart = l
		return
	}
	lost := it.at
	if prev != nil && prev.To != unknown {
		lost = prev.To
	}
	o := m.open(it, lost)
	o.Restart = l
	o.Notices = append(o.Notices, it.ev)
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
		} else if e.Is(message.LinkUp) {
			role = "S"
		}
	}
	if s := h.LastSampleBefore(at - timeline.TwoTicks); s != nil && role == "" {
		return s.Role == "slave"
	}
	return role == "S"
}
