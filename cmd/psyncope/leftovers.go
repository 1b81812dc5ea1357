package main

import (
	"context"
	"os"
	"sync"
	"time"
)

// leftovers are the files and directories that are being written under names of their own. Where a run is ended before it is through, they are
// removed.
type leftovers struct {
	mu    sync.Mutex
	paths map[string]bool // true for what is removed only where it is empty
	// endsItself tells that the run needs no watching: a signal is how it ends.
	endsItself bool
}

type leftoversKey struct{}

func withLeftovers(ctx context.Context) (context.Context, *leftovers) {
	l := &leftovers{paths: map[string]bool{}}
	return context.WithValue(ctx, leftoversKey{}, l), l
}

// making notes a path until done is called.
func making(ctx context.Context, path string) (done func()) { return noted(ctx, path, false) }

// makingRoom notes a directory that was made for something to be put there: it goes where nothing was.
func makingRoom(ctx context.Context, path string) (done func()) { return noted(ctx, path, true) }

func noted(ctx context.Context, path string, empty bool) (done func()) {
	l, _ := ctx.Value(leftoversKey{}).(*leftovers)
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paths[path] = empty
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.paths, path)
	}
}

// endingItself tells that a signal is how the run ends.
func endingItself(ctx context.Context) {
	if l, _ := ctx.Value(leftoversKey{}).(*leftovers); l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.endsItself = true
	}
}

// patience is how long a run has for an orderly end.
func (l *leftovers) patience() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.endsItself {
		return 10 * orderly
	}
	return orderly
}

// remove removes what is still there. The process ends behind it.
func (l *leftovers) remove() {
	l.mu.Lock() // for good: nobody begins another
	for path, empty := range l.paths {
		if empty {
			os.Remove(path)
		} else {
			os.RemoveAll(path)
		}
	}
}
