package main

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// pack writes a directory as DIR.tar.zst beside it, which only its user may read, and gives its path. Names in it begin with the directory's own.
func pack(ctx context.Context, dir string) (string, error) {
	dir = filepath.Clean(dir)
	path := dir + ".tar.zst"
	return path, wholeFor(ctx, path, 0o600, func(w io.Writer) error {
		z, err := zstd.NewWriter(w)
		if err != nil {
			return err
		}
		t := tar.NewWriter(z)
		err = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() && !e.IsDir() {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			return packFile(t, filepath.Dir(dir), file)
		})
		return errors.Join(err, t.Close(), z.Close())
	})
}

func packFile(t *tar.Writer, above, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	h, err := tar.FileInfoHeader(st, "")
	if err != nil {
		return err
	}
	name, err := filepath.Rel(above, file)
	if err != nil {
		return err
	}
	// Whose it is here is nobody's business there.
	h.Name, h.Uid, h.Gid, h.Uname, h.Gname = filepath.ToSlash(name), 0, 0, "", ""
	if err := t.WriteHeader(h); err != nil || st.IsDir() {
		return err
	}
	// No more than was announced: a file may grow meanwhile.
	_, err = io.CopyN(t, f, h.Size)
	return err
}
