package diagnosis

import "slices"

// AreShards reports whether saved reports are shares of one run, and which shares are missing.
func AreShards(ds []*Diagnosis) (missing []int, ok bool) {
	var there []int
	for _, d := range ds {
		if d.Shard == nil || d.Shard.Of != ds[0].Shard.Of || d.Shard.Number < 1 || d.Shard.Number > d.Shard.Of || slices.Contains(there, d.Shard.Number) {
			return nil, false
		}
		there = append(there, d.Shard.Number)
	}
	for n := 1; len(there) > 0 && n <= ds[0].Shard.Of && len(there)+len(missing) < ds[0].Shard.Of; n++ {
		if !slices.Contains(there, n) {
			missing = append(missing, n)
		}
	}
	return missing, len(there) > 0
}

// Join makes of the shares of one run what the run would have said without them. Other than Unite it compares no groups: what is in two shares is two.
func Join(shards ...*Diagnosis) *Diagnosis {
	shards = slices.Clone(shards)
	slices.SortFunc(shards, func(a, b *Diagnosis) int { return a.Shard.Number - b.Shard.Number })
	out := Merge(shards...)
	out.OneAccountEach()
	return out
}
