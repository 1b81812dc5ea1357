//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"psyncope/correlate/diagnosis"
)

// hostLab is a primary and a replica on this machine, and what a situation does to the machine under them. All that it makes is taken back when the
// test ends, and ends with it.
type hostLab struct {
	t *testing.T
	pair
	primaryDir, replicaDir string
	// Network namespaces of the two, where the situation needs a path between them; empty elsewhere. Their addresses are those of the path.
	primaryNet, replicaNet string
	primaryIP, replicaIP   string
}

// must runs a command of the machine's, and leaves the situation out where this machine does not allow it.
func (l *hostLab) must(args ...string) string {
	l.t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		l.t.Skipf("this machine does not allow %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (l *hostLab) put(path, value string) {
	l.t.Helper()
	if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
		l.t.Skipf("this machine does not allow %s: %v", value, err)
	}
}

// group makes a control group of version 1 for a process, with limits.
func (l *hostLab) group(controller string, of *exec.Cmd, limits ...[2]string) string {
	l.t.Helper()
	root := filepath.Join("/sys/fs/cgroup", controller)
	dir := filepath.Join(root, fmt.Sprintf("psyncope-lab-%d-%d", os.Getpid(), of.Process.Pid))
	if err := os.Mkdir(dir, 0o755); err != nil {
		l.t.Skipf("no control groups of version 1: %v", err)
	}
	l.t.Cleanup(func() {
		if b, err := os.ReadFile(filepath.Join(dir, "cgroup.procs")); err == nil {
			for _, pid := range strings.Fields(string(b)) {
				_ = os.WriteFile(filepath.Join(root, "cgroup.procs"), []byte(pid), 0o644)
			}
		}
		_ = os.Remove(dir)
	})
	for _, limit := range limits {
		l.put(filepath.Join(dir, limit[0]), limit[1])
	}
	l.put(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(of.Process.Pid))
	return dir
}

// loop is a file system of so many megabytes on a loop device; the device's number as control groups have it.
func (l *hostLab) loop(mb int) (dir, device string) {
	l.t.Helper()
	image := filepath.Join(l.t.TempDir(), "image")
	f, err := os.Create(image)
	if err != nil {
		l.t.Fatal(err)
	}
	_ = f.Truncate(int64(mb) << 20)
	f.Close()
	dev := l.must("losetup", "-f", "--show", image)
	l.t.Cleanup(func() { _ = exec.Command("losetup", "-d", dev).Run() })
	l.must("mkfs.ext4", "-q", dev)
	dir = l.t.TempDir()
	l.must("mount", dev, dir)
	l.t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	b, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(dev), "dev"))
	if err != nil {
		l.t.Skip(err)
	}
	return dir, strings.TrimSpace(string(b))
}

const throttleWrites = "/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device"

// slow lets a device write so many bytes a second, all together; 0 as many as it can.
func (l *hostLab) slow(device string, bytes int) {
	l.put(throttleWrites, fmt.Sprintf("%s %d", device, bytes))
}

// path makes two network namespaces with a link between them.
func (l *hostLab) path() {
	l.t.Helper()
	id := os.Getpid() % 10000
	l.primaryNet, l.replicaNet = fmt.Sprintf("psya%d", id), fmt.Sprintf("psyb%d", id)
	l.primaryIP, l.replicaIP = "10.99.77.1", "10.99.77.2"
	for _, ns := range []string{l.primaryNet, l.replicaNet} {
		l.must("ip", "netns", "add", ns)
		l.t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
	}
	l.must("ip", "link", "add", "va", "netns", l.primaryNet, "type", "veth", "peer", "name", "vb", "netns", l.replicaNet)
	for _, end := range [][3]string{{l.primaryNet, "va", l.primaryIP}, {l.replicaNet, "vb", l.replicaIP}} {
		l.must("ip", "-n", end[0], "addr", "add", end[2]+"/24", "dev", end[1])
		l.must("ip", "-n", end[0], "link", "set", end[1], "up")
		l.must("ip", "-n", end[0], "link", "set", "lo", "up")
	}
}

// inNet are the words before a command that is to run in a namespace; /sys stays what it is.
func inNet(ns string) []string {
	if ns == "" {
		return nil
	}
	return []string{"nsenter", "--net=/run/netns/" + ns}
}

