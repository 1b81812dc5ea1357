package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/correlate/fleet/state"
)

func newFleet() *cobra.Command {
	f := &fleetRun{}
	cmd := &cobra.Command{
		Use:   "fleet ROOT…",
		Short: "Read a fleet's dumps night by night: what is new, still open, about to break",
		Long: `Read everything below each ROOT, group by group, against what the state file knows from the nights
before, and write the page for the morning into --out: index.html with a page for each group, report.txt,
report.md, fleet.json and fleet.csv. Only what is new is read, with as much before it as an open incident
needs. A night is written to the state in one piece: a run that was killed is run again.

Exit codes: 0 done; 1 incidents as --fail-on asks for, acknowledged ones left out; 2 wrong usage; 3 nothing
could be read, or another run is at work; 4 part of it was unreadable and --strict was given.`,
		Example: `  psyncope fleet /var/dumps --state fleet.db --out /srv/fleet
  psyncope fleet /var/dumps --state fleet.db --out /srv/fleet --textfile /var/lib/node_exporter/psyncope.prom
  psyncope fleet --from ./beam-out --state fleet.db --out /srv/fleet
  psyncope fleet ack 3f2a9c1b7d20 --state fleet.db --until 2026-12-01 --reason "planned move"`,
		Args: func(cmd *cobra.Command, roots []string) error {
			switch {
			case len(roots) > 0 && len(f.from) > 0:
				return usagef("fleet reads either ROOTs or the results of --from, not both in one night")
			case len(f.from) > 0:
				return nil
			}
			return needs("a ROOT: a directory below which the fleet's dumps lie", "psyncope fleet /var/dumps --state fleet.db --out ./fleet")(cmd, roots)
		},
		RunE: func(cmd *cobra.Command, roots []string) error { return f.run(cmd, roots) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.state, "state", "", "the `FILE` (SQLite) that keeps what is known from night to night")
	fl.StringVarP(&f.out, "out", "o", "", "write the page into `DIR`")
	fl.StringArrayVar(&f.from, "from", nil, "take over what psyncope-beam wrote into `DIR` as a night, in place of reading artifacts")
	fl.StringVar(&f.textfile, "textfile", "", "write metrics for Prometheus' node_exporter to `FILE`")
	fl.StringVar(&f.notify, "notify", "", "write a message of what is new to `FILE`; where nothing is new, none is written")
	fl.StringVar(&f.keep, "keep", "90d", "forget what is older than so `LONG`")
	fl.StringVar(&f.last, "last", "", "tell only of incidents in the last so `LONG` of the evidence (24h)")
	f.failOn = addChoice(cmd, "fail-on", "", "exit 1 where an incident of the night is at least this bad; new-critical counts only what began in it", "none", diagnosis.Warning, diagnosis.Critical, "new-critical")
	addToggle(fl, &f.strict, "strict", "", "exit 4 where part of the input was unreadable")
	addToggle(fl, &f.quiet, "quiet", "q", "no progress and no warnings on standard error")
	f.progress = addChoice(cmd, "progress", "", "show progress on standard error", "auto", "always", "never")
	f.limits.flags(cmd)
	cmd.AddCommand(newFleetAck())
	return cmd
}

// newFleetAck is `fleet ack KEY`.
func newFleetAck() *cobra.Command {
	var path, until, reason string
	var forget bool
	cmd := &cobra.Command{
		Use:   "ack KEY",
		Short: "Acknowledge an incident: out of the exit code and off the top, never out of the page",
		Example: `  psyncope fleet ack 3f2a9c1b7d20 --state fleet.db --until 2026-12-01 --reason "planned move"
  psyncope fleet ack 3f2a9c1b7d20 --state fleet.db --forget`,
		Args: needs("the KEY of an incident, as the page shows it", "psyncope fleet ack 3f2a9c1b7d20 --state fleet.db --until 2026-12-01 --reason \"planned move\""),
		RunE: func(cmd *cobra.Command, keys []string) error {
			if path == "" {
				return usagef("fleet ack needs --state FILE")
			}
			m, err := parseMoment(until, time.UTC)
			if err != nil || until != "" && m.kind != instant {
				return usagef("--until: %q is no date: write 2026-12-01", until)
			}
			return withState(path, func(st *fleet.State, save func() error) error {
				for _, key := range keys {
					i := st.Incidents[key]
					switch {
					case forget:
						delete(st.Acks, key)
						continue
					case i == nil:
						return usagef("no incident has the key %s; the page shows them", key)
					}
					a := fleet.Ack{Key: key, Reason: reason}
					if until != "" {
						a.UntilUs = m.at.UnixMicro()
					}
					st.Acks[key] = a
					fmt.Fprintf(cmd.OutOrStdout(), "acknowledged %s: %s\n", key, i.Is.Headline)
				}
				return save()
			})
		},
	}
	cmd.Flags().StringVar(&path, "state", "", "the `FILE` that fleet keeps")
	cmd.Flags().StringVar(&until, "until", "", "up to this `DATE` of the evidence; without it, for good")
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few `WORDS`, for the page")
	addToggle(cmd.Flags(), &forget, "forget", "", "take the acknowledgement back")
	return cmd
}

// withState gives change the state and what writes it, in one piece, while no other run has it.
func withState(path string, change func(st *fleet.State, save func() error) error) (err error) {
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return nothingf("%w", err)
	}
	defer unlock()
	store, st, err := state.Open(path)
	if err != nil {
		return nothingf("%w", err)
	}
	defer func() { err = errors.Join(err, store.Shut()) }()
	return change(st, func() error {
		if err := store.Save(st); err != nil {
			return nothingf("write the state %s: %w", path, err)
		}
		return nil
	})
}

