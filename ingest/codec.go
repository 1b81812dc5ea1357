package ingest

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// readBuffer is how much is asked of a file at once: with 256 KiB the system calls no longer show
// beside the copying.
const readBuffer = 256 << 10

// codec is one compression, known by its first bytes and never by the file's name.
type codec struct {
	name     string
	suffixes []string // of file names, taken off before a name is understood
	match    func(head []byte) bool
	open     func(r *bufio.Reader, lim Limits) (io.ReadCloser, error)
}

// codecs is the only list of compressions.
var codecs = [...]codec{
	{"gzip", []string{".gz", ".gzip"}, magic("\x1f\x8b\x08"), openGzip},
	{"zstd", []string{".zst", ".zstd"}, isZstd, openZstd},
	{"xz", []string{".xz"}, magic("\xfd7zXZ\x00"), openXz},
	{"bzip2", []string{".bz2"}, isBzip2, openBzip2},
	{"lz4", []string{".lz4"}, isLz4, openLz4},
}

func magic(m string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(m)) }
}

// isZstd takes the skippable frames too with which pzstd and seekable files begin (RFC 8878, 3.1.2).
func isZstd(h []byte) bool {
	return bytes.HasPrefix(h, []byte("\x28\xb5\x2f\xfd")) ||
		len(h) >= 4 && h[0]&0xf0 == 0x50 && bytes.Equal(h[1:4], []byte("\x2a\x4d\x18"))
}

// isBzip2 wants the first block's mark as well: "BZh9" alone is text.
func isBzip2(h []byte) bool {
	return len(h) >= 10 && bytes.HasPrefix(h, []byte("BZh")) && h[3] >= '1' && h[3] <= '9' &&
		(bytes.Equal(h[4:10], []byte("1AY&SY")) || bytes.Equal(h[4:10], []byte("\x17\x72\x45\x38\x50\x90")))
}

func isLz4(h []byte) bool {
	return bytes.HasPrefix(h, []byte("\x04\x22\x4d\x18")) || bytes.HasPrefix(h, []byte("\x02\x21\x4c\x18"))
}

func openGzip(r *bufio.Reader, _ Limits) (io.ReadCloser, error) { return gzip.NewReader(r) }

func openZstd(r *bufio.Reader, lim Limits) (io.ReadCloser, error) {
	// One goroutine a file: files are read side by side already.
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(lim.DecoderMemory), zstd.WithDecoderMaxWindow(lim.DecoderMemory))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// openXz looks at the window that the first block asks for, since the decoder makes it at once and
// the format allows 4 GiB.
func openXz(r *bufio.Reader, lim Limits) (io.ReadCloser, error) {
	if need := xzWindow(r); need > lim.DecoderMemory {
		return nil, fmt.Errorf("a window of %d bytes is above the limit of %d", need, lim.DecoderMemory)
	}
	d, err := xz.NewReader(r)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(d), nil
}

// xzWindow reads the dictionary size of the first block header (xz file format 1.0.4, 3.1 and 5.3.1);
// 0 where it finds none.
func xzWindow(r *bufio.Reader) uint64 {
	const streamHeader, lzma2 = 12, 0x21
	h, _ := r.Peek(streamHeader + 1024)
	if len(h) < streamHeader+6 {
		return 0
	}
	b := h[streamHeader:]
	at := 2
	for _, bit := range []byte{0x40, 0x80} { // compressed and uncompressed size: varints
		if b[1]&bit != 0 {
			for at < len(b) && b[at]&0x80 != 0 {
				at++
			}
			at++
		}
	}
	if at+2 >= len(b) || b[at] != lzma2 || b[at+1] != 1 {
		return 0
	}
	bits := b[at+2] & 0x3f
	if bits >= 40 {
		return 1<<32 - 1
	}
	return uint64(2|bits&1) << (bits/2 + 11)
}

func openBzip2(r *bufio.Reader, _ Limits) (io.ReadCloser, error) {
	return io.NopCloser(bzip2.NewReader(r)), nil
}

func openLz4(r *bufio.Reader, _ Limits) (io.ReadCloser, error) {
	return io.NopCloser(lz4.NewReader(r)), nil
}

// errBomb is what a compressed file ends in that expands beyond Limits.
var errBomb = errors.New("expands beyond the limit")

// decode takes the compressions off r, as many as lie around one another up to lim.Depth, and names
// them; text in another charset comes out as UTF-8. Plain bytes come back as they are, behind a buffer only as large as the look at their head.
// Closing the result closes the decoders and r.
func decode(r io.ReadCloser, lim Limits) (io.ReadCloser, []string, error) {
	var names []string
	for {
		head := make([]byte, 16)
		n, err := io.ReadFull(r, head)
		head = head[:n]
		if err == io.ErrUnexpectedEOF { // ReadFull's word for a short file
			err = io.EOF
		}
		if n == 0 && err != nil && err != io.EOF {
			r.Close()
			return nil, names, err
		}
		rest := &prefixed{head: head, err: err, ReadCloser: r}
		c, ok := codecOf(head)
		if !ok {
			text, name, ok := inUTF8(head, rest)
			if ok {
				names = append(names, name)
			}
			return text, names, nil
		}
		if len(names) == lim.Depth {
			r.Close()
			return nil, names, fmt.Errorf("more than %d compressions around one another (--max-depth)", lim.Depth)
		}
		names = append(names, c.name)
		stored := &counter{r: rest}
		d, err := c.open(bufio.NewReaderSize(stored, readBuffer), lim)
		if err != nil {
			r.Close()
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, names, fmt.Errorf("%s: %w", c.name, err)
		}
		r = &expanding{d: d, name: c.name, stored: stored, under: r, lim: lim}
	}
}

func codecOf(head []byte) (codec, bool) {
	for _, c := range codecs {
		if c.match(head) {
			return c, true
		}
	}
	return codec{}, false
}

// prefixed gives back the bytes that were looked at, then the error that ended the look if one did, then the
// rest. (io.MultiReader would hide Close.)
type prefixed struct {
	head []byte
	err  error
	io.ReadCloser
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		// A short read would cost the caller a buffer that is all but empty: fill it.
		if n < len(b) && len(p.head) == 0 && p.err == nil {
			m, err := p.ReadCloser.Read(b[n:])
			if err == io.EOF && n+m > 0 {
				err = nil
			}
			return n + m, err
		}
		return n, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.ReadCloser.Read(b)
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// expanding is a decoder that is held to the limits.
type expanding struct {
	d      io.ReadCloser
	name   string
	stored *counter
	under  io.Closer
	n      int64
	lim    Limits
	err    error
}

func (e *expanding) Read(b []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.d.Read(b)
	e.n += int64(n)
	switch {
	case e.n > e.lim.MemberBytes:
		e.err = fmt.Errorf("%s: %w of %d bytes (--max-file-size)", e.name, errBomb, e.lim.MemberBytes)
	case e.n > e.lim.RatioFrom && e.n/e.lim.Ratio > e.stored.n:
		e.err = fmt.Errorf("%s: %w of %d times its size (--max-ratio)", e.name, errBomb, e.lim.Ratio)
	case err == nil || err == io.EOF:
		return n, err
	default:
		e.err = fmt.Errorf("%s: %w", e.name, err)
	}
	return n, e.err
}

func (e *expanding) Close() error { return errors.Join(e.d.Close(), e.under.Close()) }
