package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// outManifest is the file in a directory of reports that says what else is in it, and whole: it is written last.
const outManifest = "report.manifest.json"

// outFiles is what it holds.
type outFiles struct {
	Schema string    `json:"schema"`
	Files  []outFile `json:"files"`
}

type outFile struct {
	Path   string `json:"path"` // below the directory, with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const outSchema = "psyncope/manifest/v1"

// outDir is a directory that is built beside its place and put there when it is whole. While it is being built no other run may do the same.
type outDir struct {
	ctx   context.Context
	final string // where it goes
	dir   string // where it is built
	// beside tells that others have files in the directory: what is new is put in among them. Else it replaces the directory.
	beside bool
	made   bool // the directory was not there
	bare   bool // it is to hold nothing but what is put into it: no manifest
	unlock func()
	built  func() // forgets dir
	room   func() // forgets that final was made
}

// newOutDir begins a directory in which names are to be written. What is in the way and psyncope did not write is an error, unless force is given.
func newOutDir(ctx context.Context, path string, names []string, force bool) (*outDir, error) {
	o := &outDir{ctx: ctx, final: path}
	if err := o.begin(path, names, force); err != nil {
		o.abandon()
		return nil, err
	}
	return o, nil
}

func (o *outDir) begin(path string, names []string, force bool) (err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		o.final = real
	}
	if o.final, err = filepath.Abs(o.final); err != nil {
		return err
	}
	restore(o.final)
	if _, err := os.Lstat(o.final); errors.Is(err, fs.ErrNotExist) {
		o.made = true
	}
	if err := os.MkdirAll(o.final, 0o755); err != nil {
		return err
	}
	if o.made {
		o.room = makingRoom(o.ctx, o.final)
	}
	if o.unlock, err = lockDir(o.final); err != nil {
		o.made = false // it is the other run's
		return err
	}
	sweep(o.final)
	foreign, err := foreignIn(o.final)
	if err != nil {
		return err
	}
	here, _ := os.Getwd()
	o.beside = len(foreign) > 0 || here == o.final
	for _, name := range names {
		if slices.Contains(foreign, name) && !force {
			return fmt.Errorf("%s is there and psyncope did not write it: name another directory, or say --force", filepath.Join(path, name))
		}
	}
	if o.dir, err = os.MkdirTemp(filepath.Dir(o.final), "."+filepath.Base(o.final)+".new-"); err != nil {
		// Nothing may be put beside it: it is built inside.
		o.beside = true
		if o.dir, err = os.MkdirTemp(o.final, ".psyncope.new-"); err != nil {
			return err
		}
	}
	o.built = making(o.ctx, o.dir)
	return os.Chmod(o.dir, 0o755)
}

// foreignIn names what is in a directory and not in its manifest.
func foreignIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	if m, ok := readOutFiles(dir); ok {
		ours[outManifest] = true
		for _, f := range m.Files {
			top, _, _ := strings.Cut(f.Path, "/")
			ours[top] = true
		}
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".psyncope.new-") { // of a run that was killed: none is at work
			os.RemoveAll(filepath.Join(dir, e.Name()))
			continue
		}
		if !ours[e.Name()] || e.Type()&fs.ModeSymlink != 0 {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

func readOutFiles(dir string) (m outFiles, ok bool) {
	b, err := os.ReadFile(filepath.Join(dir, outManifest))
	return m, err == nil && json.Unmarshal(b, &m) == nil && m.Schema == outSchema
}

// abandon leaves everything as it was.
func (o *outDir) abandon() {
	if o.dir != "" {
		os.RemoveAll(o.dir)
	}
	if o.made {
		os.Remove(o.final) // where it is empty
	}
	o.end()
}

func (o *outDir) end() {
	if o.built != nil {
		o.built()
	}
	if o.room != nil {
		o.room()
	}
	if o.unlock != nil {
		o.unlock()
	}
	o.built, o.room, o.unlock = nil, nil, nil
}

// commit puts the directory into its place.
func (o *outDir) commit() (err error) {
	defer func() {
		if err != nil {
			o.abandon()
		} else {
			o.end()
		}
	}()
	if err := o.ctx.Err(); err != nil {
		return err
	}
	m, err := o.account()
	if err != nil {
		return err
	}
	if !o.beside {
		if !o.bare {
			err = writeOutFiles(o.ctx, o.dir, m)
		}
		if err != nil {
			return err
		}
		if swap(o.dir, o.final) == nil {
			return nil
		}
		// The directory cannot be moved, as one that is mounted: what is in it is replaced.
	}
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(o.final, outManifest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if err := swap(filepath.Join(o.dir, e.Name()), filepath.Join(o.final, e.Name())); err != nil {
			return err
		}
	}
	if !o.bare {
		err = writeOutFiles(o.ctx, o.final, m)
	}
	return errors.Join(err, os.RemoveAll(o.dir))
}

// account hashes all files, and waits until they are on the disk.
func (o *outDir) account() (outFiles, error) {
	m := outFiles{Schema: outSchema, Files: []outFile{}}
	err := filepath.WalkDir(o.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err := errors.Join(err, f.Sync()); err != nil {
			return err
		}
		rel, err := filepath.Rel(o.dir, path)
		m.Files = append(m.Files, outFile{filepath.ToSlash(rel), n, hex.EncodeToString(h.Sum(nil))})
		return err
	})
	return m, err
}

func writeOutFiles(ctx context.Context, dir string, m outFiles) error {
	return whole(ctx, filepath.Join(dir, outManifest), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(m)
	})
}

// restore puts back a directory that a run was killed over, between moving it away and putting another in its place.
func restore(path string) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if old, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "."+globless(filepath.Base(path))+".old-*")); len(old) == 1 {
		_ = os.Rename(old[0], path) // else it is as gone as it was
	}
}

// globless takes the meaning from a name's letters.
func globless(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}
