package diagnosis

import (
	"cmp"
	"reflect"
	"slices"
)

// Unite joins saved reports into one. A report that is given twice counts once; groups are told apart by what they are (see IsSame), so that
// two groups whose primaries are both called redis-a stay two, the second under its key; an incident, a file or a note that two
// reports share stands once. The reports are not changed, and their order shows in nothing but which of two equal names is kept as it is.
func Unite(reports ...*Diagnosis) *Diagnosis {
	var own []*Diagnosis
	var groups []*Group
	for _, d := range reports {
		if slices.ContainsFunc(own, func(o *Diagnosis) bool { return reflect.DeepEqual(o, d) }) {
			continue
		}
		own = append(own, d)
	}
	slices.SortStableFunc(own, func(a, b *Diagnosis) int { return cmp.Compare(firstKey(a), firstKey(b)) })
	parts := make([]*Diagnosis, 0, len(own))
	for _, d := range own {
		parts = append(parts, d.renamed(nameAnew(d, &groups)))
	}
	out := Merge(parts...)
	out.once()
	out.Finish()
	return out
}

// firstKey orders reports by what they hold.
func firstKey(d *Diagnosis) string {
	key := ""
	for _, g := range d.Groups {
		if key == "" || g.Key < key {
			key = g.Key
		}
	}
	return key
}

// nameAnew gives each group of a report the name that it has among all: that of the group it is, its own where nobody has it, else its own
// with its key.
func nameAnew(d *Diagnosis, known *[]*Group) map[string]string {
	to := map[string]string{}
	for i := range d.Groups {
		g := d.Groups[i]
		same := slices.IndexFunc(*known, func(k *Group) bool { return k.IsSame(&g) })
		name := g.ID
		switch {
		case same >= 0:
			name = (*known)[same].ID
		case slices.ContainsFunc(*known, func(k *Group) bool { return k.ID == g.ID }):
			name = g.ID + " (" + g.Key + ")"
		}
		to[d.Groups[i].ID] = name
		g.ID = name
		*known = append(*known, &g)
	}
	return to
}

// renamed is a copy whose groups have other names.
func (d *Diagnosis) renamed(to map[string]string) *Diagnosis {
	out := Merge(d)
	for i := range out.Inputs.Files {
		rename(&out.Inputs.Files[i].Group, to)
	}
	for i := range out.Time.Hosts {
		rename(&out.Time.Hosts[i].Group, to)
	}
	for i := range out.Groups {
		rename(&out.Groups[i].ID, to)
	}
	for i := range out.Incidents {
		rename(&out.Incidents[i].Group, to)
	}
	for i := range out.Coverage {
		rename(&out.Coverage[i].Group, to)
	}
	for i := range out.Notes {
		rename(&out.Notes[i].Group, to)
	}
	for i := range out.Sizing {
		rename(&out.Sizing[i].Group, to)
	}
	for i := range out.Lanes {
		rename(&out.Lanes[i].Group, to)
	}
	for i := range out.Series {
		rename(&out.Series[i].Group, to)
	}
	return out
}

func rename(name *string, to map[string]string) {
	if n, ok := to[*name]; ok {
		*name = n
	}
}

