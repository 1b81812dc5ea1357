package table

import (
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What goes in comes out: any row, nulls, empty words, columns that say the same for long, several record batches.
func TestRoundTrip(t *testing.T) {
	words := []string{"", "a", "redis-a", "10.0.0.1:6379", "\xff\x00", "long long long long"}
	rapid.Check(t, func(t *rapid.T) {
		ints := rapid.SampledFrom([]Int{Null, 0, -1, 7, 1 << 62})
		word := rapid.SampledFrom(words)
		var tab Table[Event]
		want := []Event{}
		for range rapid.IntRange(0, 10).Draw(t, "runs") {
			e := Event{
				Origin: Origin{Instance: word.Draw(t, "w"), File: "f"},
				Stamp:  Micros(ints.Draw(t, "i")), Outer: Null, PID: ints.Draw(t, "p"), Kind: word.Draw(t, "k"),
				Text: word.Draw(t, "t"), Count: 1, LastStamp: Null, LastLine: int32(rapid.IntRange(0, 1).Draw(t, "l")),
			}
			for range rapid.IntRange(1, chunkRows/2).Draw(t, "rows") {
				e.Line = int32(len(want))
				tab.Append(&e)
				want = append(want, e)
			}
		}
		if len(want) > 0 && rapid.Bool().Draw(t, "split") {
			var more Table[Event]
			more.Append(&want[0])
			tab.Take(&more)
			want = append(want, want[0])
		}
		for i, got := range tab.Rows() {
			if got != want[i] {
				t.Fatalf("row %d: %s", i, cmp.Diff(want[i], got))
			}
		}
		if tab.Len() != len(want) {
			t.Fatalf("len %d, want %d", tab.Len(), len(want))
		}
		nulls, rows := 0, 0
		for _, rec := range tab.Records() {
			pid := rec.Column(rec.Schema().FieldIndices("pid")[0])
			for i := range int(rec.NumRows()) {
				if pid.IsNull(i) != (want[rows+i].PID == Null) {
					t.Fatalf("row %d: null %v", rows+i, pid.IsNull(i))
				}
				if pid.IsNull(i) {
					nulls++
				}
			}
			if nulls -= pid.NullN(); nulls != 0 {
				t.Fatalf("%d nulls more than counted", nulls)
			}
			rows += int(rec.NumRows())
		}
		tab.Release()
	})
}

// The same for the widest row, whose fractions may be unknown.
func TestRoundTripSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floats := rapid.SampledFrom([]Float{NoFloat(), 0, 1.5})
		var tab Table[Sample]
		var want []Sample
		for range rapid.IntRange(0, 6).Draw(t, "runs") {
			s := Sample{At: Null, Role: rapid.SampledFrom([]string{"", "master"}).Draw(t, "role"), CPUSys: floats.Draw(t, "sys"), CPUUser: NoFloat()}
			s.PrimaryOffset = Null
			for i := range rapid.IntRange(1, 300).Draw(t, "rows") {
				if rapid.Bool().Draw(t, "moves") {
					s.PrimaryOffset, s.At = Int(i), Micros(i)
				}
				tab.Append(&s)
				want = append(want, s)
			}
		}
		known := cmp.Comparer(func(a, b Float) bool { return a == b || !a.Known() && !b.Known() })
		got := tab.Rows()
		if len(got) != len(want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
		for i := range got {
			if d := cmp.Diff(want[i], got[i], known); d != "" {
				t.Fatalf("row %d: %s", i, d)
			}
		}
	})
}

// The names in the struct tags are what every output prints: snake_case, once, and explained.
func TestTags(t *testing.T) {
	check[Sample](t)
	check[Replica](t)
	check[Statistic](t)
	check[Field](t)
	check[Event](t)
	check[Command](t)
	check[Setting](t)
	check[Client](t)
	check[Latency](t)
	check[Problem](t)
}

func check[R any](t *testing.T) {
	t.Helper()
	snake := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[string]bool{}
	cols := Columns[R]()
	for _, c := range cols {
		if !snake.MatchString(c.Name) || seen[c.Name] || c.Doc == "" {
			t.Errorf("%s: column %q: want a snake_case name that stands once, and a doc", reflect.TypeFor[R](), c.Name)
		}
		seen[c.Name] = true
	}
	if len(cols) == 0 {
		t.Errorf("%s has no columns", reflect.TypeFor[R]())
	}
}

func TestAppendAfterReadPanics(t *testing.T) {
	var tab Table[Problem]
	tab.Append(&Problem{})
	tab.Rows()
	defer func() {
		if recover() == nil {
			t.Error("append after read went through")
		}
	}()
	tab.Append(&Problem{})
}

func BenchmarkAppendSample(b *testing.B) {
	var tab Table[Sample]
	s := Sample{Origin: Origin{Instance: "a", File: "f"}, RunID: "x"}
	b.ReportAllocs()
	for b.Loop() {
		move(&s)
		tab.Append(&s)
	}
}

