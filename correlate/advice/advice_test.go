package advice

import (
	"slices"
	"strings"
	"testing"

	"psyncope/correlate/cause"
	"psyncope/correlate/chain"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/fixtures/play"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

func advice(x *play.Play) []diagnosis.Recommendation {
	out := diagnosis.Incident{}
	out.Loop, out.Storm = x.In.Loop, x.In.Storm
	For(sizing.For(x.G, []*cause.Judged{x.In})).Give(x.In, &out)
	return out.Recommendations
}

// killed has the primary's child killed by SIGKILL.
func killed(x *play.Play) {
	e := x.Says(x.P, 101, message.DisklessTransferKilled, "Background transfer terminated by signal 9")
	e.Number, e.Means = 9, message.MeansOf(e.Kind, 9)
}

// Each fix is given where it helps, with its numbers, and withheld in a near miss.
func TestFixes(t *testing.T) {
	type want struct{ setting, to, command, why string }
	const none = "none"
	tests := []struct {
		name, kind, version string
		change              func(*play.Play)
		id                  string
		want                want // setting none: it must not be given
	}{
		{
			"a command with a better one", "slow-command", "7.0.15", func(x *play.Play) { play.Ran(x.P, 100, 10, "KEYS", "*"); play.With(x.P, "repl-timeout", "6") }, "avoid-slow-command",
			want{"KEYS", "SCAN", "redis-cli -h 10.0.0.1 -p 6379 ACL SETUSER default -keys", "called by 10.0.0.9:5000"},
		},
		{"before ACLs", "slow-command", "5.0.14", func(x *play.Play) { play.Ran(x.P, 100, 10, "KEYS", "*") }, "avoid-slow-command", want{"KEYS", "SCAN", `rename-command KEYS ""`, "10 s"}},
		{"a name that is no word", "slow-command", "7.0.15", func(x *play.Play) { play.Ran(x.P, 100, 10, "X;RM -RF", "") }, "avoid-slow-command", want{"X;RM -RF", "", "SLOWLOG GET", ""}},
		{"a script", "slow-script", "7.0.15", func(x *play.Play) { play.Ran(x.P, 100, 12, "EVAL", "while true do end 0") }, "bound-script", want{"script", "bounded", "SCRIPT KILL", "12 s"}},
		{"a function", "slow-script", "7.0.15", func(x *play.Play) { play.Ran(x.P, 100, 12, "FCALL", "f 0") }, "bound-script", want{"script", "bounded", "FUNCTION KILL", "12 s"}},
		{"no script to be seen", "slow-script", "7.0.15", nil, "bound-script", want{setting: none}},
		{
			"huge pages warned of", "fork-stall", "7.0.15", func(x *play.Play) { x.Says(x.P, 1, message.ThpWarning, "WARNING you have Transparent Huge Pages") }, "disable-thp",
			want{"transparent_hugepage", "never", "echo never > /sys/kernel/mm/transparent_hugepage/enabled", "its log says"},
		},
		{"a start without the warning", "fork-stall", "7.0.15", nil, "disable-thp", want{setting: none}},
		{"a disk that is well", "fork-stall", "6.2.16", func(x *play.Play) { play.With(x.P, "repl-diskless-sync", "no") }, "diskless-sync", want{setting: none}},
		{"diskless by default", "fork-stall", "7.0.15", nil, "diskless-sync", want{setting: none}},
		{"a disk that is full", "save-failed", "6.2.16", func(x *play.Play) { play.With(x.P, "repl-diskless-sync", "no") }, "diskless-sync", want{"repl-diskless-sync", "yes", "CONFIG REWRITE", "needs no disk"}},
		{"fsync always", "aof-fsync-stall", "7.0.15", func(x *play.Play) { play.With(x.P, "appendfsync", "always") }, "faster-fsync", want{"appendfsync", "everysec", "CONFIG SET appendfsync everysec", "waits for the disk"}},
		{"fsync during a rewrite", "aof-fsync-stall", "7.0.15", func(x *play.Play) {
			play.With(x.P, "appendfsync", "everysec")
			play.With(x.P, "no-appendfsync-on-rewrite", "no")
			x.P.Samples[1].AOFRewriting = 1
		}, "faster-fsync", want{"no-appendfsync-on-rewrite", "yes", "CONFIG SET no-appendfsync-on-rewrite yes", "same disk"}},
		{"a slow disk", "aof-fsync-stall", "7.0.15", func(x *play.Play) { play.With(x.P, "appendfsync", "everysec") }, "faster-fsync", want{"disk of the append-only file", "within a second", "iostat", ""}},
		{"a frozen host", "host-pause", "7.0.15", nil, "steady-host", want{"host", "no pauses", "vmstat", "nothing of its own"}},
		{"a broken path", "network-interruption", "7.0.15", nil, "check-path", want{"network path", "no breaks", "10.0.0.1", "redis-b"}},
		{"a backlog too small", "network-interruption", "7.0.15", nil, "raise-backlog", want{"repl-backlog-size", "3584kb", "redis-cli -h 10.0.0.1 -p 6379 CONFIG SET repl-backlog-size", "3,000,000 bytes"}},
		{"a backlog too small, valkey", "network-interruption", "valkey 8.0.1", nil, "raise-backlog", want{"repl-backlog-size", "3584kb", "valkey-cli -h 10.0.0.1", ""}},
		{"a backlog too small, cause unknown", "unknown", "7.0.15", nil, "raise-backlog", want{"repl-backlog-size", "3584kb", "CONFIG REWRITE", ""}},
		{"another id", "network-interruption", "7.0.15", func(x *play.Play) { x.T.Refusal = "replid-mismatch" }, "raise-backlog", want{setting: none}},
		{"nothing to continue from", "network-interruption", "7.0.15", func(x *play.Play) { x.T.Refusal, x.T.Asked, x.T.Offset = "fresh-replica", "full", -1 }, "raise-backlog", want{setting: none}},
		{"a partial resync", "network-interruption", "7.0.15", func(x *play.Play) { x.T.Refusal, x.T.Granted, x.T.Outcome = "", "partial", "partial" }, "raise-backlog", want{setting: none}},
		{"an output buffer", "output-buffer-overflow", "7.0.15", func(x *play.Play) {
			x.Fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=300000000 closed for overcoming of output buffer limits.", 300_000_000)
		}, "raise-backlog", want{setting: none}},
		{"a restart from an old dump", "replica-restart", "7.0.15", func(x *play.Play) { x.Restarts("gone") }, "raise-backlog", want{setting: none}},
		{"a password", "auth-failed", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{"a full disk", "save-failed", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{"a fork refused", "fork-failed", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{"a restarted primary", "primary-restart", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{
			"a silence longer than the timeout", "slow-command", "7.0.15", func(x *play.Play) { x.Silent("6"); play.Ran(x.P, 104, 10, "KEYS", "*"); x.P.FindStalls() }, "raise-repl-timeout",
			want{"repl-timeout", "20", "redis-cli -h 10.0.0.3 -p 6379 CONFIG SET repl-timeout", "repl-timeout is 6 s"},
		},
		{"a link that was closed", "slow-command", "7.0.15", func(x *play.Play) { play.With(x.P, "repl-timeout", "6") }, "raise-repl-timeout", want{setting: none}},
		{"a silence of an hour", "slow-command", "7.0.15", func(x *play.Play) { x.Silent("6"); x.T.At += 3600 * second }, "raise-repl-timeout", want{setting: none}},
		{"pings that come too late", "network-interruption", "7.0.15", func(x *play.Play) { x.Silent("10"); play.With(x.P, "repl-ping-replica-period", "9") }, "keepalive", want{"repl-ping-replica-period", "1", "CONFIG SET repl-ping-replica-period 1", "every 9 s"}},
		{"pings in time", "network-interruption", "7.0.15", func(x *play.Play) { x.Silent("60") }, "keepalive", want{setting: none}},
		{"no keepalives", "network-interruption", "7.0.15", func(x *play.Play) { x.Silent("60"); play.With(x.P, "tcp-keepalive", "0") }, "keepalive", want{"tcp-keepalive", "60", "CONFIG SET tcp-keepalive 60", ""}},
		{"closed at the hard limit", "output-buffer-overflow", "7.0.15", func(x *play.Play) {
			x.Fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=268500000 closed for overcoming of output buffer limits.", 268_500_000)
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "320mb", `CONFIG SET client-output-buffer-limit "replica 335544320 167772160 60"`, "268,500,000 bytes waiting"}},
		{"closed at the soft limit, 4.0", "output-buffer-overflow", "4.0.14", func(x *play.Play) {
			x.Fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=70000000 closed for overcoming of output buffer limits.", 70_000_000)
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "256mb 128mb 60", `"slave 268435456 134217728 60"`, "soft one"}},
		{"a limit below the backlog", "output-buffer-overflow", "7.0.15", func(x *play.Play) {
			play.With(x.P, "client-output-buffer-limit", "replica 524288 524288 5")
			x.Fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=1100000 closed for overcoming of output buffer limits.", 1_100_000)
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "mb", "", "below the backlog and ignored"}},
		{"no client closed", "output-buffer-overflow", "7.0.15", nil, "raise-output-buffer", want{setting: none}},
		{"a slow transfer", "sync-timeout", "7.0.15", nil, "speed-up-transfer", want{"repl-diskless-load", "on-empty-db", "redis-cli -h 10.0.0.2 -p 6379 CONFIG SET repl-diskless-load", "1 s"}},
		{"two channels", "sync-timeout", "valkey 8.0.1", nil, "speed-up-transfer", want{"dual-channel-replication-enabled", "yes", "CONFIG SET dual-channel-replication-enabled yes", ""}},
		{"no diskless load yet", "sync-timeout", "5.0.14", nil, "speed-up-transfer", want{"path and disk of full resyncs", "", "iostat", ""}},
		{"a slow command on the replica", "replica-stall", "7.0.15", func(x *play.Play) { play.Ran(x.B, 100, 14, "SORT", "list") }, "find-replica-stall", want{"SORT", "SORT on a replica", "redis-cli -h 10.0.0.2", "14 s"}},
		{"nothing in the replica's slowlog", "replica-stall", "7.0.15", nil, "find-replica-stall", want{"latency-monitor-threshold", "100", "CONFIG SET latency-monitor-threshold 100", ""}},
		{"a replica that was killed", "replica-restart", "7.0.15", func(x *play.Play) { x.Restarts("gone") }, "plan-restart", want{"restart", "SHUTDOWN SAVE", "redis-cli -h 10.0.0.2 -p 6379 SHUTDOWN SAVE", "without a word"}},
		{"a replica that did not restart", "replica-restart", "7.0.15", nil, "plan-restart", want{setting: none}},
		{"a restart without Sentinel", "primary-restart", "6.2.16", nil, "failover-first", want{"restart of the primary", "after a failover", "redis-cli -h 10.0.0.1 -p 6379 FAILOVER", ""}},
		{"a restart, before FAILOVER", "primary-restart", "4.0.14", nil, "failover-first", want{"restart of the primary", "", "SLAVEOF NO ONE", ""}},
		{"a restart with Sentinel", "primary-restart", "6.2.16", func(x *play.Play) {
			s := &timeline.Host{Name: "sentinel-1", Sentinel: true, Addrs: []string{"10.0.0.5:26379"}, Settings: map[string]timeline.Setting{}}
			x.Says(s, 101, message.SentinelOdown, "+odown master main 10.0.0.1 6379 #quorum 2/2")
			x.G.Sentinels = append(x.G.Sentinels, s)
		}, "failover-first", want{"restart of the primary", "", "redis-cli -h 10.0.0.5 -p 26379 SENTINEL FAILOVER main", ""}},
		{"a stop by a signal", "primary-restart", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 100, message.ShutdownSignal, "Received SIGTERM scheduling shutdown...")
		}, "save-on-shutdown", want{"shutdown-on-sigterm", "save", "CONFIG SET shutdown-on-sigterm save", "signal"}},
		{"a stop by a command", "primary-restart", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 100, message.ShutdownRequested, "User requested shutdown...")
		}, "save-on-shutdown", want{"restart of the primary", "SHUTDOWN SAVE", "# redis-cli -h 10.0.0.1 -p 6379 SHUTDOWN SAVE", "command"}},
		{"a stop that nobody saw", "primary-restart", "7.0.15", nil, "save-on-shutdown", want{setting: none}},
		{"a backlog that was freed", "network-interruption", "7.0.15", func(x *play.Play) {
			play.With(x.P, "repl-backlog-ttl", "5")
			x.T.Refusal = diagnosis.NoBacklog
			x.Says(x.P, 106, message.BacklogFreed, "Replication backlog freed after 5 seconds without connected replicas.")
		}, "raise-backlog-ttl", want{"repl-backlog-ttl", "3600", "CONFIG SET repl-backlog-ttl 3600", "freed its backlog after 5 s"}},
		{"a backlog that never was", "network-interruption", "7.0.15", func(x *play.Play) { x.T.Refusal = diagnosis.NoBacklog }, "raise-backlog-ttl", want{setting: none}},
		{"a partial resync larger than the limit, 6.2", "network-interruption", "6.2.16", func(x *play.Play) {
			play.With(x.P, "client-output-buffer-limit", "replica 2mb 2mb 60")
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "7mb 4mb 60", `"replica 7340032 4194304 60"`, "at once"}},
		{"the same from 7.0", "network-interruption", "7.0.15", func(x *play.Play) {
			play.With(x.P, "client-output-buffer-limit", "replica 2mb 2mb 60")
		}, "raise-output-buffer", want{setting: none}},
		{"no room under maxmemory", "network-interruption", "7.0.15", func(x *play.Play) {
			for i := range x.P.Samples {
				x.P.Samples[i].MaxMemory = 1<<30 + 1<<20
			}
		}, "raise-backlog", want{"repl-backlog-size", "3584kb", "CONFIG SET maxmemory 1076363264\n", "no room for it under maxmemory"}},
		{"no room on the host either", "network-interruption", "7.0.15", func(x *play.Play) {
			for i := range x.P.Samples {
				x.P.Samples[i].MaxMemory, x.P.Samples[i].TotalSystemMemory = 1<<30, 1<<30
			}
		}, "raise-backlog", want{setting: none}},
		{"a start that begins anew", "primary-restart", "6.2.16", nil, "save-on-shutdown", want{setting: none}},
		{"a start from the AOF", "primary-restart", "7.0.15", func(x *play.Play) { play.With(x.P, "appendonly", "yes") }, "save-on-shutdown", want{setting: none}},
		{"a crash report", "primary-crash", "7.0.15", func(x *play.Play) { x.Says(x.P, 100, message.CrashReportStart, "=== REDIS BUG REPORT START") }, "find-crash", want{"version", "latest", "INFO server", "crash report"}},
		{"a kill", "primary-crash", "7.0.15", nil, "find-crash", want{"crash", "cause", "oom-kill", "without a farewell"}},
		{"nobody to take over", "primary-crash", "7.0.15", nil, "use-sentinel", want{"failover", "Sentinel", "sentinel monitor main 10.0.0.1 6379 2", ""}},
		{"a cluster", "primary-crash", "7.0.15", func(x *play.Play) { x.P.Samples[0].Mode = "cluster" }, "use-sentinel", want{setting: none}},
		{"roles changed", "failover", "7.0.15", nil, "check-failover", want{"failover", "a known reason", "INFO replication", ""}},
		{"a failover that was asked for", "failover", "7.0.15", func(x *play.Play) {
			x.Says(x.B, 100, message.ClusterManualFailoverAccepted, "Manual failover user request accepted.")
		}, "check-failover", want{"failover", "announced", "INFO replication", "somebody asked"}},
		{"gone", "primary-down", "7.0.15", nil, "find-primary-log", want{"evidence", "log of redis-a", "journalctl", ""}},
		{"no quorum", "failover-stuck", "7.0.15", nil, "check-quorum", want{"quorum", "majority", "CLUSTER NODES", ""}},
		{"no memory for the fork", "fork-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 101, message.ForkFailedRdb, "Can't save in background: fork: Cannot allocate memory")
			x.Says(x.P, 1, message.OvercommitWarning, "WARNING overcommit_memory is set to 0!")
		}, "overcommit", want{"vm.overcommit_memory", "1", "sysctl vm.overcommit_memory=1", "warns"}},
		{"a start without the overcommit warning", "fork-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 101, message.ForkFailedRdb, "Can't save in background: fork: Cannot allocate memory")
		}, "overcommit", want{setting: none}},
		{"snapshots that fail for another reason", "save-failed", "7.0.15", func(x *play.Play) {
			x.Fails(message.SyncRdbWriteError, "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: Read-only file system", table.Null)
			x.Fails(message.SyncRdbWriteError, "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: Read-only file system", table.Null)
			x.Says(x.P, 1, message.OvercommitWarning, "WARNING overcommit_memory is set to 0!")
		}, "overcommit", want{setting: none}},
		{"snapshots that fail for want of memory", "save-failed", "7.0.15", func(x *play.Play) {
			x.Fails(message.SyncRdbWriteError, "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: No space left on device", table.Null)
			x.Fails(message.SyncRdbWriteError, "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: No space left on device", table.Null)
			x.Says(x.P, 101, message.ForkFailedRdb, "Can't save in background: fork: Cannot allocate memory")
			x.Says(x.P, 1, message.OvercommitWarning, "WARNING overcommit_memory is set to 0!")
		}, "overcommit", want{"vm.overcommit_memory", "1", "sysctl", ""}},
		{"a limit of processes", "fork-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 101, message.ForkFailedRdb, "Can't save in background: fork: Resource temporarily unavailable")
		}, "process-limit", want{"process limit", "more", "prlimit --pid", "and not of memory"}},
		{"a limit of processes is no want of memory", "fork-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 101, message.ForkFailedRdb, "Can't save in background: fork: Resource temporarily unavailable")
		}, "overcommit", want{setting: none}},
		{"data as large as the host", "fork-failed", "7.0.15", func(x *play.Play) { x.Memory(6<<30, 8<<30) }, "more-memory", want{"memory", "copy-on-write", "free -m", "6.0 GiB"}},
		{"a child that was killed", "save-failed", "7.0.15", func(x *play.Play) {
			killed(x)
		}, "more-memory", want{"memory", "copy-on-write", "oom-kill", "signal 9"}},
		{"a child that was killed has no want of disk", "save-failed", "7.0.15", func(x *play.Play) {
			killed(x)
		}, "free-disk", want{setting: none}},
		{"a disk that is full has no want of memory", "save-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 101, message.RdbSaveWriteError, "Write error saving DB on disk: No space left on device")
		}, "more-memory", want{setting: none}},
		{"memory to spare", "fork-failed", "7.0.15", nil, "more-memory", want{setting: none}},
		{"no space left", "save-failed", "7.0.15", func(x *play.Play) {
			play.With(x.P, "dir", "/var/lib/redis")
			x.Says(x.P, 101, message.RdbSaveWriteError, "Write error saving DB on disk: No space left on device")
		}, "free-disk", want{"disk space", "", "df -h /var/lib/redis", "No space left"}},
		{"a directory that is no word", "save-failed", "7.0.15", func(x *play.Play) { play.With(x.P, "dir", "/tmp/$(reboot)") }, "free-disk", want{"disk", "", "df -h DIR", ""}},
		{"a dump that does not load", "transfer-failed", "7.0.15", func(x *play.Play) { x.Fails(message.RdbLoadChecksum, "Wrong RDB checksum", table.Null) }, "check-rdb", want{"dump file", "", "redis-check-rdb", "checksum"}},
		{"a stream that is none", "transfer-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.B, 101, message.ReplStreamCorrupt, "WARNING: Receiving inline protocol from master, master stream corruption?")
		}, "check-stream", want{"version", "newest patch", "INFO server", "inline protocol"}},
		{"a stream that is none is no dump", "transfer-failed", "7.0.15", func(x *play.Play) {
			x.Says(x.B, 101, message.ReplStreamCorrupt, "WARNING: Receiving inline protocol from master, master stream corruption?")
		}, "check-rdb", want{setting: none}},
		{"a dump that does not load is no stream", "transfer-failed", "7.0.15", func(x *play.Play) { x.Fails(message.RdbLoadChecksum, "Wrong RDB checksum", table.Null) }, "check-stream", want{setting: none}},
		{"an old replica", "incompatible-version", "7.0.15", nil, "upgrade-replica", want{"version", "redis 7.0.15 or later", "INFO server", ""}},
		{"no password", "auth-failed", "7.0.15", func(x *play.Play) {
			x.Fails(message.PsyncBadReply, "Unexpected reply to PSYNC from master: -NOAUTH Authentication required.", table.Null)
		}, "set-masterauth", want{"masterauth", "password", `CONFIG SET masterauth "${PRIMARY_PASSWORD:?`, "NOAUTH"}},
		{"a user without the right", "auth-failed", "7.0.15", func(x *play.Play) {
			play.With(x.B, "masteruser", "repl")
			x.Fails(message.PsyncBadReply, "Unexpected reply to PSYNC from master: -NOPERM this user has no permissions to run the 'psync' command", table.Null)
		}, "set-masterauth", want{"ACL of the replication user", "+psync", "ACL SETUSER repl +psync +replconf +ping", ""}},
		{"a wrong address", "misconfigured", "7.0.15", nil, "check-topology", want{"replicaof", "", "REPLICAOF 10.0.0.1 6379", ""}},
		{"a command larger than the replica lets anybody send", "misconfigured", "6.2.16", func(x *play.Play) {
			play.With(x.B, "client-query-buffer-limit", "1mb")
			x.Says(x.B, 100, message.ClientQueryBufferLimit, "Closing client that reached max query buffer length: id=31 addr=10.0.0.1:6379 flags=M qbuf=1048577")
		}, "check-topology", want{"client-query-buffer-limit", "1gb", "CONFIG SET client-query-buffer-limit 1gb", "no client send a command that large"}},
		{"a client of its own that sent too much", "misconfigured", "6.2.16", func(x *play.Play) {
			x.Says(x.B, 100, message.ClientQueryBufferLimit, "Closing client that reached max query buffer length: id=31 addr=10.0.0.9:5000 flags=N qbuf=1048577")
		}, "check-topology", want{"replicaof", "", "REPLICAOF", ""}},
		{"a timeout below the pings", "misconfigured", "7.0.15", func(x *play.Play) {
			x.Silent("4")
			x.T.Refusal, x.T.Granted, x.T.Outcome = "", diagnosis.Partial, diagnosis.Partial
		}, "check-topology", want{"repl-timeout", "60", "CONFIG SET repl-timeout 60", "pings every 10 s only"}},
		{"a stranger", "intrusion", "7.0.15", nil, "lock-down", want{"access", "password", `requirepass "${NEW_PASSWORD:?`, ""}},
		{"no file descriptor left", "connection-exhaustion", "7.0.15", func(x *play.Play) {
			x.Says(x.P, 101, message.ClientAcceptError, "Accepting client connection: accept: Too many open files")
		}, "raise-maxclients", want{"open files (RLIMIT_NOFILE)", "20032", "prlimit --pid", "no file descriptor left"}},
		{"too many clients", "connection-exhaustion", "7.0.15", func(x *play.Play) { play.With(x.P, "maxclients", "50") }, "raise-maxclients", want{"maxclients", "100", "CONFIG SET maxclients 100", "limit of 50"}},
		{"a person", "admin-action", "7.0.15", nil, "ask-who", want{"change by a person", "", "ACL LOG", ""}},
	}
	given := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rs := advice(play.StageOf(tt.kind, tt.version, tt.change))
			i := slices.IndexFunc(rs, func(r diagnosis.Recommendation) bool { return r.ID == tt.id })
			if tt.want.setting == none {
				if i >= 0 {
					t.Fatalf("given: %+v", rs[i])
				}
				return
			}
			if i < 0 {
				t.Fatalf("%s is not among %+v", tt.id, rs)
			}
			given[tt.id] = true
			r := rs[i]
			if r.Setting != tt.want.setting || !strings.Contains(r.To, tt.want.to) || !strings.Contains(r.Command, tt.want.command) || !strings.Contains(r.Why, tt.want.why) {
				t.Errorf("got %+v\nwant %+v", r, tt.want)
			}
			if r.Instance == "" || r.Why == "" || r.Cost == "" || r.Command == "" {
				t.Errorf("not whole: %+v", r)
			}
		})
	}
	for _, f := range fixes {
		if !given[f.id] && f.id != "break-storm" {
			t.Errorf("no test shows that %s is given", f.id)
		}
	}
}

