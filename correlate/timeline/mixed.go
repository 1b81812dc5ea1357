package timeline

// Mixed reports whether one file of the host's has the lines of processes that lived at the same time: a process speaks, another does, and
// the first again, though a process that has ended does not come back. Then its lines are several servers', and nothing tells them
// apart. Children come and go and do not count.
func (h *Host) Mixed() bool {
	file, returns := "", 0
	var seen map[int64]bool
	last := int64(-1)
	for i := range h.Events {
		e := &h.Events[i]
		if e.Role != "M" && e.Role != "S" || !e.PID.Known() {
			continue
		}
		if e.File != file {
			file, seen, last, returns = e.File, map[int64]bool{}, -1, 0
		}
		pid := int64(e.PID)
		if pid != last {
			if seen[pid] {
				if returns++; returns >= mixedReturns {
					return true
				}
			}
			seen[pid], last = true, pid
		}
	}
	return false
}
