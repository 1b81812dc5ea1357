package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// Source is one file, or one member of an archive.
type Source struct {
	// Path is the file's path as given; a member's is its archive's path, a slash, and its own.
	Path string
	// Size is in bytes as stored, before decompression.
	Size    int64
	ModTime table.Micros
	// in is what it lies in, and at where: all that lie in one directory, archive or piece of memory share it, as there may be a million. nil for a
	// file that was named itself.
	in *container
	at int64
	// tangled tells that its beginning looks like several servers' evidence, or evidence in records; whole that what was looked at is all of it.
	tangled, whole bool
	share          *share // set where this is a part of a file
}

// container is what sources lie in.
type container struct {
	// root is the directory, or the archive, that was asked for and that their paths lie in; empty for what was named itself.
	root   string
	within *outer // the archive that they are in; nil for files
	// open opens the size bytes at a source's at, whatever that counts; nil for files, which are opened by their paths.
	open func(at, size int64) (io.ReadCloser, error)
}

// opened is a container for what is opened by itself.
func opened(root string, within *outer, open func() (io.ReadCloser, error)) *container {
	return &container{root, within, func(int64, int64) (io.ReadCloser, error) { return open() }}
}

// outer is an archive that is in no other.
type outer struct {
	path string
	size int64
}

// Name is the base name.
func (s *Source) Name() string { return path.Base(slashed(s.Path)) }

// Open reads the stored bytes from the beginning, as often as it is called and side by side.
func (s *Source) Open() (io.ReadCloser, error) {
	if s.in == nil || s.in.open == nil {
		return os.Open(s.Path)
	}
	return s.in.open(s.at, s.Size)
}

// Text opens what the readers are given: decompressed, as UTF-8, with LF at the ends of lines.
func (s *Source) Text(lim Limits) (io.ReadCloser, error) {
	raw, err := s.Open()
	if err != nil {
		return nil, err
	}
	body, _, err := decode(raw, lim.withDefaults())
	if err != nil {
		return nil, err
	}
	head := make([]byte, HeadBytes)
	n, err := io.ReadFull(body, head)
	head = head[:n]
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if !returned(head) {
		return &prefixed{head: head, err: err, ReadCloser: body}, nil
	}
	renewed(head)
	return &prefixed{head: head, err: err, ReadCloser: struct {
		io.Reader
		io.Closer
	}{newlines{body}, body}}, nil
}

// PlainPath is the source's path below what was asked for, without a compression's suffix.
func (s *Source) PlainPath() string {
	dir, name := path.Split(slashed(s.Path))
	p := dir + trimCodec(name)
	if root := slashed(s.Root()); root != "" {
		return strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
	}
	return path.Base(p)
}

// Root is the directory or archive that was asked for and that the source lies in; empty for a file that was named itself.
func (s *Source) Root() string {
	if s.in == nil {
		return ""
	}
	return s.in.root
}

// outer is the archive that the source lies in; nil for a file.
func (s *Source) outer() *outer {
	if s.in == nil {
		return nil
	}
	return s.in.within
}

// Store is where artifacts lie that are not on this machine's file system: a bucket of objects, reached by whoever knows it, who lists them too.
type Store interface {
	// Open reads an object from its beginning. What it gives may be an [io.ReaderAt] too: then the end of a long log is looked at without
	// what is before it, and archives are read in place.
	Open(name string) (io.ReadCloser, error)
}

// Stored is one object of a Store.
type Stored struct {
	Name    string
	Size    int64
	ModTime table.Micros // Null where it is not known
}

// Found is what Walk came upon.
type Found struct {
	// Sources are in the order of their paths, each path once.
	Sources []Source
	// Files accounts for what could not be read, Problems says why.
	Files    []table.File
	Problems []table.Problem

	count int // how many Sources there were when they were read

	temp *os.File    // holds members of archives that cannot be read twice
	open []io.Closer // archives that are read in place
}

