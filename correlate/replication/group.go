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
	// FollowsItself tells that by its log one of its servers got a resync from itself: then some of the lines are another server's.
	FollowsItself bool

	guessedOf *timeline.Host // of which guessed was found: finding it goes through all its rows
	guessed   bool
	answering map[*timeline.Host]bool // see answers
	seenUntil micros                  // see SeenUntil; 0 before it is asked for
	byIP      map[string][]string     // addresses in ByAddr, by ip; of so many as indexed says
	indexed   int
	linkedOf  int // of how many links replicas is
	replicas  int // see linked
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
	fam := family{}
	byRoot := map[string]*Group{}
	var out []*Group
	var loose, sentinels []*timeline.Host
	tied := map[*timeline.Host]bool{}
	for _, h := range hs {
		if !h.Sentinel {
			tied[h] = fam.join(h)
		}
	}
	for _, h := range hs {
		switch {
		case h.Sentinel:
			sentinels = append(sentinels, h)
		case !tied[h]:
			loose = append(loose, h)
		default:
			root := fam.of(hostName(h))
			if byRoot[root] == nil {
				byRoot[root] = &Group{}
				out = append(out, byRoot[root])
			}
			byRoot[root].Hosts = append(byRoot[root].Hosts, h)
		}
	}
	if len(out) == 0 && len(hs) > 0 {
		out = append(out, &Group{})
	}
	for _, h := range loose {
		home := homeOf(out, h)
		home.Hosts = append(home.Hosts, h)
	}
	if len(out) > 0 {
		out[0].Sentinels = sentinels
	}
	for _, g := range out {
		slices.SortFunc(g.Hosts, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
		g.Primary = firstPrimary(g.Hosts)
		g.ID = nameOf(g.Primary)
		g.shareSettings()
	}
	return out
}

// nameOf names a group: the directory its instances share, else its first primary.
func nameOf(primary *timeline.Host) string {
	dir, _, _ := strings.Cut(primary.Name, "/")
	return dir
}

// homeOf is the group that a host without an id joins: the one whose names begin as its own, else the first.
func homeOf(groups []*Group, h *timeline.Host) *Group {
	home := groups[0]
	for _, g := range groups {
		if len(groups) > 1 && namesOf(g, h) {
			home = g
		}
	}
	return home
}

// family joins hosts and replication ids that belong together, each named by what it was first joined to.
type family map[string]string

// of is the name of all that x belongs together with.
func (f family) of(x string) string {
	if f[x] == "" || f[x] == x {
		return x
	}
	f[x] = f.of(f[x])
	return f[x]
}

func hostName(h *timeline.Host) string { return "host " + h.Name }

// join ties a host to the ids that its evidence names, and reports whether there was any.
func (f family) join(h *timeline.Host) (tied bool) {
	tie := func(id string) {
		if goodID(id) {
			f[f.of(hostName(h))] = f.of("id " + id)
			tied = true
		}
	}
	for i := range h.Samples {
		s := &h.Samples[i]
		if i > 0 && s.ReplID != "" && s.ReplID == h.Samples[i-1].ReplID && s.ReplID2 == h.Samples[i-1].ReplID2 {
			continue // dump after dump says the same
		}
		tie(s.ReplID)
		tie(s.ReplID2)
		if s.ReplID == "" && s.ConnectedReplicas.Or(0) > 0 {
			tie(s.RunID)
		}
	}
	for i := range h.Events {
		tie(h.Events[i].ReplID)
		tie(h.Events[i].ReplID2)
	}
	return tied
}

// shareSettings gives each host of the group what the others run with, for what its own evidence does not say.
func (g *Group) shareSettings() {
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

// Servers are the primaries the group ever had: the first one, and those that were promoted.
func (g *Group) Servers() []*timeline.Host {
	out := []*timeline.Host{g.Primary}
	for _, h := range g.Hosts {
		if h != g.Primary && g.answers(h) {
			out = append(out, h)
		}
	}
	return out
}

// SeenUntil is when the last server of the group was seen.
func (g *Group) SeenUntil() micros {
	if g.seenUntil == 0 {
		g.seenUntil = unknown
		for _, h := range g.Hosts {
			g.seenUntil = max(g.seenUntil, h.LastSeen())
		}
	}
	return g.seenUntil
}

// IsRelay reports whether a server has replicas and is one itself all along: what it grants is not granted by the group's primary.
func (g *Group) IsRelay(h *timeline.Host) bool {
	return h != nil && h != g.Primary && followsFirst(h) &&
		!h.AnyEvent(func(e *timeline.Event) bool { return e.Is(message.Promotes) || e.Role == "M" }) &&
		!h.AnySample(func(s *timeline.Sample) bool { return s.Role == "master" })
}

// answers reports whether the host was ever asked for a resync, or made a primary.
func (g *Group) answers(h *timeline.Host) bool {
	if is, ok := g.answering[h]; ok {
		return is
	}
	if g.answering == nil {
		g.answering = map[*timeline.Host]bool{}
	}
	g.answering[h] = h.AnyEvent(func(e *timeline.Event) bool {
		return e.Is(message.Asked) || e.Kind == message.Promoted || e.Kind == message.PromotedByFailover
	}) || h.AnySample(func(s *timeline.Sample) bool { return s.Role == "master" && s.ConnectedReplicas.Or(0) > 0 })
	return g.answering[h]
}
