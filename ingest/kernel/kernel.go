// Package kernel reads what Linux says of processes, disks, links and clocks: dmesg in its forms, kern.log, the kernel's lines of a journal.
//
// Of thousands of lines it keeps those that can tell why a server stood still, lost its links or died; the others are of no interest. It knows
// them by words that have not changed for years (Linux 4.4 to 6.12: mm/oom_kill.c, kernel/hung_task.c, kernel/watchdog.c, kernel/power). Whom a
// line speaks of beyond a process id, and what came of it, it does not say.
package kernel

import (
	"bytes"
	"strings"
	"time"

	"psyncope/ingest/artifact"
	"psyncope/ingest/logline"
	"psyncope/ingest/reply"
	"psyncope/ingest/secret"
	"psyncope/ingest/table"
	"psyncope/ingest/wrap"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "kernel-log", Sniff: sniff, Read: read}
}

// said are the words by which a line is known, and what it means. The first that fits counts.
var said = [...]struct {
	words  []string // in this order
	kind   string
	number string // what stands before the process's id
}{
	{[]string{"Out of memory: Kill", "process "}, table.KernelKilled, "process "},
	{[]string{"Memory cgroup out of memory: Kill", "process "}, table.KernelKilled, "process "},
	{[]string{"oom-kill:", "task=", ",pid="}, table.KernelKilled, ",pid="},
	{[]string{"Killed process ", "total-vm:"}, table.KernelKilled, "process "},
	{[]string{"INFO: task ", " blocked for more than ", " seconds"}, table.KernelHung, ":"},
	{[]string{"soft lockup", "stuck for "}, table.KernelLockup, ""},
	{[]string{"hard LOCKUP"}, table.KernelLockup, ""},
	{[]string{"detected stall"}, table.KernelLockup, ""},
	{[]string{"self-detected stall"}, table.KernelLockup, ""},
	{[]string{"Link is Down"}, table.KernelLinkDown, ""},
	{[]string{"Link is down"}, table.KernelLinkDown, ""},
	{[]string{"link is down"}, table.KernelLinkDown, ""},
	{[]string{"Lost carrier"}, table.KernelLinkDown, ""},
	{[]string{"NETDEV WATCHDOG", "transmit queue"}, table.KernelLinkDown, ""},
	{[]string{"Link is Up"}, table.KernelLinkUp, ""},
	{[]string{"Link is up"}, table.KernelLinkUp, ""},
	{[]string{"link becomes ready"}, table.KernelLinkUp, ""},
	{[]string{"nf_conntrack", "table full, dropping packet"}, table.KernelDrops, ""},
	{[]string{"Possible SYN flooding"}, table.KernelDrops, ""},
	{[]string{"I/O error, dev "}, table.KernelDisk, ""},
	{[]string{"Remounting filesystem read-only"}, table.KernelDisk, ""},
	{[]string{"Buffer I/O error on dev"}, table.KernelDisk, ""},
	{[]string{"nfs: server ", "not responding"}, table.KernelDisk, ""},
	{[]string{"clocksource:", "unstable"}, table.KernelClock, ""},
	{[]string{"PM: suspend entry"}, table.KernelSuspend, ""},
	{[]string{"PM: hibernation"}, table.KernelSuspend, ""},
	{[]string{"Freezing user space processes"}, table.KernelSuspend, ""},
	{[]string{"PM: suspend exit"}, table.KernelSuspend, ""},
	{[]string{"segfault at "}, table.KernelSegfault, "["},
}

// Said tells what a line of the kernel's means, and of which process; kind is empty where it is of no interest.
func Said(line string) (kind string, pid table.Int) {
	for i := range said {
		s := &said[i]
		rest, ok := line, true
		for _, w := range s.words {
			if _, rest, ok = strings.Cut(rest, w); !ok {
				break
			}
		}
		if ok {
			return s.kind, pidBehind(line, s.number)
		}
	}
	return "", table.Null
}

