package latency

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

type failer interface {
	Helper()
	Fatal(args ...any)
}

func readText(t failer, name, text string) ([]table.Latency, []table.Problem, artifact.Account) {
	t.Helper()
	var out table.Case
	account, err := Format().Read(artifact.Input{Name: name, Origin: table.Origin{Instance: "a", File: name}, Body: strings.NewReader(text)}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Latency.Rows(), out.Problems.Rows(), account
}

// short is a row in one line: line, event, second, milliseconds, and the most where it is known.
func short(r *table.Latency) string {
	s := fmt.Sprintf("%d: %s %d %d", r.Line, r.Event, r.At/table.Second, r.Last)
	if r.Max.Known() {
		s += fmt.Sprintf(" %d", r.Max)
	}
	return s
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
		ignored, broken  int64
	}{
		{
			name: "latest, terminal", text: "127.0.0.1:6379> latency latest\n1) 1) \"fork\"\n   2) (integer) 1795375814\n   3) (integer) 1000\n   4) (integer) 2000\n2) 1) \"aof-fsync-always\"\n   2) (integer) 1795375815\n   3) (integer) 3\n   4) (integer) 4\n",
			want: []string{"2: fork 1795375814 1000 2000", "6: aof-fsync-always 1795375815 3 4"}, ignored: 1,
		},
		{
			name: "latest, with sum and count", text: "1) 1) \"fork\"\n   2) (integer) 1795375814\n   3) (integer) 1000\n   4) (integer) 2000\n   5) (integer) 5000\n   6) (integer) 5\n",
			want: []string{"1: fork 1795375814 1000 2000"},
		},
		{
			name: "latest, raw", text: "fork\n1795375814\n1000\n2000\nmodule-acquire-GIL\n1795375815\n3\n4\n5\n6\n",
			want: []string{"1: fork 1795375814 1000 2000", "5: module-acquire-GIL 1795375815 3 4"},
		},
		{
			name: "latest, raw, twice", text: "### 2026-11-22T19:10:22Z\r\nfork\r\n1795375814\r\n1000\r\n2000\r\n1795378000\r\nfork\r\n1795375814\r\n1000\r\n2000\r\ncommand\r\n1795375815\r\n3\r\n4\r\n",
			// the epoch that dates the second listing stands behind the first one's numbers, like a sum
			want: []string{"2: fork 1795375814 1000 2000", "11: command 1795375815 3 4"}, ignored: 2,
		},
		{name: "latest, json", text: `[["fork",1795375814,1000,2000],["command",1795375815,3,4]]` + "\n", want: []string{"1: fork 1795375814 1000 2000", "1: command 1795375815 3 4"}},
		{name: "latest, csv", text: `"fork",1795375814,1000,2000,"command",1795375815,3,4` + "\n", want: []string{"1: fork 1795375814 1000 2000", "1: command 1795375815 3 4"}},
		{name: "latest, wire", text: "*1\r\n*4\r\n$4\r\nfork\r\n:1795375814\r\n:1000\r\n:2000\r\n", want: []string{"2: fork 1795375814 1000 2000"}},
		{
			name: "history, terminal", text: "127.0.0.1:6379> LATENCY HISTORY fork\n1) 1) (integer) 1795375814\n   2) (integer) 1000\n2) 1) (integer) 1795375820\n   2) (integer) 500\n127.0.0.1:6379> LATENCY HISTORY aof-fsync-always\n1) 1) (integer) 1795375814\n   2) (integer) 7\n",
			want: []string{"2: fork 1795375814 1000", "4: fork 1795375820 500", "7: aof-fsync-always 1795375814 7"}, ignored: 2,
		},
		{
			name: "history, raw", file: "latency-history-aof-fsync-always.txt", text: "1795375814\n1000\n1795375820\n500\n",
			want: []string{"1: aof-fsync-always 1795375814 1000", "3: aof-fsync-always 1795375820 500"},
		},
		{
			name: "history, raw, dated", text: "### latency history fork\n1795375814\n1000\n\n### latency history command\n1795375820\n500\n",
			want: []string{"2: fork 1795375814 1000", "6: command 1795375820 500"}, ignored: 3,
		},
		{
			name: "history, json and csv", file: "latency-history_fork-20261122.json", text: "[[1795375814,1000],[1795375820,500]]\n1795375814,1000,1795375820,501\n",
			want: []string{"1: fork 1795375814 1000", "1: fork 1795375820 500", "2: fork 1795375820 501"}, ignored: 1,
		},
		{name: "doctor", text: "Dave, I have observed latency spikes in this instance.\n\n1. command: 5 latency spikes (average 300ms).\n\nI have a few advices for you:\n- Check your Slow Log\n", ignored: 6},
		{name: "graph", text: "fork - high 500 ms, low 100 ms (all time high 500 ms)\n-----\n   #_\n__| \n", ignored: 4},
		{name: "histogram", text: "1) \"set\"\n2) 1) \"calls\"\n   2) (integer) 1\n   3) \"histogram_usec\"\n   4) 1) (integer) 1\n      2) (integer) 1\n", ignored: 1},
		{name: "empty", text: "\n", ignored: 1},
		{name: "empty json", text: "[]\n", ignored: 1},
		{name: "refused", text: "ERR unknown command 'latency'\n", broken: 1},
		{name: "other lines", text: "[[\"fork\",1795375814,1000,2000]]\n[[\"fork\",7,1000,2000]]\nhello there\n", want: []string{"1: fork 1795375814 1000 2000"}, broken: 2},
		{name: "nothing", text: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := c.file
			if file == "" {
				file = "latency.txt"
			}
			rows, problems, account := readText(t, file, c.text)
			var got []string
			for i := range rows {
				got = append(got, short(&rows[i]))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if account.Records != int64(len(rows)) || account.Ignored != c.ignored || account.Rejected != c.broken || len(problems) != int(c.broken) {
				t.Errorf("%+v, %v", account, problems)
			}
			if len(rows) > 0 && (account.First == table.Null || account.Last < account.First) {
				t.Errorf("span %v to %v", account.First, account.Last)
			}
		})
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken disk")
	for _, text := range []string{"fork\n1795375814\n1000\n2000\n", `[["fork",1795375814,1000,2000],`} {
		var out table.Case
		_, err := Format().Read(artifact.Input{Body: io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))}, &out)
		if !errors.Is(err, broken) || out.Latency.Len() != 1 {
			t.Errorf("%q: %v with %d rows", text, err, out.Latency.Len())
		}
	}
}

