package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"psyncope/ingest/artifact"
	"psyncope/ingest/info"
	"psyncope/ingest/table"
)

// engine carries what every step needs.
type engine struct {
	Options
	formats []artifact.Format

	mu   sync.Mutex // guards told and the calls of Progress
	told Progress
	read atomic.Int64 // stored bytes not yet told
}

// analyse reads what was found, unit by unit.
func (e *engine) analyse(ctx context.Context, found *Found, visit func(*table.Case) error) (Summary, error) {
	sum := Summary{Files: found.Files, Problems: found.Problems}
	fams := e.families(found.Sources)
	if err := e.look(ctx, fams); err != nil {
		return sum, err
	}
	apart, err := e.untangle(ctx, found, fams)
	if err != nil {
		return sum, err
	}
	if apart {
		fams = e.families(found.Sources)
		if err := e.look(ctx, fams); err != nil {
			return sum, err
		}
	}
	e.total(found.Sources)
	units := e.divide(fams)
	sum.add(e.leftOver(ctx, fams))
	units = slices.DeleteFunc(units, func(u *unit) bool { return !e.Shard.has(u) })
	if e.Shard.Number > 1 {
		sum = Summary{}
	}
	// Whoever reads on holds what it needs: what is read can be let go of.
	found.count, found.Sources = len(found.Sources), nil
	table.GiveBack(len(sum.Unclaimed))
	return sum, e.readAll(ctx, units, &sum, visit)
}

// divide says whose each family is, and who is read together.
func (e *engine) divide(fams []*family) []*unit {
	for _, f := range fams {
		f.named(e.Names)
	}
	all := identify(fams)
	all = sameInstances(fams, all, e.Same)
	units := unite(fams, all)
	placeLogs(fams, all)
	return units
}

