package ingest

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// family is a stream of files: one file name with its rotations or dates, in one directory.
type family struct {
	files []file // oldest first
	kind  string // the format's name; "" where none claims it
	first string // how one of that kind begins: its first line
	hints hints

	root  string   // as in Source
	dir   []string // the directory that says whose it is: the given path's parts without those that name no instance
	stem  string   // what its name says beyond its kind
	class stemClass
	whose *instance
}

// file is one file of a family.
type file struct {
	src  *Source
	rot  rotated
	kind string // "" where it was not looked at
}

// instance is one server process's evidence before it is read.
type instance struct {
	parts []string // its path: directories, and the stem where files are told apart by name
	name  string
	hints hints
}

// stemClass is what a file's name says about whose it is.
type stemClass int

const (
	neutral  stemClass = iota // nothing: info.log, slowlog.txt
	server                    // some server: redis.log
	watcher                   // some Sentinel: sentinel.log
	number                    // a port, or a count: 7001.log, info-17.txt
	specific                  // somebody: redis-b.log, primary.log
)

// portsMax is how many numbers may tell files of one directory apart; more are counts and no ports.
const portsMax = 32

// kindWords are the parts of file names that say what is in a file, not whose it is.
var kindWords = [...]string{
	"info", "infos", "information", "all", "everything", "default", "sample", "samples", "snapshot", "snapshots",
	"memory", "persistence", "stats", "cpu", "commandstats", "errorstats", "keyspace", "replication",
	"log", "logs", "logfile", "slowlog", "slowlogs", "slow", "commandlog", "entries",
	"config", "configs", "configuration", "conf", "cfg", "ini", "get",
	"client", "clients", "list", "latency", "latest", "history", "doctor", "collect",
	"json", "ndjson", "jsonl", "csv", "txt", "text", "md", "out", "output", "stdout", "stderr", "err", "raw", "tty", "resp", "dump", "dumps", "cli",
}

// serverNames are stems that every server's files have.
var serverNames = [...]string{
	"redis", "valkey", "keydb", "server", "redis-server", "valkey-server", "container", "docker", "journal", "journald", "journalctl",
	"syslog", "messages", "daemon", "current", "compose", "docker-compose", "pod", "pods", "kubectl", "-",
}

var watcherNames = [...]string{"sentinel", "redis-sentinel", "valkey-sentinel"}

// kindDirs are sub-folders that sort one instance's artifacts, or put older ones away.
var kindDirs = [...]string{
	"info", "infos", "log", "logs", "slowlog", "slowlogs", "config", "configs", "conf", "clients", "latency", "dumps", "samples", "snapshots",
	"metrics", "artifacts", "old", "archive", "archived", "rotated", "backup", "previous",
}

// systemDirs are where servers keep their files on a host: host-1/var/log/redis/redis.log is host-1's.
var systemDirs = [...]string{"var", "etc", "lib", "opt", "srv", "data", "usr", "local", "run"}

// understand reads a family's path: whose it may be.
func (f *family) understand(name string, dir []string) {
	f.dir = dir
	f.stem = stemOf(name)
	plain := normal(f.stem)
	switch {
	case f.stem == "":
		f.class = neutral
	case slices.Contains(serverNames[:], plain) || isContainerID(plain):
		f.class = server
	case slices.Contains(watcherNames[:], plain):
		f.class = watcher
	case allDigits(plain):
		f.class = number
	default:
		f.class = specific
	}
}

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

// instanceDir is the path of a file's directory without the parts that name no instance. Of the root itself
// only a trailing folder of a kind is left out: redis-a/logs is redis-a.
func instanceDir(dir, root string) []string {
	above, below := dir, ""
	switch root {
	case "":
	case ".":
		above, below = root, dir
	default:
		above, below = root, strings.TrimPrefix(strings.TrimPrefix(dir, root), "/")
	}
	out := split(above)
	if root == "." || path.Base(root) == ".." { // have no name of their own
		if abs, err := filepath.Abs(root); err == nil {
			out = split(filepath.ToSlash(abs))
			out = out[max(len(out)-1, 0):]
		}
	}
	for len(out) > 1 && isOneOf(out[len(out)-1], kindDirs[:]) {
		out = out[:len(out)-1]
	}
	dropped := false
	for _, p := range split(below) {
		_, _, dated := cutDate(p)
		rest, _, _ := cutDate(p)
		transparent := isOneOf(p, kindDirs[:]) || isOneOf(p, systemDirs[:]) || dated && stemOf(rest) == "" ||
			dropped && isOneOf(p, serverNames[:])
		dropped = transparent
		if !transparent {
			out = append(out, p)
		}
	}
	return out
}

