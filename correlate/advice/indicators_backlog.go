package advice

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// backlogHeadroom: a silent link is given up after repl-timeout at the earliest, so a backlog that holds less than
// repl-timeout at the peak write rate loses the offset of every replica whose path only falls silent.
func backlogHeadroom(g *view, h *timeline.Host) (sign, bool) {
	r := g.plan.Rates
	if r.At != h || r.Peak <= 0 {
		return sign{}, false
	}
	size := r.To.BacklogSize.Or(0)
	if size == 0 {
		size = g.plan.Backlog
	}
	timeout := h.Duration("repl-timeout")
	holds := micros(float64(size) / r.Peak * float64(second))
	if size == 0 || timeout == 0 || holds >= timeout {
		return sign{}, false
	}
	return sign{
		r.To.At, fmt.Sprintf("at the peak write rate of %s/s the backlog of %s holds %s, and a silent link is only noticed after repl-timeout, %s", diagnosis.Amount(int64(r.Peak)), diagnosis.Amount(size), diagnosis.Length(holds), diagnosis.Length(timeout)),
		[]diagnosis.Evidence{r.From.Evidence("master_repl_offset:" + diagnosis.Itoa(int64(r.From.PrimaryOffset))), r.To.Evidence("master_repl_offset:"+diagnosis.Itoa(int64(r.To.PrimaryOffset)), "repl_backlog_size:"+diagnosis.Itoa(r.To.BacklogSize.Or(0)))},
	}, true
}

// partialErrRises: each is a full resync that a replica tried to avoid. It may rise without a link lost in the evidence:
// one that the dumps lie too far apart to show.
func partialErrRises(g *view, h *timeline.Host) (sign, bool) {
	n, from, to := h.Rise(func(s *timeline.Sample) table.Int { return s.SyncPartialErr })
	if n == 0 {
		return sign{}, false
	}
	return sign{
		to.At, fmt.Sprintf("sync_partial_err rose by %s: as many replicas asked to continue and were refused", diagnosis.BytesOf(n)),
		[]diagnosis.Evidence{from.Evidence("sync_partial_err:" + diagnosis.Itoa(int64(from.SyncPartialErr))), to.Evidence("sync_partial_err:" + diagnosis.Itoa(int64(to.SyncPartialErr)))},
	}, true
}

// halfUsed: the next outage may be twice as long. A partial resync that used half of the backlog would have been refused after an
// outage twice as long.
const halfUsed = 2

func backlogNearlyUsed(g *view, h *timeline.Host) (sign, bool) {
	var best *timeline.Event
	size, n := int64(0), 0
	for i := range h.Events {
		e := &h.Events[i]
		if !e.Is(message.Accepts) || !e.Bytes.Known() {
			continue
		}
		has := int64(0)
		if s := h.LastSampleBefore(e.At); s != nil {
			has = s.BacklogSize.Or(0)
		}
		if has == 0 {
			var assumed bool
			if has, assumed, _ = h.Bytes("repl-backlog-size"); assumed && int64(e.Bytes) > has {
				continue // it is larger than the default, but how large nothing tells
			}
		}
		if has <= 0 || int64(e.Bytes)*halfUsed < has {
			continue
		}
		n++
		if best == nil || e.Bytes > best.Bytes {
			best, size = e, has
		}
	}
	if best == nil {
		return sign{}, false
	}
	return sign{best.At, fmt.Sprintf("a partial resync of %s used %s bytes of a backlog of %s, %.0f%%: an outage %.1f times as long would have cost a full one (%s of the capture used half or more)", replication.PeerName(best, g.Group), diagnosis.BytesOf(int64(best.Bytes)), diagnosis.Amount(size),
		100*float64(best.Bytes)/float64(size), max(float64(size)/float64(max(best.Bytes, 1)), 1), diagnosis.Plural(int64(n), "resync", "resyncs")), []diagnosis.Evidence{best.Evidence()}}, true
}

// replicaLag: a replica acknowledges every second and is closed after repl-timeout without; half of that is half the way.
func replicaLag(g *view, h *timeline.Host) (sign, bool) {
	timeout := h.Duration("repl-timeout")
	var worst *timeline.ReplicaRow
	for i := range h.Replicas {
		r := &h.Replicas[i]
		if r.State == "online" && r.LagSeconds.Known() && !g.told(timeline.Span{From: r.At, To: r.At}) && (worst == nil || r.LagSeconds > worst.LagSeconds) {
			worst = r
		}
	}
	if worst == nil || timeout == 0 || micros(worst.LagSeconds)*second*halfUsed < timeout || micros(worst.LagSeconds)*second < timeline.TwoTicks {
		return sign{}, false
	}
	return sign{
		worst.At, fmt.Sprintf("%s had not acknowledged for %d s; after repl-timeout, %s, it is closed", worst.Addr, worst.LagSeconds, diagnosis.Length(timeout)),
		[]diagnosis.Evidence{{File: worst.File, Line: worst.Line, Text: fmt.Sprintf("slave ip:port=%s state=online lag=%d", worst.Addr, worst.LagSeconds)}},
	}, true
}
