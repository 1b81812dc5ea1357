package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"psyncope/ingest/table"
)

// story is a case in words: its instances, its files and its rows, and what there was beside it.
func story(t testing.TB, o Options) (string, Summary, error) {
	t.Helper()
	var b strings.Builder
	sum, err := Each(t.Context(), o, func(c *table.Case) error {
		fmt.Fprintf(&b, "unit %v\n", c.Instances)
		for _, f := range c.Files {
			fmt.Fprintln(&b, "file", f.Path, f.Kind, f.Instance, f.Bytes, f.Records, f.Ignored, f.Rejected, f.First, f.Last)
		}
		for _, r := range c.Samples.Rows() {
			fmt.Fprintln(&b, r.Origin, r.At, r.RunID, r.ReplID)
		}
		for _, r := range c.Events.Rows() {
			fmt.Fprintln(&b, r.Origin, r.Stamp, r.Text)
		}
		for _, r := range c.Problems.Rows() {
			fmt.Fprintln(&b, r.Origin, r.Reason)
		}
		c.Release()
		return nil
	})
	for f := range sum.All() {
		fmt.Fprintf(&b, "beside %s %s %d\n", f.Path, f.Kind, f.Bytes)
	}
	for _, p := range sum.Problems {
		fmt.Fprintf(&b, "beside %s: %s\n", p.File, p.Reason)
	}
	return b.String(), sum, err
}

// fleet is some groups: the first two share a directory name below them, the third is a log alone.
func fleet() map[string]string {
	out := map[string]string{}
	for g, c := range []string{"1", "2"} {
		shard := fmt.Sprintf("shard-%d/", g)
		host := "10.0." + c + ".1"
		for k := range 12 {
			name := fmt.Sprintf("info/info-20261122T1000%02dZ.txt", k)
			out[shard+"redis-a/"+name] = primaryInfo(c, c)
			out[shard+"redis-b/"+name] = replicaInfo(string(c[0]+5), c, host)
		}
		out[shard+"redis-a/redis.log.1"] = primaryLog()
		out[shard+"redis-a/redis.log"] = strings.ReplaceAll(primaryLog(), "10:00", "11:00")
		out[shard+"redis-b/redis.log.gz"] = gz(replicaLog(host))
	}
	out["shard-0/redis-b/info/info-20261122T100003Z.txt"] = replicaInfo("6", "1", "10.0.1.1")
	out["shard-2/primary.log"] = primaryLog()
	out["shard-2/replica-1.log"] = replicaLog("10.0.3.1")
	out["shard-2/replica-1.jpg"] = "\xff\xd8\xff"
	out["more.tgz"] = gz(tarred(map[string]string{"x/redis-a/redis.log": primaryLog(), "x/redis-b/redis.log": replicaLog("10.0.4.1"), "x/redis-b/info.txt": replicaInfo("d", "4", "10.0.4.1")}))
	return out
}

// Nothing of what comes out depends on the order of the roots or on how many workers there are.
func TestSameInputSameCases(t *testing.T) {
	files := fleet()
	dir := tree(t, files)
	t.Chdir(dir)
	var roots []string
	for _, name := range sortedKeys(files) {
		roots = append(roots, filepath.FromSlash(name))
	}
	want, sum, err := story(t, Options{Roots: roots, Workers: 1})
	if err != nil || sum.Units != 4 || sum.Instances != 8 {
		t.Fatalf("%d units, %d instances, %v\n%s", sum.Units, sum.Instances, err, want)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, workers := range []int{1, 2, 8, 8, 8} {
		r.Shuffle(len(roots), func(i, j int) { roots[i], roots[j] = roots[j], roots[i] })
		got, _, err := story(t, Options{Roots: roots, Workers: workers})
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Fatalf("%d workers: %v %s", workers, err, d)
		}
	}
}

