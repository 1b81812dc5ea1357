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
	DefaultIncident = 15 * time.Minute
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
	// Sentinel is the name of a primary: Addrs are Sentinels (their port is 26379 where none is given), and of what they watch only its group is asked.
	Sentinel string
	// Cluster asks all nodes of a cluster, not just those of the shards that Addrs are of.
	Cluster bool
	// UntilIncident watches links, once a second and cheaply, until one drops or a full resync is granted. Then it collects, each Interval (1 s where that
	// is zero), until all links have been well for a while, at most for For (15 minutes where that is zero), with the two minutes before. The capture is
	// Result.Dir below Out.
	UntilIncident bool
	// MaxBytes is how large the capture may become; a quarter of it is kept for the logs that are copied at the end. The run ends there. 0 is no bound.
	MaxBytes int64
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
	// Dir is where the capture is; empty where nothing happened that was waited for.
	Dir string
	// Full tells that Options.MaxBytes ended the run, or left something out at its end.
	Full bool
	// Interrupted tells that the context ended the run, not Options.For or Once.
	Interrupted bool
}

// Run collects until Options.For, Options.Once or the context ends it. An unreachable server is not
// an error as long as another one answers; a directory that cannot be written is.
func Run(ctx context.Context, opt Options) (Result, error) {
	servers, err := parseAddrs(opt.Addrs, opt.port())
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
	c := newCrew(ctx, &opt)
	defer c.end()
	if opt.UntilIncident {
		c.alongside(func() error {
			defer c.end()
			c.watch.untilOver(c.run, opt.For)
			return nil
		})
	} else {
		if err := c.disk.open(opt.Out); err != nil {
			return Result{}, fmt.Errorf("collect: %w", err)
		}
		for _, s := range servers {
			if err := os.MkdirAll(filepath.Join(opt.Out, s.Name), 0o700); err != nil {
				return Result{}, fmt.Errorf("collect: %w", err)
			}
		}
		if opt.For > 0 {
			// No deadline of the context: connections would take it over, and run into it as into a server that does not answer.
			defer time.AfterFunc(opt.For, c.end).Stop()
		}
	}
	c.mu.Lock()
	for _, s := range servers {
		c.start(s, nil)
	}
	c.mu.Unlock()
	c.work.Wait()

	res := Result{Interrupted: ctx.Err() != nil, Dir: c.disk.at(), Full: c.disk.full}
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
	for _, s := range c.all {
		if res.Dir == "" || s.made {
			continue
		}
		// Nothing was added since something happened: what was kept of it is written now.
		if err := s.record.flush(); err != nil && !errors.Is(err, errFull) {
			return res, fmt.Errorf("collect: %w", err)
		}
	}
	if !answered {
		return res, fmt.Errorf("collect: %w (%d asked)", ErrNoAnswer, len(c.all))
	}
	return res, nil
}

// port is the one of addresses without any.
func (o Options) port() string {
	if o.Sentinel != "" {
		return "26379"
	}
	return "6379"
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = DefaultInterval
		if o.UntilIncident {
			o.Interval = glanceEvery
		}
	}
	if o.For <= 0 && o.UntilIncident {
		o.For = DefaultIncident
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Most <= 0 {
		o.Most = DefaultMost
		if o.Cluster {
			o.Most = DefaultMostNodes
		}
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
