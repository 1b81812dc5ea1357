package collect

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Of a log that a server names, only a regular file of its own user's is taken, without credentials, and its end where it is long.
func TestCopyLog(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the machine under a server is known on Linux alone")
	}
	dir, out := t.TempDir(), t.TempDir()
	said := ""
	opt := Options{Log: func(s string) { said += s + "\n" }, Now: time.Now}
	take := func(path string) (string, string) {
		t.Helper()
		said = ""
		_ = os.Remove(filepath.Join(out, "redis.log"))
		m := &machine{s: &sampler{record: record{disk: &disk{dir: out}}, opt: &opt}, pid: strconv.Itoa(os.Getpid()), log: path, most: 1000, dataDir: dir, began: time.Now()}
		if err := m.takeLogs(); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(filepath.Join(out, "redis.log"))
		return string(b), said
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("redis.log", "1:M 22 Nov 2026 10:00:00.000 * Ready\n1:M 22 Nov 2026 10:00:01.000 # requirepass hunter2Log\n")
	if got, _ := take("redis.log"); !strings.HasPrefix(got, "1:M 22 Nov 2026 10:00:00.000 * Ready\n") || strings.Contains(got, "hunter2Log") {
		t.Errorf("took %q", got)
	}
	write("long.log", strings.Repeat("1:M 22 Nov 2026 10:00:00.000 * a line of the log\n", 100))
	if got, _ := take(filepath.Join(dir, "long.log")); len(got) > 1000 || len(got) < 900 || !strings.HasPrefix(got, "1:M") {
		t.Errorf("took %d bytes", len(got))
	}
	for path, why := range map[string]string{dir: "left", filepath.Join(dir, "none.log"): "cannot be read"} {
		if got, said := take(path); got != "" || !strings.Contains(said, why) {
			t.Errorf("%s: took %q, said %q", path, got, said)
		}
	}
	if os.Getuid() == 0 { // anybody's process may name what is root's
		write("foreign.log", "root:x\n")
		if err := os.Chown(filepath.Join(dir, "foreign.log"), 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if got, said := take("foreign.log"); got != "" || !strings.Contains(said, "not its own user's") {
			t.Errorf("took %q, said %q", got, said)
		}
	}
}

// A process is a server's only if it is as old as the server says.
func TestStartedWith(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the machine under a server is known on Linux alone")
	}
	young := exec.Command("sleep", "60")
	if err := young.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = young.Process.Kill(); _ = young.Wait() })
	pid := strconv.Itoa(young.Process.Pid)
	if !startedWith(pid, 0) || startedWith(pid, 10000) || startedWith("1x", 0) {
		t.Error("the age of a process is not that of its server")
	}
}
