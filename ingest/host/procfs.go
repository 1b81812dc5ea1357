package host

import (
	"cmp"
	"strings"
)

// counter reads a line of /proc, of a control group or of an exporter.
func (r *reader) counter(n int32, text string) bool {
	if p, ok := pathOf(text); ok {
		r.path = p
		r.head = nil
		r.pass()
		return true
	}
	if strings.HasPrefix(text, "# HELP ") || strings.HasPrefix(text, "# TYPE ") || strings.HasPrefix(text, "# EOF") {
		r.pass()
		return true
	}
	path, line := r.path, text
	if p, rest, ok := strings.Cut(text, ":"); ok && (strings.HasPrefix(p, "/proc/") || strings.HasPrefix(p, "/sys/")) { // grep . /proc/pressure/*
		path, line = p, strings.TrimSpace(rest)
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return false
	}
	for _, read := range [...]func(*reader, int32, string, []string) bool{
		(*reader).exported, (*reader).cpuTimes, (*reader).sizes, (*reader).pressure, (*reader).disk, (*reader).device, (*reader).pairs, (*reader).tcp, (*reader).load, (*reader).scheduled, (*reader).lone,
	} {
		if read(r, n, path, words) {
			return true
		}
	}
	// What else stands in such a file is of no interest.
	if path != "" && r.head == nil || r.snap.tool == "node-exporter" && strings.Contains(words[0], "_") && len(words) <= 3 && len(words) >= 2 {
		r.pass()
		return true
	}
	return false
}

// pathOf reads a line that says which file follows: "==> /proc/stat <==", "--- /proc/meminfo ---", "# cat /proc/pressure/cpu", "/proc/811/status:".
func pathOf(text string) (string, bool) {
	bare := strings.TrimSpace(strings.Trim(text, "#=-*<>$: \t"))
	bare = strings.TrimSpace(strings.TrimPrefix(bare, "cat "))
	if strings.HasPrefix(bare, "/proc/") || strings.HasPrefix(bare, "/sys/fs/cgroup") || strings.HasPrefix(bare, "/sys/class/net") {
		return bare, !strings.ContainsAny(bare, " :\t")
	}
	return "", false
}

func (r *reader) proc(n int32, scope, name string, v float64) {
	r.telling++
	r.snap.set("procfs", n, scope, name, v)
}

// cpuTimes reads /proc/stat: ticks of each mode, a hundred a second (Linux fs/proc/stat.c).
func (r *reader) cpuTimes(n int32, _ string, words []string) bool {
	switch {
	case words[0] == "cpu" && len(words) >= 8:
		for i, mode := range [...]string{"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"} {
			if i+1 < len(words) {
				if v, ok := number(words[i+1]); ok {
					r.proc(n, "", "cpu_"+mode, v)
				}
			}
		}
	case strings.HasPrefix(words[0], "cpu") && len(words) >= 8:
		r.proc(n, "", "cpus", 1)
	case words[0] == "procs_running" && len(words) == 2, words[0] == "procs_blocked" && len(words) == 2:
		v, ok := number(words[1])
		if !ok {
			return false
		}
		r.proc(n, "", strings.TrimPrefix(words[0], "procs_"), v)
	case len(words) > 1 && (words[0] == "intr" || words[0] == "ctxt" || words[0] == "btime" || words[0] == "processes" || words[0] == "softirq"):
		r.pass()
	default:
		return false
	}
	return true
}

// sizes reads lines such as "MemAvailable:   123 kB", of /proc/meminfo and of a process.
func (r *reader) sizes(n int32, path string, words []string) bool {
	name, ok := strings.CutSuffix(words[0], ":")
	if !ok || len(words) < 2 {
		return false
	}
	scope := ""
	if pid, ok := pidIn(path); ok || r.snap.text[key{"process", "name"}] != "" {
		scope = "process"
		if ok {
			scope += " " + pid
			if v, ok := number(pid); ok {
				if _, told := r.snap.now[key{scope, "pid"}]; !told {
					r.proc(n, scope, "pid", v)
				}
			}
		}
	}
	if name == "State" && len(words[1]) == 1 && len(words) >= 2 {
		if r.snap.empty() {
			r.snap.tool, r.snap.line = "procfs", n
		}
		if r.snap.text == nil {
			r.snap.text = map[key]string{}
		}
		if scope == "" {
			scope = "process"
		}
		r.snap.text[key{scope, "state"}] = words[1]
		r.telling++
		return true
	}
	to := map[string]string{
		"MemTotal": "mem_total", "MemAvailable": "mem_available", "SwapTotal": "swap_total", "SwapFree": "swap_free", "AnonHugePages": "huge",
		"PageTables": "pagetables", "VmRSS": "rss", "VmSwap": "swapped", "Rss": "rss", "Swap": "swapped", "VmPTE": "pagetables",
	}[name]
	v, isNumber := number(words[1])
	if to == "" || !isNumber || len(words) != 3 || words[2] != "kB" {
		if isNumber && (len(words) == 3 && words[2] == "kB" || len(words) == 2 && r.snap.tool == "procfs") {
			r.pass()
			return true
		}
		return false
	}
	if scope == "" && (to == "rss" || to == "swapped") {
		scope = "process"
	}
	if _, told := r.snap.now[key{scope, to}]; !told { // smaps_rollup and status say the same
		r.proc(n, scope, to, v*kib)
	}
	return true
}

// pidIn is the process of a file of /proc.
func pidIn(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/proc/")
	pid, _, _ := strings.Cut(rest, "/")
	_, isNumber := number(pid)
	return pid, ok && isNumber
}

