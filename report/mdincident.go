package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"psyncope/correlate/diagnosis"
)

// part is a part of an incident's page; those with a lower need give way first where there is no room for all.
type part struct {
	name  string // as what is left out is called; empty for what never is
	need  int
	write func()
}

// incident writes one incident in the order of the text report, as much of it as there is room for.
func (m *markdown) incident(i *diagnosis.Incident) {
	could, ruledOut := couldHave(i.Alternatives)
	parts := []part{
		{"", 9, func() { m.answer(i) }},
		{"what a post-mortem asks", 6, func() { m.questions(i) }},
		{"the chain", 7, func() { m.chain(i) }},
		{"the diagram", 3, func() { m.diagram(i) }},
		{"the evidence by step", 4, func() { m.chainEvidence(i) }},
		{"the refusal", 6, func() { m.refusal(i.Refusal) }},
		{"the attempts", 2, func() { m.resyncs(i) }},
		{"what to change", 8, func() { m.changes(i.Recommendations) }},
		{"what if", 3, func() {
			m.bullets("What if", len(i.WhatIf), func(n int) { m.f("- %s: %s\n", MarkdownText(i.WhatIf[n].If), MarkdownText(i.WhatIf[n].Then)) })
		}},
		{"what else it could have been", 5, func() { m.alternatives("What else it could have been", could) }},
		{"what is ruled out", 1, func() { m.alternatives("Ruled out", ruledOut) }},
		{"what would settle the rest", 4, func() {
			m.bullets("What would settle the rest", len(i.Missing), func(n int) { m.f("- %s\n", MarkdownText(i.Missing[n])) })
		}},
	}
	written := make([]string, len(parts))
	for n, p := range parts {
		before := m.b.Len()
		p.write()
		written[n] = m.b.String()[before:]
		m.b.Truncate(before)
	}
	room := min(mdOfIncident, m.room())
	keep := make([]bool, len(parts))
	for need := 9; need > 0; need-- {
		for n, p := range parts {
			if size := utf8.RuneCountInString(written[n]); p.need == need && (size <= room || p.name == "") {
				keep[n], room = true, room-size
			}
		}
	}
	var left []string
	for n, p := range parts {
		switch {
		case keep[n]:
			m.b.WriteString(written[n])
		case written[n] != "":
			left = append(left, p.name)
		}
	}
	if len(left) > 0 {
		m.f("\nToo long for a ticket, and in the HTML and JSON reports: %s.\n", strings.Join(left, ", "))
	}
}

// answer is the first screen.
func (m *markdown) answer(i *diagnosis.Incident) {
	m.f("\n## %s: %s\n\n", MarkdownText(strings.ToUpper(i.Severity)), MarkdownText(i.Headline))
	m.header("", "")
	for _, f := range facts(i) {
		m.row("**"+f.Name+"**", MarkdownText(f.Says))
	}
	m.row("**incident**", mdName(i.ID))
}

func (m *markdown) questions(i *diagnosis.Incident) {
	answered, open := asked(i)
	if len(answered) == 0 && open == "" {
		return
	}
	m.f("\n### What a post-mortem asks\n\n")
	m.header("", "")
	for _, q := range answered {
		m.row("**"+MarkdownText(q.Name)+"**", MarkdownText(q.Says))
	}
	if open != "" {
		m.row("**cannot tell**", MarkdownText(open))
	}
}

func (m *markdown) changes(rs []diagnosis.Recommendation) {
	m.bullets("What to change", len(rs), func(n int) {
		r := rs[n]
		m.f("%d. **%s** %s\n", n+1, MarkdownText(change(r)), MarkdownText(reason(r)))
		if r.Command != "" {
			m.block("sh", lines(looped(r.Command)))
			m.f("\n")
		}
	})
}

func (m *markdown) alternatives(title string, as []diagnosis.Alternative) {
	m.bullets(title, len(as), func(n int) {
		a := as[n]
		where := ""
		if a.Instance != "" {
			where = " on " + mdName(a.Instance)
		}
		m.f("- %s%s (%s): %s\n", mdName(string(a.Kind)), where, percent(a.Confidence), MarkdownText(a.WhyNot))
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
	m.f("\n### What happened\n\n")
	m.header("", "offset:", "instance", "what", "follows")
	unordered := false
	first, rounds := later(i)
	shown := min(first, 2*mostRows)
	for n, s := range i.Chain[:shown] {
		num := strconv.Itoa(n + 1)
		if s.Unordered {
			num, unordered = num+" ~", true
		}
		by := ""
		if s.Rule != "" {
			by = MarkdownText(because(s))
		}
		if s.Rule != "" && s.From >= 0 {
			by = "from " + strconv.Itoa(s.From+1) + ": " + by
		}
		m.row(num, offset(i.Start, s.At), mdName(s.Instance), "**"+MarkdownText(s.Kind)+"** "+MarkdownText(s.Summary), by)
	}
	if unordered {
		m.f("\n~ order not known: closer to its neighbour than the clocks' error.\n")
	}
	if n := first - shown; n > 0 {
		m.f("\n%s; the HTML and JSON reports have all.\n", count(int64(n), "more step"))
	}
	for n, r := range rounds {
		if n == 0 {
			m.f("\n")
		}
		if n == mostRows {
			m.f("- %s\n", count(int64(len(rounds)-n), "more round"))
			break
		}
		m.f("- round %d, %s\n", r.n, MarkdownText(r.says(i)))
	}
}

// diagram is the chain as a sequence of the servers, folded.
func (m *markdown) diagram(i *diagnosis.Incident) {
	if len(i.Chain) > 0 {
		m.f("\n<details><summary>As a diagram</summary>\n")
		m.block("mermaid", sequence(i))
		m.f("\n</details>\n")
	}
}

// chainEvidence are the lines that the chain's steps rest on, folded.
func (m *markdown) chainEvidence(i *diagnosis.Incident) {
	var b strings.Builder
	first, _ := later(i)
	for n, s := range i.Chain[:min(first, 2*mostRows)] {
		m.evidenceLines(&b, fmt.Sprintf("%3d  ", n+1), s.Evidence)
	}
	if b.Len() > 0 {
		m.f("\n<details><summary>Evidence, by step</summary>\n")
		m.block("text", b.String())
		m.f("\n</details>\n")
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
			fmt.Fprintf(b, "%*s%s\n", len(prefix)+2, "", PlainText(e.Text))
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
		m.f("\n%s\n", MarkdownText(sentence(capital(r.How))))
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
		m.row(offset(i.Start, r.At), mdName(r.Instance), MarkdownText(string(r.Asked)), MarkdownText(string(r.Outcome)), MarkdownText(string(r.Refusal)), needed(r.NeededBytes, r.AtLeastBytes, r.AtMostBytes), optional(r.BacklogBytes), took)
	}
}

// mostMermaid is how many steps a diagram holds before nobody can read it.
const mostMermaid = 24
