package timeline

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// row is a message of one file.
func row(file string, i, count int) Event {
	at := table.Micros(1_795_000_000)*table.Second + table.Micros(i)*table.Second
	return Event{Event: table.Event{Origin: table.Origin{File: file, Line: int32(i + 1)}, Stamp: at, PID: 7, Role: "M", Text: fmt.Sprintf("message %d", i%3), Count: table.Int(count)}}
}

// TestOnce: what two files share counts once, whatever each of them has besides; rotations that follow one another are left alone.
func TestOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(4, 40).Draw(r, "lines")
		from := rapid.IntRange(0, n-2).Draw(r, "second file from")
		to := rapid.IntRange(from+2, n).Draw(r, "first file to")
		var all []Event
		for i := range to {
			all = append(all, row("a", i, 1))
		}
		for i := from; i < n; i++ {
			all = append(all, row("b", i, 1))
		}
		got := once(all)
		if len(got) != n {
			r.Fatalf("%d messages of %d", len(got), n)
		}
		for i := range got {
			if got[i].Stamp != row("", i, 1).Stamp {
				r.Fatalf("message %d is not in its place", i)
			}
		}
	})
	var rotated []Event
	for i := range 10 {
		rotated = append(rotated, row("a", i, 1))
	}
	for i := range 10 {
		rotated = append(rotated, row("b", 10+i, 1))
	}
	if got := once(rotated); len(got) != 20 {
		t.Errorf("of two rotations %d messages are left", len(got))
	}
	twice := append(append([]Event{}, rotated[:10]...), rotated[:10]...)
	if got := once(twice); len(got) != 10 {
		t.Errorf("of a file that was appended to itself %d messages are left, not 10", len(got))
	}
	anon := []Event{row("a", 0, 1), row("a", 9, 1), row("b", 0, 1), row("b", 9, 1)}
	anon[0].Text, anon[2].Text = "id "+fmt.Sprintf("%040d", 1), "id "+fmt.Sprintf("%040d", 2)
	if got := once(anon); len(got) != 2 {
		t.Errorf("a copy that was cleaned of its ids is another: %d messages", len(got))
	}
}

// TestMixed: a process that comes back while another runs; near misses are a restart, and children.
func TestMixed(t *testing.T) {
	of := func(pids ...int) *Host {
		h := &Host{}
		for i, p := range pids {
			e := row("a", i, 1)
			if e.PID = table.Int(p); p > 100 {
				e.Role = "C"
			}
			h.Events = append(h.Events, e)
		}
		h.strangers()
		return h
	}
	if !of(1, 2, 1, 2, 1, 2).Mixed() {
		t.Error("two processes in turns are not seen")
	}
	if of(1, 1, 2, 2, 3, 3).Mixed() || of(1, 101, 1, 102, 1, 103, 1).Mixed() {
		t.Error("restarts, or children, are taken for other servers")
	}
}

// TestYearWithinTheFile: no line is dated after its file, and the nearest year is taken.
func TestYearWithinTheFile(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		written := time.Date(rapid.IntRange(2012, 2030).Draw(r, "year"), time.Month(rapid.IntRange(1, 12).Draw(r, "month")), 10, 12, 0, 0, 0, time.UTC)
		stamp := time.Date(2000, time.Month(rapid.IntRange(1, 12).Draw(r, "of the line")), 20, 0, 0, 0, 0, time.UTC)
		bound := table.MicrosOf(written) + yearSlack
		got := dated(table.MicrosOf(stamp), table.MicrosOf(written), bound)
		if got > bound || bound-got > 368*24*3600*second {
			r.Fatalf("%v is dated %v, its file is of %v", stamp, got.Time(), written)
		}
	})
}

// TestStutters: a line right below itself in the same millisecond is a repeat; a second later, or where it may be of another replica, it is not.
func TestStutters(t *testing.T) {
	at := table.Micros(1_795_000_000)*table.Second + 1000
	for _, c := range []struct {
		name   string
		line   int32
		later  table.Micros
		peer   string
		means  message.Meaning
		repeat bool
	}{
		{"right below", 2, 0, "", 0, true},
		{"a request", 2, 0, "10.1.0.3:6379", message.Asked, true},
		{"a line between", 3, 0, "", 0, false},
		{"a millisecond later", 2, 1000, "", 0, false},
		{"a replica that was lost", 2, 0, "10.1.0.1:6379", 0, false},
	} {
		a, b := row("a", 0, 1), row("a", 0, 1)
		a.Peer, a.Means, a.Stamp, a.Line = c.peer, c.means, at, 1
		b.Peer, b.Means, b.Stamp, b.Line = c.peer, c.means, at+c.later, c.line
		if got := len(withoutStutters([]Event{a, b})) == 1; got != c.repeat {
			t.Errorf("%s: taken for a repeat: %v", c.name, got)
		}
	}
}

// TestDumpsMayRepeat: dumps are compared where a moment lies in those of several files, in whatever order the files come.
func TestDumpsMayRepeat(t *testing.T) {
	at := func(file string, second int) Sample {
		s := Sample{}
		s.File, s.ServerTime = file, table.Micros(1_795_000_000+second)*table.Second
		return s
	}
	none := Sample{}
	none.File, none.ServerTime = "b", table.Null
	for name, c := range map[string]struct {
		dumps []Sample
		want  bool
	}{
		"one behind the other": {[]Sample{at("b", 30), at("b", 40), at("a", 10), at("a", 20)}, false},
		"a copy":               {[]Sample{at("a", 10), at("b", 10)}, true},
		"one inside the other": {[]Sample{at("a", 10), at("a", 90), at("b", 40), at("b", 50)}, true},
		"one file's own":       {[]Sample{at("a", 10), at("a", 10)}, false},
		"by turns":             {[]Sample{at("a", 10), at("b", 20), at("a", 30)}, true},
		"without a time":       {[]Sample{at("a", 10), at("a", 90), none, at("b", 100)}, false},
		"none, then within":    {[]Sample{at("a", 10), at("a", 90), none, at("b", 50)}, true},
	} {
		if got := dumpsMayRepeat(c.dumps); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
