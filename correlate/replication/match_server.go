package replication

import (
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// matchServers decides whom the address means that a replica connects to: the host whose log answers its request. Where
// the evidence begins at a failover, the first address is not the first primary's.
func (g *Group) matchServers() {
	votes := votes{}
	replies := map[*timeline.Host][]timeline.Reply{}
	for _, h := range g.Hosts {
		replies[h] = timeline.RepliesOf(h)
	}
	for _, h := range g.Hosts {
		peer, asked := "", 0
		for i := range h.Events {
			e := &h.Events[i]
			switch {
			case e.Is(message.NamesPrimary):
				peer = e.Peer
			case e.Is(message.Asks):
				if asked++; !isAddr(peer) || e.At == unknown || asked > timeline.MaxRequests {
					continue
				}
				r := timeline.Request{Asked: e.At, Full: e.Is(message.AsksFull), Offset: e.Offset.Or(-1), Replid: e.ReplID}
				if y := g.whoAnswered(h, &r, replies); y != nil && !y.IsNot(peer) {
					votes.add(peer, y)
				}
			}
		}
	}
	for addr, by := range votes {
		if g.ByAddr[addr] == nil {
			g.ByAddr[addr] = most(by)
		}
	}
}

// votes count, for each address, how often each host answered what was asked there.
type votes map[string]map[*timeline.Host]int

func (v votes) add(addr string, h *timeline.Host) {
	if v[addr] == nil {
		v[addr] = map[*timeline.Host]int{}
	}
	v[addr][h]++
}

// most is the host with the most votes, by name where several have as many.
func most(by map[*timeline.Host]int) *timeline.Host {
	var best *timeline.Host
	for h, n := range by {
		if best == nil || n > by[best] || n == by[best] && h.Name < best.Name {
			best = h
		}
	}
	return best
}

// whoAnswered is the only host but h whose log answers the request at that moment; nil where none does, or several.
func (g *Group) whoAnswered(h *timeline.Host, r *timeline.Request, replies map[*timeline.Host][]timeline.Reply) *timeline.Host {
	var of *timeline.Host
	for _, y := range g.Hosts {
		if y == h {
			continue
		}
		slack := timeline.Tick + h.Clock.Err + y.Clock.Err
		for i := range replies[y] {
			p := &replies[y][i]
			if (p.At-r.Asked).Abs() <= slack && r.AnsweredBy(p) {
				if of != nil && of != y {
					return nil
				}
				of = y
			}
		}
	}
	return of
}
