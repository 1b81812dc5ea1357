package replication

import (
	"cmp"
	"net"
	"slices"
	"sort"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// sighting is a moment at which a primary's log names an address: a request of its replica's, or its loss.
type sighting struct {
	at     micros
	offset int64
	lost   bool // the line says that the link is lost, not that it is asked for
}

// pair is an address that may be a host's, and how much speaks for it.
type pair struct {
	addr  string
	h     *timeline.Host
	score float64
}

// matchReplicas decides which replica an address in a primary's log or dump means. Both ends write at the
// same moment: a replica's request stands in its own log and in the primary's. So the address whose requests
// fall together with a replica's own is that replica. What stays ambiguous stays unmatched.
func (g *Group) matchReplicas() {
	seen := g.sightings()
	pairs := g.pairs(seen)
	taken := map[*timeline.Host]bool{}
	for _, h := range g.ByAddr {
		taken[h] = true
	}
	for _, p := range pairs {
		if g.ByAddr[p.addr] == nil && !taken[p.h] {
			g.ByAddr[p.addr] = p.h
			taken[p.h] = true
		}
	}
	// One address and one replica left over: they are each other's.
	var addrs []string
	for a := range seen {
		if g.ByAddr[a] == nil {
			addrs = append(addrs, a)
		}
	}
	var rest []*timeline.Host
	for _, h := range g.Hosts {
		if !taken[h] && h != g.Primary && followsFirst(h) {
			rest = append(rest, h)
		}
	}
	if len(addrs) == 1 && len(rest) == 1 {
		g.ByAddr[addrs[0]] = rest[0]
	}
}

// sightings are when the primaries' logs name each address, in order of time; an address that only dumps list has none.
func (g *Group) sightings() map[string][]sighting {
	seen := map[string][]sighting{}
	for _, p := range g.Servers() {
		for i := range p.Events {
			e := &p.Events[i]
			if !isAddr(e.Peer) {
				continue
			}
			list := seen[e.Peer]
			switch {
			case e.Kind == message.ReplicaLinkLost:
				seen[e.Peer] = append(list, sighting{e.At, -1, true})
			case !e.Is(message.Asked | message.LackOfBacklog | message.NoBacklog | message.Accepts):
			// A request and its answer are one: two lines within the same moment.
			case len(list) > 0 && !list[len(list)-1].lost && e.At-list[len(list)-1].at < timeline.SameMoment:
				list[len(list)-1].offset = max(list[len(list)-1].offset, e.Offset.Or(-1))
			default:
				seen[e.Peer] = append(list, sighting{e.At, e.Offset.Or(-1), false})
			}
		}
		for i := range p.Replicas {
			if a := p.Replicas[i].Addr; seen[a] == nil {
				seen[a] = []sighting{}
			}
		}
	}
	for _, list := range seen {
		slices.SortStableFunc(list, func(a, b sighting) int { return cmp.Compare(a.at, b.at) })
	}
	return seen
}

// pairs are all addresses that nobody has yet with all hosts that they may be, the likeliest first.
func (g *Group) pairs(seen map[string][]sighting) []pair {
	const negligible = 0.02
	var out []pair
	rows := map[string][]*timeline.ReplicaRow{} // by address
	for _, p := range g.Servers() {
		for i := range p.Replicas {
			if r := &p.Replicas[i]; r.Offset.Known() {
				rows[r.Addr] = append(rows[r.Addr], r)
			}
		}
	}
	for addr, list := range seen {
		if g.ByAddr[addr] != nil {
			continue
		}
		for _, h := range g.Hosts {
			if h == g.Primary && len(g.Servers()) == 1 {
				continue
			}
			if score := together(h, list) + nameAgrees(h, addr) + offsetsAgree(rows[addr], h); score > negligible {
				out = append(out, pair{addr, h, score})
			}
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.addr, b.addr), cmp.Compare(a.h.Name, b.h.Name))
	})
	return out
}

// together is how well a host's own requests and losses fall together with those that a primary logged of an address: 1 where
// each has its counterpart in the same moment. What either end logged and the other did not speaks against the
// pair. Losses are often logged at one end only, and count a quarter.
func together(h *timeline.Host, list []sighting) float64 {
	score, tries, heard := 0.0, 0, 0
	for _, a := range list {
		if !a.lost && len(h.Events) > 0 && h.Events[0].At <= a.at+ClockSlack {
			heard++
		}
	}
	for i := range h.Events {
		e := &h.Events[i]
		switch {
		case e.Is(message.Asks):
			tries++
			score += closest(h, e, list, false)
		case e.Kind == message.PrimaryLinkLost:
			score += closest(h, e, list, true) / 4
		}
	}
	if n := max(tries, heard); n > 0 {
		score /= float64(n)
	}
	return score
}

// closest is how near in time a line of the host's lies to a sighting of the same sort: 1 in the same moment, a half at 50 ms. One
// that names the same offset counts a tenth more.
func closest(h *timeline.Host, e *timeline.Event, list []sighting, lost bool) float64 {
	best := 0.0
	near := timeline.TwoTicks + h.Clock.Err // of a storm's requests only those of the same moment are looked at
	from := sort.Search(len(list), func(i int) bool { return list[i].at >= e.At-near })
	for _, a := range list[from:] {
		if a.at > e.At+near {
			break
		}
		if a.lost != lost {
			continue
		}
		s := 1 / (1 + float64((a.at-e.At).Abs())/float64(second)*20)
		if e.Offset.Known() && a.offset == int64(e.Offset) {
			s *= 1.1
		}
		best = max(best, s)
	}
	return best
}

// nameAgrees holds the address against the host's own name and port. Announced ports may differ, but seldom do.
func nameAgrees(h *timeline.Host, addr string) float64 {
	ip, port, _ := net.SplitHostPort(addr)
	score := 0.0
	for i := range h.Samples {
		if !h.Samples[i].TCPPort.Known() {
			continue
		}
		score = -0.5
		if diagnosis.Itoa(int64(h.Samples[i].TCPPort)) == port {
			score = 0.01
		}
		break
	}
	if strings.EqualFold(ip, h.Name) || strings.HasSuffix(h.Name, "/"+ip) {
		score += 2
	}
	return score
}

// offsetsAgree compares, dump by dump, whether the primary lists the address as online with whether the replica says that its
// link is up: replicas of one primary differ in who lagged.
func offsetsAgree(rows []*timeline.ReplicaRow, h *timeline.Host) float64 {
	n, near := 0, 0
	for _, r := range rows {
		s := h.SampleNear(r.At)
		if s == nil || !s.ReplicaOffset.Known() {
			continue
		}
		n++
		if up := r.State == "online"; up == (s.LinkStatus == "up") {
			near++
		}
	}
	if n == 0 {
		return 0
	}
	return 0.3 * float64(near) / float64(n)
}
