package sizing

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
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
	p := &Plan{Rates: writeRates(g)}
	p.Backlog, p.assumed = backlogNow(g)
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

// formulaFactor: who wants room for outages still to come doubles what was seen, the peak rate for as long as the longest outage.
const formulaFactor = 2

func (p *Plan) recommend(g *replication.Group) {
	if len(p.Accounts) > 0 || p.need > 0 { // nobody asks for a group in which nothing happened
		p.room = roomFor(g, p.Backlog)
		p.Room = p.room.bytes
	}
	p.written = mostWritten(g, p.bridge)
	var say []string
	if p.Rates.windows > 0 {
		say = append(say, fmt.Sprintf("write rate from %s of %s between dumps (peak %s/s)", diagnosis.Plural(int64(p.Rates.windows), "window", "windows"), windowWord(p.Rates), diagnosis.Amount(int64(p.Rates.Peak))))
		if p.Rates.shortest > timeline.MinuteApart {
			say = append(say, "bursts shorter than a window do not show: take INFO more often")
		}
	} else {
		say = append(say, "no two dumps of one primary process: the write rate is not known")
	}
	full := int64(0)
	for i := range p.Accounts {
		full += p.Accounts[i].FullAt(p.Backlog)
	}
	switch {
	case p.need > 0:
		say = append(say, p.forNeed())
	case full > 0:
		say = append(say, "no size would have spared what happened")
	default:
		p.Recommended = p.Backlog
		if p.Backlog > 0 {
			say = append(say, "nothing in the capture was refused for its size")
		}
	}
	if p.assumed && p.Backlog > 0 {
		say = append(say, "the present size is the version's default, not read")
	}
	if w := p.upperWords(g); w != "" {
		say = append(say, w)
	}
	p.method = strings.Join(say, "; ")
}

// forNeed takes the size for what was needed, and says how it came about: what the seen outage would have taken at the busiest time
// of the capture, where there is room for that, else what it took.
func (p *Plan) forNeed() string {
	need := WithMargin(p.need)
	how := fmt.Sprintf("what was needed was %s bytes at most (%s), with %d in 100 more %s", diagnosis.BytesOf(p.need), p.needOf, marginPercent, diagnosis.BytesOf(need))
	target := need
	if busy := WithMargin(p.written); busy > need {
		target = busy
		how += fmt.Sprintf("; at the busiest time of the capture an outage of %s, as long as the longest that a backlog can bridge, would have taken %s", diagnosis.Length(p.bridge), diagnosis.BytesOf(p.written))
	}
	if p.Room > 0 && RoundUp(target) > p.Room {
		how += fmt.Sprintf("; there is room for %s: %s", diagnosis.Amount(p.Room), p.room.why)
		if need > p.Room {
			p.Wanted = RoundUp(need)
			return how + ". What was needed does not fit: make room for it, or mend the cause"
		}
		p.Recommended = min(RoundUp(need), p.Room/1024*1024)
		return how + fmt.Sprintf("; %s holds what was needed and fits", diagnosis.SizeWord(p.Recommended))
	}
	p.Recommended = RoundUp(target)
	return how + fmt.Sprintf("; rounded up to %s, which costs %s of memory more on the primary and on each replica that may take its place", diagnosis.SizeWord(p.Recommended), diagnosis.Amount(p.Recommended-p.Backlog))
}

// upperWords works out the upper end, for who wants to be ready for outages still to come.
func (p *Plan) upperWords(g *replication.Group) string {
	why := "the longest outage seen"
	p.upperFor = p.longest
	if p.upperFor == 0 {
		p.upperFor, why = g.Primary.Duration("repl-timeout")+timeline.TwoTicks, "what a silent link costs at least"
	}
	p.upper = int64(math.Min(formulaFactor*p.Rates.Peak*diagnosis.Seconds(p.upperFor), 1<<50))
	if p.upper <= p.Recommended || p.Rates.Peak <= 0 {
		return ""
	}
	return fmt.Sprintf("the upper end, for outages still to come: %d x peak rate x %s, %s = %s", formulaFactor, diagnosis.Length(p.upperFor), why, diagnosis.Amount(p.upper))
}

// Survives is how long an outage a backlog of this size bridges at the peak write rate; 0 where that is not known.
func (p *Plan) Survives(size int64) micros {
	if p.Rates.Peak <= 0 {
		return 0
	}
	return micros(math.Min(float64(size)/p.Rates.Peak*float64(second), 1<<60))
}
