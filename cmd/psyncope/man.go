package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "Print the manual page, or write those of all commands into a directory",
		Long: `Print psyncope(1) in roff, or, with a DIR, write it and one page for each command there, as
psyncope.1 and psyncope-analyze.1.`,
		Example: `  psyncope man | man -l -
  psyncope man /usr/local/share/man/man1`,
		Args: func(cmd *cobra.Command, words []string) error {
			if len(words) > 1 {
				return usagef("%s takes one directory, not %d", cmd.Name(), len(words))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, dirs []string) error {
			root := cmd.Root()
			if len(dirs) == 0 {
				b, err := manPage(root)
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(b)
				return err
			}
			if err := os.MkdirAll(dirs[0], 0o755); err != nil {
				return nothingf("make the directory: %w", err)
			}
			for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
				b, err := manPage(c)
				if err != nil {
					return err
				}
				name := "psyncope.1"
				if c != root {
					name = "psyncope-" + c.Name() + ".1"
				}
				if err := os.WriteFile(filepath.Join(dirs[0], name), b, 0o644); err != nil {
					return nothingf("write the page: %w", err)
				}
			}
			return nil
		},
	}
}

// manPage is a command's page. It is dated by the commit, so that the same build gives the same page.
func manPage(c *cobra.Command) ([]byte, error) {
	at := time.Unix(0, 0).UTC()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
					at = t
				}
			}
		}
	}
	var b bytes.Buffer
	c.DisableAutoGenTag = true
	err := doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: "psyncope", Manual: "psyncope", Date: &at}, &b)
	return b.Bytes(), err
}
