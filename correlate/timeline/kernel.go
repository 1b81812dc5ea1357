package timeline

import (
	"regexp"

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
	return h.killed(about, h.wasPID)
}

// Kills are all of these words that have a time.
func (h *Host) Kills() (out []*Event) {
	for i := range h.Kernel {
		if e := &h.Kernel[i]; e.At != unknown && ends(e) && h.wasPID(e) {
			out = append(out, e)
		}
	}
	return out
}

// ends reports whether by this word of the kernel's a process ended.
func ends(e *Event) bool {
	return (e.Kind == table.KernelKilled || e.Kind == table.KernelSegfault) && e.Number.Known()
}

// wasPID reports whether the word is of the host's server: of a process that it is known to have run as, or of a server before all that is
// known of it.
func (h *Host) wasPID(e *Event) bool {
	if h.isPID(e.Number) {
		return true
	}
	first := h.FirstSeen()
	return e.At != unknown && (first == unknown || e.At < first) && serverProcess.MatchString(e.Text)
}

// serverProcess is the name of a server's process, as the kernel cuts it after 15 letters, in brackets or before its id.
var serverProcess = regexp.MustCompile(`\b(redis|valkey|redict|keydb)-serve`)

// KilledChild is the kernel's word that it ended a child of the host's server for memory.
func (h *Host) KilledChild(about Span) *Event {
	if len(h.Kernel) == 0 {
		return nil
	}
	children := h.children()
	return h.killed(about, func(e *Event) bool { return children[e.Number] })
}

func (h *Host) killed(about Span, is func(*Event) bool) *Event {
	for i := range h.Kernel {
		e := &h.Kernel[i]
		if !ends(e) || !is(e) {
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
	if h.ran == nil {
		h.ran = map[table.Int]bool{}
		for i := range h.Samples {
			if p := h.Samples[i].ProcessID; p.Known() {
				h.ran[p] = true
			}
		}
		for i := range h.Events {
			if e := &h.Events[i]; e.PID.Known() && e.Role != "C" {
				h.ran[e.PID] = true
			}
		}
	}
	return len(h.ran) == 0 || h.ran[pid]
}
