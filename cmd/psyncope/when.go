package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	// Zones must be known where the system has no zone files: a container, Windows.
	_ "time/tzdata"
)

// moments are how --since and --until may be written, UTC unless the text says otherwise.
var moments = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	time.DateOnly,
}

// parseMoment reads a date. It knows no "two hours ago": the same command gives the same report tomorrow.
func parseMoment(s string) (time.Time, error) {
	for _, layout := range moments {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date: write 2026-11-22T18:45:30Z or \"2026-11-22 18:45\" (UTC)", s)
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
