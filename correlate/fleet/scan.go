package fleet

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// ReachBack is how far before the end of what is known of a group evidence is read again, in microseconds: three times repl-timeout's default. A loss is
// noticed after one, and what led to it lies within two before that; a link that is down for longer is an open incident, and is read from its beginning
// on. Where a group has set more, it is three times that.
const ReachBack = 3 * 60 * 1e6

// reachBacks are those of groups that have set a longer repl-timeout.
func (s *State) reachBacks() map[string]int64 {
	out := map[string]int64{}
	for k, v := range s.Settings {
		if n, err := strconv.ParseInt(v.Value, 10, 64); err == nil && k.Name == "repl-timeout" && n > 0 && n < 24*3600 {
			out[k.Group] = max(out[k.Group], 3*n*1e6)
		}
	}
	return out
}

// Scanned is a file as the walk found it.
type Scanned struct {
	Path  string
	Size  int64
	ModUs int64
	Inode uint64
}

// Untouched reports whether a file is as it was when it was read: nobody wrote to it since.
func (f *Scanned) Untouched(a *Artifact) bool {
	return a != nil && a.Size == f.Size && a.ModUs == f.ModUs && (a.Inode == f.Inode || f.Inode == 0) && !a.Missing
}

// Todo is what a run has to read.
type Todo struct {
	Read    map[string]bool  // paths
	Since   map[string]int64 // from when on, by the old case of what is read again
	Missing []string         // paths that the state knows and the walk did not find
	Moved   []*Artifact      // known content under another path, or with another time: not read
}

// Plan compares what was found with what was read before. print gives a file's fingerprint, by which content decides where size or time differ.
func (s *State) Plan(found []Scanned, print func(string) string) *Todo {
	t := &Todo{Read: map[string]bool{}, Since: map[string]int64{}}
	here := map[string]*Scanned{}
	for i := range found {
		here[found[i].Path] = &found[i]
	}
	byPrint := map[string][]*Artifact{}
	for _, p := range sortedKeys(s.Artifacts) {
		a := s.Artifacts[p]
		if here[p] == nil && !a.Missing {
			t.Missing = append(t.Missing, p)
		}
		byPrint[a.Print] = append(byPrint[a.Print], a)
	}
	cases := map[string]bool{} // that have something new
	places := s.places()
	for i := range found {
		f := &found[i]
		a := s.Artifacts[f.Path]
		if f.Untouched(a) {
			continue
		}
		if known := s.same(a, f, byPrint, print); known != nil {
			moved := *known
			moved.Path, moved.Size, moved.ModUs, moved.Inode, moved.Missing, moved.touched = f.Path, f.Size, f.ModUs, f.Inode, false, true
			t.Moved = append(t.Moved, &moved)
			continue
		}
		t.Read[f.Path] = true
		switch {
		case a != nil:
			cases[a.Case] = true
		default:
			for _, c := range places.neighbours(f.Path) {
				cases[c] = true
			}
		}
	}
	s.reread(t, cases, here)
	return t
}

// same is the artifact whose content a file has; nil where it is new.
func (s *State) same(a *Artifact, f *Scanned, byPrint map[string][]*Artifact, print func(string) string) *Artifact {
	p := print(f.Path)
	if p == "" {
		return nil
	}
	if a != nil && a.Print == p {
		return a
	}
	if l := byPrint[p]; len(l) > 0 {
		return l[0]
	}
	return nil
}

// Since is from when on the evidence in some files is read again, in microseconds: 0 where none of it was read before.
func (s *State) Since(t *Todo, files []string) int64 {
	since := int64(0)
	for _, path := range files {
		if old := s.Artifacts[path]; old != nil && old.Case != "" {
			if us := t.Since[old.Case]; us > 0 && (since == 0 || us < since) {
				since = us
			}
		}
	}
	return since
}

// places are the cases by the directories of their files, and by those around them.
type places struct{ in, below map[string][]string }

func (s *State) places() places {
	p := places{map[string][]string{}, map[string][]string{}}
	add := func(to map[string][]string, dir, of string) {
		if !slices.Contains(to[dir], of) {
			to[dir] = append(to[dir], of)
		}
	}
	for _, q := range sortedKeys(s.Artifacts) {
		if a := s.Artifacts[q]; a.Case != "" {
			dir := path.Dir(slashed(q))
			add(p.in, dir, a.Case)
			add(p.below, path.Dir(dir), a.Case)
		}
	}
	return p
}

// neighbours are the cases of the files in a new file's directory, else of those in the directories below it or beside it.
func (p places) neighbours(file string) []string {
	dir := path.Dir(slashed(file))
	if cases := p.in[dir]; len(cases) > 0 {
		return cases
	}
	return append(slices.Clone(p.below[dir]), p.below[path.Dir(dir)]...)
}

func slashed(p string) string { return strings.ReplaceAll(p, `\`, "/") }

// reread adds the files that lie beside what is new: those without a time, and those that reach into the stretch that is looked at again.
func (s *State) reread(t *Todo, cases map[string]bool, here map[string]*Scanned) {
	sinces := s.sinces()
	for _, p := range sortedKeys(s.Artifacts) {
		a := s.Artifacts[p]
		if a.Case == "" || !cases[a.Case] || here[p] == nil {
			continue
		}
		t.Since[a.Case] = sinces[a.Case]
		if a.LastUs == 0 || a.LastUs >= sinces[a.Case] {
			t.Read[p] = true
		}
	}
}

// sinces are from when on each case is read again: from some time before its end, or from before its open incidents.
func (s *State) sinces() map[string]int64 {
	open := map[string]int64{} // by group: when the first open incident began
	for _, i := range s.Incidents {
		if i.Open() && i.Is.Start != nil {
			if us := i.Is.Start.UnixMicro(); open[i.Group] == 0 || us < open[i.Group] {
				open[i.Group] = us
			}
		}
	}
	out, back := map[string]int64{}, s.reachBacks()
	for _, a := range s.Artifacts {
		g := s.Groups[a.Group]
		if g == nil || a.Case == "" {
			continue
		}
		us := g.ThroughUs
		if from := open[g.Key]; from != 0 {
			us = min(us, from)
		}
		if us -= max(ReachBack, back[g.Key]); out[a.Case] == 0 || us < out[a.Case] {
			out[a.Case] = us
		}
	}
	return out
}
