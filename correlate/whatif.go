package correlate

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// shortfall is what the backlog had to hold for one refused request: exactly, or between two bounds. -1 is unknown.
type shortfall struct {
	least, most int64
	how         string
}

// bounds are nil where nothing bounds the bytes.
func (s shortfall) bounds() (least, most *int64, how string) {
	if s.least >= 0 {
		least = &s.least
	}
	if s.most >= 0 {
		most = &s.most
	}
	return least, most, s.how
}

// answered is when the primary refused, on its own clock where its log tells: it decides which refusal came first.
func (t *attempt) answered() micros {
	if t.answerEv != nil {
		return t.answerEv.at
	}
	return t.at
}

// forkTime is when the snapshot was forked that a refused request was given, against its refusal. The offset in
// "Full resync from primary" is the primary's at the fork (redis 7.4.1 replication.c replicationSetupSlaveForFullResync).
type forkTime int

const (
	forkUnknown forkTime = iota
	forkAtOnce           // inside the same command: nothing was written between
	forkLater            // the request waited: for diskless sync's delay, or for another child to end
	forkEarlier          // it joined a snapshot under way, at that one's offset
)

// forkOf reads on in the primary's log from its refusal: the next thing its main thread says is what it did about it.
func (p *host) forkOf(refused *event) forkTime {
	if refused == nil {
		return forkUnknown
	}
	i, _ := slices.BinarySearchFunc(p.events, refused.at, func(e event, t micros) int { return cmp.Compare(e.at, t) })
	seen := false
	for ; i < len(p.events) && p.events[i].at <= refused.at+second; i++ {
		e := &p.events[i]
		if e == refused {
			seen = true
			continue
		}
		if !seen || e.Role == "C" {
			continue
		}
		switch e.Kind {
		case message.PsyncOffsetAhead, message.BacklogCreated:
		case message.SyncBgsaveStart:
			return forkAtOnce
		case message.SyncJoinedBgsave:
			return forkEarlier
		case message.SyncDelayDiskless, message.SyncWaitNextBgsave, message.SyncDelayChildBusy:
			return forkLater
		default:
			return forkUnknown
		}
	}
	return forkUnknown
}

// offsetsAround are the last offset of p that is known from before a moment, and the first from after it, on the
// stream with this id; -1 where no dump tells. doubt is how far the moment itself may be off.
func (p *host) offsetsAround(at, doubt micros, replid string) (before, after int64) {
	before, after = -1, -1
	for i := range p.samples {
		s := &p.samples[i]
		if s.Role != "master" || !s.PrimaryOffset.Known() || !s.speaksOf(replid) {
			continue
		}
		d := doubt + s.doubt()
		if s.at+d <= at {
			before = int64(s.PrimaryOffset)
		} else if s.at-d >= at {
			return before, int64(s.PrimaryOffset)
		}
	}
	return before, after
}

// speaksOf tells whether the dump's offsets belong to the stream with this id. Before 4.0 the run id plays its part.
func (s *sample) speaksOf(replid string) bool {
	if replid == "" {
		return true
	}
	id := cmp.Or(s.ReplID, s.RunID)
	return id == "" || id == replid || s.ReplID2 == replid
}

// doubt is how far the dump's date may be off the moment at which the server counted. Only server_time_usec is the
// server's own; dates in whole seconds are cut off.
func (s *sample) doubt() micros {
	switch {
	case s.Dated == "server_time":
		return second / 100
	case s.at%second != 0:
		return second / 5 // a collector's stamp: taken before the server was asked, or after it answered
	}
	return second
}

