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
	for _, s := range []string{"2026-11-22T18:45:00Z", "2026-11-22 18:45", "2026-11-22T18:45", "2026-11-22 18:45:00", "2026-11-22T19:45:00+01:00", "1795373100", "1795373100000", "1795373100.0"} {
		got, err := parseMoment(s, time.UTC)
		if err != nil || got.kind != instant || !got.at.Equal(want) {
			t.Errorf("parseMoment(%q) = %v, %v", s, got, err)
		}
	}
	if got, err := parseMoment("2026-11-22 20:45", time.FixedZone("", 2*3600)); err != nil || !got.at.Equal(want) {
		t.Errorf("in another zone: %v, %v", got, err)
	}
	for _, s := range []string{"yesterday", "2h", "-2", "25:00", "22/11/2026", "-", "-0h", "12", "-1x"} {
		if got, err := parseMoment(s, time.UTC); err == nil {
			t.Errorf("parseMoment(%q) = %v, want an error", s, got)
		}
	}
}

// What a window means depends on what the evidence spans, and on nothing else.
func TestWindow(t *testing.T) {
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		tm, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	berlin, err := parseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		since, until string
		zone         *time.Location
		from, to     string
		a, b         string
	}{
		{"-2h", "", time.UTC, "2026-11-22 00:00", "2026-11-22 12:00", "2026-11-22 10:00", ""},
		{"-7d", "-1d", time.UTC, "2026-11-22 00:00", "2026-11-22 12:00", "2026-11-15 12:00", "2026-11-21 12:00"},
		{"22:00", "", time.UTC, "2026-11-21 20:00", "2026-11-22 12:00", "2026-11-21 22:00", ""},
		{"22:00", "06:00", time.UTC, "2026-11-21 20:00", "2026-11-22 12:00", "2026-11-21 22:00", "2026-11-22 06:00"},
		{"08:00", "09:00", time.UTC, "2026-11-21 20:00", "2026-11-22 12:00", "2026-11-22 08:00", "2026-11-22 09:00"},
		{"", "23:00", time.UTC, "2026-11-22 20:00", "2026-11-22 22:00", "", "2026-11-22 23:00"},
		{"21:00", "23:00", time.UTC, "2026-11-22 20:00", "2026-11-22 22:00", "2026-11-22 21:00", "2026-11-22 23:00"},
		{"22:00", "", berlin, "2026-11-21 20:00", "2026-11-22 12:00", "2026-11-21 21:00", ""},
		{"2026-11-22 02:00", "", time.UTC, "2026-11-21 20:00", "2026-11-22 12:00", "2026-11-22 02:00", ""},
	} {
		since, err := parseMoment(c.since, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		until, err := parseMoment(c.until, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := window(since, until, at(c.from), at(c.to)); !a.Equal(at(c.a)) || !b.Equal(at(c.b)) {
			t.Errorf("%s to %s of %s to %s: %v to %v, want %s to %s", c.since, c.until, c.from, c.to, a, b, c.a, c.b)
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
