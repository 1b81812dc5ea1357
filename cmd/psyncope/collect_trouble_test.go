//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"psyncope/correlate/diagnosis"
)

// cpuGroup is a control group that gives what is in it a thousandth of a CPU, of either version; the error says why this machine allows none.
func cpuGroup(t *testing.T) (string, error) {
	for _, v := range []struct {
		root   string
		limits [][2]string
	}{
		{"/sys/fs/cgroup/cpu", [][2]string{{"cpu.cfs_period_us", "1000000"}, {"cpu.cfs_quota_us", "1000"}}},
		{"/sys/fs/cgroup", [][2]string{{"cpu.max", "1000 1000000"}}},
	} {
		dir := filepath.Join(v.root, fmt.Sprintf("psyncope-test-%d", os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		ok := true
		for _, l := range v.limits {
			ok = ok && os.WriteFile(filepath.Join(dir, l[0]), []byte(l[1]), 0o644) == nil
		}
		if ok {
			return dir, nil
		}
		_ = os.Remove(dir)
	}
	return "", fmt.Errorf("no control group for CPU can be made here")
}

// troubleLasts is longer than repl-timeout and its timers: that is the trouble.
const troubleLasts = 8 * time.Second

// What collect takes from one address, of the servers and of the machine under them, is enough to say what stood still, and for want of what: also where the
// machine is busy, and its business had no part in it.
func TestCollectTellsWhy(t *testing.T) {
	signal := func(of func(*pair) *exec.Cmd) func(*testing.T, *pair) {
		return func(_ *testing.T, p *pair) {
			_ = of(p).Process.Signal(syscall.SIGSTOP)
			time.Sleep(troubleLasts)
			_ = of(p).Process.Signal(syscall.SIGCONT)
		}
	}
	primary, replica := func(p *pair) *exec.Cmd { return p.primary }, func(p *pair) *exec.Cmd { return p.replica }
	sleep := func(t *testing.T, p *pair) {
		say(t, p.primaryPort, fmt.Sprintf("DEBUG SLEEP %d\r\n", int(troubleLasts.Seconds())), troubleLasts+10*time.Second)
	}
	for _, c := range []struct {
		name     string
		trouble  func(*testing.T, *pair)
		busy     bool
		kind     diagnosis.CauseKind
		on       func(*pair) int
		resource diagnosis.Resource
	}{
		{"the primary is stopped", signal(primary), false, "host-pause", func(p *pair) int { return p.primaryPort }, diagnosis.Process},
		{"the replica is stopped", signal(replica), false, "replica-stall", func(p *pair) int { return p.replicaPort }, diagnosis.Process},
		{"the primary is stopped on a busy machine", signal(primary), true, "host-pause", func(p *pair) int { return p.primaryPort }, diagnosis.Process},
		{"a command holds the primary of a busy machine", sleep, true, "slow-command", func(p *pair) int { return p.primaryPort }, ""},
		{"nothing happens on a busy machine", func(*testing.T, *pair) { time.Sleep(troubleLasts) }, true, "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &pair{primaryPort: freePort(t), replicaPort: freePort(t)}
			p.primary = startServer(t, t.TempDir(), p.primaryPort)
			p.replica = startServer(t, t.TempDir(), p.replicaPort, "--replicaof", "127.0.0.1", fmt.Sprint(p.primaryPort))
			if c.busy {
				for range 4 {
					loop := exec.Command("sh", "-c", "while :; do :; done")
					if err := loop.Start(); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = loop.Process.Kill(); _ = loop.Wait() })
				}
			}
			d := tellOf(t, p, c.trouble)
			if c.kind == "" {
				if len(d.Incidents) > 0 {
					t.Errorf("told %+v", d.Incidents[0].Trigger)
				}
				return
			}
			if len(d.Incidents) != 1 {
				t.Fatalf("%d incidents", len(d.Incidents))
			}
			if got := d.Incidents[0].Trigger; got.Kind != c.kind || got.Instance != localName(c.on(p)) || got.Resource != c.resource || got.Confidence < 0.8 {
				t.Errorf("told %+v", got)
			}
		})
	}
	// A script that takes until the limit is lifted holds the server all the time; after one that is done at once it runs for a moment of each second, and
	// answers whoever waits that long.
	for name, loops := range map[string]int{"all the time": 10_000_000, "but for moments": 1000} {
		t.Run("the primary is held at its CPU limit "+name, func(t *testing.T) { heldAtLimit(t, loops) })
	}
}