// shortfall bounds what the backlog had to hold for an attempt that was refused. Where the primary forked at once the
// logs give it to the byte; otherwise its INFO offsets around the refusal enclose it.
func (in *incident) shortfall(o *outage, t *attempt) shortfall {
	p := t.server
	if p == nil {
		p = in.primary
	}
	if t.offset < 0 {
		return in.fromDumps(o, p, t.at)
	}
	need := func(primary int64) int64 {
		if primary < 0 {
			return -1
		}
		return max(primary-t.offset+1, 0)
	}
	fork := p.forkOf(t.answerEv)
	if t.primaryOffset >= 0 && fork == forkAtOnce {
		n := need(t.primaryOffset)
		return shortfall{least: n, most: n, how: "both offsets are in the logs, and the primary forked at once: exact"}
	}
	at, doubt := t.at, o.replica.clock.err
	if t.answerEv != nil {
		at, doubt = t.answerEv.at, p.clock.err
	}
	before, after := p.offsetsAround(at, doubt, t.replid)
	s := shortfall{least: need(before), most: need(after), how: "the primary's INFO offsets around the refusal"}
	if t.primaryOffset >= 0 {
		switch fork {
		case forkEarlier:
			s.least = max(s.least, need(t.primaryOffset))
			s.how = "the request joined a snapshot that had begun: the primary was at that offset before it refused; INFO bounds how much further it was"
		default:
			if n := need(t.primaryOffset); s.most < 0 || n < s.most {
				s.most = n
			}
			s.how = "the offset logged is that of the fork, which came after the refusal; INFO bounds how much less had been written"
			if fork == forkUnknown {
				s.how = "both offsets are in the logs; whether the primary forked at once is not, so less may have been written at the refusal"
			}
		}
	}
	// It was refused, so the bytes did not lie in the backlog.
	if d := p.lastSampleBefore(at - doubt); d != nil && d.BacklogHistlen.Known() && d.BacklogSize.Known() && d.BacklogActive != 0 && d.speaksOf(t.replid) {
		s.least = max(s.least, min(int64(d.BacklogHistlen), int64(d.BacklogSize))+1)
	}
	if s.most >= 0 {
		s.least = min(s.least, s.most)
	}
	return s
}

// fromDumps bounds the shortfall where no log names the request: a replica whose link is down shows the offset it will
// ask from, less one, as slave_repl_offset (psync semantics: the cached primary's), and the primary's dumps enclose
// where it was.
func (in *incident) fromDumps(o *outage, p *host, at micros) shortfall {
	s := shortfall{least: -1, most: -1, how: "INFO of both ends: no log names the offsets"}
	if at == unknown {
		return s
	}
	applied, exact := int64(-1), false
	replid := ""
	for i := range o.replica.samples {
		r := &o.replica.samples[i]
		if r.at > at {
			break
		}
		if r.Role == "slave" && r.ReplicaOffset.Or(0) > 0 {
			down := r.LinkStatus == "down" && r.at >= o.lost-r.doubt() && r.SyncInProgress.Or(0) == 0
			if down || !exact {
				applied, exact = int64(r.ReplicaOffset), down
				replid = r.ReplID
			}
		}
	}
	if applied < 0 {
		return s
	}
	before, after := p.offsetsAround(at, 0, replid)
	if exact && before >= 0 {
		s.least = max(before-applied, 0)
	}
	if after >= 0 {
		s.most = max(after-applied, 0)
	}
	return s
}

// demand is one full resync of an incident, and what would have spared it.
type demand struct {
	o       *outage
	try     *attempt
	at      micros
	count   int64
	need    shortfall
	curable bool // a backlog of need.most bytes would have granted a partial resync
	effect  bool // its link was lost to the work of an earlier full resync
}

func (d *demand) name() string {
	if d.at == unknown {
		return d.o.replica.name
	}
	return d.o.replica.name + " at " + clockTime(d.at)
}

// dated is the resync's name with its date: a curve spans the whole capture.
func (d *demand) dated() string {
	if d.at == unknown {
		return d.o.replica.name
	}
	return d.o.replica.name + " at " + d.at.Time().Format(StampLayout)
}

// account is one incident's full resyncs: those whose requests are known, and how many there were in all.
type account struct {
	in      *judged
	total   int64
	demands []demand
	feeds   bool // one round's work brings on the next: what is not told apart goes with the rest
	why     string
}

// backlogCures tells whether the incident is of a kind that a larger backlog could have made a partial resync of, and
// why not. Whatever keeps a resync from succeeding, or ends the primary's stream, no backlog mends.
func (in *judged) backlogCures() (bool, string) {
	if b := in.verdict.best; b != nil && !slices.Contains(b.cause.fix, "raise-backlog") {
		return false, b.cause.Kind + " is no matter of the backlog"
	}
	if l := in.loop; l != nil && (l.Kind == "output-buffer" || l.Kind == "snapshot-failed" || l.Kind == "failover") {
		return false, "the " + l.Kind + " loop goes on whatever the backlog holds"
	}
	return true, ""
}

