package timeline

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"psyncope/ingest/table"
)

// Cow is the most that a child copied, of the running one and the last of each kind.
func (s *Sample) Cow() int64 {
	return max(s.CurrentCow.Or(0), s.RDBLastCow.Or(0), s.AOFLastCow.Or(0))
}

// Sample is a dump on the axis: of table.Sample those columns that the analysis looks at, which are documented there.
// A group of 12 hours holds 13,000 of them: with all columns the whole command took a tenth more time, and a sixth more memory.
type Sample struct {
	Moment
	*Standing // shared with the dumps before that say the same: it is not to be changed

	At     micros
	mended micros // the date by its process's other dumps, where its own is damaged; 0 where it is not
}

// Moment is of a dump what is another in the next, and what may have to be mended.
type Moment struct {
	File               string       `col:"file"`
	Line               int32        `col:"line"`
	Stamp              table.Micros `col:"server_at_us"` // the best date on the server's own clock
	Collected          table.Micros `col:"collected_us"`
	ServerTime         table.Micros `col:"server_time_us"`
	Uptime             table.Int    `col:"uptime_seconds"`
	LRUClock           table.Int    `col:"lru_clock_seconds"`
	ConnectedClients   table.Int    `col:"connected_clients"`
	UsedMemory         table.Int    `col:"used_memory_bytes"`
	UsedMemoryRSS      table.Int    `col:"used_memory_rss_bytes"`
	UsedMemoryPeak     table.Int    `col:"used_memory_peak_bytes"`
	MemClientsSlaves   table.Int    `col:"mem_clients_slaves_bytes"`
	RDBLastSave        table.Int    `col:"rdb_last_save_time_seconds"`
	OpsPerSecond       table.Int    `col:"instantaneous_ops_per_second"`
	EvictedKeys        table.Int    `col:"evicted_keys"`
	EventLoopMaxMicros table.Int    `col:"eventloop_duration_max_us"`
	LastIOSeconds      table.Int    `col:"master_last_io_seconds_ago"`
	LinkDownSeconds    table.Int    `col:"master_link_down_since_seconds"`
	ReplicaOffset      table.Int    `col:"slave_repl_offset_bytes"`
	PrimaryOffset      table.Int    `col:"master_repl_offset_bytes"`
	BacklogHistlen     table.Int    `col:"repl_backlog_histlen_bytes"`
}

// restated gives a dump another Standing: its own with a change, which those behind it that had the same share.
type restated struct{ old, new *Standing }

func (m *restated) give(s *Sample, change func(*Standing)) {
	if m.old != s.Standing {
		other := *s.Standing
		change(&other)
		m.old, m.new = s.Standing, &other
	}
	s.Standing = m.new
}

// Standing is of a dump what mostly is in the next as well: settings, states, and counters of what seldom happens. It is changed by [restated] alone.
type Standing struct {
	Instance            string    `col:"instance"`
	Dated               string    `col:"dated"`
	Version             string    `col:"version"`
	Flavor              string    `col:"flavor"`
	Mode                string    `col:"server_mode"`
	ProcessID           table.Int `col:"process_id"`
	TCPPort             table.Int `col:"tcp_port"`
	ConfigFile          string    `col:"config_file"`
	RunID               string    `col:"run_id"`
	PrimaryHost         string    `col:"master_host"`
	MaxClients          table.Int `col:"maxclients"`
	BlockedClients      table.Int `col:"blocked_clients"`
	MaxMemory           table.Int `col:"maxmemory_bytes"`
	MaxMemoryPolicy     string    `col:"maxmemory_policy"`
	TotalSystemMemory   table.Int `col:"total_system_memory_bytes"`
	RDBInProgress       table.Int `col:"rdb_bgsave_in_progress"`
	RDBLastStatus       string    `col:"rdb_last_bgsave_status"`
	RDBLastCow          table.Int `col:"rdb_last_cow_size_bytes"`
	CurrentCow          table.Int `col:"current_cow_size_bytes"`
	AOFEnabled          table.Int `col:"aof_enabled"`
	AOFRewriting        table.Int `col:"aof_rewrite_in_progress"`
	AOFLastRewrite      string    `col:"aof_last_bgrewrite_status"`
	AOFLastWrite        string    `col:"aof_last_write_status"`
	AOFDelayedFsync     table.Int `col:"aof_delayed_fsync"`
	AOFLastCow          table.Int `col:"aof_last_cow_size_bytes"`
	RejectedConnections table.Int `col:"rejected_connections"`
	SyncFull            table.Int `col:"sync_full"`
	SyncPartialOK       table.Int `col:"sync_partial_ok"`
	SyncPartialErr      table.Int `col:"sync_partial_err"`
	LatestForkMicros    table.Int `col:"latest_fork_us"`
	TotalForks          table.Int `col:"total_forks"`
	OutputLimitDrops    table.Int `col:"client_output_buffer_limit_disconnections"`
	DeniedAuth          table.Int `col:"acl_access_denied_auth"`
	Role                string    `col:"role"`
	ConnectedReplicas   table.Int `col:"connected_slaves"`
	PrimaryPort         table.Int `col:"master_port"`
	LinkStatus          string    `col:"master_link_status"`
	SyncInProgress      table.Int `col:"master_sync_in_progress"`
	ReplID              string    `col:"master_replid"`
	ReplID2             string    `col:"master_replid2"`
	BacklogActive       table.Int `col:"repl_backlog_active"`
	BacklogSize         table.Int `col:"repl_backlog_size_bytes"`
}

