package replication

import (
	"net"
	"slices"

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
			port := "6379"
			if p, ok := h.Settings["replica-announce-port"]; ok && p.Value != "0" && p.Value != "" {
				port = p.Value
			} else if p, ok := h.Settings["port"]; ok && p.Value != "0" && p.Value != "" {
				port = p.Value
			}
			g.ByAddr[net.JoinHostPort(s.Value, port)] = h
		}
	}
	g.matchServers()
	// The primary is who the replicas connect to before any role changed.
	for _, h := range g.Hosts {
		if h == g.Primary {
			continue
		}
		if a := PrimaryAddr(h); a != "" && g.ByAddr[a] == nil && g.mayFollow(a) {
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
}
