//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"psyncope/correlate/fleet/state"
)

// program is this test's own binary under a name by which it is psyncope: see TestMain.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "psyncope")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// Killed at any moment and run again, a night ends with the bytes of one that nobody disturbed: outputs and state both.
func TestFleetKilled(t *testing.T) {
	n, _ := delivered(t, 9)
	bin := program(t)
	base := t.TempDir()
	fleetIn := func(dir string) *exec.Cmd {
		return exec.CommandContext(t.Context(), bin, "fleet", n.root, "-q", "--state", filepath.Join(dir, "state.db"), "--out", filepath.Join(dir, "out"), "--textfile", filepath.Join(dir, "metrics.prom"), "--notify", filepath.Join(dir, "news"))
	}
	n.deliver(0)
	if out, err := fleetIn(base).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for k := 1; k < 4; k++ {
		n.deliver(k)
	}
	again := func() string {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	undisturbed := again()
	began := time.Now()
	if out, err := fleetIn(undisturbed).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	took := time.Since(began)
	want := strings.ReplaceAll(snapshot(t, undisturbed), undisturbed, "DIR")
	r := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for range 20 {
		dir := again()
		cmd := fleetIn(dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(r.Int64N(int64(took)*5/4)), func() { cmd.Process.Kill() })
		if err := cmd.Wait(); err != nil {
			killed++
		}
		timer.Stop()
		if out, err := fleetIn(dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got := strings.ReplaceAll(snapshot(t, dir), dir, "DIR"); got != want {
			t.Fatalf("after a kill it ends otherwise: %s", firstDifference(want, got))
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if killed < 5 {
		t.Errorf("only %d of 20 runs were killed before their end", killed)
	}
}

// What killed runs left beside the page, the metrics and the message is swept away, and nothing else is.
func TestFleetSweeps(t *testing.T) {
	n, _ := delivered(t, 1)
	n.deliver(0)
	dir := filepath.Join(t.TempDir(), "a[b]") // no pattern
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".m.prom.new-1", ".news.new-2", ".out.new-3", ".out.old-4", ".m.prom.newer", ".other.new-5"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, said := fleetCommand(t, n.root, "--state", filepath.Join(dir, "state.db"), "--out", filepath.Join(dir, "out"), "--textfile", filepath.Join(dir, "m.prom"), "--notify", filepath.Join(dir, "news")); code != 0 {
		t.Fatalf("%d: %s", code, said)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var hidden []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			hidden = append(hidden, e.Name())
		}
	}
	if want := []string{".m.prom.newer", ".other.new-5"}; !slices.Equal(hidden, want) {
		t.Errorf("beside the page are %v, wanted %v", hidden, want)
	}
}

func firstDifference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("want …%.200s, got …%.200s", a[max(i-80, 0):], b[max(i-80, 0):])
		}
	}
	return fmt.Sprintf("%d bytes, want %d", len(b), len(a))
}

