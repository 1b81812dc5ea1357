package logs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"psyncope/ingest/artifact"
	"psyncope/ingest/logs"
	"psyncope/ingest/table"
)

// readAll reads a log as instance "i" and gives its account and tables.
func readAll(t testing.TB, log string) (artifact.Account, *table.Case) {
	t.Helper()
	var out table.Case
	t.Cleanup(out.Release)
	in := artifact.Input{Origin: table.Origin{Instance: "i", File: "i.log"}, Body: strings.NewReader(log)}
	account, err := logs.Format().Read(in, &out)
	if err != nil {
		t.Fatal(err)
	}
	return account, &out
}

// told is an event as the tests write it: line, stamp, clock, pid:role, level, kind, count if not 1, instance if
// not "i", outer stamp if any.
func told(e *table.Event) string {
	s := fmt.Sprintf("%d", e.Line)
	if e.Stamp.Known() {
		s += e.Stamp.Time().Format(" 2006-01-02T15:04:05.000")
	}
	s += " " + e.Clock
	if e.PID.Known() || e.Role != "" {
		s += " "
		if e.PID.Known() {
			s += fmt.Sprint(int64(e.PID))
		}
		if e.Role != "" {
			s += ":" + e.Role
		}
	}
	if e.Level != "" {
		s += " " + e.Level
	}
	s += " " + e.Kind
	if e.Count != 1 {
		s += fmt.Sprintf(" x%d to %d", e.Count, e.LastLine)
	}
	if e.Instance != "i" {
		s += " of " + e.Instance
	}
	if e.Outer.Known() {
		s += e.Outer.Time().Format(" outer 15:04:05.000000")
	}
	return s
}

