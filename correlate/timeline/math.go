package timeline

import (
	"cmp"
	"slices"
)

// Abs is a length without its sign.
func Abs(d micros) micros {
	if d < 0 {
		return -d
	}
	return d
}

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

// part gives each host its rows. Those of one instance mostly lie together, as they were read: then they stay where
// they are, for a dump is 900 bytes and copying them twice was half of all that an analysis allocated (477 of 837 MB
// of a 912 MB fleet).
func part[R any](rows []R, of func(*R) *[]R) {
	for i := 0; i < len(rows); {
		mine := of(&rows[i])
		j := i + 1
		for j < len(rows) && of(&rows[j]) == mine {
			j++
		}
		if *mine == nil {
			*mine = rows[i:j:j]
		} else {
			*mine = append(*mine, rows[i:j]...)
		}
		i = j
	}
}
