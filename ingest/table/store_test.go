package table

import (
	"reflect"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What goes in comes out: any row, nulls, empty words and several flushes included.
func TestRoundTrip(t *testing.T) {
	words := []string{"", "a", "redis-a", "10.0.0.1:6379", "\xff\x00", "long long long long"}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3*flushRows).Draw(t, "rows")
		ints := rapid.SampledFrom([]Int{Null, 0, -1, 7, 1 << 62})
		word := rapid.SampledFrom(words)
		var tab Table[Event]
		want := []Event{}
		for i := range n {
			e := Event{
				Origin: Origin{Instance: word.Draw(t, "w"), File: "f", Line: int32(i)},
				Stamp:  Micros(ints.Draw(t, "i")), Outer: Null, PID: ints.Draw(t, "p"), Kind: word.Draw(t, "k"),
				Text: word.Draw(t, "t"), Count: 1, LastStamp: Null,
			}
			tab.Append(&e)
			want = append(want, e)
		}
		if n > 0 && rapid.Bool().Draw(t, "split") {
			var more Table[Event]
			more.Append(&want[0])
			tab.Take(&more)
			want = append(want, want[0])
		}
		if d := cmp.Diff(want, tab.Rows()); d != "" {
			t.Fatal(d)
		}
		if tab.Len() != len(want) {
			t.Fatalf("len %d, want %d", tab.Len(), len(want))
		}
		tab.Release()
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
		tab.Append(&s)
	}
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
