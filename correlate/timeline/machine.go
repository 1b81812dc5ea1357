package timeline

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// Lack is a resource that a process could not have, by what tools or the kernel say of its machine.
type Lack struct {
	Resource diagnosis.Resource
	// Even is how much of the time in question was lost to it if it was lacking evenly over the tools' intervals, Most if all of it fell
	// into that time and on this process.
	Even, Most micros
	Says       string
	Evidence   []diagnosis.Evidence
}

// way is how a number says that a resource was lacking: which share of its interval a process that wanted it could not have it.
type way struct {
	resource diagnosis.Resource
	column   string
	at       func(*HostSample) table.Float
	share    func(*HostSample) float64
	says     string
	// some says that some task lacked it, and not which: it may have been another one's all the time.
	some bool
}

func percent(at func(*HostSample) table.Float) func(*HostSample) float64 {
	return func(m *HostSample) float64 { return float64(at(m)) / 100 }
}

// ways are what can be told of a lack. Each is a share of time, so that what a tool says of ten minutes and what it says of a second can be
// held against the same silence.
var ways = []way{
	lackOf(diagnosis.CPU, "cpu_steal_percent", "the hypervisor gave its CPU to others", func(m *HostSample) table.Float { return m.Steal }),
	lackOf(diagnosis.CPU, "cpu_throttled_percent", "its control group was held at its CPU limit", func(m *HostSample) table.Float { return m.Throttled }),
	lackOf(diagnosis.Memory, "memory_full_pressure_percent", "every task waited for memory", func(m *HostSample) table.Float { return m.MemStopped }),
	lackOf(diagnosis.Disk, "io_full_pressure_percent", "every task waited for a disk", func(m *HostSample) table.Float { return m.IOStopped }),
	{resource: diagnosis.CPU, column: "cpu_pressure_percent", some: true, at: func(m *HostSample) table.Float { return m.CPUPressure }, share: percent(func(m *HostSample) table.Float { return m.CPUPressure }), says: "some task waited for a CPU"},
	{resource: diagnosis.CPU, column: "runnable_tasks", at: func(m *HostSample) table.Float { return m.Runnable }, share: crowded, says: "more tasks wanted a CPU than there are CPUs, and none was idle"},
	{resource: diagnosis.Memory, column: "major_faults_per_second", at: func(m *HostSample) table.Float { return m.MajorFaults }, share: faulted, says: "memory was read back from disk"},
	{resource: diagnosis.Memory, column: "swap_in_bytes_per_second", at: func(m *HostSample) table.Float { return m.SwapIn }, share: swapped, says: "memory was read back from swap"},
	{resource: diagnosis.Disk, column: "disk_util_percent", at: func(m *HostSample) table.Float { return m.DiskUtil }, share: percent(func(m *HostSample) table.Float { return m.DiskUtil }), says: "the disk was busy"},
}

func lackOf(r diagnosis.Resource, column, says string, at func(*HostSample) table.Float) way {
	return way{resource: r, column: column, at: at, share: percent(at), says: says}
}

// crowded is the share of its time for which a task waits where more want a CPU than there are, and none is idle: a fair scheduler gives each
// its part.
func crowded(m *HostSample) float64 {
	const idle = 5 // per cent: what a full machine's tick still counts as idle
	if !m.CPUs.Known() || !m.Idle.Known() || m.Idle > idle || m.Runnable <= m.CPUs {
		return 0
	}
	return 1 - float64(m.CPUs/m.Runnable)
}

// faultTime is what reading a page back costs at least: an SSD answers in a tenth of a millisecond (a disk that turns in ten).
const faultTime = 0.0001

// faulted is the share of an interval that one process spends waiting for its pages, one after another. Faults of others count too, so that it
// is the most that it can be.
func faulted(m *HostSample) float64 { return min(1, float64(m.MajorFaults)*faultTime) }

func swapped(m *HostSample) float64 {
	const page = 4096
	return min(1, float64(m.SwapIn)/page*faultTime)
}

