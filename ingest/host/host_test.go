package host

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

var update = flag.Bool("update", false, "write the wanted rows anew")

// written is when the files of testdata were taken.
var written = table.MicrosOf(time.Date(2026, 11, 27, 15, 14, 50, 0, time.UTC))

func readAll(t testing.TB, name, text string) (table.Case, artifact.Account) {
	t.Helper()
	var out table.Case
	a, err := Format().Read(artifact.Input{Origin: table.Origin{Instance: "a", File: name}, Name: name, ModTime: written, Body: strings.NewReader(text)}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out, a
}

// shown is a row with what it says, and no more.
func shown(r *table.HostSample) string {
	var b strings.Builder
	at := "-"
	if r.Stamp.Known() {
		at = r.Stamp.Time().Format("2006-01-02T15:04:05.000")
	}
	fmt.Fprintf(&b, "%d %s %s %s %q", r.Line, at, r.Clock, r.Tool, r.Scope)
	if r.PID.Known() {
		fmt.Fprintf(&b, " pid=%d", r.PID)
	}
	if r.State != "" {
		fmt.Fprintf(&b, " process_state=%s", r.State)
	}
	for _, c := range table.Columns[table.HostSample]() {
		if f := r.Measure(c.Name); f != nil && f.Known() {
			fmt.Fprintf(&b, " %s=%g", c.Name, math.Round(float64(*f)*100)/100)
		}
	}
	return b.String()
}

// What the tools of three Debian suites wrote reads as wanted, nothing of it is refused, and each file is known for what it is.
func TestFilesOfRealTools(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".want") {
			continue
		}
		t.Run(filepath.Base(f), func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if sure := Format().Sniff("artifact.txt", body); sure < 80 {
				t.Errorf("sniffed %d", sure)
			}
			c, a := readAll(t, filepath.Base(f), string(body))
			rows := c.Host.Rows()
			if a.Rejected != 0 || int(a.Records) != len(rows) {
				t.Errorf("%+v, %d rows, %v", a, len(rows), c.Problems.Rows())
			}
			var b strings.Builder
			for i := range rows {
				fmt.Fprintln(&b, shown(&rows[i]))
			}
			want := strings.TrimSuffix(f, filepath.Ext(f)) + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			old, err := os.ReadFile(want)
			if err != nil || !bytes.Equal(old, []byte(b.String())) {
				t.Errorf("%v\ngot\n%s\nwant\n%s", err, b.String(), old)
			}
		})
	}
}

// Every name of a tool's leads to a column that there is, and every column of a number is filled by some name.
func TestNamesLeadToColumns(t *testing.T) {
	filled := map[string]bool{"interval_seconds": true, "cpu_count": true, "disk_await_ms": true, "swap_used_bytes": true} // worked out
	r := table.NewHostSample(table.Origin{})
	lead := func(name, column string) {
		t.Helper()
		if column != "" && r.Measure(column) == nil {
			t.Errorf("%s leads to %q", name, column)
		}
		filled[column] = true
	}
	for name, c := range names {
		lead(name, c.to)
	}
	for name, m := range measures {
		lead(name, m.to)
	}
	for name, column := range modes {
		lead(name, column)
	}
	for _, c := range table.Columns[table.HostSample]() {
		if c.Kind == table.KindFloat && !filled[c.Name] {
			t.Errorf("nothing fills %s", c.Name)
		}
	}
	for name, e := range exportedNames {
		if _, ok := measures[e.name]; !ok && e.name != "ios" && e.name != "io_ms" && e.name != "swap_total" && e.name != "swap_free" {
			t.Errorf("%s counts %q", name, e.name)
		}
	}
}

// Times after midnight are the next day's; a day that reads two ways is settled by when the file was written.
func TestDays(t *testing.T) {
	const head = "Linux 6.1.0 (db-1) \t%s \t_x86_64_\t(4 CPU)\n\n%s        CPU     %%user     %%idle\n%s        all      1.00      97.50\n%s        all      2.00      97.50\n"
	for _, c := range []struct{ day, a, b, want string }{
		{"11/27/26", "23:59:59", "00:00:01", "2026-11-27T23:59:59Z 2026-11-28T00:00:01Z"},
		{"11/27/2026", "11:59:59 PM", "12:00:01 AM", "2026-11-27T23:59:59Z 2026-11-28T00:00:01Z"},
		{"27.11.2026", "12:00:01", "12:00:02", "2026-11-27T12:00:01Z 2026-11-27T12:00:02Z"},
		{"12/11/2026", "12:00:01", "12:00:02", "2026-12-11T12:00:01Z 2026-12-11T12:00:02Z"},
		{"01/12/2026", "12:00:01 PM", "12:00:02 PM", "2026-12-01T12:00:01Z 2026-12-01T12:00:02Z"},
	} {
		out, _ := readAll(t, "sar.txt", fmt.Sprintf(head, c.day, c.a, c.a, c.b))
		var got []string
		for _, r := range out.Host.Rows() {
			got = append(got, r.Stamp.Time().Format(time.RFC3339))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: %v", c.day, c.a, got)
		}
	}
}

// A counter that is less than before began anew, and gives no rate; and the first snapshot gives none.
func TestCountersThatBeginAnew(t *testing.T) {
	out, _ := readAll(t, "proc.txt", "### 2026-11-22T10:00:00Z\npswpin 100\npswpout 100\n### 2026-11-22T10:00:10Z\npswpin 0\npswpout 110\n")
	rows := out.Host.Rows()
	if len(rows) != 1 || rows[0].SwapIn.Known() || float64(rows[0].SwapOut) != page {
		t.Errorf("%d rows: %+v", len(rows), rows)
	}
}

// Text that is none of these is left to others.
func TestOthers(t *testing.T) {
	for _, text := range []string{
		"", "\n", "12:M 22 Nov 2026 18:57:20.123 * Ready to accept connections tcp\n", "# Server\nredis_version:7.4.1\n", "1) \"maxmemory\"\n2) \"0\"\n", "maxmemory 0\nappendonly no\n",
		"# HELP redis_up Information about the Redis instance\n# TYPE redis_up gauge\nredis_up 1\n", "procs are fine\n", "r b\n1 2\n", "id=5 addr=10.0.0.2:5000 fd=9 name= age=3\n", "{\"a\": 1}\n",
	} {
		if sure := Format().Sniff("notes.txt", []byte(text)); sure != 0 {
			t.Errorf("%q: sniffed %d", text, sure)
		}
	}
}

// Whatever stands in a file, each of its lines is a record, of no interest or refused, and no number is beyond reason.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil && !strings.HasSuffix(file, ".want") {
			f.Add(string(body[:min(len(body), 1500)]))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		_ = Format().Sniff("x", []byte(text))
		c, a := readAll(t, "x", text)
		rows := c.Host.Rows()
		if int(a.Records) != len(rows) || a.Ignored < 0 || a.Rejected < 0 {
			t.Fatalf("%+v, %d rows", a, len(rows))
		}
		for i := range rows {
			if strings.Contains(shown(&rows[i]), "Inf") {
				t.Fatal(shown(&rows[i]))
			}
		}
	})
}
