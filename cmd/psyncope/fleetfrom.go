package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/correlate/fleet/observe"
	"psyncope/correlate/fleet/state"
	"psyncope/report"
)

// resultsKind is the kind of an artifact that is what another machine made of a group's evidence.
const resultsKind = "results"

// observedSuffix is that of the file beside a group's report with what was noted of its case.
const observedSuffix = ".observed.json"

// nightFrom takes over as a night what was analysed elsewhere: DIR/groups/KEY.json, as psyncope-beam writes it. A result that is the same as the
// night before is nothing new.
func (f *fleetRun) nightFrom(st *fleet.State, dirs []string, keep time.Duration) (changed bool, err error) {
	var found []fleet.Scanned
	for _, dir := range dirs {
		groups := filepath.Join(dir, "groups")
		if info, err := os.Stat(groups); err != nil || !info.IsDir() {
			return false, nothingf("%s holds no results: no directory groups with a report a group, as psyncope-beam writes it", dir)
		}
		x, err := scan([]string{groups})
		if err != nil {
			return false, nothingf("%w", err)
		}
		found = append(found, x...)
	}
	found = slices.DeleteFunc(found, func(x fleet.Scanned) bool {
		return filepath.Ext(x.Path) != ".json" || strings.HasSuffix(x.Path, observedSuffix)
	})
	here := map[string]fleet.Scanned{}
	for _, x := range found {
		here[x.Path] = x
	}
	prints := &prints{of: map[string]string{}, found: here}
	read := observe.NewRead()
	for path, a := range st.Artifacts {
		if _, ok := here[path]; !ok && !a.Missing {
			read.Missing = append(read.Missing, path)
		}
	}
	slices.Sort(read.Missing)
	for _, x := range found {
		if a := st.Artifacts[x.Path]; a != nil && a.Print == prints.get(x.Path) && !a.Missing {
			continue
		}
		if err := f.result(x.Path, read, here, prints); err != nil {
			return false, err
		}
	}
	if len(read.Artifacts) == 0 && len(read.Missing) == 0 {
		return false, nil
	}
	observe.Diagnoses(read.Diagnoses, read)
	st.Apply(read)
	st.Prune(keep.Microseconds())
	return true, nil
}

// result reads what came of one group. A broken one costs that group, and is told.
func (f *fleetRun) result(path string, read *fleet.Read, here map[string]fleet.Scanned, prints *prints) error {
	a := artifactOf(path, resultsKind, here, prints)
	read.Artifacts = append(read.Artifacts, a)
	d, err := loadResult(path)
	if err != nil {
		a.Kind = "unreadable"
		return nil //nolint:nilerr // the page says so
	}
	if b, err := os.ReadFile(strings.TrimSuffix(path, ".json") + observedSuffix); err == nil {
		if err := observe.Load(bytes.NewReader(b), read); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if last, ok := parseLength(f.last); ok {
		within(d, last)
	}
	packed, err := state.Pack(d)
	if err != nil {
		return err
	}
	from, to := d.Extent()
	if from != nil && to != nil {
		a.FirstUs, a.LastUs = from.UnixMicro(), to.UnixMicro()
	}
	a.Records, a.Case = d.Inputs.Records, path
	for _, g := range d.Groups {
		a.Group, a.Instance = cmp.Or(a.Group, g.Key), cmp.Or(a.Instance, g.Primary)
		read.Packed[g.Key] = packed
		if g.From != nil {
			read.SinceUs[g.Key] = g.From.UnixMicro() // what lies before is known from the nights before
		}
	}
	d.Lanes, d.Series = nil, nil
	read.Diagnoses = append(read.Diagnoses, d)
	return nil
}

func loadResult(path string) (*diagnosis.Diagnosis, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return report.Load(r)
}

// within leaves incidents out that were over so long before the evidence ends, as --last asks for.
func within(d *diagnosis.Diagnosis, last time.Duration) {
	_, to := d.Extent()
	if to == nil {
		return
	}
	since := to.Add(-last)
	d.Incidents = slices.DeleteFunc(d.Incidents, func(i diagnosis.Incident) bool {
		return i.End != nil && i.End.Before(since) && !i.Ongoing
	})
}
