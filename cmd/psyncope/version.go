package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which psyncope this is",
		Args:  none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printVersion(cmd.OutOrStdout())
		},
	}
}

func printVersion(w io.Writer) error {
	info, _ := debug.ReadBuildInfo()
	_, err := io.WriteString(w, versionText(info))
	return err
}

// versionText takes everything from the build itself, so that no build flag can make it wrong.
func versionText(info *debug.BuildInfo) string {
	if info == nil {
		return "psyncope (unknown build)\n"
	}
	version, revision, suffix := info.Main.Version, "", ""
	if version == "" {
		version = "(devel)"
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			suffix = " with local changes"
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "psyncope %s\n", version)
	if revision != "" {
		fmt.Fprintf(&b, "commit   %s%s\n", revision, suffix)
	}
	fmt.Fprintf(&b, "report   %s\n", diagnosis.Schema)
	fmt.Fprintf(&b, "built by %s\n", info.GoVersion)
	return b.String()
}
