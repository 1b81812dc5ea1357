package cause

import (
	"cmp"
	"math"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/timeline"
)

// TriggerAt is when the cause began: where its evidence tells, else when the link was last alive.
func (in *Judged) TriggerAt() micros {
	h := in.Verdict.Best
	at := in.Start
	if len(in.Wave) > 0 {
		at = in.Contact
		if !in.Silent {
			at = in.Lost
		}
	}
	if h != nil && h.At != unknown && !h.Cause.Blocks {
		at = h.At
	}
	if h != nil && h.Cause.Blocks && h.At != unknown && (in.Start == unknown || h.At < in.Start) {
		at = h.At
	}
	return at
}

// Hypothesis is one cause with one suspect, weighed.
type Hypothesis struct {
	Cause    *Cause
	Suspect  *timeline.Host
	Score    float64
	P        float64 // share of belief among all hypotheses of the incident
	Findings []finding
	At       micros
	exact    bool
}

// Verdict is the ranking of an incident's hypotheses, the best first.
type Verdict struct {
	Best    *Hypothesis // nil where the evidence cannot tell
	P       float64
	Ranking []*Hypothesis
	Missing []string
}

// Judged is an incident with the verdict on it.
type Judged struct {
	*incident.Incident
	Verdict Verdict
}

// Weigh ranks every cause with every suspect. The score of a hypothesis is the sum of its clues' weights,
// and belief is shared among them and "unknown" in proportion to the exponent of the score.
func Weigh(in *incident.Incident) Verdict {
	base := &scene{Incident: in, suspect: in.Primary}
	var hs []*Hypothesis
	for i := range Causes {
		c := &Causes[i]
		for _, suspect := range base.suspects(c) {
			s := *base
			s.suspect = suspect
			hs = append(hs, judge(c, &s))
		}
	}
	slices.SortStableFunc(hs, func(a, b *Hypothesis) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Cause.Kind, b.Cause.Kind), cmp.Compare(a.Suspect.Name, b.Suspect.Name))
	})
	total := math.Exp(UnknownPrior)
	for _, h := range hs {
		total += math.Exp(h.Score)
	}
	for _, h := range hs {
		h.P = math.Exp(h.Score) / total
	}
	v := Verdict{Ranking: hs, P: math.Exp(UnknownPrior) / total}
	if len(hs) > 0 && hs[0].Score > UnknownPrior {
		v.Best, v.P = hs[0], hs[0].P
	}
	v.P = min(v.P, 0.99)
	v.Missing = missing(v)
	return v
}

// blockerBonus lifts a cause that keeps any resync from succeeding above what broke the link first (contract).
const blockerBonus = 5

// solid is the score from which a cause counts as shown, not only as fitting.
const solid = 4

func judge(c *Cause, s *scene) *Hypothesis {
	h := &Hypothesis{Cause: c, Suspect: s.suspect, Score: c.prior, At: unknown}
	for _, q := range c.Clues {
		f := q.ask(s)
		switch f.Answer {
		case yes:
			h.Score += q.Yes
			if f.at != unknown && (h.At == unknown || f.exact && !h.exact) && q.Yes > 0 {
				h.At, h.exact = f.at, f.exact
			}
		case No:
			h.Score += q.No
		}
		h.Findings = append(h.Findings, f)
	}
	if c.Blocks && h.Score >= solid {
		h.Score += blockerBonus
	}
	return h
}

// suspects are the hosts a cause may lie with in this incident.
func (s *scene) suspects(c *Cause) []*timeline.Host {
	switch c.On {
	case OnPrimary:
		return []*timeline.Host{s.Primary}
	case onReplica:
		var out []*timeline.Host
		for _, o := range s.Wave {
			if !slices.Contains(out, o.Replica) {
				out = append(out, o.Replica)
			}
		}
		if len(out) == 0 {
			return []*timeline.Host{s.Primary}
		}
		if c.Blocks {
			for _, o := range s.Outages {
				if !slices.Contains(out, o.Replica) && !o.Promoted {
					out = append(out, o.Replica)
				}
			}
		}
		return out
	default:
		if len(s.Wave) == 0 {
			return nil
		}
		if s.Several {
			return []*timeline.Host{s.Primary}
		}
		return []*timeline.Host{s.Wave[0].Replica}
	}
}

// Summary is the hypothesis in one sentence: its strongest finding.
func (h *Hypothesis) Summary() string {
	best, w := "", 0.0
	for i, f := range h.Findings {
		if f.Answer == yes && f.Text != "" && h.Cause.Clues[i].Yes > w {
			best, w = f.Text, h.Cause.Clues[i].Yes
		}
	}
	if h.Cause.what != "" && best != "" {
		return h.Cause.what + ": " + best
	}
	return best
}

// Evidence are the rows that speak for the hypothesis, the strongest clue's first.
func (h *Hypothesis) Evidence() []diagnosis.Evidence {
	order := make([]int, len(h.Findings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(h.Cause.Clues[b].Yes, h.Cause.Clues[a].Yes) })
	var out []diagnosis.Evidence
	for _, i := range order {
		if h.Findings[i].Answer == yes && h.Cause.Clues[i].Yes > 0 {
			for _, e := range h.Findings[i].evidence {
				if !slices.Contains(out, e) {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// WhyNot says what speaks against a hypothesis that lost, or what it lacks.
func (h *Hypothesis) WhyNot() string {
	worst, w := "", 0.0
	for i, f := range h.Findings {
		if f.Answer == No && f.Text != "" && h.Cause.Clues[i].No < w {
			worst, w = f.Text, h.Cause.Clues[i].No
		}
	}
	if worst != "" {
		return worst
	}
	for i, f := range h.Findings {
		if f.Answer == dontKnow && h.Cause.Clues[i].Yes >= 2 {
			if f.need != "" {
				return "not shown: it would take " + f.need
			}
			return "not shown: whether " + h.Cause.Clues[i].Says
		}
	}
	return "less is said for it"
}

// missing are the artifacts that would settle what is open, the weightiest first: what the clues of the leading
// hypotheses asked for and did not get.
func missing(v Verdict) []string {
	weight := map[string]float64{}
	for i, h := range v.Ranking {
		if i > 0 && (i > 5 || v.Best != nil && h.Score < v.Best.Score-6) {
			break
		}
		for j, f := range h.Findings {
			if f.Answer == dontKnow && f.need != "" {
				if w := max(h.Cause.Clues[j].Yes, -h.Cause.Clues[j].No); w >= 1 {
					weight[f.need] = max(weight[f.need], w)
				}
			}
		}
	}
	out := make([]string, 0, len(weight))
	for n := range weight {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(weight[b], weight[a]), cmp.Compare(a, b)) })
	return out
}
