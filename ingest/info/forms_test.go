package info

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// replication is a short dump of a primary; field by field it is what a replica link needs.
const replication = "# Replication\nrole:master\nconnected_slaves:1\nslave0:ip=10.3.0.2,port=7002,state=online,offset=880,lag=1\nmaster_repl_offset:900\nrepl_backlog_size:1048576\nrepl_backlog_histlen:900\n"

const stamp = table.Micros(1_795_373_130_000_000) // 2026-11-22T18:45:30Z

func readNamed(t *testing.T, name, body string, modified table.Micros) evidence {
	t.Helper()
	var c table.Case
	in := input(name, []byte(body))
	in.ModTime = modified
	acc, err := Format().Read(in, &c)
	if err != nil {
		t.Fatal(err)
	}
	return collect(&c, acc)
}

// Every way of dating a dump that people's scripts have.
func TestDates(t *testing.T) {
	tests := []struct {
		name, line string
		want       table.Micros
	}{
		{"rfc 3339 after marks", "### 2026-11-22T18:45:30Z", stamp},
		{"milliseconds", "### 2026-11-22T18:45:30.123Z", stamp + 123_000},
		{"comma", "2026-11-22 18:45:30,250", stamp + 250_000},
		{"offset", "2026-11-22T19:45:30+01:00", stamp},
		{"offset without colon", "2026-11-22T13:15:30-0530", stamp},
		{"no zone", "2026-11-22 18:45:30", stamp},
		{"zone word", "2026-11-22 18:45:30 UTC", stamp},
		{"slashes", "2026/11/22 18:45:30", stamp},
		{"compact", "20261122T184530Z", stamp},
		{"in brackets", "[2026-11-22T18:45:30Z]", stamp},
		{"framed", "===== 2026-11-22T18:45:30Z =====", stamp},
		{"with a name before", "=== redis-a 2026-11-22T18:45:30Z ===", stamp},
		{"with words behind", "# 2026-11-22T18:45:30Z taken by cron", stamp},
		{"ts", "# ts=1795373130", stamp},
		{"word and colon", "timestamp: 1795373130", stamp},
		{"epoch", "1795373130", stamp},
		{"epoch with fraction", "1795373130.5", stamp + 500_000},
		{"epoch ms", "1795373130123", stamp + 123_000},
		{"epoch us", "1795373130123456", stamp + 123_456},
		{"epoch ns", "1795373130123456789", stamp + 123_456},
		{"date", "Sun Nov 22 18:45:30 UTC 2026", stamp},
		{"date of a one-digit day", "Sun Nov  1 18:45:30 UTC 2026", stamp - 21*86400*table.Second},
		{"date elsewhere", "Sun Nov 22 19:45:30 CET 2026", stamp},
		{"date where the zone is a number", "Sun Nov 22 15:45:30 -03 2026", stamp},
		{"date of an American desktop", "Sun Nov 22 06:45:30 PM UTC 2026", stamp},
		{"date with the day first", "Sun 22 Nov 2026 06:45:30 PM UTC", stamp},
		{"date -R", "Sun, 22 Nov 2026 19:45:30 +0100", stamp},
		{"after a prompt of quotes", "> # ts=1795373130", stamp},
		{"CRLF", "### 2026-11-22T18:45:30Z\r", stamp},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := readNamed(t, "info.log", tt.line+"\n"+replication, 1)
			if len(e.Samples) != 1 || e.Samples[0].At != tt.want || e.Samples[0].Dated != "line" || e.Samples[0].Collected != tt.want {
				t.Errorf("%q: %d samples, at %v", tt.line, len(e.Samples), e.Samples)
			}
		})
	}
}

func TestNotDates(t *testing.T) {
	for _, line := range []string{
		"used_memory:1795373130", "1795373130 keys", "2026-13-22T18:45:30Z", "# Server", "18:45:30", "Sun Nov 22", "0123456789", "db0:keys=1795373130", "179537313012", "uptime_in_seconds:20261122184530",
		"Sun Nov 22 18:45:30 utc 2026 and more", "10.0.0.1:6379> info", "# maxclients 10000", "",
	} {
		if at, _, ok := lineDate([]byte(line)); ok {
			t.Errorf("%q reads as %v", line, at.Time())
		}
	}
}

