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

// PrimaryAddr is the first address the host connects to as a replica.
func PrimaryAddr(h *timeline.Host) string {
	for i := range h.Events {
		switch h.Events[i].Kind {
		case message.ReplConnecting, message.ReplReconnecting, message.ReplicaofSet:
			if h.Events[i].Peer != "" {
				return h.Events[i].Peer
			}
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

// matchServers decides whom the address means that a replica connects to: the host whose log answers its request. Where
// the evidence begins at a failover, the first address is not the first primary's.
func (g *Group) matchServers() {
	votes := map[string]map[*timeline.Host]int{}
	replies := map[*timeline.Host][]timeline.Reply{}
	for _, h := range g.Hosts {
		replies[h] = timeline.RepliesOf(h)
	}
	for _, h := range g.Hosts {
		peer := ""
		asked := 0
		for i := range h.Events {
			e := &h.Events[i]
			switch e.Kind {
			case message.ReplConnecting, message.ReplReconnecting, message.ReplicaofSet:
				peer = e.Peer
			case message.PsyncTry, message.PsyncNoCachedPrimary:
				if asked++; !isAddr(peer) || e.At == unknown || asked > timeline.MaxRequests {
					continue
				}
				r := timeline.Request{Asked: e.At, Full: e.Kind == message.PsyncNoCachedPrimary, Offset: e.Offset.Or(-1), Replid: e.ReplID}
				if y := g.whoAnswered(h, &r, replies); y != nil {
					if votes[peer] == nil {
						votes[peer] = map[*timeline.Host]int{}
					}
					votes[peer][y]++
				}
			}
		}
	}
	for addr, by := range votes {
		var best *timeline.Host
		for h, n := range by {
			if best == nil || n > by[best] || n == by[best] && h.Name < best.Name {
				best = h
			}
		}
		if g.ByAddr[addr] == nil {
			g.ByAddr[addr] = best
		}
	}
}

// whoAnswered is the only host but h whose log answers the request at that moment; nil where none does, or several.
func (g *Group) whoAnswered(h *timeline.Host, r *timeline.Request, replies map[*timeline.Host][]timeline.Reply) *timeline.Host {
	var of *timeline.Host
	for _, y := range g.Hosts {
		if y == h {
			continue
		}
		slack := second + h.Clock.Err + y.Clock.Err
		for i := range replies[y] {
			p := &replies[y][i]
			if timeline.Abs(p.At-r.Asked) <= slack && r.AnsweredBy(p) {
				if of != nil && of != y {
					return nil
				}
				of = y
			}
		}
	}
	return of
}

// matchReplicas decides which replica an address in a primary's log or dump means. Both ends write at the
// same moment: a replica's request stands in its own log and in the primary's. So the address whose requests
// fall together with a replica's own is that replica. What stays ambiguous stays unmatched.
func (g *Group) matchReplicas() {
	type ask struct {
		at     micros
		offset int64
		lost   bool // the line says that the link is lost, not that it is asked for
	}
	asks := map[string][]ask{}
	states := map[string]map[micros]bool{}
	for _, p := range g.Servers() {
		for i := range p.Events {
			e := &p.Events[i]
			switch e.Kind {
			case message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncAccepted:
				if !isAddr(e.Peer) {
					continue
				}
				// A request and its answer are one: two lines within the same moment.
				if n := len(asks[e.Peer]); n > 0 && !asks[e.Peer][n-1].lost && e.At-asks[e.Peer][n-1].at < second/4 {
					asks[e.Peer][n-1].offset = max(asks[e.Peer][n-1].offset, e.Offset.Or(-1))
				} else {
					asks[e.Peer] = append(asks[e.Peer], ask{e.At, e.Offset.Or(-1), false})
				}
			case message.ReplicaLinkLost:
				if isAddr(e.Peer) {
					asks[e.Peer] = append(asks[e.Peer], ask{e.At, -1, true})
				}
			}
		}
		for i := range p.Replicas {
			r := &p.Replicas[i]
			if states[r.Addr] == nil {
				states[r.Addr] = map[micros]bool{}
			}
			states[r.Addr][r.At] = r.State == "online"
			if asks[r.Addr] == nil {
				asks[r.Addr] = []ask{}
			}
		}
	}
	type pair struct {
		addr  string
		h     *timeline.Host
		score float64
	}
	var pairs []pair
	for addr, as := range asks {
		if g.ByAddr[addr] != nil {
			continue
		}
		slices.SortStableFunc(as, func(a, b ask) int { return cmp.Compare(a.at, b.at) })
		for _, h := range g.Hosts {
			if h == g.Primary && len(g.Servers()) == 1 {
				continue
			}
			score := 0.0
			// What either end logged and the other did not speaks against the pair. Losses are often logged at one end only.
			tries, heard := 0, 0
			for _, a := range as {
				if !a.lost && (len(h.Events) > 0 && h.Events[0].At <= a.at+ClockSlack) {
					heard++
				}
			}
			for i := range h.Events {
				e := &h.Events[i]
				if e.Kind != message.PsyncTry && e.Kind != message.PsyncNoCachedPrimary && e.Kind != message.PrimaryLinkLost {
					continue
				}
				lost := e.Kind == message.PrimaryLinkLost
				if !lost {
					tries++
				}
				best := 0.0
				// Of a storm's requests only those of the same moment are looked at.
				near := 2*second + h.Clock.Err
				from := sort.Search(len(as), func(i int) bool { return as[i].at >= e.At-near })
				for _, a := range as[from:] {
					d := timeline.Abs(a.at - e.At)
					if a.at > e.At+near {
						break
					}
					if a.lost != lost {
						continue
					}
					s := 1 / (1 + float64(d)/float64(second)*20)
					if e.Offset.Known() && a.offset == int64(e.Offset) {
						s *= 1.1
					}
					best = max(best, s)
				}
				if lost {
					best /= 4
				}
				score += best
			}
			if n := max(tries, heard); n > 0 {
				score /= float64(n)
			}
			_, port, _ := net.SplitHostPort(addr)
			for i := range h.Samples {
				if h.Samples[i].TCPPort.Known() {
					if diagnosis.Itoa(int64(h.Samples[i].TCPPort)) == port {
						score += 0.01
					} else {
						score -= 0.5 // announced ports may differ, but seldom do
					}
					break
				}
			}
			ip, _, _ := net.SplitHostPort(addr)
			if strings.EqualFold(ip, h.Name) || strings.HasSuffix(h.Name, "/"+ip) {
				score += 2
			}
			score += offsetsAgree(g, addr, h)
			if score > 0.02 {
				pairs = append(pairs, pair{addr, h, score})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.addr, b.addr), cmp.Compare(a.h.Name, b.h.Name))
	})
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
	for a := range asks {
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

// offsetsAgree compares what the primary saw acknowledged with what the replica says it applied, dump by
// dump. Replicas of one primary hold nearly the same offsets while all is well; they tell apart who lagged.
func offsetsAgree(g *Group, addr string, h *timeline.Host) float64 {
	n, near := 0, 0
	for _, p := range g.Servers() {
		for i := range p.Replicas {
			r := &p.Replicas[i]
			if r.Addr != addr || !r.Offset.Known() {
				continue
			}
			s := h.SampleNear(r.At)
			if s == nil || !s.ReplicaOffset.Known() {
				continue
			}
			n++
			if up := r.State == "online"; up == (s.LinkStatus == "up") {
				near++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return 0.3 * float64(near) / float64(n)
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
