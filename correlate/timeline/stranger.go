package timeline

import (
	"psyncope/ingest/table"
)

// strangeDumps finds dumps of another process than the one whose lines the log holds, though a line of it was written about when they were
// taken.
func (h *Host) strangeDumps() (found []table.Origin) {
	pids := map[table.Int]bool{}
	for i := range h.Events {
		if e := &h.Events[i]; e.ofMain() {
			pids[e.PID] = true
		}
	}
	if len(pids) == 0 {
		return nil
	}
	for i := range h.Samples {
		if s := &h.Samples[i]; s.ProcessID.Known() && !pids[s.ProcessID] {
			found = append(found, s.Origin())
		}
	}
	if len(found)*2 <= len(h.Samples) {
		return nil
	}
	return found
}
