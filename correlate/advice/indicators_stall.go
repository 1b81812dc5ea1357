package advice

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// A fork copies page tables: 10 to 20 ms for a GB of data on hardware and modern virtual machines; Redis's own page on latency
// names 240 ms on old ones. Ten times the usual is worth a look, once it is long enough to be felt at all: a tenth of a
// second is what latency-monitor-threshold is mostly set to.
const (
	slowForkPerGB = second / 5
	feltFork      = second / 10
)

func slowFork(g *view, h *timeline.Host) (sign, bool) {
	var worst *timeline.Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.LatestForkMicros.Known() && (worst == nil || s.LatestForkMicros > worst.LatestForkMicros) {
			worst = s
		}
	}
	if worst == nil || worst.UsedMemory.Or(0) <= 0 {
		return sign{}, false
	}
	us := micros(worst.LatestForkMicros)
	perGB := micros(float64(us) * float64(1<<30) / float64(max(int64(worst.UsedMemory), 1<<20)))
	if us < feltFork || perGB < slowForkPerGB && us < h.Duration("repl-timeout")/2 {
		return sign{}, false
	}
	return sign{
		worst.At, fmt.Sprintf("the longest fork took %s with %s of data, %s for each GB; the main thread stands still for it, and the replicas wait %s", diagnosis.Length(us), diagnosis.Amount(int64(worst.UsedMemory)), diagnosis.Length(perGB), diagnosis.Length(h.Duration("repl-timeout"))),
		[]diagnosis.Evidence{worst.Evidence(fmt.Sprintf("latest_fork_usec:%d", us), fmt.Sprintf("used_memory:%d", worst.UsedMemory))},
	}, true
}

// loopStalls: the event loop was held for half of repl-timeout or more, outside any incident; twice as long costs the
// links. eventloop_duration_max (7.2, INFO debug) shows it without naming the moment.
func loopStalls(g *view, h *timeline.Host) (sign, bool) {
	timeout := h.Duration("repl-timeout")
	if timeout == 0 {
		return sign{}, false
	}
	var worst *timeline.Stall
	n := int64(0)
	for i := range h.Stalls {
		st := &h.Stalls[i]
		// A hole between dumps may be the collector's: what held the server has to be known.
		if len(st.Because) == 0 || st.AtLeast*halfUsed < timeout || g.told(st.Span) {
			continue
		}
		n++
		if worst == nil || st.AtLeast > worst.AtLeast {
			worst = st
		}
	}
	if worst != nil {
		return sign{worst.From, fmt.Sprintf("the event loop was held %s for half of repl-timeout (%s) or longer; the longest, %s: %s", diagnosis.Plural(n, "time", "times"), diagnosis.Length(timeout), diagnosis.Length(worst.AtLeast), worst.Because[0].Summary), diagnosis.Few(worst.Because[0].Evidence, 2)}, true
	}
	var most *timeline.Sample
	for i := range h.Samples {
		if s := &h.Samples[i]; s.EventLoopMaxMicros.Known() && (most == nil || s.EventLoopMaxMicros > most.EventLoopMaxMicros) {
			most = s
		}
	}
	if most == nil || micros(most.EventLoopMaxMicros)*halfUsed < timeout || g.hasStall(h) {
		return sign{}, false
	}
	return sign{most.At, fmt.Sprintf("the longest turn of the event loop took %s, and the replicas wait %s", diagnosis.Length(micros(most.EventLoopMaxMicros)), diagnosis.Length(timeout)), []diagnosis.Evidence{most.Evidence(fmt.Sprintf("eventloop_duration_max:%d", most.EventLoopMaxMicros))}}, true
}
