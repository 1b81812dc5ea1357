package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
	"psyncope/report"
)

// output is where a report goes and how it looks: --format, --out, --color, --excel.
type output struct {
	names []string
	dir   string // --out, where it is a directory
	path  string // --out, where it is a file
	color *choice
	excel bool
	plan  bool
}

func (o *output) flags(cmd *cobra.Command) {
	var names []string
	for _, f := range report.Formats {
		names = append(names, f.Name)
	}
	cmd.Flags().StringSliceVarP(&o.names, "format", "f", []string{names[0]}, "print as `FORMAT`: "+strings.Join(names, ", ")+"; several with --out")
	completeFlag(cmd, "format", names)
	cmd.Flags().StringVarP(&o.dir, "out", "o", "", "write reports into the directory `PATH`; one that ends as a format's file does (report.html) is that file")
	o.color = addChoice(cmd, "color", "", "colour the text: auto asks the terminal and NO_COLOR", "auto", "always", "never")
	addToggle(cmd.Flags(), &o.plan, "plan", "", "print the commands of the plan alone, as a script with comments (--format plan)")
	addToggle(cmd.Flags(), &o.excel, "excel", "", "make CSV files that Excel opens as they are")
}

// formats resolves --format. Every mistake is found here, before a long analysis.
func (o *output) formats(cmd *cobra.Command) ([]report.Format, error) {
	var out []report.Format
	var known []string
	for _, f := range report.Formats {
		known = append(known, f.Name)
	}
	if o.plan {
		o.names = []string{"plan"}
	}
	if err := o.target(cmd); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, name := range o.names {
		f, ok := report.ByName(name)
		switch {
		case !ok:
			return nil, usagef("--format %s is unknown%s\nFormats: %s", name, didYouMean(name, known), strings.Join(known, ", "))
		case seen[f.Name]:
			continue
		case f.Binary && o.dir == "" && o.path == "" && terminal(cmd.OutOrStdout()) != nil:
			return nil, usagef("--format %s is nothing for a terminal: say where with --out report%s", name, f.Ext)
		case f.Dir() && o.dir == "":
			return nil, usagef("--format %s makes a directory of tables: say where with --out DIR", name)
		}
		seen[f.Name] = true
		out = append(out, f)
	}
	switch {
	case len(out) == 0:
		return nil, usagef("--format is empty\nFormats: %s", strings.Join(known, ", "))
	case len(out) > 1 && o.dir == "":
		return nil, usagef("standard output takes one format: write several with --out DIR")
	}
	return out, nil
}

// target tells whether --out is a file: it ends as the file of the one format that is asked for, or, where none is, of any format, and there
// is no directory of that name.
func (o *output) target(cmd *cobra.Command) error {
	if o.dir == "" || strings.HasSuffix(o.dir, "/") {
		return nil
	}
	if info, err := os.Stat(o.dir); err == nil && info.IsDir() {
		return nil
	}
	ext := filepath.Ext(o.dir)
	for _, f := range report.Formats {
		if f.Dir() || f.Ext != ext {
			continue
		}
		if !cmd.Flags().Changed("format") && !o.plan {
			o.names = []string{f.Name}
		}
		if len(o.names) == 1 && o.names[0] == f.Name {
			o.dir, o.path = "", o.dir
			return nil
		}
		return usagef("--out %s ends as a file of --format %s does, and --format is %s", o.dir, f.Name, strings.Join(o.names, ","))
	}
	return nil
}

// sink takes the evidence case by case and the diagnosis at the end, and writes the reports.
type sink struct {
	out    *output
	dir    string
	stdout io.Writer
	stderr io.Writer // nil for silence
	files  []report.Format
	dirs   []report.Format
	open   []*report.Tables
}

// newSink opens the directories of tables; reports in one file are made at the end.
func (o *output) newSink(cmd *cobra.Command, quiet bool) (*sink, error) {
	formats, err := o.formats(cmd)
	if err != nil {
		return nil, err
	}
	s := &sink{out: o, dir: o.dir, stdout: cmd.OutOrStdout()}
	if !quiet {
		s.stderr = cmd.ErrOrStderr()
	}
	if o.dir != "" {
		if err := os.MkdirAll(o.dir, 0o755); err != nil {
			return nil, nothingf("make the directory of --out: %w", err)
		}
	}
	for _, f := range formats {
		if !f.Dir() {
			s.files = append(s.files, f)
			continue
		}
		t, err := f.Open(filepath.Join(o.dir, f.Path()), report.Options{Excel: o.excel})
		if err != nil {
			s.abandon()
			return nil, nothingf("write %s: %w", f.Name, err)
		}
		s.dirs, s.open = append(s.dirs, f), append(s.open, t)
	}
	return s, nil
}

// evidence writes one case's rows into the open tables.
func (s *sink) evidence(c *table.Case, place table.Place) error {
	for i, t := range s.open {
		if err := t.Case(c, place); err != nil {
			return nothingf("write %s: %w", s.dirs[i].Name, err)
		}
	}
	return nil
}

// abandon ends the tables after a failure; the failure is what gets reported.
func (s *sink) abandon() {
	for _, t := range s.open {
		_ = t.Close(nil)
	}
	s.open = nil
}

// report writes everything and ends the tables.
func (s *sink) report(d *diagnosis.Diagnosis) error {
	var errs []error
	for i, t := range s.open {
		if err := t.Close(d); err != nil {
			errs = append(errs, nothingf("write %s: %w", s.dirs[i].Name, err))
			continue
		}
		s.wrote(filepath.Join(s.dir, s.dirs[i].Path()))
	}
	s.open = nil
	for _, f := range s.files {
		if err := s.file(f, d); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *sink) file(f report.Format, d *diagnosis.Diagnosis) (err error) {
	if s.dir == "" && s.out.path == "" {
		o := report.Options{Color: colors(s.out.color.value, s.stdout), Width: terminalWidth(s.stdout)}
		w := bufio.NewWriter(s.stdout)
		if err := f.Write(w, d, o); err != nil {
			return err
		}
		return w.Flush()
	}
	path := filepath.Join(s.dir, f.Path())
	if s.out.path != "" {
		path = s.out.path
	}
	err = whole(path, func(w io.Writer) error {
		return f.Write(w, d, report.Options{Color: s.out.color.value == "always"})
	})
	if err != nil {
		return nothingf("write %s: %w", path, err)
	}
	s.wrote(path)
	return nil
}

func (s *sink) wrote(path string) {
	if s.stderr != nil {
		fmt.Fprintln(s.stderr, "wrote", path)
	}
}
