package table

// Numbers beyond reason are damage, not measurements: each parser rejects them with file and line, so that no sum and no unit behind it can
// overflow. The bounds are far beyond what any server can say.
const (
	// MostMicros is 31 years: no command, fork or stall takes longer.
	MostMicros = 1_000_000_000_000_000
	// MostInstant, in microseconds since 1970, is the year 2255.
	MostInstant = 1 << 53
	// MostSeconds is 3,170 years, as a length and since 1970: in microseconds it is a hundredth of what an int64 holds.
	MostSeconds = 100_000_000_000
	// MostMillis is 3,170 years.
	MostMillis = 100_000_000_000_000
	// MostCount is 2 EiB, and more than any counter or offset reaches; two of them add up.
	MostCount = 1 << 61
)

// Most is the largest number that a column of this name may hold, by the unit that its name ends in; the smallest is its negative.
func Most(column string) int64 {
	switch (Column{Name: column}).Unit() {
	case "us":
		return MostMicros
	case "ms":
		return MostMillis
	case "seconds":
		return MostSeconds
	}
	return MostCount
}

// Within reports whether a number is within reason for a bound.
func Within(n, most int64) bool { return n == Null || n <= most && n >= -most }