func heldAtLimit(t *testing.T, loops int) {
	group, err := cpuGroup(t)
	if err != nil {
		t.Skip(err)
	}
	p := &pair{primaryPort: freePort(t), replicaPort: freePort(t)}
	p.primary = startServer(t, t.TempDir(), p.primaryPort)
	p.replica = startServer(t, t.TempDir(), p.replicaPort, "--replicaof", "127.0.0.1", fmt.Sprint(p.primaryPort))
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, p.primary.Process.Pid), 0o644); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = p.primary.Process.Kill(); _ = p.primary.Wait() }) // before the group is removed
	lift := func() {
		for _, l := range [][2]string{{"cpu.cfs_quota_us", "-1"}, {"cpu.max", "max"}} {
			_ = os.WriteFile(filepath.Join(group, l[0]), []byte(l[1]), 0o644)
		}
	}
	hold := func() {
		for _, l := range [][2]string{{"cpu.cfs_quota_us", "1000"}, {"cpu.max", "1000 1000000"}} {
			_ = os.WriteFile(filepath.Join(group, l[0]), []byte(l[1]), 0o644)
		}
	}
	lift()
	d := tellOf(t, p, func(t *testing.T, p *pair) {
		hold()
		var asked sync.WaitGroup
		defer asked.Wait()
		asked.Go(func() {
			say(t, p.primaryPort, fmt.Sprintf("EVAL \"for i=1,%d do local x = i * 2 end\" 0\r\n", loops), 40*time.Second)
		})
		time.Sleep(troubleLasts)
		lift()
	})
	if len(d.Incidents) == 0 {
		t.Fatal("no incident")
	}
	if got := d.Incidents[0].Trigger; got.Kind != "host-pause" || got.Resource != diagnosis.CPU {
		t.Errorf("told %+v", got)
	}
}

// tellOf has collect follow a pair from its replica's address while a trouble lasts and until the link is up again, and analyses what it took.
func tellOf(t *testing.T, p *pair, trouble func(*testing.T, *pair)) *diagnosis.Diagnosis {
	t.Helper()
	c := startCollect(t, fmt.Sprintf("127.0.0.1:%d", p.replicaPort), "--interval", "500ms", "--timeout", "1s")
	snapshots := func() int {
		m, _ := os.ReadFile(filepath.Join(c.out, localName(p.primaryPort), "machine.txt"))
		return bytes.Count(m, []byte("### "))
	}
	up := func(n int) {
		t.Helper()
		c.until("the link is up", func() bool {
			b, _ := os.ReadFile(filepath.Join(c.out, localName(p.replicaPort), "info.log"))
			i := bytes.LastIndex(b, []byte("master_link_status:"))
			return snapshots() >= n && i >= 0 && bytes.HasPrefix(b[i:], []byte("master_link_status:up"))
		})
	}
	t.Cleanup(func() { // a machine does not fail twice in the same way: what it said of itself
		if m, err := os.ReadFile(filepath.Join(c.out, localName(p.primaryPort), "machine.txt")); t.Failed() && err == nil {
			for line := range strings.Lines(string(m)) {
				if strings.HasPrefix(line, "### ") || strings.Contains(line, "throttled_") || strings.HasPrefix(line, "State:") {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
	})
	up(6)
	trouble(t, p)
	up(snapshots() + 6)
	c.stop()
	for _, port := range []int{p.primaryPort, p.replicaPort} {
		for _, name := range []string{"redis.log", "machine.txt"} {
			if st, err := os.Stat(filepath.Join(c.out, localName(port), name)); err != nil || st.Size() == 0 || st.Mode().Perm() != 0o600 {
				t.Errorf("%d: %s: %v", port, name, err)
			}
		}
	}
	return analysed(t, c.out)
}

// say sends a server a line, and waits for the beginning of its answer or for as long as it is given.
func say(t *testing.T, port int, line string, wait time.Duration) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(wait))
	_, _ = c.Write([]byte(line))
	_, _ = c.Read(make([]byte, 64))
}
