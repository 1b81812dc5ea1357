package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"psyncope/correlate"
	"psyncope/report"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [KIND]",
		Short: "Say what a kind, rule, table or column means",
		Long: `Print the words behind a name that a report uses: a trigger, a refusal, a loop, a rule of the
chain, a table of evidence or a column of one. Without a name, list what there is.`,
		Example: `  psyncope explain
  psyncope explain backlog-overflow
  psyncope explain samples`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return correlate.ExplainNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, words []string) error {
			names := correlate.ExplainNames()
			if len(words) == 0 {
				_, err := io.WriteString(cmd.OutOrStdout(), correlate.ExplainList())
				return err
			}
			for i, name := range words {
				text, ok := correlate.Explain(name)
				if !ok {
					text, ok = report.ExplainTable(name)
				}
				if !ok {
					return usagef("nothing is called %q%s\nTry: psyncope explain", name, didYouMean(name, names))
				}
				if i > 0 {
					text = "\n" + text
				}
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimRight(text, "\n")); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
