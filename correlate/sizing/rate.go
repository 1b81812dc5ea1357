package sizing

import (
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
	servers, dumps := g.Servers(), 0
	for _, h := range servers {
		dumps += len(h.Samples)
	}
	ws := make([]float64, 0, dumps)
	r := rates{Peak: -1, shortest: math.MaxInt64}
	for _, h := range servers {
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
			rate := float64(s.PrimaryOffset-from.PrimaryOffset) / diagnosis.Seconds(d)
			if rate >= r.Peak {
				r.Peak, r.From, r.To, r.At = rate, from, s, h
			}
			ws = append(ws, rate)
			r.shortest, r.longest = min(r.shortest, d), max(r.longest, d)
			from = s
		}
	}
	if len(ws) == 0 {
		return rates{}
	}
	slices.Sort(ws)
	at := func(q float64) float64 { return ws[min(int(math.Ceil(q*float64(len(ws))))-1, len(ws)-1)] }
	r.p99, r.median, r.windows = at(0.99), at(0.5), len(ws)
	return r
}

// mostWritten is the most that was written in any stretch of this length, by the offsets in the dumps; what is between two dumps is
// taken to have been written evenly. Where all dumps span less it is what they span, drawn out.
func mostWritten(g *replication.Group, d micros) int64 {
	most := 0.0
	if d <= 0 {
		return 0
	}
	for _, h := range g.Servers() {
		for _, run := range streams(h) {
			most = max(most, mostIn(run, d))
		}
	}
	return int64(most)
}

// streams are the host's dumps as a primary, cut where the stream is another one.
func streams(h *timeline.Host) (out [][]*timeline.Sample) {
	var run []*timeline.Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if n := len(run); n > 0 {
			if a := run[n-1]; s.Role != "master" || s.BacklogActive == 0 || a.RunID != s.RunID || a.ReplID != s.ReplID || s.PrimaryOffset < a.PrimaryOffset {
				out, run = append(out, run), nil
			}
		}
		if s.Role == "master" && s.PrimaryOffset.Known() && s.BacklogActive != 0 {
			run = append(run, s)
		}
	}
	return append(out, run)
}

func mostIn(run []*timeline.Sample, d micros) (most float64) {
	if len(run) < 2 {
		return 0
	}
	first, last := run[0], run[len(run)-1]
	if span := last.At - first.At; span < d {
		return float64(last.PrimaryOffset-first.PrimaryOffset) * float64(d) / float64(max(span, shortestWindow))
	}
	// A stretch that holds the most begins or ends at a dump.
	at := func(t micros, from int) (float64, int) {
		for from+1 < len(run)-1 && run[from+1].At <= t {
			from++
		}
		a, b := run[from], run[from+1]
		if b.At == a.At {
			return float64(b.PrimaryOffset), from
		}
		return float64(a.PrimaryOffset) + float64(b.PrimaryOffset-a.PrimaryOffset)*float64(t-a.At)/float64(b.At-a.At), from
	}
	j, k := 0, 0
	var end, begin float64
	for _, s := range run {
		if s.At+d <= last.At {
			end, j = at(s.At+d, j)
			most = max(most, end-float64(s.PrimaryOffset))
		}
		if s.At-d >= first.At {
			begin, k = at(s.At-d, k)
			most = max(most, float64(s.PrimaryOffset)-begin)
		}
	}
	return most
}

func windowWord(r rates) string {
	a, b := diagnosis.Length(r.shortest), diagnosis.Length(r.longest)
	if a == b {
		return a
	}
	return a + " to " + b
}
