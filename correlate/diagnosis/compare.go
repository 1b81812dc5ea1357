package diagnosis

import (
	"fmt"
	"slices"
)

// CompareSchema names the JSON form of a Comparison.
const CompareSchema = "psyncope/compare/v1"

// Comparison is what became of the groups of one report in another: did what was changed between them help.
type Comparison struct {
	Schema string          `json:"schema"`
	Groups []GroupCompared `json:"groups"`
}

// Answer is whether a change helped.
type Answer string

// What a change did. Where nothing like before happened again, nobody can tell whether it would have been survived but by arithmetic.
const (
	Worked     Answer = "worked"
	DidNot     Answer = "did-not-work"
	Worse      Answer = "worse"
	CannotTell Answer = "cannot-tell"
)

// GroupCompared is one group before and after.
type GroupCompared struct {
	Group  string   `json:"group"`
	Answer Answer   `json:"answer"`
	Why    string   `json:"why"`
	Before Measured `json:"before"`
	After  Measured `json:"after"`
	// Gone happened before and not after, Again both times, New only after; by trigger.
	Gone  []string `json:"gone"`
	Again []string `json:"again"`
	New   []string `json:"new"`
	// Harm is what the after-report notes that the one before does not: refused writes, evicted keys, replicas that do not get on.
	Harm []string `json:"harm"`
}

// Measured is what a report says of a group in numbers.
type Measured struct {
	Incidents            int     `json:"incidents"`
	FullSyncs            int64   `json:"full_syncs"`
	PartialSyncs         int64   `json:"partial_syncs"`
	BacklogBytes         int64   `json:"backlog_bytes"`
	NeededBytes          int64   `json:"needed_bytes"` // the most that a request needed which a backlog would have spared; 0 where none is known
	PeakWriteBytesPerS   float64 `json:"peak_write_bytes_per_s"`
	BridgesS             float64 `json:"bridges_s"` // how long an outage the backlog bridges at the peak
	LongestOutageS       float64 `json:"longest_outage_s"`
	incidents            []*Incident
	loopsWithoutProgress int
}

// harmful are the notes that tell of a change that did harm.
var harmful = []string{"writes-refused", "evictions"}

// Compare holds the groups of two reports against each other, by id, and the only group of each where the ids differ.
func Compare(before, after *Diagnosis) *Comparison {
	out := &Comparison{Schema: CompareSchema, Groups: []GroupCompared{}}
	for _, g := range before.Groups {
		other := g.ID
		if len(before.Groups) == 1 && len(after.Groups) == 1 {
			other = after.Groups[0].ID
		}
		if !slices.ContainsFunc(after.Groups, func(a Group) bool { return a.ID == other }) {
			out.Groups = append(out.Groups, GroupCompared{Group: g.ID, Answer: CannotTell, Why: "it is not in the second report", Before: measured(before, g.ID), Gone: []string{}, Again: []string{}, New: []string{}, Harm: []string{}})
			continue
		}
		out.Groups = append(out.Groups, compareGroup(before, after, g.ID, other))
	}
	return out
}

func compareGroup(before, after *Diagnosis, id, other string) GroupCompared {
	c := GroupCompared{Group: id, Before: measured(before, id), After: measured(after, other), Gone: []string{}, Again: []string{}, New: []string{}, Harm: []string{}}
	for _, i := range c.Before.incidents {
		again := slices.ContainsFunc(c.After.incidents, func(o *Incident) bool { return alike(i, o) })
		if k := string(i.Trigger.Kind); again {
			c.Again = appendOnce(c.Again, k)
		} else {
			c.Gone = appendOnce(c.Gone, k)
		}
	}
	for _, i := range c.After.incidents {
		if !slices.ContainsFunc(c.Before.incidents, func(o *Incident) bool { return alike(i, o) }) {
			c.New = appendOnce(c.New, string(i.Trigger.Kind))
		}
	}
	if c.After.loopsWithoutProgress > c.Before.loopsWithoutProgress {
		c.Harm = append(c.Harm, "partial resyncs are granted and closed again: a replica does not get on")
	}
	for _, kind := range harmful {
		if n := noted(after, other, kind); n != "" && noted(before, id, kind) == "" {
			c.Harm = append(c.Harm, n)
		}
	}
	c.Answer, c.Why = c.judge()
	return c
}