// fleetRun is one run of fleet.
type fleetRun struct {
	state, out, textfile, notify, keep, last string
	from                                     []string
	failOn, progress                         *choice
	strict, quiet                            bool
	limits

	scanned  func() ([]fleet.Scanned, error) // the files below the roots
	replaced string                          // where the pages of the night before are, until they go
}

func (f *fleetRun) run(cmd *cobra.Command, roots []string) error {
	if f.state == "" || f.out == "" {
		return usagef("fleet needs --state FILE and --out DIR\nTry: psyncope fleet %s --state fleet.db --out ./fleet", strings.Join(roots, " "))
	}
	keep, ok := parseLength(f.keep)
	if !ok {
		return usagef("--keep %s is no length of time: write 90d", f.keep)
	}
	if _, ok := parseLength(f.last); f.last != "" && !ok {
		return usagef("--last %s is no length of time: write 24h", f.last)
	}
	for _, r := range roots {
		if _, err := os.Stat(r); err != nil {
			return nothingf("%w", err)
		}
	}
	if err := mayReplace(f.out); err != nil {
		return nothingf("%w", err)
	}
	// Where the state is large, the walk is over by the time that it is read.
	f.scanned = sync.OnceValues(func() ([]fleet.Scanned, error) { return scan(roots) })
	if len(f.from) == 0 {
		go f.scanned() //nolint:errcheck // whoever needs them asks again
	}
	var page *fleet.Page
	err := withState(f.state, func(st *fleet.State, save func() error) error {
		changed, err := f.anyNight(cmd, st, roots, keep)
		if err != nil {
			return err
		}
		if changed {
			if err := save(); err != nil {
				return err
			}
		}
		page = st.Morning()
		fresh := len(st.Nights) > 0 && !st.Nights[len(st.Nights)-1].Notified
		if err := f.write(cmd.Context(), st, page, fresh); err != nil {
			return err
		}
		// The old pages go while the disk writes the state down.
		gone := make(chan error, 1)
		go func() { gone <- os.RemoveAll(f.replaced) }()
		if fresh {
			st.Nights[len(st.Nights)-1].Notified = true
			err = save()
		}
		return errors.Join(err, <-gone)
	})
	if err != nil {
		return err
	}
	return f.tell(cmd, page)
}

// anyNight is a night of artifacts, or one that was analysed elsewhere.
func (f *fleetRun) anyNight(cmd *cobra.Command, st *fleet.State, roots []string, keep time.Duration) (changed bool, err error) {
	if len(f.from) > 0 {
		return f.nightFrom(st, f.from, keep)
	}
	return f.night(cmd, st, roots, keep)
}

// tell says the night in a line, and on standard error what was wrong.
func (f *fleetRun) tell(cmd *cobra.Command, page *fleet.Page) error {
	fmt.Fprintln(cmd.OutOrStdout(), page.Line())
	if !f.quiet {
		for n, path := range page.Broken {
			if n == warnings {
				fmt.Fprintf(cmd.ErrOrStderr(), "psyncope: and %d more\n", len(page.Broken)-n)
				break
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "psyncope: %s: could not be read\n", path)
		}
	}
	if page.Night == 0 || len(page.Groups) == 0 {
		return nothingf("nothing below what was given tells of a replication group")
	}
	if f.strict && len(page.Broken) > 0 {
		return &exitError{exitUnreadable, fmt.Errorf("--strict: %d artifacts could not be read, the first %s", len(page.Broken), page.Broken[0])}
	}
	return f.findings(page)
}

// findings is the error of --fail-on.
func (f *fleetRun) findings(page *fleet.Page) error {
	n := 0
	for _, c := range page.New {
		if f.failOn.value == diagnosis.Warning || f.failOn.value != "none" && c.Incident.Severity == diagnosis.Critical {
			n++
		}
	}
	if f.failOn.value == diagnosis.Warning || f.failOn.value == diagnosis.Critical {
		for _, c := range page.Open {
			if f.failOn.value == diagnosis.Warning || c.Incident.Severity == diagnosis.Critical {
				n++
			}
		}
	}
	if n == 0 {
		return nil
	}
	return &exitError{exitFindings, fmt.Errorf("--fail-on %s: %d incidents", f.failOn.value, n)}
}
