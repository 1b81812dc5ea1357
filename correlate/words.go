package correlate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// length is a duration as a person says it.
func length(d micros) string {
	s := float64(d) / float64(second)
	switch {
	case s < 0:
		return "-" + length(-d)
	case s < 0.0995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", s), ".0") + " s"
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}

// clockTime is an instant on the axis for a sentence.
func clockTime(t micros) string { return t.Time().Format("15:04:05.000") }

// bytesOf is a size with thousands set apart.
func bytesOf(n int64) string {
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

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// list joins names as a sentence does.
func list(names []string) string {
	switch len(names) {
	case 0:
		return "no replica"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return bytesOf(n) + " " + many
}

func stampOf(t micros) *Stamp {
	if t == unknown {
		return nil
	}
	return &Stamp{t.Time().Truncate(time.Millisecond)}
}

func seconds(d micros) float64 { return float64(d) / float64(second) }
