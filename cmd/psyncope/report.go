package main

import (
	"fmt"
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
			d := joined(saved, func(s string) {
				if !quiet {
					fmt.Fprintln(cmd.ErrOrStderr(), "psyncope:", s)
				}
			})
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

// joined is one of several reports: of the shares of a run what the run would have said, else all that they say.
func joined(saved []*diagnosis.Diagnosis, tell func(string)) *diagnosis.Diagnosis {
	missing, shards := diagnosis.AreShards(saved)
	switch {
	case shards && len(missing) > 0:
		tell(fmt.Sprintf("of %d shares %v are missing: what is in them is not told", saved[0].Shard.Of, missing))
		fallthrough
	case shards:
		return diagnosis.Join(saved...)
	case len(saved) > 1:
		return diagnosis.Unite(saved...)
	}
	return saved[0]
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
