package report

import (
	"fmt"
	"testing"

	"psyncope/ingest/table"
)

// BenchmarkTables writes 20,000 samples (90 columns) and 100,000 events in each format of tables.
func BenchmarkTables(b *testing.B) {
	c := &table.Case{}
	for i := range 20000 {
		s := unsaid[table.Sample]()
		s.Instance, s.File, s.Line = "a", "a/info.txt", int32(i)
		s.At, s.UsedMemory, s.PrimaryOffset, s.ReplID = table.Micros(i)*table.Second, table.Int(i*1000), table.Int(i*77), "8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb"
		c.Samples.Append(&s)
	}
	for i := range 100000 {
		e := unsaid[table.Event]()
		e.Instance, e.File, e.Line, e.Kind, e.Stamp = "a", "a/redis.log", int32(i), "other", table.Micros(i)*table.Second
		e.Text = fmt.Sprintf("Unable to partial resync with replica 10.8.0.2:6379 for lack of backlog (Replica request was: %d).", i)
		c.Events.Append(&e)
	}
	for _, name := range []string{"csv", "parquet", "arrow"} {
		b.Run(name, func(b *testing.B) {
			f, _ := ByName(name)
			b.ReportAllocs()
			for b.Loop() {
				t, err := f.Open(b.TempDir(), Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := t.Case(c, nil); err != nil {
					b.Fatal(err)
				}
				if err := t.Close(nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFiles renders a storm and a fleet of 300 groups in each format of one file.
func BenchmarkFiles(b *testing.B) {
	for _, f := range files() {
		for _, name := range []string{"storm", "fleet"} {
			diag := storm()
			if name == "fleet" {
				diag = fleet(300)
			}
			b.Run(f.Name+"/"+name, func(b *testing.B) {
				n := &counter{}
				for b.Loop() {
					n.bytes = 0
					if err := f.Write(n, diag, Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n.bytes), "bytes")
			})
		}
	}
}

type counter struct{ bytes int }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	return len(p), nil
}
