package replication

import (
	"cmp"
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// source is whose evidence speaks, the weakest first. Where a stronger one covers a moment, a weaker one
// only adds to what it says: a primary's dump every ten seconds cannot overrule the replica's own log.
type source int

const (
	primaryInfo source = iota
	replicaInfo
	PrimaryLog
	ReplicaLog
)

// String is the source as a sentence names it.
func (s source) String() string {
	return [...]string{"the primary's INFO", "the replica's INFO", "the primary's log", "the replica's log"}[s]
}

type item struct {
	at     micros
	src    source
	ev     *timeline.Event
	sample *timeline.Sample
	row    *timeline.ReplicaRow
	gone   bool // row: the replica is missing from this dump
	second bool // ev: it is of the second connection of a full resync
	warned bool // ev: it stands in a log of warnings alone
	server *timeline.Host
}

// inOrder calls do with the items in the order of their times, those of the stronger source first. They come as a few
// lists in that order one after another, which are merged as they go: sorting them took three times as long.
func inOrder(its []item, do func(item)) {
	order := func(a, b *item) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.src, a.src)) }
	var lists [][]item
	for from := 0; from < len(its); {
		to := from + 1
		for to < len(its) && order(&its[to-1], &its[to]) <= 0 {
			to++
		}
		lists = append(lists, its[from:to])
		from = to
	}
	for len(lists) > 0 {
		first := 0
		for i := 1; i < len(lists); i++ {
			if order(&lists[i][0], &lists[first][0]) < 0 {
				first = i
			}
		}
		do(lists[first][0])
		if lists[first] = lists[first][1:]; len(lists[first]) == 0 {
			lists = slices.Delete(lists, first, first+1)
		}
	}
}

// coverage is from when on each source speaks: a log speaks from its first line to the capture's end, for
// silence in a log means that nothing happened. One of warnings alone leaves most of what happens out: its silence means nothing.
func coverage(its []item) map[source]micros {
	c := map[source]micros{}
	for _, it := range its {
		if it.at == unknown || it.warned {
			continue
		}
		if it.src == ReplicaLog && !it.ev.Is(message.LinkWord) && it.ev.Role != "S" {
			continue
		}
		// The clocks' error may put the other end's account of the first line before it.
		if t, ok := c[it.src]; !ok || it.at-ClockSlack < t {
			c[it.src] = it.at - ClockSlack
		}
	}
	return c
}
