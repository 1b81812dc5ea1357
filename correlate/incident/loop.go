package incident

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// rounds counts the rounds of a loop by the lines that tell of their ends. Child, parent and replica each write a line of
// one end, two replicas may wait for the same one, and lines that repeat are folded: the kind of line that was written most often
// of one replica counts.
type rounds struct {
	seen        map[*timeline.Event]bool
	by          map[end]int64
	first, last micros
}

// end is what a round ended with, and whose.
type end struct {
	kind    string
	replica *timeline.Host
}

func newRounds() *rounds { return &rounds{seen: map[*timeline.Event]bool{}, by: map[end]int64{}} }

func (r *rounds) add(e *timeline.Event, of *timeline.Host) {
	if r.seen[e] {
		return
	}
	if len(r.seen) == 0 || e.At < r.first {
		r.first = e.At
	}
	if len(r.seen) == 0 || e.Last > r.last {
		r.last = e.Last
	}
	r.seen[e] = true
	r.by[end{e.Kind, of}] += e.Count.Or(1)
}

func (r *rounds) n() int {
	n := int64(0)
	for _, k := range r.by {
		n = max(n, k)
	}
	return int(n)
}

func (r *rounds) loop(kind diagnosis.LoopKind) *diagnosis.Loop {
	l := &diagnosis.Loop{Kind: kind, Rounds: r.n()}
	if l.Rounds > 1 {
		l.PeriodS = diagnosis.Round2(diagnosis.Seconds(r.last-r.first) / float64(l.Rounds-1))
	}
	return l
}

// herdSize is how many replicas' transfers have to time out to be taken for getting in each other's way.
const herdSize = 4

// loop tells what goes round, and whether the work of one full resync brings on the next.
func (in *Incident) findLoop() (loop *diagnosis.Loop, storm bool) {
	overflows, timeouts, saves, loads := newRounds(), newRounds(), newRounds(), newRounds()
	promotions := 0
	late := map[*timeline.Host]bool{} // replicas whose transfers timed out
	for _, o := range in.Outages {
		if o.Promoted {
			promotions++
		}
		for _, e := range append(slices.Clone(o.Failures), o.Notices...) {
			switch {
			case replication.ClosedReplica(e):
				overflows.add(e, o.Replica)
			case e.Is(message.TransferTimedOut), e.Kind == message.ReplicaTimeout && slices.Contains(o.Failures, e):
				timeouts.add(e, o.Replica)
				late[o.Replica] = true
			case e.Is(message.ForkRefused) || replication.ChildFailed(e) || replication.FailedSave(e) && e.Kind != message.RdbSaveOpenFailed:
				saves.add(e, o.Replica)
			}
			if stuckLoading(o, e) {
				loads.add(e, o.Replica)
			}
		}
	}
	closings := in.closedPrimaries()
	cascade := in.lostToForks()
	switch {
	case len(cascade) >= 2:
		l := &diagnosis.Loop{Kind: diagnosis.ForkCascade, Rounds: len(cascade)}
		l.PeriodS = diagnosis.Round2(diagnosis.Seconds(cascade[len(cascade)-1]-cascade[0]) / float64(len(cascade)-1))
		return l, true
	case overflows.n() >= 2 && in.stuckPartials() >= 2:
		return overflows.loop(diagnosis.PartialLoop), true
	case closings.n() >= 2 && in.stuckPartials() >= 1:
		return closings.loop(diagnosis.PartialLoop), true
	case overflows.n() >= 2 && !in.onlyPartials():
		return overflows.loop(diagnosis.OutputBufferLoop), true
	case loads.n() >= 2:
		return loads.loop(diagnosis.BigKey), true
	case timeouts.n() >= 2 && len(late) >= herdSize:
		return timeouts.loop(diagnosis.Herd), false
	case timeouts.n() >= 2:
		return timeouts.loop(diagnosis.SyncTimeoutLoop), true
	case saves.n() >= 2:
		return saves.loop(diagnosis.SnapshotFailed), false
	case promotions >= 2:
		return &diagnosis.Loop{Kind: diagnosis.FailoverLoop, Rounds: promotions}, false
	}
	return nil, false
}

