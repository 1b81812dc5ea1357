package kernel

import (
	"strings"
	"testing"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// What the kernel says of processes, disks and links is known by its words, whatever stands around it; what merely looks like it is not.
func TestSaid(t *testing.T) {
	for _, c := range []struct {
		line, kind string
		pid        table.Int
	}{
		{"Out of memory: Killed process 811 (redis-server) total-vm:9876kB, anon-rss:1234kB, file-rss:0kB", table.KernelKilled, 811},
		{"Out of memory: Kill process 811 (redis-server) score 901 or sacrifice child", table.KernelKilled, 811},
		{"Memory cgroup out of memory: Killed process 811 (redis-server) total-vm:9876kB", table.KernelKilled, 811},
		{"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,task_memcg=/x,task=redis-server,pid=811,uid=999", table.KernelKilled, 811},
		{"redis-server invoked oom-killer: gfp_mask=0xcc0, order=0, oom_score_adj=0", "", table.Null},
		{"INFO: task redis-server:811 blocked for more than 120 seconds.", table.KernelHung, 811},
		{"watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [redis-server:811]", table.KernelLockup, table.Null},
		{"rcu: INFO: rcu_sched self-detected stall on CPU", table.KernelLockup, table.Null},
		{"e1000e 0000:00:1f.6 eth0: NIC Link is Down", table.KernelLinkDown, table.Null},
		{"eth0: link is up", "", table.Null},
		{"redis-server[811]: segfault at 0 ip 000055 sp 00007f error 4 in redis-server", table.KernelSegfault, 811},
		{"blk_update_request: I/O error, dev sda, sector 1234", table.KernelDisk, table.Null},
		{"PM: suspend entry (deep)", table.KernelSuspend, table.Null},
		{"usb 1-1: new high-speed USB device number 4", "", table.Null},
	} {
		if kind, pid := Said(c.line); kind != c.kind || pid != c.pid {
			t.Errorf("%q: %q %d", c.line, kind, pid)
		}
		if kind, _ := Said(c.line); kind != "" && !table.ByKernel(kind) {
			t.Errorf("%s is not the kernel's", kind)
		}
	}
}

// The forms in which people have the kernel's log.
func TestForms(t *testing.T) {
	const says = "Out of memory: Killed process 811 (redis-server) total-vm:9876kB"
	for _, c := range []struct{ line, at, clock string }{
		{"[12346.000000] " + says, "", table.ClockNone},
		{"[Sun Nov 22 10:00:01 2026] " + says, "2026-11-22T10:00:01Z", table.ClockLocal},
		{"2026-11-22T10:00:01,250000+01:00 " + says, "2026-11-22T09:00:01Z", table.ClockUTC},
		{"Nov 22 10:00:01 db-1 kernel: [12346.000000] " + says, "2000-11-22T10:00:01Z", table.ClockLocalNoYear},
		{"2026-11-22T10:00:01+0000 db-1 kernel: " + says, "2026-11-22T10:00:01Z", table.ClockUTC},
		{"<3>Nov 22 10:00:01 db-1 kernel: " + says, "2000-11-22T10:00:01Z", table.ClockLocalNoYear},
	} {
		text := c.line + "\n" + strings.Replace(c.line, says, "usb 1-1: new device", 1) + "\n\n"
		if sure := Format().Sniff("x", []byte(text)); sure < 80 {
			t.Errorf("%q: sniffed %d", c.line, sure)
		}
		var out table.Case
		a, err := Format().Read(artifact.Input{Name: "x", ModTime: table.Null, Body: strings.NewReader(text)}, &out)
		rows := out.Events.Rows()
		if err != nil || a.Records != 1 || a.Ignored != 1 || a.Rejected != 0 || len(rows) != 1 {
			t.Errorf("%q: %+v, %v", c.line, a, err)
			continue
		}
		at := ""
		if rows[0].Stamp.Known() {
			at = rows[0].Stamp.Time().Format("2006-01-02T15:04:05Z")
		}
		if at != c.at || rows[0].Clock != c.clock || rows[0].Number != 811 || rows[0].Line != 1 {
			t.Errorf("%q: %s %s %+v", c.line, at, rows[0].Clock, rows[0])
		}
	}
	for _, other := range []string{"", "12:M 22 Nov 2026 18:57:20.123 * Ready to accept connections tcp\n", "[1] 22 Nov 18:57:20.123 * Ready\n", "2026-11-22T10:00:01Z hello\n"} {
		if sure := Format().Sniff("x", []byte(other)); sure != 0 {
			t.Errorf("%q: sniffed %d", other, sure)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[12346.000000] Out of memory: Killed process 811 (redis-server)\n")
	f.Add("Nov 22 10:00:01 db-1 kernel: [1.0] eth0: Link is Down\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		_ = Format().Sniff("x", []byte(text))
		var out table.Case
		a, err := Format().Read(artifact.Input{Name: "x", ModTime: table.Null, Body: strings.NewReader(text)}, &out)
		if err != nil || int(a.Records) != out.Events.Len() || a.Ignored < 0 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}