// HasMachine reports whether something tells of the host's machine over a time.
func (h *Host) HasMachine(s Span) bool {
	return slices.ContainsFunc(h.Machine, func(m HostSample) bool { return m.At != unknown && m.Span().Overlaps(s) }) ||
		slices.ContainsFunc(h.Kernel, func(e Event) bool { return e.At != unknown && e.At <= s.From }) && slices.ContainsFunc(h.Kernel, func(e Event) bool { return e.At >= s.To })
}

// Span is the interval that the row is of.
func (m *HostSample) Span() Span {
	if !m.Interval.Known() {
		return Span{m.At, m.At}
	}
	return Span{m.At - micros(m.Interval*1e6), m.At}
}

// Evidence is a column of the row as a report quotes it.
func (m *HostSample) Evidence(column string, v table.Float) diagnosis.Evidence {
	text := fmt.Sprintf("%s:%.4g", column, float64(v))
	if m.Scope != "" {
		text = m.Scope + " " + text
	}
	return diagnosis.Evidence{File: m.File, Line: m.Line, Text: m.Tool + ": " + text}
}

// Lacks are what the machine lacked in a time, the longest first.
func (h *Host) Lacks(s Span) []Lack {
	var out []Lack
	for i := range ways {
		out = append(out, h.lacking(&ways[i], s)...)
	}
	out = append(out, h.stopped(s)...)
	out = append(out, h.kernelSaw(s)...)
	slices.SortStableFunc(out, func(a, b Lack) int { return cmp.Or(cmp.Compare(b.Even, a.Even), cmp.Compare(b.Most, a.Most)) })
	return out
}

// lacking adds up what a time lost in one way, by each tool and each part of the machine that it speaks of.
func (h *Host) lacking(w *way, s Span) []Lack {
	type part struct{ tool, scope string }
	lost := map[part]*Lack{}
	worst := map[part]*HostSample{}
	var order []part
	for i := h.machineAt(s.From); i < len(h.Machine) && h.Machine[i].At <= s.To+h.longest; i++ {
		m := &h.Machine[i]
		if !w.at(m).Known() || !m.Interval.Known() {
			continue
		}
		in := m.Span()
		share := w.share(m)
		if share > 1 { // a group's time at its limit is told when it is let go on (Linux kernel/sched/fair.c unthrottle_cfs_rq)
			in.From, share = in.To-micros(share*float64(in.To-in.From)), 1
		}
		both := min(in.To, s.To) - max(in.From, s.From)
		if both <= 0 || share <= 0 {
			continue
		}
		p := part{m.Tool, m.Scope}
		if lost[p] == nil {
			lost[p] = &Lack{Resource: w.resource}
			order = append(order, p)
		}
		l := lost[p]
		if !w.some {
			l.Even += micros(share * float64(both))
		}
		l.Most += min(both, micros(share*float64(in.To-in.From)))
		if worst[p] == nil || w.at(m) > w.at(worst[p]) {
			worst[p] = m
		}
	}
	var out []Lack
	for _, p := range order {
		l, m := lost[p], worst[p]
		l.Even, l.Most = min(l.Even, s.To-s.From), min(l.Most, s.To-s.From) // it is counted for each CPU
		who := strings.TrimSpace(h.Name + " " + p.scope)
		l.Says = fmt.Sprintf("%s for %s of %s (%s): %s", w.says, diagnosis.Length(cmp.Or(l.Even, l.Most)), diagnosis.Length(s.To-s.From), who, fmt.Sprintf("%s %.4g", w.column, float64(w.at(m))))
		l.Evidence = []diagnosis.Evidence{m.Evidence(w.column, w.at(m))}
		out = append(out, *l)
	}
	return out
}

// machineAt is the index of the first row at this time or later.
func (h *Host) machineAt(at micros) int {
	return sort.Search(len(h.Machine), func(i int) bool { return h.Machine[i].At >= at })
}

// Lent is how much of a time the host's server was kept waiting for a CPU, for memory, or by whoever had stopped it.
func (h *Host) Lent(s Span) micros {
	if len(h.Machine) == 0 {
		return 0
	}
	most := micros(0)
	for _, l := range h.Lacks(s) {
		if l.Resource != diagnosis.Disk {
			most = max(most, min(l.Even, s.To-s.From))
		}
	}
	return most
}

