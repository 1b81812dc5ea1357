package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/correlate/diagnosis"
)

// Align estimates the skew of every host against the reference: the primary, or the one that a person names. The
// reference's own clock stays as it is: skew 0. It reads the rows as they came; they are laid afterwards.
func Align(servers, sentinels []*Host, primary *Host, o Options) {
	ref := primary
	for _, h := range servers {
		if h.Name == o.Reference {
			ref = h
		}
	}
	if !ref.HasLog() && !ref.HasInfo() && len(servers) > 0 {
		ref = servers[0]
	}
	ref.Clock.aligned, ref.Clock.Method, ref.Clock.Err = true, "reference", 0
	// Whoever shares requests with an aligned server is aligned next: siblings meet at a new primary. A pair that failed once is not tried
	// again: what the two logged stays the same.
	tries := make([]aligning, 0, len(servers))
	var aligned []int // places in servers, in their order
	for i, h := range servers {
		switch {
		case h.Clock.aligned:
			aligned = append(aligned, i)
		default:
			tries = append(tries, aligning{Host: h, at: i})
		}
	}
	for more := true; more; {
		more = false
		for i := range tries {
			t := &tries[i]
			if t.Clock.aligned || !t.toAny(servers, aligned, o) {
				continue
			}
			n, _ := slices.BinarySearch(aligned, t.at)
			aligned = slices.Insert(aligned, n, t.at)
			more = true
		}
	}
	for _, h := range servers {
		if !h.Clock.aligned && !h.alignByOffsets(ref) {
			h.Clock.Method = "unaligned: no event ties it to " + ref.Name + "; its clock was taken as it is"
			h.Clock.Err = unalignedError
		}
	}
	alignSentinels(servers, sentinels)
}

// aligning is a host that is to be aligned.
type aligning struct {
	*Host
	at     int          // its place among the servers
	failed map[int]bool // places of servers that it shares nothing with
}

// toAny aligns the host as a person says, or to the first aligned server that logged requests of its own.
func (a *aligning) toAny(servers []*Host, aligned []int, o Options) bool {
	if s, ok := o.Skew[a.Name]; ok {
		a.Clock.set(micros(s.Microseconds()), second/2, 0, "--skew")
		return true
	}
	if len(a.Events) == 0 {
		return false // it logged nothing
	}
	for _, i := range aligned {
		if a.failed[i] {
			continue
		}
		if a.alignTo(servers[i]) {
			return true
		}
		if a.failed == nil {
			a.failed = map[int]bool{}
		}
		a.failed[i] = true
	}
	return false
}

// Tied reports whether something ties the host's clock to the reference, or a person says how far it is off.
func (h *Host) Tied() bool { return h.Clock.aligned }

// unalignedError is the doubt of a clock that nothing ties to another: hosts under NTP mostly agree to better, and
// no order is claimed inside it.
const unalignedError = 5 * second

// alignTo estimates h's skew from what it and p, which is aligned, logged of the same requests.
func (h *Host) alignTo(p *Host) bool {
	wait := h.Duration("repl-timeout") + TwoTicks
	candidates := bounds(requestsOf(h), RepliesOf(p), p, wait)
	for _, c := range bounds(requestsOf(p), RepliesOf(h), h, wait) { // h answered and p asked
		for i, iv := range c.in {
			c.in[i] = interval{-iv.hi, -iv.lo}
		}
		candidates = append(candidates, c)
	}
	if len(candidates) == 0 {
		return false
	}
	hint, sure := h.offsetSkew(p)
	if !sure {
		hint = 0 // hosts mostly keep about the same time
	}
	candidates, strong := strongest(candidates, hint, sure)
	likely, best, votes := stab(candidates, hint, sure)
	skew := likely.near(hint)
	if away := (skew - hint - zoneNear(skew-hint)).Abs(); !strong && away >= ClockWrong {
		return false // nothing but their being alone makes a pair of these
	}
	err := max(best.hi-skew, skew-best.lo) + logTick
	skew -= h.zoneInSkew(p, skew)
	h.Clock.set(skew, err+p.Clock.Err, votes, fmt.Sprintf("%d of %d requests logged at both ends", votes, len(candidates)))
	h.findStep(candidates, best, hint)
	return true
}

