package reply

import (
	"bufio"
	"bytes"
	"io"
)

// scanner hands out bytes and lines and counts lines. A read error ends the input like its end; err
// keeps it.
type scanner struct {
	r    *bufio.Reader
	line int32
	head [200]byte // how the current line begins, for reports
	n    int       // bytes of head in use
	err  error
}

func (s *scanner) peek(n int) ([]byte, error) {
	b, err := s.r.Peek(n)
	if len(b) == 0 && s.err != nil {
		err = s.err
	}
	return b, err
}

// next is the next byte; not ok at the end.
func (s *scanner) next() (c byte, ok bool) {
	c, err := s.r.ReadByte()
	if err != nil {
		s.err = err
		return 0, false
	}
	if c == '\n' {
		s.line++
		s.n = 0
	} else if s.n < len(s.head) {
		s.head[s.n] = c
		s.n++
	}
	return c, true
}

// look is the next byte, which stays; 0 at the end.
func (s *scanner) look() byte {
	b, _ := s.r.Peek(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// lineHead is how the current line begins.
func (s *scanner) lineHead() string { return string(s.head[:s.n]) }

// readLine is the rest of the current line without its end. What is longer than maxLine is cut.
func (s *scanner) readLine() (line int32, text string) {
	line = s.line
	var long []byte
	for {
		b, err := s.r.ReadSlice('\n')
		if err == nil {
			b = bytes.TrimRight(b, "\r\n")
			s.line++
			s.n = 0
			if long == nil {
				return line, string(b)
			}
		}
		if room := maxLine - len(long); room > 0 {
			long = append(long, b[:min(room, len(b))]...)
		}
		switch err {
		case nil:
			return line, string(long)
		case bufio.ErrBufferFull:
			continue
		default:
			s.err = err
			return line, string(bytes.TrimRight(long, "\r"))
		}
	}
}

// Lines gives every line of r, without its end, to each. A line beyond 1 MiB is cut. It fails only
// where r does.
func Lines(r io.Reader, each func(line int32, text string)) error {
	s := scanner{r: Buffered(r), line: 1}
	for {
		if b, err := s.peek(1); len(b) == 0 {
			if err == io.EOF {
				return nil
			}
			return err
		}
		line, text := s.readLine()
		each(line, text)
	}
}
