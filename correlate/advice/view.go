package advice

import (
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
)

// sign is what an indicator saw.
type sign struct {
	at       micros
	summary  string
	evidence []diagnosis.Evidence
}

// view is what an indicator looks at beside the server itself: its group, and what the group's incidents would have taken.
type view struct {
	*replication.Group
	plan *sizing.Plan
}

// told reports whether an incident covers the span: then it is in the chain already.
func (g *view) told(s timeline.Span) bool {
	for i := range g.plan.Accounts {
		in := g.plan.Accounts[i].In
		from := min(in.Start, in.Contact)
		if s.Overlaps(timeline.Span{From: from - timeline.TwoTicks, To: in.End}) {
			return true
		}
	}
	return false
}

// hasStall reports whether an incident knows of a stall of the host's: that is what the longest turn was.
func (g *view) hasStall(h *timeline.Host) bool {
	for i := range h.Stalls {
		if g.told(h.Stalls[i].Span) {
			return true
		}
	}
	return false
}
