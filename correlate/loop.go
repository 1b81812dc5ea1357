package correlate

import (
	"slices"

	"psyncope/ingest/message"
)

// rounds counts the rounds of a loop by the lines that tell of their ends. Child, parent and replica each write a line of
// one end, two replicas may wait for the same one, and lines that repeat are folded: the kind of line that was written most often
// counts.
type rounds struct {
	seen        map[*event]bool
	by          map[string]int64
	first, last micros
}

func newRounds() *rounds { return &rounds{seen: map[*event]bool{}, by: map[string]int64{}} }

func (r *rounds) add(e *event) {
	if r.seen[e] {
		return
	}
	if len(r.seen) == 0 || e.at < r.first {
		r.first = e.at
	}
	if len(r.seen) == 0 || e.last > r.last {
		r.last = e.last
	}
	r.seen[e] = true
	r.by[e.Kind] += e.Count.Or(1)
}

func (r *rounds) n() int {
	n := int64(0)
	for _, k := range r.by {
		n = max(n, k)
	}
	return int(n)
}

func (r *rounds) loop(kind string) *Loop {
	l := &Loop{Kind: kind, Rounds: r.n()}
	if l.Rounds > 1 {
		l.PeriodS = round2(seconds(r.last-r.first) / float64(l.Rounds-1))
	}
	return l
}

// herdSize is how many replicas' transfers have to time out to be taken for getting in each other's way.
const herdSize = 4

// loop tells what goes round, and whether the work of one full resync brings on the next.
func (in *incident) findLoop() (loop *Loop, storm bool) {
	overflows, timeouts, saves, loads := newRounds(), newRounds(), newRounds(), newRounds()
	promotions := 0
	late := map[*host]bool{} // replicas whose transfers timed out
	for _, o := range in.outages {
		if o.promoted {
			promotions++
		}
		for _, e := range append(slices.Clone(o.failures), o.notices...) {
			switch {
			case closedReplica(e):
				overflows.add(e)
			case transferTimedOut(e), e.Kind == message.ReplicaTimeout && slices.Contains(o.failures, e):
				timeouts.add(e)
				late[o.replica] = true
			case e.Kind == message.ForkFailedRdb || failedSave(e) && e.Kind != message.RdbSaveOpenFailed:
				saves.add(e)
			}
			if o.stuckLoading(e) {
				loads.add(e)
			}
		}
	}
	cascade := in.lostToForks()
	switch {
	case len(cascade) >= 2:
		l := &Loop{Kind: "fork-cascade", Rounds: len(cascade)}
		l.PeriodS = round2(seconds(cascade[len(cascade)-1]-cascade[0]) / float64(len(cascade)-1))
		return l, true
	case overflows.n() >= 2:
		return overflows.loop("output-buffer"), true
	case loads.n() >= 2:
		return loads.loop("big-key"), true
	case timeouts.n() >= 2 && len(late) >= herdSize:
		return timeouts.loop("herd"), false
	case timeouts.n() >= 2:
		return timeouts.loop("sync-timeout"), true
	case saves.n() >= 2:
		return saves.loop("snapshot-failed"), false
	case promotions >= 2:
		return &Loop{Kind: "failover", Rounds: promotions}, false
	}
	return nil, false
}

// lostToForks are the beginnings of the forks for the incident's own resyncs that cost links or attempts, in order.
func (in *incident) lostToForks() []micros {
	var out []micros
	for _, f := range in.forkStalls() {
		if f.atMost < in.timeout/2 {
			continue
		}
		for _, o := range in.outages {
			behind := o.lost >= f.from+second && o.lost <= f.to+3*second
			for _, t := range o.tries {
				behind = behind || t.outcome == "failed" && t.end >= f.from+second && t.end <= f.to+3*second || t.outcome == "" && t.at <= f.from+second && t.at >= f.from-second
			}
			if behind {
				out = append(out, f.from)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// stuckLoading tells whether by this line the primary gave the replica up for silent while it was loading. A replica that
// loads sends a newline between keys (redis 7.4.1 replication.c:1729, rdb.c:2878): only one key that takes longer keeps it silent.
func (o *outage) stuckLoading(e *event) bool {
	return e.Kind == message.ReplicaTimeout && slices.ContainsFunc(o.tries, func(t *attempt) bool {
		return t.loadEv != nil && e.at > t.loadEv.at+second && (t.end == unknown || e.at <= t.end)
	})
}
