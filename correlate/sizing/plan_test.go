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

	"pgregory.net/rapid"
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
		name   string
		plan   Plan
		change func(*timeline.Sample)
		want   int64
		wanted int64
		says   string
	}{
		{"what was needed, and a margin", Plan{Backlog: mb, need: 3 * mb}, nil, 3584 << 10, 0, "with 15 in 100 more 3,617,583"},
		{"at the busiest time", Plan{Rates: rates{Peak: mb, windows: 1}, bridge: 10 * second, Backlog: mb, need: 3 * mb}, nil, 12 * mb, 0, "would have taken 10,48"},
		{"what was needed counts for more", Plan{Rates: rates{Peak: mb, windows: 1}, bridge: 10 * second, Backlog: mb, need: 100 * mb}, nil, 120 * mb, 0, "104,857,600 bytes"},
		{"no room for the busiest time", Plan{Rates: rates{Peak: mb, windows: 1}, bridge: 10 * second, Backlog: mb, need: 3 * mb}, func(s *timeline.Sample) { s.UsedMemory, s.MaxMemory = 30*mb, 34*mb }, 3584 << 10, 0, "fits"},
		{"no room at all", Plan{Backlog: mb, need: 3 * mb}, func(s *timeline.Sample) { s.UsedMemory, s.MaxMemory = 33*mb, 34*mb }, 0, 3584 << 10, "does not fit"},
		{"room that was used once", Plan{Backlog: mb, need: 3 * mb}, func(s *timeline.Sample) { s.UsedMemory, s.UsedMemoryPeak, s.MaxMemory = 20*mb, 34*mb, 34*mb }, 0, 3584 << 10, "does not fit"},
		{"the host is full", Plan{Backlog: mb, need: 3 * mb}, func(s *timeline.Sample) { s.UsedMemory, s.UsedMemoryRSS, s.TotalSystemMemory = 89*mb, 89*mb, 100*mb }, 0, 3584 << 10, "does not fit"},
		{"nothing was refused", Plan{Rates: rates{Peak: 1000, windows: 1}, Backlog: 64 * mb}, nil, 64 * mb, 0, "nothing in the capture was refused"},
		{"the upper end", Plan{Rates: rates{Peak: mb, windows: 1}, Backlog: mb, need: 3 * mb, longest: 80 * second}, nil, 3584 << 10, 0, "2 x peak rate x 80 s, the longest outage seen = 160.0 MiB"},
		{"nothing known", Plan{Backlog: mb, assumed: true}, nil, mb, 0, "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, h := rated(0, mb, 2*mb, 3*mb, 4*mb, 5*mb, 6*mb, 7*mb, 8*mb, 9*mb, 10*mb)
			if tt.change != nil {
				for i := range h.Samples {
					tt.change(&h.Samples[i])
				}
			}
			p := tt.plan
			p.recommend(g)
			if p.Recommended != tt.want || p.Wanted != tt.wanted || !strings.Contains(p.method, tt.says) {
				t.Errorf("recommends %s, wanted %s (want %s, %s): %s", diagnosis.SizeWord(p.Recommended), diagnosis.SizeWord(p.Wanted), diagnosis.SizeWord(tt.want), diagnosis.SizeWord(tt.wanted), p.method)
			}
			if p.Room > 0 && p.Recommended > p.Room {
				t.Errorf("recommends %d, and there is room for %d", p.Recommended, p.Room)
			}
		})
	}
}

// The most that was written in a stretch is what a window that begins or ends at a dump holds; whatever the dumps, it is no less than the
// average and no more than all.
func TestMostWritten(t *testing.T) {
	for _, tt := range []struct {
		name    string
		offsets []int64
		d       micros
		want    int64
	}{
		{"steady", []int64{0, 100, 200, 300}, 2 * second, 200},
		{"a burst", []int64{0, 100, 1100, 1200}, 2 * second, 1100},
		{"half a burst", []int64{0, 0, 1000, 1000}, second / 2, 500},
		{"longer than the dumps", []int64{0, 100, 200}, 4 * second, 400},
		{"no time", []int64{0, 100}, 0, 0},
		{"one dump", []int64{5}, second, 0},
	} {
		if g, _ := rated(tt.offsets...); mostWritten(g, tt.d) != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, mostWritten(g, tt.d), tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		offsets := []int64{0}
		for range rapid.IntRange(1, 30).Draw(t, "dumps") {
			offsets = append(offsets, offsets[len(offsets)-1]+rapid.Int64Range(0, 1<<30).Draw(t, "written"))
		}
		g, _ := rated(offsets...)
		span := micros(len(offsets)-1) * second
		d := micros(rapid.Int64Range(int64(second), int64(span)).Draw(t, "d"))
		all := offsets[len(offsets)-1]
		got := mostWritten(g, d)
		if average := float64(all) * float64(d) / float64(span); got > all || float64(got) < average/2-1 {
			t.Fatalf("%d in %d of %d, %d in all", got, d, span, all)
		}
	})
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
	for n, want := range map[int64]int64{1: 64 << 10, 1 << 20: 1 << 20, 1<<20 + 1: 1<<20 + 128<<10, 200 << 20: 208 << 20, 257 << 20: 288 << 20, 5 << 30: 5 << 30} {
		if got := RoundUp(n); got != want {
			t.Errorf("roundUp(%d) = %d, want %d", n, got, want)
		}
	}
	for n := int64(1); n < 1<<40; n = n*9/8 + 1 {
		if got := RoundUp(n); got < n || n > 1<<20 && got > n+n/8 {
			t.Errorf("roundUp(%d) = %d", n, got)
		}
	}
}
