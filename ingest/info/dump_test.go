package info

import (
	"fmt"
	"math/rand"
	"strings"
)

// fleetDumps writes n dumps of one server, ten seconds apart, each after a line that dates it: 200 lines of which
// a sixth differ from the dump before, as on a busy primary with two replicas.
func fleetDumps(n int, seed int64) []byte {
	r := rand.New(rand.NewSource(seed))
	var b strings.Builder
	base := int64(1_790_000_000)
	var bytesOut, cmds, off int64 = 5_000_000, 20_000, 90_000_000
	for i := range n {
		t := base + int64(i)*10
		bytesOut += 1_000_000 + r.Int63n(900_000)
		cmds += 3000 + r.Int63n(900)
		off += 400_000 + r.Int63n(90_000)
		mem := 1_500_000_000 + r.Int63n(9_000_000)
		p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
		fill := func(prefix string, n int) {
			for j := range n {
				p("%s_%02d:%d", prefix, j, j*1000)
			}
		}
		fmt.Fprintf(&b, "### %s.%03dZ\n", timeText(t), r.Intn(1000))
		p("# Server\r\nredis_version:7.4.1\r\nredis_git_sha1:00000000\r\nredis_mode:standalone\r\nos:Linux 6.8 x86_64")
		p("process_id:811\r\nrun_id:0123456789abcdef0123456789abcdef01234567\r\ntcp_port:7001")
		p("server_time_usec:%d\r\nuptime_in_seconds:%d\r\nuptime_in_days:%d\r\nhz:10\r\nlru_clock:%d", t*1_000_000+4321, i*10+77, (i*10+77)/86400, t&0xffffff)
		fill("server_constant", 8)
		p("\r\n# Clients\r\nconnected_clients:%d\r\nmaxclients:20000\r\nclient_recent_max_output_buffer:20504\r\nblocked_clients:0", 300+r.Intn(9))
		fill("clients_constant", 8)
		p("\r\n# Memory\r\nused_memory:%d\r\nused_memory_human:1.40G\r\nused_memory_rss:%d\r\nused_memory_peak:1700000000\r\nused_memory_peak_perc:%d.%02d%%", mem, mem+mem/9, 80+r.Intn(9), r.Intn(100))
		p("total_system_memory:68719476736\r\nmaxmemory:0\r\nmem_replication_backlog:1048592\r\nmem_clients_slaves:0\r\nused_memory_dataset:%d", mem-80_000_000)
		fill("memory_constant", 36)
		p("\r\n# Persistence\r\nloading:0\r\nasync_loading:0\r\nrdb_changes_since_last_save:%d\r\nrdb_bgsave_in_progress:0\r\nrdb_last_save_time:%d", cmds%70_000, base)
		p("rdb_last_bgsave_status:ok\r\nrdb_last_bgsave_time_sec:3\r\nrdb_current_bgsave_time_sec:-1\r\nrdb_saves:4\r\nrdb_last_cow_size:9000000\r\naof_enabled:0")
		fill("persistence_constant", 16)
		p("\r\n# Stats\r\ntotal_connections_received:%d\r\ntotal_commands_processed:%d\r\ninstantaneous_ops_per_sec:%d\r\ntotal_net_input_bytes:%d\r\ntotal_net_output_bytes:%d", 1000+i, cmds, 300+r.Intn(50), bytesOut/3, bytesOut)
		p("instantaneous_input_kbps:%d.%02d\r\nrejected_connections:0\r\nsync_full:2\r\nsync_partial_ok:0\r\nsync_partial_err:0\r\nevicted_keys:0\r\nkeyspace_hits:%d\r\nlatest_fork_usec:8123\r\ntotal_forks:6", r.Intn(900), r.Intn(100), cmds/2)
		p("total_reads_processed:%d\r\ntotal_writes_processed:%d\r\neventloop_cycles:%d\r\neventloop_duration_sum:%d\r\ninstantaneous_eventloop_duration_usec:%d", cmds+5, cmds+3, cmds/7, cmds*31, 200+r.Intn(70))
		fill("stats_constant", 44)
		p("\r\n# Replication\r\nrole:master\r\nconnected_slaves:2\r\nslave0:ip=10.9.8.2,port=7001,state=online,offset=%d,lag=0\r\nslave1:ip=10.9.8.3,port=7001,state=online,offset=%d,lag=1", off, off-90)
		p("master_failover_state:no-failover\r\nmaster_replid:89abcdef0123456789abcdef0123456789abcdef\r\nmaster_replid2:%040d\r\nmaster_repl_offset:%d\r\nsecond_repl_offset:-1", 0, off+17)
		p("repl_backlog_active:1\r\nrepl_backlog_size:1048576\r\nrepl_backlog_first_byte_offset:%d\r\nrepl_backlog_histlen:1048576", off+18-1048576)
		p("\r\n# CPU\r\nused_cpu_sys:%d.%06d\r\nused_cpu_user:%d.%06d\r\nused_cpu_sys_children:0.100000\r\nused_cpu_user_children:0.200000", i/9, r.Intn(1000000), i/7, r.Intn(1000000))
		p("\r\n# Modules\r\n\r\n# Errorstats\r\nerrorstat_ERR:count=3\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n# Keyspace\r\ndb0:keys=51234,expires=%d,avg_ttl=0\r\n", 100+r.Intn(9))
		b.WriteString("\n")
	}
	return []byte(b.String())
}

func timeText(sec int64) string {
	return fmt.Sprintf("2026-09-%02dT%02d:%02d:%02d", 21+sec/86400%5, sec/3600%24, sec/60%60, sec%60)
}
