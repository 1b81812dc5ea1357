package correlate

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/ingest/message"
)

// indicator looks at one server's evidence for something that has not broken yet. It gives a number, the rows that say
// so, and a threshold with a reason: a setting of the server's, or the guide's factor of two.
type indicator struct {
	kind  string
	look  func(*view, *host) (sign, bool)
	prose string // what `explain` prints
}

// view is what an indicator looks at beside the server itself: its group, and what the group's incidents would have taken.
type view struct {
	*group
	plan *plan
}

// sign is what an indicator saw.
type sign struct {
	at       micros
	summary  string
	evidence []Evidence
}

// indicatorTable is every leading indicator, in the guide's order.
var indicatorTable = []indicator{
	{
		"backlog-headroom", backlogHeadroom,
		"at the peak write rate the backlog holds less than repl-timeout: a path that only falls silent is noticed after that, and its replica's offset is gone by then.",
	},
	{
		"partial-resyncs-refused", partialErrRises,
		"sync_partial_err rose: each is a full resync that a replica tried to avoid, for a lost offset or an unknown id alike; the log says which.",
	},
	{
		"backlog-nearly-used", backlogNearlyUsed,
		"a partial resync used half of the backlog or more: an outage twice as long would have cost a full one.",
	},
	{
		"slow-fork", slowFork,
		"a fork took a tenth of a second or more, and ten times the usual for its data (10 to 20 ms a GB), or half of repl-timeout. The main thread stands still for it.",
	},
	{
		"output-buffer-near-limit", outputBufferNear,
		"a replica's output buffer held half of the hard limit, or more than the soft one. From 7.0 a hard limit below the backlog counts as the backlog's size.",
	},
	{
		"replica-lag", replicaLag,
		"a replica that was online had not acknowledged for half of repl-timeout; after all of it the primary closes the link.",
	},
	{
		"copy-on-write-near-memory", cowNear,
		"resident memory and what a child copied come to nine tenths of the host's memory: the next snapshot may meet the kernel's out-of-memory killer.",
	},
	{
		"snapshot-failing", snapshotFailing,
		"rdb_last_bgsave_status is err: a full resync over disk would fail as well.",
	},
	{
		"aof-errors", aofErrors,
		"the append-only file is not written as it should: its status is err, the log complains, or aof_delayed_fsync rises.",
	},
	{
		"blocked-clients", blockedClients,
		"blocked_clients rose to more than twice its median, and ten at least.",
	},
	{
		"connections-near-maxclients", connectionsNear,
		"connections were refused, a tenth of maxclients is left, or the growth seen in the capture reaches it once more. A replica that reconnects needs a place too.",
	},
	{
		"evictions", evictions,
		"evicted_keys rose: maxmemory is reached, and each eviction is a DEL in the replication stream.",
	},
	{
		"event-loop-stalls", loopStalls,
		"the event loop was held for half of repl-timeout or more outside any incident; twice as long costs the links.",
	},
}

// kernelWarnings are what servers say of their hosts at their start: mostly all of a group say it, so it is one note.
var kernelWarnings = []struct{ kind, event, summary string }{
	{"thp-warning", message.ThpWarning, "transparent huge pages are on: after a fork every write copies 2 MiB instead of 4 KiB (echo never > /sys/kernel/mm/transparent_hugepage/enabled)"},
	{"overcommit-warning", message.OvercommitWarning, "vm.overcommit_memory is not 1: the kernel may refuse the fork of a snapshot although there is memory (sysctl vm.overcommit_memory=1)"},
}

// indicators adds notes on what is not broken yet, on every server with evidence.
func indicators(group *group, p *plan, d *Diagnosis, o Options) {
	g := &view{group: group, plan: p}
	for _, h := range g.hosts {
		for _, ind := range indicatorTable {
			s, ok := ind.look(g, h)
			if !ok || s.at != unknown && !o.tells(s.at, s.at) {
				continue
			}
			d.Notes = append(d.Notes, Note{Kind: ind.kind, Instance: h.name, At: stampOf(s.at), Summary: s.summary, Evidence: append([]Evidence{}, s.evidence...)})
		}
	}
	for _, k := range kernelWarnings {
		var who []string
		var first *event
		for _, h := range g.hosts {
			w, _ := h.warned(k.event)
			if w == nil || w.at != unknown && !o.tells(w.at, w.at) {
				continue
			}
			who = append(who, h.name)
			if first == nil || h == g.primary {
				first = w
			}
		}
		if first != nil {
			d.Notes = append(d.Notes, Note{Kind: k.kind, Instance: first.Instance, At: stampOf(first.at), Summary: k.summary + "; said by " + list(who[:min(len(who), 6)]), Evidence: []Evidence{first.evidence()}})
		}
	}
}

