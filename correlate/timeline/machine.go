package timeline

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sort"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// HostSample is what a tool said of a host, on the axis.
type HostSample struct {
	table.HostSample
	At micros
}

// Span is the interval that the row is of.
func (m *HostSample) Span() Span {
	if !m.Interval.Known() {
		return Span{m.At, m.At}
	}
	return Span{m.At - micros(m.Interval*1e6), m.At}
}

// Evidence is a column of the row as a report quotes it.
func (m *HostSample) Evidence(column string) diagnosis.Evidence {
	text := fmt.Sprintf("%s:%.4g", column, float64(*m.Measure(column)))
	if m.Scope != "" {
		text = m.Scope + " " + text
	}
	return diagnosis.Evidence{File: m.File, Line: m.Line, Text: m.Tool + ": " + text}
}

// ticks are the times at which one file of a tool's speaks of the machine.
type ticks struct {
	step micros // usual time between them; 0 with fewer than three
	rows []*HostSample
}

// readMachine finds how often the machine's tools wrote, once their rows are laid.
func (h *Host) readMachine() {
	cpus := table.NoFloat()
	for i := range h.Machine {
		m := &h.Machine[i]
		if m.CPUs.Known() && m.Scope == "" {
			cpus = m.CPUs
		}
	}
	files := map[string]*ticks{}
	for i := range h.Machine {
		m := &h.Machine[i]
		if m.Scope == "" && !m.CPUs.Known() { // vmstat and top do not say how many CPUs there are
			m.CPUs = cpus
		}
		if m.Interval.Known() {
			h.longest = max(h.longest, m.At-m.Span().From)
		}
		if m.Interval.Known() && m.Throttled > 100 { // see lacking
			h.longest = max(h.longest, micros(m.Interval*m.Throttled/100*1e6))
		}
		f := files[m.File]
		if f == nil {
			f = &ticks{}
			files[m.File], h.tools = f, append(h.tools, f)
		}
		if m.At != unknown && (len(f.rows) == 0 || f.rows[len(f.rows)-1].At != m.At) {
			f.rows = append(f.rows, m)
		}
	}
	for _, f := range h.tools {
		f.step = usualStep(f.rows, func(m **HostSample) micros { return (*m).At }, 0)
	}
}

// Measured are the rows that tell of a time, or were told so soon after it that they may.
func (h *Host) Measured(s Span) iter.Seq[*HostSample] {
	return func(yield func(*HostSample) bool) {
		from := sort.Search(len(h.Machine), func(i int) bool { return h.Machine[i].At >= s.From })
		for i := from; i < len(h.Machine) && h.Machine[i].At <= s.To+h.longest; i++ {
			if h.Machine[i].At != unknown && !yield(&h.Machine[i]) {
				return
			}
		}
	}
}

// HasMachine reports whether something tells of the host's machine over a time.
func (h *Host) HasMachine(s Span) bool {
	for m := range h.Measured(s) {
		if m.Span().Overlaps(s) {
			return true
		}
	}
	return slices.ContainsFunc(h.Kernel, func(e Event) bool { return e.At != unknown && e.At <= s.From }) && slices.ContainsFunc(h.Kernel, func(e Event) bool { return e.At >= s.To })
}

// MachineStill is the longest hole that overlaps a time in what a tool wrote of the machine by itself, row after row: what writes nothing either
// did not run. ran is a row of a tool that wrote all through the time, so that the machine did run; nil without one.
func (h *Host) MachineStill(s Span) (hole Span, ev []diagnosis.Evidence, ran *HostSample) {
	for _, f := range h.tools {
		if f.step == 0 || f.step > (s.To-s.From)/2 {
			continue // too rarely to tell
		}
		at := func(t micros) int {
			i, _ := slices.BinarySearchFunc(f.rows, t, func(m *HostSample, t micros) int { return cmp.Compare(m.At, t) })
			return i
		}
		first, behind := max(at(s.From), 1), min(at(s.To)+1, len(f.rows))
		whole := f.rows[0].At <= s.From && f.rows[len(f.rows)-1].At >= s.To
		for i := first; i < behind; i++ {
			a, b := f.rows[i-1], f.rows[i]
			d := b.At - a.At
			if d < f.step*Hole/10 || d < TwoTicks {
				continue
			}
			whole = false
			if d > hole.To-hole.From {
				hole = Span{a.At, b.At}
				ev = []diagnosis.Evidence{
					{File: a.File, Line: a.Line, Text: a.Tool + ": last row before the hole, " + a.At.Time().Format("15:04:05")},
					{File: b.File, Line: b.Line, Text: b.Tool + ": first row after it, " + b.At.Time().Format("15:04:05")},
				}
			}
		}
		if whole {
			ran = f.rows[min(at(s.From+(s.To-s.From)/2), len(f.rows)-1)]
		}
	}
	return hole, ev, ran
}
