package timeline

import (
	"iter"
	"sort"

	"psyncope/ingest/message"
)

// Warned finds a warning of the host's about its kernel, and whether its log has a start in it, at which the server
// would have said so.
func (h *Host) Warned(kind string) (warning *Event, started bool) {
	for i := range h.Events {
		switch e := &h.Events[i]; {
		case e.Kind == kind:
			warning = e
		case e.Is(message.Starts):
			started = true
		}
	}
	return warning, started
}

// LongestFork is the longest fork that the evidence has of the host.
func (h *Host) LongestFork() (us micros, memory int64) {
	for i := range h.Samples {
		s := &h.Samples[i]
		if f := micros(s.LatestForkMicros.Or(0)); f > us {
			us, memory = f, s.UsedMemory.Or(0)
		}
	}
	for i := range h.Stalls {
		for _, e := range h.Stalls[i].Because {
			if e.Kind == "fork-stall" {
				us = max(us, e.To-e.From)
			}
		}
	}
	return us, memory
}

// WroteBetween reports whether the host's main thread wrote a line between two moments; to may be unknown.
func (h *Host) WroteBetween(from, to micros) bool {
	return h.AnyEvent(func(e *Event) bool {
		return e.At >= from && (to == unknown || e.At <= to) && Awake(e) && !h.InScript(e.At)
	})
}

// AnswersBetween reports whether the host gave a dump between two moments.
func (h *Host) AnswersBetween(from, to micros) bool {
	s := h.FirstSampleAfter(from)
	return s != nil && (to == unknown || s.At <= to)
}

// LogCovers reports whether the host's log reaches over the moment.
func (h *Host) LogCovers(at micros) bool {
	return len(h.Events) > 0 && h.Events[0].At <= at
}

// HasLog reports whether the host has a log, not only what clients were told.
func (h *Host) HasLog() bool {
	return h.AnyEvent(func(e *Event) bool { return !e.Is(message.ClientReply) })
}

// WarnsAlone reports whether the host's log holds warnings and nothing else, as under loglevel warning: what it does not say may have happened.
func (h *Host) WarnsAlone() bool {
	some := false
	for i := range h.Events {
		switch h.Events[i].Level {
		case "warning": // as table.Event has it
			some = true
		case "":
		default:
			return false
		}
	}
	return some
}

// AnyEvent reports whether the host has an event of some sort.
func (h *Host) AnyEvent(sort func(*Event) bool) bool {
	for i := range h.Events {
		if sort(&h.Events[i]) {
			return true
		}
	}
	return false
}

// Within are the host's messages of a time, To unknown being open, and before them those that have no time.
func (h *Host) Within(s Span) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		i := 0
		for ; i < len(h.Events) && h.Events[i].At == unknown; i++ {
			if !yield(&h.Events[i]) {
				return
			}
		}
		// Messages are folded within a second: one that began before may last into it.
		i += sort.Search(len(h.Events)-i, func(k int) bool { return h.Events[i+k].At >= s.From-second })
		for ; i < len(h.Events) && (s.To == unknown || h.Events[i].At <= s.To); i++ {
			if e := &h.Events[i]; e.Last >= s.From && !yield(e) {
				return
			}
		}
	}
}

// AnySample reports whether a dump of the host is of a sort. It is not copied, as package slices would: a dump is 900 bytes.
func (h *Host) AnySample(sort func(*Sample) bool) bool {
	for i := range h.Samples {
		if sort(&h.Samples[i]) {
			return true
		}
	}
	return false
}

// HasInfo reports whether there is a dump of the host.
func (h *Host) HasInfo() bool { return len(h.Samples) > 0 }

// HasSlowlog reports whether the host's slowlog was taken.
func (h *Host) HasSlowlog() bool { return h.slowlogSeen || len(h.Commands) > 0 }

