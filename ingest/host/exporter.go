package host

import "strings"

// series is what a name of node_exporter's or cAdvisor's counts: the snapshot's name for it, by what it is multiplied, and which label is the scope.
type series struct {
	name  string
	scale float64
	scope string
}

// exported names are those of node_exporter 0.16 to 1.9 (before 0.16 other names were used: they are not read) and of cAdvisor.
var exportedNames = map[string]series{
	"node_memory_MemTotal_bytes": {"mem_total", 1, ""}, "node_memory_MemAvailable_bytes": {"mem_available", 1, ""},
	"node_memory_SwapTotal_bytes": {"swap_total", 1, ""}, "node_memory_SwapFree_bytes": {"swap_free", 1, ""},
	"node_memory_AnonHugePages_bytes": {"huge", 1, ""}, "node_memory_PageTables_bytes": {"pagetables", 1, ""},
	"node_load1": {"load1", 1, ""}, "node_procs_running": {"running", 1, ""}, "node_procs_blocked": {"blocked", 1, ""},
	"node_vmstat_pswpin": {"pswpin", 1, ""}, "node_vmstat_pswpout": {"pswpout", 1, ""}, "node_vmstat_pgmajfault": {"pgmajfault", 1, ""}, "node_vmstat_oom_kill": {"oom_kill", 1, ""},
	"node_netstat_Tcp_RetransSegs":     {"retrans", 1, ""},
	"node_filesystem_avail_bytes":      {"free", 1, "mountpoint"},
	"node_network_receive_bytes_total": {"rx", 1, "device"}, "node_network_transmit_bytes_total": {"tx", 1, "device"},
	"node_network_receive_errs_total": {"errs", 1, "device"}, "node_network_transmit_errs_total": {"errs", 1, "device"},
	"node_network_receive_drop_total": {"drops", 1, "device"}, "node_network_transmit_drop_total": {"drops", 1, "device"},
	"node_network_carrier":       {"carrier", 1, "device"},
	"node_disk_read_bytes_total": {"read", 1, "device"}, "node_disk_written_bytes_total": {"written", 1, "device"},
	"node_disk_io_time_seconds_total": {"io_time", 1, "device"}, "node_disk_io_time_weighted_seconds_total": {"io_weighted", 1, "device"},
	"node_disk_reads_completed_total": {"ios", 1, "device"}, "node_disk_writes_completed_total": {"ios", 1, "device"},
	"node_disk_read_time_seconds_total": {"io_ms", 1000, "device"}, "node_disk_write_time_seconds_total": {"io_ms", 1000, "device"},
	"node_pressure_cpu_waiting_seconds_total":    {"cpu_some", 1, ""},
	"node_pressure_memory_waiting_seconds_total": {"memory_some", 1, ""}, "node_pressure_memory_stalled_seconds_total": {"memory_full", 1, ""},
	"node_pressure_io_waiting_seconds_total": {"io_some", 1, ""}, "node_pressure_io_stalled_seconds_total": {"io_full", 1, ""},
	"container_cpu_cfs_throttled_seconds_total": {"throttled", 1, "pod"},
	"container_spec_memory_limit_bytes":         {"mem_total", 1, "pod"},
	"container_oom_events_total":                {"oom_kill", 1, "pod"},
}

// exported reads a line of Prometheus' text format.
func (r *reader) exported(n int32, _ string, words []string) bool {
	text := strings.Join(words, " ")
	name, rest, labelled := strings.Cut(text, "{")
	labels := ""
	if labelled {
		i := strings.LastIndexByte(rest, '}')
		if i < 0 {
			return false
		}
		labels, rest = rest[:i], rest[i+1:]
	} else if name, rest, labelled = strings.Cut(text, " "); !labelled {
		return false
	}
	values := strings.Fields(rest)
	if len(values) == 0 || len(values) > 2 || !strings.Contains(name, "_") {
		return false
	}
	v, ok := number(values[0])
	if !ok {
		return false
	}
	if name == "node_cpu_seconds_total" {
		mode := label(labels, "mode")
		r.telling++
		r.snap.set("node-exporter", n, "", "cpu_"+mode, v)
		if mode == "idle" {
			r.snap.set("node-exporter", n, "", "cpus", 1)
		}
		return true
	}
	s, ok := exportedNames[name]
	if !ok {
		return false
	}
	scope := ""
	if s.scope != "" {
		if scope = label(labels, s.scope); scope == "" {
			scope = label(labels, "name")
		}
	}
	if s.scope == "pod" {
		scope = strings.TrimSpace("cgroup " + scope)
	}
	r.telling++
	r.snap.set("node-exporter", n, scope, s.name, v*s.scale)
	return true
}

// label is the value of a label.
func label(labels, name string) string {
	for item := range strings.SplitSeq(labels, ",") {
		if k, v, ok := strings.Cut(item, "="); ok && strings.TrimSpace(k) == name {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}
