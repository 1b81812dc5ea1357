package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"psyncope/ingest/secret"
)

// DefaultMost is how many servers are followed to where Options.Most is zero: a primary with its replicas and theirs, not a hostile list.
const DefaultMost = 100

// DefaultMostNodes is the same with Options.Cluster: the largest cluster that its makers recommend (redis.io, "Redis cluster specification").
const DefaultMostNodes = 1000

// crew is all samplers of a run. Servers name one another in INFO: a replica its primary, a primary its replicas; who is named and not yet asked
// joins.
type crew struct {
	opt   *Options
	disk  *disk
	watch *watch
	run   context.Context // of all of them; a step of a round has a shorter one
	end   func()          // ends it before its time

	mu    sync.Mutex
	work  sync.WaitGroup
	all   []*sampler
	errs  []error
	addrs map[string]bool     // asked already, as they were given and as they are reached
	names map[string]bool     // of directories
	ids   map[string]*sampler // run ids, and who asks that process
	full  bool                // it was said that there are too many
}

func newCrew(ctx context.Context, opt *Options) *crew {
	run, end := context.WithCancel(ctx)
	return &crew{opt: opt, run: run, end: end, disk: &disk{most: opt.MaxBytes}, watch: newWatch(opt.UntilIncident), addrs: map[string]bool{}, names: map[string]bool{}, ids: map[string]*sampler{}}
}

// start begins to ask a server. found is who named it; nil where the user did.
func (c *crew) start(server Server, found *sampler) {
	c.addrs[server.Addr], c.names[server.Name] = true, true
	s := &sampler{Server: server, record: record{disk: c.disk, name: server.Name}, opt: c.opt, crew: c, found: found}
	c.all = append(c.all, s)
	c.alongside(func() error { return s.run(c.run) })
}

// alongside does something until the run's end, beside what else is done. What fails makes the run fail; a capture that is full ends it.
func (c *crew) alongside(do func() error) {
	c.work.Go(func() {
		switch err := do(); {
		case errors.Is(err, errFull):
			c.end()
		case err != nil:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.errs = append(c.errs, err)
		}
	})
}

// begin begins the capture, where something was waited for: what happened is the first line of it.
func (c *crew) begin(at time.Time, what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.watch.still() {
		return nil
	}
	dir := filepath.Join(c.opt.Out, at.UTC().Format("20060102T150405Z"), "capture")
	if err := c.disk.open(dir); err != nil {
		return err
	}
	c.watch.begin()
	c.opt.Log(at.UTC().Format(Stamp) + " collects now, into " + dir + ": " + secret.Text(what))
	return nil
}

// follow begins to ask the servers that another one names. With its credentials, where those are for servers of its sort, and else with those that the user
// gave for all.
func (c *crew) follow(by *sampler, addrs []string, alike bool) {
	if c.opt.Alone {
		return
	}
	for _, addr := range addrs {
		reached := c.mapped(addr)
		c.mu.Lock()
		switch {
		case c.addrs[addr] || c.addrs[reached] || c.run.Err() != nil:
		case len(c.all) >= c.opt.Most:
			if !c.full {
				c.full = true
				by.tell(c.opt.Now(), fmt.Sprintf("names %s, which is one server too many (%d are asked)", addr, c.opt.Most))
			}
		default:
			c.addrs[addr] = true
			name := safeName(strings.NewReplacer("[", "", "]", "").Replace(addr))
			for n := 2; c.names[name]; n++ {
				name = fmt.Sprintf("%s-%d", safeName(addr), n)
			}
			server := Server{Name: name, Addr: reached, tls: by.tls}
			if alike {
				server.username, server.password = by.username, by.password
			}
			c.start(server, by)
		}
		c.mu.Unlock()
	}
}

// claim is false where the process with that run id is asked already, under another address.
func (c *crew) claim(s *sampler, id string) bool {
	if id == "" {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.ids[id]; other != nil && other != s {
		if s.found != nil {
			return false
		}
		if other.found != nil {
			other.twin.Store(true) // it came first, and the user's word counts
		}
	}
	c.ids[id] = s
	return true
}

// mapped is how an address that servers name is reached from here.
func (c *crew) mapped(addr string) string {
	if to, ok := c.opt.Map[addr]; ok {
		if withIts, err := withPort(to, c.opt.port()); err == nil {
			return withIts
		}
	}
	if host, port, err := net.SplitHostPort(addr); err == nil {
		if to, ok := c.opt.Map[host]; ok {
			return net.JoinHostPort(to, port)
		}
	}
	return addr
}
