package replication

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// ClockSlack is how far two ends' lines about one thing may lie apart beyond the clocks' error: the servers'
// timers tick once a second, and a connection takes some ticks to be made and answered.
const ClockSlack = 5 * second

// linkMachine is the life of one replica's link.
type linkMachine struct {
	g       *Group
	h       *timeline.Host
	covers  map[source]micros
	cur     *Outage // open outage
	out     []*Outage
	upOnce  bool // the link was seen up
	upFrom  micros
	follows bool    // its dumps show it as a replica
	saidUp  *Outage // the open outage of which a dump already said that it is over
	server  *timeline.Host
	midway  item     // a snapshot arrives, and of what was before there is no trace
	dropped item     // a history was given up, and of what was before there is no trace
	heard   micros   // until when the logs speak of this link
	after   upAgain  // what dumps have said since
	offers  []micros // when it made up an id and offset of its own to continue from
}

// may reports whether the source may open or close outages at this moment.
func (m *linkMachine) may(it item) bool {
	for s, from := range m.covers {
		if s > it.src && from <= it.at && (s != PrimaryLog || it.at < m.g.primaryUntil()) {
			return false
		}
	}
	return true
}

// primaryUntil is until when the first primary's log speaks of its replicas: to the end of its first process or of its
// time as a primary.
func (g *Group) primaryUntil() micros {
	until := micros(1 << 62)
	for i := range g.Primary.Lives {
		if l := &g.Primary.Lives[i]; l.How != "" && l.To != unknown {
			until = min(until, l.To)
		}
	}
	for i := range g.Primary.Events {
		if e := &g.Primary.Events[i]; e.Is(message.RePointed) && e.At != unknown {
			until = min(until, e.At)
		}
	}
	return until
}

func (m *linkMachine) open(it item, lost micros) *Outage {
	m.cur = &Outage{Replica: m.h, Lost: lost, Restored: unknown, LostBy: it.src, Server: m.server, upSince: unknown}
	if n := len(m.out); n > 0 && m.out[n-1].Restored <= lost {
		m.cur.upSince = m.out[n-1].Restored
	}
	if it.server != nil {
		m.cur.Server = it.server
	}
	m.out = append(m.out, m.cur)
	return m.cur
}

// lostAt handles a line or dump that says the link is lost.
func (m *linkMachine) lostAt(it item, lost micros) *Outage {
	if m.cur != nil {
		if m.cur.Lost == unknown || lost < m.cur.Lost && len(m.cur.Tries) == 0 {
			m.cur.Lost = lost
		}
		return m.cur
	}
	// The other side may notice later, even after the replica is back: the old connection times out, or the
	// clocks' error swaps the lines. Who came for the first time had no connection before.
	if n := len(m.out); n > 0 && it.src != ReplicaLog && !m.out[n-1].First {
		last := m.out[n-1]
		if it.src == PrimaryLog && (last.Promoted || m.server != nil && it.server != nil && m.server != it.server) {
			return last // a server that the replica had left already finds out
		}
		slack := m.h.Duration("repl-timeout") + timeline.ThreeTicks + m.h.Clock.Err
		if it.at-last.Lost <= slack && !slices.ContainsFunc(last.Notices, func(e *timeline.Event) bool { return e.Instance != m.h.Name }) {
			return last
		}
	}
	if !m.may(it) && it.src < PrimaryLog {
		return nil
	}
	return m.open(it, lost)
}

func (m *linkMachine) close(it item, how diagnosis.Outcome) {
	if m.cur == nil {
		m.up(it.at)
		return
	}
	m.cur.Restored, m.cur.Closing, m.cur.RestoredEv = it.at, how, it.ev
	if t := m.cur.last(); t != nil && t.Outcome == "" {
		t.Outcome, t.End = how, it.at
	}
	m.cur = nil
	m.up(it.at)
}

// hadLink reports whether the link was up well before this moment: the dumps that follow a first attachment may be
// dated a second before it.
func (m *linkMachine) hadLink(at micros) bool {
	return m.upOnce && m.upFrom < at-ClockSlack
}

// wasUp ends an outage of which the replica's log knows nothing, once the replica shows that it had a link again, and the
// primary has said since when. The log begins too late, and the clocks' error hides it.
func (m *linkMachine) wasUp(at micros) {
	o := m.cur
	if o == nil || o.online == nil || o.online.At >= at || slices.ContainsFunc(o.Tries, func(t *Attempt) bool { return t.ByReplica }) ||
		slices.ContainsFunc(o.Notices, func(e *timeline.Event) bool { return e.Instance == m.h.Name }) {
		return
	}
	if t := o.last(); t != nil && t.Outcome == "" {
		t.Outcome, t.End = diagnosis.Full, o.online.At
	}
	m.close(item{at: o.online.At, src: PrimaryLog, ev: o.online}, diagnosis.Full)
}

// up notes that the link was seen up.
func (m *linkMachine) up(at micros) {
	if !m.upOnce {
		m.upOnce, m.upFrom = true, at
	}
}

