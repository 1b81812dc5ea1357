package ingest

import (
	"slices"
	"strings"
)

// unit is what is read into one Case: instances that may replicate with one another.
type unit struct {
	instances []*instance
	families  []*family
}

// siblingsMax is how many instances one directory may hold for those of unknown company in it to be read
// together with all the others. Above it the directory is a fleet, and they are read together with each
// other alone.
const siblingsMax = 64

// unite divides the instances into units, each of which holds whole replication groups. Who is read
// together is decided by, in this order:
//
//   - a shared replication id, wherever the two were found;
//   - in one directory: an address that both name (their primary's, a replica's; a Sentinel names whom
//     it watches), or cluster mode on both sides, as cluster nodes vote for each other's replicas;
//   - in one directory: company. An instance of which nothing of this is known goes with its siblings;
//   - for an instance that is alone in its directory: an address that it shares with anyone, then the
//     others that are alone below the same ancestor (host-1/redis.log, host-2/redis.log).
//
// Too much in one unit costs memory only: groups are told apart later, by rows. Too little would tear a
// group, so doubt unites. A Sentinel that watches a whole fleet therefore makes it one unit.
func unite(fams []*family, all []*instance) []*unit {
	slices.SortFunc(all, func(a, b *instance) int {
		return slices.Compare(a.parts, b.parts)
	})
	s := newSets(len(all))
	parents := map[string][]int{}
	var order []string
	for i, in := range all {
		p := strings.Join(in.parts[:max(len(in.parts)-1, 0)], "/")
		if parents[p] == nil {
			order = append(order, p)
		}
		parents[p] = append(parents[p], i)
	}
	everyone := make([]int, len(all))
	for i := range all {
		everyone[i] = i
	}
	share := func(members []int, scope func(int) bool, keys func(*instance) []string) {
		first := map[string]int{}
		for _, i := range members {
			for _, k := range keys(all[i]) {
				if j, ok := first[k]; !ok {
					first[k] = i
				} else if scope(i) || scope(j) {
					s.join(i, j)
				}
			}
		}
	}
	anyone := func(int) bool { return true }
	alone := func(i int) bool { return s.size(i) == 1 }
	addrs := func(in *instance) []string { return append(slices.Clone(in.hints.Own), in.hints.Peers...) }

	share(everyone, anyone, func(in *instance) []string { return in.hints.IDs })
	for _, p := range order {
		members := parents[p]
		share(members, anyone, addrs)
		share(members, anyone, func(in *instance) []string {
			if in.hints.Cluster && len(members) <= siblingsMax {
				return []string{"cluster"}
			}
			return nil
		})
		var unknown []int
		for _, i := range members {
			if alone(i) {
				unknown = append(unknown, i)
			}
		}
		if len(unknown) > 0 && len(members) <= siblingsMax {
			s.joinAll(members)
		} else {
			s.joinAll(unknown)
		}
	}
	share(everyone, alone, addrs)
	s.climb(all)
	return s.units(fams, all)
}

// sets are disjoint sets of instances by index.
type sets struct{ up, n []int }

func newSets(n int) *sets {
	s := &sets{make([]int, n), make([]int, n)}
	for i := range n {
		s.up[i], s.n[i] = i, 1
	}
	return s
}

func (s *sets) find(i int) int {
	for s.up[i] != i {
		s.up[i] = s.up[s.up[i]]
		i = s.up[i]
	}
	return i
}

func (s *sets) size(i int) int { return s.n[s.find(i)] }

// join keeps the lower index as the set's name, so that units come in the order of their first instance.
func (s *sets) join(i, j int) {
	i, j = s.find(i), s.find(j)
	if i == j {
		return
	}
	i, j = min(i, j), max(i, j)
	s.up[j] = i
	s.n[i] += s.n[j]
}

func (s *sets) joinAll(members []int) {
	for _, i := range members {
		s.join(members[0], i)
	}
}

// climb unites those that are alone, from the deepest directories up, with the others that are alone there,
// or with the only company that there is.
func (s *sets) climb(all []*instance) {
	deepest := 0
	for _, in := range all {
		deepest = max(deepest, len(in.parts))
	}
	for depth := deepest - 1; depth >= 0; depth-- {
		alone, company := map[string][]int{}, map[string][]int{}
		for i, in := range all {
			if len(in.parts) < depth {
				continue
			}
			p := strings.Join(in.parts[:depth], "/")
			if s.size(i) == 1 {
				alone[p] = append(alone[p], i)
			} else if c := company[p]; len(c) < 2 && (len(c) == 0 || s.find(c[0]) != s.find(i)) {
				company[p] = append(c, i)
			}
		}
		for p, members := range alone {
			s.joinAll(members)
			if len(company[p]) == 1 {
				s.join(members[0], company[p][0])
			}
		}
	}
}

// units makes the sets into units. A family that is nobody's in particular goes with the first unit that has an
// instance in its directory or below.
func (s *sets) units(fams []*family, all []*instance) []*unit {
	bySet := map[int]*unit{}
	of := map[*instance]*unit{}
	var out []*unit
	for i, in := range all {
		r := s.find(i)
		if bySet[r] == nil {
			bySet[r] = &unit{}
			out = append(out, bySet[r])
		}
		bySet[r].instances = append(bySet[r].instances, in)
		of[in] = bySet[r]
	}
	for _, f := range fams {
		if f.kind == "" {
			continue
		}
		u := of[f.whose]
		if f.whose == nil {
			for _, in := range all {
				if len(in.parts) >= len(f.dir) && slices.Equal(in.parts[:len(f.dir)], f.dir) {
					u = of[in]
					break
				}
			}
		}
		if u == nil { // no instance near: it is read all the same
			u = &unit{}
			out = append(out, u)
		}
		u.families = append(u.families, f)
	}
	return out
}

// placeLogs gives each log the shortest end of its directory that no other directory with logs or instances has. It is known before anything
// is read, so that a server has its name whichever units are read with its own.
func placeLogs(fams []*family, all []*instance) {
	const several = "\x00"
	only := map[string]string{} // the end of a directory, and the directory that alone has it
	note := func(dir []string) {
		path := strings.Join(dir, "/")
		for n := 0; n <= len(dir); n++ {
			end := strings.Join(dir[len(dir)-n:], "/")
			if other, ok := only[end]; ok && other != path {
				only[end] = several
			} else {
				only[end] = path
			}
		}
	}
	for _, f := range fams {
		if f.isLog() {
			note(f.dir)
		}
	}
	for _, in := range all {
		// One that is its directory may be no server itself, but who its log is of.
		if n := len(in.parts) - 1; n >= 0 && only[strings.Join(in.parts, "/")] == "" {
			note(in.parts[:n])
		}
	}
	for _, f := range fams {
		for n := 0; f.isLog() && n <= len(f.dir); n++ {
			end := strings.Join(f.dir[len(f.dir)-n:], "/")
			if n > 0 {
				f.place = end + "/"
			}
			if only[end] != several {
				break
			}
		}
	}
}
