package ingest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each instance is its path, then what its files say: ids as one digit, addresses with a colon behind > for its
// own, "cluster". Units are lists of names, in their order.
func TestUnite(t *testing.T) {
	many := func(n int, f func(i int) string) []string {
		var out []string
		for i := range n {
			out = append(out, f(i))
		}
		return out
	}
	letters := "0123456789abcdef"
	for _, tc := range []struct {
		name      string
		instances []string
		want      string
	}{
		{"one", []string{"c/a"}, "a"},
		{"siblings of whom nothing is known", []string{"c/a", "c/b", "c/s"}, "a b s"},
		{"siblings by id are whole", []string{"c/a 1", "c/b 1", "c/d 2", "c/e 2"}, "a b, d e"},
		{"a second id ties a chain of failovers", []string{"c/a 1", "c/b 1 2", "c/d 2"}, "a b d"},
		{"one of whom nothing is known ties a small directory", []string{"c/a 1", "c/b 1", "c/d 2", "c/e 2", "c/s"}, "a b d e s"},
		{"an address ties siblings", []string{"c/a 1", "c/b 1 10.0.0.1:6379", "c/d 2 10.0.0.1:6379", "c/e 3 10.0.0.9:6379", "c/f 3"}, "a b d, e f"},
		{"one's own as well", []string{"c/a 1 >10.0.0.1:6379", "c/b 1", "c/d 2 10.0.0.1:6379", "c/e 3", "c/f 3"}, "a b d, e f"},
		{"a Sentinel goes with whom it watches", []string{"c/a 1", "c/b 1 10.0.0.1:6379", "c/s 10.0.0.1:6379", "c/x 2 10.0.0.2:6379", "c/y 2"}, "a b s, x y"},
		{"the same address elsewhere is somebody else's", []string{"c1/a 1 172.18.0.2:6379", "c1/b 1", "c2/a 2 172.18.0.2:6379", "c2/b 2"}, "c1/a c1/b, c2/a c2/b"},
		{"ids tie across directories", []string{"h1/a 1", "h1/b 2", "h2/a 2", "h2/b 1"}, "h1/a h2/b, h1/b h2/a"},
		{"shards", []string{"f/s1/a", "f/s1/b", "f/s2/a", "f/s2/b"}, "s1/a s1/b, s2/a s2/b"},
		{"hosts with one each", []string{"h1/redis", "h2/redis", "h3/redis"}, "h1/redis h2/redis h3/redis"},
		{"one alone beside a pair", []string{"s/x/a", "s/x/b", "s/y/c"}, "a b c"},
		{"one alone among pairs stays alone", []string{"s/x/a", "s/x/b", "s/y/c", "s/y/d", "s/z/e"}, "a b, c d, e"},
		{"unless it names one of them", []string{"s/x/a", "s/x/b", "s/y/c 10.0.0.1:6379", "s/y/d", "s/z/e 10.0.0.1:6379"}, "a b, c d e"},
		{"cluster nodes vote for each other's replicas", []string{"c/a 1 cluster", "c/b 1 cluster", "c/d 2 cluster", "c/e 2 cluster", "c/x 3", "c/y 3"}, "a b d e, x y"},
		{
			"a fleet in one directory", append(many(80, func(i int) string {
				return "f/n" + string(letters[i/16%16]) + string(letters[i%16]) + " " + strings.Repeat(string(letters[i/16]), 1) + string(letters[i%16/2])
			}), "f/z1", "f/z2"),
			strings.Join(append(many(40, func(i int) string {
				a := string(letters[i/8%16])
				return "n" + a + string(letters[i%8*2]) + " n" + a + string(letters[i%8*2+1])
			}), "z1 z2"), ", "),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for range 3 { // any order of instances gives the same units
				var all []*instance
				var fams []*family
				for _, s := range tc.instances {
					w := strings.Fields(s)
					in := &instance{parts: strings.Split(w[0], "/")}
					for _, h := range w[1:] {
						switch {
						case h == "cluster":
							in.hints.Cluster = true
						case strings.HasPrefix(h, ">"):
							in.hints.Own = append(in.hints.Own, h[1:])
						case strings.Contains(h, ":"):
							in.hints.Peers = append(in.hints.Peers, h)
						default:
							in.hints.IDs = append(in.hints.IDs, h)
						}
					}
					all = append(all, in)
					fams = append(fams, &family{kind: "log", whose: in})
				}
				nameAll(all, fams)
				slices.Reverse(tc.instances)
				got = got[:0]
				for _, u := range unite(fams, all) {
					var names []string
					for _, in := range u.instances {
						names = append(names, in.name)
					}
					got = append(got, strings.Join(names, " "))
					if len(u.families) != len(u.instances) {
						t.Errorf("%d families of %d instances", len(u.families), len(u.instances))
					}
				}
				if d := cmp.Diff(tc.want, strings.Join(got, ", ")); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestScan(t *testing.T) {
	a, b := id("a"), id("b")
	for _, tc := range []struct {
		kind, name, in string
		want           Hints
	}{
		{
			"info", "INFO of a primary", "redis_mode:standalone\r\nrun_id:" + a + "\r\ntcp_port:6380\r\nrole:master\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\nmaster_replid:" + b + "\r\nmaster_replid2:" + id("0") + "\r\n",
			Hints{IDs: []string{a, b}, RunID: a, Port: "6380", Role: 1, Peers: []string{"10.0.0.2:6379"}},
		},
		{"info", "INFO of a replica", "role:slave\nmaster_host:10.0.0.1\nmaster_port:6379\nredis_mode:cluster\n", Hints{Peers: []string{"10.0.0.1:6379"}, Cluster: true, Role: -1}},
		{"info", "a prompt", "10.0.0.7:6380> info replication\nrole:master\n", Hints{Own: []string{"10.0.0.7:6380"}, Reached: []string{"10.0.0.7:6380"}, Port: "6380", Role: 1}},
		{"info", "nobody's address", "127.0.0.1:6379> info\nmaster_host:127.0.0.1\nmaster_port:6379\nmaster_host:x.x.x.x\nmaster_port:6379\n", Hints{Reached: []string{"127.0.0.1:6379"}}},
		{
			"log", "a log of a replica", "1:S 22 Nov 2026 10:00:00.000 * Connecting to MASTER 10.0.0.1:6379\n1:S 22 Nov 2026 10:00:00.001 * Trying a partial resynchronization (request " + a + ":123).\n1:S 22 Nov 2026 10:00:00.002 * Full resync from master: " + b + ":456\n",
			Hints{IDs: []string{a, b}, Peers: []string{"10.0.0.1:6379"}, Role: -3},
		},
		{
			"log", "a log of a primary", "1:M 22 Nov 2026 10:00:00.000 * Replica 10.0.0.2:6379 asks for synchronization\n1:M 22 Nov 2026 10:00:00.000 * Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '" + a + "', my replication IDs are '" + b + "' and '" + id("0") + "')\n",
			Hints{IDs: []string{a, b}, Peers: []string{"10.0.0.2:6379"}, Role: 2},
		},
		{
			"log", "the same in docker's JSON", `{"log":"1:M 22 Nov 2026 10:00:00.000 * Replica [fd00::2]:6379 asks for synchronization\n","stream":"stdout","time":"2026-11-22T10:00:00.1Z"}`,
			Hints{Peers: []string{"[fd00::2]:6379"}, Role: 1},
		},
		{"log", "scripts and cluster nodes are no ids", "1:M 22 Nov 2026 10:00:00.000 # Slow script detected: still in execution after 5001 milliseconds. Script name is: " + a + ".\n1:M 22 Nov 2026 10:00:00.000 * Marking node " + b + " as failing (quorum reached).\n", Hints{Role: 2}},
		{
			"log", "a Sentinel", "1:X 22 Nov 2026 10:00:00.000 # +monitor master mymaster 10.0.0.1 6379 quorum 2\n1:X 22 Nov 2026 10:00:00.000 * +slave slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379\n1:X 22 Nov 2026 10:00:00.000 # +switch-master mymaster 10.0.0.1 6379 10.0.0.3 6379\n",
			Hints{Peers: []string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"}},
		},
		{
			"config", "CONFIG GET", "port\n6380\nreplica-announce-ip\nredis-b.example\nreplica-announce-port\n7000\nslaveof\n10.0.0.1 6379\n",
			Hints{Own: []string{"redis-b.example:7000"}, Port: "6380", Peers: []string{"10.0.0.1:6379"}},
		},
		{
			"config", "redis.conf", "# a comment\nport 6380\nreplica-announce-ip 10.1.1.1\nreplicaof 10.0.0.1 6379\n",
			Hints{Own: []string{"10.1.1.1:6380"}, Port: "6380", Peers: []string{"10.0.0.1:6379"}},
		},
		{"log", "start-up", "1:M 22 Nov 2026 10:00:00.000 * Running mode=cluster, port=7001.\n", Hints{Port: "7001", Cluster: true, Role: 1}},
		{"info", "nothing", "\n\n:\n: \nmaster_host:\nmaster_port:\nport\n", Hints{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := hinterOf(tc.kind).scan([]byte(tc.in))
			got.Lines, got.From, got.To = nil, 0, 0 // hashes differ from run to run; stamps have a test of their own
			if d := cmp.Diff(tc.want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzScan holds that any bytes are looked through without harm, and that ids are ids.
func FuzzScan(f *testing.F) {
	f.Add([]byte(primaryInfo("a", "b")))
	f.Add([]byte(replicaInfo("a", "b", "10.0.0.1")))
	f.Add([]byte(replicaLog("10.0.0.1")))
	f.Add([]byte("replica-announce-ip\n::1\nport\n1\n+switch-master m ::1 1 fd00::2 2\n @ "))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, k := range hinting {
			h := k.scan(in)
			for _, id := range h.IDs {
				if len(id) != 40 {
					t.Fatalf("id %q", id)
				}
			}
			for _, a := range append(h.Own, h.Peers...) {
				if !strings.Contains(a, ":") {
					t.Fatalf("address %q", a)
				}
			}
		}
	})
}
