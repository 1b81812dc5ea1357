package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
	"psyncope/report"
)

func newReport() *cobra.Command {
	var out output
	var failOn *choice
	var quiet bool
	cmd := &cobra.Command{
		Use:   "report SAVED.json…",
		Short: "Render saved reports again, or merge them",
		Long: `Read reports that analyze --format json wrote, join them into one, and print it in any format. Only
what was concluded is in a saved report: the tables of evidence (samples, events, …) are not.`,
		Example: `  psyncope report monday.json
  psyncope report shard-*.json --format json > fleet.json
  psyncope analyze --format json ./capture | psyncope report -`,
		Args: needs("a saved report", "psyncope analyze --format json ./capture > saved.json; psyncope report saved.json"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if _, err := out.formats(cmd); err != nil {
				return err
			}
			saved := make([]*diagnosis.Diagnosis, 0, len(paths))
			for _, p := range paths {
				d, err := load(p, cmd.InOrStdin())
				if err != nil {
					return nothingf("%s: %w", p, err)
				}
				saved = append(saved, d)
			}
			d := saved[0]
			if len(saved) > 1 {
				d = diagnosis.Unite(saved...)
			}
			sink, err := out.newSink(cmd, quiet)
			if err != nil {
				return err
			}
			if err := sink.report(d); err != nil {
				return err
			}
			return findings(d, failOn.value)
		},
	}
	out.flags(cmd)
	failOn = addFailOn(cmd)
	addToggle(cmd.Flags(), &quiet, "quiet", "q", "say nothing but errors")
	return cmd
}

func load(path string, stdin io.Reader) (*diagnosis.Diagnosis, error) {
	if path == "-" {
		return report.Load(stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.Load(f)
}
