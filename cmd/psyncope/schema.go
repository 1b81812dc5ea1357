package main

import (
	"github.com/spf13/cobra"

	"psyncope/report"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the report",
		Long: `Print the JSON Schema (2020-12) of what analyze --format json writes. Fields may be added under one
schema name; none is lost or renamed.`,
		Example: `  psyncope schema > psyncope.schema.json`,
		Args:    none,
		RunE:    func(cmd *cobra.Command, _ []string) error { return report.Schema(cmd.OutOrStdout()) },
	}
}
