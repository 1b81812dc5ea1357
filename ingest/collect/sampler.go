package collect

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"psyncope/ingest/secret"
)

// manyClients is how many connections a server may have and still be asked for the list of all of
// them: the list is built on the server's one thread, about 1 us and 350 bytes a client.
const manyClients = 1000

// slowlogEntries is what SLOWLOG GET is asked for: the default length of the server's ring.
const slowlogEntries = 128

// mostSlowlog is how many entries are asked for at once at most: some MB, and a moment of the server's thread.
const mostSlowlog = slowlogEntries * 8 * 8

// sampler is one server's rounds.
type sampler struct {
	Server
	opt   *Options
	crew  *crew
	found *sampler // who named it; nil where the user did
	dir   string

	client   *redis.Client
	sections string // what INFO is asked for, once it is known what the server understands
	slowlog  growingArray
	newest   int64 // id of the newest entry that was taken
	latency  growingArray
	settings []string        // the last CONFIG GET *, without secrets
	refused  map[string]bool // commands whose refusal was noted
	down     bool            // the last round failed
	named    bool            // info.log has its address
	twin     atomic.Bool     // another sampler asks the same process
}

// run takes rounds until ctx ends. It returns an error only if the capture cannot be written.
func (s *sampler) run(ctx context.Context) error {
	s.sections = s.opt.Sections
	s.dir = filepath.Join(s.opt.Out, s.Name)
	s.slowlog.path = filepath.Join(s.dir, "slowlog.json")
	s.latency.path = filepath.Join(s.dir, "latency-latest.json")
	s.refused = map[string]bool{}
	defer s.hangUp()

	next := time.Now()
	for {
		if err := s.round(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if s.opt.Once || s.twin.Load() || ctx.Err() != nil {
			return nil
		}
		// A round that outran the interval is not made up for: the server has enough to do.
		next = next.Add(s.opt.Interval)
		if now := time.Now(); next.Before(now) {
			next = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(next)):
		}
	}
}

// round asks for everything once. INFO comes first: what follows is worth nothing without it.
func (s *sampler) round(ctx context.Context) error {
	if s.client == nil {
		s.dial()
	}
	// go-redis looks at the context between steps only; closing the connection ends a read at once.
	stop := context.AfterFunc(ctx, s.closer())
	defer stop()

	asked := s.opt.Now()
	info, err := s.info(ctx)
	answered := s.opt.Now()
	if err != nil && ctx.Err() != nil {
		return nil // it was us who went away
	}
	s.Rounds++
	if err != nil {
		s.Failed++
		if s.found != nil && s.Rounds == s.Failed {
			return s.unreached(answered, err)
		}
		return s.gap(asked, answered, err)
	}
	if s.Rounds == s.Failed+1 { // the first answer
		if !s.crew.claim(s, fieldOf(info, "run_id")) {
			s.twin.Store(true)
			s.Failed = s.Rounds
			return nil
		}
		if s.found != nil {
			s.tell(answered, "follows from "+s.found.Name)
			if err := os.MkdirAll(s.dir, 0o700); err != nil {
				return err
			}
		}
	}
	s.crew.named(ctx, s, info)
	if s.down {
		s.down = false
		s.tell(answered, "answers again")
	}
	info = withoutSecretLines(info)
	dump := info
	if !s.named {
		// As a person's shell shows it: by which address the server was reached is in no reply of its own.
		s.named, dump = true, s.Addr+"> INFO "+s.opt.Sections+"\n"+info
	}
	if err := s.appendFile("info.log", stamped(answered, []byte(dump))); err != nil {
		return err
	}
	for _, step := range []struct {
		name    string
		lacking string
		take    func(context.Context, string) error
	}{
		{"slowlog", "the commands that held it", s.takeSlowlog},
		{"latency", "how long forks and fsyncs took", s.takeLatency},
		{"client", "whose output buffers were large", s.takeClients},
		{"config", "its settings, so that defaults are assumed", s.takeConfig},
	} {
		err := step.take(ctx, info)
		var refusal redis.Error
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &refusal):
			// No permission, renamed, or an old server: said once, and not asked again.
			if !s.refused[step.name] {
				s.refused[step.name] = true
				why := step.name + " refused: " + oneLine(err.Error())
				s.tell(s.opt.Now(), why+"; lacking will be "+step.lacking)
				if err := s.note(s.opt.Now(), why); err != nil {
					return err
				}
			}
		case errors.As(err, new(*os.PathError)):
			return err
		default:
			// The link broke half way: the next round begins anew.
			s.hangUp()
			return s.note(s.opt.Now(), step.name+": "+oneLine(err.Error()))
		}
	}
	return nil
}

