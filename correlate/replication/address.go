package replication

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"psyncope/correlate/timeline"
)

// Resolve finds which host each address means, and which role changes Sentinels asked for.
func (g *Group) Resolve() {
	g.ByAddr = map[string]*timeline.Host{}
	for _, h := range g.Hosts {
		for _, a := range h.Addrs {
			g.ByAddr[a] = h
		}
		if s, ok := h.Settings["replica-announce-ip"]; ok && s.Value != "" {
			g.ByAddr[net.JoinHostPort(s.Value, portOf(h, "replica-announce-port", "port"))] = h
		}
	}
	g.boundTo()
	g.matchServers()
	// The primary is who the replicas connect to before any role changed.
	served := g.servedBy(g.Primary)
	for _, h := range g.Hosts {
		if h == g.Primary {
			continue
		}
		switch a := PrimaryAddr(h); {
		case a == "" || g.ByAddr[a] != nil:
		case served[a]: // a replica of the primary's, and of this one the server: a chain
			if m := g.onlyOtherServer(h); m != nil {
				g.ByAddr[a] = m
			}
		case g.mayFollow(a):
			g.ByAddr[a] = g.Primary
		}
	}
	g.matchReplicas()
	for _, h := range g.Hosts {
		for a, o := range g.ByAddr {
			if o == h && !slices.Contains(h.Addrs, a) {
				h.Addrs = append(h.Addrs, a)
			}
		}
		slices.Sort(h.Addrs)
	}
	g.markSentinels()
	g.reachedApart()
}

// servedBy are the addresses that a host's own dumps list as its replicas.
func (g *Group) servedBy(p *timeline.Host) map[string]bool {
	out := map[string]bool{}
	for i := range p.Replicas {
		out[p.Replicas[i].Addr] = true
	}
	return out
}

// onlyOtherServer is the one host, but the primary and h, whose dumps show replicas of its own; nil where there is none, or several.
func (g *Group) onlyOtherServer(h *timeline.Host) *timeline.Host {
	var found *timeline.Host
	for _, y := range g.Hosts {
		if y == h || y == g.Primary || !y.AnySample(func(s *timeline.Sample) bool { return s.ConnectedReplicas.Or(0) > 0 }) {
			continue
		}
		if found != nil {
			return nil
		}
		found = y
	}
	return found
}

// reachedApart forgets by which address servers were reached where that is the same for two: each was asked from its own host, or through
// one door.
func (g *Group) reachedApart() {
	by := map[string]int{}
	for _, h := range g.Hosts {
		for _, a := range h.Reached {
			by[a]++
		}
	}
	for _, h := range g.Hosts {
		h.Reached = slices.DeleteFunc(h.Reached, func(a string) bool { return by[a] > 1 })
	}
}

// portOf is the first of the settings that holds a port, and redis's own where none does.
func portOf(h *timeline.Host, settings ...string) string {
	for _, name := range settings {
		if p, ok := h.Settings[name]; ok && p.Value != "0" && p.Value != "" {
			return p.Value
		}
	}
	return "6379"
}

// boundTo takes the addresses that servers listen on for theirs, where that is one that others can reach and no two claim it: containers and
// namespaces may have one address each.
func (g *Group) boundTo() {
	claims := map[string][]*timeline.Host{}
	for _, h := range g.Hosts {
		for _, word := range strings.Fields(h.Settings["bind"].Value) {
			ip, err := netip.ParseAddr(strings.TrimPrefix(word, "-")) // "-" is an address that may be missing (redis 6.2 redis.conf)
			if err == nil && !ip.IsLoopback() && !ip.IsUnspecified() {
				a := net.JoinHostPort(ip.String(), portOf(h, "port"))
				claims[a] = append(claims[a], h)
			}
		}
	}
	for a, by := range claims {
		if len(by) == 1 && g.ByAddr[a] == nil {
			g.ByAddr[a] = by[0]
		}
	}
}
