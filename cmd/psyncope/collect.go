package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"psyncope/ingest/collect"
)

func newCollect() *cobra.Command {
	var o collect.Options
	var who credentials
	var maps []string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "collect ADDR… --out DIR",
		Short: "Take a capture from live servers",
		Long: `Ask servers for INFO, the slowlog, latency events, settings and clients, round after round, and keep
the answers in a directory that analyze reads. ADDR is HOST, HOST:PORT or a URL (redis://, and rediss:// for TLS), or NAME=ADDR, where NAME
is what reports will call the server. One address of a group is enough: servers name their primary and their replicas. One connection a server; nothing is changed on it; a server
that does not answer is a gap in its own record only. Passwords are never written.

Without --for or --once the run goes on until Ctrl-C. The password is read from REDISCLI_AUTH, unless a flag or a URL says better. A
user needs these rights: ACL SETUSER collector on +info +slowlog|get +latency|latest +latency|history +client|list +config|get (before 7.0: +info +slowlog +latency
+client +config); what is missing is said once, with what will be lacking.`,
		Example: `  psyncope collect redis-a:6379 redis-b:6379 --out ./capture --for 15m
  psyncope collect primary=10.0.0.1 replica=10.0.0.2 --out ./capture --once
  psyncope collect rediss://collector@redis-a:6380 --cacert ca.pem --cert me.pem --key me.key --askpass --out ./capture`,
		Args: needs("an address: HOST, HOST:PORT or NAME=HOST:PORT", "psyncope collect 127.0.0.1:6379 --out ./capture --once"),
		RunE: func(cmd *cobra.Command, words []string) error {
			switch {
			case o.Out == "":
				return usagef("collect needs --out DIR, where the capture goes")
			case o.Once && o.For > 0:
				return usagef("--once and --for exclude each other")
			case o.Interval < 0 || o.For < 0 || o.Timeout < 0:
				return usagef("--interval, --for and --timeout are not negative")
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
			if !quiet {
				o.Log = func(s string) { fmt.Fprintln(cmd.ErrOrStderr(), s) }
			}
			return collected(cmd, o, quiet)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Out, "out", "o", "", "`DIR` of the capture; one already there is continued")
	f.DurationVar(&o.Interval, "interval", collect.DefaultInterval, "from one round to the next")
	f.DurationVar(&o.For, "for", 0, "how long; 0 is until Ctrl-C")
	addToggle(cmd.Flags(), &o.Once, "once", "", "take one round")
	f.DurationVar(&o.Timeout, "timeout", collect.DefaultTimeout, "how long to wait for one answer")
	addToggle(f, &o.Alone, "alone", "", "ask the servers that are named here and no others; else their primary and replicas, and theirs, are asked as well, with the same credentials")
	addToggle(f, &o.ServersOnly, "servers-only", "", "take nothing of the machine under servers that run on this one; else /proc and control groups are read each round, and the servers' log files at the end")
	f.StringArrayVar(&maps, "map", nil, "how an address that servers name is reached from here, as `FROM=TO`: 10.0.0.2:6379=127.0.0.1:7002, or a host alone")
	f.StringVar(&o.Sections, "sections", collect.DefaultSections, "`ARGUMENT` of INFO")
	who.flags(cmd)
	addToggle(cmd.Flags(), &quiet, "quiet", "q", "say nothing but errors")
	return cmd
}

func collected(cmd *cobra.Command, o collect.Options, quiet bool) error {
	o.Lock = lockDir
	endingItself(cmd.Context())
	began := time.Now()
	res, err := collect.Run(cmd.Context(), o)
	var path *fs.PathError
	switch {
	case err != nil && res.Servers == nil && !errors.As(err, &path):
		return usagef("%w", err)
	case err != nil:
		return nothingf("%w", err)
	}
	if !quiet {
		for _, s := range res.Servers {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s (%s): %d of %d rounds answered\n", s.Name, s.Addr, s.Rounds-s.Failed, s.Rounds)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "collected for %s\nNow: psyncope analyze %s\n", time.Since(began).Round(time.Second), o.Out)
	}
	if res.Interrupted && (o.For > 0 || o.Once) {
		return cmd.Context().Err()
	}
	return nil
}