// unreached says once that a server which another one names does not answer here. It leaves no record: nobody has seen it from here.
func (s *sampler) unreached(at time.Time, err error) error {
	s.hangUp()
	if s.Failed == 1 {
		s.tell(at, fmt.Sprintf("%s names it, and it does not answer from here (%s): --map says how it is reached", s.found.Name, secret.Text(oneLine(err.Error()))))
	}
	return nil
}

// gap records that a dump could not be had, where the dump would stand and in collect.log.
func (s *sampler) gap(asked, gaveUp time.Time, err error) error {
	// A connection that failed once is not kept: go-redis would go on dialling in the background.
	s.hangUp()
	why := fmt.Sprintf("%s (asked at %s, waited %.1f s)", secret.Text(oneLine(err.Error())), asked.UTC().Format(Stamp), gaveUp.Sub(asked).Seconds())
	if !s.down {
		s.down = true
		s.tell(gaveUp, "no answer: "+why)
	}
	if err := s.appendFile("info.log", stamped(gaveUp, []byte(NoAnswer+why))); err != nil {
		return err
	}
	return s.note(gaveUp, "no answer: "+why)
}

// dial prepares the one connection; nothing is sent before the first command.
func (s *sampler) dial() {
	username, password := s.opt.Username, s.opt.Password
	if s.password != "" {
		username, password = s.username, s.password
	}
	s.client = redis.NewClient(&redis.Options{
		Addr:                     s.Addr,
		Dialer:                   s.dialGuarded(min(time.Second, s.opt.Timeout)),
		Username:                 username,
		Password:                 password,
		Protocol:                 2,
		DisableIdentity:          true,
		MaxRetries:               -1,
		DialerRetries:            1,
		PoolSize:                 1,
		DialTimeout:              min(time.Second, s.opt.Timeout),
		ReadTimeout:              s.opt.Timeout,
		WriteTimeout:             s.opt.Timeout,
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// dialGuarded connects, over TLS where that is asked for, and holds what comes to the bounds of a reply.
func (s *sampler) dialGuarded(timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{Timeout: timeout}
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if s.tls || s.opt.TLS != nil {
			if c, err = overTLS(ctx, timeout, c, s.opt.TLS, addr); err != nil {
				return nil, err
			}
		}
		return &guarded{Conn: c}, nil
	}
}

func overTLS(ctx context.Context, timeout time.Duration, c net.Conn, config *tls.Config, addr string) (net.Conn, error) {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config = config.Clone()
	if host, _, err := net.SplitHostPort(addr); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return t, nil
}

// closer closes the present client, also when it was replaced meanwhile.
func (s *sampler) closer() func() {
	c := s.client
	return func() { c.Close() }
}

func (s *sampler) hangUp() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}

// info asks for the sections wanted. A server that does not know the word answers with nothing
// ("everything" is known from Redis 6.0) and is asked for "all" from then on.
func (s *sampler) info(ctx context.Context) (string, error) {
	text, err := s.client.Info(ctx, s.sections).Result()
	if err == nil && strings.TrimSpace(text) == "" && s.sections != "all" {
		s.sections = "all"
		text, err = s.client.Info(ctx, s.sections).Result()
	}
	return text, err
}

func (s *sampler) takeSlowlog(ctx context.Context, _ string) error {
	if s.refused["slowlog"] {
		return nil
	}
	entries, err := s.slowlogSince(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if f, ok := e.([]any); ok && len(f) > 3 {
			if argv, ok := f[3].([]any); ok {
				withoutSecrets(argv)
			}
		}
	}
	return s.slowlog.add(entries) // id and time tell entries apart
}

// slowlogSince asks for entries of the slowlog, newest first, and for more of them where those do not reach back to the last that was seen: a ring
// may be longer than the default, and a busy moment fills it. What the ring itself let go of is noted.
func (s *sampler) slowlogSince(ctx context.Context) ([]any, error) {
	for n := slowlogEntries; ; n *= 8 {
		entries, err := s.client.Do(ctx, "slowlog", "get", n).Slice()
		if err != nil || len(entries) == 0 {
			return entries, err
		}
		newest, oldest := idOf(entries[0]), idOf(entries[len(entries)-1])
		switch {
		case newest < s.newest: // the server was started anew, or its slowlog reset with it
			s.newest = newest
			return entries, nil
		case s.newest == 0 || oldest <= s.newest+1:
		case len(entries) >= n && n < mostSlowlog:
			continue
		default:
			if err := s.note(s.opt.Now(), fmt.Sprintf("slowlog: %d entries were gone before they could be taken", oldest-s.newest-1)); err != nil {
				return nil, err
			}
		}
		s.newest = newest
		return entries, nil
	}
}

// idOf is a slowlog entry's id; 0 where it is none.
func idOf(entry any) int64 {
	if e, ok := entry.([]any); ok && len(e) > 0 {
		id, _ := e[0].(int64)
		return id
	}
	return 0
}

func (s *sampler) takeLatency(ctx context.Context, _ string) error {
	if s.refused["latency"] {
		return nil
	}
	entries, err := s.client.Do(ctx, "latency", "latest").Slice()
	if err != nil {
		return err
	}
	return s.latency.add(entries) // event and time tell entries apart
}

func (s *sampler) takeClients(ctx context.Context, info string) error {
	if s.refused["client"] {
		return nil
	}
	cmd := []any{"client", "list"}
	if infoInt(info, "connected_clients") > manyClients {
		cmd = append(cmd, "type", "replica")
	}
	text, err := s.client.Do(ctx, cmd...).Text()
	if err != nil {
		return err
	}
	return s.appendFile("clients.log", stamped(s.opt.Now(), []byte(withoutSecretLines(text))))
}

// withoutSecretLines is a reply of lines, none of which tells a credential. Servers tell none; modules add to INFO what they like.
func withoutSecretLines(s string) string {
	lines := strings.SplitAfter(s, "\n")
	for i, l := range lines {
		lines[i] = secret.Text(l)
	}
	return strings.Join(lines, "")
}

// withoutSecrets replaces the credentials in a command's arguments.
func withoutSecrets(argv []any) {
	words := make([]string, len(argv))
	for i, a := range argv {
		words[i], _ = a.(string)
	}
	if !secret.Args(words) {
		return
	}
	for i, a := range argv {
		if _, ok := a.(string); ok {
			argv[i] = words[i]
		}
	}
}

// takeConfig keeps config.txt at what the server says now, and notes what changed meanwhile.
func (s *sampler) takeConfig(ctx context.Context, _ string) error {
	if s.refused["config"] {
		return nil
	}
	pairs, err := s.client.Do(ctx, "config", "get", "*").StringSlice()
	if err != nil {
		return err
	}
	pairs = pairs[:len(pairs)/2*2]
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i+1] = secret.Value(strings.TrimSpace(pairs[i]), pairs[i+1])
	}
	changed := diff(s.settings, pairs)
	if s.settings != nil && len(changed) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, v := range pairs {
		b.WriteString(oneLine(v))
		b.WriteByte('\n')
	}
	if err := replaceFile(filepath.Join(s.dir, "config.txt"), b.Bytes()); err != nil {
		return err
	}
	if s.settings != nil {
		for _, c := range changed {
			if err := s.note(s.opt.Now(), "setting changed: "+c); err != nil {
				return err
			}
		}
	}
	s.settings = pairs
	return nil
}

