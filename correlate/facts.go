package correlate

import (
	"cmp"
	"slices"
)

// facts are what all later questions about an incident rest on. They are worked out once, by close.
type facts struct {
	primary *host     // the server that the first round lost
	wave    []*outage // the first round: the links that were lost together
	first   *outage   // the first of them; nil where no link was lost
	lost    micros    // the first notice
	last    micros    // the last notice of the first round
	timeout micros    // repl-timeout of the replicas; 0 without a round
	guessed bool      // no evidence gives the timeout: it is the version's default, and may be far off
	silent  bool      // the loss was a timeout: data stopped one repl-timeout earlier
	contact micros    // about when the link was last alive
	all     bool      // every replica that was attached lost its link in the first round
	several bool      // more than one did
	// affected are the replicas whose link was lost or that had to resync, by name.
	affected []string
	loop     *Loop
	storm    bool // the work of one full resync brings on the next
}

// close works out the incident's facts, once its outages are all known.
func (in *incident) close() {
	in.wave, in.affected = in.firstRound(), in.lostLinks()
	in.primary = in.g.primary
	switch {
	case in.seed != nil:
		in.primary = in.seed
	case len(in.wave) > 0 && in.wave[0].server != nil:
		in.primary = in.wave[0].server
	}
	in.lost, in.last, in.contact = in.start, in.start, in.start
	if len(in.wave) > 0 {
		in.lookBack()
	}
	in.loop, in.storm = in.findLoop()
}

// lookBack finds how the first round was lost: to silence, and since when, or at once.
func (in *incident) lookBack() {
	in.first = in.wave[0]
	in.timeout = in.first.replica.duration("repl-timeout")
	in.guessed = in.first.replica.setting("repl-timeout").File == ""
	for _, o := range in.wave {
		in.last = max(in.last, o.lost)
		var by micros
		switch {
		case o.timeoutByReplica != nil && o.timeoutByPrimary != nil:
			by = min(o.timeoutByReplica.at, o.timeoutByPrimary.at)
		case o.timeoutByReplica != nil:
			by = o.timeoutByReplica.at
		case o.timeoutByPrimary != nil:
			by = o.timeoutByPrimary.at
		default:
			continue
		}
		// The timer ticks once a second and asks for more than repl-timeout.
		if by-o.lost <= 2*second {
			in.silent = true
			in.contact = min(in.contact, max(by-in.timeout-second, o.heardUntil()))
		}
	}
	if in.silent {
		// Where no setting tells, the silence that was measured is the timeout.
		in.timeout = min(in.timeout, in.lost-in.contact)
	}
	in.several = len(in.wave) > 1
	in.all = in.several && len(in.wave) >= len(in.g.attachedAt(in.primary, in.lost))
}

// lostLinks are the replicas whose link was lost or that had to resync, by name; after a failover the old primary too.
func (in *incident) lostLinks() []string {
	seen := map[string]bool{}
	for _, o := range in.outages {
		if !o.promoted {
			seen[o.replica.name] = true
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
func (in *incident) firstRound() []*outage {
	var lost []*outage
	for _, o := range in.outages {
		if !o.promoted || len(o.notices) > 0 {
			lost = append(lost, o)
		}
	}
	slices.SortStableFunc(lost, func(a, b *outage) int { return cmp.Compare(a.lost, b.lost) })
	n := 1
	for n < len(lost) {
		// Links time out on a timer that ticks once a second, at either end; whoever resynced before is the next round.
		if lost[n].lost-lost[0].lost > 3*second+lost[n].replica.clock.err+lost[0].replica.clock.err || lost[n].replica == lost[0].replica {
			break
		}
		n++
	}
	return lost[:min(n, len(lost))]
}

// window is when the cause must have been at work.
func (in *incident) window() span {
	return span{from: in.contact - 2*second, to: in.last + 2*second}
}

// stallOf is the stall of h that could have lost the first links, the longest.
func (in *incident) stallOf(h *host) *stall {
	var best *stall
	for i := range h.stalls {
		st := &h.stalls[i]
		if !st.overlaps(in.window()) || st.from > in.last+second {
			continue
		}
		// A server that stalls while it answers the incident's own resyncs is an effect.
		if st.from > in.lost+second && !in.silent {
			continue
		}
		if best == nil || st.atMost > best.atMost {
			best = st
		}
	}
	return best
}

// during tells whether an event falls in the incident, or as near before it as its cause may lie.
func (in *incident) during(e *event) bool {
	if e.at == unknown {
		return true
	}
	from := min(in.contact, in.start) - 5*second
	return e.last >= from && (in.end == unknown || e.at <= in.end+2*second)
}

// heardUntil is the latest moment at which a dump of the replica still shows a live link: it had heard the primary
// master_last_io_seconds_ago before.
func (o *outage) heardUntil() micros {
	s := o.replica.lastSampleBefore(o.lost - second)
	if s == nil || s.LinkStatus != "up" || !s.LastIOSeconds.Known() || s.LastIOSeconds < 0 {
		return unknown
	}
	return s.at - micros(s.LastIOSeconds+1)*second
}

// attachedAt are the replicas the primary had just before.
func (g *group) attachedAt(p *host, at micros) map[*host]bool {
	out := map[*host]bool{}
	for _, o := range g.links {
		if o.server != nil && o.server != p || o.promoted {
			continue
		}
		if o.restored != unknown && o.restored < at {
			out[o.replica] = true
		}
		if o.lost >= at && !o.first {
			out[o.replica] = true
		}
	}
	for i := range p.replicas {
		r := &p.replicas[i]
		if r.at <= at && at-r.at < 60*second && r.State == "online" {
			if h := g.at(r.Addr); h != nil {
				out[h] = true
			}
		}
	}
	for _, h := range g.hosts {
		if s := h.lastSampleBefore(at); s != nil && s.LinkStatus == "up" && h != p {
			out[h] = true
		}
	}
	return out
}
