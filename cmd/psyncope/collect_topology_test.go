//go:build unix

package main

import (
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

// watchedGroup is a primary with two replicas and three Sentinels that watch them.
type watchedGroup struct {
	servers, sentinels []int // ports; the first server is the primary at first
	process            map[int]*exec.Cmd
}

func startWatched(t *testing.T) *watchedGroup {
	t.Helper()
	g := &watchedGroup{process: map[int]*exec.Cmd{}}
	for i := range 3 {
		port := freePort(t)
		g.servers = append(g.servers, port)
		var more []string
		if i > 0 {
			more = []string{"--replicaof", "127.0.0.1", strconv.Itoa(g.servers[0])}
		}
		g.process[port] = startServer(t, t.TempDir(), port, more...)
	}
	for range 3 {
		port, dir := freePort(t), t.TempDir()
		config := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nlogfile %s\nsentinel monitor mymaster 127.0.0.1 %d 2\nsentinel down-after-milliseconds mymaster 1500\nsentinel failover-timeout mymaster 6000\n",
			port, dir, filepath.Join(dir, "sentinel.log"), g.servers[0])
		path := filepath.Join(dir, "sentinel.conf")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s := exec.Command(serverProgram(t), path, "--sentinel")
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Process.Kill(); _ = s.Wait() })
		g.sentinels, g.process[port] = append(g.sentinels, port), s
	}
	return g
}

// quorate reports whether all Sentinels know one another and both replicas.
func (g *watchedGroup) quorate() bool {
	return !slices.ContainsFunc(g.sentinels, func(p int) bool {
		return !strings.Contains(infoOf(p, "sentinel", "master0"), "slaves=2,sentinels=3")
	})
}

func (g *watchedGroup) up() bool {
	ups := 0
	for _, p := range g.servers {
		if infoOf(p, "replication", "master_link_status") == "up" {
			ups++
		}
	}
	return ups == 2
}

// From one Sentinel and a primary's name all others are found, and what they tell of a failover is whole, from both sides of it.
func TestCollectFailover(t *testing.T) {
	for _, c := range []struct {
		name    string
		trouble func(*testing.T, *watchedGroup)
		kinds   []diagnosis.CauseKind
	}{
		{"the primary is frozen", func(_ *testing.T, g *watchedGroup) {
			_ = g.process[g.servers[0]].Process.Signal(syscall.SIGSTOP)
			time.Sleep(8 * time.Second) // the Sentinels need 1.5 and vote; the replicas give up after 3
			_ = g.process[g.servers[0]].Process.Signal(syscall.SIGCONT)
		}, []diagnosis.CauseKind{"host-pause"}},
		{"somebody asks for it", func(t *testing.T, g *watchedGroup) {
			if said := ask(g.sentinels[1], "SENTINEL FAILOVER mymaster"); !strings.Contains(said, "+OK") {
				t.Errorf("said %q", said)
			}
		}, []diagnosis.CauseKind{"failover", "admin-action"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := startWatched(t)
			for deadline := time.Now().Add(60 * time.Second); !g.quorate(); time.Sleep(50 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the Sentinels do not find one another")
				}
			}
			col := startCollect(t, fmt.Sprintf("127.0.0.1:%d", g.sentinels[0]), "--sentinel", "mymaster", "--interval", "250ms", "--timeout", "1s")
			col.until("all are asked", func() bool {
				for _, p := range slices.Concat(g.servers, g.sentinels) {
					if col.dumps(localName(p), "uptime_in_seconds") < 4 {
						return false
					}
				}
				return true
			})
			c.trouble(t, g)
			col.until("the roles have changed", func() bool { return infoOf(g.servers[0], "replication", "role") == "slave" && g.up() })
			settled := col.dumps(localName(g.servers[0]), "master_link_status:up")
			col.until("it is all seen", func() bool { return col.dumps(localName(g.servers[0]), "master_link_status:up") > settled+6 })
			col.stop()
			entries, err := os.ReadDir(col.out)
			if err != nil || len(entries) != 6 {
				t.Errorf("%v, %v", entries, err)
			}
			for _, p := range slices.Concat(g.servers, g.sentinels) {
				b, err := os.ReadFile(filepath.Join(col.out, localName(p), "redis.log"))
				if err != nil || len(b) == 0 {
					t.Errorf("%d: its log: %v", p, err)
				}
			}
			views, err := os.ReadFile(filepath.Join(col.out, localName(g.sentinels[0]), "views.jsonl"))
			if err != nil || !strings.Contains(string(views), `"command":"SENTINEL SLAVES mymaster"`) {
				t.Errorf("views: %v", err)
			}
			if !strings.Contains(col.said.String(), "its role is replica, and was primary") {
				t.Errorf("said %s", col.said.String())
			}
			d := analysed(t, col.out)
			if len(d.Incidents) == 0 {
				t.Fatal("no incident")
			}
			got := d.Incidents[0].Trigger
			if !slices.Contains(c.kinds, got.Kind) || got.Kind == "host-pause" && got.Instance != localName(g.servers[0]) {
				t.Errorf("told %+v", got)
			}
		})
	}
}

