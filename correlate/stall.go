package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"psyncope/ingest/message"
)

// stall is a time in which a server did nothing for its replicas: its event loop was held.
type stall struct {
	span
	// atLeast and atMost bound its length: a gap between dumps is longer than the stall by up to two intervals.
	atLeast, atMost micros
	gap             bool // seen as a hole in the server's own INFO series
	before, after   *sample
	because         []explanation
}

// explanation is something of the server's own that held its event loop.
type explanation struct {
	kind string // slow-command, slow-script, fork-stall, aof-fsync-stall
	span
	exact    bool // its beginning is known to a second
	resync   bool // it was done for a replica that asked to continue: some link had been lost before
	summary  string
	evidence []Evidence
}

// worthASecond is the shortest hold that is looked at: the servers' own link timers tick once a second
// (redis 7.4.1 replication.c replicationCron), so nothing shorter can cost a link by itself.
const worthASecond = second

// findStalls gathers the times a host stood still and what of its own explains them.
func (h *host) findStalls() {
	var ex []explanation
	ex = append(ex, h.slowCommands()...)
	ex = append(ex, h.slowScripts()...)
	ex = append(ex, h.slowForks()...)
	ex = append(ex, h.slowFsyncs()...)
	out := h.gaps()
	for _, e := range ex {
		placed := false
		for i := range out {
			s := &out[i]
			// The hold lies in the hole, and fills a good part of it. A hole may be wider by an interval on each side.
			if s.gap && e.overlaps(span{s.from - 2*second, s.to + 2*second}) && e.to-e.from >= min(s.atLeast, s.atMost)/2 {
				s.because = append(s.because, e)
				placed = true
			}
		}
		if !placed && e.to-e.from >= worthASecond {
			out = append(out, stall{span: e.span, atLeast: e.to - e.from, atMost: e.to - e.from, because: []explanation{e}})
		}
	}
	for i := range out {
		s := &out[i]
		slices.SortStableFunc(s.because, func(a, b explanation) int { return cmp.Compare(b.to-b.from, a.to-a.from) })
		// An exact account of the hold narrows the hole.
		for _, e := range s.because {
			if e.exact && e.from >= s.from-2*second {
				s.from, s.to = e.from, e.to
				break
			}
		}
	}
	slices.SortStableFunc(out, func(a, b stall) int { return cmp.Compare(a.from, b.from) })
	h.stalls = joinStalls(out)
}

