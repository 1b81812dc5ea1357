package timeline

import (
	"cmp"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Read sorts a case's rows by instance and reads their clocks' zones. Times on the axis are set later, by [Lay].
func Read(c *table.Case, o Options) []*Host {
	hs := hosts(c, table.ReadEach[dump, table.Sample])
	clocks(hs, o)
	return hs
}

// Spend is Read that lets go of the case's dumps as it reads them: its Samples are empty afterwards.
func Spend(c *table.Case, o Options) []*Host {
	hs := hosts(c, table.Spend[dump, table.Sample])
	clocks(hs, o)
	return hs
}

func hosts(c *table.Case, dumps func(*table.Table[table.Sample], func([]dump))) []*Host {
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
	part(samplesOf(&c.Samples, c.Files, dumps), func(r *Sample) *[]Sample { return &of(r.Instance).Samples })
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
	several := map[string]micros{} // files with the lines of several servers, and when they were last changed
	for _, f := range c.Files {
		if f.Instance == "" {
			several[f.Path] = f.ModTime
			continue
		}
		if f.Rejected > 0 {
			h := of(f.Instance)
			h.Damage = append(h.Damage, Damage{diagnosis.Plural(f.Rejected, "line", "lines") + " that cannot be read", f.Path, 1})
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
		h.writtenIn(several)
	}
	giveWatchers(out, of)
	out = giveMachines(out)
	for _, h := range out {
		h.Sentinel = isSentinel(h)
		for i := range h.Events {
			h.Events[i].Means = message.MeansOf(h.Events[i].Kind, h.Events[i].Number.Or(0))
		}
		h.countedOnce()
		h.childrenCrash()
	}
	unmask(out)
	for _, h := range out {
		files := filesOf(h.Events)
		h.mend(files)
		for i := range h.Events {
			h.Events[i].Index = i
		}
	}
	slices.SortFunc(out, func(a, b *Host) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// writtenIn notes when those files were last changed that have lines of the host among others'.
func (h *Host) writtenIn(several map[string]micros) {
	file := ""
	for i := 0; i < len(h.Events) && len(several) > 0; i++ {
		if e := &h.Events[i]; e.File != file {
			file = e.File
			if at, ok := several[file]; ok {
				h.written = max(h.written, at)
			}
		}
	}
}

// part gives each host its rows. Those of one instance mostly lie together, as they were read: then they stay where
// they are: copying them twice was half of all that an analysis allocated (477 of 837 MB of a 912 MB fleet).
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

// giveWatchers takes Sentinels' lines out of servers' logs, as of a container that runs both: a process is a Sentinel for life (redis 7.4.1 server.c
// serverLogRaw).
func giveWatchers(hs []*Host, of func(string) *Host) {
	for _, h := range hs {
		h.givesWatcher(of)
	}
}

// givesWatcher does that for one log. One of a Sentinel alone, with the lines of its start (role C), stays whole.
func (h *Host) givesWatcher(of func(string) *Host) {
	watch, serve := 0, 0
	for i := range h.Events {
		switch h.Events[i].Role {
		case "X":
			watch++
		case "M", "S":
			serve++
		}
	}
	if watch == 0 || serve == 0 {
		return
	}
	w := of(h.Name + "/sentinel")
	own := make([]Event, 0, len(h.Events)-watch)
	for _, e := range h.Events {
		if e.Role == "X" {
			w.Events = append(w.Events, e)
		} else {
			own = append(own, e)
		}
	}
	h.Events = own
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
