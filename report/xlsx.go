package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/xuri/excelize/v2"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// What a workbook takes: Excel's own limits, and as many charts as one looks through.
const (
	xlsxRows    = 1_048_576 - 1
	xlsxCell    = 32_000 // bytes; Excel breaks a cell at 32,767 characters
	xlsxGroups  = 12     // whose series are drawn
	xlsxHigh    = 18     // rows that a chart takes
	xlsxWide    = 60     // the widest column, in characters
	xlsxCharts  = "charts"
	xlsxSeries  = "series"
	xlsxTimeFmt = "yyyy-mm-dd hh:mm:ss.000"
)

// workbook are the tables that have a sheet, in order; the plan is what of recommendations is in the plan.
var workbook = []string{"incidents", "chain", "questions", "resyncs", "sizing", "plan", "recommendations", "notes", "evidence", "clocks", "groups", "files", xlsxSeries}

// XLSX writes a workbook for spreadsheets: a sheet a table with a frozen header and a filter, instants as dates, and the series as charts.
// Text is text, whatever it begins with: no cell of it is a formula.
func XLSX(w io.Writer, d *diagnosis.Diagnosis, _ Options) error {
	f := excelize.NewFile()
	defer f.Close()
	b := &book{f: f}
	if err := b.styles(); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	for _, name := range workbook {
		if err := b.sheet(name, d); err != nil {
			return fmt.Errorf("write sheet %s: %w", name, err)
		}
	}
	if err := b.charts(d); err != nil {
		return fmt.Errorf("draw charts: %w", err)
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	f.SetActiveSheet(0)
	if err := f.SetDocProps(&excelize.DocProperties{Creator: "psyncope", Title: visible(verdict(d))}); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	var archive bytes.Buffer
	if err := f.Write(&archive); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return inOrder(w, archive.Bytes())
}

type book struct {
	f          *excelize.File
	head, date int // styles
	wrap       int
	series     []drawn // where each series stands
}

// drawn is one series' rows in its sheet.
type drawn struct {
	group, instance, name, unit string
	from, to                    int
}

func (b *book) styles() (err error) {
	if b.head, err = b.f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8ECF1"}}}); err != nil {
		return err
	}
	format := xlsxTimeFmt
	if b.date, err = b.f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return err
	}
	b.wrap, err = b.f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	return err
}