func TestNameDates(t *testing.T) {
	tests := []struct {
		name string
		want table.Micros
	}{
		{"info-20261122T184530Z.txt", stamp},
		{"info-20261122-184530.txt", stamp},
		{"info_2026-11-22T18-45-30.log", stamp},
		{"info-2026-11-22_18:45:30", stamp},
		{"info.1795373130", stamp},
		{"1795373130.info", stamp},
		{"redis-7001-info-1795373130123.txt", stamp + 123_000},
		{"info-20261122.txt", table.Null},
		{"info.txt", table.Null},
		{"6379.info", table.Null},
	}
	for _, tt := range tests {
		if got := nameDate(tt.name); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got.Time(), tt.want.Time())
		}
	}
}

// What dates a dump: the server, then the line, then the name, then the file.
func TestDated(t *testing.T) {
	const server = "# Server\nserver_time_usec:1795373199000001\n"
	tests := []struct {
		name, file, body string
		at               []table.Micros
		dated            []string
	}{
		{"server before line", "info-1795373130.txt", "1795373131\n" + server + replication, []table.Micros{1_795_373_199_000_001}, []string{"server_time"}},
		{"line before name", "info-1795373130.txt", "1795373131\n" + replication, []table.Micros{stamp + table.Second}, []string{"line"}},
		{"name before file", "info-1795373130.txt", replication, []table.Micros{stamp}, []string{"name"}},
		{"file", "info.txt", replication, []table.Micros{77}, []string{"mtime"}},
		{"the name is the first's, the file the last's", "info-1795373130.txt", replication + replication + replication, []table.Micros{stamp, table.Null, 77}, []string{"name", "", "mtime"}},
		{"a line dates one dump", "info.txt", "1795373131\n" + replication + replication, []table.Micros{stamp + table.Second, 77}, []string{"line", "mtime"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := readNamed(t, tt.file, tt.body, 77)
			var at []table.Micros
			var dated []string
			for _, s := range e.Samples {
				at, dated = append(at, s.At), append(dated, s.Dated)
			}
			if d := cmp.Diff(tt.at, at); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(tt.dated, dated); d != "" {
				t.Error(d)
			}
		})
	}
}

