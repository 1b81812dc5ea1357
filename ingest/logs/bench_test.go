package logs_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"psyncope/ingest/artifact"
	"psyncope/ingest/logs"
	"psyncope/ingest/table"
)

// storm is a replica that is refused ten thousand times a second.
func storm(size int) []byte {
	var b bytes.Buffer
	b.Grow(size + 1024)
	t := time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)
	for i := 0; b.Len() < size; i++ {
		when := t.Add(time.Duration(i) * 100 * time.Microsecond).Format("02 Jan 2006 15:04:05.000")
		fmt.Fprintf(&b, "1843:S %s * Connecting to MASTER 10.1.0.7:6379\n", when)
		fmt.Fprintf(&b, "1843:S %s * MASTER <-> REPLICA sync started\n", when)
		fmt.Fprintf(&b, "1843:S %s # Error condition on socket for SYNC: Connection refused\n", when)
	}
	return b.Bytes()
}

// flapping is a primary's ordinary bad day: every message of its own second, ids and offsets all different.
func flapping(size int) []byte {
	var b bytes.Buffer
	t := time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC)
	for i := 0; b.Len() < size; i++ {
		for k, f := range []string{
			"2041:M %[1]s # Connection with replica 10.1.0.%[2]d:6379 lost.\n",
			"2041:M %[1]s * Replica 10.1.0.%[2]d:6379 asks for synchronization\n",
			"2041:M %[1]s * Unable to partial resync with replica 10.1.0.%[2]d:6379 for lack of backlog (Replica request was: %[3]d).\n",
			"2041:M %[1]s * Starting BGSAVE for SYNC with target: disk\n",
			"2041:M %[1]s * Background saving started by pid %[3]d\n",
			"%[3]d:C %[1]s * DB saved on disk\n",
			"2041:M %[1]s * Background saving terminated with success\n",
			"2041:M %[1]s * Synchronization with replica 10.1.0.%[2]d:6379 succeeded\n",
		} {
			when := t.Add(time.Duration(i*8+k) * 700 * time.Millisecond).Format("02 Jan 2006 15:04:05.000")
			fmt.Fprintf(&b, f, when, i%200, 100000+i)
		}
	}
	return b.Bytes()
}

func docker(log []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(log) {
		fmt.Fprintf(&b, "{\"log\":\"%s\\n\",\"stream\":\"stdout\",\"time\":\"2025-03-01T10:00:00.123456789Z\"}\n", bytes.TrimSpace(line))
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name string
		log  []byte
	}{
		{"storm", storm(50 << 20)},
		{"flapping", flapping(8 << 20)},
		{"docker-storm", docker(storm(8 << 20))},
		{"garbage", bytes.Repeat([]byte("\x00\x01 neither a header nor a message, just text\n"), 200_000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.log)))
			b.ReportAllocs()
			for b.Loop() {
				var out table.Case
				if _, err := logs.Format().Read(artifact.Input{Body: bytes.NewReader(c.log)}, &out); err != nil {
					b.Fatal(err)
				}
				out.Release()
			}
		})
	}
}
