package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// source is whose evidence speaks, the weakest first. Where a stronger one covers a moment, a weaker one
// only adds to what it says: a primary's dump every ten seconds cannot overrule the replica's own log.
type source int

const (
	primaryInfo source = iota
	replicaInfo
	PrimaryLog
	ReplicaLog
)

func (s source) String() string {
	return [...]string{"the primary's INFO", "the replica's INFO", "the primary's log", "the replica's log"}[s]
}

type item struct {
	at     micros
	src    source
	ev     *timeline.Event
	sample *timeline.Sample
	row    *timeline.ReplicaRow
	gone   bool // row: the replica is missing from this dump
	server *timeline.Host
}

// inOrder calls do with the items in the order of their times, those of the stronger source first. They come as a few
// lists in that order one after another, which are merged as they go: sorting them took three times as long.
func inOrder(its []item, do func(item)) {
	order := func(a, b *item) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.src, a.src)) }
	var lists [][]item
	for from := 0; from < len(its); {
		to := from + 1
		for to < len(its) && order(&its[to-1], &its[to]) <= 0 {
			to++
		}
		lists = append(lists, its[from:to])
		from = to
	}
	for len(lists) > 0 {
		first := 0
		for i := 1; i < len(lists); i++ {
			if order(&lists[i][0], &lists[first][0]) < 0 {
				first = i
			}
		}
		do(lists[first][0])
		if lists[first] = lists[first][1:]; len(lists[first]) == 0 {
			lists = slices.Delete(lists, first, first+1)
		}
	}
}

// primaryItems gives each replica what the primary's log and dumps say of it.
func (g *Group) primaryItems(p *timeline.Host, items map[*timeline.Host][]item) {
	var waiting []*timeline.Host
	stages := map[*timeline.Host]string{}
	for i := range p.Events {
		e := &p.Events[i]
		switch e.Kind {
		case message.ReplicaTimeout, message.ReplicaTimeoutFullsync, message.ReplicaLinkLost, message.ClientOutputBufferLimit, message.SyncRequested,
			message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncOffsetAhead, message.PsyncAccepted, message.SyncFullRequested, message.SyncReplicaOnline,
			message.SyncStreamedRdbDone, message.DisklessTransferReplicaFailed, message.PsyncBadOffset:
			var h *timeline.Host
			if isAddr(e.Peer) {
				if e.Kind == message.ClientOutputBufferLimit {
					if !ReplicaClient(e) {
						continue
					}
					h = g.At(e.Peer)
				} else if h = g.At(e.Peer); h == nil {
					h = g.stranger(e.Peer)
				}
			}
			if h == nil || h == p || ofSecondConnection(stages, h, e.Kind) {
				continue
			}
			items[h] = append(items[h], item{at: e.At, src: PrimaryLog, ev: e, server: p})
			if e.Kind == message.SyncRequested {
				waiting = append(slices.DeleteFunc(waiting, func(w *timeline.Host) bool { return w == h }), h)
			}
			if e.Kind == message.SyncReplicaOnline || e.Kind == message.PsyncAccepted || e.Kind == message.ReplicaLinkLost {
				waiting = slices.DeleteFunc(waiting, func(w *timeline.Host) bool { return w == h })
			}
		case message.DualChannelOffered, message.DualChannelEndOffset:
			if h := g.At(e.Peer); h != nil {
				stages[h] = e.Kind
			}
		case message.PsyncRefusedReplid, message.PsyncRefusedSecondOffset:
			// The line names the id, not the replica: it answers the request just before it.
			if len(waiting) > 0 {
				h := waiting[len(waiting)-1]
				items[h] = append(items[h], item{at: e.At, src: PrimaryLog, ev: e, server: p})
			}
		case message.SyncBgsaveFailed, message.SyncBgsaveChildFailed, message.ForkFailedRdb, message.BgsaveFailed, message.RdbSaveOpenFailed,
			message.RdbSaveWriteError, message.RdbSaveRenameFailed, message.DisklessTransferFailed:
			for _, h := range waiting {
				items[h] = append(items[h], item{at: e.At, src: PrimaryLog, ev: e, server: p})
			}
		}
	}
	// The primary's dumps: which replicas it lists, and which it listed before and no longer does.
	known, here := map[*timeline.Host]bool{}, map[*timeline.Host]bool{}
	row := 0
	for i := range p.Samples {
		s := &p.Samples[i]
		if s.Role != "master" || s.At == unknown {
			continue
		}
		clear(here)
		for row < len(p.Replicas) && p.Replicas[row].At < s.At {
			row++
		}
		for j := row; j < len(p.Replicas) && p.Replicas[j].At == s.At; j++ {
			r := &p.Replicas[j]
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

// ofSecondConnection reports whether a line is of the second connection of a full resync, and so of an attempt that is told already. The
// replica asks for the snapshot there once it was offered one (redis 8, valkey 8); in Valkey it then asks to go on from the
// snapshot's end over the first one, which is granted like a partial resync.
func ofSecondConnection(stages map[*timeline.Host]string, h *timeline.Host, kind string) bool {
	stage := stages[h]
	switch {
	case stage == "":
		return false
	case kind == message.SyncRequested && stage == message.DualChannelOffered:
		stages[h] = kind
		return true
	case kind == message.SyncRequested && stage == message.DualChannelEndOffset:
		return true
	case kind == message.PsyncAccepted && stage == message.DualChannelEndOffset:
		delete(stages, h)
		return true
	case kind != message.SyncStreamedRdbDone: // the snapshot may have arrived before the replica asks to go on
		delete(stages, h)
	}
	return false
}

// coverage is from when on each source speaks: a log speaks from its first line to the capture's end, for
// silence in a log means that nothing happened.
func coverage(its []item) map[source]micros {
	c := map[source]micros{}
	for _, it := range its {
		if it.at == unknown {
			continue
		}
		if it.src == ReplicaLog && !linkWord(it.ev.Kind) && it.ev.Role != "S" {
			continue
		}
		// The clocks' error may put the other end's account of the first line before it.
		if t, ok := c[it.src]; !ok || it.at-ClockSlack < t {
			c[it.src] = it.at - ClockSlack
		}
	}
	return c
}
