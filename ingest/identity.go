package ingest

import (
	"hash/maphash"
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
	hints *Hints // noHints where nothing was said

	*folder
	stem  string // what its name says beyond its kind
	class stemClass
	whose *instance
}

// folder is where files lie; all that lie there share it.
type folder struct {
	root string   // as in Source
	dir  []string // the directory that says whose it is: the given path's parts without those that name no instance
	// place goes in front of the names of servers that turn out to be in a log there: what tells the directory from others with logs, with a slash
	// behind it. Empty where there is no other.
	place string
}

// noHints is what most of a million files say; it stays as it is.
var noHints Hints

// file is one file of a family.
type file struct {
	src *Source
	age
	kind string // "" where it was not looked at, notArtifact where that found nothing
}

// instance is one server process's evidence before it is read.
type instance struct {
	parts []string // its path: directories, and the stem where files are told apart by name
	name  string
	hints Hints
	// beyondLogs tells, once the unit is divided into parts, that some of its files are no logs.
	beyondLogs bool
}

// kindDirs are sub-folders that sort one instance's artifacts, or put older ones away.
var kindDirs = [...]string{
	"info", "infos", "log", "logs", "slowlog", "slowlogs", "config", "configs", "conf", "clients", "latency", "dumps", "samples", "snapshots",
	"metrics", "artifacts", "old", "archive", "archived", "rotated", "backup", "previous",
}

// systemDirs are where servers keep their files on a host: host-1/var/log/redis/redis.log is host-1's.
var systemDirs = [...]string{"var", "etc", "lib", "opt", "srv", "data", "usr", "local", "run"}

// families sorts the files into streams: a name with its rotations and dates, in one directory.
func (e *engine) families(sources []Source) []*family {
	var out []*family
	type key struct{ dir, family string }
	// By hashes of their keys: there may be a million, and the keys themselves took a third of the memory.
	byKey, seed, dirs := map[uint64]*family{}, maphash.MakeSeed(), map[string]*folder{}
	for i := range sources {
		src := &sources[i]
		rot := rotationOf(src.Name())
		dir := path.Dir(slashed(src.Path))
		at := maphash.Comparable(seed, key{dir, rot.family})
		f := byKey[at]
		for f != nil && familyKey(f.files[0].src.Path) != dir+"\x00"+rot.family {
			at++
			f = byKey[at]
		}
		if f == nil {
			root := slashed(src.Root())
			in := root + "\x00" + dir
			if dirs[in] == nil {
				dirs[in] = &folder{root: root, dir: slices.Clip(instanceDir(dir, root))}
			}
			f = &family{folder: dirs[in], hints: &noHints}
			f.understand(rot.family)
			byKey[at] = f
			out = append(out, f)
		}
		f.files = append(f.files, file{src: src, age: rot.age})
	}
	for _, f := range out {
		slices.SortStableFunc(f.files, func(a, b file) int { return compareAges(a.age, b.age) })
	}
	return out
}

// familyKey is the same for all files of a stream, and for no others.
func familyKey(p string) string {
	p = slashed(p)
	return path.Dir(p) + "\x00" + rotationOf(path.Base(p)).family
}

// understand reads a family's path: whose it may be.
func (f *family) understand(name string) {
	f.stem = stemOf(name)
	plain := normal(f.stem)
	switch {
	case f.stem == "" || slices.Contains(hostNames[:], plain):
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
		if f.hints != &noHints {
			f.hints.Lines = nil
		}
	}
	for _, in := range all {
		in.hints.Lines = nil
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
		for i, f := range fams {
			switch {
			case f.whose == nil:
			case i > 0 && fams[i-1].whose == f.whose && fams[i-1].hints == f.hints: // only the roles are counted
				f.whose.hints.Role += f.hints.Role
			default:
				f.whose.hints.add(*f.hints)
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
				name = trimExt(rotationOf(f.files[0].src.Name()).family)
			}
			f.whose = at(name)
		}
	}
	tell(waiting)
	return all
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
	if f.hints.RunID != "" {
		if in := pick(func(g *family) bool { return g.hints.RunID == f.hints.RunID }); in != nil {
			return in
		}
	}
	if f.hints.Port != "" {
		if in := pick(func(g *family) bool { return g.hints.Port == f.hints.Port }); in != nil {
			return in
		}
	}
	if f.isAnchor() {
		return nil
	}
	if in := pick(func(g *family) bool { return g.whose.hints.Role > 0 }); in != nil {
		return in
	}
	return pick(func(g *family) bool { return normal(g.stem) == "primary" })
}

func trimExt(s string) string { return strings.TrimSuffix(s, path.Ext(s)) }

// nameAll gives every instance the shortest end of its path that no other has. Where the path says
// nothing the address does, and else the first file's name.
func nameAll(all []*instance, fams []*family) {
	for _, in := range all {
		if len(in.parts) > 0 {
			continue
		}
		if len(in.hints.Own) > 0 {
			in.parts = []string{slices.Min(in.hints.Own)}
			continue
		}
		for _, f := range fams {
			if f.whose == in {
				in.parts = []string{trimExt(rotationOf(f.files[0].src.Name()).family)}
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
