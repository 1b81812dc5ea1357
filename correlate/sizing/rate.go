package sizing

import (
	"cmp"
	"math"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// rates are how fast the primaries' streams grew, in bytes a second, over windows between dumps of one process.
type rates struct {
	Peak, p99, median float64
	windows           int
	shortest, longest micros
	From, To          *timeline.Sample // the two dumps around the peak
	At                *timeline.Host   // whose they are
}

// shortestWindow is over how little time a rate is taken: links' timers and pings tick once a second, and a shorter
// burst than that fits in the sockets. Dates in whole seconds may be off by one, so their windows are wider.
const (
	shortestWindow = second * 9 / 10
	coarseWindow   = 5 * second
)

// writeRates measures the growth of master_repl_offset between dumps of one process on one replication id.
func writeRates(g *replication.Group) rates {
	type window struct {
		rate     float64
		d        micros
		from, to *timeline.Sample
		at       *timeline.Host
	}
	var ws []window
	for _, h := range g.Servers() {
		var from *timeline.Sample
		for i := range h.Samples {
			s := &h.Samples[i]
			if s.Role != "master" || !s.PrimaryOffset.Known() || s.BacklogActive == 0 {
				from = nil // without a backlog the offset stands still, whatever is written
				continue
			}
			if from == nil || from.RunID != s.RunID || from.ReplID != s.ReplID || s.PrimaryOffset < from.PrimaryOffset {
				from = s
				continue
			}
			d := s.At - from.At
			least := shortestWindow
			if s.Doubt() == second || from.Doubt() == second {
				least = coarseWindow
			}
			if d < least {
				continue
			}
			ws = append(ws, window{float64(s.PrimaryOffset-from.PrimaryOffset) / diagnosis.Seconds(d), d, from, s, h})
			from = s
		}
	}
	if len(ws) == 0 {
		return rates{}
	}
	slices.SortStableFunc(ws, func(a, b window) int { return cmp.Compare(a.rate, b.rate) })
	at := func(q float64) float64 { return ws[min(int(math.Ceil(q*float64(len(ws))))-1, len(ws)-1)].rate }
	top := ws[len(ws)-1]
	r := rates{Peak: top.rate, p99: at(0.99), median: at(0.5), windows: len(ws), shortest: top.d, longest: top.d, From: top.from, To: top.to, At: top.at}
	for _, w := range ws {
		r.shortest, r.longest = min(r.shortest, w.d), max(r.longest, w.d)
	}
	return r
}

func windowWord(r rates) string {
	a, b := diagnosis.Length(r.shortest), diagnosis.Length(r.longest)
	if a == b {
		return a
	}
	return a + " to " + b
}
