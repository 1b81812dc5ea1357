package ingest_test

import (
	"strings"
	"testing"

	"psyncope/ingest"
)

// examples are the beginnings of files, every form of every kind. Name is a file's name that says what
// it is; some are nothing without it.
var examples = []struct {
	kind, form, name, head string
	needsName              bool
}{
	{kind: "slowlog", form: "terminal", name: "slowlog.txt", head: "1) 1) (integer) 4\n   2) (integer) 1795374621\n   3) (integer) 16\n   4) 1) \"mset\"\n      2) \"k1\"\n   5) \"127.0.0.1:35950\"\n   6) \"\"\n"},
	{kind: "slowlog", form: "terminal, prompt, 3.2", name: "slowlog.txt", head: "127.0.0.1:6379> slowlog get 1\r\n1) 1) (integer) 4\r\n   2) (integer) 1795374621\r\n   3) (integer) 16\r\n   4) 1) \"keys\"\r\n      2) \"*\"\r\n"},
	{kind: "slowlog", form: "terminal, of a setting", name: "slowlog.txt", head: "1) 1) (integer) 4\n   2) (integer) 1795374621\n   3) (integer) 16\n   4) 1) \"config\"\n      2) \"set\"\n      3) \"maxmemory\"\n      4) \"1gb\"\n   5) \"127.0.0.1:35950\"\n   6) \"\"\n"},
	{kind: "slowlog", form: "raw", name: "slowlog.txt", head: "4\n1795374621\n16\nmset\nk1\n127.0.0.1:35950\n\n3\n1795374620\n12000\nconfig\nget\nmaxmemory\n127.0.0.1:35950\n\n"},
	{kind: "slowlog", form: "raw, 3.2", name: "slowlog.txt", head: "4\n1795374621\n16\nmset\nk1\n"},
	{kind: "slowlog", form: "raw, dated", name: "slowlog.txt", head: "### 2026-11-22T19:10:22Z\n4\n1795374621\n16\nmset\nk1\n127.0.0.1:1\n\n### 2026-11-22T19:10:23Z\n"},
	{kind: "slowlog", form: "json", name: "slowlog.json", head: `[[11,1795374621,3,["HELLO","3"],"127.0.0.1:36018",""]]` + "\n"},
	{kind: "slowlog", form: "json, cut", name: "slowlog.json", head: `[[11,1795374621,3,["HELLO","3"],"127.0.0.1:36018",""],[10,17953`},
	{kind: "slowlog", form: "csv", name: "slowlog.csv", head: `7,1795374621,3,"slowlog","get","2","127.0.0.1:35982",""` + "\n"},
	{kind: "slowlog", form: "wire", name: "slowlog.resp", head: "*1\r\n*6\r\n:1\r\n:1795374650\r\n:5\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n$15\r\n127.0.0.1:42502\r\n$0\r\n\r\n"},
	{kind: "slowlog", form: "python", name: "slowlog.txt", head: "[{'id': 4, 'start_time': 1795374621, 'duration': 16, 'command': b'mset k1', 'client_address': b'127.0.0.1:35950', 'client_name': b''}]\n"},
	{kind: "slowlog", form: "go", name: "slowlog.json", head: `[{"ID":4,"Time":"2026-11-22T18:57:01Z","Duration":16000,"Args":["mset","k1"],"ClientAddr":"127.0.0.1:35950","ClientName":""}]` + "\n"},
	{kind: "slowlog", form: "managed, json", name: "slow.log", head: `{"CacheClusterId":"c1","CacheNodeId":"0001","Id":296,"Timestamp":1605631822,"Duration (us)":0,"Command":"GET ... (1 more arguments)","ClientAddress":"192.168.12.104:55452","ClientName":"c1##"}` + "\n"},
	{kind: "slowlog", form: "managed, text", name: "slow.log", head: "c1,0001,1605631822,30,GET ... (1 more arguments),192.168.12.104:55452,c1##\n"},
	{kind: "slowlog", form: "empty, raw", name: "redis-a.slowlog", head: "\n", needsName: true},
	{kind: "slowlog", form: "empty, json", name: "slowlog-redis-a.json", head: "[]\n", needsName: true},
	{kind: "slowlog", form: "empty, terminal", name: "slowlog.txt", head: "(empty array)\n", needsName: true},
	{kind: "slowlog", form: "empty, dated", name: "slowlog.txt", head: "### 2026-11-22T19:10:22Z\n\n### 2026-11-22T19:11:22Z\n\n", needsName: true},
	{kind: "slowlog", form: "refused", name: "slowlog.txt", head: "NOAUTH Authentication required.\n", needsName: true},

	{kind: "config", form: "raw", name: "config.txt", head: "dbfilename\ndump.rdb\nrequirepass\n\nmaxmemory\n0\nsave\n3600 1 300 100 60 10000\nclient-output-buffer-limit\nnormal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60\n"},
	{kind: "config", form: "raw, one", name: "config.txt", head: "repl-backlog-size\n1048576\n"},
	{kind: "config", form: "terminal", name: "config.txt", head: "1) \"maxmemory\"\n2) \"0\"\n3) \"save\"\n4) \"\"\n"},
	{kind: "config", form: "terminal, RESP3", name: "config.txt", head: "1# \"maxmemory\" => \"0\"\n"},
	{kind: "config", form: "json", name: "config.json", head: `{"maxmemory":"0","save":"","slave-priority":"100"}` + "\n"},
	{kind: "config", form: "csv", name: "config.csv", head: `"maxmemory","0","save","3600 1"` + "\n"},
	{kind: "config", form: "wire", name: "config.resp", head: "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n"},
	{kind: "config", form: "file", name: "redis.conf", head: "# Redis configuration file\n#\n\nbind 127.0.0.1\nport 6379\nreplicaof 10.0.0.1 6379\nrepl-backlog-size 64mb\n"},
	{kind: "config", form: "file of a Sentinel", name: "sentinel.conf", head: "port 26379\nsentinel monitor mymaster 10.0.0.1 6379 2\nsentinel down-after-milliseconds mymaster 30000\n"},
	{kind: "config", form: "file of users", name: "users.acl", head: "user default on nopass ~* +@all\n"},
	{kind: "config", form: "empty", name: "config.json", head: "{}\n", needsName: true},

	{kind: "clients", form: "7.0", name: "clients.txt", head: "id=13 addr=127.0.0.1:48494 laddr=127.0.0.1:7901 fd=8 name= age=0 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 omem=0 events=r cmd=client|list user=default redir=-1 resp=2\n"},
	{kind: "clients", form: "2.4, dated", name: "client-list.txt", head: "### 2026-11-22T19:10:22Z\naddr=10.0.0.9:5001 fd=7 idle=4 flags=M db=0 sub=0 psub=0\n"},

	{kind: "latency", form: "latest, terminal", name: "latency-latest.txt", head: "1) 1) \"fork\"\n   2) (integer) 1795375814\n   3) (integer) 1000\n   4) (integer) 2000\n"},
	{kind: "latency", form: "latest, raw", name: "latency-latest.txt", head: "fork\n1795375814\n1000\n2000\n"},
	{kind: "latency", form: "latest, json", name: "latency-latest.json", head: "[\n[\"fork\",1795375814,1000,2000]\n]\n"},
	{kind: "latency", form: "latest, csv", name: "latency.csv", head: `"fork",1795375814,1000,2000` + "\n"},
	{kind: "latency", form: "latest, wire", name: "latency.resp", head: "*1\r\n*4\r\n$4\r\nfork\r\n:1795375814\r\n:1000\r\n:2000\r\n"},
	{kind: "latency", form: "history, terminal", name: "latency-history-fork.txt", head: "1) 1) (integer) 1795375814\n   2) (integer) 1000\n"},
	{kind: "latency", form: "history, raw", name: "latency-history-fork.txt", head: "1795375814\n1000\n1795375820\n500\n1795375830\n7\n"},
	{kind: "latency", form: "doctor", name: "latency-doctor.txt", head: "Dave, I have observed latency spikes in this instance.\n\n1. fork: 5 latency spikes.\n"},
	{kind: "latency", form: "empty", name: "latency-latest.json", head: "[]\n", needsName: true},

	{kind: "info", form: "all", name: "info.txt", head: "# Server\r\nredis_version:7.4.1\r\nredis_mode:standalone\r\nrun_id:0123456789012345678901234567890123456789\r\ntcp_port:6379\r\nuptime_in_seconds:120\r\n\r\n# Memory\r\nused_memory:1000\r\nmaxmemory:0\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n"},
	{kind: "info", form: "dated", name: "info.log", head: "### 2026-11-22T18:45:30.123Z\n# Replication\nrole:slave\nmaster_host:10.0.0.1\nmaster_port:6379\nmaster_link_status:up\n"},

	{kind: "host-metrics", form: "sar", name: "sar.txt", head: "Linux 6.1.0-18-amd64 (db-1) \t11/22/26 \t_x86_64_\t(4 CPU)\n\n10:00:01        CPU     %user     %nice   %system   %iowait    %steal     %idle\n10:00:02        all      1.00      0.00      0.50      1.00      0.00     97.50\n"},
	{kind: "host-metrics", form: "sadf", name: "sar.json", head: "{\"sysstat\": {\n\t\"hosts\": [\n\t\t{\n\t\t\t\"nodename\": \"db-1\",\n"},
	{kind: "host-metrics", form: "vmstat", name: "vmstat.txt", head: "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n 1  0      0 23134640 122436 1308368    0    0  1043  2212 1262 1153 36 10 52  2  0\n"},
	{kind: "host-metrics", form: "meminfo", name: "meminfo", head: "MemTotal:       24621632 kB\nMemFree:        23134640 kB\nMemAvailable:   24248228 kB\nBuffers:          122436 kB\n"},
	{kind: "host-metrics", form: "df", name: "df.txt", head: "Filesystem     1K-blocks     Used Available Use% Mounted on\n/dev/sda1       41251136 41251136         0 100% /\n"},
	{kind: "host-metrics", form: "exporter", name: "metrics.txt", head: "# HELP node_load1 1m load average.\n# TYPE node_load1 gauge\nnode_load1 0.21\n# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.\n# TYPE node_cpu_seconds_total counter\nnode_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 362812.78\n"},
	{kind: "kernel-log", form: "dmesg", name: "dmesg.txt", head: "[    0.000000] Linux version 6.1.0-18-amd64\n[12346.000000] Out of memory: Killed process 811 (redis-server) total-vm:1234kB, anon-rss:1000kB\n"},

	{kind: "log", form: "7.4", name: "redis.log", head: "12:M 22 Nov 2026 18:57:20.123 * Ready to accept connections tcp\n12:M 22 Nov 2026 18:57:21.123 * Replica 10.0.0.2:6379 asks for synchronization\n"},
	{kind: "log", form: "a client is dropped", name: "redis.log", head: "12:M 22 Nov 2026 18:57:20.123 # Client id=5 addr=10.0.0.2:5000 laddr=10.0.0.1:6379 fd=9 name= age=3 idle=3 flags=S omem=268435500 events=r cmd=psync scheduled to be closed ASAP for overcoming of output buffer limits.\n"},
	{kind: "log", form: "2.8", name: "redis.log", head: "[12] 22 Nov 18:57:20.123 * The server is now ready to accept connections on port 6379\n"},
}

