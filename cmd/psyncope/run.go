package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// run is the whole program but the process: it reads args, writes reports to stdout and words
// about the run to stderr, and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(args)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	verb, err := root.ExecuteContextC(ctx)
	code, message := exitCode(err)
	if message != "" {
		fmt.Fprintln(stderr, "psyncope:", message)
	}
	if code == exitUsage && message != "" {
		fmt.Fprintln(stderr, "More:", strings.Replace(verb.CommandPath(), "psyncope", "psyncope help", 1))
	}
	return code
}

// newRoot builds the command tree. Each verb has a file of its own.
func newRoot(args []string) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "psyncope",
		Short: "Say what broke Redis or Valkey replication, and why",
		Long: `psyncope reads what was collected around a Redis or Valkey replication incident (INFO dumps,
server logs, slowlogs, settings) and says what happened, in which order, what began it, why the
replica could not simply catch up, and what to change.`,
		Example: `  psyncope analyze ./capture
  psyncope analyze --format json incident.tar.gz
  psyncope explain backlog-overflow`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, words []string) error {
			switch {
			case len(words) > 0:
				return unknownVerb(cmd, words[0])
			case version:
				return printVersion(cmd.OutOrStdout())
			}
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help() // a failing stderr has nobody to tell
			return &exitError{code: exitUsage}
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// A mistyped verb leaves its flags to the root, which knows none of them: the verb is the mistake.
		if cmd == root {
			if verb := firstWord(args); verb != "" {
				return unknownVerb(cmd, verb)
			}
		}
		return flagError(cmd, err)
	})
	root.AddCommand(verbs()...)
	root.SetHelpCommand(newHelp())
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageFunc(usage)
	addToggle(root.PersistentFlags(), new(bool), "help", "h", "show how a command is used")
	addToggle(root.Flags(), &version, "version", "", "say which psyncope this is")
	return root
}

// verbs are the commands in the order in which people need them.
func verbs() []*cobra.Command {
	return []*cobra.Command{
		newAnalyze(),
		newClocks(),
		newSize(),
		newCompare(),
		newReport(),
		newFleet(),
		newRedact(),
		newExplain(),
		newCollect(),
		newSchema(),
		newCompletion(),
		newMan(),
		newVersion(),
	}
}

func unknownVerb(root *cobra.Command, typed string) error {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	hint := didYouMean(typed, names)
	if hint == "" {
		if _, err := os.Stat(typed); err == nil {
			hint = "; did you mean psyncope analyze " + typed + "?"
		}
	}
	return usagef("unknown command %q%s", typed, hint)
}

func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || len(unknown.GetSpecifiedName()) < 2 {
		return usagef("%w", err)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	typed := "--" + unknown.GetSpecifiedName()
	return usagef("%s knows no flag %s%s", cmd.Name(), typed, didYouMean(typed, names))
}

// firstWord is the first argument that is no flag; empty for none.
func firstWord(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}

// needs makes an argument check: at least one, and what it is for where it is missing.
func needs(what, try string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, words []string) error {
		if len(words) == 0 {
			return usagef("%s needs %s\nTry: %s", cmd.Name(), what, try)
		}
		return nil
	}
}

// none is the argument check of a verb that takes none.
func none(cmd *cobra.Command, words []string) error {
	if len(words) > 0 {
		return usagef("%s takes no arguments, not %q", cmd.Name(), words[0])
	}
	return nil
}
