package ingest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Each line is one stream, oldest first; the first word is its family.
var streams = []string{
	"redis.log: redis.log.12.gz redis.log.11.gz redis.log.3.gz redis.log.2 redis.log.1 redis.log",
	"redis.log: redis.log-20261120.gz redis.log-20261121 redis.log-20261122 redis.log",
	"redis.log: redis-2026-11-20.log redis-2026-11-21.log.zst redis-2026-11-22.log redis.log",
	"redis.log: redis_20261121.log redis_20261122.log redis.log",
	"redis.log: redis.log-20261121-1795200000 redis.log-20261121-1795210000.gz redis.log-20261122-1795280000 redis.log",
	"redis.log: redis.log.2026-11-22T10 redis.log.2026-11-22T11 redis.log",
	"current: @400000006563f0a1000.s @400000006563f0a2000.s current",
	"redis-a-json.log: redis-a-json.log.2.gz redis-a-json.log.1 redis-a-json.log",
	"info.txt: info-20261122T184530Z.txt info-20261122T184540Z.txt info-20261123T000000Z.txt",
	"info.txt: info-1795373130.txt info-1795373140.txt info-1795373150.txt",
	"txt: 1795373130.txt 1795373140.txt",
	"info.txt: info_2026-11-22_18-45-30.txt info_2026-11-22_18-45-40.txt",
	"redis-7001.log: redis-7001.log.1 redis-7001.log",
	"redis-7002.log: redis-7002.log",
	"10.0.0.1.log: 10.0.0.1.log.1 10.0.0.1.log",
	"redis-a.log: redis-a.previous.log redis-a.log",
	"redis.log: redis.log.gz.bak redis.log",
	"redis.log: redis.log~ redis.log",
}

func TestRotation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range streams {
		family, names, _ := strings.Cut(s, ": ")
		want := strings.Fields(names)
		got := slices.Clone(want)
		r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, func(a, b string) int {
			x, y := rotationOf(a), rotationOf(b)
			return cmp.Or(compareNatural(x.family, y.family), compareAges(x.age, y.age))
		})
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, n := range want {
			if f := rotationOf(n).family; strings.TrimLeft(f, ".") != family {
				t.Errorf("%s is of %q, want %q", n, f, family)
			}
		}
	}
}

// What is no rotation stays in the name.
func TestNotRotated(t *testing.T) {
	for _, name := range []string{"redis-b.log", "replica-1.log", "redis-7001.log", "redis_7004.log", "10.0.0.1:6379.txt", "redis.conf", "8f20261122aa.log", "node-12345678.log", "a.1234.log", ".1"} {
		if r := rotationOf(name); r.family != name || r.rank != 2 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestCompareNatural(t *testing.T) {
	for _, s := range []string{"info-1 info-2 info-10", "a a0 a1 a01b b", "7 08 9 10", " -1 x"} {
		names := strings.Split(s, " ")
		for i := range names {
			for j := range names {
				if got := compareNatural(names[i], names[j]); got < 0 != (i < j) && got != 0 {
					t.Errorf("%q and %q: %d", names[i], names[j], got)
				}
			}
		}
	}
	// It is an order, whatever the names.
	name := rapid.StringMatching(`[a0-9]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if compareNatural(a, b) != -compareNatural(b, a) {
			t.Fatalf("%q %q", a, b)
		}
		if compareNatural(a, b) <= 0 && compareNatural(b, c) <= 0 && compareNatural(a, c) > 0 {
			t.Fatalf("%q %q %q", a, b, c)
		}
	})
}

// FuzzRotation holds that any name can be taken apart, and that nothing but its marks is lost.
func FuzzRotation(f *testing.F) {
	for _, s := range streams {
		for _, n := range strings.Fields(s) {
			f.Add(n)
		}
	}
	f.Fuzz(func(t *testing.T, name string) {
		r := rotationOf(name)
		if len(r.family) > max(len(name), len("current")) {
			t.Fatalf("%q became %q", name, r.family)
		}
		stemOf(r.family)
	})
}