// Where one dump ends and the next begins, and what may stand around it.
func TestForms(t *testing.T) {
	crlf := strings.ReplaceAll(replication, "\n", "\r\n")
	other := strings.NewReplacer("offset:900", "offset:950", "histlen:900", "histlen:950").Replace(replication)
	indent := func(by, s string) string {
		return by + strings.TrimSuffix(strings.ReplaceAll(s, "\n", "\n"+by), by)
	}
	const server = "# Server\nredis_version:6.0.9\nprocess_id:7\n"
	tests := []struct {
		name, body string
		offsets    []table.Int // master_repl_offset of each sample
		lines      []int32
	}{
		{"one", replication, []table.Int{900}, []int32{1}},
		{"CRLF", crlf, []table.Int{900}, []int32{1}},
		{"CRLF and LF in turn", crlf + other + crlf, []table.Int{900, 950, 900}, []int32{1, 8, 15}},
		{"dated", "1795373130\n" + crlf + "\n\n1795373140\n" + other, []table.Int{900, 950}, []int32{1, 11}},
		{"undated, a header again", replication + "\n" + other, []table.Int{900, 950}, []int32{1, 9}},
		{"undated, # Server", server + replication + server + other, []table.Int{900, 950}, []int32{1, 11}},
		{"undated and the first cut: # Server begins a dump", replication + server, []table.Int{900, table.Null}, []int32{1, 8}},
		{"dated: sections in any order are one dump", "1795373130\n" + replication + server, []table.Int{900}, []int32{1}},
		{"2.4, no headers", "redis_version:2.4.8\nrole:master\nredis_version:2.4.8\nrole:slave\n", []table.Int{table.Null, table.Null}, []int32{1, 3}},
		{"indented", indent("    ", replication+other), []table.Int{900, 950}, []int32{1, 8}},
		{"quoted", indent("> ", "1795373130\n"+replication), []table.Int{900}, []int32{1}},
		{"prompts", "10.3.0.1:7001> info replication\n" + replication + "10.3.0.1:7001> info replication\n" + other, []table.Int{900, 950}, []int32{1, 9}},
		{"shell", "$ redis-cli info replication\n" + replication, []table.Int{900}, []int32{1}},
		{"sections of modules and of newer releases", server + "# Scripting Engines\nengines_count:1\n\n# search_dialect-statistics\nsearch_dialect_1:0\n" + replication, []table.Int{900}, []int32{1}},
		{"raw reply", "$207\r\n" + crlf + "\r\n$207\r\n" + crlf + "\r\n+OK\r\n", []table.Int{900, 900}, []int32{1, 10}},
		{"ruled", "-----\n" + replication + "-----\n" + other, []table.Int{900, 950}, []int32{1, 10}},
		{"title before", "my server\n1795373130\n" + replication, []table.Int{900}, []int32{2}},
		{"two dates for one dump", "Sun Nov 22 18:45:30 UTC 2026\n1795373130\n" + replication + "Sun Nov 22 18:45:40 UTC 2026\n1795373140\n" + other, []table.Int{900, 950}, []int32{2, 11}},
		{"carriage returns as carets", strings.ReplaceAll(replication, "\n", "^M\n"), []table.Int{900}, []int32{1}},
		{"cut by the next date", "1795373130\nrole:master\nmaster_repl_offset:9### 2026-11-22T18:45:40Z\n" + other, []table.Int{table.Null, 950}, []int32{1, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := read(t, []byte(tt.body))
			var offsets []table.Int
			var lines []int32
			for _, s := range e.Samples {
				offsets, lines = append(offsets, s.PrimaryOffset), append(lines, s.Line)
			}
			if d := cmp.Diff(tt.offsets, offsets); d != "" {
				t.Errorf("offsets: %s", d)
			}
			if d := cmp.Diff(tt.lines, lines); d != "" {
				t.Errorf("lines: %s", d)
			}
			if want := strings.Count(tt.name, "cut by"); len(e.Problems) != want || len(e.Events) > 0 || int(e.Account.Rejected) != want {
				t.Errorf("problems %v, events %v", e.Problems, e.Events)
			}
			if int(e.Account.Records) != len(e.Samples) {
				t.Errorf("%d records, %d samples", e.Account.Records, len(e.Samples))
			}
		})
	}
}

