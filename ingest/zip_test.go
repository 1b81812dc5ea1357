package ingest

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// rawZip is a zip of one member that claims what it is told to.
func rawZip(t *testing.T, h zip.FileHeader, stored string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, stored); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A member that is not what its archive says of it ends as the library that wrote it would end it.
func TestZipDamaged(t *testing.T) {
	const text = "some lines\n"
	n, sum := uint64(len(text)), crc32.ChecksumIEEE([]byte(text))
	for name, tc := range map[string]struct {
		h    zip.FileHeader
		want string
	}{
		"whole":               {zip.FileHeader{Name: "x", CompressedSize64: n, UncompressedSize64: n, CRC32: sum}, ""},
		"another sum":         {zip.FileHeader{Name: "x", CompressedSize64: n, UncompressedSize64: n, CRC32: sum + 1}, "zip: zip: checksum error"},
		"less than it claims": {zip.FileHeader{Name: "x", CompressedSize64: n, UncompressedSize64: n + 1, CRC32: sum}, "zip: unexpected EOF"},
		"more than it claims": {zip.FileHeader{Name: "x", CompressedSize64: n, UncompressedSize64: n - 1, CRC32: sum}, "zip: zip: not a valid zip file"},
		"no such method":      {zip.FileHeader{Name: "x", Method: 99, CompressedSize64: n, UncompressedSize64: n, CRC32: sum}, "zip: zip: unsupported compression algorithm"},
		"not deflated":        {zip.FileHeader{Name: "x", Method: zip.Deflate, CompressedSize64: n, UncompressedSize64: n, CRC32: sum}, "zip: flate: corrupt input before offset"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"a.zip": rawZip(t, tc.h, text)})
			found := Walk([]string{filepath.Join(dir, "a.zip")}, nil, Limits{})
			defer found.Close()
			if len(found.Sources) != 1 {
				t.Fatalf("%d members, want 1: %v", len(found.Sources), found.Problems)
			}
			r, err := found.Sources[0].Open()
			if err == nil {
				defer r.Close()
				_, err = io.ReadAll(r)
			}
			if err == nil && tc.want != "" || err != nil && (tc.want == "" || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// Members are read side by side, again and again, with decoders that have read others.
func TestZipSideBySide(t *testing.T) {
	files := map[string]string{}
	for _, c := range "abcdefgh" {
		files[string(c)+".log"] = strings.Repeat(string(c), 10_000)
	}
	dir := tree(t, map[string]string{"a.zip": zipped(files)})
	found := Walk([]string{filepath.Join(dir, "a.zip")}, nil, Limits{})
	defer found.Close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				for i := range found.Sources {
					s := &found.Sources[i]
					r, err := s.Open()
					if err != nil {
						t.Error(err)
						return
					}
					b, err := io.ReadAll(io.LimitReader(r, 100)) // left before its end
					if err != nil || strings.Trim(string(b), s.Name()[:1]) != "" {
						t.Errorf("%s: %v, %q", s.Path, err, b[:1])
					}
					rest, err := io.ReadAll(r)
					if err != nil || len(rest) != 9_900 {
						t.Errorf("%s: %v, %d bytes more, want 9900", s.Path, err, len(rest))
					}
					_ = r.Close()
					if _, err := r.Read(b); err == nil {
						t.Errorf("%s: read when it was closed", s.Path)
					}
				}
			}
		})
	}
	wg.Wait()
}
