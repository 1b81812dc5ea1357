package correlate

import (
	"cmp"
	"slices"
	"strings"

	"psyncope/ingest/message"
)

// outage is one break in the life of a replica's link: from the loss, attempt by attempt, until it was up again.
type outage struct {
	replica *host
	lost    micros // when the first side noticed
	// restored is when the replica was up to date again; unknown while it never was.
	restored micros
	lostBy   source
	first    bool // the replica's first attachment: provisioning, no loss
	begun    bool // the evidence begins inside the outage: when it was lost is not known
	promoted bool // it ended because the replica became a primary
	// What was said at the loss, by either side; nil where it was not.
	timeoutByReplica, timeoutByPrimary, overflow *event
	notices                                      []*event // every line that says it is lost
	restart                                      *life    // the replica's process that began inside it
	moved                                        *event   // REPLICAOF to another primary, or NO ONE
	tries                                        []*attempt
	failures                                     []*event // attempts that did not get as far as asking
	closing                                      string   // partial or full: what ended it
	proof                                        []Evidence
	restoredEv                                   *event
	server                                       *host    // the primary it lost
	tried                                        []string // addresses it tried to connect to
	served                                       bool     // the replica had been a primary that others lost, before it was told to follow one
	online                                       *event   // the primary said that it is over, where the replica's log should have the word
}

// attempt is one request for synchronization and what came of it.
type attempt struct {
	at, end       micros
	asked         string // partial, full or empty
	replid        string
	offset        int64 // asked for; -1 unknown
	refusal       string
	primaryOffset int64 // where the primary was when it answered; -1 unknown
	granted       string
	outcome       string // partial, full, failed, or empty while open
	count         int64
	byReplica     bool // the replica's log has it
	byPrimary     bool // the primary's log has it
	askEv         *event
	answerEv      *event
	fullEv        *event // the replica's line that names the granted offset
	receiveEv     *event
	loadEv        *event
	failEv        *event
	server        *host
	replid2       string // ids the primary had, from its answer
}

