package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	force bool
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
	addToggle(cmd.Flags(), &o.force, "force", "", "write over what is in the way of --out, whoever wrote it")
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
	ctx    context.Context
	dir    *outDir // nil where a file or standard output is written
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
	s := &sink{out: o, ctx: cmd.Context(), stdout: cmd.OutOrStdout()}
	if !quiet {
		s.stderr = cmd.ErrOrStderr()
	}
	if o.path != "" && !o.force {
		if err := mayOverwrite(o.path); err != nil {
			return nil, nothingf("write the file of --out: %w", err)
		}
	}
	if o.dir != "" {
		var names []string
		for _, f := range formats {
			names = append(names, f.Path())
		}
		if s.dir, err = newOutDir(s.ctx, o.dir, names, o.force); err != nil {
			return nil, nothingf("make the directory of --out: %w", err)
		}
	}
	for _, f := range formats {
		if !f.Dir() {
			s.files = append(s.files, f)
			continue
		}
		t, err := f.Open(filepath.Join(s.dir.dir, f.Path()), report.Options{Excel: o.excel})
		if err != nil {
			s.abandon()
			return nil, nothingf("write %s: %w", f.Name, err)
		}
		s.dirs, s.open = append(s.dirs, f), append(s.open, t)
	}
	return s, nil
}

// wantsEvidence is what is to be given each case's rows; nil where no table is open.
func (s *sink) wantsEvidence() func(*table.Case, table.Place) error {
	if len(s.open) == 0 {
		return nil
	}
	return s.evidence
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

// abandon ends the tables after a failure, and leaves nothing of them; the failure is what gets reported.
func (s *sink) abandon() {
	for _, t := range s.open {
		_ = t.Close(nil)
	}
	s.open = nil
	if s.dir != nil {
		s.dir.abandon()
	}
}

// report writes everything and ends the tables. All of it is there then, or nothing.
func (s *sink) report(d *diagnosis.Diagnosis) error {
	if s.dir == nil {
		for _, f := range s.files {
			if err := s.file(f, d); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.directory(d); err != nil {
		s.abandon()
		return err
	}
	if err := s.dir.commit(); err != nil {
		return nothingf("write %s: %w", s.out.dir, err)
	}
	for _, f := range append(slices.Clone(s.dirs), s.files...) {
		s.wrote(filepath.Join(s.out.dir, f.Path()))
	}
	return nil
}

// directory writes the reports where they are built.
func (s *sink) directory(d *diagnosis.Diagnosis) error {
	for len(s.open) > 0 {
		t, f := s.open[0], s.dirs[len(s.dirs)-len(s.open)]
		s.open = s.open[1:]
		if err := t.Close(d); err != nil {
			return nothingf("write %s: %w", f.Name, err)
		}
	}
	for _, f := range s.files {
		path := filepath.Join(s.dir.dir, f.Path())
		if err := whole(s.ctx, path, func(w io.Writer) error { return f.Write(w, d, s.options()) }); err != nil {
			return nothingf("write %s: %w", filepath.Join(s.out.dir, f.Path()), err)
		}
	}
	return nil
}

// options are those of a report that is a file.
func (s *sink) options() report.Options {
	return report.Options{Color: s.out.color.value == "always"}
}

// file writes the one report to standard output, or to the file of --out.
func (s *sink) file(f report.Format, d *diagnosis.Diagnosis) error {
	if s.out.path == "" {
		o := report.Options{Color: colors(s.out.color.value, s.stdout), Width: terminalWidth(s.stdout)}
		w := bufio.NewWriter(s.stdout)
		if err := f.Write(w, d, o); err != nil {
			return err
		}
		return w.Flush()
	}
	if err := whole(s.ctx, s.out.path, func(w io.Writer) error { return f.Write(w, d, s.options()) }); err != nil {
		return nothingf("write %s: %w", s.out.path, err)
	}
	s.wrote(s.out.path)
	return nil
}

func (s *sink) wrote(path string) {
	if s.stderr != nil {
		fmt.Fprintln(s.stderr, "wrote", path)
	}
}
