package ingest

import (
	"errors"
	"io"
)

// from reads a file from a mark on.
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
	return raw, nil
}
