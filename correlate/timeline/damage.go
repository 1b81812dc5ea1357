package timeline

import (
	"fmt"

	"psyncope/ingest/table"
)

// Damage is something by which a host's evidence shows that it is not as the server wrote it.
type Damage struct {
	What  string // what was found, as the end of a sentence: "2 lines whose time lies outside …"
	Count int
	// Where the first stands.
	File string
	Line int32
}

// tally counts rows that are damaged in one way, and keeps where the first stands.
type tally struct {
	n     int
	first table.Origin
}

func (t *tally) see(o *table.Origin) {
	if t.n++; t.n == 1 {
		t.first = *o
	}
}

// damaged notes what a tally found, if anything.
func (h *Host) damaged(t tally, what string) {
	if t.n > 0 {
		h.Damage = append(h.Damage, Damage{fmt.Sprintf("%d %s", t.n, what), t.n, t.first.File, t.first.Line})
	}
}

// Step is a moment at which the host's clock was set.
type Step struct {
	By   micros // forward where above 0
	File string
	Line int32
}

func (h *Host) stepped(by micros, o *table.Origin) {
	for _, s := range h.Steps {
		if Abs(s.By-by) <= TwoTicks { // the log and the dumps tell of one step
			return
		}
	}
	h.Steps = append(h.Steps, Step{by, o.File, o.Line})
}
