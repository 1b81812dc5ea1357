// Package ingest turns what people hand over (directories, archives, files, a stream) into the tables
// of package table.
//
// It finds the files ([Walk]), takes their compression off, tells by their content what they are,
// decides whose evidence each one is, and reads them side by side. What it hands on is one
// [table.Case] at a time, a unit of work: instances that may replicate with one another.
//
// It does not conclude. Which of a unit's instances form a replication group, whose clock is off
// and what went wrong is package correlate's; ingest only makes sure that nobody who belongs to a group
// is left out of its unit. It repairs nothing and guesses nothing: a file that no format claims is
// accounted for as such, a file that breaks off is read up to there, and both are said.
//
// The same files give the same cases in the same order, whatever the order in which they are named
// and however many are read at once.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// Options say what to read and how.
type Options struct {
	// Roots are files, directories, archives, and "-" for Stdin.
	Roots []string
	Stdin io.Reader
	// Store, if set, is what Stages open files in, in place of this machine's file system.
	Store Store
	// Workers is how many files are read at once; 0 is one for each processor.
	Workers int
	Limits  Limits
	// Fields asks for the table of INFO fields that have no column of their own.
	Fields bool
	// Same are names of instances that are one server: the value's evidence counts as the key's.
	Same map[string]string
	// Names say whose a file is: by its path, or the end of it.
	Names map[string]string
	// Apart, if set, is told of each file that holds several servers' evidence: what told them apart, and how many they are.
	Apart func(file, by string, servers int)
	// Keep, if set, says which files below the roots are wanted, by their paths; what is named itself is.
	Keep func(path string) bool
	// Shard leaves all but a share of the units out, as if nobody had handed them over; see Shard.
	Shard Shard
	// From says of files, by their paths, from where on they are read: what stands before was read another time. Lines keep their numbers. It
	// is meant for logs and dumps, and holds for files that are stored as they are and not told apart line by line.
	From map[string]Mark
	// Refused, if set, is told of every line that was rejected, also of those that are too many for Problems. Several goroutines call it at once.
	Refused func(file string, line int32)
	// Progress, if set, is told from time to time how far the reading is. Calls do not overlap.
	Progress func(Progress)
}

// Shard is one of several shares of what is handed over, which together are all of it: each unit of work is in one of them, the same one wherever it is
// asked for, as is what belongs to no unit (in the first). All of them look at the beginnings of all files: who belongs together is known no
// other way.
type Shard struct{ Number, Of int } // Number is from 1 to Of; Of is 0 for all

// has reports whether a unit is in the shard.
func (s Shard) has(u *unit) bool { return s.Of <= 1 || shardOf(u.place(), s.Of) == s.Number }

// place is where a unit's first instance lies, or its first file where it has none.
func (u *unit) place() string {
	if len(u.instances) > 0 {
		return strings.Join(u.instances[0].parts, "/")
	}
	return u.families[0].files[0].src.Path
}

// shardOf is which of so many shards a place is in, from 1.
func shardOf(place string, of int) int {
	h := fnv.New64a()
	h.Write([]byte(place))
	return int(h.Sum64()%uint64(of)) + 1
}

// Mark is a place in a file: the first byte of a line, counted from 1.
type Mark struct {
	Offset int64
	Line   int64
}

// Progress is how far the reading is.
type Progress struct {
	Files, FilesTotal int
	Bytes, BytesTotal int64 // as stored, before decompression
}

// Summary accounts for what belongs to no unit, and counts the rest.
type Summary struct {
	// Files are those that could not be read (kind "unreadable"), Unclaimed those that no format claims; files that were read stand in their Case.
	Files     []table.File
	Unclaimed []table.Unclaimed
	// Problems say what was wrong with unreadable files and archives.
	Problems []table.Problem
	// Units is how many cases were visited, Instances how many there were in them.
	Units, Instances int
	// Bytes after decompression, records taken and lines rejected, over all cases.
	Bytes, Records, Rejected int64
}

// ErrNothing is the error when not one record could be taken from anything that was given.
var ErrNothing = errors.New("nothing to analyse")

// Each reads everything under o.Roots and visits the units of work one at a time, in the order of their
// instances' paths. A Case may be released, and nothing of it is kept, once visit has returned; few
// units are in memory at a time. Each stops at the first error of visit, or when ctx ends.
//
// Input that cannot be read is no error but a row in Problems, as long as anything could be: else the
// error wraps [ErrNothing].
func Each(ctx context.Context, o Options, visit func(*table.Case) error) (Summary, error) {
	return each(ctx, o, Formats(), visit)
}

func each(ctx context.Context, o Options, formats []artifact.Format, visit func(*table.Case) error) (Summary, error) {
	found := o.walk()
	defer found.Close()
	return of(ctx, o, found, formats, visit)
}

// EachOf is Each of what Walk found, which stays open: the files can be read once more. It takes found's Sources away: copy the list before that.
func EachOf(ctx context.Context, o Options, found *Found, visit func(*table.Case) error) (Summary, error) {
	return of(ctx, o, found, Formats(), visit)
}

func of(ctx context.Context, o Options, found *Found, formats []artifact.Format, visit func(*table.Case) error) (Summary, error) {
	o.Limits = o.Limits.withDefaults()
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	e := &engine{Options: o, formats: formats}
	sum, err := e.analyse(ctx, found, visit)
	sum.sort()
	if err == nil && sum.Records == 0 && o.Shard.Of <= 1 {
		err = nothing(o.Roots, found, &sum)
	}
	return sum, err
}

// nothing says where nothing was found, why, and what would be something.
func nothing(roots []string, found *Found, sum *Summary) error {
	where := strings.Join(roots[:min(len(roots), 3)], ", ")
	if len(roots) > 3 {
		where += ", ..."
	}
	why := fmt.Sprintf("none of %d files is an INFO dump, a server or Sentinel log, a slowlog, a configuration, a client list or a latency report with anything in it", found.count)
	switch {
	case found.count == 0 && len(sum.Problems) == 0:
		why = "it is empty"
	case found.count == 0:
		why = sum.Problems[0].File + ": " + sum.Problems[0].Reason
	}
	return fmt.Errorf("%w in %s: %s; expected a directory for each instance (redis-a/redis.log, redis-a/info.log, ...), files named after instances (redis-a.log, info-redis-a.txt), or an archive of either",
		ErrNothing, where, why)
}

// All are the accounts of all files that belong to no unit.
func (s *Summary) All() iter.Seq[table.File] {
	return func(yield func(table.File) bool) {
		for _, f := range s.Files {
			if !yield(f) {
				return
			}
		}
		for _, u := range s.Unclaimed {
			if !yield(u.File()) {
				return
			}
		}
	}
}

func (s *Summary) add(r *result) {
	if len(s.Unclaimed) == 0 {
		s.Unclaimed = r.unclaimed
	} else {
		s.Unclaimed = append(s.Unclaimed, r.unclaimed...)
	}
	s.Files = append(s.Files, r.unreadable...)
	s.Problems = append(s.Problems, r.problems...)
}

func (s *Summary) sort() {
	slices.SortStableFunc(s.Files, func(a, b table.File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(s.Unclaimed, func(a, b table.Unclaimed) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(s.Problems, func(a, b table.Problem) int { return strings.Compare(a.File, b.File) })
}
