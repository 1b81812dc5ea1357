package main

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
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
	units, places := beam.ParDo2(s.Scope("deal"), &dealFn{}, divided)
	assigned, rest := beam.ParDo2(s.Scope("assign"), &assignFn{}, beam.CoGroupByKey(s, streams, places))
	read := beam.ParDo(s.Scope("read"), &readFn{Options: o}, beam.CoGroupByKey(s, units, assigned))

	all := beam.Flatten(s, listed, unseen, rest, read)
	beam.ParDo0(s.Scope("merge"), &mergeFn{Options: o}, beam.GroupByKey(s, all))
	return p
}

// registerAll makes the functions and types known to the runner, before beam.Init.
func registerAll() {
	register.DoFn3x1[ctx, string, func(string, string), error](&namesFn{})
	register.DoFn5x1[ctx, string, string, func(string, []byte), func(int, []byte), error](&listFn{})
	register.DoFn6x1[ctx, string, func(*[]byte) bool, func(string, []byte), func(int, []byte), func(int, []byte), error](&lookFn{})
	register.DoFn4x1[ctx, int, []byte, func(string, []byte), error](&apartFn{})
	register.DoFn6x1[ctx, string, func(*[]byte) bool, func(*[]byte) bool, func([]byte), func(string, []byte), error](&settleFn{})
	register.Combiner1[[]byte](&divideFn{})
	register.DoFn4x1[ctx, []byte, func(int, []byte), func(string, int), error](&dealFn{})
	register.DoFn6x1[ctx, string, func(*[]byte) bool, func(*int) bool, func(int, []byte), func(int, []byte), error](&assignFn{})
	register.DoFn5x1[ctx, int, func(*[]byte) bool, func(*[]byte) bool, func(int, []byte), error](&readFn{})
	register.DoFn3x1[ctx, int, func(*[]byte) bool, error](&mergeFn{})
	register.Emitter2[string, string]()
	register.Emitter2[string, []byte]()
	register.Emitter2[string, int]()
	register.Emitter2[int, []byte]()
	register.Emitter1[[]byte]()
	register.Iter1[int]()
	register.Iter1[[]byte]()
}