// pidBehind is the first whole number that stands behind some text.
func pidBehind(line, text string) table.Int {
	for text != "" {
		_, rest, ok := strings.Cut(line, text)
		if !ok {
			break
		}
		n, digits := int64(0), 0
		for digits < len(rest) && digits < 10 && rest[digits] >= '0' && rest[digits] <= '9' {
			n = 10*n + int64(rest[digits]-'0')
			digits++
		}
		if digits > 0 {
			return table.Int(n)
		}
		line = rest
	}
	return table.Null
}

// Event is the row of a line, or nothing where it is of no interest.
func Event(o table.Origin, line string, at table.Micros, clock string) (table.Event, bool) {
	kind, pid := Said(line)
	if kind == "" {
		return table.Event{}, false
	}
	const maxText = 400
	text := secret.Text(strings.ToValidUTF8(line[:min(len(line), maxText)], "\uFFFD"))
	return table.Event{
		Origin: o, Stamp: at, Clock: clock, Outer: table.Null, PID: table.Null, Level: "warning", Kind: kind, Offset: table.Null, Bytes: table.Null,
		Number: pid, Text: text, Count: 1, LastLine: o.Line, LastStamp: at,
	}, true
}

// reader takes lines of the kernel's apart.
type reader struct {
	scratch wrap.Scratch
	wrapped wrap.Line
}

// line is what a line says behind its stamp; ok is false where it is no line of the kernel's.
func (r *reader) line(text string) (says string, at table.Micros, clock string, ok bool) {
	text = strings.TrimRight(text, "\r")
	if wrap.Unwrap([]byte(text), &r.scratch, &r.wrapped) && string(r.wrapped.Source) == "kernel" {
		says := string(r.wrapped.Inner)
		if _, rest, ok := sinceBoot(says); ok {
			says = rest
		}
		clock := r.wrapped.Clock
		if !r.wrapped.At.Known() {
			clock = table.ClockNone
		}
		return says, r.wrapped.At, clock, true
	}
	if inside, rest, ok := sinceBoot(text); ok {
		if t, err := time.Parse("Mon Jan _2 15:04:05 2006", inside); err == nil { // dmesg -T
			return rest, table.MicrosOf(t), table.ClockLocal, true
		}
		return rest, table.Null, table.ClockNone, true
	}
	if at, clock, n := logline.ISO([]byte(strings.Replace(text, ",", ".", 1))); n > 0 && n < len(text) && strings.Contains(text[:n], ",") { // dmesg --time-format iso
		return strings.TrimSpace(text[n:]), at, clock, true
	}
	return "", table.Null, table.ClockNone, false
}

// sinceBoot takes the brackets off "[ 1234.567890] text" and "[Sun Nov 22 10:00:01 2026] text".
func sinceBoot(text string) (inside, rest string, ok bool) {
	if !strings.HasPrefix(text, "[") {
		return "", "", false
	}
	inside, rest, ok = strings.Cut(text[1:], "]")
	inside = strings.TrimSpace(inside)
	if !ok || len(inside) < 5 || len(inside) > 24 {
		return "", "", false
	}
	if strings.Trim(inside, "0123456789.") != "" && !strings.Contains("MonTueWedThuFriSatSun", inside[:3]) {
		return "", "", false
	}
	return inside, strings.TrimSpace(rest), true
}

// sniff asks for a file of little else than lines of the kernel's.
func sniff(_ string, head []byte) int {
	var r reader
	lines, mine := 0, 0
	_ = reply.Lines(bytes.NewReader(reply.Head(head, 16<<10)), func(_ int32, text string) {
		if strings.TrimSpace(text) == "" {
			return
		}
		lines++
		if _, _, _, ok := r.line(text); ok {
			mine++
		}
	})
	if mine == 0 || mine*10 < lines*9 {
		return 0
	}
	return 94
}

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	var r reader
	err := reply.Lines(in.Body, func(n int32, text string) {
		if strings.TrimSpace(text) == "" {
			return
		}
		o := in.Origin
		o.Line += n
		says, at, clock, _ := r.line(text)
		e, ok := Event(o, says, at, clock)
		if !ok {
			account.Ignored++
			return
		}
		account.Records++
		account.Saw(at)
		out.Events.Append(&e)
	})
	return account, err
}
