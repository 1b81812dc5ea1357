package logs

import (
	"bytes"
	"io"
)

const (
	// bufferSize holds some thousand lines: what is read is looked at while it is in the cache. Most logs are
	// small, and a fleet has many of them: a buffer begins with firstSize.
	bufferSize = 256 << 10
	firstSize  = 16 << 10
	// maxLine is the longest line that is looked at; what lies behind it is skipped.
	maxLine = 1 << 20
)

// lines cuts a stream at its newlines. A line is good until the next call.
type lines struct {
	r          io.Reader
	buf        []byte
	start, end int
	err        error // what r said last; io.EOF at its end
	nuls       bool  // the line that is being read began with NULs that are gone
}

func newLines(r io.Reader) *lines {
	size := firstSize
	if b, ok := r.(*bytes.Reader); ok {
		size = min(size, b.Len()+1)
	}
	return &lines{r: r, buf: make([]byte, size)}
}

// next is the next line without its newline; false at the end of the stream or where it failed.
func (l *lines) next() ([]byte, bool) {
	for {
		if i := bytes.IndexByte(l.buf[l.start:l.end], '\n'); i >= 0 {
			line := l.buf[l.start : l.start+i]
			l.start += i + 1
			l.nuls = false
			if i > 0 && line[0] == 0 {
				line = bytes.TrimLeft(line, "\x00")
			}
			return line, true
		}
		if l.end-l.start >= maxLine {
			return l.long(), true
		}
		if l.err != nil {
			if l.start == l.end && !l.nuls {
				return nil, false
			}
			l.nuls = false
			line := bytes.TrimLeft(l.buf[l.start:l.end], "\x00")
			l.start = l.end
			return line, true
		}
		l.fill()
	}
}

// head is the first n bytes, or what there is: however few a pipe gives at once, the same ones are looked at. Nothing may have been read.
func (l *lines) head(n int) []byte {
	for l.end < n && l.err == nil {
		l.fill()
	}
	return l.buf[:min(l.end, n)]
}

// fill moves what is left to the front and reads behind it.
func (l *lines) fill() {
	full := l.end == len(l.buf)
	if l.start > 0 {
		l.end = copy(l.buf, l.buf[l.start:l.end])
		l.start = 0
	}
	// A file that was truncated under its writer has as many NULs as were cut off where a line begins.
	if l.end > 0 && l.buf[0] == 0 {
		rest := bytes.TrimLeft(l.buf[:l.end], "\x00")
		l.end, l.nuls = copy(l.buf, rest), true
	}
	if l.end == len(l.buf) || full && len(l.buf) < bufferSize {
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range 100 { // as bufio: a reader that gives nothing so often never will
		n, err := l.r.Read(l.buf[l.end:])
		l.end += max(n, 0)
		if err != nil {
			l.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	l.err = io.ErrNoProgress
}

// long gives the beginning of a line that is longer than maxLine and skips the rest of it.
func (l *lines) long() []byte {
	line := bytes.Clone(l.buf[l.start : l.start+maxLine])
	defer func() { l.nuls = false }()
	l.start = l.end
	for l.err == nil {
		l.fill()
		if i := bytes.IndexByte(l.buf[l.start:l.end], '\n'); i >= 0 {
			l.start += i + 1
			break
		}
		l.start = l.end
	}
	return line
}