var cases = []struct {
	name, log string
	want      []string // events
	ignored   int64
	rejected  []int32 // lines
}{
	{
		name: "plain",
		log: "812:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\n" +
			"812:S 14 Apr 2025 09:15:26.535 * Caching the disconnected master state.\r\n" +
			"812:S 14 Apr 2025 09:15:27.001 * a module's own words",
		want: []string{
			"1 2025-04-14T09:15:26.535 local 812:S warning primary-link-lost",
			"2 2025-04-14T09:15:26.535 local 812:S notice cached-primary-saved",
			"3 2025-04-14T09:15:27.001 local 812:S notice other",
		},
	},
	{
		name: "no year, windows, carriage returns as editors show them",
		log:  "[0812] 14 Apr 09:15:26.535 * Connecting to MASTER 10.3.0.1:6379^M\n[812] 14 Apr 09:15:27 # Connection with master lost.\r^M\n",
		want: []string{
			"1 2000-04-14T09:15:26.535 local-no-year 812 notice repl-connecting",
			"2 2000-04-14T09:15:27.000 local-no-year 812 warning primary-link-lost",
		},
	},
	{
		name: "logfmt and iso8601",
		log: `pid=9 role=replica timestamp="2025-04-14T09:15:26.535+02:00" level=notice message="Connection with primary lost."` + "\n" +
			"9:S 2025-04-14T09:15:27.535+02:00 * Connection with primary lost.\n",
		want: []string{
			"1 2025-04-14T07:15:26.535 utc 9:S notice primary-link-lost",
			"2 2025-04-14T07:15:27.535 utc 9:S notice primary-link-lost",
		},
	},
	{
		name: "signal handler",
		log:  "9:signal-handler (1744618526) Received SIGTERM scheduling shutdown...\n9:M 14 Apr 2025 10:15:26.600 # User requested shutdown...\n",
		want: []string{
			"1 2025-04-14T08:15:26.000 utc 9 shutdown-signal",
			"2 2025-04-14T10:15:26.600 local 9:M warning shutdown-requested",
		},
	},
	{
		name: "a shipper took the header apart",
		log: "09:15:26.535123 12:S Connecting to PRIMARY 10.3.0.1:6379\n" +
			"09:15:26.536 12:S * PRIMARY <-> REPLICA sync started\n" +
			"I0414 09:15:27.001448 *174] 12:S Non blocking connect for SYNC fired the event.\n" +
			"2025-04-14T07:15:28.382653954Z I0414 09:15:28.382576 *174] 12:S Connection with primary lost.\n" +
			"[09:15:29] Reconnecting to PRIMARY 10.3.0.1:6379\n" +
			"12:S Connection with primary lost.\n" +
			// Other programmes' lines, which say something else or quote it.
			"09:15:30 12:S is what the log said\n" +
			"09:15:31 worker 12 had its Connection with primary lost.\n",
		want: []string{
			"1 2000-01-01T09:15:26.535 local-no-year 12:S repl-connecting",
			"2 2000-01-01T09:15:26.536 local-no-year 12:S notice sync-started",
			"3 2000-04-14T09:15:27.001 local-no-year 12:S repl-connected-tcp",
			"4 2000-04-14T09:15:28.382 local-no-year 12:S primary-link-lost outer 07:15:28.382653",
			"5 2000-01-01T09:15:29.000 local-no-year repl-reconnecting",
			"6 none 12:S primary-link-lost",
		},
		rejected: []int32{7, 8},
	},
	{
		name: "no header at all",
		log:  "# Connection with master lost.\n* Connecting to MASTER x.x.x.x:6379\n* something else\n",
		want: []string{"1 none warning primary-link-lost", "2 none notice repl-connecting", "3 none notice other"},
	},
	{
		name:     "headings are no messages",
		log:      "# Server\n# Replication\nrole:master\n",
		rejected: []int32{1, 2, 3},
	},
	{
		name: "quoted, escaped, indented",
		log: "> 812:S 14 Apr 2025 09:15:26.535 \\# Connection with master lost.  \n>  \n" +
			"\t812:S 14 Apr 2025 09:15:26.535 * MASTER &lt;-&gt; SLAVE sync started\n```\n",
		want: []string{
			"1 2025-04-14T09:15:26.535 local 812:S warning primary-link-lost",
			"3 2025-04-14T09:15:26.535 local 812:S notice sync-started",
		}, ignored: 2,
	},
	{
		name: "wrapped by a terminal inside a word",
		log: "812:M 14 Apr 2025 09:15:26.535 # Client id=7 addr=10.3.0.2:4711 fd=9 name= age=50 idle=0 flags=S db=0 sub=0 psub=0 multi=-1 qbuf=0 qbuf-free=0 obl=0 oll=47 o\n" +
			"mem=1048576 events=rw cmd=psync scheduled to be closed ASAP for overcoming of output buffer limits.\n" +
			"812:M 14 Apr 2025 09:15:26.600 # Connection with replica 10.3.0.2:6379 lost.\n",
		want: []string{
			"1 2025-04-14T09:15:26.535 local 812:M warning client-output-buffer-limit",
			"3 2025-04-14T09:15:26.600 local 812:M warning replica-link-lost",
		}, ignored: 1,
	},
	{
		name: "continued by hand on an indented line",
		log: "812:M 14 Apr 2025 09:15:26.535 * Partial resynchronization request from 10.3.0.2:6379 accepted.\n" +
			"                              Sending 77 bytes of backlog starting from offset 4242.\n",
		want: []string{"1 2025-04-14T09:15:26.535 local 812:M notice psync-accepted"}, ignored: 1,
	},
	{
		name: "a script's lines",
		log:  "812:M 14 Apr 2025 09:15:26.535 # job report:\nfirst part\n  second part\n\nlost\n",
		want: []string{"1 2025-04-14T09:15:26.535 local 812:M warning other"}, ignored: 3, rejected: []int32{5},
	},
	{
		name:     "a stray line behind a whole message",
		log:      "812:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\nls: cannot open directory\n",
		want:     []string{"1 2025-04-14T09:15:26.535 local 812:S warning primary-link-lost"},
		rejected: []int32{2},
	},
	{
		name: "docker json-file, a line in two parts",
		log: `{"log":"812:M 14 Apr 2025 09:15:26.535 * ` + strings.Repeat("x", 16<<10) + `","stream":"stdout","time":"2025-04-14T07:15:26.535777Z"}` + "\n" +
			`{"log":"y\n","stream":"stdout","time":"2025-04-14T07:15:26.535888Z"}` + "\n" +
			`{"log":"812:M 14 Apr 2025 09:15:26.600 # Connection with replica 10.3.0.2:6379 lost.\n","stream":"stdout","time":"2025-04-14T07:15:26.600111Z"}` + "\n",
		want: []string{
			"2 2025-04-14T09:15:26.535 local 812:M notice other outer 07:15:26.535888",
			"3 2025-04-14T09:15:26.600 local 812:M warning replica-link-lost outer 07:15:26.600111",
		}, ignored: 1,
	},
	{
		name: "CRI, a line in parts that never ends",
		log: "2025-04-14T07:15:26.535777Z stdout P 812:M 14 Apr 2025 09:15:26.535 # Connection with \n" +
			"2025-04-14T07:15:26.535777Z stdout P replica 10.3.0.2:6379 lost.\n",
		want: []string{"2 2025-04-14T09:15:26.535 local 812:M warning replica-link-lost"}, ignored: 1,
	},
	{
		name: "syslog: no header, other programmes",
		log: "Apr 14 09:15:26 db1 redis[812]: Connection with master lost.\n" +
			"Apr 14 09:15:27 db1 CRON[99]: (root) CMD (run-parts)\n" +
			"Apr 14 09:15:27 db1 systemd[1]: Started Session 4.\n" +
			"Apr 14 09:15:28 db1 redis[812]: a module's own words\n",
		want: []string{
			"1 2000-04-14T09:15:26.000 local-no-year 812 primary-link-lost",
			"4 2000-04-14T09:15:28.000 local-no-year 812 other",
		}, ignored: 2,
	},
	{
		name: "RFC 5424 has a zone and a level",
		log:  "<132>1 2025-04-14T09:15:26.535777+02:00 db1 redis 812 - - Connection with master lost.\n",
		want: []string{"1 2025-04-14T07:15:26.535 utc 812 warning primary-link-lost outer 07:15:26.535777"},
	},
	{
		name: "journal of a server that logs to stdout, its header cut to the level",
		log:  "Apr 14 09:15:26 db1 redis-server[812]: # Connection with master lost.\n",
		want: []string{"1 2000-04-14T09:15:26.000 local-no-year 812 warning primary-link-lost"},
	},
	{
		name: "journal export",
		log: "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1744614926535777\n_PID=812\nSYSLOG_IDENTIFIER=redis-server\n" +
			"MESSAGE=812:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\n\n",
		want: []string{"5 2025-04-14T09:15:26.535 local 812:S warning primary-link-lost outer 07:15:26.535777"}, ignored: 5,
	},
	{
		name: "ElastiCache, JSON and text",
		log:  `{"CacheClusterId":"c1","CacheNodeId":"0001","LogLevel":"WARNING","Role":"S","Time":"14-04-2025 07:15:26.535 UTC","Message":"Connection with master lost."}` + "\n",
		want: []string{
			"1 2025-04-14T07:15:26.535 utc :S warning primary-link-lost outer 07:15:26.535000",
		},
	},
	{
		name: "ElastiCache, text",
		log:  "c1/0001:S 14 Apr 2025 07:15:26.535 UTC # Connection with master lost.\n",
		want: []string{"1 2025-04-14T07:15:26.535 utc :S warning primary-link-lost"},
	},
	{
		name: "an unknown prefix",
		log:  "archive/redis.log:17:812:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\n",
		want: []string{"1 2025-04-14T09:15:26.535 local 812:S warning primary-link-lost"},
	},
	{
		name: "tail of two files",
		log: "==> /var/log/redis-a.log <==\n7:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\n\n" +
			"==> /srv/redis-b/redis.log <==\n8:S 14 Apr 2025 09:15:26.600 # Connection with master lost.\n",
		want: []string{
			"2 2025-04-14T09:15:26.535 local 7:S warning primary-link-lost of redis-a",
			"5 2025-04-14T09:15:26.600 local 8:S warning primary-link-lost of redis-b",
		}, ignored: 3,
	},
	{
		name: "grep over two files",
		log: "redis-a/redis.log:12:7:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\n" +
			"redis-b/redis.log:7:8:S 14 Apr 2025 09:15:26.600 # Connection with master lost.\n",
		want: []string{
			"1 2025-04-14T09:15:26.535 local 7:S warning primary-link-lost of redis-a",
			"2 2025-04-14T09:15:26.600 local 8:S warning primary-link-lost of redis-b",
		},
	},
	{
		name: "pods' names before the lines, and one word that names nothing",
		log: "redis-0 redis 1:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\n" +
			"redis-1 redis 1:S 14 Apr 2025 09:15:26.600 # Connection with master lost.\n" +
			"INFO 1:S 14 Apr 2025 09:15:26.700 # Connection with master lost.\n",
		want: []string{
			"3 2025-04-14T09:15:26.700 local 1:S warning primary-link-lost",
			"1 2025-04-14T09:15:26.535 local 1:S warning primary-link-lost of redis-0",
			"2 2025-04-14T09:15:26.600 local 1:S warning primary-link-lost of redis-1",
		},
	},
	{
		name: "a prefix that names nothing twice",
		log:  prefixes(40),
		want: prefixed(40),
	},
	{
		name: "CSV",
		log:  "\"2025-04-14T07:15:26.535Z\",\"db\",\"7:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\",\"x\"\n",
		want: []string{"1 2025-04-14T09:15:26.535 local 7:S warning primary-link-lost"},
	},
	{
		name: "records printed over several lines",
		log:  "{\n  \"events\": [\n    {\n      \"timestamp\": 1744614926535,\n      \"message\": \"7:S 14 Apr 2025 09:15:26.535 # Connection with master lost.\"\n    }\n  ]\n}\n",
		want: []string{"5 2025-04-14T09:15:26.535 local 7:S warning primary-link-lost"}, ignored: 7,
	},
	{
		name: "compose with two servers and another programme",
		log: "Attaching to redis-a-1, redis-b-1, web-1\n" +
			"redis-a-1  | 1:M 14 Apr 2025 09:15:26.535 # Connection with replica 10.3.0.2:6379 lost.\n" +
			"redis-b-1  | 1:S 14 Apr 2025 09:15:26.500 # Connection with master lost.\n" +
			"web-1      | listening on :8080\n" +
			"redis-a-1  | 1:M 14 Apr 2025 09:15:26.535 # Connection with replica 10.3.0.2:6379 lost.\n",
		want: []string{
			"2 2025-04-14T09:15:26.535 local 1:M warning replica-link-lost of redis-a",
			"5 2025-04-14T09:15:26.535 local 1:M warning replica-link-lost of redis-a",
			"3 2025-04-14T09:15:26.500 local 1:S warning primary-link-lost of redis-b",
		}, ignored: 2,
	},
	{
		name: "compose with one server keeps the artifact's instance",
		log:  "redis-a-1  | 1:S 14 Apr 2025 09:15:26.500 # Connection with master lost.\n",
		want: []string{"1 2025-04-14T09:15:26.500 local 1:S warning primary-link-lost"},
	},
	{
		name: "two pods, one with a Sentinel beside",
		log: "[pod/redis-0/redis] 2025-04-14T07:15:26.500Z 1:S 14 Apr 2025 07:15:26.500 # Connection with master lost.\n" +
			"[pod/redis-0/sentinel] 2025-04-14T07:15:27.500Z 1:X 14 Apr 2025 07:15:27.500 # +sdown master m 10.3.0.1 6379\n" +
			"[pod/redis-1/redis] 2025-04-14T07:15:26.600Z 1:S 14 Apr 2025 07:15:26.600 # Connection with master lost.\n",
		want: []string{
			"1 2025-04-14T07:15:26.500 local 1:S warning primary-link-lost of redis-0 outer 07:15:26.500000",
			"2 2025-04-14T07:15:27.500 local 1:X warning sentinel-sdown of redis-0/sentinel outer 07:15:27.500000",
			"3 2025-04-14T07:15:26.600 local 1:S warning primary-link-lost of redis-1 outer 07:15:26.600000",
		},
	},
	{
		name: "two hosts in one journal",
		log: "Apr 14 09:15:26 db1 redis-server[812]: 812:M 14 Apr 2025 09:15:26.535 # Connection with replica 10.3.0.2:6379 lost.\n" +
			"Apr 14 09:15:26 db2 redis-server[77]: 77:S 14 Apr 2025 09:15:26.500 # Connection with master lost.\n",
		want: []string{
			"1 2025-04-14T09:15:26.535 local 812:M warning replica-link-lost of db1",
			"2 2025-04-14T09:15:26.500 local 77:S warning primary-link-lost of db2",
		},
	},
	{
		name: "a logo, a rule, what tools and people put between",
		log: "-- Logs begin at Mon 2025-04-14 09:00:00 UTC. --\n" +
			"                _._                                                  \n" +
			"      _.-``    `.  `_.  ''-._           Redis 3.2.9 (00000000/0) 64 bit\n" +
			" |    `-._   `._    /     _.-'    |     PID: 812\n" +
			"        '|   |####+########+'\n             '+v+'\n" +
			"==> redis.log <==\n[...]\n[..CUT..]\n<snip>\n--------\n\n" +
			"812:S 14 Apr 09:15:26.500 # Connection with master lost.\n",
		want: []string{"13 2000-04-14T09:15:26.500 local-no-year 812:S warning primary-link-lost"}, ignored: 12,
	},
	{
		name: "a crash report",
		log: "812:M 14 Apr 2025 09:15:20.000 * Ready to accept connections tcp\n\n\n" +
			"=== REDIS BUG REPORT START: Cut & paste starting from here ===\n" +
			"812:M 14 Apr 2025 09:15:26.535 # Redis 7.2.5 crashed by signal: 11, si_code: 1\n" +
			"\n------ STACK TRACE ------\nEIP:\n/usr/bin/redis-server(main+0x1f)[0x55d0c1]\n12 bio_aof *\n" +
			"------ REGISTERS ------\n812:M 14 Apr 2025 09:15:26.536 # \nRAX:0000000000000000 RBX:0000000000000000\n" +
			"812:M 14 Apr 2025 09:15:26.536 # words that no catalogue has\n" +
			"------ INFO OUTPUT ------\n# Server\r\nredis_version:7.2.5\r\nuptime_in_seconds:77\r\n\r\n# Replication\r\nrole:master\r\nmaster_repl_offset:4242\r\n\r\n" +
			"------ CLIENT LIST OUTPUT ------\nid=3 addr=10.3.0.9:1 fd=8 name= age=1 idle=0 flags=N\n" +
			"=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n       Please report the crash by opening an issue on github:\n" +
			"813:C 14 Apr 2025 09:15:30.000 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n",
		want: []string{
			"1 2025-04-14T09:15:20.000 local 812:M notice server-ready",
			"4 2025-04-14T09:15:26.535 local 812:M crash-report-start",
			"5 2025-04-14T09:15:26.535 local 812:M warning crash-signal",
			"29 2025-04-14T09:15:30.000 local 813:C warning server-starting",
		}, ignored: 25,
	},
	{
		name: "a server killed in its crash report starts again",
		log: "=== REDIS BUG REPORT START: Cut & paste starting from here ===\n" +
			"812:M 14 Apr 2025 09:15:26.535 # Redis 7.2.5 crashed by signal: 11, si_code: 1\n" +
			"813:C 14 Apr 2025 09:15:30.000 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n" +
			"813:M 14 Apr 2025 09:15:31.000 * a module's own words\n",
		want: []string{
			"1 2025-04-14T09:15:26.535 local 812:M crash-report-start",
			"2 2025-04-14T09:15:26.535 local 812:M warning crash-signal",
			"3 2025-04-14T09:15:30.000 local 813:C warning server-starting",
			"4 2025-04-14T09:15:31.000 local 813:M notice other",
		},
	},
	{
		name: "out of memory: a raw line takes the stamp of the line before",
		log: "812:M 14 Apr 2025 09:15:20.000 * Ready to accept connections tcp\n" +
			"zmalloc: Out of memory trying to allocate 1048576 bytes\n",
		want: []string{
			"1 2025-04-14T09:15:20.000 local 812:M notice server-ready",
			"2 2025-04-14T09:15:20.000 local 812:M oom-allocator",
		},
	},
	{
		name: "a file truncated under its writer",
		log:  strings.Repeat("\x00", 5000) + "812:S 14 Apr 2025 09:15:26.500 # Connection with master lost.\n",
		want: []string{"1 2025-04-14T09:15:26.500 local 812:S warning primary-link-lost"},
	},
}