// findLinks derives every replica's outages from the merged evidence of both ends.
func (g *group) findLinks() {
	items := map[*host][]item{}
	servers, dumps := g.servers(), 0
	for _, p := range servers {
		dumps += len(p.samples)
	}
	for _, h := range g.hosts {
		items[h] = make([]item, 0, len(h.events)+len(h.samples)+dumps)
	}
	for _, p := range servers {
		g.primaryItems(p, items)
	}
	for _, h := range g.hosts {
		for i := range h.events {
			items[h] = append(items[h], item{at: h.events[i].at, src: replicaLog, ev: &h.events[i]})
		}
		for i := range h.samples {
			if s := &h.samples[i]; s.at != unknown { // what lies nowhere on the axis tells of no change
				items[h] = append(items[h], item{at: s.at, src: replicaInfo, sample: s})
			}
		}
	}
	var replicas []*host
	for h, its := range items {
		if len(its) > 0 {
			replicas = append(replicas, h)
		}
	}
	slices.SortFunc(replicas, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	for _, h := range replicas {
		its := items[h]
		m := &linkMachine{g: g, h: h, covers: coverage(its)}
		for i := range h.events {
			if h.events[i].Kind == message.CachedPrimarySynthesised {
				m.offers = append(m.offers, h.events[i].at)
			}
		}
		inOrder(its, m.step)
		g.links = append(g.links, m.done()...)
	}
	slices.SortStableFunc(g.links, func(a, b *outage) int {
		return cmp.Or(cmp.Compare(a.lost, b.lost), cmp.Compare(a.replica.name, b.replica.name))
	})
	missed := map[*host]micros{} // when others first lost the host as their server
	for _, o := range slices.Backward(g.links) {
		if o.server != o.replica {
			missed[o.server] = o.lost
		}
	}
	for _, o := range g.links {
		until := o.lost
		if o.moved != nil {
			until = o.moved.at
		}
		at, ok := missed[o.replica]
		o.served = ok && at <= until && (o.moved != nil || o.first)
	}
}

// clockSlack is how far two ends' lines about one thing may lie apart beyond the clocks' error: the servers'
// timers tick once a second, and a connection takes some ticks to be made and answered.
const clockSlack = 5 * second

// linkWord tells whether a replica that lives through a lost link says something of this kind.
func linkWord(kind string) bool {
	return strings.HasPrefix(kind, "repl-") || strings.HasPrefix(kind, "psync-") || strings.HasPrefix(kind, "sync-") ||
		strings.HasPrefix(kind, "primary-") || strings.HasPrefix(kind, "server-") || kind == message.CachedPrimarySaved
}

// linkMachine is the life of one replica's link.
type linkMachine struct {
	g       *group
	h       *host
	covers  map[source]micros
	cur     *outage // open outage
	out     []*outage
	upOnce  bool // the link was seen up
	upFrom  micros
	follows bool    // its dumps show it as a replica
	saidUp  *outage // the open outage of which a dump already said that it is over
	server  *host
	offers  []micros // when it made up an id and offset of its own to continue from
}

// may tells whether the source may open or close outages at this moment.
func (m *linkMachine) may(it item) bool {
	for s, from := range m.covers {
		if s > it.src && from <= it.at && (s != primaryLog || it.at < m.g.primaryUntil()) {
			return false
		}
	}
	return true
}

// primaryUntil is until when the first primary's log speaks of its replicas: to the end of its first process or of its
// time as a primary.
func (g *group) primaryUntil() micros {
	until := micros(1 << 62)
	for i := range g.primary.lives {
		if l := &g.primary.lives[i]; l.how != "" && l.to != unknown {
			until = min(until, l.to)
		}
	}
	for i := range g.primary.events {
		if e := &g.primary.events[i]; e.Kind == message.ReplicaofSet && e.at != unknown {
			until = min(until, e.at)
		}
	}
	return until
}

func (m *linkMachine) open(it item, lost micros) *outage {
	m.cur = &outage{replica: m.h, lost: lost, restored: unknown, lostBy: it.src, server: m.server}
	if it.server != nil {
		m.cur.server = it.server
	}
	m.out = append(m.out, m.cur)
	return m.cur
}

// lostAt handles a line or dump that says the link is lost.
func (m *linkMachine) lostAt(it item, lost micros) *outage {
	if m.cur != nil {
		if m.cur.lost == unknown || lost < m.cur.lost && len(m.cur.tries) == 0 {
			m.cur.lost = lost
		}
		return m.cur
	}
	// The other side may notice later, even after the replica is back: the old connection times out, or the
	// clocks' error swaps the lines.
	if n := len(m.out); n > 0 && it.src != replicaLog {
		last := m.out[n-1]
		slack := m.h.duration("repl-timeout") + 3*second + m.h.clock.err
		if it.at-last.lost <= slack && !slices.ContainsFunc(last.notices, func(e *event) bool { return e.Instance != m.h.name }) {
			return last
		}
	}
	if !m.may(it) && it.src < primaryLog {
		return nil
	}
	return m.open(it, lost)
}

func (m *linkMachine) close(it item, how string) {
	if m.cur == nil {
		m.up(it.at)
		return
	}
	m.cur.restored, m.cur.closing, m.cur.restoredEv = it.at, how, it.ev
	if t := m.cur.last(); t != nil && t.outcome == "" {
		t.outcome, t.end = how, it.at
	}
	m.cur = nil
	m.up(it.at)
}

// hadLink tells whether the link was up well before this moment: the dumps that follow a first attachment may be
// dated a second before it.
func (m *linkMachine) hadLink(at micros) bool {
	return m.upOnce && m.upFrom < at-clockSlack
}

// wasUp ends an outage of which the replica's log knows nothing, once the replica shows that it had a link again, and the
// primary has said since when. The log begins too late, and the clocks' error hides it.
func (m *linkMachine) wasUp(at micros) {
	o := m.cur
	if o == nil || o.online == nil || o.online.at >= at || slices.ContainsFunc(o.tries, func(t *attempt) bool { return t.byReplica }) ||
		slices.ContainsFunc(o.notices, func(e *event) bool { return e.Instance == m.h.name }) {
		return
	}
	if t := o.last(); t != nil && t.outcome == "" {
		t.outcome, t.end = "full", o.online.at
	}
	m.close(item{at: o.online.at, src: primaryLog, ev: o.online}, "full")
}

// up notes that the link was seen up.
func (m *linkMachine) up(at micros) {
	if !m.upOnce {
		m.upOnce, m.upFrom = true, at
	}
}

func (o *outage) last() *attempt {
	if len(o.tries) == 0 {
		return nil
	}
	return o.tries[len(o.tries)-1]
}

// request finds or makes the attempt that a line of either end speaks of. Both ends log one request, and the
// two lines may stand in either order.
func (m *linkMachine) request(it item) *attempt {
	if t := m.justClosed(it); t != nil {
		return t
	}
	if m.cur == nil {
		o := m.open(it, it.at)
		// A replica that asks without having lost a link is new here, or the evidence begins too late.
		o.first, o.begun = !m.hadLink(it.at), true
	}
	fromReplica := it.src == replicaLog
	if t := m.cur.last(); t != nil && abs(it.at-t.at) < clockSlack+m.h.clock.err && t.outcome == "" {
		if fromReplica && !t.byReplica || !fromReplica && (!t.byPrimary || t.answerEv == nil) {
			return t
		}
	}
	t := &attempt{at: it.at, end: unknown, offset: -1, primaryOffset: -1, count: 1, server: it.server}
	if it.ev != nil {
		t.count = it.ev.Count.Or(1)
	}
	m.cur.tries = append(m.cur.tries, t)
	return t
}

// justClosed is the attempt that ended a moment ago and that the primary's line still speaks of: by the clocks'
// error the replica may say that it is up before the primary says that it was asked.
func (m *linkMachine) justClosed(it item) *attempt {
	if m.cur != nil || it.src != primaryLog || len(m.out) == 0 {
		return nil
	}
	o := m.out[len(m.out)-1]
	t := o.last()
	if t == nil || t.answerEv != nil || o.restored == unknown || it.at-o.restored > second+m.h.clock.err || it.at-t.at > clockSlack+m.h.clock.err {
		return nil
	}
	return t
}

func (m *linkMachine) step(it item) {
	switch it.src {
	case replicaLog:
		m.replicaSays(it)
	case primaryLog:
		m.primarySays(it)
	case replicaInfo:
		m.replicaDump(it)
	case primaryInfo:
		m.primaryDump(it)
	}
}

func (m *linkMachine) replicaSays(it item) {
	e := it.ev
	switch e.Kind {
	case message.PrimaryTimeout:
		m.wasUp(it.at)
		if o := m.lostAt(it, it.at); o != nil {
			o.notices = append(o.notices, e)
			if o.timeoutByReplica == nil {
				o.timeoutByReplica = e
			}
		}
	case message.PrimaryLinkLost:
		if n := len(m.out); e.Role == "M" && m.cur == nil && n > 0 && m.out[n-1].promoted {
			m.out[n-1].notices = append(m.out[n-1].notices, e) // a new primary lets its old link go: in a cluster it says so afterwards
			return
		}
		m.wasUp(it.at)
		if o := m.lostAt(it, it.at); o != nil {
			o.notices = append(o.notices, e)
		}
	case message.ServerStarting, message.ServerStarted, message.ServerVersion:
		m.restarted(it)
	case message.ReplConnecting, message.ReplReconnecting, message.ReplConnectedTcp:
		if h := m.g.at(e.Peer); h != nil {
			m.server = h
		}
		if m.cur == nil {
			o := m.open(it, it.at)
			o.first, o.begun = !m.hadLink(it.at), true
		}
		if m.cur != nil && e.Peer != "" && !slices.Contains(m.cur.tried, e.Peer) {
			m.cur.tried = append(m.cur.tried, e.Peer)
		}
		// The outage is of the link to the server before; who is asked next may be another.
		if m.cur != nil && m.cur.server == nil && m.server != m.h {
			m.cur.server = m.server
		}
	case message.PsyncTry:
		t := m.request(it)
		t.asked, t.replid, t.offset, t.byReplica, t.askEv = "partial", e.ReplID, e.Offset.Or(-1), true, e
		m.hasHistory(e)
	case message.PsyncNoCachedPrimary:
		t := m.request(it)
		t.asked, t.byReplica, t.askEv = "full", true, e
	case message.SyncFullFromPrimary:
		t := m.retold(it)
		t.granted, t.fullEv = "full", e
		if e.Offset.Known() {
			t.primaryOffset = int64(e.Offset)
		}
	case message.DualChannelStart:
		if m.cur != nil {
			t := m.current(it)
			t.granted = cmp.Or(t.granted, "full")
		}
	case message.PsyncOk:
		if m.cur != nil {
			t := m.current(it)
			t.granted, t.outcome, t.end = "partial", "partial", it.at
		}
		m.close(it, "partial")
	case message.SyncReceivingRdb:
		if m.cur != nil {
			m.current(it).receiveEv = e
		}
	case message.SyncLoading:
		if m.cur != nil {
			m.current(it).loadEv = e
		}
	case message.SyncFinished:
		if m.cur != nil {
			t := m.current(it)
			t.outcome, t.end = "full", it.at
			t.granted = cmp.Or(t.granted, "full")
		}
		m.close(it, "full")
	case message.ReplicaofSet:
		if o := m.lostAt(it, it.at); o != nil {
			o.moved = cmpEvent(o.moved, e)
			if !m.hadLink(it.at) && len(o.notices) == 0 && o.lost == it.at {
				o.first = true
			}
		}
	case message.Promoted, message.PromotedByFailover, message.ClusterElectionWon:
		if m.cur != nil {
			m.cur.promoted, m.cur.restored = true, it.at
			m.cur.moved = cmpEvent(m.cur.moved, e)
			m.cur = nil
		} else if m.upOnce {
			o := m.open(it, it.at)
			o.promoted, o.restored, o.moved = true, it.at, e
			m.cur = nil
		}
		m.upOnce = false
	default:
		if m.cur != nil && failsAttempt(e.Kind) {
			if t := m.cur.last(); t != nil && t.outcome == "" {
				t.outcome, t.failEv, t.end = "failed", e, it.at
			}
			m.cur.failures = append(m.cur.failures, e)
		}
	}
}

func cmpEvent(a, b *event) *event {
	if a != nil {
		return a
	}
	return b
}

// current is the attempt a later line of the replica belongs to; it makes one where the request itself was not logged.
func (m *linkMachine) current(it item) *attempt {
	if m.cur != nil {
		if t := m.cur.last(); t != nil && (t.outcome == "" || t.outcome == "full" && t.fullEv == nil && it.ev.Kind == message.SyncFullFromPrimary) {
			t.byReplica = true
			return t
		}
	}
	t := m.request(it)
	t.byReplica = true
	return t
}

// retold is the attempt that a grant belongs to. In a storm of retries equal lines of one second are folded, so the
// requests of some attempts stand in the count of an earlier one; the grants all differ, in their offset.
func (m *linkMachine) retold(it item) *attempt {
	t := m.current(it)
	if m.cur == nil {
		return t
	}
	if t.fullEv == nil {
		if n := len(m.cur.tries); n > 1 && t.askEv == nil && t.asked == "" && m.cur.tries[n-1] == t {
			if p := m.cur.tries[n-2]; p.askEv != nil && p.askEv.Stamp/second == it.ev.Stamp/second {
				t.asked, t.replid, t.offset, t.askEv = p.asked, p.replid, p.offset, p.askEv
				m.cur.unfold(p.askEv)
			}
		}
		return t
	}
	if t.outcome == "" {
		t.outcome, t.end = "failed", it.at
	}
	again := &attempt{at: it.at, end: unknown, asked: t.asked, replid: t.replid, offset: t.offset, refusal: t.refusal, primaryOffset: -1, count: 1, server: t.server, byReplica: true, askEv: t.askEv}
	m.cur.unfold(t.askEv)
	m.cur.tries = append(m.cur.tries, again)
	return again
}

// unfold takes one request out of the attempt that counts those of this row.
func (o *outage) unfold(ask *event) {
	for _, t := range o.tries {
		if t.askEv == ask && t.count > 1 {
			t.count--
			return
		}
	}
}

// failsAttempt tells whether a line of a replica ends its attempt without a link.
func failsAttempt(kind string) bool {
	switch kind {
	case message.ReplConnectFailed, message.ReplConnectTimeout, message.ReplAuthFailed, message.ReplHandlerFailed, message.SyncAbortedByPrimary,
		message.SyncTransferTimeout, message.SyncBadProtocol, message.DualChannelAborted, message.PsyncTryLater, message.PsyncUnsupported, message.PsyncBadReply:
		return true
	}
	for _, p := range []string{message.ReplHandshakeError, message.SyncIoError, message.SyncLoadFailed, "rdb-load-", "reply-"} {
		if strings.HasPrefix(kind, p) {
			return kind != message.RdbLoadEmptyKey && kind != message.RdbLoadDuplicateKey
		}
	}
	return strings.HasPrefix(kind, "sync-rdb-") && (strings.HasSuffix(kind, "-failed") || strings.HasSuffix(kind, "-error"))
}

// restarted handles the replica's own start line: its link was gone with its process.
func (m *linkMachine) restarted(it item) {
	l := m.h.lifeAt(it.at)
	if l == nil || l.startEv != it.ev {
		return
	}
	if m.cur != nil {
		// The primary's account of a new replica's first request may stand a moment before the replica's start.
		if m.cur.lost < l.from-clockSlack || len(m.cur.notices) > 0 || m.h.lifeBefore(l) != nil {
			m.cur.restart = l
			m.cur.first = false
		}
		return
	}
	// A dump dated in whole seconds may seem to lie before the start it comes after.
	if m.hadLink(l.from) || m.h.lifeBefore(l) != nil && m.h.followedBefore(l.from) {
		lost := it.at
		if prev := m.h.lifeBefore(l); prev != nil && prev.to != unknown {
			lost = prev.to
		}
		if n := len(m.out); n > 0 && m.out[n-1].restored == unknown {
			m.out[n-1].restart = l
			return
		}
		o := m.open(it, lost)
		o.restart = l
		o.notices = append(o.notices, it.ev)
	}
}

// followedBefore tells whether the host was a replica just before this moment.
func (h *host) followedBefore(at micros) bool {
	role := ""
	for i := range h.events {
		e := &h.events[i]
		if e.at >= at {
			break
		}
		if e.Role == "M" || e.Role == "S" {
			role = e.Role
		} else if e.Kind == message.SyncFinished || e.Kind == message.PsyncOk {
			role = "S"
		}
	}
	if s := h.lastSampleBefore(at - 2*second); s != nil && role == "" {
		return s.Role == "slave"
	}
	return role == "S"
}

func (h *host) lifeAt(at micros) *life {
	for i := range h.lives {
		if h.lives[i].from == at {
			return &h.lives[i]
		}
	}
	return nil
}

func (h *host) lifeBefore(l *life) *life {
	for i := 1; i < len(h.lives); i++ {
		if &h.lives[i] == l {
			return &h.lives[i-1]
		}
	}
	return nil
}

func (m *linkMachine) primarySays(it item) {
	e := it.ev
	switch e.Kind {
	case message.ReplicaTimeout, message.ReplicaTimeoutFullsync, message.ClientOutputBufferLimit, message.ReplicaLinkLost:
		// A connection that closes while a later attempt runs is that attempt's end, or an old one's.
		if o := m.lostAt(it, it.at); o != nil {
			o.notices = append(o.notices, e)
			switch e.Kind {
			case message.ReplicaTimeout, message.ReplicaTimeoutFullsync:
				o.timeoutByPrimary = cmpEvent(o.timeoutByPrimary, e)
			case message.ClientOutputBufferLimit:
				if len(o.tries) == 0 {
					o.overflow = cmpEvent(o.overflow, e)
				} else {
					o.failures = append(o.failures, e)
				}
			}
			if t := o.last(); t != nil && o == m.cur && t.byPrimary && it.at > t.at {
				if t.outcome == "" && !t.byReplica {
					t.outcome, t.failEv, t.end = "failed", e, it.at
				}
				if e.Kind == message.ReplicaTimeout && t.granted == "full" {
					// Silent while it still receives or loads: the resync outran repl-timeout.
					o.failures = append(o.failures, e)
				}
			}
		}
	case message.SyncRequested:
		t := m.request(it)
		t.byPrimary, t.server = true, it.server
	case message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncRefusedReplid, message.PsyncRefusedSecondOffset, message.PsyncOffsetAhead, message.SyncFullRequested, message.PsyncBadOffset:
		if e.Kind == message.PsyncOffsetAhead && m.cur != nil {
			// The second line of one answer: the first said that the backlog does not hold the offset (redis 7.4.1 replication.c:765).
			if t := m.cur.last(); t != nil && t.answerEv != nil && t.answerEv.Kind == message.PsyncRefusedBacklog && it.at-t.answerEv.at < second/4 {
				t.refusal = refusalOf(e.Kind)
				return
			}
		}
		t := m.answered(it)
		t.byPrimary, t.answerEv, t.server = true, e, it.server
		t.refusal = refusalOf(e.Kind)
		t.asked = cmp.Or(t.asked, map[bool]string{true: "full", false: "partial"}[e.Kind == message.SyncFullRequested])
		if e.Offset.Known() && t.offset < 0 {
			t.offset = int64(e.Offset)
		}
		if e.Kind == message.PsyncRefusedBacklog {
			m.hasHistory(e)
		}
		if e.Kind == message.PsyncRefusedReplid {
			t.replid = cmp.Or(t.replid, e.ReplID)
			t.replid2 = e.ReplID2
		}
		t.granted = cmp.Or(t.granted, "full")
	case message.PsyncAccepted:
		t := m.answered(it)
		t.byPrimary, t.answerEv, t.granted, t.server = true, e, "partial", it.server
		m.hasHistory(e)
		if m.may(it) {
			t.outcome, t.end = "partial", it.at
			m.close(it, "partial")
		}
	case message.SyncReplicaOnline:
		switch {
		case m.cur == nil:
		case m.may(it):
			if t := m.cur.last(); t != nil && t.outcome == "" {
				t.outcome, t.end = "full", it.at
			}
			m.close(it, "full")
		default:
			m.cur.online = e
		}
	case message.SyncBgsaveFailed, message.SyncBgsaveChildFailed, message.ForkFailedRdb, message.BgsaveFailed, message.RdbSaveOpenFailed,
		message.RdbSaveWriteError, message.RdbSaveRenameFailed, message.DisklessTransferFailed, message.DisklessTransferReplicaFailed:
		if m.cur != nil {
			if t := m.cur.last(); t != nil && t.outcome == "" && t.failEv == nil {
				t.failEv = e
				if !t.byReplica {
					t.outcome, t.end = "failed", it.at
				}
			}
			m.cur.failures = append(m.cur.failures, e)
		}
	}
}

// hasHistory: who asks to continue from an offset had a link before, though the evidence may not show it. A node that
// was never a replica may offer an id of its own too (from 4.0), from its own first bytes on.
func (m *linkMachine) hasHistory(e *event) {
	if m.cur == nil || e.Offset.Or(0) <= 1 {
		return
	}
	for _, at := range m.offers {
		if at <= e.at && e.at-at < 60*second {
			return
		}
	}
	m.cur.first = false
}

// answered is the attempt a primary's answer belongs to: the request just before it.
func (m *linkMachine) answered(it item) *attempt {
	if m.cur != nil {
		for i := len(m.cur.tries) - 1; i >= 0; i-- {
			t := m.cur.tries[i]
			if t.answerEv == nil && abs(it.at-t.at) < clockSlack+m.h.clock.err && (t.offset < 0 || !it.ev.Offset.Known() || t.offset == int64(it.ev.Offset)) {
				return t
			}
		}
	}
	return m.request(it)
}

// refusalOf is the word for a primary's reason (contract: refusal.kind).
func refusalOf(kind string) string {
	switch kind {
	case message.PsyncRefusedBacklog:
		return "backlog-overflow"
	case message.PsyncRefusedBacklogNone:
		return "no-backlog"
	case message.PsyncRefusedReplid, message.PsyncRefusedSecondOffset:
		return "replid-mismatch"
	case message.PsyncOffsetAhead:
		return "offset-ahead"
	case message.SyncFullRequested:
		return "fresh-replica"
	}
	return "unknown"
}

func (m *linkMachine) replicaDump(it item) {
	s := it.sample
	if s.Role == "master" && m.follows && !m.hasLog(it.at) {
		o := m.cur
		if o == nil {
			o = m.open(it, it.at)
		}
		o.promoted, o.restored, m.cur, m.follows = true, it.at, nil, false
		o.proof = appendFew(o.proof, s.evidence("role:master"))
		m.upOnce = false
		return
	}
	if s.Role != "slave" || s.LinkStatus == "" {
		return
	}
	m.follows = true
	if s.PrimaryHost != "" && m.server == nil {
		m.server = m.g.primary
	}
	if s.LinkStatus == "up" {
		if m.cur == nil {
			m.up(it.at)
			return
		}
		m.wasUp(it.at)
		if m.cur == nil || m.hasLog(it.at) || s.LastIOSeconds.Or(0) > 2 {
			return
		}
		// A replica that just woke still believes in its link, for a moment: against the primary's log its word counts when
		// a second dump repeats it.
		if m.may(it) || m.cur.lostBy == replicaInfo || m.saidUp == m.cur {
			m.close(it, "")
		} else {
			m.saidUp = m.cur
		}
		return
	}
	m.saidUp = nil
	lost := it.at
	if d := s.LinkDownSeconds; d.Known() && d >= 0 && d < 1<<24 {
		lost = it.at - micros(d)*second
	}
	if m.cur != nil {
		m.cur.proof = appendFew(m.cur.proof, s.evidence("master_link_status:down", "master_link_down_since_seconds:"+itoa(s.LinkDownSeconds.Or(-1))))
		return
	}
	if m.hasLog(it.at) {
		return
	}
	// What a replica says of its own link is first hand. If it was down all along, the primary's log closed it too early:
	// the primary has sent a resync before the replica has loaded it.
	if n := len(m.out); n > 0 && !m.out[n-1].promoted && m.out[n-1].restored != unknown && lost <= m.out[n-1].restored+second {
		m.cur = m.out[n-1]
		m.cur.restored, m.cur.restoredEv = unknown, nil
		m.cur.lostBy = replicaInfo
		return
	}
	o := m.open(it, lost)
	o.first = !m.hadLink(it.at) && (!s.LinkDownSeconds.Known() || s.LinkDownSeconds < 0 || s.LinkDownSeconds >= 1<<24)
	o.begun = !m.hadLink(it.at)
	o.proof = appendFew(o.proof, s.evidence("master_link_status:down", "master_link_down_since_seconds:"+itoa(s.LinkDownSeconds.Or(-1))))
}

// hasLog tells whether the replica's own log speaks at this moment.
func (m *linkMachine) hasLog(at micros) bool {
	from, ok := m.covers[replicaLog]
	return ok && from <= at
}

func (m *linkMachine) primaryDump(it item) {
	s := it.sample
	if it.gone {
		if m.cur == nil && m.upOnce && m.may(it) {
			o := m.open(it, it.at)
			o.proof = appendFew(o.proof, s.evidence("connected_slaves:"+itoa(s.ConnectedReplicas.Or(0)), "("+m.h.name+" no longer listed)"))
		}
		return
	}
	if it.row.State == "online" {
		m.close2(it)
		return
	}
	if m.cur == nil && m.may(it) {
		o := m.open(it, it.at)
		o.first = !m.hadLink(it.at)
		o.proof = appendFew(o.proof, Evidence{File: it.row.File, Line: it.row.Line, Text: "slave " + it.row.Addr + " state=" + it.row.State})
	}
}

func (m *linkMachine) close2(it item) {
	if m.cur == nil {
		m.up(it.at)
		return
	}
	if m.may(it) {
		m.close(it, "")
	}
}

func (m *linkMachine) done() []*outage {
	m.wasUp(1 << 62)
	return slices.DeleteFunc(m.out, func(o *outage) bool {
		// A host that was never a replica: a primary's own start line is no outage of a link.
		return len(o.tries) == 0 && len(o.notices) == 0 && len(o.failures) == 0 && len(o.proof) == 0 && o.moved == nil && o.restored == unknown && !o.begun
	})
}

// appendFew keeps the first few proofs: a link that is down for an hour is down in every dump.
func appendFew(list []Evidence, e Evidence) []Evidence {
	if len(list) < 3 {
		return append(list, e)
	}
	return list
}
