package replication

import (
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
			if c.Is(message.SentinelOrders) && timeline.Abs(e.At-c.At) <= Obeyed+h.Clock.Err+s.Clock.Err && slices.Contains(h.Addrs, c.Peer) {
				return true
			}
		}
	}
	return false
}
