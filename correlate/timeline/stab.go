package timeline

import (
	"cmp"
	"slices"
)

// interval bounds a skew.
type interval struct{ lo, hi micros }

// logTick is how finely a log stamp is written: milliseconds, cut off (redis 7.4.1 server.c:121).
const logTick = 1000

// candidate is one request with the skews that some line of the other end allows; at is on the host's own clock as
// it was laid before any skew was known.
type candidate struct {
	at     micros
	in     []interval
	strong bool // an offset or an id ties the two lines to each other
}

func (c *candidate) allows(x micros) bool {
	return slices.ContainsFunc(c.in, func(iv interval) bool { return iv.lo <= x && x <= iv.hi })
}

// tight is an interval whose middle is as good as any other place in it.
const tight = second

// near is the place in the interval to believe in. A wide one has a cause that its middle knows nothing of: the answer came
// after a fork, or the request waited for a primary that stood still. Then the clocks are taken to agree as far as it allows.
func (iv interval) near(hint micros) micros {
	if iv.hi-iv.lo <= tight {
		return (iv.lo + iv.hi) / 2
	}
	return min(max(hint, iv.lo), iv.hi)
}

// stab finds where most requests have an interval. Where several places have as many, the one closest to hint is likely,
// and all spans those near it, so that the error covers the ambiguity of replicas that asked at about the same moment:
// within a second where the hint is sure enough to choose by, within ten where it is none.
func stab(candidates []candidate, hint micros, sure bool) (likely, all interval, votes int) {
	var points []micros
	for _, c := range candidates {
		for _, iv := range c.in {
			points = append(points, iv.lo, iv.hi)
		}
	}
	slices.Sort(points)
	points = slices.Compact(points)
	count := func(x micros) int {
		n := 0
		for i := range candidates {
			if candidates[i].allows(x) {
				n++
			}
		}
		return n
	}
	best := 0
	at := make([]int, len(points))
	for i, x := range points {
		at[i] = count(x)
		best = max(best, at[i])
	}
	var runs []interval
	for i := 0; i < len(points); i++ {
		if at[i] < best {
			continue
		}
		j := i
		for j+1 < len(points) && at[j+1] == best && count((points[j]+points[j+1])/2) == best {
			j++
		}
		runs = append(runs, interval{points[i], points[j]})
		i = j
	}
	away := func(r interval) micros { return max(r.lo-hint, hint-r.hi, 0) }
	slices.SortStableFunc(runs, func(a, b interval) int {
		return cmp.Or(cmp.Compare(away(a)/(second/10), away(b)/(second/10)), cmp.Compare(a.hi-a.lo, b.hi-b.lo), cmp.Compare(a.lo, b.lo))
	})
	out, reach := runs[0], second
	if !sure {
		reach = 10 * second
	}
	for _, r := range runs[1:] {
		if r.lo <= out.hi+reach && r.hi >= out.lo-reach && r.hi-r.lo <= 2*(out.hi-out.lo)+second/10 {
			out.lo, out.hi = min(out.lo, r.lo), max(out.hi, r.hi)
		}
	}
	return runs[0], out, best
}
