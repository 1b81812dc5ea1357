package ingest

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"psyncope/ingest/table"
)

// FuzzArchive holds that whatever an archive holds, the files in it lie below it, and can be read.
func FuzzArchive(f *testing.F) {
	inner := tarred(map[string]string{"x/../../one": "1", "/two": "2"})
	for _, s := range []string{inner, gz(inner), zipped(map[string]string{"../a": "a", "b.tar": inner}), "PK\x03\x04", inner[:700]} {
		f.Add([]byte(s))
	}
	lim := Limits{MemberBytes: 1 << 16, KeepBytes: 1 << 20, SpillBytes: 1 << 20, Members: 50, TempDir: f.TempDir()}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 16<<10 {
			return
		}
		found := Walk([]string{"-"}, bytes.NewReader(in), lim)
		defer found.Close()
		for i := range found.Sources {
			s := &found.Sources[i]
			if p := s.Path; p != "-" && (!strings.HasPrefix(p, "-/") || strings.Contains("/"+p+"/", "/../")) {
				t.Errorf("it lies at %q", p)
			}
			if r, err := s.Text(lim); err == nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<17))
				r.Close()
			}
		}
	})
}

// FuzzEach holds that every byte is accounted for, whatever the file is taken for.
func FuzzEach(f *testing.F) {
	for _, s := range []string{
		primaryInfo("1", "1")[:200], "1:M 22 Nov 2026 10:00:00.000 * DB saved on disk\n", "1) 1) (integer) 1\n   2) (integer) 1795373130\n", "maxmemory\n1\n", "id=3 addr=10.0.0.9:4 fd=8 name= age=1 idle=0 flags=N\n",
		`{"log":"1:M 22 Nov 2026 10:00:00.000 * DB saved on disk\n","stream":"stdout","time":"2026-11-22T10:00:00Z"}`, "\xff\xfe1\x00", "a | 1:M 22 Nov 2026 10:00:00.000 * x\nb | 1:S 22 Nov 2026 10:00:00.000 * y\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 2<<10 {
			return
		}
		var files []table.File
		sum, _ := Each(t.Context(), Options{Roots: []string{"-"}, Stdin: strings.NewReader(in), Workers: 1}, func(c *table.Case) error {
			files = append(files, c.Files...)
			c.Release()
			return nil
		})
		for _, a := range append(files, sum.Files...) {
			switch {
			case a.Records < 0 || a.Ignored < 0 || a.Rejected < 0 || a.Bytes < 0:
				t.Errorf("%+v", a)
			case a.Kind != table.KindOther && a.Kind != table.KindUnreadable && a.Path == "-" && a.Records+a.Ignored+a.Rejected == 0 && a.Bytes > 0:
				t.Errorf("nothing of %q is accounted for: %+v", in, a)
			}
		}
	})
}