// stale tells whether a restarted replica asked from an old dump file and not from where it had stopped: what it misses
// then is the age of the dump, and no sensible backlog reaches back as far.
func (in *incident) stale(o *outage, t *attempt) bool {
	if o.restart == nil {
		return false
	}
	if t.offset >= 0 {
		for i := len(o.replica.samples) - 1; i >= 0; i-- {
			if s := &o.replica.samples[i]; s.at < o.lost && s.Role == "slave" && s.ReplicaOffset.Or(0) > 0 {
				return t.offset < int64(s.ReplicaOffset)
			}
		}
		p := t.server
		if p == nil {
			p = in.primary
		}
		if before, _ := p.offsetsAround(o.lost, o.replica.clock.err, t.replid); before > 0 {
			return t.offset < before
		}
	}
	l := o.replica.lifeBefore(o.restart)
	return l == nil || l.how != "shutdown"
}

// demandsOf lists the incident's full resyncs in order of time.
func (in *judged) demandsOf(next micros) account {
	a := account{in: in}
	a.total, _ = in.counts(next)
	cures, why := in.backlogCures()
	a.why = why
	l, storm := in.loop, in.storm
	a.feeds = storm && l != nil && l.Kind == "fork-cascade"
	first := map[*outage]bool{}
	for _, o := range in.wave {
		first[o] = true
	}
	for _, o := range in.outages {
		if o.promoted {
			continue
		}
		for _, t := range o.tries {
			if t.granted != "full" {
				continue
			}
			d := demand{o: o, try: t, at: t.at, count: max(t.count, 1), need: shortfall{least: -1, most: -1}, effect: a.feeds && !first[o]}
			if in.refusalKind(o, t) == "backlog-overflow" {
				d.need = in.shortfall(o, t)
				d.curable = cures && d.need.most >= 0 && !in.stale(o, t)
			}
			a.demands = append(a.demands, d)
		}
		if d, ok := in.fromCountersOnly(o); ok {
			d.curable = cures && d.need.most >= 0 && !in.stale(o, &attempt{offset: -1})
			a.demands = append(a.demands, d)
		}
	}
	slices.SortStableFunc(a.demands, func(x, y demand) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.o.replica.name, y.o.replica.name))
	})
	for i := range a.demands {
		d := &a.demands[i]
		// The window had room for as much and it was refused all the same (a backlog emptied by a resize, up to 6.2).
		if _, _, _, has := in.arithmetic(d.o, d.try); has != nil && d.need.most <= *has {
			d.curable = false
		}
	}
	return a
}

// fromCountersOnly makes a demand of an outage that no log tells of: the primary's counters say that it ended in a full
// resync for a lost offset.
func (in *incident) fromCountersOnly(o *outage) (demand, bool) {
	if len(o.tries) > 0 || o.restored == unknown || o.closing == "partial" || o.server == nil {
		return demand{}, false
	}
	p := o.server
	a, b := p.lastSampleBefore(o.lost), p.firstSampleAfter(o.restored)
	if a == nil || b == nil || a.RunID != b.RunID || a.ReplID != b.ReplID || b.SyncFull <= a.SyncFull || b.SyncPartialErr <= a.SyncPartialErr {
		return demand{}, false
	}
	t := &attempt{at: o.restored, end: o.restored, offset: -1, primaryOffset: -1, count: 1, server: p, asked: "partial", granted: "full"}
	return demand{o: o, try: t, at: o.restored, count: 1, need: in.fromDumps(o, p, o.restored)}, true
}

// happen tells which of the account's full resyncs are left with a backlog of this size. A replica asks again only
// after an attempt that was not granted, and what a full resync's work broke stays whole without it.
func (a *account) happen(size int64) []bool {
	out := make([]bool, len(a.demands))
	ended := map[*outage]bool{} // continued by a partial resync, or never lost
	any := false
	for i := range a.demands {
		d := &a.demands[i]
		switch {
		case ended[d.o]:
		case d.effect && !any, d.curable && size >= d.need.most:
			ended[d.o] = true
		default:
			out[i], any = true, true
		}
	}
	return out
}

// fullAt is how many of the incident's full resyncs are left.
func (a *account) fullAt(size int64) int64 {
	var left, known int64
	for i, h := range a.happen(size) {
		known += a.demands[i].count
		if h {
			left += a.demands[i].count
		}
	}
	rest := max(a.total-known, 0)
	if a.feeds && left == 0 && known > 0 {
		rest = 0
	}
	return min(left+rest, max(a.total, 0))
}

// maxSteps bounds the curve of a capture with thousands of resyncs.
const maxSteps = 24

