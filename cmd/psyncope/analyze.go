package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
)

func newAnalyze() *cobra.Command {
	var in evidence
	var out output
	var failOn *choice
	cmd := &cobra.Command{
		Use:   "analyze CAPTURE…",
		Short: "Say what happened, what began it, and what to change",
		Long: `Read a capture and report its incidents. A CAPTURE is a directory, an archive (tar, tar.gz, tar.zst,
zip), a file, or - for standard input; several are read as one. Nothing in it needs a manifest: each
file is recognised by its content.

Exit codes: 0 analysed; 1 incidents at or above --fail-on; 2 wrong usage; 3 nothing that was read allows a verdict;
4 analysed, but part of the input was unreadable and --strict was given (it outranks 1).`,
		Example: `  psyncope analyze ./capture
  psyncope analyze --format json incident.tar.gz > report.json
  psyncope analyze ./capture --out ./report --format text,json,csv
  psyncope analyze ./capture --tz redis-b=Europe/Berlin --skew redis-c=-2.5
  psyncope analyze --fail-on critical --quiet ./capture`,
		Args: needs(needsCapture, "psyncope analyze ./capture"),
		RunE: func(cmd *cobra.Command, roots []string) error {
			sink, err := out.newSink(cmd, in.quiet)
			if err != nil {
				return err
			}
			d, err := in.diagnose(cmd, roots, sink.wantsEvidence())
			if err != nil {
				sink.abandon()
				return err
			}
			if err := sink.report(d); err != nil {
				return err
			}
			return errors.Join(in.tells(d), in.outside(d), in.strictly(d), findings(d, failOn.value))
		},
	}
	in.flags(cmd)
	out.flags(cmd)
	failOn = addFailOn(cmd)
	return cmd
}

func addFailOn(cmd *cobra.Command) *choice {
	return addChoice(cmd, "fail-on", "", "exit 1 where an incident is at least this bad", "none", diagnosis.Warning, diagnosis.Critical)
}

// tells is the error where nothing that was read allows a verdict. A share of the groups may hold none.
func (e *evidence) tells(d *diagnosis.Diagnosis) error {
	if d.Tells() || e.shard != "" && len(d.Groups) == 0 {
		return nil
	}
	return nothingf("nothing that was read tells whether replication was well: %d files, but no INFO that shows a link and no message of a server's log; collect `redis-cli INFO` and the logs of both ends", len(d.Inputs.Files))
}

// findings is the error of --fail-on.
func findings(d *diagnosis.Diagnosis, failOn string) error {
	n := 0
	for _, i := range d.Incidents {
		if failOn == diagnosis.Warning || failOn == i.Severity {
			n++
		}
	}
	if failOn == "none" || n == 0 {
		return nil
	}
	return &exitError{exitFindings, fmt.Errorf("--fail-on %s: %d of %d incidents", failOn, n, len(d.Incidents))}
}
