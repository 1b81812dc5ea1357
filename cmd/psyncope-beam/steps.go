package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"psyncope/correlate"
	"psyncope/correlate/diagnosis"
	"psyncope/ingest"
	"psyncope/ingest/table"
)

type ctx = context.Context

// What goes between steps is JSON: the same bytes for the same value, and readable where a runner shows it.
// (Beam knows functions by their names: each type needs its own.)
func encodeEntry(v ingest.Entry) ([]byte, error)   { return json.Marshal(v) }
func encodeStream(v ingest.Stream) ([]byte, error) { return json.Marshal(v) }
func encodeUnit(v ingest.Unit) ([]byte, error)     { return json.Marshal(v) }
func encodeHeads(v heads) ([]byte, error)          { return json.Marshal(v) }
func encodeDivision(v division) ([]byte, error)    { return json.Marshal(v) }

func decodeEntry(b []byte) (v ingest.Entry, err error)   { err = json.Unmarshal(b, &v); return }
func decodeStream(b []byte) (v ingest.Stream, err error) { err = json.Unmarshal(b, &v); return }
func decodeUnit(b []byte) (v ingest.Unit, err error)     { err = json.Unmarshal(b, &v); return }
func decodeHeads(b []byte) (v heads, err error)          { err = json.Unmarshal(b, &v); return }
func decodeDivision(b []byte) (v division, err error)    { err = json.Unmarshal(b, &v); return }

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

func (f *listFn) ProcessElement(ctx ctx, root, name string, entry func(string, ingest.Entry), finding func(int, []byte)) error {
	stages, store, err := f.stages(ctx, root)
	if err != nil {
		return err
	}
	visit := func(e ingest.Entry) {
		artifacts.Inc(ctx, 1)
		artifactBytes.Inc(ctx, e.Size)
		sent(ctx, e)
		entry(ingest.KeyOf(&e), e)
	}
	var files []table.File
	var problems []table.Problem
	if store == nil {
		files, problems = stages.List(root, visit)
	} else {
		o, err := store.stat(name)
		if err != nil {
			return err
		}
		files, problems = stages.ListOne(root, o, visit)
	}
	return tell(ctx, finding, listing, files, problems)
}

// lookFn reads the heads of one stream's files.
type lookFn struct{ reach }

func (f *lookFn) ProcessElement(ctx ctx, key string, entries func(*ingest.Entry) bool, looked func(string, ingest.Stream), tangled func(ingest.Stream), finding func(int, []byte)) error {
	all := drain(entries)
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
	case s.Tangled():
		sent(ctx, s)
		tangled(s)
	default:
		sent(ctx, s)
		looked(key, s)
	}
	return nil
}

// apartFn takes files apart that hold several servers' evidence.
type apartFn struct{ reach }

func (f *apartFn) ProcessElement(ctx ctx, s ingest.Stream, emit func(string, ingest.Entry)) error {
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
		sent(ctx, e)
		emit(ingest.KeyOf(&e), e)
	}
	return nil
}

// settleFn looks again where parts joined a stream, or are one. What dividing needs of a stream and what reading needs go different ways.
type settleFn struct{ reach }

func (f *settleFn) ProcessElement(ctx ctx, key string, looked func(*ingest.Stream) bool, parts func(*ingest.Entry) bool, head func(ingest.Stream), body func(string, ingest.Stream)) error {
	all := drain(parts)
	known := drain(looked)
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
		h, b := s.Head(), s.Body()
		sent(ctx, h)
		sent(ctx, b)
		head(h)
		body(key, b)
	}
	return nil
}

// heads are what has been gathered of all streams' heads. Which order they come in, and on how many workers, does not show.
type heads struct{ Streams []ingest.Stream }

// division is who is read with whom.
type division struct{ Units []ingest.Unit }

// divideFn gathers a few hundred bytes a stream, and says at the end who replicates with whom: that is known of all or of nobody, as one more
// address may join two groups.
type divideFn struct{}

func (*divideFn) CreateAccumulator() heads { return heads{} }

