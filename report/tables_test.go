package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// evidence is a case with a row or two in each table.
func evidence(tag string) *table.Case {
	c := &table.Case{}
	from := func(line int32) table.Origin {
		return table.Origin{Instance: tag, File: tag + "/info.txt", Line: line}
	}
	for i := range 3 {
		s := unsaid[table.Sample]()
		s.Origin, s.At, s.Version, s.UsedMemory, s.CPUSys = from(int32(1+100*i)), table.MicrosOf(t0)+table.Micros(i)*10*table.Second, "7.2.5", table.Int(1000+i), 1.25
		s.ReplID = fmt.Sprintf("%s-%d", tag, i)
		c.Samples.Append(&s)
	}
	r := unsaid[table.Replica]()
	r.Origin, r.Addr, r.State, r.Offset = from(7), "10.0.0.2:6379", "online", 77
	c.Replicas.Append(&r)
	e := unsaid[table.Event]()
	e.Origin, e.Stamp, e.Clock, e.Kind, e.Text, e.Count = from(9), table.MicrosOf(t0), table.ClockLocal, "other", nasty, 1
	c.Events.Append(&e)
	k := unsaid[table.Command]()
	k.Origin, k.Name, k.Args = from(1), "SET", `=HYPERLINK("http://example.invalid")`
	c.Commands.Append(&k)
	for _, v := range []string{"-1", "1e3", "-1 OR 1", "@SUM(A1)", "+1+1", "yes, \"quoted\"", "\t=1", "=1+1", "-", "0x10"} {
		c.Settings.Append(&table.Setting{Origin: from(2), Name: "x", Value: v})
	}
	return c
}

// placed says that rows lie a second later on the axis than their own stamps, in a group named after their instance.
func placed(r table.Row) (string, table.Micros) {
	if r.Stamp == table.Null {
		return "group of " + r.Origin.Instance, table.Null
	}
	return "group of " + r.Origin.Instance, r.Stamp + table.Second
}

// unsaid is a row in which nothing is known.
func unsaid[R any]() R {
	var r R
	for _, f := range reflect.ValueOf(&r).Elem().Fields() {
		switch f.Interface().(type) {
		case table.Int, table.Micros:
			f.SetInt(table.Null)
		case table.Float:
			f.SetFloat(math.NaN())
		}
	}
	return r
}

func written(t *testing.T, name string, o Options, d *diagnosis.Diagnosis, cases ...*table.Case) string {
	t.Helper()
	f, ok := ByName(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	dir := filepath.Join(t.TempDir(), "deep", name)
	tables, err := f.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if err := tables.Case(c, placed); err != nil {
			t.Fatal(err)
		}
	}
	if err := tables.Close(d); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCSVGolden(t *testing.T) {
	for name, d := range samples() {
		if name == "fleet" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var cases []*table.Case
			if name == "storm" {
				cases = []*table.Case{evidence("cart-1"), evidence("cart-2")}
			}
			dir := written(t, "csv", Options{}, d, cases...)
			files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
			if err != nil {
				t.Fatal(err)
			}
			var all bytes.Buffer
			for _, path := range files {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&all, "-- %s --\n%s", filepath.Base(path), b)
			}
			if name == "hostile" { // too large to keep; what must not be in it is looked for
				inert(t, all.Bytes(), "\n")
				return
			}
			golden(t, name+".csv", all.Bytes())
		})
	}
}

// No cell runs as a formula, in any table, whatever the evidence says.
func TestCSVCellsAreHarmless(t *testing.T) {
	for _, o := range []Options{{}, {Excel: true}} {
		dir := written(t, "csv", o, hostile(), evidence("@x"))
		for path, rows := range csvFiles(t, dir) {
			for _, row := range rows {
				for _, cell := range row {
					if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) && !number(cell) {
						t.Errorf("%s: %.60q", path, cell)
					}
					if len(cell) > 32767 {
						t.Errorf("%s: a cell of %d bytes", path, len(cell))
					}
				}
			}
		}
	}
}

func csvFiles(t *testing.T, dir string) map[string][][]string {
	t.Helper()
	out := map[string][][]string{}
	files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		out[strings.TrimSuffix(filepath.Base(path), ".csv")] = rows
	}
	return out
}

