package report

import (
	"bytes"
	"fmt"
	"io"
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
	mostOfRound   = 40 // steps of a storm's first round
	mostEvidence  = 3  // lines a step, in other formats
	mostRows      = 20 // of a table
	mostAttempts  = 10
	mostProblems  = 10
	mostLacking   = 12
	defaultWidth  = 100
	narrowest     = 60
)

// Text writes the report for people: the answer first, then what it rests on.
func Text(w io.Writer, d *diagnosis.Diagnosis, o Options) error {
	p := newPage(o)
	p.root = rootOf(d)
	p.para(0, p.bold(verdict(d)))
	if s := unread(d); s != "" {
		p.para(0, s)
	}
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
	p.lacking(d)
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
		p.hang("  - ", p.bold(s)+": "+PlainText(note.Summary))
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
		rows = append(rows, table.Row{cut(visible(s.Group), 24), size(float64(s.BacklogBytes)), rate(s.PeakWriteBytesPerS), rate(s.P99WriteBytesPerS), span(s.SecondsCovered), span(s.LongestOutageS), wanted(s)})
	}
	p.grid(table.Row{"group", "backlog", "peak write", "p99 write", "covers", "longest outage", "recommended"}, rows, 1, 2, 3, 4, 5, 6)
	p.more(len(sizes)-len(rows), "group")
	if len(sizes) > fewGroups {
		return
	}
	for _, s := range sizes {
		if s.Method != "" {
			p.para(2, visible(s.Group)+": "+sentence(PlainText(s.Method)))
		}
		if ws := s.Curves(); len(ws) > 0 {
			p.hang("  full resyncs with ", curve(ws))
		}
	}
}

// lacking is what nobody took, with what takes it.
func (p *page) lacking(d *diagnosis.Diagnosis) {
	all := lacking(d)
	if len(all) == 0 {
		return
	}
	p.head("What nobody took, and would tell more")
	for n, m := range all {
		if n == mostLacking {
			p.more(len(all)-n, "thing")
			break
		}
		p.hang("  - ", PlainText(m))
	}
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
		rows = append(rows, table.Row{cut(visible(h.Instance), 24), zone(h.ZoneOffsetS), skew(h), wrap(PlainText(method), p.width-58)})
	}
	if len(rows) > 0 {
		p.grid(table.Row{"instance", "log's zone", "ahead by", "known by"}, rows, 2)
	}
	p.more(left, "clock")
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
		p.hang("  ! ", p.paint("33", place(p.root, diagnosis.Evidence{File: pr.File, Line: pr.Line}))+" "+PlainText(pr.Reason))
		if pr.Text != "" {
			p.line(p.dim("    " + cut(PlainText(pr.Text), p.width-4)))
		}
	}
}
