package cause

import (
	"cmp"
	"fmt"
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
	if h != nil && h.At != unknown && !h.Cause.Blocks && (in.First == nil || h.At <= in.Lost) {
		at = h.At // what is found later tells of it, and is not it
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
	P        float64   // share of belief among all hypotheses of the incident
	Findings []Finding // that tell something, in the order of the cause's clues
	At       micros
	exact    bool
	misfit   Finding // why it cannot have lost the links as they were lost; no answer where it can
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

// Weigh ranks every cause with every suspect. The score of a hypothesis is the sum of what its clues are worth. Belief is shared
// among the causes that something speaks for, and "unknown", in proportion to the exponent of the score: each cause by its likeliest suspect, for
// it is no likelier for having more places to lie in, and what a cause has is shared among its suspects.
func Weigh(in *incident.Incident) Verdict {
	base := newScene(in)
	var hs []*Hypothesis
	total := math.Exp(unknownScore)
	for _, c := range All {
		var mine []*Hypothesis
		for _, suspect := range base.suspects(c) {
			s := *base
			s.suspect = suspect
			mine = append(mine, judge(c, &s))
		}
		total += share(mine)
		hs = append(hs, mine...)
	}
	slices.SortStableFunc(hs, func(a, b *Hypothesis) int {
		return cmp.Or(cmp.Compare(b.P, a.P), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Cause.Kind, b.Cause.Kind), cmp.Compare(a.Suspect.Name, b.Suspect.Name))
	})
	for _, h := range hs {
		h.P /= total
	}
	v := Verdict{Ranking: hs}
	if len(hs) > 0 {
		v.P = min(believed(hs), trust(hs[0], base))
		if hs[0].Score > unknownScore && hs[0].Supported() {
			v.Best = hs[0]
		}
	}
	v.Missing = missing(v)
	return v
}

// believed is how much the best cause is believed, wherever it lies: several links that broke for one reason make it no less likely.
func believed(hs []*Hypothesis) float64 {
	p := 0.0
	for _, h := range hs {
		if h.Cause == hs[0].Cause {
			p += h.P
		}
	}
	return p
}

// share gives the hypotheses of one cause what it weighs, each its part of it, and returns the whole: nothing where
// nothing speaks for any of them.
func share(hs []*Hypothesis) float64 {
	best, sum := math.Inf(-1), 0.0
	for _, h := range hs {
		if h.Supported() {
			best = max(best, h.Score)
			sum += math.Exp(h.Score)
		}
	}
	if sum == 0 {
		return 0
	}
	for _, h := range hs {
		if h.Supported() {
			h.P = math.Exp(best) * math.Exp(h.Score) / sum
		}
	}
	return math.Exp(best)
}

const (
	// unknownScore is the weight of "the evidence cannot tell". Two things that are usual with a cause leave it as likely
	// as not; one that is hard to explain otherwise is believed, with doubt.
	unknownScore = 1.5
	// blockerBonus lifts a cause that keeps any resync from succeeding above what broke the link first.
	blockerBonus = 5
	// solid is the score from which a cause counts as shown, not only as fitting: one thing that is hard to explain otherwise.
	solid = 4
)

func judge(c *Cause, s *scene) *Hypothesis {
	h := &Hypothesis{Cause: c, Suspect: s.suspect, Score: c.Prior.Worth(), At: unknown}
	var told [32]Finding // most clues have no answer, and of ten thousand incidents none of those is kept
	kept := told[:0]
	for i := range c.Clues {
		q := &c.Clues[i]
		f := q.Ask(s)
		f.clue = q
		switch f.Answer {
		case yes:
			h.Score += q.For.Worth()
			if c.On == OnObeyed && f.on != nil {
				h.Suspect = f.on
			}
			if f.at != unknown && (h.At == unknown || f.exact && !h.exact) && q.For > None {
				h.At, h.exact = f.at, f.exact
			}
		case no:
			h.Score -= q.Against.Cost()
		}
		if f.Answer != dontKnow || f.need != "" || q.open() {
			kept = append(kept, f)
		}
	}
	h.Findings = slices.Clone(kept)
	if c.Fits != nil {
		if f := c.Fits(s); f.Answer == no {
			h.misfit, h.Score = f, c.Prior.Worth()-Contradicts.Cost()
		}
	}
	if c.Blocks && h.Score >= solid {
		h.Score += blockerBonus
	}
	return h
}

// Supported reports whether anything in the evidence speaks for the hypothesis. What cannot have done it has no support, however loud.
func (h *Hypothesis) Supported() bool {
	if h.misfit.Answer == no {
		return false
	}
	for _, f := range h.Findings {
		if f.Answer == yes && f.clue.For > None {
			return true
		}
	}
	return false
}

// tolds is how many causes that lost are told at least, where something speaks for as many.
const tolds = 6

// Alternatives are the causes that lost and are worth telling: those that something speaks for, by belief where they have any, then those
// that the evidence speaks against, for they were looked at and ruled out.
func (v *Verdict) Alternatives() []*Hypothesis {
	const negligible = 0.005 // prints as 0.00
	weight := func(h *Hypothesis) float64 {
		if h.P >= negligible {
			return 100 + h.P
		}
		return h.ruledOut()
	}
	var out []*Hypothesis
	for _, h := range v.Ranking {
		if h != v.Best && (h.Supported() || h.misfit.Answer == no && h.loud()) {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b *Hypothesis) int { return cmp.Compare(weight(b), weight(a)) })
	n := 0
	for n < len(out) && (n < tolds || out[n].P > 4*negligible) {
		n++
	}
	return out[:n]
}

// ruledOut is how heavily the evidence speaks against the hypothesis, by the heaviest finding that says so.
func (h *Hypothesis) ruledOut() float64 {
	w := 0.0
	if h.misfit.Answer == no {
		w = Contradicts.Cost()
	}
	for _, f := range h.Findings {
		if f.Answer == no && f.Text != "" {
			w = max(w, f.clue.Against.Cost())
		}
	}
	return w
}

// suspects are the hosts a cause may lie with in this incident.
func (s *scene) suspects(c *Cause) []*timeline.Host {
	switch c.On {
	case OnPrimary, OnObeyed:
		return []*timeline.Host{s.Primary}
	case onReplica:
		var out []*timeline.Host
		for _, o := range s.Wave {
			if o == s.FirstOf(o.Replica) {
				out = append(out, o.Replica)
			}
		}
		if len(out) == 0 {
			return []*timeline.Host{s.Primary}
		}
		if c.Blocks {
			in := map[*timeline.Host]bool{}
			for _, o := range s.Outages {
				if s.FirstOf(o.Replica) == nil && !in[o.Replica] && !o.Promoted {
					in[o.Replica] = true
					out = append(out, o.Replica)
				}
			}
		}
		return out
	default:
		if len(s.Wave) == 0 && c.Unseen {
			return []*timeline.Host{s.Primary}
		}
		if len(s.Wave) == 0 {
			return nil
		}
		if s.Several {
			return []*timeline.Host{s.Primary}
		}
		return []*timeline.Host{s.Wave[0].Replica}
	}
}

// Summary is the hypothesis in one sentence: its strongest Finding.
func (h *Hypothesis) Summary() string {
	best, w := "", 0.0
	for _, f := range h.Findings {
		if f.Answer == yes && f.Text != "" && f.clue.For.Worth() > w {
			best, w = f.Text, f.clue.For.Worth()
		}
	}
	if h.Cause.What != "" && best != "" {
		return h.Cause.What + ": " + best
	}
	return best
}

// Told is the cause as a headline names it: what was run, where a server tells, else what happened to whom.
func (h *Hypothesis) Told() string {
	for _, f := range h.Findings {
		if f.Answer == yes && f.ran != "" && f.clue.For > None {
			return f.ran
		}
	}
	return fmt.Sprintf(h.Cause.Told, h.Suspect.Name)
}

// Evidence are the rows that speak for the hypothesis, the strongest clue's first.
func (h *Hypothesis) Evidence() []diagnosis.Evidence {
	var speak []*Finding
	for i := range h.Findings {
		if f := &h.Findings[i]; f.Answer == yes && f.clue.For > None {
			speak = append(speak, f)
		}
	}
	slices.SortStableFunc(speak, func(a, b *Finding) int { return cmp.Compare(b.clue.For.Worth(), a.clue.For.Worth()) })
	var out []diagnosis.Evidence
	for _, f := range speak {
		for _, e := range f.evidence {
			if !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// WhyNot says what speaks against a hypothesis that lost, or what it lacks.
func (h *Hypothesis) WhyNot() string {
	if h.misfit.Answer == no {
		return h.misfit.Text
	}
	worst, w := "", 0.0
	for _, f := range h.Findings {
		if f.Answer == no && f.Text != "" && -f.clue.Against.Cost() < w {
			worst, w = f.Text, -f.clue.Against.Cost()
		}
	}
	if worst != "" {
		return worst
	}
	for _, f := range h.Findings {
		if f.Answer == dontKnow && f.clue.open() {
			if f.need != "" {
				return "not shown: it would take " + f.need
			}
			return "not shown: whether " + f.clue.Says
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
		for _, f := range h.Findings {
			if f.Answer == dontKnow && f.need != "" {
				if w := max(f.clue.For.Worth(), f.clue.Against.Cost()); w >= 1 {
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
