package sizing

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// Closes are the replicas that the primaries closed at their output buffer limit in one incident.
func Closes(in *incident.Incident) []*timeline.Event {
	var out []*timeline.Event
	for _, o := range in.Outages {
		for _, e := range slices.Concat(o.Failures, o.Notices) {
			if replication.ClosedReplica(e) && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
		if o.Overflow != nil && !slices.Contains(out, o.Overflow) {
			out = append(out, o.Overflow)
		}
	}
	slices.SortStableFunc(out, func(a, b *timeline.Event) int { return cmp.Compare(a.At, b.At) })
	return out
}

// BufferNeed is the hard limit with which the incident's first close would not have been the beginning of a loop: what
// was waiting at it, and what was written from then until the replica was up again. It is an upper bound, for what
// drained meanwhile is not known. ok is false where no INFO tells what was written, or the replica never came back.
func BufferNeed(in *incident.Incident) (need, written int64, ok bool) {
	cs := Closes(in)
	if len(cs) == 0 {
		return 0, 0, false
	}
	for _, e := range cs {
		need = max(need, e.Bytes.Or(0)+1)
	}
	if in.End == unknown {
		return need, 0, false
	}
	p := in.Primary
	from, _ := p.OffsetsAround(cs[0].At, p.Clock.Err, "")
	_, to := p.OffsetsAround(in.End, p.Clock.Err, "")
	if from < 0 || to < from {
		return need, 0, false
	}
	return max(need, cs[0].Bytes.Or(0)+to-from), to - from, true
}

// bufferCurve is how many full resyncs other values of client-output-buffer-limit replica would have left.
func bufferCurve(g *replication.Group, p *Plan) []diagnosis.WhatIf {
	hard, _, _, ok := g.Primary.ReplicaLimit()
	if !ok {
		return nil
	}
	type save struct {
		need, full int64
		name       string
	}
	var saves []save
	total, any := int64(0), false
	for i := range p.Accounts {
		a := &p.Accounts[i]
		total += a.Total
		cs := Closes(a.In.Incident)
		if len(cs) == 0 {
			continue
		}
		any = true
		need, _, ok := BufferNeed(a.In.Incident)
		if !ok {
			continue
		}
		// The resync that was under way at the first close had been asked for already.
		before := int64(0)
		for j := range a.Demands {
			if a.Demands[j].at < cs[0].At-replication.ClockSlack {
				before += a.Demands[j].count
			}
		}
		if n := a.Total - before; n > 0 {
			saves = append(saves, save{need, n, fmt.Sprintf("what followed the closing of %s at %s", replication.PeerName(cs[0], g), cs[0].At.Time().Format(diagnosis.StampLayout))})
		}
	}
	if !any {
		return nil
	}
	slices.SortStableFunc(saves, func(a, b save) int { return cmp.Compare(a.need, b.need) })
	const name = "client-output-buffer-limit replica"
	out := []diagnosis.WhatIf{step0(name, 0, diagnosis.SizeWord(hard), total)}
	for _, s := range saves {
		total -= s.full
		out = append(out, diagnosis.WhatIf{Setting: name, Value: diagnosis.SizeWord(s.need), FullSyncs: max(total, 0), Saves: s.name})
	}
	return out
}

// Silence is how long the links of the incident's first wave carried nothing before life came back, where they were
// given up for it; 0 where they were not.
func Silence(in *cause.Judged) micros {
	if !in.Silent || in.First == nil {
		return 0
	}
	from, to := in.Contact, unknown
	if b := in.Verdict.Best; b != nil {
		if st := in.StallOf(b.Suspect); st != nil && b.Cause.On != cause.OnPath && st.To != unknown {
			from, to = min(from, st.From), st.To
		}
	}
	if to == unknown {
		for _, o := range in.Wave {
			for _, t := range o.Tries {
				if t.Granted != "" && (to == unknown || t.At > to) {
					to = t.At
					break
				}
			}
		}
	}
	if to == unknown || to <= from {
		return 0
	}
	return to - from
}

// TimeoutNeed is the repl-timeout with which the first wave would have kept its links: timers tick once a second and
// ask for more than the timeout (redis 7.4.1 replication.c replicationCron).
func TimeoutNeed(in *cause.Judged) int64 {
	d := Silence(in)
	if d == 0 {
		return 0
	}
	return int64((d+timeline.Tick-1)/second) + 1
}

// timeoutCurve is how many full resyncs other values of repl-timeout would have left.
func timeoutCurve(g *replication.Group, p *Plan) []diagnosis.WhatIf {
	type save struct {
		need, full int64
		name       string
	}
	var saves []save
	total := int64(0)
	now := int64(g.Primary.Duration("repl-timeout") / second)
	for i := range p.Accounts {
		a := &p.Accounts[i]
		total += a.Total
		n := TimeoutNeed(a.In)
		if n <= now || a.Total <= 0 {
			continue
		}
		if b := a.In.Verdict.Best; b != nil && b.Cause.Blocks {
			continue
		}
		saves = append(saves, save{n, a.Total, fmt.Sprintf("%s at %s", diagnosis.List(a.In.Affected), a.In.Start.Time().Format(diagnosis.StampLayout))})
	}
	if len(saves) == 0 || now == 0 {
		return nil
	}
	slices.SortStableFunc(saves, func(a, b save) int { return cmp.Compare(a.need, b.need) })
	out := []diagnosis.WhatIf{step0("repl-timeout", 0, diagnosis.Itoa(now), total)}
	for _, s := range saves {
		total -= s.full
		out = append(out, diagnosis.WhatIf{Setting: "repl-timeout", Value: diagnosis.Itoa(s.need), FullSyncs: max(total, 0), Saves: s.name})
	}
	if d, who := survived(g); d > 0 {
		out[0].Saves = fmt.Sprintf("nothing more; the longest silence survived was %s (%s)", diagnosis.Length(d), who)
	}
	return out
}

// survived is the longest silence that a link outlived: master_last_io_seconds_ago of a link that was up, or lag.
func survived(g *replication.Group) (longest micros, who string) {
	for _, h := range g.Hosts {
		for i := range h.Samples {
			s := &h.Samples[i]
			if d := micros(s.LastIOSeconds.Or(0)) * second; s.LinkStatus == "up" && d > longest {
				// Only where the next dump shows the link still up.
				if i+1 < len(h.Samples) && h.Samples[i+1].LinkStatus == "up" && h.Samples[i+1].LastIOSeconds.Or(1<<30) < int64(s.LastIOSeconds) {
					longest, who = d, h.Name
				}
			}
		}
	}
	return longest, who
}
