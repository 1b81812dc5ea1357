package sizing

import (
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
)

// maxSteps bounds the curve of a capture with thousands of resyncs.
const maxSteps = 24

// curve is how many full resyncs are left at each value of one setting at which that changes, from the present value on. at is the value as the
// model takes it, word as the server does.
func curve(as []Account, setting string, present int64, values []int64, at func(int64) Settings, word func(int64) string) []diagnosis.WhatIf {
	values = slices.DeleteFunc(values, func(v int64) bool { return v <= present })
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) > maxSteps {
		thin := make([]int64, 0, maxSteps)
		for i := range maxSteps {
			thin = append(thin, values[(i+1)*len(values)/maxSteps-1])
		}
		values = thin
	}
	out := []diagnosis.WhatIf{step0(setting, present, word(present), fullOf(as, Settings{}))}
	last := Settings{}
	for _, v := range values {
		left := fullOf(as, at(v))
		if left == out[len(out)-1].FullSyncs {
			continue
		}
		out = append(out, step0(setting, v, word(v), left))
		out[len(out)-1].Saves = savedBetween(as, last, at(v))
		last = at(v)
	}
	return out
}

func backlogCurve(as []Account, present int64) []diagnosis.WhatIf {
	var sizes []int64
	for i := range as {
		for j := range as[i].Demands {
			if d := &as[i].Demands[j]; d.Curable {
				sizes = append(sizes, d.Need.Most)
			}
		}
		if l := &as[i].limits; l.shares && l.measured {
			sizes = append(sizes, l.buffer) // from 7.0 the limit for replicas is never below the backlog
		}
	}
	return curve(as, "repl-backlog-size", present, sizes, func(v int64) Settings { return Settings{Backlog: v} }, diagnosis.SizeWord)
}

// bufferCurve has none where nobody was closed at the limit.
func bufferCurve(g *replication.Group, as []Account) []diagnosis.WhatIf {
	hard, _, _, ok := g.Primary.ReplicaLimit()
	if !ok || !slices.ContainsFunc(as, func(a Account) bool { return len(a.limits.closes) > 0 }) {
		return nil
	}
	var values []int64
	for i := range as {
		if l := &as[i].limits; l.measured {
			values = append(values, l.buffer)
		}
	}
	return curve(as, "client-output-buffer-limit replica", hard, values, func(v int64) Settings { return Settings{Limit: v} }, diagnosis.SizeWord)
}

// timeoutCurve has none where nothing was lost to the timeout.
func timeoutCurve(g *replication.Group, as []Account) []diagnosis.WhatIf {
	now := int64(g.Primary.Duration("repl-timeout") / second)
	var values []int64
	for i := range as {
		l := &as[i].limits
		values = append(values, l.silence, l.transfer, l.fork)
	}
	if now == 0 || len(values) == 0 || slices.Max(values) <= now {
		return nil
	}
	out := curve(as, "repl-timeout", now, values, func(v int64) Settings { return Settings{Timeout: v} }, diagnosis.Itoa)
	if d, who := survived(g); d > 0 {
		out[0].Saves = fmt.Sprintf("nothing more; the longest silence survived was %s (%s)", diagnosis.Length(d), who)
	}
	return out
}

// step0 is a step of a curve that saves nothing; only a backlog's size is told in bytes as well.
func step0(setting string, value int64, word string, full int64) diagnosis.WhatIf {
	w := diagnosis.WhatIf{Setting: setting, Value: word, FullSyncs: full}
	if setting == "repl-backlog-size" {
		w.BacklogBytes = value
	}
	return w
}

func fullOf(as []Account, s Settings) int64 {
	n := int64(0)
	for i := range as {
		n += as[i].Try(s).Full
	}
	return n
}

// savedBetween names the resyncs that happen under one setting and no longer under the next.
func savedBetween(as []Account, from, to Settings) string {
	var names []string
	n := 0
	for i := range as {
		_, was := as[i].replay(from)
		_, is := as[i].replay(to)
		for j := range was {
			if was[j] && !is[j] {
				if n++; len(names) < 3 {
					names = append(names, as[i].Demands[j].dated())
				}
			}
		}
	}
	if n > len(names) {
		names = append(names, fmt.Sprintf("%d more", n-len(names)))
	}
	if n == 0 {
		return ""
	}
	return diagnosis.List(names)
}
