package ingest

import (
	"bytes"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// charset is one way in which text is written down that is not plain UTF-8, known by its first bytes.
type charset struct {
	name  string
	match func(head []byte) bool
	of    encoding.Encoding
	zero  int // of UTF-16, which byte of an ASCII character's two is 0; -1 for what is none
}

// charsets is the only list of them: what PowerShell's > and Windows editors write. The longer marks come first.
var charsets = [...]charset{
	{"utf-8 with a mark", magic("\xef\xbb\xbf"), unicode.UTF8BOM, -1},
	{"utf-32", func(h []byte) bool {
		return bytes.HasPrefix(h, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(h, []byte("\x00\x00\xfe\xff"))
	}, utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), -1},
	{"utf-16", magic("\xff\xfe"), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), 1},
	{"utf-16, big end first", magic("\xfe\xff"), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), 0},
	{"utf-16 without a mark", func(h []byte) bool { return zeros(h, 1) }, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 1},
	{"utf-16, big end first, without a mark", func(h []byte) bool { return zeros(h, 0) }, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 0},
}

// zeros reports whether every second byte of a head is 0 and no other is, from this one on.
func zeros(head []byte, from int) bool {
	if len(head) < 8 || len(head)%2 != 0 {
		return false
	}
	for i, b := range head {
		if (b == 0) != (i%2 == from) {
			return false
		}
	}
	return true
}

// inUTF8 is a text that begins so, as UTF-8 without a mark; ok is false where it is that already.
func inUTF8(head []byte, r io.ReadCloser) (text io.ReadCloser, name string, ok bool) {
	for _, c := range charsets {
		if c.match(head) {
			stored := &counter{r: r}
			inStep := io.Reader(stored)
			if c.zero >= 0 {
				inStep = inSteps(stored, c.zero)
			}
			return &recoded{Reader: c.of.NewDecoder().Reader(inStep), Closer: r, stored: stored}, c.name, true
		}
	}
	return r, "", false
}

// recoded is a text in UTF-8 that was stored otherwise; stored counts its bytes as they were.
type recoded struct {
	io.Reader
	io.Closer
	stored *counter
}

// bytesOf is how many bytes of a file were read, before its text was recoded, of which there are so many.
func bytesOf(body io.Reader, recodedBytes int64) int64 {
	if r, ok := body.(*recoded); ok {
		return r.stored.n
	}
	return recodedBytes
}

// returned reports whether a text ends its lines with carriage returns alone, as old Macs' did.
func returned(head []byte) bool {
	return bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0
}

// newlines reads a text of carriage returns as one of newlines.
type newlines struct{ io.ReadCloser }

func (n newlines) Read(b []byte) (int, error) {
	k, err := n.ReadCloser.Read(b)
	renewed(b[:k])
	return k, err
}

func renewed(b []byte) {
	for i, c := range b {
		if c == '\r' {
			b[i] = '\n'
		}
	}
}