// server starts one, and the words that begin it are those of its namespace.
func (l *hostLab) server(ns, ip, dir string, port int, more ...string) *exec.Cmd {
	l.t.Helper()
	args := append(inNet(ns), serverProgram(l.t), "--port", strconv.Itoa(port), "--bind", ip, "--protected-mode", "no", "--save", "", "--dir", dir,
		"--logfile", filepath.Join(l.t.TempDir(), "redis.log"), "--repl-timeout", "4", "--repl-ping-slave-period", "1", "--repl-diskless-sync-delay", "0", "--repl-backlog-size", "1mb")
	args = slices.Concat(args, debugAllowed(l.t), more)
	s := exec.Command(args[0], args[1:]...)
	if err := s.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = s.Process.Signal(syscall.SIGCONT); _ = s.Process.Kill(); _ = s.Wait() })
	return s
}

// write sets keys of 1 KB until the test ends, so many kilobytes a second.
func (l *hostLab) write(kb int) {
	args := append(inNet(l.primaryNet), "redis-benchmark", "-h", l.primaryIP, "-p", strconv.Itoa(l.primaryPort), "-c", "1", "-P", "10", "-n", "100000000", "-r", "500", "-d", "1000", "-t", "set", "-q")
	if kb > 0 { // redis-benchmark knows no rate: a shell sends what is asked for
		script := fmt.Sprintf(`v=$(head -c 1000 /dev/zero | tr '\0' x); i=0; while :; do n=0; while [ $n -lt %d ]; do printf 'SET k%%d %%s\r\n' $((i %% 500)) "$v"; n=$((n+1)); i=$((i+1)); done; sleep 0.1; done | redis-cli -h %s -p %d >/dev/null`,
			max(kb/10, 1), l.primaryIP, l.primaryPort)
		args = append(inNet(l.primaryNet), "sh", "-c", script)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
}

// busy begins something that works the machine, until the test ends.
func (l *hostLab) busy(n int, args ...string) {
	for range n {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			l.t.Skip(err)
		}
		l.t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	}
}

func (l *hostLab) busyCPU() { l.busy(4, "sh", "-c", "while :; do :; done") }

func (l *hostLab) busyDisk() {
	dir := l.t.TempDir()
	for i := range 3 {
		l.busy(1, "sh", "-c", fmt.Sprintf("while :; do dd if=/dev/zero of=%s/x%d bs=1M count=200 conv=fsync 2>/dev/null; done", dir, i))
	}
}

func (l *hostLab) busyNet() {
	l.busy(1, "sh", "-c", fmt.Sprintf("while :; do redis-benchmark -p %d -c 20 -P 50 -n 1000000 -d 2000 -t get,set -q >/dev/null; done", l.bystander()))
}

// bystander is a server that has nothing to do with the two.
func (l *hostLab) bystander() int {
	port := freePort(l.t)
	s := exec.Command(serverProgram(l.t), "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", l.t.TempDir())
	if err := s.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = s.Process.Kill(); _ = s.Wait() })
	return port
}

// say runs redis-cli against the primary or the replica.
func (l *hostLab) say(port int, words ...string) string {
	ns, ip := l.primaryNet, l.primaryIP
	if port == l.replicaPort {
		ns, ip = l.replicaNet, l.replicaIP
	}
	args := append(inNet(ns), append([]string{"redis-cli", "-h", ip, "-p", strconv.Itoa(port)}, words...)...)
	out, _ := exec.Command(args[0], args[1:]...).CombinedOutput()
	return string(out)
}

func (l *hostLab) linked() bool {
	return strings.Contains(l.say(l.replicaPort, "info", "replication"), "master_link_status:up")
}

func (l *hostLab) stop(s *exec.Cmd) {
	_ = s.Process.Signal(syscall.SIGSTOP)
	time.Sleep(10 * time.Second)
	_ = s.Process.Signal(syscall.SIGCONT)
}

func (l *hostLab) freeze(s *exec.Cmd) {
	dir := l.group("freezer", s)
	l.put(filepath.Join(dir, "freezer.state"), "FROZEN")
	time.Sleep(10 * time.Second)
	l.put(filepath.Join(dir, "freezer.state"), "THAWED")
}

// hold gives a process a thousandth of a CPU.
func (l *hostLab) hold(s *exec.Cmd) {
	dir := l.group("cpu", s, [2]string{"cpu.cfs_period_us", "1000000"}, [2]string{"cpu.cfs_quota_us", "1000"})
	time.Sleep(12 * time.Second)
	l.put(filepath.Join(dir, "cpu.cfs_quota_us"), "-1")
}

