package report

import (
	"encoding/json"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"

	"psyncope/correlate/diagnosis"
)

// TextCompare writes whether what was changed between two reports helped.
func TextCompare(w io.Writer, c *diagnosis.Comparison, o Options) error {
	p := newPage(o)
	for _, g := range c.Groups {
		p.hang("", p.bold(visible(g.Group)+": "+answers[g.Answer])+": "+sentence(PlainText(g.Why)))
		rows := []table.Row{}
		for _, m := range []struct {
			when string
			is   diagnosis.Measured
		}{{"before", g.Before}, {"after", g.After}} {
			rows = append(rows, table.Row{m.when, commas(int64(m.is.Incidents)), commas(m.is.FullSyncs), commas(m.is.PartialSyncs), size(float64(m.is.BacklogBytes)), rate(m.is.PeakWriteBytesPerS), span(m.is.BridgesS), span(m.is.LongestOutageS)})
		}
		p.grid(table.Row{"", "incidents", "full resyncs", "partial", "backlog", "peak write", "bridges", "longest outage"}, rows, 1, 2, 3, 4, 5, 6, 7)
		for _, l := range []struct {
			name string
			what []string
		}{{"gone", g.Gone}, {"again", g.Again}, {"new", g.New}, {"harm", g.Harm}} {
			if len(l.what) > 0 && (l.name != "harm" || g.Answer != diagnosis.Worse) { // else it is the answer
				p.hang("  "+l.name+": ", list(l.what, 8))
			}
		}
		p.gap()
	}
	if len(c.Groups) == 0 {
		p.para(0, "The first report has no group.")
	}
	_, err := w.Write(p.b.Bytes())
	return err
}

var answers = map[diagnosis.Answer]string{
	diagnosis.Worked: "it worked", diagnosis.DidNot: "it did not work", diagnosis.Worse: "it did harm", diagnosis.CannotTell: "nobody can tell yet",
}

// JSONCompare writes the same for programs.
func JSONCompare(w io.Writer, c *diagnosis.Comparison) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}
