package timeline

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// IsForkCommand reports whether a command stands in the slowlog for a fork (redis 7.4.1 rdb.c, replication.c): where they are
// long, the fork was.
func IsForkCommand(name, args string) bool {
	switch name {
	case "BGSAVE", "BGREWRITEAOF", "PSYNC", "SYNC":
		return true
	case "CONFIG":
		return strings.Contains(strings.ToLower(args), "appendonly")
	}
	return false
}

// IsScript reports whether a command runs a script or a function.
func IsScript(name string) bool {
	switch name {
	case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO", "SCRIPT", "FUNCTION":
		return true
	}
	return false
}

// calledBy names who ran a command, where the slowlog does (4.0 on).
func calledBy(c *Command) string {
	switch {
	case c.Client == "":
		return ""
	case c.User == "":
		return " (called by " + c.Client + ")"
	}
	return fmt.Sprintf(" (called by %s, %s)", c.Client, c.User)
}

func (h *Host) slowCommands() []Explanation {
	var out []Explanation
	for i := range h.Commands {
		c := &h.Commands[i]
		if micros(c.Micros) < WorthASecond {
			continue
		}
		e := Explanation{Kind: "slow-command", Span: Span{c.Start, c.End}, Exact: true, Evidence: []diagnosis.Evidence{c.Evidence()}}
		e.Waits = c.Name == "DEBUG" && strings.HasPrefix(strings.ToLower(c.Args), "sleep")
		what := strings.TrimSpace(c.Name + " " + diagnosis.Shorten(c.Args, 60))
		e.Culprit = fmt.Sprintf("%s on %s%s held it for %s", what, h.Name, calledBy(c), diagnosis.Length(micros(c.Micros)))
		switch {
		case IsForkCommand(c.Name, c.Args):
			e.Kind, e.Culprit = "fork-stall", "" // it only began what held the server
			if c.Name == "PSYNC" {
				e.Asker = c.Client
			}
			e.Resync = c.Name == "PSYNC" && !strings.HasSuffix(strings.TrimSpace(c.Args), "-1")
			e.Summary = fmt.Sprintf("%s held %s for %s: that is its fork", what, h.Name, diagnosis.Length(micros(c.Micros)))
		case IsScript(c.Name):
			e.Kind = "slow-script"
			e.Summary = fmt.Sprintf("%s ran for %s on %s", what, diagnosis.Length(micros(c.Micros)), h.Name)
		default:
			e.Summary = fmt.Sprintf("%s ran for %s on %s", what, diagnosis.Length(micros(c.Micros)), h.Name)
		}
		out = append(out, e)
	}
	return out
}

// slowScripts reads "Slow script detected: still in execution after N milliseconds": the script began N before.
func (h *Host) slowScripts() []Explanation {
	var out []Explanation
	for i := range h.Events {
		e := &h.Events[i]
		if e.Kind != message.ScriptSlow {
			continue
		}
		from := e.At - micros(e.Number.Or(5000))*1000
		to, ev := e.Last, []diagnosis.Evidence{e.Evidence()}
		s0 := h.FirstSampleAfter(e.At) // the first answer to INFO, which a busy server does not give (BUSY)
		for j := i + 1; j < len(h.Events); j++ {
			k := &h.Events[j]
			if k.Kind == message.ScriptKilled {
				to = k.At
				ev = append(ev, k.Evidence())
				break
			}
			// A busy script looks after its connections now and then, and links are lost and made meanwhile.
			if k.Kind == message.ScriptSlow || k.Role == "C" || k.Means != 0 && s0 != nil && k.At < s0.At {
				continue
			}
			// The first line of the main thread's own after it: the loop runs again.
			to = max(to, k.At)
			break
		}
		if s := h.FirstSampleAfter(e.At); s != nil && s.At > to && to <= e.Last {
			to = s.At
		}
		out = append(out, Explanation{
			Kind: "slow-script", Span: Span{from, to}, Exact: true, Aloud: true, Evidence: ev,
			Summary: fmt.Sprintf("a script held %s for %s or more", h.Name, diagnosis.Length(to-from)),
		})
	}
	return out
}

// slowForks finds forks that held the main thread: latest_fork_usec that is new in a dump, LATENCY's fork
// events, and in the log a child that had finished before its parent could say it had started.
func (h *Host) slowForks() []Explanation {
	return slices.Concat(h.forksInDumps(), h.forksInLatency(), h.doneChildren(), h.lateChildren())
}

func (h *Host) forksInDumps() []Explanation {
	var out []Explanation
	var prev *Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		us := micros(s.LatestForkMicros.Or(0))
		if us >= WorthASecond && (prev == nil || prev.LatestForkMicros != s.LatestForkMicros) {
			from := s.At - us
			if prev != nil {
				from = max(prev.At, from)
			}
			to := min(from+us, s.At)
			out = append(out, Explanation{
				Kind: "fork-stall", Span: Span{to - us, to}, Evidence: []diagnosis.Evidence{s.Evidence(fmt.Sprintf("latest_fork_usec:%d", us))},
				Summary: fmt.Sprintf("a fork held %s for %s", h.Name, diagnosis.Length(us)),
			})
		}
		prev = s
	}
	return out
}