// backlogCurve is how many full resyncs are left at each size at which that changes, from the present size on.
func (g *group) backlogCurve(as []account, present int64) []WhatIf {
	var sizes []int64
	for i := range as {
		for j := range as[i].demands {
			if d := &as[i].demands[j]; d.curable && d.need.most > present {
				sizes = append(sizes, d.need.most)
			}
		}
	}
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	if len(sizes) > maxSteps {
		thin := make([]int64, 0, maxSteps)
		for i := range maxSteps {
			thin = append(thin, sizes[(i+1)*len(sizes)/maxSteps-1])
		}
		sizes = thin
	}
	out := []WhatIf{step0("repl-backlog-size", present, sizeWord(present), fullOf(as, present))}
	last := present
	for _, n := range sizes {
		left := fullOf(as, n)
		if left == out[len(out)-1].FullSyncs {
			continue
		}
		out = append(out, WhatIf{Setting: "repl-backlog-size", BacklogBytes: n, Value: sizeWord(n), FullSyncs: left, Saves: savedBetween(as, last, n)})
		last = n
	}
	return out
}

func step0(setting string, bytes int64, value string, full int64) WhatIf {
	return WhatIf{Setting: setting, BacklogBytes: bytes, Value: value, FullSyncs: full}
}

func fullOf(as []account, size int64) int64 {
	n := int64(0)
	for i := range as {
		n += as[i].fullAt(size)
	}
	return n
}

// savedBetween names the resyncs that happen at one size and no longer at the next.
func savedBetween(as []account, from, to int64) string {
	var names []string
	n := 0
	for i := range as {
		was, is := as[i].happen(from), as[i].happen(to)
		for j := range was {
			if was[j] && !is[j] {
				if n++; len(names) < 3 {
					names = append(names, as[i].demands[j].dated())
				}
			}
		}
	}
	if n > len(names) {
		names = append(names, fmt.Sprintf("%d more", n-len(names)))
	}
	if n == 0 {
		return ""
	}
	return list(names)
}

