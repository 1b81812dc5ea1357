package correlate

import (
	"cmp"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// Options are what a person may know better than the evidence.
type Options = timeline.Options

// Diagnose analyses one case. The case is not changed and may be released afterwards.
func Diagnose(c *table.Case, o Options) *diagnosis.Diagnosis {
	d := diagnosis.Empty()
	for _, g := range replication.Groups(timeline.Read(c, o)) {
		if len(g.Hosts) == 0 && len(g.Sentinels) == 0 {
			continue
		}
		g.ShareSettings()
		timeline.Align(g.Hosts, g.Sentinels, g.Primary, o)
		for _, h := range slices.Concat(g.Hosts, g.Sentinels) {
			h.Lay()
		}
		g.Resolve()
		g.MarkSentinels()
		g.ID = groupID(g)
		if o.Group != "" && !named(g, o.Group) {
			continue
		}
		g.FindLinks()
		groupReport(g, d, o)
	}
	inputs(d, c)
	d.Finish()
	return d
}

func inputs(d *diagnosis.Diagnosis, c *table.Case) {
	for _, f := range c.Files {
		d.AddFile(f)
	}
	for _, p := range c.Problems.Rows() {
		d.Inputs.Problems = append(d.Inputs.Problems, diagnosis.Problem{File: p.File, Line: p.Line, Reason: p.Reason, Text: p.Text})
	}
}

// groupReport adds the group and what happened in it.
func groupReport(g *replication.Group, d *diagnosis.Diagnosis, o Options) {
	gr := diagnosis.Group{ID: g.ID, Primary: g.Primary.Name, Replicas: []string{}, Versions: []string{}}
	from, to := unknown, unknown
	all := slices.Clone(g.Hosts)
	for _, h := range g.ByAddr {
		if !slices.Contains(all, h) && h != g.Primary {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	for _, h := range all {
		if h != g.Primary {
			gr.Replicas = append(gr.Replicas, h.Name)
		}
		if f, v := h.Version(); v != "" {
			if name := f + " " + v; !slices.Contains(gr.Versions, name) {
				gr.Versions = append(gr.Versions, name)
			}
		}
		if t := h.FirstSeen(); t != unknown && (from == unknown || t < from) {
			from = t
		}
		if t := timeline.LastSeen(h, 1<<62); t != unknown && (to == unknown || t > to) {
			to = t
		}
	}
	slices.Sort(gr.Versions)
	gr.From, gr.To = diagnosis.StampOf(from), diagnosis.StampOf(to)
	d.Groups = append(d.Groups, gr)
	for _, h := range append(slices.Clone(g.Hosts), g.Sentinels...) {
		d.Time.Hosts = append(d.Time.Hosts, clockReport(h, g))
	}
	var ins []*cause.Judged
	for _, in := range incident.Find(g) {
		ins = append(ins, &cause.Judged{Incident: in, Verdict: cause.Weigh(in)})
	}
	plan := sizing.For(g, ins)
	for i, in := range ins {
		next := unknown
		if i+1 < len(ins) {
			next = ins[i+1].Start
		}
		if !o.Tells(in.Start, in.End) {
			continue
		}
		d.Incidents = append(d.Incidents, incidentReport(in, next, plan))
	}
	notes(g, d, o, plan)
	sizing.Size(g, d, plan)
	if len(ins) > 0 || o.Group != "" {
		picture(g, d)
	}
}
