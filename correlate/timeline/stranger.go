package timeline

import (
	"psyncope/ingest/table"
)

// strangeDumps finds dumps of another process than the one whose lines the log holds, though a line of it was written about when they were
// taken.
func (h *Host) strangeDumps() {
	pids := map[table.Int]bool{}
	for i := range h.Events {
		if e := &h.Events[i]; e.Role == "M" || e.Role == "S" {
			pids[e.PID] = true
		}
	}
	delete(pids, table.Int(table.Null))
	if len(pids) == 0 {
		return
	}
	n, first := 0, -1
	for i := range h.Samples {
		if s := &h.Samples[i]; s.ProcessID.Known() && !pids[s.ProcessID] {
			if n++; first < 0 {
				first = i
			}
		}
	}
	if n*2 > len(h.Samples) {
		h.damaged(n, &h.Samples[first].Origin, "dumps of another process than those whose lines its log holds")
	}
}

// strangers finds lines of another server's among the host's own, once they lie in order of time: a process that another one followed
// does not come back.
func (h *Host) strangers() {
	last, seen := table.Int(table.Null), map[table.Int]bool{}
	returned, first := 0, -1
	for i := range h.Events {
		e := &h.Events[i]
		if e.Role != "M" && e.Role != "S" || !e.PID.Known() || e.PID == last {
			continue
		}
		if seen[e.PID] {
			if returned++; first < 0 {
				first = i
			}
		}
		seen[e.PID], last = true, e.PID
	}
	if returned > 0 {
		h.damaged(returned, &h.Events[first].Origin, "lines of a process that another one had followed: they are of several servers")
	}
}