// closes are the replicas that the primaries closed at their output buffer limit in one incident.
func (in *incident) closes() []*event {
	var out []*event
	for _, o := range in.outages {
		for _, e := range slices.Concat(o.failures, o.notices) {
			if closedReplica(e) && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
		if o.overflow != nil && !slices.Contains(out, o.overflow) {
			out = append(out, o.overflow)
		}
	}
	slices.SortStableFunc(out, func(a, b *event) int { return cmp.Compare(a.at, b.at) })
	return out
}

// bufferNeed is the hard limit with which the incident's first close would not have been the beginning of a loop: what
// was waiting at it, and what was written from then until the replica was up again. It is an upper bound, for what
// drained meanwhile is not known. ok is false where no INFO tells what was written, or the replica never came back.
func (in *incident) bufferNeed() (need, written int64, ok bool) {
	cs := in.closes()
	if len(cs) == 0 {
		return 0, 0, false
	}
	for _, e := range cs {
		need = max(need, e.Bytes.Or(0)+1)
	}
	if in.end == unknown {
		return need, 0, false
	}
	p := in.primary
	from, _ := p.offsetsAround(cs[0].at, p.clock.err, "")
	_, to := p.offsetsAround(in.end, p.clock.err, "")
	if from < 0 || to < from {
		return need, 0, false
	}
	return max(need, cs[0].Bytes.Or(0)+to-from), to - from, true
}

// bufferCurve is how many full resyncs other values of client-output-buffer-limit replica would have left.
func (g *group) bufferCurve(p *plan) []WhatIf {
	hard, _, _, ok := g.primary.replicaLimit()
	if !ok {
		return nil
	}
	type save struct {
		need, full int64
		name       string
	}
	var saves []save
	total, any := int64(0), false
	for i := range p.accounts {
		a := &p.accounts[i]
		total += a.total
		cs := a.in.closes()
		if len(cs) == 0 {
			continue
		}
		any = true
		need, _, ok := a.in.bufferNeed()
		if !ok {
			continue
		}
		// The resync that was under way at the first close had been asked for already.
		before := int64(0)
		for j := range a.demands {
			if a.demands[j].at < cs[0].at-clockSlack {
				before += a.demands[j].count
			}
		}
		if n := a.total - before; n > 0 {
			saves = append(saves, save{need, n, fmt.Sprintf("what followed the closing of %s at %s", cs[0].peerName(g), cs[0].at.Time().Format(StampLayout))})
		}
	}
	if !any {
		return nil
	}
	slices.SortStableFunc(saves, func(a, b save) int { return cmp.Compare(a.need, b.need) })
	const name = "client-output-buffer-limit replica"
	out := []WhatIf{step0(name, 0, sizeWord(hard), total)}
	for _, s := range saves {
		total -= s.full
		out = append(out, WhatIf{Setting: name, Value: sizeWord(s.need), FullSyncs: max(total, 0), Saves: s.name})
	}
	return out
}

// peerName is the replica that a line of its primary names.
func (e *event) peerName(g *group) string {
	if h := g.at(e.Peer); h != nil {
		return h.name
	}
	return cmp.Or(e.Peer, "a replica")
}

// replicaLimit is client-output-buffer-limit's class for replicas. From 7.0 the server takes the backlog's size for the
// hard limit where that is larger (7.0.15 networking.c:3771): it shares the memory.
func (h *host) replicaLimit() (hard, soft, softSeconds int64, ok bool) {
	const name = "client-output-buffer-limit"
	if hard, soft, softSeconds, ok = table.ParseOutputBufferLimit(h.setting(name).Value, "replica"); ok {
		return hard, soft, softSeconds, ok
	}
	// A configuration file that sets other classes leaves this one at its default.
	flavor, version := h.version()
	v, _ := table.DefaultSetting(name, flavor, version)
	return table.ParseOutputBufferLimit(v, "replica")
}

// silence is how long the links of the incident's first wave carried nothing before life came back, where they were
// given up for it; 0 where they were not.
func (in *judged) silence() micros {
	if !in.silent || in.first == nil {
		return 0
	}
	from, to := in.contact, unknown
	if b := in.verdict.best; b != nil {
		if st := in.stallOf(b.suspect); st != nil && b.cause.on != onPath && st.to != unknown {
			from, to = min(from, st.from), st.to
		}
	}
	if to == unknown {
		for _, o := range in.wave {
			for _, t := range o.tries {
				if t.granted != "" && (to == unknown || t.at > to) {
					to = t.at
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

// timeoutNeed is the repl-timeout with which the first wave would have kept its links: timers tick once a second and
// ask for more than the timeout (psync semantics, section 5).
func (in *judged) timeoutNeed() int64 {
	d := in.silence()
	if d == 0 {
		return 0
	}
	return int64((d+second-1)/second) + 1
}

// timeoutCurve is how many full resyncs other values of repl-timeout would have left.
func (g *group) timeoutCurve(p *plan) []WhatIf {
	type save struct {
		need, full int64
		name       string
	}
	var saves []save
	total := int64(0)
	now := int64(g.primary.duration("repl-timeout") / second)
	for i := range p.accounts {
		a := &p.accounts[i]
		total += a.total
		n := a.in.timeoutNeed()
		if n <= now || a.total <= 0 {
			continue
		}
		if b := a.in.verdict.best; b != nil && b.cause.blocks {
			continue
		}
		saves = append(saves, save{n, a.total, fmt.Sprintf("%s at %s", list(a.in.affected), a.in.start.Time().Format(StampLayout))})
	}
	if len(saves) == 0 || now == 0 {
		return nil
	}
	slices.SortStableFunc(saves, func(a, b save) int { return cmp.Compare(a.need, b.need) })
	out := []WhatIf{step0("repl-timeout", 0, itoa(now), total)}
	for _, s := range saves {
		total -= s.full
		out = append(out, WhatIf{Setting: "repl-timeout", Value: itoa(s.need), FullSyncs: max(total, 0), Saves: s.name})
	}
	if d, who := g.survived(); d > 0 {
		out[0].Saves = fmt.Sprintf("nothing more; the longest silence survived was %s (%s)", length(d), who)
	}
	return out
}

// survived is the longest silence that a link outlived: master_last_io_seconds_ago of a link that was up, or lag.
func (g *group) survived() (longest micros, who string) {
	for _, h := range g.hosts {
		for i := range h.samples {
			s := &h.samples[i]
			if d := micros(s.LastIOSeconds.Or(0)) * second; s.LinkStatus == "up" && d > longest {
				// Only where the next dump shows the link still up.
				if i+1 < len(h.samples) && h.samples[i+1].LinkStatus == "up" && h.samples[i+1].LastIOSeconds.Or(1<<30) < int64(s.LastIOSeconds) {
					longest, who = d, h.name
				}
			}
		}
	}
	return longest, who
}
