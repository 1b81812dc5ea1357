package main

import (
	"bufio"
	"strings"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
	"psyncope/report"
)

func newCompare() *cobra.Command {
	var in evidence
	var format, color *choice
	cmd := &cobra.Command{
		Use:   "compare BEFORE AFTER",
		Short: "Say whether a fix worked",
		Long: `Hold two captures, or reports that analyze --format json wrote, against each other: what happened before
and no longer happens, what happens again and what it costs now, what is new, and whether the change did harm. Where nothing
like before happened again, arithmetic says whether it would be survived.

Exit codes: 0 it worked, or nobody can tell; 1 it did not work, or did harm; 2 wrong usage; 3 nothing could be read.`,
		Example: `  psyncope compare ./before ./after
  psyncope compare monday.json ./tuesday
  psyncope compare --format json before.json after.json`,
		Args: cobra.MatchAll(needs("two captures or saved reports, BEFORE and AFTER", "psyncope compare ./before ./after"), func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("compare takes two captures or saved reports, BEFORE and AFTER; there are %d", len(args))
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			var both [2]*diagnosis.Diagnosis
			for i, path := range args {
				d, err := in.saved(cmd, path)
				if err != nil {
					return err
				}
				both[i] = d
			}
			c := diagnosis.Compare(both[0], both[1])
			out := cmd.OutOrStdout()
			w := bufio.NewWriter(out)
			err := report.JSONCompare(w, c)
			if format.value == "text" {
				w.Reset(out)
				err = report.TextCompare(w, c, report.Options{Color: colors(color.value, out), Width: terminalWidth(out)})
			}
			if err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
			return answered(c)
		},
	}
	in.flags(cmd)
	format = addChoice(cmd, "format", "f", "how to print", "text", "json")
	color = addChoice(cmd, "color", "", "colour the text: auto asks the terminal and NO_COLOR", "auto", "always", "never")
	return cmd
}

// saved is a saved report, or what is said of a capture.
func (e *evidence) saved(cmd *cobra.Command, path string) (*diagnosis.Diagnosis, error) {
	if strings.HasSuffix(path, ".json") {
		if d, err := load(path, cmd.InOrStdin()); err == nil {
			return d, nil
		}
	}
	return e.diagnose(cmd, []string{path}, nil)
}

// answered is the error where a change did not help.
func answered(c *diagnosis.Comparison) error {
	for _, g := range c.Groups {
		if g.Answer == diagnosis.DidNot || g.Answer == diagnosis.Worse {
			return &exitError{exitFindings, nil}
		}
	}
	return nil
}