// prefixes are lines of one server, each behind an id of its own.
func prefixes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "req-%x 7:S 14 Apr 2025 09:15:%02d.000 # Connection with master lost.\n", 1000+i, i)
	}
	return b.String()
}

func prefixed(n int) []string {
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("%d 2025-04-14T09:15:%02d.000 local 7:S warning primary-link-lost", i+1, i))
	}
	return want
}

func TestRead(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			account, out := readAll(t, c.log)
			var got []string
			for _, e := range out.Events.All() {
				got = append(got, told(e))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			var rejected []int32
			for _, p := range out.Problems.All() {
				rejected = append(rejected, p.Line)
			}
			if !slices.Equal(rejected, c.rejected) {
				t.Errorf("rejected lines %v, want %v", rejected, c.rejected)
			}
			if account.Ignored != c.ignored {
				t.Errorf("%d lines ignored, want %d", account.Ignored, c.ignored)
			}
			accounted(t, c.log, account, out)
		})
	}
}

// accounted holds every line to be exactly one of a record, ignored or rejected, and every record to be in a row.
func accounted(t interface {
	Helper()
	Fatalf(string, ...any)
}, log string, account artifact.Account, out *table.Case,
) {
	t.Helper()
	lines := int64(strings.Count(log, "\n"))
	if len(log) > 0 && !strings.HasSuffix(log, "\n") {
		lines++
	}
	if n := account.Records + account.Ignored + account.Rejected; n != lines {
		t.Fatalf("%d lines: %d records, %d ignored, %d rejected", lines, account.Records, account.Ignored, account.Rejected)
	}
	var sum int64
	line := map[string]int32{}
	for i, e := range out.Events.All() {
		sum += int64(e.Count)
		if e.Count < 1 || e.Line < 1 || int64(e.LastLine) > lines || e.LastLine < e.Line || e.Line < line[e.Instance] {
			t.Fatalf("row %d: count %d, lines %d to %d, after line %d of the same instance", i, e.Count, e.Line, e.LastLine, line[e.Instance])
		}
		line[e.Instance] = e.Line
	}
	if sum != account.Records {
		t.Fatalf("rows stand for %d messages, %d were counted", sum, account.Records)
	}
}