// Every cause's fixes exist, every fix is of use, and every cut names a rule.
func TestFixTable(t *testing.T) {
	known, cuts, used := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range fixes {
		if known[f.id] {
			t.Errorf("%s stands twice", f.id)
		}
		known[f.id] = true
		if text, ok := AdviceProse(f.id); !ok || !strings.Contains(text, f.prose) || f.prose == "" {
			t.Errorf("explain %s: %q", f.id, text)
		}
	}
	for _, i := range indicatorTable {
		if text, ok := AdviceProse(i.kind); !ok || !strings.Contains(text, i.prose) || i.prose == "" {
			t.Errorf("explain %s: %q", i.kind, text)
		}
	}
	for _, r := range chain.Rules {
		cuts[r.Name] = true
	}
	use := func(who string, ids []string) {
		for _, id := range ids {
			used[id] = true
			if !known[id] {
				t.Errorf("%s: no fix %s", who, id)
			}
		}
	}
	for _, c := range cause.All {
		use(string(c.Kind), c.Fix)
	}
	for _, l := range loopFixes {
		use(string(l.kind), l.fixes)
	}
	use("anyway", anyway)
	use("unnamed", unnamed)
	use("the plan", []string{"raise-backlog-ttl"}) // wherever a backlog helps
	for _, f := range fixes {
		if !used[f.id] {
			t.Errorf("nothing asks for %s", f.id)
		}
		if !cuts[f.cuts] {
			t.Errorf("%s cuts %q, which is no rule", f.id, f.cuts)
		}
	}
}

