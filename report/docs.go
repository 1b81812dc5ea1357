package report

import (
	"fmt"
	"strings"

	"psyncope/ingest/table"
)

// Joins are the queries that TABLES.md shows, for DuckDB; they read the tables as views of their names.
const Joins = `-- What an incident rests on: each step of its chain with the lines that say so.
select i.incident_id, c.step, c.kind, e.file, e.line, e.excerpt
from incidents i join chain c using (incident_key) join evidence e using (incident_key, step)
where e.said_of = 'chain'
order by i.incident_id, c.step, e.nth;

-- What full resyncs cost, by group and cause.
select g.group_name, i.trigger_kind, count(*) as resyncs, sum(r.took_seconds) as seconds, sum(cast(r.needed_bytes as bigint)) as needed_bytes
from resyncs r join incidents i using (incident_key) join groups g on g.group_id = r.group_id
where r.outcome = 'full'
group by all order by all;

-- What servers logged and ran in an incident, on one clock.
select i.incident_id, e.at_us, e.instance, e.message
from incidents i join events e on e.group_id = i.group_id and e.at_us between i.at_us and i.end_us
union all
select i.incident_id, c.at_us, c.instance, c.name || ' ' || coalesce(c.args, '')
from incidents i join commands c on c.group_id = i.group_id and c.at_us between i.at_us and i.end_us
order by 1, 2;

-- How far each replica was behind the backlog's room when a link was lost.
select i.incident_id, s.instance, s.at_us, s.master_repl_offset_bytes, s.repl_backlog_histlen_bytes
from incidents i asof join samples s on s.group_id = i.group_id and s.at_us <= i.at_us;`

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
| flag | boolean | ` + "`true` or `false`" + ` |
| list | list of strings | its items, apart by spaces; sentences by semicolons |
| instant | timestamp in microseconds, UTC | ` + "`2006-01-02 15:04:05.000`" + `, and the column's name ends in ` + "`_utc`" + ` instead of ` + "`_us`" + `; ` + "`at_us`" + ` stands there as a number as well |

Every row of every table begins with ` + "`group_id`, `instance` and `at_us`" + `: the group's key, the server, and the place on the reference axis, which
is the clock of the group's first primary. What belongs to an incident has ` + "`incident_key`" + ` too. Keys are the same wherever the evidence
lies and whatever else is analysed with it. A server's own stamps stand beside (` + "`server_at_us`, `stamp_us`, `ended_us`" + `). A saved report holds the
diagnosis only. The workbook (` + "`--format xlsx`" + `) has the tables of the diagnosis, with dates and charts.

` + "```sh" + `
psyncope analyze --format parquet,arrow,csv,xlsx --out out CAPTURE
python3 -c "import pandas; print(pandas.read_parquet('out/parquet/chain.parquet')[['at_us', 'kind', 'instance']])"
python3 -c "import polars; print(polars.read_ipc('out/arrow/resyncs.arrow').select('instance', 'outcome', 'needed_bytes'))"
` + "```" + `

Opened and read in tests: Parquet and CSV by DuckDB, Arrow and Parquet by Arrow's own readers, CSV and the workbook by LibreOffice. Arrow files are
not compressed, and Parquet is by zstd, which every reader of it has.

## Joins

` + "```sql" + `
` + Joins + `
` + "```" + `

They work on ` + "`read_parquet('out/parquet/chain.parquet')`" + ` and its like as views; on ` + "`read_csv('out/csv/chain.csv')`" + ` with ` + "`at_utc` and `end_utc`" + ` in place
of ` + "`at_us` and `end_us`" + `; a column without any value has no type in CSV: cast it.
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
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, inCSV, kindWord(c), strings.ReplaceAll(c.Doc, "|", `\|`))
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

func kindWord(c table.Column) string {
	switch c.As {
	case table.AsFlag:
		return "flag"
	case table.AsList:
		return "list"
	}
	switch c.Kind {
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