// stopped finds the server's own process stopped: by a signal, a debugger or a freezer.
func (h *Host) stopped(s Span) []Lack {
	var out []Lack
	for i := h.machineAt(s.From); i < len(h.Machine) && h.Machine[i].At <= s.To; i++ {
		m := &h.Machine[i]
		if m.State != "T" && m.State != "t" || m.PID.Known() && !h.isPID(m.PID) {
			continue
		}
		out = append(out, Lack{
			Resource: diagnosis.Process, Even: s.To - s.From, Most: s.To - s.From, Says: h.Name + "'s process was stopped",
			Evidence: []diagnosis.Evidence{{File: m.File, Line: m.Line, Text: m.Tool + ": " + m.Scope + " State: " + m.State}},
		})
	}
	return out
}

// isPID reports whether the host's server ran under a process id, or may have, as nothing tells its own.
func (h *Host) isPID(pid table.Int) bool {
	known := false
	for i := range h.Samples {
		if p := h.Samples[i].ProcessID; p.Known() {
			if p == pid {
				return true
			}
			known = true
		}
	}
	for i := range h.Events {
		if e := &h.Events[i]; e.PID.Known() && e.Role != "C" {
			if e.PID == pid {
				return true
			}
			known = true
		}
	}
	return !known
}

// kernelSaw is what the kernel's log says of lacks: its watchdogs speak of what lasted for long before.
func (h *Host) kernelSaw(s Span) []Lack {
	var out []Lack
	for i := range h.Kernel {
		e := &h.Kernel[i]
		if e.At == unknown || e.At < s.From-TwoTicks || e.At > s.To+MinuteApart {
			continue
		}
		l := Lack{Even: s.To - s.From, Most: s.To - s.From, Evidence: []diagnosis.Evidence{e.Evidence()}}
		switch e.Kind {
		case table.KernelHung:
			if !h.isPID(e.Number) {
				continue
			}
			l.Resource, l.Says = diagnosis.Disk, "the kernel saw "+h.Name+"'s process wait for a disk for minutes"
		case table.KernelLockup:
			l.Resource, l.Says = diagnosis.CPU, "the kernel's watchdog saw that a CPU of "+h.Name+" had been given to nobody"
		case table.KernelSuspend:
			l.Resource, l.Says = diagnosis.CPU, "the machine of "+h.Name+" went to sleep or woke up"
		default:
			continue
		}
		out = append(out, l)
	}
	return out
}

// MachineStill is the longest hole in what a tool wrote of the machine by itself, second after second, that overlaps a time: what writes nothing
// either did not run. ran tells that some tool wrote all through the time, so that the machine did run.
func (h *Host) MachineStill(s Span) (hole Span, ev []diagnosis.Evidence, ran *HostSample) {
	rows := map[string][]*HostSample{} // by file, one for each time
	var files []string
	for i := range h.Machine {
		m := &h.Machine[i]
		of := rows[m.File]
		if m.At == unknown || len(of) > 0 && of[len(of)-1].At == m.At {
			continue
		}
		if of == nil {
			files = append(files, m.File)
		}
		rows[m.File] = append(of, m)
	}
	slices.Sort(files)
	for _, f := range files {
		of := rows[f]
		step := stepOf(of)
		if step == 0 || step > (s.To-s.From)/2 {
			continue // too rarely to tell
		}
		inside := false
		for i := 1; i < len(of); i++ {
			a, b := of[i-1], of[i]
			if d := b.At - a.At; d >= step*Hole/10 && d >= TwoTicks && (Span{a.At, b.At}).Overlaps(s) {
				inside = true
				if d > hole.To-hole.From {
					hole = Span{a.At, b.At}
					ev = []diagnosis.Evidence{{File: a.File, Line: a.Line, Text: a.Tool + ": last row before the hole, " + a.At.Time().Format("15:04:05")}, {File: b.File, Line: b.Line, Text: b.Tool + ": first row after it, " + b.At.Time().Format("15:04:05")}}
				}
			}
		}
		if !inside && of[0].At <= s.From && of[len(of)-1].At >= s.To {
			i, _ := slices.BinarySearchFunc(of, s.From+(s.To-s.From)/2, func(m *HostSample, t micros) int { return cmp.Compare(m.At, t) })
			ran = of[min(i, len(of)-1)]
		}
	}
	return hole, ev, ran
}

