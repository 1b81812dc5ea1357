package ingest

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"psyncope/fixtures/layout"
	"psyncope/ingest/table"
)

// told is what tests compare of a case.
func told(c *table.Case) string {
	var b strings.Builder
	for _, in := range c.Instances {
		fmt.Fprintf(&b, "%s %v %v\n", in.Name, in.Addrs, in.Reached)
	}
	for _, f := range c.Files {
		fmt.Fprintf(&b, "  %s %s of %q: %d bytes, %d records, %d ignored, %d rejected\n", f.Path, f.Kind, f.Instance, f.Bytes, f.Records, f.Ignored, f.Rejected)
	}
	for _, e := range c.Events.Rows() {
		fmt.Fprintf(&b, "  %s:%d %s %s\n", e.File, e.Line, e.Instance, e.Text)
	}
	for _, s := range c.Samples.Rows() {
		fmt.Fprintf(&b, "  %s:%d %s %s\n", s.File, s.Line, s.Instance, s.RunID)
	}
	return b.String()
}

func saidOfRest(sum *Summary) string {
	var out []string
	for f := range sum.All() {
		out = append(out, fmt.Sprintf("%s %s %d", f.Path, f.Kind, f.Bytes))
	}
	for _, p := range sum.Problems {
		out = append(out, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Reason))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// sent is what of v arrives at another machine.
func sent[T any](t *testing.T, v T) T {
	t.Helper()
	var b bytes.Buffer
	var out T
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// byStages takes the steps one by one, everything in random order.
func byStages(t *testing.T, r *rand.Rand, roots ...string) (cases []string, rest string) {
	t.Helper()
	s := NewStages(Options{})
	var all Summary
	also := func(s Summary) {
		all.Files, all.Unclaimed, all.Problems = append(all.Files, s.Files...), append(all.Unclaimed, s.Unclaimed...), append(all.Problems, s.Problems...)
	}
	entries := map[string][]Entry{}
	add := func(e Entry) {
		e = sent(t, e)
		entries[KeyOf(&e)] = append(entries[KeyOf(&e)], e)
	}
	for _, root := range roots {
		f, p := s.List(root, add)
		also(Summary{Files: f, Problems: p})
	}
	streams := map[string]Stream{}
	look := func(key string) Stream {
		of := entries[key]
		r.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		out, err := s.Look(of)
		if err != nil {
			t.Fatal(err)
		}
		return sent(t, out)
	}
	for key := range entries {
		streams[key] = look(key)
	}
	again := map[string]bool{}
	for key, st := range streams {
		if !st.Tangled() {
			continue
		}
		delete(entries, key)
		delete(streams, key)
		for _, e := range s.Apart(st) {
			add(e)
			again[KeyOf(&e)] = true
		}
	}
	for key := range again {
		streams[key] = look(key)
	}
	var heads []Stream
	for _, st := range streams { // in a random order
		heads = append(heads, sent(t, st.Head()))
	}
	units := s.Divide(heads)
	cases = make([]string, len(units))
	for _, u := range units {
		u = sent(t, u)
		var of []Stream
		for _, us := range u.Streams {
			of = append(of, sent(t, streams[us.Key].Body()))
		}
		sum, err := s.Read(t.Context(), u, of, func(c *table.Case) error { cases[u.Number] = told(c); return nil })
		if err != nil {
			t.Fatal(err)
		}
		also(sum)
	}
	for _, st := range streams {
		if st.Kind == "" {
			also(s.Rest(t.Context(), sent(t, st.Body())))
		}
	}
	return slices.DeleteFunc(cases, func(s string) bool { return s == "" }), saidOfRest(&all)
}

// The steps one by one, with everything sent from one to the next, give what Each gives: whatever the layout.
func TestStages(t *testing.T) {
	layouts := 1000
	if testing.Short() {
		layouts = 50
	}
	for n := range layouts {
		r := rand.New(rand.NewPCG(20261122, uint64(n)))
		dir := tree(t, layout.Random(r))
		var want []string
		sum, err := Each(t.Context(), Options{Roots: []string{dir}}, func(c *table.Case) error {
			want = append(want, told(c))
			return nil
		})
		if err != nil {
			t.Fatal(n, err)
		}
		got, rest := byStages(t, r, dir)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("layout %d in %s: %s", n, dir, d)
		}
		if n%5 == 0 {
			inShares(t, dir, want)
		}
		if d := cmp.Diff(saidOfRest(&sum), rest); d != "" {
			t.Fatalf("layout %d: the rest: %s", n, d)
		}
	}
}

// inShares reads three shares, which together are the whole.
func inShares(t *testing.T, dir string, want []string) {
	t.Helper()
	var got []string
	for i := 1; i <= 3; i++ {
		if _, err := Each(t.Context(), Options{Roots: []string{dir}, Shard: Shard{i, 3}}, func(c *table.Case) error { got = append(got, told(c)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	want = slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("shares of %s: %s", dir, d)
	}
}

// Roots that overlap, an archive that is named itself, and what is not there.
func TestStagesOfRoots(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/redis-a.log": primaryLog(), "a/redis-b.log": replicaLog("10.0.0.1"), "b.tar": tarred(map[string]string{"redis-c.log": primaryLog(), "in.zip": zipped(map[string]string{"x/redis.log": replicaLog("10.0.0.9")})}),
	})
	roots := []string{dir, filepath.Join(dir, "a"), filepath.Join(dir, "b.tar"), filepath.Join(dir, "missing")}
	var want []string
	sum, err := Each(t.Context(), Options{Roots: roots}, func(c *table.Case) error { want = append(want, told(c)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	got, rest := byStages(t, rand.New(rand.NewPCG(1, 2)), roots...)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(saidOfRest(&sum), rest); d != "" {
		t.Error(d)
	}
}
