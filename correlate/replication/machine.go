package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// FindLinks derives every replica's outages from the merged evidence of both ends.
func (g *Group) FindLinks() {
	items := map[*timeline.Host][]item{}
	servers, dumps := g.Servers(), 0
	for _, p := range servers {
		dumps += len(p.Samples)
	}
	for _, h := range g.Hosts {
		items[h] = make([]item, 0, len(h.Events)+len(h.Samples)+dumps)
	}
	for _, p := range servers {
		g.primaryItems(p, items)
	}
	for _, h := range g.Hosts {
		for i := range h.Events {
			items[h] = append(items[h], item{at: h.Events[i].At, src: ReplicaLog, ev: &h.Events[i]})
		}
		for i := range h.Samples {
			if s := &h.Samples[i]; s.At != unknown { // what lies nowhere on the axis tells of no change
				items[h] = append(items[h], item{at: s.At, src: replicaInfo, sample: s})
			}
		}
	}
	var replicas []*timeline.Host
	for h, its := range items {
		if len(its) > 0 {
			replicas = append(replicas, h)
		}
	}
	slices.SortFunc(replicas, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	for _, h := range replicas {
		its := items[h]
		m := &linkMachine{g: g, h: h, covers: coverage(its)}
		for i := range h.Events {
			if h.Events[i].Kind == message.CachedPrimarySynthesised {
				m.offers = append(m.offers, h.Events[i].At)
			}
		}
		inOrder(its, m.step)
		g.Links = append(g.Links, m.done()...)
	}
	slices.SortStableFunc(g.Links, func(a, b *Outage) int {
		return cmp.Or(cmp.Compare(a.Lost, b.Lost), cmp.Compare(a.Replica.Name, b.Replica.Name))
	})
	missed := map[*timeline.Host]micros{} // when others first lost the host as their server
	for _, o := range slices.Backward(g.Links) {
		if o.Server != o.Replica {
			missed[o.Server] = o.Lost
		}
	}
	for _, o := range g.Links {
		until := o.Lost
		if o.Moved != nil {
			until = o.Moved.At
		}
		at, ok := missed[o.Replica]
		o.Served = ok && at <= until && (o.Moved != nil || o.First)
	}
}

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
		if e := &g.Primary.Events[i]; e.Kind == message.ReplicaofSet && e.At != unknown {
			until = min(until, e.At)
		}
	}
	return until
}

func (m *linkMachine) open(it item, lost micros) *Outage {
	m.cur = &Outage{Replica: m.h, Lost: lost, Restored: unknown, LostBy: it.src, Server: m.server}
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
	// clocks' error swaps the lines.
	if n := len(m.out); n > 0 && it.src != ReplicaLog {
		last := m.out[n-1]
		slack := m.h.Duration("repl-timeout") + 3*second + m.h.Clock.Err
		if it.at-last.Lost <= slack && !slices.ContainsFunc(last.Notices, func(e *timeline.Event) bool { return e.Instance != m.h.Name }) {
			return last
		}
	}
	if !m.may(it) && it.src < PrimaryLog {
		return nil
	}
	return m.open(it, lost)
}

func (m *linkMachine) close(it item, how string) {
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
		t.Outcome, t.End = "full", o.online.At
	}
	m.close(item{at: o.online.At, src: PrimaryLog, ev: o.online}, "full")
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
	if t := m.cur.last(); t != nil && timeline.Abs(it.at-t.At) < ClockSlack+m.h.Clock.Err && t.Outcome == "" {
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
	if t == nil || t.AnswerEv != nil || o.Restored == unknown || it.at-o.Restored > second+m.h.Clock.Err || it.at-t.At > ClockSlack+m.h.Clock.Err {
		return nil
	}
	return t
}

func (m *linkMachine) step(it item) {
	switch it.src {
	case ReplicaLog:
		m.replicaSays(it)
	case PrimaryLog:
		m.primarySays(it)
	case replicaInfo:
		m.replicaDump(it)
	case primaryInfo:
		m.primaryDump(it)
	}
}

func (m *linkMachine) done() []*Outage {
	m.wasUp(1 << 62)
	return slices.DeleteFunc(m.out, func(o *Outage) bool {
		// A host that was never a replica: a primary's own start line is no outage of a link.
		return len(o.Tries) == 0 && len(o.Notices) == 0 && len(o.Failures) == 0 && len(o.Proof) == 0 && o.Moved == nil && o.Restored == unknown && !o.Begun
	})
}
