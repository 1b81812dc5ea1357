package incident

import (
	"slices"
	"strings"

	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// silentFaults are faults of a server that no known link felt: a crash, a fork refused, a snapshot that cannot be
// written, a stall, in evidence that shows no replica. They are incidents where they repeat or end a process.
func silentFaults(g *replication.Group, known []*Incident) []*Incident {
	f := faults{g: g, known: known, watched: watched(g), cur: map[*timeline.Host]*Incident{}}
	for _, h := range append(slices.Clone(g.Hosts), g.Sentinels...) {
		f.of(h)
	}
	return f.out
}

// watched reports whether some evidence shows that replicas live on: then their links say what was a fault.
func watched(g *replication.Group) bool {
	return slices.ContainsFunc(g.Links, func(o *replication.Outage) bool { return o.Restored != unknown }) ||
		slices.ContainsFunc(g.Hosts, func(h *timeline.Host) bool {
			return h.AnySample(func(s *timeline.Sample) bool {
				return s.LinkStatus == "up" || s.ConnectedReplicas.Or(0) > 0
			})
		})
}

// faults gathers a group's silent faults, host by host.
type faults struct {
	g       *replication.Group
	known   []*Incident
	watched bool
	out     []*Incident
	cur     map[*timeline.Host]*Incident // the last one of each server
}

const (
	// nearIncident is how near to a known incident a fault is told with it, not beside it.
	nearIncident = 120 * second
	// oneFault is how long a fault may be silent and still be one: it repeats with the save points, which are minutes apart.
	oneFault = 600 * second
)

func (f *faults) mark(h *timeline.Host, from, to micros) {
	for _, in := range f.known {
		if from == 0 && in.Start == unknown && slices.ContainsFunc(in.Outages, func(o *replication.Outage) bool { return o.Replica == h || o.Server == h }) {
			return // neither has a time
		}
		if from >= in.Start-nearIncident && (in.End == unknown || from <= in.End+nearIncident) {
			return
		}
	}
	if c := f.cur[h]; c != nil && from-c.End < oneFault {
		c.Start, c.End = min(c.Start, from), max(c.End, to)
		return
	}
	f.cur[h] = &Incident{G: f.g, Seed: h, Start: from, End: to}
	f.out = append(f.out, f.cur[h])
}

// whose is the server that a fault is of: a Sentinel that reports one is a witness.
func (f *faults) whose(h *timeline.Host, e *timeline.Event) *timeline.Host {
	if !h.Sentinel {
		return h
	}
	addr := e.Peer
	if e.Kind == message.SentinelSwitchPrimary {
		if names := strings.Fields(e.Detail); len(names) == 3 {
			addr = names[1] // its name, the old primary, the new one
		}
	}
	if addr == "" {
		return h
	}
	return f.g.Named(addr)
}

func (f *faults) of(h *timeline.Host) {
	for i := range h.Events {
		e := &h.Events[i]
		// All shards hear of a node that failed. Where replicas are seen, their links say whether it was one of this group's.
		fault := replication.FaultKind(e, h.Sentinel) || replication.TooManyFiles(e)
		if !fault || f.watched && (replication.SlowKind(e) || replication.TooManyFiles(e) || e.Kind == message.ClusterNodeFail) {
			continue
		}
		if at := besides(h, i); at != unknown {
			f.mark(f.whose(h, e), at, max(at, e.Last))
		} else {
			f.mark(h, 0, 0) // a log without stamps
		}
	}
	for _, l := range h.Lives {
		if l.How == "crash" && l.To != unknown {
			f.mark(h, l.To, l.To)
		}
	}
	for _, e := range h.Kills() {
		f.mark(h, e.At, e.At)
	}
	if f.watched {
		return
	}
	for _, s := range h.Stalls {
		if !s.Gap && s.AtLeast >= timeline.CalledSlow { // busy-reply-threshold: what the server itself calls slow
			f.mark(h, s.From, s.To)
		}
	}
}

// besides is when a host's line was written; of one that lost its stamp, when the next line was that has one, or the last before it.
func besides(h *timeline.Host, i int) micros {
	for j := i; j < len(h.Events); j++ {
		if h.Events[j].At != unknown && h.Events[j].File == h.Events[i].File {
			return h.Events[j].At
		}
	}
	for j := i; j >= 0; j-- {
		if h.Events[j].At != unknown && h.Events[j].File == h.Events[i].File {
			return h.Events[j].At
		}
	}
	return unknown
}
