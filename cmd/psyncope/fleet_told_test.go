package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"psyncope/correlate/fleet/state"
)

// TestFleetTellsOnce: an incident that ended before what a night reads again is not told anew by the half of its evidence that is read along; one whose
// evidence comes late is told, though it ended before that too, and whatever the zones of its servers.
func TestFleetTellsOnce(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	db, out := filepath.Join(dir, "state.db"), filepath.Join(dir, "out")
	bring := func(servers ...string) {
		for _, s := range servers {
			if err := os.CopyFS(filepath.Join(root, s), os.DirFS(filepath.Join("../../fixtures/captures/net-reset/capture", s))); err != nil {
				t.Fatal(err)
			}
		}
	}
	goOn := func(hours int, servers ...string) {
		for _, s := range servers {
			path := filepath.Join(root, s, "redis.log")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			last := regexp.MustCompile(`(?m)^(\d+:[MS]) (\d\d \w{3} \d{4} [\d:.]+)`).FindAllSubmatch(b, -1)
			l := last[len(last)-1]
			at, err := time.Parse("02 Jan 2006 15:04:05.000", string(l[2]))
			if err != nil {
				t.Fatal(err)
			}
			b = fmt.Appendf(b, "%s %s * 1 changes in 3600 seconds. Saving...\n", l[1], at.Add(time.Duration(hours)*time.Hour).Format("02 Jan 2006 15:04:05.000"))
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	night := func(wantNew, wantOnPage int, through string) {
		t.Helper()
		if code, said := fleetCommand(t, root, "--state", db, "--out", out); code != 0 {
			t.Fatalf("exit %d: %s", code, said)
		}
		page := pageOf(t, out)
		if len(page.New) != wantNew || len(page.Open)+len(page.Gone) != 0 {
			t.Errorf("night %d: %d new, %d open, %d over; want %d, 0, 0", page.Night, len(page.New), len(page.Open), len(page.Gone), wantNew)
		}
		if got := page.Through.UTC().Format(time.DateTime)[:16]; got != through {
			t.Errorf("night %d is through %s, not %s", page.Night, got, through)
		}
		store, st, err := state.Open(db)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Shut()
		told := 0
		for _, g := range st.Groups {
			if g.LastNight != page.Night {
				continue
			}
			d, err := state.Report(g)
			if err != nil || d == nil {
				t.Fatal(g.Name, err)
			}
			told += len(d.Incidents)
		}
		if told != wantOnPage {
			t.Errorf("night %d: the groups' pages tell of %d incidents, not %d", page.Night, told, wantOnPage)
		}
		if len(st.Incidents) > 1 {
			t.Errorf("night %d: %d incidents are known of one", page.Night, len(st.Incidents))
		}
	}
	bring("redis-b", "redis-d")
	goOn(2, "redis-b", "redis-d")
	night(0, 0, "2026-11-22 23:59")
	bring("redis-a", "redis-c") // late
	goOn(1, "redis-b", "redis-d")
	night(1, 1, "2026-11-23 00:58")
	goOn(6, "redis-a", "redis-b", "redis-c", "redis-d")
	night(0, 0, "2026-11-23 06:58")
}
