package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"

	"psyncope/correlate/fleet"
	"psyncope/ingest"
	"psyncope/ingest/table"
)

// worthAMark is from which size on a file is not read again as a whole.
const worthAMark = 256 << 10

// marks are the places from which on large files are read again: those of the night before, and those for the next.
type marks struct {
	from map[string]ingest.Mark // of this run
	old  map[string]fleet.Mark  // the same, as the state has them
	here map[string]fleet.Scanned
	// rows are when lines of large files were, in the order of the lines; of is whose they are, "" where they are several servers', which are always
	// read together.
	rows map[string][]dated
	of   map[string]string
	// spans are when the first and the last line of each file were. What is written in a file is its server's own time, in its own zone.
	spans map[string]*dates
}

// dates are two moments on the axis, in microseconds.
type dates struct{ first, last int64 }

type dated struct {
	line int64
	us   int64
}

// newMarks takes over the marks of files that were only appended to, or are read again as they were, where all before them is older than what is
// looked at again.
func newMarks(st *fleet.State, todo *fleet.Todo, here map[string]fleet.Scanned) *marks {
	m := &marks{from: map[string]ingest.Mark{}, old: map[string]fleet.Mark{}, here: here, rows: map[string][]dated{}, of: map[string]string{}, spans: map[string]*dates{}}
	var known []*fleet.Artifact
	for path := range todo.Read {
		if a := st.Artifacts[path]; a != nil && a.Mark.Offset > 0 && here[path].Size >= a.Size && a.Mark.Us <= todo.Since[a.Case] {
			known = append(known, a)
		}
	}
	var mu sync.Mutex
	sideBySide(known, func(a *fleet.Artifact) {
		if x := here[a.Path]; !x.Untouched(a) && markPrint(a.Path, a.Mark.Offset) != a.Mark.Print {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		m.from[a.Path], m.old[a.Path] = ingest.Mark{Offset: a.Mark.Offset, Line: a.Mark.Line}, a.Mark
	})
	return m
}

// sideBySide calls do for each, on all processors.
func sideBySide[T any](all []T, do func(T)) {
	work := make(chan T)
	var working sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		working.Go(func() {
			for x := range work {
				do(x)
			}
		})
	}
	for _, x := range all {
		work <- x
	}
	close(work)
	working.Wait()
}

// observe notes when the lines of files were.
func (m *marks) observe(c *table.Case, place table.Place) {
	var file string
	var path string // on the disk: the file, or the archive that it is in
	note := func(name string, o table.Origin, stamp table.Micros, clock string) {
		_, on := place(table.Row{Table: name, Origin: o, Stamp: stamp, Clock: clock})
		if on == table.Null {
			return
		}
		if o.File != file || path == "" {
			file, path = o.File, onDisk(o.File, m.here)
		}
		at := int64(on)
		if d := m.spans[path]; d == nil {
			m.spans[path] = &dates{at, at}
		} else {
			d.first, d.last = min(d.first, at), max(d.last, at)
		}
		if m.here[o.File].Size < worthAMark {
			return
		}
		rows := m.rows[o.File]
		if len(rows) == 0 {
			m.of[o.File] = o.Instance
		} else if m.of[o.File] != o.Instance {
			m.of[o.File] = ""
		}
		m.rows[o.File] = append(rows, dated{int64(o.Line), at})
	}
	for _, s := range table.Read[struct {
		table.Origin
		At table.Micros `col:"server_at_us"`
	}](&c.Samples) {
		note("samples", s.Origin, s.At, "")
	}
	for _, e := range table.Read[struct {
		table.Origin
		Stamp table.Micros `col:"stamp_us"`
		Clock string       `col:"clock"`
	}](&c.Events) {
		note("events", e.Origin, e.Stamp, e.Clock)
	}
}

// set gives the artifacts that were read their dates, and their marks for the next night.
func (m *marks) set(artifacts []*fleet.Artifact, st *fleet.State) {
	for _, a := range artifacts {
		if d := m.spans[a.Path]; d != nil {
			a.FirstUs, a.LastUs = d.first, d.last
			if old := st.Artifacts[a.Path]; old != nil && old.FirstUs != 0 {
				a.FirstUs = min(a.FirstUs, old.FirstUs) // of what is appended to, only the end was read
			}
		}
	}
	seen := slices.DeleteFunc(slices.Clone(artifacts), func(a *fleet.Artifact) bool { return m.of[a.Path] == "" })
	sideBySide(seen, func(a *fleet.Artifact) { a.Mark = m.mark(a) })
}

// mark is the last line of an artifact that lies so long before its end, and before which nothing is younger.
func (m *marks) mark(a *fleet.Artifact) fleet.Mark {
	rows := m.rows[a.Path]
	last := rows[0].us
	for _, r := range rows {
		last = max(last, r.us)
	}
	best := dated{}
	for _, r := range rows {
		if r.us > last-fleet.ReachBack {
			break
		}
		if r.line > best.line {
			best = r
		}
	}
	old := m.old[a.Path]
	if best.line <= max(old.Line, 1) {
		return old
	}
	offset, ok := offsetOf(a.Path, old.Offset, max(old.Line, 1), best.line)
	if !ok {
		return fleet.Mark{}
	}
	return fleet.Mark{Offset: offset, Line: best.line, Us: best.us, Print: markPrint(a.Path, offset)}
}

// offsetOf is where a line begins, counted on from one whose place is known.
func offsetOf(path string, offset, line, want int64) (int64, bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return 0, false
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := f.Read(buf)
		chunk := buf[:n]
		if lines := int64(bytes.Count(chunk, []byte("\n"))); line+lines < want {
			line, offset = line+lines, offset+int64(n)
		} else {
			for at := 0; ; {
				i := bytes.IndexByte(chunk[at:], '\n')
				at += i + 1
				if line++; line == want {
					return offset + int64(at), true
				}
			}
		}
		if err != nil {
			return 0, false
		}
	}
}

// markPrint is a fingerprint of what stands before a place: a file's first bytes, and the last ones before it.
func markPrint(path string, offset int64) string {
	const some = 4 << 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h, buf := sha256.New(), printBuffers.Get().(*[]byte)
	defer printBuffers.Put(buf)
	for _, at := range []int64{0, max(offset-some, 0)} {
		b := (*buf)[:min(some, offset-at)]
		if _, err := f.ReadAt(b, at); err != nil {
			return ""
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}
