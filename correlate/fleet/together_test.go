package fleet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"psyncope/correlate/diagnosis"
)

// broken is a night of so many groups, four to a network; those in hit have an incident, begun so many minutes after noon.
func broken(groups int, hit map[int]float64) *State {
	s := NewState()
	r := &Read{Settings: map[Setting]Stated{}, Measures: map[string]*Measure{}, SinceUs: map[string]int64{}}
	for n := range groups {
		d := diagnosis.Empty()
		g := diagnosis.Group{
			ID: fmt.Sprintf("g%02d", n), Primary: fmt.Sprintf("redis-%d", n), Replicas: []string{fmt.Sprintf("replica-%d", n)}, Versions: []string{"redis 7.0.15"},
			ReplicationIDs: []string{fmt.Sprintf("%040d", n)}, Addresses: []string{fmt.Sprintf("10.4.%d.%d:6379", n/4, n%4+1)}, From: at(0, -600), To: at(0, 600),
		}
		g.Identify()
		d.Groups = []diagnosis.Group{g}
		if minutes, ok := hit[n]; ok {
			i := incident(0, minutes, minutes+2, "network-interruption")
			i.Group = g.ID
			i.Identify(g.Key)
			d.Incidents = append(d.Incidents, i)
		}
		r.Diagnoses = append(r.Diagnoses, d)
		r.Artifacts = append(r.Artifacts, &Artifact{Path: fmt.Sprintf("/dumps/%s/info.log", g.ID), Group: g.Key, Instance: g.Primary, LastUs: at(0, 600).UnixMicro(), Case: g.ID})
		r.Settings[Setting{g.Key, g.Primary, "maxmemory-policy"}] = Stated{Value: []string{"noeviction", "allkeys-lru"}[n%2]}
	}
	s.Apply(r)
	return s
}

// Groups that broke within a minute of a night of twenty hours did so together, and what they share is told where hardly another group has it.
func TestTogether(t *testing.T) {
	const many = 80
	for name, c := range map[string]struct {
		hit   map[int]float64
		times int    // how many are told to have broken at one time
		share string // what they share; empty for nothing
		of    [4]int
	}{
		"a switch fails":                  {map[int]float64{8: 10, 9: 10.2, 10: 10.4, 11: 10.7}, 1, "network 10.4.2.0/24", [4]int{4, 4, 0, 76}},
		"and one elsewhere meanwhile":     {map[int]float64{8: 10, 9: 10.2, 10: 10.4, 11: 10.7, 41: 10.5}, 1, "network 10.4.2.0/24", [4]int{4, 4, 1, 76}},
		"at one time, in no one place":    {map[int]float64{1: 10, 14: 10.2, 31: 10.4, 60: 10.7}, 1, "", [4]int{}},
		"one place, over the whole night": {map[int]float64{8: -500, 9: -100, 10: 200, 11: 400}, 0, "network 10.4.2.0/24", [4]int{4, 4, 0, 76}},
		"one setting":                     {map[int]float64{1: -500, 3: -400, 5: -300, 13: -200, 27: -100, 31: 0, 35: 50, 41: 100, 47: 150, 51: 200, 59: 250, 63: 300, 67: 350, 71: 400, 77: 450}, 0, "setting maxmemory-policy allkeys-lru", [4]int{15, 40, 0, 40}},
		"by chance, here and there":       {map[int]float64{2: -500, 13: -100, 31: 200, 58: 400}, 0, "", [4]int{}},
		"two by chance in one minute":     {map[int]float64{2: 100, 33: 100.5}, 0, "", [4]int{}},
		"one alone":                       {map[int]float64{2: 100}, 0, "", [4]int{}},
	} {
		p := broken(many, c.hit).Morning()
		times, share, of := 0, "", [4]int{}
		for _, x := range p.Together {
			if x.First != nil {
				times++
			}
			if len(x.Share) > 0 {
				share, of = x.Share[0], [4]int{x.Hit, x.Sharing, x.HitOthers, x.Others}
			}
		}
		if times != c.times || share != c.share || of != c.of {
			t.Errorf("%s: %d at one time, sharing %q, %v: %+v", name, times, share, of, p.Together)
		}
	}
	// Everybody breaks all night: some minute has many, and no minute is told.
	all, draw := map[int]float64{}, rand.New(rand.NewPCG(7, 7))
	for n := range many {
		all[n] = draw.Float64()*1190 - 600
	}
	if p := broken(many, all).Morning(); len(p.Together) != 0 {
		t.Errorf("a bad night for all is told as %+v", p.Together)
	}
}

// The chances are those of the books.
func TestChances(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
	if got := poissonTail(1, 2); !near(got, 1-math.Exp(-2)) {
		t.Error(got)
	}
	if got := atLeast(2, 2, 2, 4); !near(got, 1.0/6) {
		t.Error(got)
	}
	if got := atLeast(1, 2, 2, 4); !near(got, 5.0/6) {
		t.Error(got)
	}
	if got := atLeast(0, 3, 2, 3); !near(got, 1) {
		t.Error(got)
	}
}

func TestAround(t *testing.T) {
	for addr, want := range map[string][]string{
		"10.4.2.7:6379":               {"host 10.4.2.7", "network 10.4.2.0/24"},
		"[fd00:1::7]:6379":            {"host fd00:1::7", "network fd00:1::/64"},
		"redis-3.rack7.example.com:1": {"host redis-3.rack7.example.com", "domain rack7.example.com"},
		"redis-3:6379":                {"host redis-3"},
		"127.0.0.1:6379":              nil,
	} {
		if got := around(addr); !slices.Equal(got, want) {
			t.Errorf("%s is %v", addr, got)
		}
	}
}