// Every example goes to its own kind, whatever the file is called.
func TestEveryKindIsToldApart(t *testing.T) {
	formats := ingest.Formats()
	for _, e := range examples {
		names := []string{e.name, "redis-a-20261122T190000Z.txt", "slowlog.txt", "config.txt", "latency-latest.txt", "clients.txt"}
		if e.needsName {
			names = names[:1]
		}
		for _, name := range names {
			best, sure, scores := "", 0, []string{}
			for _, f := range formats {
				s := f.Sniff(name, []byte(e.head))
				if s > sure {
					best, sure = f.Name, s
				}
				if s > 0 {
					scores = append(scores, f.Name)
				}
			}
			if best != e.kind {
				t.Errorf("%s, %s, named %s: taken for %q (%d) of %s", e.kind, e.form, name, best, sure, strings.Join(scores, ", "))
			}
		}
	}
}

// Text that is nothing of the kind is left alone.
func TestOtherTextIsNoKind(t *testing.T) {
	for _, head := range []string{
		"NAME           TYPE        CLUSTER-IP     EXTERNAL-IP   PORT(S)    AGE\nredis-master   ClusterIP   10.96.12.7     <none>        6379/TCP   3d\n",
		"{\"schema\":\"psyncope/report/v1\",\"incidents\":[]}\n",
		"#!/bin/sh\nset -e\nwhile sleep 10; do redis-cli info; done\n",
		"\x00\x01\x02REDIS0011\xfa\tredis-ver\x057.4.1",
		"hello world\nthis is prose\n",
		"1,2,3\n4,5,6\n",
		"time,value\n1795374621,3\n",
		"[]\n", "{}\n", "\n", "",
	} {
		for _, f := range ingest.Formats() {
			if s := f.Sniff("notes.txt", []byte(head)); s > 0 {
				t.Errorf("%q: %s is %d sure", head, f.Name, s)
			}
		}
	}
}