func (h *Host) forksInLatency() []Explanation {
	var out []Explanation
	for i := range h.latency {
		l := &h.latency[i]
		if l.Latency.Event == "fork" && l.end-l.start >= WorthASecond {
			out = append(out, Explanation{
				Kind: "fork-stall", Span: Span{l.start, l.end}, Exact: true, Evidence: []diagnosis.Evidence{l.evidence()},
				Summary: fmt.Sprintf("a fork held %s for %s", h.Name, diagnosis.Length(l.end-l.start)),
			})
		}
	}
	return out
}

// longestChild is how far before a child's announcement its own lines are looked for: pids come round again.
const longestChild = 3600 * second

func (h *Host) doneChildren() []Explanation {
	var out []Explanation
	var children map[table.Int]bool
	wrote := map[table.Int][]*Event{} // by the child that wrote them, since its pid was last announced
	for i := range h.Events {
		e := &h.Events[i]
		if e.Role != "M" && e.Role != "S" { // else it is no child's, and of a million such lines nothing is looked up
			if children == nil {
				children = h.children()
			}
			if children[e.PID] {
				wrote[e.PID] = append(wrote[e.PID], e)
			}
		}
		if !e.Is(message.Forked) || !e.Number.Known() {
			continue
		}
		if c := childBefore(wrote[e.Number], e); c != nil {
			out = append(out, Explanation{
				Kind: "fork-stall", Span: Span{c.At, e.At}, Exact: true, Evidence: []diagnosis.Evidence{c.Evidence(), e.Evidence()},
				Summary: fmt.Sprintf("child %d of %s was done %s before its parent said it had started: the fork returned that late", e.Number, h.Name, diagnosis.Length(e.At-c.At)),
			})
		}
		if e.Kind == message.BgsaveStarted && e.PID != e.Number {
			delete(wrote, e.Number)
		}
	}
	return out
}

// children are the pids that the host's log announces as those of its children.
func (h *Host) children() map[table.Int]bool {
	pids := map[table.Int]bool{}
	for i := range h.Events {
		if e := &h.Events[i]; e.Is(message.Forked) && e.Number.Known() {
			pids[e.Number] = true
		}
	}
	return pids
}

// childBefore is the last line long enough before the announcement that the announced child wrote itself.
func childBefore(wrote []*Event, e *Event) *Event {
	for j := len(wrote) - 1; j >= 0 && e.At-wrote[j].At < longestChild; j-- {
		if e.At-wrote[j].At >= WorthASecond {
			return wrote[j]
		}
	}
	return nil
}

// lateChildren finds forks by the line before them: a server says that it is about to fork, forks, and says that the
// child has started (redis 7.4.1 server.c serverCron, rdb.c rdbSaveBackground). What lies between is the fork.
func (h *Host) lateChildren() []Explanation {
	var out []Explanation
	var about *Event
	for i := range h.Events {
		e := &h.Events[i]
		switch {
		case e.Is(message.AboutToFork):
			about = e
			continue
		case e.Is(message.Forked):
			if about != nil && about.PID == e.PID && e.At-about.At >= WorthASecond {
				out = append(out, Explanation{
					Kind: "fork-stall", Span: Span{about.At, e.At}, Exact: true, Evidence: []diagnosis.Evidence{about.Evidence(), e.Evidence()},
					Summary: fmt.Sprintf("a fork held %s for %s: so long after it was decided was its child started", h.Name, diagnosis.Length(e.At-about.At)),
				})
			}
		}
		if Awake(e) {
			about = nil // the loop turned in between: it was no single fork
		}
	}
	return out
}

// slowFsyncs finds writes held by the AOF's fsync: LATENCY's aof events, the log's own words, and the counter.
func (h *Host) slowFsyncs() []Explanation {
	var out []Explanation
	for i := range h.latency {
		l := &h.latency[i]
		if strings.HasPrefix(l.Latency.Event, "aof-") && l.end-l.start >= WorthASecond {
			out = append(out, Explanation{
				Kind: "aof-fsync-stall", Span: Span{l.start, l.end}, Exact: true, Evidence: []diagnosis.Evidence{l.evidence()},
				Summary: fmt.Sprintf("%s held %s for %s", l.Latency.Event, h.Name, diagnosis.Length(l.end-l.start)),
			})
		}
	}
	for i := range h.Events {
		e := &h.Events[i]
		if e.Kind == message.AofFsyncSlow {
			// Each line means that a write had been held for two seconds already (redis 7.4.1 aof.c flushAppendOnlyFile).
			out = append(out, Explanation{
				Kind: "aof-fsync-stall", Span: Span{e.At - FsyncHeld, e.Last}, Aloud: true, Evidence: []diagnosis.Evidence{e.Evidence()},
				Summary: fmt.Sprintf("the AOF's fsync held writes on %s for two seconds or more, %d times", h.Name, e.Count.Or(1)),
			})
		}
	}
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		if d := b.AOFDelayedFsync.Or(0) - a.AOFDelayedFsync.Or(0); d > 0 && b.RunID == a.RunID {
			out = append(out, Explanation{
				Kind: "aof-fsync-stall", Span: Span{a.At, b.At}, Evidence: []diagnosis.Evidence{
					a.Evidence(fmt.Sprintf("aof_delayed_fsync:%d", a.AOFDelayedFsync)), b.Evidence(fmt.Sprintf("aof_delayed_fsync:%d", b.AOFDelayedFsync)),
				},
				Summary: fmt.Sprintf("aof_delayed_fsync rose by %d on %s: writes were held by fsync", d, h.Name),
			})
		}
	}
	return out
}
