package ingest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestWalk(t *testing.T) {
	inner := tarred(map[string]string{"x/one.log": "1", "x/two.log.gz": gz("2")})
	for _, tc := range []struct {
		name     string
		files    map[string]string
		lim      Limits
		want     map[string]string
		problems []string
	}{
		{name: "empty"},
		{
			name:  "files of any name, in subdirectories",
			files: map[string]string{"b/redis.log": "b", "a.jpg": "\xff\xd8", "a/info/1.txt": ""},
			want:  map[string]string{"b/redis.log": "b", "a.jpg": "\xff\xd8", "a/info/1.txt": ""},
		},
		{
			name:  "tar, tar.gz, tgz, tar.zst, zip",
			files: map[string]string{"a.tar": inner, "b.tar.gz": gz(inner), "c.tgz": gz(inner), "d.tar.zst": zst(inner), "e.zip": zipped(map[string]string{"x/one.log": "1", "y/": "", "z.gz": gz("2")})},
			want: map[string]string{
				"a.tar/x/one.log": "1", "a.tar/x/two.log.gz": "2", "b.tar.gz/x/one.log": "1", "b.tar.gz/x/two.log.gz": "2",
				"c.tgz/x/one.log": "1", "c.tgz/x/two.log.gz": "2", "d.tar.zst/x/one.log": "1", "d.tar.zst/x/two.log.gz": "2",
				"e.zip/x/one.log": "1", "e.zip/z.gz": "2",
			},
		},
		{
			name:  "archives in archives, by every way into them",
			files: map[string]string{"a.zip": zipped(map[string]string{"b.tar.gz": gz(inner)}), "c.tar": tarred(map[string]string{"d.zip": zipped(map[string]string{"e.tar": inner})}), "f.tar.gz": gz(tarred(map[string]string{"g.zip": zipped(map[string]string{"h": "h"})}))},
			want: map[string]string{
				"a.zip/b.tar.gz/x/one.log": "1", "a.zip/b.tar.gz/x/two.log.gz": "2",
				"c.tar/d.zip/e.tar/x/one.log": "1", "c.tar/d.zip/e.tar/x/two.log.gz": "2", "f.tar.gz/g.zip/h": "h",
			},
		},
		{
			name:     "too deep",
			files:    map[string]string{"a.tar": tarred(map[string]string{"b.tar": tarred(map[string]string{"c.tar": tarred(map[string]string{"d": "d"})}), "e": "e"})},
			lim:      Limits{Depth: 2},
			want:     map[string]string{"a.tar/e": "e"},
			problems: []string{"a.tar/b.tar/c.tar: more than 2 archives inside one another (--max-depth), left alone"},
		},
		{
			name:     "too many members",
			files:    map[string]string{"a.tar": tarred(map[string]string{"1": "1", "2": "2", "3": "3"}), "b.zip": zipped(map[string]string{"4": "4"})},
			lim:      Limits{Members: 2},
			want:     map[string]string{"a.tar/1": "1", "a.tar/2": "2"},
			problems: []string{"a.tar: more than 2 files (--max-files), the rest left alone"},
		},
		{
			name:     "a tar that breaks off",
			files:    map[string]string{"a.tar.gz": gz(tarred(map[string]string{"1": "one", "2": strings.Repeat("2", 600)})[:512*4])},
			want:     map[string]string{"a.tar.gz/1": "one", "a.tar.gz/2": strings.Repeat("2", 512)},
			problems: []string{"a.tar.gz: tar: unexpected EOF; what stands before it was read", "a.tar.gz/2: unexpected EOF; what stands before it was read"},
		},
		{
			name:     "a zip that is none",
			files:    map[string]string{"a.zip": "PK\x03\x04 and no more"},
			problems: []string{"a.zip: zip: zip: not a valid zip file"},
		},
		{
			name:  "named like an archive",
			files: map[string]string{"a.tar": "text", "b.zip": "", "c.tgz": gz("log")},
			want:  map[string]string{"a.tar": "text", "b.zip": "", "c.tgz": "log"},
		},
		{
			name:  "members that climb out",
			files: map[string]string{"a.tar": tarred(map[string]string{"../../etc/passwd": "1", "/abs": "2", "x/../y": "3"}), "b.zip": zipped(map[string]string{`..\..\c`: "4"})},
			want:  map[string]string{"a.tar/etc/passwd": "1", "a.tar/abs": "2", "a.tar/y": "3", "b.zip/c": "4"},
		},
		{
			name:  "members that do not fit in memory",
			files: map[string]string{"a.tar.gz": gz(tarred(map[string]string{"1": strings.Repeat("1", 9), "2": "2", "3": strings.Repeat("3", 8), "4": strings.Repeat("4", 100)}))},
			lim:   Limits{KeepBytes: 64},
			want:  map[string]string{"a.tar.gz/1": strings.Repeat("1", 9), "a.tar.gz/2": "2", "a.tar.gz/3": strings.Repeat("3", 8), "a.tar.gz/4": strings.Repeat("4", 100)},
		},
		{
			name:     "nor in the temporary directory",
			files:    map[string]string{"a.tar.gz": gz(tarred(map[string]string{"1": strings.Repeat("1", 60), "2": strings.Repeat("2", 60), "3": "3"}))},
			lim:      Limits{KeepBytes: 8, SpillBytes: 100},
			want:     map[string]string{"a.tar.gz/1": strings.Repeat("1", 60), "a.tar.gz/2": strings.Repeat("2", 40)},
			problems: []string{"a.tar.gz/2: archives need more than 100 bytes of temporary space, the rest left alone"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := tree(t, tc.files)
			tc.lim.TempDir = t.TempDir()
			f := Walk([]string{dir}, nil, tc.lim)
			want := tc.want
			if want == nil {
				want = map[string]string{}
			}
			if d := cmp.Diff(want, contents(t, f, dir)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(tc.problems, problems(f.Problems, dir)); d != "" {
				t.Error(d)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(tc.lim.TempDir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A member can be read as often as one likes, and by two at once.
func TestReadTwice(t *testing.T) {
	files := map[string]string{"big": strings.Repeat("0123456789", 1000), "small": "s"}
	dir := tree(t, map[string]string{"a.tar": tarred(files), "b.tgz": gz(tarred(files)), "c.zip": zipped(files), "d": "d"})
	f := Walk([]string{dir}, nil, Limits{KeepBytes: 800, TempDir: t.TempDir()})
	defer f.Close()
	for i := range f.Sources {
		a, errA := f.Sources[i].Open()
		b, errB := f.Sources[i].Open()
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		io.CopyN(io.Discard, a, 5)
		x, _ := io.ReadAll(b)
		y, _ := io.ReadAll(a)
		if len(x) == 0 || int64(len(x)) != f.Sources[i].Size || len(x) > 5 && string(x[5:]) != string(y) {
			t.Errorf("%s: %d and %d bytes, size %d", f.Sources[i].Path, len(x), len(y), f.Sources[i].Size)
		}
		a.Close()
		b.Close()
	}
}

func TestWalkStdin(t *testing.T) {
	archive := tarred(map[string]string{"redis-a/redis.log": "log"})
	for _, tc := range []struct {
		name, in string
		want     map[string]string
	}{
		{"text", "text", map[string]string{"-": "text"}},
		{"nothing", "", map[string]string{"-": ""}},
		{"compressed", gz("text"), map[string]string{"-": "text"}},
		{"an archive", archive, map[string]string{"-/redis-a/redis.log": "log"}},
		{"a compressed archive", gz(archive), map[string]string{"-/redis-a/redis.log": "log"}},
		{"a zip", zipped(map[string]string{"a": "1"}), map[string]string{"-/a": "1"}},
	} {
		f := Walk([]string{"-"}, strings.NewReader(tc.in), Limits{})
		if d := cmp.Diff(tc.want, contents(t, f, "")); d != "" || len(f.Problems) > 0 {
			t.Errorf("%s: %s %v", tc.name, d, f.Problems)
		}
		f.Close()
	}
	f := Walk([]string{"-"}, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("broken pipe"))), Limits{})
	if d := cmp.Diff(map[string]string{"-": "half"}, contents(t, f, "")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"-: broken pipe; what stands before it was read"}, problems(f.Problems, "")); d != "" {
		t.Error(d)
	}
}

// What cannot be read is named, and the rest is read.
func TestUnreadable(t *testing.T) {
	dir := tree(t, map[string]string{"redis.log": "log", "sub/info.txt": "info"})
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	link("redis.log", "current.log")
	link("nowhere", "dangling.log")
	link("..", "loop")
	link(".", "self")
	link(t.TempDir(), "outside")
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Skip(err)
	}
	f := Walk([]string{dir, filepath.Join(dir, "missing"), filepath.Join(dir, "fifo"), os.DevNull}, nil, Limits{})
	if d := cmp.Diff(map[string]string{"redis.log": "log", "sub/info.txt": "info"}, contents(t, f, dir)); d != "" {
		t.Error(d)
	}
	want := []string{
		strings.TrimPrefix(os.DevNull, "/") + ": not a file: a device, left alone",
		"dangling.log: symbolic link: lstat: no such file or directory",
		"fifo: not a file: a pipe, left alone",
		"loop: symbolic link out of the directory, not followed",
		"missing: stat: no such file or directory",
		"outside: symbolic link out of the directory, not followed",
	}
	if d := cmp.Diff(want, problems(f.Problems, dir)); d != "" {
		t.Error(d)
	}
	if len(f.Files) != len(want) {
		t.Errorf("%d files are accounted for, want %d", len(f.Files), len(want))
	}
}

// Roots that lie in one another, or that are given twice or in another order, name each file once.
func TestOverlap(t *testing.T) {
	dir := tree(t, map[string]string{"a/redis.log": "1", "b/redis.log": "2"})
	want := Walk([]string{dir}, nil, Limits{})
	got := Walk([]string{filepath.Join(dir, "b"), dir, filepath.Join(dir, "a", "redis.log"), dir}, nil, Limits{})
	if d := cmp.Diff(contents(t, want, dir), contents(t, got, dir)); d != "" {
		t.Error(d)
	}
	if len(got.Sources) != 2 {
		t.Errorf("%d sources", len(got.Sources))
	}
}
