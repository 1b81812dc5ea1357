package chain

import (
	"slices"

	"psyncope/correlate/diagnosis"
)

// link finds for each step the latest earlier one from which a rule leads to it.
func link(steps []step) []diagnosis.Step {
	out := make([]diagnosis.Step, len(steps))
	byKind := map[string][]int{} // the steps before: a storm has tens of thousands, few of which a rule looks at
	for i := range steps {
		s := &steps[i]
		s.From = -1
		linkBack(steps, i, byKind)
		byKind[s.Kind] = append(byKind[s.Kind], i)
		if s.cause {
			byKind["*"] = append(byKind["*"], i)
		}
		if s.From < 0 {
			linkAhead(steps, i)
		}
		if i > 0 {
			p := &steps[i-1]
			s.Unordered = p.Instance != s.Instance && s.at != unknown && p.at != unknown && s.at-p.at < s.err+p.err
		}
		s.Step.At = diagnosis.StampOf(s.at)
		s.Evidence = slices.Clone(s.Evidence)
		out[i] = s.Step
	}
	return out
}

func linkBack(steps []step, i int, byKind map[string][]int) {
	s := &steps[i]
	for k := range Rules {
		r := &Rules[k]
		if r.To != s.Kind || s.cause {
			continue
		}
		from := byKind[r.From]
		for n := len(from) - 1; n >= 0 && from[n] > s.From; n-- {
			if r.fits(&steps[from[n]], s) {
				s.Rule, s.From, s.Because = r.Name, from[n], r.When
			}
		}
	}
}

// linkAhead looks at the steps behind: where the clocks cannot tell which came first, the cause may have been sorted after its effect.
func linkAhead(steps []step, i int) {
	s := &steps[i]
	var to []*Rule // a herd's steps are all of one moment: most lead nowhere
	for k := range Rules {
		if Rules[k].To == s.Kind {
			to = append(to, &Rules[k])
		}
	}
	for j := i + 1; len(to) > 0 && j < len(steps) && s.From < 0 && s.at != unknown && steps[j].at-s.at <= s.err+steps[j].err; j++ {
		for _, r := range to {
			if steps[j].Instance != s.Instance && r.fits(&steps[j], s) {
				s.Rule, s.From, s.Because = r.Name, j, r.When
				break
			}
		}
	}
}

func (r *Rule) fits(from, to *step) bool {
	if to.Kind != r.To || to.cause {
		return false
	}
	if r.From == "*" {
		if !from.cause {
			return false
		}
	} else if from.Kind != r.From || from.cause && r.From != stepFork {
		return false
	}
	switch r.Where {
	case sameLink:
		return from.replica == to.replica
	case otherLink:
		return from.replica == nil || from.replica != to.replica
	}
	return true
}
