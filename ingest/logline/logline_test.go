package logline_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

const null = table.Int(table.Null)

func at(s string) table.Micros {
	t, err := time.Parse("2006-01-02 15:04:05.999999", s)
	if err != nil {
		panic(err)
	}
	return table.MicrosOf(t)
}

// headers has one example of each form in which servers write.
var headers = []struct {
	name, line string
	want       logline.Header
	message    string
}{
	{
		"3.0 to 4.0", "412:M 03 Feb 07:08:09.010 * DB saved on disk",
		logline.Header{Form: logline.Full, PID: 412, Role: "M", Stamp: at("2000-02-03 07:08:09.010"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
		"DB saved on disk",
	},
	{
		"5.0 and later", "8:S 29 Feb 2024 23:59:59.999 # Connection with master lost.",
		logline.Header{Form: logline.Full, PID: 8, Role: "S", Stamp: at("2024-02-29 23:59:59.999"), Clock: table.ClockLocal, Level: logline.Warning},
		"Connection with master lost.",
	},
	{
		"leap day without a year", "8:C 29 Feb 00:00:00.000 - x",
		logline.Header{Form: logline.Full, PID: 8, Role: "C", Stamp: at("2000-02-29 00:00:00"), Clock: table.ClockLocalNoYear, Level: logline.Verbose},
		"x",
	},
	{
		"sentinel, debug", "77:X 01 Jan 2025 00:00:01.500 . -role-change",
		logline.Header{Form: logline.Full, PID: 77, Role: "X", Stamp: at("2025-01-01 00:00:01.5"), Clock: table.ClockLocal, Level: logline.Debug},
		"-role-change",
	},
	{
		"2.8", "[977] 11 Oct 12:13:14.156 * Saving",
		logline.Header{Form: logline.Full, PID: 977, Stamp: at("2000-10-11 12:13:14.156"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
		"Saving",
	},
	{
		"2.4, no milliseconds", "[977] 11 Oct 12:13:14 * Saving",
		logline.Header{Form: logline.Full, PID: 977, Stamp: at("2000-10-11 12:13:14"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
		"Saving",
	},
	{
		"windows", "[004711] 11 Oct 12:13:14.156 # Saving",
		logline.Header{Form: logline.Full, PID: 4711, Stamp: at("2000-10-11 12:13:14.156"), Clock: table.ClockLocalNoYear, Level: logline.Warning},
		"Saving",
	},
	{
		"NUL for the level", "5:M 11 Oct 2022 12:13:14.156 \x00 oom score",
		logline.Header{Form: logline.Full, PID: 5, Role: "M", Stamp: at("2022-10-11 12:13:14.156"), Clock: table.ClockLocal, Level: logline.Warning},
		"oom score",
	},
	{
		"empty message", "5:M 11 Oct 2022 12:13:14.156 # ",
		logline.Header{Form: logline.Full, PID: 5, Role: "M", Stamp: at("2022-10-11 12:13:14.156"), Clock: table.ClockLocal, Level: logline.Warning},
		"",
	},
	{
		"empty message, blank trimmed", "5:M 11 Oct 2022 12:13:14.156 #",
		logline.Header{Form: logline.Full, PID: 5, Role: "M", Stamp: at("2022-10-11 12:13:14.156"), Clock: table.ClockLocal, Level: logline.Warning},
		"",
	},
	{
		"iso8601", "31:M 2026-11-23T00:48:30.123+05:30 * Ready",
		logline.Header{Form: logline.Full, PID: 31, Role: "M", Stamp: at("2026-11-22 19:18:30.123"), Clock: table.ClockUTC, Level: logline.Notice},
		"Ready",
	},
	{
		"iso8601, west", "31:M 2026-11-23T00:48:30.123-03:30 * Ready",
		logline.Header{Form: logline.Full, PID: 31, Role: "M", Stamp: at("2026-11-23 04:18:30.123"), Clock: table.ClockUTC, Level: logline.Notice},
		"Ready",
	},
	{
		"milliseconds", "31:S 1795375110123 * Ready",
		logline.Header{Form: logline.Full, PID: 31, Role: "S", Stamp: 1795375110123000, Clock: table.ClockUTC, Level: logline.Notice},
		"Ready",
	},
	{
		"logfmt, iso8601", `pid=31 role=RDB/AOF timestamp="2026-11-23T00:48:28.055+05:30" level=notice message="it's said 'so'"`,
		logline.Header{Form: logline.Full, PID: 31, Role: "C", Stamp: at("2026-11-22 19:18:28.055"), Clock: table.ClockUTC, Level: logline.Notice},
		"it's said 'so'",
	},
	{
		"logfmt, legacy", `pid=31 role=primary timestamp="23 Nov 2026 00:48:29.605" level=info message="Accepted 127.0.0.1:1"`,
		logline.Header{Form: logline.Full, PID: 31, Role: "M", Stamp: at("2026-11-23 00:48:29.605"), Clock: table.ClockLocal, Level: logline.Verbose},
		"Accepted 127.0.0.1:1",
	},
	{
		"logfmt, milliseconds", `pid=31 role=sentinel timestamp="1795375108881" level=warning message="+sdown"`,
		logline.Header{Form: logline.Full, PID: 31, Role: "X", Stamp: 1795375108881000, Clock: table.ClockUTC, Level: logline.Warning},
		"+sdown",
	},
	{
		"signal handler", "31:signal-handler (1795375108) Received SIGTERM scheduling shutdown...",
		logline.Header{Form: logline.Handler, PID: 31, Stamp: 1795375108000000, Clock: table.ClockUTC},
		"Received SIGTERM scheduling shutdown...",
	},
	{
		"signal handler, message on the next line", "31:signal-handler (1795375108) ",
		logline.Header{Form: logline.Handler, PID: 31, Stamp: 1795375108000000, Clock: table.ClockUTC},
		"",
	},
	{
		"signal handler, 2.8", "[31 | signal handler] (1795375108) Received SIGTERM",
		logline.Header{Form: logline.Handler, PID: 31, Stamp: 1795375108000000, Clock: table.ClockUTC},
		"Received SIGTERM",
	},
	{
		"a vendor's zone", "31:M 11 Oct 2022 12:13:14.156 UTC * Saving",
		logline.Header{Form: logline.Full, PID: 31, Role: "M", Stamp: at("2022-10-11 12:13:14.156"), Clock: table.ClockUTC, Level: logline.Notice},
		"Saving",
	},
	{
		"markdown", `31:M 11 Oct 2022 12:13:14.156 \# Saving`,
		logline.Header{Form: logline.Full, PID: 31, Role: "M", Stamp: at("2022-10-11 12:13:14.156"), Clock: table.ClockLocal, Level: logline.Warning},
		"Saving",
	},
}

func TestParse(t *testing.T) {
	for _, c := range headers {
		t.Run(c.name, func(t *testing.T) {
			var p logline.Parser
			// The second time the parser knows the day and the second already.
			for range 2 {
				var h logline.Header
				if !p.Parse([]byte(c.line), &h) {
					t.Fatalf("%q has no header", c.line)
				}
				check(t, h, c.want, c.message)
			}
		})
	}
}

func check(t *testing.T, got, want logline.Header, message string) {
	t.Helper()
	if string(got.Message) != message {
		t.Errorf("message %q, want %q", got.Message, message)
	}
	got.Message = nil
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("header\n got %+v\nwant %+v", got, want)
	}
}

// TestParseInARow reads all forms with one parser: what it keeps of one line must not change the next.
func TestParseInARow(t *testing.T) {
	var p logline.Parser
	for range 2 {
		for i := range headers {
			for _, c := range []int{i, len(headers) - 1 - i} {
				var h logline.Header
				if !p.Parse([]byte(headers[c].line), &h) {
					t.Fatalf("%s: no header", headers[c].name)
				}
				check(t, h, headers[c].want, headers[c].message)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		"", " ", "* text", "# Server", "12", "12:", "12:M", "12:M ", "12:M 11", "[", "[12", "[12]", "[12] ", "p", "pid=", "pid=1 role=",
		"12:M 11 Oct 2022 12:13:14.156", "12:M 11 Oct 2022 12:13:14.156 ", "12:M 11 Oct 2022 12:13:14.156 ! x", "12:M 11 Oct 2022 12:13:14.156 *x",
		"12:M 32 Oct 2022 12:13:14.156 * x", "12:M 30 Feb 2022 12:13:14.156 * x", "12:M 29 Feb 2023 12:13:14.156 * x", "12:M 00 Oct 2022 12:13:14.156 * x",
		"12:M 11 Okt 2022 12:13:14.156 * x", "12:M 11 Oct 2022 24:13:14.156 * x", "12:M 11 Oct 2022 12:60:14.156 * x", "12:M 11 Oct 2022 12:13:61.156 * x",
		"31:32:M 11 Oct 2022 12:13:14.156 * grep's line number", "12:Q 11 Oct 2022 12:13:14.156 * x", "12345678901:M 11 Oct 2022 12:13:14.156 * x", "12:M 12:13:14.156 * x",
		"12:M 2022-13-11T12:13:14.156+00:00 * x", "12:M 20221011 * x", "12:signal-handler (x) y", "12:signal-handler (5 y", "redis_version:7.2.4",
		`pid=1 role=x timestamp="1795375108881" level=notice message="a"`, `pid=1 role=primary timestamp="x" level=notice message="a"`,
		`pid=1 role=primary timestamp="1795375108881" level=x message="a"`,
	} {
		var p logline.Parser
		var h logline.Header
		if p.Parse([]byte(line), &h) {
			t.Errorf("%q: took %+v for a header", line, h)
		}
	}
}

func TestParsePasted(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       logline.Header
		message    string
	}{
		{
			"indented", "    412:M 03 Feb 07:08:09.010 * DB saved",
			logline.Header{Form: logline.Full, PID: 412, Role: "M", Stamp: at("2000-02-03 07:08:09.010"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
			"DB saved",
		},
		{
			"quoted twice, trailing blanks", "> > 412:M 03 Feb 07:08:09.010 * DB saved  ",
			logline.Header{Form: logline.Full, PID: 412, Role: "M", Stamp: at("2000-02-03 07:08:09.010"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
			"DB saved",
		},
		{
			"no-break spaces", "\u00a0\u00a0412:M 03 Feb 07:08:09.010 * DB saved",
			logline.Header{Form: logline.Full, PID: 412, Role: "M", Stamp: at("2000-02-03 07:08:09.010"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
			"DB saved",
		},
		{
			"day and process masked", ":C ** Mar 16:27:51.008 * DB saved",
			logline.Header{Form: logline.Worn, PID: null, Role: "C", Stamp: at("2000-03-01 16:27:51.008"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
			"DB saved",
		},
		{
			"process masked by letters", "xxxx:M 03 Feb 2021 07:08:09.010 # lost",
			logline.Header{Form: logline.Worn, PID: null, Role: "M", Stamp: at("2021-02-03 07:08:09.010"), Clock: table.ClockLocal, Level: logline.Warning},
			"lost",
		},
		{
			"a word for the process", "FG:M 2021-02-03T07:08:09.010+00:00 # lost",
			logline.Header{Form: logline.Worn, PID: null, Role: "M", Stamp: at("2021-02-03 07:08:09.010"), Clock: table.ClockUTC, Level: logline.Warning},
			"lost",
		},
		{
			"a placeholder for the process", "<pid>:S 03 Feb 2021 07:08:09.010 # lost",
			logline.Header{Form: logline.Worn, PID: null, Role: "S", Stamp: at("2021-02-03 07:08:09.010"), Clock: table.ClockLocal, Level: logline.Warning},
			"lost",
		},
		{
			"no date", "391:S 14:22:45.797 * Trying",
			logline.Header{Form: logline.Worn, PID: 391, Role: "S", Stamp: at("2000-01-01 14:22:45.797"), Clock: table.ClockLocalNoYear, Level: logline.Notice},
			"Trying",
		},
		{
			"no process, no date, no milliseconds", "04:40:17 # +sdown sentinel",
			logline.Header{Form: logline.Worn, PID: null, Stamp: at("2000-01-01 04:40:17"), Clock: table.ClockLocalNoYear, Level: logline.Warning},
			"+sdown sentinel",
		},
		{
			"no process", "03 Feb 2021 07:08:09.010 # lost",
			logline.Header{Form: logline.Worn, PID: null, Stamp: at("2021-02-03 07:08:09.010"), Clock: table.ClockLocal, Level: logline.Warning},
			"lost",
		},
		{
			"no stamp", "1:M * Ready",
			logline.Header{Form: logline.Worn, PID: 1, Role: "M", Stamp: table.Null, Clock: table.ClockNone, Level: logline.Notice},
			"Ready",
		},
		{
			"level eaten as emphasis", "1:M 03 Feb 2021 07:08:09.010 Ready to accept connections",
			logline.Header{Form: logline.Worn, PID: 1, Role: "M", Stamp: at("2021-02-03 07:08:09.010"), Clock: table.ClockLocal},
			"Ready to accept connections",
		},
		{
			"one digit for the day", "1:M 3 Feb 2021 07:08:09.010 * Ready",
			logline.Header{Form: logline.Full, PID: 1, Role: "M", Stamp: at("2021-02-03 07:08:09.010"), Clock: table.ClockLocal, Level: logline.Notice},
			"Ready",
		},
		{
			"level alone", "  * Ready to accept connections",
			logline.Header{Form: logline.Bare, PID: null, Stamp: table.Null, Clock: table.ClockNone, Level: logline.Notice},
			"Ready to accept connections",
		},
		{
			"level alone, escaped", `\# Connection lost`,
			logline.Header{Form: logline.Bare, PID: null, Stamp: table.Null, Clock: table.ClockNone, Level: logline.Warning},
			"Connection lost",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p logline.Parser
			var h logline.Header
			if !p.ParsePasted([]byte(c.line), &h) {
				t.Fatalf("%q has no header", c.line)
			}
			check(t, h, c.want, c.message)
		})
	}
	for _, line := range []string{"", "> ", "text", "*text", "* ", "12:13 x", "maxmemory 100mb", "x:y z", "note:S then it was lost", "redis-0 FG:M 03 Feb 2021 07:08:09.010 # lost", "04:40:17", "03 Feb 2021 07:08:09 lost"} {
		var p logline.Parser
		var h logline.Header
		if p.ParsePasted([]byte(line), &h) {
			t.Errorf("%q: took %+v for a header", line, h)
		}
	}
}

func TestFind(t *testing.T) {
	for line, want := range map[string]int{
		"redis.log:412:M 03 Feb 07:08:09.010 * x":           10,
		"redis.log:17:412:M 03 Feb 07:08:09.010 * x":        13,
		"db-host-1 cache [412] 03 Feb 07:08:09.010 * x":     16,
		"db-1234567890123 8:M 03 Feb 2020 07:08:09.010 * x": 17,
		"nothing of the kind 12:13":                         -1,
		"412:M 03 Feb 07:08:09.010 * at the beginning":      -1,
	} {
		var p logline.Parser
		var h logline.Header
		if got := p.Find([]byte(line), &h); got != want {
			t.Errorf("%q: found at %d, want %d", line, got, want)
		}
	}
}

// render writes a header the way a server of that form does.
func render(form string, pid int, role string, t time.Time, level byte, msg string) string {
	switch form {
	case "2.8":
		return fmt.Sprintf("[%d] %s %c %s", pid, t.Format("02 Jan 15:04:05.000"), level, msg)
	case "3.0":
		return fmt.Sprintf("%d:%s %s %c %s", pid, role, t.Format("02 Jan 15:04:05.000"), level, msg)
	case "5.0":
		return fmt.Sprintf("%d:%s %s %c %s", pid, role, t.Format("02 Jan 2006 15:04:05.000"), level, msg)
	case "iso8601":
		return fmt.Sprintf("%d:%s %s %c %s", pid, role, t.Format("2006-01-02T15:04:05.000-07:00"), level, msg)
	case "milliseconds":
		return fmt.Sprintf("%d:%s %d %c %s", pid, role, t.UnixMilli(), level, msg)
	}
	roles := map[string]string{"M": "primary", "S": "replica", "C": "RDB/AOF", "X": "sentinel"}
	levels := map[byte]string{'.': "debug", '-': "info", '*': "notice", '#': "warning"}
	return fmt.Sprintf(`pid=%d role=%s timestamp="%s" level=%s message="%s"`, pid, roles[role], t.Format("02 Jan 2006 15:04:05.000"), levels[level], msg)
}

// TestRendered: any line in any form says the same when it is read back, whatever lines were read before.
func TestRendered(t *testing.T) {
	levels := map[byte]string{'.': logline.Debug, '-': logline.Verbose, '*': logline.Notice, '#': logline.Warning}
	rapid.Check(t, func(t *rapid.T) {
		var p logline.Parser
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			form := rapid.SampledFrom([]string{"2.8", "3.0", "5.0", "iso8601", "milliseconds", "logfmt"}).Draw(t, "form")
			pid := rapid.IntRange(1, 4194304).Draw(t, "pid")
			role := rapid.SampledFrom([]string{"M", "S", "C", "X"}).Draw(t, "role")
			level := rapid.SampledFrom([]byte{'.', '-', '*', '#'}).Draw(t, "level")
			// Few seconds and many milliseconds, so that the parser's memory is used.
			ms := rapid.Int64Range(1_700_000_000_000, 1_700_000_003_000).Draw(t, "ms")
			if rapid.Bool().Draw(t, "far") {
				ms = rapid.Int64Range(1_000_000_000_000, 4_000_000_000_000).Draw(t, "far ms")
			}
			when := time.UnixMilli(ms).In(time.FixedZone("", rapid.IntRange(-14*4, 14*4).Draw(t, "zone")*900))
			msg := rapid.StringMatching(`[^"\n]{0,40}`).Draw(t, "message")
			line := render(form, pid, role, when, level, msg)

			var h logline.Header
			if !p.Parse([]byte(line), &h) {
				t.Fatalf("%q has no header", line)
			}
			local := table.MicrosOf(time.Date(when.Year(), when.Month(), when.Day(), when.Hour(), when.Minute(), when.Second(), when.Nanosecond(), time.UTC))
			want := map[string]table.Micros{"iso8601": table.Micros(ms) * 1000, "milliseconds": table.Micros(ms) * 1000, "5.0": local, "logfmt": local}
			stamp, ok := want[form]
			if !ok {
				stamp = table.MicrosOf(time.Date(2000, when.Month(), when.Day(), when.Hour(), when.Minute(), when.Second(), when.Nanosecond(), time.UTC))
			}
			if form == "2.8" {
				role = ""
			}
			if h.PID != table.Int(pid) || h.Role != role || h.Stamp != stamp || h.Level != levels[level] || string(h.Message) != msg {
				t.Fatalf("%q read as %+v, message %q, stamp %s", line, h, h.Message, h.Stamp.Time())
			}
		}
	})
}

// TestISO compares with the standard library over the years that a clock of a computer can have.
func TestISO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when := time.Unix(rapid.Int64Range(0, 8993462399).Draw(t, "second"), 0).UTC()
		got, clock, n := logline.ISO([]byte(when.Format(time.RFC3339)))
		if got != table.MicrosOf(when) || clock != table.ClockUTC || n != 20 {
			t.Fatalf("%s read as %s, %s, %d bytes", when, got.Time(), clock, n)
		}
	})
	for _, bad := range []string{"2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2023-04-31T00:00:00Z", "2023-00-01T00:00:00Z", "2023-13-01T00:00:00Z"} {
		if _, _, n := logline.ISO([]byte(bad)); n != 0 {
			t.Errorf("%s is no date", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range headers {
		f.Add([]byte(c.line), []byte(c.line))
	}
	f.Add([]byte("> 12:M ** Jan 10:00:00 * x"), []byte("04:40:17 # +sdown"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		// A parser that has read a line must read the next as a new one does.
		var p, fresh logline.Parser
		var h, other logline.Header
		p.ParsePasted(first, &h)
		p.Parse(first, &h)
		p.Find(first, &h)
		got, want := p.Parse(second, &h), fresh.Parse(second, &other)
		if got != want || got && (fmt.Sprint(h) != fmt.Sprint(other)) {
			t.Fatalf("after %q, %q read as %v %+v, else as %v %+v", first, second, got, h, want, other)
		}
		if got && len(h.Message) > len(second) {
			t.Fatal("a message longer than its line")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, layout string }{{"same second", "15"}, {"each its own second", "%02d"}} {
		b.Run(c.name, func(b *testing.B) {
			var lines [][]byte
			n := 0
			for i := range 60 {
				s := "15"
				if c.layout != "15" {
					s = fmt.Sprintf(c.layout, i)
				}
				lines = append(lines, fmt.Appendf(nil, "14234:S 22 Nov 2026 18:57:%s.%03d * MASTER <-> REPLICA sync started", s, i))
				n += len(lines[i])
			}
			var p logline.Parser
			var h logline.Header
			b.SetBytes(int64(n / len(lines)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if !p.Parse(lines[i%len(lines)], &h) {
					b.Fatal("no header")
				}
			}
		})
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	var p logline.Parser
	var h logline.Header
	for _, c := range headers {
		line := []byte(c.line)
		if n := testing.AllocsPerRun(100, func() { p.Parse(line, &h) }); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}
