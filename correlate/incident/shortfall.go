package incident

import (
	"sort"

	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Shortfall is what the backlog had to hold for one refused request: exactly, or between two bounds. -1 is unknown.
type Shortfall struct {
	Least, Most int64
	How         string
}

// Bounds are nil where nothing bounds the bytes.
func (s Shortfall) Bounds() (least, most *int64, how string) {
	if s.Least >= 0 {
		least = &s.Least
	}
	if s.Most >= 0 {
		most = &s.Most
	}
	return least, most, s.How
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
func forkOf(p *timeline.Host, refused *timeline.Event) forkTime {
	if refused == nil {
		return forkUnknown
	}
	i := sort.Search(len(p.Events), func(i int) bool { // those of one moment stand as they were read
		e := &p.Events[i]
		return e.At > refused.At || e.At == refused.At && e.Index > refused.Index
	})
	for ; i < len(p.Events) && p.Events[i].At <= refused.At+timeline.Tick; i++ {
		e := &p.Events[i]
		if e.Role == "C" {
			continue
		}
		switch {
		case e.Is(message.BeyondEnd) || e.Kind == message.BacklogCreated: // more of the same answer
		case e.Is(message.AboutToFork):
			return forkAtOnce
		case e.Kind == message.SyncJoinedBgsave:
			return forkEarlier
		case e.Is(message.WaitsForFork):
			return forkLater
		default:
			return forkUnknown
		}
	}
	return forkUnknown
}

// Shortfall bounds what the backlog had to hold for an attempt that was refused. Where the primary forked at once the
// logs give it to the byte; otherwise its INFO offsets around the refusal enclose it.
func (in *Incident) Shortfall(o *replication.Outage, t *replication.Attempt) Shortfall {
	p := t.Server
	if p == nil {
		p = in.Primary
	}
	if t.Offset < 0 {
		return in.FromDumps(o, p, t.At)
	}
	need := func(primary int64) int64 {
		if primary < 0 {
			return -1
		}
		return max(primary-t.Offset+1, 0)
	}
	fork := forkOf(p, t.AnswerEv)
	if t.PrimaryOffset >= 0 && fork == forkAtOnce {
		n := need(t.PrimaryOffset)
		return Shortfall{Least: n, Most: n, How: "both offsets are in the logs, and the primary forked at once: exact"}
	}
	at, doubt := t.At, o.Replica.Clock.Err
	if t.AnswerEv != nil {
		at, doubt = t.AnswerEv.At, p.Clock.Err
	}
	before, after := p.OffsetsAround(at, doubt, t.Replid)
	s := Shortfall{Least: need(before), Most: need(after), How: "the primary's INFO offsets around the refusal"}
	if t.PrimaryOffset >= 0 {
		switch fork {
		case forkEarlier:
			s.Least = max(s.Least, need(t.PrimaryOffset))
			s.How = "the request joined a snapshot that had begun: the primary was at that offset before it refused; INFO bounds how much further it was"
		default:
			if n := need(t.PrimaryOffset); s.Most < 0 || n < s.Most {
				s.Most = n
			}
			s.How = "the offset logged is that of the fork, which came after the refusal; INFO bounds how much less had been written"
			if fork == forkUnknown {
				s.How = "both offsets are in the logs; whether the primary forked at once is not, so less may have been written at the refusal"
			}
		}
	}
	// It was refused, so the bytes did not lie in the backlog.
	if d := p.LastSampleBefore(at - doubt); d != nil && d.BacklogHistlen.Known() && d.BacklogSize.Known() && d.BacklogActive != 0 && d.SpeaksOf(t.Replid) {
		s.Least = max(s.Least, min(int64(d.BacklogHistlen), int64(d.BacklogSize))+1)
	}
	if s.Most >= 0 {
		s.Least = min(s.Least, s.Most)
	}
	return s
}

// FromDumps bounds the shortfall where no log names the request: a replica whose link is down shows the offset it will
// ask from, less one, as slave_repl_offset (psync semantics: the cached primary's), and the primary's dumps enclose
// where it was.
func (in *Incident) FromDumps(o *replication.Outage, p *timeline.Host, at micros) Shortfall {
	s := Shortfall{Least: -1, Most: -1, How: "INFO of both ends: no log names the offsets"}
	if at == unknown {
		return s
	}
	applied, exact := int64(-1), false
	replid := ""
	for i := range o.Replica.Samples {
		r := &o.Replica.Samples[i]
		if r.At > at {
			break
		}
		if r.Role == "slave" && r.ReplicaOffset.Or(0) > 0 {
			down := r.LinkStatus == "down" && r.At >= o.Lost-r.Doubt() && r.SyncInProgress.Or(0) == 0
			if down || !exact {
				applied, exact = int64(r.ReplicaOffset), down
				replid = r.ReplID
			}
		}
	}
	if applied < 0 {
		return s
	}
	before, after := p.OffsetsAround(at, 0, replid)
	if exact && before >= 0 {
		s.Least = max(before-applied, 0)
	}
	if after >= 0 {
		s.Most = max(after-applied, 0)
	}
	return s
}
