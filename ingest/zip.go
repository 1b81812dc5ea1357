package ingest

import (
	"archive/zip"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"sync"

	"github.com/klauspost/compress/flate"

	"psyncope/ingest/table"
)

// zip lists the members of a zip, which are read in place whenever they are opened.
func (a *archive) zip(s Source) {
	r, err := s.Open()
	if err != nil {
		a.unreadable(s.Path, reasonOf(err), nil)
		return
	}
	ra, ok := r.(randomAccess)
	if !ok {
		r.Close()
		a.unreadable(s.Path, "zip: cannot be read in place", nil)
		return
	}
	a.open = append(a.open, ra)
	z, err := zip.NewReader(ra, s.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		a.unreadable(s.Path, fmt.Sprintf("zip: %v", err), nil)
		return
	}
	inside := &zipMembers{of: ra, lim: a.lim}
	in := &container{a.root, a.outer, inside.open}
	for i, f := range z.File {
		z.File[i] = nil
		p, ok := a.member(f.Name)
		if !ok || f.Mode().IsDir() || f.Mode()&os.ModeSymlink != 0 {
			continue
		}
		if !a.count() {
			return
		}
		if f.Flags&1 != 0 {
			a.unreadable(p, "zip: member is encrypted", nil)
			continue
		}
		mod := table.MicrosOf(f.Modified)
		if f.Modified.Year() < 1981 { // the format's zero
			mod = table.Null
		}
		a.add(Source{Size: int64(min(f.UncompressedSize64, 1<<62)), in: in, at: inside.add(f)}, p, mod)
	}
}

// zipMembers are what zip.Files say of how to open them, in a tenth of their memory: there may be a million.
type zipMembers struct {
	of     io.ReaderAt
	lim    Limits
	all    []zipMember
	broken map[int64]error // those whose place in the file is not known
	idle   sync.Pool       // decoders to be used again: one has 40 KiB, and a member often a line
}

// zipMember is where a member's stored bytes are, and what they must come to.
type zipMember struct {
	at, stored int64
	sum        uint32
	method     uint16
}

// add is the number under which the member is opened.
func (z *zipMembers) add(f *zip.File) int64 {
	n := int64(len(z.all))
	at, err := f.DataOffset()
	if err != nil {
		if z.broken == nil {
			z.broken = map[int64]error{}
		}
		z.broken[n] = err
	}
	z.all = append(z.all, zipMember{at, int64(min(f.CompressedSize64, 1<<62)), f.CRC32, f.Method})
	return n
}

func (z *zipMembers) open(n, size int64) (io.ReadCloser, error) {
	if err := z.broken[n]; err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	m := &z.all[n]
	stored := io.NewSectionReader(z.of, m.at, m.stored)
	var d io.ReadCloser
	switch m.method {
	case zip.Store:
		d = io.NopCloser(stored)
	case zip.Deflate:
		d = z.inflate(stored)
	default:
		return nil, fmt.Errorf("zip: %w", zip.ErrAlgorithm)
	}
	whole := &summed{ReadCloser: d, sum: crc32.NewIEEE(), want: m.sum, left: size}
	return &expanding{d: whole, name: "zip", stored: &counter{n: m.stored}, under: io.NopCloser(nil), lim: z.lim}, nil
}

// summed ends in an error where what was read is not what the archive says of it.
type summed struct {
	io.ReadCloser
	sum  hash.Hash32
	want uint32
	left int64
}

func (s *summed) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b)
	s.sum.Write(b[:n])
	s.left -= int64(n)
	switch {
	case s.left < 0:
		return 0, zip.ErrFormat
	case err != io.EOF:
		return n, err
	case s.left > 0:
		return n, io.ErrUnexpectedEOF
	case s.want != 0 && s.sum.Sum32() != s.want:
		return n, zip.ErrChecksum
	}
	return n, err
}

// inflate is r without its deflate, by a decoder that goes back when it is closed.
func (z *zipMembers) inflate(r io.Reader) io.ReadCloser {
	d, ok := z.idle.Get().(io.ReadCloser)
	if !ok {
		return &inflating{flate.NewReader(r), z}
	}
	_ = d.(flate.Resetter).Reset(r, nil)
	return &inflating{d, z}
}

type inflating struct {
	io.ReadCloser
	of *zipMembers
}

func (i *inflating) Read(b []byte) (int, error) {
	if i.ReadCloser == nil {
		return 0, os.ErrClosed
	}
	return i.ReadCloser.Read(b)
}

func (i *inflating) Close() error {
	d := i.ReadCloser
	if d == nil {
		return nil
	}
	i.ReadCloser = nil
	err := d.Close()
	i.of.idle.Put(d)
	return err
}
