package sizing

// A size is what was needed and a margin: the same outage does not cost the same bytes twice. In seven repeats of one the bare need
// failed twice by a few kilobytes, and with 15 in 100 more it held each time; at least a ping is added (14 bytes, redis 7.4.1
// replication.c replicationCron), for the next may come just before the request.
const (
	marginPercent = 15
	pingBytes     = 14
)

// WithMargin is what to provide where so much was needed.
func WithMargin(n int64) int64 { return n + max(n/100*marginPercent, pingBytes) }

// RoundUp is the next size that reads well: up to an eighth more, in steps of a power of two and of 64 KiB at least.
func RoundUp(n int64) int64 {
	step := int64(64 << 10)
	for step*16 <= n {
		step *= 2
	}
	return (n + step - 1) / step * step
}
