package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// micros is an instant on the reference axis, or a length, in microseconds.
type micros = table.Micros

const (
	second  = table.Second
	unknown = micros(table.Null)
)

// span is a stretch of the axis; to is unknown while it is open.
type span struct{ from, to micros }

func (s span) overlaps(o span) bool {
	return (s.to == unknown || o.from <= s.to) && (o.to == unknown || s.from <= o.to)
}

// host is all evidence of one instance, in order of time on the axis.
type host struct {
	name     string
	clock    clock
	samples  []sample
	replicas []replicaRow
	stats    []statistic
	events   []event
	commands []command
	latency  []latency
	clients  []table.Client
	settings map[string]setting
	// peers are what the group's other servers run with: a better guess than the version's default.
	peers    map[string]setting
	lives    []life
	stalls   []stall
	addrs    []string // ip:port under which others speak of it, best first
	sentinel bool
	written  micros // when its log files were last changed, by their file system; unknown without
	step     micros // usual time between dumps; 0 with fewer than three
	// slowlogSeen tells that a slowlog was taken, though it may have held nothing.
	slowlogSeen bool
	// release is the version that the log names last: every setting's default hangs on it, and looking for it means
	// going through the whole log.
	release *release
}

type replicaRow struct {
	table.Replica
	at micros
}

type statistic struct {
	table.Statistic
	at micros
}

// event is a log message on the axis. last is when the last of a folded run stands.
type event struct {
	table.Event
	at, last micros
	index    int // among the host's events as they were read, file after file
	// bySentinel tells of a role change that a Sentinel asked for it.
	bySentinel bool
}

// command is a slowlog entry on the axis. The slowlog says when a command ended, in whole seconds
// (redis 7.4.1 slowlog.c:67): it ended within [end, end+1s).
type command struct {
	table.Command
	start, end micros
}

type latency struct {
	table.Latency
	start, end micros
}

type setting struct {
	table.Setting
	assumed bool // the version's default, not read
}

