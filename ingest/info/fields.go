package info

import (
	"sync"

	"psyncope/ingest/table"
)

// state is the dump being read: the row itself, and the words that are joined into it at its end.
type state struct {
	table.Sample
	redisVersion, valkeyVersion string
	serverTime                  table.Int
}

// field is an INFO field that has a column.
type field struct {
	name string // as the server prints it
	// at is where its value goes: *table.Int, *table.Float or *string.
	at func(*state) any
	// last is true for fields that end a section in some release: only these are believed where the
	// input ends right behind them, without a line end.
	last bool
}

// fields is every INFO field with a column, in the order of Redis 7.4.1 server.c genRedisInfoString; names
// that older or other servers use for the same thing stand beside them. No dump has both of a pair.
var fields = []field{
	{name: "redis_version", at: func(s *state) any { return &s.redisVersion }},
	{name: "valkey_version", at: func(s *state) any { return &s.valkeyVersion }},
	{name: "redis_mode", at: func(s *state) any { return &s.Mode }},
	{name: "server_mode", at: func(s *state) any { return &s.Mode }}, // valkey 8.0
	{name: "process_id", at: func(s *state) any { return &s.ProcessID }},
	{name: "run_id", at: func(s *state) any { return &s.RunID }},
	{name: "tcp_port", at: func(s *state) any { return &s.TCPPort }},
	{name: "server_time_usec", at: func(s *state) any { return &s.serverTime }},
	{name: "uptime_in_seconds", at: func(s *state) any { return &s.Uptime }},
	{name: "lru_clock", at: func(s *state) any { return &s.LRUClock }},

	{name: "connected_clients", at: func(s *state) any { return &s.ConnectedClients }},
	{name: "maxclients", at: func(s *state) any { return &s.MaxClients }},
	{name: "client_recent_max_output_buffer", at: func(s *state) any { return &s.MaxOutputBuffer }},
	{name: "blocked_clients", at: func(s *state) any { return &s.BlockedClients }, last: true},

	{name: "used_memory", at: func(s *state) any { return &s.UsedMemory }},
	{name: "used_memory_rss", at: func(s *state) any { return &s.UsedMemoryRSS }},
	{name: "used_memory_peak", at: func(s *state) any { return &s.UsedMemoryPeak }},
	{name: "total_system_memory", at: func(s *state) any { return &s.TotalSystemMemory }},
	{name: "maxmemory", at: func(s *state) any { return &s.MaxMemory }},
	{name: "mem_replication_backlog", at: func(s *state) any { return &s.MemReplicationBacklog }},
	{name: "mem_total_replication_buffers", at: func(s *state) any { return &s.MemTotalReplication }},
	{name: "mem_clients_slaves", at: func(s *state) any { return &s.MemClientsSlaves }},

	{name: "loading", at: func(s *state) any { return &s.Loading }},
	{name: "async_loading", at: func(s *state) any { return &s.AsyncLoading }},
	{name: "current_cow_size", at: func(s *state) any { return &s.CurrentCow }},
	{name: "rdb_changes_since_last_save", at: func(s *state) any { return &s.RDBChanges }},
	{name: "changes_since_last_save", at: func(s *state) any { return &s.RDBChanges }}, // until 2.4
	{name: "rdb_bgsave_in_progress", at: func(s *state) any { return &s.RDBInProgress }},
	{name: "bgsave_in_progress", at: func(s *state) any { return &s.RDBInProgress }}, // until 2.4
	{name: "rdb_last_save_time", at: func(s *state) any { return &s.RDBLastSave }},
	{name: "last_save_time", at: func(s *state) any { return &s.RDBLastSave }}, // until 2.4
	{name: "rdb_last_bgsave_status", at: func(s *state) any { return &s.RDBLastStatus }},
	{name: "rdb_last_bgsave_time_sec", at: func(s *state) any { return &s.RDBLastSeconds }},
	{name: "rdb_current_bgsave_time_sec", at: func(s *state) any { return &s.RDBCurrentSeconds }},
	{name: "rdb_saves", at: func(s *state) any { return &s.RDBSaves }},
	{name: "rdb_last_cow_size", at: func(s *state) any { return &s.RDBLastCow }},
	{name: "aof_enabled", at: func(s *state) any { return &s.AOFEnabled }},
	{name: "aof_rewrite_in_progress", at: func(s *state) any { return &s.AOFRewriting }},
	{name: "bgrewriteaof_in_progress", at: func(s *state) any { return &s.AOFRewriting }}, // until 2.4
	{name: "aof_last_bgrewrite_status", at: func(s *state) any { return &s.AOFLastRewrite }},
	{name: "aof_last_write_status", at: func(s *state) any { return &s.AOFLastWrite }, last: true},
	{name: "aof_last_cow_size", at: func(s *state) any { return &s.AOFLastCow }, last: true},
	{name: "aof_pending_bio_fsync", at: func(s *state) any { return &s.AOFPendingFsync }},
	{name: "aof_delayed_fsync", at: func(s *state) any { return &s.AOFDelayedFsync }, last: true},

	{name: "total_connections_received", at: func(s *state) any { return &s.ConnectionsReceived }},
	{name: "total_commands_processed", at: func(s *state) any { return &s.CommandsProcessed }},
	{name: "instantaneous_ops_per_sec", at: func(s *state) any { return &s.OpsPerSecond }},
	{name: "total_net_input_bytes", at: func(s *state) any { return &s.NetInput }},
	{name: "total_net_output_bytes", at: func(s *state) any { return &s.NetOutput }},
	{name: "rejected_connections", at: func(s *state) any { return &s.RejectedConnections }},
	{name: "sync_full", at: func(s *state) any { return &s.SyncFull }},
	{name: "sync_partial_ok", at: func(s *state) any { return &s.SyncPartialOK }},
	{name: "sync_partial_err", at: func(s *state) any { return &s.SyncPartialErr }},
	{name: "evicted_keys", at: func(s *state) any { return &s.EvictedKeys }},
	{name: "latest_fork_usec", at: func(s *state) any { return &s.LatestForkMicros }},
	{name: "total_forks", at: func(s *state) any { return &s.TotalForks }},
	{name: "total_error_replies", at: func(s *state) any { return &s.ErrorReplies }},
	{name: "client_output_buffer_limit_disconnections", at: func(s *state) any { return &s.OutputLimitDrops }},
	{name: "instantaneous_eventloop_duration_usec", at: func(s *state) any { return &s.EventLoopMicros }},
	{name: "acl_access_denied_auth", at: func(s *state) any { return &s.DeniedAuth }},

	{name: "role", at: func(s *state) any { return &s.Role }},
	{name: "master_host", at: func(s *state) any { return &s.PrimaryHost }},
	{name: "master_port", at: func(s *state) any { return &s.PrimaryPort }},
	{name: "master_link_status", at: func(s *state) any { return &s.LinkStatus }},
	{name: "master_last_io_seconds_ago", at: func(s *state) any { return &s.LastIOSeconds }},
	{name: "master_sync_in_progress", at: func(s *state) any { return &s.SyncInProgress }},
	{name: "slave_read_repl_offset", at: func(s *state) any { return &s.ReplicaReadOffset }},
	{name: "slave_repl_offset", at: func(s *state) any { return &s.ReplicaOffset }},
	{name: "master_sync_left_bytes", at: func(s *state) any { return &s.SyncLeftBytes }},
	{name: "master_link_down_since_seconds", at: func(s *state) any { return &s.LinkDownSeconds }},
	{name: "slave_priority", at: func(s *state) any { return &s.ReplicaPriority }},
	{name: "connected_slaves", at: func(s *state) any { return &s.ConnectedReplicas }, last: true},
	{name: "master_failover_state", at: func(s *state) any { return &s.FailoverState }},
	{name: "master_replid", at: func(s *state) any { return &s.ReplID }},
	{name: "master_replid2", at: func(s *state) any { return &s.ReplID2 }},
	{name: "master_repl_offset", at: func(s *state) any { return &s.PrimaryOffset }},
	{name: "second_repl_offset", at: func(s *state) any { return &s.SecondOffset }},
	{name: "repl_backlog_active", at: func(s *state) any { return &s.BacklogActive }},
	{name: "repl_backlog_size", at: func(s *state) any { return &s.BacklogSize }},
	{name: "repl_backlog_first_byte_offset", at: func(s *state) any { return &s.BacklogFirst }},
	{name: "repl_backlog_histlen", at: func(s *state) any { return &s.BacklogHistlen }, last: true},

	{name: "used_cpu_sys", at: func(s *state) any { return &s.CPUSys }},
	{name: "used_cpu_user", at: func(s *state) any { return &s.CPUUser }},

	{name: "eventloop_duration_max", at: func(s *state) any { return &s.EventLoopMaxMicros }},
}