func (*divideFn) AddInput(a heads, s ingest.Stream) heads {
	a.Streams = append(a.Streams, s)
	return a
}

func (*divideFn) MergeAccumulators(a, b heads) heads {
	a.Streams = append(a.Streams, b.Streams...)
	return a
}

func (*divideFn) ExtractOutput(a heads) division {
	return division{ingest.NewStages(ingest.Options{}).Divide(a.Streams)}
}

// dealOut gives every unit, and says of every stream which unit it is in.
func dealOut(ctx ctx, d division, unit func(int, ingest.Unit), stream func(string, int)) {
	for _, u := range d.Units {
		sent(ctx, u)
		unit(u.Number, u)
		for _, s := range u.Streams {
			stream(s.Key, u.Number)
		}
	}
}

// assignFn sends each stream to its unit; what no format claims is accounted for here.
type assignFn struct{ reach }

func (f *assignFn) ProcessElement(ctx ctx, key string, streams func(*ingest.Stream) bool, places func(*int) bool, emit func(int, ingest.Stream), finding func(int, []byte)) error {
	numbers := drain(places)
	for _, s := range drain(streams) {
		if s.Kind == "" {
			stages, _, err := f.stages(ctx, s.First)
			if err != nil {
				return err
			}
			var files []table.File
			var problems []table.Problem
			if err := survived(func() error { files, problems = stages.Rest(ctx, s); return nil }); err != nil {
				return poisoned(ctx, finding, entriesOf([]ingest.Stream{s}), err)
			}
			if err := tell(ctx, finding, remainder, files, problems); err != nil {
				return err
			}
			continue
		}
		for _, n := range numbers {
			sent(ctx, s)
			emit(n, s)
		}
	}
	return nil
}

// readFn reads a unit's files, analyses the case and writes what came of it.
type readFn struct {
	reach
	Options options
}

func (f *readFn) ProcessElement(ctx ctx, number int, units func(*ingest.Unit) bool, streams func(*ingest.Stream) bool, finding func(int, []byte)) error {
	all := drain(streams)
	for _, u := range drain(units) {
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
		units_.Inc(ctx, 1)
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
	return tell(ctx, finding, findings+u.Number, sum.Files, sum.Problems)
}

// mergeFn makes one report of all findings, or of a shard's.
type mergeFn struct {
	reach
	Options options
}

func (f *mergeFn) ProcessElement(ctx ctx, shard int, all func(*[]byte) bool) error {
	d, err := merged(drain(all))
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

// sent counts what goes from one worker to another on the way to who reads what.
func sent(ctx ctx, v any) {
	b, err := json.Marshal(v)
	if err == nil {
		sentBytes.Inc(ctx, int64(len(b)))
	}
}

// drain takes everything an iterator has.
func drain[T any](next func(*T) bool) []T {
	var out []T
	var v T
	for next(&v) {
		out = append(out, v)
		var zero T
		v = zero
	}
	return out
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
	var files []table.File
	var ps []table.Problem
	for _, e := range entries {
		files = append(files, table.File{Path: e.Path, Kind: table.KindUnreadable, First: table.Null, Last: table.Null, ModTime: e.ModTime})
		ps = append(ps, table.Problem{Origin: table.Origin{File: e.Path}, Reason: cause.Error()})
	}
	poisonedArtifacts.Inc(ctx, int64(len(entries)))
	return tell(ctx, finding, remainder, files, ps)
}

// The pipeline's counters.
var (
	artifacts         = beam.NewCounter("psyncope", "artifacts")
	artifactBytes     = beam.NewCounter("psyncope", "artifact_bytes")
	units_            = beam.NewCounter("psyncope", "units")
	incidents         = beam.NewCounter("psyncope", "incidents")
	problems          = beam.NewCounter("psyncope", "problems")
	poisonedArtifacts = beam.NewCounter("psyncope", "poisoned_artifacts")
	sentBytes         = beam.NewCounter("psyncope", "sent_bytes")
	findingBytes      = beam.NewCounter("psyncope", "finding_bytes")
)
