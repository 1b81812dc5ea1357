package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"psyncope/correlate"
	"psyncope/correlate/diagnosis"
	"psyncope/ingest"
	"psyncope/ingest/table"
)

// evidence is what is read and how it is looked at: the flags that analyze, clocks and size share.
type evidence struct {
	since, until string
	in           string
	utc, local   bool
	zones, skews []string
	reference    string
	group        string
	year         int
	shard        string
	same, names  []string
	verbose      bool
	strict       bool
	quiet        bool
	progress     *choice
	redacting
	limits
}

const (
	needsCapture = "a CAPTURE: a directory, an archive or files from around the incident, or - for standard input"
	warnings     = 10 // how many unreadable files are named on stderr; the report names all
)

func (e *evidence) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.since, "since", "", "look at what happened from `WHEN` on: a date, 22:00, an epoch, or -2h before the evidence ends")
	f.StringVar(&e.until, "until", "", "look at what happened before `WHEN`")
	f.StringVar(&e.in, "in", "", "read --since and --until in `ZONE` (Europe/Berlin, +01:00)")
	addToggle(f, &e.utc, "utc", "", "read --since and --until in UTC (the default)")
	addToggle(f, &e.local, "local", "", "read --since and --until in this machine's zone")
	f.StringVar(&e.group, "group", "", "look at the replication group `ID` alone, and draw it whatever happened")
	f.StringArrayVar(&e.zones, "tz", nil, "zone of an instance's log, as `INSTANCE=ZONE` (Europe/Berlin, +01:00)")
	f.StringArrayVar(&e.skews, "skew", nil, "how far an instance's clock is ahead of the reference, as `INSTANCE=SECONDS`")
	f.StringVar(&e.reference, "reference", "", "the `INSTANCE` whose clock all times are on")
	f.IntVar(&e.year, "year", 0, "the `YEAR` of the last line of logs without years")
	f.StringArrayVar(&e.same, "same", nil, "two names that are one server, as `A=B`: B's evidence counts as A's")
	f.StringArrayVar(&e.names, "name", nil, "whose a file is, as `FILE=SERVER`; FILE is its path or the end of it")
	f.StringVar(&e.shard, "shard", "", "look at one share of the groups alone, as `I/N` (2/7); psyncope report joins the JSON reports of all N to what one run would say")
	addToggle(cmd.Flags(), &e.verbose, "verbose", "v", "say on standard error what was read, what told servers apart, and what was guessed")
	addToggle(cmd.Flags(), &e.strict, "strict", "", "exit 4 where part of the input was unreadable")
	addToggle(cmd.Flags(), &e.quiet, "quiet", "q", "no progress and no warnings on standard error")
	e.progress = addChoice(cmd, "progress", "", "show progress on standard error", "auto", "always", "never")
	f.Lookup("progress").NoOptDefVal = "always"
	addToggle(cmd.Flags(), &e.redact, "redact", "", "put pseudonyms in place of names, addresses, ids, keys and values")
	e.redacting.flags(cmd)
	e.limits.flags(cmd)
}

// options turns the flags into those of the analysis.
func (e *evidence) options() (correlate.Options, error) {
	var o correlate.Options
	zone, err := e.zone()
	if err != nil {
		return o, err
	}
	since, err := parseMoment(e.since, zone)
	if err != nil {
		return o, usagef("--since: %w", err)
	}
	until, err := parseMoment(e.until, zone)
	if err != nil {
		return o, usagef("--until: %w", err)
	}
	if since.kind == instant && until.kind == instant && !since.at.Before(until.at) || since.kind == beforeEnd && until.kind == beforeEnd && since.ago <= until.ago {
		return o, usagef("--since %s is not before --until %s", e.since, e.until)
	}
	if since.kind != openEnd || until.kind != openEnd {
		o.Window = func(from, to time.Time) (time.Time, time.Time) { return window(since, until, from, to) }
	}
	if o.TZ, err = perInstance("tz", e.zones, parseZone); err != nil {
		return o, err
	}
	if o.Skew, err = perInstance("skew", e.skews, parseSkew); err != nil {
		return o, err
	}
	if e.year != 0 && (e.year < 1990 || e.year > 2100) {
		return o, usagef("--year %d is no year", e.year)
	}
	o.Reference, o.Group, o.Year = e.reference, e.group, e.year
	return o, nil
}

// zone is the one in which --since and --until are read.
func (e *evidence) zone() (*time.Location, error) {
	switch {
	case e.utc && (e.local || e.in != ""), e.local && e.in != "":
		return nil, usagef("--utc, --local and --in exclude each other")
	case e.local:
		return time.Local, nil
	case e.in != "":
		zone, err := parseZone(e.in)
		if err != nil {
			return nil, usagef("--in: %w", err)
		}
		return zone, nil
	}
	return time.UTC, nil
}

