package correlate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// blank is a row that says nothing: its numbers are Null, as a parser leaves what an artifact does not say.
func blank[R any]() R {
	var r R
	v := reflect.ValueOf(&r).Elem()
	var fill func(reflect.Value)
	fill = func(v reflect.Value) {
		for i := range v.NumField() {
			f := v.Field(i)
			if !f.CanSet() {
				continue
			}
			switch f.Interface().(type) {
			case table.Int, table.Micros:
				f.SetInt(table.Null)
			case table.Float:
				f.SetFloat(float64(table.NoFloat()))
			case table.Origin:
				fill(f)
			}
		}
	}
	fill(v)
	return r
}

// play is an incident set up by hand: a primary, two replicas, and one outage of the first.
type play struct {
	g       *group
	p, b, c *host
	in      *judged
	o       *outage
	t       *attempt
}

const (
	playID   = "0123456789abcdef0123456789abcdef01234567"
	playRun  = "89abcdef0123456789abcdef0123456789abcdef"
	dayStart = 1_795_000_000 * second
)

// stageOf plays an outage from second 100 to 110: the replica asks for byte 5,000,001 when the primary is at 8,000,000
// and has a backlog of 1 MiB.
func stageOf(kind string, version string, change func(*play)) *play {
	mk := func(name, addr string) *host {
		h := &host{name: name, settings: map[string]setting{}, addrs: []string{addr}}
		return h
	}
	x := &play{p: mk("redis-a", "10.0.0.1:6379"), b: mk("redis-b", "10.0.0.2:6379"), c: mk("redis-c", "10.0.0.3:6379")}
	x.g = &group{id: "redis-a", hosts: []*host{x.p, x.b, x.c}, primary: x.p, byAddr: map[string]*host{"10.0.0.1:6379": x.p, "10.0.0.2:6379": x.b, "10.0.0.3:6379": x.c}}
	flavor := "redis"
	if v, ok := strings.CutPrefix(version, "valkey "); ok {
		flavor, version = "valkey", v
	}
	for i := range 5 {
		for _, h := range x.g.hosts {
			s := blank[sample]()
			s.at = dayStart + micros(90+10*i)*second
			s.Instance, s.File, s.Line = h.name, h.name+"/info.log", int32(1+i)
			s.Version, s.Flavor, s.RunID, s.ReplID, s.Dated = version, flavor, playRun, playID, "server_time"
			s.UsedMemory, s.UsedMemoryRSS, s.TotalSystemMemory = 1<<30, 1<<30, 8<<30
			s.Role = "slave"
			if h == x.p {
				s.Role, s.PrimaryOffset, s.BacklogSize, s.BacklogActive, s.BacklogHistlen = "master", table.Int(4_000_000+2_000_000*i), 1<<20, 1, 1<<20
				s.SyncFull, s.SyncPartialOK, s.SyncPartialErr = 2, 0, 0
				if i >= 3 {
					s.SyncFull, s.SyncPartialErr = 3, 1
				}
			}
			h.samples = append(h.samples, s)
		}
	}
	start := blank[table.Event]()
	start.Instance, start.File, start.Line, start.Kind, start.Role, start.PID = "redis-a", "redis-a/redis.log", 1, message.ServerStarting, "M", 1
	x.p.events = []event{{Event: start, at: dayStart, last: dayStart}}
	x.t = &attempt{
		at: dayStart + 110*second, end: dayStart + 111*second, asked: "partial", replid: playID, offset: 5_000_001, refusal: "backlog-overflow", primaryOffset: 8_000_000,
		granted: "full", outcome: "full", count: 1, server: x.p, byPrimary: true, byReplica: true,
	}
	x.o = &outage{replica: x.b, server: x.p, lost: dayStart + 100*second, restored: dayStart + 111*second, lostBy: replicaLog, tries: []*attempt{x.t}}
	x.in = &judged{incident: &incident{g: x.g, outages: []*outage{x.o}, start: x.o.lost, end: x.o.restored}}
	x.p.lives, x.b.lives = []life{{span: span{from: unknown, to: unknown}}}, []life{{span: span{from: unknown, to: unknown}}}
	if kind != "unknown" {
		x.in.verdict = verdict{best: &hypothesis{cause: causeOf(kind), suspect: x.p}, p: 0.9}
		if causeOf(kind).on != onPrimary {
			x.in.verdict.best.suspect = x.b
		}
	}
	if change != nil {
		change(x)
	}
	x.in.close()
	x.g.links = x.in.outages
	return x
}

