package main

import (
	"bufio"
	"io"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
	"psyncope/report"
)

func newClocks() *cobra.Command {
	return newSection("clocks", "Say how the hosts' clocks stand to one another",
		`Find each instance's zone and how far its clock is ahead of the reference (the group's first
primary, or --reference), with the error and what it rests on. analyze does the same on its way.`,
		report.TextClocks,
		func(d *diagnosis.Diagnosis) *diagnosis.Diagnosis {
			return &diagnosis.Diagnosis{Schema: d.Schema, Inputs: d.Inputs, Time: d.Time, Groups: d.Groups}
		})
}

// newSection is a verb that prints one part of the report. keep leaves that part of the diagnosis
// for --format json.
func newSection(name, short, long string, text func(io.Writer, *diagnosis.Diagnosis, report.Options) error, keep func(*diagnosis.Diagnosis) *diagnosis.Diagnosis) *cobra.Command {
	var in evidence
	var format, color *choice
	cmd := &cobra.Command{
		Use:   name + " CAPTURE…",
		Short: short,
		Long:  long,
		Example: "  psyncope " + name + " ./capture\n" +
			"  psyncope " + name + " --format json incident.tar.gz",
		Args: needs(needsCapture, "psyncope "+name+" ./capture"),
		RunE: func(cmd *cobra.Command, roots []string) error {
			d, err := in.diagnose(cmd, roots, nil)
			if err != nil {
				return err
			}
			write := text
			if format.value == "json" {
				write, d = report.JSON, keep(d)
			}
			out := cmd.OutOrStdout()
			w := bufio.NewWriter(out)
			if err := write(w, d, report.Options{Color: colors(color.value, out), Width: terminalWidth(out)}); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
			return in.strictly(d)
		},
	}
	in.flags(cmd)
	format = addChoice(cmd, "format", "f", "how to print", "text", "json")
	color = addChoice(cmd, "color", "", "colour the text: auto asks the terminal and NO_COLOR", "auto", "always", "never")
	return cmd
}