// A collect that brought no dump is an Event, dated by the collector.
func TestFailures(t *testing.T) {
	type row struct {
		line  int32
		stamp table.Micros
		text  string
		count table.Int
	}
	const refused = "Could not connect to Redis at 10.3.0.1:7001: Connection refused"
	tests := []struct {
		name, file, body string
		want             []row
		samples          int
	}{
		{"refused", "info.log", "1795373130\n" + replication + "1795373140\n" + refused + "\n1795373150\n" + replication, []row{{10, stamp + 10*table.Second, refused, 1}}, 2},
		{"loading", "info.log", "1795373130\nLOADING Redis is loading the dataset in memory\n1795373140\n" + replication, []row{{2, stamp, "LOADING Redis is loading the dataset in memory", 1}}, 1},
		{"error of redis-cli", "info.log", "1795373130\n(error) NOAUTH Authentication required.\n", []row{{2, stamp, "(error) NOAUTH Authentication required.", 1}}, 0},
		{"nothing between two dates", "info.log", "1795373130\n1795373140\n" + replication, []row{{1, stamp, "no answer", 1}}, 1},
		{"something unknown between two dates", "info.log", "1795373130\nshoo\n1795373140\n" + replication, []row{{2, stamp, "shoo", 1}}, 1},
		{"the last date may still be served", "info.log", "1795373130\n" + replication + "1795373140\n", nil, 1},
		{"a file", "info-1795373130.txt", refused + "\n", []row{{1, stamp, refused, 1}}, 0},
		{"a file by its own date", "info.txt", refused, []row{{1, 77, refused, 1}}, 0},
		{
			"exception", "info.log", "1795373130\nTraceback (most recent call last):\n  File \"poll.py\", line 3, in <module>\nredis.exceptions.ConnectionError: Error 111 connecting to 10.3.0.1:7001. Connection refused.\n",
			[]row{{2, stamp, "redis.exceptions.ConnectionError: Error 111 connecting to 10.3.0.1:7001. Connection refused.", 1}},
			0,
		},
		{"undated, again and again", "info.log", replication + refused + "\n" + refused + "\n" + refused + "\n" + replication, []row{{8, table.Null, refused, 3}}, 2},
		{"a warning before a dump", "info.log", "1795373130\nWarning: Using a password with '-a' option on the command line interface may not be safe.\n" + replication, nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := readNamed(t, tt.file, tt.body, 77)
			var got []row
			for _, v := range e.Events {
				if v.Kind != table.CollectFailed || (v.Clock == table.ClockUTC) != v.Stamp.Known() {
					t.Errorf("event %+v", v)
				}
				got = append(got, row{v.Line, v.Stamp, v.Detail, v.Count})
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(row{})); d != "" {
				t.Error(d)
			}
			if len(e.Samples) != tt.samples || len(e.Problems) > 0 {
				t.Errorf("%d samples, want %d; problems %v", len(e.Samples), tt.samples, e.Problems)
			}
			if strings.Contains(tt.body, refused) && len(e.Events) > 0 && e.Events[0].Peer != "10.3.0.1:7001" {
				t.Errorf("peer %q", e.Events[0].Peer)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	tests := []struct{ body, version, flavor, mode string }{
		{"redis_version:2.4.8\n", "2.4.8", "redis", ""},
		{"# Server\nredis_version:7.4.1\nredis_mode:cluster\n", "7.4.1", "redis", "cluster"},
		{"# Server\nredis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.0.1\nserver_mode:standalone\n", "8.0.1", "valkey", "standalone"},
		{"# Server\nredis_version:4.0.6\nredis_mode:sentinel\n\n# Sentinel\nsentinel_masters:1\nmaster0:name=m,status=ok,address=10.0.0.1:6379,slaves=2,sentinels=3\n", "4.0.6", "redis", "sentinel"},
		{"# Replication\nrole:master\n", "", "", ""},
	}
	for _, tt := range tests {
		for _, s := range read(t, []byte(tt.body)).Samples {
			if s.Version != tt.version || s.Flavor != tt.flavor || s.Mode != tt.mode {
				t.Errorf("%q: %s %s %s", tt.body, s.Version, s.Flavor, s.Mode)
			}
		}
	}
}

func TestReplicaLines(t *testing.T) {
	tests := []struct {
		line string
		want table.Replica
	}{
		{"slave0:ip=10.3.0.2,port=7002,state=online,offset=880,lag=1", table.Replica{Addr: "10.3.0.2:7002", State: "online", Offset: 880, LagSeconds: 1}},
		{"slave3:ip=fd00::2,port=7002,state=wait_bgsave,offset=0,lag=0,type=main-channel", table.Replica{Addr: "[fd00::2]:7002", State: "wait_bgsave", Channel: "main-channel"}},
		{"slave0:10.3.0.2,7002,send_bulk", table.Replica{Addr: "10.3.0.2:7002", State: "send_bulk", Offset: table.Null, LagSeconds: table.Null}},
		{"slave12:ip=node-2.example,port=7002,state=online", table.Replica{Addr: "node-2.example:7002", State: "online", Offset: table.Null, LagSeconds: table.Null}},
	}
	for _, tt := range tests {
		e := read(t, []byte("1795373130\nrole:master\n"+tt.line+"\n"))
		tt.want.Origin, tt.want.At = table.Origin{Instance: "a", File: "f0", Line: 3}, stamp
		if d := cmp.Diff([]table.Replica{tt.want}, e.Replicas); d != "" {
			t.Errorf("%s: %s", tt.line, d)
		}
	}
}

// Statistics and Fields come where they differ from the dump before, and say when.
func TestChangedOnly(t *testing.T) {
	a := "1795373130\n# Commandstats\ncmdstat_get:calls=1,usec=2,usec_per_call=2.00\ncmdstat_set:calls=5,usec=6,usec_per_call=1.20\nerrorstat_ERR:count=3\ndb0:keys=4,expires=0\n"
	b := "1795373140\n# Commandstats\ncmdstat_get:calls=2,usec=2,usec_per_call=1.00\ncmdstat_set:calls=5,usec=6,usec_per_call=1.20\ncmdstat_del:calls=1,usec=1,usec_per_call=1.00\nerrorstat_ERR:count=4\ndb0:keys=5,expires=0\n"
	var c table.Case
	in := input("f", []byte(a+b))
	in.Fields = true
	acc, err := Format().Read(in, &c)
	if err != nil {
		t.Fatal(err)
	}
	e := collect(&c, acc)
	stat := func(line int32, at table.Micros, name string, calls, usec table.Int) table.Statistic {
		return table.Statistic{Origin: table.Origin{Instance: "a", File: "f", Line: line}, At: at, Name: name, Calls: calls, Usec: usec}
	}
	field := func(line int32, at table.Micros, name, value string) table.Field {
		return table.Field{Origin: table.Origin{Instance: "a", File: "f", Line: line}, At: at, Name: name, Value: value}
	}
	then, now := stamp, stamp+10*table.Second
	if d := cmp.Diff([]table.Statistic{
		stat(3, then, "cmdstat_get", 1, 2), stat(4, then, "cmdstat_set", 5, 6), stat(5, then, "errorstat_ERR", 3, table.Null),
		stat(9, now, "cmdstat_get", 2, 2), stat(11, now, "cmdstat_del", 1, 1), stat(12, now, "errorstat_ERR", 4, table.Null),
	}, e.Statistics); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]table.Field{field(6, then, "db0", "keys=4,expires=0"), field(13, now, "db0", "keys=5,expires=0")}, e.Fields); d != "" {
		t.Error(d)
	}
}

// The last line of an input that ends inside it is believed where it may be whole.
func TestCut(t *testing.T) {
	tests := []struct {
		body     string
		offset   table.Int
		histlen  table.Int
		problems int
	}{
		{"role:master\nmaster_repl_offset:900\nrepl_backlog_histlen:90", 900, 90, 0},
		{"role:master\nmaster_repl_offset:90", table.Null, table.Null, 1},
		{"role:master\nmaster_repl_offset:900\nrepl_backl", 900, table.Null, 1},
		{"role:master\nmaster_repl_offset:900\n", 900, table.Null, 0},
	}
	for _, tt := range tests {
		// After another file, so that the line may equal one that was whole.
		e := read(t, []byte("role:master\nmaster_repl_offset:90\n"), []byte(tt.body), []byte("role:master\nmaster_repl_offset:91\n"))
		s := e.Samples[1]
		if s.PrimaryOffset != tt.offset || s.BacklogHistlen != tt.histlen || len(e.Problems) != tt.problems {
			t.Errorf("%q: %d %d, problems %v", tt.body, s.PrimaryOffset, s.BacklogHistlen, e.Problems)
		}
		if s := e.Samples[2]; s.PrimaryOffset != 91 || s.BacklogHistlen.Known() {
			t.Errorf("after %q: %d %d", tt.body, s.PrimaryOffset, s.BacklogHistlen)
		}
	}
}

// What no server sends ends in a row of Problems, within bounded memory.
func TestHostile(t *testing.T) {
	t.Run("a line without end", func(t *testing.T) {
		var c table.Case
		r := NewReader(&c, false)
		body := io.MultiReader(strings.NewReader("role:master\nrun_id:"), io.LimitReader(forever('x'), 64<<20), strings.NewReader("\nconnected_slaves:2\n"))
		acc, err := r.Read(artifact.Input{Body: body, ModTime: table.Null})
		if err != nil || acc.Records != 1 || acc.Rejected != 1 || c.Samples.Rows()[0].ConnectedReplicas != 2 || len(c.Problems.Rows()[0].Text) > maxText {
			t.Error(acc, err, c.Problems.Rows())
		}
		if len(r.buf) > 16<<20 {
			t.Errorf("the buffer grew to %d bytes", len(r.buf))
		}
	})
	t.Run("no line end at all", func(t *testing.T) {
		var c table.Case
		r := NewReader(&c, false)
		acc, err := r.Read(artifact.Input{Body: io.LimitReader(forever('x'), 64<<20), ModTime: table.Null})
		if err != nil || acc.Records != 0 || acc.Rejected != 1 || len(r.buf) > 16<<20 {
			t.Error(acc, err, len(r.buf))
		}
	})
	t.Run("a dump without end", func(t *testing.T) {
		var c table.Case
		r := NewReader(&c, false)
		var b strings.Builder
		for i := range 400_000 {
			fmt.Fprintf(&b, "cmdstat_%d:calls=1,usec=2,usec_per_call=2.00\n", i)
		}
		body := "1795373130\nrole:master\n" + b.String() + "1795373140\nrole:slave\nconnected_slaves:7\n"
		acc, err := r.Read(artifact.Input{Body: strings.NewReader(body), ModTime: table.Null})
		s := c.Samples.Rows()
		if err != nil || len(s) != 2 || s[1].Role != "slave" || s[1].ConnectedReplicas != 7 || s[1].Line != 400_003 || c.Problems.Len() != 1 || len(r.buf) > 16<<20 {
			t.Error(acc, err, len(s), s[len(s)-1].Line, c.Problems.Rows(), len(r.buf))
		}
		if want := int64(400_002 - maxLines); acc.Rejected != want {
			t.Errorf("%d rejected, want %d", acc.Rejected, want)
		}
	})
	t.Run("strange lines", func(t *testing.T) {
		acc := read(t, []byte("role:master\n"+strings.Repeat("what is this\n", 5000)))
		if acc.Account.Rejected != 5000 || len(acc.Problems) != maxTold {
			t.Error(acc.Account, len(acc.Problems))
		}
	})
	t.Run("a failing body", func(t *testing.T) {
		var c table.Case
		boom := errors.New("boom")
		acc, err := Format().Read(artifact.Input{Body: io.MultiReader(strings.NewReader(replication), iotest.ErrReader(boom)), ModTime: table.Null}, &c)
		if !errors.Is(err, boom) || acc.Records != 1 {
			t.Error(acc, err)
		}
	})
}

type forever byte

func (f forever) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(f)
	}
	return len(b), nil
}

