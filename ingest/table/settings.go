package table

import (
	"math"
	"strconv"
	"strings"
)

// SettingName is the name under which a setting stands in [Setting]: lower case, and of two names
// for one setting the later one, as renamed in redis 5.0 (slave, replica) and by the aliases of
// redis 7.4.1 config.c and valkey 8.1 config.c. Only the credentials of the replication link keep
// their Redis name, which both servers understand.
func SettingName(name string) string {
	name = strings.ToLower(name)
	for _, r := range renamedSettings {
		if name == r.old {
			return r.now
		}
	}
	if !strings.Contains(name, "slave") {
		return name
	}
	name = strings.ReplaceAll(name, "slaves", "replicas")
	return strings.ReplaceAll(name, "slave", "replica")
}

var renamedSettings = []struct{ old, now string }{
	{"lua-time-limit", "busy-reply-threshold"},
	{"primaryauth", "masterauth"},
	{"primaryuser", "masteruser"},
	{"commandlog-execution-slower-than", "slowlog-log-slower-than"},
	{"commandlog-slow-execution-max-len", "slowlog-max-len"},
}

// ParseSize reads a size in bytes as Redis does (7.4.1 util.c memtoull): 1k is 1000 and 1kb is
// 1024, in either case. A negative size, an unknown suffix and a number beyond 63 bits are not sizes.
func ParseSize(value string) (int64, bool) {
	value = strings.TrimSpace(value)
	digits := 0
	for digits < len(value) && value[digits] >= '0' && value[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(value[:digits], 10, 64)
	if err != nil {
		return 0, false
	}
	for _, u := range sizeUnits {
		if strings.EqualFold(value[digits:], u.suffix) {
			if n > math.MaxInt64/u.bytes {
				return 0, false
			}
			return n * u.bytes, true
		}
	}
	return 0, false
}

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{
	{"", 1},
	{"b", 1},
	{"k", 1000},
	{"kb", 1 << 10},
	{"m", 1000 * 1000},
	{"mb", 1 << 20},
	{"g", 1000 * 1000 * 1000},
	{"gb", 1 << 30},
}

// ParseOutputBufferLimit reads one class (normal, replica or pubsub; slave means replica) out of a
// client-output-buffer-limit: what CONFIG GET prints, all classes in one value, or what redis.conf
// has, one class a line. Limits are bytes, and 0 is none. Not ok where the value does not speak of
// the class.
func ParseOutputBufferLimit(value, class string) (hard, soft, seconds int64, ok bool) {
	class = limitClass(class)
	words := strings.Fields(value)
	for ; len(words) >= 4; words = words[4:] {
		if limitClass(words[0]) != class {
			continue
		}
		h, okHard := ParseSize(words[1])
		s, okSoft := ParseSize(words[2])
		sec, err := strconv.ParseInt(words[3], 10, 64)
		if !okHard || !okSoft || err != nil {
			return 0, 0, 0, false
		}
		// A class named twice: the last one holds, as when the server reads its file.
		hard, soft, seconds, ok = h, s, sec, true
	}
	return hard, soft, seconds, ok
}

func limitClass(word string) string {
	word = strings.ToLower(word)
	if word == "slave" {
		return "replica"
	}
	return word
}

// DefaultSetting is the value a server of this flavor (redis or valkey) and version has for a
// setting that nobody set, as CONFIG GET would print it; name as in [Setting]. Where flavor or
// version is empty or unreadable there is an answer only if all candidates agree on it. Not ok for
// settings without a row below and for versions that do not have the setting.
func DefaultSetting(name, flavor, version string) (string, bool) {
	v, known := versionNumber(version)
	found, value := false, ""
	for _, d := range settingDefaults {
		switch {
		case d.name != name,
			flavor != "" && d.flavor != "" && flavor != d.flavor,
			known && (v < d.from || d.until != 0 && v >= d.until):
			continue
		case found && value != d.value:
			return "", false
		}
		found, value = true, d.value
	}
	return value, found
}

// versionNumber is major*100+minor: releases of one minor version share their defaults.
func versionNumber(version string) (int, bool) {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil || a < 0 || b < 0 || b > 99 {
		return 0, false
	}
	return a*100 + b, true
}

// settingDefaults holds what config.c and server.h (redis.h in 2.8) of the tags 2.8.24 to 8.0-m01
// and valkey 7.2.7 to 8.0.1 say. A flavor "" is both; from and until are major*100+minor, until is
// the first version it no longer holds for, 0 is no end. Valkey begins at 7.2.
var settingDefaults = []struct {
	name        string
	flavor      string
	from, until int
	value       string
}{
	{"repl-backlog-size", "", 0, 800, "1048576"}, // 2.8 redis.h:97, 7.4.1 config.c:3208
	{"repl-backlog-size", "redis", 800, 0, "1048576"},
	{"repl-backlog-size", "valkey", 800, 0, "10485760"}, // 8.0.1 config.c:3230
	{"repl-backlog-ttl", "", 0, 0, "3600"},
	{"repl-diskless-sync", "redis", 208, 700, "no"},
	{"repl-diskless-sync", "", 700, 0, "yes"}, // 7.0.15 config.c:2985
	{"repl-diskless-sync-delay", "", 208, 0, "5"},
	{"repl-diskless-sync-max-replicas", "", 700, 0, "0"},
	{"repl-diskless-load", "", 600, 0, "disabled"},
	{"repl-timeout", "", 0, 0, "60"},
	{"repl-ping-replica-period", "", 0, 0, "10"}, // repl-ping-slave-period to 4.0
	{"client-output-buffer-limit", "", 0, 0, "normal 0 0 0 replica 268435456 67108864 60 pubsub 33554432 8388608 60"},
	{"dual-channel-replication-enabled", "valkey", 800, 0, "no"},
	{"slowlog-log-slower-than", "", 0, 0, "10000"},
	{"slowlog-max-len", "", 0, 0, "128"},
	{"latency-monitor-threshold", "", 208, 0, "0"},
	{"hide-user-data-from-log", "redis", 704, 0, "no"},
	{"hide-user-data-from-log", "valkey", 800, 0, "yes"},
	{"shutdown-timeout", "", 700, 0, "10"},
	{"hz", "", 0, 0, "10"},
	{"cluster-node-timeout", "", 300, 0, "15000"},
	{"sentinel down-after-milliseconds", "", 0, 0, "30000"},
	{"sentinel failover-timeout", "", 0, 0, "180000"},
}