func TestCSVReadsAsSpreadsheetsDo(t *testing.T) {
	got := csvFiles(t, written(t, "csv", Options{}, storm(), evidence("cart-1"), evidence("cart-2")))
	cell := func(name string, row int, column string) string {
		i := slices.Index(got[name][0], column)
		if i < 0 {
			t.Fatalf("%s has no column %s: %v", name, column, got[name][0])
		}
		return got[name][row][i]
	}
	for _, c := range []struct {
		table  string
		row    int
		column string
		want   string
	}{
		{"incidents", 1, "start_utc", "2026-03-29 00:58:30.250"},
		{"incidents", 1, "short_by_bytes", "5366273"},
		{"incidents", 1, "lasted_seconds", "212.4"},
		{"chain", 2, "order_known", "false"},
		{"chain", 1, "group_id", "c0ffee"},
		{"chain", 1, "incident_key", "1a2b3c"},
		{"incidents", 1, "at_us", "1774745910250000"},
		{"incidents", 1, "affected", "cart-2 cart-3"},
		{"groups", 1, "replicas", "cart-2 cart-3"},
		{"samples", 1, "version", "v7.2.5"},
		{"samples", 1, "group_id", "group of cart-1"},
		{"resyncs", 2, "needed_bytes", ""},
		{"sizing", 1, "covered_seconds", "1.712"},
		{"samples", 1, "server_at_utc", "2026-03-29 00:58:30.250"},
		{"samples", 1, "at_utc", "2026-03-29 00:58:31.250"},
		{"samples", 6, "instance", "cart-2"},
		{"samples", 1, "latest_fork_us", ""},
		{"events", 1, "stamp_as_logged", "2026-03-29 00:58:30.250"},
		{"recommendations", 1, "command", "redis-cli -h 10.8.0.1 CONFIG SET repl-backlog-size 16777216\nredis-cli -h 10.8.0.1 CONFIG REWRITE"},
		{"settings", 1, "value", "-1"},
		{"settings", 2, "value", "1e3"},
		{"settings", 3, "value", "'-1 OR 1"},
		{"settings", 4, "value", "'@SUM(A1)"},
		{"settings", 6, "value", `yes, "quoted"`},
		{"settings", 7, "value", `'\t=1`},
		{"settings", 9, "value", "'-"},
		{"commands", 1, "args", `'=HYPERLINK("http://example.invalid")`},
	} {
		if v := cell(c.table, c.row, c.column); v != c.want {
			t.Errorf("%s row %d %s: got %q, want %q", c.table, c.row, c.column, v, c.want)
		}
	}
	for _, s := range sheets {
		cols := csvColumns(s.columns)
		for i, c := range cols {
			if h := got[s.name][0]; len(h) != len(cols) || h[i] != c.header {
				t.Errorf("%s: column %d is %s, want %s", s.name, i, h[i], c.header)
			}
		}
	}
	if len(got["samples"]) != 7 {
		t.Errorf("%d rows of samples, want a header and 6", len(got["samples"]))
	}
}

func TestCSVForExcel(t *testing.T) {
	dir := written(t, "csv", Options{Excel: true}, storm())
	b, err := os.ReadFile(filepath.Join(dir, "incidents.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("\ufeffgroup_id,")) || bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) {
		t.Errorf("no byte order mark or no CRLF: %.40q", b)
	}
}

// A saved report has no evidence: its directory has no tables that would deny it.
func TestTablesOfSavedReport(t *testing.T) {
	for _, name := range []string{"csv", "parquet", "arrow"} {
		entries, err := os.ReadDir(written(t, name, Options{}, healthy()))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "samples.") || strings.HasPrefix(e.Name(), "events.") {
				t.Errorf("%s: %s", name, e.Name())
			}
		}
		if len(entries) != 17 {
			t.Errorf("%s: %d tables, want 17", name, len(entries))
		}
	}
}

func TestTablesEndWithoutDiagnosis(t *testing.T) {
	dir := written(t, "csv", Options{}, nil, evidence("a"))
	if _, err := os.Stat(filepath.Join(dir, "samples.csv")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "incidents.csv")); err == nil {
		t.Error("tables of a diagnosis there was none of")
	}
}

func TestTablesSayWhatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := CSV(path, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
}

