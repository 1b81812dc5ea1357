package collect

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// errFull ends a run whose capture has as many bytes as it may.
var errFull = errors.New("the capture is as large as it may be")

// disk is where the records of a run go. It has no directory as long as nothing is to be written: what comes then, the records keep in memory.
type disk struct {
	mu         sync.Mutex
	dir        string
	most, used int64 // bytes; most is 0 for no bound
	full       bool  // what was left was not enough for something
}

// open begins to write into a directory, at once or as soon as something happens.
func (d *disk) open(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	used := int64(0)
	if d.most > 0 {
		err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				if st, err := e.Info(); err == nil {
					used += st.Size()
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dir, d.used = dir, used
	return nil
}

// at is the directory; empty as long as there is none.
func (d *disk) at() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dir
}

// shareOfLogs is what is kept of the capture's bytes for what is copied at its end: the logs, which settle most.
const shareOfLogs = 4

// room takes n bytes of what the capture may have, or says that it has no more of them.
func (d *disk) room(n int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.most > 0 && d.used+int64(n) > d.most-d.most/shareOfLogs {
		d.full = true
		return errFull
	}
	d.used += int64(n)
	return nil
}

// left is how much may be copied at the end, at most want.
func (d *disk) left(want int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.most == 0 {
		return want
	}
	n := max(min(want, d.most-d.used), 0)
	d.used += n
	return n
}

// keepFor is how long what came before something happened is kept: a minute, and the repl-timeout (60 s unless set) after which a link that fell
// silent is given up, which is when it is seen here.
const keepFor = 2 * time.Minute

// kept is what would have been appended to a file.
type kept struct {
	at   time.Time
	name string
	text []byte
}

// record is what is taken of one server: a directory of files, each whole at any moment, or, until the disk has a directory, the last minutes of them
// in memory.
type record struct {
	disk *disk
	name string

	mu    sync.Mutex
	ring  []kept
	whole map[string][]byte // files that are replaced, not appended to
	made  bool              // the directory is there
}

// path is a file's; empty as long as nothing is written.
func (r *record) path(name string) string {
	if dir := r.disk.at(); dir != "" {
		return filepath.Join(dir, r.name, name)
	}
	return ""
}

// add appends to a file.
func (r *record) add(at time.Time, name string, b []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.disk.at() == "" {
		old := 0
		for old < len(r.ring) && at.Sub(r.ring[old].at) > keepFor {
			old++
		}
		r.ring = append(r.ring[old:], kept{at, name, b})
		return nil
	}
	if err := r.begin(); err != nil {
		return err
	}
	return r.append(name, b)
}

// replace puts b in place of a file's content, at once.
func (r *record) replace(name string, b []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.disk.at() == "" {
		if r.whole == nil {
			r.whole = map[string][]byte{}
		}
		r.whole[name] = b
		return nil
	}
	if err := r.begin(); err != nil {
		return err
	}
	return r.put(name, b)
}

// begin makes the directory and writes what was kept.
func (r *record) begin() error {
	if r.made {
		return nil
	}
	if err := os.MkdirAll(r.path(""), 0o700); err != nil {
		return err
	}
	r.made = true
	for name, b := range r.whole {
		if err := r.put(name, b); err != nil {
			return err
		}
	}
	files := map[string][]byte{}
	for _, k := range r.ring {
		files[k.name] = append(files[k.name], k.text...)
	}
	r.ring, r.whole = nil, nil
	for name, b := range files {
		if err := r.append(name, b); err != nil {
			return err
		}
	}
	return nil
}

// flush writes what was kept, if anything was.
func (r *record) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) == 0 {
		return nil
	}
	return r.begin()
}

func (r *record) put(name string, b []byte) error {
	if err := r.disk.room(len(b)); err != nil {
		return err
	}
	return replaceFile(r.path(name), b)
}

func (r *record) append(name string, b []byte) error {
	if err := r.disk.room(len(b)); err != nil {
		return err
	}
	return appendWhole(r.path(name), b)
}

// grow adds a reply's new entries to an array.
func (r *record) grow(g *growingArray, reply []any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries, err := g.fresh(reply)
	if err != nil || entries == nil {
		return err
	}
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.disk.room(len(entries)); err != nil {
		return err
	}
	return g.write(r.path(g.name), entries)
}