func causeOf(kind string) *Cause {
	for i := range causes {
		if causes[i].Kind == kind {
			return &causes[i]
		}
	}
	panic("no cause " + kind)
}

// says adds a line to a host's log.
func (x *play) says(h *host, at float64, kind, text string) *event {
	e := blank[table.Event]()
	e.Instance, e.File, e.Line, e.Kind, e.Role, e.PID, e.Text, e.Count = h.name, h.name+"/redis.log", int32(len(h.events)+1), kind, "M", 1, text, 1
	t := dayStart + micros(at*1e6)
	h.events = append(h.events, event{Event: e, at: t, last: t})
	slices.SortStableFunc(h.events, func(a, b event) int { return int(a.at - b.at) })
	for i := range h.events {
		if h.events[i].at == t && h.events[i].Text == text {
			return &h.events[i]
		}
	}
	return nil
}

// fails adds a failed try to the outage.
func (x *play) fails(kind, text string, bytes int64) {
	e := x.says(x.b, 105, kind, text)
	e.Bytes, e.Peer = table.Int(bytes), "10.0.0.2:6379"
	x.o.failures = append(x.o.failures, e)
}

// ran adds a slowlog entry that ends at this second.
func ran(h *host, end, seconds float64, name, args string) {
	c := blank[table.Command]()
	c.Instance, c.File, c.Line, c.Name, c.Args, c.Client, c.Micros = h.name, h.name+"/slowlog.json", 1, name, args, "10.0.0.9:5000", int64(seconds*1e6)
	e := dayStart + micros(end*1e6)
	h.commands = append(h.commands, command{Command: c, start: e - micros(seconds*1e6), end: e})
}

func (h *host) with(name, value string) {
	h.settings[name] = setting{Setting: table.Setting{Name: name, Value: value}}
}

// silent makes the loss a timeout of the replica's after a silence of that many seconds.
func (x *play) silent(timeout string) {
	for _, h := range x.g.hosts {
		h.with("repl-timeout", timeout)
	}
	x.o.timeoutByReplica = x.says(x.b, 100, message.PrimaryTimeout, "MASTER timeout: no data nor PING received...")
}

func (x *play) advice() []Recommendation {
	out := Incident{}
	out.Loop, out.Storm = x.in.loop, x.in.storm
	advise(x.in, x.g.planFor([]*judged{x.in}), &out)
	return out.Recommendations
}