// request finds or makes the attempt that a line of either end speaks of. Both ends log one request, and the
// two lines may stand in either order.
func (m *linkMachine) request(it item) *Attempt {
	if t := m.justClosed(it); t != nil {
		return t
	}
	if m.cur == nil {
		o := m.open(it, it.at)
		// A replica that asks without having lost a link is new here, or the evidence begins too late.
		o.First, o.Begun = !m.hadLink(it.at), true
	}
	fromReplica := it.src == ReplicaLog
	if t := m.cur.last(); t != nil && (it.at-t.At).Abs() < ClockSlack+m.h.Clock.Err && t.Outcome == "" {
		if fromReplica && !t.ByReplica || !fromReplica && (!t.ByPrimary || t.AnswerEv == nil) {
			return t
		}
	}
	t := &Attempt{At: it.at, End: unknown, Offset: -1, PrimaryOffset: -1, Count: 1, Server: it.server}
	if it.ev != nil {
		t.Count = it.ev.Count.Or(1)
	}
	m.cur.Tries = append(m.cur.Tries, t)
	return t
}

// justClosed is the attempt that ended a moment ago and that the primary's line still speaks of: by the clocks'
// error the replica may say that it is up before the primary says that it was asked.
func (m *linkMachine) justClosed(it item) *Attempt {
	if m.cur != nil || it.src != PrimaryLog || len(m.out) == 0 {
		return nil
	}
	o := m.out[len(m.out)-1]
	t := o.last()
	if t == nil || t.AnswerEv != nil || o.Restored == unknown || it.at-o.Restored > timeline.Tick+m.h.Clock.Err || it.at-t.At > ClockSlack+m.h.Clock.Err {
		return nil
	}
	return t
}

// upAgain is what dumps say of a link of which the logs say nothing more.
type upAgain struct {
	first item // the first dump by which it was up; none has said since that it is down
	dumps int
}

// heardOf notes that a log speaks of the link. A replica's lines and dumps are of one clock, and what the primary answers it has itself asked just before; of
// a loss that only the primary noticed the clocks' error hides when it was.
func (m *linkMachine) heardOf(it item) {
	at := it.at
	if it.src == PrimaryLog && it.ev.Is(message.LosesLink|message.ClosesAtLimit) {
		at += m.h.Clock.Err
	}
	m.heard, m.after = max(m.heard, at), upAgain{}
}

// dumpSaysUp notes a dump by which the link of an open outage lives. Right behind the last line it may speak of the connection that is lost: what
// came over it is as young.
func (m *linkMachine) dumpSaysUp(it item) {
	if it.at-m.heard <= timeline.ThreeTicks {
		return
	}
	if m.after.dumps++; m.after.dumps == 1 {
		m.after.first = it
	}
}

// logsEndedBefore ends an outage in whose middle the logs end while the dumps go on: two of them in a row say that it is over, and no line or dump
// after them says otherwise.
func (m *linkMachine) logsEndedBefore() {
	if m.cur == nil || m.after.dumps < 2 {
		return
	}
	t := m.cur.last()
	if t != nil && t.Outcome == "" {
		t.Outcome, t.End = t.Granted, m.after.first.at
	}
	m.close(m.after.first, "")
	if t != nil {
		m.out[len(m.out)-1].Closing = t.Outcome
	}
}

func (m *linkMachine) done() []*Outage {
	m.wasUp(1 << 62)
	m.logsEndedBefore()
	return slices.DeleteFunc(m.out, func(o *Outage) bool {
		// A host that was never a replica: a primary's own start line is no outage of a link.
		return len(o.Tries) == 0 && len(o.Notices) == 0 && len(o.Failures) == 0 && len(o.Proof) == 0 && o.Moved == nil && o.Restored == unknown && !o.Begun
	})
}

// current is the attempt a later line of the replica belongs to; it makes one where the request itself was not logged.
func (m *linkMachine) current(it item) *Attempt {
	if m.cur != nil {
		if t := m.cur.last(); t != nil && (t.Outcome == "" || t.Outcome == diagnosis.Full && t.FullEv == nil && it.ev.Is(message.GrantedFull)) {
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
		t.Outcome, t.End = diagnosis.Failed, it.at
	}
	again := &Attempt{At: it.at, End: unknown, Asked: t.Asked, Replid: t.Replid, Offset: t.Offset, Refusal: t.Refusal, PrimaryOffset: -1, Count: 1, Server: t.Server, ByReplica: true, AskEv: t.AskEv}
	m.cur.unfold(t.AskEv)
	m.cur.Tries = append(m.cur.Tries, again)
	return again
}

// hasHistory: who asks to continue from an offset had a link before, though the evidence may not show it. A node that
// was never a replica may offer an id of its own too (from 4.0), from its own first bytes on.
func (m *linkMachine) hasHistory(e *timeline.Event) {
	if m.cur == nil || e.Offset.Or(0) <= 1 {
		return
	}
	for _, at := range m.offers {
		if at <= e.At && e.At-at < timeline.MinuteApart {
			return
		}
	}
	m.cur.First = false
}

// said is what lines that bear a word do to a link.
type said struct {
	word message.Meaning
	do   func(*linkMachine, item)
}

// hear does what the first of the words does that the line bears.
func (m *linkMachine) hear(words []said, it item) {
	for _, w := range words {
		if it.ev.Is(w.word) {
			m.heardOf(it)
			w.do(m, it)
			return
		}
	}
}
