package collect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What no server would send costs that server's record, bounded memory, and nobody else's record.
func TestEvilServers(t *testing.T) {
	for name, reply := range map[string]string{
		"a bulk of 2^62":     "$4611686018427387904\r\n",
		"a bulk of -9":       "$-9\r\nabc",
		"an array of 2^31":   "*2147483647\r\n",
		"a map of 2^62":      "%4611686018427387904\r\n",
		"nested arrays":      strings.Repeat("*1\r\n", 2_000_000),
		"many small arrays":  "*1000000\r\n" + strings.Repeat("*1000000\r\n", 5),
		"garbage":            "\x00\xff\n\n\n",
		"a line without end": strings.Repeat("+x", 1<<20),
		"what is no number":  "$x\r\n",
		"a credential":       "-ERR unknown AUTH hunter2 requirepass hunter2\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			for _, command := range []string{"info", "slowlog", "config", "client", "latency"} {
				answers := healthy()
				answers[command] = always(reply)
				evil, good := newFake(t, answers), newFake(t, healthy())
				dir := filepath.Join(out, command)
				if _, err := Run(t.Context(), Options{Addrs: []string{"evil=" + evil.addr, "good=" + good.addr}, Out: dir, Once: true, Timeout: 10 * time.Second}); err != nil {
					t.Fatal(err)
				}
				if notes := read(t, dir, "evil", "collect.log"); notes == "" || strings.Contains(notes, "hunter2") {
					t.Errorf("%s: collect.log of the evil one: %q", command, notes)
				}
				if info := read(t, dir, "good", "info.log"); !strings.Contains(info, "redis_version") {
					t.Errorf("%s: the good one's record: %q", command, info)
				}
			}
		})
	}
}

// Replies of every shape pass, in pieces of every size.
func TestGuardLetsRepliesPass(t *testing.T) {
	replies := "+OK\r\n-ERR x\r\n:1\r\n$5\r\nhello\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n*1\r\n:1\r\n$1\r\n\n\r\n%1\r\n+a\r\n*1\r\n~1\r\n_\r\n,1.5\r\n#t\r\n(123\r\n=7\r\ntxt:abc\r\n>1\r\n+x\r\n"
	for size := 1; size < 40; size++ {
		var f frames
		for at := 0; at < len(replies); at += size {
			if err := f.take([]byte(replies[at:min(at+size, len(replies))])); err != nil {
				t.Fatalf("in pieces of %d, at %d: %v", size, at, err)
			}
		}
		if len(f.left) != 0 || f.body != 0 || len(f.head) != 0 || f.bytes != 0 {
			t.Errorf("in pieces of %d it ends inside a reply: %+v", size, f)
		}
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	out := filepath.Join(t.TempDir(), "capture")
	if _, err := Run(t.Context(), Options{Addrs: []string{newFake(t, healthy()).addr}, Out: out, Once: true}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The end of the run is no gap of a server that was being asked.
func TestTheEndIsNoGap(t *testing.T) {
	out := t.TempDir()
	answers := healthy()
	n := 0
	answers["info"] = func() string {
		if n++; n > 1 {
			return hang
		}
		return bulk(infoText)
	}
	f := newFake(t, answers)
	res, err := Run(t.Context(), Options{Addrs: []string{"a=" + f.addr}, Out: out, Interval: time.Millisecond, For: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if res.Servers[0].Failed != 0 || strings.Contains(read(t, out, "a", "info.log"), NoAnswer) {
		t.Errorf("a gap: %+v", res)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("*2\r\n$1\r\nx\r\n:1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var g frames
		if g.take(b) == nil && (len(g.left) > maxReplyDepth || g.body > maxReply+2 || len(g.head) > maxReplyHead) {
			t.Errorf("%+v", g)
		}
	})
}
