package advice

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// outputBufferNear: half of the hard limit, or the soft limit at all: it counts seconds from there.
func outputBufferNear(g *view, h *timeline.Host) (sign, bool) {
	hard, soft, secs, ok := h.ReplicaLimit()
	if !ok || hard == 0 && soft == 0 {
		return sign{}, false
	}
	ignored := ""
	if size := g.plan.Backlog; h.Can(timeline.SharesBuffers) && hard > 0 && hard < size {
		ignored = fmt.Sprintf("; the setting of %s is below the backlog and ignored", diagnosis.SizeWord(hard))
		hard = size
	}
	at, omem, who, ev := unknown, int64(0), "", diagnosis.Evidence{}
	for i := range h.Clients {
		c := &h.Clients[i]
		if strings.Contains(c.Flags, "S") && c.Omem.Or(0) > omem {
			at, omem, who = h.Clock.Server(c.At), int64(c.Omem), c.Addr
			ev = diagnosis.Evidence{File: c.File, Line: c.Line, Text: fmt.Sprintf("addr=%s flags=%s omem=%d", c.Addr, c.Flags, c.Omem)}
		}
	}
	what := "the output buffer of the replica " + who
	if omem == 0 && !h.Can(timeline.SharesBuffers) { // from 7.0 on it is what all replicas share
		for i := range h.Samples {
			s := &h.Samples[i]
			if s.ConnectedReplicas.Or(0) == 1 && s.MemClientsSlaves.Or(0) > omem {
				at, omem, what = s.At, int64(s.MemClientsSlaves), "the replica's output buffer"
				ev = s.Evidence("mem_clients_slaves:" + diagnosis.Itoa(omem))
			}
		}
	}
	switch {
	case hard > 0 && omem*halfUsed >= hard:
		return sign{at, fmt.Sprintf("%s held %s bytes, %.0f%% of the hard limit of %s%s", what, diagnosis.BytesOf(omem), 100*float64(omem)/float64(hard), diagnosis.Amount(hard), ignored), []diagnosis.Evidence{ev}}, true
	case soft > 0 && omem >= soft:
		return sign{at, fmt.Sprintf("%s held %s bytes, over the soft limit of %s: after %d s it is closed", what, diagnosis.BytesOf(omem), diagnosis.Amount(soft), secs), []diagnosis.Evidence{ev}}, true
	}
	return sign{}, false
}

// cowNear: what is resident and what the last child copied must both fit in the host's memory while the next child runs;
// beyond nine tenths the kernel swaps, or kills.
func cowNear(g *view, h *timeline.Host) (sign, bool) {
	var worst *timeline.Sample
	most := int64(0)
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.TotalSystemMemory.Or(0) <= 0 || !s.UsedMemoryRSS.Known() {
			continue
		}
		if n := int64(s.UsedMemoryRSS) + s.Cow(); s.Cow() > 0 && n > most {
			worst, most = s, n
		}
	}
	if worst == nil || most*10 < int64(worst.TotalSystemMemory)*9 {
		return sign{}, false
	}
	return sign{
		worst.At, fmt.Sprintf("resident memory and what a child copied come to %s of the host's %s: the next snapshot may meet the kernel's out-of-memory killer", diagnosis.Amount(most), diagnosis.Amount(int64(worst.TotalSystemMemory))),
		[]diagnosis.Evidence{worst.Evidence(fmt.Sprintf("used_memory_rss:%d", worst.UsedMemoryRSS), fmt.Sprintf("cow:%d", worst.Cow()), fmt.Sprintf("total_system_memory:%d", worst.TotalSystemMemory))},
	}, true
}

func evictions(g *view, h *timeline.Host) (sign, bool) {
	n, from, to := h.Rise(func(s *timeline.Sample) table.Int { return s.EvictedKeys })
	if n == 0 {
		return sign{}, false
	}
	return sign{
		to.At, fmt.Sprintf("%s were evicted: maxmemory is reached, and each eviction is a DEL in the replication stream", diagnosis.Plural(n, "key", "keys")) + lessRoom(h, from.At),
		[]diagnosis.Evidence{from.Evidence("evicted_keys:" + diagnosis.Itoa(int64(from.EvictedKeys))), to.Evidence("evicted_keys:" + diagnosis.Itoa(int64(to.EvictedKeys)))},
	}, true
}

// refusedWrites are the errors with which a server answers writes that it does not take (redis 6.2 server.c processCommand; INFO errorstats
// counts them since 6.2).
var refusedWrites = []struct{ name, why string }{
	{"errorstat_OOM", "for want of memory under maxmemory"},
	{"errorstat_MISCONF", "while its snapshots fail (stop-writes-on-bgsave-error)"},
	{"errorstat_NOREPLICAS", "for want of good replicas (min-replicas-to-write)"},
}

