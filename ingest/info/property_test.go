package info

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// evidence is all rows of a Case.
type evidence struct {
	Samples    []table.Sample
	Replicas   []table.Replica
	Statistics []table.Statistic
	Events     []table.Event
	Fields     []table.Field
	Problems   []table.Problem
	Account    artifact.Account
}

func collect(c *table.Case, acc artifact.Account) evidence {
	return evidence{c.Samples.Rows(), c.Replicas.Rows(), c.Statistics.Rows(), c.Events.Rows(), c.Fields.Rows(), c.Problems.Rows(), acc}
}

func input(name string, body []byte) artifact.Input {
	return artifact.Input{Origin: table.Origin{Instance: "a", File: name}, Name: name, ModTime: table.Null, Body: bytes.NewReader(body)}
}

func readBlocks(t testing.TB, block int, fields bool, bodies ...[]byte) evidence {
	t.Helper()
	var c table.Case
	r := NewReader(&c, fields)
	r.block, r.most = block, block
	var sum artifact.Account
	for i, b := range bodies {
		acc, err := r.Read(input(fmt.Sprintf("f%d", i), b))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			sum = acc
		} else {
			sum.Records, sum.Ignored, sum.Rejected = sum.Records+acc.Records, sum.Ignored+acc.Ignored, sum.Rejected+acc.Rejected
		}
	}
	return collect(&c, sum)
}

func read(t testing.TB, bodies ...[]byte) evidence { return readBlocks(t, 1<<20, false, bodies...) }

var same = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b table.Float) bool { return a == b || !a.Known() && !b.Known() })}

// randomLines draws the lines of a dump: known fields with good and bad values, families, unknown fields, headers,
// blanks, noise. Known fields and headers stand once; that is what makes it one dump.
func randomLines(t *rapid.T, label string) []string {
	var pool []string
	old := []string{"server_mode", "changes_since_last_save", "bgsave_in_progress", "last_save_time", "bgrewriteaof_in_progress"}
	for _, f := range fields {
		if !slices.Contains(old, f.name) { // no dump has both names of one thing
			pool = append(pool, f.name)
		}
	}
	n := rapid.IntRange(1, 25).Draw(t, label+" fields")
	names := rapid.Permutation(pool).Draw(t, label+" names")[:n]
	var lines []string
	ints := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 12))
	state := &state{}
	for _, name := range names {
		var v string
		switch f := fields[slices.IndexFunc(fields, func(f field) bool { return f.name == name })]; f.at(state).(type) {
		case *table.Int:
			v = fmt.Sprint(ints.Draw(t, "int"))
		case *table.Float:
			v = fmt.Sprintf("%d.%06d", rapid.IntRange(0, 99999).Draw(t, "whole"), rapid.IntRange(0, 999999).Draw(t, "part"))
		case *string:
			v = rapid.SampledFrom([]string{"", "ok", "up", "down", "10.0.0.1", "7.2.4", "master"}).Draw(t, "word")
		}
		if rapid.IntRange(0, 30).Draw(t, "spoil") == 0 {
			v = rapid.SampledFrom([]string{"", "x", "12x", "99999999999999999999", "-", " 7"}).Draw(t, "spoilt")
		}
		lines = append(lines, name+":"+v)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "replicas") {
		lines = append(lines, fmt.Sprintf("slave%d:ip=10.0.0.%d,port=6379,state=%s,offset=%d,lag=%d", i, rapid.IntRange(1, 3).Draw(t, "ip"),
			rapid.SampledFrom([]string{"online", "wait_bgsave"}).Draw(t, "state"), rapid.IntRange(0, 30).Draw(t, "offset"), rapid.IntRange(0, 1).Draw(t, "lag")))
	}
	extra := []string{"", "cmdstat_get:calls=1,usec=2,usec_per_call=2.00", "cmdstat_get:calls=2,usec=3,usec_per_call=2.00", "cmdstat_set:calls=9,usec=9", "errorstat_ERR:count=3", "db0:keys=1,expires=0", "unknown_field:7", "odd line here", "other:with > sign"}
	for range rapid.IntRange(0, 6).Draw(t, "extra") {
		at := rapid.IntRange(0, len(lines)).Draw(t, "at")
		lines = slices.Insert(lines, at, rapid.SampledFrom(extra).Draw(t, "line"))
	}
	return lines
}

