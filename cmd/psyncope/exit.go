package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Exit codes. Scripts rely on them; interrupted is what a shell expects of SIGINT.
const (
	exitOK          = 0
	exitFindings    = 1
	exitUsage       = 2
	exitNothing     = 3
	exitUnreadable  = 4
	exitInterrupted = 130
)

// exitError is an error that decides the exit code. A nil err ends without a word.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usagef is the error of a command line that cannot be meant.
func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// nothingf is the error of a run that ends without a report.
func nothingf(format string, args ...any) error {
	return &exitError{exitNothing, fmt.Errorf(format, args...)}
}

// exitCode says how a run ended, and the message for stderr; empty for none.
func exitCode(err error) (int, string) {
	var exit *exitError
	switch {
	case err == nil:
		return exitOK, ""
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		// The reader (head, a pager) has seen enough: nobody is left to tell.
		return exitOK, ""
	case errors.Is(err, context.Canceled):
		return exitInterrupted, "interrupted"
	case errors.As(err, &exit) && exit.err == nil:
		return exit.code, ""
	case errors.As(err, &exit):
		return exit.code, err.Error()
	}
	return exitNothing, err.Error()
}
