package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"psyncope/correlate/diagnosis"
)

// Markdown writes the report for a ticket or an incident document: GitHub-flavoured, with a mermaid
// sequence of each chain. Text of evidence stands in code blocks, or escaped so that it makes no
// markup, no link and mentions nobody.
func Markdown(w io.Writer, d *diagnosis.Diagnosis, _ Options) error {
	m := &markdown{root: rootOf(d)}
	m.f("# Redis replication report\n\n%s\n", mdText(verdict(d)))
	if len(d.Groups) > fewGroups {
		m.overview(d)
	}
	told := worstFirst(d.Incidents)
	for n, i := range told {
		if n == mostIncidents {
			m.f("\n%s more; the HTML and JSON reports have all.\n", count(int64(len(told)-n), "incident"))
			break
		}
		m.incident(i)
	}
	m.notes(d.Notes)
	m.sizes(d.Sizing)
	m.clocks(d.Time.Hosts)
	m.inputs(d.Inputs)
	_, err := w.Write(m.b.Bytes())
	return err
}

// mostMermaid is how many steps a diagram holds before nobody can read it.
const mostMermaid = 24

type markdown struct {
	b    bytes.Buffer
	root string // where all evidence lies
}

func (m *markdown) f(format string, a ...any) { fmt.Fprintf(&m.b, format, a...) }

// row writes a table's row; the cells are Markdown already.
func (m *markdown) row(cells ...string) { m.f("| %s |\n", strings.Join(cells, " | ")) }

// header writes a table's head; a name that ends in a colon makes its column right-aligned.
func (m *markdown) header(names ...string) {
	rule := make([]string, len(names))
	for i, n := range names {
		rule[i] = "---"
		if strings.HasSuffix(n, ":") {
			names[i], rule[i] = strings.TrimSuffix(n, ":"), "---:"
		}
	}
	m.row(names...)
	m.row(rule...)
}

// block writes a code block whose fence is longer than any run of backticks in it.
func (m *markdown) block(language, content string) {
	fence := strings.Repeat("`", max(3, ticks(content)+1))
	m.f("\n%s%s\n%s\n%s\n", fence, language, strings.TrimRight(content, "\n"), fence)
}

// ticks is the longest run of backticks in s.
func ticks(s string) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// mdText is text as Markdown that shows it and nothing else.
func mdText(s string) string {
	words := strings.Fields(short(s))
	for i, w := range words {
		if magnetic(w) {
			words[i] = mdCode(w)
		} else {
			words[i] = mdEscape(w, i == 0)
		}
	}
	return strings.Join(words, " ")
}

// magnetic tells whether hosts of Markdown make something of a word even when it is escaped: they link
// addresses, mention people, and refer to issues and commits. In code they do not.
func magnetic(w string) bool {
	return strings.ContainsAny(w, "@") || strings.Contains(w, "://") || strings.Contains(strings.ToLower(w), "www.") || issue(w) || hex(w)
}

// issue tells whether w refers to an issue: #12, GH-12, !12.
func issue(w string) bool {
	for _, sign := range []string{"#", "!", "GH-", "gh-"} {
		if _, after, ok := strings.Cut(w, sign); ok && after != "" && after[0] >= '0' && after[0] <= '9' {
			return true
		}
	}
	return false
}

// hex tells whether w may be taken for a commit: replication ids are.
func hex(w string) bool {
	w = strings.Trim(w, "().,:;'\"")
	return len(w) >= 7 && strings.Trim(w, "0123456789abcdef") == "" && strings.Trim(w, "0123456789") != ""
}

// mdCode is a word as code.
func mdCode(w string) string {
	w = short(w)
	if strings.ContainsAny(w, "`|\\") { // which code spans and tables quarrel about
		return "<code>" + mdEscape(w, true) + "</code>"
	}
	return "`" + w + "`"
}