// sheet writes one table.
func (b *book) sheet(name string, d *diagnosis.Diagnosis) error {
	of := name
	if name == "plan" {
		of = "recommendations"
	}
	s := sheets[slices.IndexFunc(sheets, func(s sheet) bool { return s.name == of })]
	if _, err := b.f.NewSheet(name); err != nil {
		return err
	}
	out, err := b.f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	rows, release := s.rowsOf(d)
	defer release()
	if name == "plan" {
		in := slices.IndexFunc(s.columns, func(c table.Column) bool { return c.Name == "in_plan" })
		rows = slices.DeleteFunc(rows, func(row []any) bool { return row[in] != true })
	}
	if err := b.header(out, s, rows); err != nil {
		return err
	}
	for n, row := range rows[:min(len(rows), xlsxRows)] {
		if name == xlsxSeries {
			b.drawn(s, row, n+2)
		}
		if err := out.SetRow(fmt.Sprintf("A%d", n+2), b.styled(row)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// header writes the first row, which stays where it is, and gives the columns their widths.
func (b *book) header(out *excelize.StreamWriter, s sheet, rows [][]any) error {
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	head := make([]any, len(s.columns))
	for i, c := range s.columns {
		if err := out.SetColWidth(i+1, i+1, columnWidth(c, rows, i)); err != nil {
			return err
		}
		head[i] = excelize.Cell{StyleID: b.head, Value: csvHeader(c)}
	}
	return out.SetRow("A1", head)
}

// styled makes cells of times and of text with several lines.
func (b *book) styled(row []any) []any {
	for i, v := range row {
		switch v := v.(type) {
		case time.Time:
			row[i] = excelize.Cell{StyleID: b.date, Value: serial(v)}
		case string:
			if strings.Contains(v, "\n") {
				row[i] = excelize.Cell{StyleID: b.wrap, Value: v}
			}
		}
	}
	return row
}

// serial is an instant as a workbook keeps it: days since the end of 1899, with the time of day as a fraction.
func serial(t time.Time) float64 {
	const before1970 = 25569
	return before1970 + float64(t.UnixMicro())/(24*3600*1e6)
}

// columnWidth is how wide a column is: as its header and its first rows, within bounds.
func columnWidth(c table.Column, rows [][]any, i int) float64 {
	w := utf8.RuneCountInString(csvHeader(c)) + 2
	for n, row := range rows {
		if n == 50 {
			break
		}
		switch v := row[i].(type) {
		case string:
			w = max(w, utf8.RuneCountInString(v)+1)
		case time.Time:
			w = max(w, len(xlsxTimeFmt)+1)
		}
	}
	return float64(min(w, xlsxWide))
}

// rowsOf are a table's rows as a workbook takes them: text, numbers, booleans and times; nil for what is not known.
func (s sheet) rowsOf(d *diagnosis.Diagnosis) (rows [][]any, release func()) {
	records, release := s.records(d)
	for _, r := range records {
		out := s.written(r, nil)
		for n := range int(out.NumRows()) {
			row := make([]any, len(s.columns))
			for i, c := range s.columns {
				row[i] = xlsxValue(c, out.Column(i), n)
			}
			rows = append(rows, row)
		}
		out.Release()
	}
	return rows, release
}

func xlsxValue(c table.Column, a arrow.Array, n int) any {
	if a.IsNull(n) {
		return nil
	}
	switch v := a.(type) {
	case *array.Dictionary:
		return xlsxText(c, v.Dictionary().(*array.String).Value(v.GetValueIndex(n)))
	case *array.List:
		return xlsxText(c, strings.Join(listItems(v, n), listGap(c)))
	case *array.Boolean:
		return v.Value(n)
	case *array.Int32:
		return int64(v.Value(n))
	case *array.Int64:
		return v.Value(n)
	case *array.Float64:
		return v.Value(n)
	case *array.Timestamp:
		return table.Micros(v.Value(n)).Time()
	}
	return nil
}

// xlsxText is text that a cell takes: what cannot be seen is shown, and what is too long is cut. A command's lines stay lines.
func xlsxText(c table.Column, s string) any {
	if s == "" {
		return nil
	}
	if len(s) > xlsxCell {
		s = strings.ToValidUTF8(s[:xlsxCell], "") + "…"
	}
	s = visible(s)
	if c.Name == "command" {
		s = strings.ReplaceAll(s, `\n`, "\n")
	}
	return s
}

// drawn notes where a series stands: its rows follow one another.
func (b *book) drawn(s sheet, row []any, n int) {
	text := func(column string) string {
		v, _ := row[slices.IndexFunc(s.columns, func(c table.Column) bool { return c.Name == column })].(string)
		return v
	}
	d := drawn{text("group_id"), text("instance"), text("series"), text("unit"), n, n}
	if k := len(b.series); k > 0 {
		if l := &b.series[k-1]; l.group == d.group && l.instance == d.instance && l.name == d.name {
			l.to = n
			return
		}
	}
	b.series = append(b.series, d)
}

// charts draws each number of a group over time, a line an instance, for the first groups.
func (b *book) charts(d *diagnosis.Diagnosis) error {
	if _, err := b.f.NewSheet(xlsxCharts); err != nil {
		return err
	}
	type key struct{ group, name, unit string }
	var order []key
	of := map[key][]drawn{}
	groups := map[string]bool{}
	for _, s := range b.series {
		k := key{s.group, s.name, s.unit}
		if !groups[s.group] && len(groups) == xlsxGroups {
			continue
		}
		groups[s.group] = true
		if of[k] == nil {
			order = append(order, k)
		}
		of[k] = append(of[k], s)
	}
	names := map[string]string{}
	for _, g := range d.Groups {
		names[g.Key] = g.ID
	}
	at := slices.IndexFunc(sheets, func(s sheet) bool { return s.name == xlsxSeries })
	column := func(name string) string {
		i := slices.IndexFunc(sheets[at].columns, func(c table.Column) bool { return c.Name == name })
		col, _ := excelize.ColumnNumberToName(i + 1)
		return col
	}
	when, measured := column(axisColumn), column("measured")
	for n, k := range order {
		chart := &excelize.Chart{
			Type: excelize.Scatter, Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: visible(names[k.group]) + ": " + k.name + " (" + k.unit + ")"}}},
			Legend: excelize.ChartLegend{Position: "bottom"}, Dimension: excelize.ChartDimension{Width: 960, Height: 320}, ShowBlanksAs: "gap",
			XAxis: excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "hh:mm:ss"}, MajorGridLines: true}, YAxis: excelize.ChartAxis{MajorGridLines: true},
		}
		for _, s := range of[k] {
			chart.Series = append(chart.Series, excelize.ChartSeries{
				Name:       fmt.Sprintf("%s!$%s$%d", xlsxSeries, column("instance"), s.from),
				Categories: fmt.Sprintf("%s!$%s$%d:$%s$%d", xlsxSeries, when, s.from, when, s.to),
				Values:     fmt.Sprintf("%s!$%s$%d:$%s$%d", xlsxSeries, measured, s.from, measured, s.to),
				Line:       excelize.LineOptions{Width: 1.5}, Marker: excelize.ChartMarker{Symbol: "none"},
			})
		}
		if err := b.f.AddChart(xlsxCharts, fmt.Sprintf("A%d", 1+n*xlsxHigh), chart); err != nil {
			return err
		}
	}
	return nil
}
