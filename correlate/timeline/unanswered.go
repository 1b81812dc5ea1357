package timeline

import (
	"cmp"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
)

// Unanswered is a dump that was asked for in vain.
type Unanswered struct {
	At  micros // when it was given up
	How Reach
	Ev  diagnosis.Evidence
}

// Reach is how far whoever asked got.
type Reach int

const (
	SomeWay Reach = iota // as far as nobody can tell
	NoWay                // not even to the server's system: nobody took the connection, and nobody refused it
	LetIn                // its system took the connection, and the server did not answer
)

// reachOf reads why a dump could not be had, as Go's net package and redis-cli (hiredis) say it. A connection that stood already and fell silent
// tells neither.
func reachOf(text string) Reach {
	lower := strings.ToLower(text)
	connecting := strings.Contains(lower, "dial ") || strings.Contains(lower, "could not connect") || strings.Contains(lower, "connect: ")
	timedOut := strings.Contains(lower, "i/o timeout") || strings.Contains(lower, "timed out")
	switch {
	case strings.Contains(lower, "no route to host"), strings.Contains(lower, "network is unreachable"), strings.Contains(lower, "host is down"), connecting && timedOut:
		return NoWay
	case timedOut && !strings.Contains(lower, "read tcp") && !strings.Contains(lower, "write tcp"):
		return LetIn
	}
	return SomeWay
}

// layUnanswered puts the dumps that could not be had on the axis: by the one next to it in time that could, as both are on the collector's clock.
func (h *Host) layUnanswered() {
	if len(h.failures) == 0 {
		return
	}
	var had []*Sample
	for i := range h.Samples {
		if s := &h.Samples[i]; s.At != unknown && s.Stamp != unknown {
			had = append(had, s)
		}
	}
	if len(had) == 0 {
		return
	}
	slices.SortStableFunc(had, func(a, b *Sample) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for i := range h.failures {
		e := &h.failures[i]
		if e.Stamp == unknown {
			continue
		}
		n, _ := slices.BinarySearchFunc(had, e.Stamp, func(s *Sample, at micros) int { return cmp.Compare(s.Stamp, at) })
		next := had[min(n, len(had)-1)]
		h.Unanswered = append(h.Unanswered, Unanswered{At: e.Stamp + next.At - next.Stamp, How: reachOf(e.Text), Ev: e.Evidence()})
	}
}

// ReachedIn tells how far who asked got in a time: no way, if somebody found none and nobody was let in; nil where nothing tells.
func (h *Host) ReachedIn(s Span) *Unanswered {
	var found *Unanswered
	for i := range h.Unanswered {
		u := &h.Unanswered[i]
		if u.At < s.From || u.At > s.To || u.How == SomeWay {
			continue
		}
		if u.How == LetIn {
			return u
		}
		found = cmp.Or(found, u)
	}
	return found
}