func TestSniff(t *testing.T) {
	tests := []struct {
		name, head string
		min, max   int
	}{
		{"x", replication, 90, 100},
		{"x", "redis_version:2.4.8\nuptime_in_seconds:4", 90, 100},
		{"x", string(fleetDumps(2, 1)), 90, 100},
		{"x", "### 2026-11-22T18:45:30Z\r\n# Server\r\nredis_ver", 50, 100},
		{"info.log", "Could not connect to Redis at 10.0.0.1:6379: Connection refused\n", 40, 80},
		{"x", "# Server\nredis_mode:sentinel\n# Sentinel\nmaster0:name=m,status=ok\n", 90, 100},
		{"redis.log", "12:M 22 Nov 2026 10:00:00.004 * Ready to accept connections\n", 0, 0},
		{"info.log", "12:M 22 Nov 2026 10:00:00.004 * Ready to accept connections\n", 0, 0},
		{"crash.log", "12:M 22 Nov 2026 10:00:00.004 # === REDIS BUG REPORT START\n12:M 22 Nov 2026 10:00:00.004 # Redis 7.4.1 crashed by signal: 11\n" + string(fleetDumps(1, 1)), 0, 15},
		{"redis.conf", "# Replication\nreplicaof 10.0.0.1 6379\nrepl-backlog-size 1mb\nport 6379\n", 0, 60},
		{"clients.txt", "id=3 addr=10.0.0.1:5000 fd=8 name= age=1 idle=0 flags=S db=0 cmd=replconf\n", 0, 0},
		{"slowlog.json", "[[1,2,3,[\"GET\",\"x\"]]]", 0, 0},
		{"config.txt", "repl-backlog-size\n1048576\n", 0, 0},
		{"empty", "", 0, 0},
	}
	for _, tt := range tests {
		if got := sniff(tt.name, []byte(tt.head)); got < tt.min || got > tt.max {
			t.Errorf("%s %.60q: %d, want %d to %d", tt.name, tt.head, got, tt.min, tt.max)
		}
	}
}

// Every date that Go can print is read as that instant.
func TestCivil(t *testing.T) {
	for d := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC); d.Year() < 2110; d = d.Add(37*time.Hour + 13*time.Minute + 7*time.Second) {
		for _, layout := range []string{time.RFC3339Nano, "20060102T150405Z", time.UnixDate, time.RFC1123Z, "Mon 02 Jan 2006 03:04:05 PM UTC"} {
			if got, _, ok := lineDate([]byte(d.Format(layout))); !ok || got != table.MicrosOf(d) {
				t.Fatalf("%s: %v", d.Format(layout), got.Time())
			}
		}
	}
}
