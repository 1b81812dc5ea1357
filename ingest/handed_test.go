package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/ingest/table"
)

// said are the events of a capture as text, each instance's in their order. It checks the ledger of every file on the way.
func said(t interface {
	Helper()
	Fatalf(string, ...any)
}, dir string,
) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	_, err := Each(context.Background(), Options{Roots: []string{dir}}, func(c *table.Case) error {
		for _, e := range c.Events.Rows() {
			out[e.Instance] = append(out[e.Instance], fmt.Sprint(e.Stamp, e.PID, e.Role, e.Kind, e.Peer, e.ReplID, e.Offset, e.Count, e.Text))
		}
		rejected, records, lines := int64(0), int64(0), int64(0)
		for _, f := range c.Files {
			rejected += f.Rejected
			if f.Kind == "log" {
				records += f.Records
				b, err := os.ReadFile(f.Path)
				if err != nil {
					t.Fatalf("%v", err)
				}
				lines += int64(bytes.Count(b, []byte("\n")) + 1)
			}
		}
		n := int64(0)
		for _, e := range c.Events.Rows() {
			n += e.Count.Or(1)
		}
		if rejected != int64(c.Problems.Len()) || min(n, lines) != records { // a line with several messages counts once
			t.Fatalf("the ledger does not sum: %d rejected and %d problems, %d records and %d messages", rejected, c.Problems.Len(), records, n)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// handed is a line of a server as an exporter has it.
type handed struct {
	who, text string
	at        time.Time
}

// shapes are ways in which somebody exports them into one file; what they are called is drawn.
var shapes = map[string]func(ls []handed, key func(string) string) string{
	"objects": func(ls []handed, key func(string) string) string {
		var b strings.Builder
		for _, l := range ls {
			j, _ := json.Marshal(map[string]any{key("line"): l.text, key("time"): l.at.Format(time.RFC3339Nano), key("labels"): map[string]string{key("who"): l.who, "stream": "stdout"}})
			b.Write(append(j, '\n'))
		}
		return b.String()
	},
	"newest first in an array": func(ls []handed, key func(string) string) string {
		var all []map[string]any
		for _, l := range slices.Backward(ls) {
			all = append(all, map[string]any{key("line"): l.text, key("time"): l.at.UnixMilli(), key("who"): l.who})
		}
		j, _ := json.MarshalIndent(map[string]any{key("hits"): all}, "", "  ")
		return string(j)
	},
	"a list for each": func(ls []handed, key func(string) string) string {
		by := map[string][]string{}
		for _, l := range ls {
			by[l.who] = append(by[l.who], l.text)
		}
		j, _ := json.Marshal(by)
		return string(j)
	},
	"csv": func(ls []handed, key func(string) string) string {
		var b strings.Builder
		w := csv.NewWriter(&b)
		_ = w.Write([]string{key("time"), key("who"), key("line")})
		for _, l := range ls {
			_ = w.Write([]string{l.at.Format(time.RFC3339Nano), l.who, l.text})
		}
		w.Flush()
		return b.String()
	},
	"prefix": func(ls []handed, key func(string) string) string {
		var b strings.Builder
		for _, l := range ls {
			fmt.Fprintf(&b, "%s(%s) %s\n", key("pod"), l.who, l.text)
		}
		return b.String()
	},
}

// TestExportedAndSplitBack: a capture's logs exported in any shape, under any names, give the same events.
func TestExportedAndSplitBack(t *testing.T) {
	root := filepath.Join("..", "cmd", "psyncope", "testdata", "capture")
	plain := t.TempDir()
	var lines []handed
	for _, who := range []string{"redis-a", "redis-b"} {
		text, err := os.ReadFile(filepath.Join(root, who, "redis.log"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(plain, who), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(plain, who, "redis.log"), text, 0o644); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for l := range strings.Lines(string(text)) {
			if _, rest, ok := strings.Cut(l, " "); ok && len(rest) > 24 {
				if d, err := time.Parse("02 Jan 2006 15:04:05.000", rest[:24]); err == nil {
					at = d
				}
			}
			lines = append(lines, handed{who, strings.TrimRight(l, "\n"), at})
		}
	}
	slices.SortStableFunc(lines, func(a, b handed) int { return a.at.Compare(b.at) })
	want := said(t, plain)
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			rapid.Check(t, func(r *rapid.T) {
				word := rapid.StringMatching(`[a-z]{3,9}`).Draw(r, "word")
				text := shape(lines, func(s string) string { return word + s[:2] })
				if err := os.WriteFile(filepath.Join(dir, "export.dat"), []byte(text), 0o644); err != nil {
					r.Fatalf("%v", err)
				}
				got := said(r, dir)
				if d := cmp.Diff(want, got); d != "" {
					r.Fatalf("-plain +exported:\n%.2000s", d)
				}
			})
		})
	}
}

// stretch is a log from one line to another.
func stretch(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "77:M 22 Nov 2026 10:%02d:00.%03d * Replica 10.0.0.%d:6379 asks for synchronization\n", i%60, i, i%9+1)
	}
	return b.String()
}