// backlogHeadroom: a silent link is given up after repl-timeout at the earliest, so a backlog that holds less than
// repl-timeout at the peak write rate loses the offset of every replica whose path only falls silent.
func backlogHeadroom(g *view, h *host) (sign, bool) {
	r := g.plan.rates
	if r.at != h || r.peak <= 0 {
		return sign{}, false
	}
	size := r.to.BacklogSize.Or(0)
	if size == 0 {
		size = g.plan.backlog
	}
	timeout := h.duration("repl-timeout")
	holds := micros(float64(size) / r.peak * float64(second))
	if size == 0 || timeout == 0 || holds >= timeout {
		return sign{}, false
	}
	return sign{
		r.to.at, fmt.Sprintf("at the peak write rate of %s/s the backlog of %s holds %s, and a silent link is only noticed after repl-timeout, %s", amount(int64(r.peak)), amount(size), length(holds), length(timeout)),
		[]Evidence{r.from.evidence("master_repl_offset:" + itoa(int64(r.from.PrimaryOffset))), r.to.evidence("master_repl_offset:"+itoa(int64(r.to.PrimaryOffset)), "repl_backlog_size:"+itoa(r.to.BacklogSize.Or(0)))},
	}, true
}

// partialErrRises: each is a full resync that a replica tried to avoid. It may rise without a link lost in the evidence:
// one that the dumps lie too far apart to show.
func partialErrRises(g *view, h *host) (sign, bool) {
	n := int64(0)
	var from, to *sample
	for i := 1; i < len(h.samples); i++ {
		a, b := &h.samples[i-1], &h.samples[i]
		if a.RunID == b.RunID && a.SyncPartialErr.Known() && b.SyncPartialErr > a.SyncPartialErr {
			n += int64(b.SyncPartialErr - a.SyncPartialErr)
			if from == nil {
				from = a
			}
			to = b
		}
	}
	if n == 0 {
		return sign{}, false
	}
	return sign{
		to.at, fmt.Sprintf("sync_partial_err rose by %s: as many replicas asked to continue and were refused", bytesOf(n)),
		[]Evidence{from.evidence("sync_partial_err:" + itoa(int64(from.SyncPartialErr))), to.evidence("sync_partial_err:" + itoa(int64(to.SyncPartialErr)))},
	}, true
}

// halfUsed: the guide's factor of two. A partial resync that used half of the backlog would have been refused after an
// outage twice as long.
const halfUsed = 2

func backlogNearlyUsed(g *view, h *host) (sign, bool) {
	var best *event
	size, n := int64(0), 0
	for i := range h.events {
		e := &h.events[i]
		if e.Kind != message.PsyncAccepted || !e.Bytes.Known() {
			continue
		}
		has := int64(0)
		if s := h.lastSampleBefore(e.at); s != nil {
			has = s.BacklogSize.Or(0)
		}
		if has == 0 {
			var assumed bool
			if has, assumed, _ = h.bytes("repl-backlog-size"); assumed && int64(e.Bytes) > has {
				continue // it is larger than the default, but how large nothing tells
			}
		}
		if has <= 0 || int64(e.Bytes)*halfUsed < has {
			continue
		}
		n++
		if best == nil || e.Bytes > best.Bytes {
			best, size = e, has
		}
	}
	if best == nil {
		return sign{}, false
	}
	return sign{best.at, fmt.Sprintf("a partial resync of %s used %s bytes of a backlog of %s, %.0f%%: an outage %.1f times as long would have cost a full one (%s of the capture used half or more)", best.peerName(g.group), bytesOf(int64(best.Bytes)), amount(size),
		100*float64(best.Bytes)/float64(size), max(float64(size)/float64(max(best.Bytes, 1)), 1), plural(int64(n), "resync", "resyncs")), []Evidence{best.evidence()}}, true
}

// A fork copies page tables: 10 to 20 ms for a GB of data on hardware and modern virtual machines; the guide to latency
// names 240 ms on old ones. Ten times the usual is worth a look, once it is long enough to be felt at all: a tenth of a
// second is what latency-monitor-threshold is mostly set to.
const (
	slowForkPerGB = second / 5
	feltFork      = second / 10
)

