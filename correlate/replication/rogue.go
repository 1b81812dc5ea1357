package replication

import (
	"net"
	"slices"
	"strings"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Rogue reports whether by this line a client made a server follow a stranger: an address that is nobody of the group, and either the
// client's own, or one out in the open although the group lives on private ones.
func (g *Group) Rogue(e *timeline.Event) bool {
	if !g.Stranger(e) {
		return false
	}
	host, _, err := net.SplitHostPort(e.Peer)
	target := net.ParseIP(host)
	if err != nil || target == nil || private(target) {
		return false
	}
	if from, _, err := net.SplitHostPort(word(e.Detail, "addr=")); err == nil && from == host {
		return true
	}
	if ip := addrIP(word(e.Detail, "laddr=")); ip != nil && private(ip) {
		return true
	}
	for a := range g.ByAddr {
		if ip := addrIP(a); ip != nil && private(ip) {
			return true
		}
	}
	return false
}

// Stranger reports whether by this line a client made a server follow an address that is nobody of the group's, as far as the evidence
// knows it.
func (g *Group) Stranger(e *timeline.Event) bool {
	if !e.Is(message.RePointed) || !ByPerson(e) || e.Peer == "" || g.ByAddr[e.Peer] != nil && g.ByAddr[e.Peer].HasLog() {
		return false
	}
	return !slices.ContainsFunc(g.Hosts, func(h *timeline.Host) bool { return h.IsNot(e.Peer) }) // it is known as a replica
}

func private(ip net.IP) bool { return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() }

func addrIP(addr string) net.IP {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	return net.ParseIP(host)
}

// word is what follows a key in a client's description: id=7 addr=10.0.0.9:40122 laddr=….
func word(s, key string) string {
	for f := range strings.FieldsSeq(s) {
		if v, ok := strings.CutPrefix(f, key); ok {
			return v
		}
	}
	return ""
}