// diff is what differs between two CONFIG GET replies, as "name: old -> new", sorted.
func diff(old, now []string) []string {
	was := map[string]string{}
	for i := 0; i+1 < len(old); i += 2 {
		was[old[i]] = old[i+1]
	}
	var out []string
	for i := 0; i+1 < len(now); i += 2 {
		if v, had := was[now[i]]; !had || v != now[i+1] {
			out = append(out, fmt.Sprintf("%s: %q -> %q", now[i], v, now[i+1]))
		}
	}
	sort.Strings(out)
	return out
}

// tell says it to the person who watches.
func (s *sampler) tell(at time.Time, what string) {
	s.opt.Log(at.UTC().Format(Stamp) + " " + s.Name + ": " + secret.Text(what))
}

// note keeps it in collect.log.
func (s *sampler) note(at time.Time, what string) error {
	return s.appendFile("collect.log", []byte(at.UTC().Format(Stamp)+" "+secret.Text(what)+"\n"))
}

// appendFile appends in one write, so that what is there is whole at any moment.
func (s *sampler) appendFile(name string, b []byte) error {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func stamped(at time.Time, body []byte) []byte {
	b := make([]byte, 0, len(body)+40)
	b = append(b, "### "...)
	b = at.UTC().AppendFormat(b, Stamp)
	b = append(b, '\n')
	b = append(b, body...)
	if len(body) == 0 || body[len(body)-1] != '\n' {
		b = append(b, '\n')
	}
	return append(b, '\n')
}

// oneLine is s without what would break a line-oriented file, at most 500 bytes of it.
func oneLine(s string) string {
	if len(s) > 500 {
		s = s[:500]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// fieldOf is a field of an INFO text, empty where it is not there.
func fieldOf(info, name string) string {
	_, rest, found := strings.Cut(info, "\n"+name+":")
	if !found {
		return ""
	}
	return strings.TrimSpace(rest[:strings.IndexAny(rest+"\n", "\r\n")])
}

// infoInt is a number of an INFO text, 0 where it is not there.
func infoInt(info, name string) int {
	n, _ := strconv.Atoi(fieldOf(info, name))
	return n
}