// writesRefused: each is a write that some client wanted and did not get.
func writesRefused(g *view, h *timeline.Host) (sign, bool) {
	for _, r := range refusedWrites {
		var first, last *timeline.Statistic
		n := int64(0)
		for i := range h.Stats {
			s := &h.Stats[i]
			if s.Name != r.name || s.Calls.Or(0) <= 0 {
				continue
			}
			if first == nil {
				first = s
			}
			if last == nil || s.Calls < last.Calls {
				n += int64(s.Calls) // the first, or a process begins anew
			} else {
				n += int64(s.Calls - last.Calls)
			}
			last = s
		}
		if first == nil {
			continue
		}
		more := ""
		if r.name == "errorstat_OOM" {
			more = lessRoom(h, first.At)
		}
		out := sign{last.At, fmt.Sprintf("%s refused %s", diagnosis.Plural(n, "write was", "writes were"), r.why) + more, nil}
		for _, s := range [...]*timeline.Statistic{first, last} {
			out.evidence = append(out.evidence, diagnosis.Evidence{File: s.File, Line: s.Line, Text: fmt.Sprintf("%s:count=%d", s.Name, s.Calls)})
		}
		return out, true
	}
	return sign{}, false
}

// lessRoom names the change of a setting that left the data less room, where one came before.
func lessRoom(h *timeline.Host, before micros) string {
	why := ""
	for _, c := range h.Changes() {
		if c.Before.At <= before && (c.Name == "repl-backlog-size" && !c.Less || c.Name == "maxmemory" && c.Less) {
			why = fmt.Sprintf("; likely because %s went from %s to %s by %s: ", c.Name, c.From, c.To, diagnosis.ClockTime(c.At.At))
			if c.Name == "repl-backlog-size" {
				why += "the backlog counts against maxmemory"
			} else {
				why += "what was there before does not fit any more"
			}
		}
	}
	return why
}

// settingChanged: what was different before explains what is different now.
func settingChanged(g *view, h *timeline.Host) (sign, bool) {
	cs := h.Changes()
	if len(cs) == 0 {
		return sign{}, false
	}
	out := sign{at: cs[0].At.At}
	var words []string
	const most = 6
	for i, c := range cs {
		if i == most {
			words = append(words, fmt.Sprintf("%d more", len(cs)-i))
			break
		}
		words = append(words, fmt.Sprintf("%s went from %s to %s between %s and %s", c.Name, c.From, c.To, diagnosis.ClockTime(c.Before.At), diagnosis.ClockTime(c.At.At)))
		out.evidence = append(out.evidence, c.Before.Evidence(c.Name+" "+c.From), c.At.Evidence(c.Name+" "+c.To))
	}
	out.summary = strings.Join(words, "; ")
	return out, true
}

// connectionsNear: connections that were refused, or a number that reaches maxclients if it grows once more by what it
// grew in the capture; a replica's reconnect needs one too.
func connectionsNear(g *view, h *timeline.Host) (sign, bool) {
	var first, most *timeline.Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if i > 0 && s.RejectedConnections.Known() && h.Samples[i-1].RejectedConnections.Known() && s.RunID == h.Samples[i-1].RunID && s.RejectedConnections > h.Samples[i-1].RejectedConnections {
			return sign{s.At, fmt.Sprintf("rejected_connections rose to %d: maxclients is reached", s.RejectedConnections), []diagnosis.Evidence{h.Samples[i-1].Evidence("rejected_connections:" + diagnosis.Itoa(int64(h.Samples[i-1].RejectedConnections))), s.Evidence("rejected_connections:" + diagnosis.Itoa(int64(s.RejectedConnections)))}}, true
		}
		if !s.ConnectedClients.Known() {
			continue
		}
		if first == nil {
			first = s
		}
		if most == nil || s.ConnectedClients > most.ConnectedClients {
			most = s
		}
	}
	if most == nil {
		return sign{}, false
	}
	limit := most.MaxClients.Or(0)
	if limit == 0 {
		limit, _, _ = h.Bytes("maxclients")
	}
	now, was := int64(most.ConnectedClients), int64(first.ConnectedClients)
	// A tenth left is near, with or without growth.
	if limit <= 0 || now+max(now-was, 0) < limit && now*10 < limit*9 {
		return sign{}, false
	}
	return sign{
		most.At, fmt.Sprintf("%s clients were connected of %s allowed, %s at the beginning; a replica that reconnects needs a place too", diagnosis.BytesOf(now), diagnosis.BytesOf(limit), diagnosis.BytesOf(was)),
		[]diagnosis.Evidence{first.Evidence("connected_clients:" + diagnosis.Itoa(was)), most.Evidence("connected_clients:"+diagnosis.Itoa(now), "maxclients:"+diagnosis.Itoa(limit))},
	}, true
}

// blockedClients: workers that wait in BLPOP are many and steady; a number that doubles against its median is clients
// that wait for something that does not come (WAIT without acknowledgements, a paused server).
func blockedClients(g *view, h *timeline.Host) (sign, bool) {
	var ns []int64
	var worst *timeline.Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if !s.BlockedClients.Known() {
			continue
		}
		ns = append(ns, int64(s.BlockedClients))
		if worst == nil || s.BlockedClients > worst.BlockedClients {
			worst = s
		}
	}
	const few = 10 // a handful may come and go
	if len(ns) < 3 || int64(worst.BlockedClients) < few {
		return sign{}, false
	}
	slices.Sort(ns)
	mid := ns[len(ns)/2]
	if int64(worst.BlockedClients) <= mid*halfUsed {
		return sign{}, false
	}
	return sign{worst.At, fmt.Sprintf("blocked_clients rose to %d; the median is %d", worst.BlockedClients, mid), []diagnosis.Evidence{worst.Evidence("blocked_clients:" + diagnosis.Itoa(int64(worst.BlockedClients)))}}, true
}
