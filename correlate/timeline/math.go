package timeline

import (
	"cmp"
	"slices"
)

func median[T cmp.Ordered](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// sortByTime sorts rows that mostly are sorted already: they are large, and looking is cheaper than moving them.
func sortByTime[R any](rows []R, at func(*R) micros) {
	for i := 1; i < len(rows); i++ {
		if at(&rows[i]) < at(&rows[i-1]) {
			slices.SortStableFunc(rows, func(a, b R) int { return cmp.Compare(at(&a), at(&b)) })
			return
		}
	}
}

// usualStep is the usual time between rows that lie in order, of those further apart than least; 0 with fewer than three. Dumps that were queued
// behind a stalled server come out at once: they are no interval.
func usualStep[R any](rows []R, at func(*R) micros, least micros) micros {
	if len(rows) < 3 {
		return 0
	}
	d := make([]micros, 0, len(rows)-1)
	for i := 1; i < len(rows); i++ {
		if x := at(&rows[i]) - at(&rows[i-1]); x > least {
			d = append(d, x)
		}
	}
	if len(d) == 0 {
		return 0
	}
	return median(d)
}
