package sizing

import (
	"math"
	"strings"
	"testing"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/fixtures/play"
	"psyncope/ingest/table"
)

// rated is a primary whose dumps have these offsets, a second apart.
func rated(offsets ...int64) (*replication.Group, *timeline.Host) {
	h := &timeline.Host{Name: "redis-a", Settings: map[string]timeline.Setting{}}
	for i, o := range offsets {
		s := play.Blank[timeline.Sample]()
		s.At = play.DayStart + micros(i)*second
		s.Role, s.RunID, s.ReplID, s.Dated, s.Flavor, s.Version = "master", play.PlayRun, play.PlayID, "server_time", "redis", "7.0.15"
		s.PrimaryOffset, s.BacklogSize, s.BacklogActive = table.Int(o), 1<<20, 1
		h.Samples = append(h.Samples, s)
	}
	return &replication.Group{ID: "redis-a", Hosts: []*timeline.Host{h}, Primary: h, ByAddr: map[string]*timeline.Host{}}, h
}

func TestWriteRates(t *testing.T) {
	tests := []struct {
		name    string
		offsets []int64
		change  func(*timeline.Host)
		windows int
		peak    float64
		median  float64
	}{
		{"steady", []int64{0, 100, 200, 300}, nil, 3, 100, 100},
		{"a burst", []int64{0, 100, 1100, 1200}, nil, 3, 1000, 100},
		{"a restart", []int64{0, 100, 5, 105}, func(h *timeline.Host) { h.Samples[2].RunID, h.Samples[3].RunID = "other", "other" }, 2, 100, 100},
		{"another id", []int64{0, 100, 900000, 900100}, func(h *timeline.Host) { h.Samples[2].ReplID, h.Samples[3].ReplID = "other", "other" }, 2, 100, 100},
		{"no backlog: the offset stands still", []int64{100, 100, 100, 200}, func(h *timeline.Host) { h.Samples[0].BacklogActive, h.Samples[1].BacklogActive = 0, 0 }, 1, 100, 100},
		{"two dumps in one moment", []int64{0, 100, 150, 200}, func(h *timeline.Host) { h.Samples[2].At = h.Samples[1].At + second/10 }, 2, 100, 52.63157894736842},
		{"dates in whole seconds", []int64{0, 100, 200, 300, 400, 500}, func(h *timeline.Host) {
			for i := range h.Samples {
				h.Samples[i].Dated = "line"
			}
		}, 1, 100, 100},
		{"one dump", []int64{5}, nil, 0, 0, 0},
		{"a replica", []int64{0, 100}, func(h *timeline.Host) { h.Samples[0].Role, h.Samples[1].Role = "slave", "slave" }, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, h := rated(tt.offsets...)
			if tt.change != nil {
				tt.change(h)
			}
			r := writeRates(g)
			if r.windows != tt.windows || math.Abs(r.Peak-tt.peak) > 1e-6 || r.windows > 0 && math.Abs(r.median-tt.median) > 60 {
				t.Errorf("got %d windows, peak %v, median %v", r.windows, r.Peak, r.median)
			}
		})
	}
}

func TestRecommend(t *testing.T) {
	const mb = 1 << 20
	tests := []struct {
		name string
		plan Plan
		mem  int64
		want int64
		says string
	}{
		{"the formula", Plan{Rates: rates{Peak: mb, windows: 1}, bridge: 10 * second, Backlog: mb}, 0, 32 * mb, "2 x peak rate x longest outage"},
		{"what was needed counts for more", Plan{Rates: rates{Peak: mb, windows: 1}, bridge: 10 * second, Backlog: mb, need: 100 * mb}, 0, 128 * mb, "104,857,600 bytes"},
		{"no rate", Plan{Backlog: mb, need: 3 * mb}, 0, 4 * mb, "write rate is not known"},
		{"it covers that", Plan{Rates: rates{Peak: 1000, windows: 1}, bridge: 10 * second, Backlog: 64 * mb}, 0, 64 * mb, "covers it"},
		{"cut to the memory", Plan{Rates: rates{Peak: 100 * mb, windows: 1}, bridge: 3600 * second, Backlog: mb}, 1 << 30, 256 * mb, "a quarter of the memory"},
		{"what was needed is never cut", Plan{Rates: rates{Peak: 100 * mb, windows: 1}, bridge: 3600 * second, Backlog: mb, need: 1 << 30}, 1 << 30, 1280 * mb, ""},
		{"nothing broke", Plan{Rates: rates{Peak: mb, windows: 1}, Backlog: mb}, 0, 128 * mb, "repl-timeout"},
		{"nothing known", Plan{Backlog: mb, assumed: true}, 0, mb, "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, h := rated(1)
			if tt.mem > 0 {
				h.Samples[0].TotalSystemMemory = table.Int(tt.mem)
			}
			p := tt.plan
			p.recommend(g)
			if p.Recommended != tt.want || !strings.Contains(p.method, tt.says) {
				t.Errorf("recommends %s (want %s): %s", diagnosis.SizeWord(p.Recommended), diagnosis.SizeWord(tt.want), p.method)
			}
			if p.Recommended < p.need || p.Recommended < p.Backlog {
				t.Errorf("recommends %d for a need of %d and a backlog of %d", p.Recommended, p.need, p.Backlog)
			}
		})
	}
}

// The defaults differ: 1 MB, and 10 MB from Valkey 8 on.
func TestDefaultBacklog(t *testing.T) {
	for _, tt := range []struct {
		flavor, version string
		want            int64
	}{{"redis", "6.2.16", 1 << 20}, {"redis", "7.4.1", 1 << 20}, {"valkey", "7.2.7", 1 << 20}, {"valkey", "8.0.1", 10 << 20}} {
		g, h := rated(1)
		h.Samples[0].Flavor, h.Samples[0].Version, h.Samples[0].BacklogSize = tt.flavor, tt.version, table.Null
		if n, assumed := backlogNow(g); n != tt.want || !assumed {
			t.Errorf("%s %s: %d, assumed %v", tt.flavor, tt.version, n, assumed)
		}
	}
}

func TestSizeWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1023: "1023", 1024: "1kb", 1536: "1536", 1 << 20: "1mb", 3 << 30: "3gb", 1<<20 + 1: "1048577"} {
		if got := diagnosis.SizeWord(n); got != want {
			t.Errorf("sizeWord(%d) = %s", n, got)
		}
		if back, ok := table.ParseSize(diagnosis.SizeWord(n)); !ok || back != n {
			t.Errorf("the server reads %s as %d", diagnosis.SizeWord(n), back)
		}
	}
	for n, want := range map[int64]int64{1: 1 << 20, 1 << 20: 1 << 20, 1<<20 + 1: 2 << 20, 200 << 20: 256 << 20, 257 << 20: 320 << 20, 5 << 30: 5 << 30} {
		if got := RoundUp(n); got != want {
			t.Errorf("roundUp(%d) = %d, want %d", n, got, want)
		}
	}
}
