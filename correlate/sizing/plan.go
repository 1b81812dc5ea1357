package sizing

import (
	"math"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/replication"
)

// Plan is what the group's incidents would have taken, worked out once for all of them: sizing, curves and every
// recommendation draw on it, so that they never disagree.
type Plan struct {
	Accounts    []Account
	Rates       rates
	Backlog     int64  // what the primary has now; 0 unknown
	assumed     bool   // backlog is the version's default, not read
	longest     micros // of all outages
	bridge      micros // of those that a backlog can bridge
	need        int64  // the most that a resync needed which a backlog could have spared; 0 none
	needOf      string
	Recommended int64 // 0 where no size helps, or none that there is room for
	Wanted      int64 // what would have helped and has no room; 0 where it has
	Timeout     int64 // what repl-timeout would be, seconds; 0 where it lost nothing, or would have to be too long
	Limit       int64 // the hard limit of client-output-buffer-limit replica; 0 where it closed nobody and would close nobody
	TTL         int64 // repl-backlog-ttl, seconds; 0 where no backlog was freed
	Room        int64 // how large a backlog may become; 0 where nothing tells
	room        room
	written     int64 // the most that was written in any stretch as long as the longest outage that a backlog bridges
	upper       int64 // the peak write rate, twice, for as long as upperFor
	upperFor    micros
	method      string
}

// For works out what a group's incidents would have taken.
func For(g *replication.Group, ins []*cause.Judged) *Plan {
	p := &Plan{}
	p.Backlog, p.assumed = backlogNow(g)
	p.Rates = writeRates(g)
	for i, in := range ins {
		next := unknown
		if i+1 < len(ins) {
			next = ins[i+1].Start
		}
		a := demandsOf(in, next, p.Backlog)
		if d := a.Worst(); d != nil && d.Need.Most > max(p.need, p.Backlog) {
			p.need, p.needOf = d.Need.Most, d.Label()
		}
		// From 7.0 what piles up for a replica lies in the backlog's own blocks, and a limit below the backlog is ignored.
		if l := &a.limits; l.shares && l.measured && l.buffer > max(p.need, p.Backlog) {
			p.need, p.needOf = l.buffer, "what piled up for "+replication.PeerName(l.closes[0], g)
		}
		p.Accounts = append(p.Accounts, a)
		cures, _ := BacklogCures(in)
		for _, o := range in.Outages {
			n := Missing(in.Incident, o)
			p.longest = max(p.longest, n)
			// What a storm's own forks broke stays whole once its first resync is spared.
			if a.feeds && !slices.Contains(in.Wave, o) {
				continue
			}
			if cures && (o.Restart == nil || !Stale(in.Incident, o, &replication.Attempt{Offset: -1})) {
				p.bridge = max(p.bridge, n)
			}
		}
	}
	p.recommend(g)
	p.proposals()
	return p
}

// backlogNow is the size of the first primary's backlog at the end of the evidence, or of whoever serves in its place.
func backlogNow(g *replication.Group) (size int64, assumed bool) {
	for _, h := range g.Servers() {
		for i := len(h.Samples) - 1; i >= 0; i-- {
			if s := &h.Samples[i]; s.BacklogSize.Or(0) > 0 {
				return int64(s.BacklogSize), false
			}
		}
	}
	if n, assumed, ok := g.Primary.Bytes("repl-backlog-size"); ok {
		return n, assumed
	}
	return 0, true
}

// Survives is how long an outage a backlog of this size bridges at the peak write rate; 0 where that is not known.
func (p *Plan) Survives(size int64) micros {
	if p.Rates.Peak <= 0 {
		return 0
	}
	return micros(math.Min(float64(size)/p.Rates.Peak*float64(second), 1<<60))
}