// change makes the next dump out of one: values, insertions, removals, another order, or all new.
func change(t *rapid.T, lines []string) []string {
	next := slices.Clone(lines)
	switch rapid.IntRange(0, 8).Draw(t, "change") {
	case 0:
		return randomLines(t, "new")
	case 1: // remove a stretch
		i := rapid.IntRange(0, len(next)-1).Draw(t, "from")
		j := rapid.IntRange(i, len(next)).Draw(t, "to")
		if j-i < len(next) {
			next = slices.Delete(next, i, j)
		}
	case 2: // another order
		next = rapid.Permutation(next).Draw(t, "order")
	case 3: // what another dump has, and this one not
		for _, l := range randomLines(t, "insert") {
			key, _, _ := strings.Cut(l, ":")
			if !slices.ContainsFunc(next, func(o string) bool { return strings.HasPrefix(o, key+":") }) {
				next = slices.Insert(next, rapid.IntRange(0, len(next)).Draw(t, "at"), l)
			}
		}
	}
	for i, l := range next { // other values
		if key, value, ok := strings.Cut(l, ":"); ok && len(value) > 0 && value[len(value)-1]-'0' <= 9 && !strings.HasPrefix(key, "slave") && rapid.IntRange(0, 3).Draw(t, "move") == 0 {
			next[i] = l + fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "digit"))
		}
	}
	return next
}

// A date before each dump, and nothing in it that could be taken for the beginning of another.
func dump(t *rapid.T, i int, lines []string) []byte {
	end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
	return []byte(fmt.Sprintf("### 2026-11-22T18:%02d:%02d.5Z\n%s%s", i/60, i%60, strings.Join(lines, end), end))
}

// A dump after any other dumps gives the rows that it gives alone, and those of a parser without memory.
func TestMemoryless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := randomLines(t, "first")
		var stream []byte
		var dumps [][]byte
		for i := range rapid.IntRange(1, 12).Draw(t, "dumps") {
			if i > 0 {
				lines = change(t, lines)
			}
			d := dump(t, i, lines)
			dumps = append(dumps, d)
			stream = append(stream, d...)
		}
		var all table.Case
		acc, err := Format().Read(input("f", stream), &all)
		if err != nil {
			t.Fatal(err)
		}
		together := collect(&all, acc)
		var samples []table.Sample
		var replicas []table.Replica
		var problems []table.Problem
		line := int32(0)
		for _, d := range dumps {
			var c table.Case
			acc, err := Format().Read(input("f", d), &c)
			if err != nil {
				t.Fatal(err)
			}
			alone := collect(&c, acc)
			for i := range alone.Samples {
				want, _ := naive(d)
				got := alone.Samples[i]
				got.Origin, got.At, got.Dated, got.Collected, want.At, want.Collected = table.Origin{}, 0, "", 0, 0, 0
				if diff := cmp.Diff(want, got, same); diff != "" {
					t.Fatalf("naive (-) and alone (+) of %q: %s", d, diff)
				}
				alone.Samples[i].Line += line
			}
			if len(alone.Samples) > 0 {
				_, want := naive(d)
				ignore := cmpopts.IgnoreFields(table.Replica{}, "Origin", "At")
				if diff := cmp.Diff(want, alone.Replicas, same, ignore); diff != "" {
					t.Fatalf("naive (-) and alone (+) replicas of %q: %s", d, diff)
				}
			}
			for i := range alone.Replicas {
				alone.Replicas[i].Line += line
			}
			for i := range alone.Problems {
				alone.Problems[i].Line += line
			}
			line += int32(bytes.Count(d, []byte("\n")))
			samples, replicas, problems = append(samples, alone.Samples...), append(replicas, alone.Replicas...), append(problems, alone.Problems...)
		}
		if len(samples) != len(dumps) {
			return // a dump with no known line is no dump, and its lines belong to the next one's preface
		}
		if diff := cmp.Diff(samples, together.Samples, same); diff != "" {
			t.Fatalf("alone (-) and together (+) of %q: %s", stream, diff)
		}
		if diff := cmp.Diff(replicas, together.Replicas, same); diff != "" {
			t.Fatalf("replicas alone (-) and together (+) of %q: %s", stream, diff)
		}
		if diff := cmp.Diff(problems, together.Problems, same); diff != "" {
			t.Fatalf("problems alone (-) and together (+) of %q: %s", stream, diff)
		}
	})
}

