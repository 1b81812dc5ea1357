package collect

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const infoText = "# Server\r\nredis_version:7.0.15\r\n\r\n# Clients\r\nconnected_clients:3\r\n"

func entry(id, at, usec, name string) string {
	return array(":"+id+"\r\n", ":"+at+"\r\n", ":"+usec+"\r\n", array(bulk(name), bulk("x")), bulk("10.0.0.9:4"), bulk("app"))
}

func healthy() map[string]func() string {
	return map[string]func() string{
		"hello":                always(array()),
		"info":                 always(bulk(infoText)),
		"slowlog":              inTurn(array(entry("1", "100", "20000", "keys"), entry("0", "99", "11000", "sort")), array(entry("2", "103", "30000", "flushall"), entry("1", "100", "20000", "keys"))),
		"latency history fork": always(array(array(":99\r\n", ":11\r\n"), array(":100\r\n", ":12\r\n"))),
		"latency":              inTurn(array(array(bulk("fork"), ":100\r\n", ":12\r\n", ":40\r\n")), array(array(bulk("fork"), ":104\r\n", ":13\r\n", ":40\r\n"))),
		"client":               always(bulk("id=3 addr=10.0.0.9:4 name=app\n")),
		"config": inTurn(
			array(bulk("repl-timeout"), bulk("60"), bulk("requirepass"), bulk("hunter2"), bulk("masterauth"), bulk(""), bulk("tls-auth-clients"), bulk("yes")),
			array(bulk("repl-timeout"), bulk("6"), bulk("requirepass"), bulk("hunter3"), bulk("masterauth"), bulk(""), bulk("tls-auth-clients"), bulk("yes"))),
	}
}