func isOneOf(s string, list []string) bool { return slices.Contains(list, strings.ToLower(s)) }

func split(p string) []string {
	var out []string
	for _, s := range strings.Split(p, "/") {
		if s != "" && s != "." {
			out = append(out, trimArchive(s))
		}
	}
	return out
}

// trimArchive makes capture of capture.tar.gz.
func trimArchive(s string) string {
	longest := 0
	for _, suffix := range archiveSuffixes {
		if len(s) > len(suffix) && strings.HasSuffix(strings.ToLower(s), suffix) {
			longest = max(longest, len(suffix))
		}
	}
	return s[:len(s)-longest]
}

// identify says whose each family is. Families that no format claims are nobody's and do not count.
//
// Content comes first: files with the run id of one process are one instance's. Then the path. A directory
// whose files do not name anybody is an instance; where they name several (redis-a.log, redis-b.log), each
// name is one. A file without a name among such is the only one's whose port it states, or else the
// only primary's: who publishes one slowlog or one configuration beside two logs means the primary's. If that
// leaves a doubt the file stays nobody's in particular (its instance is empty).
func identify(fams []*family) []*instance {
	dirs := map[string][]*family{}
	bases := basesOf(fams)
	for _, f := range fams {
		if f.kind != "" {
			k := strings.Join(f.dir, "/")
			dirs[k] = append(dirs[k], f)
		}
	}
	names := make([]string, 0, len(dirs))
	for d := range dirs {
		names = append(names, d)
	}
	slices.Sort(names)
	var all []*instance
	for i, d := range names {
		base := bases[d]
		// Sorted, what lies below d follows it, though not always at once: "a", "a-b", "a/c".
		below := false
		for _, e := range names[i+1:] {
			if strings.HasPrefix(e, d+"/") || d == "" {
				below = true
				break
			}
			if !strings.HasPrefix(e, d) {
				break
			}
		}
		all = append(all, identifyDir(dirs[d], base, below)...)
	}
	all = mergeProcesses(fams, all)
	for _, f := range fams {
		f.hints.lines = nil
	}
	for _, in := range all {
		in.hints.lines = nil
	}
	for _, in := range all {
		in.hints.compact()
	}
	nameAll(all, fams)
	return all
}

// basesOf are the directories that were asked for: a capture's own name is no instance's where it
// holds several. An archive's single top folder is as good as the archive.
func basesOf(fams []*family) map[string]bool {
	out := map[string]bool{}
	top := map[string][]string{}
	for _, f := range fams {
		if f.root == "" {
			out[strings.Join(f.dir, "/")] = true
			continue
		}
		if !namedArchive(path.Base(f.root)) {
			out[strings.Join(instanceDir(f.root, f.root), "/")] = true
			continue
		}
		if t, seen := top[f.root]; seen {
			n := 0
			for n < len(t) && n < len(f.dir) && t[n] == f.dir[n] {
				n++
			}
			top[f.root] = t[:n]
		} else {
			top[f.root] = f.dir
		}
	}
	for root, t := range top {
		n := len(instanceDir(root, root))
		out[strings.Join(t[:min(n, len(t))], "/")] = true
		out[strings.Join(t[:min(n+1, len(t))], "/")] = true
	}
	return out
}

// isAnchor reports whether a family's kind is one that every instance has: others go where these are.
func (f *family) isAnchor() bool { return f.kind == "info" || f.isLog() }
func (f *family) isLog() bool    { return f.kind == "log" || f.kind == "sentinel-log" }

