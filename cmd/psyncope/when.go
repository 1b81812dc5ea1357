package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	// Zones must be known where the system has no zone files: a container, Windows.
	_ "time/tzdata"
)

// moments are how --since and --until may be written in full; in the zone that is asked for unless the text has its own.
var moments = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	time.DateOnly,
}

// clocks are times of day.
var clocks = []string{"15:04:05", "15:04"}

// moment is one end of the window: an instant, so long before the evidence ends, or a time of day. It never means "before now": the same
// command gives the same report tomorrow. The zero moment is an open end.
type moment struct {
	at    time.Time
	ago   time.Duration
	clock time.Duration // since midnight in zone
	zone  *time.Location
	kind  momentKind
}

type momentKind int

const (
	openEnd momentKind = iota
	instant
	beforeEnd
	timeOfDay
)

// parseMoment reads one end of the window.
func parseMoment(s string, zone *time.Location) (moment, error) {
	if s == "" {
		return moment{}, nil
	}
	for _, layout := range moments {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return moment{at: t.UTC(), kind: instant}, nil
		}
	}
	for _, layout := range clocks {
		if t, err := time.Parse(layout, s); err == nil {
			return moment{clock: t.Sub(t.Truncate(24 * time.Hour)), zone: zone, kind: timeOfDay}, nil
		}
	}
	if t, ok := parseEpoch(s); ok {
		return moment{at: t, kind: instant}, nil
	}
	if ago, ok := strings.CutPrefix(s, "-"); ok {
		if d, ok := parseLength(ago); ok {
			return moment{ago: d, kind: beforeEnd}, nil
		}
	}
	return moment{}, fmt.Errorf("%q is no date: write 2026-11-22T18:45:30Z, \"2026-11-22 18:45\", 18:45, an epoch, or -2h (before the evidence ends)", s)
}

// parseEpoch reads seconds, milliseconds or microseconds since 1970, by how many digits there are.
func parseEpoch(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}, false
	}
	switch len(whole) {
	case 9, 10:
		f, err := strconv.ParseFloat("0."+fraction+"0", 64)
		return time.Unix(n, int64(f*1e9)).UTC(), err == nil
	case 12, 13:
		return time.UnixMilli(n).UTC(), fraction == ""
	case 15, 16:
		return time.UnixMicro(n).UTC(), fraction == ""
	}
	return time.Time{}, false
}

// parseLength reads 2h, 90m, 1h30m, 7d.
func parseLength(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * 24 * float64(time.Hour)), err == nil && n > 0 && n < 36500
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// window resolves both ends against what the evidence spans. A time of day is the last one that lies in it, or, for the end, the first one
// behind it where none does; where both are times of day, the window is less than a day long.
func window(since, until moment, from, to time.Time) (time.Time, time.Time) {
	a, b := since.in(to), until.in(to)
	if until.kind == timeOfDay && b.Before(from) {
		b = until.next(to)
	}
	if since.kind == timeOfDay && until.kind == timeOfDay {
		if a = since.next(b.AddDate(0, 0, -1)); !a.Before(b) {
			a = a.AddDate(0, 0, -1)
		}
	}
	return a, b
}

// in is the moment in evidence that ends at a time; the zero time for an open end.
func (m moment) in(to time.Time) time.Time {
	switch m.kind {
	case instant:
		return m.at
	case beforeEnd:
		return to.Add(-m.ago)
	case timeOfDay:
		local := to.In(m.zone)
		t := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, m.zone).Add(m.clock)
		if t.After(to) {
			t = t.AddDate(0, 0, -1)
		}
		return t.UTC()
	}
	return time.Time{}
}

// next is the first such time of day after t.
func (m moment) next(t time.Time) time.Time {
	local := t.In(m.zone)
	n := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, m.zone).Add(m.clock)
	for !n.After(t) {
		n = n.AddDate(0, 0, 1)
	}
	return n.UTC()
}

// parseZone reads a zone's name or its distance from UTC (+02:00, -0530).
func parseZone(s string) (*time.Location, error) {
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		if t, err := time.Parse(layout, s); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(s, offset), nil
		}
	}
	// Local would make the report depend on the machine it is made on.
	if loc, err := time.LoadLocation(s); err == nil && s != "" && s != "Local" {
		return loc, nil
	}
	return nil, fmt.Errorf("%q is no zone: write Europe/Berlin, UTC or +01:00", s)
}

// parseSkew reads seconds (2.5, -0.3) or a duration with its unit (1m30s).
func parseSkew(s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(strings.TrimSuffix(s, "s"), 64); err == nil && f > -1e9 && f < 1e9 {
		return time.Duration(f * float64(time.Second)), nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no skew: write seconds, as in 2.5 or -0.3", s)
}

// perInstance reads a flag of INSTANCE=VALUE pairs.
func perInstance[V any](flag string, pairs []string, parse func(string) (V, error)) (map[string]V, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	out := map[string]V{}
	for _, p := range pairs {
		name, text, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, usagef("--%s %s: write INSTANCE=VALUE", flag, p)
		}
		v, err := parse(text)
		if err != nil {
			return nil, usagef("--%s %s: %w", flag, p, err)
		}
		out[name] = v
	}
	return out, nil
}
