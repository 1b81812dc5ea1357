package ingest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// plain is a format for tests: it claims what begins with its name in brackets, or with more of a server's
// own words, and its records are lines.
func plain(name string, marks ...string) artifact.Format {
	return artifact.Format{
		Name: name,
		Sniff: func(_ string, head []byte) int {
			for _, m := range append(marks, "["+name+"]") {
				if strings.Contains(string(head), m) {
					return 90
				}
			}
			return 0
		},
		Read: func(in artifact.Input, out *table.Case) (artifact.Account, error) {
			return readLines(in, out)
		},
	}
}

// testFormats stand for the real ones, so that these tests hold what this package does with them.
func testFormats() []artifact.Format {
	return []artifact.Format{
		plain("info", "run_id:"), plain("log", " * "), plain("slowlog"), plain("config"), plain("clients"), plain("latency"),
	}
}

// naming is "path kind" to the instance's name. The kind may be followed by what else the file says.
func names(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	in := map[string]string{}
	want := map[string]string{}
	for spec, name := range files {
		p, text, _ := strings.Cut(spec, " ")
		kind, more, _ := strings.Cut(text, " ")
		if kind != "other" {
			text = "[" + kind + "]\n" + strings.ReplaceAll(more, "|", "\n") + "\n"
		}
		in[p] = text
		want[p] = name
	}
	dir := tree(t, in)
	got := map[string]string{}
	for _, f := range familiesOf(t, []string{dir}) {
		for _, x := range f.files {
			rel, _ := filepath.Rel(dir, x.src.Path)
			got[filepath.ToSlash(rel)] = f.instanceName()
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	return got
}

func familiesOf(t *testing.T, roots []string) []*family {
	t.Helper()
	e := &engine{formats: testFormats(), Options: Options{Workers: 2, Limits: Limits{}.withDefaults()}}
	found := Walk(roots, nil, e.Limits)
	t.Cleanup(func() { found.Close() })
	fams := e.families(found.Sources)
	if err := e.look(t.Context(), fams); err != nil {
		t.Fatal(err)
	}
	identify(fams)
	return fams
}

func TestNames(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
	}{
		{"a directory an instance", map[string]string{
			"redis-a/redis.log log": "redis-a", "redis-a/redis.log.1 log": "redis-a", "redis-a/info.log info": "redis-a", "redis-a/slowlog.json slowlog": "redis-a",
			"redis-b/redis-server.log log": "redis-b", "redis-b/config.txt config": "redis-b", "redis-b/info/info-20261122T184530Z.txt info": "redis-b", "redis-b/logs/valkey.log.gz log": "redis-b",
			"sentinel-1/sentinel.log log": "sentinel-1",
		}},
		{"docker's names", map[string]string{
			"redis-a/redis-a-json.log log": "redis-a", "redis-a/info.log info": "redis-a",
			"redis-b/0123456789abcdef0123-json.log log": "redis-b", "redis-b/info.log info": "redis-b",
		}},
		{"side by side", map[string]string{
			"redis-b.info.log info": "redis-b", "redis-b.log log": "redis-b", "slowlog-redis-b.json slowlog": "redis-b", "info-redis-c.txt info": "redis-c",
			"redis-c.log.1 log": "redis-c", "config_redis-c.txt config": "redis-c", "redis-b-client-list.txt clients": "redis-b", "redis-c-latency-latest.txt latency": "redis-c",
		}},
		{"sorted by kind", map[string]string{
			"info/redis-a.txt info": "redis-a", "info/redis-b.txt info": "redis-b", "logs/redis-a.log log": "redis-a", "logs/redis-b.log log": "redis-b",
		}},
		{"kinds above instances", map[string]string{
			"info/redis-a/1.txt info": "redis-a", "info/redis-b/1.txt info": "redis-b", "logs/redis-a/redis.log log": "redis-a", "logs/redis-b/redis.log log": "redis-b",
		}},
		{"a dump fits the only log of its name", map[string]string{
			"primary.log log": "primary", "replica-1.log log": "replica-1", "info-primary.txt info": "primary", "info-replica.txt info": "replica-1", "sentinel.log log": "sentinel",
		}},
		{"and is its own where two would fit", map[string]string{
			"primary.log log": "primary", "replica-1.log log": "replica-1", "replica-2.log log": "replica-2", "info-replica.txt info": "replica",
		}},
		{"a dump by number fits the only log without one", map[string]string{
			"master.log log": "master", "info-master-1.txt info": "master", "slave.log log": "slave",
		}},
		{"old words for new", map[string]string{
			"primary.log log": "primary", "info-master.txt info": "primary", "replica-1.log log": "replica-1", "slowlog-slave-1.txt slowlog": "replica-1",
		}},
		{"ports", map[string]string{
			"7001.log log": "7001", "7002.log log": "7002", "info-7001.txt info": "7001", "redis_7003.log log": "redis_7003",
		}},
		{"counts are no ports", map[string]string{
			"redis.log log": "capture", "info-1.txt info": "capture", "info-0002.txt info": "capture", "info-17.txt info": "capture",
		}},
		{"the root is an instance", map[string]string{
			"redis.log log": "capture", "info.log info": "capture", "slowlog.txt slowlog": "capture", "info/info-1795373130.txt info": "capture",
		}},
		{"the root holds one by name", map[string]string{"replica-1.log log": "replica-1", "config.txt config": "replica-1", "info.txt info": "replica-1"}},
		{"the root holds instances and files", map[string]string{
			"redis-a/redis.log log": "redis-a", "redis-b/redis.log log": "redis-b", "sentinel.log log": "sentinel", "redis.conf config": "",
		}},
		{"shards", map[string]string{
			"shard-1/redis-a/redis.log log": "shard-1/redis-a", "shard-2/redis-a/redis.log log": "shard-2/redis-a", "shard-2/redis-b/redis.log log": "redis-b",
			"shard-3/primary.log log": "shard-3/primary", "shard-4/primary.log log": "shard-4/primary", "shard-3/replica.log log": "shard-3/replica", "shard-4/replica.log log": "shard-4/replica",
		}},
		{"hosts", map[string]string{
			"host-1/var/log/redis/redis.log log": "host-1", "host-1/etc/redis/redis.conf config": "host-1", "host-2/var/log/redis/redis.log log": "host-2",
			"host-2/var/log/redis/sentinel.log log": "sentinel",
		}},
		{"by time", map[string]string{
			"20261122T184530Z/redis-a/info.txt info": "redis-a", "20261122T184540Z/redis-a/info.txt info": "redis-a", "20261122T184540Z/redis-b/info.txt info": "redis-b",
			"redis-a/redis.log log": "redis-a", "redis-b/redis.log log": "redis-b",
		}},
		{"a server and its Sentinel in one directory", map[string]string{
			"node-1/redis.log log": "node-1", "node-1/sentinel.log log": "node-1/sentinel", "node-1/sentinel.conf config": "node-1/sentinel", "node-1/info.txt info": "node-1",
			"node-2/redis.log log": "node-2", "node-2/sentinel.log log": "node-2/sentinel",
		}},
		{"what is nothing names nobody", map[string]string{
			"redis-a/redis.log log": "redis-a", "redis-a/IMG_1.jpg other": "", "redis-a/df.txt other": "", "notes.md other": "",
		}},
		{"events of a latency history are nobody's names", map[string]string{
			"redis-a/redis.log log": "redis-a", "redis-a/latency-history-fork.txt latency": "redis-a", "redis-a/latency-history-command.txt latency": "redis-a",
		}},
		{"a file without a name is the primary's", map[string]string{
			"primary.log log": "primary", "replica-1.log log": "replica-1", "config.txt config": "primary",
		}},
		{"or the one's that says so", map[string]string{
			"x.log log 1:M 22 Nov": "x", "y.log log 1:S 22 Nov": "y", "slowlog.txt slowlog": "x",
		}},
		{"or the one's whose port it states", map[string]string{
			"x.log log * Running mode=standalone, port=6379.": "x", "y.log log * Running mode=standalone, port=6380.": "y", "config.txt config port|6380": "y", "redis.conf config port 6379": "x",
		}},
		{"or nobody's", map[string]string{
			"x.log log": "x", "y.log log": "y", "config.txt config": "",
		}},
		{"one process under two names", map[string]string{
			"redis-a.log log": "redis-a", "info-x.txt info run_id:" + id("1"): "redis-a", "redis-a-info.txt info run_id:" + id("1"): "redis-a",
			"info-y-01.txt info run_id:" + id("2"): "y", "info-y-02.txt info run_id:" + id("2"): "y",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) { names(t, tc.files) })
	}
}

// A file that is given by itself is named by its stem, its directory, its address, or its own name.
func TestNamesOfFiles(t *testing.T) {
	dir := tree(t, map[string]string{
		"redis-a/redis.log": "[log]\n", "redis-b/redis.log": "[log]\n", "primary.log": "[log]\n", "redis-c/logs/redis.log": "[log]\n",
	})
	t.Chdir(dir)
	for _, tc := range []struct{ roots, want string }{
		{"redis-a/redis.log redis-b/redis.log", "redis-a redis-b"},
		{"redis-a/redis.log", "redis-a"},
		{"redis-a redis-b", "redis-a redis-b"},
		{"primary.log", "primary"},
		{"redis-c/logs/redis.log", "redis-c"},
		{"redis-c/logs", "redis-c"},
		{".", "redis-a redis-b redis-c primary"},
	} {
		seen := map[string]bool{}
		for _, f := range familiesOf(t, strings.Fields(tc.roots)) {
			seen[f.instanceName()] = true
		}
		want := map[string]bool{}
		for _, n := range strings.Fields(tc.want) {
			want[n] = true
		}
		if d := cmp.Diff(want, seen); d != "" {
			t.Errorf("%s: %s", tc.roots, d)
		}
	}
	t.Chdir(filepath.Join(dir, "redis-a"))
	if fams := familiesOf(t, []string{"."}); fams[0].instanceName() != "redis-a" {
		t.Errorf("here is %q", fams[0].instanceName())
	}
	if fams := familiesOf(t, []string{"redis.log"}); fams[0].instanceName() != "redis" {
		t.Errorf("a file here is of %q", fams[0].instanceName())
	}
}

// Archives are directories: neither their suffix nor their single top folder is a name.
func TestNamesInArchives(t *testing.T) {
	one := map[string]string{"redis-a/redis.log": "[log]\n", "redis-b/redis.log": "[log]\n"}
	dir := tree(t, map[string]string{
		"a.tar.gz": gz(tarred(map[string]string{"capture/primary.log": "[log]\n"})),
		"b.zip":    zipped(map[string]string{"redis.log": "[log]\n"}),
		"c.tgz":    gz(tarred(one)),
		"d.tgz":    gz(tarred(one)),
	})
	for _, tc := range []struct{ roots, want string }{
		{"a.tar.gz", "primary"},
		{"b.zip", "b"},
		{"c.tgz", "redis-a redis-b"},
		{"c.tgz d.tgz", "c/redis-a c/redis-b d/redis-a d/redis-b"},
	} {
		var roots []string
		for _, r := range strings.Fields(tc.roots) {
			roots = append(roots, filepath.Join(dir, r))
		}
		seen := map[string]bool{}
		for _, f := range familiesOf(t, roots) {
			seen[f.instanceName()] = true
		}
		want := map[string]bool{}
		for _, n := range strings.Fields(tc.want) {
			want[n] = true
		}
		if d := cmp.Diff(want, seen); d != "" {
			t.Errorf("%s: %s", tc.roots, d)
		}
	}
}

// CONFIG GET prints an empty value as an empty line: the next setting's name is no address.
func TestNamesAreNoAddresses(t *testing.T) {
	h := hinter{"config", HeadBytes, (*scanner).settingLine}.scan([]byte("slave-announce-ip\nreplica-announce-ip\nreplica-announce-ip\n10.1.0.3\ntls-port\n0\n"))
	if want := []string{"10.1.0.3:6379"}; !slices.Equal(h.Own, want) {
		t.Errorf("own %q, want %q", h.Own, want)
	}
}

func TestEmptySettingIsNoAddress(t *testing.T) {
	h := hinter{"config", HeadBytes, (*scanner).settingLine}.scan([]byte("replica-announce-ip\n\nset-max-listpack-value\n64\nport\n6379\n"))
	if len(h.Own) != 0 || h.Port != "6379" {
		t.Errorf("own %q, port %q: want none and 6379", h.Own, h.Port)
	}
}