// identifyDir says whose the files of one directory are.
func identifyDir(fams []*family, base, below bool) []*instance {
	dir := fams[0].dir
	settleNumbers(fams)
	logs, others, apartBy := stemsOf(fams)
	if !base && countedOnly(fams) {
		apartBy = newStems()
	}
	// redis-a/redis-a-json.log says nothing that its directory has not said.
	if len(apartBy.spelt) == 1 && len(dir) > 0 && apartBy.spelt[normal(dir[len(dir)-1])] != "" {
		apartBy = newStems()
	}
	serverLog, watcherLog := "", ""
	for _, f := range fams {
		switch {
		case f.class == server && f.isLog():
			serverLog = f.stem
		case f.class == watcher && f.isLog():
			watcherLog = f.stem
		}
	}
	keys := map[string]*instance{}
	var all []*instance
	at := func(stem string) *instance {
		k := normal(stem)
		if keys[k] == nil {
			keys[k] = &instance{parts: dir}
			if stem != "" {
				keys[k].parts = append(slices.Clone(dir), stem)
			}
			all = append(all, keys[k])
		}
		return keys[k]
	}
	// one is the name of the instance that the directory itself is; flat where it is none.
	one, flat := "", false
	switch {
	case len(apartBy.spelt) > 1, len(apartBy.spelt) == 1 && serverLog != "":
		flat = true
	case len(apartBy.spelt) == 1 && base:
		one = slices.Collect(maps.Values(apartBy.spelt))[0]
	case len(apartBy.spelt) == 0 && base && below:
		one = serverLog
		flat = serverLog == ""
	}
	apart := watcherLog != "" && (flat || serverLog != "" || len(apartBy.spelt) > 0)
	var waiting []*family
	for _, f := range fams {
		ofItsKind := others
		if f.isLog() {
			ofItsKind = logs
		}
		stem, named := apartBy.fit(f, ofItsKind)
		switch {
		case named && flat:
			f.whose = at(apartBy.spelt[stem])
		case f.class == watcher && apart:
			f.whose = at(watcherLog)
		case f.class == server && f.isLog() && flat:
			f.whose = at(serverLog)
		case !flat:
			f.whose = at(one)
		default:
			waiting = append(waiting, f)
		}
	}
	tell := func(fams []*family) {
		for _, f := range fams {
			if f.whose != nil {
				f.whose.hints.add(f.hints)
			}
		}
	}
	tell(fams)
	for _, f := range waiting {
		if len(all) == 1 && !below {
			f.whose = all[0]
		} else {
			f.whose = ownerOf(f, fams)
		}
	}
	for _, f := range waiting {
		if f.whose == nil && f.isAnchor() {
			name := f.stem
			if name == "" {
				name = trimExt(f.files[0].rot.family)
			}
			f.whose = at(name)
		}
	}
	tell(waiting)
	return all
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
	slices.SortFunc(logs, func(a, b *family) int { return cmp.Compare(a.hints.from, b.hints.from) })
	for i := 1; i < len(logs); i++ {
		if logs[i].hints.from == 0 || logs[i-1].hints.from == 0 || logs[i].hints.from < logs[i-1].hints.to {
			return false
		}
	}
	return true
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

// ownerOf finds whose a file is that does not say so by its name.
func ownerOf(f *family, fams []*family) *instance {
	pick := func(match func(g *family) bool) *instance {
		var found *instance
		for _, g := range fams {
			if g.whose == nil || g == f || !match(g) || g.whose == found {
				continue
			}
			if found != nil {
				return nil
			}
			found = g.whose
		}
		return found
	}
	if f.hints.runID != "" {
		if in := pick(func(g *family) bool { return g.hints.runID == f.hints.runID }); in != nil {
			return in
		}
	}
	if f.hints.port != "" {
		if in := pick(func(g *family) bool { return g.hints.port == f.hints.port }); in != nil {
			return in
		}
	}
	if f.isAnchor() {
		return nil
	}
	if in := pick(func(g *family) bool { return g.whose.hints.role > 0 }); in != nil {
		return in
	}
	return pick(func(g *family) bool { return normal(g.stem) == "primary" })
}

func trimExt(s string) string { return strings.TrimSuffix(s, path.Ext(s)) }

// mergeProcesses makes one instance of those whose dumps carry one run id.
func mergeProcesses(fams []*family, all []*instance) []*instance {
	first := map[string]*instance{}
	into := map[*instance]*instance{}
	find := func(in *instance) *instance {
		for into[in] != nil {
			in = into[in]
		}
		return in
	}
	order := map[*instance]int{}
	for i, in := range all {
		order[in] = i
	}
	logs := map[*instance]bool{}
	for _, f := range fams {
		if f.whose != nil && f.isLog() {
			logs[f.whose] = true
		}
	}
	for _, f := range fams {
		if f.whose == nil || f.kind != "info" || f.hints.runID == "" {
			continue
		}
		a, b := first[f.hints.runID], find(f.whose)
		if a == nil {
			first[f.hints.runID] = b
			continue
		}
		if a = find(a); a == b {
			continue
		}
		// The one with a log keeps its name, else the first.
		if logs[b] && !logs[a] || logs[a] == logs[b] && order[b] < order[a] {
			a, b = b, a
		}
		if s, ok := commonStem(a, b); ok && !logs[a] {
			a.parts = append(slices.Clone(a.parts[:len(a.parts)-1]), s)
		}
		into[b] = a
		a.hints.add(b.hints)
	}
	sameLines(all, func(a, b *instance) {
		a, b = find(a), find(b)
		if a == b {
			return
		}
		if order[b] < order[a] {
			a, b = b, a
		}
		if len(a.parts) > 1 && alone(all, into, a, b) {
			a.parts = a.parts[:len(a.parts)-1]
		}
		into[b] = a
		a.hints.add(b.hints)
	})
	if len(into) == 0 {
		return all
	}
	for _, f := range fams {
		if f.whose != nil {
			f.whose = find(f.whose)
		}
	}
	return slices.DeleteFunc(all, func(in *instance) bool { return into[in] != nil })
}

// commonStem is what is left of two names that differ by a count alone: redis-a-001 and redis-a-002.
func commonStem(a, b *instance) (string, bool) {
	n := len(a.parts)
	if n == 0 || n != len(b.parts) || !slices.Equal(a.parts[:n-1], b.parts[:n-1]) {
		return "", false
	}
	bare := func(s string) string { return strings.TrimRight(strings.TrimRight(s, "0123456789"), "-._ ") }
	x, y := bare(a.parts[n-1]), bare(b.parts[n-1])
	return x, x == y && x != ""
}

// nameAll gives every instance the shortest end of its path that no other has. Where the path says
// nothing the address does, and else the first file's name.
func nameAll(all []*instance, fams []*family) {
	for _, in := range all {
		if len(in.parts) > 0 {
			continue
		}
		if len(in.hints.own) > 0 {
			in.parts = []string{slices.Min(in.hints.own)}
			continue
		}
		for _, f := range fams {
			if f.whose == in {
				in.parts = []string{trimExt(f.files[0].rot.family)}
				if f.files[0].src.Path == "-" {
					in.parts = []string{"stdin"}
				}
				break
			}
		}
	}
	left := all
	for n := 1; len(left) > 0; n++ {
		count := map[string]int{}
		suffix := func(in *instance) string { return strings.Join(in.parts[max(len(in.parts)-n, 0):], "/") }
		for _, in := range all {
			count[suffix(in)]++
		}
		var next []*instance
		for _, in := range left {
			s := suffix(in)
			switch {
			case count[s] == 1:
				in.name = s
			case n >= len(in.parts):
				// Two archives of one name in one place: capture.zip, capture.tar.
				in.name = s
				for k := 2; taken(all, in, in.name); k++ {
					in.name = s + "#" + string(rune('0'+k%10))
				}
			default:
				next = append(next, in)
			}
		}
		left = next
	}
}

func taken(all []*instance, but *instance, name string) bool {
	for _, in := range all {
		if in != but && in.name == name {
			return true
		}
	}
	return false
}
