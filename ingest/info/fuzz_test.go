package info

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"psyncope/ingest/table"
)

// Whatever the bytes: no panic; the same rows after any file as alone, and for any size of block; every
// row's line is one of the file's.
func FuzzInfo(f *testing.F) {
	// Small, or an execution takes a tenth of a second: what large files do is held by the properties.
	const dumps = "### 2026-11-22T18:45:40Z\n# Server\nredis_version:7.0.15\nrun_id:aa\nuptime_in_seconds:5\n# Replication\nrole:master\nmaster_repl_offset:12\n### 2026-11-22T18:45:50Z\n# Server\nredis_version:7.0.15\nrun_id:aa\nuptime_in_seconds:15\nused_cpu_sys:1.5\n"
	half := len(dumps) / 2
	for _, s := range []string{
		dumps, "1795373130\nrole:master\n1795373140\nCould not connect\n", "$12\r\n# Server\r\nredis_version:1\r\n+OK\r\n",
		"role:master\nmaster_repl_offset:9### 2026-11-22T18:45:40Z\nrole:slave\n", "> # ts=1795373130\n> role:master\n", "cmdstat_a:calls=1,usec=1,\nslave0:ip=a,port=1\n", "what\n\nrole:x", "used_cpu_sys:1.5\nused_cpu_sys:1.5\n",
		"10.0.0.1:6379> info\nrole:master\nslave0:1,2,3\nslave1:ip=::1,port=2,state=x,offset=1,lag=1\n",
	} {
		f.Add([]byte(s), []byte(dumps[:half]), 10)
		f.Add([]byte(dumps[half:]), []byte(s), 100)
	}
	// The file before ends in a dump of two dates, the first of which is this one's.
	f.Add([]byte("1795373130\nrole:master\n1795373140\nCould not connect\n"), []byte("1795373130\nx:1\n1795373140\nCould not connect\nrun_id:aa\n# Replication\nrole:master\nmaster_"), 10)
	f.Fuzz(func(t *testing.T, body, before []byte, block int) {
		if len(body) == 0 || len(body) > 1<<10 || len(before) > 1<<10 {
			return
		}
		whole := read(t, body)
		if block = 2 + block&0xfff; len(body)/block < 2000 {
			if d := cmp.Diff(whole, readBlocks(t, block, false, body), same); d != "" {
				t.Errorf("in blocks of %d: %s", block, d)
			}
		}
		var c table.Case
		r := NewReader(&c, false)
		for i, b := range [][]byte{before, body, body} {
			c = table.Case{}
			acc, err := r.Read(input("f0", b))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				continue
			}
			after := collect(&c, acc)
			after.Statistics = whole.Statistics // they tell of changes, and so of the dump before
			if d := cmp.Diff(whole, after, same); d != "" {
				t.Errorf("after %q: %s", before, d)
			}
		}
		lines := int32(bytes.Count(body, []byte("\n")) + 1)
		for _, s := range whole.Samples {
			if s.Line < 1 || s.Line > lines {
				t.Errorf("sample of line %d of %d", s.Line, lines)
			}
		}
		for _, p := range whole.Problems {
			if p.Line < 1 || p.Line > lines {
				t.Errorf("problem of line %d of %d", p.Line, lines)
			}
		}
	})
}

// Numbers and dates of any bytes.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"### 2026-11-22T18:45:30.123Z\n", "Sun Nov 22 18:45:30 UTC 2026", "1795373130123456789", "used_memory:1\n", "slave0:ip=1,port=2\n", "[3]> x\n", "-92233720368547758080", "12:34:56 PM"} {
		f.Add([]byte(s))
	}
	r := NewReader(&table.Case{}, true)
	f.Fuzz(func(t *testing.T, b []byte) {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[:i]
		}
		b = append(b, '\n')
		l := r.readLine(b)
		if int(l.value) > len(b) {
			t.Errorf("%q: value at %d", b, l.value)
		}
		if _, at, ok := lineDate(b); ok && at >= len(b) {
			t.Errorf("%q: date at %d", b, at)
		}
		nameDate(string(b))
		number(b)
		real(b)
	})
}
