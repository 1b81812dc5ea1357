//go:build unix

package main

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"psyncope/ingest/collect"
	"psyncope/report"
)

// untilOne starts a pair and a collect that waits for an incident, makes one, and gives the directory of it.
func untilOne(t *testing.T, p *pair, trouble func(), args ...string) string {
	t.Helper()
	c := startCollect(t, append([]string{"127.0.0.1:" + strconv.Itoa(p.primaryPort), "--until-incident", "--timeout", "1s"}, args...)...)
	looks := func() int {
		_, calls, _ := strings.Cut(infoOf(p.replicaPort, "commandstats", "cmdstat_info"), "calls=")
		calls, _, _ = strings.Cut(calls, ",")
		n, _ := strconv.Atoi(calls)
		return n
	}
	// Each of these looks is one of ours as well.
	first := looks()
	c.until("the links are watched", func() bool {
		first++
		return looks()-first > 4
	})
	if entries, err := os.ReadDir(c.out); err != nil || len(entries) > 1 {
		t.Errorf("before anything happened: %v, %v", entries, err)
	}
	trouble()
	c.until("the link is up", func() bool { return infoOf(p.replicaPort, "replication", "master_link_status") == "up" })
	up := time.Now()
	if err := c.cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, c.said.String())
	}
	t.Logf("the report came %.1f s after the link", time.Since(up).Seconds())
	dirs, err := filepath.Glob(filepath.Join(c.out, "*Z"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("%v, %v: %s", dirs, err, c.said.String())
	}
	if !strings.Contains(c.said.String(), "The report is in "+dirs[0]) || !strings.Contains(c.said.String(), "collects now, into") {
		t.Errorf("said %s", c.said.String())
	}
	return dirs[0]
}

// With --until-incident nothing is written as long as nothing happens; when a link drops, what came before it is there as well, and the report is written
// when the link is back, and packed with the capture. The password is in none of it.
func TestCollectUntilIncident(t *testing.T) {
	const password = "hunter2Until"
	t.Setenv("REDISCLI_AUTH", password)
	p := &pair{primaryPort: freePort(t), replicaPort: freePort(t)}
	guest := []string{"--user", "guest", "on", ">" + password, "~*", "+@all"}
	p.primary = startServer(t, t.TempDir(), p.primaryPort, guest...)
	p.replica = startServer(t, t.TempDir(), p.replicaPort, append(guest, "--replicaof", "127.0.0.1", strconv.Itoa(p.primaryPort))...)
	var stopped time.Time
	dir := untilOne(t, p, func() {
		stopped = time.Now()
		_ = p.replica.Process.Signal(syscall.SIGSTOP)
		time.Sleep(8 * time.Second) // longer than repl-timeout: that is the trouble
		_ = p.replica.Process.Signal(syscall.SIGCONT)
	}, "--pack", "--user", "guest")
	b, err := os.ReadFile(filepath.Join(dir, "report", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := report.Load(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Incidents) != 1 || d.Incidents[0].Trigger.Kind != "replica-stall" || d.Incidents[0].Trigger.Instance != localName(p.replicaPort) {
		t.Errorf("told %+v", d.Incidents)
	}
	for _, port := range []int{p.primaryPort, p.replicaPort} {
		b, _ := os.ReadFile(filepath.Join(dir, "capture", localName(port), "info.log"))
		line, _, _ := strings.Cut(strings.TrimPrefix(string(b), "### "), "\n")
		at, err := time.Parse(collect.Stamp, line)
		if err != nil || !at.Before(stopped) {
			t.Errorf("%d: the record begins at %q, and the trouble at %s", port, line, stopped.UTC())
		}
		for _, name := range []string{"config.txt", "slowlog.json", "clients.log", "collect.log", "views.jsonl"} {
			if st, err := os.Stat(filepath.Join(dir, "capture", localName(port), name)); err != nil || st.Size() == 0 {
				t.Errorf("%d: %s: %v", port, name, err)
			}
		}
	}
	f, err := os.Open(dir + ".tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	written := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		if written[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	search(t, written, []string{password}, "holds")
	all := strings.Join(names, "\n")
	for _, want := range []string{"/report/report.html", "/capture/" + localName(p.replicaPort) + "/info.log"} {
		if !strings.Contains(all, filepath.Base(dir)+want) {
			t.Errorf("%s is not in %s", want, all)
		}
	}
	if again := analysed(t, dir+".tar.zst"); len(again.Incidents) != 1 || again.Incidents[0].Key != d.Incidents[0].Key {
		t.Errorf("packed it tells %+v", again.Incidents)
	}
}
