package ingest

import (
	"cmp"
	"slices"
	"strings"
)

// stemClass is what a file's name says about whose it is.
type stemClass int

const (
	neutral  stemClass = iota // nothing: info.log, slowlog.txt
	server                    // some server: redis.log
	watcher                   // some Sentinel: sentinel.log
	number                    // a port, or a count: 7001.log, info-17.txt
	specific                  // somebody: redis-b.log, primary.log
)

// stemOf is a file's name, its rotation taken off already, without the words at either end that say its kind.
func stemOf(name string) string {
	isSep := func(c byte) bool { return strings.IndexByte("-._ ", c) >= 0 }
	isKind := func(w string) bool { return w == "" || slices.Contains(kindWords[:], strings.ToLower(w)) }
	for name != "" {
		i := 0
		for i < len(name) && !isSep(name[i]) {
			i++
		}
		j := len(name)
		for j > 0 && !isSep(name[j-1]) {
			j--
		}
		switch {
		case isKind(name[:i]):
			name = name[min(i+1, len(name)):]
		case isKind(name[j:]):
			name = name[:max(j-1, 0)]
		default:
			return withoutServer(name)
		}
	}
	return ""
}

// withoutServer takes a server's usual name off the end: redis-a.redis is redis-a.
func withoutServer(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i > 0 && normal(name[:i]) == normal(name[i+1:]) { // redis-a.redis-a: a directory's name and its file's
		return name[:i]
	}
	if i > 0 && (slices.Contains(serverNames[:], normal(name[i+1:])) || slices.Contains(watcherNames[:], normal(name[i+1:]))) {
		return name[:i]
	}
	return name
}

// normal is a stem as it is compared: redis_1 and Redis-1 are one, and old words are the new ones.
func normal(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "_", "-")
	s = strings.ReplaceAll(s, "master", "primary")
	return strings.ReplaceAll(s, "slave", "replica")
}

func isContainerID(s string) bool {
	return len(s) >= 12 && strings.Trim(s, "0123456789abcdef") == "" && strings.ContainsAny(s, "0123456789")
}

// settleNumbers tells ports from counts: 7001.log from info-17.txt.
func settleNumbers(fams []*family) {
	seen := map[string]bool{}
	for _, f := range fams {
		if f.class == number {
			seen[f.stem] = true
		}
	}
	for _, f := range fams {
		if f.class != number {
			continue
		}
		isPort := len(f.stem) >= 4 && len(f.stem) <= 5 && f.stem[0] != '0' && len(seen) <= portsMax
		if isPort {
			f.class = specific
		} else {
			f.class = neutral
		}
	}
}

// stems are names by which files of a directory are told apart, as they compare.
type stems struct {
	spelt map[string]string   // how the files spell each, a log's way first
	bare  map[string][]string // by what is left of them without a number behind
}

func newStems() *stems { return &stems{map[string]string{}, map[string][]string{}} }

func (s *stems) add(f *family) {
	n := normal(f.stem)
	if _, known := s.spelt[n]; !known {
		s.bare[withoutNumber(n)] = append(s.bare[withoutNumber(n)], n)
		s.spelt[n] = f.stem
	} else if f.isLog() {
		s.spelt[n] = f.stem
	}
}

func withoutNumber(s string) string {
	return strings.TrimRight(strings.TrimRight(s, "0123456789"), "-")
}

// fit finds f's name among s: itself, or the only one that differs by a number behind it and that no other of
// f's kind could stand for: info-replica.txt is replica-1.log's where there is no replica-2.log.
func (s *stems) fit(f *family, ofItsKind *stems) (string, bool) {
	if f.class != specific {
		return "", false
	}
	n := normal(f.stem)
	if _, ok := s.spelt[n]; ok {
		return n, true
	}
	near := s.bare[n]
	if _, ok := s.spelt[withoutNumber(n)]; ok {
		near = append(slices.Clone(near), withoutNumber(n))
	}
	if len(near) != 1 {
		return "", false
	}
	if _, ok := ofItsKind.spelt[near[0]]; ok {
		return "", false
	}
	for _, other := range ofItsKind.bare[withoutNumber(near[0])] {
		if other != n {
			return "", false
		}
	}
	return near[0], true
}

