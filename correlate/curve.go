package correlate

import (
	"math"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// maxPoints bounds a series: enough for a wide screen, few enough that a group's day stays small. Each bucket keeps
// its lowest and highest value, so that no peak is lost.
const maxPoints = 1200

// curve gathers a series' points; NaN is a gap. Its memory is used again for the next one.
type curve struct {
	at     []int64
	values []float64
}

func (c *curve) add(at micros, x float64) {
	c.at, c.values = append(c.at, int64(at/1000)), append(c.values, x)
}

// hole leaves a gap where the next point is so far from the last that one between is missing: nobody knows what was there.
func (c *curve) hole(last, next, step micros) {
	if step > 0 && next-last >= step*timeline.Hole/10 {
		c.nothing(last + step)
	}
}

// nothing leaves a gap where there is no value, one for all that follow on each other.
func (c *curve) nothing(at micros) {
	if n := len(c.values); n > 0 && !math.IsNaN(c.values[n-1]) {
		c.add(at, math.NaN())
	}
}

// append adds the thinned curve as the points of s, if it has any.
func (c *curve) append(out []diagnosis.Series, s diagnosis.Series) []diagnosis.Series {
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
