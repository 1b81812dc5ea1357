package collect

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"psyncope/ingest/secret"
)

// machine takes what Linux says of the machine under a server that runs on this one, and the server's log. It has a clock of its own: a server that
// stands still is when it is worth most.
type machine struct {
	s       *sampler
	pid     string
	log     string // the setting logfile
	most    int64  // how much of the log's end is taken
	dataDir string
	began   time.Time
}

// hostFiles are the machine's: what package host reads of them, and of the process's status, is worth a few kilobytes a round. None of them makes the
// kernel walk the server's memory, as smaps would.
var hostFiles = []string{"/proc/stat", "/proc/meminfo", "/proc/vmstat", "/proc/diskstats", "/proc/loadavg", "/proc/net/dev", "/proc/net/snmp", "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io"}

// linesOf are the beginnings of the lines that are taken of a file, where it has many more.
var linesOf = map[string][]string{
	"vmstat":  {"pswpin ", "pswpout ", "pgmajfault ", "oom_kill "},
	"stat":    {"cpu", "procs_"},
	"meminfo": {"MemTotal:", "MemAvailable:", "SwapTotal:", "SwapFree:", "AnonHugePages:", "PageTables:", "Dirty:", "Writeback:"},
	"status":  {"Name:", "State:", "Pid:", "VmRSS:", "VmSwap:", "VmPTE:", "Threads:", "voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"},
	"snmp":    {"Tcp:"},
}

// localMachine is the machine of a server that runs here: it is reached by an address of this machine, and its process has this id, this executable and this
// age, by INFO and by /proc. Nil elsewhere.
func (s *sampler) localMachine(info string) *machine {
	pid, exe := fieldOf(info, "process_id"), fieldOf(info, "executable")
	if pid == "" || exe == "" || strings.Trim(pid, "0123456789") != "" {
		return nil
	}
	if !isHere(s.Addr) || !runs(pid, filepath.Base(exe)) || !startedWith(pid, infoInt(info, "uptime_in_seconds")) {
		return nil
	}
	m := &machine{s: s, pid: pid, log: s.logfile(info, pid), most: mostOfLog, began: s.opt.Now()}
	m.dataDir, _ = os.Readlink("/proc/" + pid + "/cwd") // servers change to their dir (redis 7.4.1 config.c)
	return m
}

// logfile is where a server that runs here writes its log: by its setting; where that is not told (a Sentinel's never is), by the file of its
// configuration; else where its standard output goes, if that is a file. Empty where it goes elsewhere.
func (s *sampler) logfile(info, pid string) string {
	log := s.setting("logfile")
	if s.settings == nil {
		log = directive(fieldOf(info, "config_file"), pid, "logfile")
	}
	if log != "" {
		return log
	}
	out := "/proc/" + pid + "/fd/1"
	if st, err := os.Stat(out); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	path, _ := os.Readlink(out)
	return path
}

// directive is the last value of one in a server's configuration, if that is a file of the user's as whom it runs.
func directive(path, pid, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() || !sameOwner(st, pid) {
		return ""
	}
	value := ""
	lines := bufio.NewScanner(io.LimitReader(f, mostOfLog))
	for lines.Scan() {
		if w := strings.Fields(lines.Text()); len(w) == 2 && strings.EqualFold(w[0], name) {
			value = strings.Trim(w[1], `"'`)
		}
	}
	return value
}

// isHere reports whether an address is one of this machine's.
func isHere(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		ips, err := net.LookupIP(host)
		if err != nil || len(ips) == 0 {
			return false
		}
		ip = ips[0]
	}
	if ip.IsLoopback() {
		return true
	}
	own, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// runs reports whether a process is of a program: by its name, which Linux cuts at 15 bytes, or by its arguments, where something else started it
// (an interpreter, a linker).
func runs(pid, program string) bool {
	name, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return false
	}
	if n := strings.TrimSpace(string(name)); n != "" && strings.HasPrefix(program, n) {
		return true
	}
	args, err := os.ReadFile("/proc/" + pid + "/cmdline")
	return err == nil && bytes.Contains(args, []byte("/"+program))
}

// startedWith reports whether the process was started as long ago as its server says: another machine's may have the same number and name.
func startedWith(pid string, uptime int) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	now, err2 := os.ReadFile("/proc/uptime")
	if err != nil || err2 != nil {
		return false
	}
	// The name in brackets may hold blanks; starttime is the 22nd field, in hundredths of a second since boot (proc(5)).
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return false
	}
	ticks, err := strconv.ParseFloat(fields[19], 64)
	sinceBoot, err2 := strconv.ParseFloat(strings.Fields(string(now) + " 0")[0], 64)
	const slack = 5 // seconds: uptime is whole ones, and counts from when the server was ready
	return err == nil && err2 == nil && math.Abs(sinceBoot-ticks/100-float64(uptime)) <= slack
}

