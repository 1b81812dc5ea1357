package ingest

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

// TestOutOfStep: text in UTF-16 stays what it is; cut at newlines' bytes, put together anew or with plain text behind it, its lines are all there.
func TestOutOfStep(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		big := rapid.Bool().Draw(r, "big end first")
		of, zero := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 1
		if big {
			of, zero = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 0
		}
		lines := rapid.SliceOfN(rapid.StringMatching(`[ -~]{20,60}`), 2, 30).Draw(r, "lines")
		foreign := rapid.StringMatching(`[ -~äß中文本]{0,40}`).Draw(r, "other letters")
		read := func(b []byte) string {
			out, err := io.ReadAll(of.NewDecoder().Reader(inSteps(iotest.OneByteReader(bytes.NewReader(b)), zero)))
			if err != nil {
				r.Fatal(err)
			}
			whole, err := io.ReadAll(of.NewDecoder().Reader(inSteps(bytes.NewReader(b), zero)))
			if err != nil || !bytes.Equal(out, whole) {
				r.Fatalf("read at once: %q, in bytes: %q", whole, out)
			}
			return string(out)
		}
		text := strings.Join(append(lines, foreign), "\r\n") + "\r\n"
		in, err := of.NewEncoder().Bytes([]byte(text))
		if err != nil {
			r.Fatal(err)
		}
		if got := read(in); got != text {
			r.Fatalf("%q became %q", text, got)
		}
		plain := "appended by a program that knows no UTF-16\r\n"
		if got := read(append(bytes.Clone(in), plain...)); got != text+plain {
			r.Fatalf("%q became %q", text+plain, got)
		}
		// Lines that are told apart by the byte of a newline, in another order.
		in, err = of.NewEncoder().Bytes([]byte(strings.Join(lines, "\n") + "\n"))
		if err != nil {
			r.Fatal(err)
		}
		pieces := bytes.SplitAfter(in, []byte("\n"))
		got := read(bytes.Join(rapid.Permutation(pieces).Draw(r, "order"), nil))
		for _, l := range lines {
			if !strings.Contains(got, l) {
				r.Fatalf("%q is lost in %q", l, got)
			}
		}
		if n := strings.Count(got, "\n"); n < len(lines)-1 {
			r.Fatalf("%d lines of %d in %q", n, len(lines), got)
		}
	})
}
