package incident

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// ForkedAt moves a fork behind the request it was made for: the slowlog knows whole seconds only, and so a fork's
// beginning may seem to lie before the request that asked for it.
func (in *Incident) ForkedAt(from micros) micros {
	at := from
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if t.At > from && t.At-from <= timeline.SecondAndHalf {
				at = max(at, t.At)
			}
		}
	}
	return at
}

// ForkStalls are the primary's stalls for a fork after the incident's first request for a full resync.
func (in *Incident) ForkStalls() []timeline.Stall {
	p := in.Primary
	asked := unknown
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if t.Granted == diagnosis.Full && (asked == unknown || t.At < asked) {
				asked = t.At
			}
		}
	}
	if asked == unknown {
		return nil
	}
	var out []timeline.Stall
	for _, s := range p.Stalls {
		if s.From < asked-timeline.TwoTicks || in.End != unknown && s.From > in.End {
			continue
		}
		if slices.ContainsFunc(s.Because, func(e timeline.Explanation) bool { return e.Kind == "fork-stall" }) {
			out = append(out, s)
		}
	}
	return out
}
