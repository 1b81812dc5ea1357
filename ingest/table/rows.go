package table

// NoConfigFile is Sample.ConfigFile where INFO says that there is none.
const NoConfigFile = "(none)"

// Sample is one INFO dump. Names follow INFO (redis 7.4.1 server.c genRedisInfoString), with the unit
// appended where INFO leaves it out.
//
// A field's line here is all that it takes to read it: info names it as servers print it, with the names that older or other
// servers use for the same thing behind |; no dump has two of them. "last" marks fields that end a section in some release: only these are
// believed where the input ends right behind them, without a line end.
type Sample struct {
	Origin
	// At is the best date of the dump on the server's own clock, as UTC; Null if nothing dates it.
	At Micros `col:"server_at_us" doc:"best date of the dump on the server's own clock"`
	// Dated is how At was found: server_time, line, name, uptime, mtime, or empty.
	Dated string `col:"dated" is:"own" doc:"how the dump was dated: server_time, line, name, uptime, mtime"`
	// Collected is the collector's date of the dump (line or file name), on the collector's clock.
	Collected Micros `col:"collected_us" doc:"the collector's own date of the dump"`

	Version    string `col:"version" is:"word" as:"version" doc:"redis_version, or valkey_version where there is one"`
	Flavor     string `col:"flavor" is:"own" doc:"redis or valkey"`
	Mode       string `col:"server_mode" is:"word" info:"redis_mode|server_mode" doc:"standalone, cluster or sentinel"`
	RunID      string `col:"run_id" is:"name" info:"run_id" doc:"random id of the process: changes at every restart"`
	ProcessID  Int    `col:"process_id" info:"process_id" doc:"pid"`
	TCPPort    Int    `col:"tcp_port" info:"tcp_port" doc:"listening port"`
	ConfigFile string `col:"config_file" is:"path" info:"config_file" doc:"the configuration file it was started with, (none) without one; CONFIG REWRITE is refused then (2.8.22 and later)"`
	ServerTime Micros `col:"server_time_us" doc:"server_time_usec: the server's clock"`
	Uptime     Int    `col:"uptime_seconds" info:"uptime_in_seconds" doc:"uptime_in_seconds: since process start"`
	LRUClock   Int    `col:"lru_clock_seconds" info:"lru_clock" doc:"server's clock in seconds modulo 2^24 (2.8.10 and later)"`

	ConnectedClients Int `col:"connected_clients" info:"connected_clients" doc:"client connections, replicas not counted"`
	MaxClients       Int `col:"maxclients" info:"maxclients" doc:"maxclients setting"`
	BlockedClients   Int `col:"blocked_clients" info:"blocked_clients,last" doc:"clients in a blocking call"`
	MaxOutputBuffer  Int `col:"client_recent_max_output_buffer_bytes" info:"client_recent_max_output_buffer" doc:"biggest output buffer in the last seconds"`

	UsedMemory            Int    `col:"used_memory_bytes" info:"used_memory" doc:"bytes from the allocator"`
	UsedMemoryRSS         Int    `col:"used_memory_rss_bytes" info:"used_memory_rss" doc:"resident size"`
	UsedMemoryPeak        Int    `col:"used_memory_peak_bytes" info:"used_memory_peak" doc:"highest used_memory since start"`
	MaxMemory             Int    `col:"maxmemory_bytes" info:"maxmemory" doc:"maxmemory setting, 0 is none"`
	MaxMemoryPolicy       string `col:"maxmemory_policy" is:"word" info:"maxmemory_policy" doc:"what is evicted at maxmemory; noeviction refuses writes"`
	TotalSystemMemory     Int    `col:"total_system_memory_bytes" info:"total_system_memory" doc:"the host's memory"`
	MemClientsSlaves      Int    `col:"mem_clients_slaves_bytes" info:"mem_clients_slaves" doc:"replicas' output buffers"`
	MemReplicationBacklog Int    `col:"mem_replication_backlog_bytes" info:"mem_replication_backlog" doc:"memory of the backlog"`
	MemTotalReplication   Int    `col:"mem_total_replication_buffers_bytes" info:"mem_total_replication_buffers" doc:"backlog and replicas' buffers together (7.0)"`

	Loading             Int    `col:"loading" as:"flag" info:"loading" doc:"1 while loading a dump file"`
	AsyncLoading        Int    `col:"async_loading" as:"flag" info:"async_loading" doc:"1 while loading a replication dump beside the old data"`
	RDBChanges          Int    `col:"rdb_changes_since_last_save" info:"rdb_changes_since_last_save|changes_since_last_save" doc:"writes since the last save"`
	RDBInProgress       Int    `col:"rdb_bgsave_in_progress" as:"flag" info:"rdb_bgsave_in_progress|bgsave_in_progress" doc:"1 while an RDB child runs, scheduled or for a full resync"`
	RDBLastSave         Int    `col:"rdb_last_save_time_seconds" info:"rdb_last_save_time|last_save_time" doc:"epoch second of the last successful disk save; process start if none"`
	RDBLastStatus       string `col:"rdb_last_bgsave_status" is:"word" info:"rdb_last_bgsave_status" doc:"ok or err"`
	RDBLastSeconds      Int    `col:"rdb_last_bgsave_time_seconds" info:"rdb_last_bgsave_time_sec" doc:"length of the last RDB child, -1 never"`
	RDBCurrentSeconds   Int    `col:"rdb_current_bgsave_time_seconds" info:"rdb_current_bgsave_time_sec" doc:"age of the running RDB child, -1 none"`
	RDBSaves            Int    `col:"rdb_saves" info:"rdb_saves" doc:"disk saves since start"`
	RDBLastCow          Int    `col:"rdb_last_cow_size_bytes" info:"rdb_last_cow_size" doc:"copy-on-write bytes of the last RDB child"`
	CurrentCow          Int    `col:"current_cow_size_bytes" info:"current_cow_size" doc:"copy-on-write bytes of the running child"`
	AOFEnabled          Int    `col:"aof_enabled" as:"flag" info:"aof_enabled" doc:"1 where appendonly is on"`
	AOFRewriting        Int    `col:"aof_rewrite_in_progress" as:"flag" info:"aof_rewrite_in_progress|bgrewriteaof_in_progress" doc:"1 while an AOF rewrite runs"`
	AOFLastRewrite      string `col:"aof_last_bgrewrite_status" is:"word" info:"aof_last_bgrewrite_status" doc:"ok or err"`
	AOFLastWrite        string `col:"aof_last_write_status" is:"word" info:"aof_last_write_status,last" doc:"ok or err"`
	AOFDelayedFsync     Int    `col:"aof_delayed_fsync" info:"aof_delayed_fsync,last" doc:"times a write was held by a slow fsync"`
	AOFPendingFsync     Int    `col:"aof_pending_bio_fsync" info:"aof_pending_bio_fsync" doc:"fsync jobs waiting"`
	AOFLastCow          Int    `col:"aof_last_cow_size_bytes" info:"aof_last_cow_size,last" doc:"copy-on-write bytes of the last AOF rewrite"`
	ConnectionsReceived Int    `col:"total_connections_received" info:"total_connections_received" doc:"connections accepted since start"`
	CommandsProcessed   Int    `col:"total_commands_processed" info:"total_commands_processed" doc:"commands since start"`
	OpsPerSecond        Int    `col:"instantaneous_ops_per_second" info:"instantaneous_ops_per_sec" doc:"commands a second, as the server smooths it"`
	NetInput            Int    `col:"total_net_input_bytes" info:"total_net_input_bytes" doc:"bytes read from the network"`
	NetOutput           Int    `col:"total_net_output_bytes" info:"total_net_output_bytes" doc:"bytes written to the network"`
	RejectedConnections Int    `col:"rejected_connections" info:"rejected_connections" doc:"connections refused for maxclients"`
	SyncFull            Int    `col:"sync_full" info:"sync_full" doc:"full resyncs granted, counted at the request"`
	SyncPartialOK       Int    `col:"sync_partial_ok" info:"sync_partial_ok" doc:"partial resyncs granted"`
	SyncPartialErr      Int    `col:"sync_partial_err" info:"sync_partial_err" doc:"partial resyncs refused"`
	EvictedKeys         Int    `col:"evicted_keys" info:"evicted_keys" doc:"keys evicted for maxmemory"`
	LatestForkMicros    Int    `col:"latest_fork_us" info:"latest_fork_usec" doc:"how long the last fork held the main thread"`
	TotalForks          Int    `col:"total_forks" info:"total_forks" doc:"forks since start (6.2)"`
	OutputLimitDrops    Int    `col:"client_output_buffer_limit_disconnections" info:"client_output_buffer_limit_disconnections" doc:"clients closed at their output buffer limit (7.4, valkey 8)"`
	ErrorReplies        Int    `col:"total_error_replies" info:"total_error_replies" doc:"error replies since start (6.2)"`
	DeniedAuth          Int    `col:"acl_access_denied_auth" info:"acl_access_denied_auth" doc:"authentication failures (7.0)"`
	EventLoopMicros     Int    `col:"instantaneous_eventloop_duration_us" info:"instantaneous_eventloop_duration_usec" doc:"length of an event loop turn (7.2)"`
	EventLoopMaxMicros  Int    `col:"eventloop_duration_max_us" info:"eventloop_duration_max" doc:"longest event loop turn (INFO debug, 7.2)"`

	Role              string `col:"role" is:"word" info:"role" doc:"master or slave, as INFO says it"`
	ConnectedReplicas Int    `col:"connected_slaves" info:"connected_slaves,last" doc:"replicas connected in any state"`
	PrimaryHost       string `col:"master_host" is:"host" info:"master_host" doc:"the primary this replica is configured with"`
	PrimaryPort       Int    `col:"master_port" info:"master_port" doc:"its port"`
	LinkStatus        string `col:"master_link_status" is:"word" info:"master_link_status" doc:"up or down"`
	LastIOSeconds     Int    `col:"master_last_io_seconds_ago" info:"master_last_io_seconds_ago" doc:"since any byte from the primary; -1 without a link"`
	SyncInProgress    Int    `col:"master_sync_in_progress" as:"flag" info:"master_sync_in_progress" doc:"1 during a full resync"`
	SyncLeftBytes     Int    `col:"master_sync_left_bytes" info:"master_sync_left_bytes" doc:"bytes of the transfer still to come"`
	LinkDownSeconds   Int    `col:"master_link_down_since_seconds" info:"master_link_down_since_seconds" doc:"how long the link is down; only while it is"`
	ReplicaOffset     Int    `col:"slave_repl_offset_bytes" info:"slave_repl_offset" doc:"what this replica has applied, in bytes of the stream"`
	ReplicaReadOffset Int    `col:"slave_read_repl_offset_bytes" info:"slave_read_repl_offset" doc:"what this replica has read, in bytes of the stream"`
	ReplicaPriority   Int    `col:"slave_priority" info:"slave_priority" doc:"promotion priority"`
	FailoverState     string `col:"master_failover_state" is:"word" info:"master_failover_state" doc:"no-failover, failover-in-progress or waiting-for-sync"`
	ReplID            string `col:"master_replid" is:"name" info:"master_replid" doc:"replication id"`
	ReplID2           string `col:"master_replid2" is:"name" info:"master_replid2" doc:"the id before the last promotion"`
	SecondOffset      Int    `col:"second_repl_offset_bytes" info:"second_repl_offset" doc:"up to where replid2 is good; -1 none"`
	PrimaryOffset     Int    `col:"master_repl_offset_bytes" info:"master_repl_offset" doc:"end of the stream in bytes"`
	BacklogActive     Int    `col:"repl_backlog_active" as:"flag" info:"repl_backlog_active" doc:"1 where there is a backlog"`
	BacklogSize       Int    `col:"repl_backlog_size_bytes" info:"repl_backlog_size" doc:"repl-backlog-size"`
	BacklogFirst      Int    `col:"repl_backlog_first_byte_offset_bytes" info:"repl_backlog_first_byte_offset" doc:"oldest offset in the backlog"`
	BacklogHistlen    Int    `col:"repl_backlog_histlen_bytes" info:"repl_backlog_histlen,last" doc:"bytes in the backlog"`

	CPUSys  Float `col:"used_cpu_sys_seconds" info:"used_cpu_sys" doc:"system CPU of the process"`
	CPUUser Float `col:"used_cpu_user_seconds" info:"used_cpu_user" doc:"user CPU of the process"`
}

