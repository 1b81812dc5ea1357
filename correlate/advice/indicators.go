package advice

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// indicator looks at one server's evidence for something that has not broken yet. It gives a number, the rows that say
// so, and a threshold with a reason: a setting of the server's, or the guide's factor of two.
type indicator struct {
	kind  string
	look  func(*view, *timeline.Host) (sign, bool)
	prose string // what `explain` prints
}

// view is what an indicator looks at beside the server itself: its group, and what the group's incidents would have taken.
type view struct {
	*replication.Group
	plan *sizing.Plan
}

// sign is what an indicator saw.
type sign struct {
	at       micros
	summary  string
	evidence []diagnosis.Evidence
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

// Indicators adds notes on what is not broken yet, on every server with evidence.
func Indicators(group *replication.Group, p *sizing.Plan, d *diagnosis.Diagnosis, o timeline.Options) {
	g := &view{Group: group, plan: p}
	for _, h := range g.Hosts {
		for _, ind := range indicatorTable {
			s, ok := ind.look(g, h)
			if !ok || s.at != unknown && !o.Tells(s.at, s.at) {
				continue
			}
			d.Notes = append(d.Notes, diagnosis.Note{Kind: ind.kind, Instance: h.Name, At: diagnosis.StampOf(s.at), Summary: s.summary, Evidence: append([]diagnosis.Evidence{}, s.evidence...)})
		}
	}
	for _, k := range kernelWarnings {
		var who []string
		var first *timeline.Event
		for _, h := range g.Hosts {
			w, _ := h.Warned(k.event)
			if w == nil || w.At != unknown && !o.Tells(w.At, w.At) {
				continue
			}
			who = append(who, h.Name)
			if first == nil || h == g.Primary {
				first = w
			}
		}
		if first != nil {
			d.Notes = append(d.Notes, diagnosis.Note{Kind: k.kind, Instance: first.Instance, At: diagnosis.StampOf(first.At), Summary: k.summary + "; said by " + diagnosis.List(who[:min(len(who), 6)]), Evidence: []diagnosis.Evidence{first.Evidence()}})
		}
	}
}

// backlogHeadroom: a silent link is given up after repl-timeout at the earliest, so a backlog that holds less than
// repl-timeout at the peak write rate loses the offset of every replica whose path only falls silent.
func backlogHeadroom(g *view, h *timeline.Host) (sign, bool) {
	r := g.plan.Rates
	if r.At != h || r.Peak <= 0 {
		return sign{}, false
	}
	size := r.To.BacklogSize.Or(0)
	if size == 0 {
		size = g.plan.Backlog
	}
	timeout := h.Duration("repl-timeout")
	holds := micros(float64(size) / r.Peak * float64(second))
	if size == 0 || timeout == 0 || holds >= timeout {
		return sign{}, false
	}
	return sign{
		r.To.At, fmt.Sprintf("at the peak write rate of %s/s the backlog of %s holds %s, and a silent link is only noticed after repl-timeout, %s", diagnosis.Amount(int64(r.Peak)), diagnosis.Amount(size), diagnosis.Length(holds), diagnosis.Length(timeout)),
		[]diagnosis.Evidence{r.From.Evidence("master_repl_offset:" + diagnosis.Itoa(int64(r.From.PrimaryOffset))), r.To.Evidence("master_repl_offset:"+diagnosis.Itoa(int64(r.To.PrimaryOffset)), "repl_backlog_size:"+diagnosis.Itoa(r.To.BacklogSize.Or(0)))},
	}, true
}

// partialErrRises: each is a full resync that a replica tried to avoid. It may rise without a link lost in the evidence:
// one that the dumps lie too far apart to show.
func partialErrRises(g *view, h *timeline.Host) (sign, bool) {
	n := int64(0)
	var from, to *timeline.Sample
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
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
		to.At, fmt.Sprintf("sync_partial_err rose by %s: as many replicas asked to continue and were refused", diagnosis.BytesOf(n)),
		[]diagnosis.Evidence{from.Evidence("sync_partial_err:" + diagnosis.Itoa(int64(from.SyncPartialErr))), to.Evidence("sync_partial_err:" + diagnosis.Itoa(int64(to.SyncPartialErr)))},
	}, true
}

// halfUsed: the guide's factor of two. A partial resync that used half of the backlog would have been refused after an
// outage twice as long.
const halfUsed = 2