// Where the blocks that are read end makes no difference.
func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := randomLines(t, "first")
		var stream []byte
		for i := range rapid.IntRange(1, 8).Draw(t, "dumps") {
			if i > 0 {
				lines = change(t, lines)
			}
			stream = append(stream, dump(t, i, lines)...)
			if rapid.IntRange(0, 4).Draw(t, "fail") == 0 {
				stream = append(stream, "### 2026-11-22T20:00:00Z\nCould not connect to Redis at 10.0.0.1:6379: Connection refused\n"...)
			}
		}
		stream = stream[:rapid.IntRange(0, len(stream)).Draw(t, "cut")]
		if len(stream) == 0 {
			return
		}
		whole := readRapid(t, 1<<20, stream)
		parts := readRapid(t, rapid.IntRange(2, 300).Draw(t, "block"), stream)
		if diff := cmp.Diff(whole, parts, same); diff != "" {
			t.Fatalf("%q: %s", stream, diff)
		}
	})
}

func readRapid(t *rapid.T, block int, body []byte) evidence {
	var c table.Case
	r := NewReader(&c, true)
	r.block, r.most = block, block
	acc, err := r.Read(input("f", body))
	if err != nil {
		t.Fatal(err)
	}
	return collect(&c, acc)
}

// The dumps of an instance give the same rows in one file and in a file each.
func TestFiles(t *testing.T) {
	stream := fleetDumps(12, 7)
	var bodies [][]byte
	for _, d := range bytes.Split(stream, []byte("### "))[1:] {
		bodies = append(bodies, append([]byte("### "), d...))
	}
	one, many := read(t, stream), read(t, bodies...)
	if len(one.Samples) != 12 {
		t.Fatalf("%d samples, want 12", len(one.Samples))
	}
	noOrigin := cmpopts.IgnoreFields(table.Origin{}, "File", "Line")
	if diff := cmp.Diff(one.Samples, many.Samples, same, noOrigin); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(one.Statistics, many.Statistics, same, noOrigin); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(one.Replicas, many.Replicas, same, noOrigin); diff != "" {
		t.Error(diff)
	}
}

// A line that stands twice on end changes nothing, whichever they are and in how many dumps.
func TestLinesThatStandTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := fleetDumps(rapid.IntRange(1, 8).Draw(t, "dumps"), 7)
		every, from := rapid.IntRange(1, 40).Draw(t, "every"), rapid.IntRange(0, 40).Draw(t, "from")
		var twice []byte
		i := 0
		for line := range bytes.Lines(stream) {
			twice = append(twice, line...)
			if i++; (i+from)%every == 0 {
				twice = append(twice, line...)
			}
		}
		want, got := readRapid(t, 1<<20, stream), readRapid(t, 1<<20, twice)
		noOrigin := cmpopts.IgnoreFields(table.Origin{}, "File", "Line")
		if diff := cmp.Diff(want.Samples, got.Samples, same, noOrigin); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want.Replicas, got.Replicas, same, noOrigin); diff != "" {
			t.Fatal(diff)
		}
		if lines := int64(bytes.Count(twice, []byte("\n"))); got.Account.Records+got.Account.Ignored+got.Account.Rejected > lines {
			t.Fatalf("%+v of %d lines", got.Account, lines)
		}
	})
}