// strongest are the requests that an offset or an id ties to their answers, where there are any, and of the others what agrees with
// those: a request for everything names neither, and anybody else's would do as well.
func strongest(all []candidate, hint micros, sure bool) (out []candidate, strong bool) {
	for _, c := range all {
		if c.strong {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return all, false
	}
	_, best, _ := stab(out, hint, sure)
	for _, c := range all {
		if c.strong {
			continue
		}
		c.in = slices.DeleteFunc(slices.Clone(c.in), func(iv interval) bool { return iv.hi < best.lo || iv.lo > best.hi })
		if len(c.in) > 0 {
			out = append(out, c)
		}
	}
	return out, true
}

// bounds are the intervals that each request leaves for the asker's skew, one for each of the server's lines that could be its answer.
// An answer that was not heard came within wait.
func bounds(reqs []Request, reps []Reply, server *Host, wait micros) []candidate {
	var out []candidate
	not := map[string]bool{}
	for i := range reqs {
		if _, known := not[reqs[i].to]; !known {
			not[reqs[i].to] = server.IsNot(reqs[i].to)
		}
		if not[reqs[i].to] || reqs[i].Full && reqs[i].heard == unknown {
			continue
		}
		var in []interval
		for j := range reps {
			if !reqs[i].AnsweredBy(&reps[j]) || !server.hadOffset(reqs[i].granted, reps[j].At) {
				continue
			}
			iv := interval{lo: reqs[i].Asked - reps[j].At - logTick}
			iv.hi = iv.lo + wait
			if reqs[i].heard != unknown {
				iv.hi = reqs[i].heard - reps[j].At + logTick
			}
			in = append(in, iv)
		}
		if len(in) > 0 {
			out = append(out, candidate{reqs[i].Asked, in, !reqs[i].Full})
		}
	}
	return out
}

// zoneInSkew finds a zone that nothing told: it shows up as a skew of hours. It gives the zone to whichever of the two had to guess, and
// returns how much of the skew it was.
func (h *Host) zoneInSkew(p *Host, skew micros) micros {
	const how = "requests logged at both ends, taking the clocks to agree to minutes"
	q := zoneNear(skew)
	if q == 0 || (skew-q).Abs() >= ClockWrong {
		return 0
	}
	switch {
	case !h.Clock.ZoneKnown && h.HasLog():
		h.Clock.Zone += q
		h.Clock.ZoneHow, h.Clock.ZoneKnown = how, true
		return q
	case !p.Clock.ZoneKnown && p.HasLog() && p.Clock.Method == "reference":
		p.Clock.Zone -= q
		p.Clock.ZoneHow, p.Clock.ZoneKnown = how, true
		return q
	}
	return 0
}

// findStep looks for a clock that was set in between: all requests from some moment on (or up to it) disagree with the
// skew that most have, and agree with another. Two are the least that can agree.
func (h *Host) findStep(candidates []candidate, best interval, hint micros) {
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.at, b.at) })
	mid := (best.lo + best.hi) / 2
	fits := func(c candidate) bool { return c.allows(mid) }
	n := len(candidates)
	tail, head := n, 0
	for tail > 0 && !fits(candidates[tail-1]) {
		tail--
	}
	for head < n && !fits(candidates[head]) {
		head++
	}
	part, from, before := candidates[tail:], unknown, h.Clock.Skew
	switch {
	case n-tail >= 2 && tail > 0:
		from = candidates[tail].at
	case head >= 2 && head < n:
		part = candidates[:head]
	default:
		return
	}
	_, other, votes := stab(part, mid, true)
	to := (other.lo + other.hi) / 2
	if votes < len(part) || (to-mid).Abs() < best.hi-best.lo+other.hi-other.lo+second/10 {
		return
	}
	delta := to - mid
	if from == unknown { // the first part differs: the clock was set where the second begins
		h.Clock.steps = []clockStep{{candidates[head].at, before}}
		h.Clock.Skew = before + delta
		from, delta = candidates[head].at, -delta
	} else {
		h.Clock.steps = []clockStep{{from, before + delta}}
	}
	h.Clock.Changes = append(h.Clock.Changes, fmt.Sprintf("the clock was set by %s between two resyncs, before %s of its own time", diagnosis.Length(delta), from.Time().Format("2006-01-02 15:04:05")))
}