// Two at once: one works, the other says so and changes nothing.
func TestFleetTwoAtOnce(t *testing.T) {
	n, _ := delivered(t, 1)
	n.deliver(0)
	dir := t.TempDir()
	db := filepath.Join(dir, "state.db")
	unlock, err := lockFile(db + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	code, said := fleetCommand(t, n.root, "--state", db, "--out", filepath.Join(dir, "out"))
	if code != exitNothing || !strings.Contains(said, "another run is at work with this state") {
		t.Errorf("exit %d: %s", code, said)
	}
	if _, err := os.Stat(db); err == nil {
		t.Error("it began a state all the same")
	}
	unlock()
	if code, said := fleetCommand(t, n.root, "--state", db, "--out", filepath.Join(dir, "out")); code != 0 {
		t.Errorf("exit %d: %s", code, said)
	}
}

// A state that is cut, flipped, of zeros, another program's or of a newer psyncope is refused, and left as it is; so is a directory that holds
// what psyncope did not write.
func TestFleetRefuses(t *testing.T) {
	n, _ := delivered(t, 9)
	n.deliver(0)
	dir := t.TempDir()
	db := filepath.Join(dir, "good.db")
	if code, said := fleetCommand(t, n.root, "--state", db, "--out", filepath.Join(dir, "out")); code != 0 {
		t.Fatalf("exit %d: %s", code, said)
	}
	good, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	for i := 4096; i < len(flipped); i += 997 {
		flipped[i] ^= 0xff
	}
	other, newer := sqlite(t, "create table t (x)"), sqlite(t, fmt.Sprintf("pragma application_id = %d; pragma user_version = %d", 0x70737966, state.Version+1))
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"cut", good[:len(good)/2], "damaged"},
		{"cut in its head", good[:60], "damaged"},
		{"flipped", flipped, "damaged"},
		{"zeros", make([]byte, 8192), "is no state file"},
		{"text", []byte("hello, this is a note to myself, and no database"), "is no state file"},
		{"another program's", other, "another program's"},
		{"a newer psyncope's", newer, "of a newer psyncope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			code, said := fleetCommand(t, n.root, "--state", path, "--out", filepath.Join(t.TempDir(), "out"))
			if code != exitNothing || !strings.Contains(said, c.says) || !strings.Contains(said, "left as it is") {
				t.Errorf("exit %d: %s", code, said)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, c.content) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
	t.Run("somebody's directory", func(t *testing.T) {
		out := t.TempDir()
		if err := os.WriteFile(filepath.Join(out, "thesis.txt"), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, said := fleetCommand(t, n.root, "--state", db, "--out", out); code != exitNothing || !strings.Contains(said, "holds files that psyncope did not write") {
			t.Errorf("exit %d: %s", code, said)
		}
		if b, err := os.ReadFile(filepath.Join(out, "thesis.txt")); err != nil || string(b) != "mine" {
			t.Errorf("%q, %v", b, err)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("a disk is made read-only by root only; others cannot take rights from themselves that root has")
		}
		disk := t.TempDir()
		if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
			t.Skipf("no disk of its own here: %v", err)
		}
		defer syscall.Unmount(disk, 0)
		path := filepath.Join(disk, "state.db")
		if code, said := fleetCommand(t, n.root, "--state", path, "--out", filepath.Join(t.TempDir(), "out")); code != 0 {
			t.Fatalf("exit %d: %s", code, said)
		}
		before := dump(t, path)
		if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Skipf("it cannot be made read-only: %v", err)
		}
		n.deliver(1)
		if code, said := fleetCommand(t, n.root, "--state", path, "--out", filepath.Join(t.TempDir(), "out")); code != exitNothing || !strings.Contains(said, "read-only") || !strings.Contains(said, "state") {
			t.Errorf("exit %d: %s", code, said)
		}
		if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, ""); err != nil {
			t.Fatal(err)
		}
		if after := dump(t, path); after != before {
			t.Error("the state is another")
		}
	})
	t.Run("full disk", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("a small disk is made by root only")
		}
		small := t.TempDir()
		if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=96k"); err != nil {
			t.Skipf("no small disk here: %v", err)
		}
		defer syscall.Unmount(small, 0)
		path := filepath.Join(small, "state.db")
		code, said := fleetCommand(t, n.root, "--state", path, "--out", filepath.Join(t.TempDir(), "out"))
		if code != exitNothing || !strings.Contains(said, "write the state") && !strings.Contains(said, "open the state") {
			t.Errorf("exit %d: %s", code, said)
		}
		if store, st, err := state.Open(path); err == nil {
			if len(st.Nights) != 0 {
				t.Errorf("half a night is kept: %+v", st.Nights)
			}
			store.Shut()
		}
	})
}

// sqlite is a database made by some statements.
func sqlite(t *testing.T, statements string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("create table y (z); " + statements); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A file is there whole or as it was: a writer that fails leaves what stood there, and nothing beside it; a link stays one.
func TestWhole(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "report.json"), filepath.Join(dir, "link.json")
	write := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			if _, err := io.WriteString(w, s); err != nil {
				return err
			}
			return err
		}
	}
	if err := whole(t.Context(), path, write("first", nil)); err != nil {
		t.Fatal(err)
	}
	if err := whole(t.Context(), path, write("half", os.ErrClosed)); err == nil {
		t.Error("no error")
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := read(); got != "first" {
		t.Errorf("it holds %q", got)
	}
	if err := whole(t.Context(), link, write("second", nil)); err != nil || read() != "second" {
		t.Errorf("by the link: %q, %v", read(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became a file: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