// clock is a collector's clock that advances 1 s whenever it is read.
func clock() func() time.Time {
	at := time.Date(2026, 11, 22, 18, 45, 0, 123e6, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// twoRounds runs until the server was asked for its settings twice, the last thing of a round.
func twoRounds(t *testing.T, opt Options, f *fake) Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config := f.answers["config"]
	rounds := 0
	f.answers["config"] = func() string {
		if rounds++; rounds > 2 {
			cancel()
			return hang
		}
		return config()
	}
	opt.Interval = time.Millisecond
	res, err := Run(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestLayout(t *testing.T) {
	out := t.TempDir()
	f := newFake(t, healthy())
	res := twoRounds(t, Options{Addrs: []string{"redis-a=" + f.addr}, Out: out, Now: clock()}, f)
	if !res.Interrupted || res.Servers[0].Name != "redis-a" || res.Servers[0].Failed != 0 {
		t.Errorf("result: %+v", res)
	}

	info := read(t, out, "redis-a", "info.log")
	want := "### 2026-11-22T18:45:02.123Z\n" + f.addr + "> INFO everything\n" + infoText + "\n### 2026-11-22T18:45:"
	if !strings.HasPrefix(info, want) || strings.Count(info, "### ") != 3 {
		t.Errorf("info.log:\n%s", info)
	}
	var slow [][]any
	if err := json.Unmarshal([]byte(read(t, out, "redis-a", "slowlog.json")), &slow); err != nil {
		t.Fatal(err)
	}
	if len(slow) != 3 || slow[0][0] != 0.0 || slow[2][0] != 2.0 || !cmp.Equal(slow[1], []any{1.0, 100.0, 20000.0, []any{"keys", "x"}, "10.0.0.9:4", "app"}) {
		t.Errorf("slowlog.json: %v", slow)
	}
	var latency [][]any
	if err := json.Unmarshal([]byte(read(t, out, "redis-a", "latency-latest.json")), &latency); err != nil {
		t.Fatal(err)
	}
	if len(latency) != 2 || !cmp.Equal(latency[0], []any{"fork", 100.0, 12.0, 40.0}) {
		t.Errorf("latency: %v", latency)
	}
	if got := read(t, out, "redis-a", "latency-history-fork.json"); got != "[\n[99,11],\n[100,12]\n]\n" {
		t.Errorf("history: %q", got)
	}
	if got := read(t, out, "redis-a", "config.txt"); got != "repl-timeout\n6\nrequirepass\n(redacted)\nmasterauth\n\ntls-auth-clients\nyes\n" {
		t.Errorf("config.txt: %q", got)
	}
	if got := read(t, out, "redis-a", "collect.log"); !strings.Contains(got, `setting changed: repl-timeout: "60" -> "6"`) {
		t.Errorf("collect.log: %q", got)
	}
	if got := read(t, out, "redis-a", "clients.log"); !strings.Contains(got, "Z\nid=3 addr=10.0.0.9:4 name=app\n\n###") {
		t.Errorf("clients.log: %q", got)
	}
}

// Entries that came between two rounds are all taken, also where they are more than are asked for at first; what the ring let go of is noted.
func TestSlowlogWithoutGaps(t *testing.T) {
	ring := func(from, to int) string {
		var items []string
		for i := to; i >= from; i-- {
			items = append(items, entry(strconv.Itoa(i), "100", "20000", "keys"))
		}
		return array(items...)
	}
	out := t.TempDir()
	answers := healthy()
	answers["slowlog get 128"] = inTurn(ring(1, 5), ring(173, 300))
	answers["slowlog get 1024"] = always(ring(21, 300))
	f := newFake(t, answers)
	twoRounds(t, Options{Addrs: []string{"a=" + f.addr}, Out: out}, f)
	var slow [][]any
	if err := json.Unmarshal([]byte(read(t, out, "a", "slowlog.json")), &slow); err != nil {
		t.Fatal(err)
	}
	if len(slow) != 5+280 || slow[5][0] != 21.0 || slow[284][0] != 300.0 {
		t.Errorf("%d entries", len(slow))
	}
	if notes := read(t, out, "a", "collect.log"); !strings.Contains(notes, "slowlog: 15 entries were gone before they could be taken") {
		t.Errorf("notes: %s", notes)
	}
}

// Valkey from 8.1 is asked for what it notes of large requests and replies.
func TestCommandlog(t *testing.T) {
	out := t.TempDir()
	answers := healthy()
	answers["info"] = always(bulk("# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.0\r\n"))
	answers["commandlog get 128 large-request"] = always(array(entry("1", "100", "2000000", "set")))
	answers["commandlog get 128 large-reply"] = always(array())
	f := newFake(t, answers)
	if _, err := Run(t.Context(), Options{Addrs: []string{"a=" + f.addr}, Out: out, Once: true}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, out, "a", "commandlog-large-request.json"); !strings.Contains(got, "2000000") {
		t.Errorf("%q", got)
	}
	for version, want := range map[string]bool{"8.1.0": true, "9.0": true, "8.0.4": false, "": false, "7.2.4": false, "x.y": false, "10.0.1": true} {
		if atLeast(version, 8, 1) != want {
			t.Errorf("%q is not %v", version, want)
		}
	}
}

func TestNoSecretReachesTheDisk(t *testing.T) {
	out := t.TempDir()
	f := newFake(t, healthy())
	f.answers["slowlog"] = always(array(
		array(":1\r\n", ":1\r\n", ":1\r\n", array(bulk("CONFIG"), bulk("SET"), bulk("masterauth"), bulk("hunter2"))),
		array(":0\r\n", ":1\r\n", ":1\r\n", array(bulk("AUTH"), bulk("hunter2")))))
	twoRounds(t, Options{Addrs: []string{f.addr}, Out: out, Username: "ops", Password: "hunter1"}, f)
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(read(t, path), "hunter") {
			t.Errorf("%s holds a password", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(f.heard(), "hello 2 auth ops hunter1") {
		t.Errorf("did not authenticate: %q", f.heard())
	}
}

// A guest changes nothing and announces nothing.
func TestAsksOnlyWhatIsHarmless(t *testing.T) {
	f := newFake(t, healthy())
	if _, err := Run(t.Context(), Options{Addrs: []string{f.addr}, Out: t.TempDir(), Once: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{"hello 2", "info everything", "slowlog get 128", "latency latest", "latency history fork", "client list", "config get *", "role", "memory stats"}
	if diff := cmp.Diff(want, f.heard()); diff != "" {
		t.Error(diff)
	}
}

func TestCrowdedServerIsAskedForReplicasOnly(t *testing.T) {
	f := newFake(t, healthy())
	f.answers["info"] = always(bulk("# Clients\r\nconnected_clients:5000\r\n"))
	if _, err := Run(t.Context(), Options{Addrs: []string{f.addr}, Out: t.TempDir(), Once: true}); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(f.heard(), "client list type replica") {
		t.Errorf("asked %q", f.heard())
	}
}

func TestOldServer(t *testing.T) {
	out := t.TempDir()
	f := newFake(t, map[string]func() string{
		"hello":           always("-ERR unknown command 'HELLO'\r\n"),
		"info everything": always(bulk("")),
		"info all":        always(bulk(infoText)),
	})
	if _, err := Run(t.Context(), Options{Addrs: []string{"old=" + f.addr}, Out: out, Once: true}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, out, "old", "info.log"); !strings.Contains(got, "redis_version:7.0.15") {
		t.Errorf("info.log: %q", got)
	}
	if got := read(t, out, "old", "collect.log"); strings.Count(got, "refused: ERR unknown command") != 4 {
		t.Errorf("collect.log: %q", got)
	}
}

// The silent server is never given up (its timeout is an hour), and yet the other one is sampled
// and the run ends when it is told to.
func TestStalledServerDelaysNobody(t *testing.T) {
	out := t.TempDir()
	silent := newFake(t, map[string]func() string{"hello": always(hang)})
	ok := newFake(t, healthy())
	res := twoRounds(t, Options{Addrs: []string{"silent=" + silent.addr, "ok=" + ok.addr}, Out: out, Timeout: time.Hour}, ok)
	if res.Servers[1].Rounds != 3 || res.Servers[1].Failed != 0 || res.Servers[0].Rounds != 0 {
		t.Errorf("result: %+v", res)
	}
}

func TestGapIsRecorded(t *testing.T) {
	out := t.TempDir()
	busy := newFake(t, map[string]func() string{"hello": always(array()), "info": always("-BUSY running a\tscript\r\n")})
	silent := newFake(t, map[string]func() string{"hello": always(hang)})
	var said []string
	res, err := Run(t.Context(), Options{
		Addrs: []string{"busy=" + busy.addr, "silent=" + silent.addr}, Out: out, Once: true,
		Timeout: 50 * time.Millisecond, Log: func(s string) { said = append(said, s) },
	})
	if !errors.Is(err, ErrNoAnswer) {
		t.Errorf("error: %v", err)
	}
	if len(said) != 2 || res.Servers[0].Failed != 1 || res.Servers[1].Failed != 1 {
		t.Errorf("said %q, result %+v", said, res)
	}
	for name, why := range map[string]string{"busy": "BUSY running a script (asked at ", "silent": "i/o timeout (asked at "} {
		lines := strings.Split(read(t, out, name, "info.log"), "\n")
		if !strings.HasPrefix(lines[0], "### ") || !strings.HasPrefix(lines[1], NoAnswer) || !strings.Contains(lines[1], why) {
			t.Errorf("%s: %q", name, lines)
		}
		if got := read(t, out, name, "collect.log"); !strings.Contains(got, "no answer: ") {
			t.Errorf("%s: collect.log: %q", name, got)
		}
	}
}

func TestUnwritableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Options{Addrs: []string{"127.0.0.1"}, Out: file, Once: true}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error: %v", err)
	}
}

func TestAddrs(t *testing.T) {
	for _, c := range []struct {
		in   []string
		want []Server
		err  string
	}{
		{in: []string{"10.0.0.1"}, want: []Server{{Name: "10.0.0.1-6379", Addr: "10.0.0.1:6379"}}},
		{in: []string{"cache.example:7000"}, want: []Server{{Name: "cache.example-7000", Addr: "cache.example:7000"}}},
		{in: []string{"[::1]:7000", "::1"}, want: []Server{{Name: "--1-7000", Addr: "[::1]:7000"}, {Name: "--1-6379", Addr: "[::1]:6379"}}},
		{in: []string{"a/../b=h"}, want: []Server{{Name: "a-..-b", Addr: "h:6379"}}},
		{in: []string{"redis://h"}, want: []Server{{Name: "h-6379", Addr: "h:6379"}}},
		{in: []string{"a=rediss://u:p%40w@h:7/0"}, want: []Server{{Name: "a", Addr: "h:7", username: "u", password: "p@w", tls: true}}},
		{in: []string{"redis://:pw@[::1]"}, want: []Server{{Name: "--1-6379", Addr: "[::1]:6379", password: "pw"}}},
		{in: []string{"http://:hunter2@h"}, err: "redis or rediss"},
		{in: []string{"redis://:hunter2@h:x"}, err: "no URL"},
		{in: nil, err: "no server"},
		{in: []string{"h:0"}, err: "no such port"},
		{in: []string{"a=:6379"}, err: "no host"},
		{in: []string{"h", "h:6379"}, err: "same name"},
		{in: []string{"a=h", "b=h"}, err: "same address"},
		{in: []string{"h:1:2"}, err: "too many colons"},
	} {
		got, err := parseAddrs(c.in, "6379")
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: error %v, want %q", c.in, err, c.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v", c.in, got, err)
		}
	}
}

func TestWithoutPassword(t *testing.T) {
	for in, want := range map[string]string{
		"redis://:hunter2@h:1": "redis://h:1", "a=rediss://u:hunter2@h": "a=rediss://u@h", "redis://u:hunter2@h/0": "redis://u@h/0",
		"h:1": "h:1", "a=h": "a=h", "redis://h": "redis://h", "redis://u@h": "redis://u@h", "--out": "--out", "x://%": "x://%",
	} {
		got, had := WithoutPassword(in)
		if strings.ReplaceAll(got, "//@", "//") != want || had != strings.Contains(in, "hunter2") {
			t.Errorf("%s becomes %s, %v", in, got, had)
		}
	}
}

func FuzzNameStaysInDirectory(f *testing.F) {
	for _, s := range []string{"a", "..", "../x", "a/b", "\x00", "[::1]", "…"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := safeName(s)
		if !filepath.IsLocal(n) || filepath.Base(n) != n || n == "." {
			t.Errorf("%q -> %q", s, n)
		}
	})
}

// Whatever the ring holds from round to round, the file is valid JSON after each, and holds every
// entry that was ever seen, once.
func TestGrowingArray(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, string(rune('a'+n%26))+".json")
		var g growingArray
		os.Remove(path)
		id, ring, seen := 0, []any{}, 0
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			for range rapid.IntRange(0, 6).Draw(t, "new") {
				ring = append([]any{[]any{int64(id), int64(1000 + id/3), rapid.String().Draw(t, "text")}}, ring...)
				id++
			}
			ring = ring[:min(len(ring), 5)]
			if rapid.Bool().Draw(t, "restarted collector") {
				g = growingArray{}
				seen = -1
			}
			if err := grown(&g, path, ring); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]any
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatalf("%v in %q", err, b)
			}
			for _, e := range ring {
				if !slices.ContainsFunc(got, func(h []any) bool { return h[0] == float64(e.([]any)[0].(int64)) }) {
					t.Fatalf("entry %v is not in %s", e, b)
				}
			}
			if seen >= 0 {
				keys := map[any]bool{}
				for _, h := range got {
					if keys[h[0]] {
						t.Fatalf("entry %v twice", h[0])
					}
					keys[h[0]] = true
				}
			}
		}
	})
}

func TestBrokenArrayIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "slowlog.json")
	if err := os.WriteFile(path, []byte("[[1,2,"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := grown(&growingArray{}, path, []any{[]any{int64(7), int64(8)}}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "[[1,2,\n[\n[7,8]\n]\n" {
		t.Errorf("%q", got)
	}
}

func grown(g *growingArray, path string, reply []any) error {
	entries, err := g.fresh(reply)
	if err != nil || entries == nil {
		return err
	}
	return g.write(path, entries)
}
