package replication

import (
	"cmp"
	"net/netip"
	"slices"

	"psyncope/correlate/timeline"
)

// mostIDs is how many replication ids of a group are told: one more for each promotion and each restart without a saved one.
const mostIDs = 16

// ReplicationIDs are the ids that the group's evidence names, the primary's first one first; before 4.0 the primary's run id plays their part.
func (g *Group) ReplicationIDs() []string {
	type named struct {
		other bool // not the first primary's own word
		at    micros
		id    string
	}
	var all []named
	seen := map[string]bool{}
	for _, h := range g.Hosts {
		last := ""
		add := func(id string, at micros) {
			key := id
			if h == g.Primary {
				key += " of the primary"
			}
			if goodID(id) && !seen[key] {
				seen[key] = true
				all = append(all, named{h != g.Primary, at, id})
			}
		}
		for i := range h.Samples {
			s := &h.Samples[i]
			if s.ReplID == "" && s.ConnectedReplicas.Or(0) > 0 {
				add(s.RunID, s.At)
			}
			if s.ReplID != last {
				add(s.ReplID, s.At)
				add(s.ReplID2, s.At)
				last = s.ReplID
			}
		}
		for i := range h.Events {
			e := &h.Events[i]
			add(e.ReplID, e.At)
			add(e.ReplID2, e.At)
		}
	}
	slices.SortStableFunc(all, func(a, b named) int {
		return cmp.Or(compareBool(a.other, b.other), cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
	})
	out := []string{}
	for _, n := range all {
		if !slices.Contains(out, n.id) && len(out) < mostIDs {
			out = append(out, n.id)
		}
	}
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Addresses are the ip:port of the group's servers, sorted; loopback is every host's and is none.
func (g *Group) Addresses() []string {
	out := []string{}
	for _, h := range slices.Concat(g.Hosts, []*timeline.Host{g.Primary}) {
		for _, a := range h.Addrs {
			if ip, err := netip.ParseAddrPort(a); err == nil && !ip.Addr().IsLoopback() {
				out = append(out, a)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
