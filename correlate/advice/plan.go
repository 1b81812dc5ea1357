package advice

import (
	"cmp"
	"math/bits"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/sizing"
)

// steps is a set of settings to change, of those that the model can try.
type steps uint

const (
	setBacklog steps = 1 << iota
	setTimeout
	setLimit
	setTTL
)

// stepOf are the recommendations that stand for them.
var stepOf = map[string]steps{"raise-backlog": setBacklog, "raise-repl-timeout": setTimeout, "raise-output-buffer": setLimit, "raise-backlog-ttl": setTTL}

// Plan is which settings a group's incidents ask to be changed: the smallest set that leaves as little as any, by the model.
type Plan struct {
	*sizing.Plan
	steps    steps
	accounts map[*cause.Judged]*sizing.Account
	may      map[*cause.Judged]steps // what each incident's cause and loop name
}

// For chooses among the settings that the incidents' causes and loops name. All sets are tried on all incidents: there are four settings.
func For(p *sizing.Plan) *Plan {
	out := &Plan{Plan: p, accounts: map[*cause.Judged]*sizing.Account{}, may: map[*cause.Judged]steps{}}
	allowed := steps(0)
	proposed := p.Proposed()
	for i := range p.Accounts {
		in := p.Accounts[i].In
		out.accounts[in] = &p.Accounts[i]
		for _, id := range idsOf(in) {
			out.may[in] |= stepOf[id]
		}
		allowed |= out.may[in]
	}
	// A limit that has to hold a partial resync goes with the backlog that grants it, and so does the time for which there is one.
	if allowed&setBacklog != 0 {
		allowed |= setLimit | setTTL
	}
	for s, value := range map[steps]int64{setBacklog: proposed.Backlog - p.Backlog, setTimeout: proposed.Timeout, setLimit: proposed.Limit, setTTL: proposed.TTL} {
		if value <= 0 {
			allowed &^= s
		}
	}
	out.steps = best(p.Try, p, allowed)
	return out
}

// best is the smallest of the sets that leave the least.
func best(try func(sizing.Settings) sizing.Result, p *sizing.Plan, allowed steps) steps {
	most := steps(0)
	left := try(settings(p, most))
	for s := steps(1); s <= allowed; s++ {
		if s&^allowed != 0 {
			continue
		}
		r := try(settings(p, s))
		if c := cmp.Or(r.CompareHarm(left), cmp.Compare(bits.OnesCount(uint(s)), bits.OnesCount(uint(most))), cmp.Compare(burden(p, s), burden(p, most))); c < 0 {
			most, left = s, r
		}
	}
	return most
}

// burden ranks sets that do as much with as many steps. A repl-timeout up to the default costs nothing but patience that everybody else has; a
// longer one lets a dead peer go unnoticed, and memory that has to be made first is the last resort.
func burden(p *sizing.Plan, s steps) (n int) {
	const defaultTimeout = 60 // redis 7.4.1 config.c
	if s&setBacklog != 0 {
		n++
		if p.Wanted > 0 {
			n += 2
		}
	}
	if s&setTimeout != 0 && p.Timeout > defaultTimeout {
		n += 2
	}
	return n
}

// settings are the proposed values of a set.
func settings(p *sizing.Plan, s steps) sizing.Settings {
	out, proposed := sizing.Settings{}, p.Proposed()
	if s&setBacklog != 0 {
		out.Backlog = proposed.Backlog
	}
	if s&setTimeout != 0 {
		out.Timeout = proposed.Timeout
	}
	if s&setLimit != 0 {
		out.Limit = proposed.Limit
	}
	if s&setTTL != 0 {
		out.TTL = proposed.TTL
	}
	return out
}

// stepsFor are those of the group's steps that the incident itself needs.
func (p *Plan) stepsFor(in *cause.Judged) steps {
	return best(p.accounts[in].Try, p.Plan, p.steps)
}

// instead are the other steps of which each is enough by itself for the incident, where one is.
func (p *Plan) instead(in *cause.Judged, chosen steps) (out []steps) {
	if bits.OnesCount(uint(chosen)) != 1 {
		return nil
	}
	a := p.accounts[in]
	is := a.Try(settings(p.Plan, chosen))
	for s := setBacklog; s <= setTTL; s <<= 1 {
		if s != chosen && p.may[in]&s != 0 && a.Try(settings(p.Plan, s)).CompareHarm(is) <= 0 && (s != setBacklog || p.Wanted == 0) {
			out = append(out, s)
		}
	}
	return out
}

// idsOf are the recommendations that an incident's loop and cause name, in order.
func idsOf(in *cause.Judged) (ids []string) {
	if in.Loop != nil {
		for _, l := range loopFixes {
			if l.kind == in.Loop.Kind {
				ids = append(ids, l.fixes...)
			}
		}
	}
	if b := in.Verdict.Best; b != nil {
		ids = append(ids, b.Cause.Fix...)
	} else {
		ids = append(ids, unnamed...)
	}
	return append(ids, anyway...)
}

// Give adds what to change: the plan's settings first, then what mends the cause, in the cause's own order.
func (p *Plan) Give(in *cause.Judged, out *diagnosis.Incident) {
	s := &situation{Judged: in, plan: p, chosen: p.stepsFor(in)}
	for _, f := range fixes {
		if stepOf[f.id]&s.chosen != 0 {
			give(s, f, true, out)
		}
	}
	ids := idsOf(in)
	for i, id := range ids {
		if stepOf[id] != 0 || slices.Contains(ids[:i], id) {
			continue
		}
		for _, f := range fixes {
			if f.id == id {
				give(s, f, false, out)
			}
		}
	}
}

func give(s *situation, f fix, plan bool, out *diagnosis.Incident) {
	if r, ok := f.give(s); ok {
		r.Command = withPassword(s.Incident, announced(s.Incident, r.Command))
		r.ID, r.Cuts, r.Plan = f.id, cmp.Or(r.Cuts, f.cuts), plan
		out.Recommendations = append(out.Recommendations, r)
	}
}
