package host

import (
	"strings"

	"psyncope/ingest/table"
)

// column is what a name in the head of a tool's table says: where the number goes, and what it is multiplied by to be in the table's unit.
type column struct {
	to    string // the column of table.HostSample; empty for what is passed over
	scale float64
	sum   bool // several columns go to one place: errors of either direction
	most  bool // of several the largest counts: waiting for reads and for writes
}

// columns are a table's head.
type columns []name

type name struct {
	column
	word string // as it is compared
}

const (
	kib  = 1 << 10
	mib  = 1 << 20
	page = 4096 // bytes, of the machines that servers run on
)

// names are the names of columns as sysstat (9 to 12), procps (2 and 3) and top print them, without the per cent sign before and the "/s" behind.
var names = map[string]column{
	"user": {to: "cpu_user_percent"}, "usr": {to: "cpu_user_percent"}, "us": {to: "cpu_user_percent"},
	"system": {to: "cpu_system_percent"}, "sys": {to: "cpu_system_percent"}, "sy": {to: "cpu_system_percent"},
	"iowait": {to: "cpu_iowait_percent"}, "wa": {to: "cpu_iowait_percent"},
	"steal": {to: "cpu_steal_percent"}, "st": {to: "cpu_steal_percent"},
	"idle": {to: "cpu_idle_percent"}, "id": {to: "cpu_idle_percent"},
	"runq-sz": {to: "runnable_tasks"}, "r": {to: "runnable_tasks"},
	"blocked": {to: "blocked_tasks"}, "b": {to: "blocked_tasks"},
	"ldavg-1": {to: "load_1m"},
	"kbavail": {to: "memory_available_bytes", scale: kib}, "avail": {to: "memory_available_bytes", scale: kib},
	"kbswpused": {to: "swap_used_bytes", scale: kib}, "swpused": {to: "swap_used_bytes", scale: kib}, "swpd": {to: "swap_used_bytes", scale: kib},
	"pswpin": {to: "swap_in_bytes_per_second", scale: page}, "si": {to: "swap_in_bytes_per_second", scale: kib},
	"pswpout": {to: "swap_out_bytes_per_second", scale: page}, "so": {to: "swap_out_bytes_per_second", scale: kib},
	"majflt":  {to: "major_faults_per_second"},
	"kbpgtbl": {to: "page_tables_bytes", scale: kib}, "pgtbl": {to: "page_tables_bytes", scale: kib},
	"util":  {to: "disk_util_percent"},
	"await": {to: "disk_await_ms"}, "r_await": {to: "disk_await_ms", most: true}, "w_await": {to: "disk_await_ms", most: true},
	"aqu-sz": {to: "disk_queue_requests"}, "avgqu-sz": {to: "disk_queue_requests"},
	"rkb": {to: "disk_read_bytes_per_second", scale: kib}, "kb_read": {to: "disk_read_bytes_per_second", scale: kib}, "rmb": {to: "disk_read_bytes_per_second", scale: mib}, "rd_sec": {to: "disk_read_bytes_per_second", scale: 512},
	"wkb": {to: "disk_write_bytes_per_second", scale: kib}, "kb_wrtn": {to: "disk_write_bytes_per_second", scale: kib}, "wmb": {to: "disk_write_bytes_per_second", scale: mib}, "wr_sec": {to: "disk_write_bytes_per_second", scale: 512},
	"mbfsfree": {to: "disk_free_bytes", scale: mib},
	"rxkb":     {to: "net_receive_bytes_per_second", scale: kib},
	"txkb":     {to: "net_transmit_bytes_per_second", scale: kib},
	"ifutil":   {to: "net_util_percent"},
	"rxerr":    {to: "net_errors_per_second", sum: true}, "txerr": {to: "net_errors_per_second", sum: true}, "txcarr": {to: "net_errors_per_second", sum: true},
	"rxdrop": {to: "net_drops_per_second", sum: true}, "txdrop": {to: "net_drops_per_second", sum: true},
	"retrans": {to: "tcp_retransmits_per_second"},
	"scpu":    {to: "cpu_pressure_percent"},
	"smem":    {to: "memory_pressure_percent"},
	"fmem":    {to: "memory_full_pressure_percent"},
	"sio":     {to: "io_pressure_percent"},
	"fio":     {to: "io_full_pressure_percent"},
	"rss":     {to: "process_rss_bytes", scale: kib},
}

// scopes are columns that say which part of the host a row is of.
var scopes = map[string]bool{"cpu": true, "dev": true, "device": true, "disk-device": true, "iface": true, "filesystem": true, "pid": true, "mountpoint": true}

// plain is a name as it is compared.
func plain(word string) string {
	if word == "r/s" || word == "w/s" { // requests, and not vmstat's runnable tasks
		return word
	}
	word = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(word), ":"), "-percent")
	return strings.TrimSuffix(strings.TrimPrefix(word, "%"), "/s")
}

// columnsOf reads a head. It is one if something in it is known and nothing in it is a number.
func columnsOf(words []string) (columns, bool) {
	out := make(columns, len(words))
	known := 0
	for i, w := range words {
		if _, ok := number(w); ok {
			return nil, false
		}
		p := plain(w)
		out[i] = name{names[p], p}
		if out[i].to != "" {
			known++
		}
	}
	return out, known > 0
}

// set puts a number where the column says.
func (c *column) set(row *table.HostSample, v float64) {
	if c.to == "" {
		return
	}
	if c.scale != 0 {
		v *= c.scale
	}
	p := row.Measure(c.to)
	switch {
	case c.sum && p.Known():
		*p += table.Float(v)
	case c.most && p.Known():
		*p = max(*p, table.Float(v))
	default:
		*p = table.Float(v)
	}
}
