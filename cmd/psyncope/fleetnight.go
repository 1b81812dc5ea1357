package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"psyncope/correlate"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/correlate/fleet/observe"
	"psyncope/correlate/fleet/state"
	"psyncope/ingest"
	"psyncope/ingest/table"
)

// night reads what is new and adds it to the state; where nothing is, the state stays as it is, and changed is false.
func (f *fleetRun) night(cmd *cobra.Command, st *fleet.State, roots []string, keep time.Duration) (changed bool, err error) {
	lim, err := f.limits.limits(cmd)
	if err != nil {
		return false, err
	}
	found, err := f.scanned()
	if err != nil {
		return false, nothingf("%w", err)
	}
	here := map[string]fleet.Scanned{}
	for _, x := range found {
		here[x.Path] = x
	}
	prints := &prints{of: map[string]string{}, found: here}
	for _, x := range found {
		if a := st.Artifacts[x.Path]; x.Untouched(a) {
			prints.of[x.Path] = a.Print
		}
	}
	todo := st.Plan(found, prints.get)
	for _, a := range todo.Moved {
		st.Artifacts[a.Path] = a
	}
	if len(todo.Read) == 0 && len(todo.Missing) == 0 {
		return len(todo.Moved) > 0, nil
	}
	marks := newMarks(st, todo, here)
	read := observe.NewRead()
	read.Missing = todo.Missing
	o := correlate.Options{}
	if last, ok := parseLength(f.last); ok {
		o.Window = func(_, to time.Time) (time.Time, time.Time) { return to.Add(-last), time.Time{} }
	}
	var mu sync.Mutex
	show, done := newProgress(cmd.ErrOrStderr(), f.progress.value, f.quiet)
	parts := diagnoses{see: func(c *table.Case, place table.Place) error {
		mu.Lock()
		defer mu.Unlock()
		observe.Case(c, place, read)
		marks.observe(c, place)
		return nil
	}, keep: func(d *diagnosis.Diagnosis) error {
		// The whole is packed at once, and its pictures let go: eight hundred diagnoses with their series are more than the fleet's memory.
		packed, err := state.Pack(d)
		d.Lanes, d.Series = nil, nil
		mu.Lock()
		defer mu.Unlock()
		for _, g := range d.Groups {
			read.Packed[g.Key] = packed
		}
		return err
	}}
	rest, err := ingest.Each(cmd.Context(), ingest.Options{
		Roots: roots, Progress: show, Limits: lim,
		Keep: func(path string) bool { return todo.Read[path] },
		From: marks.from,
	}, func(c *table.Case) error { return parts.add(c, toldBefore(c, o, st, todo, here)) })
	all, failed := parts.wait()
	done()
	if err != nil && !errors.Is(err, ingest.ErrNothing) {
		return false, err
	}
	if failed != nil {
		return false, failed
	}
	read.Diagnoses = all
	observe.Diagnoses(all, read)
	for _, d := range all {
		accountFor(d, st, todo, read, here, prints)
	}
	for x := range rest.All() {
		read.Artifacts = append(read.Artifacts, artifactOf(x.Path, x.Kind, here, prints))
	}
	// What was wanted and of which nothing was heard was read as part of another, or is empty: it is not read again until it changes.
	known := map[string]bool{}
	for _, a := range read.Artifacts {
		known[a.Path] = true
	}
	for path := range todo.Read {
		if !known[path] {
			read.Artifacts = append(read.Artifacts, artifactOf(path, "other", here, prints))
		}
	}
	marks.set(read.Artifacts, st)
	slices.SortFunc(read.Artifacts, func(a, b *fleet.Artifact) int { return cmp.Compare(a.Path, b.Path) })
	st.Apply(read)
	st.Prune(keep.Microseconds())
	return true, nil
}

// toldBefore are the options for a case of which an earlier night has told what ended before its last end is read again.
func toldBefore(c *table.Case, o correlate.Options, st *fleet.State, todo *fleet.Todo, here map[string]fleet.Scanned) correlate.Options {
	files := make([]string, len(c.Files))
	for i := range c.Files {
		files[i] = onDisk(c.Files[i].Path, here)
	}
	since := st.Since(todo, files)
	if since == 0 {
		return o
	}
	o.Since, o.Told = time.UnixMicro(since).UTC(), map[string]bool{}
	for i, path := range files {
		now, was := here[path], st.Artifacts[path]
		o.Told[c.Files[i].Path] = now.Untouched(was) || onlyGrew(was, now)
	}
	return o
}

