package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet/observe"
	"psyncope/ingest/table"
	"psyncope/report"
)

// writer writes files below a root, here or in a store, each whole or not at all, under names that depend on nothing but what is written: a step
// that is taken twice writes the same twice.
type writer struct {
	ctx    ctx
	reach  *reach
	root   string
	broken bool // breaks off within each file, for tests
}

// writeError is an error of the output, not of what was read.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

func isWriting(err error) bool { return errors.As(err, &writeError{}) }

var errBroken = errors.New("broken off, as a test asked for")

// file writes one file.
func (w *writer) file(name string, write func(io.Writer) error) error {
	to, err := w.create(name)
	if err != nil {
		return err
	}
	if err := write(to); err != nil {
		to.abandon()
		return err
	}
	return to.Close()
}

// create begins a file, which is there when it is closed.
func (w *writer) create(name string) (*pending, error) {
	return &pending{w: w, name: strings.TrimSuffix(w.root, "/") + "/" + name}, nil
}

// pending is a file that is not there yet. What one unit writes into one file is small.
type pending struct {
	bytes.Buffer
	w    *writer
	name string
}

func (p *pending) abandon() { p.Reset() }

// Close puts the file where it belongs. Object stores take it whole when their writer is closed; on a disk it gets another name until it is whole.
func (p *pending) Close() error {
	if err := p.put(); err != nil {
		return writeError{fmt.Errorf("write %s: %w", p.name, err)}
	}
	return nil
}

func (p *pending) put() error {
	if !inStore(p.name) {
		return p.onDisk()
	}
	s, err := p.w.reach.store(p.w.ctx, p.name)
	if err != nil {
		return err
	}
	to, err := s.fs.OpenWrite(p.w.ctx, p.name)
	if err != nil {
		return err
	}
	if p.w.broken {
		return errBroken // never closed, never there
	}
	if _, err := to.Write(p.Bytes()); err != nil {
		return errors.Join(err, to.Close())
	}
	return to.Close()
}

func (p *pending) onDisk() error {
	if err := os.MkdirAll(filepath.Dir(p.name), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(p.name), ".psyncope-*")
	if err != nil {
		return err
	}
	b := p.Bytes()
	if p.w.broken {
		b = b[:len(b)/2]
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if p.w.broken {
		return errBroken // the worker died: what it wrote stays, under a name that nobody reads
	}
	if err == nil {
		err = os.Rename(f.Name(), p.name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// group writes what came of one case: one group, as a rule. Beside the report lies what a night of "psyncope fleet --from" keeps of the evidence.
func (w *writer) group(c *table.Case, place table.Place, d *diagnosis.Diagnosis) error {
	if len(d.Groups) == 0 {
		return nil
	}
	noted := observe.NewRead()
	observe.Case(c, place, noted)
	if err := w.file("groups/"+d.Groups[0].Key+".observed.json", func(to io.Writer) error { return observe.Save(to, noted) }); err != nil {
		return err
	}
	own := *d
	own.Inputs.Files = append([]diagnosis.InputFile(nil), d.Inputs.Files...)
	own.OneAccountEach()
	return w.file("groups/"+d.Groups[0].Key+".json", func(to io.Writer) error { return report.JSON(to, &own, report.Options{}) })
}

// tables writes a case's evidence and findings as Parquet, by day and group.
func (w *writer) tables(unit int, c *table.Case, place table.Place, d *diagnosis.Diagnosis) error {
	return report.WriteParquet(func(p report.Partition) (io.WriteCloser, error) {
		return w.create(fmt.Sprintf("tables/%s/unit-%d.parquet", p.Path(), unit))
	}, c, place, d)
}

// report writes the whole, or a shard's.
func (w *writer) report(o options, shard int, d *diagnosis.Diagnosis) error {
	for _, name := range o.Formats {
		f, _ := report.ByName(name)
		file := f.Path()
		if o.Shards > 1 {
			file = fmt.Sprintf("report-%05d-of-%05d%s", shard, o.Shards, f.Ext)
		}
		if err := w.file(file, func(to io.Writer) error { return f.Write(to, d, report.Options{}) }); err != nil {
			return err
		}
	}
	return nil
}
