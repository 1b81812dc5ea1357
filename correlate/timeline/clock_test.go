package timeline

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

func at(s string) micros {
	t, err := time.Parse("2006-01-02 15:04:05.000", s)
	if err != nil {
		panic(err)
	}
	return table.MicrosOf(t)
}

func said1(instance, kind, stamp string, offset int64) table.Event {
	return table.Event{
		Origin: table.Origin{Instance: instance, File: instance + ".log"}, Stamp: at(stamp), Clock: table.ClockLocal, Outer: table.Null, PID: 1, Kind: kind,
		Offset: table.Int(offset), Bytes: table.Null, Number: table.Null, Count: 1, LastStamp: at(stamp),
	}
}

// In the autumn the hour from two to three comes twice. Lines keep their order, and instants in UTC on either side
// say which hour is which.
func TestAutumnHourComesTwice(t *testing.T) {
	var c table.Case
	for i, stamp := range []string{"2026-10-25 02:10:00.000", "2026-10-25 02:50:00.000", "2026-10-25 02:05:00.000", "2026-10-25 02:55:00.000", "2026-10-25 03:30:00.000"} {
		e := said1("a", message.BgsaveOk, stamp, table.Null)
		if i == 0 {
			e.Outer = at("2026-10-25 00:10:00.000")
		}
		if i == 4 {
			e.Outer = at("2026-10-25 02:30:00.000")
		}
		c.Events.Append(&e)
	}
	hs := Read(&c, Options{})
	hs[0].lay()
	want := []string{"00:10", "00:50", "01:05", "01:55", "02:30"}
	for i := range hs[0].Events {
		if got := hs[0].Events[i].At.Time().Format("15:04"); got != want[i] {
			t.Errorf("line %d lies at %s UTC, want %s", i, got, want[i])
		}
	}
	if len(hs[0].Clock.Changes) != 1 {
		t.Errorf("changes %q: want the one of that night", hs[0].Clock.Changes)
	}
}

// In spring nothing goes back: only the zone before and after tells a leap from an hour in which nothing was logged.
func TestSpringLeap(t *testing.T) {
	for _, leap := range []bool{true, false} {
		var c table.Case
		for _, x := range [][2]string{{"2026-03-29 01:50:00.000", "2026-03-29 00:50:00.000"}, {"2026-03-29 03:10:00.000", "2026-03-29 01:10:00.000"}} {
			e := said1("a", message.BgsaveOk, x[0], table.Null)
			e.Outer = at(x[1])
			if !leap {
				e.Outer = e.Stamp - 3600*second
			}
			c.Events.Append(&e)
		}
		hs := Read(&c, Options{})
		if got := len(hs[0].Clock.zones) == 1; got != leap {
			t.Errorf("leap %v: zones %v", leap, hs[0].Clock.zones)
		}
	}
}

// A log without years that runs over New Year belongs to two years.
func TestYearsOverNewYear(t *testing.T) {
	var c table.Case
	for _, stamp := range []string{"2000-12-31 23:59:58.000", "2000-01-01 00:00:03.000", "2000-01-01 00:01:00.000"} {
		e := said1("a", message.BgsaveOk, stamp, table.Null)
		e.Clock = table.ClockLocalNoYear
		c.Events.Append(&e)
	}
	c.Samples.Append(&table.Sample{Origin: table.Origin{Instance: "a", File: "i"}, At: at("2027-01-01 00:02:00.000"), ServerTime: at("2027-01-01 00:02:00.000")})
	hs := Read(&c, Options{})
	hs[0].lay()
	var years []int
	for i := range hs[0].Events {
		years = append(years, hs[0].Events[i].At.Time().Year())
	}
	if fmt.Sprint(years) != "[2026 2027 2027]" {
		t.Errorf("years %v, want 2026 and twice 2027", years)
	}
}

// A file with the lines of two servers is neither's, and dates the lines of both.
func TestYearsOfAFileOfSeveral(t *testing.T) {
	var c table.Case
	for _, name := range []string{"a", "b"} {
		e := said1(name, message.BgsaveOk, "2000-11-17 21:28:45.000", table.Null)
		e.Clock, e.File = table.ClockLocalNoYear, "both.log"
		c.Events.Append(&e)
	}
	c.Files = []table.File{{Path: "both.log", Kind: "log", ModTime: at("2026-11-28 12:00:00.000")}, {Path: "other.log", Kind: "log", ModTime: at("2030-11-28 12:00:00.000")}}
	hs := Read(&c, Options{})
	for _, h := range hs {
		h.lay()
		if y := h.Events[0].At.Time().Year(); y != 2026 {
			t.Errorf("the line of %s is of %d, want 2026", h.Name, y)
		}
	}
}

