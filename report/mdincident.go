package report

import (
	"fmt"
	"strconv"
	"strings"

	"psyncope/correlate/diagnosis"
)

func (m *markdown) incident(i *diagnosis.Incident) {
	m.f("\n## %s: %s\n\n", mdText(strings.ToUpper(i.Severity)), mdText(i.Headline))
	m.header("", "")
	for _, f := range facts(i) {
		m.row("**"+f.Name+"**", mdText(f.Says))
	}
	m.row("**incident**", mdName(i.ID))
	m.chain(i)
	m.refusal(i.Refusal)
	m.resyncs(i)
	m.bullets("What to change", len(i.Recommendations), func(n int) {
		r := i.Recommendations[n]
		m.f("%d. **%s** %s\n", n+1, mdText(change(r)), mdText(reason(r)))
		if r.Command != "" {
			m.block("sh", lines(r.Command))
			m.f("\n")
		}
	})
	m.bullets("What if", len(i.WhatIf), func(n int) { m.f("- %s: %s\n", mdText(i.WhatIf[n].If), mdText(i.WhatIf[n].Then)) })
	could, ruledOut := couldHave(i.Alternatives)
	m.alternatives("What else it could have been", could)
	m.alternatives("Ruled out", ruledOut)
	m.bullets("What would settle the rest", len(i.Missing), func(n int) { m.f("- %s\n", mdText(i.Missing[n])) })
}

func (m *markdown) alternatives(title string, as []diagnosis.Alternative) {
	m.bullets(title, len(as), func(n int) {
		a := as[n]
		where := ""
		if a.Instance != "" {
			where = " on " + mdName(a.Instance)
		}
		m.f("- %s%s (%s): %s\n", mdName(string(a.Kind)), where, percent(a.Confidence), mdText(a.WhyNot))
	})
}

func (m *markdown) bullets(title string, n int, item func(int)) {
	if n == 0 {
		return
	}
	m.f("\n### %s\n\n", title)
	for i := range n {
		item(i)
	}
}

func (m *markdown) chain(i *diagnosis.Incident) {
	if len(i.Chain) == 0 {
		return
	}
	m.f("\n### What happened\n")
	m.block("mermaid", sequence(i))
	m.f("\n")
	m.header("", "offset:", "instance", "what", "follows")
	unordered := false
	for n, s := range i.Chain {
		if n == 5*mostRows {
			m.f("\n%s; the HTML and JSON reports have all.\n", count(int64(len(i.Chain)-n), "more step"))
			break
		}
		num := strconv.Itoa(n + 1)
		if s.Unordered {
			num, unordered = num+" ~", true
		}
		by := ""
		if s.Rule != "" {
			by = mdText(because(s))
		}
		if s.Rule != "" && s.From >= 0 {
			by = "from " + strconv.Itoa(s.From+1) + ": " + by
		}
		m.row(num, offset(i.Start, s.At), mdName(s.Instance), "**"+mdText(s.Kind)+"** "+mdText(s.Summary), by)
	}
	if unordered {
		m.f("\n~ order not known: closer to its neighbour than the clocks' error.\n")
	}
	var b strings.Builder
	for n, s := range i.Chain {
		if n == 5*mostRows {
			break
		}
		m.evidenceLines(&b, fmt.Sprintf("%3d  ", n+1), s.Evidence)
	}
	if b.Len() > 0 {
		m.f("\nEvidence, by step:\n")
		m.block("text", b.String())
	}
}

// evidenceLines writes place and text of each line, the first behind a prefix, the rest below it.
func (m *markdown) evidenceLines(b *strings.Builder, prefix string, ev []diagnosis.Evidence) {
	for n, e := range ev {
		if n == mostEvidence {
			fmt.Fprintf(b, "%*s%d more\n", len(prefix), "", len(ev)-n)
			break
		}
		if n > 0 {
			prefix = strings.Repeat(" ", len(prefix))
		}
		fmt.Fprintf(b, "%s%s\n", prefix, place(m.root, e))
		if e.Text != "" {
			fmt.Fprintf(b, "%*s%s\n", len(prefix)+2, "", short(e.Text))
		}
	}
}

// sequence draws the chain as a mermaid sequence diagram: an arrow where one instance's step leads to
// another's, a note where it stays.
func sequence(i *diagnosis.Incident) string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	actors := map[string]string{}
	for n, s := range i.Chain {
		if n == mostMermaid {
			break
		}
		if actors[s.Instance] == "" {
			actors[s.Instance] = "p" + strconv.Itoa(len(actors)+1)
			fmt.Fprintf(&b, "  participant %s as %s\n", actors[s.Instance], mermaid(s.Instance, 40))
		}
	}
	for n, s := range i.Chain {
		if n == mostMermaid {
			fmt.Fprintf(&b, "  Note over p1: %d steps more\n", len(i.Chain)-n)
			break
		}
		to := actors[s.Instance]
		says := mermaid(offset(i.Start, s.At)+" "+s.Kind+": "+s.Summary, 100)
		from := ""
		if s.Rule != "" && s.From >= 0 && s.From < n {
			from = actors[i.Chain[s.From].Instance]
		}
		arrow := "->>"
		if s.Unordered {
			arrow = "-->>"
		}
		if from == "" || from == to {
			fmt.Fprintf(&b, "  Note over %s: %s\n", to, says)
		} else {
			fmt.Fprintf(&b, "  %s%s%s: %s\n", from, arrow, to, says)
		}
	}
	return b.String()
}

func (m *markdown) refusal(r diagnosis.Refusal) {
	if r.Kind == "" || r.Kind == "none" {
		return
	}
	m.f("\n### Why it could not simply catch up\n\n%s", mdName(string(r.Kind)))
	if r.Instance != "" {
		m.f(" (%s)", mdName(r.Instance))
	}
	m.f("\n")
	if arithmetic(r) == "" {
		return
	}
	m.f("\n")
	m.header("", "bytes:")
	for _, t := range []struct {
		name string
		n    *int64
	}{{"primary's offset", r.PrimaryOffset}, {"requested offset", r.RequestedOffset}, {"needed", r.NeededBytes}, {"needed, at least", r.AtLeastBytes}, {"needed, at most", r.AtMostBytes}, {"backlog", r.BacklogBytes}, {"**short by**", r.ShortByBytes}} {
		if t.n != nil {
			m.row(t.name, commas(*t.n))
		}
	}
	if r.How != "" {
		m.f("\n%s\n", mdText(sentence(capital(r.How))))
	}
}

func (m *markdown) resyncs(i *diagnosis.Incident) {
	if len(i.Resyncs) < 2 {
		return
	}
	m.f("\n### Attempts to come back\n\n")
	m.header("at:", "replica", "asked", "outcome", "refusal", "needed bytes:", "backlog bytes:", "took:")
	for n, r := range i.Resyncs {
		if n == 2*mostRows {
			m.f("\n%s; the CSV and JSON reports have all.\n", count(int64(len(i.Resyncs)-n), "more attempt"))
			break
		}
		took := ""
		if r.Seconds > 0 {
			took = span(r.Seconds)
		}
		m.row(offset(i.Start, r.At), mdName(r.Instance), mdText(string(r.Asked)), mdText(string(r.Outcome)), mdText(string(r.Refusal)), needed(r.NeededBytes, r.AtLeastBytes, r.AtMostBytes), optional(r.BacklogBytes), took)
	}
}

// mostMermaid is how many steps a diagram holds before nobody can read it.
const mostMermaid = 24
