package main

import (
	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
	"psyncope/report"
)

func newSize() *cobra.Command {
	return newSection("size", "Say what the backlog holds and what it should hold",
		`Find how fast each primary was written to, how many seconds its backlog covers, how long the longest
outage was, and how many full resyncs other settings would have left.`,
		report.TextSizes,
		func(d *diagnosis.Diagnosis) *diagnosis.Diagnosis {
			return &diagnosis.Diagnosis{Schema: d.Schema, Inputs: d.Inputs, Groups: d.Groups, Sizing: d.Sizing}
		})
}