func slowFork(g *view, h *host) (sign, bool) {
	var worst *sample
	for i := range h.samples {
		s := &h.samples[i]
		if s.LatestForkMicros.Known() && (worst == nil || s.LatestForkMicros > worst.LatestForkMicros) {
			worst = s
		}
	}
	if worst == nil || worst.UsedMemory.Or(0) <= 0 {
		return sign{}, false
	}
	us := micros(worst.LatestForkMicros)
	perGB := micros(float64(us) * float64(1<<30) / float64(max(int64(worst.UsedMemory), 1<<20)))
	if us < feltFork || perGB < slowForkPerGB && us < h.duration("repl-timeout")/2 {
		return sign{}, false
	}
	return sign{
		worst.at, fmt.Sprintf("the longest fork took %s with %s of data, %s for each GB; the main thread stands still for it, and the replicas wait %s", length(us), amount(int64(worst.UsedMemory)), length(perGB), length(h.duration("repl-timeout"))),
		[]Evidence{worst.evidence(fmt.Sprintf("latest_fork_usec:%d", us), fmt.Sprintf("used_memory:%d", worst.UsedMemory))},
	}, true
}

// outputBufferNear: half of the hard limit (the guide's factor), or the soft limit at all: it counts seconds from there.
func outputBufferNear(g *view, h *host) (sign, bool) {
	hard, soft, secs, ok := h.replicaLimit()
	if !ok || hard == 0 && soft == 0 {
		return sign{}, false
	}
	ignored := ""
	if size := g.plan.backlog; h.atLeast(7, 0) && hard > 0 && hard < size {
		ignored = fmt.Sprintf("; the setting of %s is below the backlog and ignored", sizeWord(hard))
		hard = size
	}
	at, omem, who, ev := unknown, int64(0), "", Evidence{}
	for i := range h.clients {
		c := &h.clients[i]
		if strings.Contains(c.Flags, "S") && c.Omem.Or(0) > omem {
			at, omem, who = h.clock.server(c.At), int64(c.Omem), c.Addr
			ev = Evidence{File: c.File, Line: c.Line, Text: fmt.Sprintf("addr=%s flags=%s omem=%d", c.Addr, c.Flags, c.Omem)}
		}
	}
	what := "the output buffer of the replica " + who
	if omem == 0 && !h.atLeast(7, 0) { // from 7.0 on it is what all replicas share
		for i := range h.samples {
			s := &h.samples[i]
			if s.ConnectedReplicas.Or(0) == 1 && s.MemClientsSlaves.Or(0) > omem {
				at, omem, what = s.at, int64(s.MemClientsSlaves), "the replica's output buffer"
				ev = s.evidence("mem_clients_slaves:" + itoa(omem))
			}
		}
	}
	switch {
	case hard > 0 && omem*halfUsed >= hard:
		return sign{at, fmt.Sprintf("%s held %s bytes, %.0f%% of the hard limit of %s%s", what, bytesOf(omem), 100*float64(omem)/float64(hard), amount(hard), ignored), []Evidence{ev}}, true
	case soft > 0 && omem >= soft:
		return sign{at, fmt.Sprintf("%s held %s bytes, over the soft limit of %s: after %d s it is closed", what, bytesOf(omem), amount(soft), secs), []Evidence{ev}}, true
	}
	return sign{}, false
}

// replicaLag: a replica acknowledges every second and is closed after repl-timeout without; half of that is half the way.
func replicaLag(g *view, h *host) (sign, bool) {
	timeout := h.duration("repl-timeout")
	var worst *replicaRow
	for i := range h.replicas {
		r := &h.replicas[i]
		if r.State == "online" && r.LagSeconds.Known() && !g.told(span{from: r.at, to: r.at}) && (worst == nil || r.LagSeconds > worst.LagSeconds) {
			worst = r
		}
	}
	if worst == nil || timeout == 0 || micros(worst.LagSeconds)*second*halfUsed < timeout || micros(worst.LagSeconds)*second < 2*second {
		return sign{}, false
	}
	return sign{
		worst.at, fmt.Sprintf("%s had not acknowledged for %d s; after repl-timeout, %s, it is closed", worst.Addr, worst.LagSeconds, length(timeout)),
		[]Evidence{{File: worst.File, Line: worst.Line, Text: fmt.Sprintf("slave ip:port=%s state=online lag=%d", worst.Addr, worst.LagSeconds)}},
	}, true
}