// diagnose takes the whole path from files to a diagnosis. see, where it is given, is given each case's evidence before it is let go, in the
// order of the cases, one at a time.
func (e *evidence) diagnose(cmd *cobra.Command, roots []string, see func(*table.Case, table.Place) error) (*diagnosis.Diagnosis, error) {
	maker, err := e.maker(cmd.ErrOrStderr(), e.quiet)
	if err != nil {
		return nil, err
	}
	if maker != nil {
		e.underPseudonyms(maker)
	}
	o, err := e.options()
	if err != nil {
		return nil, err
	}
	same, err := pairs("same", e.same)
	if err != nil {
		return nil, err
	}
	named, err := pairs("name", e.names)
	if err != nil {
		return nil, err
	}
	lim, err := e.limits.limits(cmd)
	if err != nil {
		return nil, err
	}
	var apart func(file, by string, n int)
	if e.verbose && !e.quiet {
		apart = func(file, by string, n int) {
			if maker != nil {
				file, by = maker.Path(file), maker.Text(by)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "psyncope: %s: %d servers, told apart by %s\n", file, n, by)
		}
	}
	shard, err := shardOf(e.shard)
	if err != nil {
		return nil, err
	}
	show, done := newProgress(cmd.ErrOrStderr(), e.progress.value, e.quiet)
	parts := diagnoses{see: see}
	rest, err := ingest.Each(cmd.Context(), ingest.Options{
		Roots:    roots,
		Stdin:    cmd.InOrStdin(),
		Progress: show,
		Same:     same,
		Limits:   lim,
		Names:    named,
		Apart:    apart,
		Shard:    shard,
	}, func(c *table.Case) error {
		if maker != nil {
			maker.Case(c)
		}
		return parts.add(c, o)
	})
	if maker != nil {
		rest = withPseudonyms(maker, rest)
	}
	all, failed := parts.wait()
	done()
	switch {
	case failed != nil:
		return nil, failed
	case errors.Is(err, ingest.ErrNothing):
		return nil, nothingf("%w", err)
	case err != nil:
		return nil, err
	}
	d := diagnosis.MergeAway(all)
	d.AddRest(rest.Files, rest.Unclaimed, rest.Problems)
	if shard.Of > 0 {
		d.Shard = &diagnosis.Shard{Number: shard.Number, Of: shard.Of}
	}
	if e.verbose && !e.quiet {
		account(cmd.ErrOrStderr(), d)
	}
	if !e.quiet {
		warn(cmd.ErrOrStderr(), d.Inputs.Problems)
	}
	return d, e.checkNames(d)
}

// shardOf reads I/N.
func shardOf(s string) (ingest.Shard, error) {
	if s == "" {
		return ingest.Shard{}, nil
	}
	number, of, ok := strings.Cut(s, "/")
	i, errI := strconv.Atoi(number)
	n, errN := strconv.Atoi(of)
	if !ok || errI != nil || errN != nil || i < 1 || i > n || n > 1<<20 {
		return ingest.Shard{}, usagef("--shard %s is no share: write 2/7, for the second of seven", s)
	}
	return ingest.Shard{Number: i, Of: n}, nil
}

// pairs reads A=B flags.
func pairs(flag string, given []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range given {
		i := strings.LastIndexByte(s, '=')
		if i <= 0 || i == len(s)-1 {
			return nil, usagef("--%s %s: expected two names with = between", flag, s)
		}
		out[s[:i]] = s[i+1:]
	}
	return out, nil
}

// diagnoses are made beside the reading and each other, and stand in the order of their cases: diagnosing a group takes
// about as long as reading it. No more wait than there are processors, so that memory stays that of a few groups.
type diagnoses struct {
	see     func(*table.Case, table.Place) error
	keep    func(*diagnosis.Diagnosis) error // what else is done with each; may let go of parts of it
	seen    chan struct{}                    // closed when the case before was shown
	made    []*diagnosis.Diagnosis
	failed  error      // of see: the first
	mu      sync.Mutex // guards made and failed
	working sync.WaitGroup
	slots   chan struct{}
}

// add diagnoses a case, which is then the diagnosis's alone, and returns as soon as there is a processor for it. The error is see's, of a
// case before.
func (d *diagnoses) add(c *table.Case, o correlate.Options) error {
	if d.slots == nil {
		d.slots = make(chan struct{}, runtime.GOMAXPROCS(0))
	}
	d.slots <- struct{}{}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed != nil {
		<-d.slots
		c.Release()
		return d.failed
	}
	i := len(d.made)
	d.made = append(d.made, nil)
	before, done := d.seen, make(chan struct{})
	d.seen = done
	d.working.Go(func() {
		var made *diagnosis.Diagnosis
		var place table.Place
		if d.see == nil { // nobody asks where the rows are
			made = correlate.Diagnose(c, o)
		} else {
			made, place = correlate.Place(c, o)
		}
		if before != nil {
			<-before
		}
		d.show(c, place)
		close(done)
		c.Release()
		if d.keep != nil {
			d.fail(d.keep(made))
		}
		d.mu.Lock()
		d.made[i] = made
		d.mu.Unlock()
		<-d.slots
	})
	return nil
}