// once keeps one of what several reports say of the same thing.
func (d *Diagnosis) once() {
	d.Inputs.Files = onceBy(d.Inputs.Files, func(f InputFile) any {
		return [...]any{f.Path, f.Kind, f.Group, f.Instance, f.Bytes, f.Records}
	}, nil)
	d.Inputs.Bytes, d.Inputs.Records, d.Inputs.Rejected = 0, 0, 0
	for _, f := range d.Inputs.Files {
		d.Inputs.Bytes, d.Inputs.Records, d.Inputs.Rejected = d.Inputs.Bytes+f.Bytes, d.Inputs.Records+f.Records, d.Inputs.Rejected+f.Rejected
	}
	d.Inputs.Problems = onceBy(d.Inputs.Problems, func(p Problem) any { return p }, nil)
	d.Time.Hosts = onceBy(d.Time.Hosts, func(h HostClock) any { return [2]string{h.Group, h.Instance} }, func(a, b *HostClock) {
		if b.Pairs > a.Pairs {
			*a = *b // which rests on more
		}
	})
	d.Groups = onceBy(d.Groups, func(g Group) any { return g.ID }, (*Group).take)
	d.Incidents = onceBy(d.Incidents, func(i Incident) any { return [2]string{i.Group, cmp.Or(i.Key, i.ID)} }, nil)
	d.Coverage = onceBy(d.Coverage, func(c Coverage) any { return c.Group }, (*Coverage).take)
	d.Notes = onceBy(d.Notes, func(n Note) any {
		at := ""
		if n.At != nil {
			at = n.At.String()
		}
		return [...]string{n.Group, n.Kind, n.Instance, at, n.Summary}
	}, nil)
	d.Sizing = onceBy(d.Sizing, func(s Sizing) any { return s.Group }, func(a, b *Sizing) {
		if b.PeakWriteBytesPerS > a.PeakWriteBytesPerS {
			*a = *b // the harder time is what a backlog is for
		}
	})
	d.Lanes = onceBy(d.Lanes, func(l Lane) any { return [2]string{l.Group, l.Instance} }, (*Lane).take)
	d.Series = onceBy(d.Series, func(s Series) any { return [3]string{s.Group, s.Instance, s.Name} }, (*Series).take)
}

// onceBy keeps the first of those with the same key; take lets it take from each later one.
func onceBy[T any](all []T, key func(T) any, take func(kept, other *T)) []T {
	at := map[any]int{}
	out := all[:0:0]
	for i := range all {
		k := key(all[i])
		n, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, all[i])
			continue
		}
		if take != nil {
			take(&out[n], &all[i])
		}
	}
	return out
}

// take adds what another report says of the group.
func (g *Group) take(o *Group) {
	g.Replicas, g.Versions = union(g.Replicas, o.Replicas), union(g.Versions, o.Versions)
	g.ReplicationIDs, g.Addresses = union(g.ReplicationIDs, o.ReplicationIDs), union(g.Addresses, o.Addresses)
	if o.From != nil && (g.From == nil || o.From.Before(g.From.Time)) {
		g.From, g.Primary = o.From, o.Primary
	}
	if o.To != nil && (g.To == nil || o.To.After(g.To.Time)) {
		g.To = o.To
	}
	g.Replicas = slices.DeleteFunc(g.Replicas, func(r string) bool { return r == g.Primary })
}

// union is a with what only b has, a's order first.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// take adds what another report's verdict on the group rests on: an incident is one, whatever another time shows.
func (c *Coverage) take(o *Coverage) {
	for _, v := range []string{HasIncidents, Healthy} {
		if c.Verdict == v || o.Verdict == v {
			c.Verdict = v
			break
		}
	}
	c.Read = union(c.Read, o.Read)
	c.Missing = slices.DeleteFunc(slices.Clone(c.Missing), func(m string) bool { return !slices.Contains(o.Missing, m) })
}

// take adds what another report draws of the server.
func (l *Lane) take(o *Lane) {
	for _, b := range o.Bars {
		if !slices.Contains(l.Bars, b) {
			l.Bars = append(l.Bars, b)
		}
	}
	slices.SortStableFunc(l.Bars, func(a, b Bar) int { return a.From.Compare(b.From.Time) })
	l.Marks = onceBy(slices.Concat(l.Marks, o.Marks), func(m Mark) any { return [...]any{m.At, m.Kind, m.Summary} }, nil)
	slices.SortStableFunc(l.Marks, func(a, b Mark) int { return a.At.Compare(b.At.Time) })
}

// take adds another report's points of the same number, each instant once.
func (s *Series) take(o *Series) {
	type point struct {
		at int64
		v  *float64
	}
	var all []point
	for _, from := range []*Series{s, o} {
		for n, at := range from.At {
			if n < len(from.Values) {
				all = append(all, point{at, from.Values[n]})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	all = slices.CompactFunc(all, func(a, b point) bool { return a.at == b.at })
	s.At, s.Values = make([]int64, 0, len(all)), make([]*float64, 0, len(all))
	for _, p := range all {
		s.At, s.Values = append(s.At, p.at), append(s.Values, p.v)
	}
}
