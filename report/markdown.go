package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"psyncope/correlate/diagnosis"
)

// Markdown writes the report for a ticket or an incident document: GitHub-flavoured, with a mermaid
// sequence of each chain. Text of evidence stands in code blocks, or escaped so that it makes no
// markup, no link and mentions nobody.
func Markdown(w io.Writer, d *diagnosis.Diagnosis, _ Options) error {
	m := &markdown{root: rootOf(d)}
	m.f("# Redis replication report\n\n%s\n", MarkdownText(verdict(d)))
	if s := unread(d); s != "" {
		m.f("\n%s\n", MarkdownText(s))
	}
	if len(d.Groups) > fewGroups {
		m.overview(d)
	}
	told := worstFirst(d.Incidents)
	for n, i := range told {
		if n == mostIncidents || m.room() < mdAnswer {
			m.named(told[n:])
			break
		}
		m.incident(i)
	}
	for _, tail := range []func(){func() { m.notes(d.Notes) }, func() { m.sizes(d.Sizing) }, func() { m.lacking(d) }, func() { m.clocks(d.Time.Hosts) }, func() { m.inputs(d.Inputs) }} {
		before := m.b.Len()
		if tail(); utf8.RuneCount(m.b.Bytes()) > mdMost {
			m.b.Truncate(before)
		}
	}
	_, err := w.Write(m.b.Bytes())
	return err
}

// named lists the incidents for which there is no room, by their headlines, as many as there is room for.
func (m *markdown) named(left []*diagnosis.Incident) {
	m.f("\n## Further incidents\n\nThe HTML and JSON reports tell them.\n\n")
	for n, i := range left {
		if n == 2*mostRows || m.room() < -mdSpare/2 {
			m.f("- %s\n", count(int64(len(left)-n), "more incident"))
			return
		}
		m.f("- %s: %s\n", MarkdownText(i.Severity), MarkdownText(cut(i.Headline, 200)))
	}
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
		m.row(mdName(s.group.ID), strconv.Itoa(s.critical), strconv.Itoa(s.warning), commas(s.full), MarkdownText(s.worst.Headline))
	}
	m.f("\n%s without an incident.\n", capital(count(int64(quiet), "group")))
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
		m.f("%d. **%s**%s: %s\n", n+1, MarkdownText(note.Kind), where, MarkdownText(note.Summary))
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
		m.row(mdName(s.Group), size(float64(s.BacklogBytes)), rate(s.PeakWriteBytesPerS), rate(s.P99WriteBytesPerS), span(s.SecondsCovered), span(s.LongestOutageS), wanted(s))
	}
	if len(sizes) > fewGroups {
		return
	}
	for _, s := range sizes {
		if s.Method != "" {
			m.f("\n%s: %s\n", mdName(s.Group), MarkdownText(sentence(s.Method)))
		}
		if len(s.Curves()) == 0 {
			continue
		}
		m.f("\n")
		m.header("if", "were:", "full resyncs:", "saves")
		for _, w := range s.Curves() {
			m.row(mdName(whatSetting(w)), MarkdownText(whatBridges(w)), commas(w.FullSyncs), MarkdownText(w.Saves))
		}
	}
}

func (m *markdown) lacking(d *diagnosis.Diagnosis) {
	all := lacking(d)
	if len(all) == 0 {
		return
	}
	m.f("\n## What nobody took, and would tell more\n\n")
	for _, what := range all {
		m.f("- %s\n", MarkdownText(what))
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
		rows = append(rows, []string{mdName(h.Instance), zone(h.ZoneOffsetS), skew(h), MarkdownText(method)})
	}
	if len(rows) == 0 {
		return
	}
	m.f("\n## Clocks\n\nAgainst the group's first primary.\n\n")
	m.header("instance", "log's zone", "ahead by:", "known by")
	for _, r := range rows {
		m.row(r...)
	}
	if left > 0 {
		m.f("\n%s; the CSV and JSON reports have all.\n", count(int64(left), "more clock"))
	}
}

func (m *markdown) inputs(in diagnosis.Inputs) {
	m.f("\n## Inputs\n\n%s, %s, %s, %s rejected %s\n", count(int64(len(in.Files)), "file"), size(float64(in.Bytes)), count(in.Records, "record"), count(in.Rejected, "line"), MarkdownText(kinds(in.Files)))
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
		fmt.Fprintf(&b, "%s: %s\n", place(m.root, diagnosis.Evidence{File: p.File, Line: p.Line}), PlainText(p.Reason))
		if p.Text != "" {
			fmt.Fprintf(&b, "  %s\n", PlainText(p.Text))
		}
	}
	m.block("text", b.String())
}
