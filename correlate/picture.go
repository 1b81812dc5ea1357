package correlate

import (
	"cmp"
	"slices"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// maxPoints bounds a series: enough for a wide screen, few enough that a group's day stays small. Each bucket keeps
// its lowest and highest value, so that no peak is lost.
const maxPoints = 1200

// picture adds the lanes and series that reports draw, for groups with incidents and where they are asked for.
func (g *group) picture(d *Diagnosis, o Options, ins []*incident) {
	if len(ins) == 0 && !o.Pictures {
		return
	}
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
			bar("up", at, o.lost)
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
		bar("up", at, end)
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

func (g *group) series(h *host) []Series {
	var out []Series
	for _, v := range drawn {
		var at []int64
		var values []*float64
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
				if len(values) > 0 && values[len(values)-1] != nil {
					at, values = append(at, int64(s.at/1000)), append(values, nil)
				}
				continue
			}
			at, values = append(at, int64(s.at/1000)), append(values, &x)
		}
		if len(values) > 0 {
			at, values = decimate(at, values)
			out = append(out, Series{Instance: h.name, Group: g.id, Name: v.name, Unit: v.unit, At: at, Values: values})
		}
	}
	if lag := g.lagSeries(h); lag != nil {
		out = append(out, *lag)
	}
	return out
}

// lagSeries is how many bytes a replica's acknowledged offset is behind the primary's, by the primary's own dumps.
func (g *group) lagSeries(h *host) *Series {
	s := Series{Instance: h.name, Group: g.id, Name: "offset_lag_bytes", Unit: "bytes"}
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
				x := float64(max(p.samples[i].PrimaryOffset-r.Offset, 0))
				s.At, s.Values = append(s.At, int64(r.at/1000)), append(s.Values, &x)
			}
		}
	}
	if len(s.At) == 0 {
		return nil
	}
	s.At, s.Values = decimate(s.At, s.Values)
	return &s
}

// decimate thins a series to at most maxPoints, keeping the lowest and the highest of each bucket, and its gaps.
func decimate(at []int64, values []*float64) ([]int64, []*float64) {
	if len(at) <= maxPoints {
		return at, values
	}
	buckets := maxPoints / 2
	var a []int64
	var v []*float64
	for b := range buckets {
		lo, hi := b*len(at)/buckets, (b+1)*len(at)/buckets
		low, high := -1, -1
		for i := lo; i < hi; i++ {
			if values[i] == nil {
				continue
			}
			if low < 0 || *values[i] < *values[low] {
				low = i
			}
			if high < 0 || *values[i] > *values[high] {
				high = i
			}
		}
		switch {
		case low < 0:
			a, v = append(a, at[lo]), append(v, nil)
		case low == high:
			a, v = append(a, at[low]), append(v, values[low])
		default:
			i, j := min(low, high), max(low, high)
			a, v = append(a, at[i], at[j]), append(v, values[i], values[j])
		}
	}
	return a, v
}