// entry is one element of either reply: event is empty in a history.
type entry struct {
	event            string
	second, last, ms int64
}

var forms = []struct {
	name  string
	write func([]entry) string
}{
	{"terminal", func(log []entry) string {
		var b strings.Builder
		width := len(fmt.Sprint(len(log)))
		for i, e := range log {
			fmt.Fprintf(&b, "%*d) ", width, i+1)
			for j, v := range e.values() {
				if j > 0 {
					b.WriteString(strings.Repeat(" ", width+2))
				}
				if n, ok := v.(int64); ok {
					fmt.Fprintf(&b, "%d) (integer) %d\n", j+1, n)
				} else {
					fmt.Fprintf(&b, "%d) %q\n", j+1, v)
				}
			}
		}
		return b.String()
	}},
	{"raw", func(log []entry) string {
		var b strings.Builder
		for _, e := range log {
			for _, v := range e.values() {
				fmt.Fprintln(&b, v)
			}
		}
		return b.String()
	}},
	{"json", func(log []entry) string {
		out := []any{}
		for _, e := range log {
			out = append(out, e.values())
		}
		b, _ := json.Marshal(out)
		return string(b) + "\n"
	}},
	{"csv", func(log []entry) string {
		var words []string
		for _, e := range log {
			for _, v := range e.values() {
				b, _ := json.Marshal(v)
				words = append(words, string(b))
			}
		}
		return strings.Join(words, ",") + "\n"
	}},
	{"wire", func(log []entry) string {
		s := fmt.Sprintf("*%d\r\n", len(log))
		for _, e := range log {
			s += fmt.Sprintf("*%d\r\n", len(e.values()))
			for _, v := range e.values() {
				if n, ok := v.(int64); ok {
					s += fmt.Sprintf(":%d\r\n", n)
				} else {
					s += fmt.Sprintf("$%d\r\n%s\r\n", len(e.event), v)
				}
			}
		}
		return s
	}},
}

