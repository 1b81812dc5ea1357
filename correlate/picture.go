package correlate

import (
	"cmp"
	"math"
	"slices"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// maxPoints bounds a series: enough for a wide screen, few enough that a group's day stays small. Each bucket keeps
// its lowest and highest value, so that no peak is lost.
const maxPoints = 1200

// picture adds the lanes and series that reports draw, for groups with incidents and the one that is asked for.
func (g *group) picture(d *Diagnosis) {
	all := slices.Clone(g.hosts)
	for _, l := range g.links {
		if !slices.Contains(all, l.replica) {
			all = append(all, l.replica)
		}
	}
	for _, h := range all {
		d.Lanes = append(d.Lanes, g.lane(h))
		d.Series = append(d.Series, g.series(h)...)
	}
}

func (g *group) lane(h *host) Lane {
	l := Lane{Instance: h.name, Group: g.id, Role: "replica", Bars: []Bar{}, Marks: []Mark{}}
	if h == g.primary {
		l.Role = "primary"
	}
	from, to := h.firstSeen(), lastSeen(h, 1<<62)
	end := max(to, g.lastSeen())
	at := from
	bar := func(state string, a, b micros) {
		if a == unknown || b == unknown || b <= a {
			return
		}
		l.Bars = append(l.Bars, Bar{State: state, From: *stampOf(a), To: *stampOf(b)})
	}
	// A process that ended holds no link until the next one begins.
	up := func(a, b micros) {
		for i := range h.lives {
			l := &h.lives[i]
			next := b
			if i+1 < len(h.lives) {
				next = h.lives[i+1].from
			}
			if l.how == "" || l.how == "ended" || l.to == unknown || next <= a || l.to >= b {
				continue
			}
			bar("up", a, l.to)
			bar("gone", max(a, l.to), min(b, next))
			a = max(a, next)
		}
		bar("up", a, b)
	}
	var own []*outage
	for _, o := range g.links {
		if o.replica == h {
			own = append(own, o)
		}
	}
	for _, o := range own {
		if o.lost == unknown {
			continue
		}
		if at != unknown {
			up(at, o.lost)
		}
		stop := o.restored
		if stop == unknown {
			stop = end
		}
		at = o.lost
		for _, t := range o.tries {
			if t.granted != "full" {
				continue
			}
			done := t.end
			if done == unknown {
				done = stop
			}
			begin, load := t.at, unknown
			if t.fullEv != nil {
				begin = t.fullEv.at
			}
			if t.loadEv != nil {
				load = t.loadEv.at
			}
			bar("down", at, begin)
			if load != unknown {
				bar("transfer", begin, load)
				bar("load", load, done)
			} else {
				bar("transfer", begin, done)
			}
			at = max(at, done)
		}
		bar("down", at, stop)
		at = stop
	}
	if at != unknown && (len(own) == 0 || own[len(own)-1].restored != unknown) {
		up(at, end)
	}
	mark := func(at micros, kind string, length micros, what string, ev ...Evidence) {
		if at != unknown {
			l.Marks = append(l.Marks, Mark{At: *stampOf(at), Kind: kind, Seconds: seconds(length), ErrorS: seconds(h.clock.err), Summary: what, Evidence: append([]Evidence{}, ev...)})
		}
	}
	for _, s := range h.stalls {
		kind, what, ev := "stall", h.name+" gave no sign of life for "+length(s.to-s.from), []Evidence{}
		if len(s.because) > 0 {
			kind, what, ev = s.because[0].kind, s.because[0].summary, s.because[0].evidence
		}
		mark(s.from, kind, s.to-s.from, what, few(ev, 3)...)
	}
	for i := range h.events {
		e := &h.events[i]
		switch e.Kind {
		case message.BgsaveStarted, message.DisklessTransferStarted, message.AofRewriteStarted:
			mark(e.at, "fork", 0, "child started", e.evidence())
		case message.ServerReady, message.ServerStarted:
			mark(e.at, "restart", 0, "the server started", e.evidence())
		case message.PsyncRefusedBacklog, message.PsyncRefusedReplid, message.PsyncRefusedBacklogNone:
			mark(e.at, "refused", 0, "partial resync refused", e.evidence())
		case message.Promoted, message.PromotedByFailover:
			mark(e.at, "promotion", 0, "became a primary", e.evidence())
		}
	}
	slices.SortStableFunc(l.Marks, func(a, b Mark) int { return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Kind, b.Kind)) })
	return l
}

