package ingest

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func decoded(text string, lim Limits) (string, []string, error) {
	r, names, err := decode(io.NopCloser(iotest.OneByteReader(strings.NewReader(text))), lim)
	if err != nil {
		return "", names, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), names, err
}

func TestDecode(t *testing.T) {
	lim := Limits{}.withDefaults()
	long := strings.Repeat("used_memory:1000000\r\n", 20000)
	for _, tc := range []struct{ name, in, codecs, want, err string }{
		{"plain", "# Server\r\n", "", "# Server\r\n", ""},
		{"nothing", "", "", "", ""},
		{"short", "x", "", "x", ""},
		{"gzip", gz(long), "gzip", long, ""},
		{"gzip, two members", gz("a") + gz("b"), "gzip", "ab", ""},
		{"gzip of nothing", gz(""), "gzip", "", ""},
		{"zstd", zst(long), "zstd", long, ""},
		{"zstd behind a skippable frame", "\x50\x2a\x4d\x18\x02\x00\x00\x00xx" + zst("a"), "zstd", "a", ""},
		{"xz", xzed(long), "xz", long, ""},
		{"lz4", lz4ed(long), "lz4", long, ""},
		{"bzip2", helloBzip2, "bzip2", "hello\n", ""},
		{"BZh in text", "BZh9 is no magic", "", "BZh9 is no magic", ""},
		{"one in another", zst(gz("a")), "zstd gzip", "a", ""},
		{"five around one another", gz(gz(gz(gz(gz("a"))))), "gzip gzip gzip gzip", "", "more than 4 compressions"},
		{"gzip cut", gz(long)[:200], "gzip", long[:100], "gzip: unexpected EOF"},
		{"gzip cut in the header", gz(long)[:5], "gzip", "", "gzip: unexpected EOF"},
		{"zstd cut", zst(noise(1 << 20))[:1<<19], "zstd", noise(1000), "zstd: unexpected EOF"},
		{"xz cut", xzed(noise(10000))[:5000], "xz", noise(1000), "xz: "},
		{"lz4 cut", lz4ed(noise(5 << 20))[:4<<20+100], "lz4", noise(1000), "lz4: unexpected EOF"},
		{"bzip2 cut", helloBzip2[:30], "bzip2", "", "bzip2: "},
		{"gzip and rubbish", gz("a") + "rubbish", "gzip", "a", "gzip: "},
		{"gzip with a wrong checksum", gz("abc")[:len(gz("abc"))-8] + "\x00\x00\x00\x00\x03\x00\x00\x00", "gzip", "abc", "gzip: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, names, err := decoded(tc.in, lim)
			if strings.Join(names, " ") != tc.codecs {
				t.Errorf("codecs %q, want %q", names, tc.codecs)
			}
			switch {
			case tc.err == "" && (err != nil || got != tc.want):
				t.Errorf("got %d bytes and %v, want %d", len(got), err, len(tc.want))
			case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)):
				t.Errorf("error %v, want %q", err, tc.err)
			case !strings.HasPrefix(got, tc.want):
				t.Errorf("%d bytes read do not begin with what stands before the cut", len(got))
			}
		})
	}
}

// noise is text that does not compress, always the same.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 3<<20)
	lim := Limits{Ratio: 50, RatioFrom: 1 << 20}.withDefaults()
	for name, bomb := range map[string]string{"gzip": gz(zeros), "zstd": zst(zeros), "xz": xzed(zeros), "lz4": lz4ed(zeros)} {
		got, _, err := decoded(bomb, lim)
		if err == nil || !strings.Contains(err.Error(), "expands beyond the limit of 50 times its size") {
			t.Errorf("%s: error %v", name, err)
		}
		if len(got) < 1<<20 || len(got) > 2<<20 {
			t.Errorf("%s: %d bytes were read before it was stopped", name, len(got))
		}
	}
	if _, _, err := decoded(gz(noise(1<<16)), Limits{MemberBytes: 1000}.withDefaults()); err == nil || !strings.Contains(err.Error(), "limit of 1000 bytes") {
		t.Errorf("size limit: %v", err)
	}
	// Repetitive is not hostile: forty thousand equal dumps stay below the default.
	if _, _, err := decoded(gz(strings.Repeat("role:master\r\n", 1<<20)), Limits{}.withDefaults()); err != nil {
		t.Error(err)
	}
}

// A window beyond the limit is refused before memory is taken for it.
func TestWindows(t *testing.T) {
	lim := Limits{DecoderMemory: 1 << 20}.withDefaults()
	b := []byte(xzed("x"))
	if got := xzWindow(bufioOf(b)); got != 8<<20 {
		t.Errorf("window of %d bytes, want 8 MiB, what the encoder takes unasked", got)
	}
	if _, _, err := decoded(string(b), lim); err == nil || !strings.Contains(err.Error(), "window of 8388608 bytes is above the limit") {
		t.Errorf("xz: %v", err)
	}
	if _, _, err := decoded(zst(noise(8<<20)), lim); err == nil {
		t.Error("zstd: a window of 4 MiB passed a limit of 1 MiB")
	}
}

func TestDecodeGivesBackPlainBytes(t *testing.T) {
	lim := Limits{}.withDefaults()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		if _, ok := codecOf(in); ok {
			t.Skip("compressed")
		}
		if bytes.HasPrefix(in, []byte("\xff\xfe")) || bytes.HasPrefix(in, []byte("\xfe\xff")) {
			t.Skip("text in UTF-16")
		}
		r, _, err := decode(io.NopCloser(bytes.NewReader(in)), lim)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, in) {
			t.Fatalf("%q %v, want %q", got, err, in)
		}
	})
}

// FuzzDecode holds that no bytes make a decoder panic or give more than the limit.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "plain", gz("a"), zst("a"), xzed("a"), lz4ed("a"), helloBzip2, zst(gz("a")), "\x02\x21\x4c\x18\xff\xff\xff\x7f"} {
		f.Add([]byte(s))
	}
	lim := Limits{MemberBytes: 1 << 20, DecoderMemory: 1 << 20}.withDefaults()
	f.Fuzz(func(t *testing.T, in []byte) {
		r, _, err := decode(io.NopCloser(bytes.NewReader(in)), lim)
		if err != nil {
			return
		}
		defer r.Close()
		if n, _ := io.Copy(io.Discard, r); n > 2<<20 && n > int64(len(in)) {
			t.Fatalf("%d bytes out of %d", n, len(in))
		}
	})
}
