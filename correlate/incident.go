package correlate

import (
	"cmp"
	"slices"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// incident is a set of outages that belong together, or a fault of one server that no link felt.
type incident struct {
	g       *group
	outages []*outage
	// seed is the server whose fault this is where no link was lost.
	seed       *host
	start, end micros // end is unknown while a link is still down at the capture's end
	facts
}

// findIncidents joins outages into incidents: what one cause dropped, and what the work of coming back dropped again.
func (g *group) findIncidents() []*incident {
	var out []*incident
	for _, o := range g.links {
		if o.first && !failing(o) && !o.demoted() && (o.moved == nil || !o.promoted || byPerson(o.moved)) {
			continue // provisioning: a note
		}
		var home *incident
		for i := len(out) - 1; i >= 0 && home == nil; i-- {
			if out[i].takes(o) {
				home = out[i]
			}
		}
		if home == nil {
			home = &incident{g: g}
			out = append(out, home)
		}
		home.add(o)
	}
	// A role change that a person asked for and nobody else felt is no incident.
	out = slices.DeleteFunc(out, func(in *incident) bool {
		return len(in.lostLinks()) == 0 && !slices.ContainsFunc(in.outages, func(o *outage) bool {
			return o.promoted && (o.moved == nil || !byPerson(o.moved)) || o.moved != nil && !byPerson(o.moved)
		})
	})
	out = append(out, g.silentFaults(out)...)
	slices.SortStableFunc(out, func(a, b *incident) int { return cmp.Compare(a.start, b.start) })
	for _, in := range out {
		in.close()
	}
	return out
}

// failing tells whether a first attachment is more than provisioning: a full resync's work was in vain, or it was turned
// away again and again. A replica that waits some seconds for its primary to start is well.
func failing(o *outage) bool {
	for _, t := range o.tries {
		if t.granted == "full" && t.outcome == "failed" {
			return true
		}
	}
	n := int64(0)
	for _, e := range o.failures {
		n += e.Count.Or(1)
	}
	return n >= 2 && (o.restored == unknown || o.restored-o.lost > 30*second) || n >= 1 && o.restored == unknown
}

func (in *incident) add(o *outage) {
	if len(in.outages) == 0 || o.lost < in.start {
		in.start = o.lost
	}
	if len(in.outages) == 0 {
		in.end = o.restored
	} else if in.end != unknown {
		if o.restored == unknown {
			in.end = unknown
		} else {
			in.end = max(in.end, o.restored)
		}
	}
	in.outages = append(in.outages, o)
}

// takes tells whether o belongs to the incident: lost together with its links, lost to the work of its
// resyncs, or lost again before a whole repl-timeout had shown the link to hold.
func (in *incident) takes(o *outage) bool {
	timeout := o.replica.duration("repl-timeout")
	slack := timeout + 3*second + o.replica.clock.err
	last := unknown
	for _, p := range slices.Backward(in.outages) { // a storm has thousands, and the newest answers
		if p.replica == o.replica && p.restored != unknown && o.lost-p.restored <= slack {
			return true
		}
		last = max(last, p.lost)
		for _, t := range p.tries {
			if t.granted == "full" {
				last = max(last, t.at, t.end)
			}
		}
		if p.promoted {
			last = max(last, p.restored)
			if o.demoted() || o.moved != nil {
				return true
			}
		}
	}
	if in.end != unknown && o.lost > in.end+slack {
		return false
	}
	open := in.end == unknown || o.lost <= in.end+3*second+o.replica.clock.err
	if open && o.lost-last <= slack {
		return true
	}
	// After the end: only what the primary's own stall for the resync's fork dropped.
	if p := in.outages[0].server; p != nil {
		for i := range p.stalls {
			s := &p.stalls[i]
			if s.from >= in.start && s.from <= last+slack && o.lost >= s.from && o.lost <= s.to+3*second && s.atMost >= timeout/2 {
				return true
			}
		}
	}
	return false
}

// demoted tells whether the outage is a former primary that comes back as a replica.
func (o *outage) demoted() bool {
	if o.promoted {
		return false
	}
	if o.served {
		return true
	}
	if o.moved == nil {
		return false
	}
	for i := range o.replica.events {
		e := &o.replica.events[i]
		if e.at >= o.moved.at {
			return false
		}
		if e.Kind == message.SyncRequested || e.Kind == message.Promoted {
			return true
		}
	}
	for i := range o.replica.samples {
		s := &o.replica.samples[i]
		if s.at >= o.moved.at {
			break
		}
		if s.Role == "master" && s.ConnectedReplicas.Or(0) > 0 {
			return true
		}
	}
	return false
}

// silentFaults are faults of a server that no known link felt: a crash, a fork refused, a snapshot that cannot be
// written, a stall, in evidence that shows no replica. They are incidents where they repeat or end a process.
func (g *group) silentFaults(known []*incident) []*incident {
	covered := func(at micros) bool {
		for _, in := range known {
			if at >= in.start-120*second && (in.end == unknown || at <= in.end+120*second) {
				return true
			}
		}
		return false
	}
	watched := false // some evidence shows that replicas live on
	for _, o := range g.links {
		watched = watched || o.restored != unknown
	}
	for _, h := range g.hosts {
		for i := range h.samples {
			watched = watched || h.samples[i].LinkStatus == "up" || h.samples[i].ConnectedReplicas.Or(0) > 0
		}
	}
	var out []*incident
	for _, h := range append(slices.Clone(g.hosts), g.sentinels...) {
		var in *incident
		mark := func(from, to micros) {
			if covered(from) {
				return
			}
			if in != nil && from-in.end < 600*second {
				in.end = max(in.end, to)
				return
			}
			in = &incident{g: g, seed: h, start: from, end: to}
			out = append(out, in)
		}
		for i := range h.events {
			e := &h.events[i]
			// All shards hear of a node that failed. Where replicas are seen, their links tell whether it was one of this group's.
			if !faultKind(e, h.sentinel) || watched && (slowKind(e) || e.Kind == message.ClusterNodeFail) {
				continue
			}
			if e.at != unknown {
				mark(e.at, e.last)
			} else {
				mark(0, 0) // a log without stamps
			}
		}
		for _, l := range h.lives {
			if l.how == "crash" && l.to != unknown {
				mark(l.to, l.to)
			}
		}
		if !watched {
			for _, s := range h.stalls {
				if !s.gap && s.atLeast >= 5*second { // busy-reply-threshold: what the server itself calls slow
					mark(s.from, s.to)
				}
			}
		}
	}
	return out
}

// slowKind tells whether a message is of something slow, which is a fault only where it may have cost a link.
func slowKind(e *event) bool {
	return e.Kind == message.ScriptSlow || e.Kind == message.AofFsyncSlow
}

// faultKind tells whether a message is a fault in itself.
func faultKind(e *event, sentinel bool) bool {
	if sentinel {
		switch e.Kind {
		case message.SentinelOdown, message.SentinelSwitchPrimary, message.SentinelTryFailover, message.SentinelFailoverAbortNotElected, message.SentinelFailoverAbortNoGoodSlave, message.SentinelPromoted:
			return true
		case message.SentinelSdown:
			return e.Level == "warning" && containsWord(e.Text, "+sdown master")
		}
		return false
	}
	switch e.Kind {
	case message.CrashReportStart, message.CrashSignal, message.CrashAssert, message.CrashPanic, message.OomServer,
		message.ForkFailedRdb, message.ForkFailedAof, message.BgsaveFailed, message.RdbSaveOpenFailed, message.RdbSaveWriteError,
		message.AofWriteError, message.AofFsyncSlow, message.ScriptSlow, message.SecurityCrossProtocol,
		message.RdbLoadFatal, message.RdbLoadShortRead, message.RdbLoadChecksum, message.RdbLoadBadVersion, message.LoadFatal,
		message.ClusterNodeFail, message.ClusterElectionWon, message.ClientOutputBufferLimit, message.SyncBgsaveFailed:
		return e.Kind != message.ClientOutputBufferLimit || replicaClient(e)
	case message.ReplicaTimeout:
		return true
	}
	return false
}

// counts is how many full and partial resyncs the primaries granted in the incident. The counters in INFO are exact
// where a dump stands on either side; the logs count requests one by one. Counters begin anew with each process.
func (in *incident) counts(next micros) (full, partial int64) {
	var pf, pp, rf, rp int64
	for _, o := range in.outages {
		for _, t := range o.tries {
			n := max(t.count, 1)
			// A refusal that names an id alone, said many times in a second, answers as many replicas.
			if t.answerEv != nil && t.answerEv.Peer != "" {
				n = max(n, int64(t.answerEv.Count.Or(1)))
			}
			switch {
			case t.byPrimary && t.granted == "full":
				pf += n
			case t.byPrimary && t.granted == "partial":
				pp += n
			}
			switch {
			case t.byReplica && t.granted == "full":
				rf += n
			case t.byReplica && t.granted == "partial":
				rp += n
			}
			if t.granted == "" && !t.byPrimary && t.asked == "full" && t.outcome != "failed" {
				rf += n
			}
		}
	}
	full, partial = in.fromCounters(next)
	switch {
	case full < 0:
		return max(pf, rf), max(pp, rp)
	case in.overTwoConnections():
		// Valkey counts the stream's part of such a full resync as a partial one (valkey 9.1).
		partial = min(partial, max(pp, rp))
	}
	return full, partial
}

// overTwoConnections tells whether a full resync's stream went ahead beside its snapshot.
func (in *incident) overTwoConnections() bool {
	return slices.ContainsFunc(in.g.servers(), func(p *host) bool {
		return p.anyEvent(func(e *event) bool {
			return e.Kind == message.DualChannelEndOffset && e.at >= in.start && (in.end == unknown || e.at <= in.end)
		})
	})
}

// fromCounters sums what sync_full and sync_partial_ok gained on every server; -1 where no dump stands on both sides.
func (in *incident) fromCounters(next micros) (full, partial int64) {
	full, partial = -1, -1
	for _, p := range in.g.servers() {
		var prev *sample
		f, ok, q := int64(0), false, int64(0)
		closed := false
		for i := range p.samples {
			s := &p.samples[i]
			if !s.SyncFull.Known() {
				continue
			}
			if next != unknown && s.at >= next {
				break
			}
			if prev == nil || s.at <= in.start {
				prev = s
				if s.at > in.start && p == in.g.primary {
					break // no dump before: the counters may hold older resyncs
				}
				continue
			}
			f += gained(prev.SyncFull, s.SyncFull, prev.RunID == s.RunID)
			q += gained(prev.SyncPartialOK, s.SyncPartialOK, prev.RunID == s.RunID)
			prev, ok = s, true
			if in.end != unknown && s.at >= in.end {
				closed = true
				break
			}
		}
		if ok && (closed || in.end == unknown || p != in.primary) {
			full, partial = max(full, 0)+f, max(partial, 0)+q
		}
	}
	return full, partial
}

func gained(a, b table.Int, same bool) int64 {
	if !b.Known() {
		return 0
	}
	if !a.Known() || !same || b < a {
		return int64(b)
	}
	return int64(b - a)
}
