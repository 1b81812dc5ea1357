package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"psyncope/correlate/diagnosis"
	"psyncope/report"
)

// told is what must stay of a report when names go: what happened, when, why, how sure, and every number.
func told(d *diagnosis.Diagnosis) string {
	var out []string
	for _, i := range d.Incidents {
		var steps []string
		for _, s := range i.Chain {
			steps = append(steps, s.Kind)
		}
		slices.Sort(steps) // at one instant they stand by name
		out = append(out, fmt.Sprintln(stampText(i.Start), stampText(i.End), i.Severity, i.Trigger.Kind, i.Trigger.Confidence, i.Refusal.Kind, i.FullSyncs, len(i.Affected), steps))
	}
	for _, s := range d.Sizing {
		if s.RecommendedBytes != nil {
			out = append(out, fmt.Sprintln("sizing", *s.RecommendedBytes))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

func stampText(s *diagnosis.Stamp) string {
	if s == nil {
		return "-"
	}
	return s.UTC().Format(diagnosis.StampLayout)
}

// analysed runs analyze and reads its report.
func analysed(t *testing.T, args ...string) *diagnosis.Diagnosis {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append([]string{"analyze", "-q", "--format", "json"}, args...), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("analyze %q: exit %d: %s", args, code, stderr.String())
	}
	d, err := report.Load(&stdout)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A redacted capture says what the capture says, and so does a report under pseudonyms; both say it under the same ones.
func TestRedactedSaysTheSame(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/captures/*/capture*")
	if err != nil || len(captures) == 0 {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	for n, c := range captures {
		if n%3 != 0 && testing.Short() {
			continue
		}
		name := filepath.Base(filepath.Dir(c))
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			var stderr bytes.Buffer
			if code := run(t.Context(), []string{"redact", c, "--out", out, "--key-file", key}, nil, &stderr, &stderr); code != 0 {
				t.Fatalf("exit %d: %s", code, stderr.String())
			}
			plain, there, here := analysed(t, c), analysed(t, out), analysed(t, c, "--redact", "--key-file", key)
			if told(plain) != told(there) {
				t.Errorf("the capture says\n%sredacted it says\n%s", told(plain), told(there))
			}
			if told(plain) != told(here) {
				t.Errorf("the capture says\n%swith --redact\n%s", told(plain), told(here))
			}
			var a, b []string
			for _, h := range there.Time.Hosts {
				a = append(a, h.Instance)
			}
			for _, h := range here.Time.Hosts {
				b = append(b, h.Instance)
			}
			if slices.Sort(a); !slices.Equal(a, sorted(b)) {
				t.Errorf("under the names %v there, %v here", a, b)
			}
			lines(t, c, out)
		})
	}
}

// lines holds that each file has the lines that it had, in the same places.
func lines(t *testing.T, capture, redacted string) {
	t.Helper()
	if info, err := os.Stat(capture); err != nil || !info.IsDir() {
		return
	}
	n := 0
	err := filepath.WalkDir(capture, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".zst") {
			return err
		}
		rel, err := filepath.Rel(capture, path)
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(redacted, rel))
		if err != nil {
			return nil // under a pseudonym
		}
		b, err := os.ReadFile(path)
		n++
		if was, is := bytes.Count(b, []byte("\n")), bytes.Count(other, []byte("\n")); was != is {
			t.Errorf("%s: %d lines, redacted %d", rel, was, is)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedactCommand(t *testing.T) {
	try := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(t.Context(), args, strings.NewReader("1:M 22 Nov 2026 18:45:30.123 * Connecting to MASTER shop.acme.example:6379\n"), &out, &out)
		return code, out.String()
	}
	dir := t.TempDir()
	if code, said := try("redact", "-", "--out", filepath.Join(dir, "a")); code != 0 || !strings.Contains(said, "shown this once: ") || !strings.Contains(said, "1 files, 0 lines withheld") {
		t.Errorf("exit %d: %s", code, said)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "a", "stdin")); strings.Contains(string(b), "acme") || !strings.Contains(string(b), "Connecting to MASTER ") {
		t.Errorf("%s", b)
	}
	if code, said := try("redact", "-", "--out", filepath.Join(dir, "a")); code != 3 || !strings.Contains(said, "--force") {
		t.Errorf("into a directory that holds something: exit %d: %s", code, said)
	}
	if code, said := try("redact", filepath.Join(dir, "none"), "--out", filepath.Join(dir, "b")); code != 3 {
		t.Errorf("nothing there: exit %d: %s", code, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); err == nil {
		t.Error("a directory was left behind")
	}
	if code, said := try("analyze", "-", "--key-file", "x"); code != 2 || !strings.Contains(said, "--redact") {
		t.Errorf("a key for nothing: exit %d: %s", code, said)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := try("redact", "-", "--out", filepath.Join(dir, "c"), "--key-file", filepath.Join(dir, "key")); code != 2 || !strings.Contains(said, "64 hexadecimal digits") {
		t.Errorf("no key: exit %d: %s", code, said)
	}
}
