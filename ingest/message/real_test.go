package message

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"psyncope/ingest/table"
)

// show prints a match as testdata/messages.txt has it.
func show(m *Match) string {
	var b strings.Builder
	b.WriteString(m.Kind)
	text := func(name string, s []byte) {
		if s != nil {
			fmt.Fprintf(&b, " %s=%s", name, s)
		}
	}
	number := func(name string, n table.Int) {
		if n.Known() {
			fmt.Fprintf(&b, " %s=%d", name, n)
		}
	}
	text("peer", m.Peer)
	text("replid", m.ReplID)
	text("replid2", m.ReplID2)
	number("offset", m.Offset)
	number("bytes", m.Bytes)
	number("number", m.Number)
	if m.Cut {
		b.WriteString(" cut")
	}
	if m.Detail != nil {
		fmt.Fprintf(&b, " detail=%q", m.Detail)
	}
	return b.String()
}

// TestMessages reads testdata/messages.txt: a message, and on the next line, after a tab, what it says.
// A message in Go's quotes holds bytes that a text file cannot.
func TestMessages(t *testing.T) {
	const file = "testdata/messages.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var m Match
	msg, said := "", false
	for i, line := range strings.SplitAfter(string(data), "\n") {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case text == "" || strings.HasPrefix(text, "# "):
			out.WriteString(line)
		case strings.HasPrefix(text, "\t"):
			if said {
				t.Fatalf("%s:%d: an answer without a message", file, i+1)
			}
			if got := "\t" + show(&m); got != text && !*update {
				t.Errorf("%s:%d: %s\n got %s\nwant %s", file, i+1, msg, got, text)
			}
			said = true
		default:
			msg = text
			raw := text
			if strings.HasPrefix(text, `"`) {
				if _, err := fmt.Sscanf(text, "%q", &raw); err != nil {
					t.Fatalf("%s:%d: %v", file, i+1, err)
				}
			}
			Default().Match([]byte(raw), &m)
			said = false
			out.WriteString(line)
			out.WriteString("\t" + show(&m) + "\n")
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
