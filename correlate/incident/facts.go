package incident

import (
	"cmp"
	"iter"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// facts are what all later questions about an incident rest on. They are worked out once, by close.
type facts struct {
	Primary *timeline.Host        // the server that the first round lost
	Wave    []*replication.Outage // the first round: the links that were lost together
	First   *replication.Outage   // the first of them; nil where no link was lost
	Lost    micros                // the first notice
	Last    micros                // the last notice of the first round
	Timeout micros                // repl-timeout of the replicas; 0 without a round
	Guessed bool                  // no evidence gives the timeout: it is the version's default, and may be far off
	Silent  bool                  // the loss was a timeout: data stopped one repl-timeout earlier
	Contact micros                // about when the link was last alive
	All     bool                  // every replica that was attached lost its link in the first round
	Several bool                  // more than one did
	// Affected are the replicas whose link was lost or that had to resync, by name.
	Affected []string
	Loop     *diagnosis.Loop
	Storm    bool // the work of one full resync brings on the next

	first map[*timeline.Host]*replication.Outage   // of the first round, each replica's own
	lost  map[*timeline.Host][]*replication.Outage // each replica's outages

	unseen bool // nobody saw the first link go
	// stallless are the hosts whose stall cannot have lost a link of the first round: those of which one was closed, or refused a connection.
	stallless map[*timeline.Host]bool
}

// Close works out the incident's facts, once its outages are all known.
func (in *Incident) Close() {
	in.Wave, in.Affected = in.firstRound(), in.lostLinks()
	in.Primary = in.G.Primary
	switch {
	case in.Seed != nil:
		in.Primary = in.Seed
	case len(in.Wave) > 0 && in.Wave[0].Server != nil:
		in.Primary = in.Wave[0].Server
	}
	in.first, in.lost = map[*timeline.Host]*replication.Outage{}, map[*timeline.Host][]*replication.Outage{}
	for _, o := range slices.Backward(in.Wave) {
		in.first[o.Replica] = o
	}
	for _, o := range in.Outages {
		in.lost[o.Replica] = append(in.lost[o.Replica], o)
	}
	in.Lost, in.Last, in.Contact = in.Start, in.Start, in.Start
	if len(in.Wave) > 0 {
		in.lookBack()
	}
	in.Loop, in.Storm = in.findLoop()
}

// lookBack finds how the first round was lost: to silence, and since when, or at once.
func (in *Incident) lookBack() {
	in.First = in.Wave[0]
	in.Timeout = in.First.Replica.Duration("repl-timeout")
	in.Guessed = guessed(in.First.Replica)
	for _, o := range in.Wave {
		in.Last = max(in.Last, o.Lost)
		var by micros
		switch {
		case o.TimeoutByReplica != nil && o.TimeoutByPrimary != nil:
			by = min(o.TimeoutByReplica.At, o.TimeoutByPrimary.At)
		case o.TimeoutByReplica != nil:
			by = o.TimeoutByReplica.At
		case o.TimeoutByPrimary != nil:
			by = o.TimeoutByPrimary.At
		default:
			continue
		}
		// The timer ticks once a second and asks for more than repl-timeout.
		if by-o.Lost <= timeline.TwoTicks {
			in.Silent = true
			in.Contact = min(in.Contact, max(by-in.Timeout-timeline.Tick, o.AliveAt()))
		}
	}
	if in.Silent {
		// Where no setting tells, the silence that was measured is the timeout.
		in.Timeout = min(in.Timeout, in.Lost-in.Contact)
	}
	in.unseen = LossOf(in.First) == Unseen
	in.stallless = map[*timeline.Host]bool{}
	for _, o := range in.Wave {
		if why, _ := NoStall(o); why != "" {
			in.stallless[o.Replica], in.stallless[in.Primary] = true, true
		}
	}
	in.Several = len(in.Wave) > 1
	in.All = in.Several && len(in.Wave) >= len(in.G.AttachedAt(in.Primary, in.Lost))
}

// lostLinks are the replicas whose link was lost or that had to resync, by name; after a failover the old primary too.
func (in *Incident) lostLinks() []string {
	seen := map[string]bool{}
	for _, o := range in.Outages {
		if !o.Promoted {
			seen[o.Replica.Name] = true
		}
	}
	out := make([]string, 0, len(seen))
	for n := range seen {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// firstRound is the incident's first round: the links that were lost together, before anything was lost to the coming back.
func (in *Incident) firstRound() []*replication.Outage {
	lost := in.firstLost()
	slices.SortStableFunc(lost, func(a, b *replication.Outage) int { return cmp.Compare(a.Lost, b.Lost) })
	n := 1
	for n < len(lost) {
		// Links time out on a timer that ticks once a second, at either end; whoever resynced before is the next round.
		if lost[n].Lost-lost[0].Lost > timeline.ThreeTicks+lost[n].Replica.Clock.Err+lost[0].Replica.Clock.Err || lost[n].Replica == lost[0].Replica {
			break
		}
		n++
	}
	return lost[:min(n, len(lost))]
}

// firstLost are the outages that tell how it began: those of replicas that lost a link. Where none is seen, whoever took over had lost
// one; that the primary before comes back as a replica is how it ended.
func (in *Incident) firstLost() (lost []*replication.Outage) {
	for _, is := range [...]func(*replication.Outage) bool{
		func(o *replication.Outage) bool { return (!o.Promoted || len(o.Notices) > 0) && !in.replaced(o) },
		func(o *replication.Outage) bool { return o.Promoted && o.Server != nil && o.Server != o.Replica },
		func(o *replication.Outage) bool { return !o.Promoted || len(o.Notices) > 0 },
	} {
		for _, o := range in.Outages {
			if is(o) {
				lost = append(lost, o)
			}
		}
		if len(lost) > 0 {
			return lost
		}
	}
	return nil
}

// replaced reports whether the outage is a former primary's whom another server took over from in the incident.
func (in *Incident) replaced(o *replication.Outage) bool {
	return Demoted(o) && slices.ContainsFunc(in.Outages, func(p *replication.Outage) bool { return p.Promoted && p.Replica != o.Replica })
}

// FirstOf is a replica's own outage of the first round; nil where it has none.
func (in *Incident) FirstOf(replica *timeline.Host) *replication.Outage { return in.first[replica] }

// LossesOf are a replica's outages, in the order of time.
func (in *Incident) LossesOf(replica *timeline.Host) []*replication.Outage { return in.lost[replica] }

// Window is when the cause must have been at work.
func (in *Incident) Window() timeline.Span {
	return timeline.Span{From: in.Contact - timeline.TwoTicks, To: in.Last + timeline.TwoTicks}
}

// StallOf is the stall of h that could have lost the first links, the longest; nil where no stall can have.
func (in *Incident) StallOf(h *timeline.Host) *timeline.Stall {
	if in.stallless[h] {
		return nil
	}
	var best *timeline.Stall
	for i := range h.Stalls {
		st := &h.Stalls[i]
		if !st.Overlaps(in.Window()) || st.From > in.Last+timeline.Tick {
			continue
		}
		// A server that stalls while it answers the incident's own resyncs is an effect.
		if st.From > in.Lost+timeline.Tick && !in.Silent {
			continue
		}
		if best == nil || st.AtMost > best.AtMost {
			best = st
		}
	}
	return best
}

// Said are a host's messages that may be of the incident, in the order of time; those without a time may be of any.
func (in *Incident) Said(h *timeline.Host) iter.Seq[*timeline.Event] { return h.Within(in.Reach()) }

// Reach is when what is said may be of the incident: its own time, and as long before it as its cause may lie. To is unknown while it goes on.
func (in *Incident) Reach() timeline.Span {
	s := timeline.Span{From: min(in.Contact, in.Start) - replication.ClockSlack, To: unknown}
	if in.unseen { // it may have been silent for a whole timeout before
		s.From -= in.Timeout
	}
	if in.End != unknown {
		s.To = in.End + timeline.TwoTicks
	}
	return s
}
