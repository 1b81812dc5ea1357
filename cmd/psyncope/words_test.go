package main

import (
	"runtime/debug"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDidYouMean(t *testing.T) {
	verbs := []string{"analyze", "clocks", "size", "report", "explain", "collect", "completion", "version", "help"}
	for typed, want := range map[string]string{
		"analyse":   "; did you mean analyze?",
		"anaylze":   "; did you mean analyze?",
		"analyzer":  "; did you mean analyze?",
		"explian":   "; did you mean explain?",
		"sizing":    "",
		"hlep":      "; did you mean help?",
		"xyzzy":     "",
		"":          "",
		"compl":     "; did you mean completion?",
		"./capture": "",
	} {
		if got := didYouMean(typed, verbs); got != want {
			t.Errorf("didYouMean(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestEditDistanceIsADistance(t *testing.T) {
	word := rapid.StringMatching(`[a-d]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := editDistance(a, b)
		if d != editDistance(b, a) {
			t.Fatalf("%q and %q: not symmetric", a, b)
		}
		if (d == 0) != (a == b) {
			t.Fatalf("%q and %q are %d apart", a, b, d)
		}
		if d < max(len(a), len(b))-min(len(a), len(b)) || d > max(len(a), len(b)) {
			t.Fatalf("%q and %q are %d apart", a, b, d)
		}
	})
}

func TestParseMoment(t *testing.T) {
	want := time.Date(2026, 11, 22, 18, 45, 0, 0, time.UTC)
	for _, s := range []string{"2026-11-22T18:45:00Z", "2026-11-22 18:45", "2026-11-22T18:45", "2026-11-22 18:45:00", "2026-11-22T19:45:00+01:00"} {
		got, err := parseMoment(s)
		if err != nil || !got.Equal(want) {
			t.Errorf("parseMoment(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "yesterday", "-2h", "18:45", "22/11/2026"} {
		if got, err := parseMoment(s); err == nil {
			t.Errorf("parseMoment(%q) = %v, want an error", s, got)
		}
	}
}

func TestParseZone(t *testing.T) {
	winter := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]int{"UTC": 0, "Europe/Berlin": 3600, "+02:00": 7200, "-0530": -19800, "Asia/Kolkata": 19800, "+01": 3600} {
		loc, err := parseZone(s)
		if err != nil {
			t.Errorf("parseZone(%q): %v", s, err)
			continue
		}
		if _, got := winter.In(loc).Zone(); got != want {
			t.Errorf("parseZone(%q) is %d s from UTC, want %d", s, got, want)
		}
	}
	for _, s := range []string{"", "Local", "Europe/Atlantis", "2"} {
		if loc, err := parseZone(s); err == nil {
			t.Errorf("parseZone(%q) = %v, want an error", s, loc)
		}
	}
}

func TestParseSkew(t *testing.T) {
	for s, want := range map[string]time.Duration{"2.5": 2500 * time.Millisecond, "-0.3": -300 * time.Millisecond, "4s": 4 * time.Second, "1m30s": 90 * time.Second, "0": 0} {
		if got, err := parseSkew(s); err != nil || got != want {
			t.Errorf("parseSkew(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "fast", "NaN", "1e300", "Inf"} {
		if got, err := parseSkew(s); err == nil {
			t.Errorf("parseSkew(%q) = %v, want an error", s, got)
		}
	}
}

func TestVersionText(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8"}
	info.Main.Version = "v1.2.3"
	info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}
	want := "psyncope v1.2.3\ncommit   abc with local changes\nreport   psyncope/report/v1\nbuilt by go1.26.8\n"
	if got := versionText(info); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := versionText(nil); got != "psyncope (unknown build)\n" {
		t.Errorf("got %q", got)
	}
}