// Close lets go of temporary files and open archives. No Source can be read after it.
func (f *Found) Close() error {
	var errs []error
	for _, c := range f.open {
		errs = append(errs, c.Close())
	}
	if f.temp != nil {
		errs = append(errs, f.temp.Close())
		if err := os.Remove(f.temp.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	f.open, f.temp = nil, nil
	return errors.Join(errs...)
}

// Walk lists every file under the roots: files, directories, archives, and "-" for stdin. What lies
// in archives is listed member by member, archives in archives too. Symbolic links inside a
// directory are not followed: those that lead elsewhere in it name what is found anyway, those that
// lead out of it are Problems, as are files that are no files (pipes, devices), that vanish or that
// may not be read. Walk itself never fails.
func Walk(roots []string, stdin io.Reader, lim Limits) *Found {
	return Options{Roots: roots, Stdin: stdin, Limits: lim}.walk()
}

// walk is Walk of the files that o.Keep wants.
func (o Options) walk() *Found {
	w := o.newWalker()
	roots := slices.Clone(o.Roots)
	for i, r := range roots {
		if r != "" { // which Clean would make "."
			roots[i] = filepath.Clean(r)
		}
	}
	slices.Sort(roots)
	for _, r := range slices.Compact(roots) {
		w.root(r)
	}
	return w.sorted()
}

func (o Options) newWalker() *walker {
	w := &walker{Found: &Found{}, lim: o.Limits.withDefaults(), stdin: o.Stdin, wanted: o.Keep, store: o.Store}
	w.keep = w.lim.KeepBytes
	return w
}

// sorted is what was found, in its order.
func (w *walker) sorted() *Found {
	// Overlapping roots name a file twice; an archive that was appended to holds a member twice, and
	// the last one counts.
	slices.Reverse(w.Sources)
	slices.SortStableFunc(w.Sources, func(a, b Source) int { return strings.Compare(a.Path, b.Path) })
	w.Sources = slices.CompactFunc(w.Sources, func(a, b Source) bool { return a.Path == b.Path })
	slices.SortFunc(w.Files, func(a, b table.File) int { return strings.Compare(a.Path, b.Path) })
	w.Files = slices.CompactFunc(w.Files, func(a, b table.File) bool { return a.Path == b.Path })
	slices.SortStableFunc(w.Problems, func(a, b table.Problem) int { return strings.Compare(a.File, b.File) })
	w.Problems = slices.Compact(w.Problems)
	return w.Found
}

type walker struct {
	*Found
	lim     Limits
	stdin   io.Reader
	wanted  func(path string) bool
	store   Store // nil for this machine's files
	keep    int64 // bytes that may still be kept in memory
	chunk   chunk // where small ones are kept
	spilled int64
	members int
}

// unreadable says why path was left out, or where reading it stopped.
func (w *walker) unreadable(path, reason string, info fs.FileInfo) {
	f := table.File{Path: path, Kind: table.KindUnreadable, First: table.Null, Last: table.Null, ModTime: table.Null}
	if info != nil {
		f.ModTime = table.MicrosOf(info.ModTime())
	}
	w.Files = append(w.Files, f)
	w.problem(path, reason)
}

func (w *walker) problem(path, reason string) {
	w.Problems = append(w.Problems, table.Problem{Origin: table.Origin{File: path}, Reason: reason})
}

func (w *walker) root(root string) {
	if root == "-" {
		w.standardInput()
		return
	}
	info, err := os.Stat(root)
	switch {
	case err != nil:
		w.unreadable(root, reasonOf(err), nil)
	case info.IsDir():
		w.dir(root)
	case info.Mode().IsRegular():
		w.file(root, nil, info, true)
	case isOpenPipe(root):
		// Shells hand `<(command)` over as /dev/fd/63: as good as stdin.
		f, err := os.Open(root)
		if err != nil {
			w.unreadable(root, reasonOf(err), nil)
			return
		}
		defer f.Close()
		w.stream(root, f)
	default:
		w.unreadable(root, "not a file: "+kindOf(info.Mode())+", left alone", info)
	}
}

// object lists what a store has under one name.
func (w *walker) object(root string, o Stored) {
	s := Source{Path: o.Name, Size: o.Size, ModTime: o.ModTime}
	named := o.Name == root
	if named {
		s.in = inStore(w.store, "", o.Name)
	} else {
		s.in = inStore(w.store, path.Clean(root), o.Name)
	}
	w.sniffed(s, 0, named)
}

// inStore opens an object of a store as often as it is called.
func inStore(s Store, root, name string) *container {
	return opened(root, nil, func() (io.ReadCloser, error) { return s.Open(name) })
}

func isOpenPipe(path string) bool {
	for _, p := range []string{"/dev/fd/", "/proc/self/fd/", "/dev/stdin"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func (w *walker) standardInput() {
	if w.stdin == nil {
		w.unreadable("-", "nothing on standard input", nil)
		return
	}
	w.stream("-", w.stdin)
}

// stream takes in what can be read only once.
func (w *walker) stream(path string, r io.Reader) {
	a := &archive{walker: w, path: path}
	if s, ok := a.hold(path, r, -1, table.Null); ok {
		w.sniffed(s, 0, true)
	}
}

func (w *walker) dir(root string) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		w.unreadable(root, reasonOf(err), nil)
		return
	}
	in := &container{root: root}
	// WalkDir goes by name, does not follow links, and so cannot loop.
	_ = filepath.WalkDir(real, func(p string, d fs.DirEntry, err error) error {
		path := root
		if rel, err := filepath.Rel(real, p); err == nil {
			path = filepath.Join(root, rel)
		}
		if err != nil {
			w.unreadable(path, reasonOf(err), nil)
			return nil
		}
		if d.IsDir() || w.wanted != nil && !w.wanted(path) {
			return nil
		}
		if !namedArchive(d.Name()) && !w.count(root) { // its members are counted
			return fs.SkipAll
		}
		if d.Type()&fs.ModeSymlink != 0 {
			w.link(path, p, real)
			return nil
		}
		info, err := d.Info()
		if err != nil {
			w.unreadable(path, reasonOf(err), nil)
			return nil
		}
		if !info.Mode().IsRegular() {
			w.unreadable(path, "not a file: "+kindOf(info.Mode())+", left alone", info)
			return nil
		}
		w.file(path, in, info, false)
		return nil
	})
}

// count is false when there are too many files, which is said once, of the archive or directory in which that was seen.
func (w *walker) count(in string) bool {
	w.members++
	if w.members == w.lim.Members+1 {
		w.problem(in, fmt.Sprintf("more than %d files (--max-files), the rest left alone", w.lim.Members))
	}
	return w.members <= w.lim.Members
}

// link says where a symbolic link leads if that is not to something which the walk finds anyway.
func (w *walker) link(path, p, real string) {
	target, err := filepath.EvalSymlinks(p)
	switch {
	case err != nil:
		w.unreadable(path, "symbolic link: "+reasonOf(err), nil)
	case target != real && !strings.HasPrefix(target, strings.TrimSuffix(real, "/")+string(filepath.Separator)):
		w.unreadable(path, "symbolic link out of the directory, not followed", nil)
	}
}

// file lists a file, or what is in it. Only what is named like an archive is opened here, and what was
// asked for by its own name: a directory may hold a million dumps.
func (w *walker) file(path string, in *container, info fs.FileInfo, named bool) {
	w.sniffed(Source{Path: path, Size: info.Size(), ModTime: table.MicrosOf(info.ModTime()), in: in}, 0, named)
}

// sniffed lists s, or its members where it is an archive.
func (w *walker) sniffed(s Source, depth int, look bool) {
	if (look || namedArchive(s.Name())) && w.expand(s, depth) {
		return
	}
	w.Sources = append(w.Sources, s)
}

// reasonOf is the part of a file error that says what went wrong: the path stands in the row already.
func reasonOf(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return fmt.Sprintf("%s: %v", pe.Op, pe.Err)
	}
	return err.Error()
}

func kindOf(m fs.FileMode) string {
	for _, k := range []struct {
		bit  fs.FileMode
		name string
	}{
		{fs.ModeNamedPipe, "a pipe"},
		{fs.ModeSocket, "a socket"},
		{fs.ModeCharDevice, "a device"},
		{fs.ModeDevice, "a device"},
		{fs.ModeDir, "a directory"},
	} {
		if m&k.bit != 0 {
			return k.name
		}
	}
	return "something else"
}
