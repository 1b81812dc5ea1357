package wrap_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
	"psyncope/ingest/wrap"
)

const (
	inner = "7:M 03 Feb 2021 07:08:09.010 * Ready to accept connections"
	none  = table.Micros(table.Null)
	noPID = table.Int(table.Null)
)

func at(s string) table.Micros {
	t, err := time.Parse("2006-01-02 15:04:05.999999", s)
	if err != nil {
		panic(err)
	}
	return table.MicrosOf(t)
}

var stamp = at("2021-02-03 07:08:09.010203")

// want is a Line with text for bytes.
type want struct {
	inner        string
	at           table.Micros
	clock        string
	host, source string
	syslog       bool
	pid          table.Int
	role, level  string
	more         bool
	foreign      bool
}

func of(l *wrap.Line) want {
	return want{string(l.Inner), l.At, l.Clock, string(l.Host), string(l.Source), l.Syslog, l.PID, l.Role, l.Level, l.More, l.Foreign}
}

// wrapped has one example of each wrapper.
var wrapped = []struct {
	name, line string
	want       want
}{
	{
		"docker json-file", `{"log":"7:M 03 Feb 2021 07:08:09.010 * Ready to accept connections\n","stream":"stdout","time":"2021-02-03T07:08:09.010203999Z"}`,
		want{inner: inner, at: stamp, clock: table.ClockUTC, pid: noPID},
	},
	{
		"docker json-file, spaced and escaped", `{"log": "MASTER \u003c-\u003e REPLICA \"sync\" \\ \u00e9\ud83d\ude00\r\n", "stream": "stderr", "time": "2021-02-03T07:08:09.010203Z"}`,
		want{inner: `MASTER <-> REPLICA "sync" \ é😀`, at: stamp, clock: table.ClockUTC, pid: noPID},
	},
	{"docker logs -t", "2021-02-03T07:08:09.010203456Z " + inner, want{inner: inner, at: stamp, clock: table.ClockUTC, pid: noPID}},
	{"a zone's offset", "2021-02-03T09:38:09.010203+02:30 " + inner, want{inner: inner, at: stamp, clock: table.ClockUTC, pid: noPID}},
	{"compose", "redis-a-1    | " + inner, want{inner: inner, at: none, clock: table.ClockNone, source: "redis-a-1", pid: noPID}},
	{"compose, empty line", "redis-a_1 |", want{inner: "", at: none, clock: table.ClockNone, source: "redis-a_1", pid: noPID}},
	{"compose, coloured", "\x1b[36mredis-a-1  | \x1b[0m" + inner, want{inner: inner, at: none, clock: table.ClockNone, source: "redis-a-1", pid: noPID}},
	{"compose with stamps", "redis-a-1  | 2021-02-03T07:08:09.010203456Z " + inner, want{inner: inner, at: stamp, clock: table.ClockUTC, source: "redis-a-1", pid: noPID}},
	{"CRI", "2021-02-03T08:08:09.010203456+01:00 stdout F " + inner, want{inner: inner, at: stamp, clock: table.ClockUTC, pid: noPID}},
	{"CRI, partial", "2021-02-03T07:08:09.010203456Z stdout P the first ha", want{inner: "the first ha", at: stamp, clock: table.ClockUTC, pid: noPID, more: true}},
	{"CRI, empty", "2021-02-03T07:08:09.010203456Z stderr F ", want{inner: "", at: stamp, clock: table.ClockUTC, pid: noPID}},
	{"kubectl --prefix --timestamps", "[pod/redis-0/redis] 2021-02-03T07:08:09.010203456Z " + inner, want{inner: inner, at: stamp, clock: table.ClockUTC, source: "redis-0", pid: noPID}},
	{"kubectl --prefix, a Sentinel beside", "[pod/redis-0/sentinel] " + inner, want{inner: inner, at: none, clock: table.ClockNone, source: "redis-0/sentinel", pid: noPID}},
	{
		"journal short", "Feb 03 07:08:09 db1 redis-server[7]: " + inner,
		want{inner: inner, at: at("2000-02-03 07:08:09"), clock: table.ClockLocalNoYear, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-precise", "Feb 03 07:08:09.010203 db1 redis-server[7]: " + inner,
		want{inner: inner, at: at("2000-02-03 07:08:09.010203"), clock: table.ClockLocalNoYear, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-iso, old", "2021-02-03T08:08:09+0100 db1 redis-server[7]: " + inner,
		want{inner: inner, at: at("2021-02-03 07:08:09"), clock: table.ClockUTC, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-iso, new", "2021-02-03T08:08:09+01:00 db1 redis-server[7]: " + inner,
		want{inner: inner, at: at("2021-02-03 07:08:09"), clock: table.ClockUTC, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-unix", "1612336089.010203 db1 redis-server[7]: " + inner,
		want{inner: inner, at: stamp, clock: table.ClockUTC, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-monotonic", "[ 5821.010203] db1 redis-server[7]: " + inner,
		want{inner: inner, at: none, clock: table.ClockNone, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-full", "Wed 2021-02-03 07:08:09 UTC db1 redis-server[7]: " + inner,
		want{inner: inner, at: at("2021-02-03 07:08:09"), clock: table.ClockUTC, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal short-full, a zone's name", "Wed 2021-02-03 08:08:09 CET db1 redis-server[7]: " + inner,
		want{inner: inner, at: at("2021-02-03 08:08:09"), clock: table.ClockLocal, host: "db1", source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal without a host", "Feb 03 07:08:09 redis-server[7]: " + inner,
		want{inner: inner, at: at("2000-02-03 07:08:09"), clock: table.ClockLocalNoYear, source: "redis-server", syslog: true, pid: 7},
	},
	{
		"journal json", `{"__REALTIME_TIMESTAMP":"1612336089010203","_HOSTNAME":"db1","SYSLOG_IDENTIFIER":"redis-server","_SYSTEMD_UNIT":"redis@a.service","_PID":"7","PRIORITY":"6","MESSAGE":"` + inner + `"}`,
		want{inner: inner, at: stamp, clock: table.ClockUTC, host: "db1", source: "redis@a", syslog: true, pid: 7},
	},
	{
		"journal json, bytes", `{"MESSAGE":[82,101,97,100,121,32,7],"__REALTIME_TIMESTAMP":"1612336089010203","SYSLOG_IDENTIFIER":"redis","_PID":"7"}`,
		want{inner: "Ready \a", at: stamp, clock: table.ClockUTC, source: "redis", syslog: true, pid: 7},
	},
	{
		"RFC 3164", "<133>Feb  3 07:08:09 db1 redis[7]: Configuration loaded",
		want{inner: "Configuration loaded", at: at("2000-02-03 07:08:09"), clock: table.ClockLocalNoYear, host: "db1", source: "redis", syslog: true, pid: 7, level: logline.Notice},
	},
	{
		"RFC 3164, no priority", "Feb  3 07:08:09 db1 redis[7]: Configuration loaded",
		want{inner: "Configuration loaded", at: at("2000-02-03 07:08:09"), clock: table.ClockLocalNoYear, host: "db1", source: "redis", syslog: true, pid: 7},
	},
	{
		"RFC 3164, the kernel", "Feb  3 07:08:09 db1 kernel: Out of memory: Killed process 7 (redis-server)",
		want{inner: "Out of memory: Killed process 7 (redis-server)", at: at("2000-02-03 07:08:09"), clock: table.ClockLocalNoYear, host: "db1", source: "kernel", syslog: true, pid: noPID},
	},
	{
		"RFC 5424", "<132>1 2021-02-03T07:08:09.010203Z db1 redis 7 - - Connection lost",
		want{inner: "Connection lost", at: stamp, clock: table.ClockUTC, host: "db1", source: "redis", syslog: true, pid: 7, level: logline.Warning},
	},
	{
		"RFC 5424, structured data and a mark", "<134>1 2021-02-03T08:08:09.010203+01:00 db1 redis - ID7 [a@1 k=\"x ] \\\" y\"][b@2] \xef\xbb\xbfConnection lost",
		want{inner: "Connection lost", at: stamp, clock: table.ClockUTC, host: "db1", source: "redis", syslog: true, pid: noPID, level: logline.Verbose},
	},
	{
		"rsyslog", "2021-02-03T07:08:09.010203+00:00 db1 redis[7]: Configuration loaded",
		want{inner: "Configuration loaded", at: stamp, clock: table.ClockUTC, host: "db1", source: "redis", syslog: true, pid: 7},
	},
	{"svlogd", "2021-02-03_07:08:09.01020 " + inner, want{inner: inner, at: at("2021-02-03 07:08:09.0102"), clock: table.ClockUTC, pid: noPID}},
	{"svlogd -t, multilog", "@40000000601a4be309bb1c38 " + inner, want{inner: inner, at: at("2021-02-03 07:08:09.163257"), clock: table.ClockUTC, pid: noPID}},
	{
		"ElastiCache, JSON", `{"CacheClusterId":"c1","CacheNodeId":"0001","LogLevel":"WARNING","Role":"S","Time":"03-02-2021 07:08:09.010 UTC","Message":"Connection lost"}`,
		want{inner: "Connection lost", at: at("2021-02-03 07:08:09.01"), clock: table.ClockUTC, source: "0001", pid: noPID, role: "S", level: logline.Warning},
	},
	{
		"ElastiCache, text", "c1/0001:M 29 Oct 2020 20:12:20.499 UTC * Connection lost",
		want{inner: ":M 29 Oct 2020 20:12:20.499 UTC * Connection lost", at: none, clock: table.ClockNone, source: "c1/0001", pid: noPID},
	},
	{
		"CloudWatch", `{"timestamp":1612336089010,"message":"` + inner + `","ingestionTime":1612336099010}`,
		want{inner: inner, at: at("2021-02-03 07:08:09.01"), clock: table.ClockUTC, pid: noPID},
	},
	{
		"Cloud Logging", `{"insertId":"x","resource":{"type":"k8s_container","labels":{"pod_name":"redis-0"}},"severity":"INFO","textPayload":"` + inner + `","timestamp":"2021-02-03T07:08:09.010203Z"}`,
		want{inner: inner, at: stamp, clock: table.ClockUTC, source: "redis-0", pid: noPID},
	},
	{
		"Fluent Bit", `{"date":1612336089.5,"log":"` + inner + `","kubernetes":{"pod_name":"redis-1","container_name":"redis"},"time":"2021-02-03T07:08:09.010203Z"}`,
		want{inner: inner, at: stamp, clock: table.ClockUTC, source: "redis-1", pid: noPID},
	},
	{
		"Loki", `{"line":"` + inner + `","ts":1612336089.010203,"fields":{}}`,
		want{inner: inner, at: stamp, clock: table.ClockUTC, pid: noPID},
	},
	{
		"Splunk", `{"preview":false,"result":{"_raw":"` + inner + `","_time":"2021-02-03T07:08:09.010203+00:00","host":"db1"}}`,
		want{inner: inner, at: stamp, clock: table.ClockUTC, host: "db1", pid: noPID},
	},
	{"one field a line", `      "message": "` + inner + `",`, want{inner: inner, at: none, clock: table.ClockNone, pid: noPID}},
	{"a field that is the store's own", `      "ingestionTime": 1612336099010`, want{inner: `      "ingestionTime": 1612336099010`, at: none, clock: table.ClockNone, pid: noPID, foreign: true}},
	{"a field that opens a record", `    "events": [`, want{inner: `    "events": [`, at: none, clock: table.ClockNone, pid: noPID, foreign: true}},
	{
		"valkey's own JSON", `{"pid":7,"role":"replica","timestamp":"2021-02-03T07:08:09.010203Z","level":"notice","message":"Ready"}`,
		want{inner: "Ready", at: stamp, clock: table.ClockUTC, pid: noPID, role: "S", level: logline.Notice},
	},
	{
		"bitnami", "redis 07:08:09.01 INFO  ==> ** Starting Redis **",
		want{inner: "redis 07:08:09.01 INFO  ==> ** Starting Redis **", at: none, clock: table.ClockNone, pid: noPID, foreign: true},
	},
	{
		"bitnami, coloured", "\x1b[38;5;6mredis \x1b[38;5;5m07:08:09.01 \x1b[0m\x1b[38;5;2mINFO \x1b[0m ==> ** Starting Redis **",
		want{inner: "redis 07:08:09.01 INFO  ==> ** Starting Redis **", at: none, clock: table.ClockNone, pid: noPID, foreign: true},
	},
}

func TestUnwrap(t *testing.T) {
	var s wrap.Scratch
	for _, c := range wrapped {
		t.Run(c.name, func(t *testing.T) {
			var l wrap.Line
			if !wrap.Unwrap([]byte(c.line), &s, &l) {
				t.Fatalf("%q: no wrapper", c.line)
			}
			if got := of(&l); got != c.want {
				t.Errorf("%q\n got %+v\nwant %+v", c.line, got, c.want)
			}
		})
	}
}

// TestUnwrapLeaves: headers, raw blocks and other text have no wrapper.
func TestUnwrapLeaves(t *testing.T) {
	var s wrap.Scratch
	for _, line := range []string{
		"", "x", inner, "[977] 11 Oct 12:13:14.156 * Saving", "977:signal-handler (1612336089) Received SIGTERM",
		`pid=31 role=primary timestamp="23 Nov 2026 00:48:29.605" level=info message="Accepted 127.0.0.1:1"`,
		"31:M 2026-11-23T00:48:30.123+05:30 * Ready", "31:S 1795375110123 * Ready", ":M ** Mar 16:27:51.008 * x",
		"* Connection with master lost.", "# Server", "redis_version:7.2.4", " |`-._`-...-` __...-.``-._|'` _.-'|     Port: 6379",
		"  `-._    `-._  `-./  _.-'    _.-'", "------ INFO OUTPUT ------", "slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0",
		"id=3 addr=10.0.0.9:1 fd=8 name= age=1 idle=0 flags=N", "/usr/bin/redis-server(main+0x1f)[0x55d0c1]",
		`{"level":"info"}`, `{"log":5}`, `{"log":"x"`, `{`, `{}`, "[pod/x", "[pod/x] y", "<", "<133>", "<133>1 ", "<999999>x",
		"@4000000", "2021-02-03", "2021-02-03T07:08", "a | b", "Feb", "Feb 30 07:08:09 db1 redis[7]: x", "name: value",
	} {
		var l wrap.Line
		if wrap.Unwrap([]byte(line), &s, &l) && !(line == "a | b") {
			t.Errorf("%q: unwrapped to %+v", line, of(&l))
		} else if string(l.Inner) != line && line != "a | b" {
			t.Errorf("%q: became %q", line, l.Inner)
		}
	}
}

func TestDockerParts(t *testing.T) {
	var s wrap.Scratch
	var l wrap.Line
	part := strings.Repeat("x", 16<<10)
	line := fmt.Sprintf(`{"log":"%s","stream":"stdout","time":"2021-02-03T07:08:09.010203Z"}`, part)
	if !wrap.Unwrap([]byte(line), &s, &l) || !l.More || string(l.Inner) != part {
		t.Errorf("16 KiB without a newline: more=%v, %d bytes", l.More, len(l.Inner))
	}
	line = fmt.Sprintf(`{"log":"%s\n","stream":"stdout","time":"2021-02-03T07:08:09.010203Z"}`, part)
	if !wrap.Unwrap([]byte(line), &s, &l) || l.More {
		t.Error("16 KiB with its newline are no part")
	}
	if !wrap.Unwrap([]byte(`{"log":"short","stream":"stdout","time":"2021-02-03T07:08:09.010203Z"}`), &s, &l) || l.More {
		t.Error("a short line is no part, whatever it ends in: shippers trim newlines")
	}
}

// TestJSONText: whatever text a server writes comes out of JSON as it was.
func TestJSONText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~é☃😀\t]{1,60}`).Draw(t, "text")
		line, err := json.Marshal(struct {
			Log    string `json:"log"`
			Stream string `json:"stream"`
		}{text + "\n", "stdout"})
		if err != nil {
			t.Fatal(err)
		}
		var s wrap.Scratch
		var l wrap.Line
		if !wrap.Unwrap(line, &s, &l) {
			t.Fatalf("%s: no wrapper", line)
		}
		if !l.Foreign && l.Source == nil && l.At == none && string(l.Inner) != text {
			t.Fatalf("%s: got %q", line, l.Inner)
		}
	})
}

// TestDockerBothWays: the short way through docker's own JSON gives what the long way does.
func TestDockerBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(rapid.StringMatching(`[ -~é\t]{0,60}(\n|)`).Draw(t, "text"))
		if err != nil {
			t.Fatal(err)
		}
		stream := rapid.SampledFrom([]string{"stdout", "stderr", "stdin"}).Draw(t, "stream")
		when := rapid.SampledFrom([]string{"2021-02-03T07:08:09.010203456Z", "2021-02-03T07:08:09Z", "2021-02-03T07:08:09+01:00", "never"}).Draw(t, "time")
		var s, s2 wrap.Scratch
		var l, long wrap.Line
		a := wrap.Unwrap(fmt.Appendf(nil, `{"log":%s,"stream":"%s","time":"%s"}`, text, stream, when), &s, &l)
		b := wrap.Unwrap(fmt.Appendf(nil, `{"log": %s,"stream":"%s","time":"%s"}`, text, stream, when), &s2, &long)
		if a != b || a && of(&l) != of(&long) {
			t.Fatalf("%s %s %s: %v %+v, the long way %v %+v", text, stream, when, a, of(&l), b, of(&long))
		}
	})
}

func TestExport(t *testing.T) {
	lines := strings.Split("__CURSOR=s=1\n__REALTIME_TIMESTAMP=1612336089010203\n_HOSTNAME=db1\nSYSLOG_IDENTIFIER=redis-server\nMESSAGE="+inner+"\n_PID=7\n_SYSTEMD_UNIT=redis.service\n\n"+
		"__CURSOR=s=2\n__REALTIME_TIMESTAMP=1612336090010203\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00Ready\n\nafter", "\n")
	var e wrap.Export
	if !e.Begins([]byte(lines[0])) {
		t.Fatal("a cursor begins a record")
	}
	var got []string
	for i, line := range lines {
		part := e.Add([]byte(line), int32(i+1))
		if want := line != "after"; part != want {
			t.Errorf("line %d %q: part of a record: %v", i+1, line, part)
		}
		if e.Open() {
			continue
		}
		var l wrap.Line
		if n, ok := e.Take(&l); ok {
			got = append(got, fmt.Sprintf("%d %s %s %s %d %q", n, l.At.Time().Format(time.RFC3339Nano), l.Host, l.Source, l.PID.Or(0), l.Inner))
		}
	}
	want := []string{
		fmt.Sprintf("5 2021-02-03T07:08:09.010203Z db1 redis 7 %q", inner),
		`12 2021-02-03T07:08:10.010203Z   0 "Ready"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func FuzzUnwrap(f *testing.F) {
	for _, c := range wrapped {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var s wrap.Scratch
		var l, again wrap.Line
		before := string(line)
		found := wrap.Unwrap(line, &s, &l)
		if string(line) != before {
			t.Fatal("the line was changed")
		}
		if !found && string(l.Inner) != before {
			t.Fatalf("no wrapper, but %q became %q", before, l.Inner)
		}
		if len(l.Inner) > 3*len(line) {
			t.Fatalf("%d bytes out of %d", len(l.Inner), len(line))
		}
		first := of(&l)
		if wrap.Unwrap(line, &s, &again); of(&again) != first {
			t.Fatalf("the second time %+v, the first %+v", of(&again), first)
		}
		var e wrap.Export
		for i, part := range strings.SplitAfter(before, "\n") {
			e.Add([]byte(part), int32(i))
		}
		e.Take(&l)
	})
}

func BenchmarkUnwrap(b *testing.B) {
	var s wrap.Scratch
	var l wrap.Line
	for _, c := range wrapped {
		if c.name != "docker json-file" && c.name != "CRI" && c.name != "compose" && c.name != "journal short" {
			continue
		}
		b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
			line := []byte(c.line)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				wrap.Unwrap(line, &s, &l)
			}
		})
	}
}