// hosts sorts a case's rows by instance. Times are set later, by place, once the clocks are known.
func hosts(c *table.Case) []*host {
	byName := map[string]*host{}
	var out []*host
	of := func(name string) *host {
		h := byName[name]
		if h == nil {
			h = &host{name: name, settings: map[string]setting{}, written: unknown}
			byName[name] = h
			out = append(out, h)
		}
		return h
	}
	for _, i := range c.Instances {
		h := of(i.Name)
		h.addrs = append(h.addrs, i.Addrs...)
	}
	part(table.Read[sample](&c.Samples), func(r *sample) *[]sample { return &of(r.Instance).samples })
	part(table.Read[replicaRow](&c.Replicas), func(r *replicaRow) *[]replicaRow { return &of(r.Instance).replicas })
	part(table.Read[statistic](&c.Statistics), func(r *statistic) *[]statistic { return &of(r.Instance).stats })
	// What a collector says of itself is no word of the server's: a log that is not there stays missing, and a process that is
	// gone stays silent, though somebody goes on asking it.
	events := slices.DeleteFunc(table.Read[event](&c.Events), func(r event) bool { return r.Kind == table.CollectFailed })
	part(events, func(r *event) *[]event { return &of(r.Instance).events })
	part(table.Read[latency](&c.Latency), func(r *latency) *[]latency { return &of(r.Instance).latency })
	part(c.Clients.Rows(), func(r *table.Client) *[]table.Client { return &of(r.Instance).clients })
	for _, r := range table.Read[command](&c.Commands) {
		if r.Log == "" || r.Log == "slow" {
			h := of(r.Instance)
			h.commands = append(h.commands, r)
		}
	}
	for _, r := range c.Settings.Rows() {
		h := of(r.Instance)
		// redis.conf gives this one a line for each class of clients; the reader of the value takes the last of a class.
		if old := h.settings[r.Name].Value; r.Name == "client-output-buffer-limit" && len(old) < 1000 && !strings.Contains(old, r.Value) {
			r.Value = strings.TrimSpace(old + " " + r.Value)
		}
		h.settings[r.Name] = setting{Setting: r}
	}
	for _, f := range c.Files {
		if f.Instance == "" {
			continue
		}
		switch f.Kind {
		case "slowlog":
			of(f.Instance).slowlogSeen = true
		case "log":
			h := of(f.Instance)
			h.written = max(h.written, f.ModTime)
		}
	}
	for _, h := range out {
		h.sentinel = isSentinel(h)
		for i := range h.events {
			h.events[i].index = i
		}
	}
	slices.SortFunc(out, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	return out
}

// part gives each host its rows. Those of one instance mostly lie together, as they were read: then they stay where
// they are, for a dump is 900 bytes and copying them twice was half of all that an analysis allocated (477 of 837 MB
// of a 912 MB fleet).
func part[R any](rows []R, of func(*R) *[]R) {
	for i := 0; i < len(rows); {
		mine := of(&rows[i])
		j := i + 1
		for j < len(rows) && of(&rows[j]) == mine {
			j++
		}
		if *mine == nil {
			*mine = rows[i:j:j]
		} else {
			*mine = append(*mine, rows[i:j]...)
		}
		i = j
	}
}

func isSentinel(h *host) bool {
	for i := range h.samples {
		if h.samples[i].Mode == "sentinel" {
			return true
		}
	}
	x, n := 0, 0
	for i := range h.events {
		if h.events[i].Role != "" {
			n++
			if h.events[i].Role == "X" {
				x++
			}
		}
	}
	return n > 0 && x*2 > n
}

// lay lays the host's rows on the axis with its clock, now that all is known of it, and sorts them. It is done once; what
// looks at the rows afterwards changes none.
func (h *host) lay() {
	c := &h.clock
	for i := range h.events {
		e := &h.events[i]
		e.at, e.last = c.event(&e.Event, e.index, e.Stamp), c.event(&e.Event, e.index, e.LastStamp)
		if e.last == unknown {
			e.last = e.at
		}
	}
	var logs map[string][]*event // by file, for dumps without a date
	for i := range h.samples {
		s := &h.samples[i]
		if s.at = c.dump(s); s.at != unknown {
			continue
		}
		if logs == nil {
			logs = map[string][]*event{}
			for j := range h.events {
				logs[h.events[j].File] = append(logs[h.events[j].File], &h.events[j])
			}
		}
		s.at = saidBefore(logs[s.File], s.Line)
	}
	next := 0
	for i := range h.replicas {
		r := &h.replicas[i]
		r.at, next = h.dumpAt(r.File, r.Replica.At, next)
	}
	next = 0
	for i := range h.stats {
		r := &h.stats[i]
		r.at, next = h.dumpAt(r.File, r.Statistic.At, next)
	}
	for i := range h.commands {
		e := &h.commands[i]
		e.end = c.server(e.Ended)
		e.start = e.end - micros(e.Micros)
	}
	for i := range h.latency {
		l := &h.latency[i]
		l.end = c.server(l.Latency.At)
		l.start = l.end - micros(l.Last.Or(0))*1000
	}
	sortByTime(h.samples, func(s *sample) micros { return s.at })
	sortByTime(h.replicas, func(r *replicaRow) micros { return r.at })
	sortByTime(h.stats, func(r *statistic) micros { return r.at })
	h.step = h.usualStep()
	slices.SortStableFunc(h.commands, func(a, b command) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.ID, b.ID))
	})
	h.commands = slices.CompactFunc(h.commands, func(a, b command) bool { return a.ID == b.ID && a.Ended == b.Ended })
	slices.SortStableFunc(h.latency, func(a, b latency) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.Event, b.Event))
	})
	h.orderEvents()
	h.lives = livesOf(h)
	h.findStalls()
}

// orderEvents sorts events by time but keeps the file's order where stamps are missing or lie closer
// than a second: parent and child append to one file, and their lines may swap by milliseconds.
func (h *host) orderEvents() {
	last := unknown
	for i := range h.events {
		e := &h.events[i]
		if e.at == unknown {
			e.at, e.last = last, last
		}
		last = e.at
	}
	sortByTime(h.events, func(e *event) micros { return e.at })
}

