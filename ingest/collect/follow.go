package collect

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
)

// DefaultMost is how many servers are followed to where Options.Most is zero: a primary with its replicas and theirs, not a hostile list.
const DefaultMost = 100

// crew is all samplers of a run. Servers name one another in INFO: a replica its primary, a primary its replicas; who is named and not yet asked
// joins.
type crew struct {
	opt *Options

	mu    sync.Mutex
	work  sync.WaitGroup
	all   []*sampler
	errs  []error
	addrs map[string]bool     // asked already, as they were given and as they are reached
	names map[string]bool     // of directories
	ids   map[string]*sampler // run ids, and who asks that process
	full  bool                // it was said that there are too many
}

func newCrew(opt *Options) *crew {
	return &crew{opt: opt, addrs: map[string]bool{}, names: map[string]bool{}, ids: map[string]*sampler{}}
}

// start begins to ask a server. found is who named it; nil where the user did.
func (c *crew) start(ctx context.Context, server Server, found *sampler) {
	c.addrs[server.Addr], c.names[server.Name] = true, true
	s := &sampler{Server: server, opt: c.opt, crew: c, found: found}
	c.all = append(c.all, s)
	c.alongside(func() error { return s.run(ctx) })
}

// alongside does something until the run's end, beside what else is done. What fails ends the run with an error.
func (c *crew) alongside(do func() error) {
	c.work.Go(func() {
		if err := do(); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.errs = append(c.errs, err)
		}
	})
}

// named takes in what a server's INFO says of others.
func (c *crew) named(ctx context.Context, by *sampler, info string) {
	if c.opt.Alone {
		return
	}
	for _, addr := range others(info) {
		reached := c.mapped(addr)
		c.mu.Lock()
		switch {
		case c.addrs[addr] || c.addrs[reached] || ctx.Err() != nil:
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
			c.start(ctx, Server{Name: name, Addr: reached, username: by.username, password: by.password, tls: by.tls}, by)
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
		if withIts, err := withPort(to); err == nil {
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

// others are the addresses that an INFO names: slave0:ip=10.0.0.2,port=6379,state=online,… and master_host with master_port; of a
// Sentinel master0:name=mymaster,status=ok,address=10.0.0.1:6379,… (redis 7.4.1 server.c, sentinel.c).
func others(info string) []string {
	var out []string
	add := func(host, port string) {
		if at, err := withPort(net.JoinHostPort(host, port)); err == nil && host != "" && port != "" {
			out = append(out, at)
		}
	}
	host := ""
	for line := range strings.Lines(info) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		switch {
		case key == "master_host":
			host = value
		case key == "master_port":
			add(host, value)
		case numbered(key, "slave"):
			fields := pairsOf(value)
			add(fields["ip"], fields["port"])
		case numbered(key, "master"):
			if h, p, err := net.SplitHostPort(pairsOf(value)["address"]); err == nil {
				add(h, p)
			}
		}
	}
	return out
}

func numbered(key, word string) bool {
	n, ok := strings.CutPrefix(key, word)
	return ok && n != "" && strings.Trim(n, "0123456789") == ""
}

func pairsOf(s string) map[string]string {
	out := map[string]string{}
	for p := range strings.SplitSeq(s, ",") {
		if k, v, ok := strings.Cut(p, "="); ok {
			out[k] = v
		}
	}
	return out
}
