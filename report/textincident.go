package report

import (
	"fmt"
	"strings"

	"psyncope/correlate/diagnosis"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

func (p *page) incident(i *diagnosis.Incident) {
	p.gap()
	p.line(p.dim(strings.Repeat("─", p.width)))
	p.hang(p.severity(i.Severity)+"  ", p.bold(visible(i.Headline)))
	for _, f := range facts(i) {
		p.hang(p.dim(fmt.Sprintf("  %-9s ", f.Name)), f.Says)
	}
	p.questions(i)
	p.chain(i)
	p.refusal(i)
	p.resyncs(i)
	p.advice(i.Recommendations)
	if len(i.WhatIf) > 0 {
		p.head("What if")
		for _, w := range i.WhatIf {
			p.hang("  - ", PlainText(w.If)+": "+PlainText(w.Then))
		}
	}
	could, ruledOut := couldHave(i.Alternatives)
	p.alternatives("What else it could have been", could)
	p.alternatives("Ruled out", ruledOut)
	if len(i.Missing) > 0 {
		p.head("What would settle the rest")
		for _, m := range i.Missing {
			p.hang("  - ", PlainText(m))
		}
	}
}

// questions are those of a post-mortem, with their answers.
func (p *page) questions(i *diagnosis.Incident) {
	answered, open := asked(i)
	if len(answered) == 0 && open == "" {
		return
	}
	p.head("What a post-mortem asks")
	for _, q := range answered {
		p.hang(p.dim(fmt.Sprintf("  %-16s ", q.Name)), q.Says)
	}
	if open != "" {
		p.hang(p.dim(fmt.Sprintf("  %-16s ", "cannot tell")), open)
	}
}

func (p *page) alternatives(title string, as []diagnosis.Alternative) {
	if len(as) == 0 {
		return
	}
	p.head(title)
	for _, a := range as {
		who := visible(string(a.Kind))
		if a.Instance != "" {
			who += " on " + visible(a.Instance)
		}
		p.hang("  - ", who+" ("+percent(a.Confidence)+"): "+PlainText(a.WhyNot))
	}
}

func (p *page) chain(i *diagnosis.Incident) {
	if len(i.Chain) == 0 {
		return
	}
	p.head("What happened")
	if p.root != "" {
		p.hang("  ", p.dim("file names are relative to "+visible(p.root)))
	}
	names, offsets := 0, 0
	for _, s := range i.Chain {
		names = max(names, text.StringWidthWithoutEscSequences(visible(s.Instance)))
		offsets = max(offsets, len(offset(i.Start, s.At)))
	}
	names = min(names, 24)
	unordered := false
	first, rounds := later(i)
	last := first - 1
	for n, s := range i.Chain[:first] {
		if first > headSteps+tailSteps+1 && len(rounds) == 0 && n >= headSteps && n <= last-tailSteps {
			if n == headSteps {
				p.line(p.dim(fmt.Sprintf("      … %d steps more; --format html or json has all", first-headSteps-tailSteps)))
			}
			continue
		}
		if len(rounds) > 0 && n == mostOfRound {
			p.line(p.dim(fmt.Sprintf("      … %d steps more of this round; --format html or json has all", first-n)))
			break
		}
		mark := " "
		if s.Unordered {
			mark, unordered = "~", true
		}
		prefix := fmt.Sprintf("%s%3d %*s  %s  ", mark, n+1, offsets, offset(i.Start, s.At), text.Pad(cut(visible(s.Instance), names), names, ' '))
		p.hang(prefix, p.bold(visible(s.Kind))+": "+PlainText(s.Summary)+p.dim(leadsFrom(s, n)))
		p.evidence(4+1+offsets+2, s.Evidence)
	}
	p.rounds(i, rounds)
	if unordered {
		p.hang("  ~ ", p.dim("order not known: closer to its neighbour than the clocks' error"))
	}
}

// rounds tells the later rounds of a storm, a line each.
func (p *page) rounds(i *diagnosis.Incident, rounds []stormRound) {
	for n, r := range rounds {
		if n == mostAttempts {
			p.line(p.dim(fmt.Sprintf("      … %s more; --format html or json has all", count(int64(len(rounds)-n), "round"))))
			return
		}
		p.hang(fmt.Sprintf("     round %-3d ", r.n), r.says(i))
	}
}

func (p *page) refusal(i *diagnosis.Incident) {
	r := i.Refusal
	if r.Kind == "" || r.Kind == "none" {
		return
	}
	p.head("Why it could not simply catch up")
	s := visible(string(r.Kind))
	if r.Instance != "" {
		s += " (" + visible(r.Instance) + ")"
	}
	if sum := arithmetic(r); sum != "" {
		s += ": " + sum
	}
	p.para(2, s)
	if r.How != "" {
		p.para(2, p.dim(sentence(capital(PlainText(r.How)))))
	}
}

func (p *page) resyncs(i *diagnosis.Incident) {
	if len(i.Resyncs) < 2 {
		return
	}
	p.head("Attempts to come back")
	var rows []table.Row
	for n, r := range i.Resyncs {
		if n == mostAttempts {
			break
		}
		took := ""
		if r.Seconds > 0 {
			took = span(r.Seconds)
		}
		rows = append(rows, table.Row{offset(i.Start, r.At), cut(visible(r.Instance), 24), visible(string(r.Asked)), visible(string(r.Outcome)), visible(string(r.Refusal)), needed(r.NeededBytes, r.AtLeastBytes, r.AtMostBytes), optional(r.BacklogBytes), took})
	}
	p.grid(table.Row{"at", "replica", "asked", "outcome", "refusal", "needed bytes", "backlog bytes", "took"}, rows, 0, 5, 6, 7)
	p.more(len(i.Resyncs)-len(rows), "attempt")
}

func (p *page) advice(rs []diagnosis.Recommendation) {
	if len(rs) == 0 {
		return
	}
	p.head("What to change")
	for n, r := range rs {
		p.hang(fmt.Sprintf("%3d. ", n+1), p.bold(change(r)))
		if s := reason(r); s != "" {
			p.para(5, s)
		}
		if r.Command == "" {
			continue
		}
		// Commands are pasted: a line as it is, never wrapped.
		for c := range strings.SplitSeq(looped(strings.TrimSpace(r.Command)), "\n") {
			p.line("       " + p.paint("32", visible(c)))
		}
	}
}