func (e entry) values() []any {
	if e.event == "" {
		return []any{e.second, e.last}
	}
	return []any{e.event, e.second, e.last, e.ms}
}

// Events read the same in whatever form they were saved, and listed twice they are the same events.
func TestEveryFormReadsTheSame(t *testing.T) {
	names := []string{"fork", "command", "fast-command", "aof-fsync-always", "expire-cycle", "eviction-del", "module-acquire-GIL", "active-defrag-cycle", "rdb-unlink-temp-file", "aof-write", "aof-fstat", "while-blocked-cron"}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				history := rapid.Bool().Draw(t, "history")
				var log []entry
				want := []string{}
				second := rapid.Int64Range(1_400_000_000, 1_900_000_000).Draw(t, "second")
				for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, len(names), rapid.ID).Draw(t, "names") {
					second += rapid.Int64Range(1, 99).Draw(t, "gap")
					e := entry{event: n, second: second, last: rapid.Int64Range(0, 1e8).Draw(t, "last"), ms: rapid.Int64Range(0, 1e8).Draw(t, "max")}
					w := fmt.Sprintf("0: %s %d %d %d", e.event, e.second, e.last, e.ms)
					if history {
						e.event = ""
						w = fmt.Sprintf("0: fork %d %d", e.second, e.last)
					}
					log, want = append(log, e), append(want, w)
				}
				text := form.write(log)
				if rapid.Bool().Draw(t, "twice") {
					text += text
				}
				rows, problems, _ := readText(t, "history-fork", text)
				got := []string{}
				for i := range rows {
					rows[i].Line = 0
					got = append(got, short(&rows[i]))
				}
				if d := cmp.Diff(want, got); d != "" || len(problems) > 0 {
					t.Fatalf("%q\n%s%v", text, d, problems)
				}
				if s := sniff("x", []byte(text)); s < 90 {
					t.Fatalf("%q: sure only %d", text, s)
				}
			})
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, form := range forms {
		f.Add("latency.txt", form.write([]entry{{"fork", 1795375814, 1000, 2000}, {"command", 1795375815, 3, 4}}))
		f.Add("latency-history-fork.txt", form.write([]entry{{"", 1795375814, 1000, 0}, {"", 1795375815, 3, 0}}))
	}
	f.Add("latency-doctor.txt", "Dave, I have observed latency spikes in this instance.\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		last := int32(strings.Count(text, "\n") + 1)
		rows, problems, account := readText(t, name, text)
		if int(account.Records) != len(rows) {
			t.Errorf("%d records, %d rows", account.Records, len(rows))
		}
		for _, r := range rows {
			if r.Line < 1 || r.Line > last || r.Last < 0 || !r.At.Known() || len(r.Event) > maxName {
				t.Errorf("row %+v", r)
			}
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > last || p.Reason == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if s := sniff(name, []byte(text)); s < 0 || s > 100 {
			t.Errorf("sure %d", s)
		}
	})
}

// TestSniffWithoutLastNewline: one entry whose last line lacks its end is a latency report still.
func TestSniffWithoutLastNewline(t *testing.T) {
	const text = "1) 1) \"aof-fsync-always\"\n   2) (integer) 1795375814\n   3) (integer) 10002\n   4) (integer) 10002"
	if Format().Sniff("latest.txt", []byte(text)) == 0 {
		t.Error("not known")
	}
}
