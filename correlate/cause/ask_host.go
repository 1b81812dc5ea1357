package cause

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// silence is the time in question of a host: its own stall, where one is seen, else the silence that the links were lost to.
func (s *scene) silence(h *timeline.Host) (timeline.Span, bool) {
	if st := s.StallOf(h); st != nil {
		return st.Span, true
	}
	if !s.Silent || s.Lost-s.Contact < timeline.TwoTicks {
		return timeline.Span{}, false
	}
	return timeline.Span{From: s.Contact, To: s.Lost}, true
}

// machineLacked asks what the machine under the suspect says of the silence: that it lacked one of these resources for at least half of it.
// Any resource counts where none is named.
func machineLacked(of ...diagnosis.Resource) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.suspect
		in, ok := s.silence(h)
		if !ok || s.First == nil {
			return Finding{at: unknown}
		}
		if !h.HasMachine(in) {
			if s.StallOf(h) == nil {
				return Finding{at: unknown}
			}
			return needs("what was measured of the machine of " + h.Name + " meanwhile: vmstat -t 1, sadf -j, /proc/pressure, dmesg -T")
		}
		if s.StallOf(h) == nil && s.answeredInside(h) != nil && !s.ranTooSeldom(h) {
			return Finding{at: unknown} // a busy machine that kept nobody waiting is no cause
		}
		may := Finding{at: unknown}
		for _, l := range h.Lacks(in) {
			if wanted(l, of) && l.Even >= (in.To-in.From)/2 {
				f := found(unknown, "the machine lacked "+string(l.Resource)+": "+l.Says, l.Evidence...)
				if l.Resource == diagnosis.Process {
					f.Text = l.Says
				}
				f.resource = l.Resource
				return f
			}
			if wanted(l, of) && l.Even > 0 && l.Most >= (in.To-in.From)/2 {
				may = needs(fmt.Sprintf("what was measured of the machine of %s at shorter intervals: by its means it may have lacked %s for all of the silence, or for none of it", h.Name, l.Resource))
			}
		}
		return may
	}
}

// wanted reports whether what was lacked is among what is asked for. Where nothing is named any will do but a disk: that it is busy holds nobody who does
// not wait for it. Who was seen waiting did.
func wanted(l timeline.Lack, of []diagnosis.Resource) bool {
	return slices.Contains(of, l.Resource) || len(of) == 0 && (l.Resource != diagnosis.Disk || l.Own)
}

// machineStill: the tools on the suspect's machine wrote nothing either for as long, so that it was the machine that stood still.
func machineStill(s *scene) Finding {
	st := s.StallOf(s.suspect)
	if st == nil || s.First == nil {
		return Finding{at: unknown}
	}
	hole, ev, _ := s.suspect.MachineStill(st.Span)
	if hole.To-hole.From < (st.To-st.From)/2 {
		return Finding{at: unknown}
	}
	f := found(hole.From, fmt.Sprintf("the tools on the machine of %s wrote nothing either from %s to %s", s.suspect.Name, ms(hole.From), ms(hole.To)), ev...)
	f.resource = diagnosis.CPU
	return f
}

// machineRan: the tools on the suspect's machine went on while it stood still, and tell of no lack: it was the process alone.
func machineRan(s *scene) Finding {
	st := s.StallOf(s.suspect)
	if st == nil || s.First == nil || len(st.Because) > 0 || machineLacked()(s).Answer == yes {
		return Finding{at: unknown}
	}
	_, _, ran := s.suspect.MachineStill(st.Span)
	if ran == nil {
		return Finding{at: unknown}
	}
	f := found(unknown, fmt.Sprintf("the machine of %s ran on and lacked nothing that was measured: the process alone stood still", s.suspect.Name),
		diagnosis.Evidence{File: ran.File, Line: ran.Line, Text: ran.Tool + ": a row of " + ms(ran.At)})
	f.resource = diagnosis.Process
	return f
}

// disksHeld: the disk was busy, or waited for, through the silence of a server whose writes wait for it: with appendfsync always each does; with everysec
// one does while the last fsync is two seconds late, and the server counts it (redis 7.4.1 aof.c flushAppendOnlyFile). A busy disk that nobody waited for
// is no cause.
func disksHeld(s *scene) Finding {
	h := s.suspect
	if aofOff(s).Answer != no || explained("aof-fsync-stall")(s).Answer == yes { // the server itself says more
		return Finding{at: unknown}
	}
	if sync := h.Value("appendfsync"); sync == "no" || sync == "everysec" && !delayed(s) {
		return Finding{at: unknown}
	}
	return machineLacked(diagnosis.Disk)(s)
}

