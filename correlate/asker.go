package correlate

import (
	"slices"
	"strings"

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
func (g *group) markSentinels() {
	for _, h := range g.hosts {
		for i := range h.events {
			e := &h.events[i]
			if e.Kind != message.Promoted && e.Kind != message.ReplicaofSet {
				continue
			}
			switch {
			case strings.Contains(e.Detail, "name=sentinel-") || strings.Contains(e.Detail, "cmd=exec"):
				e.bySentinel = true
			case e.Detail == "" || strings.Contains(e.Detail, "name=*redacted*"):
				e.bySentinel = rewrittenAtOnce(h.events[i+1:], e) || g.toldBySentinel(h, e)
			}
		}
	}
}

// atOnce is more than a transaction takes that syncs a small file.
const atOnce = second / 2

func rewrittenAtOnce(next []event, e *event) bool {
	for i := range next {
		switch n := &next[i]; {
		case n.at > e.at+atOnce:
			return false
		case n.Kind == message.ConfigRewritten:
			return true
		}
	}
	return false
}

// obeyed is how long after a Sentinel said so a server may obey: the command waits for the server's event loop, and
// one that stands still for longer is down to its Sentinels before they tell it anything.
const obeyed = 5 * second

func (g *group) toldBySentinel(h *host, e *event) bool {
	for _, s := range g.sentinels {
		for i := range s.events {
			c := &s.events[i]
			switch c.Kind {
			case message.SentinelFailoverSendReplicaofNoone, message.SentinelReplicaReconfSent, message.SentinelConvertToReplica, message.SentinelFixReplicaConfig:
				if off := e.at - c.at; max(off, -off) <= obeyed+h.clock.err+s.clock.err && slices.Contains(h.addrs, c.Peer) {
					return true
				}
			}
		}
	}
	return false
}
