package correlate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// plan is what the group's incidents would have taken, worked out once for all of them: sizing, curves and every
// recommendation draw on it, so that they never disagree.
type plan struct {
	accounts    []account
	rates       rates
	backlog     int64  // what the primary has now; 0 unknown
	assumed     bool   // backlog is the version's default, not read
	longest     micros // of all outages
	bridge      micros // of those that a backlog can bridge
	need        int64  // the most that a resync needed which a backlog could have spared; 0 none
	needOf      string
	recommended int64
	method      string
}

// rates are how fast the primaries' streams grew, in bytes a second, over windows between dumps of one process.
type rates struct {
	peak, p99, median float64
	windows           int
	shortest, longest micros
	from, to          *sample // the two dumps around the peak
	at                *host   // whose they are
}

func (g *group) planFor(ins []*judged) *plan {
	p := &plan{rates: g.writeRates()}
	p.backlog, p.assumed = g.backlogNow()
	for i, in := range ins {
		next := unknown
		if i+1 < len(ins) {
			next = ins[i+1].start
		}
		a := in.demandsOf(next)
		for j := range a.demands {
			if d := &a.demands[j]; d.curable && d.need.most > p.need {
				p.need, p.needOf = d.need.most, d.name()
			}
		}
		p.accounts = append(p.accounts, a)
		cures, _ := in.backlogCures()
		for _, o := range in.outages {
			n := in.missing(o)
			p.longest = max(p.longest, n)
			// What a storm's own forks broke stays whole once its first resync is spared.
			if a.feeds && !slices.Contains(in.wave, o) {
				continue
			}
			if cures && (o.restart == nil || !in.stale(o, &attempt{offset: -1})) {
				p.bridge = max(p.bridge, n)
			}
		}
	}
	p.recommend(g)
	return p
}

// backlogNow is the size of the first primary's backlog at the end of the evidence, or of whoever serves in its place.
func (g *group) backlogNow() (size int64, assumed bool) {
	for _, h := range g.servers() {
		for i := len(h.samples) - 1; i >= 0; i-- {
			if s := &h.samples[i]; s.BacklogSize.Or(0) > 0 {
				return int64(s.BacklogSize), false
			}
		}
	}
	if n, assumed, ok := g.primary.bytes("repl-backlog-size"); ok {
		return n, assumed
	}
	return 0, true
}

// missing is how long a link gave its replica nothing that was written: from when it was last alive until the replica
// asked again and was answered. That is what a backlog has to bridge; the resync after it is not.
func (in *incident) missing(o *outage) micros {
	if o.promoted || o.first || o.lost == unknown {
		return 0
	}
	from := o.lost
	if by := cmpEvent(o.timeoutByReplica, o.timeoutByPrimary); by != nil {
		from = min(from, max(by.at-o.replica.duration("repl-timeout"), o.heardUntil()))
	}
	if in.silent && slices.Contains(in.wave, o) {
		from = min(from, in.contact)
	}
	to := o.restored
	for _, t := range o.tries {
		if t.granted != "" {
			to = t.at
			break
		}
	}
	if to == unknown {
		to = in.g.lastSeen()
	}
	if to == unknown || to < from {
		return 0
	}
	return to - from
}

// shortestWindow is over how little time a rate is taken: links' timers and pings tick once a second, and a shorter
// burst than that fits in the sockets. Dates in whole seconds may be off by one, so their windows are wider.
const (
	shortestWindow = second * 9 / 10
	coarseWindow   = 5 * second
)

