package correlate

import (
	"cmp"
	"math"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// draw adds the lanes and series that reports draw, for groups with incidents and the one that is asked for.
func draw(g *replication.Group, d *diagnosis.Diagnosis) {
	all := slices.Clone(g.Hosts)
	has := map[*timeline.Host]bool{}
	for _, h := range all {
		has[h] = true
	}
	for _, l := range g.Links {
		if !has[l.Replica] {
			has[l.Replica] = true
			all = append(all, l.Replica)
		}
	}
	behind := lags(g)
	for _, h := range all {
		d.Lanes = append(d.Lanes, lane(g, h))
		d.Series = append(d.Series, series(g, h, behind[h])...)
	}
}

// lane is one instance's life over the capture.
func lane(g *replication.Group, h *timeline.Host) diagnosis.Lane {
	l := diagnosis.Lane{Instance: h.Name, Group: g.ID, Role: "replica", Bars: []diagnosis.Bar{}, Marks: []diagnosis.Mark{}}
	if h == g.Primary {
		l.Role = "primary"
	}
	b := bars{on: &l, h: h, end: max(h.LastSeen(), g.LastSeen())}
	b.link(g)
	b.stalls()
	b.events()
	b.machine()
	slices.SortStableFunc(l.Marks, func(a, b diagnosis.Mark) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Kind, b.Kind))
	})
	return l
}

// up draws a stretch in which the link was up. A process that ended holds no link until the next one begins.
func (b *bars) up(from, to micros) {
	for i := range b.h.Lives {
		l := &b.h.Lives[i]
		next := to
		if i+1 < len(b.h.Lives) {
			next = b.h.Lives[i+1].From
		}
		if l.How == "" || l.How == "ended" || l.To == unknown || next <= from || l.To >= to {
			continue
		}
		b.bar("up", from, l.To)
		b.bar("gone", max(from, l.To), min(to, next))
		from = max(from, next)
	}
	b.bar("up", from, to)
}

// link draws the host's outages, and that it was up between them.
func (b *bars) link(g *replication.Group) {
	at, open := b.h.FirstSeen(), false
	for _, o := range g.Links {
		if o.Replica != b.h {
			continue
		}
		open = o.Restored == unknown
		if o.Lost == unknown {
			continue
		}
		if at != unknown {
			b.up(at, o.Lost)
		}
		at = b.outage(o)
	}
	if at != unknown && !open {
		b.up(at, b.end)
	}
}

// outage draws one outage, its transfers and loads in it, and returns where it ends.
func (b *bars) outage(o *replication.Outage) micros {
	stop := o.Restored
	if stop == unknown {
		stop = b.end
	}
	at := o.Lost
	for _, t := range o.Tries {
		if t.Granted != diagnosis.Full {
			continue
		}
		begin, done := t.At, t.End
		if t.FullEv != nil {
			begin = t.FullEv.At
		}
		if done == unknown {
			done = stop
		}
		b.bar("down", at, begin)
		if t.LoadEv != nil {
			b.bar("transfer", begin, t.LoadEv.At)
			b.bar("load", t.LoadEv.At, done)
		} else {
			b.bar("transfer", begin, done)
		}
		at = max(at, done)
	}
	b.bar("down", at, stop)
	return stop
}

func (b *bars) stalls() {
	for _, s := range b.h.Stalls {
		kind, what, ev := "stall", b.h.Name+" gave no sign of life for "+diagnosis.Length(s.To-s.From), []diagnosis.Evidence{}
		if len(s.Because) > 0 {
			kind, what, ev = s.Because[0].Kind, s.Because[0].Summary, s.Because[0].Evidence
		}
		b.mark(s.From, kind, s.To-s.From, what, diagnosis.Few(ev, 3)...)
	}
}

func (b *bars) events() {
	for i := range b.h.Events {
		e := &b.h.Events[i]
		switch {
		case e.Is(message.Forked):
			b.mark(e.At, "fork", 0, "child started", e.Evidence())
		case e.Kind == message.ServerReady || e.Kind == message.ServerStarted:
			b.mark(e.At, "restart", 0, "the server started", e.Evidence())
		case e.Is(message.LackOfBacklog | message.UnknownID | message.NoBacklog):
			b.mark(e.At, "refused", 0, "partial resync refused", e.Evidence())
		case e.Kind == message.Promoted || e.Kind == message.PromotedByFailover:
			b.mark(e.At, "promotion", 0, "became a primary", e.Evidence())
		}
	}
}

