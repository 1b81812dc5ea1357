package main

import (
	"github.com/spf13/cobra"

	"psyncope/correlate"
	"psyncope/report"
)

func newSize() *cobra.Command {
	return newSection("size", "Say what the backlog holds and what it should hold",
		`Find how fast each primary was written to, how many seconds its backlog covers, how long the longest
outage was, and how many full resyncs other settings would have left.`,
		report.TextSizes,
		func(d *correlate.Diagnosis) *correlate.Diagnosis {
			return &correlate.Diagnosis{Schema: d.Schema, Inputs: d.Inputs, Groups: d.Groups, Sizing: d.Sizing}
		})
}