func TestTablesSameBytes(t *testing.T) {
	for _, name := range []string{"csv", "parquet", "arrow"} {
		a := written(t, name, Options{}, storm(), evidence("a"), evidence("b"))
		b := written(t, name, Options{}, storm(), evidence("a"), evidence("b"))
		entries, _ := os.ReadDir(a)
		for _, e := range entries {
			x, _ := os.ReadFile(filepath.Join(a, e.Name()))
			y, err := os.ReadFile(filepath.Join(b, e.Name()))
			if err != nil || !bytes.Equal(x, y) {
				t.Errorf("%s/%s differs (%v)", name, e.Name(), err)
			}
		}
	}
}

// What Parquet and Arrow hold is what CSV holds: every cell is compared through the CSV printer's own columns.
func TestParquetAndArrowReadBack(t *testing.T) {
	read := map[string]func(t *testing.T, path string) (*arrow.Schema, arrow.Metadata, []arrow.Record){"parquet": readParquet, "arrow": readArrow}
	for name, read := range read {
		t.Run(name, func(t *testing.T) {
			dir := written(t, name, Options{}, hostile(), evidence("a"), evidence("b"), &table.Case{}, evidence("c"))
			for _, s := range sheets {
				schema, meta, records := read(t, filepath.Join(dir, s.name+"."+name))
				want := wantRecords(s, hostile(), evidence("a"), evidence("b"), evidence("c"))
				rows, wantRows := int64(0), int64(0)
				for _, r := range records {
					rows += r.NumRows()
				}
				for _, r := range want {
					wantRows += r.NumRows()
				}
				if rows != wantRows {
					t.Errorf("%s: %d rows, want %d", s.name, rows, wantRows)
					continue
				}
				for i, c := range s.columns {
					f := schema.Field(i)
					if f.Name != c.Name {
						t.Errorf("%s: column %d is %s, want %s", s.name, i, f.Name, c.Name)
					}
					if doc, _ := f.Metadata.GetValue("description"); doc != c.Doc {
						t.Errorf("%s.%s: description %q, want %q", s.name, c.Name, doc, c.Doc)
					}
					if unit, _ := f.Metadata.GetValue("unit"); unit != c.Unit() {
						t.Errorf("%s.%s: unit %q, want %q", s.name, c.Name, unit, c.Unit())
					}
					g, w := values(records, i), values(want, i)
					if !slices.Equal(g, w) {
						t.Errorf("%s.%s: got %.300v, want %.300v", s.name, c.Name, g, w)
					}
				}
				if doc, _ := meta.GetValue("description"); doc != s.doc {
					t.Errorf("%s: table's description is %q", s.name, doc)
				}
			}
		})
	}
}

func wantRecords(s sheet, d *diagnosis.Diagnosis, cases ...*table.Case) []arrow.Record {
	if s.records != nil {
		records, _ := s.records(d)
		return shapedAll(s, records)
	}
	var out []arrow.Record
	for _, c := range cases {
		out = append(out, shapedAll(s, s.evidence(c))...)
	}
	return out
}

func shapedAll(s sheet, records []arrow.Record) (out []arrow.Record) {
	for _, r := range records {
		out = append(out, s.written(r, placed))
	}
	return out
}

// values prints a column's cells, text repaired as a reader would want it.
func values(records []arrow.Record, column int) []string {
	var out []string
	for _, r := range records {
		a := r.Column(column)
		for i := range int(r.NumRows()) {
			switch {
			case a.IsNull(i):
				out = append(out, "null")
			case a.DataType().ID() == arrow.DICTIONARY:
				d := a.(*array.Dictionary)
				out = append(out, strings.ToValidUTF8(d.Dictionary().(*array.String).Value(d.GetValueIndex(i)), "\ufffd"))
			default:
				out = append(out, a.ValueStr(i))
			}
		}
	}
	return out
}

func readParquet(t *testing.T, path string) (*arrow.Schema, arrow.Metadata, []arrow.Record) {
	t.Helper()
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer pf.Close()
	r, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 1 << 20}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []arrow.Record
	for tr := array.NewTableReader(tbl, 1<<20); tr.Next(); {
		rec := tr.Record()
		rec.Retain()
		out = append(out, rec)
	}
	kv := pf.MetaData().KeyValueMetadata()
	return tbl.Schema(), arrow.NewMetadata(kv.Keys(), kv.Values()), out
}

