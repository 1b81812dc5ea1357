package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"psyncope/correlate/diagnosis"
)

// How much a terminal is asked to show. What is left out is counted, and stands in the other formats.
const (
	fewGroups     = 3  // from more on, an overview comes first
	mostIncidents = 20 // told in full
	headSteps     = 12 // of a long chain, its beginning
	tailSteps     = 5  // and its end
	mostEvidence  = 3  // lines a step, in other formats
	mostRows      = 20 // of a table
	mostAttempts  = 10
	mostProblems  = 10
	defaultWidth  = 100
	narrowest     = 60
)

// Text writes the report for people: the answer first, then what it rests on.
func Text(w io.Writer, d *diagnosis.Diagnosis, o Options) error {
	p := newPage(o)
	p.root = rootOf(d)
	p.para(0, p.bold(verdict(d)))
	if len(d.Groups) > fewGroups {
		p.overview(d)
	}
	told := worstFirst(d.Incidents)
	for n, i := range told {
		if n == mostIncidents {
			p.gap()
			p.para(0, fmt.Sprintf("%s more are not told here: --group ID tells one group's, --format html or json has all.", count(int64(len(told)-n), "incident")))
			break
		}
		p.incident(i)
	}
	p.notes(d.Notes)
	p.sizes(d.Sizing)
	p.clocks(d.Time.Hosts)
	p.inputs(d.Inputs)
	_, err := w.Write(p.b.Bytes())
	return err
}

// TextClocks writes the clocks alone.
func TextClocks(w io.Writer, d *diagnosis.Diagnosis, o Options) error {
	p := newPage(o)
	if len(d.Time.Hosts) == 0 {
		p.line("No clocks: no instance was found.")
	}
	p.clocks(d.Time.Hosts)
	_, err := w.Write(bytes.TrimLeft(p.b.Bytes(), "\n"))
	return err
}

// TextSizes writes sizing and what-if alone.
func TextSizes(w io.Writer, d *diagnosis.Diagnosis, o Options) error {
	p := newPage(o)
	if len(d.Sizing) == 0 {
		p.line("No sizing: no INFO dumps with offsets were found.")
	}
	p.sizes(d.Sizing)
	_, err := w.Write(bytes.TrimLeft(p.b.Bytes(), "\n"))
	return err
}

// verdict is the first line of every report.
func verdict(d *diagnosis.Diagnosis) string {
	where := count(int64(len(d.Groups)), "group") + ", " + count(int64(instances(d)), "instance")
	if from, to := extent(d); from != nil {
		where += ", " + when(from) + " to " + until(from, to) + " UTC"
	}
	if len(d.Incidents) == 0 {
		return "No replication incident found (" + where + ")."
	}
	critical := 0
	for _, i := range d.Incidents {
		if i.Severity == diagnosis.Critical {
			critical++
		}
	}
	how := ""
	switch {
	case critical == len(d.Incidents):
		how = ", critical"
	case critical > 0:
		how = fmt.Sprintf(", %d of them critical", critical)
	}
	return count(int64(len(d.Incidents)), "replication incident") + how + " (" + where + ")."
}

func instances(d *diagnosis.Diagnosis) int {
	n := 0
	for _, g := range d.Groups {
		n += len(g.Replicas)
		if g.Primary != "" {
			n++
		}
	}
	return n
}

// extent is the time that all groups together cover.
func extent(d *diagnosis.Diagnosis) (from, to *diagnosis.Stamp) {
	for _, g := range d.Groups {
		if g.From != nil && (from == nil || g.From.Before(from.Time)) {
			from = g.From
		}
		if g.To != nil && (to == nil || g.To.After(to.Time)) {
			to = g.To
		}
	}
	if from == nil || to == nil {
		return nil, nil
	}
	return from, to
}

// worstFirst orders incidents as people want them: critical before the rest, then as they began.
func worstFirst(in []diagnosis.Incident) []*diagnosis.Incident {
	out := make([]*diagnosis.Incident, len(in))
	for i := range in {
		out[i] = &in[i]
	}
	slices.SortStableFunc(out, func(a, b *diagnosis.Incident) int { return rank(a) - rank(b) })
	return out
}

func rank(i *diagnosis.Incident) int {
	if i.Severity == diagnosis.Critical {
		return 0
	}
	return 1
}

// page is text under construction.
type page struct {
	b     bytes.Buffer
	width int
	color bool
	root  string // where all evidence lies
}

