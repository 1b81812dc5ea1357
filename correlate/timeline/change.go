package timeline

import (
	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// Change is a setting that the host's dumps show with another value than before.
type Change struct {
	Name     string
	From, To string
	Less     bool // the new value is the smaller one
	Before   *Sample
	At       *Sample // the first dump with the new value
}

// Changes are the settings that changed between two dumps, in order of time: those that INFO shows as they are.
func (h *Host) Changes() (out []Change) {
	var last *Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if last != nil {
			for _, f := range [...]struct {
				name     string
				was, now table.Int
			}{
				{"repl-backlog-size", last.BacklogSize, s.BacklogSize},
				{"maxmemory", last.MaxMemory, s.MaxMemory},
				{"maxclients", last.MaxClients, s.MaxClients},
			} {
				if f.was.Known() && f.now.Known() && f.was != f.now {
					out = append(out, Change{f.name, diagnosis.SizeWord(int64(f.was)), diagnosis.SizeWord(int64(f.now)), f.now < f.was, last, s})
				}
			}
			if a, b := last.MaxMemoryPolicy, s.MaxMemoryPolicy; a != "" && b != "" && a != b {
				out = append(out, Change{"maxmemory-policy", a, b, false, last, s})
			}
		}
		if s.BacklogSize.Known() || s.MaxMemory.Known() {
			last = s
		}
	}
	return out
}