// sortByTime sorts rows that mostly are sorted already: they are large, and looking is cheaper than moving them.
func sortByTime[R any](rows []R, at func(*R) micros) {
	for i := 1; i < len(rows); i++ {
		if at(&rows[i]) < at(&rows[i-1]) {
			slices.SortStableFunc(rows, func(a, b R) int { return cmp.Compare(at(&a), at(&b)) })
			return
		}
	}
}

// saidBefore is when the message before this line was said: the INFO in a crash report has no other date before 7.0.
func saidBefore(log []*event, line int32) micros {
	at := unknown
	for _, e := range log {
		if e.Line <= line && e.at != unknown {
			at = e.at
		}
	}
	return at
}

// dumpAt is where the dump of a row lies on the axis: rows come in the order of their dumps, so the search goes on
// from the last one found.
func (h *host) dumpAt(file string, at micros, from int) (micros, int) {
	for i := from; i < len(h.samples); i++ {
		if s := &h.samples[i]; s.Stamp == at && s.File == file {
			return s.at, i
		}
	}
	return h.clock.server(at), from
}

// life is one process's time from its start to its end.
type life struct {
	span
	// start is the event or sample that shows the start; end the one that shows the end. Either may be nil.
	startEv, endEv *event
	// how it ended: "" (still running, or unseen), "shutdown", "crash", "gone" (the next start follows in the log without a
	// farewell), "ended" (the evidence does not reach to its end).
	how   string
	runID string
}

// livesOf splits a host's evidence into process lives: start markers in the log, run ids in INFO.
func livesOf(h *host) []life {
	var out []life
	cur := life{span: span{unknown, unknown}}
	heard := false // the log holds lines of the process before
	begin := func(at micros, e *event) {
		if cur.startEv != nil || len(out) > 0 || sawBefore(h, at) {
			if cur.how == "" {
				cur.how, cur.to = "ended", lastSeen(h, at)
				if heard {
					cur.how = "gone" // its log reaches to its end and holds no farewell
				}
			}
			out = append(out, cur)
		}
		cur = life{span: span{at, unknown}, startEv: e}
		heard = false
	}
	for i := range h.events {
		e := &h.events[i]
		if i > 0 && awake(&h.events[i-1]) && e.at-h.events[i-1].at > bannerLead || cur.startEv != nil {
			heard = true
		}
		switch e.Kind {
		case message.ServerStarting, message.ServerStarted:
			begin(e.at, e)
		case message.ServerVersion:
			if cur.startEv == nil || e.at-cur.from > 5*second || cur.startEv.Kind == message.ServerVersion {
				begin(e.at, e)
			}
		case message.ShutdownDone, message.ShutdownRequested, message.ShutdownSignal:
			if cur.how == "" || cur.how == "shutdown" {
				cur.how, cur.to, cur.endEv = "shutdown", e.at, e
			}
		case message.CrashReportStart, message.CrashSignal, message.CrashAssert, message.CrashPanic, message.OomServer:
			if cur.how != "crash" {
				cur.how, cur.to, cur.endEv = "crash", e.at, e
			}
		}
	}
	out = append(out, cur)
	if len(out) > 1 || out[0].startEv != nil {
		return out
	}
	// No start line: a changed run id shows a restart within the gap between two dumps.
	var prev *sample
	out = out[:0]
	cur = life{span: span{unknown, unknown}}
	for i := range h.samples {
		s := &h.samples[i]
		if s.RunID == "" {
			continue
		}
		if prev != nil && prev.RunID != s.RunID {
			cur.to = prev.at
			cur.how = "ended"
			out = append(out, cur)
			start := s.at
			if s.Uptime.Known() {
				start -= micros(s.Uptime) * second
			}
			cur = life{span: span{start, unknown}, runID: s.RunID}
		}
		prev = s
	}
	return append(out, cur)
}

// bannerLead is how long before its banner a starting server may already write: warnings about the host come first (7.2).
const bannerLead = 5 * second