// pressure reads a line of pressure stall information: its total is in microseconds (Linux kernel/sched/psi.c).
func (r *reader) pressure(n int32, path string, words []string) bool {
	if len(words) != 5 || words[0] != "some" && words[0] != "full" || !strings.HasPrefix(words[4], "total=") {
		return false
	}
	v, ok := number(strings.TrimPrefix(words[4], "total="))
	if !ok {
		return false
	}
	resource := ""
	for _, x := range [...]string{"cpu", "memory", "io"} {
		if strings.HasSuffix(path, "/"+x) || strings.HasSuffix(path, x+".pressure") {
			resource = x
		}
	}
	if resource == "" {
		r.pass()
		return true
	}
	r.proc(n, groupIn(path), resource+"_"+words[0], v/1e6)
	if mean, ok := number(strings.TrimPrefix(words[1], "avg10=")); ok {
		r.proc(n, groupIn(path), resource+"_"+words[0]+"_avg10", mean)
	}
	return true
}

// groupIn is the control group of a path, as a scope; the root's is the host's own.
func groupIn(path string) string {
	rest, ok := strings.CutPrefix(path, "/sys/fs/cgroup/")
	i := strings.LastIndexByte(rest, '/')
	if !ok || i < 0 {
		return ""
	}
	return "cgroup " + rest[:i]
}

// disk reads a line of /proc/diskstats: sectors of 512 bytes, milliseconds (Linux Documentation/admin-guide/iostats.rst).
func (r *reader) disk(n int32, _ string, words []string) bool {
	if len(words) < 14 {
		return false
	}
	v := make([]float64, 14)
	for i, w := range words[:14] {
		if i == 2 {
			continue
		}
		x, ok := number(w)
		if !ok {
			return false
		}
		v[i] = x
	}
	dev := words[2]
	if _, ok := number(dev); ok {
		return false
	}
	for _, x := range [...]struct {
		name string
		v    float64
	}{
		{"ios", v[3] + v[7]}, {"io_ms", v[6] + v[10]}, {"read", v[5] * 512}, {"written", v[9] * 512}, {"io_time", v[12] / 1000}, {"io_weighted", v[13] / 1000},
	} {
		r.proc(n, dev, x.name, x.v)
	}
	return true
}

// device reads a line of /proc/net/dev.
func (r *reader) device(n int32, _ string, words []string) bool {
	name, ok := strings.CutSuffix(words[0], ":")
	if words[0] == "Inter-|" || words[0] == "face" {
		r.pass()
		return true
	}
	if !ok || len(words) != 17 {
		return false
	}
	v := make([]float64, 17)
	for i := 1; i < 17; i++ {
		if v[i], ok = number(words[i]); !ok {
			return false
		}
	}
	r.proc(n, name, "rx", v[1])
	r.proc(n, name, "tx", v[9])
	r.proc(n, name, "errs", v[3]+v[11]+v[15])
	r.proc(n, name, "drops", v[4]+v[12])
	return true
}

// pairs reads "name value": /proc/vmstat, and a control group's cpu.stat and memory.events.
func (r *reader) pairs(n int32, path string, words []string) bool {
	if len(words) != 2 {
		return false
	}
	v, ok := number(words[1])
	if !ok {
		return false
	}
	group := groupIn(path)
	switch words[0] {
	case "pswpin", "pswpout", "pgmajfault":
		r.proc(n, group, words[0], v)
	case "oom_kill":
		r.proc(n, group, words[0], v)
	case "throttled_usec": // version 2
		r.proc(n, cmp.Or(group, "cgroup"), "throttled", v/1e6)
	case "throttled_time": // version 1, in nanoseconds
		r.proc(n, cmp.Or(group, "cgroup"), "throttled", v/1e9)
	default:
		return false
	}
	return true
}

// tcp reads /proc/net/snmp: a line of names, then one of numbers.
func (r *reader) tcp(n int32, path string, words []string) bool {
	if words[0] != "Tcp:" || len(words) < 13 {
		if strings.HasSuffix(words[0], ":") && (strings.HasSuffix(path, "snmp") || strings.HasSuffix(path, "netstat")) {
			r.pass()
			return true
		}
		return false
	}
	if v, ok := number(words[12]); ok { // RetransSegs, the twelfth (Linux net/ipv4/proc.c)
		r.proc(n, "", "retrans", v)
		return true
	}
	r.pass()
	return words[12] == "RetransSegs"
}

// load reads /proc/loadavg.
func (r *reader) load(n int32, _ string, words []string) bool {
	if len(words) != 5 || !strings.Contains(words[3], "/") {
		return false
	}
	v, ok := number(words[0])
	if ok {
		r.proc(n, "", "load1", v)
	}
	return ok
}

// scheduled reads a process's schedstat: nanoseconds on a CPU and in wait for one, and how often it got it (Linux Documentation/scheduler/sched-stats.rst).
func (r *reader) scheduled(n int32, path string, words []string) bool {
	pid, ok := pidIn(path)
	if !ok || !strings.HasSuffix(path, "/schedstat") || len(words) != 3 {
		return false
	}
	ran, okRan := number(words[0])
	waited, okWaited := number(words[1])
	if !okRan || !okWaited {
		return false
	}
	r.proc(n, "process "+pid, "ran", ran/1e9)
	r.proc(n, "process "+pid, "waited", waited/1e9)
	return true
}

// lone reads a file that is one number.
func (r *reader) lone(n int32, path string, words []string) bool {
	if len(words) != 1 || path == "" {
		return false
	}
	v, ok := number(words[0])
	if !ok {
		return false
	}
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch base {
	case "memory.max", "memory.limit_in_bytes":
		r.proc(n, cmp.Or(groupIn(path), "cgroup"), "mem_total", v)
	case "carrier":
		parts := strings.Split(path, "/")
		r.proc(n, parts[max(len(parts)-2, 0)], "carrier", v)
	default:
		r.pass()
	}
	return true
}