// pair writes both ends of one request: the replica's clock is ahead by skew.
func pair(c *table.Case, when micros, skew micros, offset int64) {
	ask, answer, heard := when, when+2000, when+5000
	for _, e := range []struct {
		who, kind string
		t         micros
	}{{"b", message.PsyncTry, ask + skew}, {"a", message.PsyncRefusedBacklog, answer}, {"b", message.SyncFullFromPrimary, heard + skew}} {
		row := said1(e.who, e.kind, "2026-11-22 00:00:00.000", offset)
		row.Stamp, row.LastStamp, row.Clock = e.t/1000*1000, e.t/1000*1000, table.ClockUTC
		row.ReplID = "0123456789012345678901234567890123456789"
		if e.who == "a" {
			row.Peer = "10.0.0.2:6379"
		}
		c.Events.Append(&row)
	}
}

// aligned are the instances of a case whose first one is the primary, laid on its axis.
func aligned(c *table.Case) []*Host {
	hs := Read(c, Options{})
	Align(hs, nil, hs[0], Options{})
	for _, h := range hs {
		h.lay()
	}
	return hs
}

// Whatever the skew, it is found within the error that is claimed, from one request or many.
func TestSkewIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		skew := micros(rapid.Int64Range(-12*3600*1e6, 12*3600*1e6).Draw(t, "skew"))
		n := rapid.IntRange(1, 6).Draw(t, "requests")
		var c table.Case
		when := at("2026-11-22 10:00:00.000")
		for i := range n {
			when += micros(rapid.Int64Range(1e6, 600e6).Draw(t, "gap"))
			pair(&c, when, skew, int64(1000+i))
		}
		hs := aligned(&c)
		b := hs[1]
		if d := (b.Clock.Skew - skew).Abs(); d > b.Clock.Err {
			t.Fatalf("skew %d found as %d ± %d", skew, b.Clock.Skew, b.Clock.Err)
		}
		if b.Clock.Err > 20*1000 {
			t.Fatalf("error %d is more than the request took", b.Clock.Err)
		}
	})
}

// A clock that is set between two groups of resyncs has two skews, and the report says so.
func TestStepIsFound(t *testing.T) {
	var c table.Case
	when := at("2026-11-22 10:00:00.000")
	for i := range 3 {
		pair(&c, when+micros(i)*600*second, 2*second, int64(1000+i))
	}
	for i := range 3 {
		pair(&c, when+7200*second+micros(i)*600*second, -30*second, int64(2000+i))
	}
	hs := aligned(&c)
	b := hs[1]
	if len(b.Clock.Changes) != 1 {
		t.Fatalf("changes %q: want one", b.Clock.Changes)
	}
	for i := range b.Events {
		e := &b.Events[i]
		if e.Kind != message.PsyncTry {
			continue
		}
		want := when + micros(e.Offset-1000)*600*second
		if e.Offset >= 2000 {
			want = when + 7200*second + micros(e.Offset-2000)*600*second
		}
		if d := (e.At - want).Abs(); d > 10*1000 {
			t.Errorf("request %d lies %s off", e.Offset, diagnosis.Length(d))
		}
	}
}

// A log that ends with the dumps, a moment after them or some minutes before, gives the zone away; one of another month does not.
func TestZoneFromTheEnd(t *testing.T) {
	for _, c := range []struct {
		after string // the last line's stamp; the last dump is of 10:00:30 UTC
		zone  micros
		known bool
	}{
		{"2026-11-22 10:00:29.000", 0, true},
		{"2026-11-22 10:00:31.000", 0, true},
		{"2026-11-22 09:52:00.000", 0, true},
		{"2026-11-22 15:30:29.000", 330 * 60 * second, true},
		{"2026-11-22 02:00:31.000", -480 * 60 * second, true},
		{"2026-12-24 10:00:00.000", 0, false},
	} {
		h := &Host{Samples: []Sample{{Standing: &Standing{}}, {Standing: &Standing{}}}}
		for i := range h.Samples {
			h.Samples[i].Collected = at("2026-11-22 10:00:00.000") + micros(i)*30*second
			h.Samples[i].ServerTime, h.Samples[i].Stamp = h.Samples[i].Collected, h.Samples[i].Collected
		}
		e := said1("a", message.SyncRequested, c.after, table.Null)
		h.Events = []Event{{Event: e}}
		z, _, known := zoneOf(h)
		if z != c.zone || known != c.known {
			t.Errorf("a log that ends at %s: zone %v, known %v; want %v, %v", c.after, z/second, known, c.zone/second, c.known)
		}
	}
}
