package config

import (
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// known are settings that most servers have, under their names in table.Setting: what CONFIG GET *
// prints in redis 2.8 to 7.4 and valkey 8, and what only files have. They tell a configuration from
// other text, not a good one from a bad one: a setting that is not here is read all the same.
var known = strings.Fields(`
acl-pubsub-default aclfile acllog-max-len active-defrag-cycle-max active-defrag-cycle-min
active-defrag-ignore-bytes active-defrag-max-scan-fields active-defrag-threshold-lower
active-defrag-threshold-upper active-expire-effort activedefrag activerehashing always-show-logo
aof-disable-auto-gc aof-load-truncated aof-rewrite-cpulist aof-rewrite-incremental-fsync
aof-timestamp-enabled aof-use-rdb-preamble aof_rewrite_cpulist appenddirname appendfilename
appendfsync appendonly auto-aof-rewrite-min-size auto-aof-rewrite-percentage availability-zone
bgsave-cpulist bgsave_cpulist bind bind-source-addr bio-cpulist bio_cpulist busy-reply-threshold
client-output-buffer-limit client-query-buffer-limit cluster-allow-pubsubshard-when-down
cluster-allow-reads-when-down cluster-allow-replica-migration cluster-announce-bus-port
cluster-announce-client-ipv4 cluster-announce-client-ipv6 cluster-announce-hostname
cluster-announce-human-nodename cluster-announce-ip cluster-announce-port cluster-announce-tls-port
cluster-blacklist-ttl cluster-config-file cluster-enabled cluster-link-sendbuf-limit
cluster-migration-barrier cluster-node-timeout cluster-port cluster-preferred-endpoint-type
cluster-replica-no-failover cluster-replica-validity-factor cluster-require-full-coverage
cluster-slot-stats-enabled commandlog-large-reply-max-len commandlog-large-request-max-len
commandlog-reply-larger-than commandlog-request-larger-than crash-log-enabled crash-memcheck-enabled
daemonize databases dbfilename dir disable-thp dual-channel-replication-enabled dynamic-hz
enable-debug-command enable-module-command enable-protected-configs events-per-io-thread
extended-redis-compatibility gopher-enabled hash-max-listpack-entries hash-max-listpack-value
hash-max-ziplist-entries hash-max-ziplist-value hide-user-data-from-log hll-sparse-max-bytes hz
ignore-warnings include io-threads io-threads-do-reads jemalloc-bg-thread key-load-delay
latency-monitor-threshold latency-tracking latency-tracking-info-percentiles lazyfree-lazy-eviction
lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del lazyfree-lazy-user-flush
lfu-decay-time lfu-log-factor list-compress-depth list-max-listpack-size list-max-ziplist-entries
list-max-ziplist-size list-max-ziplist-value loadmodule locale-collate log-format
log-timestamp-format logfile loglevel lua-replicate-commands masterauth masteruser
max-new-connections-per-cycle max-new-tls-connections-per-cycle maxclients maxmemory
maxmemory-clients maxmemory-eviction-tenacity maxmemory-policy maxmemory-samples
min-replicas-max-lag min-replicas-to-write no-appendfsync-on-rewrite notify-keyspace-events
oom-score-adj oom-score-adj-values pidfile port prefetch-batch-max-size proc-title-template
propagation-error-behavior protected-mode proto-max-bulk-len rdb-del-sync-files rdb-key-save-delay
rdb-save-incremental-fsync rdbchecksum rdbcompression rename-command repl-backlog-size
repl-backlog-ttl repl-disable-tcp-nodelay repl-diskless-load repl-diskless-sync
repl-diskless-sync-delay repl-diskless-sync-max-replicas repl-ping-replica-period repl-rdb-channel
repl-timeout replica-announce-ip replica-announce-port replica-announced
replica-full-sync-buffer-limit replica-ignore-disk-write-errors replica-ignore-maxmemory
replica-lazy-flush replica-priority replica-read-only replica-serve-stale-data replicaof requirepass
sanitize-dump-payload save server-cpulist server_cpulist set-max-intset-entries
set-max-listpack-entries set-max-listpack-value set-proc-title shutdown-on-sigint
shutdown-on-sigterm shutdown-timeout slowlog-log-slower-than slowlog-max-len socket-mark-id
stop-writes-on-bgsave-error stream-node-max-bytes stream-node-max-entries supervised syslog-enabled
syslog-facility syslog-ident tcp-backlog tcp-keepalive timeout tls-auth-clients tls-ca-cert-dir
tls-ca-cert-file tls-cert-file tls-ciphers tls-ciphersuites tls-client-cert-file tls-client-key-file
tls-client-key-file-pass tls-cluster tls-dh-params-file tls-key-file tls-key-file-pass tls-port
tls-prefer-server-ciphers tls-protocols tls-replication tls-session-cache-size
tls-session-cache-timeout tls-session-caching tracking-table-max-keys unixsocket unixsocketgroup
unixsocketperm use-exit-on-panic user watchdog-period zset-max-listpack-entries
zset-max-listpack-value zset-max-ziplist-entries zset-max-ziplist-value`)

// ofSentinel are the second words of Sentinel's directives (redis 7.4.1 sentinel.c).
var ofSentinel = strings.Fields(`
announce-hostnames announce-ip announce-port auth-pass auth-user client-reconfig-script config-epoch
current-epoch deny-scripts-reconfig down-after-milliseconds failover-timeout known-replica
known-sentinel leader-epoch master-reboot-down-after-period monitor myid notification-script
parallel-syncs rename-command resolve-hostnames sentinel-pass sentinel-user`)

// isKnown reports whether a name, old or new, is one of known, or Sentinel's.
func isKnown(name string) bool {
	name = table.SettingName(name)
	if word, ok := strings.CutPrefix(name, "sentinel "); ok {
		return slices.Contains(ofSentinel, word)
	}
	_, ok := slices.BinarySearch(known, name)
	return ok
}

// IsSetting reports whether a line can be nothing but the name of a setting.
func IsSetting(line string) bool { return isKnown(line) && !isValueToo(line) }

// isValueToo tells names that are words a value may be.
func isValueToo(name string) bool {
	switch name {
	case "user", "include", "dir", "port", "bind", "timeout", "save":
		return true
	}
	return false
}

// isName reports whether s can be a setting's name: a letter, then letters, digits and -_.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !(s[i] >= '0' && s[i] <= '9' || s[i] == '-' || s[i] == '_' || s[i] == '.')) {
			return false
		}
	}
	return s != "" && len(s) <= 100
}

// Names lists the settings that are known by name. The slice is a copy.
func Names() []string { return slices.Clone(known) }
