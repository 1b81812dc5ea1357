package fleet

import (
	"maps"
	"path"
	"slices"

	"psyncope/correlate/diagnosis"
)

// incidents takes over those of a diagnosis. One that the state knows keeps its key, when it began first, and the night in which it was new;
// evidence that begins in its middle does not move its start or take its cause.
func (s *State) incidents(d *diagnosis.Diagnosis, as map[string]string, since map[string]int64, n int) {
	keyOf := map[string]string{}
	for i := range d.Groups {
		keyOf[d.Groups[i].ID] = d.Groups[i].Key
	}
	taken := map[string]bool{}
	for i := range d.Incidents {
		is := d.Incidents[i]
		run := keyOf[is.Group]
		group := as[run]
		known := s.known(group, &is, taken)
		if known == nil {
			key := is.Key
			for s.Incidents[key] != nil { // the same replicas at the same time, by another's fault
				key += "-"
			}
			known = &Incident{Key: key, Group: group, FirstNight: n}
			s.Incidents[key] = known
		} else if from := since[run]; from > 0 && is.Start != nil && known.Is.Start != nil && known.Is.Start.UnixMicro() < from {
			is = carried(&known.Is, &is)
		}
		taken[known.Key] = true
		is.Key = known.Key
		known.Is, known.LastNight, known.touched = is, n, true
	}
}

// carried is an incident that began before what was read this time: its beginning is the old one's, its end the new one's.
func carried(old, now *diagnosis.Incident) diagnosis.Incident {
	out := *old
	out.End, out.Ongoing = now.End, now.Ongoing
	out.FullSyncs, out.PartialSyncs = max(old.FullSyncs, now.FullSyncs), max(old.PartialSyncs, now.PartialSyncs)
	for _, r := range now.Affected {
		if !slices.Contains(out.Affected, r) {
			out.Affected = append(slices.Clone(out.Affected), r)
		}
	}
	slices.Sort(out.Affected)
	if now.Severity == diagnosis.Critical {
		out.Severity = now.Severity
	}
	if now.Trigger.Confidence > old.Trigger.Confidence {
		out.Trigger, out.Headline, out.Alternatives, out.Recommendations = now.Trigger, now.Headline, now.Alternatives, now.Recommendations
	}
	return out
}

// known is the incident of the group that this one is: by its key, else one that overlaps it in time and hit one of its replicas.
func (s *State) known(group string, is *diagnosis.Incident, taken map[string]bool) *Incident {
	if k := s.Incidents[is.Key]; k != nil && k.Group == group && !taken[k.Key] {
		return k
	}
	var found *Incident // of several the first by key, so that a run repeats itself
	for key, k := range s.Incidents {
		if k.Group == group && !taken[key] && (found == nil || key < found.Key) && overlap(&k.Is, is) && share(k.Is.Affected, is.Affected) {
			found = k
		}
	}
	return found
}

func overlap(a, b *diagnosis.Incident) bool {
	if a.Start == nil || b.Start == nil {
		return false
	}
	return (a.End == nil || !b.Start.After(a.End.Time)) && (b.End == nil || !a.Start.After(b.End.Time))
}

// share reports whether two incidents hit the same replica, whatever folders its evidence lies in; two that hit none are of the server itself.
func share(a, b []string) bool {
	return len(a) == 0 && len(b) == 0 || slices.ContainsFunc(a, func(r string) bool {
		return slices.ContainsFunc(b, func(o string) bool { return path.Base(r) == path.Base(o) })
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
