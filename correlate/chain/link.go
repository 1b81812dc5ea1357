package chain

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// link finds for each step the latest earlier one from which a rule leads to it.
func link(steps []step) []diagnosis.Step {
	out := make([]diagnosis.Step, len(steps))
	all, before := index{}, index{}
	for i := range steps {
		all.add(steps, i)
	}
	for i := range steps {
		s := &steps[i]
		s.From = -1
		linkBack(steps, i, before)
		before.add(steps, i)
		if s.From < 0 && s.at != unknown {
			linkAhead(steps, i, all)
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

// index finds steps by their kind, and by whose link they are about: a storm has tens of thousands, few of which a rule looks at.
type index map[place][]int

type place struct {
	kind    string         // "*" is any cause
	replica *timeline.Host // nil for a step about no link, and where any is meant
	any     bool
}

func (x index) add(steps []step, i int) {
	s := &steps[i]
	kinds := []string{s.Kind}
	if s.cause {
		kinds = append(kinds, "*")
	}
	for _, k := range kinds {
		for _, p := range [...]place{{kind: k, replica: s.replica}, {kind: k, any: true}} {
			x[p] = append(x[p], i)
		}
	}
}

// from are the steps that the rule may lead from to this one.
func (x index) from(r *Rule, to *step) []int {
	if r.Where == sameLink {
		return x[place{kind: r.From, replica: to.replica}]
	}
	return x[place{kind: r.From, any: true}]
}

func linkBack(steps []step, i int, before index) {
	s := &steps[i]
	for k := range Rules {
		r := &Rules[k]
		if r.To != s.Kind || s.cause {
			continue
		}
		from := before.from(r, s)
		for n := len(from) - 1; n >= 0 && from[n] > s.From; n-- {
			if r.fits(&steps[from[n]], s) {
				s.Rule, s.From, s.Because = r.Name, from[n], r.When
			}
		}
	}
}

// linkAhead looks at the steps behind: where the clocks cannot tell which came first, the cause may have been sorted after its effect.
func linkAhead(steps []step, i int, all index) {
	s := &steps[i]
	for k := range Rules {
		r := &Rules[k]
		if r.To != s.Kind {
			continue
		}
		from := all.from(r, s)
		n, _ := slices.BinarySearch(from, i+1)
		for ; n < len(from) && (s.From < 0 || from[n] < s.From); n++ {
			j := from[n]
			if steps[j].at-s.at > s.err+steps[j].err {
				break
			}
			if steps[j].Instance != s.Instance && r.fits(&steps[j], s) {
				s.Rule, s.From, s.Because = r.Name, j, r.When
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
