package main

import (
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"psyncope/ingest"
)

// newPipeline is the whole graph. Names and what heads say go through the runner; artifacts do not: whoever reads a unit opens its files.
//
//	names ─► list ─► by stream ─► look ─► settle ─► divide ─► deal
//	                                 └► apart ─┘ └───────► assign ─► read ─► by shard ─► merge
func newPipeline(o options) *beam.Pipeline {
	p := beam.NewPipeline()
	s := p.Root()

	names := beam.Reshuffle(s, beam.ParDo(s.Scope("names"), &namesFn{}, beam.CreateList(s, o.Input)))
	entries, listed := beam.ParDo2(s.Scope("list"), &listFn{}, names)
	looked, tangled, unseen := beam.ParDo3(s.Scope("look"), &lookFn{}, beam.GroupByKey(s, entries))
	parts := beam.ParDo(s.Scope("apart"), &apartFn{}, tangled)
	heads, streams := beam.ParDo2(s.Scope("settle"), &settleFn{}, beam.CoGroupByKey(s, looked, parts))

	divided := beam.Combine(s.Scope("divide"), &divideFn{}, heads)
	units, places := beam.ParDo2(s.Scope("deal"), dealOut, divided)
	assigned, rest := beam.ParDo2(s.Scope("assign"), &assignFn{}, beam.CoGroupByKey(s, streams, places))
	read := beam.ParDo(s.Scope("read"), &readFn{Options: o}, beam.CoGroupByKey(s, units, assigned))

	all := beam.Flatten(s, listed, unseen, rest, read)
	beam.ParDo0(s.Scope("merge"), &mergeFn{Options: o}, beam.GroupByKey(s, all))
	return p
}

// registerAll makes the functions and types known to the runner, before beam.Init.
func registerAll() {
	beam.RegisterCoder(reflect.TypeFor[ingest.Entry](), encodeEntry, decodeEntry)
	beam.RegisterCoder(reflect.TypeFor[ingest.Stream](), encodeStream, decodeStream)
	beam.RegisterCoder(reflect.TypeFor[ingest.Unit](), encodeUnit, decodeUnit)
	beam.RegisterCoder(reflect.TypeFor[heads](), encodeHeads, decodeHeads)
	beam.RegisterCoder(reflect.TypeFor[division](), encodeDivision, decodeDivision)
	register.DoFn3x1[ctx, string, func(string, string), error](&namesFn{})
	register.DoFn5x1[ctx, string, string, func(string, ingest.Entry), func(int, []byte), error](&listFn{})
	register.DoFn6x1[ctx, string, func(*ingest.Entry) bool, func(string, ingest.Stream), func(ingest.Stream), func(int, []byte), error](&lookFn{})
	register.DoFn3x1[ctx, ingest.Stream, func(string, ingest.Entry), error](&apartFn{})
	register.DoFn6x1[ctx, string, func(*ingest.Stream) bool, func(*ingest.Entry) bool, func(ingest.Stream), func(string, ingest.Stream), error](&settleFn{})
	register.Combiner3[heads, ingest.Stream, division](&divideFn{})
	register.Function4x0(dealOut)
	register.DoFn6x1[ctx, string, func(*ingest.Stream) bool, func(*int) bool, func(int, ingest.Stream), func(int, []byte), error](&assignFn{})
	register.DoFn5x1[ctx, int, func(*ingest.Unit) bool, func(*ingest.Stream) bool, func(int, []byte), error](&readFn{})
	register.DoFn3x1[ctx, int, func(*[]byte) bool, error](&mergeFn{})
	register.Emitter2[string, string]()
	register.Emitter2[string, ingest.Entry]()
	register.Emitter2[string, ingest.Stream]()
	register.Emitter2[string, int]()
	register.Emitter2[int, ingest.Unit]()
	register.Emitter2[int, ingest.Stream]()
	register.Emitter2[int, []byte]()
	register.Emitter1[ingest.Stream]()
	register.Iter1[ingest.Entry]()
	register.Iter1[ingest.Stream]()
	register.Iter1[ingest.Unit]()
	register.Iter1[int]()
	register.Iter1[[]byte]()
}
