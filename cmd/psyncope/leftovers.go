package main

import (
	"context"
	"os"
	"sync"
)

// leftovers are the files and directories that are being written under names of their own. Where a run is ended before it is through, they are
// removed.
type leftovers struct {
	mu    sync.Mutex
	paths map[string]bool
}

type leftoversKey struct{}

func withLeftovers(ctx context.Context) (context.Context, *leftovers) {
	l := &leftovers{paths: map[string]bool{}}
	return context.WithValue(ctx, leftoversKey{}, l), l
}

// making notes a path until done is called.
func making(ctx context.Context, path string) (done func()) {
	l, _ := ctx.Value(leftoversKey{}).(*leftovers)
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paths[path] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.paths, path)
	}
}

// remove removes what is still there. The process ends behind it.
func (l *leftovers) remove() {
	l.mu.Lock() // for good: nobody begins another
	for path := range l.paths {
		os.RemoveAll(path)
	}
}
