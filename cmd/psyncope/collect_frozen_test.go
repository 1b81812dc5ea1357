//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"psyncope/ingest/collect"
)

// dumped is a stamp of a record, and whether an INFO stands under it.
type dumped struct {
	at       time.Time
	answered bool
	text     string
}

func dumpsOf(t *testing.T, path string) []dumped {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []dumped
	for _, part := range strings.Split("\n"+string(b), "\n### ")[1:] {
		stamp, text, _ := strings.Cut(part, "\n")
		at, err := time.Parse(collect.Stamp, stamp)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, dumped{at, !strings.HasPrefix(text, collect.NoAnswer), text})
	}
	return out
}

// A server that is frozen for 20 s is a gap in its own record, known to the second, and the others are asked as often as before.
func TestCollectBesideAFrozenServer(t *testing.T) {
	if testing.Short() {
		t.Skip("a server is frozen for 20 s")
	}
	const every, frozen = time.Second, 20 * time.Second
	p := &pair{primaryPort: freePort(t), replicaPort: freePort(t)}
	p.primary = startServer(t, t.TempDir(), p.primaryPort, "--repl-timeout", "60")
	p.replica = startServer(t, t.TempDir(), p.replicaPort, "--repl-timeout", "60", "--replicaof", "127.0.0.1", strconv.Itoa(p.primaryPort))
	c := startCollect(t, fmt.Sprintf("127.0.0.1:%d", p.primaryPort), "--interval", every.String())
	c.until("both are asked", func() bool {
		return c.dumps(localName(p.replicaPort), "master_link_status:up") > 2 && c.dumps(localName(p.primaryPort), "uptime_in_seconds") > 2
	})
	stopped := time.Now()
	_ = p.replica.Process.Signal(syscall.SIGSTOP)
	time.Sleep(frozen)
	continued := time.Now()
	_ = p.replica.Process.Signal(syscall.SIGCONT)
	seen := c.dumps(localName(p.replicaPort), "uptime_in_seconds")
	c.until("it answers again", func() bool { return c.dumps(localName(p.replicaPort), "uptime_in_seconds") > seen+2 })
	c.stop()

	var last, first time.Time // answers before and after
	for _, d := range dumpsOf(t, filepath.Join(c.out, localName(p.replicaPort), "info.log")) {
		switch {
		case !d.answered:
		case d.at.Before(continued):
			last = d.at
		case first.IsZero():
			first = d.at
		}
	}
	if off := stopped.Sub(last); last.After(stopped.Add(every/10)) || off > every+every/2 {
		t.Errorf("stopped at %s, and last heard %s before", stopped.UTC(), off)
	}
	if off := first.Sub(continued); off < 0 || off > every+every/2 {
		t.Errorf("continued at %s, and heard %s after", continued.UTC(), off)
	}
	n := 0
	var from, to time.Time
	for _, d := range dumpsOf(t, filepath.Join(c.out, localName(p.primaryPort), "info.log")) {
		if d.at.Before(stopped) || d.at.After(continued) {
			continue
		}
		if n == 0 {
			from = d.at
		}
		n, to = n+1, d.at
		if !d.answered {
			t.Errorf("the primary did not answer: %s", d.text)
		}
	}
	if n < 10 {
		t.Fatalf("the primary was asked %d times", n)
	}
	cadence := to.Sub(from) / time.Duration(n-1)
	t.Logf("heard %.2f s before it was stopped and %.2f s after it went on; the other each %.3f s", stopped.Sub(last).Seconds(), first.Sub(continued).Seconds(), cadence.Seconds())
	if cadence > every+every/10 || cadence < every-every/10 {
		t.Errorf("the primary was asked each %s", cadence)
	}
}
