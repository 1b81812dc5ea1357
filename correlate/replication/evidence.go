package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// items are what both ends' logs and dumps say of each replica's link, by replica, each list a few runs in order of time.
func (g *Group) items() map[*timeline.Host][]item {
	items := map[*timeline.Host][]item{}
	servers, dumps := g.Servers(), 0
	for _, p := range servers {
		dumps += len(p.Samples)
	}
	for _, h := range g.Hosts {
		if !onlyPrimary(h) {
			items[h] = make([]item, 0, len(h.Events)+dumps) // its own among them
		}
	}
	for _, p := range servers {
		g.fromPrimaryLog(p, items)
		g.fromPrimaryDumps(p, items)
	}
	for _, h := range g.Hosts {
		warned := h.WarnsAlone()
		for i := range h.Events {
			items[h] = append(items[h], item{at: h.Events[i].At, src: ReplicaLog, ev: &h.Events[i], warned: warned})
		}
		if len(items[h]) == 0 && onlyPrimary(h) {
			continue
		}
		for i := range h.Samples {
			if s := &h.Samples[i]; s.At != unknown { // what lies nowhere on the axis tells of no change
				items[h] = append(items[h], item{at: s.At, src: replicaInfo, sample: s})
			}
		}
	}
	return items
}

// onlyPrimary reports whether every dump of a server shows a primary: of a link that nobody else speaks of they say nothing, and there may be a million.
func onlyPrimary(h *timeline.Host) bool {
	for i := range h.Samples {
		if h.Samples[i].Role != "master" {
			return false
		}
	}
	return true
}

// aboutReplica are the words of lines in which a primary speaks of one replica.
const aboutReplica = message.LosesLink | message.ClosesAtLimit | message.Asked | message.Accepts | message.Refuses | message.ReplicaOnline | message.SnapshotFailed

// fromPrimaryLog gives each replica what the primary's log says of it.
func (g *Group) fromPrimaryLog(p *timeline.Host, items map[*timeline.Host][]item) {
	l := primaryLog{g: g, p: p, items: items, stages: map[*timeline.Host]string{}, known: map[*timeline.Host]bool{}, warned: p.WarnsAlone()}
	for i := range p.Events {
		e := &p.Events[i]
		switch {
		case e.Is(message.Starts) && p.LifeAt(e.At) != nil:
			l.begin(e)
		case e.Kind == message.DualChannelOffered || e.Kind == message.DualChannelEndOffset:
			h := g.At(e.Peer)
			if e.Peer == "" {
				h = l.asked
			}
			if h != nil {
				l.stages[h] = e.Kind
				l.give(h, e, false)
			}
		case !e.Is(aboutReplica) || e.Is(message.Follows):
		case isAddr(e.Peer):
			l.about(g.meant(e), e, p.Events[i+1:])
		case e.Is(message.UnknownID|message.BeyondEnd) && len(l.waiting) > 0:
			// The line names the id, not the replica: it answers the request just before it.
			l.give(l.waiting[len(l.waiting)-1], e, false)
		case e.Is(message.SnapshotFailed) && len(l.waiting) > 0:
			for _, h := range l.waiting {
				l.give(h, e, false)
			}
		case e.Peer == "":
			l.about(nil, e, p.Events[i+1:])
		}
	}
}

// primaryLog goes through a primary's log, line by line.
type primaryLog struct {
	g       *Group
	p       *timeline.Host
	items   map[*timeline.Host][]item
	waiting []*timeline.Host // replicas that asked and were not answered to the end yet
	stages  map[*timeline.Host]string
	known   map[*timeline.Host]bool // replicas that it has spoken of
	one     *timeline.Host          // that nameless lines are of
	several []*timeline.Host        // that they may be of
	asked   *timeline.Host          // of them, who asked last, and when
	askedAt micros
	looked  bool // for it
	missing bool // it has lost its link
	warned  bool // the log holds warnings alone
}

func (l *primaryLog) give(h *timeline.Host, e *timeline.Event, second bool) {
	l.items[h] = append(l.items[h], item{at: e.At, src: PrimaryLog, ev: e, server: l.p, second: second, warned: l.warned})
	l.known[h] = true
}

// begin handles a start: whoever was attached to the process before hears of it.
func (l *primaryLog) begin(e *timeline.Event) {
	for h := range l.known {
		l.give(h, e, false)
	}
	clear(l.stages)
	l.waiting = l.waiting[:0]
}

// about handles a line that speaks of a replica, which it names unless h is nil.
func (l *primaryLog) about(h *timeline.Host, e *timeline.Event, next []timeline.Event) {
	if h == nil && (e.Peer == "" || ClosedReplica(e)) {
		h = l.nameless(e)
	}
	if h == nil || h == l.p {
		return
	}
	if !refusedNext(next, e) && ofSecondConnection(l.stages, h, e) {
		if e.Is(message.Asked) {
			l.give(h, e, true)
		}
		return
	}
	l.give(h, e, false)
	l.waiting = waits(l.waiting, h, e)
}

