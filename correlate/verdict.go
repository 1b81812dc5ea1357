package correlate

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// hypothesis is one cause with one suspect, weighed.
type hypothesis struct {
	cause    *Cause
	suspect  *host
	score    float64
	p        float64 // share of belief among all hypotheses of the incident
	findings []finding
	at       micros
	exact    bool
}

// verdict is the ranking of an incident's hypotheses, the best first.
type verdict struct {
	best    *hypothesis // nil where the evidence cannot tell
	p       float64
	ranking []*hypothesis
	missing []string
}

// judged is an incident with the verdict on it.
type judged struct {
	*incident
	verdict verdict
}

// weigh ranks every cause with every suspect. The score of a hypothesis is the sum of its clues' weights,
// and belief is shared among them and "unknown" in proportion to the exponent of the score.
func weigh(in *incident) verdict {
	base := &scene{incident: in, suspect: in.primary}
	var hs []*hypothesis
	for i := range causes {
		c := &causes[i]
		for _, suspect := range base.suspects(c) {
			s := *base
			s.suspect = suspect
			hs = append(hs, judge(c, &s))
		}
	}
	slices.SortStableFunc(hs, func(a, b *hypothesis) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.cause.Kind, b.cause.Kind), cmp.Compare(a.suspect.name, b.suspect.name))
	})
	total := math.Exp(unknownPrior)
	for _, h := range hs {
		total += math.Exp(h.score)
	}
	for _, h := range hs {
		h.p = math.Exp(h.score) / total
	}
	v := verdict{ranking: hs, p: math.Exp(unknownPrior) / total}
	if len(hs) > 0 && hs[0].score > unknownPrior {
		v.best, v.p = hs[0], hs[0].p
	}
	v.p = min(v.p, 0.99)
	v.missing = missing(v)
	return v
}

// blockerBonus lifts a cause that keeps any resync from succeeding above what broke the link first (contract).
const blockerBonus = 5

// solid is the score from which a cause counts as shown, not only as fitting.
const solid = 4

func judge(c *Cause, s *scene) *hypothesis {
	h := &hypothesis{cause: c, suspect: s.suspect, score: c.prior, at: unknown}
	for _, q := range c.clues {
		f := q.ask(s)
		switch f.answer {
		case yes:
			h.score += q.yes
			if f.at != unknown && (h.at == unknown || f.exact && !h.exact) && q.yes > 0 {
				h.at, h.exact = f.at, f.exact
			}
		case no:
			h.score += q.no
		}
		h.findings = append(h.findings, f)
	}
	if c.blocks && h.score >= solid {
		h.score += blockerBonus
	}
	return h
}

// suspects are the hosts a cause may lie with in this incident.
func (s *scene) suspects(c *Cause) []*host {
	switch c.on {
	case onPrimary:
		return []*host{s.primary}
	case onReplica:
		var out []*host
		for _, o := range s.wave {
			if !slices.Contains(out, o.replica) {
				out = append(out, o.replica)
			}
		}
		if len(out) == 0 {
			return []*host{s.primary}
		}
		if c.blocks {
			for _, o := range s.outages {
				if !slices.Contains(out, o.replica) && !o.promoted {
					out = append(out, o.replica)
				}
			}
		}
		return out
	default:
		if len(s.wave) == 0 {
			return nil
		}
		if s.several {
			return []*host{s.primary}
		}
		return []*host{s.wave[0].replica}
	}
}

// summary is the hypothesis in one sentence: its strongest finding.
func (h *hypothesis) summary() string {
	best, w := "", 0.0
	for i, f := range h.findings {
		if f.answer == yes && f.text != "" && h.cause.clues[i].yes > w {
			best, w = f.text, h.cause.clues[i].yes
		}
	}
	if h.cause.what != "" && best != "" {
		return h.cause.what + ": " + best
	}
	return best
}

// evidence are the rows that speak for the hypothesis, the strongest clue's first.
func (h *hypothesis) evidence() []Evidence {
	order := make([]int, len(h.findings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(h.cause.clues[b].yes, h.cause.clues[a].yes) })
	var out []Evidence
	for _, i := range order {
		if h.findings[i].answer == yes && h.cause.clues[i].yes > 0 {
			for _, e := range h.findings[i].evidence {
				if !slices.Contains(out, e) {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// whyNot says what speaks against a hypothesis that lost, or what it lacks.
func (h *hypothesis) whyNot() string {
	worst, w := "", 0.0
	for i, f := range h.findings {
		if f.answer == no && f.text != "" && h.cause.clues[i].no < w {
			worst, w = f.text, h.cause.clues[i].no
		}
	}
	if worst != "" {
		return worst
	}
	for i, f := range h.findings {
		if f.answer == dontKnow && h.cause.clues[i].yes >= 2 {
			if f.need != "" {
				return "not shown: it would take " + f.need
			}
			return "not shown: whether " + h.cause.clues[i].says
		}
	}
	return "less is said for it"
}

// missing are the artifacts that would settle what is open, the weightiest first: what the clues of the leading
// hypotheses asked for and did not get.
func missing(v verdict) []string {
	weight := map[string]float64{}
	for i, h := range v.ranking {
		if i > 0 && (i > 5 || v.best != nil && h.score < v.best.score-6) {
			break
		}
		for j, f := range h.findings {
			if f.answer == dontKnow && f.need != "" {
				if w := max(h.cause.clues[j].yes, -h.cause.clues[j].no); w >= 1 {
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

// Explain returns the prose of a cause, a rule or another word of the report.
func Explain(name string) (string, bool) {
	for i := range causes {
		c := &causes[i]
		if c.Kind != name {
			continue
		}
		var b strings.Builder
		b.WriteString(c.Prose + "\n\nWhat speaks for it or against it:\n")
		for _, q := range c.clues {
			b.WriteString("  - " + q.says + weightWords(q) + "\n")
		}
		return b.String(), true
	}
	for _, r := range rules {
		if r.Name == name {
			return r.String() + "\n\n" + r.Prose, true
		}
	}
	for _, t := range words {
		if t.name == name {
			return t.prose, true
		}
	}
	return adviceProse(name)
}

func weightWords(q clue) string {
	switch {
	case q.yes >= 6:
		return " (decides for it)"
	case q.yes >= 2.5:
		return " (speaks strongly for it)"
	case q.no <= -4:
		return " (where not so: decides against it)"
	case q.no <= -2:
		return " (where not so: speaks against it)"
	}
	return ""
}

// ExplainNames lists what Explain knows, sorted.
func ExplainNames() []string {
	var out []string
	for i := range causes {
		out = append(out, causes[i].Kind)
	}
	for _, r := range rules {
		out = append(out, r.Name)
	}
	for _, w := range words {
		out = append(out, w.name)
	}
	out = append(out, adviceNames()...)
	slices.Sort(out)
	return slices.Compact(out)
}