// Replica is one slaveN line of one dump: the primary's view of a replica.
type Replica struct {
	Origin
	At         Micros `col:"server_at_us" doc:"date of the dump on the server's own clock"`
	Addr       string `col:"addr" is:"host" doc:"ip:port as announced"`
	State      string `col:"state" is:"word" doc:"wait_bgsave, send_bulk, online, ..."`
	Offset     Int    `col:"offset_bytes" doc:"last acknowledged offset"`
	LagSeconds Int    `col:"lag_seconds" doc:"since the last acknowledgement"`
	Channel    string `col:"channel" is:"word" doc:"replica, main-channel or rdb-channel (valkey 8)"`
}

// Statistic is a cmdstat_ or errorstat_ line that differs from the dump before.
type Statistic struct {
	Origin
	At    Micros `col:"server_at_us" doc:"date of the dump on the server's own clock"`
	Name  string `col:"name" is:"word" doc:"cmdstat_x or errorstat_X"`
	Calls Int    `col:"calls" doc:"calls, or errors counted"`
	Usec  Int    `col:"total_us" doc:"time spent in the calls"`
}

// Field is an INFO field that Sample has no column for, kept where it differs from the dump before.
// Filled only when asked for: it exists for people's own questions, no rule reads it.
type Field struct {
	Origin
	At    Micros `col:"server_at_us" doc:"date of the dump on the server's own clock"`
	Name  string `col:"name" is:"word" doc:"field"`
	Value string `col:"value" is:"text" doc:"its text"`
}

