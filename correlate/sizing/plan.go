package sizing

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
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
	Recommended int64
	method      string
}

// For works out what a group's incidents would have taken.
func For(g *replication.Group, ins []*cause.Judged) *Plan {
	p := &Plan{Rates: writeRates(g)}
	p.Backlog, p.assumed = backlogNow(g)
	for i, in := range ins {
		next := unknown
		if i+1 < len(ins) {
			next = ins[i+1].Start
		}
		a := demandsOf(in, next)
		for j := range a.Demands {
			if d := &a.Demands[j]; d.Curable && d.Need.Most > p.need {
				p.need, p.needOf = d.Need.Most, d.Name()
			}
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

// Missing is how long a link gave its replica nothing that was written: from when it was last alive until the replica
// asked again and was answered. That is what a backlog has to bridge; the resync after it is not.
func Missing(in *incident.Incident, o *replication.Outage) micros {
	if o.Promoted || o.First || o.Lost == unknown {
		return 0
	}
	from := o.Lost
	if by := replication.FirstOf(o.TimeoutByReplica, o.TimeoutByPrimary); by != nil {
		from = min(from, max(by.At-o.Replica.Duration("repl-timeout"), o.AliveAt()))
	}
	if in.Silent && slices.Contains(in.Wave, o) {
		from = min(from, in.Contact)
	}
	to := o.Restored
	for _, t := range o.Tries {
		if t.Granted != "" {
			to = t.At
			break
		}
	}
	if to == unknown {
		to = in.G.LastSeen()
	}
	if to == unknown || to < from {
		return 0
	}
	return to - from
}

// formulaFactor doubles what was seen, for the next outage may be as long again: the backlog should hold twice what is written at the peak rate in the longest outage.
const formulaFactor = 2

// memoryShare is the part of a host's memory beyond which the formula is not followed: a backlog that large takes from
// the data and from copy-on-write what the replicas would get by a full resync. What was really needed is never cut.
const memoryShare = 4

func (p *Plan) recommend(g *replication.Group) {
	outage, why := p.bridge, "longest outage that a backlog can bridge,"
	if outage == 0 {
		// Nothing broke that a backlog bridges: a silent link is given up after repl-timeout, and its timer ticks once a second.
		outage, why = g.Primary.Duration("repl-timeout")+timeline.TwoTicks, "repl-timeout, the least that a silent link costs (no longer outage was seen that a backlog bridges),"
	}
	formula := int64(math.Min(formulaFactor*p.Rates.Peak*diagnosis.Seconds(outage), 1<<50))
	target := formula
	var say []string
	if p.Rates.windows > 0 {
		say = append(say, fmt.Sprintf("write rate from %s of %s between dumps (peak %s/s)", diagnosis.Plural(int64(p.Rates.windows), "window", "windows"), windowWord(p.Rates), diagnosis.Amount(int64(p.Rates.Peak))))
		if p.Rates.shortest > timeline.MinuteApart {
			say = append(say, "bursts shorter than a window do not show: take INFO more often")
		}
		say = append(say, fmt.Sprintf("%d x peak rate x %s %s = %s", formulaFactor, why, diagnosis.Length(outage), diagnosis.Amount(formula)))
	} else {
		say = append(say, "no two dumps of one primary process: the write rate is not known")
	}
	if most := g.Memory() / memoryShare; most > 0 && target > most {
		target = most
		say = append(say, fmt.Sprintf("cut to a quarter of the memory, %s: for outages as long as that mend the cause", diagnosis.Amount(most)))
	}
	if p.need > 0 {
		say = append(say, fmt.Sprintf("the most that a refused resync needed was %s bytes (%s)", diagnosis.BytesOf(p.need), p.needOf))
		// A quarter more than what was seen: the next outage is not the same to the byte.
		target = max(target, p.need+p.need/4)
	}
	switch {
	case target <= p.Backlog:
		p.Recommended = p.Backlog
		say = append(say, "the present size covers it")
	case target > 0:
		p.Recommended = RoundUp(target)
		say = append(say, fmt.Sprintf("rounded up to %s, which costs %s of memory more on the primary and on each replica that may take its place", diagnosis.SizeWord(p.Recommended), diagnosis.Amount(p.Recommended-p.Backlog)))
	default:
		p.Recommended = p.Backlog
	}
	if p.assumed && p.Backlog > 0 {
		say = append(say, "the present size is the version's default, not read")
	}
	p.method = strings.Join(say, "; ")
}

// RoundUp is the next size that a person would write: a power of two of MiB up to 256, then multiples of 64 MiB.
func RoundUp(n int64) int64 {
	for p := int64(diagnosis.Mib); p <= 256*diagnosis.Mib; p *= 2 {
		if n <= p {
			return p
		}
	}
	const step = 64 * diagnosis.Mib
	return (n + step - 1) / step * step
}