func newPage(o Options) *page {
	p := &page{width: o.Width, color: o.Color}
	if p.width <= 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, narrowest)
	return p
}

// The colours are written here, not by go-pretty, whose switch for them is one for the whole program.
func (p *page) paint(code, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *page) bold(s string) string { return p.paint("1", s) }
func (p *page) dim(s string) string  { return p.paint("2", s) }
func (p *page) severity(s string) string {
	word := strings.ToUpper(visible(s))
	if s == diagnosis.Critical {
		return p.paint("1;31", word)
	}
	return p.paint("1;33", word)
}

func (p *page) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }
func (p *page) gap()          { p.b.WriteByte('\n') }
func (p *page) head(s string) { p.gap(); p.line(p.bold(s)) }

// para writes text wrapped at the page's width, each line behind indent spaces.
func (p *page) para(indent int, s string) { p.hang(strings.Repeat(" ", indent), s) }

// hang writes text wrapped behind a first prefix; later lines stand below the text.
func (p *page) hang(prefix, s string) {
	in := text.StringWidthWithoutEscSequences(prefix)
	for i, l := range strings.Split(wrap(s, p.width-in), "\n") {
		if i > 0 {
			prefix = strings.Repeat(" ", in)
		}
		p.line(prefix + l)
	}
}