// cowNear: what is resident and what the last child copied must both fit in the host's memory while the next child runs;
// beyond nine tenths the kernel swaps, or kills.
func cowNear(g *view, h *host) (sign, bool) {
	var worst *sample
	most := int64(0)
	for i := range h.samples {
		s := &h.samples[i]
		if s.TotalSystemMemory.Or(0) <= 0 || !s.UsedMemoryRSS.Known() {
			continue
		}
		if n := int64(s.UsedMemoryRSS) + s.cow(); s.cow() > 0 && n > most {
			worst, most = s, n
		}
	}
	if worst == nil || most*10 < int64(worst.TotalSystemMemory)*9 {
		return sign{}, false
	}
	return sign{
		worst.at, fmt.Sprintf("resident memory and what a child copied come to %s of the host's %s: the next snapshot may meet the kernel's out-of-memory killer", amount(most), amount(int64(worst.TotalSystemMemory))),
		[]Evidence{worst.evidence(fmt.Sprintf("used_memory_rss:%d", worst.UsedMemoryRSS), fmt.Sprintf("cow:%d", worst.cow()), fmt.Sprintf("total_system_memory:%d", worst.TotalSystemMemory))},
	}, true
}

// cow is the most that a child copied, of the running one and the last of each kind.
func (s *sample) cow() int64 {
	return max(s.CurrentCow.Or(0), s.RDBLastCow.Or(0), s.AOFLastCow.Or(0))
}

// snapshotFailing: the next full resync over disk will fail as well.
func snapshotFailing(g *view, h *host) (sign, bool) {
	for i := range h.samples {
		if s := &h.samples[i]; s.RDBLastStatus == "err" {
			return sign{s.at, "rdb_last_bgsave_status is err: the last snapshot could not be written, and a full resync over disk would meet the same", []Evidence{s.evidence("rdb_last_bgsave_status:err")}}, true
		}
	}
	return sign{}, false
}

func aofErrors(g *view, h *host) (sign, bool) {
	var out sign
	var say []string
	add := func(at micros, text string, ev Evidence) {
		if len(say) == 0 {
			out.at = at
		}
		say = append(say, text)
		out.evidence = append(out.evidence, ev)
	}
	for i := range h.samples {
		if s := &h.samples[i]; s.AOFLastWrite == "err" {
			add(s.at, "aof_last_write_status is err: the server refuses writes until it can write again", s.evidence("aof_last_write_status:err"))
			break
		}
	}
	for i := range h.samples {
		if s := &h.samples[i]; s.AOFLastRewrite == "err" {
			add(s.at, "aof_last_bgrewrite_status is err", s.evidence("aof_last_bgrewrite_status:err"))
			break
		}
	}
	n := int64(0)
	var first *event
	for i := range h.events {
		if e := &h.events[i]; e.Kind == message.AofWriteError || e.Kind == message.AofFsyncSlow || e.Kind == message.AofFsyncFailed || e.Kind == message.AofShortWrite {
			n += e.Count.Or(1)
			if first == nil {
				first = e
			}
		}
	}
	if first != nil {
		add(first.at, fmt.Sprintf("the log complains of the append-only file %s: %q", plural(n, "time", "times"), shorten(first.Text, 100)), first.evidence())
	}
	for i := 1; i < len(h.samples); i++ {
		a, b := &h.samples[i-1], &h.samples[i]
		if a.RunID == b.RunID && a.AOFDelayedFsync.Known() && b.AOFDelayedFsync > a.AOFDelayedFsync {
			last := &h.samples[len(h.samples)-1]
			add(b.at, fmt.Sprintf("aof_delayed_fsync rose to %d: each held a write for two seconds or more", last.AOFDelayedFsync.Or(int64(b.AOFDelayedFsync))), b.evidence("aof_delayed_fsync:"+itoa(int64(b.AOFDelayedFsync))))
			break
		}
	}
	out.summary = strings.Join(say, "; ")
	return out, len(say) > 0
}

