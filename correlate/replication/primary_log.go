package replication

import (
	"cmp"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// primaryWords are what the primary's lines do to a replica's link. The first word that a line bears decides.
var primaryWords = []said{
	{message.LosesLink | message.ClosesAtLimit, (*linkMachine).letGo},
	{message.Starts, (*linkMachine).serverStarted},
	{message.Asked, (*linkMachine).wasAsked},
	{message.Refuses, (*linkMachine).refuses},
	{message.Accepts, (*linkMachine).accepts},
	{message.ReplicaOnline, (*linkMachine).saysOnline},
	{message.SnapshotFailed, (*linkMachine).snapshotFails},
}

func (m *linkMachine) primarySays(it item) {
	switch {
	case it.ev.Kind == message.DualChannelOffered:
		m.offersSecond()
	case it.second:
		m.tookSecond()
	default:
		m.hear(primaryWords, it)
	}
}

// offersSecond: what the primary refused it will send over a second connection, if the replica opens one. Nothing is granted until it
// does (valkey 8.0 replication.c syncCommand, redis 8.0 likewise).
func (m *linkMachine) offersSecond() {
	if t := m.refusedLast(); t != nil && t.FullEv == nil && t.ReceiveEv == nil {
		t.Granted = ""
	}
}

// tookSecond: the replica came for the snapshot.
func (m *linkMachine) tookSecond() {
	if t := m.refusedLast(); t != nil {
		t.Granted = diagnosis.Full
	}
}

// refusedLast is the open outage's last attempt, where its primary refused to continue.
func (m *linkMachine) refusedLast() *Attempt {
	if m.cur == nil {
		return nil
	}
	if t := m.cur.last(); t != nil && t.AnswerEv != nil {
		return t
	}
	return nil
}

// letGo handles a connection that the primary closed or lost. One that closes while a later attempt runs is that
// attempt's end, or an old one's.
func (m *linkMachine) letGo(it item) {
	m.wasOnline(it)
	e, o := it.ev, m.lostAt(it, it.at)
	if o == nil {
		return
	}
	o.Notices = append(o.Notices, e)
	switch {
	case e.Is(message.TimesOut):
		o.TimeoutByPrimary = FirstOf(o.TimeoutByPrimary, e)
	case e.Is(message.ClosesAtLimit) && (len(o.Tries) == 0 || it.at-o.Lost <= m.h.Clock.Err+timeline.SameMoment):
		o.Overflow = FirstOf(o.Overflow, e)
	case e.Is(message.ClosesAtLimit):
		o.Failures = append(o.Failures, e)
	}
	t := o.last()
	if t == nil && o.First && e.Is(message.TimesOut) { // of the attempt no log has the beginning
		o.Failures = append(o.Failures, e)
	}
	if t == nil || o != m.cur || !t.ByPrimary || it.at <= t.At {
		return
	}
	if t.Outcome == "" && !t.ByReplica {
		t.Outcome, t.FailEv, t.End = diagnosis.Failed, e, it.at
	}
	if e.Is(message.TimesOut) && !e.Is(message.TransferTimedOut) && t.Granted == diagnosis.Full {
		// Silent while it still receives or loads: the resync outran repl-timeout.
		o.Failures = append(o.Failures, e)
	}
}

// serverStarted handles a start of the primary's own: whoever had a link to the process before has it no longer. The replica's log
// tells better, where there is one.
func (m *linkMachine) serverStarted(it item) {
	if m.cur != nil || !m.hadLink(it.at) || !m.may(it) {
		return
	}
	o := m.open(it, it.at)
	o.Notices = append(o.Notices, it.ev)
}

// wasOnline ends a resync whose end the evidence does not have: a primary that gives up a replica which it was streaming to had it online
// (redis 7.4.1 replication.c replicationCron). A replica that still receives or loads is told the same, which
// its own log would say.
func (m *linkMachine) wasOnline(it item) {
	if m.cur == nil || m.hasLog(it.at) || !it.ev.Is(message.TimesOut) || !strings.Contains(it.ev.Text, "(streaming sync)") {
		return
	}
	timeout := m.h.Duration("repl-timeout")
	if t := m.cur.last(); t != nil && t.Granted == diagnosis.Full && t.Outcome == "" && it.at-t.At > timeout {
		m.close(item{at: it.at - timeout, src: it.src, ev: it.ev}, diagnosis.Full)
		m.out[len(m.out)-1].RestoredEv = nil
	}
}

func (m *linkMachine) wasAsked(it item) {
	t := m.request(it)
	t.ByPrimary, t.Server = true, it.server
}

func (m *linkMachine) refuses(it item) {
	e := it.ev
	if e.Is(message.BeyondEnd) && m.cur != nil {
		// The second line of one answer: the first said that the backlog does not hold the offset (redis 7.4.1 replication.c:765).
		if t := m.cur.last(); t != nil && t.AnswerEv != nil && t.AnswerEv.Is(message.LackOfBacklog) && it.at-t.AnswerEv.At < timeline.SameMoment {
			t.Refusal = refusalOf(e)
			return
		}
	}
	t := m.answered(it)
	t.ByPrimary, t.AnswerEv, t.Server = true, e, it.server
	t.Refusal = refusalOf(e)
	t.Granted = cmp.Or(t.Granted, diagnosis.Full)
	if e.Is(message.WantsAll) {
		t.Asked = cmp.Or(t.Asked, diagnosis.Full)
	} else {
		t.Asked = cmp.Or(t.Asked, diagnosis.Partial)
	}
	if e.Offset.Known() && t.Offset < 0 {
		t.Offset = int64(e.Offset)
	}
	if e.Is(message.LackOfBacklog) {
		m.hasHistory(e)
	}
	if e.Is(message.UnknownID) {
		t.Replid = cmp.Or(t.Replid, e.ReplID)
		m.waitedForStart(it)
	}
}

// waitedForStart: who offers a history to a primary no sooner than it takes connections was trying already, as a replica does once a second while it
// has no link (redis 7.4.1 replication.c replicationCron): it had one to the process before, of which the log may hold nothing.
func (m *linkMachine) waitedForStart(it item) {
	if m.cur == nil || !m.cur.First || m.hasLog(it.at) {
		return
	}
	l := it.server.LifeIn(it.at)
	if l == nil || l.StartEv == nil || it.at-max(l.From, l.Ready) > timeline.TwoTicks {
		return
	}
	m.cur.First, m.cur.Lost, m.cur.Notices = false, l.From, append(m.cur.Notices, l.StartEv)
}

func (m *linkMachine) accepts(it item) {
	t := m.answered(it)
	t.ByPrimary, t.AnswerEv, t.Granted, t.Server = true, it.ev, diagnosis.Partial, it.server
	m.hasHistory(it.ev)
	if m.may(it) {
		t.Outcome, t.End = diagnosis.Partial, it.at
		m.close(it, diagnosis.Partial)
	}
}

func (m *linkMachine) saysOnline(it item) {
	switch {
	case m.cur == nil:
	case m.may(it):
		if t := m.cur.last(); t != nil && t.Outcome == "" {
			t.Outcome, t.End = diagnosis.Full, it.at
		}
		m.close(it, diagnosis.Full)
	default:
		m.cur.online = it.ev
	}
}

func (m *linkMachine) snapshotFails(it item) {
	if m.cur == nil {
		return
	}
	if t := m.cur.last(); t != nil && t.Outcome == "" && t.FailEv == nil {
		t.FailEv = it.ev
		if !t.ByReplica {
			t.Outcome, t.End = diagnosis.Failed, it.at
		}
	}
	m.cur.Failures = append(m.cur.Failures, it.ev)
}

// answered is the attempt a primary's answer belongs to: the request just before it.
func (m *linkMachine) answered(it item) *Attempt {
	if m.cur != nil {
		for i := len(m.cur.Tries) - 1; i >= 0; i-- {
			t := m.cur.Tries[i]
			if t.AnswerEv == nil && (it.at-t.At).Abs() < ClockSlack+m.h.Clock.Err && (t.Offset < 0 || !it.ev.Offset.Known() || t.Offset == int64(it.ev.Offset)) {
				return t
			}
		}
	}
	return m.request(it)
}

// refusalOf is the word for a primary's reason.
func refusalOf(e *timeline.Event) diagnosis.RefusalKind {
	for _, r := range []struct {
		word message.Meaning
		kind diagnosis.RefusalKind
	}{
		{message.LackOfBacklog, diagnosis.BacklogOverflow},
		{message.NoBacklog, diagnosis.NoBacklog},
		{message.UnknownID, diagnosis.ReplidMismatch},
		{message.BeyondEnd, diagnosis.OffsetAhead},
		{message.WantsAll, diagnosis.FreshReplica},
	} {
		if e.Is(r.word) {
			return r.kind
		}
	}
	return diagnosis.UnknownRefusal
}
