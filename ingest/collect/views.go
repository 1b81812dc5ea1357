package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"psyncope/ingest/secret"
)

// view is a reply that is kept as it came, a line of views.jsonl: what somebody may look up, and nobody else can ask any more.
type view struct {
	At      string `json:"at"` // when the answer came, on the collector's clock
	Addr    string `json:"addr"`
	Command string `json:"command"`
	Reply   any    `json:"reply"`
}

// watchedMost is of how many primaries a Sentinel's views are taken, where it watches more.
const watchedMost = 100

// takeViews keeps what a server says of its memory and its role, and of the cluster that it is a node of.
func (s *sampler) takeViews(ctx context.Context, info string) error {
	for _, words := range [][]any{{"role"}, {"memory", "stats"}} {
		if err := s.takeView(ctx, words...); err != nil {
			return err
		}
	}
	if fieldOf(info, "cluster_enabled") != "1" {
		return nil
	}
	text, err := s.client.Do(ctx, "cluster", "nodes").Text()
	if err != nil {
		return s.viewRefused("cluster", err)
	}
	if s.opt.Cluster {
		s.crew.follow(s, nodesOf(text), true)
	}
	if same := withoutPings(text); same != s.nodes {
		s.nodes = same
		return s.keepView(s.opt.Now(), "CLUSTER NODES", text)
	}
	return nil
}

// takeWatched keeps what a Sentinel says of the primaries that it watches, and asks the other Sentinels as well.
func (s *sampler) takeWatched(ctx context.Context, info string) error {
	names := watchedBy(info)
	if s.opt.Sentinel != "" {
		names = []string{s.opt.Sentinel}
	}
	for _, name := range names[:min(len(names), watchedMost)] {
		for _, what := range []string{"master", "slaves", "sentinels"} { // REPLICAS is known from 5.0, SLAVES by all
			reply, err := s.client.Do(ctx, "sentinel", what, name).Result()
			if err != nil {
				return err
			}
			if err := s.keepView(s.opt.Now(), "SENTINEL "+strings.ToUpper(what)+" "+name, reply); err != nil {
				return err
			}
			switch what {
			case "slaves":
				s.crew.follow(s, addressesIn(reply), false)
			case "sentinels":
				s.crew.follow(s, addressesIn(reply), true)
			}
		}
	}
	return nil
}

// takeView asks for something that INFO says the most of as well: it is no loss where it is refused.
func (s *sampler) takeView(ctx context.Context, words ...any) error {
	name := words[0].(string)
	if s.refused[name] {
		return nil
	}
	reply, err := s.client.Do(ctx, words...).Result()
	if err != nil {
		return s.viewRefused(name, err)
	}
	var says []string
	for _, w := range words {
		says = append(says, strings.ToUpper(w.(string)))
	}
	return s.keepView(s.opt.Now(), strings.Join(says, " "), reply)
}

// viewRefused is the error of a view, unless the server does not know it or does not allow it.
func (s *sampler) viewRefused(name string, err error) error {
	if !errors.As(err, new(redis.Error)) {
		return err
	}
	s.refused[name] = true
	return nil
}

func (s *sampler) keepView(at time.Time, command string, reply any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(view{at.UTC().Format(Stamp), s.Addr, command, printable(reply)}); err != nil {
		return nil // a reply of a sort that no server sends
	}
	return s.add(at, "views.jsonl", b.Bytes())
}

// printable is a reply without credentials, and in types that JSON has.
func printable(reply any) any {
	switch r := reply.(type) {
	case string:
		return secret.Text(r)
	case []any:
		out := make([]any, len(r))
		for i, e := range r {
			out[i] = printable(e)
		}
		return out
	case map[any]any:
		out := map[string]any{}
		for k, v := range r {
			if name, ok := k.(string); ok {
				out[name] = printable(v)
			}
		}
		return out
	}
	return reply
}

// addressesIn are those in a Sentinel's list of servers: each a list of names and values, "ip" and "port" among them (redis 7.4.1 sentinel.c
// addReplySentinelRedisInstance).
func addressesIn(reply any) []string {
	list, _ := reply.([]any)
	var out []string
	for _, e := range list {
		fields, _ := e.([]any)
		ip, port := "", ""
		for i := 0; i+1 < len(fields); i += 2 {
			name, _ := fields[i].(string)
			value, _ := fields[i+1].(string)
			switch name {
			case "ip":
				ip = value
			case "port":
				port = value
			}
		}
		out = withAddress(out, ip, port)
	}
	return out
}

// withoutPings is CLUSTER NODES without the times of pings and pongs, its fifth and sixth column, in which nothing else is new.
func withoutPings(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for i, f := range strings.Fields(line) {
			if i != 4 && i != 5 {
				b.WriteString(f)
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
