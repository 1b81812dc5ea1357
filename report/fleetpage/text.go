package fleetpage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/report"
)

// How much a page shows; the rest is counted, and in fleet.json and fleet.csv.
const (
	mostRows  = 40
	mostRisky = 20
)

// inCommon writes what new incidents have in common, a line each, below a heading where the form has one.
func inCommon(b *bytes.Buffer, p Page, heading, bullet string, as func(string) string) {
	if len(p.Together) > 0 && heading != "" {
		fmt.Fprintf(b, heading, "In common")
	}
	for _, t := range p.Together {
		b.WriteString(bullet + together(t, as) + "\n")
	}
}

// Text writes the page for people at a terminal and for mail.
func Text(w io.Writer, p Page) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", p.Line())
	inCommon(&b, p, "\n%s\n", "  ", report.PlainText)
	for _, l := range p.lists() {
		textCases(&b, l.Title, l.Cases)
	}
	if len(p.NearMisses) > 0 {
		b.WriteString("\nAbout to break\n")
		for _, n := range p.NearMisses {
			fmt.Fprintf(&b, "  %-26s %s: %s\n", report.PlainText(n.Kind), names(n.Groups, 6, report.PlainText), report.PlainText(n.Summary))
			if n.Evidence != "" {
				fmt.Fprintf(&b, "  %-26s evidence: %s\n", "", report.PlainText(n.Evidence))
			}
		}
	}
	textChanges(&b, p)
	for _, l := range p.absent() {
		fmt.Fprintf(&b, "\n%s\n  %s\n", l.title, names(l.names, mostRows, report.PlainText))
	}
	b.WriteString("\nNearest the edge\n")
	for n, g := range p.Groups {
		if n == mostRisky || g.Risk == 0 {
			fmt.Fprintf(&b, "  and %d more groups, in fleet.csv\n", len(p.Groups)-n)
			break
		}
		fmt.Fprintf(&b, "  %3.0f%%  %-24s %s\n", g.Risk*100, report.PlainText(g.Name), report.PlainText(g.Why))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// textCases writes incidents under a heading.
func textCases(b *bytes.Buffer, title string, cases []fleet.Case) {
	if len(cases) > 0 {
		fmt.Fprintf(b, "\n%s\n", title)
	}
	for n, c := range cases {
		if n == mostRows {
			fmt.Fprintf(b, "  and %d more, in fleet.json\n", len(cases)-n)
			return
		}
		fmt.Fprintf(b, "  %-8s %s: %s\n", strings.ToUpper(report.PlainText(c.Incident.Severity)), report.PlainText(c.GroupName), report.PlainText(c.Incident.Headline))
		fmt.Fprintf(b, "           %s; key %s\n", since(c), report.PlainText(c.Key))
		if e := evidence(&c.Incident); e != "" {
			fmt.Fprintf(b, "           evidence: %s\n", e)
		}
		if s := first(&c.Incident); s != "" {
			fmt.Fprintf(b, "           do first: %s\n", s)
		}
		if c.Reason != "" || c.Until != nil {
			fmt.Fprintf(b, "           acknowledged: %s\n", acknowledged(c))
		}
	}
}

func textChanges(b *bytes.Buffer, p Page) {
	if len(p.Changes) > 0 {
		b.WriteString("\nChanged since the night before\n")
	}
	for n, c := range p.Changes {
		if n == mostRows {
			fmt.Fprintf(b, "  and %d more, in fleet.json\n", len(p.Changes)-n)
			return
		}
		fmt.Fprintf(b, "  %s\n", change(c, report.PlainText))
	}
}

// absence is a list of what is not there, under its title.
type absence struct {
	title string
	names []string
}

// absent is what did not come or could not be read, as far as anything is.
func (p Page) absent() (out []absence) {
	for _, l := range []absence{{"Groups of which nothing came", p.Missing}, {"Servers that were silent", p.Silent}, {"Could not be read", p.Broken}} {
		if len(l.names) > 0 {
			out = append(out, l)
		}
	}
	return out
}

func acknowledged(c fleet.Case) string {
	s := report.PlainText(c.Reason)
	if c.Until != nil {
		s += " (until " + c.Until.UTC().Format("2006-01-02") + ")"
	}
	return strings.TrimSpace(s)
}

// markdownCases writes incidents as a table under a heading.
func markdownCases(b *bytes.Buffer, title string, cases []fleet.Case) {
	if len(cases) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| | group | what | since | do first | key |\n| --- | --- | --- | --- | --- | --- |\n", title)
	for n, c := range cases {
		if n == mostRows {
			fmt.Fprintf(b, "\nand %d more, in fleet.json\n", len(cases)-n)
			break
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", report.MarkdownText(c.Incident.Severity), report.MarkdownText(c.GroupName), report.MarkdownText(c.Incident.Headline), report.MarkdownText(since(c)), report.MarkdownText(first(&c.Incident)), report.MarkdownText(c.Key))
	}
}

// Markdown writes the page for a ticket or a wiki.
func Markdown(w io.Writer, p Page) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Fleet: %s\n", report.MarkdownText(p.Line()))
	inCommon(&b, p, "\n## %s\n\n", "- ", report.MarkdownText)
	for _, l := range p.lists() {
		markdownCases(&b, l.Title, l.Cases)
	}
	if len(p.NearMisses) > 0 {
		b.WriteString("\n## About to break\n\n")
		for _, n := range p.NearMisses {
			fmt.Fprintf(&b, "- **%s**: %s: %s\n", report.MarkdownText(n.Kind), names(n.Groups, 6, report.MarkdownText), report.MarkdownText(n.Summary))
			if n.Evidence != "" {
				fmt.Fprintf(&b, "  evidence: %s\n", report.MarkdownText(n.Evidence))
			}
		}
	}
	if len(p.Changes) > 0 {
		b.WriteString("\n## Changed since the night before\n\n")
		for n, c := range p.Changes {
			if n == mostRows {
				break
			}
			fmt.Fprintf(&b, "- %s\n", change(c, report.MarkdownText))
		}
	}
	for _, l := range p.absent() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", l.title, names(l.names, mostRows, report.MarkdownText))
	}
	b.WriteString("\n## Nearest the edge\n\n| risk | group | why |\n| ---: | --- | --- |\n")
	for n, g := range p.Groups {
		if n == mostRisky {
			break
		}
		fmt.Fprintf(&b, "| %.0f%% | %s | %s |\n", g.Risk*100, report.MarkdownText(g.Name), report.MarkdownText(g.Why))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// JSON writes the page for programs.
func JSON(w io.Writer, p Page) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(p.Page)
}

// Notify writes a message of what is new; nothing where nothing is.
func Notify(w io.Writer, p Page) error {
	if !News(p) {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", p.Line())
	inCommon(&b, p, "", "in common: ", report.PlainText)
	for n, c := range p.New {
		if n == 10 {
			fmt.Fprintf(&b, "and %d more new incidents\n", len(p.New)-n)
			break
		}
		fmt.Fprintf(&b, "%s %s: %s (%s)\n", mark(c.Incident.Severity), report.PlainText(c.GroupName), report.PlainText(c.Incident.Headline), since(c))
	}
	for n, c := range p.Changes {
		if n == 5 {
			break
		}
		fmt.Fprintf(&b, "changed: %s\n", change(c, report.PlainText))
	}
	if len(p.Missing) > 0 {
		fmt.Fprintf(&b, "nothing came of %s\n", names(p.Missing, 6, report.PlainText))
	}
	// Slack's own mentions and links begin with <; a message has none.
	_, err := io.WriteString(w, strings.NewReplacer("<", "‹", ">", "›", "&", "+").Replace(b.String()))
	return err
}

// News reports whether the night has anything that a message is for.
func News(p Page) bool { return len(p.New) > 0 || len(p.Missing) > 0 || len(p.Changes) > 0 }

func mark(severity string) string {
	if severity == diagnosis.Critical {
		return "[critical]"
	}
	return "[warning]"
}

// CSV writes a row a group.
func CSV(w io.Writer, p Page) error {
	var b bytes.Buffer
	b.WriteString("group_id,group_name,primary_instance,verdict,risk,why,new_or_open_incidents,missing,survives_seconds,peak_write_bytes_per_s,backlog_bytes,recommended_bytes,longest_outage_seconds,backlog_used,full_syncs,partial_syncs,fork_seconds,copy_on_write_bytes,used_memory_bytes,memory_limit_bytes,replica_buffer_bytes,clients,max_clients,nights\n")
	for _, g := range p.Groups {
		m := &fleet.Measure{}
		if n := len(g.Trend); n > 0 {
			m = g.Trend[n-1]
		}
		survives := ""
		if g.SurvivesS != nil {
			survives = number(*g.SurvivesS)
		}
		cells := []string{
			cell(g.Key), cell(g.Name), cell(g.Primary), cell(g.Verdict), number(g.Risk), cell(g.Why), strconv.Itoa(g.Incidents), strconv.FormatBool(g.Missing), survives, number(m.PeakBytesPerS), strconv.FormatInt(m.BacklogBytes, 10),
			strconv.FormatInt(m.RecommendedBytes, 10), number(m.LongestOutageS), number(m.BacklogUsed), strconv.FormatInt(m.FullSyncs, 10), strconv.FormatInt(m.PartialSyncs, 10), number(m.ForkS), strconv.FormatInt(m.CopyOnWriteBytes, 10),
			strconv.FormatInt(m.UsedMemoryBytes, 10), strconv.FormatInt(m.MemoryLimitBytes, 10), strconv.FormatInt(m.ReplicaBufferBytes, 10), strconv.FormatInt(m.Clients, 10), strconv.FormatInt(m.MaxClients, 10), strconv.Itoa(len(g.Trend)),
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func number(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(f, 'f', 3, 64), "0"), ".")
}

// cell is text that no spreadsheet runs as a formula.
func cell(s string) string {
	s = report.PlainText(s)
	if strings.IndexAny(s, "=+-@") == 0 {
		s = "'" + s
	}
	if strings.ContainsAny(s, "\",\n") {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}