// On incidents that no backlog mends nothing says that one would have helped, whatever the logs say of the refusal.
func TestNoBacklogWhereItCannotHelp(t *testing.T) {
	for _, c := range cause.All {

		if slices.Contains(c.Fix, "raise-backlog") {
			continue
		}
		x := play.StageOf(string(c.Kind), "7.0.15", nil)
		for _, r := range advice(x) {
			if r.Setting == "repl-backlog-size" || strings.Contains(r.Why, "would have been partial") {
				t.Errorf("%s: %+v", c.Kind, r)
			}
		}
		var d diagnosis.Diagnosis
		sizing.Report(x.G, sizing.For(x.G, []*cause.Judged{x.In}), &d)
		if w := d.Sizing[0].WhatIf; w[len(w)-1].FullSyncs != w[0].FullSyncs {
			t.Errorf("%s: the curve falls: %+v", c.Kind, w)
		}
	}
}

// storm is one in which the replicas' forks, of as many seconds, cost each other their links.
func storm(t *testing.T, fork micros, refusal diagnosis.RefusalKind) *play.Play {
	x := play.StageOf("network-interruption", "7.0.15", func(x *play.Play) {
		for _, h := range x.G.Hosts {
			play.With(h, "repl-timeout", "6")
		}
		x.In.Outages = nil
		for i, h := range []*timeline.Host{x.B, x.C, x.B, x.C} {
			at := play.DayStart + micros(100+20*i)*second
			o := &replication.Outage{Replica: h, Server: x.P, Lost: at, Restored: at + 19*second, LostBy: replication.ReplicaLog}
			o.Tries = []*replication.Attempt{{At: at + 9*second, End: at + 19*second, Asked: diagnosis.Partial, Replid: play.PlayID, Offset: 5_000_001, Refusal: refusal, PrimaryOffset: 8_000_000 + int64(i)*1_000_000, Granted: diagnosis.Full, Outcome: diagnosis.Full, Count: 1, Server: x.P, ByPrimary: true}}
			x.In.Outages = append(x.In.Outages, o)
			f := timeline.Explanation{Kind: "fork-stall", Span: timeline.Span{From: at + 9*second, To: at + 19*second}, Exact: true, Summary: "a fork"}
			x.P.Stalls = append(x.P.Stalls, timeline.Stall{Span: f.Span, AtLeast: 10 * second, AtMost: fork, Because: []timeline.Explanation{f}})
		}
		x.O = x.In.Outages[0]
		x.In.End = x.In.Outages[3].Restored
	})
	l, storm := x.In.Loop, x.In.Storm
	if l == nil || !storm || l.Kind != diagnosis.ForkCascade {
		t.Fatalf("loop %+v", l)
	}
	return x
}