// joinStalls makes one of stalls that overlap: the slowlog, LATENCY and INFO tell of the same hold.
func joinStalls(in []stall) []stall {
	var out []stall
	for _, s := range in {
		if n := len(out); n > 0 && s.from < out[n-1].to-second/2 {
			last := &out[n-1]
			last.because = append(last.because, s.because...)
			last.to = max(last.to, s.to)
			last.atLeast, last.atMost = max(last.atLeast, s.atLeast), max(last.atMost, s.atMost)
			if s.gap && !last.gap {
				last.gap, last.before, last.after = true, s.before, s.after
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// interval is the host's usual time between dumps; 0 with fewer than three.
func (h *host) interval() micros { return h.step }

func (h *host) usualStep() micros {
	if len(h.samples) < 3 {
		return 0
	}
	d := make([]micros, 0, len(h.samples)-1)
	for i := 1; i < len(h.samples); i++ {
		// Dumps that were queued behind a stalled server come out at once: they are no interval.
		if x := h.samples[i].at - h.samples[i-1].at; x > second/4 {
			d = append(d, x)
		}
	}
	if len(d) == 0 {
		return 0
	}
	return median(d)
}

// gaps are the holes in the host's INFO series through which the same process lived on.
func (h *host) gaps() []stall {
	step := h.interval()
	if step == 0 {
		return nil
	}
	var out []stall
	for i := 1; i < len(h.samples); i++ {
		a, b := &h.samples[i-1], &h.samples[i]
		d := b.at - a.at
		// One dump missing is a hole; less is the collector's jitter.
		if d < step*17/10 || d < 2*second {
			continue
		}
		if a.RunID != "" && b.RunID != "" && a.RunID != b.RunID || h.restartedWithin(a.at, b.at) {
			continue
		}
		// A server that writes to its log is awake: it can have stood still only between two lines.
		free := h.longestSilence(a.at, b.at)
		if d = free.to - free.from; d < step*17/10-second || d < 2*second {
			continue
		}
		out = append(out, stall{span: free, atLeast: max(d-step, 0), atMost: d, gap: true, before: a, after: b})
	}
	return out
}

// longestSilence is the longest stretch between two moments in which the host's main thread wrote no line.
func (h *host) longestSilence(from, to micros) span {
	best, last := span{from, from}, from
	see := func(at micros) {
		if at-last > best.to-best.from {
			best = span{last, at}
		}
		last = at
	}
	for i := range h.events {
		e := &h.events[i]
		if e.at <= from || !awake(e) {
			continue
		}
		if e.at >= to {
			break
		}
		see(e.at)
		last = max(last, min(e.last, to))
	}
	see(to)
	return best
}

// awake tells whether a line shows that the host's event loop turned. Children write their own lines, signal handlers
// theirs, and a script that runs too long has itself announced from inside.
func awake(e *event) bool {
	switch e.Kind {
	case message.ScriptSlow, message.WatchdogExpired, message.ShutdownSignal:
		return false
	}
	return e.Role != "C" && e.PID.Known() && e.at != unknown
}

func (h *host) restartedWithin(from, to micros) bool {
	for _, l := range h.lives {
		if l.startEv != nil && l.from >= from && l.from <= to {
			return true
		}
	}
	return false
}

// forks are commands that stand in the slowlog for a fork (redis 7.4.1 rdb.c, replication.c): where they are
// long, the fork was.
func isForkCommand(name, args string) bool {
	switch name {
	case "BGSAVE", "BGREWRITEAOF", "PSYNC", "SYNC":
		return true
	case "CONFIG":
		return strings.Contains(strings.ToLower(args), "appendonly")
	}
	return false
}

func isScript(name string) bool {
	switch name {
	case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO", "SCRIPT", "FUNCTION":
		return true
	}
	return false
}

func (h *host) slowCommands() []explanation {
	var out []explanation
	for i := range h.commands {
		c := &h.commands[i]
		if micros(c.Micros) < worthASecond {
			continue
		}
		e := explanation{kind: "slow-command", span: span{c.start, c.end}, exact: true, evidence: []Evidence{c.evidence()}}
		what := strings.TrimSpace(c.Name + " " + shorten(c.Args, 60))
		switch {
		case isForkCommand(c.Name, c.Args):
			e.kind = "fork-stall"
			e.resync = c.Name == "PSYNC" && !strings.HasSuffix(strings.TrimSpace(c.Args), "-1")
			e.summary = fmt.Sprintf("%s held %s for %s: that is its fork", what, h.name, length(micros(c.Micros)))
		case isScript(c.Name):
			e.kind = "slow-script"
			e.summary = fmt.Sprintf("%s ran for %s on %s", what, length(micros(c.Micros)), h.name)
		default:
			e.summary = fmt.Sprintf("%s ran for %s on %s", what, length(micros(c.Micros)), h.name)
		}
		out = append(out, e)
	}
	return out
}

// slowScripts reads "Slow script detected: still in execution after N milliseconds": the script began N before.
func (h *host) slowScripts() []explanation {
	var out []explanation
	for i := range h.events {
		e := &h.events[i]
		if e.Kind != message.ScriptSlow {
			continue
		}
		from := e.at - micros(e.Number.Or(5000))*1000
		to, ev := e.last, []Evidence{e.evidence()}
		for j := i + 1; j < len(h.events); j++ {
			k := &h.events[j]
			if k.Kind == message.ScriptKilled {
				to = k.at
				ev = append(ev, k.evidence())
				break
			}
			if k.Kind == message.ScriptSlow || k.Role == "C" {
				continue
			}
			// The first line of the main thread's own after it: the loop runs again.
			to = max(to, k.at)
			break
		}
		if s := h.firstSampleAfter(e.at); s != nil && s.at > to && to <= e.last {
			to = s.at
		}
		out = append(out, explanation{
			kind: "slow-script", span: span{from, to}, exact: true, evidence: ev,
			summary: fmt.Sprintf("a script held %s for %s or more", h.name, length(to-from)),
		})
	}
	return out
}

// sampleAt is the index of the first dump at this time or later.
func (h *host) sampleAt(at micros) int {
	return sort.Search(len(h.samples), func(i int) bool { return h.samples[i].at >= at })
}

func (h *host) firstSampleAfter(at micros) *sample {
	if i := h.sampleAt(at); i < len(h.samples) {
		return &h.samples[i]
	}
	return nil
}

func (h *host) lastSampleBefore(at micros) *sample {
	if i := h.sampleAt(at); i > 0 {
		return &h.samples[i-1]
	}
	return nil
}

// slowForks finds forks that held the main thread: latest_fork_usec that is new in a dump, LATENCY's fork
// events, and in the log a child that had finished before its parent could say it had started.
func (h *host) slowForks() []explanation {
	var out []explanation
	var prev *sample
	for i := range h.samples {
		s := &h.samples[i]
		us := micros(s.LatestForkMicros.Or(0))
		if us >= worthASecond && (prev == nil || prev.LatestForkMicros != s.LatestForkMicros) {
			from := s.at - us
			if prev != nil {
				from = max(prev.at, from)
			}
			to := min(from+us, s.at)
			out = append(out, explanation{
				kind: "fork-stall", span: span{to - us, to}, evidence: []Evidence{s.evidence(fmt.Sprintf("latest_fork_usec:%d", us))},
				summary: fmt.Sprintf("a fork held %s for %s", h.name, length(us)),
			})
		}
		prev = s
	}
	for i := range h.latency {
		l := &h.latency[i]
		if l.Latency.Event == "fork" && l.end-l.start >= worthASecond {
			out = append(out, explanation{
				kind: "fork-stall", span: span{l.start, l.end}, exact: true, evidence: []Evidence{l.evidence()},
				summary: fmt.Sprintf("a fork held %s for %s", h.name, length(l.end-l.start)),
			})
		}
	}
	for i := range h.events {
		e := &h.events[i]
		if e.Kind != message.BgsaveStarted && e.Kind != message.DisklessTransferStarted && e.Kind != message.AofRewriteStarted || !e.Number.Known() {
			continue
		}
		for j := i - 1; j >= 0 && e.at-h.events[j].at < 3600*second; j-- {
			c := &h.events[j]
			if c.PID != e.Number {
				if c.Kind == message.BgsaveStarted && c.Number == e.Number {
					break
				}
				continue
			}
			if e.at-c.at >= worthASecond {
				out = append(out, explanation{
					kind: "fork-stall", span: span{c.at, e.at}, exact: true, evidence: []Evidence{c.evidence(), e.evidence()},
					summary: fmt.Sprintf("child %d of %s was done %s before its parent said it had started: the fork returned that late", e.Number, h.name, length(e.at-c.at)),
				})
				break
			}
		}
	}
	return append(out, h.lateChildren()...)
}

// lateChildren finds forks by the line before them: a server says that it is about to fork, forks, and says that the
// child has started (redis 7.4.1 server.c serverCron, rdb.c rdbSaveBackground). What lies between is the fork.
func (h *host) lateChildren() []explanation {
	var out []explanation
	var about *event
	for i := range h.events {
		e := &h.events[i]
		switch e.Kind {
		case message.SavePointReached, message.SyncBgsaveStart, message.AofRewriteAuto:
			about = e
			continue
		case message.BgsaveStarted, message.DisklessTransferStarted, message.AofRewriteStarted:
			if about != nil && about.PID == e.PID && e.at-about.at >= worthASecond {
				out = append(out, explanation{
					kind: "fork-stall", span: span{about.at, e.at}, exact: true, evidence: []Evidence{about.evidence(), e.evidence()},
					summary: fmt.Sprintf("a fork held %s for %s: so long after it was decided was its child started", h.name, length(e.at-about.at)),
				})
			}
		}
		if awake(e) {
			about = nil // the loop turned in between: it was no single fork
		}
	}
	return out
}

// slowFsyncs finds writes held by the AOF's fsync: LATENCY's aof events, the log's own words, and the counter.
func (h *host) slowFsyncs() []explanation {
	var out []explanation
	for i := range h.latency {
		l := &h.latency[i]
		if strings.HasPrefix(l.Latency.Event, "aof-") && l.end-l.start >= worthASecond {
			out = append(out, explanation{
				kind: "aof-fsync-stall", span: span{l.start, l.end}, exact: true, evidence: []Evidence{l.evidence()},
				summary: fmt.Sprintf("%s held %s for %s", l.Latency.Event, h.name, length(l.end-l.start)),
			})
		}
	}
	for i := range h.events {
		e := &h.events[i]
		if e.Kind == message.AofFsyncSlow {
			// Each line means that a write had been held for two seconds already (redis 7.4.1 aof.c flushAppendOnlyFile).
			out = append(out, explanation{
				kind: "aof-fsync-stall", span: span{e.at - 2*second, e.last}, evidence: []Evidence{e.evidence()},
				summary: fmt.Sprintf("the AOF's fsync held writes on %s for two seconds or more, %d times", h.name, e.Count.Or(1)),
			})
		}
	}
	for i := 1; i < len(h.samples); i++ {
		a, b := &h.samples[i-1], &h.samples[i]
		if d := b.AOFDelayedFsync.Or(0) - a.AOFDelayedFsync.Or(0); d > 0 && b.RunID == a.RunID {
			out = append(out, explanation{
				kind: "aof-fsync-stall", span: span{a.at, b.at}, evidence: []Evidence{
					a.evidence(fmt.Sprintf("aof_delayed_fsync:%d", a.AOFDelayedFsync)), b.evidence(fmt.Sprintf("aof_delayed_fsync:%d", b.AOFDelayedFsync)),
				},
				summary: fmt.Sprintf("aof_delayed_fsync rose by %d on %s: writes were held by fsync", d, h.name),
			})
		}
	}
	return out
}
