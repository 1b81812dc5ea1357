package correlate

import (
	"cmp"
	"net"
	"slices"
	"sort"
	"strings"

	"psyncope/ingest/message"
)

// group is a primary and its replicas, found from the evidence itself.
type group struct {
	id        string
	hosts     []*host // servers, by name
	sentinels []*host
	primary   *host // the first one; a host without evidence where none of the artifacts is its own
	// byAddr says which host an ip:port means. Addresses of replicas without artifacts get a host of their own.
	byAddr map[string]*host
	links  []*outage
}

// noReplID is what servers print where there is no second replication id.
const noReplID = "0000000000000000000000000000000000000000"

func goodID(id string) bool {
	return len(id) == 40 && id != noReplID
}

// groups splits a case's hosts into replication groups. Replication ids decide: they survive NAT and
// announced addresses. Before 4.0 the primary's run id plays their part (redis 2.8.24 replication.c:419).
// Hosts that name no id join the only group there is, or stand together: they were collected side by side.
func groups(hs []*host) []*group {
	parent := map[string]string{}
	var find func(string) string
	find = func(x string) string {
		if parent[x] == "" || parent[x] == x {
			return x
		}
		parent[x] = find(parent[x])
		return parent[x]
	}
	tied := map[*host]bool{}
	tie := func(h *host, id string) {
		if goodID(id) {
			parent[find("host "+h.name)] = find("id " + id)
			tied[h] = true
		}
	}
	for _, h := range hs {
		if h.sentinel {
			continue
		}
		for i := range h.samples {
			s := &h.samples[i]
			if i > 0 && s.ReplID != "" && s.ReplID == h.samples[i-1].ReplID && s.ReplID2 == h.samples[i-1].ReplID2 {
				continue // dump after dump says the same
			}
			tie(h, s.ReplID)
			tie(h, s.ReplID2)
			if s.ReplID == "" && s.ConnectedReplicas.Or(0) > 0 {
				tie(h, s.RunID)
			}
		}
		for i := range h.events {
			tie(h, h.events[i].ReplID)
			tie(h, h.events[i].ReplID2)
		}
	}
	byRoot := map[string]*group{}
	var out []*group
	var loose, sentinels []*host
	for _, h := range hs {
		switch {
		case h.sentinel:
			sentinels = append(sentinels, h)
		case tied[h]:
			root := find("host " + h.name)
			g := byRoot[root]
			if g == nil {
				g = &group{}
				byRoot[root] = g
				out = append(out, g)
			}
			g.hosts = append(g.hosts, h)
		default:
			loose = append(loose, h)
		}
	}
	if len(out) == 0 && (len(loose) > 0 || len(sentinels) > 0) {
		out = append(out, &group{})
	}
	for _, h := range loose {
		home := out[0]
		for _, g := range out {
			if len(out) > 1 && namesOf(g, h) {
				home = g
			}
		}
		home.hosts = append(home.hosts, h)
	}
	out[0].sentinels = append(out[0].sentinels, sentinels...)
	for _, g := range out {
		slices.SortFunc(g.hosts, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
		g.primary = firstPrimary(g)
	}
	return out
}

// shareSettings gives each host of the group what the others run with, for what its own evidence does not say.
func (g *group) shareSettings() {
	common := map[string]setting{}
	for _, h := range g.hosts {
		for n, s := range h.settings {
			if _, ok := common[n]; !ok && s.Value != "" {
				common[n] = s
			}
		}
	}
	g.primary.peers = common
	for _, h := range g.hosts {
		h.peers = common
	}
}

// namesOf tells whether h and a host of g share the front of their names: shard-1/redis-a, shard-1/redis-b.
func namesOf(g *group, h *host) bool {
	dir, _, ok := strings.Cut(h.name, "/")
	if !ok {
		return false
	}
	return slices.ContainsFunc(g.hosts, func(o *host) bool { return strings.HasPrefix(o.name, dir+"/") })
}

// firstPrimary picks the host that served the others first: it answers requests for synchronization, or
// says role:master with replicas, or logs as M.
func firstPrimary(g *group) *host {
	var best *host
	score := 0
	when := unknown
	for _, h := range g.hosts {
		n, at := 0, unknown
		first := func(k int, t micros) {
			n += k
			if at == unknown || t != unknown && t < at {
				at = t
			}
		}
		for i := range h.events {
			e := &h.events[i]
			switch e.Kind {
			case message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncRefusedReplid, message.PsyncAccepted, message.SyncFullRequested,
				message.SyncReplicaOnline, message.ReplicaTimeout, message.ReplicaLinkLost, message.SyncBgsaveStart:
				first(3, h.clock.event(&e.Event, e.index, e.Stamp))
			}
			if e.Role == "M" && n == 0 {
				first(1, h.clock.event(&e.Event, e.index, e.Stamp))
			}
		}
		for i := range h.samples {
			s := &h.samples[i]
			if s.Role == "master" {
				k := 1
				if s.ConnectedReplicas.Or(0) > 0 {
					k = 3
				}
				first(k, h.clock.dump(s))
			}
		}
		served := 0
		if n >= 3 {
			served = 2
		} else if n > 0 {
			served = 1
		}
		if followsFirst(h) {
			served = 0
		}
		if served > score || served == score && served > 0 && at < when {
			best, score, when = h, served, at
		}
	}
	if best != nil {
		return best
	}
	// None of the artifacts is the primary's own: it is known by the address the replicas name.
	name := "primary"
	for _, h := range g.hosts {
		if a := primaryAddr(h); a != "" {
			name = a
			break
		}
	}
	return &host{name: name, settings: map[string]setting{}}
}

// followsFirst tells whether the host's first evidence shows it as a replica.
func followsFirst(h *host) bool {
	for i := range h.events {
		switch h.events[i].Kind {
		case message.ReplConnecting, message.PsyncTry, message.PsyncNoCachedPrimary, message.SyncFinished, message.PrimaryLinkLost, message.PrimaryTimeout:
			return true
		case message.SyncRequested, message.ReplicaLinkLost:
			return false
		}
		switch h.events[i].Role {
		case "S":
			return true
		case "M":
			// The letter is written after the fact: a replica that is promoted logs its lost link as M already.
			if i+1 == len(h.events) || h.events[i].Kind != message.Other {
				return false
			}
		}
	}
	return len(h.samples) > 0 && h.samples[0].Role == "slave"
}

// primaryAddr is the first address the host connects to as a replica.
func primaryAddr(h *host) string {
	for i := range h.events {
		switch h.events[i].Kind {
		case message.ReplConnecting, message.ReplReconnecting, message.ReplicaofSet:
			if h.events[i].Peer != "" {
				return h.events[i].Peer
			}
		}
	}
	for i := range h.samples {
		s := &h.samples[i]
		if s.PrimaryHost != "" {
			return net.JoinHostPort(s.PrimaryHost, itoa(s.PrimaryPort.Or(6379)))
		}
	}
	return ""
}

// servers are the primaries the group ever had: the first one, and those that were promoted.
func (g *group) servers() []*host {
	out := []*host{g.primary}
	for _, h := range g.hosts {
		if h != g.primary && answers(h) {
			out = append(out, h)
		}
	}
	return out
}

func answers(h *host) bool {
	for i := range h.events {
		switch h.events[i].Kind {
		case message.SyncRequested, message.Promoted, message.PromotedByFailover:
			return true
		}
	}
	for i := range h.samples {
		if h.samples[i].Role == "master" && h.samples[i].ConnectedReplicas.Or(0) > 0 {
			return true
		}
	}
	return false
}

// resolve finds which host each address means.
func (g *group) resolve() {
	g.byAddr = map[string]*host{}
	for _, h := range g.hosts {
		for _, a := range h.addrs {
			g.byAddr[a] = h
		}
		if s, ok := h.settings["replica-announce-ip"]; ok && s.Value != "" {
			port := "6379"
			if p, ok := h.settings["replica-announce-port"]; ok && p.Value != "0" && p.Value != "" {
				port = p.Value
			} else if p, ok := h.settings["port"]; ok && p.Value != "0" && p.Value != "" {
				port = p.Value
			}
			g.byAddr[net.JoinHostPort(s.Value, port)] = h
		}
	}
	g.matchServers()
	// The primary is who the replicas connect to before any role changed.
	for _, h := range g.hosts {
		if h == g.primary {
			continue
		}
		if a := primaryAddr(h); a != "" && g.byAddr[a] == nil {
			g.byAddr[a] = g.primary
		}
	}
	g.matchReplicas()
	for _, h := range g.hosts {
		for a, o := range g.byAddr {
			if o == h && !slices.Contains(h.addrs, a) {
				h.addrs = append(h.addrs, a)
			}
		}
		slices.Sort(h.addrs)
	}
}

// matchServers decides whom the address means that a replica connects to: the host whose log answers its request. Where
// the evidence begins at a failover, the first address is not the first primary's.
func (g *group) matchServers() {
	votes := map[string]map[*host]int{}
	replies := map[*host][]reply{}
	for _, h := range g.hosts {
		replies[h] = repliesOf(h)
	}
	for _, h := range g.hosts {
		peer := ""
		asked := 0
		for i := range h.events {
			e := &h.events[i]
			switch e.Kind {
			case message.ReplConnecting, message.ReplReconnecting, message.ReplicaofSet:
				peer = e.Peer
			case message.PsyncTry, message.PsyncNoCachedPrimary:
				if asked++; !isAddr(peer) || e.at == unknown || asked > maxRequests {
					continue
				}
				r := request{asked: e.at, full: e.Kind == message.PsyncNoCachedPrimary, offset: e.Offset.Or(-1), replid: e.ReplID}
				if y := g.whoAnswered(h, &r, replies); y != nil {
					if votes[peer] == nil {
						votes[peer] = map[*host]int{}
					}
					votes[peer][y]++
				}
			}
		}
	}
	for addr, by := range votes {
		var best *host
		for h, n := range by {
			if best == nil || n > by[best] || n == by[best] && h.name < best.name {
				best = h
			}
		}
		if g.byAddr[addr] == nil {
			g.byAddr[addr] = best
		}
	}
}

// whoAnswered is the only host but h whose log answers the request at that moment; nil where none does, or several.
func (g *group) whoAnswered(h *host, r *request, replies map[*host][]reply) *host {
	var of *host
	for _, y := range g.hosts {
		if y == h {
			continue
		}
		slack := second + h.clock.err + y.clock.err
		for i := range replies[y] {
			p := &replies[y][i]
			if abs(p.at-r.asked) <= slack && r.answeredBy(p) {
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
func (g *group) matchReplicas() {
	type ask struct {
		at     micros
		offset int64
		lost   bool // the line says that the link is lost, not that it is asked for
	}
	asks := map[string][]ask{}
	states := map[string]map[micros]bool{}
	for _, p := range g.servers() {
		for i := range p.events {
			e := &p.events[i]
			switch e.Kind {
			case message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncAccepted:
				if !isAddr(e.Peer) {
					continue
				}
				// A request and its answer are one: two lines within the same moment.
				if n := len(asks[e.Peer]); n > 0 && !asks[e.Peer][n-1].lost && e.at-asks[e.Peer][n-1].at < second/4 {
					asks[e.Peer][n-1].offset = max(asks[e.Peer][n-1].offset, e.Offset.Or(-1))
				} else {
					asks[e.Peer] = append(asks[e.Peer], ask{e.at, e.Offset.Or(-1), false})
				}
			case message.ReplicaLinkLost:
				if isAddr(e.Peer) {
					asks[e.Peer] = append(asks[e.Peer], ask{e.at, -1, true})
				}
			}
		}
		for i := range p.replicas {
			r := &p.replicas[i]
			if states[r.Addr] == nil {
				states[r.Addr] = map[micros]bool{}
			}
			states[r.Addr][r.at] = r.State == "online"
			if asks[r.Addr] == nil {
				asks[r.Addr] = []ask{}
			}
		}
	}
	type pair struct {
		addr  string
		h     *host
		score float64
	}
	var pairs []pair
	for addr, as := range asks {
		if g.byAddr[addr] != nil {
			continue
		}
		slices.SortStableFunc(as, func(a, b ask) int { return cmp.Compare(a.at, b.at) })
		for _, h := range g.hosts {
			if h == g.primary && len(g.servers()) == 1 {
				continue
			}
			score := 0.0
			// What either end logged and the other did not speaks against the pair. Losses are often logged at one end only.
			tries, heard := 0, 0
			for _, a := range as {
				if !a.lost && (len(h.events) > 0 && h.events[0].at <= a.at+clockSlack) {
					heard++
				}
			}
			for i := range h.events {
				e := &h.events[i]
				if e.Kind != message.PsyncTry && e.Kind != message.PsyncNoCachedPrimary && e.Kind != message.PrimaryLinkLost {
					continue
				}
				lost := e.Kind == message.PrimaryLinkLost
				if !lost {
					tries++
				}
				best := 0.0
				// Of a storm's requests only those of the same moment are looked at.
				near := 2*second + h.clock.err
				from := sort.Search(len(as), func(i int) bool { return as[i].at >= e.at-near })
				for _, a := range as[from:] {
					d := abs(a.at - e.at)
					if a.at > e.at+near {
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
			for i := range h.samples {
				if h.samples[i].TCPPort.Known() {
					if itoa(int64(h.samples[i].TCPPort)) == port {
						score += 0.01
					} else {
						score -= 0.5 // announced ports may differ, but seldom do
					}
					break
				}
			}
			ip, _, _ := net.SplitHostPort(addr)
			if strings.EqualFold(ip, h.name) || strings.HasSuffix(h.name, "/"+ip) {
				score += 2
			}
			score += offsetsAgree(g, addr, h)
			if score > 0.02 {
				pairs = append(pairs, pair{addr, h, score})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.addr, b.addr), cmp.Compare(a.h.name, b.h.name))
	})
	taken := map[*host]bool{}
	for _, h := range g.byAddr {
		taken[h] = true
	}
	for _, p := range pairs {
		if g.byAddr[p.addr] == nil && !taken[p.h] {
			g.byAddr[p.addr] = p.h
			taken[p.h] = true
		}
	}
	// One address and one replica left over: they are each other's.
	var addrs []string
	for a := range asks {
		if g.byAddr[a] == nil {
			addrs = append(addrs, a)
		}
	}
	var rest []*host
	for _, h := range g.hosts {
		if !taken[h] && h != g.primary && followsFirst(h) {
			rest = append(rest, h)
		}
	}
	if len(addrs) == 1 && len(rest) == 1 {
		g.byAddr[addrs[0]] = rest[0]
	}
}

// offsetsAgree compares what the primary saw acknowledged with what the replica says it applied, dump by
// dump. Replicas of one primary hold nearly the same offsets while all is well; they tell apart who lagged.
func offsetsAgree(g *group, addr string, h *host) float64 {
	n, near := 0, 0
	for _, p := range g.servers() {
		for i := range p.replicas {
			r := &p.replicas[i]
			if r.Addr != addr || !r.Offset.Known() {
				continue
			}
			s := h.sampleNear(r.at)
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

// sampleNear is the host's dump closest to at, within half a minute.
func (h *host) sampleNear(at micros) *sample {
	i := h.sampleAt(at)
	var best *sample
	for _, j := range []int{i - 1, i} {
		if j >= 0 && j < len(h.samples) && (best == nil || abs(h.samples[j].at-at) < abs(best.at-at)) {
			best = &h.samples[j]
		}
	}
	if best == nil || abs(best.at-at) > 30*second {
		return nil
	}
	return best
}

// at resolves an address in a message; nil where it names nobody known. Clients' ports are not listening
// ports, so a host is also found by its ip alone where only one host has it.
func (g *group) at(addr string) *host {
	if h := g.byAddr[addr]; h != nil {
		return h
	}
	ip, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	var found *host
	for a, h := range g.byAddr {
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
func (g *group) stranger(addr string) *host {
	if h := g.byAddr[addr]; h != nil {
		return h
	}
	h := &host{name: addr, settings: map[string]setting{}, peers: g.primary.peers, addrs: []string{addr}}
	h.clock = g.primary.clock
	g.byAddr[addr] = h
	return h
}

func isAddr(s string) bool {
	_, _, err := net.SplitHostPort(s)
	return err == nil
}
