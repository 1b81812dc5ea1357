package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psyncope/ingest/table"
)

// At a limit the file that met it is read up to there, the error names the flag, and the rest is read as ever.
func TestLimits(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var log strings.Builder
	for i := range 60_000 { // some MB
		fmt.Fprintf(&log, "1:M 22 Nov 2026 10:%02d:%02d.%03d * DB saved on disk\n", i/3600%60, i/60%60, i%1000)
	}
	log.WriteString("1:M 22 Nov 2026 10:59:59.000 * " + strings.Repeat("x", 3<<20) + "\n" + log.String())
	write("redis-a/redis.log", log.String())
	write("redis-b/info.txt", primaryInfo("1", "1"))
	for name, c := range map[string]struct {
		lim  Limits
		flag string
	}{
		"line":   {Limits{LineBytes: 1 << 20}, "--max-line"},
		"time":   {Limits{FileTime: time.Nanosecond}, "--max-file-time"},
		"memory": {Limits{Memory: 1}, "--max-memory"},
		"files":  {Limits{Members: 1}, "--max-files"},
		"none":   {},
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			samples, events := 0, 0
			sum, err := Each(t.Context(), Options{Roots: []string{dir}, Limits: c.lim}, func(c *table.Case) error {
				samples += c.Samples.Len()
				events += c.Events.Len()
				for _, p := range c.Problems.Rows() {
					said = append(said, p.File+": "+p.Reason)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range sum.Problems {
				said = append(said, p.File+": "+p.Reason)
			}
			all := strings.Join(said, "\n")
			if c.flag == "" {
				if all != "" || samples != 1 {
					t.Errorf("%d samples, %s", samples, all)
				}
				return
			}
			if !strings.Contains(all, c.flag) || events == 0 || name != "files" && samples != 1 {
				t.Errorf("%d samples, %d events, said: %s", samples, events, all)
			}
		})
	}
}

// A file of which no line is anything is accounted for all the same.
func TestNothingInItIsAccountedFor(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"redis.log": "1:M 22 Nov 2026 10:00:00.000 * DB saved on disk\n", "slowlog.txt": "\xff\xfe\x00\x00", "config.txt": "\x00\x00"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	_, err := Each(t.Context(), Options{Roots: []string{dir}}, func(c *table.Case) error {
		for _, f := range c.Files {
			n++
			if f.Records+f.Ignored+f.Rejected == 0 {
				t.Errorf("%+v", f)
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files, %v", n, err)
	}
}

// A text that is recoded on its way is read to its end.
func TestRecodedIsReadToItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redis.log")
	text := "\xef\xbb\xbf" + strings.Repeat("1:M 22 Nov 2026 10:00:00.000 * DB saved on disk\n", 20_000)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	sum, err := Each(t.Context(), Options{Roots: []string{path}}, func(*table.Case) error { return nil })
	if err != nil || sum.Records != 20_000 || sum.Bytes != int64(len(text)) {
		t.Errorf("%d records, %d bytes, %v", sum.Records, sum.Bytes, err)
	}
}