// How an Event's Stamp is to be read.
const (
	ClockUTC         = "utc"           // the stamp is an instant: epoch, or ISO 8601 with an offset
	ClockLocal       = "local"         // local time of the server, zone unknown
	ClockLocalNoYear = "local-no-year" // the same without a year: Stamp counts within the year 2000
	ClockNone        = "none"          // no stamp at all
)

// CollectFailed is the Kind of an Event that stands where a dump should: the server, or the way to it, gave the collector
// an error or nothing. It is the collector's word and not the server's; its Stamp is the collector's date.
const CollectFailed = "collect-failed"

// Kinds of Events that are the kernel's words and not the server's.
const (
	KernelKilled   = "kernel-oom-kill"   // a process was killed for memory; Number is its id
	KernelSegfault = "kernel-segfault"   // a process used memory that it has not; Number is its id
	KernelHung     = "kernel-hung-task"  // a process waited for a disk for minutes; Number is its id
	KernelLockup   = "kernel-lockup"     // a CPU was held, or given to nobody, for so long that the kernel's watchdog saw it
	KernelLinkDown = "kernel-link-down"  // an interface lost its link
	KernelLinkUp   = "kernel-link-up"    // an interface got its link again
	KernelDrops    = "kernel-drops"      // packets were dropped because a table of the kernel's was full
	KernelDisk     = "kernel-disk-error" // a disk or file system failed
	KernelClock    = "kernel-clock"      // the clock's source cannot be trusted
	KernelSuspend  = "kernel-suspend"    // the machine went to sleep, or woke up
)

