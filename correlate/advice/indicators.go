package advice

import (
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// indicator looks at one server's evidence for something that has not broken yet. It gives a number, the rows that say
// so, and a threshold with a reason: a setting of the server's, or half of what costs a link: the next one may be twice as long.
type indicator struct {
	kind  string
	look  func(*view, *timeline.Host) (sign, bool)
	prose string // what `explain` prints
}

// indicatorTable is every leading indicator, the backlog's first.
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
		"writes-refused", writesRefused,
		"the server answered writes with an error: OOM (maxmemory is reached and nothing may be evicted), MISCONF (its snapshots fail) or NOREPLICAS (min-replicas-to-write). INFO errorstats counts them since 6.2.",
	},
	{
		"setting-changed", settingChanged,
		"INFO shows a setting with another value than before: repl-backlog-size, maxmemory, maxmemory-policy, maxclients. What refused writes or evicted keys after it is told with it.",
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
