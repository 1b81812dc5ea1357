package timeline

import (
	"testing"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// TestLives: a start ends the process before, in whatever year a clock may be; near misses are a start among lines of a process that goes on
// writing, which is another server's, and one with nothing before it.
func TestLives(t *testing.T) {
	const start = 99
	for _, c := range []struct {
		name string
		from micros // the time of the first line
		pids []int  // of the lines, a minute apart; start stands for a start of process 2
		want int
	}{
		{"a restart", 1_795_000_000 * second, []int{1, 1, start, 2}, 2},
		{"before 1970", -62_138_688_000 * second, []int{1, 1, start, 2}, 2},
		{"another server's start", 1_795_000_000 * second, []int{1, start, 1, 1}, 1},
		{"the first start", 1_795_000_000 * second, []int{start, 2, 2}, 1},
	} {
		h := &Host{}
		for i, pid := range c.pids {
			e := Event{Event: table.Event{Origin: table.Origin{File: "a", Line: int32(i + 1)}, PID: table.Int(pid), Role: "M"}, At: c.from + micros(i)*60*second}
			if pid == start {
				e.PID, e.Role, e.Means = 2, "C", message.Starts
			}
			e.Last = e.At
			h.Events = append(h.Events, e)
		}
		if got := livesOf(h); len(got) != c.want {
			t.Errorf("%s: %d lives, want %d: %+v", c.name, len(got), c.want, got)
		} else if got := got[0]; c.want > 1 && (got.To != h.Events[1].Last || got.How != "gone") {
			t.Errorf("%s: %s at %d, want gone at %d", c.name, got.How, got.To, h.Events[1].Last)
		}
	}
}
