package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/parquet/compress"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// Partition is where rows of a table go that are laid out by day and group, as engines read them from object storage: the day in UTC on the
// reference axis ("2026-11-22"), and the group's key. Either is "none" where a row has none.
type Partition struct{ Table, Day, Group string }

// Path is the partition's folder below that of all tables.
func (p Partition) Path() string {
	return p.Table + "/day=" + p.Day + "/group=" + inPath(p.Group)
}

// inPath keeps a name from being more than one part of a path. Keys are hexadecimal; what else comes here stood in evidence.
func inPath(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_' || r == '.' && s != "." && s != ".." {
			return r
		}
		return '_'
	}, s)
}

// WriteParquet writes one case's evidence and what was concluded of it as Parquet, one file for each table, day and group that has rows.
// create gives the file; it is closed when it is whole. At most one table's files are open at once.
func WriteParquet(create func(Partition) (io.WriteCloser, error), c *table.Case, place table.Place, d *diagnosis.Diagnosis) error {
	for _, s := range sheets {
		open := partitions{sheet: s, create: create, files: map[Partition]partitionFile{}}
		records, release := s.evidenceOr(c, d)
		err := open.write(records, place)
		release()
		if err := errors.Join(err, open.close(err != nil)); err != nil {
			return fmt.Errorf("write table %s: %w", s.name, err)
		}
	}
	return nil
}

// evidenceOr gives a table's rows, from the evidence or the diagnosis, and what gives their memory back.
func (s sheet) evidenceOr(c *table.Case, d *diagnosis.Diagnosis) ([]arrow.Record, func()) {
	if s.evidence != nil {
		return s.evidence(c), func() {}
	}
	return s.records(d)
}

// partitions are the open files of one table.
type partitions struct {
	sheet
	create func(Partition) (io.WriteCloser, error)
	files  map[Partition]partitionFile
}

type partitionFile struct {
	to   writer
	file io.WriteCloser
}

func (p *partitions) write(records []arrow.Record, place table.Place) error {
	for _, r := range records {
		out := p.written(r, place)
		err := p.split(out)
		out.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// split writes runs of rows that are of one day and group.
func (p *partitions) split(r arrow.Record) error {
	day, group := days(r), groupsOf(r)
	at := func(n int) Partition { return Partition{p.name, day(n), group(n)} }
	for from, rows := 0, int(r.NumRows()); from < rows; {
		of, to := at(from), from+1
		for to < rows && at(to) == of {
			to++
		}
		f, err := p.open(of)
		if err != nil {
			return err
		}
		slice := r.NewSlice(int64(from), int64(to))
		err = f.to.Write(slice)
		slice.Release()
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

func (p *partitions) open(of Partition) (partitionFile, error) {
	if f, ok := p.files[of]; ok {
		return f, nil
	}
	file, err := p.create(of)
	if err != nil {
		return partitionFile{}, err
	}
	// Snappy needs no memory of its own: an encoder of zstd's is made for each page, and these files are many and small.
	to, err := beginParquet(file, p.sheet, compress.Codecs.Snappy)
	if err != nil {
		return partitionFile{}, errors.Join(err, file.Close())
	}
	p.files[of] = partitionFile{to, file}
	return p.files[of], nil
}

// close ends all files. Those of a table that failed are left as they are: whoever gave them knows that they are not whole.
func (p *partitions) close(failed bool) error {
	var errs []error
	for _, of := range slices.SortedFunc(maps.Keys(p.files), func(a, b Partition) int { return strings.Compare(a.Path(), b.Path()) }) {
		f := p.files[of]
		if err := f.to.Close(); err != nil || failed {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, f.file.Close())
	}
	return errors.Join(errs...)
}

// days gives the day of a row. Every table begins with group_id, instance and at_us (type keyed).
func days(r arrow.Record) func(int) string {
	stamps := r.Column(2).(*array.Timestamp)
	return func(n int) string {
		if stamps.IsNull(n) {
			return "none"
		}
		return table.Micros(stamps.Value(n)).Time().UTC().Format("2006-01-02")
	}
}

func groupsOf(r arrow.Record) func(int) string {
	text := texts(r.Column(0))
	return func(n int) string { return cmp.Or(text(n), "none") }
}
