package info

import (
	"io"
	"strings"
	"testing"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// A number beyond reason is rejected with its line, and leaves its column unknown; in a later dump too, where it is read by comparison.
func TestNumbersBeyondReason(t *testing.T) {
	dump := func(fork, uptime, offset string) string {
		return "### 2026-11-22T18:45:30Z\n# Server\nredis_version:7.0.15\nuptime_in_seconds:" + uptime + "\n# Stats\nlatest_fork_usec:" + fork + "\n# Replication\nrole:master\nmaster_repl_offset:" + offset + "\n"
	}
	var c table.Case
	r := NewReader(&c, false)
	hot := dump("118", "3", "98") + dump("119", "4", "99") // what changed lately is read on another way
	text := hot + dump("120", "5", "100") + dump("9223372036854775807", "99999999999999", "9223372036854775000") + dump("130", "7", "200")
	if _, err := r.Read(artifact.Input{Origin: table.Origin{Instance: "a", File: "info.log"}, Body: io.NopCloser(strings.NewReader(text))}); err != nil {
		t.Fatal(err)
	}
	rows := c.Samples.Rows()
	if len(rows) != 5 {
		t.Fatalf("%d dumps", len(rows))
	}
	if s := rows[3]; s.LatestForkMicros.Known() || s.Uptime.Known() || s.PrimaryOffset.Known() {
		t.Errorf("taken all the same: %d %d %d", s.LatestForkMicros, s.Uptime, s.PrimaryOffset)
	}
	if s := rows[4]; s.LatestForkMicros != 130 || s.Uptime != 7 || s.PrimaryOffset != 200 {
		t.Errorf("the next dump: %d %d %d", s.LatestForkMicros, s.Uptime, s.PrimaryOffset)
	}
	if p := c.Problems.Rows(); len(p) != 3 || p[0].Line == 0 {
		t.Errorf("problems: %+v", p)
	}
}