// longestSilence is the longest stretch between two moments in which the host's main thread wrote no line.
func (h *Host) longestSilence(from, to micros) Span {
	best, last := Span{from, from}, from
	see := func(at micros) {
		if at-last > best.To-best.From {
			best = Span{last, at}
		}
		last = at
	}
	for i := range h.Events {
		e := &h.Events[i]
		if e.At <= from || !Awake(e) || h.InScript(e.At) {
			continue
		}
		if e.At >= to {
			break
		}
		see(e.At)
		last = max(last, min(e.Last, to))
	}
	see(to)
	return best
}

// Awake reports whether a line shows that the host's event loop turned. Children write their own lines, signal handlers
// theirs, and a script that runs too long has itself announced from inside.
func Awake(e *Event) bool {
	return !e.Is(message.LoopHeld) && e.Role != "C" && e.PID.Known() && e.At != unknown
}

// sampleAt is the index of the first dump at this time or later.
func (h *Host) sampleAt(at micros) int {
	return sort.Search(len(h.Samples), func(i int) bool { return h.Samples[i].At >= at })
}

// SamplesWithin are the dumps of a time, both ends counted.
func (h *Host) SamplesWithin(s Span) []Sample {
	from := h.sampleAt(s.From)
	return h.Samples[from:max(from, h.sampleAt(s.To+1))]
}

// FirstSampleAfter is the first dump at this time or later; nil without one.
func (h *Host) FirstSampleAfter(at micros) *Sample {
	if i := h.sampleAt(at); i < len(h.Samples) {
		return &h.Samples[i]
	}
	return nil
}

// LastSampleBefore is the last dump before this time; nil without one.
func (h *Host) LastSampleBefore(at micros) *Sample {
	if i := h.sampleAt(at); i > 0 {
		return &h.Samples[i-1]
	}
	return nil
}

// SampleNear is the host's dump closest to at, within half a minute.
func (h *Host) SampleNear(at micros) *Sample {
	i := h.sampleAt(at)
	var best *Sample
	for _, j := range []int{i - 1, i} {
		if j >= 0 && j < len(h.Samples) && (best == nil || (h.Samples[j].At-at).Abs() < (best.At-at).Abs()) {
			best = &h.Samples[j]
		}
	}
	if best == nil || (best.At-at).Abs() > NearDump {
		return nil
	}
	return best
}

// Flows reports whether the host's stream carried more than pings just before a moment, by its dumps: then a link of it is not silent
// for a moment while the host is well. A ping is 14 bytes (redis 7.4.1 replication.c replicationFeedSlaves).
func (h *Host) Flows(at micros) bool {
	const ping = 14
	b := h.LastSampleBefore(at)
	if b == nil {
		return false
	}
	a := h.LastSampleBefore(b.At - Tick)
	if a == nil || a.RunID != b.RunID || !a.PrimaryOffset.Known() || !b.PrimaryOffset.Known() {
		return false
	}
	return int64(b.PrimaryOffset-a.PrimaryOffset) > 2*ping*(int64((b.At-a.At)/second)+1)
}

// OffsetsAround are the last offset of p that is known from before a moment, and the first from after it, on the
// stream with this id; -1 where no dump tells. doubt is how far the moment itself may be off.
func (p *Host) OffsetsAround(at, doubt micros, replid string) (before, after int64) {
	before, after = -1, -1
	for i := range p.Samples {
		s := &p.Samples[i]
		if s.Role != "master" || !s.PrimaryOffset.Known() || !s.SpeaksOf(replid) {
			continue
		}
		d := doubt + s.Doubt()
		if s.At+d <= at {
			before = int64(s.PrimaryOffset)
		} else if s.At-d >= at {
			return before, int64(s.PrimaryOffset)
		}
	}
	return before, after
}

// Interval is the host's usual time between dumps; 0 with fewer than three.
func (h *Host) Interval() micros { return h.step }

// IsNot reports whether the host cannot be the server at an address, because a replica of that address asked it for a resync.
func (h *Host) IsNot(addr string) bool {
	return addr != "" && h.AnyEvent(func(e *Event) bool { return e.Is(message.Asked) && e.Peer == addr })
}
