package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// Stages are the steps of [Each] one by one, for those who take them on several machines. What goes from one step to the next are plain
// values that can be sent: what is known of files, not the files. The steps, and who needs what at once:
//
//	List    the names of everything at a root
//	Look    the heads of the files of one stream: those for which KeyOf is the same
//	Apart   a stream of which Look says that a file holds several servers' evidence, or evidence in records: the parts are files from then on
//	Divide  one entry of every stream: whose it is, and who is read together
//	Read    one unit, with its streams
//	Rest    a stream that no format claims
//
// Taken one after another over the same files they give the cases that Each gives. They read what is in archives, and parts of files, anew each
// time.
type Stages struct{ e *engine }

// NewStages takes o's Store, Limits and Fields; what of o asks for a part of the work, or tells of it, does not count.
func NewStages(o Options) *Stages {
	return &Stages{&engine{formats: Formats(), Options: Options{Store: o.Store, Limits: o.Limits.withDefaults(), Fields: o.Fields, Workers: 1}}}
}

// Entry is a file, a member of an archive, or a part of either, as it can be found again.
type Entry struct {
	Path    string // as in Source
	Root    string
	Size    int64
	ModTime table.Micros
	// Archive is the outermost archive that it is in, and ArchiveSize how many bytes that has; empty for a file.
	Archive     string
	ArchiveSize int64
	// Whole is the path of the file that it is a part of, and Part which part, from 1; 0 for a whole file.
	Whole string
	Part  int
}

// Stream is a file with its rotations and dates, and what their heads say.
type Stream struct {
	Key   string
	First string // the smallest path: streams are divided in the order of these
	Files []StreamFile
	Kind  string // the format's name; "" where none claims it
	Hints Hints
}

// StreamFile is one of them; the oldest is the first.
type StreamFile struct {
	Entry   Entry
	Kind    string // "" where it was not looked at
	Tangled bool   // it is for Apart
}

// Unit is what is read into one case.
type Unit struct {
	Number    int    // in the order in which Each visits
	Place     string // which shard it is in hangs on
	Instances []UnitInstance
	Streams   []UnitStream
}

// UnitInstance is one server of a unit, before anything is read.
type UnitInstance struct {
	Name         string
	Parts        []string
	Own, Reached []string
}

// UnitStream is a stream of a unit.
type UnitStream struct {
	Key   string
	Whose int    // the number of its instance in the unit; -1 where it is nobody's in particular
	Place string // goes in front of the names of servers that turn out to be in it
}

// Shard is which of so many shards the unit is in, as of [Shard].
func (u *Unit) Shard(of int) int { return shardOf(u.Place, of) }

// List calls visit for everything at a root, and gives what could not be read and why.
func (s *Stages) List(root string, visit func(Entry)) ([]table.File, []table.Problem) {
	o := s.e.Options
	o.Roots = []string{root}
	return entriesOf(o.walk(), visit)
}

// ListOne is List of one object of the Store that is at a root or below it.
func (s *Stages) ListOne(root string, object Stored, visit func(Entry)) ([]table.File, []table.Problem) {
	w := s.e.newWalker()
	w.object(root, object)
	return entriesOf(w.sorted(), visit)
}

func entriesOf(found *Found, visit func(Entry)) ([]table.File, []table.Problem) {
	defer found.Close()
	for i := range found.Sources {
		src := &found.Sources[i]
		e := Entry{Path: src.Path, Root: src.Root(), Size: src.Size, ModTime: src.ModTime}
		if within := src.outer(); within != nil {
			e.Archive, e.ArchiveSize = within.path, within.size
		}
		visit(e)
	}
	return found.Files, found.Problems
}

// KeyOf says of which stream a file is.
func KeyOf(e *Entry) string { return familyKey(e.Path) }

// inOrder puts entries in the order of their paths, each path once: of those that two roots name the last root's, as in Walk.
func inOrder(entries []Entry) []Entry {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(b.Root, a.Root)
	})
	return slices.CompactFunc(entries, func(a, b Entry) bool { return a.Path == b.Path })
}