// samplesOf makes the dumps of a case, in their order, of what each hands on (see [table.ReadEach]). files are the accounts of the files that they lie in.
func samplesOf(t *table.Table[table.Sample], files []table.File, each func(*table.Table[table.Sample], func([]dump))) []Sample {
	out := make([]Sample, 0, t.Len())
	paths := accounted{files: files}
	var last *Standing
	each(t, func(rows []dump) {
		for i := range rows {
			r := &rows[i]
			if last == nil || *last != r.Standing {
				s := r.Standing
				last = &s
			}
			r.File = paths.path(r.File)
			out = append(out, Sample{Moment: r.Moment, Standing: last})
		}
	})
	return out
}

// dump is a Sample as it is read.
type dump struct {
	Moment
	Standing
}

// accounted are the accounts of files, in the order of their paths.
type accounted struct {
	files      []table.File
	word, last string // that was asked for last, and what it was
	next       int    // the account behind the last one's
}

// path is the path of an account, given as a word of a table: the same text, which is held once then. Of a million dumps each may lie in a file of its own.
func (a *accounted) path(word string) string {
	if word == a.word {
		return a.last
	}
	i, ok := a.next, a.next < len(a.files) && a.files[a.next].Path == word
	if !ok {
		i, ok = slices.BinarySearchFunc(a.files, word, func(f table.File, word string) int { return strings.Compare(f.Path, word) })
	}
	a.word, a.last = word, word
	if ok {
		a.next, a.last = i+1, a.files[i].Path
	}
	return a.last
}

// Origin is where the dump was read.
func (s *Sample) Origin() table.Origin {
	return table.Origin{Instance: s.Instance, File: s.File, Line: s.Line}
}

// PrimaryAddr is the address of the server that the dump's server follows; empty where it follows none.
func (s *Sample) PrimaryAddr() string {
	if s.PrimaryHost == "" {
		return ""
	}
	return net.JoinHostPort(s.PrimaryHost, strconv.FormatInt(s.PrimaryPort.Or(6379), 10))
}

// SpeaksOf reports whether the dump's offsets belong to the stream with this id. Before 4.0 the run id plays its part.
func (s *Sample) SpeaksOf(replid string) bool {
	if replid == "" {
		return true
	}
	id := cmp.Or(s.ReplID, s.RunID)
	return id == "" || id == replid || s.ReplID2 == replid
}

// Doubt is how far the dump's date may be off the moment at which the server counted. Only server_time_usec is the
// server's own; dates in whole seconds are cut off.
func (s *Sample) Doubt() micros {
	switch {
	case s.Dated == "server_time":
		return second / 100
	case s.At%second != 0:
		return second / 5 // a collector's stamp: taken before the server was asked, or after it answered
	}
	return second
}

// Rise is by how much a counter grew in the capture, over all processes, and the dumps before its first and behind its last growth.
func (h *Host) Rise(counter func(*Sample) table.Int) (n int64, from, to *Sample) {
	for i := 1; i < len(h.Samples); i++ {
		a, b := &h.Samples[i-1], &h.Samples[i]
		if a.RunID != b.RunID || !counter(a).Known() || counter(b) <= counter(a) {
			continue
		}
		n += int64(counter(b) - counter(a))
		if from == nil {
			from = a
		}
		to = b
	}
	return n, from, to
}