func TestReadTakesFields(t *testing.T) {
	_, out := readAll(t, "812:M 14 Apr 2025 09:15:26.535 * Unable to partial resync with replica 10.3.0.2:6379 for lack of backlog (Replica request was: 4242).\n"+
		"------ INFO OUTPUT ------\nredis_version:7.2.5\nserver_time_usec:1744614926535777\n")
	e := out.Events.Rows()[0]
	if e.Kind != "psync-refused-backlog" || e.Peer != "10.3.0.2:6379" || e.Offset != 4242 || e.Bytes.Known() ||
		e.Text != "Unable to partial resync with replica 10.3.0.2:6379 for lack of backlog (Replica request was: 4242)." || e.LastStamp != e.Stamp || e.File != "i.log" {
		t.Errorf("%+v", e)
	}
	samples := out.Samples.Rows()
	if len(samples) != 1 || samples[0].Version != "7.2.5" || samples[0].Instance != "i" || samples[0].Line != 3 || samples[0].ServerTime != 1744614926535777 {
		t.Errorf("the INFO dump of a crash report became %+v", samples)
	}
}

// TestFold: of what is said n times in a second the first and the last stand for themselves.
func TestFold(t *testing.T) {
	var log strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&log, "7:S 14 Apr 2025 09:15:26.%03d * Connecting to MASTER 10.3.0.1:6379\n", i)
		fmt.Fprintf(&log, "7:S 14 Apr 2025 09:15:26.%03d # Error condition on socket for SYNC: Connection refused\n", i)
	}
	log.WriteString("7:S 14 Apr 2025 09:15:27.000 * Connecting to MASTER 10.3.0.1:6379\n")
	account, out := readAll(t, log.String())
	accounted(t, log.String(), account, out)
	want := []string{
		"1 2025-04-14T09:15:26.000 local 7:S notice repl-connecting",
		"2 2025-04-14T09:15:26.000 local 7:S warning repl-connect-failed",
		"3 2025-04-14T09:15:26.001 local 7:S notice repl-connecting x998 to 1997",
		"4 2025-04-14T09:15:26.001 local 7:S warning repl-connect-failed x998 to 1998",
		"1999 2025-04-14T09:15:26.999 local 7:S notice repl-connecting",
		"2000 2025-04-14T09:15:26.999 local 7:S warning repl-connect-failed",
		"2001 2025-04-14T09:15:27.000 local 7:S notice repl-connecting",
	}
	var got []string
	for _, e := range out.Events.All() {
		got = append(got, told(e))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if m := out.Events.Rows()[2]; m.LastStamp.Time().Format("05.000") != "26.998" {
		t.Errorf("the last of those between is stamped %s", m.LastStamp.Time())
	}
}

