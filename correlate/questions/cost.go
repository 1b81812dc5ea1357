package questions

import (
	"fmt"
	"strings"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Cost is what one full resync took, as far as the evidence of both ends tells; nil where it was none, or nothing is known.
func Cost(in *cause.Judged, o *replication.Outage, t *replication.Attempt) *diagnosis.ResyncCost {
	if t.Granted != diagnosis.Full {
		return nil
	}
	c := &diagnosis.ResyncCost{}
	begun := t.At
	if t.FullEv != nil {
		c.WaitedS = seconds(t.At, t.FullEv.At)
		begun = t.FullEv.At
	}
	if e := t.ReceiveEv; e != nil {
		c.SnapshotS = seconds(begun, e.At)
		if e.Bytes.Known() && e.Bytes > 0 {
			n := int64(e.Bytes)
			c.TransferredBytes = &n
		}
		if t.LoadEv != nil {
			c.TransferS = seconds(e.At, droppedAt(o.Replica, e.At, t.LoadEv.At))
		}
	}
	if t.LoadEv != nil && t.Outcome == diagnosis.Full {
		from := t.LoadEv.At
		if t.ReceiveEv != nil {
			from = droppedAt(o.Replica, t.ReceiveEv.At, from)
		}
		c.LoadS = seconds(from, t.End)
	}
	p := in.Primary
	if t.Server != nil {
		p = t.Server
	}
	if t.End != unknown {
		onPrimary(c, p, t.At, t.End)
	}
	if *c == (diagnosis.ResyncCost{}) {
		return nil
	}
	return c
}

// droppedAt is when the replica began to drop its old data, between two moments; the later one where it does not say.
func droppedAt(h *timeline.Host, from, to micros) micros {
	for e := range h.Within(timeline.Span{From: from, To: to}) {
		if e.Kind == message.SyncFlushing {
			return e.At
		}
	}
	return to
}

func seconds(from, to micros) *float64 {
	if from == unknown || to == unknown || to < from {
		return nil
	}
	s := diagnosis.Seconds(to - from)
	return &s
}

// onPrimary is what a full resync cost the primary while it lasted: its fork, what the child copied, and the replicas' buffers.
func onPrimary(c *diagnosis.ResyncCost, p *timeline.Host, from, to micros) {
	var fork micros
	for _, st := range p.Holds {
		if st.Kind == "fork-stall" && st.From >= from-timeline.TwoTicks && st.From <= to {
			fork = max(fork, st.To-st.From)
		}
	}
	var cow, buffers int64
	dumps := p.SamplesWithin(timeline.Span{From: from, To: to + 2*p.Interval()})
	for i := range dumps {
		s := &dumps[i]
		cow, buffers = max(cow, s.CurrentCow.Or(0)), max(buffers, s.MemClientsSlaves.Or(0))
	}
	for _, e := range p.Copied {
		if (e.Last >= from || e.At == unknown) && e.At <= to+timeline.TwoTicks {
			cow = max(cow, int64(e.Bytes))
		}
	}
	if fork > 0 {
		c.ForkS = seconds(0, fork)
	}
	if cow > 0 {
		c.CopyOnWriteBytes = &cow
	}
	if buffers > 0 {
		c.BufferBytes = &buffers
	}
}

// resyncCost sums up the full resyncs of the incident in a sentence.
func resyncCost(s *scene) answer {
	var n int64
	var bytes, cow, buffers int64
	var longest, load, fork float64
	var who string
	var ev []diagnosis.Evidence
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Granted != diagnosis.Full {
				continue
			}
			n++
			if t.End != unknown && diagnosis.Seconds(t.End-t.At) > longest {
				longest, who = diagnosis.Seconds(t.End-t.At), o.Replica.Name
			}
			c := Cost(s.Judged, o, t)
			if c == nil {
				continue
			}
			bytes += orZero(c.TransferredBytes)
			cow, buffers = max(cow, orZero(c.CopyOnWriteBytes)), max(buffers, orZero(c.BufferBytes))
			load, fork = max(load, orNothing(c.LoadS)), max(fork, orNothing(c.ForkS))
			if t.ReceiveEv != nil {
				ev = append(ev, t.ReceiveEv.Evidence())
			}
		}
	}
	if n == 0 {
		return answer{}
	}
	var says []string
	say := func(is bool, format string, args ...any) {
		if is {
			says = append(says, fmt.Sprintf(format, args...))
		}
	}
	say(longest > 0, "the longest took %s (%s)", diagnosis.LengthS(longest), who)
	say(fork > 0, "a fork held the primary for %s", diagnosis.LengthS(fork))
	say(load > 0, "loading took up to %s", diagnosis.LengthS(load))
	say(bytes > 0, "%s of snapshots went over the network", diagnosis.Amount(bytes))
	say(cow > 0, "a child copied up to %s", diagnosis.Amount(cow))
	say(buffers > 0, "replicas' output buffers held up to %s", diagnosis.Amount(buffers))
	if len(says) == 0 {
		return cannotTell("the replicas' logs, and INFO of the primary at short intervals")
	}
	a := known(strings.Join(says, "; "), ev...)
	if bytes > 0 {
		a.bytes = bytes
	}
	return a
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func orNothing(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
