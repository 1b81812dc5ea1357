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
