package replication

import (
	"cmp"
	"net"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// PrimaryAddr is the first address the host connects to as a replica.
func PrimaryAddr(h *timeline.Host) string {
	for i := range h.Events {
		if e := &h.Events[i]; e.Is(message.NamesPrimary) && e.Peer != "" {
			return e.Peer
		}
	}
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.PrimaryHost != "" {
			return net.JoinHostPort(s.PrimaryHost, diagnosis.Itoa(s.PrimaryPort.Or(6379)))
		}
	}
	return ""
}

// Resolve finds which host each address means.
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
		if a := PrimaryAddr(h); a != "" && g.ByAddr[a] == nil {
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
}

// At resolves an address in a message; nil where it names nobody known. Clients' ports are not listening
// ports, so a host is also found by its ip alone where only one host has it.
func (g *Group) At(addr string) *timeline.Host {
	if h := g.ByAddr[addr]; h != nil {
		return h
	}
	ip, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	var found *timeline.Host
	for a, h := range g.ByAddr {
		if other, _, err := net.SplitHostPort(a); err == nil && other == ip {
			if found != nil && found != h {
				return nil
			}
			found = h
		}
	}
	return found
}

// stranger is the host of a replica that no artifact is of, by the address it has in the primary's evidence.
func (g *Group) stranger(addr string) *timeline.Host {
	if h := g.ByAddr[addr]; h != nil {
		return h
	}
	h := &timeline.Host{Name: addr, Settings: map[string]timeline.Setting{}, Peers: g.Primary.Peers, Addrs: []string{addr}}
	h.Clock = g.Primary.Clock
	g.ByAddr[addr] = h
	return h
}

func isAddr(s string) bool {
	_, _, err := net.SplitHostPort(s)
	return err == nil
}

// PeerName is the replica that a line of its primary names.
func PeerName(e *timeline.Event, g *Group) string {
	if h := g.At(e.Peer); h != nil {
		return h.Name
	}
	return cmp.Or(e.Peer, "a replica")
}
