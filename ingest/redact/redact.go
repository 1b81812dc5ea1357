// Package redact writes a capture once more, without what is the user's own in it: the same files with the same lines in the same places,
// in which names, addresses, keys, values and ids are pseudonyms (package pseudonym) and credentials are gone (package secret).
//
// A capture is read twice. The first time it is read as for an analysis, which tells what each file is, and which lines nothing understood: those
// are withheld, with their length, and so are messages that the catalogue does not have and files that are no artifacts. The second time each
// line is written anew. So lines keep their numbers: what a report says of the redacted capture can be looked up in the one that it was made of.
//
// Files come out decompressed and in UTF-8, members of archives as files in directories; they keep their dates, which may be all that dates a dump.
// What cannot be opened is left out and counted. The package does not decide whether a name is worth hiding, and does not judge what the capture says.
package redact

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"psyncope/ingest"
	"psyncope/ingest/message"
	"psyncope/ingest/pseudonym"
	"psyncope/ingest/table"
)

// Options says what to redact and where to.
type Options struct {
	// Roots and Stdin are those of ingest.Options.
	Roots  []string
	Stdin  io.Reader
	Limits ingest.Limits
	// Out is the directory to write into. It is there.
	Out   string
	Maker *pseudonym.Maker
}

// Result is what was written.
type Result struct {
	Files int
	// Withheld is how many lines nothing understood, Unreadable how many files could not be opened and are left out.
	Withheld, Unreadable int64
}

// Run writes the redacted capture. It fails where nothing of the capture is an artifact, where Out cannot be written, or when ctx ends.
func Run(ctx context.Context, o Options) (Result, error) {
	found := ingest.Walk(o.Roots, o.Stdin, o.Limits)
	defer found.Close()
	sources := slices.Clone(found.Sources)
	k := known{of: map[string]*file{}}
	sum, err := ingest.EachOf(ctx, ingest.Options{Roots: o.Roots, Limits: o.Limits, Refused: k.refused}, found, k.learn)
	if err != nil {
		return Result{}, err
	}
	if sum.Records == 0 {
		return Result{}, fmt.Errorf("%w in %s", ingest.ErrNothing, strings.Join(o.Roots, ", "))
	}
	res := Result{}
	names := places{out: o.Out, m: o.Maker, taken: map[string]bool{}, roots: map[string]string{}}
	for i := range sources {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		s := &sources[i]
		body, err := s.Text(o.Limits)
		if err != nil {
			res.Unreadable++
			continue
		}
		withheld, err := k.file(s.Path).write(names.of(s), s.ModTime, body, o.Maker)
		if err := errors.Join(err, body.Close()); err != nil {
			var broken *brokenInput
			if !errors.As(err, &broken) {
				return res, err
			}
		}
		res.Withheld += withheld
		res.Files++
	}
	return res, nil
}

// known is what the first reading told of each file.
type known struct {
	mu sync.Mutex
	of map[string]*file
}

// file is one of them.
type file struct {
	kinds   map[string]bool
	refused map[int]bool
	unknown map[int][]string // by line: texts of messages that the catalogue does not have, said there or folded with one that was
	begins  map[int]bool     // lines of which it is sure that they are such
}

func (k *known) file(path string) *file {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.of[path]
	if f == nil {
		f = &file{kinds: map[string]bool{}, refused: map[int]bool{}, unknown: map[int][]string{}, begins: map[int]bool{}}
		k.of[path] = f
	}
	return f
}

func (k *known) refused(path string, line int32) {
	f := k.file(path)
	k.mu.Lock()
	defer k.mu.Unlock()
	f.refused[int(line)] = true
}

// learn notes what a case's files are, and where messages stand that nobody knows.
func (k *known) learn(c *table.Case) error {
	for _, f := range c.Files {
		k.file(f.Path).kinds[f.Kind] = true
	}
	for _, e := range c.Events.All() {
		if e.Kind != message.Other {
			continue
		}
		f := k.file(e.File)
		f.begins[int(e.Line)], f.begins[int(max(e.Line, e.LastLine))] = true, true
		for line := e.Line; line <= max(e.Line, e.LastLine); line++ {
			if !slices.Contains(f.unknown[int(line)], e.Text) {
				f.unknown[int(line)] = append(f.unknown[int(line)], e.Text)
			}
		}
	}
	return nil
}