// judge says whether it helped, and why.
func (c *GroupCompared) judge() (Answer, string) {
	b, a := &c.Before, &c.After
	less := ""
	if b.PeakWriteBytesPerS > 0 && a.PeakWriteBytesPerS > 0 && a.PeakWriteBytesPerS < b.PeakWriteBytesPerS/2 {
		less = fmt.Sprintf("; less was written, %s/s at the peak in place of %s/s, so that it says less", Amount(int64(a.PeakWriteBytesPerS)), Amount(int64(b.PeakWriteBytesPerS)))
	}
	switch {
	case len(c.Harm) > 0:
		return Worse, List(c.Harm)
	case b.FullSyncs == 0 && b.Incidents == 0:
		return CannotTell, "nothing had happened before"
	case len(c.Again) > 0 && a.FullSyncs > 0:
		return DidNot, fmt.Sprintf("%s happened again, and cost %s; before it were %d", List(c.Again), Plural(a.FullSyncs, "full resync", "full resyncs"), b.FullSyncs)
	case len(c.Again) > 0:
		return Worked, fmt.Sprintf("%s happened again, and cost no full resync; before it were %d", List(c.Again), b.FullSyncs) + less
	case a.FullSyncs > 0:
		return CannotTell, fmt.Sprintf("what happened before did not happen again; something else did, and cost %s", Plural(a.FullSyncs, "full resync", "full resyncs"))
	case b.NeededBytes > 0 && a.BacklogBytes >= b.NeededBytes:
		return CannotTell, fmt.Sprintf("nothing like it happened again; the backlog now holds %s bytes, and %s were needed: it would be survived", BytesOf(a.BacklogBytes), BytesOf(b.NeededBytes)) + less
	case b.NeededBytes > 0 && a.BacklogBytes > 0:
		return CannotTell, fmt.Sprintf("nothing like it happened again; the backlog holds %s bytes, and %s were needed: it alone would not be enough", BytesOf(a.BacklogBytes), BytesOf(b.NeededBytes)) + less
	}
	return CannotTell, "nothing like it happened again" + less
}

// measured gathers what a report says of a group.
func measured(d *Diagnosis, group string) (m Measured) {
	for i := range d.Incidents {
		in := &d.Incidents[i]
		if in.Group != group {
			continue
		}
		m.Incidents++
		m.FullSyncs, m.PartialSyncs = m.FullSyncs+in.FullSyncs, m.PartialSyncs+in.PartialSyncs
		m.incidents = append(m.incidents, in)
		if in.Loop != nil && in.Loop.Kind == PartialLoop {
			m.loopsWithoutProgress++
		}
		if !slices.ContainsFunc(in.Recommendations, func(r Recommendation) bool { return r.Plan && r.Setting == "repl-backlog-size" }) {
			continue // a backlog is not what it wanted
		}
		for _, r := range in.Resyncs {
			if r.Refusal == BacklogOverflow && r.NeededBytes != nil {
				m.NeededBytes = max(m.NeededBytes, *r.NeededBytes)
			}
		}
	}
	for _, s := range d.Sizing {
		if s.Group == group {
			m.BacklogBytes, m.PeakWriteBytesPerS, m.BridgesS, m.LongestOutageS = s.BacklogBytes, s.PeakWriteBytesPerS, s.SecondsCovered, s.LongestOutageS
		}
	}
	return m
}

// alike reports whether two incidents may be the same thing again: one cause began both, or what began the one is still believed possible of
// the other, and it hit the same replica.
func alike(a, b *Incident) bool {
	return a.Trigger.Kind == b.Trigger.Kind || (possible(a, b.Trigger.Kind) || possible(b, a.Trigger.Kind)) && slices.ContainsFunc(a.Affected, func(r string) bool { return slices.Contains(b.Affected, r) })
}

// possible reports whether a cause is more than a remote alternative: one in ten.
func possible(i *Incident, kind CauseKind) bool {
	return slices.ContainsFunc(i.Alternatives, func(a Alternative) bool { return a.Kind == kind && a.Confidence >= 0.1 })
}

func appendOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// noted is the summary of a note of this kind about a server of the group; empty without one.
func noted(d *Diagnosis, group, kind string) string {
	for _, g := range d.Groups {
		if g.ID != group {
			continue
		}
		for _, n := range d.Notes {
			if n.Kind == kind && (n.Instance == g.Primary || slices.Contains(g.Replicas, n.Instance)) {
				return n.Instance + ": " + n.Summary
			}
		}
	}
	return ""
}
