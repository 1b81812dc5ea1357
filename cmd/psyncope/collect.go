package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"psyncope/ingest/collect"
)

// collecting is what collect does besides collecting.
type collecting struct {
	collect.Options
	maxBytes    string
	pack, quiet bool
}

func newCollect() *cobra.Command {
	var o collecting
	var who credentials
	var maps []string
	cmd := &cobra.Command{
		Use:   "collect ADDR… --out DIR",
		Short: "Take a capture from live servers",
		Long: `Ask servers for INFO, the slowlog, latency events, settings and clients, round after round, and keep
the answers in a directory that analyze reads. ADDR is HOST, HOST:PORT or a URL (redis://, and rediss:// for TLS), or NAME=ADDR, where NAME
is what reports will call the server. One address of a group is enough: servers name their primary and their replicas, Sentinels what they watch and one
another, and with --cluster nodes name all others. One connection a server; nothing is changed on it; a server that does not answer is a gap in its own
record only. Passwords are never written. A Sentinel that has no password is told none.

Without --for, --once or --until-incident the run goes on until Ctrl-C. With --until-incident it looks at the links once a second until one drops or a full
resync is granted, then collects each second until all have been well for five, at most for --for (15 minutes unless given), with the two minutes before:
DIR/STAMP/capture. The report is written beside it at once, and printed; then the run ends, for a service manager to start it again.

The password is read from REDISCLI_AUTH, unless a flag or a URL says better. A
user needs these rights: ACL SETUSER collector on ` + collectRights + ` (before 7.0: +info +slowlog +latency +client
+config +role +memory +cluster +time); what is missing is said once, with what will be lacking. On a Sentinel: +info +sentinel.`,
		Example: `  psyncope collect redis-a:6379 redis-b:6379 --out ./capture --for 15m
  psyncope collect primary=10.0.0.1 replica=10.0.0.2 --out ./capture --once
  psyncope collect sentinel-a sentinel-b sentinel-c --sentinel mymaster --out ./capture
  psyncope collect node-a:7000 --cluster --out ./capture --for 10m --max-bytes 500mb --pack
  psyncope collect redis-a:6379 --until-incident --out /var/lib/psyncope --pack
  psyncope collect rediss://collector@redis-a:6380 --cacert ca.pem --cert me.pem --key me.key --askpass --out ./capture`,
		Args: needs("an address: HOST, HOST:PORT or NAME=HOST:PORT", "psyncope collect 127.0.0.1:6379 --out ./capture --once"),
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := o.check(); err != nil {
				return err
			}
			var err error
			if o.Map, err = pairs("map", maps); err != nil {
				return err
			}
			o.Addrs, o.Username = wholeAddresses(words), who.user
			if o.TLS, err = who.config(); err != nil {
				return err
			}
			if o.Password, err = who.password(cmd); err != nil {
				return err
			}
			if !o.quiet {
				o.Log = func(s string) { fmt.Fprintln(cmd.ErrOrStderr(), s) }
			}
			return o.run(cmd)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Out, "out", "o", "", "`DIR` of the capture; one already there is continued")
	f.DurationVar(&o.Interval, "interval", 0, "from one round to the next (default 10s, and 1s with --until-incident)")
	f.DurationVar(&o.For, "for", 0, "how long; 0 is until Ctrl-C")
	addToggle(f, &o.Once, "once", "", "take one round")
	addToggle(f, &o.UntilIncident, "until-incident", "", "watch the links, collect when one drops or a full resync is granted, and write the report when all is well again")
	f.StringVar(&o.Sentinel, "sentinel", "", "ADDR are Sentinels (port 26379 unless given), and the group is that of the primary `NAME`")
	addToggle(f, &o.Cluster, "cluster", "", "ask all nodes of the cluster that ADDR is of, a thousand at most; else those of its own shard")
	f.StringVar(&o.maxBytes, "max-bytes", "", "end where the capture has so many `BYTES` (500mb); a quarter of them is kept for logs")
	addToggle(f, &o.pack, "pack", "", "write the capture as DIR.tar.zst as well, to be sent on; with --until-incident the report is in it")
	f.DurationVar(&o.Timeout, "timeout", collect.DefaultTimeout, "how long to wait for one answer")
	addToggle(f, &o.Alone, "alone", "", "ask the servers that are named here and no others; else their primary and replicas, and theirs, are asked as well, with the same credentials")
	addToggle(f, &o.ServersOnly, "servers-only", "", "take nothing of the machine under servers that run on this one; else /proc and control groups are read each round, and the servers' log files at the end")
	f.StringArrayVar(&maps, "map", nil, "how an address that servers name is reached from here, as `FROM=TO`: 10.0.0.2:6379=127.0.0.1:7002, or a host alone")
	f.StringVar(&o.Sections, "sections", collect.DefaultSections, "`ARGUMENT` of INFO")
	who.flags(cmd)
	addToggle(f, &o.quiet, "quiet", "q", "say nothing but errors")
	return cmd
}