func backlogNearlyUsed(g *view, h *timeline.Host) (sign, bool) {
	var best *timeline.Event
	size, n := int64(0), 0
	for i := range h.Events {
		e := &h.Events[i]
		if !e.Is(message.Accepts) || !e.Bytes.Known() {
			continue
		}
		has := int64(0)
		if s := h.LastSampleBefore(e.At); s != nil {
			has = s.BacklogSize.Or(0)
		}
		if has == 0 {
			var assumed bool
			if has, assumed, _ = h.Bytes("repl-backlog-size"); assumed && int64(e.Bytes) > has {
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
	return sign{best.At, fmt.Sprintf("a partial resync of %s used %s bytes of a backlog of %s, %.0f%%: an outage %.1f times as long would have cost a full one (%s of the capture used half or more)", replication.PeerName(best, g.Group), diagnosis.BytesOf(int64(best.Bytes)), diagnosis.Amount(size),
		100*float64(best.Bytes)/float64(size), max(float64(size)/float64(max(best.Bytes, 1)), 1), diagnosis.Plural(int64(n), "resync", "resyncs")), []diagnosis.Evidence{best.Evidence()}}, true
}

// A fork copies page tables: 10 to 20 ms for a GB of data on hardware and modern virtual machines; the guide to latency
// names 240 ms on old ones. Ten times the usual is worth a look, once it is long enough to be felt at all: a tenth of a
// second is what latency-monitor-threshold is mostly set to.
const (
	slowForkPerGB = second / 5
	feltFork      = second / 10
)

func slowFork(g *view, h *timeline.Host) (sign, bool) {
	var worst *timeline.Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if s.LatestForkMicros.Known() && (worst == nil || s.LatestForkMicros > worst.LatestForkMicros) {
			worst = s
		}
	}
	if worst == nil || worst.UsedMemory.Or(0) <= 0 {
		return sign{}, false
	}
	us := micros(worst.LatestForkMicros)
	perGB := micros(float64(us) * float64(1<<30) / float64(max(int64(worst.UsedMemory), 1<<20)))
	if us < feltFork || perGB < slowForkPerGB && us < h.Duration("repl-timeout")/2 {
		return sign{}, false
	}
	return sign{
		worst.At, fmt.Sprintf("the longest fork took %s with %s of data, %s for each GB; the main thread stands still for it, and the replicas wait %s", diagnosis.Length(us), diagnosis.Amount(int64(worst.UsedMemory)), diagnosis.Length(perGB), diagnosis.Length(h.Duration("repl-timeout"))),
		[]diagnosis.Evidence{worst.Evidence(fmt.Sprintf("latest_fork_usec:%d", us), fmt.Sprintf("used_memory:%d", worst.UsedMemory))},
	}, true
}

// outputBufferNear: half of the hard limit (the guide's factor), or the soft limit at all: it counts seconds from there.
func outputBufferNear(g *view, h *timeline.Host) (sign, bool) {
	hard, soft, secs, ok := h.ReplicaLimit()
	if !ok || hard == 0 && soft == 0 {
		return sign{}, false
	}
	ignored := ""
	if size := g.plan.Backlog; atLeast(h, 7, 0) && hard > 0 && hard < size {
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
	if omem == 0 && !atLeast(h, 7, 0) { // from 7.0 on it is what all replicas share
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

// replicaLag: a replica acknowledges every second and is closed after repl-timeout without; half of that is half the way.
func replicaLag(g *view, h *timeline.Host) (sign, bool) {
	timeout := h.Duration("repl-timeout")
	var worst *timeline.ReplicaRow
	for i := range h.Replicas {
		r := &h.Replicas[i]
		if r.State == "online" && r.LagSeconds.Known() && !g.told(timeline.Span{From: r.At, To: r.At}) && (worst == nil || r.LagSeconds > worst.LagSeconds) {
			worst = r
		}
	}
	if worst == nil || timeout == 0 || micros(worst.LagSeconds)*second*halfUsed < timeout || micros(worst.LagSeconds)*second < 2*second {
		return sign{}, false
	}
	return sign{
		worst.At, fmt.Sprintf("%s had not acknowledged for %d s; after repl-timeout, %s, it is closed", worst.Addr, worst.LagSeconds, diagnosis.Length(timeout)),
		[]diagnosis.Evidence{{File: worst.File, Line: worst.Line, Text: fmt.Sprintf("slave ip:port=%s state=online lag=%d", worst.Addr, worst.LagSeconds)}},
	}, true
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

// snapshotFailing: the next full resync over disk will fail as well.
func snapshotFailing(g *view, h *timeline.Host) (sign, bool) {
	for i := range h.Samples {
		if s := &h.Samples[i]; s.RDBLastStatus == "err" {
			return sign{s.At, "rdb_last_bgsave_status is err: the last snapshot could not be written, and a full resync over disk would meet the same", []diagnosis.Evidence{s.Evidence("rdb_last_bgsave_status:err")}}, true
		}
	}
	return sign{}, false
}

func aofErrors(g *view, h *timeline.Host) (sign, bool) {
	var out sign
	var say []string
	add := func(at micros, text string, ev diagnosis.Evidence) {
		if len(say) == 0 {
			out.at = at
		}
		say = append(say, text)
		out.evidence = append(out.evidence, ev)
	}
	for i := range h.Samples {
		if s := &h.Samples[i]; s.AOFLastWrite == "err" {
			add(s.At, "aof_last_write_status is err: the server refuses writes until it can write again", s.Evidence("aof_last_write_status:err"))
			break
		}
	}
	for i := range h.Samples {
		if s := &h.Samples[i]; s.AOFLastRewrite == "err" {
			add(s.At, "aof_last_bgrewrite_status is err", s.Evidence("aof_last_bgrewrite_status:err"))
			break
		}
	}
	n := int64(0)
	var first *timeline.Event
	for i := range h.Events {
		if e := &h.Events[i]; e.Is(message.FsyncTrouble) {
			n += e.Count.Or(1)
			if first == nil {
				first = e
			}
		}
	}
	if first != nil {
		add(first.At, fmt.Sprintf("the log complains of the append-only file %s: %q", diagnosis.Plural(n, "time", "times"), diagnosis.Shorten(first.Text, 100)), first.Evidence())
	}
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		if a.RunID == b.RunID && a.AOFDelayedFsync.Known() && b.AOFDelayedFsync > a.AOFDelayedFsync {
			last := &h.Samples[len(h.Samples)-1]
			add(b.At, fmt.Sprintf("aof_delayed_fsync rose to %d: each held a write for two seconds or more", last.AOFDelayedFsync.Or(int64(b.AOFDelayedFsync))), b.Evidence("aof_delayed_fsync:"+diagnosis.Itoa(int64(b.AOFDelayedFsync))))
			break
		}
	}
	out.summary = strings.Join(say, "; ")
	return out, len(say) > 0
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
	// A tenth left is what the guide calls near, with or without growth.
	if limit <= 0 || now+max(now-was, 0) < limit && now*10 < limit*9 {
		return sign{}, false
	}
	return sign{
		most.At, fmt.Sprintf("%s clients were connected of %s allowed, %s at the beginning; a replica that reconnects needs a place too", diagnosis.BytesOf(now), diagnosis.BytesOf(limit), diagnosis.BytesOf(was)),
		[]diagnosis.Evidence{first.Evidence("connected_clients:" + diagnosis.Itoa(was)), most.Evidence("connected_clients:"+diagnosis.Itoa(now), "maxclients:"+diagnosis.Itoa(limit))},
	}, true
}

func evictions(g *view, h *timeline.Host) (sign, bool) {
	n := int64(0)
	var from, to *timeline.Sample
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
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
		to.At, fmt.Sprintf("%s were evicted: maxmemory is reached, and each eviction is a DEL in the replication stream", diagnosis.Plural(n, "key", "keys")),
		[]diagnosis.Evidence{from.Evidence("evicted_keys:" + diagnosis.Itoa(int64(from.EvictedKeys))), to.Evidence("evicted_keys:" + diagnosis.Itoa(int64(to.EvictedKeys)))},
	}, true
}

// loopStalls: the event loop was held for half of repl-timeout or more, outside any incident; twice as long costs the
// links. eventloop_duration_max (7.2, INFO debug) shows it without naming the moment.
func loopStalls(g *view, h *timeline.Host) (sign, bool) {
	timeout := h.Duration("repl-timeout")
	if timeout == 0 {
		return sign{}, false
	}
	var worst *timeline.Stall
	n := int64(0)
	for i := range h.Stalls {
		st := &h.Stalls[i]
		// A hole between dumps may be the collector's: what held the server has to be known.
		if len(st.Because) == 0 || st.AtLeast*halfUsed < timeout || g.told(st.Span) {
			continue
		}
		n++
		if worst == nil || st.AtLeast > worst.AtLeast {
			worst = st
		}
	}
	if worst != nil {
		return sign{worst.From, fmt.Sprintf("the event loop was held %s for half of repl-timeout (%s) or longer; the longest, %s: %s", diagnosis.Plural(n, "time", "times"), diagnosis.Length(timeout), diagnosis.Length(worst.AtLeast), worst.Because[0].Summary), diagnosis.Few(worst.Because[0].Evidence, 2)}, true
	}
	var most *timeline.Sample
	for i := range h.Samples {
		if s := &h.Samples[i]; s.EventLoopMaxMicros.Known() && (most == nil || s.EventLoopMaxMicros > most.EventLoopMaxMicros) {
			most = s
		}
	}
	if most == nil || micros(most.EventLoopMaxMicros)*halfUsed < timeout || g.hasStall(h) {
		return sign{}, false
	}
	return sign{most.At, fmt.Sprintf("the longest turn of the event loop took %s, and the replicas wait %s", diagnosis.Length(micros(most.EventLoopMaxMicros)), diagnosis.Length(timeout)), []diagnosis.Evidence{most.Evidence(fmt.Sprintf("eventloop_duration_max:%d", most.EventLoopMaxMicros))}}, true
}

// told reports whether an incident covers the span: then it is in the chain already.
func (g *view) told(s timeline.Span) bool {
	for i := range g.plan.Accounts {
		in := g.plan.Accounts[i].In
		from := min(in.Start, in.Contact)
		if s.Overlaps(timeline.Span{From: from - 2*second, To: in.End}) {
			return true
		}
	}
	return false
}

// hasStall reports whether an incident knows of a stall of the host's: that is what the longest turn was.
func (g *view) hasStall(h *timeline.Host) bool {
	for i := range h.Stalls {
		if g.told(h.Stalls[i].Span) {
			return true
		}
	}
	return false
}
