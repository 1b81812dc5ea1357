package sizing

import (
	"fmt"
	"net"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// room is how large a backlog may become before something has to make way for it. The backlog is the data's: it counts against maxmemory
// (redis 7.4.1 evict.c freeMemoryGetNotCountedMemory leaves out only what replicas' buffers hold beyond it), so that writes are refused or
// keys evicted for it.
type room struct {
	bytes     int64 // 0 where nothing tells
	why       string
	max       bool  // maxmemory is what bounds it, and not the host's memory
	limit     int64 // maxmemory, where that bounds it
	host      int64 // what the host could give beyond that; nothing tells where hostKnown is false
	hostKnown bool
}

// roomFor is the least room of all servers that may hold the role: each keeps a backlog of its own.
func roomFor(g *replication.Group, backlog int64) room {
	out := room{}
	for _, h := range g.Hosts {
		if r := roomOn(g, h, backlog); r.bytes > 0 && (out.bytes == 0 || r.bytes < out.bytes) {
			out = r
		}
	}
	return out
}

// inUseOfTen is how many tenths of a host's memory may be in use: beyond nine the kernel swaps, or kills.
const inUseOfTen = 9

// roomOn is the room on one server. Up to 6.2 a backlog is there whole from the first replica on; from 7.0 it grows as it is written
// (redis 6.2 replication.c createReplicationBacklog, 7.0 incrementalTrimReplicationBacklog).
func roomOn(g *replication.Group, h *timeline.Host, backlog int64) room {
	if h.Can(timeline.SharesBuffers) {
		held := int64(-1)
		for i := range h.Samples {
			held = max(held, h.Samples[i].BacklogHistlen.Or(-1))
		}
		if held >= 0 {
			backlog = min(backlog, held)
		}
	}
	used, peak, rss, cow, total := int64(0), int64(0), int64(0), int64(0), int64(0)
	limit := int64(0)
	for i := range h.Samples {
		s := &h.Samples[i]
		used, peak = max(used, s.UsedMemory.Or(0)), max(peak, s.UsedMemoryPeak.Or(0))
		rss, cow, total = max(rss, s.UsedMemoryRSS.Or(0)), max(cow, s.Cow()), max(total, s.TotalSystemMemory.Or(0))
		if s.MaxMemory.Known() {
			limit = int64(s.MaxMemory)
		}
	}
	if used == 0 {
		return room{}
	}
	host := max(total*inUseOfTen/10/neighbours(g, h)-max(rss, used)-cow, 0)
	if limit > 0 {
		// What was never used is free; where it was all used once, what comes goes at the expense of keys.
		free := max(limit-max(used, min(peak, limit)), 0)
		if total > 0 {
			free = min(free, host)
		}
		return room{
			bytes: backlog + free, max: true, limit: limit, host: host, hostKnown: total > 0,
			why: fmt.Sprintf("%s used up to %s of its maxmemory of %s, and the backlog counts against it", h.Name, diagnosis.Amount(max(used, min(peak, limit))), diagnosis.Amount(limit)),
		}
	}
	if total == 0 {
		return room{}
	}
	return room{
		bytes: backlog + host, host: host, hostKnown: true,
		why: fmt.Sprintf("%s has %s resident on a host with %s, and a child copied up to %s", h.Name, diagnosis.Amount(max(rss, used)), diagnosis.Amount(total), diagnosis.Amount(cow)),
	}
}

// MaxMemoryFor is the maxmemory with which a backlog of this size has room; 0 where maxmemory is not what lacks, or the host has no more.
func (p *Plan) MaxMemoryFor(backlog int64) int64 {
	more := backlog - p.Room
	if !p.room.max || more <= 0 || !p.room.hostKnown || p.room.host < more {
		return 0
	}
	return p.room.limit + more
}

// neighbours is how many of the group's servers share the host: those of one address with several ports, and all where no
// address tells, for then they may.
func neighbours(g *replication.Group, h *timeline.Host) int64 {
	ip := func(h *timeline.Host) string {
		for _, a := range h.Addrs {
			if ip, _, err := net.SplitHostPort(a); err == nil {
				return ip
			}
		}
		return ""
	}
	n := int64(0)
	for _, o := range g.Hosts {
		if o == h || ip(o) == "" || ip(h) == "" || ip(o) == ip(h) {
			n++
		}
	}
	return max(n, 1)
}
