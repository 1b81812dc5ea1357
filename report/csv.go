package report

import (
	"bufio"
	"encoding/csv"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/gocarina/gocsv"

	"psyncope/ingest/table"
)

// CSV begins a directory of CSV files for spreadsheets: RFC 4180, a header of column names, UTC stamps
// that Excel, LibreOffice and Sheets read as dates, plain numbers, empty cells for the unknown.
// Options.Excel adds a byte order mark and CRLF.
func CSV(dir string, o Options) (*Tables, error) {
	return openTables(dir, ".csv", func(f *os.File, s sheet) (writer, error) { return newCSV(f, s, o) })
}

const (
	csvStamp = "2006-01-02 15:04:05.000" // what spreadsheets take for a date; the zone is in the header
	csvBatch = 1024                      // rows handed to gocsv at once
	csvCell  = 32000                     // bytes of text: Excel breaks a cell at 32,767 characters
)

// csvWriter writes one table.
type csvWriter struct {
	cols []csvColumn
	buf  *bufio.Writer
	out  *gocsv.SafeCSVWriter
	rows reflect.Value // []struct{...}, made anew from the columns
}

// gocsv takes a slice of structs. Its tag is "csv", and which tag it reads is a variable of its
// package; the tables' tag is "col". So the struct is made here, from the columns. The header is
// written here as well: gocsv takes a tag that begins with "partial" for an option (gocsv reflect.go filterTags), and
// partial_syncs came out nameless.
func newCSV(w io.Writer, s sheet, o Options) (*csvWriter, error) {
	buf := bufio.NewWriterSize(w, 1<<16)
	cw := csv.NewWriter(buf)
	if o.Excel {
		cw.UseCRLF = true
		if _, err := buf.WriteString("\ufeff"); err != nil {
			return nil, err
		}
	}
	cols := csvColumns(s.columns)
	fields := make([]reflect.StructField, len(cols))
	header := make([]string, len(cols))
	for i, c := range cols {
		header[i] = c.header
		fields[i] = reflect.StructField{Name: "C" + strconv.Itoa(i), Type: reflect.TypeFor[string]()}
	}
	if err := cw.Write(header); err != nil {
		return nil, err
	}
	rows := reflect.MakeSlice(reflect.SliceOf(reflect.StructOf(fields)), csvBatch, csvBatch)
	return &csvWriter{cols: cols, buf: buf, out: gocsv.NewSafeCSVWriter(cw), rows: rows}, nil
}

// asLogged are columns whose stamps are local time of a server, so that no header may call them UTC.
var asLogged = map[string]string{"stamp_us": "stamp_as_logged", "last_stamp_us": "last_stamp_as_logged"}

// csvColumn is a column of a CSV file: of which column of the batch it is made, and how.
type csvColumn struct {
	table.Column
	at     int
	header string
	cells  func(table.Column, arrow.Array) func(int) string
}

// csvColumns are the columns of a CSV file. The one that tables join by stands there twice: as a number, and as a date.
func csvColumns(columns []table.Column) (out []csvColumn) {
	for i, c := range columns {
		if c.Name == axisColumn {
			out = append(out, csvColumn{c, i, c.Name, csvMicros})
		}
		out = append(out, csvColumn{c, i, csvHeader(c), csvCells})
	}
	return out
}

// axisColumn is the place of a row on the reference axis.
const axisColumn = "at_us"

// csvMicros prints instants as microseconds since 1970.
func csvMicros(_ table.Column, a arrow.Array) func(int) string {
	v := a.(*array.Timestamp)
	return func(i int) string {
		if v.IsNull(i) {
			return ""
		}
		return strconv.FormatInt(int64(v.Value(i)), 10)
	}
}

// csvHeader is a column's name in CSV: instants are printed as dates, so their unit gives way to their zone.
func csvHeader(c table.Column) string {
	if c.Kind != table.KindMicros {
		return c.Name
	}
	if name := asLogged[c.Name]; name != "" {
		return name
	}
	return strings.TrimSuffix(c.Name, "_us") + "_utc"
}

func (w *csvWriter) Write(r arrow.Record) error {
	for from := 0; from < int(r.NumRows()); from += csvBatch {
		n := min(csvBatch, int(r.NumRows())-from)
		for i, c := range w.cols {
			cell := c.cells(c.Column, r.Column(c.at))
			for row := range n {
				w.rows.Index(row).Field(i).SetString(cell(from + row))
			}
		}
		if err := gocsv.MarshalCSVWithoutHeaders(w.rows.Slice(0, n).Interface(), w.out); err != nil {
			return err
		}
	}
	return nil
}

func (w *csvWriter) Close() error {
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		return err
	}
	return w.buf.Flush()
}

// csvCells prints the values of a column.
func csvCells(c table.Column, a arrow.Array) func(int) string {
	known := func(print func(i int) string) func(int) string {
		return func(i int) string {
			if a.IsNull(i) {
				return ""
			}
			return print(i)
		}
	}
	switch v := a.(type) {
	case *array.Boolean:
		return known(func(i int) string { return strconv.FormatBool(v.Value(i)) })
	case *array.List:
		return known(func(i int) string { return csvText(strings.Join(listItems(v, i), listGap(c))) })
	}
	switch c.Kind {
	case table.KindText:
		d := a.(*array.Dictionary)
		words := d.Dictionary().(*array.String)
		clean := make([]string, words.Len())
		for i := range clean {
			clean[i] = csvText(words.Value(i))
			if c.Name == "command" { // which is pasted: its lines stay lines
				clean[i] = strings.ReplaceAll(clean[i], `\n`, "\n")
			}
		}
		return known(func(i int) string { return clean[d.GetValueIndex(i)] })
	case table.KindInt32:
		v := a.(*array.Int32).Int32Values()
		return known(func(i int) string { return strconv.Itoa(int(v[i])) })
	case table.KindFloat:
		v := a.(*array.Float64).Float64Values()
		return known(func(i int) string { return trim(v[i], 6) })
	case table.KindMicros:
		v := a.(*array.Timestamp).TimestampValues()
		return known(func(i int) string { return table.Micros(v[i]).Time().Format(csvStamp) })
	default:
		v := a.(*array.Int64).Int64Values()
		return known(func(i int) string { return strconv.FormatInt(v[i], 10) })
	}
}

// listGap parts the items of a list in a cell: names by a space, sentences by a semicolon.
func listGap(c table.Column) string {
	if c.Name == "missing" || c.Name == "changes" {
		return "; "
	}
	return " "
}

func listItems(l *array.List, n int) []string {
	words := l.ListValues().(*array.String)
	from, to := l.ValueOffsets(n)
	out := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, words.Value(int(i)))
	}
	return out
}

// csvText makes text that a spreadsheet would run as a formula plain text, by the ' that spreadsheets
// themselves use for it. A number stays a number.
func csvText(s string) string {
	if len(s) > csvCell {
		s = strings.ToValidUTF8(s[:csvCell], "") + "…"
	}
	begin := s
	s = visible(s)
	if number(s) {
		return s
	}
	// Looked for before visible text is made of it: a tab or a line break that begins a cell is as bad as what follows.
	if strings.IndexAny(begin, "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") == 0 {
		return "'" + s
	}
	return s
}

// number reports whether s is a plain decimal number.
func number(s string) bool {
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
