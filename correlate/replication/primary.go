package replication

import (
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// How far a host's evidence shows it as a primary.
const (
	noPrimary = iota
	callsItselfPrimary
	servesReplicas
)

// firstPrimary picks the host that served the others first: it answers requests for synchronization, or
// says role:master with replicas, or logs as M.
func firstPrimary(hosts []*timeline.Host) *timeline.Host {
	var best *timeline.Host
	most, when := noPrimary, unknown
	for _, h := range hosts {
		shown, at := asPrimary(h)
		if shown > most || shown == most && shown > noPrimary && at < when {
			best, most, when = h, shown, at
		}
	}
	if best != nil {
		return best
	}
	// Whoever follows nobody, where there is one such server: an old log's lines bear no role.
	for _, h := range hosts {
		if followsFirst(h) || !h.HasLog() {
			continue
		}
		if best != nil {
			best = nil
			break
		}
		best = h
	}
	if best != nil && slices.ContainsFunc(hosts, followsFirst) {
		return best
	}
	// None of the artifacts is the primary's own: it is known by the address the replicas name.
	name := "primary"
	for _, h := range hosts {
		if a := PrimaryAddr(h); a != "" {
			name = a
			break
		}
	}
	return &timeline.Host{Name: name, Settings: map[string]timeline.Setting{}}
}

// Guessed reports whether nothing but elimination makes the primary the server that the others follow: its own evidence shows it serving
// nobody.
func (g *Group) Guessed() bool {
	if g.guessedOf != g.Primary {
		shown, _ := asPrimary(g.Primary)
		g.guessedOf, g.guessed = g.Primary, shown < servesReplicas && (g.Primary.HasLog() || g.Primary.HasInfo())
	}
	return g.guessed
}

// mayFollow reports whether an address that replicas name may be the first primary's, for want of another. One whose log only tells of
// other nodes' failures is a witness of another shard.
func (g *Group) mayFollow(addr string) bool {
	if g.Primary.IsNot(addr) {
		return false
	}
	return !g.Guessed() || !g.Primary.AnyEvent(func(e *timeline.Event) bool { return e.Is(message.SaysDown) })
}

// asPrimary is how far the host's evidence shows it as a primary, and since when, by its own clock. Three things that call it one
// count as much as one replica that it serves.
func asPrimary(h *timeline.Host) (shown int, at micros) {
	if followsFirst(h) {
		return noPrimary, unknown
	}
	const serving = 3
	n, at := 0, unknown
	first := func(k int, t micros) {
		n += k
		if at == unknown || t != unknown && t < at {
			at = t
		}
	}
	for i := range h.Events {
		e := &h.Events[i]
		if e.Is(message.Serves) {
			first(serving, h.Clock.Event(&e.Event, e.Index, e.Stamp))
		}
		if e.Role == "M" && n == 0 {
			first(1, h.Clock.Event(&e.Event, e.Index, e.Stamp))
		}
	}
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.Role != "master" {
			continue
		}
		k := 1
		if s.ConnectedReplicas.Or(0) > 0 {
			k = serving
		}
		first(k, h.Clock.Dump(s))
	}
	switch {
	case n >= serving:
		return servesReplicas, at
	case n > 0:
		return callsItselfPrimary, at
	}
	return noPrimary, at
}

// followsFirst reports whether the host's first evidence shows it as a replica.
func followsFirst(h *timeline.Host) bool {
	for i := range h.Events {
		e := &h.Events[i]
		switch {
		case e.Is(message.Follows):
			return true
		case e.Is(message.Asked | message.LosesLink):
			return false
		case e.Role == "S":
			return true
		// The letter is written after the fact: a replica that is promoted logs its lost link as M already.
		case e.Role == "M" && (i+1 == len(h.Events) || e.Kind != message.Other):
			return false
		}
	}
	return len(h.Samples) > 0 && h.Samples[0].Role == "slave"
}
