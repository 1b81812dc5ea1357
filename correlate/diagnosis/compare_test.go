package diagnosis

import (
	"strings"
	"testing"
)

// A change is judged by what happened again and what that cost; where nothing did, by arithmetic, and never as a success.
func TestCompare(t *testing.T) {
	report := func(backlog int64, peak float64, ins ...Incident) *Diagnosis {
		d := Empty()
		d.Groups = []Group{{ID: "g", Primary: "a", Replicas: []string{"b"}}}
		d.Sizing = []Sizing{{Group: "g", BacklogBytes: backlog, PeakWriteBytesPerS: peak}}
		for i := range ins {
			ins[i].Group = "g"
		}
		d.Incidents = ins
		return d
	}
	incident := func(kind CauseKind, full, partial int64) Incident {
		need := int64(3 << 20)
		return Incident{
			Trigger: Trigger{Kind: kind}, FullSyncs: full, PartialSyncs: partial, Resyncs: []Resync{{Refusal: BacklogOverflow, NeededBytes: &need}},
			Recommendations: []Recommendation{{Setting: "repl-backlog-size", Plan: true}},
		}
	}
	stuck := incident("network-interruption", 0, 800)
	stuck.Loop = &Loop{Kind: PartialLoop}
	evicting := report(16<<20, 100, incident("network-interruption", 0, 1))
	evicting.Notes = []Note{{Kind: "evictions", Instance: "a", Summary: "9 keys were evicted"}}
	elsewhere := report(16<<20, 100, incident("network-interruption", 0, 1))
	elsewhere.Notes = []Note{{Kind: "evictions", Instance: "z", Summary: "9 keys were evicted"}}
	gone := report(16<<20, 100)
	gone.Groups = append(gone.Groups, Group{ID: "h"})
	gone.Groups[0].ID = "other"
	before := report(1<<20, 100, incident("network-interruption", 1, 0))
	before.Incidents[0].Affected = []string{"redis-b"}
	// doubtful is an incident that is told as another cause's, with what began the first one still possible.
	doubtful := func(replica string, p float64) *Diagnosis {
		i := incident("replica-stall", 1, 0)
		i.Affected, i.Alternatives = []string{replica}, []Alternative{{Kind: "network-interruption", Confidence: p}}
		return report(1<<20, 100, i)
	}
	for _, c := range []struct {
		name   string
		before *Diagnosis
		after  *Diagnosis
		want   Answer
		why    string
	}{
		{"again, and survived", before, report(4<<20, 100, incident("network-interruption", 0, 1)), Worked, "cost no full resync"},
		{"with less load", before, report(4<<20, 10, incident("network-interruption", 0, 1)), Worked, "says less"},
		{"again, and not survived", before, report(1<<20, 100, incident("network-interruption", 1, 0)), DidNot, "1 full resync"},
		{"nothing, and it would be survived", before, report(4<<20, 100), CannotTell, "would be survived"},
		{"nothing, and it would not", before, report(2<<20, 100), CannotTell, "would not be enough"},
		{"something else", before, report(4<<20, 100, incident("primary-crash", 1, 0)), CannotTell, "something else"},
		{"the same under another name", before, doubtful("redis-b", 0.35), DidNot, "1 full resync"},
		{"another replica's", before, doubtful("redis-c", 0.35), CannotTell, "something else"},
		{"a remote alternative", before, doubtful("redis-b", 0.04), CannotTell, "something else"},
		{"replicas that do not get on", before, report(4<<20, 100, stuck), Worse, "does not get on"},
		{"keys lost", before, evicting, Worse, "a: 9 keys"},
		{"keys lost on a server of another group", before, elsewhere, Worked, ""},
		{"nothing before", report(1<<20, 100), report(4<<20, 100), CannotTell, "nothing had happened"},
		{"another group", before, gone, CannotTell, "not in the second"},
	} {
		got := Compare(c.before, c.after).Groups[0]
		if got.Answer != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", c.name, got.Answer, got.Why, c.want, c.why)
		}
	}
}
