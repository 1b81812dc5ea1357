package replication

import (
	"cmp"
	"net"

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
			return s.PrimaryAddr()
		}
	}
	return ""
}

// At resolves an address in a message; nil where it names nobody known. Clients' ports are not listening
// ports, so a host is also found by its ip alone where only one host has it.
func (g *Group) At(addr string) *timeline.Host {
	if h := g.ByAddr[addr]; h != nil {
		return h
	}
	ip, _, err := net.SplitHostPort(addr)
	if err != nil || timeline.Masked(ip) { // the same mask over two servers makes them no one
		return nil
	}
	var found *timeline.Host
	for _, a := range g.addrsOf(ip) {
		h := g.ByAddr[a]
		if found != nil && found != h {
			return nil
		}
		found = h
	}
	return found
}

// addrsOf lists the addresses in ByAddr that have that ip. A primary may have ten thousand replicas, and each dump names them all.
func (g *Group) addrsOf(ip string) []string {
	if g.indexed != len(g.ByAddr) {
		g.byIP, g.indexed = map[string][]string{}, 0
		for a := range g.ByAddr {
			g.index(a)
		}
	}
	return g.byIP[ip]
}

func (g *Group) index(addr string) {
	g.indexed++
	if ip, _, err := net.SplitHostPort(addr); err == nil {
		g.byIP[ip] = append(g.byIP[ip], addr)
	}
}

// stranger is the host of a replica that no artifact is of, by the address it has in the primary's evidence.
func (g *Group) stranger(addr string) *timeline.Host {
	if h := g.ByAddr[addr]; h != nil {
		return h
	}
	h := &timeline.Host{Name: addr, Settings: map[string]timeline.Setting{}, Peers: g.Primary.Peers, Addrs: []string{addr}}
	h.Clock = g.Primary.Clock
	known := g.indexed == len(g.ByAddr) && g.byIP != nil
	g.ByAddr[addr] = h
	if known {
		g.index(addr)
	}
	return h
}

// Named is the host at an address, with or without evidence of its own.
func (g *Group) Named(addr string) *timeline.Host {
	if h := g.At(addr); h != nil {
		return h
	}
	return g.stranger(addr)
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