// stemsOf are the names of a directory's logs, of its other files, and those that tell its files apart: those
// of logs and dumps, or where there are neither, of anything. A dump's name that fits just one log's is that log's.
func stemsOf(fams []*family) (logs, others, apart *stems) {
	logs, others, apart = newStems(), newStems(), newStems()
	infos, anchored := newStems(), false
	for _, f := range fams {
		anchored = anchored || f.isAnchor()
		switch {
		case f.class != specific:
		case f.isLog():
			logs.add(f)
			apart.add(f)
		default:
			others.add(f)
			if f.isAnchor() {
				infos.add(f)
			}
		}
	}
	if !anchored {
		return logs, others, others
	}
	for _, f := range fams {
		if f.class == specific && f.kind == "info" {
			if _, ok := logs.fit(f, infos); !ok {
				apart.add(f)
			}
		}
	}
	return logs, others, apart
}

// countedOnly reports whether the files of a directory are told apart by a number alone and are one server's: each is of another kind
// (file1 the log, file2 the slowlog), or a log that goes on where another ends, as its rotations do.
func countedOnly(fams []*family) bool {
	kinds, words := map[string]bool{}, map[string]bool{}
	var logs []*family
	n := 0
	for _, f := range fams {
		if f.class != specific {
			continue
		}
		switch {
		case f.isLog():
			logs = append(logs, f)
		case kinds[f.kind]:
			return false
		}
		kinds[f.kind] = true
		words[withoutNumber(normal(f.stem))] = true
		n++
	}
	if n < 2 || len(words) != 1 {
		return false
	}
	slices.SortFunc(logs, func(a, b *family) int { return cmp.Compare(a.hints.From, b.hints.From) })
	for i := 1; i < len(logs); i++ {
		if logs[i].hints.From == 0 || logs[i-1].hints.From == 0 || logs[i].hints.From < logs[i-1].hints.To {
			return false
		}
	}
	return true
}

// portsMax is how many numbers may tell files of one directory apart; more are counts and no ports.
const portsMax = 32

// kindWords are the parts of file names that say what is in a file, not whose it is.
var kindWords = [...]string{
	"info", "infos", "information", "all", "everything", "default", "sample", "samples", "snapshot", "snapshots",
	"memory", "persistence", "stats", "cpu", "commandstats", "errorstats", "keyspace", "replication",
	"log", "logs", "logfile", "slowlog", "slowlogs", "slow", "commandlog", "entries",
	"config", "configs", "configuration", "conf", "cfg", "ini", "get",
	"sar", "sadf", "sysstat", "vmstat", "iostat", "mpstat", "pidstat", "top", "df", "meminfo", "diskstats", "loadavg", "psi", "pressure", "cgroup", "metrics", "dmesg",
	"client", "clients", "list", "latency", "latest", "history", "doctor", "collect",
	"json", "ndjson", "jsonl", "csv", "txt", "text", "md", "out", "output", "stdout", "stderr", "err", "raw", "tty", "resp", "dump", "dumps", "cli",
}

// serverNames are stems that every server's files have.
var serverNames = [...]string{
	"redis", "valkey", "keydb", "server", "redis-server", "valkey-server", "container", "docker", "journal", "journald", "journalctl",
	"syslog", "messages", "daemon", "current", "compose", "docker-compose", "pod", "pods", "kubectl", "-",
}

// hostNames are stems of files about the machine: they say no more whose they are than the directory does.
var hostNames = [...]string{"host", "node-exporter", "system", "kern", "kernel", "proc"}

var watcherNames = [...]string{"sentinel", "redis-sentinel", "valkey-sentinel"}
