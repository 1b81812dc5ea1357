package info

import (
	"bytes"
	"testing"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// The whole way from bytes in memory to rows, and the parse alone against a bare comparison.
func BenchmarkRead(b *testing.B) {
	const n = 4000
	body := fleetDumps(n, 1)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var c table.Case
		acc, err := Format().Read(artifact.Input{Body: bytes.NewReader(body), ModTime: table.Null}, &c)
		if err != nil || acc.Records != n || acc.Rejected != 0 {
			b.Fatal(acc, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/dump")
}

func BenchmarkParse(b *testing.B) {
	const n = 4000
	body := fleetDumps(n, 1)
	var c table.Case
	r := NewReader(&c, false)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c = table.Case{}
		acc, err := r.Read(artifact.Input{Body: bytes.NewReader(body), ModTime: table.Null})
		if err != nil || acc.Records != n {
			b.Fatal(acc, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/dump")
}

// The bare comparison that the Reader is measured by: each dump with the one before, eight bytes at a time, and the
// digits read where they differ. It keeps nothing.
func BenchmarkBareLoop(b *testing.B) {
	const n = 4000
	body := fleetDumps(n, 1)
	var starts []int
	for at := 0; at < len(body); {
		starts = append(starts, at)
		next := bytes.Index(body[at+1:], []byte("### "))
		if next < 0 {
			break
		}
		at += 1 + next
	}
	starts = append(starts, len(body))
	b.SetBytes(int64(len(body)))
	var sum int64
	for b.Loop() {
		for i := 2; i < len(starts); i++ {
			prev, cur := body[starts[i-2]:starts[i-1]], body[starts[i-1]:starts[i]]
			for len(prev) > 0 && len(cur) > 0 {
				same := common(prev, cur)
				prev, cur = prev[same:], cur[same:]
				v, _ := digits(cur)
				sum += v
				p, c := bytes.IndexByte(prev, '\n'), bytes.IndexByte(cur, '\n')
				prev, cur = prev[p+1:], cur[c+1:]
				if p < 0 || c < 0 {
					break
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/dump")
	if sum == 0 {
		b.Fatal("nothing read")
	}
}

// A role that flaps: each dump has other lines than the one before.
func BenchmarkRelearn(b *testing.B) {
	const n = 1000
	var body []byte
	for i, d := range bytes.SplitAfter(fleetDumps(n, 1), []byte("\n\n")) {
		if i%2 == 1 {
			d = bytes.Replace(d, []byte("role:master\r\n"), []byte("role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\n"), 1)
		}
		body = append(body, d...)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var c table.Case
		acc, err := Format().Read(artifact.Input{Body: bytes.NewReader(body), ModTime: table.Null}, &c)
		if err != nil || acc.Records != n {
			b.Fatal(acc, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/dump")
}

func BenchmarkSniff(b *testing.B) {
	head := fleetDumps(1, 1)
	for b.Loop() {
		if sniff("x", head) < 90 {
			b.Fatal("not known")
		}
	}
}

func BenchmarkNumber(b *testing.B) {
	words := [][]byte{[]byte("1795373130644659"), []byte("42"), []byte("2372195024"), []byte("0"), []byte("-1"), []byte("10048576")}
	for b.Loop() {
		for _, w := range words {
			if _, ok := number(w); !ok {
				b.Fatal(string(w))
			}
		}
	}
}
