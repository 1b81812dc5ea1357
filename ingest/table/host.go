package table

import (
	"sync"
	"unsafe"
)

// HostSample is what a tool said at one moment of a host, or of one part of it: a disk, an interface, a process, a control group. Rates are
// means over the interval before the stamp. A tool says some of the columns; what it did not say is not known.
type HostSample struct {
	Origin
	// Stamp and Clock read as those of an Event.
	Stamp Micros `col:"stamp_us" doc:"the end of the interval, as written; local time is read as if it were UTC"`
	Clock string `col:"clock" is:"own" doc:"how stamp_us reads: utc, local, none"`
	Tool  string `col:"tool" is:"own" doc:"who said it: sysstat, vmstat, iostat, procfs, node-exporter, df, top"`
	Scope string `col:"scope" is:"name" doc:"the disk, interface, file system, process or control group; empty for the whole host"`

	Interval Float `col:"interval_seconds" doc:"how long the interval is, where it is told"`

	User     Float `col:"cpu_user_percent" doc:"CPU spent in user mode, of all CPUs"`
	System   Float `col:"cpu_system_percent" doc:"CPU spent in the kernel"`
	IOWait   Float `col:"cpu_iowait_percent" doc:"CPU idle while a disk was waited for"`
	Steal    Float `col:"cpu_steal_percent" doc:"CPU that the hypervisor gave to others"`
	Idle     Float `col:"cpu_idle_percent" doc:"CPU idle"`
	CPUs     Float `col:"cpu_count" doc:"CPUs of the host"`
	Runnable Float `col:"runnable_tasks" doc:"tasks that ran or waited for a CPU"`
	Blocked  Float `col:"blocked_tasks" doc:"tasks that waited for a disk"`
	Load     Float `col:"load_1m" doc:"load average of the last minute"`

	Throttled    Float  `col:"cpu_throttled_percent" doc:"share of the interval in which a control group was held at its CPU limit"`
	CPUPressure  Float  `col:"cpu_pressure_percent" doc:"share of the interval in which some task waited for a CPU"`
	MemPressure  Float  `col:"memory_pressure_percent" doc:"share in which some task waited for memory"`
	MemStopped   Float  `col:"memory_full_pressure_percent" doc:"share in which every task waited for memory"`
	IOPressure   Float  `col:"io_pressure_percent" doc:"share in which some task waited for a disk"`
	IOStopped    Float  `col:"io_full_pressure_percent" doc:"share in which every task waited for a disk"`
	MemTotal     Float  `col:"memory_total_bytes" doc:"memory of the host, or a control group's limit"`
	MemAvailable Float  `col:"memory_available_bytes" doc:"memory that can be given out without swapping"`
	SwapUsed     Float  `col:"swap_used_bytes" doc:"swap in use"`
	SwapIn       Float  `col:"swap_in_bytes_per_second" doc:"read back from swap"`
	SwapOut      Float  `col:"swap_out_bytes_per_second" doc:"written to swap"`
	MajorFaults  Float  `col:"major_faults_per_second" doc:"page faults that a disk had to serve"`
	HugePages    Float  `col:"huge_pages_bytes" doc:"anonymous memory in transparent huge pages"`
	PageTables   Float  `col:"page_tables_bytes" doc:"memory in page tables"`
	OOMKills     Float  `col:"oom_kills" doc:"processes that the kernel killed for memory in the interval"`
	DiskUtil     Float  `col:"disk_util_percent" doc:"share of the interval in which the disk had requests"`
	DiskAwait    Float  `col:"disk_await_ms" doc:"mean time of a request, waiting included"`
	DiskQueue    Float  `col:"disk_queue_requests" doc:"mean number of requests in flight"`
	DiskRead     Float  `col:"disk_read_bytes_per_second" doc:"read from the disk"`
	DiskWrite    Float  `col:"disk_write_bytes_per_second" doc:"written to the disk"`
	DiskFree     Float  `col:"disk_free_bytes" doc:"free for users on the file system"`
	NetIn        Float  `col:"net_receive_bytes_per_second" doc:"received by the interface"`
	NetOut       Float  `col:"net_transmit_bytes_per_second" doc:"sent by the interface"`
	NetUtil      Float  `col:"net_util_percent" doc:"the larger direction against the interface's speed"`
	NetErrors    Float  `col:"net_errors_per_second" doc:"frames damaged, either way"`
	NetDrops     Float  `col:"net_drops_per_second" doc:"frames dropped, either way"`
	Carrier      Float  `col:"net_carrier" doc:"1 with a carrier, 0 without"`
	Retransmits  Float  `col:"tcp_retransmits_per_second" doc:"TCP segments sent again"`
	PID          Int    `col:"pid" doc:"the process, where the row is of one"`
	State        string `col:"process_state" is:"word" doc:"R running, S sleeping, D waiting for a disk, T stopped, Z gone"`
	ProcessCPU   Float  `col:"process_cpu_percent" doc:"time of the process on a CPU, of one CPU; its main thread's where only that is told"`
	ProcessWait  Float  `col:"process_cpu_wait_percent" doc:"share of the interval in which the process (its main thread) was ready and waited for a CPU"`
	RSS          Float  `col:"process_rss_bytes" doc:"memory of the process"`
	ProcessSwap  Float  `col:"process_swap_bytes" doc:"memory of the process in swap"`
}

// measures are where a row has its numbers that may be unknown, by their columns' names.
var measures = sync.OnceValue(func() map[string]uintptr {
	at := map[string]uintptr{}
	for _, c := range shapeOf[HostSample]().columns {
		if c.Kind == KindFloat {
			at[c.Name] = c.off
		}
	}
	return at
})

// NewHostSample is a row that says nothing yet.
func NewHostSample(o Origin) HostSample {
	r := HostSample{Origin: o, Stamp: Null, Clock: ClockNone, PID: Null}
	for column := range measures() {
		*r.Measure(column) = NoFloat()
	}
	return r
}

// Measure is the number of a column, by its name; nil where the row has no such number.
func (r *HostSample) Measure(column string) *Float {
	off, ok := measures()[column]
	if !ok {
		return nil
	}
	return (*Float)(unsafe.Add(unsafe.Pointer(r), off))
}
