package ingest

import (
	"bufio"
	"cmp"
	"io"
)

// stepped reads text in UTF-16 whose bytes may fall out of step: where lines were cut at the byte of a newline and put together anew, and where
// a program that knows nothing of UTF-16 appended to it. Half a character is made whole, or left out where it is the empty half; a run of plain
// ASCII becomes UTF-16. Else all that follows would be read as other letters, in one line.
type stepped struct {
	r     *bufio.Reader
	zero  int  // which byte of an ASCII character's two is the empty one
	plain bool // in a run of bytes that are a character each
	out   []byte
	err   error
}

// sureSteps is how many characters on end must be ASCII one byte on, sureBytes how many bytes in a row must be for it to be no UTF-16: few
// languages' letters look like that once, and none as often.
const (
	sureSteps = 4
	sureBytes = 16
)

func inSteps(r io.Reader, zero int) io.Reader {
	return &stepped{r: bufio.NewReaderSize(r, 64<<10), zero: zero}
}

func (s *stepped) Read(b []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	n := copy(b, s.out)
	s.out = s.out[n:]
	return n, nil
}

// fill takes what is buffered, but for the few bytes at its end that tell how to read those before them.
func (s *stepped) fill() {
	_, end := s.r.Peek(sureBytes + 1)
	w, err := s.r.Peek(s.r.Buffered())
	if len(w) == 0 {
		s.err = cmp.Or(end, err)
		return
	}
	last := len(w)
	if end == nil {
		last -= sureBytes
	}
	s.out = make([]byte, 0, len(w)+len(w)/2)
	i := 0
	for i < last {
		i += s.step(w[i:])
	}
	s.r.Discard(min(i, len(w)))
}

// step takes one character, and says of how many bytes.
func (s *stepped) step(w []byte) int {
	switch {
	case s.ascii(w, 1):
		s.plain = false
	case len(w) > 1 && s.ascii(w[1:], sureSteps):
		s.plain = false
		return s.one(w[0])
	case s.plain && w[0] != 0 || plainRun(w):
		s.plain = true
		return s.one(w[0])
	}
	s.out = append(s.out, w[:min(2, len(w))]...)
	return 2
}

// one writes an ASCII byte that stands alone; an empty one is half of what is not there.
func (s *stepped) one(c byte) int {
	if c != 0 && s.zero == 1 {
		s.out = append(s.out, c, 0)
	} else if c != 0 {
		s.out = append(s.out, 0, c)
	}
	return 1
}

// ascii reports whether n characters of ASCII begin here.
func (s *stepped) ascii(b []byte, n int) bool {
	if len(b) < 2*n {
		return false
	}
	for i := range n {
		if c, z := b[2*i+1-s.zero], b[2*i+s.zero]; z != 0 || c == 0 || c > 0x7e {
			return false
		}
	}
	return true
}

// plainRun reports whether bytes of ASCII begin here that are no characters of two.
func plainRun(b []byte) bool {
	if len(b) < sureBytes {
		return false
	}
	for _, c := range b[:sureBytes] {
		if c > 0x7e || c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
