package ingest

import (
	"bytes"
	"errors"
	"io"
)

// from reads a file from a mark on. Empty lines stand for those before it, so that what follows keeps its line numbers.
func from(src *Source, m Mark) (io.ReadCloser, error) {
	raw, err := src.Open()
	if err != nil {
		return nil, err
	}
	s, ok := raw.(io.Seeker)
	if !ok {
		return nil, errors.Join(errors.New("it cannot be read from its middle on"), raw.Close())
	}
	if _, err := s.Seek(m.Offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&emptyLines{left: m.Line - 1}, raw), raw}, nil
}

// emptyLines is so many of them.
type emptyLines struct{ left int64 }

var manyEmpty = bytes.Repeat([]byte("\n"), 4096)

func (e *emptyLines) Read(b []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(int64(len(b)), e.left)], manyEmpty)
	e.left -= int64(n)
	return n, nil
}