// onlyGrew reports whether an artifact begins with all that was read of it before.
func onlyGrew(was *fleet.Artifact, now fleet.Scanned) bool {
	return was != nil && !was.Missing && now.Size >= was.Size && was.Print != "" && fingerprint(now.Path, was.Size) == was.Print
}

// accountFor makes artifacts of a case's files, and notes from when on its groups were read again.
func accountFor(d *diagnosis.Diagnosis, st *fleet.State, todo *fleet.Todo, read *fleet.Read, here map[string]fleet.Scanned, prints *prints) {
	keys := map[string]string{}
	for _, g := range d.Groups {
		keys[g.ID] = g.Key
	}
	seen := map[string]*fleet.Artifact{}
	var files []string
	for _, x := range d.Inputs.Files {
		path := onDisk(x.Path, here)
		files = append(files, path)
		a := seen[path]
		if a == nil {
			a = artifactOf(path, x.Kind, here, prints)
			seen[path] = a
			if old := st.Artifacts[path]; old != nil {
				a.FirstUs = old.FirstUs // of what is appended to, only the end was read
			}
			read.Artifacts = append(read.Artifacts, a)
		}
		a.Instance, a.Group = cmp.Or(a.Instance, x.Instance), cmp.Or(a.Group, keys[x.Group])
		widen(a, &x)
	}
	first := slices.Min(slices.AppendSeq([]string{"\uffff"}, maps.Keys(seen)))
	for _, a := range seen {
		a.Case = first
	}
	since := st.Since(todo, files)
	for _, g := range d.Groups {
		read.SinceUs[g.Key] = since
	}
}

// widen adds what was read of a file, or of a member of it.
func widen(a *fleet.Artifact, x *diagnosis.InputFile) {
	a.Records += x.Records
	if x.Last != nil {
		a.LastUs = max(a.LastUs, x.Last.UnixMicro())
	}
	if x.First != nil && (a.FirstUs == 0 || x.First.UnixMicro() < a.FirstUs) {
		a.FirstUs = x.First.UnixMicro()
	}
}

// onDisk is the file that a path names, or whose member it does.
func onDisk(path string, here map[string]fleet.Scanned) string {
	for p := path; p != "." && p != "/" && p != ""; p = filepath.Dir(p) {
		if _, ok := here[p]; ok {
			return p
		}
	}
	return path
}

func artifactOf(path, kind string, here map[string]fleet.Scanned, prints *prints) *fleet.Artifact {
	path = onDisk(path, here)
	x := here[path]
	return &fleet.Artifact{Path: path, Size: x.Size, ModUs: x.ModUs, Inode: x.Inode, Print: prints.get(path), Kind: kind}
}

// scan lists the files below the roots.
func scan(roots []string) (out []fleet.Scanned, err error) {
	for _, root := range roots {
		root = filepath.Clean(root)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // what cannot be looked at is told by the reading
			}
			info, err := d.Info()
			if err != nil {
				return nil //nolint:nilerr // it went away meanwhile
			}
			out = append(out, fleet.Scanned{Path: path, Size: info.Size(), ModUs: info.ModTime().UnixMicro(), Inode: inodeOf(info)})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look through %s: %w", root, err)
		}
	}
	slices.SortFunc(out, func(a, b fleet.Scanned) int { return cmp.Compare(a.Path, b.Path) })
	return slices.CompactFunc(out, func(a, b fleet.Scanned) bool { return a.Path == b.Path }), nil
}

// prints are fingerprints of files, each made once.
type prints struct {
	mu    sync.Mutex
	of    map[string]string
	found map[string]fleet.Scanned
}

// printBytes of a file's head and as many of its tail are its fingerprint, with its size: what is appended to, cut or written anew differs in one.
const printBytes = 16 << 10

func (p *prints) get(path string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.of[path]; ok {
		return s
	}
	s := fingerprint(path, p.found[path].Size)
	p.of[path] = s
	return s
}

var printBuffers = sync.Pool{New: func() any { b := make([]byte, printBytes); return &b }}

// fingerprint is that of a file's first bytes, so many.
func fingerprint(path string, size int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h, buf := sha256.New(), printBuffers.Get().(*[]byte)
	defer printBuffers.Put(buf)
	fmt.Fprintf(h, "%d\n", size)
	for _, at := range []int64{0, max(size-printBytes, printBytes)} {
		if at >= size {
			break
		}
		b := (*buf)[:min(printBytes, size-at)]
		n, err := f.ReadAt(b, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return ""
		}
		h.Write(b[:n])
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}