// waits are the replicas that asked and were not answered to the end yet, after a line about one.
func waits(waiting []*timeline.Host, h *timeline.Host, e *timeline.Event) []*timeline.Host {
	if e.Is(message.Asked|message.ReplicaOnline|message.Accepts) || e.Kind == message.ReplicaLinkLost {
		if i := slices.Index(waiting, h); i >= 0 { // it stands there once
			waiting = slices.Delete(waiting, i, i+1)
		}
	}
	if e.Is(message.Asked) {
		waiting = append(waiting, h)
	}
	return waiting
}

// meant is the replica that a primary's line names; nil where it is no replica's. Of clients that were closed only replicas
// count, and those by the address that they are known by.
func (g *Group) meant(e *timeline.Event) *timeline.Host {
	h := g.At(e.Peer)
	switch {
	case e.Is(message.ClosesAtLimit) && !ReplicaClient(e):
		return nil
	case h == nil && !e.Is(message.ClosesAtLimit):
		return g.stranger(e.Peer)
	}
	return h
}

// fromPrimaryDumps gives each replica the dumps of the primary's that list it, and those that listed it before and no longer do.
func (g *Group) fromPrimaryDumps(p *timeline.Host, items map[*timeline.Host][]item) {
	known, here := map[*timeline.Host]bool{}, map[*timeline.Host]bool{}
	rows := dumpRows{rows: p.Replicas}
	for i := range p.Samples {
		s := &p.Samples[i]
		if s.Role != "master" || s.At == unknown {
			continue
		}
		clear(here)
		for _, r := range rows.of(p.Samples, i) {
			h := g.At(r.Addr)
			if h == nil {
				h = g.stranger(r.Addr)
			}
			here[h], known[h] = true, true
			items[h] = append(items[h], item{at: s.At, src: primaryInfo, row: r, sample: s, server: p})
		}
		for h := range known {
			if !here[h] && s.ConnectedReplicas.Known() {
				items[h] = append(items[h], item{at: s.At, src: primaryInfo, gone: true, sample: s, server: p})
			}
		}
	}
}

// dumpRows finds the lines of slaveN in each of a server's dumps; rows and dumps are asked for in order of time.
type dumpRows struct {
	rows   []timeline.ReplicaRow
	next   int
	at     micros
	byFile map[string][]*timeline.ReplicaRow // of the dumps that share the instant at; nil where there is one
	out    []*timeline.ReplicaRow
}

// of are the rows of the i-th dump: those of its instant, and of its own lines where several dumps share it.
func (d *dumpRows) of(samples []timeline.Sample, i int) []*timeline.ReplicaRow {
	s := &samples[i]
	for d.next < len(d.rows) && d.rows[d.next].At < s.At {
		d.next++
	}
	shared := func(j int) bool { return j >= 0 && j < len(samples) && samples[j].At == s.At }
	if !shared(i-1) && !shared(i+1) {
		d.out = d.out[:0]
		for j := d.next; j < len(d.rows) && d.rows[j].At == s.At; j++ {
			d.out = append(d.out, &d.rows[j])
		}
		return d.out
	}
	if d.byFile == nil || d.at != s.At {
		d.at, d.byFile = s.At, map[string][]*timeline.ReplicaRow{}
		for j := d.next; j < len(d.rows) && d.rows[j].At == s.At; j++ {
			r := &d.rows[j]
			d.byFile[r.File] = append(d.byFile[r.File], r)
		}
	}
	mine := d.byFile[s.File]
	byLine := func(r *timeline.ReplicaRow, line int32) int { return cmp.Compare(r.Line, line) }
	from, _ := slices.BinarySearchFunc(mine, s.Line, byLine)
	to := len(mine)
	if shared(i+1) && samples[i+1].File == s.File && samples[i+1].Line > s.Line {
		to, _ = slices.BinarySearchFunc(mine, samples[i+1].Line, byLine)
	}
	return mine[from:max(to, from)]
}

// refusedNext reports whether the answer to a request is a refusal: then it asked to continue, which no second connection does.
func refusedNext(next []timeline.Event, asked *timeline.Event) bool {
	return asked.Is(message.Asked) && len(next) > 0 && next[0].Is(message.Refuses) && !next[0].Is(message.WantsAll)
}

// ofSecondConnection reports whether a line is of the second connection of a full resync, and so of an attempt that is told already. The
// replica asks for the snapshot there once it was offered one (redis 8, valkey 8); in Valkey it then asks to go on from the
// snapshot's end over the first one, which is granted like a partial resync. stages holds how far each replica has got.
func ofSecondConnection(stages map[*timeline.Host]string, h *timeline.Host, e *timeline.Event) bool {
	stage := stages[h]
	switch {
	case stage == "":
		return false
	case e.Is(message.Asked) && stage == message.DualChannelOffered:
		stages[h] = e.Kind
		return true
	case e.Is(message.Asked) && stage == message.DualChannelEndOffset:
		return true
	case e.Is(message.Accepts) && stage == message.DualChannelEndOffset:
		delete(stages, h)
		return true
	}
	delete(stages, h)
	return false
}