// TestFoldKeepsApart: another process, role, level, second, text or no stamp is another message.
func TestFoldKeepsApart(t *testing.T) {
	var log strings.Builder
	for range 5 {
		log.WriteString("7:S 14 Apr 2025 09:15:26.100 * same\n8:S 14 Apr 2025 09:15:26.100 * same\n7:M 14 Apr 2025 09:15:26.100 * same\n" +
			"7:S 14 Apr 2025 09:15:26.100 # same\n7:S 14 Apr 2025 09:15:26.100 * same 2\n")
	}
	_, out := readAll(t, log.String())
	if n := out.Events.Len(); n != 5*3 {
		t.Errorf("%d rows for five messages said five times, want %d", n, 5*3)
	}
	_, out = readAll(t, strings.Repeat("# Connection with master lost.\n", 20))
	if n := out.Events.Len(); n != 20 {
		t.Errorf("%d rows for 20 messages without a stamp", n)
	}
}

// TestLateSources: a server that the beginning of a long file does not have gets its source's name, and
// only it; other programmes' lines are ignored however late they come.
func TestLateSources(t *testing.T) {
	var log strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&log, "redis-a  | 7:S 14 Apr 2025 09:%02d:%02d.000 * module line %d\n", i/60%60, i%60, i)
	}
	log.WriteString("redis-b  | 8:S 14 Apr 2025 10:15:26.000 # Connection with master lost.\nredis-b  | rubbish\nweb      | rubbish\n")
	account, out := readAll(t, log.String())
	accounted(t, log.String(), account, out)
	n := map[string]int{}
	for _, e := range out.Events.All() {
		n[e.Instance]++
	}
	if len(n) != 2 || n["i"] != 5000 || n["redis-b"] != 1 || account.Ignored != 1 || account.Rejected != 1 {
		t.Errorf("events by instance %v, %+v", n, account)
	}
}

