package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime"
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
	// rows are when lines of large files were, in the order of the lines.
	rows map[string][]dated
}

type dated struct {
	line int64
	us   int64
}

// newMarks takes over the marks of files that were only appended to, or are read again as they were, where all before them is older than what is
// looked at again.
func newMarks(st *fleet.State, todo *fleet.Todo, here map[string]fleet.Scanned) *marks {
	m := &marks{from: map[string]ingest.Mark{}, old: map[string]fleet.Mark{}, here: here, rows: map[string][]dated{}}
	for path := range todo.Read {
		a := st.Artifacts[path]
		if a == nil || a.Mark.Offset == 0 || here[path].Size < a.Size || a.Mark.Us > todo.Since[a.Case] || markPrint(path, a.Mark.Offset) != a.Mark.Print {
			continue
		}
		m.from[path], m.old[path] = ingest.Mark{Offset: a.Mark.Offset, Line: a.Mark.Line}, a.Mark
	}
	return m
}

// observe notes when the lines of large files were.
func (m *marks) observe(c *table.Case, place table.Place) {
	note := func(name string, o table.Origin, stamp table.Micros, clock string) {
		if m.here[o.File].Size < worthAMark {
			return
		}
		if _, at := place(table.Row{Table: name, Origin: o, Stamp: stamp, Clock: clock}); at != table.Null {
			m.rows[o.File] = append(m.rows[o.File], dated{int64(o.Line), int64(at)})
		}
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

// set gives the artifacts that were read their marks for the next night.
func (m *marks) set(artifacts []*fleet.Artifact) {
	work := make(chan *fleet.Artifact)
	var working sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		working.Go(func() {
			for a := range work {
				a.Mark = m.mark(a)
			}
		})
	}
	for _, a := range artifacts {
		if len(m.rows[a.Path]) > 0 {
			work <- a
		}
	}
	close(work)
	working.Wait()
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
	h := sha256.New()
	for _, at := range []int64{0, max(offset-some, 0)} {
		if _, err := f.Seek(at, io.SeekStart); err != nil {
			return ""
		}
		if _, err := io.CopyN(h, f, min(some, offset-at)); err != nil {
			return ""
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}
