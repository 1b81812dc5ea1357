package collect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"psyncope/ingest/secret"
)

// manyClients is how many connections a server may have and still be asked for the list of all of
// them: the list is built on the server's one thread, about 1 us and 350 bytes a client.
const manyClients = 1000

// slowlogEntries is what SLOWLOG GET is asked for: the default length of the server's ring.
const slowlogEntries = 128

// mostSlowlog is how many entries are asked for at once at most: some MB, and a moment of the server's thread.
const mostSlowlog = slowlogEntries * 8 * 8

// slack is how much later than its interval a sampler may begin, so that not all servers are asked in the same moment.
const slackOf = 10

// sampler is one server's rounds.
type sampler struct {
	Server
	record
	opt   *Options
	crew  *crew
	found *sampler // who named it; nil where the user did

	client   *redis.Client
	sections string // what INFO is asked for, once it is known what the server understands
	version  string // of the server, redis_version
	openly   bool   // without a password: it has none
	slowlog  growingArray
	newest   int64 // id of the newest entry that was taken
	latency  growingArray
	// histories are of latency events and of Valkey's other logs, by their names; eventAt is when each sort of event was last, as far as it was taken.
	histories map[string]*growingArray
	eventAt   map[string]int64
	settings  []string        // the last CONFIG GET *, without secrets
	nodes     string          // the last CLUSTER NODES, without times
	refused   map[string]bool // commands whose refusal was noted
	down      bool            // the last round failed
	named     bool            // info.log has its address
	timeless  bool            // its INFO lacks the server's time
	here      *machine        // under the server, where it runs on this machine
	leave     func()          // ends what here does
	twin      atomic.Bool     // another sampler asks the same process
}

// run takes rounds until ctx ends. It returns an error only if the capture cannot be written.
func (s *sampler) run(ctx context.Context) error {
	s.sections = s.opt.Sections
	s.slowlog.name, s.latency.name = "slowlog.json", "latency-latest.json"
	s.refused, s.histories, s.eventAt = map[string]bool{}, map[string]*growingArray{}, map[string]int64{}
	defer s.hangUp()

	next := time.Now()
	for n := 0; ; n++ {
		waiting := s.crew.watch.still()
		if err := s.round(ctx, waiting, n%wholeEvery == 0); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if s.opt.Once || s.twin.Load() || ctx.Err() != nil {
			return nil
		}
		every, begun := s.opt.Interval, (<-chan struct{})(nil)
		if waiting {
			every, begun = glanceEvery, s.crew.watch.happened
		}
		if n == 0 {
			next = next.Add(rand.N(every/slackOf + 1))
		}
		// A round that outran the interval is not made up for: the server has enough to do.
		next = next.Add(every)
		if now := time.Now(); next.Before(now) {
			next = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-begun:
			next = time.Now()
		case <-time.After(time.Until(next)):
		}
	}
}

// round asks for everything once; as long as all wait for something to happen, for the links alone, and now and then for a whole INFO. INFO comes
// first: what follows is worth nothing without it.
func (s *sampler) round(ctx context.Context, waiting, whole bool) error {
	if s.client == nil {
		s.dial()
	}
	// go-redis looks at the context between steps only; closing the connection ends a read at once.
	stop := context.AfterFunc(ctx, s.closer())
	defer stop()

	sections := []string{s.sections}
	if waiting && !whole && s.Rounds > s.Failed {
		sections = s.glance()
	}
	info, err := s.dump(ctx, sections, waiting)
	if err != nil || info == "" || waiting && (s.settings != nil || s.refused["config"]) {
		return err
	}
	return s.rest(ctx, info, waiting)
}

// glance is the sections that say how links are. Several at once are known from Redis 7.0 (redis 7.0.0 server.c genRedisInfoString).
func (s *sampler) glance() []string {
	switch {
	case s.crew.watch.isSentinel(s):
		return []string{"sentinel"}
	case atLeast(s.version, 7, 0):
		return []string{"replication", "stats"}
	}
	return []string{"replication"}
}

// dump asks for INFO and keeps it. It is empty where there was no answer, which is kept as well.
func (s *sampler) dump(ctx context.Context, sections []string, waiting bool) (string, error) {
	asked := s.opt.Now()
	info, err := s.info(ctx, sections)
	answered := s.opt.Now()
	if err != nil && ctx.Err() != nil {
		return "", nil // it was us who went away
	}
	s.Rounds++
	if err != nil {
		s.Failed++
		s.crew.watch.unanswered(s, answered)
		if s.found != nil && s.Rounds == s.Failed {
			return "", s.unreached(answered, err)
		}
		return "", s.gap(asked, answered, err)
	}
	if s.Rounds == s.Failed+1 { // the first answer
		if !s.crew.claim(s, fieldOf(info, "run_id")) {
			s.twin.Store(true)
			s.Failed = s.Rounds
			return "", nil
		}
		if s.found != nil {
			s.tell(answered, "follows from "+s.found.Name)
		}
		s.version = fieldOf(info, "redis_version")
		s.timeless = fieldOf(info, "server_time_usec") == "" && fieldOf(info, "uptime_in_seconds") != ""
	}
	s.crew.follow(s, others(info, s.opt.Sentinel), !s.crew.watch.isSentinel(s))
	if s.down {
		s.down = false
		s.tell(answered, "answers again")
	}
	if err := s.notice(answered, info); err != nil {
		return "", err
	}
	text := withoutSecretLines(info)
	if s.timeless {
		if text, err = s.withTime(ctx, text); err != nil {
			return "", nil // the link broke: the next round begins anew
		}
		answered = s.opt.Now()
	}
	if !s.named || waiting {
		// As a person's shell shows it: by which address the server was reached is in no reply of its own. What is kept while all wait may not stay.
		s.named, text = !waiting, s.Addr+"> INFO "+strings.Join(sections, " ")+"\n"+text
	}
	return info, s.add(answered, "info.log", stamped(answered, []byte(text)))
}