// ByKernel reports whether an Event of this kind is the kernel's word.
func ByKernel(kind string) bool {
	switch kind {
	case KernelKilled, KernelSegfault, KernelHung, KernelLockup, KernelLinkDown, KernelLinkUp, KernelDrops, KernelDisk, KernelClock, KernelSuspend:
		return true
	}
	return false
}

// Event is one message of a server or Sentinel log, or a run of equal ones.
type Event struct {
	Origin
	// Stamp is the message's own stamp. With ClockLocal it is the local time read as if it were UTC.
	Stamp Micros `col:"stamp_us" doc:"the message's own stamp; local time is read as if it were UTC"`
	Clock string `col:"clock" is:"own" doc:"how stamp_us reads: utc, local, local-no-year, none"`
	// Outer is the wrapper's stamp (docker, CRI, journald, syslog), UTC; Null without one or where it has no zone.
	Outer Micros `col:"outer_us" doc:"the log wrapper's own stamp"`
	PID   Int    `col:"pid" doc:"process id of the line"`
	Role  string `col:"role" is:"word" doc:"M primary, S replica, C child, X sentinel, empty before 3.0"`
	Level string `col:"log_level" is:"word" doc:"debug, verbose, notice, warning"`
	Kind  string `col:"kind" is:"own" doc:"id in the catalogue of messages, or other"`

	Peer    string `col:"peer" is:"host" doc:"ip:port the message names: the replica, the primary, a client"`
	ReplID  string `col:"replid" is:"name" doc:"replication id the message names (asked for, granted, created)"`
	ReplID2 string `col:"replid2" is:"name" doc:"the second one"`
	Offset  Int    `col:"offset_bytes" doc:"offset in the stream the message names"`
	Bytes   Int    `col:"size_bytes" doc:"size the message names: omem, backlog sent, transfer"`
	Number  Int    `col:"number_by_kind" doc:"child pid, signal, seconds, milliseconds or count, by kind"`
	Detail  string `col:"detail" is:"text" doc:"reason, error text, client info or Sentinel's names, by kind"`
	Text    string `col:"message" is:"text" doc:"the message"`

	// Of a run of equal messages: how many, and where the last one stands.
	Count     Int    `col:"message_count" doc:"messages folded into this row, 1 mostly"`
	LastLine  int32  `col:"last_line" doc:"line of the last of them"`
	LastStamp Micros `col:"last_stamp_us" doc:"stamp of the last of them"`
}

