package replication

import (
	"cmp"
	"slices"
	"strings"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Group is a primary and its replicas, found from the evidence itself.
type Group struct {
	ID        string
	Hosts     []*timeline.Host // servers, by name
	Sentinels []*timeline.Host
	Primary   *timeline.Host // the first one; a host without evidence where none of the artifacts is its own
	// ByAddr says which host an ip:port means. Addresses of replicas without artifacts get a host of their own.
	ByAddr map[string]*timeline.Host
	Links  []*Outage
}

// noReplID is what servers print where there is no second replication id.
const noReplID = "0000000000000000000000000000000000000000"

func goodID(id string) bool {
	return len(id) == 40 && id != noReplID
}

// Groups splits a case's hosts into replication groups. Replication ids decide: they survive NAT and
// announced addresses. Before 4.0 the primary's run id plays their part (redis 2.8.24 replication.c:419).
// Hosts that name no id join the only group there is, or stand together: they were collected side by side.
func Groups(hs []*timeline.Host) []*Group {
	parent := map[string]string{}
	var find func(string) string
	find = func(x string) string {
		if parent[x] == "" || parent[x] == x {
			return x
		}
		parent[x] = find(parent[x])
		return parent[x]
	}
	tied := map[*timeline.Host]bool{}
	tie := func(h *timeline.Host, id string) {
		if goodID(id) {
			parent[find("host "+h.Name)] = find("id " + id)
			tied[h] = true
		}
	}
	for _, h := range hs {
		if h.Sentinel {
			continue
		}
		for i := range h.Samples {
			s := &h.Samples[i]
			if i > 0 && s.ReplID != "" && s.ReplID == h.Samples[i-1].ReplID && s.ReplID2 == h.Samples[i-1].ReplID2 {
				continue // dump after dump says the same
			}
			tie(h, s.ReplID)
			tie(h, s.ReplID2)
			if s.ReplID == "" && s.ConnectedReplicas.Or(0) > 0 {
				tie(h, s.RunID)
			}
		}
		for i := range h.Events {
			tie(h, h.Events[i].ReplID)
			tie(h, h.Events[i].ReplID2)
		}
	}
	byRoot := map[string]*Group{}
	var out []*Group
	var loose, sentinels []*timeline.Host
	for _, h := range hs {
		switch {
		case h.Sentinel:
			sentinels = append(sentinels, h)
		case tied[h]:
			root := find("host " + h.Name)
			g := byRoot[root]
			if g == nil {
				g = &Group{}
				byRoot[root] = g
				out = append(out, g)
			}
			g.Hosts = append(g.Hosts, h)
		default:
			loose = append(loose, h)
		}
	}
	if len(out) == 0 && (len(loose) > 0 || len(sentinels) > 0) {
		out = append(out, &Group{})
	}
	for _, h := range loose {
		home := out[0]
		for _, g := range out {
			if len(out) > 1 && namesOf(g, h) {
				home = g
			}
		}
		home.Hosts = append(home.Hosts, h)
	}
	out[0].Sentinels = append(out[0].Sentinels, sentinels...)
	for _, g := range out {
		slices.SortFunc(g.Hosts, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
		g.Primary = firstPrimary(g)
	}
	return out
}

// ShareSettings gives each host of the group what the others run with, for what its own evidence does not say.
func (g *Group) ShareSettings() {
	common := map[string]timeline.Setting{}
	for _, h := range g.Hosts {
		for n, s := range h.Settings {
			if _, ok := common[n]; !ok && s.Value != "" {
				common[n] = s
			}
		}
	}
	g.Primary.Peers = common
	for _, h := range g.Hosts {
		h.Peers = common
	}
}

// namesOf reports whether h and a host of g share the front of their names: shard-1/redis-a, shard-1/redis-b.
func namesOf(g *Group, h *timeline.Host) bool {
	dir, _, ok := strings.Cut(h.Name, "/")
	if !ok {
		return false
	}
	return slices.ContainsFunc(g.Hosts, func(o *timeline.Host) bool { return strings.HasPrefix(o.Name, dir+"/") })
}

// firstPrimary picks the host that served the others first: it answers requests for synchronization, or
// says role:master with replicas, or logs as M.
func firstPrimary(g *Group) *timeline.Host {
	var best *timeline.Host
	score := 0
	when := unknown
	for _, h := range g.Hosts {
		n, at := 0, unknown
		first := func(k int, t micros) {
			n += k
			if at == unknown || t != unknown && t < at {
				at = t
			}
		}
		for i := range h.Events {
			e := &h.Events[i]
			switch e.Kind {
			case message.SyncRequested, message.PsyncRefusedBacklog, message.PsyncRefusedReplid, message.PsyncAccepted, message.SyncFullRequested,
				message.SyncReplicaOnline, message.ReplicaTimeout, message.ReplicaLinkLost, message.SyncBgsaveStart:
				first(3, h.Clock.Event(&e.Event, e.Index, e.Stamp))
			}
			if e.Role == "M" && n == 0 {
				first(1, h.Clock.Event(&e.Event, e.Index, e.Stamp))
			}
		}
		for i := range h.Samples {
			s := &h.Samples[i]
			if s.Role == "master" {
				k := 1
				if s.ConnectedReplicas.Or(0) > 0 {
					k = 3
				}
				first(k, h.Clock.Dump(s))
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
	for _, h := range g.Hosts {
		if a := PrimaryAddr(h); a != "" {
			name = a
			break
		}
	}
	return &timeline.Host{Name: name, Settings: map[string]timeline.Setting{}}
}

// followsFirst reports whether the host's first evidence shows it as a replica.
func followsFirst(h *timeline.Host) bool {
	for i := range h.Events {
		switch h.Events[i].Kind {
		case message.ReplConnecting, message.PsyncTry, message.PsyncNoCachedPrimary, message.SyncFinished, message.PrimaryLinkLost, message.PrimaryTimeout:
			return true
		case message.SyncRequested, message.ReplicaLinkLost:
			return false
		}
		switch h.Events[i].Role {
		case "S":
			return true
		case "M":
			// The letter is written after the fact: a replica that is promoted logs its lost link as M already.
			if i+1 == len(h.Events) || h.Events[i].Kind != message.Other {
				return false
			}
		}
	}
	return len(h.Samples) > 0 && h.Samples[0].Role == "slave"
}

// Servers are the primaries the group ever had: the first one, and those that were promoted.
func (g *Group) Servers() []*timeline.Host {
	out := []*timeline.Host{g.Primary}
	for _, h := range g.Hosts {
		if h != g.Primary && answers(h) {
			out = append(out, h)
		}
	}
	return out
}

func answers(h *timeline.Host) bool {
	for i := range h.Events {
		switch h.Events[i].Kind {
		case message.SyncRequested, message.Promoted, message.PromotedByFailover:
			return true
		}
	}
	for i := range h.Samples {
		if h.Samples[i].Role == "master" && h.Samples[i].ConnectedReplicas.Or(0) > 0 {
			return true
		}
	}
	return false
}