// TestWhoseFilesAreOne: names of one server, and near misses.
func TestWhoseFilesAreOne(t *testing.T) {
	other := strings.ReplaceAll(stretch(0, 20), "77:M", "78:M")
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  int
	}{
		{"captures that overlap", map[string]string{"a/logs-1856.txt": stretch(0, 20), "a/logs-1900.txt": stretch(10, 30)}, 1},
		{"logs of two ports", map[string]string{"a/7001.log": stretch(0, 20), "a/7002.log": other}, 2},
		{"a copy of the capture", map[string]string{"a/redis.log": stretch(0, 20), "copy/a/redis.log": stretch(0, 20)}, 1},
		{"one name in two groups", map[string]string{"x/a/redis.log": stretch(0, 20), "y/a/redis.log": other}, 2},
		{"a server and the one before", map[string]string{"redis-0.log": stretch(20, 30), "redis-0.previous.log": stretch(0, 20), "redis-1.log": other}, 2},
		{"file1 and file2 in a directory, one going on", map[string]string{"a/file1": stretch(20, 30), "a/file2": stretch(0, 20), "b/file3": other, "b/file4": "maxmemory\n0\nport\n6379\n"}, 2},
		{"file1 and file2 in a directory, side by side", map[string]string{"a/file1": stretch(0, 20), "a/file2": other, "b/redis.log": strings.ReplaceAll(other, "78:M", "79:M")}, 3},
		{"a directory's name and its file's in one", map[string]string{"redis-a.redis-a.log": stretch(0, 20), "redis-a.config.txt": "maxmemory\n0\nport\n6379\n", "redis-b.redis.log": other}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := said(t, tree(t, tc.files)); len(got) != tc.want {
				t.Errorf("%d servers, want %d", len(got), tc.want)
			}
		})
	}
}

// TestNothingIsLost: a record that is broken is a rejected line with its place, and a file's bytes are those that were stored.
func TestNothingIsLost(t *testing.T) {
	const line = "11:M 22 Nov 2026 10:00:0%d.000 * Replica 10.0.0.2:6379 asks for synchronization"
	record := func(i int) string {
		return fmt.Sprintf(`{"k":{"w":"a"},"m":"`+line+`"}`+"\n", i)
	}
	text := "\ufeff" + record(1) + record(2) + `"m":"` + fmt.Sprintf(line, 3) + "\"}\n" + record(4)
	dir := tree(t, map[string]string{"export.json": text})
	var files []table.File
	var problems []table.Problem
	_, err := Each(context.Background(), Options{Roots: []string{dir}}, func(c *table.Case) error {
		files, problems = append(files, c.Files...), append(problems, c.Problems.Rows()...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Records != 3 || files[0].Rejected != 1 || files[0].Bytes != int64(len(text)) {
		t.Errorf("%+v", files)
	}
	if len(problems) != 1 || problems[0].Line != 3 {
		t.Errorf("%+v", problems)
	}
}