// Look learns from the heads of the files of one stream.
func (s *Stages) Look(entries []Entry) (Stream, error) {
	entries = inOrder(entries)
	o := s.open()
	defer o.close()
	f, err := o.family(entries)
	if err != nil {
		return Stream{}, err
	}
	s.e.lookThrough(f, make([]byte, HeadBytes))
	out := Stream{Key: KeyOf(&entries[0]), First: entries[0].Path, Kind: f.kind, Hints: *f.hints}
	for _, x := range f.files {
		i, _ := slices.BinarySearchFunc(entries, x.src.Path, func(e Entry, p string) int { return strings.Compare(e.Path, p) })
		out.Files = append(out.Files, StreamFile{Entry: entries[i], Kind: x.kind, Tangled: x.src.tangled})
	}
	return out, nil
}

// Tangled reports whether a file of the stream is for Apart.
func (t *Stream) Tangled() bool {
	return slices.ContainsFunc(t.Files, func(f StreamFile) bool { return f.Tangled })
}

// Head is what Divide needs of a stream: all but its other files.
func (t Stream) Head() Stream {
	t.Files = t.Files[:min(len(t.Files), 1)]
	return t
}

// Body is what Read and Rest need of a stream: all but what only Divide asks for.
func (t Stream) Body() Stream {
	t.Hints = Hints{First: t.Hints.First, From: t.Hints.From, To: t.Hints.To}
	return t
}

// Apart takes a stream's files apart. What cannot be is there as it was.
func (s *Stages) Apart(t Stream) []Entry {
	o := s.open()
	defer o.close()
	var out []Entry
	for _, f := range t.Files {
		src, err := o.source(f.Entry)
		if err != nil {
			out = append(out, f.Entry)
			continue
		}
		parts := o.partsOf(f.Entry, &src)
		if len(parts) == 0 {
			out = append(out, f.Entry)
		}
		for i, p := range parts {
			e := f.Entry
			e.Path, e.Size, e.Whole, e.Part = p.Path, p.Size, f.Entry.Path, i+1
			out = append(out, e)
		}
	}
	return out
}

// Divide says whose each stream is, and who is read together. It takes the Heads of all streams, in any order.
func (s *Stages) Divide(heads []Stream) []Unit {
	heads = slices.Clone(heads)
	slices.SortFunc(heads, func(a, b Stream) int { return strings.Compare(a.First, b.First) })
	fams := make([]*family, len(heads))
	keys := make(map[*family]string, len(heads))
	for i := range heads {
		fams[i] = s.e.bare(&heads[i])
		keys[fams[i]] = heads[i].Key
	}
	var out []Unit
	for n, u := range s.e.divide(fams) {
		unit := Unit{Number: n, Place: u.place()}
		number := map[*instance]int{}
		for i, in := range u.instances {
			number[in] = i
			unit.Instances = append(unit.Instances, UnitInstance{Name: in.name, Parts: in.parts, Own: in.hints.Own, Reached: in.hints.Reached})
		}
		for _, f := range u.families {
			whose, ok := number[f.whose]
			if !ok {
				whose = -1
			}
			unit.Streams = append(unit.Streams, UnitStream{Key: keys[f], Whose: whose, Place: f.place})
		}
		out = append(out, unit)
	}
	return out
}

// bare is a stream as a family whose files cannot be opened.
func (e *engine) bare(t *Stream) *family {
	sources := make([]Source, len(t.Files))
	for i, f := range t.Files {
		sources[i] = f.Entry.file()
	}
	return e.as(t, sources)
}

// as makes a family of a stream's sources, with what is known of it.
func (e *engine) as(t *Stream, sources []Source) *family {
	f := e.families(sources)[0]
	f.kind = t.Kind
	hints := t.Hints
	f.hints = &hints
	for i := range f.files {
		f.files[i].kind = t.Files[i].Kind
	}
	return f
}

// Read reads one unit and visits its case, if there is anything in it. The Summary accounts for what belongs to none.
func (s *Stages) Read(ctx context.Context, u Unit, streams []Stream, visit func(*table.Case) error) (Summary, error) {
	o := s.open()
	defer o.close()
	byKey := map[string]*Stream{}
	for i := range streams {
		byKey[streams[i].Key] = &streams[i]
	}
	read := &unit{}
	for _, in := range u.Instances {
		read.instances = append(read.instances, &instance{name: in.Name, parts: in.Parts, hints: Hints{Own: in.Own, Reached: in.Reached}})
	}
	for _, us := range u.Streams {
		t := byKey[us.Key]
		if t == nil {
			return Summary{}, fmt.Errorf("unit %d: the stream %q is missing", u.Number, us.Key)
		}
		f := o.known(t)
		f.place = us.Place
		if us.Whose >= 0 {
			f.whose = read.instances[us.Whose]
		}
		read.families = append(read.families, f)
	}
	var sum Summary
	err := s.e.readAll(ctx, []*unit{read}, &sum, visit)
	sum.sort()
	return sum, err
}