// The same holds for any tree of files, archived or not.
func TestSameInputSameCasesAnywhere(t *testing.T) {
	texts := []string{primaryInfo("1", "1"), replicaInfo("2", "1", "10.0.0.1"), primaryInfo("3", "2"), primaryLog(), replicaLog("10.0.0.1"), gz(primaryLog()), gz(primaryLog())[:60], "\xff\xd8", ""}
	names := []string{"redis.log", "redis.log.1", "redis.log.2", "info.txt", "info-1.txt", "info-2.txt", "primary.log", "replica-1.log", "info-replica.txt", "sentinel.log", "7001.log", "config.txt"}
	dirs := []string{"", "a/", "b/", "a/info/", "s/a/", "s/b/", "s-1/a/", "20261122/a/"}
	rapid.Check(t, func(rt *rapid.T) {
		files := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(rt, "files") {
			name := rapid.SampledFrom(dirs).Draw(rt, "dir") + rapid.SampledFrom(names).Draw(rt, "name")
			files[name] = rapid.SampledFrom(texts).Draw(rt, "text")
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		var roots []string
		for name, text := range files {
			p := filepath.Join(dir, name)
			os.MkdirAll(filepath.Dir(p), 0o755)
			os.WriteFile(p, []byte(text), 0o644)
			roots = append(roots, p)
		}
		slices.Sort(roots)
		want, sum, err := story(t, Options{Roots: roots, Workers: 1})
		if err != nil && !errors.Is(err, ErrNothing) {
			rt.Fatal(err)
		}
		roots = rapid.Permutation(roots).Draw(rt, "order")
		got, _, _ := story(t, Options{Roots: roots, Workers: 8})
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatal(d)
		}
		// Every file is in exactly one place.
		seen := strings.Count(want, "\nfile ") + strings.Count(want, " "+table.KindOther+" ") + strings.Count(want, " "+table.KindUnreadable+" ")
		if seen != len(files) {
			rt.Fatalf("%d of %d files are accounted for, %d units\n%s", seen, len(files), sum.Units, want)
		}
	})
}

func TestNothing(t *testing.T) {
	photo := "\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise(100000)
	for _, tc := range []struct {
		name  string
		files map[string]string
		roots []string
		want  string
		left  int
	}{
		{"an empty directory", nil, nil, "nothing to analyse in %s: it is empty; expected a directory for each instance", 0},
		{"photos", map[string]string{"1.jpg": photo, "redis-a/2.jpg": photo}, nil, "nothing to analyse in %s: none of 2 files is an INFO dump", 2},
		{"empty files", map[string]string{"redis.log": "", "info.txt": ""}, nil, "nothing to analyse in %s: none of 2 files is", 2},
		{"no such place", nil, []string{"nowhere"}, "nothing to analyse in nowhere: nowhere: stat: no such file or directory", 1},
		{"an empty archive", map[string]string{"a.zip": zipped(nil)}, nil, "nothing to analyse in %s: it is empty", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := tree(t, tc.files)
			roots := tc.roots
			if roots == nil {
				roots = []string{dir}
			}
			sum, err := Each(t.Context(), Options{Roots: roots}, func(*table.Case) error { return nil })
			want := strings.ReplaceAll(tc.want, "%s", dir)
			if !errors.Is(err, ErrNothing) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %q, want %q", err, want)
			}
			left := len(sum.Files) + len(sum.Unclaimed)
			if tc.name == "empty files" {
				left = max(left, tc.left) // a format may claim an empty file by its name
			}
			if left != tc.left {
				t.Errorf("%d files are accounted for, want %d", left, tc.left)
			}
		})
	}
}

