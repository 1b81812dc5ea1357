package fleet

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"psyncope/correlate/diagnosis"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func at(day int, minutes float64) *diagnosis.Stamp {
	return &diagnosis.Stamp{Time: noon.AddDate(0, 0, day).Add(time.Duration(minutes * float64(time.Minute)))}
}

// night is what one run read of a group: its incidents, by when they began and ended.
func night(day int, ids []string, incidents ...diagnosis.Incident) *Read {
	d := diagnosis.Empty()
	g := diagnosis.Group{ID: "cart", Primary: "redis-a", Replicas: []string{"redis-b"}, Versions: []string{"redis 7.0.15"}, ReplicationIDs: ids, Addresses: []string{}, From: at(day, -600), To: at(day, 600)}
	g.Identify()
	d.Groups = []diagnosis.Group{g}
	d.Coverage = []diagnosis.Coverage{{Group: "cart", Verdict: diagnosis.HasIncidents}}
	for _, i := range incidents {
		i.Group = "cart"
		i.Identify(g.Key)
		d.Incidents = append(d.Incidents, i)
	}
	return &Read{Diagnoses: []*diagnosis.Diagnosis{d}, Artifacts: []*Artifact{{Path: fmt.Sprintf("day-%d", day), Group: g.Key, Instance: "redis-a", LastUs: at(day, 600).UnixMicro(), Case: "x"}}, Settings: map[Setting]Stated{}, Measures: map[string]*Measure{}, SinceUs: map[string]int64{}}
}

func incident(day int, from, to float64, kind diagnosis.CauseKind) diagnosis.Incident {
	i := diagnosis.Incident{Start: at(day, from), Severity: diagnosis.Critical, Trigger: diagnosis.Trigger{Kind: kind, Confidence: 0.9}, Affected: []string{"redis-b"}}
	if to != 0 {
		i.End = at(day, to)
	} else {
		i.Ongoing = true
	}
	return i
}

const idA, idB = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"

// An incident's like is counted over the nights, with whether the cause is the same; a group keeps its key over a failover, by the ids that its
// evidence shares.
func TestRecurring(t *testing.T) {
	s := NewState()
	s.Apply(night(0, []string{idA}, incident(0, 0, 2, "network-interruption")))
	s.Apply(night(1, []string{idA}))
	s.Apply(night(2, []string{idB, idA}, incident(2, 0, 2, "network-interruption")))
	s.Apply(night(3, []string{idB}, incident(3, 0, 2, "fork-stall")))
	if len(s.Groups) != 1 {
		t.Fatalf("%d groups", len(s.Groups))
	}
	p := s.Morning()
	if len(p.New) != 1 || p.New[0].Nth != 3 || p.New[0].OfNights != 4 || p.New[0].SameCause {
		t.Errorf("%+v", p.New)
	}
	if p.Night != 4 || len(p.Open)+len(p.Gone) != 0 {
		t.Errorf("%+v", p)
	}
}

// One incident over midnight is one, under one key, and over the morning after; evidence that begins in its middle does not move its start.
func TestOverMidnight(t *testing.T) {
	s := NewState()
	s.Apply(night(0, []string{idA}, incident(0, 500, 0, "network-interruption")))
	key := s.Morning().New[0].Key
	if p := s.Morning(); len(p.New) != 1 || len(p.Open) != 0 {
		t.Fatalf("%+v", p)
	}
	s.Acks[key] = Ack{Key: key, Reason: "known"}
	later := incident(1, -840, -800, "primary-down") // its second half, told otherwise
	later.Trigger.Confidence = 0.4
	r := night(1, []string{idA}, later)
	for k := range r.Diagnoses[0].Groups {
		r.SinceUs[r.Diagnoses[0].Groups[k].Key] = at(0, 550).UnixMicro()
	}
	s.Apply(r)
	p := s.Morning()
	if len(s.Incidents) != 1 || len(p.Gone) != 1 || p.Gone[0].Key != key || !p.Gone[0].Incident.Start.Equal(at(0, 500).Time) || p.Gone[0].Incident.Trigger.Kind != "network-interruption" || p.Gone[0].Incident.End == nil {
		t.Errorf("%d incidents: gone %+v", len(s.Incidents), p.Gone)
	}
	s.Apply(night(2, []string{idA}))
	if p := s.Morning(); len(p.Gone)+len(p.New)+len(p.Open) != 0 {
		t.Errorf("it is told again: %+v", p)
	}
}

// What is acknowledged is off the top until its date, by the evidence's own time, and never off the page.
func TestAcknowledged(t *testing.T) {
	s := NewState()
	s.Apply(night(0, []string{idA}, incident(0, 500, 0, "network-interruption")))
	key := s.Morning().New[0].Key
	for _, c := range []struct {
		until       int64
		open, acked int
	}{{0, 0, 1}, {at(9, 0).UnixMicro(), 0, 1}, {at(0, 0).UnixMicro(), 1, 0}} {
		s.Acks[key] = Ack{key, c.until, "planned"}
		p := s.Morning()
		if len(p.New) != c.open || len(p.Acked) != c.acked {
			t.Errorf("until %d: new %d, acknowledged %d", c.until, len(p.New), len(p.Acked))
		}
	}
}

// Two replicas lost at one time to two faults are two incidents, each under its own key.
func TestTwoAtOnce(t *testing.T) {
	s := NewState()
	other := incident(0, 0, 2, "replica-stall")
	other.Affected = []string{"redis-c"}
	s.Apply(night(0, []string{idA}, incident(0, 0, 2, "network-interruption"), other))
	s.Apply(night(1, []string{idA}, incident(0, 0, 2, "network-interruption"), other))
	if len(s.Incidents) != 2 {
		t.Errorf("%d incidents", len(s.Incidents))
	}
}

