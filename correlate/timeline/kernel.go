package timeline

import (
	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

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

// Killed is the kernel's word that it ended the host's server, at about a time where it is dated: for memory, or for touching memory that it
// has not.
func (h *Host) Killed(about Span) *Event {
	return h.killed(about, h.isPID)
}

// KilledChild is the kernel's word that it ended a child of the host's server for memory.
func (h *Host) KilledChild(about Span) *Event {
	if len(h.Kernel) == 0 {
		return nil
	}
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
