package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A heap may grow by its own size again before it is collected, which is right for a small one: nearly all of a run's time would go into
// collecting it. From manyBytes on less is left to it, so that a fleet of a million files does not take twice the memory that it needs.
const (
	manyBytes   = 128 << 20
	growthSmall = 100 // percent, Go's own
	growthLarge = 25
	// Below roomy, the process is held to held in all as well: the runtime collects earlier where it would go beyond.
	roomy = 400 << 20
	held  = 420 << 20
)

// tuneHeap looks at the heap after each collection, for as long as the process lives.
func tuneHeap() {
	type mark struct{ _ *int } // a pointer, or it would share its memory with others and never be finalized
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	large, set := false, int64(math.MaxInt64)
	var look func(*mark)
	look = func(*mark) {
		metrics.Read(live)
		limit := int64(math.MaxInt64)
		if live[0].Value.Uint64() < roomy {
			limit = held
		}
		if debug.SetMemoryLimit(-1) == set { // else GOMEMLIMIT or --max-memory said otherwise
			debug.SetMemoryLimit(limit)
			set = limit
		}
		if now := live[0].Value.Uint64() > manyBytes; now != large {
			large = now
			debug.SetGCPercent(map[bool]int{false: growthSmall, true: growthLarge}[large])
		}
		runtime.SetFinalizer(&mark{}, look)
	}
	runtime.SetFinalizer(&mark{}, look)
}
