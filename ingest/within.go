package ingest

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
)

// within is the error of a file whose reading takes too long, or more memory than there may be.
func (e *engine) within(limited context.Context) error {
	if limited.Err() != nil {
		return fmt.Errorf("reading it takes more than %v (--max-file-time)", e.Limits.FileTime)
	}
	if e.heap() <= e.Limits.Memory {
		return nil
	}
	// Most of it may be waiting to be collected.
	runtime.GC()
	if e.heap() <= e.Limits.Memory {
		return nil
	}
	return fmt.Errorf("reading it takes more memory than %d bytes (--max-memory)", e.Limits.Memory)
}

// heap is how many bytes are on the process's heap, what waits to be collected included.
func (e *engine) heap() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