// Rest accounts for the files of a stream that no format claims.
func (s *Stages) Rest(ctx context.Context, t Stream) Summary {
	o := s.open()
	defer o.close()
	f := o.known(&t)
	var sum Summary
	sum.add(s.e.leftOver(ctx, []*family{f}))
	return sum
}

// file is an entry as a file of this machine's.
func (e *Entry) file() Source {
	return Source{Path: e.Path, Size: e.Size, ModTime: e.ModTime, in: &container{root: e.Root}}
}

// opener finds entries again. It keeps what it took apart until it is closed.
type opener struct {
	e        *engine
	archives map[string]*Found
	parts    map[string][]Source
}

func (s *Stages) open() *opener {
	return &opener{s.e, map[string]*Found{}, map[string][]Source{}}
}

func (o *opener) close() {
	for _, f := range o.archives {
		_ = f.Close()
	}
}

// source is an entry as it can be opened.
func (o *opener) source(e Entry) (Source, error) {
	if e.Part > 0 {
		whole := e
		whole.Path, whole.Whole, whole.Part = e.Whole, "", 0
		src, err := o.source(whole)
		if err != nil {
			return Source{}, err
		}
		parts := o.partsOf(whole, &src)
		if e.Part > len(parts) {
			return Source{}, fmt.Errorf("%s has no part %d any more", e.Whole, e.Part)
		}
		return parts[e.Part-1], nil
	}
	if e.Archive == "" {
		src := e.file()
		if o.e.Store != nil {
			src.in = inStore(o.e.Store, e.Root, e.Path)
		}
		return src, nil
	}
	found := o.archives[e.Archive]
	if found == nil {
		found = o.expand(e)
		o.archives[e.Archive] = found
	}
	i, ok := slices.BinarySearchFunc(found.Sources, e.Path, func(s Source, p string) int { return strings.Compare(s.Path, p) })
	if !ok {
		return Source{}, fmt.Errorf("%s is not in %s any more", e.Path, e.Archive)
	}
	return found.Sources[i], nil
}

// expand lists what is in an entry's archive.
func (o *opener) expand(e Entry) *Found {
	w := o.e.newWalker()
	root := e.Root
	if root == e.Archive {
		root = "" // it was named itself
	}
	src := Source{Path: e.Archive, Size: e.ArchiveSize, in: &container{root: root}}
	if o.e.Store != nil {
		src.in = inStore(o.e.Store, root, e.Archive)
	}
	w.expand(src, 0)
	return w.sorted()
}

// partsOf takes an entry's file apart, once.
func (o *opener) partsOf(e Entry, src *Source) []Source {
	parts, ok := o.parts[e.Path]
	if !ok {
		parts, _ = o.e.sharesOf(src)
		o.parts[e.Path] = parts
	}
	return parts
}

// family makes one of entries, which are in the order of their paths.
func (o *opener) family(entries []Entry) (*family, error) {
	sources := make([]Source, len(entries))
	for i, e := range entries {
		src, err := o.source(e)
		if err != nil {
			return nil, err
		}
		sources[i] = src
	}
	fams := o.e.families(sources)
	if len(fams) != 1 {
		return nil, errors.New("files of several streams were taken for one: " + path.Dir(entries[0].Path))
	}
	return fams[0], nil
}

// known is the family of a stream that was looked at.
func (o *opener) known(t *Stream) *family {
	sources := make([]Source, len(t.Files))
	for i, f := range t.Files {
		src, err := o.source(f.Entry)
		if err != nil {
			// As a file that went away between two looks: the reading says so.
			src = f.Entry.file()
			src.in = opened(f.Entry.Root, nil, func() (io.ReadCloser, error) { return nil, err })
		}
		sources[i] = src
	}
	return o.e.as(t, sources)
}
