package ingest

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"psyncope/ingest/table"
)

// archiveSuffixes are the names under which a file in a directory is opened to see whether it is an
// archive. What is inside decides; a file that was named itself is looked at whatever its name.
var archiveSuffixes = [...]string{
	".tar", ".tgz", ".tar.gz", ".taz", ".tzst", ".tar.zst", ".tar.zstd", ".txz", ".tar.xz",
	".tbz2", ".tbz", ".tar.bz2", ".tar.lz4", ".zip",
}

func namedArchive(name string) bool {
	name = strings.ToLower(name)
	for _, s := range archiveSuffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// randomAccess is what files, kept members and sections of a plain tar offer: members of such an
// archive are read in place.
type randomAccess interface {
	io.ReadCloser
	io.ReaderAt
}

// archive is one archive on its way to being listed.
type archive struct {
	*walker
	path  string // of the archive
	root  string
	outer *outer
	depth int        // archives around its members, itself included
	spill *container // those of its members that are in the temporary file
	// copying is what they go through.
	copying []byte
}

// expand lists what is in s, if s is an archive. An archive that cannot be read to its end is a
// Problem; the members before that stay.
func (w *walker) expand(s Source, depth int) bool {
	raw, err := s.Open()
	if err != nil {
		return false // the reader will meet the same error and say so
	}
	body, codecs, err := decode(raw, w.lim)
	if err != nil {
		return false
	}
	defer body.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(body, head)
	head = head[:n]
	isZip := bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
	if !isZip && !isTar(head) {
		return false
	}
	a := &archive{walker: w, path: s.Path, root: s.Root(), outer: s.outer(), depth: depth + 1}
	if a.outer == nil {
		a.outer = &outer{s.Path, s.Size}
	}
	if a.root == "" {
		a.root = s.Path
	}
	if a.depth > w.lim.Depth {
		w.unreadable(s.Path, fmt.Sprintf("more than %d archives inside one another (--max-depth), left alone", w.lim.Depth), nil)
		return true
	}
	place, ok := raw.(randomAccess)
	inPlace := ok && len(codecs) == 0
	switch {
	case isZip && inPlace:
		a.zip(s)
	case isZip:
		// A zip is read from its end: it has to be whole before it can be listed.
		if held, ok := a.hold(s.Path, io.MultiReader(bytes.NewReader(head), body), -1, s.ModTime); ok {
			a.zip(held)
		}
	case inPlace:
		section, in := io.NewSectionReader(place, 0, s.Size), &container{a.root, a.outer, within(s.Open)}
		a.tar(section, func(hdr *tar.Header, _ io.Reader) (Source, bool) {
			at, err := section.Seek(0, io.SeekCurrent)
			if err != nil || isSparse(hdr) {
				return Source{}, false
			}
			return Source{Size: hdr.Size, in: in, at: at}, true
		})
	default:
		a.tar(io.MultiReader(bytes.NewReader(head), body), nil)
	}
	return true
}

// isTar knows the ustar and GNU marks, and by its checksum the tar of before 1988 that some collectors
// still write.
func isTar(h []byte) bool {
	if len(h) < 512 {
		return false
	}
	if bytes.Equal(h[257:262], []byte("ustar")) {
		return true
	}
	var want, sum int64
	field := bytes.Trim(h[148:156], " \x00")
	if len(field) == 0 || h[0] == 0 {
		return false
	}
	for _, c := range field {
		if c < '0' || c > '7' {
			return false
		}
		want = want*8 + int64(c-'0')
	}
	for i, c := range h {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	return sum == want
}

func isSparse(h *tar.Header) bool {
	return h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != ""
}

// within opens stretches of what open gives.
func within(open func() (io.ReadCloser, error)) func(at, size int64) (io.ReadCloser, error) {
	return func(at, size int64) (io.ReadCloser, error) {
		r, err := open()
		if err != nil {
			return nil, err
		}
		ra, ok := r.(io.ReaderAt)
		if !ok {
			return nil, errors.Join(errors.New("archive cannot be read in place any more"), r.Close())
		}
		return &section{io.NewSectionReader(ra, at, size), r}, nil
	}
}

type section struct {
	*io.SectionReader
	io.Closer
}

// tar lists the members of a tar. place says how a member is read in place; where it is nil or declines,
// the member is held.
func (a *archive) tar(r io.Reader, place func(*tar.Header, io.Reader) (Source, bool)) {
	tr := tar.NewReader(r)
	for {
		hdr, err := tr.Next()
		if err == io.EOF {
			return
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			a.problem(a.path, fmt.Sprintf("tar: %v; what stands before it was read", err))
			return
		}
		p, ok := a.member(hdr.Name)
		if !ok {
			continue
		}
		switch hdr.Typeflag {
		case tar.TypeReg, '\x00', tar.TypeGNUSparse, tar.TypeCont:
		case tar.TypeSymlink, tar.TypeLink, tar.TypeDir, tar.TypeXGlobalHeader:
			continue // a link names what stands elsewhere in the archive, or nothing that we could read
		default:
			a.unreadable(p, "not a file: a pipe or device, left alone", nil)
			continue
		}
		if !a.count() {
			return
		}
		mod := table.MicrosOf(hdr.ModTime)
		s, ok := Source{}, false
		if place != nil {
			s, ok = place(hdr, tr)
		}
		if !ok {
			if s, ok = a.hold(p, tr, hdr.Size, mod); !ok {
				return
			}
		}
		a.add(s, p, mod)
	}
}

// member is the path under which a member is known: its own, made harmless, behind the archive's.
func (a *archive) member(name string) (string, bool) {
	name = strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/")
	if name == "" {
		return "", false
	}
	return a.path + "/" + name, true
}

// count is false when there are too many members, which is said once.
func (a *archive) count() bool { return a.walker.count(a.path) }

func (a *archive) add(s Source, p string, mod table.Micros) {
	s.Path, s.ModTime = p, mod
	a.sniffed(s, a.depth, false)
}

// hold keeps what can be read only once: in memory what is small, in a temporary file what is not.
// size is -1 where it is not known. It is false when there is no more room.
func (a *archive) hold(p string, r io.Reader, size int64, mod table.Micros) (Source, bool) {
	s := Source{Path: p, ModTime: mod}
	room := min(a.lim.KeepBytes/8, a.keep)
	var kept bytes.Buffer
	if size >= 0 && size <= room {
		b := a.room(size, &s)
		n, err := io.ReadFull(r, b)
		if err != nil && err != io.EOF {
			a.problem(p, fmt.Sprintf("%v; what stands before it was read", err))
		}
		a.keep -= int64(n)
		s.Size = int64(n)
		return s, true
	}
	if size < 0 {
		n, err := kept.ReadFrom(io.LimitReader(r, room))
		if err != nil {
			a.problem(p, fmt.Sprintf("%v; what stands before it was read", err))
		}
		if err != nil || n < room {
			a.keep -= n
			s.Size, s.in = n, &container{a.root, a.outer, inMemory(kept.Bytes())}
			return s, true
		}
	}
	f, err := a.spillFile()
	if err != nil {
		a.unreadable(p, "make a temporary file: "+reasonOf(err), nil)
		return s, false
	}
	at := a.spilled
	left := a.lim.SpillBytes - at
	if a.copying == nil {
		a.copying = make([]byte, readBuffer)
	}
	n, err := io.CopyBuffer(io.NewOffsetWriter(f, at), io.LimitReader(io.MultiReader(&kept, r), left), a.copying)
	a.spilled += n
	if a.spill == nil {
		a.spill = &container{a.root, a.outer, within(shared(f))}
	}
	s.Size, s.at, s.in = n, at, a.spill
	switch {
	case n == left:
		a.problem(p, fmt.Sprintf("archives need more than %d bytes of temporary space, the rest left alone", a.lim.SpillBytes))
		a.add(s, p, mod)
		return s, false
	case err != nil:
		a.problem(p, fmt.Sprintf("%s; what stands before it was read", reasonOf(err)))
	}
	return s, true
}

// chunk is memory that small members share.
type chunk struct {
	whole []byte
	used  int64
	in    *container
}

const chunkBytes = 1 << 20

// room gives room for size bytes, which are what s opens.
func (a *archive) room(size int64, s *Source) []byte {
	if size > chunkBytes/4 {
		b := make([]byte, size)
		s.in = &container{a.root, a.outer, inMemory(b)}
		return b
	}
	c := &a.chunk
	if c.whole == nil || c.used+size > int64(len(c.whole)) {
		*c = chunk{whole: make([]byte, chunkBytes)}
	}
	if c.in == nil || c.in.root != a.root || c.in.within != a.outer {
		c.in = &container{a.root, a.outer, inMemory(c.whole)}
	}
	s.in, s.at = c.in, c.used
	c.used += size
	return c.whole[s.at:c.used]
}

func inMemory(b []byte) func(at, size int64) (io.ReadCloser, error) {
	return func(at, size int64) (io.ReadCloser, error) {
		return &section{io.NewSectionReader(bytes.NewReader(b), at, size), io.NopCloser(nil)}, nil
	}
}

// shared hands out f, which stays open until the walk is closed.
func shared(f *os.File) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		return &section{io.NewSectionReader(f, 0, 1<<62), io.NopCloser(nil)}, nil
	}
}

// spillFile is the one temporary file of the walk. Its name is taken away at once where the system lets
// that be, so that nothing stays behind a killed process.
func (w *walker) spillFile() (*os.File, error) {
	if w.temp == nil {
		f, err := os.CreateTemp(w.lim.TempDir, "psyncope-*")
		if err != nil {
			return nil, err
		}
		_ = os.Remove(f.Name())
		w.temp = f
	}
	return w.temp, nil
}
