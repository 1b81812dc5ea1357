package collect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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
	// histories are of latency events and of Valkey's other logs, by their names; eventAt is when each sort of event was last, as far as it was taken.
	histories map[string]*growingArray
	eventAt   map[string]int64
	settings  []string        // the last CONFIG GET *, without secrets
	refused   map[string]bool // commands whose refusal was noted
	down      bool            // the last round failed
	named     bool            // info.log has its address
	here      *machine        // under the server, where it runs on this machine
	leave     func()          // ends what here does
	twin      atomic.Bool     // another sampler asks the same process
}

// run takes rounds until ctx ends. It returns an error only if the capture cannot be written.
func (s *sampler) run(ctx context.Context) error {
	s.sections = s.opt.Sections
	s.dir = filepath.Join(s.opt.Out, s.Name)
	s.slowlog.path = filepath.Join(s.dir, "slowlog.json")
	s.latency.path = filepath.Join(s.dir, "latency-latest.json")
	s.refused, s.histories, s.eventAt = map[string]bool{}, map[string]*growingArray{}, map[string]int64{}
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
		{"latency", "when and how long forks and fsyncs took", s.takeLatency},
		{"commandlog", "which requests and replies were large", s.takeLarge},
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
	s.watchMachine(ctx, info)
	return nil
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
	if err := s.appendFile("info.log", stamped(gaveUp, []byte(NoAnswer+why))); err != nil {
		return err
	}
	return s.note(gaveUp, "no answer: "+why)
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
