package logs

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTimesEach: a log whose every line stands k times on end is known, and one line that stands alone is enough against it.
func TestTimesEach(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := rapid.IntRange(2, 4).Draw(r, "times")
		words := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,8}`), sureRuns+1, 20, rapid.ID[string]).Draw(r, "lines")
		var b strings.Builder
		for _, w := range words {
			b.WriteString(strings.Repeat(w+"\n", k))
		}
		if got := timesEach([]byte(b.String())); got != k {
			r.Fatalf("%d times, want %d", got, k)
		}
		d := doubled{each: k}
		var left []string
		for _, l := range strings.Fields(b.String()) {
			if !d.again([]byte(l)) {
				left = append(left, l)
			}
		}
		if strings.Join(left, " ") != strings.Join(words, " ") {
			r.Fatalf("left %q of %q", left, words)
		}
		at := rapid.IntRange(0, len(words)-2).Draw(r, "at")
		once := strings.Replace(b.String(), words[at]+"\n", "", k-1)
		if got := timesEach([]byte(once)); got > 1 && k > 1 && strings.Count("\n"+once, "\n"+words[at]+"\n") == 1 {
			r.Fatalf("%d times, though %q stands once", got, words[at])
		}
	})
	if got := timesEach([]byte("a\na\nb\nb\n")); got != 1 {
		t.Errorf("two lines twice are no proof: %d", got)
	}
}