// groupFiles are the files of the process's control groups, of either version.
func groupFiles(pid string) []string {
	b, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			switch controller {
			case "": // version 2
				dir := filepath.Join("/sys/fs/cgroup", parts[2])
				out = append(out, dir+"/cpu.stat", dir+"/memory.events", dir+"/memory.max", dir+"/cpu.pressure", dir+"/memory.pressure", dir+"/io.pressure")
			case "cpu":
				out = append(out, filepath.Join("/sys/fs/cgroup/cpu", parts[2])+"/cpu.stat")
			case "memory":
				out = append(out, filepath.Join("/sys/fs/cgroup/memory", parts[2])+"/memory.limit_in_bytes")
			}
		}
	}
	return out
}

// run takes a snapshot each interval until ctx ends, and then the server's log.
func (m *machine) run(ctx context.Context) error {
	for {
		every, begun := m.s.opt.Interval, (<-chan struct{})(nil)
		if m.s.crew.watch.still() {
			every, begun = glanceEvery, m.s.crew.watch.happened
		}
		next := time.After(every)
		if err := m.snapshot(); err != nil {
			return errors.Join(err, m.takeLogs())
		}
		if m.s.opt.Once {
			return m.takeLogs()
		}
		select {
		case <-ctx.Done():
			return m.takeLogs()
		case <-begun:
		case <-next:
		}
	}
}

// mostOfFile bounds what is taken of one file: a machine may have hundreds of disks and interfaces.
const mostOfFile = 64 << 10

func (m *machine) snapshot() error {
	var b bytes.Buffer
	for _, path := range slices.Concat(hostFiles, []string{"/proc/" + m.pid + "/status", "/proc/" + m.pid + "/schedstat"}, groupFiles(m.pid)) { // whose groups it is in may change
		text, err := head(path)
		if err != nil {
			continue // not there on this kernel, or gone with the process
		}
		if begin := linesOf[filepath.Base(path)]; begin != nil {
			text = onlyLines(text, begin)
		}
		fmt.Fprintf(&b, "==> %s <==\n%s\n", path, bytes.TrimRight(text, "\n"))
	}
	if free, all, ok := spaceOf(m.dataDir); ok {
		fmt.Fprintf(&b, "Filesystem 1K-blocks Used Available Use%% Mounted on\n- %d %d %d - %s\n", all>>10, (all-free)>>10, free>>10, "data")
	}
	at := m.s.opt.Now()
	return m.s.add(at, "machine.txt", stamped(at, b.Bytes()))
}

func head(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostOfFile))
}

func onlyLines(text []byte, begin []string) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		for _, b := range begin {
			if bytes.HasPrefix(line, []byte(b)) {
				out = append(out, line...)
			}
		}
	}
	return out
}

// mostOfLog is how much of a log's end is taken.
const mostOfLog = 64 << 20

// takeLogs copies the server's log, and the rotation before it where that was written during the run, and what the kernel said meanwhile. Credentials stay
// out.
func (m *machine) takeLogs() error {
	if m.s.path("") == "" {
		return nil // nothing is collected
	}
	if err := m.takeKernel(); err != nil {
		return err
	}
	path := m.log
	if path == "" {
		return nil // to a terminal or a pipe: whoever started it has it
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(m.dataDir, path)
	}
	for _, suffix := range []string{".1", ""} {
		f, err := os.Open(path + suffix)
		if err != nil {
			if suffix == "" {
				m.s.tell(m.s.opt.Now(), "its log cannot be read from here: "+err.Error())
			}
			continue
		}
		err = m.copyLog(f, "redis.log"+suffix, suffix != "")
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// takeKernel keeps what the kernel said since the run began, and in the minutes that were kept before.
func (m *machine) takeKernel() error {
	said := kernelSince(m.began.Add(-keepFor), m.s.opt.Now)
	if int64(len(said)) > m.s.disk.left(int64(len(said))) || len(said) == 0 {
		return nil
	}
	return replaceFile(m.s.path("dmesg.txt"), []byte(withoutSecretLines(string(said))))
}

// copyLog copies the end of a log. Which file that is the server says, and it may say anything: only a file of its own user's is taken.
func (m *machine) copyLog(f *os.File, to string, rotated bool) error {
	st, err := f.Stat()
	switch {
	case err != nil:
		return err
	case rotated && st.ModTime().Before(m.began):
		return nil
	case !st.Mode().IsRegular() || !sameOwner(st, m.pid):
		m.s.tell(m.s.opt.Now(), "what it names as its log is not its own user's, and is left: "+f.Name())
		return nil
	}
	most := m.s.disk.left(min(m.most, st.Size()))
	from := bufio.NewReader(io.LimitReader(f, most))
	if st.Size() > most { // from the first whole line on
		if _, err := f.Seek(st.Size()-most, io.SeekStart); err != nil {
			return err
		}
		if _, err := from.ReadString('\n'); err != nil {
			return nil // it is a single line
		}
	}
	path := m.s.path(to)
	out, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	for err == nil {
		var line string
		line, err = from.ReadString('\n')
		_, _ = w.WriteString(secret.Text(line)) // Flush says so again
	}
	if err == io.EOF {
		err = nil
	}
	if err = errors.Join(err, w.Flush(), out.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