func TestReadTellsOfProblemsWithinReason(t *testing.T) {
	log := strings.Repeat("rubbish of no kind\n", 5000)
	account, out := readAll(t, log)
	rows := out.Problems.Rows()
	if account.Rejected != 5000 || len(rows) != 101 {
		t.Fatalf("%d rejected, %d rows", account.Rejected, len(rows))
	}
	last := rows[100]
	if last.Line != 5000 || !strings.Contains(last.Reason, "4900 more") {
		t.Errorf("the last row is %+v", last)
	}
	if rows[0].Text != "rubbish of no kind" || rows[0].Instance != "i" || rows[0].File != "i.log" {
		t.Errorf("the first row is %+v", rows[0])
	}
}

func TestReadBoundsLines(t *testing.T) {
	long := "812:M 14 Apr 2025 09:15:26.535 * " + strings.Repeat("x", 3<<20)
	log := long + "\n812:S 14 Apr 2025 09:15:26.500 # Connection with master lost.\n" + strings.Repeat("y", 3<<20)
	account, out := readAll(t, log)
	accounted(t, log, account, out)
	rows := out.Events.Rows()
	if len(rows) != 2 || len(rows[0].Text) > 1024 || rows[1].Line != 2 {
		t.Errorf("%d rows, the first of %d bytes", len(rows), len(rows[0].Text))
	}
}

func TestReadKeepsWhatCameBeforeAnError(t *testing.T) {
	broken := errors.New("broken")
	var out table.Case
	in := artifact.Input{Body: io.MultiReader(strings.NewReader("7:S 14 Apr 2025 09:15:26.100 # Connection with master lost.\n"), iotest.ErrReader(broken))}
	account, err := logs.Format().Read(in, &out)
	if !errors.Is(err, broken) || account.Records != 1 || out.Events.Len() != 1 {
		t.Errorf("%v, %+v, %d events", err, account, out.Events.Len())
	}
}

// TestReadInAnyPieces: how a body's bytes arrive changes nothing.
func TestReadInAnyPieces(t *testing.T) {
	for _, c := range cases {
		_, whole := readAll(t, c.log)
		var out table.Case
		in := artifact.Input{Origin: table.Origin{Instance: "i", File: "i.log"}, Body: iotest.HalfReader(strings.NewReader(c.log))}
		if _, err := logs.Format().Read(in, &out); err != nil {
			t.Fatal(err)
		}
		if a, b := fmt.Sprint(whole.Events.Rows()), fmt.Sprint(out.Events.Rows()); a != b {
			t.Errorf("%s: in halves\n%s\nat once\n%s", c.name, b, a)
		}
	}
}

