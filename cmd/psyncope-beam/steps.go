package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"psyncope/correlate"
	"psyncope/correlate/diagnosis"
	"psyncope/ingest"
	"psyncope/ingest/table"
)

type ctx = context.Context

// packed is what goes from one worker to another on the way to who reads what: JSON, counted as it is made.
func packed(ctx ctx, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	sentBytes.Inc(ctx, int64(len(b)))
	return b, err
}

// drain takes everything an iterator has out of its JSON.
func drain[T any](next func(*[]byte) bool) ([]T, error) {
	var out []T
	var b []byte
	for next(&b) {
		var v T
		if err := json.Unmarshal(b, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// namesFn lists what a store has at a root. What lies on this machine's disk is listed by the next step.
type namesFn struct{ reach }

func (f *namesFn) ProcessElement(ctx ctx, root string, emit func(root, name string)) error {
	store, err := f.store(ctx, root)
	if err != nil {
		return err
	}
	if store == nil {
		emit(root, "")
		return nil
	}
	names, err := store.names(root)
	for _, name := range names {
		emit(root, name)
	}
	return err
}

// listFn makes entries of names: an archive is as many as it has members.
type listFn struct{ reach }

func (f *listFn) ProcessElement(ctx ctx, root, name string, entry func(string, []byte), finding func(int, []byte)) error {
	stages, store, err := f.stages(ctx, root)
	if err != nil {
		return err
	}
	var failed error
	visit := func(e ingest.Entry) {
		artifacts.Inc(ctx, 1)
		artifactBytes.Inc(ctx, e.Size)
		b, err := packed(ctx, e)
		failed = errors.Join(failed, err)
		entry(ingest.KeyOf(&e), b)
	}
	var sum ingest.Summary
	if store == nil {
		sum.Files, sum.Problems = stages.List(root, visit)
	} else {
		o, err := store.stat(name)
		if err != nil {
			return err
		}
		sum.Files, sum.Problems = stages.ListOne(root, o, visit)
	}
	return errors.Join(failed, tell(ctx, finding, listing, &sum))
}

// lookFn reads the heads of one stream's files.
type lookFn struct{ reach }

func (f *lookFn) ProcessElement(ctx ctx, key string, entries func(*[]byte) bool, looked func(string, []byte), tangled, finding func(int, []byte)) error {
	all, err := drain[ingest.Entry](entries)
	if err != nil {
		return err
	}
	stages, _, err := f.stages(ctx, all[0].Path)
	if err != nil {
		return err
	}
	var s ingest.Stream
	err = survived(func() (err error) { s, err = stages.Look(all); return err })
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return poisoned(ctx, finding, all, err)
	}
	b, err := packed(ctx, s)
	if s.Tangled() {
		tangled(0, b)
	} else {
		looked(key, b)
	}
	return err
}

// apartFn takes files apart that hold several servers' evidence.
type apartFn struct{ reach }

func (f *apartFn) ProcessElement(ctx ctx, _ int, stream []byte, emit func(string, []byte)) error {
	var s ingest.Stream
	if err := json.Unmarshal(stream, &s); err != nil {
		return err
	}
	stages, _, err := f.stages(ctx, s.First)
	if err != nil {
		return err
	}
	parts := []ingest.Entry{}
	if err := survived(func() error { parts = stages.Apart(s); return nil }); err != nil {
		for _, x := range s.Files { // as one that cannot be taken apart
			parts = append(parts, x.Entry)
		}
	}
	for _, e := range parts {
		b, err := packed(ctx, e)
		if err != nil {
			return err
		}
		emit(ingest.KeyOf(&e), b)
	}
	return nil
}

// settleFn looks again where parts joined a stream, or are one. What dividing needs of a stream and what reading needs go different ways.
type settleFn struct{ reach }

func (f *settleFn) ProcessElement(ctx ctx, key string, looked, parts func(*[]byte) bool, head func([]byte), body func(string, []byte)) error {
	all, errParts := drain[ingest.Entry](parts)
	known, errLooked := drain[ingest.Stream](looked)
	if err := errors.Join(errParts, errLooked); err != nil {
		return err
	}
	if len(all) > 0 {
		all = append(all, entriesOf(known)...)
		stages, _, err := f.stages(ctx, all[0].Path)
		if err != nil {
			return err
		}
		s, err := stages.Look(all)
		if err != nil {
			return err
		}
		known = []ingest.Stream{s}
	}
	for _, s := range known {
		h, errHead := packed(ctx, s.Head())
		b, errBody := packed(ctx, s.Body())
		if err := errors.Join(errHead, errBody); err != nil {
			return err
		}
		head(h)
		body(key, b)
	}
	return nil
}

// divideFn gathers the heads of all streams, a line of JSON each, and says at the end who replicates with whom: that is known of all or of nobody, as one
// more address may join two groups. Which order they come in, and on how many workers, does not show.
type divideFn struct{}

func (*divideFn) CreateAccumulator() []byte { return nil }

func (*divideFn) AddInput(a, head []byte) []byte { return append(append(a, head...), '\n') }

func (*divideFn) MergeAccumulators(a, b []byte) []byte { return append(a, b...) }

func (*divideFn) ExtractOutput(a []byte) []byte { return a }

// dealFn divides, gives every unit, and says of every stream which unit it is in.
type dealFn struct{}

func (*dealFn) ProcessElement(ctx ctx, gathered []byte, unit func(int, []byte), stream func(string, int)) error {
	var heads []ingest.Stream
	for line := range bytes.Lines(gathered) {
		var s ingest.Stream
		if err := json.Unmarshal(line, &s); err != nil {
			return err
		}
		heads = append(heads, s)
	}
	for _, u := range ingest.NewStages(ingest.Options{}).Divide(heads) {
		b, err := packed(ctx, u)
		if err != nil {
			return err
		}
		unit(u.Number, b)
		for _, s := range u.Streams {
			stream(s.Key, u.Number)
		}
	}
	return nil
}

// assignFn sends each stream to its unit; what no format claims is accounted for here.
type assignFn struct{ reach }

func (f *assignFn) ProcessElement(ctx ctx, key string, streams func(*[]byte) bool, places func(*int) bool, emit func(int, []byte), finding func(int, []byte)) error {
	var number int
	if places(&number) {
		for b := []byte(nil); streams(&b); {
			sentBytes.Inc(ctx, int64(len(b)))
			emit(number, b)
		}
		return nil
	}
	all, err := drain[ingest.Stream](streams)
	for _, s := range all {
		err = errors.Join(err, f.rest(ctx, s, finding))
	}
	return err
}

// rest accounts for a stream that is in no unit.
func (f *assignFn) rest(ctx ctx, s ingest.Stream, finding func(int, []byte)) error {
	stages, _, err := f.stages(ctx, s.First)
	if err != nil {
		return err
	}
	var sum ingest.Summary
	if err := survived(func() error { sum = stages.Rest(ctx, s); return nil }); err != nil {
		return poisoned(ctx, finding, entriesOf([]ingest.Stream{s}), err)
	}
	return tell(ctx, finding, remainder, &sum)
}

// readFn reads a unit's files, analyses the case and writes what came of it.
type readFn struct {
	reach
	Options options
}

func (f *readFn) ProcessElement(ctx ctx, number int, units, streams func(*[]byte) bool, finding func(int, []byte)) error {
	all, errStreams := drain[ingest.Stream](streams)
	of, errUnits := drain[ingest.Unit](units)
	if err := errors.Join(errStreams, errUnits); err != nil {
		return err
	}
	for _, u := range of {
		if f.Options.Trouble.Retry {
			// A worker that dies on the way: what it wrote is there, half; what it emitted is not.
			_ = f.unit(ctx, u, all, true, func(int, []byte) {})
		}
		var out [][]byte
		err := survived(func() error {
			out = nil
			return f.unit(ctx, u, all, false, func(_ int, b []byte) { out = append(out, b) })
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case isWriting(err):
			return err // for the runner to try again
		case err != nil:
			if err := poisoned(ctx, finding, entriesOf(all), err); err != nil {
				return err
			}
			continue
		}
		unitsRead.Inc(ctx, 1)
		for _, b := range out {
			findingBytes.Inc(ctx, int64(len(b)))
			finding(u.Shard(f.Options.Shards), b)
		}
	}
	return nil
}

// unit reads and analyses one unit. broken breaks off within the first file that is written.
func (f *readFn) unit(ctx ctx, u ingest.Unit, streams []ingest.Stream, broken bool, finding func(int, []byte)) error {
	if len(streams) == 0 {
		return nil
	}
	if p := f.Options.Trouble.Poison; p != "" && strings.Contains(streams[0].First, p) {
		panic("as a test asked for")
	}
	stages, _, err := f.stages(ctx, streams[0].First)
	if err != nil {
		return err
	}
	out := &writer{ctx: ctx, reach: &f.reach, root: f.Options.Output, broken: broken}
	sum, err := stages.Read(ctx, u, streams, func(c *table.Case) error {
		defer c.Release()
		d, place := correlate.Place(c, correlate.Options{})
		incidents.Inc(ctx, int64(len(d.Incidents)))
		problems.Inc(ctx, int64(len(d.Inputs.Problems)))
		if err := out.group(c, place, d); err != nil {
			return err
		}
		if f.Options.Tables {
			if err := out.tables(u.Number, c, place, d); err != nil {
				return err
			}
		}
		b, err := pack(findings+u.Number, d)
		finding(0, b)
		return err
	})
	if err != nil {
		return err
	}
	return tell(ctx, finding, findings+u.Number, &sum)
}

// mergeFn makes one report of all findings, or of a shard's.
type mergeFn struct {
	reach
	Options options
}

func (f *mergeFn) ProcessElement(ctx ctx, shard int, all func(*[]byte) bool) error {
	var findings [][]byte
	for b := []byte(nil); all(&b); b = nil {
		findings = append(findings, b)
	}
	d, err := merged(findings)
	if err != nil {
		return err
	}
	if f.Options.Shards > 1 {
		d.Shard = &diagnosis.Shard{Number: shard, Of: f.Options.Shards}
	}
	for _, broken := range []bool{true, false} {
		if broken && !f.Options.Trouble.Retry {
			continue
		}
		out := &writer{ctx: ctx, reach: &f.reach, root: f.Options.Output, broken: broken}
		if err := out.report(f.Options, shard, d); err != nil && !broken {
			return err
		}
	}
	return nil
}

func entriesOf(streams []ingest.Stream) []ingest.Entry {
	var out []ingest.Entry
	for _, s := range streams {
		for _, f := range s.Files {
			out = append(out, f.Entry)
		}
	}
	return out
}

// survived turns a panic into an error: what is in one artifact may not end a pipeline.
func survived(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the analysis broke: %v", r)
		}
	}()
	return do()
}

// poisoned accounts for artifacts whose reading failed, and goes on.
func poisoned(ctx ctx, finding func(int, []byte), entries []ingest.Entry, cause error) error {
	var sum ingest.Summary
	for _, e := range entries {
		sum.Files = append(sum.Files, table.File{Path: e.Path, Kind: table.KindUnreadable, First: table.Null, Last: table.Null, ModTime: e.ModTime})
		sum.Problems = append(sum.Problems, table.Problem{Origin: table.Origin{File: e.Path}, Reason: cause.Error()})
	}
	poisonedArtifacts.Inc(ctx, int64(len(entries)))
	return tell(ctx, finding, remainder, &sum)
}

// The pipeline's counters.
var (
	artifacts         = beam.NewCounter("psyncope", "artifacts")
	artifactBytes     = beam.NewCounter("psyncope", "artifact_bytes")
	unitsRead         = beam.NewCounter("psyncope", "units")
	incidents         = beam.NewCounter("psyncope", "incidents")
	problems          = beam.NewCounter("psyncope", "problems")
	poisonedArtifacts = beam.NewCounter("psyncope", "poisoned_artifacts")
	sentBytes         = beam.NewCounter("psyncope", "sent_bytes")
	findingBytes      = beam.NewCounter("psyncope", "finding_bytes")
)