// show lets see have a case, unless it failed before.
func (d *diagnoses) show(c *table.Case, place table.Place) {
	d.mu.Lock()
	failed := d.failed
	d.mu.Unlock()
	if d.see == nil || failed != nil {
		return
	}
	d.fail(d.see(c, place))
}

// fail keeps the first error.
func (d *diagnoses) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = cmp.Or(d.failed, err)
}

// wait gives all diagnoses once they are made, or what showing one failed with.
func (d *diagnoses) wait() ([]*diagnosis.Diagnosis, error) {
	d.working.Wait()
	return d.made, d.failed
}

// account says what was read, and what of it had to be guessed.
func account(w io.Writer, d *diagnosis.Diagnosis) {
	kinds, names := map[string]int{}, []string{}
	for _, f := range d.Inputs.Files {
		if kinds[f.Kind] == 0 {
			names = append(names, f.Kind)
		}
		kinds[f.Kind]++
	}
	slices.Sort(names)
	for i, k := range names {
		names[i] = fmt.Sprintf("%s %d", k, kinds[k])
	}
	fmt.Fprintf(w, "psyncope: read %d files, %d bytes, %d records: %s\n", len(d.Inputs.Files), d.Inputs.Bytes, d.Inputs.Records, strings.Join(names, ", "))
	for _, h := range d.Time.Hosts {
		if strings.Contains(h.Method, "assumed") || strings.HasPrefix(h.Method, "unaligned") {
			fmt.Fprintf(w, "psyncope: guessed: the clock of %s: %s\n", h.Instance, h.Method)
		}
	}
	for _, n := range d.Notes {
		if n.Kind == "date-guessed" {
			fmt.Fprintf(w, "psyncope: guessed: %s\n", n.Summary)
		}
	}
}

// warn names what could not be read at all.
func warn(w io.Writer, problems []diagnosis.Problem) {
	n := 0
	for _, p := range problems {
		if p.Line > 0 {
			continue
		}
		if n++; n <= warnings {
			fmt.Fprintf(w, "psyncope: %s: %s\n", p.File, p.Reason)
		}
	}
	if n > warnings {
		fmt.Fprintf(w, "psyncope: and %d more files, all in the report\n", n-warnings)
	}
}

// checkNames finds flags that name an instance or a group which is not in the capture: they would
// do nothing without a word.
func (e *evidence) checkNames(d *diagnosis.Diagnosis) error {
	var instances []string
	for i, f := range d.Inputs.Files { // a million, and a thousand names
		if i == 0 || f.Instance != d.Inputs.Files[i-1].Instance {
			instances = append(instances, f.Instance)
		}
	}
	for _, h := range d.Time.Hosts {
		instances = append(instances, h.Instance)
	}
	instances = sorted(instances)
	for _, flag := range []struct {
		name  string
		named []string
	}{{"tz", e.zones}, {"skew", e.skews}, {"reference", []string{e.reference}}} {
		for _, pair := range flag.named {
			name, _, _ := strings.Cut(pair, "=")
			if name != "" && !slices.Contains(instances, name) {
				return usagef("--%s names %s, which is not in the capture%s\nInstances: %s", flag.name, name, didYouMean(name, instances), shown(instances))
			}
		}
	}
	if e.group != "" && len(d.Groups) == 0 {
		return usagef("--group %s is not in the capture%s\nA group is named by its id, or by one of its instances: %s", e.group, didYouMean(e.group, instances), shown(instances))
	}
	return nil
}

func sorted(names []string) []string {
	names = slices.DeleteFunc(names, func(s string) bool { return s == "" })
	slices.Sort(names)
	return slices.Compact(names)
}

// shown lists the first names.
func shown(names []string) string {
	const most = 12
	switch {
	case len(names) == 0:
		return "none was recognised"
	case len(names) > most:
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// outside is the error of a window in which nothing of the capture lies.
func (e *evidence) outside(d *diagnosis.Diagnosis) error {
	from, to := d.Extent()
	w := d.Window
	if w == nil || from == nil || to == nil || (w.Since == nil || !to.Before(w.Since.Time)) && (w.Until == nil || from.Before(w.Until.Time)) {
		return nil
	}
	return nothingf("nothing of the capture lies in the window: it spans %s to %s", from.UTC().Format(diagnosis.StampLayout), to.UTC().Format(diagnosis.StampLayout))
}

// strictly is the error of --strict where part of the input was unreadable.
func (e *evidence) strictly(d *diagnosis.Diagnosis) error {
	n := int64(len(d.Inputs.Problems))
	if !e.strict || n == 0 && d.Inputs.Rejected == 0 {
		return nil
	}
	message := fmt.Errorf("--strict: %d lines or files could not be read", max(n, d.Inputs.Rejected))
	if n > 0 {
		p := d.Inputs.Problems[0]
		message = fmt.Errorf("%w, the first %s: %s", message, place(p), p.Reason)
	}
	return &exitError{exitUnreadable, message}
}

func place(p diagnosis.Problem) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}
