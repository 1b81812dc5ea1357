package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"psyncope/correlate/diagnosis"
)

// The same evidence gives the same bytes: whoever copied it and when, in whatever order its parts
// are named.
func TestSameEvidenceSameBytes(t *testing.T) {
	fixtures, err := filepath.Abs("../../fixtures/captures")
	if err != nil {
		t.Fatal(err)
	}
	captures, err := filepath.Glob(filepath.Join(fixtures, "*", "capture"))
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, capture := range captures {
		t.Run(filepath.Base(filepath.Dir(capture)), func(t *testing.T) {
			var reports []string
			for i, copied := range []time.Time{time.Unix(1e9, 0), time.Unix(2e9, 0)} {
				parts := copyCapture(t, capture, copied)
				if i == 1 {
					slices.Reverse(parts)
				}
				var out, messages bytes.Buffer
				if code := run(t.Context(), append([]string{"analyze", "--format", "json"}, parts...), strings.NewReader(""), &out, &messages); code != exitOK {
					t.Fatalf("exit code %d: %s", code, messages.String())
				}
				reports = append(reports, out.String())
			}
			if reports[0] != reports[1] {
				t.Errorf("two copies of the same capture differ:\n%s", cmp.Diff(strings.Split(reports[0], "\n"), strings.Split(reports[1], "\n")))
			}
		})
	}
}

// The same bytes come out for any number of cores: files are read and groups diagnosed side by side.
func TestSameBytesForAnyNumberOfCores(t *testing.T) {
	captures, err := filepath.Glob("../../fixtures/captures/*/capture*")
	if err != nil || len(captures) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	var first string
	for _, cores := range []int{1, 2, 3, 8} {
		runtime.GOMAXPROCS(cores)
		var out, messages bytes.Buffer
		if code := run(t.Context(), append([]string{"analyze", "--format", "json"}, captures...), strings.NewReader(""), &out, &messages); code != exitOK {
			t.Fatalf("exit code %d: %s", code, messages.String())
		}
		if first == "" {
			first = out.String()
		}
		if got := out.String(); got != first {
			t.Errorf("%d cores give another report than one:\n%s", cores, cmp.Diff(strings.Split(first, "\n"), strings.Split(got, "\n")))
		}
	}
	var d diagnosis.Diagnosis
	if err := json.Unmarshal([]byte(first), &d); err != nil || len(d.Groups) < len(captures) {
		t.Errorf("%d groups in %d captures: %v", len(d.Groups), len(captures), err)
	}
}

// copyCapture copies a capture into a folder of its own, enters it, and names the capture's parts.
func copyCapture(t *testing.T, capture string, modified time.Time) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(capture)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, modified, modified)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, e := range entries {
		parts = append(parts, e.Name())
	}
	return parts
}
