package replication

import (
	"psyncope/correlate/timeline"
)

// LastSeen is when the last evidence of any of the group's servers was written.
func (g *Group) LastSeen() micros {
	t := unknown
	for _, h := range g.Hosts {
		t = max(t, h.LastSeen())
	}
	return t
}

// AttachedAt are the replicas the primary had just before.
func (g *Group) AttachedAt(p *timeline.Host, at micros) map[*timeline.Host]bool {
	out := map[*timeline.Host]bool{}
	every := g.linked()
	for _, o := range g.Links {
		if len(out) == every {
			break // nobody is left to be found: a link that was lost thousands of times is looked at once
		}
		if o.Server != nil && o.Server != p || o.Promoted {
			continue
		}
		if o.Restored != unknown && o.Restored < at {
			out[o.Replica] = true
		}
		if o.Lost >= at && !o.First {
			out[o.Replica] = true
		}
	}
	for i := range p.Replicas {
		r := &p.Replicas[i]
		if r.At <= at && at-r.At < timeline.MinuteApart && r.State == "online" {
			if h := g.At(r.Addr); h != nil {
				out[h] = true
			}
		}
	}
	for _, h := range g.Hosts {
		if s := h.LastSampleBefore(at); s != nil && s.LinkStatus == "up" && h != p && g.follows(s, p) {
			out[h] = true
		}
	}
	return out
}

// follows reports whether the primary that a dump names may be p: it is nobody else of the group.
func (g *Group) follows(s *timeline.Sample, p *timeline.Host) bool {
	if s.PrimaryHost == "" {
		return true
	}
	named := g.At(s.PrimaryAddr())
	return named == nil || named == p
}

// linked is how many different replicas the links are of.
func (g *Group) linked() int {
	if g.linkedOf != len(g.Links) {
		seen := map[*timeline.Host]bool{}
		for _, o := range g.Links {
			seen[o.Replica] = true
		}
		g.linkedOf, g.replicas = len(g.Links), len(seen)
	}
	return g.replicas
}
