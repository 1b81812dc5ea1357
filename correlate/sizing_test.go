package correlate

import (
	"math"
	"strings"
	"testing"

	"psyncope/ingest/table"
)

// rated is a primary whose dumps have these offsets, a second apart.
func rated(offsets ...int64) (*group, *host) {
	h := &host{name: "redis-a", settings: map[string]setting{}}
	for i, o := range offsets {
		s := blank[sample]()
		s.at = dayStart + micros(i)*second
		s.Role, s.RunID, s.ReplID, s.Dated, s.Flavor, s.Version = "master", playRun, playID, "server_time", "redis", "7.0.15"
		s.PrimaryOffset, s.BacklogSize, s.BacklogActive = table.Int(o), 1<<20, 1
		h.samples = append(h.samples, s)
	}
	return &group{id: "redis-a", hosts: []*host{h}, primary: h, byAddr: map[string]*host{}}, h
}

func TestWriteRates(t *testing.T) {
	tests := []struct {
		name    string
		offsets []int64
		change  func(*host)
		windows int
		peak    float64
		median  float64
	}{
		{"steady", []int64{0, 100, 200, 300}, nil, 3, 100, 100},
		{"a burst", []int64{0, 100, 1100, 1200}, nil, 3, 1000, 100},
		{"a restart", []int64{0, 100, 5, 105}, func(h *host) { h.samples[2].RunID, h.samples[3].RunID = "other", "other" }, 2, 100, 100},
		{"another id", []int64{0, 100, 900000, 900100}, func(h *host) { h.samples[2].ReplID, h.samples[3].ReplID = "other", "other" }, 2, 100, 100},
		{"no backlog: the offset stands still", []int64{100, 100, 100, 200}, func(h *host) { h.samples[0].BacklogActive, h.samples[1].BacklogActive = 0, 0 }, 1, 100, 100},
		{"two dumps in one moment", []int64{0, 100, 150, 200}, func(h *host) { h.samples[2].at = h.samples[1].at + second/10 }, 2, 100, 52.63157894736842},
		{"dates in whole seconds", []int64{0, 100, 200, 300, 400, 500}, func(h *host) {
			for i := range h.samples {
				h.samples[i].Dated = "line"
			}
		}, 1, 100, 100},
		{"one dump", []int64{5}, nil, 0, 0, 0},
		{"a replica", []int64{0, 100}, func(h *host) { h.samples[0].Role, h.samples[1].Role = "slave", "slave" }, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, h := rated(tt.offsets...)
			if tt.change != nil {
				tt.change(h)
			}
			r := g.writeRates()
			if r.windows != tt.windows || math.Abs(r.peak-tt.peak) > 1e-6 || r.windows > 0 && math.Abs(r.median-tt.median) > 60 {
				t.Errorf("got %d windows, peak %v, median %v", r.windows, r.peak, r.median)
			}
		})
	}
}

func TestRecommend(t *testing.T) {
	const mb = 1 << 20
	tests := []struct {
		name string
		plan plan
		mem  int64
		want int64
		says string
	}{
		{"the formula", plan{rates: rates{peak: mb, windows: 1}, bridge: 10 * second, backlog: mb}, 0, 32 * mb, "2 x peak rate x longest outage"},
		{"what was needed counts for more", plan{rates: rates{peak: mb, windows: 1}, bridge: 10 * second, backlog: mb, need: 100 * mb}, 0, 128 * mb, "104,857,600 bytes"},
		{"no rate", plan{backlog: mb, need: 3 * mb}, 0, 4 * mb, "write rate is not known"},
		{"it covers that", plan{rates: rates{peak: 1000, windows: 1}, bridge: 10 * second, backlog: 64 * mb}, 0, 64 * mb, "covers it"},
		{"cut to the memory", plan{rates: rates{peak: 100 * mb, windows: 1}, bridge: 3600 * second, backlog: mb}, 1 << 30, 256 * mb, "a quarter of the memory"},
		{"what was needed is never cut", plan{rates: rates{peak: 100 * mb, windows: 1}, bridge: 3600 * second, backlog: mb, need: 1 << 30}, 1 << 30, 1280 * mb, ""},
		{"nothing broke", plan{rates: rates{peak: mb, windows: 1}, backlog: mb}, 0, 128 * mb, "repl-timeout"},
		{"nothing known", plan{backlog: mb, assumed: true}, 0, mb, "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, h := rated(1)
			if tt.mem > 0 {
				h.samples[0].TotalSystemMemory = table.Int(tt.mem)
			}
			p := tt.plan
			p.recommend(g)
			if p.recommended != tt.want || !strings.Contains(p.method, tt.says) {
				t.Errorf("recommends %s (want %s): %s", sizeWord(p.recommended), sizeWord(tt.want), p.method)
			}
			if p.recommended < p.need || p.recommended < p.backlog {
				t.Errorf("recommends %d for a need of %d and a backlog of %d", p.recommended, p.need, p.backlog)
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
		h.samples[0].Flavor, h.samples[0].Version, h.samples[0].BacklogSize = tt.flavor, tt.version, table.Null
		if n, assumed := g.backlogNow(); n != tt.want || !assumed {
			t.Errorf("%s %s: %d, assumed %v", tt.flavor, tt.version, n, assumed)
		}
	}
}

func TestSizeWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1023: "1023", 1024: "1kb", 1536: "1536", 1 << 20: "1mb", 3 << 30: "3gb", 1<<20 + 1: "1048577"} {
		if got := sizeWord(n); got != want {
			t.Errorf("sizeWord(%d) = %s", n, got)
		}
		if back, ok := table.ParseSize(sizeWord(n)); !ok || back != n {
			t.Errorf("the server reads %s as %d", sizeWord(n), back)
		}
	}
	for n, want := range map[int64]int64{1: 1 << 20, 1 << 20: 1 << 20, 1<<20 + 1: 2 << 20, 200 << 20: 256 << 20, 257 << 20: 320 << 20, 5 << 30: 5 << 30} {
		if got := roundUp(n); got != want {
			t.Errorf("roundUp(%d) = %d, want %d", n, got, want)
		}
	}
}
