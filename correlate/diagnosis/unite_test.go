package diagnosis

import (
	"testing"
	"time"
)

func saved(id, replid string, at time.Time, addrs ...string) *Diagnosis {
	d := Empty()
	g := Group{ID: id, Primary: id, Replicas: []string{"redis-b"}, Versions: []string{}, ReplicationIDs: []string{}, Addresses: addrs, From: &Stamp{at}, To: &Stamp{at.Add(time.Hour)}}
	if replid != "" {
		g.ReplicationIDs = []string{replid}
	}
	g.Identify()
	in := Incident{Group: id, Affected: []string{"redis-b"}, Start: &Stamp{at}}
	in.Identify(g.Key)
	d.Groups = []Group{g}
	d.Incidents = []Incident{in}
	d.Coverage = []Coverage{{Group: id, Verdict: HasIncidents, Read: []string{}, Missing: []string{}}}
	d.Notes = []Note{{Kind: "thp-warning", Group: id, Instance: id, Summary: "x"}}
	d.Series = []Series{{Group: id, Instance: id, Name: "n", At: []int64{at.UnixMilli()}, Values: []*float64{nil}}}
	d.Lanes = []Lane{{Group: id, Instance: id, Bars: []Bar{{State: "up", From: Stamp{at}, To: Stamp{at.Add(time.Minute)}}}}}
	d.Inputs.Files = []InputFile{{Path: id + "/log", Group: id, Bytes: 7}}
	d.Inputs.Bytes = 7
	d.Finish()
	return d
}

// Groups are told apart by what they are, never by a name; what two reports share stands once, and the order of reports does not show.
func TestUnite(t *testing.T) {
	const x, y = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name                     string
		reports                  []*Diagnosis
		groups, incidents, bytes int
	}{
		{"the same report twice", []*Diagnosis{saved("redis-a", x, day), saved("redis-a", x, day)}, 1, 1, 7},
		{"two nights of a group", []*Diagnosis{saved("redis-a", x, day), saved("redis-a", x, day.Add(24*time.Hour))}, 1, 2, 7},
		{"a group under two names", []*Diagnosis{saved("redis-a", x, day), saved("prod/redis-a", x, day)}, 1, 1, 14},
		{"two groups of one name", []*Diagnosis{saved("redis-a", x, day), saved("redis-a", y, day)}, 2, 2, 14},
		{"no ids, the same addresses", []*Diagnosis{saved("redis-a", "", day, "10.0.0.1:6379"), saved("redis-a", "", day.Add(time.Hour), "10.0.0.1:6379")}, 1, 2, 7},
		{"no ids, other addresses", []*Diagnosis{saved("redis-a", "", day, "10.0.0.1:6379"), saved("redis-a", "", day, "10.0.0.2:6379")}, 2, 2, 14},
	} {
		d := Unite(c.reports...)
		if len(d.Groups) != c.groups || len(d.Incidents) != c.incidents || d.Inputs.Bytes != int64(c.bytes) || len(d.Coverage) != c.groups {
			t.Errorf("%s: %d groups, %d incidents, %d bytes, %d verdicts", c.name, len(d.Groups), len(d.Incidents), d.Inputs.Bytes, len(d.Coverage))
		}
		ids := map[string]bool{}
		for _, g := range d.Groups {
			ids[g.ID] = true
		}
		for _, i := range d.Incidents {
			if !ids[i.Group] {
				t.Errorf("%s: an incident of group %q, which there is not", c.name, i.Group)
			}
		}
		for _, n := range d.Notes {
			if !ids[n.Group] {
				t.Errorf("%s: a note of group %q, which there is not", c.name, n.Group)
			}
		}
		if len(d.Lanes) != len(d.Series) || len(d.Lanes) < c.groups {
			t.Errorf("%s: %d lanes, %d series", c.name, len(d.Lanes), len(d.Series))
		}
		if len(c.reports[0].Groups) != 1 || c.reports[0].Groups[0].ID == "" {
			t.Errorf("%s: the report itself was changed", c.name)
		}
	}
}

// A key is of what an incident is: the folders that its evidence lies in are no part of it, its group, replicas and start are.
func TestKey(t *testing.T) {
	at := &Stamp{time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)}
	key := func(group string, at *Stamp, affected ...string) string {
		i := Incident{Start: at, Affected: affected}
		i.Identify(group)
		return i.Key
	}
	is := key("g", at, "redis-b", "redis-c")
	if is != key("g", at, "shard-1/redis-c", "shard-1/redis-b") {
		t.Error("folders change the key")
	}
	for _, other := range []string{key("h", at, "redis-b", "redis-c"), key("g", &Stamp{at.Add(time.Second)}, "redis-b", "redis-c"), key("g", at, "redis-b"), key("g", nil, "redis-b", "redis-c")} {
		if other == is {
			t.Error("two incidents have one key")
		}
	}
}
