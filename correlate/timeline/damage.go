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

func (h *Host) damaged(n int, o *table.Origin, what string) {
	if n > 0 {
		h.Damage = append(h.Damage, Damage{fmt.Sprintf("%d %s", n, what), n, o.File, o.Line})
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
