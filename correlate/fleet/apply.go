package fleet

import (
	"cmp"
	"maps"
	"slices"

	"psyncope/correlate/diagnosis"
)

// Apply adds a night: what was read becomes part of the state.
func (s *State) Apply(r *Read) {
	n := len(s.Nights) + 1
	night := Night{N: n}
	for _, g := range s.Groups {
		g.WasPrimary, g.Gone, g.touched = "", nil, g.WasPrimary != "" || len(g.Gone) > 0
	}
	for _, i := range s.Incidents {
		if was := i.Open(); was != i.WasOpen {
			i.WasOpen, i.touched = was, true
		}
	}
	as := map[string]string{} // keys of the run's groups, as the state knows them
	for _, d := range r.Diagnoses {
		for i := range d.Groups {
			key := s.group(&d.Groups[i], d, n)
			as[d.Groups[i].Key] = key
			s.Groups[key].Packed = r.Packed[d.Groups[i].Key]
		}
		s.incidents(d, as, r.SinceUs, n)
	}
	for _, a := range r.Artifacts {
		a.Group = cmp.Or(as[a.Group], a.Group)
		a.Night, a.touched = n, true
		s.Artifacts[a.Path] = a
		night.Read++
		night.Bytes += a.Size
		night.ThroughUs = max(night.ThroughUs, a.LastUs)
		if a.Kind == "unreadable" || a.Kind == "other" {
			night.Broken++
		}
	}
	for _, p := range r.Missing {
		if a := s.Artifacts[p]; a != nil && !a.Missing {
			a.Missing, a.touched = true, true
		}
	}
	s.settings(r.Settings, as, n)
	for key, m := range r.Measures {
		if to := as[key]; to != "" {
			m.Night, m.touched = n, true
			s.Measures[to] = append(slices.DeleteFunc(s.Measures[to], func(o *Measure) bool { return o.Night == n }), m)
		}
	}
	if len(s.Nights) > 0 {
		night.ThroughUs = max(night.ThroughUs, s.Nights[len(s.Nights)-1].ThroughUs)
	}
	s.Nights = append(s.Nights, night)
}

// group adds what is new of a group, and gives the key by which the state knows it.
func (s *State) group(g *diagnosis.Group, d *diagnosis.Diagnosis, n int) string {
	known := s.find(g)
	if known == nil {
		known = &Group{Key: g.Key, FirstNight: n}
		s.Groups[g.Key] = known
	} else if known.LastNight < n {
		if known.Primary != g.Primary {
			known.WasPrimary = known.Primary
			s.Changes = append(s.Changes, Change{n, known.Key, g.Primary, "primary", known.Primary, g.Primary, fileOf(d, g.Primary)})
		}
		for _, r := range known.Replicas {
			if !slices.Contains(g.Replicas, r) && r != g.Primary {
				known.Gone = append(known.Gone, r)
			}
		}
		if !slices.Equal(known.Versions, g.Versions) {
			s.Changes = append(s.Changes, Change{n, known.Key, "", "version", diagnosis.List(known.Versions), diagnosis.List(g.Versions), fileOf(d, g.Primary)})
		}
	}
	known.Name, known.Primary, known.Replicas, known.Versions = g.ID, g.Primary, slices.Clone(g.Replicas), slices.Clone(g.Versions)
	for _, id := range g.ReplicationIDs {
		if !slices.Contains(known.IDs, id) {
			known.IDs = append(known.IDs, id)
		}
	}
	if len(g.Addresses) > 0 {
		known.Addresses = slices.Clone(g.Addresses)
	}
	known.LastNight, known.touched = n, true
	if us := usOf(g.From); us != 0 && (known.FromUs == 0 || us < known.FromUs) {
		known.FromUs = us
	}
	known.ThroughUs = max(known.ThroughUs, usOf(g.To))
	known.Verdict, known.Notes = "", []diagnosis.Note{}
	for _, c := range d.Coverage {
		if c.Group == g.ID {
			known.Verdict = c.Verdict
		}
	}
	for _, note := range d.Notes {
		if note.Group == g.ID {
			known.Notes = append(known.Notes, note)
		}
	}
	return known.Key
}

// fileOf is the first file that speaks of a server.
func fileOf(d *diagnosis.Diagnosis, instance string) string {
	for _, f := range d.Inputs.Files {
		if f.Instance == instance {
			return f.Path
		}
	}
	return ""
}

// find is the group that the state knows: by the key, else by what both are.
func (s *State) find(g *diagnosis.Group) *Group {
	if k := s.Groups[g.Key]; k != nil {
		return k
	}
	for _, key := range sortedKeys(s.Groups) {
		k := s.Groups[key]
		if (&diagnosis.Group{Key: k.Key, ReplicationIDs: k.IDs, Addresses: k.Addresses}).IsSame(g) {
			return k
		}
	}
	return nil
}

// settings notes what servers run with, and what differs from before.
func (s *State) settings(now map[Setting]Stated, as map[string]string, n int) {
	for _, k := range slices.SortedFunc(maps.Keys(now), func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Name, b.Name))
	}) {
		value, where := now[k].Value, now[k].Evidence
		k.Group = cmp.Or(as[k.Group], k.Group)
		old := s.Settings[k]
		switch {
		case old == nil:
			s.Settings[k] = &Value{value, n, true}
		case old.Value != value:
			s.Changes = append(s.Changes, Change{n, k.Group, k.Instance, k.Name, old.Value, value, where})
			s.Settings[k] = &Value{value, n, true}
		}
	}
}

// Prune forgets incidents, changes and measures of more than so long before the last night's end.
func (s *State) Prune(keepUs int64) {
	if len(s.Nights) == 0 || keepUs <= 0 {
		return
	}
	before := s.Nights[len(s.Nights)-1].ThroughUs - keepUs
	old := 0 // the last night that is forgotten
	for _, n := range s.Nights {
		if n.ThroughUs < before {
			old = n.N
		}
	}
	for k, i := range s.Incidents {
		if i.LastNight <= old && !i.Open() {
			delete(s.Incidents, k)
		}
	}
	s.Changes = slices.DeleteFunc(s.Changes, func(c Change) bool { return c.Night <= old })
	for k, ms := range s.Measures {
		s.Measures[k] = slices.DeleteFunc(ms, func(m *Measure) bool { return m.Night <= old })
	}
	for k, a := range s.Artifacts {
		if a.Missing && a.Night <= old {
			delete(s.Artifacts, k)
		}
	}
}

func usOf(s *diagnosis.Stamp) int64 {
	if s == nil {
		return 0
	}
	return s.UnixMicro()
}
