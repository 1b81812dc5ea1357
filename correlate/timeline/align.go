package timeline

import (
	"cmp"
	"fmt"
	"math"
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
	done := map[*Host]bool{ref: true}
	// Whoever shares requests with an aligned server is aligned next: siblings meet at a new primary.
	for range servers {
		for _, h := range servers {
			if done[h] {
				continue
			}
			if s, ok := o.Skew[h.Name]; ok {
				h.Clock.set(micros(s.Microseconds()), second/2, 0, "--skew")
				done[h] = true
				continue
			}
			for _, p := range servers {
				if !done[p] || p == h {
					continue
				}
				if h.alignTo(p) {
					done[h] = true
					break
				}
			}
		}
	}
	for _, h := range servers {
		if !done[h] {
			if h.alignByOffsets(ref) {
				continue
			}
			h.Clock.Method = "unaligned: no event ties it to " + ref.Name + "; its clock was taken as it is"
			h.Clock.Err = unalignedError
		}
	}
	alignSentinels(servers, sentinels)
}

// unalignedError is the doubt of a clock that nothing ties to another: hosts under NTP mostly agree to better, and
// no order is claimed inside it.
const unalignedError = 5 * second

func (c *clock) set(skew, err micros, pairs int, how string) {
	c.Skew, c.Err, c.Pairs, c.Method, c.aligned = skew, err, pairs, how, true
}

// alignTo estimates h's skew from what it and p, which is aligned, logged of the same requests.
func (h *Host) alignTo(p *Host) bool {
	var candidates []candidate
	add := func(reqs []Request, reps []Reply, sign micros) {
		for i := range reqs {
			var in []interval
			for j := range reps {
				server := p
				if sign < 0 {
					server = h
				}
				if !reqs[i].AnsweredBy(&reps[j]) || !server.hadOffset(reqs[i].granted, reps[j].At) {
					continue
				}
				iv := interval{reqs[i].Asked - reps[j].At - logTick, math.MaxInt64}
				if reqs[i].heard != unknown {
					iv.hi = reqs[i].heard - reps[j].At + logTick
				} else {
					iv.hi = iv.lo + h.Duration("repl-timeout") + 2*second
				}
				if sign < 0 { // h answered and p asked
					iv.lo, iv.hi = -iv.hi, -iv.lo
				}
				in = append(in, iv)
			}
			if len(in) > 0 {
				candidates = append(candidates, candidate{reqs[i].Asked, in})
			}
		}
	}
	add(requestsOf(h), RepliesOf(p), 1)
	add(requestsOf(p), RepliesOf(h), -1)
	if len(candidates) == 0 {
		return false
	}
	hint, sure := h.offsetSkew(p)
	if !sure {
		hint = 0 // hosts mostly keep about the same time
	}
	likely, best, votes := stab(candidates, hint, sure)
	skew := likely.near(hint)
	err := max(best.hi-skew, skew-best.lo) + logTick
	// A zone that nothing told shows up as a skew of hours.
	if q := zoneNear(skew); q != 0 && Abs(skew-q) < 300*second {
		switch {
		case !h.Clock.ZoneKnown && h.HasLog():
			h.Clock.Zone += q
			skew -= q
			h.Clock.ZoneHow, h.Clock.ZoneKnown = "requests logged at both ends, taking the clocks to agree to minutes", true
		case !p.Clock.ZoneKnown && p.HasLog() && p.Clock.Method == "reference":
			p.Clock.Zone -= q
			skew -= q
			p.Clock.ZoneHow, p.Clock.ZoneKnown = "requests logged at both ends, taking the clocks to agree to minutes", true
		}
	}
	h.Clock.set(skew, err+p.Clock.Err, votes, fmt.Sprintf("%d of %d requests logged at both ends", votes, len(candidates)))
	h.findStep(candidates, best, hint)
	return true
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
	if votes < len(part) || Abs(to-mid) < best.hi-best.lo+other.hi-other.lo+second/10 {
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