func BenchmarkRowsSample(b *testing.B) {
	const n = 20_000
	var tab Table[Sample]
	s := Sample{Origin: Origin{Instance: "a", File: "f"}, RunID: "x"}
	for range n {
		move(&s)
		tab.Append(&s)
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(tab.Rows()) != n {
			b.Fatal("rows lost")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}

// move changes what changes from dump to dump.
func move(s *Sample) {
	s.Line += 200
	for _, p := range []*Int{
		&s.Uptime, &s.LRUClock, &s.ConnectedClients, &s.UsedMemory, &s.UsedMemoryRSS, &s.RDBChanges, &s.ConnectionsReceived, &s.CommandsProcessed,
		&s.OpsPerSecond, &s.NetInput, &s.NetOutput, &s.EventLoopMicros, &s.PrimaryOffset, &s.BacklogFirst, &s.BacklogHistlen,
	} {
		*p += 3
	}
	s.At, s.Collected, s.ServerTime = s.At+1, s.Collected+1, s.ServerTime+1
	s.CPUSys, s.CPUUser = s.CPUSys+0.1, s.CPUUser+0.1
}

func TestWords(t *testing.T) {
	var a, b Table[Problem]
	for _, w := range []string{"b", "a", "", "b"} {
		a.Append(&Problem{Origin: Origin{Instance: w}})
		b.Append(&Problem{Origin: Origin{Instance: w + "2"}})
	}
	a.Take(&b)
	if d := cmp.Diff([]string{"2", "a", "a2", "b", "b2"}, a.Words("instance")); d != "" {
		t.Error(d)
	}
	if w := a.Words("file"); len(w) > 0 {
		t.Errorf("words %q of an empty column", w)
	}
}

func TestRenameInstances(t *testing.T) {
	var c, part Case
	row := func(in string, line int32) *Problem {
		return &Problem{Origin: Origin{Instance: in, Line: line}, Text: "a"}
	}
	c.Problems.Append(row("a", 1))
	c.Problems.Append(row("b", 2))
	part.Problems.Append(row("a", 3))
	part.Files = []File{{Path: "f", Instance: "a"}, {Path: "g"}}
	part.Instances = []Instance{{Name: "b"}, {Name: "a"}}
	c.Take(&part)
	c.RenameInstances(map[string]string{"a": "x/a"})
	if d := cmp.Diff([]Problem{*row("x/a", 1), *row("b", 2), *row("x/a", 3)}, c.Problems.Rows()); d != "" {
		t.Error(d)
	}
	if c.Files[0].Instance != "x/a" || c.Files[1].Instance != "" || c.Instances[1].Name != "x/a" || c.Instances[0].Name != "b" {
		t.Error(c.Files, c.Instances)
	}
	c.Release()
}

func TestReadIntoAnotherStruct(t *testing.T) {
	var events Table[Event]
	for i := range 10_000 { // more than a record batch
		events.Append(&Event{Origin: Origin{Instance: "redis-a", Line: int32(i)}, Kind: "other", Stamp: Micros(i), Number: Null})
	}
	type whole struct {
		_ bool
		Event
		_ Micros
	}
	type few struct {
		Number Int    `col:"number_by_kind"`
		Line   int32  `col:"line"`
		Stamp  Micros `col:"stamp_us"`
	}
	rows := events.Rows()
	wholes, fews := Read[whole](&events), Read[few](&events)
	if len(wholes) != len(rows) || len(fews) != len(rows) {
		t.Fatalf("%d and %d rows of %d", len(wholes), len(fews), len(rows))
	}
	for i, r := range rows {
		if wholes[i] != (whole{Event: r}) {
			t.Fatalf("row %d is %+v, not %+v", i, wholes[i], r)
		}
		if fews[i] != (few{r.Number, r.Line, r.Stamp}) {
			t.Fatalf("row %d is %+v, not of %+v", i, fews[i], r)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a column that the table has not was read")
		}
	}()
	Read[Sample](&events)
}

// What is spent is handed on in its order, and nothing of it is left but its words.
func TestSpend(t *testing.T) {
	var events Table[Event]
	for i := range spendRows + 10_000 {
		events.Append(&Event{Origin: Origin{File: "f" + strconv.Itoa(i/1000), Line: int32(i)}, Stamp: Micros(i), Number: Null})
	}
	want := events.Rows()
	var got []Event
	Spend(&events, func(rows []Event) { got = append(got, rows...) })
	if events.Len() != 0 || len(events.Rows()) != 0 {
		t.Errorf("%d rows are left", events.Len())
	}
	runtime.GC()
	if !slices.Equal(got, want) {
		t.Error("other rows came out than went in")
	}
}

// Every text column says what its words are: it decides what may leave the house.
func TestEveryTextColumnSaysWhatItIs(t *testing.T) {
	known := map[Is]bool{IsOwn: true, IsWord: true, IsText: true, IsHost: true, IsName: true, IsArgs: true, IsPath: true, IsExcerpt: true}
	for table, columns := range map[string][]Column{
		"samples": Columns[Sample](), "replicas": Columns[Replica](), "statistics": Columns[Statistic](), "events": Columns[Event](), "commands": Columns[Command](),
		"settings": Columns[Setting](), "clients": Columns[Client](), "latency": Columns[Latency](), "fields": Columns[Field](), "problems": Columns[Problem](),
	} {
		for _, c := range columns {
			if (c.Kind == KindText) != known[c.Is] {
				t.Errorf("%s.%s is %q", table, c.Name, c.Is)
			}
		}
	}
}

func TestNoRowHoldsACredential(t *testing.T) {
	var events Table[Event]
	events.Append(&Event{Origin: Origin{File: "auth.log", Instance: "a"}, Text: "AUTH hunter2", Detail: "requirepass hunter2"})
	got := events.Rows()[0]
	if got.Text != "AUTH (redacted)" || got.Detail != "requirepass (redacted)" || got.File != "auth.log" {
		t.Errorf("%+v", got)
	}
}