// Each fix is given where it helps, with its numbers, and withheld in a near miss.
func TestFixes(t *testing.T) {
	type want struct{ setting, to, command, why string }
	const none = "none"
	tests := []struct {
		name, kind, version string
		change              func(*play)
		id                  string
		want                want // setting none: it must not be given
	}{
		{
			"a command with a better one", "slow-command", "7.0.15", func(x *play) { ran(x.p, 100, 10, "KEYS", "*"); x.p.with("repl-timeout", "6") }, "avoid-slow-command",
			want{"KEYS", "SCAN", "redis-cli -h 10.0.0.1 -p 6379 ACL SETUSER default -keys", "called by 10.0.0.9:5000"},
		},
		{"before ACLs", "slow-command", "5.0.14", func(x *play) { ran(x.p, 100, 10, "KEYS", "*") }, "avoid-slow-command", want{"KEYS", "SCAN", `rename-command KEYS ""`, "10 s"}},
		{"a name that is no word", "slow-command", "7.0.15", func(x *play) { ran(x.p, 100, 10, "X;RM -RF", "") }, "avoid-slow-command", want{"X;RM -RF", "", "SLOWLOG GET", ""}},
		{"a script", "slow-script", "7.0.15", func(x *play) { ran(x.p, 100, 12, "EVAL", "while true do end 0") }, "bound-script", want{"script", "bounded", "SCRIPT KILL", "12 s"}},
		{"a function", "slow-script", "7.0.15", func(x *play) { ran(x.p, 100, 12, "FCALL", "f 0") }, "bound-script", want{"script", "bounded", "FUNCTION KILL", "12 s"}},
		{"no script to be seen", "slow-script", "7.0.15", nil, "bound-script", want{setting: none}},
		{
			"huge pages warned of", "fork-stall", "7.0.15", func(x *play) { x.says(x.p, 1, message.ThpWarning, "WARNING you have Transparent Huge Pages") }, "disable-thp",
			want{"transparent_hugepage", "never", "echo never > /sys/kernel/mm/transparent_hugepage/enabled", "its log says"},
		},
		{"a start without the warning", "fork-stall", "7.0.15", nil, "disable-thp", want{setting: none}},
		{"disk for several replicas", "fork-stall", "6.2.16", func(x *play) {
			x.p.with("repl-diskless-sync", "no")
			o := *x.o
			o.replica, o.tries = x.c, nil
			x.in.outages = append(x.in.outages, &o)
		}, "diskless-sync", want{"repl-diskless-sync", "yes", "CONFIG SET repl-diskless-sync yes", "2 replicas"}},
		{"disk for one replica", "fork-stall", "6.2.16", func(x *play) { x.p.with("repl-diskless-sync", "no") }, "diskless-sync", want{setting: none}},
		{"diskless by default", "fork-stall", "7.0.15", nil, "diskless-sync", want{setting: none}},
		{"a disk that is full", "save-failed", "6.2.16", func(x *play) { x.p.with("repl-diskless-sync", "no") }, "diskless-sync", want{"repl-diskless-sync", "yes", "CONFIG REWRITE", "needs no disk"}},
		{"fsync always", "aof-fsync-stall", "7.0.15", func(x *play) { x.p.with("appendfsync", "always") }, "faster-fsync", want{"appendfsync", "everysec", "CONFIG SET appendfsync everysec", "waits for the disk"}},
		{"fsync during a rewrite", "aof-fsync-stall", "7.0.15", func(x *play) {
			x.p.with("appendfsync", "everysec")
			x.p.with("no-appendfsync-on-rewrite", "no")
			x.p.samples[1].AOFRewriting = 1
		}, "faster-fsync", want{"no-appendfsync-on-rewrite", "yes", "CONFIG SET no-appendfsync-on-rewrite yes", "same disk"}},
		{"a slow disk", "aof-fsync-stall", "7.0.15", func(x *play) { x.p.with("appendfsync", "everysec") }, "faster-fsync", want{"disk of the append-only file", "within a second", "iostat", ""}},
		{"a frozen host", "host-pause", "7.0.15", nil, "steady-host", want{"host", "no pauses", "vmstat", "nothing of its own"}},
		{"a broken path", "network-interruption", "7.0.15", nil, "check-path", want{"network path", "no breaks", "10.0.0.1", "redis-b"}},
		{"a backlog too small", "network-interruption", "7.0.15", nil, "raise-backlog", want{"repl-backlog-size", "mb", "redis-cli -h 10.0.0.1 -p 6379 CONFIG SET repl-backlog-size", "3,000,000 bytes"}},
		{"a backlog too small, valkey", "network-interruption", "valkey 8.0.1", nil, "raise-backlog", want{"repl-backlog-size", "mb", "valkey-cli -h 10.0.0.1", ""}},
		{"a backlog too small, cause unknown", "unknown", "7.0.15", nil, "raise-backlog", want{"repl-backlog-size", "mb", "CONFIG REWRITE", ""}},
		{"another id", "network-interruption", "7.0.15", func(x *play) { x.t.refusal = "replid-mismatch" }, "raise-backlog", want{setting: none}},
		{"nothing to continue from", "network-interruption", "7.0.15", func(x *play) { x.t.refusal, x.t.asked, x.t.offset = "fresh-replica", "full", -1 }, "raise-backlog", want{setting: none}},
		{"a partial resync", "network-interruption", "7.0.15", func(x *play) { x.t.refusal, x.t.granted, x.t.outcome = "", "partial", "partial" }, "raise-backlog", want{setting: none}},
		{"an output buffer", "output-buffer-overflow", "7.0.15", func(x *play) {
			x.fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=300000000 closed for overcoming of output buffer limits.", 300_000_000)
		}, "raise-backlog", want{setting: none}},
		{"a restart from an old dump", "replica-restart", "7.0.15", func(x *play) { x.restarts("gone") }, "raise-backlog", want{setting: none}},
		{"a password", "auth-failed", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{"a full disk", "save-failed", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{"a fork refused", "fork-failed", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{"a restarted primary", "primary-restart", "7.0.15", nil, "raise-backlog", want{setting: none}},
		{
			"a silence longer than the timeout", "slow-command", "7.0.15", func(x *play) { x.silent("6"); ran(x.p, 104, 10, "KEYS", "*"); x.p.findStalls() }, "raise-repl-timeout",
			want{"repl-timeout", "20", "redis-cli -h 10.0.0.3 -p 6379 CONFIG SET repl-timeout", "repl-timeout is 6 s"},
		},
		{"a link that was closed", "slow-command", "7.0.15", func(x *play) { x.p.with("repl-timeout", "6") }, "raise-repl-timeout", want{setting: none}},
		{"a silence of an hour", "slow-command", "7.0.15", func(x *play) { x.silent("6"); x.t.at += 3600 * second }, "raise-repl-timeout", want{setting: none}},
		{"pings that come too late", "network-interruption", "7.0.15", func(x *play) { x.silent("10"); x.p.with("repl-ping-replica-period", "9") }, "keepalive", want{"repl-ping-replica-period", "1", "CONFIG SET repl-ping-replica-period 1", "every 9 s"}},
		{"pings in time", "network-interruption", "7.0.15", func(x *play) { x.silent("60") }, "keepalive", want{setting: none}},
		{"no keepalives", "network-interruption", "7.0.15", func(x *play) { x.silent("60"); x.p.with("tcp-keepalive", "0") }, "keepalive", want{"tcp-keepalive", "60", "CONFIG SET tcp-keepalive 60", ""}},
		{"closed at the hard limit", "output-buffer-overflow", "7.0.15", func(x *play) {
			x.fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=268500000 closed for overcoming of output buffer limits.", 268_500_000)
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "576mb", `CONFIG SET client-output-buffer-limit "replica 603979776 301989888 60"`, "268,500,000 bytes waiting"}},
		{"closed at the soft limit, 4.0", "output-buffer-overflow", "4.0.14", func(x *play) {
			x.fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=70000000 closed for overcoming of output buffer limits.", 70_000_000)
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "256mb 128mb 60", `"slave 268435456 134217728 60"`, "soft one"}},
		{"a limit below the backlog", "output-buffer-overflow", "7.0.15", func(x *play) {
			x.p.with("client-output-buffer-limit", "replica 524288 524288 5")
			x.fails(message.ClientOutputBufferLimit, "Client id=7 addr=10.0.0.2:6379 flags=S omem=1100000 closed for overcoming of output buffer limits.", 1_100_000)
		}, "raise-output-buffer", want{"client-output-buffer-limit replica", "mb", "", "below the backlog and ignored"}},
		{"no client closed", "output-buffer-overflow", "7.0.15", nil, "raise-output-buffer", want{setting: none}},
		{"a slow transfer", "sync-timeout", "7.0.15", nil, "speed-up-transfer", want{"repl-diskless-load", "on-empty-db", "redis-cli -h 10.0.0.2 -p 6379 CONFIG SET repl-diskless-load", "1 s"}},
		{"two channels", "sync-timeout", "valkey 8.0.1", nil, "speed-up-transfer", want{"dual-channel-replication-enabled", "yes", "CONFIG SET dual-channel-replication-enabled yes", ""}},
		{"no diskless load yet", "sync-timeout", "5.0.14", nil, "speed-up-transfer", want{"path and disk of full resyncs", "", "iostat", ""}},
		{"a slow command on the replica", "replica-stall", "7.0.15", func(x *play) { ran(x.b, 100, 14, "SORT", "list") }, "find-replica-stall", want{"SORT", "SORT on a replica", "redis-cli -h 10.0.0.2", "14 s"}},
		{"nothing in the replica's slowlog", "replica-stall", "7.0.15", nil, "find-replica-stall", want{"latency-monitor-threshold", "100", "CONFIG SET latency-monitor-threshold 100", ""}},
		{"a replica that was killed", "replica-restart", "7.0.15", func(x *play) { x.restarts("gone") }, "plan-restart", want{"restart", "SHUTDOWN SAVE", "redis-cli -h 10.0.0.2 -p 6379 SHUTDOWN SAVE", "without a word"}},
		{"a replica that did not restart", "replica-restart", "7.0.15", nil, "plan-restart", want{setting: none}},
		{"a restart without Sentinel", "primary-restart", "6.2.16", nil, "failover-first", want{"restart of the primary", "after a failover", "redis-cli -h 10.0.0.1 -p 6379 FAILOVER", ""}},
		{"a restart, before FAILOVER", "primary-restart", "4.0.14", nil, "failover-first", want{"restart of the primary", "", "SLAVEOF NO ONE", ""}},
		{"a restart with Sentinel", "primary-restart", "6.2.16", func(x *play) {
			s := &host{name: "sentinel-1", sentinel: true, addrs: []string{"10.0.0.5:26379"}, settings: map[string]setting{}}
			x.says(s, 101, message.SentinelOdown, "+odown master main 10.0.0.1 6379 #quorum 2/2")
			x.g.sentinels = append(x.g.sentinels, s)
		}, "failover-first", want{"restart of the primary", "", "redis-cli -h 10.0.0.5 -p 26379 SENTINEL FAILOVER main", ""}},
		{"a stop without a snapshot", "primary-restart", "7.0.15", nil, "save-on-shutdown", want{"shutdown-on-sigterm", "save", "CONFIG SET shutdown-on-sigterm save", ""}},
		{"a start that begins anew", "primary-restart", "6.2.16", nil, "save-on-shutdown", want{setting: none}},
		{"a start from the AOF", "primary-restart", "7.0.15", func(x *play) { x.p.with("appendonly", "yes") }, "save-on-shutdown", want{setting: none}},
		{"a crash report", "primary-crash", "7.0.15", func(x *play) { x.says(x.p, 100, message.CrashReportStart, "=== REDIS BUG REPORT START") }, "find-crash", want{"version", "latest", "INFO server", "crash report"}},
		{"a kill", "primary-crash", "7.0.15", nil, "find-crash", want{"crash", "cause", "oom-kill", "without a farewell"}},
		{"nobody to take over", "primary-crash", "7.0.15", nil, "use-sentinel", want{"failover", "Sentinel", "sentinel monitor main 10.0.0.1 6379 2", ""}},
		{"a cluster", "primary-crash", "7.0.15", func(x *play) { x.p.samples[0].Mode = "cluster" }, "use-sentinel", want{setting: none}},
		{"roles changed", "failover", "7.0.15", nil, "check-failover", want{"failover", "a known reason", "INFO replication", ""}},
		{"a failover that was asked for", "failover", "7.0.15", func(x *play) {
			x.says(x.b, 100, message.ClusterManualFailoverAccepted, "Manual failover user request accepted.")
		}, "check-failover", want{"failover", "announced", "INFO replication", "somebody asked"}},
		{"gone", "primary-down", "7.0.15", nil, "find-primary-log", want{"evidence", "log of redis-a", "journalctl", ""}},
		{"no quorum", "failover-stuck", "7.0.15", nil, "check-quorum", want{"quorum", "majority", "CLUSTER NODES", ""}},
		{"no memory for the fork", "fork-failed", "7.0.15", func(x *play) {
			x.says(x.p, 101, message.ForkFailedRdb, "Can't save in background: fork: Cannot allocate memory")
			x.says(x.p, 1, message.OvercommitWarning, "WARNING overcommit_memory is set to 0!")
		}, "overcommit", want{"vm.overcommit_memory", "1", "sysctl vm.overcommit_memory=1", "warns"}},
		{"a start without the overcommit warning", "fork-failed", "7.0.15", func(x *play) {
			x.says(x.p, 101, message.ForkFailedRdb, "Can't save in background: fork: Cannot allocate memory")
		}, "overcommit", want{setting: none}},
		{"a limit of processes", "fork-failed", "7.0.15", func(x *play) {
			x.says(x.p, 101, message.ForkFailedRdb, "Can't save in background: fork: Resource temporarily unavailable")
		}, "process-limit", want{"process limit", "more", "prlimit --pid", "and not of memory"}},
		{"a limit of processes is no want of memory", "fork-failed", "7.0.15", func(x *play) {
			x.says(x.p, 101, message.ForkFailedRdb, "Can't save in background: fork: Resource temporarily unavailable")
		}, "overcommit", want{setting: none}},
		{"data as large as the host", "fork-failed", "7.0.15", func(x *play) { x.memory(6<<30, 8<<30) }, "more-memory", want{"memory", "copy-on-write", "free -m", "6.0 GiB"}},
		{"memory to spare", "fork-failed", "7.0.15", nil, "more-memory", want{setting: none}},
		{"no space left", "save-failed", "7.0.15", func(x *play) {
			x.p.with("dir", "/var/lib/redis")
			x.says(x.p, 101, message.RdbSaveWriteError, "Write error saving DB on disk: No space left on device")
		}, "free-disk", want{"disk space", "", "df -h /var/lib/redis", "No space left"}},
		{"a directory that is no word", "save-failed", "7.0.15", func(x *play) { x.p.with("dir", "/tmp/$(reboot)") }, "free-disk", want{"disk", "", "df -h DIR", ""}},
		{"a dump that does not load", "transfer-failed", "7.0.15", func(x *play) { x.fails(message.RdbLoadChecksum, "Wrong RDB checksum", table.Null) }, "check-rdb", want{"dump file", "", "redis-check-rdb", "checksum"}},
		{"an old replica", "incompatible-version", "7.0.15", nil, "upgrade-replica", want{"version", "redis 7.0.15 or later", "INFO server", ""}},
		{"no password", "auth-failed", "7.0.15", func(x *play) {
			x.fails(message.PsyncBadReply, "Unexpected reply to PSYNC from master: -NOAUTH Authentication required.", table.Null)
		}, "set-masterauth", want{"masterauth", "password", "CONFIG SET masterauth PASSWORD", "NOAUTH"}},
		{"a user without the right", "auth-failed", "7.0.15", func(x *play) {
			x.b.with("masteruser", "repl")
			x.fails(message.PsyncBadReply, "Unexpected reply to PSYNC from master: -NOPERM this user has no permissions to run the 'psync' command", table.Null)
		}, "set-masterauth", want{"ACL of the replication user", "+psync", "ACL SETUSER repl +psync +replconf +ping", ""}},
		{"a wrong address", "misconfigured", "7.0.15", nil, "check-topology", want{"replicaof", "", "REPLICAOF 10.0.0.1 6379", ""}},
		{"a stranger", "intrusion", "7.0.15", nil, "lock-down", want{"access", "password", "requirepass PASSWORD", ""}},
		{"too many clients", "connection-exhaustion", "7.0.15", func(x *play) { x.p.with("maxclients", "50") }, "raise-maxclients", want{"maxclients", "100", "CONFIG SET maxclients 100", "limit of 50"}},
		{"a person", "admin-action", "7.0.15", nil, "ask-who", want{"change by a person", "", "ACL LOG", ""}},
	}
	given := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rs := stageOf(tt.kind, tt.version, tt.change).advice()
			i := slices.IndexFunc(rs, func(r Recommendation) bool { return r.ID == tt.id })
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

// restarts makes the outage a restart of the replica, whose process ended like this; before it was at byte 7,000,000.
func (x *play) restarts(how string) {
	x.b.lives = []life{{span: span{from: unknown, to: x.o.lost}, how: how}, {span: span{from: x.o.lost + 5*second, to: unknown}}}
	x.o.restart = &x.b.lives[1]
	x.b.samples[0].ReplicaOffset = 7_000_000
}

func (x *play) memory(used, total int64) {
	for i := range x.p.samples {
		x.p.samples[i].UsedMemory, x.p.samples[i].TotalSystemMemory = table.Int(used), table.Int(total)
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
		if text, ok := adviceProse(f.id); !ok || !strings.Contains(text, f.prose) || f.prose == "" {
			t.Errorf("explain %s: %q", f.id, text)
		}
	}
	for _, i := range indicatorTable {
		if text, ok := adviceProse(i.kind); !ok || !strings.Contains(text, i.prose) || i.prose == "" {
			t.Errorf("explain %s: %q", i.kind, text)
		}
	}
	for _, r := range rules {
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
	for _, c := range causes {
		use(c.Kind, c.fix)
	}
	for _, l := range loopFixes {
		use(l.kind, l.fixes)
	}
	use("anyway", anyway)
	use("unnamed", unnamed)
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
	for i := range causes {
		c := &causes[i]
		if slices.Contains(c.fix, "raise-backlog") {
			continue
		}
		x := stageOf(c.Kind, "7.0.15", nil)
		for _, r := range x.advice() {
			if r.Setting == "repl-backlog-size" || strings.Contains(r.Why, "would have been partial") {
				t.Errorf("%s: %+v", c.Kind, r)
			}
		}
		var d Diagnosis
		x.g.size(&d, x.g.planFor([]*judged{x.in}))
		if w := d.Sizing[0].WhatIf; w[len(w)-1].FullSyncs != w[0].FullSyncs {
			t.Errorf("%s: the curve falls: %+v", c.Kind, w)
		}
	}
}

// A storm: the replicas' forks cost each other their links. The order of steps is told first.
func TestBreakStorm(t *testing.T) {
	x := stageOf("network-interruption", "7.0.15", func(x *play) {
		x.silent("6")
		x.in.outages = nil
		for i, h := range []*host{x.b, x.c, x.b, x.c} {
			at := dayStart + micros(100+20*i)*second
			o := &outage{replica: h, server: x.p, lost: at, restored: at + 19*second, lostBy: replicaLog, timeoutByReplica: x.o.timeoutByReplica}
			o.tries = []*attempt{{at: at + 9*second, end: at + 19*second, asked: "partial", replid: playID, offset: 5_000_001, refusal: "backlog-overflow", primaryOffset: 8_000_000 + int64(i)*1_000_000, granted: "full", outcome: "full", count: 1, server: x.p, byPrimary: true}}
			x.in.outages = append(x.in.outages, o)
			f := explanation{kind: "fork-stall", span: span{from: at + 9*second, to: at + 19*second}, exact: true, summary: "a fork"}
			x.p.stalls = append(x.p.stalls, stall{span: f.span, atLeast: 10 * second, atMost: 10 * second, because: []explanation{f}})
		}
		x.o = x.in.outages[0]
		x.in.end = x.in.outages[3].restored
	})
	l, storm := x.in.loop, x.in.storm
	if l == nil || !storm || l.Kind != "fork-cascade" {
		t.Fatalf("loop %+v", l)
	}
	rs := x.advice()
	if len(rs) == 0 || rs[0].ID != "break-storm" {
		t.Fatalf("first is %+v", rs)
	}
	want := []string{"redis-cli -h 10.0.0.3 -p 6379 REPLICAOF NO ONE", "CONFIG SET repl-timeout 20", "redis-cli -h 10.0.0.1 -p 6379 INFO replication", "redis-cli -h 10.0.0.3 -p 6379 REPLICAOF"}
	at := 0
	for _, w := range want {
		i := strings.Index(rs[0].Command[at:], w)
		if i < 0 {
			t.Fatalf("no %q after byte %d of\n%s", w, at, rs[0].Command)
		}
		at += i
	}
	// The second round is spared with the first: its own need is of no account.
	var d Diagnosis
	x.g.size(&d, x.g.planFor([]*judged{x.in}))
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

func ExampleExplain() {
	text, _ := Explain("backlog-overflow")
	fmt.Println(strings.SplitN(text, "\n", 2)[0])
	// Output: link-lost leads to partial-refused on the same link, when the replica's offset had left the backlog, or its id was unknown
}