// writeRates measures the growth of master_repl_offset between dumps of one process on one replication id.
func (g *group) writeRates() rates {
	type window struct {
		rate     float64
		d        micros
		from, to *sample
		at       *host
	}
	var ws []window
	for _, h := range g.servers() {
		var from *sample
		for i := range h.samples {
			s := &h.samples[i]
			if s.Role != "master" || !s.PrimaryOffset.Known() || s.BacklogActive == 0 {
				from = nil // without a backlog the offset stands still, whatever is written
				continue
			}
			if from == nil || from.RunID != s.RunID || from.ReplID != s.ReplID || s.PrimaryOffset < from.PrimaryOffset {
				from = s
				continue
			}
			d := s.at - from.at
			least := shortestWindow
			if s.doubt() == second || from.doubt() == second {
				least = coarseWindow
			}
			if d < least {
				continue
			}
			ws = append(ws, window{float64(s.PrimaryOffset-from.PrimaryOffset) / seconds(d), d, from, s, h})
			from = s
		}
	}
	if len(ws) == 0 {
		return rates{}
	}
	slices.SortStableFunc(ws, func(a, b window) int { return cmp.Compare(a.rate, b.rate) })
	at := func(q float64) float64 { return ws[min(int(math.Ceil(q*float64(len(ws))))-1, len(ws)-1)].rate }
	top := ws[len(ws)-1]
	r := rates{peak: top.rate, p99: at(0.99), median: at(0.5), windows: len(ws), shortest: top.d, longest: top.d, from: top.from, to: top.to, at: top.at}
	for _, w := range ws {
		r.shortest, r.longest = min(r.shortest, w.d), max(r.longest, w.d)
	}
	return r
}

// formulaFactor is the guide's: the backlog should hold twice what is written at the peak rate in the longest outage.
const formulaFactor = 2

// memoryShare is the part of a host's memory beyond which the formula is not followed: a backlog that large takes from
// the data and from copy-on-write what the replicas would get by a full resync. What was really needed is never cut.
const memoryShare = 4

func (p *plan) recommend(g *group) {
	outage, why := p.bridge, "longest outage that a backlog can bridge,"
	if outage == 0 {
		// Nothing broke that a backlog bridges: a silent link is given up after repl-timeout, and its timer ticks once a second.
		outage, why = g.primary.duration("repl-timeout")+2*second, "repl-timeout, the least that a silent link costs (no longer outage was seen that a backlog bridges),"
	}
	formula := int64(math.Min(formulaFactor*p.rates.peak*seconds(outage), 1<<50))
	target := formula
	var say []string
	if p.rates.windows > 0 {
		say = append(say, fmt.Sprintf("write rate from %s of %s between dumps (peak %s/s)", plural(int64(p.rates.windows), "window", "windows"), windowWord(p.rates), amount(int64(p.rates.peak))))
		if p.rates.shortest > 60*second {
			say = append(say, "bursts shorter than a window do not show: take INFO more often")
		}
		say = append(say, fmt.Sprintf("%d x peak rate x %s %s = %s", formulaFactor, why, length(outage), amount(formula)))
	} else {
		say = append(say, "no two dumps of one primary process: the write rate is not known")
	}
	if most := g.memory() / memoryShare; most > 0 && target > most {
		target = most
		say = append(say, fmt.Sprintf("cut to a quarter of the memory, %s: for outages as long as that mend the cause", amount(most)))
	}
	if p.need > 0 {
		say = append(say, fmt.Sprintf("the most that a refused resync needed was %s bytes (%s)", bytesOf(p.need), p.needOf))
		// A quarter more than what was seen: the next outage is not the same to the byte.
		target = max(target, p.need+p.need/4)
	}
	switch {
	case target <= p.backlog:
		p.recommended = p.backlog
		say = append(say, "the present size covers it")
	case target > 0:
		p.recommended = roundUp(target)
		say = append(say, fmt.Sprintf("rounded up to %s, which costs %s of memory more on the primary and on each replica that may take its place", sizeWord(p.recommended), amount(p.recommended-p.backlog)))
	default:
		p.recommended = p.backlog
	}
	if p.assumed && p.backlog > 0 {
		say = append(say, "the present size is the version's default, not read")
	}
	p.method = strings.Join(say, "; ")
}

