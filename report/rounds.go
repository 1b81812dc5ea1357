package report

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
)

// stormRound is one round of a storm: steps [from, to) of its chain.
type stormRound struct{ n, from, to int }

// later are the rounds of a storm after its first, which is told whole; first is where that ends. Without rounds, all is the first.
func later(i *diagnosis.Incident) (first int, out []stormRound) {
	for n := range i.Chain {
		r := i.Chain[n].Round
		if r <= 1 {
			first = n + 1
			continue
		}
		if len(out) == 0 || out[len(out)-1].n != r {
			out = append(out, stormRound{n: r, from: n})
		}
		out[len(out)-1].to = n + 1
	}
	if len(out) == 0 {
		return len(i.Chain), nil
	}
	return first, out
}

// says is a stormRound in a line: when, whose links, and what it cost.
func (r stormRound) says(i *diagnosis.Incident) string {
	steps := i.Chain[r.from:r.to]
	var lost []string
	full, failed, forks := int64(0), int64(0), int64(0)
	for _, s := range steps {
		switch s.Kind {
		case "link-lost", "output-buffer-close":
			if !slices.Contains(lost, s.Instance) {
				lost = append(lost, s.Instance)
			}
		case "full-resync":
			full++
		case "attempt-failed":
			failed++
		case "fork-stall":
			forks++
		}
	}
	s := fmt.Sprintf("%s to %s", offset(i.Start, steps[0].At), offset(i.Start, steps[len(steps)-1].At))
	sep := ": "
	add := func(is bool, what string) {
		if is {
			s += sep + what
			sep = "; "
		}
	}
	add(len(lost) > 0, list(lost, 6)+" lost the link")
	add(full > 0, count(full, "full resync"))
	add(failed > 0, count(failed, "failed attempt"))
	add(forks > 0, count(forks, "fork")+" that held the primary")
	return s
}
