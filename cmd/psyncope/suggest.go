package main

import "strings"

// didYouMean is "; did you mean X?" for the word of known that is nearest to what was typed, and
// empty where none is near enough to be a slip of the fingers.
func didYouMean(typed string, known []string) string {
	best, least := "", 3
	if len(typed) < 4 {
		least = 2
	}
	for _, k := range known {
		d := editDistance(strings.ToLower(typed), strings.ToLower(k))
		if len(typed) >= 3 && d > 1 && (strings.HasPrefix(k, typed) || strings.HasSuffix(k, typed)) {
			d = 1
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance counts the letters to insert, delete, replace or swap with their neighbour that
// turn a into b.
func editDistance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
