package ingest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// tree writes files under a new directory and is its path.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "capture")
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// id is a replication id made of one digit.
func id(c string) string { return strings.Repeat(c, 40) }

// primaryInfo and replicaInfo are small dumps of a group with this replication id.
func primaryInfo(run, repl string) string {
	return "# Server\r\nredis_version:7.2.4\r\nrun_id:" + id(run) + "\r\ntcp_port:6379\r\n# Replication\r\nrole:master\r\nconnected_slaves:1\r\nmaster_replid:" + id(repl) + "\r\nmaster_repl_offset:100\r\n"
}

func replicaInfo(run, repl, host string) string {
	return "# Server\r\nredis_version:7.2.4\r\nrun_id:" + id(run) + "\r\ntcp_port:6379\r\n# Replication\r\nrole:slave\r\nmaster_host:" + host + "\r\nmaster_port:6379\r\nmaster_link_status:up\r\nmaster_replid:" + id(repl) + "\r\nmaster_repl_offset:100\r\n"
}

// primaryLog and replicaLog are logs of some lines that name nobody but whom they are told to.
func primaryLog() string {
	return "100:M 22 Nov 2026 10:00:00.000 * Ready to accept connections tcp\n100:M 22 Nov 2026 10:00:01.000 * Background saving terminated with success\n"
}

func replicaLog(host string) string {
	return "200:S 22 Nov 2026 10:00:00.000 * Connecting to MASTER " + host + ":6379\n200:S 22 Nov 2026 10:00:00.001 * MASTER <-> REPLICA sync started\n"
}

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func zst(text string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func xzed(text string) string {
	var b bytes.Buffer
	w, _ := xz.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func lz4ed(text string) string {
	var b bytes.Buffer
	w := lz4.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// helloBzip2 is "hello\n" as bzip2 writes it; the standard library only reads the format.
const helloBzip2 = "BZh91AY&SY\xc1\xc0\x80\xe2\x00\x00\x01\x41\x00\x00\x10\x02\x44\xa0\x00\x30\xcd\x00\xc3\x46\x29\x97\x17\x72\x45\x38\x50\x90\xc1\xc0\x80\xe2"

func tarred(files map[string]string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range sortedKeys(files) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}); err != nil {
			panic(err)
		}
		io.WriteString(w, files[name])
	}
	w.Close()
	return b.String()
}

func zipped(files map[string]string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range sortedKeys(files) {
		f, err := w.Create(name)
		if err != nil {
			panic(err)
		}
		io.WriteString(f, files[name])
	}
	w.Close()
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// contents reads every source to its end, decompressed, by path below root.
func contents(t testing.TB, f *Found, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i := range f.Sources {
		s := &f.Sources[i]
		r, err := s.Open()
		if err == nil {
			r, _, err = decode(r, Limits{}.withDefaults())
		}
		text := ""
		if err == nil {
			var b []byte
			b, err = io.ReadAll(r)
			text = string(b)
			r.Close()
		}
		if err != nil {
			text += fmt.Sprintf("<%v>", err)
		}
		out[strings.TrimPrefix(strings.TrimPrefix(s.Path, root), "/")] = text
	}
	return out
}

func problems(ps []table.Problem, root string) []string {
	var out []string
	for _, p := range ps {
		out = append(out, strings.TrimPrefix(strings.TrimPrefix(p.File, root), "/")+": "+p.Reason)
	}
	return out
}

func bufioOf(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// readLines takes every line as an event.
func readLines(in artifact.Input, out *table.Case) (artifact.Account, error) {
	a := artifact.NewAccount()
	s := bufio.NewScanner(in.Body)
	for s.Scan() {
		a.Records++
		e := table.Event{Origin: in.Origin, Stamp: table.Null, Outer: table.Null, PID: table.Null, Text: s.Text(), LastStamp: table.Null}
		e.Line = int32(a.Records)
		out.Events.Append(&e)
	}
	return a, s.Err()
}