// drawn are the numbers worth a line over time. value is nil-able: a dump without the field is a gap.
var drawn = []struct {
	name, unit string
	value      func(*timeline.Sample) (float64, bool)
	rate       bool // drawn as its change per second
}{
	{"master_repl_offset_rate", "bytes/s", func(s *timeline.Sample) (float64, bool) {
		return number(s.PrimaryOffset, s.Role == "master")
	}, true},
	{"repl_backlog_histlen_bytes", "bytes", func(s *timeline.Sample) (float64, bool) {
		return number(s.BacklogHistlen, s.Role == "master")
	}, false},
	{"link_up", "", func(s *timeline.Sample) (float64, bool) {
		if s.LinkStatus == "up" {
			return 1, true
		}
		return 0, s.LinkStatus == "down"
	}, false},
	{"master_last_io_seconds_ago", "seconds", func(s *timeline.Sample) (float64, bool) {
		return number(s.LastIOSeconds, s.LastIOSeconds >= 0)
	}, false},
	{"latest_fork_us", "us", func(s *timeline.Sample) (float64, bool) { return number(s.LatestForkMicros, true) }, false},
	{"mem_clients_slaves_bytes", "bytes", func(s *timeline.Sample) (float64, bool) {
		return number(s.MemClientsSlaves, s.Role == "master")
	}, false},
	{"used_memory_bytes", "bytes", func(s *timeline.Sample) (float64, bool) { return number(s.UsedMemory, true) }, false},
	{"instantaneous_ops_per_second", "1/s", func(s *timeline.Sample) (float64, bool) { return number(s.OpsPerSecond, true) }, false},
	{"sync_full", "", func(s *timeline.Sample) (float64, bool) { return number(s.SyncFull, s.Role == "master") }, false},
	{"connected_slaves", "", func(s *timeline.Sample) (float64, bool) {
		return number(s.ConnectedReplicas, s.Role == "master")
	}, false},
}

func number(n table.Int, ok bool) (float64, bool) {
	return float64(n), ok && n.Known()
}

func series(g *replication.Group, h *timeline.Host, behind []lag) []diagnosis.Series {
	var out []diagnosis.Series
	var c curve
	for _, v := range drawn {
		c.of(h, v.value, v.rate)
		out = c.append(out, diagnosis.Series{Instance: h.Name, Group: g.ID, Name: v.name, Unit: v.unit})
	}
	out = ofMachine(g, h, &c, out)
	c.ofLags(behind)
	return c.append(out, diagnosis.Series{Instance: h.Name, Group: g.ID, Name: "offset_lag_bytes", Unit: "bytes"})
}

// of gathers what a host's dumps say of one thing, or its change per second.
func (c *curve) of(h *timeline.Host, value func(*timeline.Sample) (float64, bool), rate bool) {
	c.at, c.values = c.at[:0], c.values[:0]
	var prev *timeline.Sample
	for i := range h.Samples {
		s := &h.Samples[i]
		if i > 0 {
			c.hole(h.Samples[i-1].At, s.At, h.Interval())
		}
		x, ok := value(s)
		if !ok {
			prev = nil
			if !rate {
				c.nothing(s.At)
			}
			continue
		}
		if rate {
			p := prev
			prev = s
			if p == nil || p.RunID != s.RunID || s.At-p.At < timeline.SameMoment {
				continue
			}
			was, _ := value(p)
			x = max(0, (x-was)/diagnosis.Seconds(s.At-p.At))
		}
		c.add(s.At, x)
	}
}

// ofLags gathers how far behind a replica was.
func (c *curve) ofLags(behind []lag) {
	c.at, c.values = c.at[:0], c.values[:0]
	for i, l := range behind {
		if i > 0 {
			c.hole(behind[i-1].at, l.at, l.step)
		}
		if math.IsNaN(l.bytes) {
			c.nothing(l.at)
		} else {
			c.add(l.at, l.bytes)
		}
	}
}

// lag is how many bytes a replica's acknowledged offset was behind the primary's; NaN while it was not streaming: what it acknowledges before
// a snapshot is loaded is no place in the stream.
type lag struct {
	at, step micros // when, and how far the primary's dumps usually are apart
	bytes    float64
}

// lags are those of every replica, by the primaries' own dumps.
func lags(g *replication.Group) map[*timeline.Host][]lag {
	out := map[*timeline.Host][]lag{}
	for _, p := range g.Servers() {
		i := 0
		for j := range p.Replicas {
			r := &p.Replicas[j]
			if !r.Offset.Known() {
				continue
			}
			for i < len(p.Samples) && p.Samples[i].At < r.At {
				i++
			}
			if i < len(p.Samples) && p.Samples[i].At == r.At && p.Samples[i].PrimaryOffset.Known() {
				l := lag{r.At, p.Interval(), float64(max(p.Samples[i].PrimaryOffset-r.Offset, 0))}
				if r.State != "" && r.State != "online" {
					l.bytes = math.NaN()
				}
				if h := g.At(r.Addr); h != nil {
					out[h] = append(out[h], l)
				}
			}
		}
	}
	return out
}
