package host

import (
	"slices"

	"psyncope/ingest/table"
)

// snapshot is what counters and gauges said under one date, by scope and name. Names are this file's; /proc, control groups and exporters come
// to the same ones.
type snapshot struct {
	tool string
	line int32
	now  map[key]float64
	text map[key]string
	was  map[key]float64 // the snapshot before
	at   table.Micros    // its date
}

type key struct{ scope, name string }

func (s *snapshot) empty() bool { return len(s.now) == 0 && len(s.text) == 0 }

func (s *snapshot) set(tool string, n int32, scope, name string, v float64) {
	if s.now == nil {
		s.now = map[key]float64{}
	}
	if s.empty() {
		s.tool, s.line = tool, n
	}
	if len(s.now) < mostNumbers {
		s.now[key{scope, name}] += v
	}
}

// mostNumbers bounds what one snapshot keeps: a host has hundreds of disks and interfaces, not tens of thousands.
const mostNumbers = 50_000

// gauge is a number that stands for itself, and counter one of which the gain counts.
type measure struct {
	to    string // the column of table.HostSample
	scale float64
	rate  bool // a counter: its gain a second
	gain  bool // a counter: its gain
}

var measures = map[string]measure{
	"mem_total":     {to: "memory_total_bytes", scale: 1},
	"mem_available": {to: "memory_available_bytes", scale: 1},
	"huge":          {to: "huge_pages_bytes", scale: 1},
	"pagetables":    {to: "page_tables_bytes", scale: 1},
	"load1":         {to: "load_1m", scale: 1},
	"running":       {to: "runnable_tasks", scale: 1},
	"blocked":       {to: "blocked_tasks", scale: 1},
	"cpus":          {to: "cpu_count", scale: 1},
	"free":          {to: "disk_free_bytes", scale: 1},
	"carrier":       {to: "net_carrier", scale: 1},
	"rss":           {to: "process_rss_bytes", scale: 1},
	"swapped":       {to: "process_swap_bytes", scale: 1},
	"pswpin":        {to: "swap_in_bytes_per_second", scale: page, rate: true},
	"pswpout":       {to: "swap_out_bytes_per_second", scale: page, rate: true},
	"pgmajfault":    {to: "major_faults_per_second", scale: 1, rate: true},
	"oom_kill":      {to: "oom_kills", scale: 1, gain: true},
	"retrans":       {to: "tcp_retransmits_per_second", scale: 1, rate: true},
	"rx":            {to: "net_receive_bytes_per_second", scale: 1, rate: true},
	"tx":            {to: "net_transmit_bytes_per_second", scale: 1, rate: true},
	"errs":          {to: "net_errors_per_second", scale: 1, rate: true},
	"drops":         {to: "net_drops_per_second", scale: 1, rate: true},
	"read":          {to: "disk_read_bytes_per_second", scale: 1, rate: true},
	"written":       {to: "disk_write_bytes_per_second", scale: 1, rate: true},
	// Seconds a second are shares of the interval.
	"io_time":     {to: "disk_util_percent", scale: 100, rate: true},
	"io_weighted": {to: "disk_queue_requests", scale: 1, rate: true},
	"throttled":   {to: "cpu_throttled_percent", scale: 100, rate: true},
	"ran":         {to: "process_cpu_percent", scale: 100, rate: true},
	"waited":      {to: "process_cpu_wait_percent", scale: 100, rate: true},
	"cpu_some":    {to: "cpu_pressure_percent", scale: 100, rate: true},
	"memory_some": {to: "memory_pressure_percent", scale: 100, rate: true},
	"memory_full": {to: "memory_full_pressure_percent", scale: 100, rate: true},
	"io_some":     {to: "io_pressure_percent", scale: 100, rate: true},
	"io_full":     {to: "io_full_pressure_percent", scale: 100, rate: true},
}

// modes are those of a CPU's time, and where their share goes.
var modes = map[string]string{
	"user": "cpu_user_percent", "system": "cpu_system_percent",
	"iowait": "cpu_iowait_percent", "steal": "cpu_steal_percent",
	"idle": "cpu_idle_percent", "nice": "", "irq": "", "softirq": "",
}

// end makes rows of the snapshot, one a scope, and keeps it for the next.
func (s *snapshot) end(at stamp, put func(*table.HostSample)) {
	seconds := 0.0
	if s.was != nil && at.at.Known() && s.at.Known() {
		seconds = float64(at.at-s.at) / 1e6
	}
	var order []string
	for k := range s.now {
		order = append(order, k.scope)
	}
	for k := range s.text {
		order = append(order, k.scope)
	}
	slices.Sort(order)
	for _, scope := range slices.Compact(order) {
		row := table.NewHostSample(table.Origin{Line: s.line})
		row.Stamp, row.Clock, row.Scope = at.at, at.clock, scope
		if at.at == table.Null {
			row.Clock = table.ClockNone
		}
		if seconds > 0 {
			row.Interval = table.Float(seconds)
		}
		if s.fill(&row, scope, seconds) {
			put(&row)
		}
	}
	s.was, s.at = s.now, at.at
	s.now, s.text = nil, nil
}

// fill puts what the scope said into a row, and reports whether that was anything.
func (s *snapshot) fill(row *table.HostSample, scope string, seconds float64) bool {
	says := false
	gain := func(name string) (float64, bool) {
		now, ok := s.now[key{scope, name}]
		was, known := s.was[key{scope, name}]
		return now - was, ok && known && seconds > 0 && now >= was // less than before: it began anew
	}
	for name, m := range measures {
		v, ok := s.now[key{scope, name}]
		if m.rate || m.gain {
			v, ok = gain(name)
			if m.rate {
				v /= seconds
			}
		}
		if ok {
			*row.Measure(m.to) = table.Float(v * m.scale)
			says = true
		}
	}
	for name, m := range measures { // what the kernel itself makes of the last ten seconds, where there is no snapshot before
		if v, ok := s.now[key{scope, name + "_avg10"}]; ok && !row.Measure(m.to).Known() {
			*row.Measure(m.to) = table.Float(v)
			says = true
		}
	}
	if pid, ok := s.now[key{scope, "pid"}]; ok {
		row.PID = table.Int(pid)
	}
	if state := s.text[key{scope, "state"}]; state != "" {
		row.State = state
		says = true
	}
	total, busy := 0.0, map[string]float64{}
	for mode := range modes {
		if v, ok := gain("cpu_" + mode); ok {
			busy[mode] = v
			total += v
		}
	}
	for mode, to := range modes {
		if v, ok := busy[mode]; ok && to != "" && total > 0 {
			*row.Measure(to) = table.Float(100 * v / total)
			says = true
		}
	}
	if ios, ok := gain("ios"); ok && ios > 0 {
		if ms, ok := gain("io_ms"); ok {
			row.DiskAwait = table.Float(ms / ios)
			says = true
		}
	}
	if used, ok := s.now[key{scope, "swap_total"}]; ok {
		if free, ok := s.now[key{scope, "swap_free"}]; ok && used >= free {
			row.SwapUsed = table.Float(used - free)
			says = true
		}
	}
	return says
}
