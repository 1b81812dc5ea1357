package timeline

import (
	"psyncope/ingest/table"
)

// strangeDumps finds dumps of another process than the one whose lines the log holds, though a line of it was written about when they were
// taken.
func (h *Host) strangeDumps() {
	pids := map[table.Int]bool{}
	for i := range h.Events {
		if e := &h.Events[i]; e.ofMain() {
			pids[e.PID] = true
		}
	}
	if len(pids) == 0 {
		return
	}
	var t tally
	for i := range h.Samples {
		if s := &h.Samples[i]; s.ProcessID.Known() && !pids[s.ProcessID] {
			t.see(&s.Origin)
		}
	}
	if t.n*2 > len(h.Samples) {
		h.damaged(t, "dumps of another process than those whose lines its log holds")
	}
}

// ofMain reports whether a server's main thread wrote the line, and which: children come and go.
func (e *Event) ofMain() bool { return (e.Role == "M" || e.Role == "S") && e.PID.Known() }

// strangers finds lines of another server's among the host's own, once they lie in order of time: a process that another one followed
// does not come back.
func (h *Host) strangers() {
	var t tally
	var all, one returns // of all files; of one
	file := ""
	for i := range h.Events {
		e := &h.Events[i]
		if !e.ofMain() {
			continue
		}
		if e.File != file {
			file, one = e.File, returns{}
		}
		if all.again(e.PID) {
			t.see(&e.Origin)
		}
		one.again(e.PID)
		h.mixed = h.mixed || one.n >= mixedReturns
	}
	h.damaged(t, "lines of a process that another one had followed: they are of several servers")
}

// Mixed reports whether one file of the host's has the lines of processes that lived at the same time: a process speaks, another does, and
// the first again, again and again. Then its lines are several servers', and nothing tells them apart.
func (h *Host) Mixed() bool { return h.mixed }

// returns counts how often a process comes back that another one followed.
type returns struct {
	seen map[table.Int]bool
	last table.Int
	n    int
}

func (r *returns) again(pid table.Int) bool {
	if r.seen == nil {
		r.seen = map[table.Int]bool{}
	} else if pid == r.last {
		return false
	}
	back := r.seen[pid]
	r.seen[pid], r.last = true, pid
	if back {
		r.n++
	}
	return back
}
