package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/memfs"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"psyncope/correlate"
	"psyncope/correlate/diagnosis"
	"psyncope/fixtures/layout"
	"psyncope/ingest"
	"psyncope/ingest/table"
	"psyncope/report"
)

func TestMain(m *testing.M) {
	registerAll()
	beam.Init()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

const captures = "../../fixtures/captures"

// run runs the pipeline on Prism and gives its line.
func run(t *testing.T, o options) string {
	t.Helper()
	if o.Formats == nil {
		o.Formats = []string{"json"}
	}
	o.Shards = max(o.Shards, 1)
	result, err := beamx.RunWithMetrics(context.Background(), newPipeline(o))
	if err != nil {
		t.Fatal(reason(err))
	}
	return summary(result)
}

// psyncope is the command itself, built once.
func psyncope(t *testing.T) func(args ...string) []byte {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "psyncope")
	build := exec.Command("go", "build", "-o", bin, "./cmd/psyncope")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(args ...string) []byte {
		t.Helper()
		out, err := exec.Command(bin, args...).Output()
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		return out
	}
}

// analyzed is what analyze says, made by the same functions.
func analyzed(t *testing.T, roots ...string) []byte {
	t.Helper()
	var all []*diagnosis.Diagnosis
	rest, err := ingest.Each(t.Context(), ingest.Options{Roots: roots}, func(c *table.Case) error {
		all = append(all, correlate.Diagnose(c, correlate.Options{}))
		c.Release()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d := diagnosis.Merge(all...)
	d.AddRest(rest.Files, rest.Unclaimed, rest.Problems)
	var b bytes.Buffer
	if err := report.JSON(&b, d, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// same fails with the first line that differs.
func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s: line %d is %q, and of analyze %q", what, i+1, g[i], w[i])
		}
	}
	t.Fatalf("%s has %d lines, and analyze's %d", what, len(g), len(w))
}

// tree is every file below a directory but those that were broken off under a name of their own.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".psyncope-") {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		out[rel] = string(read(t, p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The captures of this project, whole and in shares that the command joins, with every step that writes taken twice: the bytes of analyze.
// BUCKET=DIR tries another directory.
func TestSameAsAnalyze(t *testing.T) {
	captures := cmp.Or(os.Getenv("BUCKET"), captures)
	command := psyncope(t)
	want := command("analyze", "-q", "--format", "json", captures)
	once := t.TempDir()
	line := run(t, options{Input: []string{captures}, Output: once, Tables: true, Formats: []string{"json", "text"}})
	same(t, "the report", read(t, once, "report.json"), want)
	same(t, "the text", read(t, once, "report.txt"), command("report", filepath.Join(once, "report.json")))
	if !strings.Contains(line, "incidents in") || strings.HasPrefix(line, "0 ") {
		t.Error(line)
	}
	again := t.TempDir()
	run(t, options{Input: []string{captures}, Output: again, Tables: true, Formats: []string{"json", "text"}, Trouble: trouble{Retry: true}})
	if a, b := tree(t, once), tree(t, again); !maps.Equal(a, b) {
		t.Errorf("taken twice, %d files came out in place of %d", len(b), len(a))
	}
	for _, n := range []int{1, 3, 7} {
		dir := t.TempDir()
		run(t, options{Input: []string{captures}, Output: dir, Shards: n, Trouble: trouble{Retry: n == 3}})
		paths, err := filepath.Glob(filepath.Join(dir, "report*.json"))
		if err != nil || len(paths) != n {
			t.Fatal(err, paths)
		}
		same(t, fmt.Sprintf("%d shares", n), command(append([]string{"report", "--format", "json"}, paths...)...), want)
	}
}

// A night of the fleet from what the pipeline wrote is the night of the artifacts, and the same results once more are nothing new.
func TestFleetFrom(t *testing.T) {
	command := psyncope(t)
	out, dir := t.TempDir(), t.TempDir()
	run(t, options{Input: []string{captures}, Output: out})
	in := func(name string) string { return filepath.Join(dir, name) }
	line := command("fleet", "-q", captures, "--state", in("a.db"), "--out", in("a"))
	same(t, "the line of the night", command("fleet", "-q", "--from", out, "--state", in("b.db"), "--out", in("b")), line)
	same(t, "the table of the night", read(t, in("b"), "fleet.csv"), read(t, in("a"), "fleet.csv"))
	if again := command("fleet", "-q", "--from", out, "--state", in("b.db"), "--out", in("c")); !bytes.Equal(again, line) {
		t.Errorf("a night of nothing new: %s", again)
	}
}

// Whatever the layout, the pipeline finds the components that analyze finds, and says the same of them. LAYOUTS=1000 tries so many.
func TestLayouts(t *testing.T) {
	n := 25
	if s := os.Getenv("LAYOUTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		dir := filepath.Join(t.TempDir(), "capture")
		for name, text := range layout.Random(rand.New(rand.NewPCG(20261128, uint64(i)))) {
			p := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := t.TempDir()
		run(t, options{Input: []string{dir}, Output: out})
		same(t, fmt.Sprintf("layout %d", i), read(t, out, "report.json"), analyzed(t, dir))
	}
}

// A store in memory stands for buckets: what is read from it and written to it is as on a disk, but for the names.
func TestStore(t *testing.T) {
	ctx := context.Background()
	fs, err := filesystem.New(ctx, "memfs://x")
	if err != nil {
		t.Fatal(err)
	}
	some := []string{"slow-command", "output-buffer", "failover-asked"}
	local := t.TempDir()
	n := 0
	for _, name := range some {
		for path, text := range tree(t, filepath.Join(captures, name)) {
			to, err := fs.OpenWrite(ctx, "memfs://bucket/"+name+"/"+path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := to.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
			p := filepath.Join(local, "bucket", name, path)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	if n == 0 {
		t.Fatalf("none of %v is there", some)
	}
	run(t, options{Input: []string{"memfs://bucket"}, Output: "memfs://out/run", Tables: true})
	from, err := fs.OpenRead(ctx, "memfs://out/run/report.json")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(from); err != nil {
		t.Fatal(err)
	}
	want := bytes.ReplaceAll(analyzed(t, filepath.Join(local, "bucket")), []byte(local+"/bucket"), []byte("memfs://bucket"))
	same(t, "the report", got.Bytes(), want)
	tables, err := fs.List(ctx, "memfs://out/run/tables/*/*/*/*")
	if err != nil || len(tables) < 10 {
		t.Errorf("%d tables, %v", len(tables), err)
	}
}

// What breaks the analysis of one unit costs that unit, and is a row of problems.
func TestPoison(t *testing.T) {
	out := t.TempDir()
	run(t, options{Input: []string{filepath.Join(captures, "slow-command"), filepath.Join(captures, "output-buffer")}, Output: out, Trouble: trouble{Poison: "slow-command"}})
	b := string(read(t, out, "report.json"))
	for _, want := range []string{`"reason": "the analysis broke: as a test asked for"`, "output-buffer-overflow"} {
		if !strings.Contains(b, want) {
			t.Errorf("the report does not have %s", want)
		}
	}
	if strings.Contains(b, `"kind": "slow-command"`) {
		t.Error("something is told of a unit whose analysis broke")
	}
}

// Mistakes are found before anything runs.
func TestUsage(t *testing.T) {
	good := options{Input: []string{"x"}, Output: "y", Formats: []string{"json"}, Shards: 1}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*options){
		"-input is missing":       func(o *options) { o.Input = nil },
		"-output is missing":      func(o *options) { o.Output = "" },
		"-shards 0":               func(o *options) { o.Shards = 0 },
		"-format pdf":             func(o *options) { o.Formats = []string{"pdf"} },
		"-format csv":             func(o *options) { o.Formats = []string{"csv"} },
		"psyncope report to join": func(o *options) { o.Shards, o.Formats = 3, []string{"text"} },
	} {
		o := good
		o.Formats = slices.Clone(good.Formats)
		change(&o)
		if err := o.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