func readArrow(t *testing.T, path string) (*arrow.Schema, arrow.Metadata, []arrow.Record) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []arrow.Record
	for i := range r.NumRecords() {
		rec, err := r.RecordAt(i)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
	return r.Schema(), r.Schema().Metadata(), out
}

// Every column of every table is named, described and named once: TABLES.md and people's queries stand on them.
func TestColumnsAreDescribed(t *testing.T) {
	tables := map[string]bool{}
	for _, s := range sheets {
		if s.name == "" || s.doc == "" || tables[s.name] {
			t.Errorf("table %q: no name, no description, or the name is taken", s.name)
		}
		tables[s.name] = true
		seen := map[string]bool{}
		for _, c := range s.columns {
			if c.Name != strings.ToLower(c.Name) || strings.ContainsAny(c.Name, " -.") || c.Doc == "" || seen[c.Name] || seen[csvHeader(c)] {
				t.Errorf("%s.%s: bad or taken name, or no description", s.name, c.Name)
			}
			seen[c.Name], seen[csvHeader(c)] = true, true
			if c.Kind == table.KindMicros && !strings.HasSuffix(c.Name, "_us") {
				t.Errorf("%s.%s: an instant without its unit", s.name, c.Name)
			}
		}
	}
}

// reserved are words that SQL of some common database keeps for itself (PostgreSQL 17, SQLite 3.47, MySQL 8.4, DuckDB 1.4): a column
// named so has to be quoted there.
var reserved = strings.Fields(`all analyse analyze and any array as asc asymmetric authorization between binary both by case cast check collate column
	columns condition constraint create cross cube current_date current_role current_time current_timestamp current_user database default deferrable delete desc
	describe distinct div do drop each else end except exists explain false fetch for force foreign freeze from full function generated get grant group grouping
	groups having if ignore in index initially inner insert intersect interval into is isnull join key keys kill lag lambda lateral lead leading left like limit
	lines load localtime localtimestamp lock long loop match mod natural not notnull null of offset on only optimize option or order out outer over partition
	pivot pivot_longer pivot_wider placing primary procedure qualify range rank read recursive references regexp release rename repeat replace require restrict
	return returning right rlike row row_number rows schema select session_user set show signal similar some ssl starting summarize symmetric system table
	tablesample then to trailing transaction trigger true union unique unlock unpivot unsigned update usage use user using values variadic verbose virtual when where while
	window with write`)

// Every row of every table has its group, its server and its place on the reference axis, and no column needs quoting.
func TestTablesJoin(t *testing.T) {
	for _, s := range sheets {
		for i, want := range []string{"group_id", "instance", "at_us"} {
			if s.columns[i].Name != want {
				t.Errorf("%s: column %d is %s, want %s", s.name, i, s.columns[i].Name, want)
			}
		}
		for _, c := range s.columns {
			if slices.Contains(reserved, c.Name) {
				t.Errorf("%s.%s is a word of SQL's own", s.name, c.Name)
			}
		}
	}
}

// TABLES.md is generated; the committed one must say what the code does.
func TestTablesMarkdown(t *testing.T) {
	const path = "../TABLES.md"
	want := TablesMarkdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("TABLES.md is not what the tables are; go test ./report -run TablesMarkdown -update writes it")
	}
}

func TestExplainTable(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"samples", "one row an INFO dump"},
		{"samples.sync_full", "full resyncs granted"},
		{"sync_partial_err", "samples.sync_partial_err: partial resyncs refused"},
		{"stamp_as_logged", "events.stamp_us"},
		{"at_utc", "events"},
	} {
		got, ok := ExplainTable(c.word)
		if c.word == "at_utc" {
			if !ok || !strings.Contains(got, "chain.at_us") || !strings.Contains(got, "samples.at_us") {
				t.Errorf("at_utc: got %q", got)
			}
			continue
		}
		if !ok || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want it to hold %q", c.word, got, c.want)
		}
	}
	if got, ok := ExplainTable("fork-cascade"); ok {
		t.Errorf("explains what it does not know: %q", got)
	}
}
