package collect

import (
	"bytes"
	"context"
	"fmt"
	"sort"
	"strings"

	"psyncope/ingest/secret"
)

func (s *sampler) takeSlowlog(ctx context.Context, _ string) error {
	if s.refused["slowlog"] {
		return nil
	}
	entries, err := s.slowlogSince(ctx)
	if err != nil {
		return err
	}
	commandsWithoutSecrets(entries)
	return s.grow(&s.slowlog, entries) // id and time tell entries apart
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
	if err := s.grow(&s.latency, entries); err != nil { // event and time tell entries apart
		return err
	}
	return s.takeHistories(ctx, entries)
}

// takeHistories takes what happened before the last event of each sort, where there was a new one: LATEST has one line for what came twice
// between two rounds. A server keeps 160 of each (redis 7.4.1 latency.h LATENCY_TS_LEN).
func (s *sampler) takeHistories(ctx context.Context, latest []any) error {
	for _, e := range latest {
		f, ok := e.([]any)
		if !ok || len(f) < 2 {
			continue
		}
		event, _ := f[0].(string)
		at, _ := f[1].(int64)
		if event == "" || strings.Trim(event, "abcdefghijklmnopqrstuvwxyz-") != "" || s.eventAt[event] == at || len(s.eventAt) >= mostEvents && s.eventAt[event] == 0 {
			continue
		}
		entries, err := s.client.Do(ctx, "latency", "history", event).Slice()
		if err != nil {
			return err
		}
		if s.histories[event] == nil {
			s.histories[event] = &growingArray{name: "latency-history-" + event + ".json"}
		}
		for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 { // oldest first, as no other reply
			entries[i], entries[j] = entries[j], entries[i]
		}
		if err := s.grow(s.histories[event], entries); err != nil {
			return err
		}
		s.eventAt[event] = at
	}
	return nil
}

// mostEvents bounds what a server can make of names: those that measure their latency know some twenty sorts of events.
const mostEvents = 64

// takeLarge takes what Valkey notes of large requests and replies (valkey 8.1.0 commandlog.c).
func (s *sampler) takeLarge(ctx context.Context, info string) error {
	if s.refused["commandlog"] || !atLeast(fieldOf(info, "valkey_version"), 8, 1) {
		return nil
	}
	for _, log := range []string{"large-request", "large-reply"} {
		entries, err := s.client.Do(ctx, "commandlog", "get", slowlogEntries, log).Slice()
		if err != nil {
			return err
		}
		commandsWithoutSecrets(entries)
		if s.histories[log] == nil {
			s.histories[log] = &growingArray{name: "commandlog-" + log + ".json"}
		}
		if err := s.grow(s.histories[log], entries); err != nil {
			return err
		}
	}
	return nil
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
	at := s.opt.Now()
	return s.add(at, "clients.log", stamped(at, []byte(withoutSecretLines(text))))
}

// withoutSecretLines is a reply of lines, none of which tells a credential. Servers tell none; modules add to INFO what they like.
func withoutSecretLines(s string) string {
	lines := strings.SplitAfter(s, "\n")
	for i, l := range lines {
		lines[i] = secret.Text(l)
	}
	return strings.Join(lines, "")
}

// commandsWithoutSecrets replaces the credentials in the commands of a slowlog's entries.
func commandsWithoutSecrets(entries []any) {
	for _, e := range entries {
		if f, ok := e.([]any); ok && len(f) > 3 {
			if argv, ok := f[3].([]any); ok {
				withoutSecrets(argv)
			}
		}
	}
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
	if err := s.replace("config.txt", b.Bytes()); err != nil {
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
