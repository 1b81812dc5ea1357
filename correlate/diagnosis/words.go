package diagnosis

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"psyncope/ingest/table"
)

// Few are the first n lines.
func Few(ev []Evidence, n int) []Evidence {
	if len(ev) > n {
		return ev[:n]
	}
	return ev
}

// Round2 is a number to two digits behind the point.
func Round2(p float64) float64 { return float64(int(p*100+0.5)) / 100 }

// Shorten is a text of n bytes at most, with dots where it was cut.
func Shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}

const Mib = 1 << 20

// SizeWord is a size as a configuration file has it: 16mb, 512kb, or plain bytes where it is no round number.
func SizeWord(n int64) string {
	for _, u := range []struct {
		bytes int64
		word  string
	}{{1 << 30, "gb"}, {Mib, "mb"}, {1 << 10, "kb"}} {
		if n >= u.bytes && n%u.bytes == 0 {
			return Itoa(n/u.bytes) + u.word
		}
	}
	return Itoa(n)
}

// Amount is a size for a sentence: 15.6 MiB.
func Amount(n int64) string {
	f := float64(n)
	for _, u := range []string{"B", "KiB", "MiB", "GiB"} {
		if math.Abs(f) < 1024 {
			if u == "B" {
				return fmt.Sprintf("%.0f B", f)
			}
			return fmt.Sprintf("%.1f %s", f, u)
		}
		f /= 1024
	}
	return fmt.Sprintf("%.1f TiB", f)
}

// Length is a duration as a person says it.
func Length(d micros) string {
	s := float64(d) / float64(second)
	switch {
	case d == table.Null:
		return "an unknown time"
	case s < 0:
		return "-" + Length(-d)
	case s < 0.0995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", s), ".0") + " s"
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		if n := int64(s + 0.5); n%60 != 0 {
			return fmt.Sprintf("%d min %d s", n/60, n%60)
		}
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}

// LengthS is that of seconds.
func LengthS(s float64) string { return Length(micros(s * float64(second))) }

// Place is where a line of evidence stands: its file, and its line where it is not the whole file.
func (e Evidence) Place() string {
	if e.Line == 0 {
		return e.File
	}
	return fmt.Sprintf("%s:%d", e.File, e.Line)
}

// ClockTime is an instant on the axis for a sentence.
func ClockTime(t micros) string { return t.Time().Format("15:04:05.000") }

// BytesOf is a size with thousands set apart.
func BytesOf(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// Itoa is a number in digits.
func Itoa(n int64) string { return strconv.FormatInt(n, 10) }

// List joins names as a sentence does.
func List(names []string) string {
	switch len(names) {
	case 0:
		return "no replica"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// Plural is a count with its noun.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return BytesOf(n) + " " + many
}

// StampOf is an instant of the axis as reports have it, to the millisecond; nil where unknown.
func StampOf(t micros) *Stamp {
	if t == unknown {
		return nil
	}
	return &Stamp{t.Time().Truncate(time.Millisecond)}
}

// Seconds is a length in seconds.
func Seconds(d micros) float64 { return float64(d) / float64(second) }
