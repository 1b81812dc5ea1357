package info

import (
	"strings"
	"testing"
	"time"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// A note of the collector that dates itself is of that date, whenever the file was copied or unpacked.
func TestFailureDatesItself(t *testing.T) {
	said := table.MicrosOf(time.Date(2026, 11, 22, 21, 59, 51, 690e6, time.UTC))
	copied := table.MicrosOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		body string
		want table.Micros
	}{
		{"2026-11-22T21:59:51.690Z no answer: read tcp 127.0.0.1:42206->10.8.0.1:6379: i/o timeout\n", said},
		{"Could not connect to Redis at 10.8.0.1:6379: Connection refused\n", copied},
	} {
		var out table.Case
		if _, err := Format().Read(artifact.Input{Name: "collect.log", ModTime: copied, Body: strings.NewReader(c.body)}, &out); err != nil {
			t.Fatal(err)
		}
		rows := out.Events.Rows()
		if len(rows) != 1 || rows[0].Stamp != c.want {
			t.Errorf("%q: %+v, want one event at %v", c.body, rows, c.want.Time())
		}
	}
}
