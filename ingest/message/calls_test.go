package message

import (
	"os"
	"strings"
	"testing"
)

// TestEveryCallIsKnown reads a line for each log call of the servers, and wants 99 in 100 of them known; the others are marked in the file.
func TestEveryCallIsKnown(t *testing.T) {
	text, err := os.ReadFile("testdata/calls.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, all := 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		all++
		said, left := strings.CutPrefix(line, "?")
		var m Match
		ok := Default().Match([]byte(said), &m) && m.Kind != Other && !m.Cut
		if ok {
			known++
		}
		if ok == left {
			t.Errorf("known: %v, marked as left out: %v: %s", ok, left, said)
		}
	}
	if all < 1500 || known*100 < all*99 {
		t.Errorf("%d of %d are known", known, all)
	}
}