// blockedClients: workers that wait in BLPOP are many and steady; a number that doubles against its median is clients
// that wait for something that does not come (WAIT without acknowledgements, a paused server).
func blockedClients(g *view, h *host) (sign, bool) {
	var ns []int64
	var worst *sample
	for i := range h.samples {
		s := &h.samples[i]
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
	return sign{worst.at, fmt.Sprintf("blocked_clients rose to %d; the median is %d", worst.BlockedClients, mid), []Evidence{worst.evidence("blocked_clients:" + itoa(int64(worst.BlockedClients)))}}, true
}

// connectionsNear: connections that were refused, or a number that reaches maxclients if it grows once more by what it
// grew in the capture; a replica's reconnect needs one too.
func connectionsNear(g *view, h *host) (sign, bool) {
	var first, most *sample
	for i := range h.samples {
		s := &h.samples[i]
		if i > 0 && s.RejectedConnections.Known() && h.samples[i-1].RejectedConnections.Known() && s.RunID == h.samples[i-1].RunID && s.RejectedConnections > h.samples[i-1].RejectedConnections {
			return sign{s.at, fmt.Sprintf("rejected_connections rose to %d: maxclients is reached", s.RejectedConnections), []Evidence{h.samples[i-1].evidence("rejected_connections:" + itoa(int64(h.samples[i-1].RejectedConnections))), s.evidence("rejected_connections:" + itoa(int64(s.RejectedConnections)))}}, true
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
		limit, _, _ = h.bytes("maxclients")
	}
	now, was := int64(most.ConnectedClients), int64(first.ConnectedClients)
	// A tenth left is what the guide calls near, with or without growth.
	if limit <= 0 || now+max(now-was, 0) < limit && now*10 < limit*9 {
		return sign{}, false
	}
	return sign{
		most.at, fmt.Sprintf("%s clients were connected of %s allowed, %s at the beginning; a replica that reconnects needs a place too", bytesOf(now), bytesOf(limit), bytesOf(was)),
		[]Evidence{first.evidence("connected_clients:" + itoa(was)), most.evidence("connected_clients:"+itoa(now), "maxclients:"+itoa(limit))},
	}, true
}

func evictions(g *view, h *host) (sign, bool) {
	n := int64(0)
	var from, to *sample
	for i := 1; i < len(h.samples); i++ {
		a, b := &h.samples[i-1], &h.samples[i]
		if a.RunID == b.RunID && a.EvictedKeys.Known() && b.EvictedKeys > a.EvictedKeys {
			n += int64(b.EvictedKeys - a.EvictedKeys)
			if from == nil {
				from = a
			}
			to = b
		}
	}
	if n == 0 {
		return sign{}, false
	}
	return sign{
		to.at, fmt.Sprintf("%s were evicted: maxmemory is reached, and each eviction is a DEL in the replication stream", plural(n, "key", "keys")),
		[]Evidence{from.evidence("evicted_keys:" + itoa(int64(from.EvictedKeys))), to.evidence("evicted_keys:" + itoa(int64(to.EvictedKeys)))},
	}, true
}

// loopStalls: the event loop was held for half of repl-timeout or more, outside any incident; twice as long costs the
// links. eventloop_duration_max (7.2, INFO debug) shows it without naming the moment.
func loopStalls(g *view, h *host) (sign, bool) {
	timeout := h.duration("repl-timeout")
	if timeout == 0 {
		return sign{}, false
	}
	var worst *stall
	n := int64(0)
	for i := range h.stalls {
		st := &h.stalls[i]
		// A hole between dumps may be the collector's: what held the server has to be known.
		if len(st.because) == 0 || st.atLeast*halfUsed < timeout || g.told(st.span) {
			continue
		}
		n++
		if worst == nil || st.atLeast > worst.atLeast {
			worst = st
		}
	}
	if worst != nil {
		return sign{worst.from, fmt.Sprintf("the event loop was held %s for half of repl-timeout (%s) or longer; the longest, %s: %s", plural(n, "time", "times"), length(timeout), length(worst.atLeast), worst.because[0].summary), few(worst.because[0].evidence, 2)}, true
	}
	var most *sample
	for i := range h.samples {
		if s := &h.samples[i]; s.EventLoopMaxMicros.Known() && (most == nil || s.EventLoopMaxMicros > most.EventLoopMaxMicros) {
			most = s
		}
	}
	if most == nil || micros(most.EventLoopMaxMicros)*halfUsed < timeout || g.hasStall(h) {
		return sign{}, false
	}
	return sign{most.at, fmt.Sprintf("the longest turn of the event loop took %s, and the replicas wait %s", length(micros(most.EventLoopMaxMicros)), length(timeout)), []Evidence{most.evidence(fmt.Sprintf("eventloop_duration_max:%d", most.EventLoopMaxMicros))}}, true
}

// told tells whether an incident covers the span: then it is in the chain already.
func (g *view) told(s span) bool {
	for i := range g.plan.accounts {
		in := g.plan.accounts[i].in
		from := min(in.start, in.contact)
		if s.overlaps(span{from: from - 2*second, to: in.end}) {
			return true
		}
	}
	return false
}

// hasStall tells whether an incident knows of a stall of the host's: that is what the longest turn was.
func (g *view) hasStall(h *host) bool {
	for i := range h.stalls {
		if g.told(h.stalls[i].span) {
			return true
		}
	}
	return false
}