// A file that vanishes, that may not be read or breaks off costs itself and nothing else.
func TestBrokenFiles(t *testing.T) {
	open := func(f func() (io.ReadCloser, error)) *container { return opened("c", nil, f) }
	text := func(s string) *container {
		return open(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil })
	}
	opens := 0
	found := &Found{Sources: []Source{
		{Path: "c/redis-a/info.txt", in: text(primaryInfo("1", "1"))},
		{Path: "c/redis-a/redis.log", in: text(gz(strings.Repeat(primaryLog(), 1000))[:400])},
		{Path: "c/redis-b/gone.log", in: open(func() (io.ReadCloser, error) {
			return nil, &fs.PathError{Op: "open", Path: "c/redis-b/gone.log", Err: fs.ErrNotExist}
		})},
		{Path: "c/redis-b/going.log", in: open(func() (io.ReadCloser, error) {
			if opens++; opens > 1 {
				return nil, &fs.PathError{Op: "open", Path: "c/redis-b/going.log", Err: fs.ErrPermission}
			}
			return io.NopCloser(strings.NewReader(primaryLog())), nil
		})},
		{Path: "c/redis-b/half.log", in: open(func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(primaryLog()), iotest.ErrReader(errors.New("input/output error")))), nil
		})},
		{Path: "c/redis-b/none.log", in: open(func() (io.ReadCloser, error) {
			return io.NopCloser(iotest.ErrReader(errors.New("input/output error"))), nil
		})},
		{Path: "c/redis-b/photo.jpg", in: text("\xff\xd8"), Size: 2},
		{Path: "c/redis-b/redis.log.gz", in: text(gz("x")[:8])},
	}}
	for i := range found.Sources {
		found.Sources[i].ModTime = table.Null
	}
	e := &engine{formats: Formats(), Options: Options{Workers: 1, Limits: Limits{}.withDefaults()}}
	var got []string
	sum, err := e.analyse(t.Context(), found, func(c *table.Case) error {
		for _, f := range c.Files {
			got = append(got, fmt.Sprintf("%s %s %s records:%t bytes:%t", f.Path, f.Kind, f.Instance, f.Records > 0, f.Bytes > 0))
		}
		for _, p := range c.Problems.Rows() {
			if p.Line == 0 { // the line at the cut is one too
				got = append(got, p.File+": "+p.Reason)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sum.sort()
	for f := range sum.All() {
		got = append(got, fmt.Sprintf("%s %s %d", f.Path, f.Kind, f.Bytes))
	}
	for _, p := range sum.Problems {
		got = append(got, p.File+": "+p.Reason)
	}
	want := []string{
		"c/redis-a/info.txt info redis-a records:true bytes:true",
		"c/redis-a/redis.log log redis-a records:true bytes:true",
		"c/redis-b/half.log log half records:true bytes:true",
		"c/redis-a/redis.log: gzip: unexpected EOF; what stands before it was read",
		"c/redis-b/half.log: input/output error; what stands before it was read",
		"c/redis-b/going.log unreadable 0",
		"c/redis-b/gone.log unreadable 0",
		"c/redis-b/none.log unreadable 0",
		"c/redis-b/photo.jpg other 2",
		"c/redis-b/redis.log.gz unreadable 0",
		"c/redis-b/going.log: open: permission denied",
		"c/redis-b/gone.log: open: file does not exist",
		"c/redis-b/none.log: input/output error",
		"c/redis-b/redis.log.gz: gzip: unexpected EOF",
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A log that bursts its limits is read up to there.
func TestBombIsReadUpToTheLimit(t *testing.T) {
	dir := tree(t, map[string]string{"redis-a/redis.log.gz": gz(strings.Repeat(primaryLog(), 20000))})
	sum, err := Each(t.Context(), Options{Roots: []string{dir}, Limits: Limits{MemberBytes: 1 << 20}}, func(c *table.Case) error {
		rows := c.Problems.Rows()
		if len(rows) == 0 || !strings.Contains(rows[len(rows)-1].Reason, "gzip: expands beyond the limit of 1048576 bytes (--max-file-size); what stands before it was read") {
			t.Errorf("problems %v", rows)
		}
		return nil
	})
	if err != nil || sum.Records < 10000 || sum.Records > 20000 {
		t.Errorf("%d records, %v", sum.Records, err)
	}
}

// Dumps of one instance are one stream over all its files, in the order of their dates, and rotated logs too.
func TestStreams(t *testing.T) {
	dir := tree(t, fleet())
	Each(t.Context(), Options{Roots: []string{dir}}, func(c *table.Case) error {
		var last table.Sample
		for _, s := range c.Samples.Rows() {
			if s.Instance == last.Instance && s.File <= last.File {
				t.Errorf("%s is read behind %s", s.File, last.File)
			}
			last = s
		}
		var was table.Event
		for _, e := range c.Events.Rows() {
			if e.Instance == was.Instance && e.Stamp < was.Stamp {
				t.Errorf("%s: %s is read behind %s", e.File, e.Stamp.Time(), was.Stamp.Time())
			}
			was = e
		}
		return nil
	})
}

// A file that interleaves servers is split, and the same names in another file are other servers.
func TestInterleaved(t *testing.T) {
	var log strings.Builder
	for i := range 5 {
		fmt.Fprintf(&log, "redis-a-1  | 1:M 22 Nov 2026 10:00:0%d.000 * Background saving terminated with success\n", i)
		fmt.Fprintf(&log, "redis-b-1  | 1:S 22 Nov 2026 10:00:0%d.000 * MASTER <-> REPLICA sync started\n", i)
	}
	dir := tree(t, map[string]string{"shard-1/compose.log": log.String(), "shard-2/compose.log": log.String(), "shard-2/info-redis-b.txt": replicaInfo("1", "2", "redis-a")})
	var got []string
	sum, err := Each(t.Context(), Options{Roots: []string{dir}}, func(c *table.Case) error {
		var unit []string
		for _, in := range c.Instances {
			unit = append(unit, in.Name)
		}
		got = append(got, strings.Join(unit, " ")+" <- "+strings.Join(c.Events.Words("instance"), " "))
		return nil
	})
	want := []string{"redis-b shard-1/redis-a shard-1/redis-b shard-2/redis-a <- redis-b shard-1/redis-a shard-1/redis-b shard-2/redis-a"}
	if d := cmp.Diff(want, got); d != "" || err != nil || sum.Instances != 4 {
		t.Error(err, sum.Instances, d)
	}
}

// Each stops where visit says so, and when its context ends, and leaves nobody reading.
func TestStop(t *testing.T) {
	dir := tree(t, fleet())
	stop := errors.New("enough")
	visits := 0
	_, err := Each(t.Context(), Options{Roots: []string{dir}}, func(*table.Case) error { visits++; return stop })
	if err != stop || visits != 1 {
		t.Errorf("%v after %d visits", err, visits)
	}
	ctx, cancel := context.WithCancel(t.Context())
	visits = 0
	_, err = Each(ctx, Options{Roots: []string{dir}}, func(*table.Case) error { visits++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || visits != 1 {
		t.Errorf("%v after %d visits", err, visits)
	}
	if _, err = Each(ctx, Options{Roots: []string{dir}}, func(*table.Case) error { t.Error("visited"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestProgress(t *testing.T) {
	files := fleet()
	dir := tree(t, files)
	var last Progress
	sum, err := Each(t.Context(), Options{Roots: []string{dir}, Workers: 4, Progress: func(p Progress) {
		if p.Files < last.Files || p.Bytes < last.Bytes || p.FilesTotal < p.Files {
			t.Errorf("%+v behind %+v", p, last)
		}
		last = p
	}}, func(*table.Case) error { return nil })
	if err != nil || last.Files != last.FilesTotal || last.Bytes != last.BytesTotal || last.Files < len(files) {
		t.Errorf("%+v of %d files, %v", last, len(files), err)
	}
	_ = sum
}

// The kinds that stand in the tables' documentation are those that there are.
func TestFormats(t *testing.T) {
	names := map[string]bool{table.KindOther: true, table.KindUnreadable: true}
	for _, f := range Formats() {
		if f.Name == "" || f.Sniff == nil || f.Read == nil || names[f.Name] {
			t.Errorf("format %q is not whole, or there twice", f.Name)
		}
		names[f.Name] = true
		if s := f.Sniff("IMG_0001.jpg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF"+noise(5000))); s > 0 {
			t.Errorf("%s claims a photo (%d)", f.Name, s)
		}
	}
	for _, k := range hinting {
		if !names[k.kind] {
			t.Errorf("no format is called %s: have %v", k.kind, slices.Sorted(maps.Keys(names)))
		}
	}
}

// Of more files than have their accounts kept together, each has one, in the order of their paths, whatever lies between them.
func TestAccountsOfManyFiles(t *testing.T) {
	files := map[string]string{}
	for i := range someFiles + 100 {
		files[fmt.Sprintf("redis-a/info-%d.txt", i)] = fmt.Sprintf("# Server\nredis_version:7.0.15\nrun_id:%040d\ntcp_port:6379\nuptime_in_seconds:%d\n# Replication\nrole:master\n", 7, i)
	}
	files["redis-a/redis.log"] = primaryLog()
	root := filepath.Join(tree(t, map[string]string{"many.tar": tarred(files)}), "many.tar")
	var paths, dumps []string
	_, err := Each(t.Context(), Options{Roots: []string{root}}, func(c *table.Case) error {
		for _, f := range c.Files {
			paths = append(paths, strings.TrimPrefix(f.Path, root+"/"))
		}
		for _, s := range c.Samples.Rows() {
			dumps = append(dumps, strings.TrimPrefix(s.File, root+"/"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := sortedKeys(files); !slices.Equal(paths, want) {
		t.Errorf("%d accounts of %d files, or in another order", len(paths), len(want))
	}
	slices.Sort(dumps)
	if dumps = slices.Compact(dumps); len(dumps) != len(files)-1 {
		t.Errorf("%d dumps of %d files", len(dumps), len(files)-1)
	}
}