func TestSniff(t *testing.T) {
	f := logs.Format()
	for _, c := range cases {
		if len(c.want) == 0 {
			continue
		}
		if n := f.Sniff("x", []byte(c.log)); n < 30 {
			t.Errorf("%s: %d", c.name, n)
		}
	}
	for _, no := range []string{
		"", "\n\n", "\x00\x01\x02\xff\xfe", strings.Repeat("\x00", 70000),
		"# Server\r\nredis_version:7.2.5\r\nrole:master\r\nconnected_slaves:1\r\n",
		"# comment\nmaxmemory 100mb\nsave 900 1\nrepl-backlog-size 1mb\n",
		"id=3 addr=10.3.0.9:1 fd=8 name= age=1 idle=0 flags=N\n",
		"1) 1) (integer) 14\n   2) (integer) 1744614926\n", `[{"id":1}]`, `{"id":1,"args":["GET","x"]}` + "\n",
		"Apr 14 09:15:27 db1 CRON[99]: (root) CMD (run-parts)\n",
		"# A heading\n\n* an item\n* another item\n- and one more\n",
	} {
		if n := f.Sniff("redis.log", []byte(no)); n != 0 {
			t.Errorf("%q: %d", no, n)
		}
	}
	// A head that is cut in mid-line is no worse for it.
	var log strings.Builder
	for log.Len() < 64<<10 {
		log.WriteString("812:S 14 Apr 2025 09:15:26.500 # Connection with master lost.\n")
	}
	if n := f.Sniff("x", []byte(log.String()[:64<<10])); n != 98 {
		t.Errorf("a pure log of 64 KiB: %d", n)
	}
}

// messages that differ in their kinds, fields and lengths.
var messages = []string{
	"Connection with master lost.", "Caching the disconnected master state.", "Connecting to MASTER 10.3.0.1:6379", "MASTER <-> REPLICA sync started",
	"Error condition on socket for SYNC: Connection refused", "a module's own words", "DB saved on disk", "Background saving started by pid 4711",
	"Trying a partial resynchronization (request 0123456789012345678901234567890123456789:4242).", "+sdown master m 10.3.0.1 6379",
}

// drawLog draws the lines of a log of two processes.
func drawLog(t *rapid.T) []string {
	ms := rapid.Int64Range(0, 3_000_000).Draw(t, "start")
	distinct := rapid.Bool().Draw(t, "distinct")
	round := rapid.IntRange(0, 4).Draw(t, "round") // so many messages go round, as in a storm; 0 draws each
	var lines []string
	for range rapid.IntRange(1, 200).Draw(t, "lines") {
		if rapid.IntRange(0, 9).Draw(t, "step") == 0 {
			ms += rapid.Int64Range(0, 1500).Draw(t, "ms")
		}
		pid, msg := "7:S", messages[len(lines)%max(round, 1)]
		level := "*"
		if round == 0 || rapid.IntRange(0, 9).Draw(t, "else") == 0 {
			level = rapid.SampledFrom([]string{"*", "#", "-"}).Draw(t, "level")
			pid = rapid.SampledFrom([]string{"7:S", "7:S", "7:S", "7:M", "9:C"}).Draw(t, "pid")
			msg = rapid.SampledFrom(messages).Draw(t, "message")
		}
		if distinct {
			msg += fmt.Sprint(" ", len(lines)*2/3) // more in a second than the fold remembers; not each as often, which would be a log written twice
		}
		lines = append(lines, fmt.Sprintf("%s 14 Apr 2025 09:%02d:%02d.%03d %s %s\n", pid, ms/60000%60, ms/1000%60, ms%1000, level, msg))
	}
	return lines
}

// summary counts messages by all but their place: folding must not change it.
func summary(out *table.Case) map[string]int64 {
	n := map[string]int64{}
	for _, e := range out.Events.All() {
		n[fmt.Sprint(e.Stamp/table.Second, e.PID, e.Role, e.Level, e.Kind, e.Peer, e.Offset, e.Text)] += int64(e.Count)
	}
	return n
}

// TestFoldCounts: whatever a log says, and however often, all of it is counted.
func TestFoldCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawLog(t)
		log := strings.Join(lines, "")
		var out, want table.Case
		account, err := logs.Format().Read(artifact.Input{Body: strings.NewReader(log)}, &out)
		if err != nil {
			t.Fatal(err)
		}
		accounted(t, log, account, &out)
		for _, line := range lines { // one by one: nothing to fold
			if _, err := logs.Format().Read(artifact.Input{Body: strings.NewReader(line)}, &want); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := fmt.Sprint(summary(&out)), fmt.Sprint(summary(&want)); a != b {
			t.Fatalf("folded\n%s\none by one\n%s", a, b)
		}
	})
}