// delayed reports whether the suspect counted a write that waited for an fsync over the loss; where it was not asked, it may have.
func delayed(s *scene) bool {
	a, b := s.suspect.LastSampleBefore(s.Contact), s.suspect.FirstSampleAfter(s.Last+timeline.Tick)
	return a == nil || b == nil || !a.AOFDelayedFsync.Known() || !b.AOFDelayedFsync.Known() || a.AOFDelayedFsync != b.AOFDelayedFsync
}

func nothingOfItsOwn(s *scene) Finding {
	h := s.suspect
	st := s.StallOf(h)
	if st == nil || s.First == nil {
		return Finding{at: unknown}
	}
	for _, e := range st.Because {
		if long(e, s) || e.Own() >= st.AtLeast/2 {
			return denied(e.Summary, e.Evidence...)
		}
	}
	if f := disksHeld(s); f.Answer == yes {
		return denied(f.Text, f.evidence...)
	}
	for _, k := range []string{"slow-command", "slow-script", "fork-stall"} {
		if f := statsShow(k)(s); f.Answer == yes {
			return denied(f.Text, f.evidence...)
		}
	}
	if !h.HasSlowlog() {
		return needs("the slowlog of " + h.Name)
	}
	return found(st.From, "nothing in its slowlog, its forks or its AOF explains it")
}

// machineLink: the kernel or a tool saw the link of one end's interface go.
func machineLink(s *scene) Finding {
	in := timeline.Span{From: s.Contact - timeline.TwoTicks, To: s.Last + timeline.TwoTicks}
	for _, h := range s.ends() {
		for i := range h.Kernel {
			e := &h.Kernel[i]
			if e.Kind == table.KernelLinkDown && e.At != unknown && e.At >= in.From && e.At <= in.To {
				f := found(e.At, fmt.Sprintf("an interface of %s lost its link", h.Name), e.Evidence())
				f.resource = diagnosis.Network
				return f
			}
		}
		for m := range h.Measured(in) {
			if m.Carrier == 0 && m.Span().Overlaps(in) && hadCarrier(h, m) {
				f := found(unknown, fmt.Sprintf("%s of %s had no carrier", m.Scope, h.Name), m.Evidence("net_carrier"))
				f.resource = diagnosis.Network
				return f
			}
		}
	}
	return Finding{at: unknown}
}

// hadCarrier reports whether the interface was ever in use: a port without a cable has none all year.
func hadCarrier(h *timeline.Host, of *timeline.HostSample) bool {
	for i := range h.Machine {
		if m := &h.Machine[i]; m.Scope == of.Scope && m.Carrier == 1 {
			return true
		}
	}
	return false
}

// machineLoss: frames or segments were lost on one end's machine in the silence, and more than at any time before.
func machineLoss(s *scene) Finding {
	in, ok := s.silence(s.suspect)
	if !ok { // a link that is closed at once was not lost to frames that did not come
		return Finding{at: unknown}
	}
	return lossAt(s.ends(), in)
}

// lossAt is what the machines of servers lost or repeated of what they sent, more than ever before.
func lossAt(hosts []*timeline.Host, in timeline.Span) Finding {
	for _, h := range hosts {
		for _, column := range []string{"net_errors_per_second", "net_drops_per_second", "tcp_retransmits_per_second"} {
			if f := moreThanEver(h, column, in); f.Answer == yes {
				return f
			}
		}
	}
	return Finding{at: unknown}
}

// moreThanEver: a rate was twice of what it had ever been before a time, and something every second.
func moreThanEver(h *timeline.Host, column string, in timeline.Span) Finding {
	var worst *timeline.HostSample
	before := map[string]table.Float{} // by interface
	for i := range h.Machine {
		m := &h.Machine[i]
		v := *m.Measure(column)
		if !v.Known() || m.At == unknown {
			continue
		}
		if m.At <= in.From {
			before[m.Scope] = max(before[m.Scope], v)
			continue
		}
		if m.Span().From > in.To {
			break
		}
		if usual, told := before[m.Scope]; told && v > 2*usual && v >= 1 && (worst == nil || v > *worst.Measure(column)) {
			worst = m
		}
	}
	if worst == nil {
		return Finding{at: unknown}
	}
	f := found(unknown, fmt.Sprintf("%s of %s rose to %.4g, and had never been above %.4g", column, h.Name, float64(*worst.Measure(column)), float64(before[worst.Scope])), worst.Evidence(column))
	f.resource = diagnosis.Network
	return f
}