// What is older than what is kept is forgotten, but for what is still open.
func TestPrune(t *testing.T) {
	s := NewState()
	s.Apply(night(0, []string{idA}, incident(0, 0, 2, "network-interruption"), incident(0, 100, 0, "primary-down")))
	for day := 1; day < 100; day++ {
		r := night(day, []string{idA})
		r.Measures[r.Diagnoses[0].Groups[0].Key] = &Measure{ForkS: 1}
		s.Apply(r)
	}
	s.Prune((10 * 24 * time.Hour).Microseconds())
	if len(s.Incidents) != 1 {
		t.Errorf("%d incidents are left", len(s.Incidents))
	}
	for _, ms := range s.Measures {
		if n := len(ms); n < 9 || n > 12 {
			t.Errorf("%d measures are left", n)
		}
	}
}

// A server whose dumps ended long before its group's did is silent; one of which there is only a log that says nothing is not, nor one whose last
// dump is a little older.
func TestSilent(t *testing.T) {
	for _, c := range []struct {
		name   string
		of     Artifact
		silent bool
	}{
		{"its dumps ended", Artifact{Kind: "info", LastUs: at(0, 0).UnixMicro()}, true},
		{"its last dump is half an hour older", Artifact{Kind: "info", LastUs: at(0, 570).UnixMicro()}, false},
		{"a quiet log", Artifact{Kind: "log", LastUs: at(0, 0).UnixMicro()}, false},
		{"settings, without a date", Artifact{Kind: "config"}, false},
	} {
		s := NewState()
		r := night(0, []string{idA})
		c.of.Path, c.of.Group, c.of.Instance = "b", r.Artifacts[0].Group, "redis-b"
		r.Artifacts = append(r.Artifacts, &c.of)
		s.Apply(r)
		if p := s.Morning(); slices.Contains(p.Silent, "redis-b") != c.silent {
			t.Errorf("%s: silent are %v", c.name, p.Silent)
		}
	}
}

// Only what is new is read, with what lies beside it and reaches into the last stretch; a copy, a rename and a touch are not read.
func TestPlan(t *testing.T) {
	s := NewState()
	us := func(minutes float64) int64 { return at(0, minutes).UnixMicro() }
	s.Groups["g"] = &Group{Key: "g", ThroughUs: us(600)}
	for _, a := range []*Artifact{
		{Path: "f/g/a/old.log", Size: 10, ModUs: 1, Print: "p1", Case: "c", Group: "g", LastUs: us(0)},
		{Path: "f/g/a/redis.log", Size: 10, ModUs: 1, Print: "p2", Case: "c", Group: "g", LastUs: us(600)},
		{Path: "f/g/a/config.txt", Size: 10, ModUs: 1, Print: "p3", Case: "c", Group: "g"},
		{Path: "f/h/a/redis.log", Size: 10, ModUs: 1, Print: "p4", Case: "d", Group: "h", LastUs: us(600)},
	} {
		s.Artifacts[a.Path] = a
	}
	known := func(p string) Scanned { return Scanned{p, 10, 1, 0} }
	for _, c := range []struct {
		name  string
		found []Scanned
		print map[string]string
		read  []string
		moved int
	}{
		{"nothing new", []Scanned{known("f/g/a/old.log"), known("f/g/a/redis.log"), known("f/g/a/config.txt"), known("f/h/a/redis.log")}, nil, nil, 0},
		{"appended", []Scanned{known("f/g/a/old.log"), {"f/g/a/redis.log", 20, 2, 0}, known("f/g/a/config.txt"), known("f/h/a/redis.log")}, map[string]string{"f/g/a/redis.log": "p9"}, []string{"f/g/a/config.txt", "f/g/a/redis.log"}, 0},
		{"touched", []Scanned{known("f/g/a/old.log"), {"f/g/a/redis.log", 10, 2, 0}, known("f/g/a/config.txt"), known("f/h/a/redis.log")}, map[string]string{"f/g/a/redis.log": "p2"}, nil, 1},
		{"a copy", []Scanned{known("f/g/a/old.log"), known("f/g/a/redis.log"), known("f/g/a/config.txt"), {"f/g/a/redis.log.bak", 10, 2, 0}, known("f/h/a/redis.log")}, map[string]string{"f/g/a/redis.log.bak": "p2"}, nil, 1},
		{"renamed", []Scanned{known("f/g/a/old.log"), {"f/g/a/redis.log.1", 10, 1, 0}, known("f/g/a/config.txt"), known("f/h/a/redis.log")}, map[string]string{"f/g/a/redis.log.1": "p2"}, nil, 1},
		{"a new file beside", []Scanned{known("f/g/a/old.log"), known("f/g/a/redis.log"), known("f/g/a/config.txt"), {"f/g/b/redis.log", 5, 2, 0}, known("f/h/a/redis.log")}, map[string]string{"f/g/b/redis.log": "p8"}, []string{"f/g/a/config.txt", "f/g/a/redis.log", "f/g/b/redis.log"}, 0},
	} {
		todo := s.Plan(c.found, func(p string) string { return c.print[p] })
		var read []string
		for p := range todo.Read {
			read = append(read, p)
		}
		slices.Sort(read)
		if !slices.Equal(read, c.read) || len(todo.Moved) != c.moved {
			t.Errorf("%s: reads %v, moved %d", c.name, read, len(todo.Moved))
		}
	}
}