func stepOf(rows []*HostSample) micros {
	if len(rows) < 3 {
		return 0
	}
	d := make([]micros, 0, len(rows)-1)
	for i := 1; i < len(rows); i++ {
		d = append(d, rows[i].At-rows[i-1].At)
	}
	return median(d)
}

// Killed is the kernel's word that it ended the host's server, at about a time where it is dated: for memory, or for touching memory that it
// has not.
func (h *Host) Killed(about Span) *Event {
	return h.killed(about, h.isPID)
}

// KilledChild is the kernel's word that it ended a child of the host's server for memory.
func (h *Host) KilledChild(about Span) *Event {
	children := h.children()
	return h.killed(about, func(pid table.Int) bool { return children[pid] })
}

func (h *Host) killed(about Span, is func(table.Int) bool) *Event {
	for i := range h.Kernel {
		e := &h.Kernel[i]
		if e.Kind != table.KernelKilled && e.Kind != table.KernelSegfault || !e.Number.Known() || !is(e.Number) {
			continue
		}
		if e.At == unknown || e.At >= about.From && (about.To == unknown || e.At <= about.To) {
			return e
		}
	}
	return nil
}

// giveMachines gives what is told of machines alone to the servers that run on them, and returns the servers. A machine is a server's where it
// bears the name or address by which others speak of the server, or where its files lie in the server's directory or above it, unless
// servers of several machines do.
func giveMachines(hs []*Host) []*Host {
	var servers, machines []*Host
	for _, h := range hs {
		if h.tells() || len(h.Machine)+len(h.Kernel) == 0 {
			servers = append(servers, h)
		} else {
			machines = append(machines, h)
		}
	}
	if len(machines) == 0 {
		return hs
	}
	for _, m := range machines {
		on := serversNamed(servers, m.Name)
		if len(on) == 0 {
			on = serversBelow(servers, path.Dir(m.machineFile()))
		}
		for _, h := range on {
			h.Machine, h.Kernel = append(h.Machine, m.Machine...), append(h.Kernel, m.Kernel...)
		}
	}
	return servers
}

// tells reports whether anything is told of the host's server.
func (h *Host) tells() bool {
	return len(h.Samples)+len(h.Events)+len(h.Commands)+len(h.Replicas)+len(h.Stats)+len(h.latency)+len(h.Clients)+len(h.Settings) > 0 || h.slowlogSeen
}

func (h *Host) machineFile() string {
	if len(h.Machine) > 0 {
		return h.Machine[0].File
	}
	return h.Kernel[0].File
}

func serversNamed(servers []*Host, name string) []*Host {
	name = path.Base(name)
	var on []*Host
	for _, h := range servers {
		if slices.ContainsFunc(append(slices.Clone(h.Addrs), h.Reached...), func(a string) bool { return a == name || strings.HasPrefix(a, name+":") }) {
			on = append(on, h)
		}
	}
	return on
}

func serversBelow(servers []*Host, dir string) []*Host {
	var on []*Host
	ips := map[string]bool{}
	for _, h := range servers {
		if !slices.ContainsFunc(h.filesSeen(), func(f string) bool { return strings.HasPrefix(f, dir+"/") }) {
			continue
		}
		on = append(on, h)
		ip := h.Name
		if len(h.Addrs) > 0 {
			ip, _, _ = strings.Cut(h.Addrs[0], ":")
		}
		ips[ip] = true
	}
	if len(ips) > 1 {
		return nil
	}
	return on
}

// filesSeen is one file of each kind of evidence of the host's.
func (h *Host) filesSeen() []string {
	var out []string
	if len(h.Samples) > 0 {
		out = append(out, h.Samples[0].File)
	}
	if len(h.Events) > 0 {
		out = append(out, h.Events[0].File)
	}
	if len(h.Commands) > 0 {
		out = append(out, h.Commands[0].File)
	}
	for _, s := range h.Settings {
		return append(out, s.File)
	}
	return out
}