// collectRights are what an ACL user needs for all that is taken (ACL SETUSER, from 7.0 on).
const collectRights = "+info +slowlog|get +latency|latest +latency|history +client|list +config|get +role +memory|stats +cluster|nodes +time"

// check holds that the flags fit one another.
func (o *collecting) check() error {
	switch {
	case o.Out == "":
		return usagef("collect needs --out DIR, where the capture goes")
	case o.Once && o.For > 0:
		return usagef("--once and --for exclude each other")
	case o.Once && o.UntilIncident:
		return usagef("--once and --until-incident exclude each other")
	case o.Alone && (o.Cluster || o.Sentinel != ""):
		return usagef("--alone asks nobody but ADDR: leave out --cluster and --sentinel")
	case o.Interval < 0 || o.For < 0 || o.Timeout < 0:
		return usagef("--interval, --for and --timeout are not negative")
	case o.maxBytes == "":
		return nil
	}
	n, ok := sizeOf(o.maxBytes)
	if !ok {
		return usagef("--max-bytes %s is no size: write 512mb", o.maxBytes)
	}
	o.MaxBytes = n
	return nil
}

// run collects, and does with the capture what is asked for.
func (o *collecting) run(cmd *cobra.Command) error {
	o.Lock = lockDir
	endingItself(cmd.Context())
	began := time.Now()
	res, err := collect.Run(cmd.Context(), o.Options)
	var path *fs.PathError
	switch {
	case err != nil && res.Servers == nil && !errors.As(err, &path):
		return usagef("%w", err)
	case err != nil:
		return nothingf("%w", err)
	}
	o.account(cmd, res, time.Since(began))
	switch {
	case res.Interrupted && (o.For > 0 && !o.UntilIncident || o.Once):
		return cmd.Context().Err()
	case res.Dir == "" || res.Interrupted:
		return nil
	}
	whole := res.Dir
	if o.UntilIncident {
		whole = filepath.Dir(res.Dir)
		if err := reportBeside(cmd, res.Dir); err != nil {
			return err
		}
	}
	if !o.pack {
		return nil
	}
	packed, err := pack(cmd.Context(), whole)
	if err != nil {
		return nothingf("pack the capture: %w", err)
	}
	if !o.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), "wrote", packed)
	}
	return nil
}

// account says what was collected.
func (o *collecting) account(cmd *cobra.Command, res collect.Result, long time.Duration) {
	if o.quiet {
		return
	}
	w := cmd.ErrOrStderr()
	for _, s := range res.Servers {
		fmt.Fprintf(w, "%s (%s): %d of %d rounds answered\n", s.Name, s.Addr, s.Rounds-s.Failed, s.Rounds)
	}
	if res.Full {
		fmt.Fprintf(w, "the capture is as large as --max-bytes %s allows: something was left out\n", o.maxBytes)
	}
	if res.Dir == "" {
		fmt.Fprintf(w, "watched for %s, and nothing happened\n", long.Round(time.Second))
		return
	}
	fmt.Fprintf(w, "collected for %s\n", long.Round(time.Second))
	if !o.UntilIncident || res.Interrupted {
		fmt.Fprintf(w, "Now: psyncope analyze %s\n", res.Dir)
	}
}

// reportBeside analyses a capture as analyze does, writes the report beside it, and prints it.
func reportBeside(cmd *cobra.Command, capture string) error {
	dir := filepath.Join(filepath.Dir(capture), "report")
	analyze := newAnalyze()
	analyze.SilenceErrors, analyze.SilenceUsage = true, true
	analyze.SetArgs([]string{capture, "--out", dir, "--format", "text,html,json,plan", "--quiet"})
	analyze.SetOut(cmd.OutOrStdout())
	analyze.SetErr(cmd.ErrOrStderr())
	if err := analyze.ExecuteContext(cmd.Context()); err != nil {
		return fmt.Errorf("the capture is in %s: %w", capture, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.txt"))
	if err != nil {
		return nothingf("print the report: %w", err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\nThe report is in %s\n", text, dir)
	return err
}
