package timeline

import (
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// childrenCrash takes the word of a crash off the lines of children, after which the server goes on. A server that starts writes as a child as well,
// until it knows its own process id (redis 7.4.1 server.c serverLogRaw): it has said that it starts.
func (h *Host) childrenCrash() {
	main, starts := table.Int(table.Null), map[table.Int]bool{}
	for i := range h.Events {
		e := &h.Events[i]
		switch {
		case e.ofMain():
			main = e.PID
		case e.Is(message.Begins):
			starts[e.PID] = true
		case e.Role == "C" && e.PID.Known() && main.Known() && e.PID != main && !starts[e.PID]:
			e.Means &^= message.Crash
		}
	}
}
