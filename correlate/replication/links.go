package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// FindLinks derives every replica's outages from the merged evidence of both ends.
func (g *Group) FindLinks() {
	items := g.items()
	var replicas []*timeline.Host
	for h, its := range items {
		if len(its) > 0 {
			replicas = append(replicas, h)
		}
	}
	slices.SortFunc(replicas, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	for _, h := range replicas {
		g.Links = append(g.Links, g.outagesOf(h, items[h])...)
	}
	slices.SortStableFunc(g.Links, func(a, b *Outage) int {
		return cmp.Or(cmp.Compare(a.Lost, b.Lost), cmp.Compare(a.Replica.Name, b.Replica.Name))
	})
	markRoles(g.Links)
	g.FollowsItself = slices.ContainsFunc(g.Links, followsItself)
}

// followsItself reports whether by its log a server got a resync from itself.
func followsItself(o *Outage) bool {
	return o.Server == o.Replica && slices.ContainsFunc(o.Tries, func(t *Attempt) bool { return t.Granted != "" })
}

// outagesOf is the life of one replica's link, as its own and its primaries' evidence tell it.
func (g *Group) outagesOf(h *timeline.Host, its []item) []*Outage {
	m := &linkMachine{g: g, h: h, covers: coverage(its)}
	for i := range h.Events {
		if h.Events[i].Kind == message.CachedPrimarySynthesised {
			m.offers = append(m.offers, h.Events[i].At)
		}
	}
	inOrder(its, func(it item) {
		switch it.src {
		case ReplicaLog:
			m.replicaSays(it)
		case PrimaryLog:
			m.primarySays(it)
		case replicaInfo:
			m.replicaDump(it)
		case primaryInfo:
			m.primaryDump(it)
		}
	})
	return m.done()
}
