package sizing

import (
	"fmt"
	"math"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

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