// replicaStarved: what the replica lacked in the minute before it was closed says why it took its data so slowly.
func replicaStarved(s *scene) Finding {
	o := s.own()
	if o == nil || overflowClosed(s).Answer != yes {
		return Finding{at: unknown}
	}
	in := timeline.Span{From: o.Lost - timeline.MinuteApart, To: o.Lost}
	for _, l := range o.Replica.Lacks(in) {
		if l.Even >= timeline.WorthASecond {
			f := found(unknown, fmt.Sprintf("the machine of %s lacked %s before: %s", o.Replica.Name, l.Resource, l.Says), l.Evidence...)
			f.resource = l.Resource
			return f
		}
	}
	return Finding{at: unknown}
}

// pathLost: while the replica's output waited, one end's machine lost or repeated more on the way than ever before. What waits for longer than
// repl-timeout would have been closed for that.
func pathLost(s *scene) Finding {
	o := s.own()
	if o == nil || overflowClosed(s).Answer != yes || replicaStarved(s).Answer == yes {
		return Finding{at: unknown}
	}
	return lossAt([]*timeline.Host{s.Primary, o.Replica}, timeline.Span{From: o.Lost - s.Timeout, To: o.Lost})
}

// killedForMemory: the kernel says that it ended the suspect's process.
func killedForMemory(s *scene) Finding {
	h := s.suspect
	// The system closes a process's connections as it ends.
	e := h.Killed(timeline.Span{From: s.Contact - replication.ClockSlack - h.Clock.Err, To: s.Last + replication.ClockSlack + h.Clock.Err})
	if e == nil {
		return Finding{at: unknown}
	}
	f := outLoud(found(e.At, fmt.Sprintf("the kernel killed %s's process %d for memory", h.Name, e.Number), e.Evidence()))
	f.resource = diagnosis.Memory
	if e.Kind == table.KernelSegfault {
		f.Text, f.resource = fmt.Sprintf("the kernel saw %s's process %d touch memory that it has not", h.Name, e.Number), diagnosis.Process
	}
	f.exact = e.At != unknown
	return f
}

// childKilledForMemory: the kernel says that it ended the child that wrote a snapshot.
func childKilledForMemory(s *scene) Finding {
	e := s.Primary.KilledChild(timeline.Span{From: s.Contact - timeline.MinuteApart, To: s.End})
	if e == nil || e.Kind != table.KernelKilled {
		return Finding{at: unknown}
	}
	f := outLoud(found(e.At, fmt.Sprintf("the kernel killed child %d of %s for memory", e.Number, s.Primary.Name), e.Evidence()))
	f.resource = diagnosis.Memory
	return f
}

// noRoom: a file system of the suspect's machine had nothing left while snapshots failed.
func noRoom(s *scene) Finding {
	h := s.suspect
	for i := range h.Machine {
		m := &h.Machine[i]
		const block = 1 << 20 // what a file system may keep back of its last megabyte
		if m.DiskFree.Known() && m.DiskFree < block && (m.At == unknown || m.At >= s.Contact-timeline.MinuteApart && (s.End == unknown || m.At <= s.End+timeline.MinuteApart)) {
			f := found(unknown, fmt.Sprintf("the file system %s of %s was full", m.Scope, h.Name), m.Evidence("disk_free_bytes"))
			f.resource = diagnosis.Disk
			return f
		}
	}
	return Finding{at: unknown}
}

// Resource is what ran short, where the evidence names it: what the machine's own tools say first, then what the server's words mean.
func (h *Hypothesis) Resource() diagnosis.Resource {
	best, w := diagnosis.Resource(""), -1.0
	for _, f := range h.Findings {
		if f.Answer == yes && f.resource != "" && f.clue.For.Worth() > w {
			best, w = f.resource, f.clue.For.Worth()
		}
	}
	if best != "" {
		return best
	}
	for _, e := range h.Evidence() {
		for _, word := range resourceWords {
			if replication.ContainsWord(e.Text, word.text) {
				return word.resource
			}
		}
	}
	return h.Cause.Resource
}

// resourceWords are what the system answers to a server that asks for more than there is (errno's words), and servers' own of the same.
var resourceWords = [...]struct {
	text     string
	resource diagnosis.Resource
}{
	{"No space left on device", diagnosis.Disk},
	{"Disk quota exceeded", diagnosis.Disk},
	{"Input/output error", diagnosis.Disk},
	{"Read-only file system", diagnosis.Disk},
	{"Cannot allocate memory", diagnosis.Memory},
	{"Out Of Memory", diagnosis.Memory},
	{"Resource temporarily unavailable", diagnosis.Process},
	{"max number of clients", diagnosis.Setting},
	{"Too many open files", diagnosis.Process},
	{"No route to host", diagnosis.Network},
	{"Network is unreachable", diagnosis.Network},
}