// A storm that a backlog or a timeout ends is ended by that, one step; the order of steps by hand is for one that nothing else ends.
func TestStorm(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fork    micros
		refusal diagnosis.RefusalKind
		first   string
	}{
		{"the first resync is spared", 10 * second, diagnosis.BacklogOverflow, "raise-backlog"},
		{"the forks are outlived", 10 * second, diagnosis.ReplidMismatch, "raise-repl-timeout"},
		{"neither", 500 * second, diagnosis.ReplidMismatch, "break-storm"},
	} {
		rs := advice(storm(t, tt.fork, tt.refusal))
		if len(rs) == 0 || rs[0].ID != tt.first {
			t.Fatalf("%s: first is %+v", tt.name, rs)
		}
		if n := slices.IndexFunc(rs, func(r diagnosis.Recommendation) bool { return r.ID == "break-storm" }); n > 0 || rs[0].Plan != (n < 0) {
			t.Errorf("%s: the group is taken apart as well: %+v", tt.name, rs)
		}
	}
}

// Nobody takes the group apart by pasting: the steps are to be taken by hand.
func TestBreakStorm(t *testing.T) {
	x := storm(t, 500*second, diagnosis.ReplidMismatch)
	rs := advice(x)
	if len(rs) == 0 || rs[0].ID != "break-storm" {
		t.Fatalf("first is %+v", rs)
	}
	want := []string{"redis-cli -h 10.0.0.3 -p 6379 REPLICAOF NO ONE", "CONFIG SET repl-timeout ", "redis-cli -h 10.0.0.1 -p 6379 INFO replication", "redis-cli -h 10.0.0.3 -p 6379 REPLICAOF"}
	at := 0
	for _, w := range want {
		i := strings.Index(rs[0].Command[at:], w)
		if i < 0 {
			t.Fatalf("no %q after byte %d of\n%s", w, at, rs[0].Command)
		}
		at += i
	}
	for line := range strings.Lines(rs[0].Command) {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("a line to be pasted: %q", line)
		}
	}
	// The second round is spared with the first: its own need is of no account.
	x = storm(t, 10*second, diagnosis.BacklogOverflow)
	var d diagnosis.Diagnosis
	sizing.Report(x.G, sizing.For(x.G, []*cause.Judged{x.In}), &d)
	w := d.Sizing[0].WhatIf
	if w[0].FullSyncs < 1 || w[1].FullSyncs != 0 || w[1].BacklogBytes != 3_000_000 {
		t.Errorf("curve %+v", w)
	}
}

// A command in a report is pasted by a tired person: what comes from the evidence cannot add to it.
func TestPlainWord(t *testing.T) {
	for s, want := range map[string]bool{"10.0.0.1": true, "redis-a.example": true, "fe80::1": true, "/var/lib/redis": true, "": false, "a b": false, "$(x)": false, "a;b": false, "`a`": false, "a\nb": false, "a'": false} {
		if got := plainWord(s); got != want {
			t.Errorf("plainWord(%q) = %v", s, got)
		}
	}
}
