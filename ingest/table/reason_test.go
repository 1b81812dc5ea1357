package table

import (
	"math"
	"testing"
)

// What is within reason can be added, and turned into microseconds, without overflow; what is beyond it is not within.
func TestReason(t *testing.T) {
	for column, want := range map[string]int64{"latest_fork_us": MostMicros, "uptime_in_seconds": MostSeconds, "last_ms": MostMillis, "used_memory_bytes": MostCount, "sync_full": MostCount} {
		if got := Most(column); got != want {
			t.Errorf("%s: %d, want %d", column, got, want)
		}
		if Within(math.MaxInt64, Most(column)) || Within(math.MinInt64+1, Most(column)) || !Within(want, Most(column)) || !Within(Null, Most(column)) {
			t.Errorf("%s: the bounds do not hold", column)
		}
	}
	if MostCount+MostCount < 0 || MostSeconds > math.MaxInt64/int64(Second) || MostMillis > math.MaxInt64/1000 || MostMicros+MostInstant < 0 {
		t.Error("two numbers within reason overflow")
	}
}
