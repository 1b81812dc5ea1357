// Package report turns a Diagnosis into bytes: for a terminal, a browser, a ticket, a spreadsheet,
// a notebook or a program.
//
// It never computes. What a report says stands in the [correlate.Diagnosis]; this package chooses
// words, order and shape, and the same Diagnosis gives the same bytes. So a saved report ([Load])
// renders as the analysis did.
//
// All text that came out of evidence is somebody else's and hostile until proven otherwise: each
// format makes it inert in its own way (see quote.go for what all of them share).
package report

import (
	"io"

	"psyncope/correlate/diagnosis"
)

// Options is how a report is to look. The zero Options are right for a file.
type Options struct {
	// Color lets the text format use ANSI colours.
	Color bool
	// Width is the terminal's width in columns; 0 is 100.
	Width int
	// Excel makes CSV files with a byte order mark and CRLF.
	Excel bool
}

// Format is one way to put a Diagnosis down: one file made by Write, or a directory of tables made by Open.
type Format struct {
	Name string // as --format takes it
	Ext  string // of the file, with its dot; of each table's file for a directory
	Help string // one phrase
	// Binary tells that no terminal can show it.
	Binary bool
	// Write makes the file; nil for a directory.
	Write func(w io.Writer, d *diagnosis.Diagnosis, o Options) error
	// Open makes the directory where it is missing and begins its tables; nil for a file.
	Open func(dir string, o Options) (*Tables, error)
}

// Dir reports whether the format is a directory of tables.
func (f Format) Dir() bool { return f.Open != nil }

// Path is the name of the file or directory in a directory of reports: report.html, csv.
func (f Format) Path() string {
	if f.Dir() {
		return f.Name
	}
	return "report" + f.Ext
}

// Formats is every format there is, in the order in which help lists them.
var Formats = []Format{
	{Name: "text", Ext: ".txt", Help: "for people at a terminal", Write: Text},
	{Name: "json", Ext: ".json", Help: "for programs; renders again with `psyncope report`", Write: JSON},
	{Name: "html", Ext: ".html", Help: "one self-contained page with lanes and charts", Write: HTML},
	{Name: "md", Ext: ".md", Help: "Markdown for a ticket or an incident document", Write: Markdown},
	{Name: "plan", Ext: ".sh", Help: "the commands of the plan alone, as a script with comments", Write: Plan},
	{Name: "xlsx", Ext: ".xlsx", Help: "a workbook with dates, filters and charts", Binary: true, Write: XLSX},
	{Name: "csv", Ext: ".csv", Help: "a directory of tables for spreadsheets (see TABLES.md)", Open: CSV},
	{Name: "parquet", Ext: ".parquet", Help: "a directory of tables for notebooks and databases", Open: Parquet},
	{Name: "arrow", Ext: ".arrow", Help: "the same as Arrow IPC files", Open: Arrow},
}

// ByName finds a format.
func ByName(name string) (Format, bool) {
	for _, f := range Formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}