// memory is what the primary's data may have: maxmemory, or the host's memory. 0 is unknown.
func (g *group) memory() int64 {
	for i := len(g.primary.samples) - 1; i >= 0; i-- {
		s := &g.primary.samples[i]
		if s.MaxMemory.Or(0) > 0 {
			return int64(s.MaxMemory)
		}
		if s.TotalSystemMemory.Or(0) > 0 {
			return int64(s.TotalSystemMemory)
		}
	}
	return 0
}

func windowWord(r rates) string {
	a, b := length(r.shortest), length(r.longest)
	if a == b {
		return a
	}
	return a + " to " + b
}

const mib = 1 << 20

// roundUp is the next size that a person would write: a power of two of MiB up to 256, then multiples of 64 MiB.
func roundUp(n int64) int64 {
	for p := int64(mib); p <= 256*mib; p *= 2 {
		if n <= p {
			return p
		}
	}
	const step = 64 * mib
	return (n + step - 1) / step * step
}

// sizeWord is a size as a configuration file has it: 16mb, 512kb, or plain bytes where it is no round number.
func sizeWord(n int64) string {
	for _, u := range []struct {
		bytes int64
		word  string
	}{{1 << 30, "gb"}, {mib, "mb"}, {1 << 10, "kb"}} {
		if n >= u.bytes && n%u.bytes == 0 {
			return itoa(n/u.bytes) + u.word
		}
	}
	return itoa(n)
}

// amount is a size for a sentence: 15.6 MiB.
func amount(n int64) string {
	f := float64(n)
	for _, u := range []string{"B", "KiB", "MiB", "GiB"} {
		if math.Abs(f) < 1024 {
			if u == "B" {
				return fmt.Sprintf("%.0f B", f)
			}
			return fmt.Sprintf("%.1f %s", f, u)
		}
		f /= 1024
	}
	return fmt.Sprintf("%.1f TiB", f)
}

// size adds the group's sizing: what the backlog holds, what it should hold, and what other settings would have left.
// A group without offsets, counters or resyncs has none.
func (g *group) size(d *Diagnosis, p *plan) {
	if p.rates.windows == 0 && p.need == 0 && (p.assumed || p.backlog == 0) {
		return
	}
	s := Sizing{
		Group: g.id, BacklogBytes: p.backlog, PeakWriteBytesPerS: math.Round(p.rates.peak), P99WriteBytesPerS: math.Round(p.rates.p99),
		MedianWriteBytesPerS: math.Round(p.rates.median), LongestOutageS: round2(seconds(p.longest)), RecommendedBytes: p.recommended, Method: p.method, WhatIf: []WhatIf{}, Limits: []WhatIf{},
	}
	if p.rates.peak > 0 {
		s.SecondsCovered = round2(float64(p.backlog) / p.rates.peak)
	}
	s.WhatIf = append(s.WhatIf, g.backlogCurve(p.accounts, p.backlog)...)
	if last := s.WhatIf[len(s.WhatIf)-1]; p.recommended > last.BacklogBytes {
		s.WhatIf = append(s.WhatIf, step0("repl-backlog-size", p.recommended, sizeWord(p.recommended), fullOf(p.accounts, p.recommended)))
	}
	s.Limits = append(s.Limits, g.bufferCurve(p)...)
	s.Limits = append(s.Limits, g.timeoutCurve(p)...)
	if floor := fullOf(p.accounts, 1<<62); floor > 0 {
		s.Method += "; " + floorWords(p.accounts, floor)
	}
	d.Sizing = append(d.Sizing, s)
}

// floorWords says why some full resyncs stay whatever the backlog holds.
func floorWords(as []account, floor int64) string {
	var why []string
	for i := range as {
		if as[i].fullAt(1<<62) > 0 && as[i].why != "" && !slices.Contains(why, as[i].why) {
			why = append(why, as[i].why)
		}
	}
	s := fmt.Sprintf("no backlog spares %s", plural(floor, "full resync", "full resyncs"))
	if len(why) > 0 {
		s += ": " + strings.Join(why, ", ")
	}
	return s
}
