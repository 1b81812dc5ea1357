package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestRelease makes the archive for this machine, checks its sum, unpacks it and runs what is in it. make release does the same for all.
func TestRelease(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("release.sh wants GNU tar: releases are made on Linux")
	}
	dir := filepath.Join(t.TempDir(), "dist")
	sh := exec.CommandContext(t.Context(), "sh", "cmd/psyncope/release.sh", dir, runtime.GOOS+"/"+runtime.GOARCH)
	sh.Dir = filepath.Join("..", "..")
	sh.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil || len(archives) != 1 {
		t.Fatal(archives, err)
	}
	b, err := os.ReadFile(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	if want := hex.EncodeToString(sum[:]) + "  " + filepath.Base(archives[0]) + "\n"; string(sums) != want {
		t.Errorf("SHA256SUMS says %q, want %q", sums, want)
	}
	unpacked, names := unpack(t, b)
	for _, want := range []string{"psyncope", "LICENSE", "README.md", "man/psyncope.1", "man/psyncope-analyze.1", "completions/psyncope.bash", "completions/psyncope.zsh", "sbom.cdx.json"} {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "/"+want) }) {
			t.Errorf("the archive has no %s: %v", want, names)
		}
	}
	bin := exec.CommandContext(t.Context(), filepath.Join(unpacked, "psyncope"), "analyze", "--format", "json", "-q", "-")
	bin.Stdin = strings.NewReader("1:M 22 Nov 2026 10:00:00.000 * Connection with replica 10.0.0.2:6379 lost.\n")
	if out, err := bin.Output(); err != nil || !bytes.Contains(out, []byte(`"psyncope/report/v1"`)) {
		t.Errorf("what was unpacked says %.200s, %v", out, err)
	}
	var bom struct {
		Components []struct{ Name, Version string }
	}
	content, err := os.ReadFile(filepath.Join(unpacked, "sbom.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &bom); err != nil || len(bom.Components) < 10 {
		t.Errorf("the list of parts has %d, %v", len(bom.Components), err)
	}
}

// unpack writes an archive's files into a directory, and gives their one folder and all names.
func unpack(t *testing.T, archive []byte) (folder string, names []string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			first, _, _ := strings.Cut(names[0], "/")
			return filepath.Join(root.Name(), first), names
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			if err := root.MkdirAll(strings.TrimSuffix(h.Name, "/"), 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		names = append(names, h.Name)
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := root.WriteFile(h.Name, b, h.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
}