func slashed(p string) string { return strings.ReplaceAll(p, `\`, "/") }

// total is what Progress is told to be the whole.
func (e *engine) total(sources []Source) {
	e.told.FilesTotal = len(sources)
	for i := range sources {
		e.told.BytesTotal += sources[i].Size
	}
}

func (e *engine) tell(files int) {
	if e.Progress == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told.Files += files
	e.told.Bytes += e.read.Swap(0)
	e.Progress(e.told)
}

// part is what one worker reads at a time, one file after another: the streams of one instance, a big one by itself, or those of several with little.
type part struct {
	families []*family
	size     int64
}

// partBytes is from where a stream is worth a part, and so a set of tables, of its own. Instances that together have fewPartBytes share one: a set of
// tables takes some 40 KiB, and a file of a fleet of them may have one.
const (
	partBytes    = 8 << 20
	fewPartBytes = 1 << 20
)

// parts divides a unit, which has no families of its own afterwards. It depends on the files alone, not on how many workers there are, as the cases do.
func (u *unit) parts() []part {
	slices.SortStableFunc(u.families, func(a, b *family) int {
		return cmp.Or(
			strings.Compare(a.instanceName(), b.instanceName()),
			strings.Compare(a.kind, b.kind),
			cmp.Compare(a.hints.From, b.hints.From), // logs that only a number tells apart go on where another ends
			compareNatural(a.files[0].src.Path, b.files[0].src.Path),
		)
	})
	var out []part
	for i, f := range u.families {
		var size int64
		for _, x := range f.files {
			size += x.src.Size
		}
		last := len(out) - 1
		if i > 0 && (out[last].size+size < fewPartBytes || u.families[i-1].whose == f.whose && (out[last].size+size < partBytes || f.continues(u.families[i-1]))) {
			out[last].families = append(out[last].families, f)
			out[last].size += size
			continue
		}
		out = append(out, part{[]*family{f}, size})
	}
	for _, f := range u.families {
		if f.whose != nil && !f.isLog() {
			f.whose.beyondLogs = true
		}
	}
	u.families = nil
	return out
}

// continues reports whether f is of one run of dumps with g: info-17.txt behind info-16.txt.
func (f *family) continues(g *family) bool {
	return f.kind == "info" && g.kind == "info" && len(f.files) == 1 && len(g.files) == 1
}

func (f *family) instanceName() string {
	if f.whose == nil {
		return ""
	}
	return f.whose.name
}

// result is what came of a part.
type result struct {
	evidence table.Case
	// Files that are no evidence, and why.
	unclaimed  []table.Unclaimed
	unreadable []table.File
	problems   []table.Problem
}

// readAll reads the units side by side and visits them in their order. At most one unit more is under way
// than there are workers.
func (e *engine) readAll(ctx context.Context, units []*unit, sum *Summary, visit func(*table.Case) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type job struct{ unit, part int }
	type state struct {
		parts   []part
		results []result
		left    atomic.Int64
		done    chan struct{}
	}
	states := make([]*state, len(units))
	for i, u := range units {
		s := &state{parts: u.parts(), done: make(chan struct{})}
		if s.left.Store(int64(len(s.parts))); len(s.parts) == 0 {
			close(s.done)
		}
		states[i] = s
	}
	jobs := make(chan job)
	slots, visited := make(chan struct{}, e.Workers+1), make(chan struct{}, 1)
	go func() {
		defer close(jobs)
		for i, s := range states {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			for len(slots) > 1 && e.heap() > e.Limits.Memory/2 { // those in hand first
				select {
				case <-visited:
				case <-ctx.Done():
					return
				}
			}
			s.results = make([]result, len(s.parts))
			// The biggest first, so that nobody waits for it alone at the end.
			order := make([]int, len(s.parts))
			for j := range order {
				order[j] = j
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.parts[b].size, s.parts[a].size) })
			for _, j := range order {
				select {
				case jobs <- job{i, j}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	var workers sync.WaitGroup
	for range e.Workers {
		workers.Go(func() {
			buf := make([]byte, HeadBytes)
			for j := range jobs {
				s := states[j.unit]
				e.part(ctx, s.parts[j.part], &reading{u: units[j.unit], result: &s.results[j.part], buf: buf})
				if s.left.Add(-1) == 0 {
					close(s.done)
				}
			}
		})
	}
	// Nothing may read on behind the caller's back.
	defer workers.Wait()
	defer cancel()
	for i, s := range states {
		select {
		case <-s.done:
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c := &table.Case{}
		for j := range s.results {
			r := &s.results[j]
			c.Take(&r.evidence)
			sum.add(r)
		}
		states[i], s.parts, s.results = nil, nil, nil
		if err := e.visit(units[i], c, sum, visit); err != nil {
			return err
		}
		<-slots
		select {
		case visited <- struct{}{}:
		default:
		}
	}
	return nil
}

// someFiles is how many accounts are kept together while a part is read.
const someFiles = 4096

// part reads a part's files one after another into one case.
func (e *engine) part(ctx context.Context, p part, r *reading) {
	// Dumps are read by comparison with the one before, across files.
	r.dumps = info.NewReader(&r.evidence, e.Fields)
	var accounts [][]table.File // but for the last ones: of a million, room for all is made once the sources are let go of
	for i, f := range p.families {
		for _, x := range f.files {
			if ctx.Err() != nil {
				return
			}
			e.file(ctx, f, x, r)
			*x.src = Source{}
			if len(r.evidence.Files) == someFiles {
				accounts, r.evidence.Files = append(accounts, r.evidence.Files), nil
			}
		}
		p.families[i], f.files = nil, nil
	}
	r.dumps = nil
	table.GiveBack(len(accounts) * someFiles)
	r.evidence.Files = slices.Concat(append(accounts, r.evidence.Files)...)
	// Taking the rows over closes the tables, which is work: better done here, side by side.
	var closed table.Case
	closed.Take(&r.evidence)
	r.evidence = closed
}

// reading is what the files of a part are read with, and into.
type reading struct {
	u     *unit        // nil for files that are of none
	dumps *info.Reader // nil where there are no dumps
	*result
	buf []byte // of HeadBytes
}

// file reads one file. What ends early is kept up to there; what cannot be read at all, or is nothing that a
// format claims, is accounted for and no evidence.
func (e *engine) file(ctx context.Context, f *family, x file, r *reading) {
	defer e.tell(1)
	src, whose := x.src, f.instanceName()
	account := table.File{Path: src.evidence(), First: table.Null, Last: table.Null, ModTime: src.ModTime}
	raw, err := src.Open()
	if err != nil {
		r.failed(account, reasonOf(err))
		return
	}
	limited, cancel := context.WithTimeout(ctx, e.Limits.FileTime)
	defer cancel()
	stored := &storedBytes{ReadCloser: raw, ctx: ctx, limited: limited, e: e}
	body, codecs, err := decode(stored, e.Limits)
	if err != nil {
		r.failed(account, reasonOf(err))
		return
	}
	defer body.Close()
	watched := &watched{r: body, most: e.Limits.LineBytes}
	mark, marked := e.From[src.Path]
	buf := r.buf
	if marked && x.kind == "info" {
		buf = buf[:glance] // what it is is known, and its beginning is not read
	}
	n, err := io.ReadFull(watched, buf)
	head := buf[:n]
	if returned(head) {
		renewed(head)
		watched.r = newlines{body}
	}
	if n == 0 && err != io.EOF {
		r.failed(account, reasonOf(err))
		return
	}
	format, ok := e.formatNamed(x.kind)
	if line := firstLine(head); !ok && len(line) > 0 && string(line) == f.hints.First {
		// Of a hundred thousand dumps in a directory all begin alike.
		format, ok = e.formatNamed(f.kind)
	}
	if !ok && x.kind != notArtifact {
		var sure int
		format, sure = e.formatOf(trimCodec(src.Name()), head, f.kind)
		ok = sure > 0
	}
	if !ok {
		left := table.Unclaimed{Path: account.Path, Bytes: src.Size, ModTime: src.ModTime}
		if int64(n) > src.Size || len(codecs) == 0 && n < len(buf) {
			left.Bytes = int64(n)
		}
		r.unclaimed = append(r.unclaimed, left)
		return
	}
	in := artifact.Input{
		Origin:  table.Origin{Instance: whose, File: src.evidence()},
		Name:    trimCodec(src.Name()),
		ModTime: src.ModTime,
		Body:    &prefixed{head: head, err: watched.err, ReadCloser: io.NopCloser(watched)},
		Fields:  e.Fields,
	}
	if r.u != nil {
		in.Beside = func(name string) string { return r.u.nameBeside(f, name) }
	}
	if e.Refused != nil {
		in.Refused = func(line int32) { e.Refused(src.evidence(), line) }
	}
	if marked && len(codecs) == 0 && src.share == nil && !returned(head) {
		rest, err := from(src, mark)
		if err != nil {
			r.failed(account, reasonOf(err))
			return
		}
		defer rest.Close()
		in.Body, in.Origin.Line = rest, int32(mark.Line-1)
	}
	read := format.Read
	if format.Name == "info" && r.dumps != nil {
		read = func(in artifact.Input, _ *table.Case) (artifact.Account, error) { return r.dumps.Read(in) }
	}
	if src.share != nil {
		plain := format.Read
		if format.Name == "info" {
			plain = readInfo
		}
		read = func(in artifact.Input, out *table.Case) (artifact.Account, error) {
			return readShare(in, src.share, plain, out)
		}
	}
	a, err := read(in, &r.evidence)
	if watched.err != nil && watched.err != io.EOF {
		err = watched.err
	}
	if err != nil && !errors.Is(err, ctx.Err()) {
		r.evidence.Problems.Append(&table.Problem{
			Origin: table.Origin{Instance: whose, File: src.evidence()},
			Reason: reasonOf(err) + "; what stands before it was read",
		})
	}
	if bytesOf(body, watched.n) > 0 && a.Records+a.Ignored+a.Rejected == 0 && src.share == nil {
		// Every byte is accounted for: of this file no line was anything.
		if len(bytes.TrimSpace(head)) == 0 {
			a.Ignored = 1
		} else {
			a.Rejected = 1
			r.evidence.Problems.Append(&table.Problem{Origin: table.Origin{Instance: whose, File: src.evidence(), Line: 1}, Reason: "nothing in it could be read"})
		}
	}
	account.Kind, account.Instance, account.Bytes = format.Name, whose, bytesOf(body, watched.n)
	account.Records, account.Ignored, account.Rejected = a.Records, a.Ignored, a.Rejected
	account.First, account.Last = a.First, a.Last
	if src.share != nil {
		account.Bytes = src.share.bytes
	}
	r.evidence.Files = append(r.evidence.Files, account)
}

func (r *result) failed(f table.File, reason string) {
	f.Kind = table.KindUnreadable
	r.unreadable = append(r.unreadable, f)
	r.problems = append(r.problems, table.Problem{Origin: table.Origin{File: f.Path}, Reason: reason})
}

// watched counts what a format was given and remembers how it ended: a format that takes a failing body for
// the file's end would otherwise hide it.
type watched struct {
	r          io.Reader
	n          int64
	err        error
	line, most int64 // bytes since the last line's end, and how many there may be
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.n += int64(n)
	if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
		w.line = int64(n - i - 1)
	} else {
		w.line += int64(n)
	}
	if w.line > w.most {
		err = fmt.Errorf("a line of more than %d bytes (--max-line)", w.most)
	}
	if err != nil {
		w.err = err
	}
	return n, err
}

// storedBytes tells how far the reading is, and ends it with ctx.
type storedBytes struct {
	io.ReadCloser
	ctx     context.Context
	limited context.Context // ends with ctx, or when the file has taken too long
	e       *engine
	n       int64 // since the limits were looked at
}

// lookEvery is how many stored bytes go by between two looks at the clock and the heap.
const lookEvery = 1 << 20

// tellEvery is how many stored bytes go by between two calls of Progress.
const tellEvery = 4 << 20

func (s *storedBytes) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.ReadCloser.Read(b)
	if s.n += int64(n); s.n >= lookEvery {
		s.n = 0
		if err := s.e.within(s.limited); err != nil {
			return n, err
		}
	}
	if s.e.Progress != nil && s.e.read.Add(int64(n)) >= tellEvery {
		s.e.tell(0)
	}
	return n, err
}
