package timeline

import (
	"slices"

	"psyncope/ingest/message"
)

// alignSentinels ties Sentinels' clocks to the servers': the leader sends REPLICAOF NO ONE before the replica obeys and
// reports the promotion after; the others vote between the leader's call and its election, and hear of the switch
// within some seconds, with the hello messages that Sentinels publish every two (redis 7.4.1 sentinel.c
// sentinel_publish_period).
func alignSentinels(servers, sentinels []*Host) {
	var promoted []micros
	for _, r := range servers {
		for _, l := range r.linesOf(func(e *Event) bool { return e.Kind == message.Promoted }) {
			promoted = append(promoted, l.at)
		}
	}
	said := map[*Host][]line{} // on each Sentinel's own clock
	for _, h := range sentinels {
		said[h] = h.linesOf(func(e *Event) bool { return slices.Contains(failoverSteps, e.Kind) })
	}
	for _, h := range sentinels {
		h.alignTimes("the promotion it ordered", orders(said[h], promoted))
	}
	for _, h := range sentinels {
		if h.Clock.aligned {
			continue
		}
		for _, leader := range sentinels {
			if leader.Clock.aligned && h.alignTimes("the vote for "+leader.Name, votes(said[h], said[leader], leader.Clock.Skew)) {
				break
			}
		}
		if !h.Clock.aligned {
			h.alignTimes("the switch it heard of", switches(said[h], promoted))
		}
		if !h.Clock.aligned {
			h.Clock.Method = "unaligned: no promotion ties it to a server; its clock was taken as it is"
			h.Clock.Err = unalignedError
		}
	}
}

// failoverSteps are the messages of a Sentinel's by which its clock is found.
var failoverSteps = []message.Kind{
	message.SentinelFailoverSendReplicaofNoone, message.SentinelPromoted, message.SentinelFailoverReconf, message.SentinelVoteForLeader,
	message.SentinelTryFailover, message.SentinelElectedLeader, message.SentinelSwitchPrimary,
}

// alignTimes sets the clock where the intervals agree best.
func (h *Host) alignTimes(how string, in []interval) bool {
	if len(in) == 0 {
		return false
	}
	_, best, n := stab([]candidate{{at: unknown, in: in}}, 0, true)
	h.Clock.set((best.lo+best.hi)/2, (best.hi-best.lo)/2+logTick, n, how)
	return true
}

// orders bounds the skew by the promotions that a Sentinel ordered itself.
func orders(said []line, promoted []micros) (in []interval) {
	sent := unknown
	for _, l := range said {
		if l.event.Kind == message.SentinelFailoverSendReplicaofNoone {
			sent = l.at
		}
		if sent == unknown || l.event.Kind != message.SentinelPromoted && l.event.Kind != message.SentinelFailoverReconf {
			continue
		}
		for _, p := range promoted {
			in = append(in, interval{sent - p - logTick, l.at - p + logTick})
		}
		sent = unknown
	}
	return in
}

// votes bounds the skew by a Sentinel's votes between another's call for a failover and its election. The other's clock is ahead by ahead.
func votes(said, leader []line, ahead micros) (in []interval) {
	called := unknown
	for _, l := range leader {
		at := l.at - ahead
		if l.event.Kind == message.SentinelTryFailover {
			called = at
		}
		if called == unknown || l.event.Kind != message.SentinelElectedLeader {
			continue
		}
		for _, v := range said {
			if v.event.Kind == message.SentinelVoteForLeader {
				in = append(in, interval{v.at - at - logTick, v.at - called + logTick})
			}
		}
		called = unknown
	}
	return in
}

// switches bounds the skew by the switches that a Sentinel heard of.
func switches(said []line, promoted []micros) (in []interval) {
	for _, l := range said {
		if l.event.Kind != message.SentinelSwitchPrimary {
			continue
		}
		for _, p := range promoted {
			in = append(in, interval{l.at - p - HelloLag, l.at - p})
		}
	}
	return in
}
