package timeline

import (
	"fmt"
	"sort"
)

// dumped is when the host's dump was taken, by what is known of its clock so far. Dumps lie in this order.
func (h *Host) dumped(i int) micros { return h.Clock.Dump(&h.Samples[i]) }

// dumpsUntil is how many of the host's dumps were taken before this moment.
func (h *Host) dumpsUntil(at micros) int {
	return sort.Search(len(h.Samples), func(i int) bool { return h.dumped(i) >= at })
}

// hadOffset reports whether the server's stream can have been at this offset at this moment of its own clock, or a
// while later where a snapshot had to wait: what is granted is never older than the dump before.
func (h *Host) hadOffset(offset int64, at micros) bool {
	if offset < 0 {
		return true
	}
	var before, after *Sample
	if i := h.dumpsUntil(at - Tick); i > 0 {
		before = &h.Samples[i-1]
	}
	if i := h.dumpsUntil(at + LongWait); i < len(h.Samples) {
		after = &h.Samples[i]
	}
	if before != nil && before.PrimaryOffset.Known() && int64(before.PrimaryOffset) > offset {
		return false
	}
	return after == nil || !after.PrimaryOffset.Known() || before == nil || after.RunID != before.RunID || offset <= int64(after.PrimaryOffset)
}

// alignByOffsets compares the replica's applied offset with the primary's stream: a replica cannot hold what the
// primary has not written, and while its link is well it holds nearly all of it. So where the primary's offset, drawn
// between its dumps, reaches the replica's, there the replica's dump was taken or a little later.
func (h *Host) alignByOffsets(p *Host) bool {
	d, spread, n := h.offsetDifferences(p)
	if n < 3 || spread > unalignedError {
		return false
	}
	h.Clock.set(d, spread, n, fmt.Sprintf("replication offsets in %d dumps against the primary's", n))
	return true
}

// offsetSkew is the skew that replication offsets give, if it is good to some seconds: enough to choose among requests.
func (h *Host) offsetSkew(p *Host) (micros, bool) {
	d, spread, n := h.offsetDifferences(p)
	return d, n >= 3 && spread <= 2*unalignedError
}

func (h *Host) offsetDifferences(p *Host) (skew, spread micros, n int) {
	if len(p.Samples) < 3 || len(h.Samples) < 3 {
		return 0, 0, 0
	}
	var d []micros
	dated := 0 // dumps that only the lines around them will date come first
	for dated < len(p.Samples) && p.dumped(dated) == unknown {
		dated++
	}
	every := max(len(h.Samples)/MaxRequests, 1)
	for i := 0; i < len(h.Samples); i += every {
		s := &h.Samples[i]
		if s.LinkStatus != "up" || !s.ReplicaOffset.Known() || h.dumped(i) == unknown || s.LastIOSeconds.Or(99) > 1 {
			continue
		}
		// The stream only grows while the primary's process lives: halving finds the first dump that reaches the offset.
		o := s.ReplicaOffset
		j := dated + sort.Search(len(p.Samples)-dated, func(j int) bool { return p.Samples[dated+j].PrimaryOffset >= o })
		if j == dated || j == len(p.Samples) {
			continue
		}
		a, b := &p.Samples[j-1], &p.Samples[j]
		if !a.PrimaryOffset.Known() || b.PrimaryOffset <= a.PrimaryOffset || o < a.PrimaryOffset || a.RunID != b.RunID {
			continue
		}
		from, to := p.dumped(j-1), p.dumped(j)
		if to-from > MinuteApart {
			continue
		}
		at := from + micros(float64(to-from)*float64(o-a.PrimaryOffset)/float64(b.PrimaryOffset-a.PrimaryOffset))
		d = append(d, h.dumped(i)-at)
	}
	// An idle primary's stream moves by pings alone: too coarse to date anything, and the dumps scatter.
	if len(d) == 0 {
		return 0, 0, 0
	}
	m := median(d)
	dev := make([]micros, len(d))
	for i := range d {
		dev[i] = (d[i] - m).Abs()
	}
	return m, 3*median(dev) + SameMoment, len(d)
}
