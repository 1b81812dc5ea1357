package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// whole writes a file under another name in the same directory and renames it: it is there whole, or as it was. A link is followed; what is no file
// (a pipe, a device) is written to as it is.
func whole(ctx context.Context, path string, write func(io.Writer) error) error {
	return wholeFor(ctx, path, 0o644, write)
}

// wholeFor is whole with a file's rights.
func wholeFor(ctx context.Context, path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		return errors.Join(write(w), w.Flush(), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-")
	if err != nil {
		return err
	}
	defer making(ctx, f.Name())()
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err := errors.Join(write(w), w.Flush(), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// mayOverwrite holds that a file is missing, empty, none (a pipe), or one that psyncope wrote.
func mayOverwrite(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || isOurs(path) {
		return nil // what cannot be looked at cannot be written either, and that is told then
	}
	return fmt.Errorf("%s is there and psyncope did not write it: name another file, or say --force", path)
}

// isOurs looks for what psyncope's reports begin with.
func isOurs(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	head = head[:n]
	if bytes.HasPrefix(head, []byte("PK")) {
		return isOurWorkbook(f)
	}
	for _, mark := range []string{"psyncope", "replication incident", "# Redis replication report"} {
		if bytes.Contains(head, []byte(mark)) {
			return true
		}
	}
	return false
}

func isOurWorkbook(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return false
	}
	for _, m := range z.File {
		if !strings.HasPrefix(m.Name, "docProps/") {
			continue
		}
		r, err := m.Open()
		if err != nil {
			return false
		}
		b, _ := io.ReadAll(io.LimitReader(r, 64<<10))
		r.Close()
		if bytes.Contains(b, []byte("psyncope")) {
			return true
		}
	}
	return false
}
