package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// orderly is how long a run has for an orderly end. Reading and writing look for the signal many times a second; one step of an analysis, or of a large
// page, does not.
const orderly = 700 * time.Millisecond

func main() {
	if args, env := unseen(os.Args[1:]); env != "" {
		again(args, env)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, left := withLeftovers(ctx)
	tuneHeap()
	// The first signal asks for an orderly end, and is the end soon after; a second one finds the default handler and ends at once.
	context.AfterFunc(ctx, func() {
		stop()
		time.Sleep(left.patience())
		left.remove()
		fmt.Fprintln(os.Stderr, "psyncope: interrupted")
		os.Exit(exitInterrupted)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
