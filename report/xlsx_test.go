package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"psyncope/correlate/diagnosis"
)

func workbookOf(t *testing.T, d *diagnosis.Diagnosis) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := XLSX(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// cellsOf is a workbook as text, a line a row, its values as they are kept.
func cellsOf(t *testing.T, workbook []byte) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "-- %s --\n", name)
		for _, row := range rows {
			fmt.Fprintf(&b, "%s\n", strings.ReplaceAll(strings.Join(row, " | "), "\n", "\\n"))
		}
	}
	return b.Bytes()
}

// The workbook opens, its sheets have frozen headers, instants are dates, and a chart stands for each number of the group.
func TestXLSX(t *testing.T) {
	b := workbookOf(t, storm())
	if !bytes.Equal(b, workbookOf(t, storm())) {
		t.Error("two workbooks of one report differ")
	}
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, want := f.GetSheetList(), append(slices.Clone(workbook), xlsxCharts); !slices.Equal(got, want) {
		t.Errorf("sheets %v, want %v", got, want)
	}
	for _, name := range workbook {
		if p, err := f.GetPanes(name); err != nil || !p.Freeze || p.YSplit != 1 {
			t.Errorf("%s: panes %+v, %v", name, p, err)
		}
	}
	rows, err := f.GetRows("incidents")
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows of incidents, %v", len(rows), err)
	}
	at := slices.Index(rows[0], "at_utc")
	if at < 0 || !strings.HasPrefix(rows[1][at], "2026-03-29 00:58:30.") {
		t.Errorf("at_utc reads %v", rows[1])
	}
	if i := slices.Index(rows[0], "storm"); rows[1][i] != "TRUE" {
		t.Errorf("storm reads %q", rows[1][i])
	}
	plan, err := f.GetRows("plan")
	if err != nil || len(plan) == 0 {
		t.Fatal(plan, err)
	}
	if raw, err := f.GetCellValue("incidents", "C2", excelize.Options{RawCellValue: true}); err != nil || !strings.HasPrefix(raw, "46110.04062") {
		t.Errorf("at_utc is kept as %q, %v", raw, err)
	}
	charts := 0
	for _, line := range []string{"xl/charts/chart1.xml", "xl/charts/chart2.xml"} {
		if v, ok := f.Pkg.Load(line); ok {
			charts++
			if !strings.Contains(string(v.([]byte)), "series!$") {
				t.Errorf("%s draws no rows of the series", line)
			}
		}
	}
	if charts == 0 {
		t.Error("no chart")
	}
}

// No cell of a workbook is a formula, whatever the evidence says, and none is too long.
func TestXLSXIsHarmless(t *testing.T) {
	f, err := excelize.OpenReader(bytes.NewReader(workbookOf(t, hostile())))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, row := range rows {
			for i, cell := range row {
				at, _ := excelize.CoordinatesToCellName(i+1, n+1)
				if formula, _ := f.GetCellFormula(name, at); formula != "" {
					t.Errorf("%s!%s is a formula: %s", name, at, formula)
				}
				if len(cell) > 32767 {
					t.Errorf("%s!%s holds %d bytes", name, at, len(cell))
				}
				if link, to, _ := f.GetCellHyperLink(name, at); link {
					t.Errorf("%s!%s is a link to %s", name, at, to)
				}
			}
		}
	}
}