// index is how fields are found by name. It is made once: files are told apart by the thousand.
var index = sync.OnceValue(func() (x struct {
	numbers map[string]uint16 // by name, from 1
	twins   []uint16          // by number: that of the field that has the same column under another name, or 0
},
) {
	var s state
	first := map[any]uint16{}
	x.numbers, x.twins = make(map[string]uint16, len(fields)), make([]uint16, len(fields)+1)
	for i, f := range fields {
		n := uint16(i + 1)
		x.numbers[f.name] = n
		if twin, ok := first[f.at(&s)]; ok {
			x.twins[n], x.twins[twin] = twin, n
		}
		first[f.at(&s)] = n
	}
	return x
})

// sections are the headers that servers print (2.6 and later), "# " left out.
var sections = []string{
	"Server", "Clients", "Memory", "Persistence", "Threads", "Stats", "Replication", "CPU", "Modules", "Commandstats",
	"Errorstats", "Latencystats", "Sentinel", "Cluster", "Keyspace", "Keysizes", "Debug",
}

// families are the beginnings of fields that come under many names and open a dump as a known field does.
var families = []string{"db", "cluster_", "sentinel_", "master", "latency_percentiles_", "used_", "mem_", "keyspace_", "redis_", "valkey_"}

// A field's number tells it from others when a dump is searched for repeats: 0 is none, then come the fields,
// the sections and the date.
const serverSection = 1 << 10

func sectionNumber(i int) uint16 { return uint16(serverSection + i) }

const dateNumber = serverSection - 1
