package replication

import (
	"slices"
	"testing"

	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// Each dump has its own lines of slaveN, whatever other dumps share its instant: those of one file by their lines.
func TestRowsOfDumps(t *testing.T) {
	sample := func(at micros, file string, line int32) timeline.Sample {
		return timeline.Sample{At: at, Moment: timeline.Moment{File: file, Line: line}}
	}
	row := func(at micros, file string, line int32, addr string) timeline.ReplicaRow {
		r := timeline.ReplicaRow{At: at}
		r.Origin, r.Addr = table.Origin{File: file, Line: line}, addr
		return r
	}
	samples := []timeline.Sample{sample(1, "x", 1), sample(2, "x", 100), sample(2, "x", 200), sample(2, "y", 1), sample(3, "y", 50)}
	d := dumpRows{rows: []timeline.ReplicaRow{
		row(0, "x", 1, "early"), row(1, "x", 90, "b"), row(2, "x", 190, "b"), row(2, "x", 191, "c"), row(2, "x", 290, "c"), row(2, "y", 40, "d"), row(3, "y", 90, "e"),
	}}
	want := [][]string{{"b"}, {"b", "c"}, {"c"}, {"d"}, {"e"}}
	for i := range samples {
		var got []string
		for _, r := range d.of(samples, i) {
			got = append(got, r.Addr)
		}
		if !slices.Equal(got, want[i]) {
			t.Errorf("dump %d has %q, want %q", i, got, want[i])
		}
	}
}