// killForMemory sets a limit, and has the data grow beyond it.
func (l *hostLab) killForMemory(s *exec.Cmd, again func()) {
	l.group("memory", s, [2]string{"memory.limit_in_bytes", strconv.Itoa(40 << 20)})
	l.say(l.primaryPort, "eval", `for i=1,80000 do redis.call("set", "g"..i, string.rep("x", 1000)) end`, "0")
	done := make(chan struct{})
	go func() { _ = s.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(15 * time.Second):
		l.t.Skip("the kernel did not end it for its memory")
	}
	again()
}

// situation is what happens, and what is told of it.
type situation struct {
	name       string
	prepare    func(*hostLab) // before the servers are started
	primary    []string       // settings
	replica    []string
	writes     int // kilobytes a second; -1 as many as go
	happens    func(*hostLab)
	kinds      []diagnosis.CauseKind // none: no incident
	onReplica  bool
	resource   diagnosis.Resource
	afterwards time.Duration // until the end of the capture, if not at once when the link is back
}

// What the machine does to a group, told from what collect took from one address alone; and beside it a machine that was busy and had no part in it. It is run
// as root, on a machine that gives it away: HOST_LAB=1 go test ./cmd/psyncope -run HostTrouble.
func TestHostTrouble(t *testing.T) {
	if os.Getenv("HOST_LAB") == "" || os.Getuid() != 0 {
		t.Skip("it limits, fills and fools the machine that it runs on: set HOST_LAB=1, as root")
	}
	var slow string // the device of the situation
	always := []string{"--appendonly", "yes", "--appendfsync", "always"}
	stopPrimary := func(l *hostLab) { l.stop(l.pair.primary) }
	stopReplica := func(l *hostLab) { l.stop(l.pair.replica) }
	sleepPrimary := func(l *hostLab) { l.say(l.primaryPort, "debug", "sleep", "9") }
	nothing := func(*hostLab) { time.Sleep(10 * time.Second) }
	after := func(busy func(*hostLab), then func(*hostLab)) func(*hostLab) {
		return func(l *hostLab) { busy(l); time.Sleep(2 * time.Second); then(l) }
	}
	cpu, disk, wire := (*hostLab).busyCPU, (*hostLab).busyDisk, (*hostLab).busyNet
	kinds := func(k ...diagnosis.CauseKind) []diagnosis.CauseKind { return k }
	all := []situation{
		{name: "the primary's CPU is held", writes: -1, happens: func(l *hostLab) {
			// What takes some tens of milliseconds takes a thousand times as long.
			go l.say(l.primaryPort, "eval", "for i=1,20000000 do local x = i * 2 end", "0")
			l.hold(l.pair.primary)
		}, kinds: kinds("host-pause"), resource: diagnosis.CPU},
		{name: "the replica's CPU is held", writes: -1, happens: func(l *hostLab) { l.hold(l.pair.replica) }, kinds: kinds("replica-stall", "output-buffer-overflow"), onReplica: true, resource: diagnosis.CPU},
		{name: "the primary is stopped", writes: 300, happens: stopPrimary, kinds: kinds("host-pause"), resource: diagnosis.Process},
		{name: "the replica is stopped", writes: 300, happens: stopReplica, kinds: kinds("replica-stall"), onReplica: true, resource: diagnosis.Process},
		{name: "the primary is frozen", writes: 300, happens: func(l *hostLab) { l.freeze(l.pair.primary) }, kinds: kinds("host-pause"), resource: diagnosis.Process},
		{name: "the replica is frozen", writes: 300, happens: func(l *hostLab) { l.freeze(l.pair.replica) }, kinds: kinds("replica-stall"), onReplica: true, resource: diagnosis.Process},
		{name: "the primary is killed for memory", happens: func(l *hostLab) {
			l.killForMemory(l.pair.primary, func() { l.pair.primary = l.server(l.primaryNet, l.primaryIP, l.primaryDir, l.primaryPort) })
		}, kinds: kinds("primary-crash"), resource: diagnosis.Memory},
		{name: "the replica is killed for memory", happens: func(l *hostLab) {
			l.killForMemory(l.pair.replica, func() {
				l.pair.replica = l.server(l.replicaNet, l.replicaIP, l.replicaDir, l.replicaPort, "--replicaof", l.primaryIP, strconv.Itoa(l.primaryPort))
			})
		}, kinds: kinds("replica-restart"), onReplica: true, resource: diagnosis.Memory},
		{name: "the primary's disk is slow", prepare: func(l *hostLab) { l.primaryDir, slow = l.loop(400) }, primary: always, writes: 100, happens: func(l *hostLab) {
			l.slow(slow, 200_000)
			l.say(l.primaryPort, "eval", `redis.call("set", "big", string.rep("x", 2000000))`, "0")
			l.slow(slow, 0)
			time.Sleep(3 * time.Second)
		}, kinds: kinds("aof-fsync-stall", "host-pause"), resource: diagnosis.Disk},
		{name: "the replica's disk is slow", prepare: func(l *hostLab) { l.replicaDir, slow = l.loop(400) }, replica: always, writes: 100, happens: func(l *hostLab) {
			l.slow(slow, 200_000)
			l.say(l.primaryPort, "eval", `redis.call("set", "big", string.rep("x", 2000000))`, "0")
			time.Sleep(12 * time.Second)
			l.slow(slow, 0)
		}, kinds: kinds("replica-stall", "aof-fsync-stall"), onReplica: true, resource: diagnosis.Disk},
		{name: "the primary's disk is full", prepare: func(l *hostLab) { l.primaryDir, _ = l.loop(40) }, primary: []string{"--repl-diskless-sync", "no"}, writes: 1000, happens: func(l *hostLab) {
			_ = exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(l.primaryDir, "filler"), "bs=1M", "count=100").Run()
			l.stop(l.pair.replica)
			time.Sleep(6 * time.Second)
			_ = os.Remove(filepath.Join(l.primaryDir, "filler"))
		}, kinds: kinds("save-failed", "replica-stall"), afterwards: 2 * time.Second},
		{name: "the path is narrow", prepare: (*hostLab).path, primary: []string{"--client-output-buffer-limit", "slave", "4mb", "1mb", "3"}, writes: 1500, happens: func(l *hostLab) {
			l.must("tc", "-n", l.primaryNet, "qdisc", "add", "dev", "va", "root", "tbf", "rate", "200kbit", "burst", "16kb", "limit", "60kb")
			time.Sleep(15 * time.Second)
			l.must("tc", "-n", l.primaryNet, "qdisc", "del", "dev", "va", "root")
		}, kinds: kinds("output-buffer-overflow"), resource: diagnosis.Network},
		{name: "an interface goes down", prepare: (*hostLab).path, writes: 300, happens: func(l *hostLab) {
			l.must("ip", "-n", l.replicaNet, "link", "set", "vb", "down")
			time.Sleep(9 * time.Second)
			l.must("ip", "-n", l.replicaNet, "link", "set", "vb", "up")
		}, kinds: kinds("network-interruption"), resource: diagnosis.Network},
		{name: "others have all CPUs", writes: 300, happens: func(l *hostLab) {
			l.busy(2, "chrt", "-f", "20", "timeout", "12", "sh", "-c", "while :; do :; done")
			time.Sleep(13 * time.Second)
		}, kinds: kinds("host-pause", "replica-stall", "unknown"), resource: diagnosis.CPU},

		{name: "busy CPUs, and nothing happens", happens: after(cpu, nothing)},
		{name: "a busy disk, and nothing happens", happens: after(disk, nothing)},
		{name: "a busy network, and nothing happens", happens: after(wire, nothing)},
		{name: "busy CPUs, and the primary is stopped", writes: 100, happens: after(cpu, stopPrimary), kinds: kinds("host-pause"), resource: diagnosis.Process},
		{name: "a busy disk, and the primary is stopped", writes: 100, happens: after(disk, stopPrimary), kinds: kinds("host-pause"), resource: diagnosis.Process},
		{name: "a busy disk, and the replica is stopped", writes: 100, happens: after(disk, stopReplica), kinds: kinds("replica-stall"), onReplica: true, resource: diagnosis.Process},
		{name: "busy CPUs, and a command", writes: 100, happens: after(cpu, sleepPrimary), kinds: kinds("slow-command")},
		{name: "a busy disk, and a command", writes: 100, happens: after(disk, sleepPrimary), kinds: kinds("slow-command")},
		{name: "a busy network, and a command", writes: 100, happens: after(wire, sleepPrimary), kinds: kinds("slow-command")},
		{name: "a busy disk under the AOF, and a command", primary: []string{"--appendonly", "yes"}, writes: 100, happens: after(disk, sleepPrimary), kinds: kinds("slow-command")},
		{name: "busy CPUs, and somebody closes links", writes: 100, happens: after(cpu, func(l *hostLab) {
			l.say(l.primaryPort, "client", "kill", "type", "replica")
			time.Sleep(3 * time.Second)
		}), kinds: kinds("admin-action")},
		{name: "busy CPUs, and an interface goes down", prepare: (*hostLab).path, writes: 100, happens: after(cpu, func(l *hostLab) {
			l.must("ip", "-n", l.replicaNet, "link", "set", "vb", "down")
			time.Sleep(9 * time.Second)
			l.must("ip", "-n", l.replicaNet, "link", "set", "vb", "up")
		}), kinds: kinds("network-interruption"), resource: diagnosis.Network},
	}
	for _, s := range all {
		t.Run(strings.ReplaceAll(s.name, ",", ""), func(t *testing.T) { s.told(t) })
	}
}