// drawn are the numbers worth a line over time. value is nil-able: a dump without the field is a gap.
var drawn = []struct {
	name, unit string
	value      func(*sample) (float64, bool)
	rate       bool // drawn as its change per second
}{
	{"master_repl_offset_rate", "bytes/s", func(s *sample) (float64, bool) {
		return number(s.PrimaryOffset, s.Role == "master")
	}, true},
	{"repl_backlog_histlen_bytes", "bytes", func(s *sample) (float64, bool) {
		return number(s.BacklogHistlen, s.Role == "master")
	}, false},
	{"link_up", "", func(s *sample) (float64, bool) {
		if s.LinkStatus == "up" {
			return 1, true
		}
		return 0, s.LinkStatus == "down"
	}, false},
	{"master_last_io_seconds_ago", "seconds", func(s *sample) (float64, bool) {
		return number(s.LastIOSeconds, s.LastIOSeconds >= 0)
	}, false},
	{"latest_fork_us", "us", func(s *sample) (float64, bool) { return number(s.LatestForkMicros, true) }, false},
	{"mem_clients_slaves_bytes", "bytes", func(s *sample) (float64, bool) {
		return number(s.MemClientsSlaves, s.Role == "master")
	}, false},
	{"used_memory_bytes", "bytes", func(s *sample) (float64, bool) { return number(s.UsedMemory, true) }, false},
	{"instantaneous_ops_per_second", "1/s", func(s *sample) (float64, bool) { return number(s.OpsPerSecond, true) }, false},
	{"sync_full", "", func(s *sample) (float64, bool) { return number(s.SyncFull, s.Role == "master") }, false},
	{"connected_slaves", "", func(s *sample) (float64, bool) {
		return number(s.ConnectedReplicas, s.Role == "master")
	}, false},
}

func number(n table.Int, ok bool) (float64, bool) {
	return float64(n), ok && n.Known()
}

// curve gathers a series' points; NaN is a gap. Its memory is used again for the next one.
type curve struct {
	at     []int64
	values []float64
}

func (c *curve) add(at micros, x float64) {
	c.at, c.values = append(c.at, int64(at/1000)), append(c.values, x)
}

func (g *group) series(h *host) []Series {
	var out []Series
	var c curve
	for _, v := range drawn {
		c.at, c.values = c.at[:0], c.values[:0]
		var prev *sample
		for i := range h.samples {
			s := &h.samples[i]
			x, ok := v.value(s)
			if v.rate {
				if !ok {
					prev = nil
					continue
				}
				p := prev
				prev = s
				if p == nil || p.RunID != s.RunID || s.at-p.at < second/4 {
					continue
				}
				was, _ := v.value(p)
				x = max(0, (x-was)/seconds(s.at-p.at))
			}
			if !ok {
				if n := len(c.values); n > 0 && !math.IsNaN(c.values[n-1]) {
					c.add(s.at, math.NaN())
				}
				continue
			}
			c.add(s.at, x)
		}
		out = c.append(out, Series{Instance: h.name, Group: g.id, Name: v.name, Unit: v.unit})
	}
	return g.lagSeries(out, h, &c)
}

// lagSeries adds how many bytes a replica's acknowledged offset is behind the primary's, by the primary's own dumps.
func (g *group) lagSeries(out []Series, h *host, c *curve) []Series {
	c.at, c.values = c.at[:0], c.values[:0]
	for _, p := range g.servers() {
		i := 0
		for j := range p.replicas {
			r := &p.replicas[j]
			if !r.Offset.Known() || g.at(r.Addr) != h {
				continue
			}
			for i < len(p.samples) && p.samples[i].at < r.at {
				i++
			}
			if i < len(p.samples) && p.samples[i].at == r.at && p.samples[i].PrimaryOffset.Known() {
				c.add(r.at, float64(max(p.samples[i].PrimaryOffset-r.Offset, 0)))
			}
		}
	}
	return c.append(out, Series{Instance: h.name, Group: g.id, Name: "offset_lag_bytes", Unit: "bytes"})
}

// append adds the thinned curve as the points of s, if it has any.
func (c *curve) append(out []Series, s Series) []Series {
	if len(c.at) == 0 {
		return out
	}
	c.thin()
	s.At = slices.Clone(c.at)
	s.Values = make([]*float64, len(c.values))
	kept := slices.Clone(c.values)
	for i := range kept {
		if !math.IsNaN(kept[i]) {
			s.Values[i] = &kept[i]
		}
	}
	return append(out, s)
}

// thin leaves at most maxPoints, keeping the lowest and the highest of each bucket, and gaps.
func (c *curve) thin() {
	if len(c.at) <= maxPoints {
		return
	}
	const buckets = maxPoints / 2
	all, n := len(c.at), 0
	keep := func(i int) {
		c.at[n], c.values[n] = c.at[i], c.values[i] // never ahead of what is still to be read: two of each bucket, in order
		n++
	}
	for b := range buckets {
		lo, hi := b*all/buckets, (b+1)*all/buckets
		low, high := -1, -1
		for i := lo; i < hi; i++ {
			if math.IsNaN(c.values[i]) {
				continue
			}
			if low < 0 || c.values[i] < c.values[low] {
				low = i
			}
			if high < 0 || c.values[i] > c.values[high] {
				high = i
			}
		}
		switch {
		case low < 0:
			keep(lo)
		case low == high:
			keep(low)
		default:
			keep(min(low, high))
			keep(max(low, high))
		}
	}
	c.at, c.values = c.at[:n], c.values[:n]
}
