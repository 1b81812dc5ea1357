package table

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		value string
		want  int64
		ok    bool
	}{
		{"0", 0, true},
		{"1048576", 1048576, true},
		{"1b", 1, true},
		{"1k", 1000, true},
		{"1kb", 1024, true},
		{"1KB", 1024, true},
		{"2Mb", 2 << 20, true},
		{"2m", 2_000_000, true},
		{"3g", 3_000_000_000, true},
		{"3GB", 3 << 30, true},
		{" 64mb ", 64 << 20, true},
		{"9223372036854775807", 9223372036854775807, true},
		{"9223372036854775808", 0, false},
		{"9223372036854775807k", 0, false},
		{"-1", 0, false},
		{"", 0, false},
		{"mb", 0, false},
		{"10%", 0, false},
		{"1 kb", 0, false},
		{"1.5gb", 0, false},
		{"1tb", 0, false},
	} {
		if got, ok := ParseSize(c.value); got != c.want || ok != c.ok {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, %v", c.value, got, ok, c.want, c.ok)
		}
	}
}

func TestParseOutputBufferLimit(t *testing.T) {
	type limit struct {
		hard, soft, seconds int64
		ok                  bool
	}
	all := "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
	for _, c := range []struct {
		value, class string
		want         limit
	}{
		{all, "replica", limit{268435456, 67108864, 60, true}},
		{all, "slave", limit{268435456, 67108864, 60, true}},
		{all, "normal", limit{0, 0, 0, true}},
		{all, "pubsub", limit{33554432, 8388608, 60, true}},
		{"replica 256mb 64mb 60", "replica", limit{256 << 20, 64 << 20, 60, true}},
		{"Replica 256MB 64m 60", "slave", limit{256 << 20, 64_000_000, 60, true}},
		{"replica 256mb 64mb 60", "normal", limit{}},
		{"replica 1 1 1 replica 2 2 2", "replica", limit{2, 2, 2, true}},
		{"replica 256mb 64mb", "replica", limit{}},
		{"replica lots 64mb 60", "replica", limit{}},
		{"replica 256mb 64mb soon", "replica", limit{}},
		{"", "replica", limit{}},
	} {
		var got limit
		got.hard, got.soft, got.seconds, got.ok = ParseOutputBufferLimit(c.value, c.class)
		if got != c.want {
			t.Errorf("ParseOutputBufferLimit(%q, %q) = %+v, want %+v", c.value, c.class, got, c.want)
		}
	}
}

func TestSettingName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"MaxMemory", "maxmemory"},
		{"slaveof", "replicaof"},
		{"slave-priority", "replica-priority"},
		{"repl-ping-slave-period", "repl-ping-replica-period"},
		{"min-slaves-to-write", "min-replicas-to-write"},
		{"cluster-slave-validity-factor", "cluster-replica-validity-factor"},
		{"masterauth", "masterauth"},
		{"primaryauth", "masterauth"},
		{"lua-time-limit", "busy-reply-threshold"},
		{"commandlog-execution-slower-than", "slowlog-log-slower-than"},
		{"commandlog-slow-execution-max-len", "slowlog-max-len"},
	} {
		if got := SettingName(c.name); got != c.want {
			t.Errorf("SettingName(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDefaultSetting(t *testing.T) {
	for _, c := range []struct {
		name, flavor, version, want string
		ok                          bool
	}{
		{"repl-backlog-size", "redis", "2.8.24", "1048576", true},
		{"repl-backlog-size", "redis", "8.0.0", "1048576", true},
		{"repl-backlog-size", "valkey", "7.2.7", "1048576", true},
		{"repl-backlog-size", "valkey", "8.0.1", "10485760", true},
		{"repl-backlog-size", "valkey", "9.0.0", "10485760", true},
		{"repl-backlog-size", "valkey", "", "", false},
		{"repl-backlog-size", "redis", "", "1048576", true},
		{"repl-backlog-size", "", "8.0.1", "", false},
		{"repl-backlog-size", "", "6.2.16", "1048576", true},
		{"repl-diskless-sync", "redis", "6.2.16", "no", true},
		{"repl-diskless-sync", "redis", "7.0.15", "yes", true},
		{"repl-diskless-sync", "", "", "", false},
		{"repl-timeout", "", "", "60", true},
		{"repl-timeout", "redis", "garbage", "60", true},
		{"repl-diskless-load", "redis", "5.0.14", "", false},
		{"hide-user-data-from-log", "valkey", "8.0.1", "yes", true},
		{"hide-user-data-from-log", "redis", "7.4.1", "no", true},
		{"hide-user-data-from-log", "redis", "7.2.6", "", false},
		{"dual-channel-replication-enabled", "redis", "8.0.0", "", false},
		{"no-such-setting", "redis", "7.4.1", "", false},
	} {
		if got, ok := DefaultSetting(c.name, c.flavor, c.version); got != c.want || ok != c.ok {
			t.Errorf("DefaultSetting(%q, %q, %q) = %q, %v; want %q, %v", c.name, c.flavor, c.version, got, ok, c.want, c.ok)
		}
	}
}

// The rows stand under the names that ingest writes, and no version of one flavor has two defaults.
func TestDefaultsAreConsistent(t *testing.T) {
	for _, d := range settingDefaults {
		if SettingName(d.name) != d.name {
			t.Errorf("default of %q stands under an old name, want %q", d.name, SettingName(d.name))
		}
	}
	for i, a := range settingDefaults {
		for _, b := range settingDefaults[i+1:] {
			flavors := a.flavor == b.flavor || a.flavor == "" || b.flavor == ""
			apart := a.until != 0 && a.until <= b.from || b.until != 0 && b.until <= a.from
			if a.name == b.name && flavors && !apart {
				t.Errorf("%s: two defaults for one version: %v and %v", a.name, a, b)
			}
		}
	}
	limits, _ := DefaultSetting("client-output-buffer-limit", "", "")
	if hard, soft, seconds, ok := ParseOutputBufferLimit(limits, "replica"); !ok || hard != 256<<20 || soft != 64<<20 || seconds != 60 {
		t.Errorf("the default limits read %d %d %d %v, want 256mb 64mb 60", hard, soft, seconds, ok)
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"1", "1kb", "-5", "99999999999999999999", "1\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := ParseSize(s); ok && n < 0 {
			t.Errorf("ParseSize(%q) = %d", s, n)
		}
	})
}

func TestParseSizeReadsWhatConfigGetPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Min(0).Draw(t, "n")
		if got, ok := ParseSize(strconv.FormatInt(n, 10)); !ok || got != n {
			t.Fatalf("%d came back as %d, %v", n, got, ok)
		}
	})
}
