package timeline

import (
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
	for _, h := range sentinels {
		h.alignTimes("the promotion it ordered", h.orders(promoted))
	}
	for _, h := range sentinels {
		if h.Clock.aligned {
			continue
		}
		for _, leader := range sentinels {
			if leader.Clock.aligned && h.alignTimes("the vote for "+leader.Name, h.votes(leader)) {
				break
			}
		}
		if !h.Clock.aligned {
			h.alignTimes("the switch it heard of", h.switches(promoted))
		}
		if !h.Clock.aligned {
			h.Clock.Method = "unaligned: no promotion ties it to a server; its clock was taken as it is"
			h.Clock.Err = unalignedError
		}
	}
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

// orders bounds the skew by the promotions that this Sentinel ordered itself.
func (h *Host) orders(promoted []micros) (in []interval) {
	sent := unknown
	for _, l := range h.linesOf(func(e *Event) bool {
		return e.Kind == message.SentinelFailoverSendReplicaofNoone || e.Kind == message.SentinelPromoted || e.Kind == message.SentinelFailoverReconf
	}) {
		if l.event.Kind == message.SentinelFailoverSendReplicaofNoone {
			sent = l.at
			continue
		}
		for _, p := range promoted {
			if sent != unknown {
				in = append(in, interval{sent - p - logTick, l.at - p + logTick})
			}
		}
		sent = unknown
	}
	return in
}

// votes bounds the skew by this Sentinel's votes between another's call for a failover and its election.
func (h *Host) votes(leader *Host) (in []interval) {
	called := unknown
	voted := h.linesOf(func(e *Event) bool { return e.Kind == message.SentinelVoteForLeader })
	for _, l := range leader.linesOf(func(e *Event) bool {
		return e.Kind == message.SentinelTryFailover || e.Kind == message.SentinelElectedLeader
	}) {
		if l.event.Kind == message.SentinelTryFailover {
			called = l.at
			continue
		}
		for _, v := range voted {
			if called != unknown {
				in = append(in, interval{v.at - l.at - logTick, v.at - called + logTick})
			}
		}
		called = unknown
	}
	return in
}

// switches bounds the skew by the switches this Sentinel heard of.
func (h *Host) switches(promoted []micros) (in []interval) {
	for _, l := range h.linesOf(func(e *Event) bool { return e.Kind == message.SentinelSwitchPrimary }) {
		for _, p := range promoted {
			in = append(in, interval{l.at - p - HelloLag, l.at - p})
		}
	}
	return in
}