// isArtifact reports whether any of it was understood.
func (f *file) isArtifact() bool {
	for kind := range f.kinds {
		if kind != table.KindOther && kind != table.KindUnreadable {
			return true
		}
	}
	return false
}

// brokenInput is the error of a file that ends before its end: what stands before that is written.
type brokenInput struct{ error }

// longest is the longest line that is written anew: a longer one is withheld. The readers look at the first MiB of a line of a log, and
// whole INFO dumps and slowlogs stand on one line in exports.
const longest = 64 << 20

func (f *file) write(to string, mod table.Micros, body io.Reader, m *pseudonym.Maker) (withheld int64, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return 0, err
	}
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(out, 256<<10)
	withheld, err = f.copy(w, body, m)
	err = errors.Join(err, w.Flush(), out.Close())
	if mod.Known() {
		err = errors.Join(err, os.Chtimes(to, time.Time{}, mod.Time()))
	}
	return withheld, err
}

func (f *file) copy(w *bufio.Writer, body io.Reader, m *pseudonym.Maker) (withheld int64, err error) {
	if !f.isArtifact() {
		n, err := io.Copy(io.Discard, body)
		if n > 0 {
			fmt.Fprintln(w, pseudonym.Withheld(int(n)))
		}
		if err != nil {
			err = &brokenInput{err}
		}
		return 1, err
	}
	l := lines{file: f, m: m}
	in := bufio.NewReaderSize(body, 256<<10)
	for {
		line, long, err := next(in)
		if len(line) > 0 || long > 0 {
			text, end := strings.TrimRight(string(line), "\r\n"), ""
			end = string(line[len(text):])
			if long > 0 {
				l.number++
				l.withheld++
				text, end = pseudonym.Withheld(long), "\n"
			} else {
				text = l.line(text)
			}
			w.WriteString(text)
			if _, err := w.WriteString(end); err != nil {
				return l.withheld, err
			}
		}
		if err == io.EOF {
			return l.withheld, nil
		}
		if err != nil {
			return l.withheld, &brokenInput{err}
		}
	}
}

// next is the next line with its end, or how long it is where it is too long.
func next(in *bufio.Reader) (line []byte, long int, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if long += len(part); long <= longest {
			line = append(line, part...)
		} else {
			line = nil
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if long <= longest {
			long = 0
		}
		return line, long, err
	}
}

// places gives each file its name in the redacted capture.
type places struct {
	out   string
	m     *pseudonym.Maker
	taken map[string]bool
	roots map[string]string
}

// of is the path for a source: as below what was asked for, each component a pseudonym. Several roots are directories side by side.
func (p *places) of(s *ingest.Source) string {
	name := p.m.Path(s.PlainPath())
	if root := s.Root(); root != "" {
		at, ok := p.roots[root]
		if !ok {
			if at = p.m.Path(path.Base(filepath.ToSlash(root))); len(p.roots) == 0 {
				at = ""
			}
			for n := 2; at != "" && p.taken[at]; n++ {
				at = p.m.Path(path.Base(filepath.ToSlash(root))) + "-" + strconv.Itoa(n)
			}
			p.roots[root], p.taken[at] = at, true
		}
		name = path.Join(at, name)
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\\' || r == ':' {
			return '-'
		}
		return r
	}, name)
	switch {
	case s.Path == "-":
		name = "stdin"
	case !filepath.IsLocal(name):
		name = "file"
	}
	whole := name
	for n := 2; p.taken[strings.ToLower(whole)]; n++ {
		whole = name + "." + strconv.Itoa(n)
	}
	p.taken[strings.ToLower(whole)] = true
	return filepath.Join(p.out, filepath.FromSlash(whole))
}
