package cause

import (
	"fmt"
	"slices"

	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

// cutOff: others took over from a primary that ran on. It heard nothing of its replicas for repl-timeout, or others called it down while it
// answered whoever took its dumps.
func cutOff(s *scene) Finding {
	p := s.Primary
	if !slices.ContainsFunc(s.Outages, func(o *replication.Outage) bool { return o.Promoted && !o.ByHand }) || endedNear(p, s) != nil || s.StallOf(p) != nil {
		return Finding{at: unknown}
	}
	for _, o := range s.Outages {
		e := o.TimeoutByPrimary
		if e != nil && e.Instance == p.Name && !p.InScript(e.At) {
			return found(e.At-o.Replica.Duration("repl-timeout"), fmt.Sprintf("%s ran on and heard nothing of %s, while the others agreed on a new primary", p.Name, o.Replica.Name), e.Evidence())
		}
	}
	if f := servedOn(s); f.Answer == yes {
		return f
	}
	down := said("sentinels", replication.Bears(message.SaysDown), "called it down")(s)
	if a := s.answeredInside(p); down.Answer == yes && a != nil && a.At >= down.at {
		return found(down.at, p.Name+" answered whoever took its dumps while the others called it down", append(down.evidence, a.Evidence("dump at "+ms(a.At)))...)
	}
	return Finding{at: unknown}
}
