package correlate

import (
	"cmp"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// describe adds the group: its servers, what they run, from when to when, and their clocks.
func describe(g *replication.Group, d *diagnosis.Diagnosis) {
	gr := diagnosis.Group{ID: g.ID, Primary: g.Primary.Name, Replicas: []string{}, Versions: []string{}}
	from, to := unknown, unknown
	for _, h := range everybody(g) {
		if h != g.Primary {
			gr.Replicas = append(gr.Replicas, h.Name)
		}
		if f, v := h.Version(); v != "" && !slices.Contains(gr.Versions, f+" "+v) {
			gr.Versions = append(gr.Versions, f+" "+v)
		}
		if t := h.FirstSeen(); t != unknown && (from == unknown || t < from) {
			from = t
		}
		to = max(to, h.LastSeen())
	}
	slices.Sort(gr.Versions)
	gr.From, gr.To = diagnosis.StampOf(from), diagnosis.StampOf(to)
	d.Groups = append(d.Groups, gr)
	for _, h := range slices.Concat(g.Hosts, g.Sentinels) {
		d.Time.Hosts = append(d.Time.Hosts, clockReport(h, g))
	}
}

// everybody is the group's servers by name, with replicas that only others' evidence shows.
func everybody(g *replication.Group) []*timeline.Host {
	all := slices.Clone(g.Hosts)
	for _, h := range g.ByAddr {
		if !slices.Contains(all, h) && h != g.Primary {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// account adds what was read of each file.
func account(c *table.Case, d *diagnosis.Diagnosis) {
	for _, f := range c.Files {
		d.AddFile(f)
	}
	for _, p := range c.Problems.Rows() {
		d.AddProblem(p)
	}
}