// withTime puts the server's clock into an INFO as newer servers do (server_time_usec). It is asked for next to it, and the dump is stamped after it.
func (s *sampler) withTime(ctx context.Context, info string) (string, error) {
	if s.refused["time"] || !strings.Contains(info, "\nuptime_in_seconds:") {
		return info, nil
	}
	at, err := s.client.Time(ctx).Result()
	if errors.As(err, new(redis.Error)) {
		s.refused["time"] = true
		return info, nil
	}
	if err != nil {
		s.hangUp()
		return "", err
	}
	return strings.Replace(info, "\nuptime_in_seconds:", fmt.Sprintf("\nserver_time_usec:%d\r\nuptime_in_seconds:", at.UnixMicro()), 1), nil
}

// notice keeps and tells what changed since the last look, and begins the capture where that was waited for.
func (s *sampler) notice(at time.Time, info string) error {
	for _, c := range s.crew.watch.answered(s, info) {
		s.tell(at, c.what)
		if c.trouble {
			if err := s.crew.begin(at, s.Name+": "+c.what); err != nil {
				return err
			}
		}
		if s.crew.watch.still() {
			continue
		}
		if err := s.note(at, "noticed: "+c.what); err != nil {
			return err
		}
	}
	return nil
}

// rest asks for all but INFO. All of it together may take as long as one answer: what else a server that is slow would be asked, the next round asks.
func (s *sampler) rest(ctx context.Context, info string, waiting bool) error {
	all, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	for _, step := range s.steps(waiting) {
		err := step.take(all, info)
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
		case errors.Is(err, errFull), errors.As(err, new(*os.PathError)):
			return err
		default:
			// The link broke half way: the next round begins anew.
			s.hangUp()
			return s.note(s.opt.Now(), step.name+": "+oneLine(err.Error()))
		}
	}
	s.watchMachine(ctx, info)
	return nil
}

// step is something that a round takes.
type step struct {
	name    string
	lacking string // where the server refuses it
	take    func(context.Context, string) error
}

// steps are what is taken besides INFO.
func (s *sampler) steps(waiting bool) []step {
	config := step{"config", "its settings, so that defaults are assumed", s.takeConfig}
	switch {
	case s.crew.watch.isSentinel(s):
		return []step{{"sentinel", "what it knows of its primaries' replicas and of other Sentinels", s.takeWatched}}
	case waiting:
		return []step{config}
	}
	return []step{
		{"slowlog", "the commands that held it", s.takeSlowlog},
		{"latency", "when and how long forks and fsyncs took", s.takeLatency},
		{"commandlog", "which requests and replies were large", s.takeLarge},
		{"client", "whose output buffers were large", s.takeClients},
		config,
		{"views", "what its memory is made of", s.takeViews},
	}
}

// watchMachine begins to watch the machine under a server that runs here, and leaves the process before it.
func (s *sampler) watchMachine(ctx context.Context, info string) {
	if s.opt.ServersOnly || s.here != nil && s.here.pid == fieldOf(info, "process_id") {
		return
	}
	if s.here != nil {
		s.leave()
	}
	s.here = s.localMachine(info)
	if s.here == nil {
		return
	}
	var watch context.Context
	watch, s.leave = context.WithCancel(ctx)
	s.crew.alongside(func() error { return s.here.run(watch) })
}

// setting is what CONFIG GET said of a setting; empty where it was not told.
func (s *sampler) setting(name string) string {
	for i := 0; i+1 < len(s.settings); i += 2 {
		if s.settings[i] == name {
			return s.settings[i+1]
		}
	}
	return ""
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
	if err := s.add(gaveUp, "info.log", stamped(gaveUp, []byte(NoAnswer+why))); err != nil {
		return err
	}
	return s.note(gaveUp, "no answer: "+why)
}

// info asks for sections. A server that does not know the word answers with nothing ("everything" is known from Redis 6.0) and is asked for "all" from
// then on; one that has no password is not told one.
func (s *sampler) info(ctx context.Context, sections []string) (string, error) {
	text, err := s.client.Info(ctx, sections...).Result()
	if err != nil && !s.openly && hasNoPassword(err) {
		s.openly = true
		s.hangUp()
		s.dial()
		text, err = s.client.Info(ctx, sections...).Result()
	}
	if err == nil && strings.TrimSpace(text) == "" && s.sections != "all" && sections[0] == s.sections {
		s.sections = "all"
		text, err = s.client.Info(ctx, s.sections).Result()
	}
	return text, err
}

// hasNoPassword reports whether a server that was told a password says that it has none (redis 5.0 server.c, 7.4.1 acl.c authCommand).
func hasNoPassword(err error) bool {
	return strings.Contains(err.Error(), "no password is set") || strings.Contains(err.Error(), "without any password configured")
}

// tell says it to the person who watches.
func (s *sampler) tell(at time.Time, what string) {
	s.opt.Log(at.UTC().Format(Stamp) + " " + s.Name + ": " + secret.Text(what))
}

// note keeps it in collect.log.
func (s *sampler) note(at time.Time, what string) error {
	return s.add(at, "collect.log", []byte(at.UTC().Format(Stamp)+" "+secret.Text(what)+"\n"))
}
