package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// twoReports are two captures, what psyncope makes of each, and the command that makes it.
type twoReports struct {
	bin  string
	from [2]string
	want [2]string // the whole directory as text
}

// A few formats are written, or all where it is tried for long.
const someFormats, everyFormat = "text,json,csv,arrow", "text,json,html,md,plan,xlsx,csv,parquet,arrow"

func (r *twoReports) command(t *testing.T, which int, out string) *exec.Cmd {
	formats := someFormats
	if os.Getenv("PSYNCOPE_TIMES") != "" {
		formats = everyFormat
	}
	return exec.CommandContext(t.Context(), r.bin, "analyze", "-q", "--format", formats, "--out", out, r.from[which])
}

func newTwoReports(t *testing.T) *twoReports {
	t.Helper()
	r := &twoReports{bin: program(t)}
	for i, name := range []string{"slow-command", "admin-action"} {
		r.from[i] = filepath.Join("..", "..", "fixtures", "captures", name, "capture")
		out := filepath.Join(t.TempDir(), "out")
		if said, err := r.command(t, i, out).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		r.want[i] = strings.ReplaceAll(snapshot(t, out), out, "OUT")
	}
	return r
}

// which tells whose reports a directory holds: -1 where it is neither's, whole.
func (r *twoReports) which(t *testing.T, out string) int {
	t.Helper()
	got := strings.ReplaceAll(snapshot(t, out), out, "OUT")
	for i, want := range r.want {
		if got == want {
			return i
		}
	}
	return -1
}

// manyTimes is how often what is drawn is tried; PSYNCOPE_TIMES says how often instead.
func manyTimes(t *testing.T, usually int) int {
	t.Helper()
	if s := os.Getenv("PSYNCOPE_TIMES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return usually
}

// Killed or interrupted at any moment, a run leaves the reports that were there, or its own, whole; a run after it is not in its way.
func TestOutKilled(t *testing.T) {
	r := newTwoReports(t)
	out := filepath.Join(t.TempDir(), "out")
	first := func() {
		if said, err := r.command(t, 0, out).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	began := time.Now()
	first()
	took := time.Since(began)
	draw := rand.New(rand.NewPCG(3, 4))
	for _, signal := range []os.Signal{syscall.SIGKILL, os.Interrupt} {
		killed := 0
		for range manyTimes(t, 4) {
			cmd := r.command(t, 1, out)
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(draw.Int64N(int64(took)*6/5)), func() { _ = cmd.Process.Signal(signal) })
			err := cmd.Wait()
			timer.Stop()
			if err != nil {
				killed++
			}
			_, missing := os.Stat(out)
			old, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".out.old-*"))
			if signal == os.Interrupt && (missing != nil || len(old) > 0) || missing != nil && len(old) != 1 {
				t.Fatalf("after %v: the directory is gone (%v), beside it %v: %s", signal, missing, old, said.String())
			}
			if missing == nil && r.which(t, out) < 0 {
				t.Fatalf("after %v the directory holds neither: %s", signal, said.String())
			}
			first()
			if beside, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); len(beside) > 0 || r.which(t, out) != 0 {
				t.Fatalf("after %v and another run: beside it %v", signal, beside)
			}
		}
		if killed == 0 {
			t.Errorf("%v: no run was ended before its end", signal)
		}
	}
}

// Of two runs into one directory one is refused, or comes second: nothing is mixed.
func TestOutTwoAtOnce(t *testing.T) {
	r := newTwoReports(t)
	for range manyTimes(t, 2) {
		out := filepath.Join(t.TempDir(), "out")
		var failed [2]error
		var said [2][]byte
		var both sync.WaitGroup
		for i := range 2 {
			cmd := r.command(t, i, out)
			both.Go(func() { said[i], failed[i] = cmd.CombinedOutput() })
		}
		both.Wait()
		which := r.which(t, out)
		if which < 0 || failed[which] != nil {
			t.Fatalf("the directory holds %d: %s %s", which, said[0], said[1])
		}
		if other := 1 - which; failed[other] != nil && !strings.Contains(string(said[other]), "another run of psyncope writes into") {
			t.Errorf("%v: %s", failed[other], said[other])
		}
	}
}

