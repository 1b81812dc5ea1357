package correlate

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// describe adds the group: its servers, what they run, from when to when, and their clocks.
func describe(g *replication.Group, d *diagnosis.Diagnosis) {
	gr := diagnosis.Group{ID: g.ID, Primary: g.Primary.Name, Replicas: []string{}, Versions: []string{}, ReplicationIDs: g.ReplicationIDs(), Addresses: g.Addresses()}
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
	gr.Identify()
	d.Groups = append(d.Groups, gr)
	for _, h := range slices.Concat(g.Hosts, g.Sentinels) {
		d.Time.Hosts = append(d.Time.Hosts, clockReport(h, g))
	}
}

// everybody is the group's servers by name, with replicas that only others' evidence shows.
func everybody(g *replication.Group) []*timeline.Host {
	all := slices.Clone(g.Hosts)
	in := map[*timeline.Host]bool{g.Primary: true}
	for _, h := range all {
		in[h] = true
	}
	for _, h := range g.ByAddr {
		if !in[h] {
			in[h] = true
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// windowOf is the window for the group that was described last, which the diagnosis then tells.
func windowOf(g *replication.Group, o Options, d *diagnosis.Diagnosis) Options {
	is := &d.Groups[len(d.Groups)-1]
	if is.From == nil || is.To == nil {
		return o
	}
	o = o.FromNew(g.Hosts).FromNew(g.Sentinels).Within(table.MicrosOf(is.From.Time), table.MicrosOf(is.To.Time))
	if o.Since.IsZero() && o.Until.IsZero() {
		return o
	}
	w := diagnosis.Window{Since: diagnosis.StampOf(table.MicrosOf(o.Since)), Until: diagnosis.StampOf(table.MicrosOf(o.Until))}
	d.Window = d.Window.Widen(&w)
	return o
}

// belong gives what was said since the notes from on, and the incidents since in, to the group that was described last.
func belong(in, from int, d *diagnosis.Diagnosis) {
	g := &d.Groups[len(d.Groups)-1]
	for i := range d.Notes[from:] {
		d.Notes[from+i].Group = g.ID
	}
	said := map[string]int{}
	for i := range d.Incidents[in:] {
		n := &d.Incidents[in+i]
		n.Identify(g.Key)
		if said[n.Key]++; said[n.Key] > 1 { // the same replicas at the same instant, by two faults
			n.Key = fmt.Sprintf("%s-%d", n.Key, said[n.Key])
		}
	}
}

// account adds what was read of each file.
func account(c *table.Case, d *diagnosis.Diagnosis) {
	table.GiveBack(len(c.Files)) // the dumps, of which each may lie in a file of its own
	group := map[string]string{}
	for _, h := range d.Time.Hosts {
		group[h.Instance] = h.Group
	}
	d.Inputs.Files = slices.Grow(d.Inputs.Files, len(c.Files))
	for _, f := range c.Files {
		d.AddFile(f)
		d.Inputs.Files[len(d.Inputs.Files)-1].Group = group[f.Instance]
	}
	for _, p := range c.Problems.Rows() {
		d.AddProblem(p)
	}
}
