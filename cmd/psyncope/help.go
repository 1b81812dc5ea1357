package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show how a command is used",
		RunE: func(cmd *cobra.Command, words []string) error {
			root := cmd.Root()
			found, rest, err := root.Find(words)
			if err != nil || len(rest) > 0 {
				return unknownVerb(root, strings.Join(words, " "))
			}
			return found.Help()
		},
	}
}

// usage prints how a command is used: cobra's own page repeats itself and sorts the verbs by letter.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	if cmd.HasParent() {
		fmt.Fprintf(&b, "Usage: %s\n", cmd.UseLine())
	} else {
		fmt.Fprintf(&b, "Usage: %s COMMAND [flags]\n\nCommands:\n", cmd.Name())
		for _, verb := range append(verbs(), newHelp()) {
			fmt.Fprintf(&b, "  %-11s %s\n", verb.Name(), verb.Short)
		}
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags.FlagUsages())
	}
	if !cmd.HasParent() {
		fmt.Fprintf(&b, "\nMore: %s help COMMAND\n", cmd.Name())
	}
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}
