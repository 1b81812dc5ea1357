package ingest

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"psyncope/ingest/table"
)

// TestHarmedRecords: of a log in records that went through a terminal, lost the ends of its lines, or has a clock of no year, each line of the
// file is accounted for once, whatever stands in it, and no message is lost but those without a time.
func TestHarmedRecords(t *testing.T) {
	messages := []string{
		"Ready to accept connections", "Replica 10.0.0.2:6379 asks for synchronization", "Starting BGSAVE for SYNC with target: disk",
		"Background saving started by pid 77", "Synchronization with replica 10.0.0.2:6379 succeeded", "Connection with replica 10.0.0.2:6379 lost.",
	}
	rapid.Check(t, func(r *rapid.T) {
		year := rapid.SampledFrom([]string{"2026", "0000", "20266"}).Draw(r, "year")
		said := rapid.SliceOfN(rapid.SampledFrom(messages), 6, 40).Draw(r, "said")
		var b strings.Builder
		for i, m := range said {
			// A few share their millisecond, as a server's lines do.
			fmt.Fprintf(&b, `{"log": "11:M 22 Nov %[1]s 10:00:%02[2]d.000 * %[3]s\n", "stream": "stdout", "time": "%[1]s-11-22T10:00:%02[2]d.000000012Z"}`+"\n", year, i/3, m)
		}
		text := b.String()
		harm := rapid.SampledFrom([]string{"none", "wrapped", "one line"}).Draw(r, "harm")
		switch harm {
		case "wrapped":
			text = wrappedAt(text, rapid.IntRange(60, 140).Draw(r, "width"))
		case "one line":
			text = strings.ReplaceAll(text, "\n", " ")
		}
		lines := int64(0)
		for l := range strings.Lines(text) {
			if strings.TrimSpace(l) != "" {
				lines++
			}
		}
		dir := tree(t, map[string]string{"redis-a/redis.log": text})
		var accounted, messages int64
		sum, err := Each(t.Context(), Options{Roots: []string{dir}}, func(c *table.Case) error {
			for _, f := range c.Files {
				accounted += f.Records + f.Ignored + f.Rejected
			}
			for _, e := range c.Events.Rows() {
				messages += e.Count.Or(1)
			}
			return nil
		})
		if err != nil {
			if year == "2026" {
				r.Fatal(err)
			}
			return // nothing in it is a server's, and that is said
		}
		if len(sum.Files) > 0 || accounted != lines {
			r.Fatalf("%d lines accounted for of %d, %d files not read:\n%s", accounted, lines, len(sum.Files), text)
		}
		if year == "2026" && messages != int64(len(said)) {
			r.Fatalf("%d messages of %d:\n%s", messages, len(said), text)
		}
	})
}

// wrappedAt is a text as a terminal of some columns shows it.
func wrappedAt(text string, width int) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		for l = strings.TrimSuffix(l, "\n"); len(l) > width; l = l[width:] {
			b.WriteString(l[:width] + "\n")
		}
		b.WriteString(l + "\n")
	}
	return b.String()
}
