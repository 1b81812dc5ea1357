package timeline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Read sorts a case's rows by instance and reads their clocks' zones. Times on the axis are set later, by [Lay].
func Read(c *table.Case, o Options) []*Host {
	hs := hosts(c)
	clocks(hs, o)
	return hs
}

func hosts(c *table.Case) []*Host {
	byName := map[string]*Host{}
	var out []*Host
	of := func(name string) *Host {
		h := byName[name]
		if h == nil {
			h = &Host{Name: name, Settings: map[string]Setting{}, written: unknown}
			byName[name] = h
			out = append(out, h)
		}
		return h
	}
	for _, i := range c.Instances {
		h := of(i.Name)
		h.Addrs, h.Reached = append(h.Addrs, i.Addrs...), append(h.Reached, i.Reached...)
	}
	part(table.Read[Sample](&c.Samples), func(r *Sample) *[]Sample { return &of(r.Instance).Samples })
	part(table.Read[ReplicaRow](&c.Replicas), func(r *ReplicaRow) *[]ReplicaRow { return &of(r.Instance).Replicas })
	part(table.Read[Statistic](&c.Statistics), func(r *Statistic) *[]Statistic { return &of(r.Instance).Stats })
	part(heard(c, of), func(r *Event) *[]Event { return &of(r.Instance).Events })
	part(table.Read[latency](&c.Latency), func(r *latency) *[]latency { return &of(r.Instance).latency })
	part(table.Read[HostSample](&c.Host), func(r *HostSample) *[]HostSample { return &of(r.Instance).Machine })
	part(c.Clients.Rows(), func(r *table.Client) *[]table.Client { return &of(r.Instance).Clients })
	for _, r := range table.Read[Command](&c.Commands) {
		if r.Log == "" || r.Log == "slow" {
			h := of(r.Instance)
			h.Commands = append(h.Commands, r)
		}
	}
	for _, r := range c.Settings.Rows() {
		h := of(r.Instance)
		// redis.conf gives this one a line for each class of clients; the reader of the value takes the last of a class.
		if old := h.Settings[r.Name].Value; r.Name == "client-output-buffer-limit" && len(old) < 1000 && !strings.Contains(old, r.Value) {
			r.Value = strings.TrimSpace(old + " " + r.Value)
		}
		h.Settings[r.Name] = Setting{Setting: r}
	}
	for _, f := range c.Files {
		if f.Instance == "" {
			continue
		}
		if f.Rejected > 0 {
			of(f.Instance).damaged(tally{int(f.Rejected), table.Origin{File: f.Path, Line: 1}}, "lines that cannot be read")
		}
		switch f.Kind {
		case "slowlog":
			of(f.Instance).slowlogSeen = true
		case "log":
			h := of(f.Instance)
			h.written = max(h.written, f.ModTime)
		}
	}
	out = giveMachines(out)
	for _, h := range out {
		h.countedOnce()
		h.mend()
		h.Sentinel = isSentinel(h)
		for i := range h.Events {
			h.Events[i].Means = message.MeansOf(h.Events[i].Kind, h.Events[i].Number.Or(0))
		}
		h.Events = withoutStutters(h.Events)
	}
	unmask(out)
	for _, h := range out {
		h.strangePeers()
		for i := range h.Events {
			h.Events[i].Index = i
		}
	}
	slices.SortFunc(out, func(a, b *Host) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// heard are the servers' own messages. What the kernel says under a server is kept beside them. What a collector says of itself is no word of the
// server's: a log that is not there stays missing, and a process that is gone stays silent, though somebody goes on asking it. How far who asked got is kept.
func heard(c *table.Case, of func(string) *Host) []Event {
	return slices.DeleteFunc(table.Read[Event](&c.Events), func(r Event) bool {
		kernels := table.ByKernel(r.Kind)
		if kernels {
			h := of(r.Instance)
			h.Kernel = append(h.Kernel, r)
		}
		if r.Kind == table.CollectFailed {
			h := of(r.Instance)
			h.failures = append(h.failures, r)
			return true
		}
		return kernels
	})
}

// countedOnce leaves out what was handed over more than once.
func (h *Host) countedOnce() {
	h.Events = once(h.Events)
	type dump struct {
		run            string
		at             table.Micros
		uptime, offset int64
	}
	if files := map[string]bool{}; len(h.Samples) > 1 {
		for i := range h.Samples {
			files[h.Samples[i].File] = true
		}
		if len(files) > 1 {
			h.Samples = onceEach(h.Samples, func(s *Sample) (dump, bool) {
				return dump{s.RunID, s.ServerTime, s.Uptime.Or(-1), s.PrimaryOffset.Or(-1)}, s.RunID != "" && s.ServerTime.Known()
			})
		}
	}
	type entry struct {
		id    int64
		ended table.Micros
		took  int64
		args  string
	}
	if len(h.Commands) > 1 && h.Commands[0].File != h.Commands[len(h.Commands)-1].File {
		h.Commands = onceEach(h.Commands, func(c *Command) (entry, bool) { return entry{c.ID, c.Ended, c.Micros, c.Args}, true })
	}
}

func isSentinel(h *Host) bool {
	for i := range h.Samples {
		if h.Samples[i].Mode == "sentinel" {
			return true
		}
	}
	x, n := 0, 0
	for i := range h.Events {
		if h.Events[i].Role != "" {
			n++
			if h.Events[i].Role == "X" {
				x++
			}
		}
	}
	if n > 0 {
		return x*2 > n
	}
	// Before 3.0 no line says whose it is (redis 2.8 redis.c redisLogRaw).
	for i := range h.Events {
		if k, ok := message.Default().Lookup(h.Events[i].Kind); ok && k.Family == "sentinel" {
			x++
		}
	}
	return x*2 > len(h.Events)
}

// clocks reads off each host's own evidence what its log's local time is ahead of its UTC.
func clocks(hs []*Host, o Options) {
	anchor := anyInstant(hs)
	for _, h := range hs {
		h.Clock = clock{Method: "unaligned: alone in its group"}
		h.Clock.collector = collectorAhead(h)
		sortByTime(h.Samples, h.Clock.Dump)
		own := anyInstant([]*Host{h})
		if own == unknown {
			own = anchor
		}
		bound := unknown
		if own == unknown && h.written != unknown {
			own, bound = h.written, h.written+yearSlack // years alone rest on it: no line is written after its file
		}
		if o.Year != 0 {
			own, bound = table.MicrosOf(time.Date(o.Year, time.July, 1, 0, 0, 0, 0, time.UTC)), unknown
		}
		giveYears(h, own, bound)
		h.Clock.Zone, h.Clock.ZoneHow, h.Clock.ZoneKnown = zoneOf(h, o)
		if o.TZ[h.Name] == nil {
			h.findZoneChange()
		} else {
			h.followZone(o.TZ[h.Name])
		}
	}
}