// Command is one slowlog entry.
type Command struct {
	Origin
	ID int64 `col:"id" doc:"slowlog id, from 0 at process start"`
	// Ended is the server's clock in whole seconds when the command ended (redis 7.4.1 slowlog.c:67).
	Ended  Micros `col:"ended_us" doc:"when the command ended, in whole seconds of the server's clock"`
	Micros int64  `col:"duration_us" doc:"execution time"`
	Name   string `col:"name" is:"word" doc:"command in upper case"`
	Args   string `col:"args" is:"args" doc:"arguments as shown, joined by spaces"`
	Client string `col:"client" is:"host" doc:"ip:port of the caller"`
	User   string `col:"client_name" is:"name" doc:"CLIENT SETNAME of the caller"`
	// Log is slow, or large-request and large-reply (COMMANDLOG: Micros then holds bytes).
	Log string `col:"log_kind" is:"own" doc:"slow, large-request or large-reply"`
}

// Setting is one CONFIG GET pair or one redis.conf line.
type Setting struct {
	Origin
	Name  string `col:"name" is:"word" doc:"in lower case, the modern word (replica for slave)"`
	Value string `col:"value" is:"text" doc:"as written"`
}

// Client is one CLIENT LIST line.
type Client struct {
	Origin
	At    Micros `col:"server_at_us" doc:"date of the listing, if known"`
	ID    Int    `col:"id" doc:"client id"`
	Addr  string `col:"addr" is:"host" doc:"ip:port"`
	Name  string `col:"name" is:"name" doc:"CLIENT SETNAME"`
	Flags string `col:"flags" is:"word" doc:"S replica, M primary link, ..."`
	Age   Int    `col:"age_seconds" doc:"age of the connection"`
	Idle  Int    `col:"idle_seconds" doc:"since the last command"`
	Omem  Int    `col:"omem_bytes" doc:"output buffer"`
	Cmd   string `col:"cmd" is:"word" doc:"last command"`
	User  string `col:"acl_user" is:"name" doc:"ACL user"`
}

// Latency is one LATENCY LATEST or LATENCY HISTORY entry.
type Latency struct {
	Origin
	Event string `col:"event_name" is:"word" doc:"fork, command, aof-fsync-always, ..."`
	At    Micros `col:"server_at_us" doc:"when, in whole seconds of the server's clock"`
	Last  Int    `col:"last_ms" doc:"milliseconds of this event"`
	Max   Int    `col:"max_ms" doc:"longest since reset; LATEST only"`
}

// Problem is a line or a file that could not be read.
type Problem struct {
	Origin
	Reason string `col:"reason" is:"text" doc:"what was wrong and what was done about it"`
	Text   string `col:"excerpt" is:"excerpt" doc:"the beginning of the line, at most 200 bytes"`
}
