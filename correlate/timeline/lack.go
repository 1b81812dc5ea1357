package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
)

// Lack is a resource that a process could not have, by what tools or the kernel say of its machine.
type Lack struct {
	Resource diagnosis.Resource
	// Even is how much of the time in question was lost to it if it was lacking evenly over the tools' intervals, Most if all of it fell
	// into that time and on this process.
	Even, Most micros
	Says       string
	Evidence   []diagnosis.Evidence
	// Own tells that it was the server's own process that waited, and not anybody on its machine.
	Own bool
}

// way is how a number says that a resource was lacking: which share of its interval a process that wanted it could not have it.
type way struct {
	resource diagnosis.Resource
	column   string
	share    func(*HostSample) float64 // nil where the column is a percentage
	says     string
	// some says that some task lacked it, and not which: it may have been another one's all the time.
	some bool
	// own says that it is told of the server's own process: of another's it says nothing.
	own bool
	// whoever says that it tells of the resource, and not of who waited for it.
	whoever bool
}

// ways are what can be told of a lack. Each is a share of time, so that what a tool says of ten minutes and what it says of a second can be
// held against the same silence.
var ways = []way{
	{resource: diagnosis.CPU, column: "cpu_steal_percent", says: "the hypervisor gave its CPU to others"},
	{resource: diagnosis.CPU, column: "cpu_throttled_percent", says: "its control group was held at its CPU limit"},
	{resource: diagnosis.Memory, column: "memory_full_pressure_percent", says: "every task waited for memory"},
	{resource: diagnosis.Disk, column: "io_full_pressure_percent", says: "every task waited for a disk"},
	{resource: diagnosis.CPU, column: "process_cpu_wait_percent", own: true, says: "its process was ready and got no CPU"},
	{resource: diagnosis.CPU, column: "cpu_pressure_percent", some: true, says: "some task waited for a CPU"},
	{resource: diagnosis.CPU, column: "runnable_tasks", share: crowded, says: "more tasks wanted a CPU than there are CPUs, and none was idle"},
	{resource: diagnosis.Memory, column: "major_faults_per_second", share: faulted, says: "memory was read back from disk"},
	{resource: diagnosis.Memory, column: "swap_in_bytes_per_second", share: swapped, says: "memory was read back from swap"},
	{resource: diagnosis.Disk, column: "disk_util_percent", whoever: true, says: "the disk was busy"},
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

// Lacks are what the machine lacked in a time, the longest first.
func (h *Host) Lacks(s Span) []Lack {
	var out []Lack
	for i := range ways {
		out = append(out, h.lacking(&ways[i], s)...)
	}
	out = append(out, h.stopped(s)...)
	out = append(out, h.atDisk(s)...)
	out = append(out, h.kernelSaw(s)...)
	slices.SortStableFunc(out, func(a, b Lack) int { return cmp.Or(cmp.Compare(b.Even, a.Even), cmp.Compare(b.Most, a.Most)) })
	return out
}

// lacking adds up what a time lost in one way, by each tool and each part of the machine that it speaks of.
func (h *Host) lacking(w *way, s Span) []Lack {
	type part struct{ tool, scope string }
	type loss struct {
		Lack
		worst *HostSample
	}
	lost := map[part]*loss{}
	var order []part
	for m := range h.Measured(s) {
		v := *m.Measure(w.column)
		if !v.Known() || !m.Interval.Known() || w.own && m.PID.Known() && !h.isPID(m.PID) {
			continue
		}
		share := float64(v) / 100
		if w.share != nil {
			share = w.share(m)
		}
		in := m.Span()
		if share > 1 { // a group's time at its limit is told when it may go on, for all the time before (Linux kernel/sched/fair.c unthrottle_cfs_rq)
			in.From, share = in.To-micros(share*float64(in.To-in.From)), 1
		}
		both := min(in.To, s.To) - max(in.From, s.From)
		if both <= 0 || share <= 0 {
			continue
		}
		p := part{m.Tool, m.Scope}
		l := lost[p]
		if l == nil {
			l = &loss{Lack: Lack{Resource: w.resource}, worst: m}
			lost[p] = l
			order = append(order, p)
		}
		if !w.some {
			l.Even += micros(share * float64(both))
		}
		l.Most += min(both, micros(share*float64(in.To-in.From)))
		if v > *l.worst.Measure(w.column) {
			l.worst = m
		}
	}
	out := make([]Lack, 0, len(order))
	for _, p := range order {
		l := lost[p]
		l.Even, l.Most = min(l.Even, s.To-s.From), min(l.Most, s.To-s.From) // it may be counted for each CPU
		l.Says = fmt.Sprintf("%s for %s of %s (%s): %s %.4g", w.says, diagnosis.Length(cmp.Or(l.Even, l.Most)), diagnosis.Length(s.To-s.From),
			strings.TrimSpace(h.Name+" "+p.scope), w.column, float64(*l.worst.Measure(w.column)))
		l.Evidence = []diagnosis.Evidence{l.worst.Evidence(w.column)}
		out = append(out, l.Lack)
	}
	return out
}

// Lent is how much of a time the host's server was kept waiting for a CPU, for memory, or by whoever had stopped it; but for resources that do not count.
func (h *Host) Lent(s Span, but ...diagnosis.Resource) micros {
	if len(h.Machine) == 0 {
		return 0
	}
	most := micros(0)
	for _, l := range h.Lacks(s) {
		if l.Resource != diagnosis.Disk && !slices.Contains(but, l.Resource) {
			most = max(most, min(l.Even, s.To-s.From))
		}
	}
	return most
}

// stopped finds the server's own process stopped, by a signal or a debugger. One snapshot of it is enough: who is stopped does not go on by itself.
func (h *Host) stopped(s Span) []Lack {
	for m := range h.Measured(s) {
		if m.At >= s.From && m.At <= s.To && strings.EqualFold(m.State, "T") && (!m.PID.Known() || h.isPID(m.PID)) {
			return []Lack{{
				Resource: diagnosis.Process, Even: s.To - s.From, Most: s.To - s.From, Says: h.Name + "'s process was stopped",
				Evidence: []diagnosis.Evidence{{File: m.File, Line: m.Line, Text: m.Tool + ": " + m.Scope + " State: " + m.State}},
			}}
		}
	}
	return nil
}

// atDisk finds the server's own process waiting, uninterruptibly, look after look: as often as it was seen so, so much of the time it waited. It is a disk that
// it waits for where the machine has tasks that do; a process that a freezer holds looks the same, and nobody waits for a disk then (Linux
// fs/proc/array.c task_state_array, kernel/freezer.c). With fewer than three looks one that waited for a moment would count for all of it. Where the machine
// swaps it is memory that is lacking.
func (h *Host) atDisk(s Span) []Lack {
	blocked := map[micros]bool{} // at which times some task waited for a disk; false where none did
	for m := range h.Measured(s) {
		if m.SwapIn > 0 {
			return nil
		}
		if m.Scope == "" && m.Blocked.Known() {
			blocked[m.At] = m.Blocked > 0
		}
	}
	looks, waits, frozen := 0, 0, 0
	var first *HostSample
	for m := range h.Measured(s) {
		if m.State == "" || m.At < s.From || m.At > s.To || m.PID.Known() && !h.isPID(m.PID) {
			continue
		}
		looks++
		if !strings.EqualFold(m.State, "D") {
			continue
		}
		waits++
		if some, told := blocked[m.At]; told && !some {
			frozen++
		}
		first = cmp.Or(first, m)
	}
	if looks < 3 || waits == 0 {
		return nil
	}
	l := Lack{
		Resource: diagnosis.Disk, Own: true, Says: fmt.Sprintf("%s's process waited for a disk in %d of %d looks at it", h.Name, waits, looks),
		Evidence: []diagnosis.Evidence{{File: first.File, Line: first.Line, Text: first.Tool + ": " + first.Scope + " State: " + first.State}},
	}
	if frozen > waits/2 {
		l.Resource, l.Says = diagnosis.Process, fmt.Sprintf("%s's process was held in %d of %d looks at it, and no task waited for a disk: it was frozen", h.Name, waits, looks)
	}
	l.Even = micros(int64(s.To-s.From) * int64(waits) / int64(looks))
	l.Most = l.Even
	return []Lack{l}
}
