package report

import (
	"fmt"
	"strings"

	"psyncope/ingest/table"
)

// TablesMarkdown is TABLES.md: every table and column that the directory formats write.
func TablesMarkdown() string {
	var b strings.Builder
	b.WriteString(`# Tables

<!-- Generated from the code: go test ./report -run TablesMarkdown -update -->

` + "`--format csv`, `parquet` and `arrow`" + ` write these tables, one file each. A column's name ends in its unit where it
has one. An empty cell (null) is what no evidence says; it is never a zero.

| type | Parquet, Arrow | CSV |
| --- | --- | --- |
| text | string | text; control and invisible characters as ` + "`\\x1b`, `\\u202e`" + `; a cell that would run as a formula begins with ` + "`'`" + ` |
| integer | int64 or int32 | plain number |
| real | double | plain number, at most six decimals |
| instant | timestamp in microseconds, UTC | ` + "`2006-01-02 15:04:05.000`" + `, and the column's name ends in ` + "`_utc`" + ` instead of ` + "`_us`" + ` |

Tables of the diagnosis are on the reference axis: the clock of the group's first primary. Tables of the evidence keep
each server's own clock; ` + "`clocks`" + ` says how far it is off. A saved report holds the diagnosis only.

` + "```sh" + `
psyncope analyze --format parquet,arrow,csv --out out CAPTURE
duckdb -c "select instance, max(latest_fork_us) from 'out/parquet/samples.parquet' group by 1"
python3 -c "import pandas; print(pandas.read_parquet('out/parquet/chain.parquet')[['at_us', 'kind', 'instance']])"
python3 -c "import polars; print(polars.read_ipc('out/arrow/resyncs.arrow').select('instance', 'outcome', 'needed_bytes'))"
` + "```" + `
`)
	part := ""
	for _, s := range sheets {
		heading := "The diagnosis"
		if s.evidence != nil {
			heading = "The evidence"
		}
		if heading != part {
			part = heading
			fmt.Fprintf(&b, "\n## %s\n", heading)
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n| column | in CSV | type | what it is |\n| --- | --- | --- | --- |\n", s.name, capital(s.doc))
		for _, c := range s.columns {
			inCSV := ""
			if h := csvHeader(c); h != c.Name {
				inCSV = "`" + h + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, inCSV, kindWord(c.Kind), strings.ReplaceAll(c.Doc, "|", `\|`))
		}
	}
	return b.String()
}

// ExplainTable says what a table, a column, or table.column is; false where there is none of that name.
func ExplainTable(word string) (string, bool) {
	var b strings.Builder
	for _, s := range sheets {
		if s.name == word {
			fmt.Fprintf(&b, "table %s: %s\n", s.name, s.doc)
			for _, c := range s.columns {
				fmt.Fprintf(&b, "  %-40s %s\n", c.Name, c.Doc)
			}
		}
		for _, c := range s.columns {
			if word == c.Name || word == csvHeader(c) || word == s.name+"."+c.Name || word == s.name+"."+csvHeader(c) {
				fmt.Fprintf(&b, "column %s.%s: %s\n", s.name, c.Name, c.Doc)
			}
		}
	}
	return b.String(), b.Len() > 0
}

func kindWord(k table.ColumnKind) string {
	switch k {
	case table.KindText:
		return "text"
	case table.KindFloat:
		return "real"
	case table.KindMicros:
		return "instant"
	default:
		return "integer"
	}
}