// sawBefore tells whether the host was seen as an earlier process before a start at this time.
func sawBefore(h *host, at micros) bool {
	for i := range h.events {
		if e := &h.events[i]; e.at != unknown && e.PID.Known() {
			return e.at < at-bannerLead || len(h.samples) > 0 && h.samples[0].at < at-bannerLead
		}
	}
	return len(h.samples) > 0 && h.samples[0].at < at-bannerLead
}

func lastSeen(h *host, before micros) micros {
	t := unknown
	for i := range h.events {
		if h.events[i].at >= before {
			break
		}
		t = h.events[i].last
	}
	for i := range h.samples {
		// A dump dated in whole seconds may seem to lie before the start of the process that gave it.
		if h.samples[i].at >= before-2*second {
			break
		}
		t = max(t, h.samples[i].at)
	}
	return t
}

// version is the newest version the host was seen running, and its flavor.
func (h *host) version() (flavor, version string) {
	for i := len(h.samples) - 1; i >= 0; i-- {
		if h.samples[i].Version != "" {
			return cmp.Or(h.samples[i].Flavor, "redis"), h.samples[i].Version
		}
	}
	if h.release == nil {
		h.release = h.releaseOfLog()
	}
	return h.release.flavor, h.release.version
}

// release is which server, and which version of it.
type release struct{ flavor, version string }

func (h *host) releaseOfLog() *release {
	for i := len(h.events) - 1; i >= 0; i-- {
		e := &h.events[i]
		if (e.Kind == message.ServerVersion || e.Kind == message.ServerStarted) && e.Detail != "" {
			flavor := "redis"
			if strings.Contains(e.Text, "alkey") {
				flavor = "valkey"
			}
			return &release{flavor, e.Detail}
		}
	}
	return &release{flavor: "redis"}
}

// setting is what the host runs with: what its evidence says, else the version's default.
func (h *host) setting(name string) setting {
	if s, ok := h.settings[name]; ok && s.Value != "" {
		return s
	}
	if s, ok := h.peers[name]; ok {
		s.assumed = true
		return s
	}
	flavor, version := h.version()
	v, _ := table.DefaultSetting(name, flavor, version)
	return setting{Setting: table.Setting{Name: name, Value: v}, assumed: true}
}

// bytes is a size setting in bytes; ok is false where neither evidence nor a default gives one.
func (h *host) bytes(name string) (n int64, assumed, ok bool) {
	s := h.setting(name)
	n, ok = table.ParseSize(s.Value)
	return n, s.assumed, ok
}

// duration is a setting in whole seconds.
func (h *host) duration(name string) micros {
	n, _, ok := h.bytes(name)
	if !ok {
		return 0
	}
	return micros(n) * second
}

// has tells which kinds of artifact the host has, for what is missing.
func (h *host) hasLog() bool {
	return h.anyEvent(func(e *event) bool { return !strings.HasPrefix(e.Kind, "reply-") })
}

// anyEvent tells whether the host has an event of some sort.
func (h *host) anyEvent(sort func(*event) bool) bool {
	for i := range h.events {
		if sort(&h.events[i]) {
			return true
		}
	}
	return false
}

func (h *host) hasInfo() bool    { return len(h.samples) > 0 }
func (h *host) hasSlowlog() bool { return h.slowlogSeen || len(h.commands) > 0 }

func (e *event) evidence() Evidence { return Evidence{File: e.File, Line: e.Line, Text: e.Text} }

func (c *command) evidence() Evidence {
	return Evidence{File: c.File, Line: c.Line, Text: fmt.Sprintf("slowlog id %d: %s %s took %s, ended %s", c.ID, c.Name, shorten(c.Args, 80),
		length(micros(c.Micros)), c.Ended.Time().Format(time.TimeOnly))}
}

func (l *latency) evidence() Evidence {
	return Evidence{File: l.File, Line: l.Line, Text: fmt.Sprintf("latency event %s: %d ms at %s", l.Event, l.Last.Or(0), l.At.Time().Format(time.TimeOnly))}
}

func (s *sample) evidence(fields ...string) Evidence {
	return Evidence{File: s.File, Line: s.Line, Text: strings.Join(fields, " ")}
}

func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}
