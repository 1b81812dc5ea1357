package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/gcs"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"

	"psyncope/ingest"
	"psyncope/ingest/table"
)

// inStore reports whether a name is an object's in a store that Beam has a file system for: gs://bucket/name.
func inStore(name string) bool { return strings.Contains(name, "://") }

// store is a file system of Beam's as package ingest reads it.
type store struct {
	ctx ctx
	fs  filesystem.Interface
}

// reach is how a step gets at stores: each file system is opened once.
type reach struct {
	open map[string]filesystem.Interface
}

// store is that of a name; nil for this machine's own disk, which package ingest reads by itself.
func (r *reach) store(ctx ctx, name string) (*store, error) {
	if !inStore(name) {
		return nil, nil
	}
	scheme, _, _ := strings.Cut(name, "://")
	fs := r.open[scheme]
	if fs == nil {
		var err error
		if fs, err = filesystem.New(ctx, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if r.open == nil {
			r.open = map[string]filesystem.Interface{}
		}
		r.open[scheme] = fs
	}
	return &store{ctx, fs}, nil
}

// stages are the steps of the analysis for what lies where name does.
func (r *reach) stages(ctx ctx, name string) (*ingest.Stages, *store, error) {
	s, err := r.store(ctx, name)
	if err != nil || s == nil {
		return ingest.NewStages(ingest.Options{}), nil, err
	}
	return ingest.NewStages(ingest.Options{Store: s}), s, nil
}

// Teardown is called by the runner when a step is not taken any more.
func (r *reach) Teardown() error {
	var errs []error
	for _, fs := range r.open {
		errs = append(errs, fs.Close())
	}
	r.open = nil
	return errors.Join(errs...)
}

// deepest is how many folders below a root are looked into where a store's patterns do not go down by themselves.
const deepest = 12

// names lists everything at root or below it. Beam's file systems match patterns in which a star ends at a slash; gs alone knows two stars.
func (s *store) names(root string) ([]string, error) {
	root = strings.TrimSuffix(root, "/")
	patterns := []string{root}
	if strings.HasPrefix(root, "gs://") {
		patterns = append(patterns, root+"/**")
	} else {
		for n := 1; n <= deepest; n++ {
			patterns = append(patterns, root+strings.Repeat("/*", n))
		}
	}
	var out []string
	for _, p := range patterns {
		found, err := s.fs.List(s.ctx, p)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", p, err)
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(name string) bool { return strings.HasSuffix(name, "/") }), nil
}

// stat is one object.
func (s *store) stat(name string) (ingest.Stored, error) {
	size, err := s.fs.Size(s.ctx, name)
	if err != nil {
		return ingest.Stored{}, fmt.Errorf("size of %s: %w", name, err)
	}
	o := ingest.Stored{Name: name, Size: size, ModTime: table.Null}
	if m, ok := s.fs.(filesystem.LastModifiedGetter); ok {
		if t, err := m.LastModified(s.ctx, name); err == nil {
			o.ModTime = table.MicrosOf(t)
		}
	}
	return o, nil
}

// Open is for package ingest.
func (s *store) Open(name string) (io.ReadCloser, error) {
	r, err := s.fs.OpenRead(s.ctx, name)
	if err != nil {
		return nil, err
	}
	if _, ok := r.(io.ReaderAt); ok {
		return r, nil
	}
	return &object{ReadCloser: r, ctx: s.ctx, fs: s.fs, name: name}, nil
}

// object is an object that Beam reads from its beginning alone. To look at its end it is opened again and read up to there: what analyze learns
// from the end of a long log is learned here too, at that price.
type object struct {
	io.ReadCloser
	ctx  context.Context
	fs   filesystem.Interface
	name string
}

func (o *object) ReadAt(b []byte, at int64) (int, error) {
	r, err := o.fs.OpenRead(o.ctx, o.name)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, at); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, b)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}
