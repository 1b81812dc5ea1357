package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, []string{"analyze", "testdata/capture"}, strings.NewReader(""), &stdout, &stderr); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if stdout.Len() > 0 {
		t.Errorf("an interrupted run printed %q", stdout.String())
	}
	if got, want := stderr.String(), "psyncope: interrupted\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
}

// failing is a writer that always fails the same way.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "stdout", Err: f.err}
}

func TestStdoutFails(t *testing.T) {
	for _, c := range []struct {
		err     error
		code    int
		message string
	}{
		{syscall.EPIPE, exitOK, ""},
		{syscall.ENOSPC, exitNothing, "psyncope: write stdout: no space left on device\n"},
	} {
		for _, args := range [][]string{
			{"analyze", "testdata/capture"},
			{"analyze", "--format", "json", "testdata/capture"},
			{"clocks", "testdata/capture"},
			{"explain"},
			{"version"},
		} {
			var stderr bytes.Buffer
			code := run(t.Context(), args, strings.NewReader(""), failing{c.err}, &stderr)
			if code != c.code || stderr.String() != c.message {
				t.Errorf("%v with %v: exit code %d and %q, want %d and %q", args, c.err, code, stderr.String(), c.code, c.message)
			}
		}
	}
}

// Every verb says what it does, and every example in its help can be typed.
func TestExamplesParse(t *testing.T) {
	for _, verb := range verbs() {
		if verb.Short == "" || strings.HasSuffix(verb.Short, ".") {
			t.Errorf("%s: Short is %q", verb.Name(), verb.Short)
		}
		for line := range strings.Lines(verb.Example) {
			for _, command := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("|<>()", r) }) {
				words := strings.Fields(command)
				if len(words) == 0 || words[0] != "psyncope" {
					continue
				}
				root := newRoot(words[1:])
				cmd, args, err := root.Find(words[1:])
				if err != nil || !cmd.HasParent() {
					t.Errorf("%s: no such verb", line)
					continue
				}
				if err := cmd.ParseFlags(args); err != nil {
					t.Errorf("%s: %v", line, err)
				}
				if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
}

// Every flag has words of its own, and none that cobra put there.
func TestFlagsAreDescribed(t *testing.T) {
	root := newRoot(nil)
	root.SetOut(io.Discard)
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		usage := cmd.LocalFlags().FlagUsages()
		for line := range strings.Lines(usage) {
			if len(strings.Fields(line)) < 3 {
				t.Errorf("%s: a flag without a word: %s", cmd.Name(), line)
			}
			if strings.Contains(line, "[=true|false]") || strings.Contains(line, "stringArray") {
				t.Errorf("%s: %s", cmd.Name(), line)
			}
		}
	}
}