// TestStorm: lines that go round are read in one go where they lie in the buffer, and say what they say one by one.
func TestStorm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := strings.Join(drawLog(t), "")
		sameInPieces(t, []byte(log))
	})
}

// sameInPieces reads a log at once, and byte by byte, so that no line lies in the buffer before the one ahead of it was read.
func sameInPieces(t interface{ Fatalf(string, ...any) }, log []byte) {
	var whole, pieces table.Case
	a, err := logs.Format().Read(artifact.Input{Body: bytes.NewReader(log)}, &whole)
	b, err2 := logs.Format().Read(artifact.Input{Body: iotest.OneByteReader(bytes.NewReader(log))}, &pieces)
	if err != nil || err2 != nil || a != b {
		t.Fatalf("at once %+v, %v; byte by byte %+v, %v", a, err, b, err2)
	}
	if a, b := fmt.Sprint(whole.Events.Rows()), fmt.Sprint(pieces.Events.Rows()); a != b {
		t.Fatalf("byte by byte\n%s\nat once\n%s", b, a)
	}
}

// TestRotated: a log that was rotated at any line says what the whole says.
func TestRotated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawLog(t)
		cut := rapid.IntRange(0, len(lines)).Draw(t, "cut")
		var whole, parts table.Case
		if _, err := logs.Format().Read(artifact.Input{Body: strings.NewReader(strings.Join(lines, ""))}, &whole); err != nil {
			t.Fatal(err)
		}
		for i, part := range [][]string{lines[:cut], lines[cut:]} {
			in := artifact.Input{Origin: table.Origin{Line: int32(i * cut)}, Body: strings.NewReader(strings.Join(part, ""))}
			if _, err := logs.Format().Read(in, &parts); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := fmt.Sprint(summary(&whole)), fmt.Sprint(summary(&parts)); a != b {
			t.Fatalf("in parts\n%s\nas a whole\n%s", b, a)
		}
	})
}

// wrappers put a line into each wrapper.
var wrappers = map[string]func(line string) string{
	"docker": func(l string) string {
		return fmt.Sprintf(`{"log":"%s\n","stream":"stdout","time":"2025-04-14T07:15:26.5Z"}`, l)
	},
	"docker-t": func(l string) string { return "2025-04-14T07:15:26.500000000Z " + l },
	"cri":      func(l string) string { return "2025-04-14T07:15:26.500000000Z stdout F " + l },
	"compose":  func(l string) string { return "redis-1  | " + l },
	"kubectl":  func(l string) string { return "[pod/redis-0/redis] " + l },
	"journal":  func(l string) string { return "Apr 14 09:15:26 db1 redis-server[7]: " + l },
	"iso":      func(l string) string { return "2025-04-14T09:15:26+0200 db1 redis-server[7]: " + l },
	"svlogd":   func(l string) string { return "2025-04-14_07:15:26.50000 " + l },
	"quote":    func(l string) string { return "> " + l },
	"indent":   func(l string) string { return "    " + l },
	"grep":     func(l string) string { return "redis.log:" + l },
	"crlf":     func(l string) string { return l + "\r" },
}

// TestWrapped: a log says the same in any wrapper, also where it changes in mid-file.
func TestWrapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawLog(t)
		names := []string{}
		for name := range wrappers {
			names = append(names, name)
		}
		slices.Sort(names)
		first, second := rapid.SampledFrom(names).Draw(t, "first"), rapid.SampledFrom(names).Draw(t, "second")
		var wrapped strings.Builder
		for i, line := range lines {
			w := wrappers[first]
			if i > len(lines)/2 {
				w = wrappers[second]
			}
			wrapped.WriteString(w(strings.TrimSuffix(line, "\n")) + "\n")
		}
		var bare, out table.Case
		if _, err := logs.Format().Read(artifact.Input{Body: strings.NewReader(strings.Join(lines, ""))}, &bare); err != nil {
			t.Fatal(err)
		}
		account, err := logs.Format().Read(artifact.Input{Body: strings.NewReader(wrapped.String())}, &out)
		if err != nil {
			t.Fatal(err)
		}
		accounted(t, wrapped.String(), account, &out)
		if a, b := fmt.Sprint(summary(&bare)), fmt.Sprint(summary(&out)); a != b {
			t.Fatalf("in %s and %s\n%s\nbare\n%s", first, second, b, a)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, c := range cases {
		if len(c.log) < 8<<10 {
			f.Add([]byte(c.log))
		}
	}
	for _, w := range wrappers {
		f.Add([]byte(w("7:S 14 Apr 2025 09:15:26.100 # Connection with master lost.") + "\n"))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		f := logs.Format()
		f.Sniff("x", log)
		var out table.Case
		account, err := f.Read(artifact.Input{Body: bytes.NewReader(log)}, &out)
		if err != nil {
			t.Fatal(err)
		}
		accounted(t, string(log), account, &out)
		out.Release()
		if len(log) < 16<<10 { // byte by byte, long lines take long
			sameInPieces(t, log)
		}
	})
}
