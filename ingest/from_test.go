package ingest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"psyncope/ingest/table"
)

// Read from a mark on, a file gives the rows that stand behind it, with the numbers of their lines.
func TestFromAMark(t *testing.T) {
	dir := t.TempDir()
	log := "1:M 22 Nov 2026 10:00:00.000 * Connection with replica 10.0.0.2:6379 lost.\n1:M 22 Nov 2026 10:00:01.000 * Replica 10.0.0.2:6379 asks for synchronization\n1:M 22 Nov 2026 10:00:02.000 * Synchronization with replica 10.0.0.2:6379 succeeded\n"
	dump := "### 2026-11-22T10:00:00Z\n# Replication\nrole:master\nconnected_slaves:0\n### 2026-11-22T10:00:10Z\n# Replication\nrole:master\nconnected_slaves:1\n"
	from := map[string]Mark{}
	for name, f := range map[string]struct {
		text string
		line int64
	}{"redis.log": {log, 3}, "info.log": {dump, 5}} {
		path := filepath.Join(dir, "redis-a", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.text), 0o644); err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter([]byte(f.text), []byte("\n"))
		offset := int64(len(bytes.Join(lines[:f.line-1], nil)))
		from[path] = Mark{Offset: offset, Line: f.line}
	}
	var events, samples []int32
	_, err := Each(t.Context(), Options{Roots: []string{dir}, From: from}, func(c *table.Case) error {
		for _, e := range c.Events.Rows() {
			events = append(events, e.Line)
		}
		for _, s := range c.Samples.Rows() {
			samples = append(samples, s.Line)
		}
		c.Release()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 || events[0] != 3 || len(samples) != 1 || samples[0] != 5 {
		t.Errorf("messages of lines %v, dumps of lines %v", events, samples)
	}
}

// TestLookAtEnd: only a plain file of dumps whose end says whose it is is known by that alone.
func TestLookAtEnd(t *testing.T) {
	dump := "### 2026-11-22T10:00:00Z\n# Server\nredis_version:7.0.15\nrun_id:" + strings.Repeat("a", 40) + "\ntcp_port:6379\n# Replication\nrole:master\nconnected_slaves:0\nmaster_repl_offset:12\n"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"info.log":     {strings.Repeat(dump, 9), true},
		"nameless.log": {strings.Repeat(strings.ReplaceAll(dump, "run_id", "run_it"), 9), false},
		"redis.log":    {"1:M 22 Nov 2026 10:00:00.000 # === REDIS BUG REPORT START ===\n" + dump + strings.Repeat("1:M 22 Nov 2026 10:00:00.000 # === ASSERTION FAILED ===\n", 99), false},
		"info-all.log": {strings.Repeat("redis-a | "+strings.ReplaceAll(strings.TrimSpace(dump), "\n", "\nredis-a | ")+"\n", 9), false},
		"empty.log":    {"", false},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		e := &engine{Options: Options{Limits: Limits{}.withDefaults()}, formats: Formats()}
		f := &family{hints: &noHints, files: []file{{src: &Source{Path: path, Size: int64(len(c.text))}}}}
		if got := e.lookAtEnd(f, 0, make([]byte, HeadBytes)); got != c.want {
			t.Errorf("%s: %t", name, got)
		} else if got && (f.kind != "info" || f.hints.Port != "6379") {
			t.Errorf("%s: %s, %+v", name, f.kind, f.hints)
		}
	}
}
