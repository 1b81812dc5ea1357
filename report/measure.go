package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"psyncope/correlate/diagnosis"
)

// commas prints n as 1,234,567.
func commas(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// size prints bytes as people say them: 512 B, 1.0 MiB.
func size(n float64) string {
	if math.Abs(n) < 1024 {
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	}
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		n /= 1024
		if math.Abs(n) < 1023.95 {
			return trim(n, 1) + " " + u
		}
	}
	return trim(n/1024, 1) + " PiB"
}

// trim prints f with at most digits decimals.
func trim(f float64, digits int) string {
	s := strconv.FormatFloat(f, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// span prints seconds as people say them: 0.35 s, 65.1 s, 4 min 12 s, 3 h 5 min, 2 d 3 h.
func span(s float64) string {
	switch {
	case s < 0:
		return "-" + span(-s)
	case s < 10:
		return trim(s, 3) + " s"
	case s < 120:
		return trim(s, 1) + " s"
	}
	n := int64(math.Round(s))
	switch {
	case n < 7200:
		return pair(n/60, "min", n%60, "s")
	case n < 48*3600:
		return pair(n/3600, "h", n%3600/60, "min")
	default:
		return pair(n/86400, "d", n%86400/3600, "h")
	}
}

func pair(a int64, unit string, b int64, below string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unit)
	}
	return fmt.Sprintf("%d %s %d %s", a, unit, b, below)
}

// when prints a stamp for people, to the millisecond.
func when(s *diagnosis.Stamp) string {
	if s == nil {
		return "at an unknown time"
	}
	return s.UTC().Format("2006-01-02 15:04:05.000")
}

// until prints a stamp's time of day, with the date where it is not from's.
func until(from, s *diagnosis.Stamp) string {
	if s == nil {
		return "?"
	}
	if from != nil && from.UTC().Format(time.DateOnly) == s.UTC().Format(time.DateOnly) {
		return s.UTC().Format("15:04:05.000")
	}
	return when(s)
}

// offset is how long after the incident's start the instant lies: +0.000s, +1:02.345, -3.2s.
func offset(start, at *diagnosis.Stamp) string {
	if start == nil || at == nil {
		return "?"
	}
	d := at.Sub(start.Time).Round(time.Millisecond)
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%s%.1fs", sign, d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%s%d:%04.1f", sign, int(d.Minutes()), (d % time.Minute).Seconds())
	default:
		return fmt.Sprintf("%s%d:%02d:%02.0f", sign, int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Truncate(time.Second).Seconds())
	}
}

// percent prints a confidence.
func percent(c float64) string { return strconv.Itoa(int(math.Round(c*100))) + "%" }

// count prints n of a noun: 1 full resync, 4 full resyncs, no partial resyncs.
func count(n int64, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return commas(n) + " " + noun + "s"
	}
}

func rate(bytesPerS float64) string { return size(bytesPerS) + "/s" }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// zone prints an offset from UTC: UTC, UTC+02:00.
func zone(s float64) string {
	if s == 0 {
		return "UTC"
	}
	sign := "+"
	if s < 0 {
		sign, s = "-", -s
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, int(s)/3600, int(s)%3600/60)
}

// skew prints how far a clock is ahead, with its doubt.
func skew(h diagnosis.HostClock) string {
	if strings.HasPrefix(h.Method, "unaligned") {
		return "unknown"
	}
	s := trim(h.SkewS, 3) + " s"
	if h.ErrorS > 0 {
		s += " ± " + trim(h.ErrorS, 3) + " s"
	}
	return s
}

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return commas(*n)
}

// needed is what the backlog had to hold: a number, its bounds where it is not certain to the byte, or the bounds alone.
func needed(n, least, most *int64) string {
	bounds := ""
	switch {
	case least != nil && most != nil && *least != *most:
		bounds = "between " + commas(*least) + " and " + commas(*most)
	case least != nil && most == nil:
		bounds = "at least " + commas(*least)
	case most != nil && least == nil:
		bounds = "at most " + commas(*most)
	}
	switch {
	case n == nil:
		return bounds
	case bounds == "":
		return commas(*n)
	default:
		return commas(*n) + " (" + bounds + ")"
	}
}
