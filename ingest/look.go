package ingest

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// look reads the heads of files to learn what they are and what they say about whose they are.
func (e *engine) look(ctx context.Context, fams []*family) error {
	var last atomic.Pointer[Hints]
	return e.sideBySide(ctx, len(fams), func(i int, buf []byte) {
		f := fams[i]
		e.lookThrough(f, buf)
		// A million dumps of one server, each in a file with a name of its own, say the same of it.
		if before := last.Load(); before != nil && before.same(f.hints) {
			f.hints = before
		} else {
			last.Store(f.hints)
		}
	})
}

// lookThrough learns from the files of f. Of a long stream (a dump a file) a few are looked at: its beginning, its end and some between.
func (e *engine) lookThrough(f *family, buf []byte) {
	const few = 8
	n := len(f.files)
	if n <= few {
		for j := range f.files {
			e.lookAt(f, j, buf)
		}
		return
	}
	for _, j := range []int{0, n / 4, n / 2, 3 * n / 4, n - 1} {
		e.lookAt(f, j, buf)
	}
	for j := 0; f.kind == "" && j < n; j++ {
		e.lookAt(f, j, buf)
	}
}

// notArtifact is the kind of a file that was looked at and is nothing that any format reads.
const notArtifact = "-"

// lookAt learns from one file of f. Whatever goes wrong here goes wrong again when it is read, and is said then.
func (e *engine) lookAt(f *family, j int, buf []byte) {
	src := f.files[j].src
	if _, ok := e.From[src.Path]; ok && e.lookAtEnd(f, j, buf) {
		return
	}
	raw, err := src.Open()
	if err != nil {
		return
	}
	body, codecs, err := decode(raw, e.Limits)
	if err != nil {
		return
	}
	defer body.Close()
	n, _ := io.ReadFull(body, buf[:glance])
	if returned(buf[:n]) {
		renewed(buf[:n])
		body = newlines{body}
	}
	name := trimCodec(src.Name())
	format, sure := e.formatOf(name, buf[:n], f.kind)
	if sure == 0 && n == glance {
		m, _ := io.ReadFull(body, buf[n:HeadBytes])
		n += m
		format, sure = e.formatOf(name, buf[:n], f.kind)
	}
	if src.share == nil && tangled(format.Name, sure >= sureEnough, buf[:n]) {
		src.tangled = true
	}
	if src.share != nil && sure == 0 { // what it is was found when the file was taken apart, though its lines are broken
		if known, ok := e.formatNamed(src.share.kind); ok {
			format, sure = known, sureEnough
		}
	}
	if sure == 0 {
		f.files[j].kind = notArtifact
		src.whole = len(codecs) == 0 && int64(n) == src.Size && n < glance
		return
	}
	f.files[j].kind = format.Name
	if f.kind == "" {
		f.kind = format.Name
		f.said().First = string(firstLine(buf[:n]))
	}
	h := hinterOf(format.Name)
	if h.line == nil {
		return
	}
	if n == glance && h.bytes > glance {
		m, _ := io.ReadFull(body, buf[n:h.bytes])
		n += m
	}
	f.said().add(h.scan(buf[:n]))
	// What an instance says of itself may change over a long file: ids do with every failover.
	if at, ok := raw.(io.ReaderAt); ok && len(codecs) == 0 && src.Size > int64(n) {
		m, _ := at.ReadAt(buf[:h.bytes], max(int64(n), src.Size-int64(h.bytes)))
		tail := buf[:m]
		if i := bytes.IndexByte(tail, '\n'); i >= 0 {
			tail = tail[i+1:]
		}
		f.hints.add(h.scan(tail))
	}
	f.hints.compact()
}

// lookAtEnd learns from the end of a file of dumps of which only the end is read, where that is plainly INFO and says whose: its beginning was looked
// at when it was read as a whole.
func (e *engine) lookAtEnd(f *family, j int, buf []byte) bool {
	src := f.files[j].src
	raw, err := src.Open()
	if err != nil {
		return false
	}
	defer raw.Close()
	at, ok := raw.(io.ReaderAt)
	if !ok || src.share != nil {
		return false
	}
	n, _ := at.ReadAt(buf[:glance], max(0, src.Size-glance))
	_, tail, _ := bytes.Cut(buf[:n], []byte("\n"))
	info, ok := e.formatNamed("info")
	if !ok || info.Sniff(src.Name(), tail) < sureEnough {
		return false
	}
	said := hinterOf(info.Name).scan(tail)
	if said.RunID == "" {
		return false
	}
	f.files[j].kind = info.Name
	f.kind = cmp.Or(f.kind, info.Name)
	f.said().add(said)
	f.hints.compact()
	return true
}

// said is the family's own hints, to be added to.
func (f *family) said() *Hints {
	if f.hints == &noHints {
		f.hints = &Hints{}
	}
	return f.hints
}

// sideBySide calls do for 0 to n-1 from as many goroutines as there are workers; each has a buffer of
// HeadBytes.
func (e *engine) sideBySide(ctx context.Context, n int, do func(i int, buf []byte)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(e.Workers, n) {
		wg.Go(func() {
			buf := make([]byte, HeadBytes)
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i, buf)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// firstLine is the first line of head, if there is a whole one and it is short.
func firstLine(head []byte) []byte {
	return head[:max(bytes.IndexByte(head[:min(len(head), 80)], '\n'), 0)]
}

// glance is how much of a file mostly tells what it is.
const glance = 16 << 10
