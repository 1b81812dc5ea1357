// Package collect takes a capture from live Redis or Valkey servers: INFO, the slowlog, latency
// events, settings and clients, each round, in the layout that package ingest reads.
//
// It is a guest on a server that may be sick: one connection a server, no retries, no pipelines, no
// command that scans keys or changes anything (CLIENT SETINFO included), and the client listing of
// a crowded server is limited to its replicas. Servers are sampled independently of one another, so
// that a stalled one is a gap in its own record and in no other's.
//
// What is written is complete at every moment: an interrupted run leaves a good capture. Passwords
// never reach the disk (package secret knows them), and its files are the user's alone. What a server claims of a reply is bounded before room
// is made for it. Servers that name one another in INFO are followed; addresses that lead nowhere from here are said once, and leave nothing.
// Of servers that run on this machine it takes what the kernel says of the machine and the process, and their log files; of others it fetches no log.
// It concludes nothing. It is the only importer of go-redis beside fixtures/lab.
package collect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

// Defaults of the Options that are zero.
const (
	DefaultInterval = 10 * time.Second
	DefaultTimeout  = 5 * time.Second
	DefaultSections = "everything"
)

// NoAnswer begins the line that stands in info.log in place of a dump that could not be had; the
// reason follows it.
const NoAnswer = "# psyncope: no answer: "

// Stamp is the layout of the line `### STAMP` before each dump: UTC with milliseconds, on the
// collector's clock, of the moment the answer came or was given up.
const Stamp = "2006-01-02T15:04:05.000Z"

// ErrNoAnswer is returned by [Run] when no server answered even once.
var ErrNoAnswer = errors.New("no server answered")

// Options says what to collect, from whom, for how long and where to.
type Options struct {
	// Addrs are the servers: host, host:port, [v6]:port, redis://user:password@host:port, rediss:// for TLS, and
	// name=ADDR to choose the name of the instance's directory. The port is 6379 where none is given; what a URL says of credentials goes before
	// Username and Password.
	Addrs []string
	// Out is the directory of the capture. It is made where missing; a capture already there is continued.
	Out string
	// Interval is from the begin of one round to the begin of the next; 0 is DefaultInterval.
	Interval time.Duration
	// For ends the run; 0 runs until the context ends.
	For time.Duration
	// Once takes one round and ends.
	Once bool
	// Timeout is how long one answer is waited for; 0 is DefaultTimeout.
	Timeout time.Duration
	// Sections is the argument of INFO; empty is DefaultSections (servers that do not know it are
	// asked for "all").
	Sections string
	// Username and Password are sent where Password is not empty.
	Username, Password string
	// TLS is how servers are spoken to; nil is in the clear, but for rediss:// addresses, which then are checked against the system's authorities.
	TLS *tls.Config
	// Alone asks the servers of Addrs and no others. Else those that they name in INFO (their primary, their replicas, and theirs) are asked as well, with the
	// credentials of who named them; at most Most servers, DefaultMost where that is zero.
	Alone bool
	Most  int
	// ServersOnly takes nothing of the machine under servers that run on this one. Else what /proc and control groups say of it is taken each round, at
	// whether the servers answer or not, and their log files at the end, where those are of the user whose the server is.
	ServersOnly bool
	// Map says how addresses that servers name are reached from here: by host:port, or by host alone.
	Map map[string]string
	// Now is the collector's clock; nil is time.Now.
	Now func() time.Time
	// Lock holds the directory for this run, so that no other writes into it; nil holds nothing.
	Lock func(dir string) (unlock func(), err error)
	// Log is told what a person would want to see while it runs; it may be called by several
	// goroutines, one call at a time. Nil tells nobody.
	Log func(string)
}

// Server is what came of one server.
type Server struct {
	Name, Addr string
	// Rounds were asked for; Failed of them got no INFO.
	Rounds, Failed int

	username, password string
	tls                bool
}

// Result is what came of a run.
type Result struct {
	Servers []Server
	// Interrupted tells that the context ended the run, not Options.For or Once.
	Interrupted bool
}

// Run collects until Options.For, Options.Once or the context ends it. An unreachable server is not
// an error as long as another one answers; a directory that cannot be written is.
func Run(ctx context.Context, opt Options) (Result, error) {
	servers, err := parseAddrs(opt.Addrs)
	if err != nil {
		return Result{}, err
	}
	if opt.Out == "" {
		return Result{}, errors.New("collect: no directory to write to")
	}
	opt = opt.withDefaults()
	// go-redis prints failed dials to the process's stderr unless told otherwise; they are in the capture.
	logging.Disable()

	if err := os.MkdirAll(opt.Out, 0o700); err != nil {
		return Result{}, fmt.Errorf("collect: %w", err)
	}
	if opt.Lock != nil {
		unlock, err := opt.Lock(opt.Out)
		if err != nil {
			return Result{Servers: []Server{}}, fmt.Errorf("collect: %w", err)
		}
		defer unlock()
	}
	for _, s := range servers {
		if err := os.MkdirAll(filepath.Join(opt.Out, s.Name), 0o700); err != nil {
			return Result{}, fmt.Errorf("collect: %w", err)
		}
	}

	run, cancel := context.WithCancel(ctx)
	defer cancel()
	if opt.For > 0 {
		// No deadline of the context: connections would take it over, and run into it as into a server that does not answer.
		defer time.AfterFunc(opt.For, cancel).Stop()
	}
	c := newCrew(&opt)
	c.mu.Lock()
	for _, s := range servers {
		c.start(run, s, nil)
	}
	c.mu.Unlock()
	c.work.Wait()

	res := Result{Interrupted: ctx.Err() != nil}
	answered := false
	for _, s := range c.all {
		if s.found == nil || s.Rounds > s.Failed {
			res.Servers = append(res.Servers, s.Server)
		}
		answered = answered || s.Rounds > s.Failed
	}
	if err := errors.Join(c.errs...); err != nil {
		return res, fmt.Errorf("collect: %w", err)
	}
	if !answered {
		return res, fmt.Errorf("collect: %w (%d asked)", ErrNoAnswer, len(c.all))
	}
	return res, nil
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Most <= 0 {
		o.Most = DefaultMost
	}
	if o.Sections == "" {
		o.Sections = DefaultSections
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	tell := o.Log
	var mu sync.Mutex
	o.Log = func(s string) {
		if tell == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		tell(s)
	}
	return o
}