// told makes the situation happen under collect, and holds what is told of it against what was done.
func (s *situation) told(t *testing.T) {
	l := &hostLab{t: t, primaryDir: t.TempDir(), replicaDir: t.TempDir(), primaryIP: "127.0.0.1", replicaIP: "127.0.0.1"}
	l.primaryPort, l.replicaPort = freePort(t), freePort(t)
	if s.prepare != nil {
		s.prepare(l)
	}
	l.pair.primary = l.server(l.primaryNet, l.primaryIP, l.primaryDir, l.primaryPort, s.primary...)
	l.pair.replica = l.server(l.replicaNet, l.replicaIP, l.replicaDir, l.replicaPort, append([]string{"--replicaof", l.primaryIP, strconv.Itoa(l.primaryPort)}, s.replica...)...)
	out := filepath.Join(t.TempDir(), "capture")
	args := append(inNet(l.primaryNet), program(t), "collect", "--out", out, net.JoinHostPort(l.primaryIP, strconv.Itoa(l.primaryPort)), "--interval", "1s", "--timeout", "2s")
	c := &collector{t: t, out: out, cmd: exec.CommandContext(t.Context(), args[0], args[1:]...)}
	c.cmd.Stdout, c.cmd.Stderr = &c.said, &c.said
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	name := func(ip string, port int) string { return fmt.Sprintf("%s-%d", ip, port) }
	c.until("both are asked", func() bool {
		return c.dumps(name(l.primaryIP, l.primaryPort), "slave0:") > 3 && c.dumps(name(l.replicaIP, l.replicaPort), "master_link_status:up") > 3
	})
	if s.writes != 0 {
		l.write(max(s.writes, 0))
		time.Sleep(2 * time.Second) // a stretch in which all is well
	}
	s.happens(l)
	c.until("the link is back", l.linked)
	ups := c.dumps(name(l.replicaIP, l.replicaPort), "master_link_status:up")
	c.until("that is seen", func() bool { return c.dumps(name(l.replicaIP, l.replicaPort), "master_link_status:up") > ups+4 })
	time.Sleep(s.afterwards)
	c.stop()
	if keep := os.Getenv("HOST_LAB_KEEP"); keep != "" {
		_ = os.CopyFS(filepath.Join(keep, strings.NewReplacer(" ", "-", "'", "", ",", "").Replace(s.name)), os.DirFS(out))
	}
	d := analysed(t, out)
	if len(s.kinds) == 0 {
		for _, i := range d.Incidents {
			t.Errorf("told %+v", i.Trigger)
		}
		return
	}
	if len(d.Incidents) == 0 {
		if strings.Contains(c.said.String(), "its link to the primary is down") || strings.Contains(c.said.String(), " is gone") {
			t.Fatal("told nothing")
		}
		t.Skip("no link was lost: the servers stood it")
	}
	var said bytes.Buffer
	for _, i := range d.Incidents {
		fmt.Fprintf(&said, "%s of %s, %s, %.2f: %s\n", i.Trigger.Kind, i.Trigger.Instance, i.Trigger.Resource, i.Trigger.Confidence, i.Trigger.Summary)
	}
	t.Log(said.String())
	got, on := d.Incidents[0].Trigger, name(l.primaryIP, l.primaryPort)
	if s.onReplica {
		on = name(l.replicaIP, l.replicaPort)
	}
	if !slices.Contains(s.kinds, got.Kind) || got.Kind != "unknown" && got.Kind != "network-interruption" && got.Kind != "admin-action" && got.Kind != "output-buffer-overflow" && len(s.kinds) == 1 && got.Instance != on || s.resource != "" && got.Resource != s.resource {
		t.Errorf("told %s of %s, %q", got.Kind, got.Instance, got.Resource)
	}
}