// mdEscape escapes what Markdown may take for markup. What only counts at the beginning of a line is
// escaped there.
func mdEscape(w string, first bool) string {
	var b strings.Builder
	for i, r := range w {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>' && first && i == 0:
			b.WriteString("&gt;")
		case r == '|':
			b.WriteString("&#124;")
		case r == ':' && strings.HasPrefix(w[i:], "://"), r == '.' && i >= 3 && strings.EqualFold(w[i-3:i], "www"):
			b.WriteByte('\\')
			b.WriteRune(r)
		case strings.ContainsRune("\\`*_[]~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case first && i == 0 && strings.ContainsRune("#+-=!", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case first && (r == '.' || r == ')') && i > 0 && strings.Trim(w[:i], "0123456789") == "":
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mdName is a name of an instance, a setting, a kind: code, or nothing where there is none.
func mdName(s string) string {
	if s == "" {
		return ""
	}
	s = strings.Join(strings.Fields(short(s)), " ")
	return mdCode(s)
}

func (m *markdown) overview(d *diagnosis.Diagnosis) {
	sums, quiet := summaries(d)
	if len(sums) > 0 {
		m.f("\n## Groups\n\n")
		m.header("group", "critical:", "warning:", "full resyncs:", "worst")
	}
	for n, s := range sums {
		if n == 5*mostRows {
			m.f("\n%s; the HTML and JSON reports have all.\n", count(int64(len(sums)-n), "more group"))
			break
		}
		m.row(mdName(s.group.ID), strconv.Itoa(s.critical), strconv.Itoa(s.warning), commas(s.full), mdText(s.worst.Headline))
	}
	m.f("\n%s without an incident.\n", capital(count(int64(quiet), "group")))
}

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
	m.bullets("Ruled out", len(i.Alternatives), func(n int) {
		a := i.Alternatives[n]
		where := ""
		if a.Instance != "" {
			where = " on " + mdName(a.Instance)
		}
		m.f("- %s%s (%s): %s\n", mdName(string(a.Kind)), where, percent(a.Confidence), mdText(a.WhyNot))
	})
	m.bullets("What would settle the rest", len(i.Missing), func(n int) { m.f("- %s\n", mdText(i.Missing[n])) })
}

// lines makes each line of a command visible.
func lines(s string) string {
	in := strings.Split(strings.TrimSpace(s), "\n")
	for i := range in {
		in[i] = visible(in[i])
	}
	return strings.Join(in, "\n")
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
	m.header("", "offset:", "instance", "what", "led to by")
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
		by := mdName(s.Rule)
		if s.Rule != "" && s.From >= 0 {
			by += " from " + strconv.Itoa(s.From+1)
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

// mermaid is text for a diagram: letters, digits and the punctuation that has no meaning there; its
// grammar has no way to quote the rest.
func mermaid(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.Join(strings.Fields(visible(s)), " ") {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".,/_+()*'?", r) || r == '-' || r == ':' {
			b.WriteRune(r)
		} else {
			b.WriteRune('·')
		}
	}
	if b.Len() == 0 {
		return "unknown"
	}
	// "wrap:" at the beginning of a text is an order to the diagram.
	return strings.Replace(strings.TrimSpace(b.String()), "wrap:", "wrap·", 1)
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

func (m *markdown) notes(notes []diagnosis.Note) {
	if len(notes) == 0 {
		return
	}
	m.f("\n## Notes\n\n")
	var b strings.Builder
	for n, note := range notes {
		if n == 2*mostRows {
			m.f("\n%s; the CSV and JSON reports have all.\n", count(int64(len(notes)-n), "more note"))
			break
		}
		where := ""
		if note.Instance != "" {
			where = ", " + mdName(note.Instance)
		}
		if note.At != nil {
			where += ", " + when(note.At)
		}
		m.f("%d. **%s**%s: %s\n", n+1, mdText(note.Kind), where, mdText(note.Summary))
		m.evidenceLines(&b, fmt.Sprintf("%3d  ", n+1), note.Evidence)
	}
	if b.Len() > 0 {
		m.f("\nEvidence, by note:\n")
		m.block("text", b.String())
	}
}

func (m *markdown) sizes(sizes []diagnosis.Sizing) {
	if len(sizes) == 0 {
		return
	}
	m.f("\n## Backlog: what it holds and what it should hold\n\n")
	m.header("group", "backlog:", "peak write:", "p99 write:", "covers:", "longest outage:", "recommended:")
	for n, s := range sizes {
		if n == 2*mostRows {
			m.f("\n%s; the CSV and JSON reports have all.\n", count(int64(len(sizes)-n), "more group"))
			break
		}
		m.row(mdName(s.Group), size(float64(s.BacklogBytes)), rate(s.PeakWriteBytesPerS), rate(s.P99WriteBytesPerS), span(s.SecondsCovered), span(s.LongestOutageS), size(float64(s.RecommendedBytes)))
	}
	if len(sizes) > fewGroups {
		return
	}
	for _, s := range sizes {
		if s.Method != "" {
			m.f("\n%s: %s\n", mdName(s.Group), mdText(sentence(s.Method)))
		}
		if len(s.Curves()) == 0 {
			continue
		}
		m.f("\n")
		m.header("if", "were:", "full resyncs:", "saves")
		for _, w := range s.Curves() {
			m.row(mdName(whatSetting(w)), mdText(whatValue(w)), commas(w.FullSyncs), mdText(w.Saves))
		}
	}
}

func (m *markdown) clocks(hosts []diagnosis.HostClock) {
	var rows [][]string
	left := 0
	for _, h := range hosts {
		if len(hosts) > mostRows && !telling(h) || len(rows) == 2*mostRows {
			left++
			continue
		}
		method := strings.Join(append([]string{h.Method}, h.Changes...), "; ")
		rows = append(rows, []string{mdName(h.Instance), zone(h.ZoneOffsetS), skew(h), mdText(method)})
	}
	if len(rows) == 0 {
		return
	}
	m.f("\n## Clocks\n\nAgainst the group's first primary.\n\n")
	m.header("instance", "log's zone", "ahead by:", "rests on")
	for _, r := range rows {
		m.row(r...)
	}
	if left > 0 {
		m.f("\n%s; the CSV and JSON reports have all.\n", count(int64(left), "more clock"))
	}
}

func (m *markdown) inputs(in diagnosis.Inputs) {
	m.f("\n## Inputs\n\n%s, %s, %s, %s rejected %s\n", count(int64(len(in.Files)), "file"), size(float64(in.Bytes)), count(in.Records, "record"), count(in.Rejected, "line"), mdText(kinds(in.Files)))
	if m.root != "" {
		m.f("\nPlaces are below %s\n", mdName(m.root))
	}
	if len(in.Problems) == 0 {
		return
	}
	var b strings.Builder
	for n, p := range in.Problems {
		if n == 2*mostProblems {
			fmt.Fprintf(&b, "%s; the CSV and JSON reports have all\n", count(int64(len(in.Problems)-n), "more problem"))
			break
		}
		fmt.Fprintf(&b, "%s: %s\n", place(m.root, diagnosis.Evidence{File: p.File, Line: p.Line}), short(p.Reason))
		if p.Text != "" {
			fmt.Fprintf(&b, "  %s\n", short(p.Text))
		}
	}
	m.block("text", b.String())
}