// wrap breaks at spaces, and within a word only where that word alone is longer than a line.
func wrap(s string, width int) string {
	width = max(width, 20)
	var b strings.Builder
	col := 0
	for i, word := range strings.Fields(s) {
		n := text.StringWidthWithoutEscSequences(word)
		switch {
		case i == 0:
		case col+1+n > width:
			b.WriteByte('\n')
			col = 0
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += n
	}
	return b.String()
}

// grid writes a table behind two spaces, without lines around it.
func (p *page) grid(header table.Row, rows []table.Row, right ...int) {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "  ", ""
	style.Format.Header = text.FormatDefault
	style.Format.HeaderAlign = text.AlignDefault
	t.SetStyle(style)
	for i := range header {
		header[i] = p.dim(header[i].(string))
	}
	t.AppendHeader(header)
	t.AppendRows(rows)
	configs := make([]table.ColumnConfig, 0, len(header))
	for i := range header {
		c := table.ColumnConfig{Number: i + 1, VAlign: text.VAlignTop}
		if slices.Contains(right, i) {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		configs = append(configs, c)
	}
	t.SetColumnConfigs(configs)
	for l := range strings.SplitSeq(t.Render(), "\n") {
		p.line(l)
	}
}

func (p *page) more(n int, noun string) {
	if n > 0 {
		p.line(p.dim("  " + count(int64(n), "more "+noun) + "; --format html, csv or json has all"))
	}
}

// overview is one row a group that has something to say.
func (p *page) overview(d *diagnosis.Diagnosis) {
	p.head("Groups")
	sums, quiet := summaries(d)
	shown := sums[:min(len(sums), mostRows)]
	names := len("group")
	for _, s := range shown {
		names = max(names, text.StringWidthWithoutEscSequences(cut(visible(s.group.ID), 28)))
	}
	var rows []table.Row
	for _, s := range shown {
		rows = append(rows, table.Row{cut(visible(s.group.ID), 28), s.critical, s.warning, commas(s.full), cut(visible(s.worst.Headline), max(p.width-names-39, 24))})
	}
	if len(rows) > 0 {
		p.grid(table.Row{"group", "critical", "warning", "full resyncs", "worst"}, rows, 1, 2, 3)
	}
	p.more(len(sums)-len(shown), "group")
	p.line(p.dim("  " + count(int64(quiet), "group") + " without an incident"))
}

// summary is what an overview says of a group.
type summary struct {
	group             diagnosis.Group
	critical, warning int
	full              int64
	worst             *diagnosis.Incident // the first of the worst
}

// summaries lists the groups with incidents, worst first, and counts those without.
func summaries(d *diagnosis.Diagnosis) (sums []summary, quiet int) {
	at := map[string]int{}
	for _, g := range d.Groups {
		at[g.ID] = len(sums)
		sums = append(sums, summary{group: g})
	}
	for _, i := range worstFirst(d.Incidents) {
		n, ok := at[i.Group]
		if !ok { // a saved report may be anyone's: an incident is shown even where its group is not listed
			n = len(sums)
			at[i.Group] = n
			sums = append(sums, summary{group: diagnosis.Group{ID: i.Group}})
		}
		s := &sums[n]
		if s.worst == nil {
			s.worst = i
		}
		if rank(i) == 0 {
			s.critical++
		} else {
			s.warning++
		}
		s.full += i.FullSyncs
	}
	all := len(sums)
	sums = slices.DeleteFunc(sums, func(s summary) bool { return s.worst == nil })
	slices.SortStableFunc(sums, func(a, b summary) int {
		return cmp.Or(b.critical-a.critical, b.warning-a.warning)
	})
	return sums, all - len(sums)
}

// cut shortens s to width columns.
func cut(s string, width int) string {
	return text.Snip(s, width, "…")
}

func (p *page) incident(i *diagnosis.Incident) {
	p.gap()
	p.line(p.dim(strings.Repeat("─", p.width)))
	p.hang(p.severity(i.Severity)+"  ", p.bold(visible(i.Headline)))
	for _, f := range facts(i) {
		p.hang(p.dim(fmt.Sprintf("  %-9s ", f.Name)), f.Says)
	}
	p.chain(i)
	p.refusal(i)
	p.resyncs(i)
	if len(i.Alternatives) > 0 {
		p.head("Ruled out")
		for _, a := range i.Alternatives {
			who := visible(string(a.Kind))
			if a.Instance != "" {
				who += " on " + visible(a.Instance)
			}
			p.hang("  - ", who+" ("+percent(a.Confidence)+"): "+short(a.WhyNot))
		}
	}
	if len(i.Missing) > 0 {
		p.head("What would settle the rest")
		for _, m := range i.Missing {
			p.hang("  - ", short(m))
		}
	}
	p.advice(i.Recommendations)
}

// fact is a line of the answer.
type fact struct{ Name, Says string }

// facts is the answer below the headline: when, who, what began it, what it cost.
func facts(i *diagnosis.Incident) []fact {
	out := []fact{{"when", lasted(i)}}
	who := list(i.Affected, 8)
	if who == "" {
		who = "no replica"
	}
	if i.Group != "" {
		who += " (group " + visible(i.Group) + ")"
	}
	out = append(out, fact{"affected", who}, fact{"began", began(i)},
		fact{"cost", count(i.FullSyncs, "full resync") + ", " + count(i.PartialSyncs, "partial resync")})
	if s := round(i); s != "" {
		out = append(out, fact{"loop", s})
	}
	return out
}

// began says what began it, where, when, and how sure that is.
func began(i *diagnosis.Incident) string {
	t := i.Trigger
	s := visible(string(t.Kind))
	if t.Instance != "" {
		s += " on " + visible(t.Instance)
	}
	if t.At != nil {
		s += " at " + until(i.Start, t.At)
	}
	s += ", " + percent(t.Confidence) + " sure"
	if t.Summary != "" {
		s += ": " + short(t.Summary)
	}
	return s
}

// round says what goes round; empty where nothing does.
func round(i *diagnosis.Incident) string {
	s := ""
	if l := i.Loop; l != nil {
		s = visible(string(l.Kind)) + ", " + count(int64(l.Rounds), "round")
		if l.PeriodS > 0 {
			s += ", one every " + span(l.PeriodS)
		}
	}
	if i.Storm {
		if s != "" {
			s += "; "
		}
		s += "a storm: each full resync brings on the next"
	}
	return s
}

func (p *page) chain(i *diagnosis.Incident) {
	if len(i.Chain) == 0 {
		return
	}
	p.head("What happened")
	if p.root != "" {
		p.hang("  ", p.dim("places are below "+visible(p.root)))
	}
	names, offsets := 0, 0
	for _, s := range i.Chain {
		names = max(names, text.StringWidthWithoutEscSequences(visible(s.Instance)))
		offsets = max(offsets, len(offset(i.Start, s.At)))
	}
	names = min(names, 24)
	unordered, last := false, len(i.Chain)-1
	for n, s := range i.Chain {
		if len(i.Chain) > headSteps+tailSteps+1 && n >= headSteps && n <= last-tailSteps {
			if n == headSteps {
				p.line(p.dim(fmt.Sprintf("      … %d steps more; --format html or json has all", len(i.Chain)-headSteps-tailSteps)))
			}
			continue
		}
		mark := " "
		if s.Unordered {
			mark, unordered = "~", true
		}
		prefix := fmt.Sprintf("%s%3d %*s  %s  ", mark, n+1, offsets, offset(i.Start, s.At), text.Pad(cut(visible(s.Instance), names), names, ' '))
		p.hang(prefix, p.bold(visible(s.Kind))+": "+short(s.Summary)+p.dim(leadsFrom(s, n)))
		p.evidence(4+1+offsets+2, s.Evidence)
	}
	if unordered {
		p.hang("  ~ ", p.dim("order not known: closer to its neighbour than the clocks' error"))
	}
}

// leadsFrom names the rule that leads to a step, and the step it comes from where that is not the one above.
func leadsFrom(s diagnosis.Step, n int) string {
	switch {
	case s.Rule == "":
		return ""
	case s.From < 0 || s.From == n-1:
		return " [" + visible(s.Rule) + "]"
	default:
		return fmt.Sprintf(" [%s, from %d]", visible(s.Rule), s.From+1)
	}
}

// evidence writes where it says so, one line of it; the place is never cut, for it is what one opens.
func (p *page) evidence(indent int, lines []diagnosis.Evidence) {
	if len(lines) == 0 {
		return
	}
	at, said, more := place(p.root, lines[0]), short(lines[0].Text), ""
	if len(lines) > 1 {
		more = fmt.Sprintf("  +%d", len(lines)-1)
	}
	room := p.width - indent - 2 - len(more) - text.StringWidthWithoutEscSequences(at)
	if room < 24 && said != "" {
		p.line(fmt.Sprintf("%*s%s%s", indent, "", p.paint("36", at), p.dim(more)))
		p.line(p.dim(fmt.Sprintf("%*s%s", indent+2, "", cut(said, p.width-indent-2))))
		return
	}
	p.line(fmt.Sprintf("%*s%s  %s%s", indent, "", p.paint("36", at), p.dim(cut(said, room)), p.dim(more)))
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
		p.para(2, p.dim(sentence(capital(short(r.How)))))
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

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return commas(*n)
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
		for c := range strings.SplitSeq(strings.TrimSpace(r.Command), "\n") {
			p.line("       " + p.paint("32", visible(c)))
		}
	}
}

// change says what a recommendation changes: repl-backlog-size on redis-a: 1mb -> 64mb.
func change(r diagnosis.Recommendation) string {
	s := visible(r.Setting)
	if s == "" {
		s = visible(r.ID)
	}
	if r.Instance != "" {
		s += " on " + visible(r.Instance)
	}
	switch {
	case r.From != "" && r.To != "":
		s += ": " + short(r.From) + " -> " + short(r.To)
	case r.To != "":
		s += ": " + short(r.To)
	}
	return s
}

// reason says why, which link of the chain it cuts, and what it costs.
func reason(r diagnosis.Recommendation) string {
	var parts []string
	if r.Why != "" {
		parts = append(parts, sentence(short(r.Why)))
	}
	if r.Cuts != "" {
		parts = append(parts, sentence("Cuts "+visible(r.Cuts)))
	}
	if r.Cost != "" {
		parts = append(parts, sentence("Costs: "+short(r.Cost)))
	}
	return strings.Join(parts, " ")
}

func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

func (p *page) notes(notes []diagnosis.Note) {
	if len(notes) == 0 {
		return
	}
	p.gap()
	p.line(p.dim(strings.Repeat("─", p.width)))
	p.line(p.bold("Notes"))
	for n, note := range notes {
		if n == mostRows {
			p.more(len(notes)-n, "note")
			break
		}
		s := visible(note.Kind)
		if note.Instance != "" {
			s += ", " + visible(note.Instance)
		}
		if note.At != nil {
			s += ", " + when(note.At)
		}
		p.hang("  - ", p.bold(s)+": "+short(note.Summary))
		p.evidence(4, note.Evidence)
	}
}

func (p *page) sizes(sizes []diagnosis.Sizing) {
	if len(sizes) == 0 {
		return
	}
	p.head("Backlog: what it holds and what it should hold")
	var rows []table.Row
	for n, s := range sizes {
		if n == mostRows {
			break
		}
		rows = append(rows, table.Row{cut(visible(s.Group), 24), size(float64(s.BacklogBytes)), rate(s.PeakWriteBytesPerS), rate(s.P99WriteBytesPerS), span(s.SecondsCovered), span(s.LongestOutageS), size(float64(s.RecommendedBytes))})
	}
	p.grid(table.Row{"group", "backlog", "peak write", "p99 write", "covers", "longest outage", "recommended"}, rows, 1, 2, 3, 4, 5, 6)
	p.more(len(sizes)-len(rows), "group")
	if len(sizes) > fewGroups {
		return
	}
	for _, s := range sizes {
		if s.Method != "" {
			p.para(2, visible(s.Group)+": "+sentence(short(s.Method)))
		}
		if ws := s.Curves(); len(ws) > 0 {
			p.hang("  full resyncs with ", curve(ws))
		}
	}
}

func rate(bytesPerS float64) string { return size(bytesPerS) + "/s" }

// curve is the what-if in a line: backlog 1.0 MiB: 4, 8.0 MiB: 1 (saves ...).
func curve(ws []diagnosis.WhatIf) string {
	parts := make([]string, 0, len(ws))
	setting := ""
	for _, w := range ws {
		s := ""
		if name := whatSetting(w); name != setting {
			s, setting = name+" ", name
		}
		s += whatValue(w) + ": " + commas(w.FullSyncs)
		if w.Saves != "" {
			s += " (saves " + short(w.Saves) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

func whatSetting(w diagnosis.WhatIf) string {
	if w.Setting == "" {
		return "repl-backlog-size"
	}
	return visible(w.Setting)
}

func whatValue(w diagnosis.WhatIf) string {
	if w.Value != "" {
		return visible(w.Value)
	}
	return size(float64(w.BacklogBytes))
}

func (p *page) clocks(hosts []diagnosis.HostClock) {
	if len(hosts) == 0 {
		return
	}
	p.head("Clocks (against the group's first primary)")
	var rows []table.Row
	left := 0
	for _, h := range hosts {
		// A fleet's clocks are news only where they are off or unknown.
		if len(hosts) > mostRows && !telling(h) || len(rows) == 2*mostRows {
			left++
			continue
		}
		method := h.Method
		if len(h.Changes) > 0 {
			method += "; " + strings.Join(h.Changes, "; ")
		}
		rows = append(rows, table.Row{cut(visible(h.Instance), 24), zone(h.ZoneOffsetS), skew(h), wrap(short(method), p.width-58)})
	}
	if len(rows) > 0 {
		p.grid(table.Row{"instance", "log's zone", "ahead by", "rests on"}, rows, 2)
	}
	p.more(left, "clock")
}

// telling tells whether a clock is off by more than the doubt, changed, or is not aligned.
func telling(h diagnosis.HostClock) bool {
	return h.SkewS > h.ErrorS || -h.SkewS > h.ErrorS || len(h.Changes) > 0 || strings.HasPrefix(h.Method, "unaligned")
}

// zone prints an offset from UTC: UTC, UTC+02:00.
func zone(s float64) string {
	if s == 0 {
		return "UTC"
	}
	sign := "+"
	if s < 0 {
		sign, s = "-", -s
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, int(s)/3600, int(s)%3600/60)
}

// skew prints how far a clock is ahead, with its doubt.
func skew(h diagnosis.HostClock) string {
	if strings.HasPrefix(h.Method, "unaligned") {
		return "unknown"
	}
	s := trim(h.SkewS, 3) + " s"
	if h.ErrorS > 0 {
		s += " ± " + trim(h.ErrorS, 3) + " s"
	}
	return s
}

func (p *page) inputs(in diagnosis.Inputs) {
	p.head("Inputs")
	s := count(int64(len(in.Files)), "file") + ", " + size(float64(in.Bytes)) + ", " + count(in.Records, "record") + ", " + count(in.Rejected, "line") + " rejected"
	p.para(2, s+kinds(in.Files))
	for n, pr := range in.Problems {
		if n == mostProblems {
			p.more(len(in.Problems)-n, "problem")
			break
		}
		p.hang("  ! ", p.paint("33", place(p.root, diagnosis.Evidence{File: pr.File, Line: pr.Line}))+" "+short(pr.Reason))
		if pr.Text != "" {
			p.line(p.dim("    " + cut(short(pr.Text), p.width-4)))
		}
	}
}

// kinds counts the files of each kind, in order of first appearance.
func kinds(files []diagnosis.InputFile) string {
	var names []string
	n := map[string]int{}
	for _, f := range files {
		if n[f.Kind] == 0 {
			names = append(names, f.Kind)
		}
		n[f.Kind]++
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, k := range names {
		parts[i] = fmt.Sprintf("%s %d", visible(k), n[k])
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
