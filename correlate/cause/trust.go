package cause

import (
	"slices"

	"psyncope/correlate/timeline"
)

// The most that is believed of a verdict. Each bound holds whatever the clues add up to, for what it guards against is a mistake that
// all of them may share.
const (
	// surest is the most that is ever claimed: one verdict in a hundred may rest on what nobody thought of.
	surest = 0.99
	// oneKind is for evidence of one kind of artifact, where no server says the cause aloud: nothing else bears it out.
	oneKind = 0.8
	// harmed is for evidence that shows by itself that it is not as the servers wrote it.
	harmed = 0.8
	// guessed is for a primary that is known by elimination alone.
	guessed = 0.8
	// mixed is for lines that may be another server's than they seem: the verdict may as well be wrong.
	mixed = 0.5
)

// trust is the most that is believed of a hypothesis, by what it rests on.
func trust(h *Hypothesis, s *scene) float64 {
	most := surest
	if kinds, aloud := h.restsOn(s.G.Hosts); !aloud && len(kinds) < 2 {
		most = min(most, oneKind)
	}
	for _, x := range s.G.Hosts {
		if len(x.Damage) > 0 {
			most = min(most, harmed)
		}
	}
	if s.Primary == s.G.Primary && s.G.Guessed() {
		most = min(most, guessed)
	}
	if slices.ContainsFunc(s.G.Hosts, (*timeline.Host).Mixed) {
		most = min(most, mixed)
	}
	return most
}

// restsOn are the kinds of artifacts that speak for the hypothesis, and whether a server says it aloud.
func (h *Hypothesis) restsOn(hosts []*timeline.Host) (kinds []timeline.Source, aloud bool) {
	for i, f := range h.Findings {
		if f.Answer != yes || h.Cause.Clues[i].For == None {
			continue
		}
		aloud = aloud || f.aloud && h.Cause.Clues[i].For >= Hard
		for _, e := range f.evidence {
			if k := timeline.SourceOf(hosts, e); !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds, aloud
}