// freeClusterPort is a port on which nobody listens, nor on its bus.
func freeClusterPort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := freePort(t)
		if port >= 55000 {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+10000)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free for a node of a cluster")
	return 0
}

// With --cluster all shards' nodes are found from one, and their groups are told apart; a shard that nothing happened to stays out of it.
func TestCollectCluster(t *testing.T) {
	process := map[int]*exec.Cmd{}
	var ports []int
	for range 6 {
		port := freeClusterPort(t)
		ports = append(ports, port)
		process[port] = startServer(t, t.TempDir(), port, "--cluster-enabled", "yes", "--cluster-node-timeout", "4000", "--cluster-require-full-coverage", "no")
	}
	wait := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not %s", what)
			}
		}
	}
	for _, p := range ports {
		wait("answering", func() bool { return infoOf(p, "server", "run_id") != "" })
	}
	idOf := func(p int) string {
		_, id, _ := strings.Cut(ask(p, "CLUSTER MYID"), "\r\n")
		id, _, _ = strings.Cut(id, "\r\n")
		return id
	}
	for i := range 3 {
		var slots strings.Builder // ranges are known from 7.0 on
		for n := i * 5462; n < min((i+1)*5462, 16384); n++ {
			fmt.Fprintf(&slots, " %d", n)
		}
		if said := ask(ports[i], "CLUSTER ADDSLOTS"+slots.String()); !strings.Contains(said, "+OK") {
			t.Fatalf("said %q", said)
		}
	}
	for _, p := range ports[1:] {
		ask(ports[0], fmt.Sprintf("CLUSTER MEET 127.0.0.1 %d", p))
	}
	wait("known to all", func() bool {
		return !slices.ContainsFunc(ports, func(p int) bool {
			return infoOf(p, "cluster", "cluster_enabled") == "" || strings.Count(ask(p, "CLUSTER NODES"), "connected") != 6
		})
	})
	for i := 3; i < 6; i++ {
		wait("a replica", func() bool { return strings.Contains(ask(ports[i], "CLUSTER REPLICATE "+idOf(ports[i-3])), "+OK") })
	}
	wait("linked", func() bool {
		return !slices.ContainsFunc(ports[3:], func(p int) bool { return infoOf(p, "replication", "master_link_status") != "up" })
	})

	col := startCollect(t, fmt.Sprintf("127.0.0.1:%d", ports[4]), "--cluster", "--interval", "250ms", "--timeout", "1s")
	col.until("all are asked", func() bool {
		return !slices.ContainsFunc(ports, func(p int) bool { return col.dumps(localName(p), "uptime_in_seconds") < 6 })
	})
	_ = process[ports[3]].Process.Signal(syscall.SIGSTOP)
	time.Sleep(8 * time.Second) // longer than repl-timeout
	_ = process[ports[3]].Process.Signal(syscall.SIGCONT)
	seen := 0
	col.until("the link is seen up", func() bool {
		if infoOf(ports[3], "replication", "master_link_status") != "up" {
			return false
		}
		if seen == 0 {
			seen = col.dumps(localName(ports[3]), "master_link_status:up")
		}
		return col.dumps(localName(ports[3]), "master_link_status:up") > seen+6
	})
	col.stop()
	d := analysed(t, col.out)
	if len(d.Groups) != 3 {
		t.Errorf("%d groups", len(d.Groups))
	}
	if len(d.Incidents) != 1 || d.Incidents[0].Trigger.Kind != "replica-stall" || d.Incidents[0].Trigger.Instance != localName(ports[3]) {
		t.Errorf("told %+v", d.Incidents)
	}
	if b, err := os.ReadFile(filepath.Join(col.out, localName(ports[0]), "views.jsonl")); err != nil || strings.Count(string(b), `"command":"CLUSTER NODES"`) == 0 {
		t.Errorf("views: %v", err)
	}
}
