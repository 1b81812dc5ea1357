package advice

import (
	"slices"
	"strings"
	"testing"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/fixtures/play"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Each indicator speaks where its threshold is met, with its number and its rows, and is silent just below.
func TestIndicators(t *testing.T) {
	each := func(f func(i int, s *timeline.Sample)) func(*play.Play) {
		return func(x *play.Play) {
			for i := range x.P.Samples {
				f(i, &x.P.Samples[i])
			}
		}
	}
	tests := []struct {
		name, kind string
		change     func(*play.Play)
		says       string // empty: it must be silent
	}{
		// 2,000,000 bytes in 10 s: 1 MiB lasts 5.2 s.
		{"a backlog shorter than repl-timeout", "backlog-headroom", func(x *play.Play) { play.With(x.P, "repl-timeout", "6") }, "holds 5.2 s"},
		{"a backlog longer than repl-timeout", "backlog-headroom", func(x *play.Play) { play.With(x.P, "repl-timeout", "5") }, ""},
		{"refusals", "partial-resyncs-refused", nil, "rose by 1"},
		{"no refusals", "partial-resyncs-refused", each(func(i int, s *timeline.Sample) { s.SyncPartialErr = 4 }), ""},
		{"refusals of another process", "partial-resyncs-refused", each(func(i int, s *timeline.Sample) {
			if i >= 3 {
				s.RunID = "other"
			}
		}), ""},
		{"half of the backlog", "backlog-nearly-used", func(x *play.Play) { x.Says(x.P, 110, message.PsyncAccepted, "sent").Bytes = 1 << 19 }, "50%"},
		{"less than half of the backlog", "backlog-nearly-used", func(x *play.Play) { x.Says(x.P, 110, message.PsyncAccepted, "sent").Bytes = 1<<19 - 1 }, ""},
		{"more than the default holds", "backlog-nearly-used", func(x *play.Play) {
			for i := range x.P.Samples {
				x.P.Samples[i].BacklogSize = table.Null
			}
			x.Says(x.P, 110, message.PsyncAccepted, "sent").Bytes = 2 << 20
		}, ""},
		{"a slow fork", "slow-fork", each(func(i int, s *timeline.Sample) { s.LatestForkMicros = 250_000 }), "0.2 s for each GB"},
		{"a fork of a large data set", "slow-fork", each(func(i int, s *timeline.Sample) { s.LatestForkMicros, s.UsedMemory = 250_000, 4<<30 }), ""},
		{"a short fork of little data", "slow-fork", each(func(i int, s *timeline.Sample) { s.LatestForkMicros, s.UsedMemory = 90_000, 1<<20 }), ""},
		{"half of the hard limit", "output-buffer-near-limit", func(x *play.Play) { x.Client("S", 128<<20) }, "50% of the hard limit"},
		{"over the soft limit", "output-buffer-near-limit", func(x *play.Play) { x.Client("S", 65<<20) }, "soft limit"},
		{"below the soft limit", "output-buffer-near-limit", func(x *play.Play) { x.Client("S", 60<<20) }, ""},
		{"another client's buffer", "output-buffer-near-limit", func(x *play.Play) { x.Client("N", 200<<20) }, ""},
		{"a limit below the backlog", "output-buffer-near-limit", func(x *play.Play) {
			play.With(x.P, "client-output-buffer-limit", "replica 100000 0 0")
			x.Client("S", 1<<19)
		}, "below the backlog and ignored"},
		{"a larger backlog", "setting-changed", each(func(i int, s *timeline.Sample) { s.BacklogSize = table.Int(1+15*(i/2)) << 20 }), "repl-backlog-size went from 1mb to 16mb"},
		{"the same backlog", "setting-changed", nil, ""},
		{"evictions after a larger backlog", "evictions", each(func(i int, s *timeline.Sample) {
			s.BacklogSize, s.EvictedKeys = table.Int(1+15*min(i/2, 1))<<20, table.Int(i/3)
		}), "likely because repl-backlog-size went from 1mb to 16mb"},
		{"evictions before it", "evictions", each(func(i int, s *timeline.Sample) {
			s.BacklogSize, s.EvictedKeys = table.Int(1+15*(i/4))<<20, table.Int(min(i, 1))
		}), "in the replication stream"},
		{"evictions after less maxmemory", "evictions", each(func(i int, s *timeline.Sample) {
			s.MaxMemory, s.EvictedKeys = table.Int(9-8*min(i/2, 1))<<20, table.Int(i/3)
		}), "likely because maxmemory went from 9mb to 1mb"},
		{"writes without memory", "writes-refused", func(x *play.Play) { x.Errors("errorstat_OOM", 3, 12) }, "12 writes were refused for want of memory"},
		{"of two processes", "writes-refused", func(x *play.Play) { x.Errors("errorstat_OOM", 12, 3) }, "15 writes were refused"},
		{"writes without replicas", "writes-refused", func(x *play.Play) { x.Errors("errorstat_NOREPLICAS", 1) }, "min-replicas-to-write"},
		{"another error", "writes-refused", func(x *play.Play) { x.Errors("errorstat_ERR", 3) }, ""},
		{"a lag of half the timeout", "replica-lag", func(x *play.Play) { x.Lag(30) }, "30 s"},
		{"a short lag", "replica-lag", func(x *play.Play) { x.Lag(29) }, ""},
		{"copies that fill the memory", "copy-on-write-near-memory", each(func(i int, s *timeline.Sample) { s.UsedMemoryRSS, s.RDBLastCow = 6<<30, 2<<30 }), "8.0 GiB"},
		{"copies that leave some", "copy-on-write-near-memory", each(func(i int, s *timeline.Sample) { s.UsedMemoryRSS, s.RDBLastCow = 6<<30, 1<<30 }), ""},
		{"no copies", "copy-on-write-near-memory", each(func(i int, s *timeline.Sample) { s.UsedMemoryRSS = 8 << 30 }), ""},
		{"a snapshot that failed", "snapshot-failing", each(func(i int, s *timeline.Sample) { s.RDBLastStatus = "err" }), "is err"},
		{"snapshots that work", "snapshot-failing", each(func(i int, s *timeline.Sample) { s.RDBLastStatus = "ok" }), ""},
		{"an AOF that is not written", "aof-errors", each(func(i int, s *timeline.Sample) { s.AOFLastWrite = "err" }), "aof_last_write_status is err"},
		{"a slow AOF", "aof-errors", each(func(i int, s *timeline.Sample) { s.AOFDelayedFsync = table.Int(i) }), "aof_delayed_fsync rose to 4"},
		{"words in the log", "aof-errors", func(x *play.Play) {
			x.Says(x.P, 99, message.AofFsyncSlow, "Asynchronous AOF fsync is taking too long")
		}, "1 time"},
		{"an AOF that works", "aof-errors", each(func(i int, s *timeline.Sample) { s.AOFLastWrite, s.AOFDelayedFsync = "ok", 3 }), ""},
		{"clients that wait", "blocked-clients", each(func(i int, s *timeline.Sample) { s.BlockedClients = table.Int(4 + 60*(i/4)) }), "rose to 64; the median is 4"},
		{"workers that always wait", "blocked-clients", each(func(i int, s *timeline.Sample) { s.BlockedClients = 64 }), ""},
		{"clients that grow", "connections-near-maxclients", each(func(i int, s *timeline.Sample) { s.ConnectedClients, s.MaxClients = table.Int(1000+1200*i), 10000 }), "5,800 clients"},
		{"clients that are steady", "connections-near-maxclients", each(func(i int, s *timeline.Sample) { s.ConnectedClients, s.MaxClients = 8000, 10000 }), ""},
		{"clients refused", "connections-near-maxclients", each(func(i int, s *timeline.Sample) { s.RejectedConnections = table.Int(i / 2) }), "maxclients is reached"},
		{"keys evicted", "evictions", each(func(i int, s *timeline.Sample) { s.EvictedKeys = table.Int(10 * i) }), "40 keys"},
		{"keys evicted before", "evictions", each(func(i int, s *timeline.Sample) { s.EvictedKeys = 10 }), ""},
		{"a command half as long as the timeout", "event-loop-stalls", func(x *play.Play) {
			play.With(x.P, "repl-timeout", "6")
			play.Ran(x.P, 400, 3, "KEYS", "*")
			x.P.FindStalls()
		}, "KEYS"},
		{"a shorter one", "event-loop-stalls", func(x *play.Play) {
			play.With(x.P, "repl-timeout", "6")
			play.Ran(x.P, 400, 2.9, "KEYS", "*")
			x.P.FindStalls()
		}, ""},
		{"one that an incident tells of", "event-loop-stalls", func(x *play.Play) {
			play.With(x.P, "repl-timeout", "6")
			play.Ran(x.P, 105, 10, "KEYS", "*")
			x.P.FindStalls()
		}, ""},
		{"a long turn", "event-loop-stalls", each(func(i int, s *timeline.Sample) { s.EventLoopMaxMicros = 31_000_000 }), "31 s"},
		{"huge pages", "thp-warning", func(x *play.Play) { x.Says(x.P, 1, message.ThpWarning, "THP") }, "said by redis-a"},
		{"no huge pages", "thp-warning", nil, ""},
		{"overcommit", "overcommit-warning", func(x *play.Play) {
			x.Says(x.B, 1, message.OvercommitWarning, "over")
			x.Says(x.C, 1, message.OvercommitWarning, "over")
		}, "said by redis-b and redis-c"},
	}
	spoken := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := play.StageOf("network-interruption", "7.0.15", tt.change)
			var d diagnosis.Diagnosis
			Indicators(x.G, sizing.For(x.G, []*cause.Judged{x.In}), &d, timeline.Options{})
			i := slices.IndexFunc(d.Notes, func(n diagnosis.Note) bool { return n.Kind == tt.kind })
			switch {
			case tt.says == "" && i >= 0:
				t.Errorf("says %+v", d.Notes[i])
			case tt.says != "" && i < 0:
				t.Errorf("silent; others: %+v", d.Notes)
			case i >= 0:
				spoken[tt.kind] = true
				if n := d.Notes[i]; !strings.Contains(n.Summary, tt.says) || len(n.Evidence) == 0 || n.Evidence[0].File == "" || n.Instance == "" {
					t.Errorf("says %+v, want %q", n, tt.says)
				}
			}
		})
	}
	for _, ind := range indicatorTable {
		if !spoken[ind.kind] {
			t.Errorf("no test shows %s", ind.kind)
		}
	}
}
