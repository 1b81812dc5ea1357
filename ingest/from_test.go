package ingest

import (
	"bytes"
	"os"
	"path/filepath"
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