// closedPrimaries are the times at which replicas closed their primary.
func (in *Incident) closedPrimaries() *rounds {
	out, asked := newRounds(), map[*timeline.Host]bool{}
	for _, o := range in.Outages {
		if asked[o.Replica] {
			continue
		}
		asked[o.Replica] = true
		for e := range o.Replica.Within(timeline.Span{From: in.Start - timeline.ThreeTicks, To: in.End}) {
			if replication.ClosedPrimary(e) {
				out.add(e, o.Replica)
			}
		}
	}
	return out
}

// stuckPartials counts the partial resyncs that left their replica no nearer to its primary than the one before. Up to 6.2 all that a
// partial resync sends lies in the replica's output buffer at once, and is closed at once where the limit is smaller (redis 6.2
// replication.c addReplyReplicationBacklog, networking.c asyncCloseClientOnOutputBufferLimitReached): a larger backlog grants it all the same.
func (in *Incident) stuckPartials() int64 {
	n := int64(0)
	last := map[*timeline.Host]*replication.Attempt{}
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if t.Granted != diagnosis.Partial {
				last[o.Replica] = nil
				continue
			}
			if p := last[o.Replica]; p != nil && !getsOn(p, t) {
				n += max(t.Count, 1)
			} else if t.Count > 1 {
				n += t.Count - 1
			}
			last[o.Replica] = t
		}
	}
	return n
}

// onlyPartials reports whether all that was granted were partial resyncs: a replica that is closed and goes on from where it was resyncs
// nothing anew.
func (in *Incident) onlyPartials() bool {
	partial, full := false, false
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			partial, full = partial || t.Granted == diagnosis.Partial, full || t.Granted == diagnosis.Full
		}
	}
	return partial && !full
}

// getsOn reports whether a replica was nearer to its primary when it asked the second time: less was left to send, or where that is not told,
// it asked for a later offset.
func getsOn(a, b *replication.Attempt) bool {
	if a.AnswerEv != nil && b.AnswerEv != nil && a.AnswerEv.Bytes.Known() && b.AnswerEv.Bytes.Known() {
		return b.AnswerEv.Bytes < a.AnswerEv.Bytes
	}
	return a.Offset < 0 || b.Offset > a.Offset
}

// lostToForks are the beginnings of the forks for the incident's own resyncs that cost links or attempts, in order.
func (in *Incident) lostToForks() []micros {
	var out []micros
	for _, f := range in.ForkStalls() {
		if f.AtMost < in.Timeout/2 {
			continue
		}
		for _, o := range in.Outages {
			behind := o.Lost >= f.From+timeline.Tick && o.Lost <= f.To+timeline.ThreeTicks
			for _, t := range o.Tries {
				behind = behind || t.Outcome == diagnosis.Failed && t.End >= f.From+timeline.Tick && t.End <= f.To+timeline.ThreeTicks || t.Outcome == "" && t.At <= f.From+timeline.Tick && t.At >= f.From-timeline.Tick
			}
			if behind {
				out = append(out, f.From)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// stuckLoading reports whether by this line the primary gave the replica up for silent while it was loading. A replica that
// loads sends a newline between keys (redis 7.4.1 replication.c:1729, rdb.c:2878): only one key that takes longer keeps it silent.
func stuckLoading(o *replication.Outage, e *timeline.Event) bool {
	return e.Kind == message.ReplicaTimeout && slices.ContainsFunc(o.Tries, func(t *replication.Attempt) bool {
		return t.LoadEv != nil && e.At > t.LoadEv.At+timeline.Tick && (t.End == unknown || e.At <= t.End)
	})
}
