package replication

import (
	"net"
	"slices"
	"strings"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// markSentinels tells of each role change whether a Sentinel asked for it. Where the log names the client, the name
// says it. Where it hides the name (valkey 8.0 and later unless hide-user-data-from-log is no, redis 7.4 and later where it is
// yes) or never gave one (2.8), two other things do:
//
//   - a Sentinel sends REPLICAOF and CONFIG REWRITE in one transaction (redis sentinel.c, sentinelSendReplicaOf), so
//     that the file is rewritten at once; people do not type as fast;
//   - a Sentinel's own log says whom it told to do so.
//
// What is left was asked for by a person.
func (g *Group) markSentinels() {
	for _, h := range g.Hosts {
		for i := range h.Events {
			e := &h.Events[i]
			if e.Kind != message.Promoted && !e.Is(message.RePointed) {
				continue
			}
			switch {
			case strings.Contains(e.Detail, "name=sentinel-") || strings.Contains(e.Detail, "cmd=exec"):
				e.BySentinel = true
			case e.Detail == "" || strings.Contains(e.Detail, "name=*redacted*"):
				e.BySentinel = rewrittenAtOnce(h.Events[i+1:], e) || g.toldBySentinel(h, e)
			}
		}
	}
}

// atOnce is more than a transaction takes that syncs a small file.
const atOnce = second / 2

func rewrittenAtOnce(next []timeline.Event, e *timeline.Event) bool {
	for i := range next {
		switch n := &next[i]; {
		case n.At > e.At+atOnce:
			return false
		case n.Kind == message.ConfigRewritten:
			return true
		}
	}
	return false
}

// Obeyed is how long after a Sentinel said so a server may obey: the command waits for the server's event loop, and
// one that stands still for longer is down to its Sentinels before they tell it anything.
const Obeyed = 5 * second

func (g *Group) toldBySentinel(h *timeline.Host, e *timeline.Event) bool {
	for _, s := range g.Sentinels {
		for i := range s.Events {
			c := &s.Events[i]
			if c.Is(message.SentinelOrders) && (e.At-c.At).Abs() <= Obeyed+h.Clock.Err+s.Clock.Err && slices.Contains(h.Addrs, c.Peer) {
				return true
			}
		}
	}
	return false
}

// ByPerson reports whether a role change or re-pointing was asked for by somebody who is no Sentinel.
func ByPerson(e *timeline.Event) bool {
	if e.Is(message.RePointed) || e.Kind == message.Promoted {
		return !e.BySentinel
	}
	return e.Is(message.AskedByPerson)
}

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
