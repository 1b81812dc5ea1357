package ingest

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"psyncope/ingest/table"
)

// alone reports whether two instances of one directory are the only ones in it: what is one of them is the directory.
func alone(all []*instance, into map[*instance]*instance, a, b *instance) bool {
	dir := a.parts[:len(a.parts)-1]
	if len(b.parts) != len(a.parts) || !slices.Equal(b.parts[:len(dir)], dir) {
		return false
	}
	for _, in := range all {
		if in != a && in != b && into[in] == nil && len(in.parts) > len(dir) && slices.Equal(in.parts[:len(dir)], dir) {
			return false
		}
	}
	return true
}

// sharedLines is from how many equal lines on, of process, time to the millisecond and text, two logs are one server's. Containers
// all have the process id 1, and two replicas may say the same in one millisecond; five times on end they do not.
const sharedLines = 5

// sameLines finds instances whose logs have a stretch in common, and joins them: neighbours in a directory, and those of one name in a
// copy of it.
func sameLines(all []*instance, join func(a, b *instance)) {
	byDir, byFirst := map[string][]*instance{}, map[string][]*instance{}
	lines := map[*instance][]uint32{}
	for _, in := range all {
		hashes := in.hints.hashes()
		if len(hashes) < sharedLines {
			continue
		}
		lines[in] = hashes
		n := max(len(in.parts)-1, 0)
		dir := strings.Join(in.parts[:n], "/")
		byDir[dir] = append(byDir[dir], in)
		key := strings.Join(in.parts[n:], "") + "\x00" + strconv.FormatUint(uint64(hashes[0]), 16)
		byFirst[key] = append(byFirst[key], in)
	}
	for _, near := range [...]map[string][]*instance{byDir, byFirst} {
		keys := slices.Sorted(maps.Keys(near))
		for _, k := range keys {
			members := near[k]
			if len(members) > siblingsMax {
				continue
			}
			for i, a := range members {
				for _, b := range members[i+1:] {
					if overlap(lines[a], lines[b]) {
						join(a, b)
					}
				}
			}
		}
	}
}

// overlap reports whether two logs have a stretch in common: from the first line that both have to the last, nearly all are both's.
func overlap(a, b []uint32) bool {
	common := func(a, b []uint32) (n, span int) {
		in := make(map[uint32]bool, len(b))
		for _, l := range b {
			in[l] = true
		}
		first, last := -1, -1
		for i, l := range a {
			if in[l] {
				if n++; first < 0 {
					first = i
				}
				last = i
			}
		}
		return n, last - first + 1
	}
	n, span := common(a, b)
	m, other := common(b, a)
	return n >= sharedLines && m >= sharedLines && n*10 >= span*9 && m*10 >= other*9
}

// named takes a person's word for whose a family's files are.
func (f *family) named(names map[string]string) {
	for file, name := range names {
		for _, x := range f.files {
			if p := slashed(x.src.evidence()); p == slashed(file) || strings.HasSuffix(p, "/"+slashed(file)) {
				f.folder = &folder{root: f.root, dir: append(slices.Clone(f.dir), name)}
				f.stem, f.class = "", neutral
				return
			}
		}
	}
}

// sameInstances makes one of instances that a person says are one.
func sameInstances(fams []*family, all []*instance, same map[string]string) []*instance {
	by := map[string]*instance{}
	for _, in := range all {
		by[in.name] = in
	}
	gone := map[*instance]bool{}
	for a, b := range same {
		x, y := by[a], by[b]
		if x == nil || y == nil || x == y {
			continue
		}
		for _, f := range fams {
			if f.whose == y {
				f.whose = x
			}
		}
		x.hints.add(y.hints)
		x.hints.compact()
		by[b] = x
		gone[y] = true
	}
	return slices.DeleteFunc(all, func(in *instance) bool { return gone[in] })
}

// renameSame does it for instances that only their lines in somebody's file show.
func renameSame(c *table.Case, same map[string]string) {
	to := map[string]string{}
	for a, b := range same {
		to[b] = a
	}
	if len(to) == 0 {
		return
	}
	c.RenameInstances(to)
	slices.SortStableFunc(c.Instances, func(a, b table.Instance) int { return strings.Compare(a.Name, b.Name) })
	c.Instances = slices.CompactFunc(c.Instances, func(a, b table.Instance) bool { return a.Name == b.Name })
}

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
		if f.whose == nil || f.kind != "info" || f.hints.RunID == "" {
			continue
		}
		a, b := first[f.hints.RunID], find(f.whose)
		if a == nil {
			first[f.hints.RunID] = b
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
	sameProcess(fams, all, find, func(a, b *instance) {
		if order[b] < order[a] {
			a, b = b, a
		}
		if len(a.parts) > 1 && alone(all, into, a, b) {
			a.parts = a.parts[:len(a.parts)-1]
		} else if n := len(a.parts); n > 0 && len(b.parts) == n && len(b.parts[n-1]) < len(a.parts[n-1]) {
			a.parts = b.parts // redis-a of redis-a-redis.log and redis-a-info.log
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

// sameProcess joins, in one directory, a log without dumps and dumps without a log that name the same process, where nobody else does.
func sameProcess(fams []*family, all []*instance, find func(*instance) *instance, join func(a, b *instance)) {
	has := map[*instance]map[string]bool{}
	for _, f := range fams {
		if f.whose == nil {
			continue
		}
		in := find(f.whose)
		if has[in] == nil {
			has[in] = map[string]bool{}
		}
		has[in][f.kind] = true
	}
	type place struct {
		dir string
		pid int
	}
	logs, dumps := map[place][]*instance{}, map[place][]*instance{}
	for _, in := range all {
		if find(in) != in || in.hints.PID == 0 {
			continue
		}
		at := place{strings.Join(in.parts[:max(len(in.parts)-1, 0)], "/"), in.hints.PID}
		switch {
		case has[in]["log"] && !has[in]["info"]:
			logs[at] = append(logs[at], in)
		case has[in]["info"] && !has[in]["log"]:
			dumps[at] = append(dumps[at], in)
		}
	}
	for _, in := range all {
		at := place{strings.Join(in.parts[:max(len(in.parts)-1, 0)], "/"), in.hints.PID}
		if l, d := logs[at], dumps[at]; len(l) == 1 && len(d) == 1 && l[0] == in {
			join(l[0], d[0])
			delete(logs, at)
		}
	}
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