// On a disk that is full the run says so, and what was there stays.
func TestOutFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("a full disk needs a small file system of its own, which only root on Linux can mount")
	}
	r := newTwoReports(t)
	needs := 0
	for _, w := range r.want {
		needs = max(needs, len(w))
	}
	steps := manyTimes(t, 3)
	for i := range steps + 1 {
		disk := t.TempDir()
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size="+strconv.Itoa(max(4096, i*needs*3/steps))); err != nil {
			t.Skip("mount a small file system: " + err.Error())
		}
		out := filepath.Join(disk, "out")
		whole := 0
		for which := range 2 {
			said, err := r.command(t, which, out).CombinedOutput()
			_, missing := os.Stat(out)
			switch {
			case err == nil && r.which(t, out) == which:
				whole++
			case err == nil:
				t.Errorf("size %d: no error, and the directory is not whole: %s", i, said)
			case !strings.Contains(string(said), "no space left"):
				t.Errorf("size %d: %v: %s", i, err, said)
			case whole == 0 && missing == nil, whole > 0 && r.which(t, out) != which-1:
				t.Errorf("size %d: it failed (%s), and the directory is not as it was", i, said)
			}
		}
		if beside, _ := filepath.Glob(filepath.Join(disk, ".*")); len(beside) > 0 {
			t.Errorf("size %d: left behind %v", i, beside)
		}
		if i == steps && whole != 2 {
			t.Errorf("size %d is not enough", i)
		}
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// What psyncope did not write is not written over, but on demand.
func TestOutForeign(t *testing.T) {
	capture := filepath.Join("..", "..", "fixtures", "captures", "slow-command", "capture")
	for name, c := range map[string]struct {
		there, out string
		refused    bool
	}{
		"a file of somebody's":           {"report.json", "", true},
		"a directory of somebody's":      {"csv/mine.txt", "", true},
		"another file":                   {"notes.txt", "", false},
		"a file by its name":             {"x.json", "x.json", true},
		"a report of psyncope's by name": {"", "x.json", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.there != "" {
				path := filepath.Join(dir, c.there)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			args := []string{"analyze", "-q", capture, "--out", filepath.Join(dir, c.out), "--format", "json"}
			if c.out == "" {
				args[len(args)-1] = "json,csv"
			}
			try := func(more ...string) (int, string) {
				var stdout, stderr bytes.Buffer
				code := run(t.Context(), append(args, more...), nil, &stdout, &stderr)
				return code, stderr.String()
			}
			for range 2 { // a second time, over what the first wrote
				code, said := try()
				if c.refused != (code != 0) || c.refused && !strings.Contains(said, "--force") {
					t.Fatalf("exit %d: %s", code, said)
				}
			}
			if c.there == "" {
				return
			}
			b, err := os.ReadFile(filepath.Join(dir, c.there))
			if err != nil || string(b) != "mine" {
				t.Fatalf("%q, %v", b, err)
			}
			if code, said := try("--force"); code != 0 {
				t.Fatalf("with --force: exit %d: %s", code, said)
			}
		})
	}
}

// A link in the way is no reason to write where it leads.
func TestOutLink(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{filepath.Join(out, "report.json"), filepath.Join(dir, "link.json")} {
		if err := os.Symlink(victim, link); err != nil {
			t.Skip(err)
		}
	}
	for _, to := range []string{out, filepath.Join(dir, "link.json")} {
		var stderr bytes.Buffer
		code := run(t.Context(), []string{"analyze", "-q", filepath.Join("..", "..", "fixtures", "captures", "slow-command", "capture"), "--format", "json", "--out", to}, nil, &stderr, &stderr)
		if b, err := os.ReadFile(victim); code == 0 || err != nil || string(b) != "mine" {
			t.Errorf("%s: exit %d, %s; the file holds %q", to, code, stderr.String(), b)
		}
	}
}
