//go:build office

package report

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// TestOffice has LibreOffice open every CSV: dates must be dates, numbers numbers, and nothing a formula.
// It needs soffice, a large install, hence its build tag: go test -tags office ./report -run Office.
func TestOffice(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("no soffice on the path: apt-get install libreoffice-calc-nogui")
	}
	for _, o := range []Options{{}, {Excel: true}} {
		dir := written(t, "csv", o, storm(), evidence("cart-1"), evidence("=cmd"))
		out := t.TempDir()
		files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
		// Comma, double quotes, UTF-8, from line 1, English, no column forced, quoted cells not forced to text, numbers recognised.
		args := append([]string{"--headless", "-env:UserInstallation=file://" + t.TempDir(), "--convert-to", "fods", "--infilter=Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true", "--outdir", out}, files...)
		if b, err := exec.CommandContext(t.Context(), soffice, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		for _, s := range sheets {
			rows := readSheet(t, filepath.Join(out, s.name+".fods"))
			if len(rows) == 0 {
				t.Errorf("%s: nothing read", s.name)
				continue
			}
			for i, c := range csvColumns(s.columns) {
				if i >= len(rows[0]) || rows[0][i].text != c.header {
					t.Errorf("%s: column %d is not %s", s.name, i, c.header)
					continue
				}
				want := map[table.ColumnKind]string{table.KindText: "", table.KindMicros: "date"}[c.Kind]
				switch {
				case c.As == table.AsFlag:
					want = "boolean"
				case c.header == axisColumn, want == "" && c.Kind != table.KindText:
					want = "float"
				}
				for n, row := range rows[1:] {
					if i >= len(row) || row[i].kind == "" || want == "" {
						continue
					}
					if row[i].kind != want {
						t.Errorf("%s row %d %s: %q is a %s, want a %s", s.name, n+1, c.header, row[i].text, row[i].kind, want)
					}
				}
			}
			for n, row := range rows {
				for _, c := range row {
					if c.formula != "" {
						t.Errorf("%s row %d: formula %s", s.name, n, c.formula)
					}
				}
			}
		}
	}
}

// TestOfficeWorkbook has LibreOffice open the workbook: its sheets are there, instants are dates to the millisecond, numbers numbers,
// nothing is a formula, and the charts are drawn.
func TestOfficeWorkbook(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("no soffice on the path: apt-get install libreoffice-calc-nogui")
	}
	for name, d := range map[string]*diagnosis.Diagnosis{"storm": storm(), "hostile": hostile()} {
		dir := t.TempDir()
		path := filepath.Join(dir, name+".xlsx")
		if err := os.WriteFile(path, workbookOf(t, d), 0o666); err != nil {
			t.Fatal(err)
		}
		if b, err := exec.CommandContext(t.Context(), soffice, "--headless", "-env:UserInstallation=file://"+t.TempDir(), "--convert-to", "fods", "--outdir", dir, path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		fods := filepath.Join(dir, name+".fods")
		whole, err := os.ReadFile(fods)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(whole), "<chart:chart "); name == "storm" && n == 0 {
			t.Error("no chart is drawn")
		}
		dates, numbers := 0, 0
		for n, row := range readSheet(t, fods) {
			for _, c := range row {
				if c.formula != "" && c.formula != "of:=TRUE()" && c.formula != "of:=FALSE()" { // which is how it reads a workbook's booleans
					t.Errorf("%s row %d: formula %s", name, n, c.formula)
				}
				switch c.kind {
				case "date":
					dates++
				case "float":
					numbers++
				}
			}
		}
		if dates == 0 || numbers == 0 || !strings.Contains(string(whole), `office:date-value="2026-03-29T00:58:30.25`) && name == "storm" {
			t.Errorf("%s: %d dates, %d numbers", name, dates, numbers)
		}
	}
}

type officeCell struct{ kind, text, formula string }

// readSheet reads the cells of a flat OpenDocument spreadsheet.
func readSheet(t *testing.T, path string) [][]officeCell {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows [][]officeCell
	var row []officeCell
	var cell officeCell
	repeat, inText := 1, false
	for d := xml.NewDecoder(f); ; {
		tok, err := d.Token()
		if tok == nil || err != nil {
			return rows
		}
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "table-row":
				row = nil
			case "table-cell":
				cell, repeat = officeCell{}, 1
				for _, a := range e.Attr {
					switch {
					case a.Name.Local == "value-type" && strings.Contains(a.Name.Space, "office"):
						cell.kind = a.Value
					case a.Name.Local == "formula":
						cell.formula = a.Value
					case a.Name.Local == "number-columns-repeated":
						repeat, _ = strconv.Atoi(a.Value)
					}
				}
			case "p":
				inText = true
			}
		case xml.CharData:
			if inText {
				cell.text += string(e)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "p":
				inText = false
			case "table-cell":
				for range min(repeat, 200) {
					row = append(row, cell)
				}
			case "table-row":
				rows = append(rows, row)
			}
		}
	}
}
