package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/correlate/fleet/state"
	"psyncope/fixtures/synthetic"
	"psyncope/report/fleetpage"
)

var updateFleet = flag.Bool("update-fleet", false, "write the golden pages of the nights anew")

// edges are where one night ends and the next begins, as seconds since the fleet's beginning. That between the second and the third lies in an
// incident.
type nights struct {
	t      *testing.T
	whole  string // the fleet as it was at the end
	root   string // as it is delivered
	edges  []time.Time
	groups int
}

const fleetNights = 5

// delivered is a fleet, one in nine of whose groups has an incident, to be delivered in five nights.
func delivered(t *testing.T, groups int) (*nights, []synthetic.Expected) {
	t.Helper()
	dir := t.TempDir()
	n := &nights{t: t, whole: filepath.Join(dir, "whole"), root: filepath.Join(dir, "fleet"), groups: groups}
	expected, err := synthetic.Fleet{Groups: groups, Hours: 2.5, Interval: 30 * time.Second, Seed: 7, Every: 9}.Write(n.whole)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for k := range fleetNights {
		n.edges = append(n.edges, begin.Add(time.Duration(k+1)*30*time.Minute))
	}
	// Over midnight: the edge nearest to an incident is moved into it.
	for _, e := range expected {
		at := time.UnixMicro(int64(e.At * 1e6)).UTC()
		if k := slices.IndexFunc(n.edges, func(x time.Time) bool { return x.After(at) }); k == 1 || k == 2 {
			if e.Trigger != "network-interruption" {
				continue
			}
			n.edges[k] = at.Add(80 * time.Second).Truncate(time.Second) // the link is lost, and not up again
			break
		}
	}
	return n, expected
}

// cut are the parts of a text by night: dumps by their headings, log lines by their stamps.
func (n *nights) cut(text string) (parts [fleetNights]string) {
	night := 0
	var b [fleetNights]strings.Builder
	for line := range strings.Lines(text) {
		var at time.Time
		var err error
		if s, ok := strings.CutPrefix(line, "### "); ok {
			at, err = time.Parse(time.RFC3339, strings.TrimSpace(s))
		} else if _, s, ok := strings.Cut(line, ":"); ok && len(s) > 26 {
			at, err = time.Parse("02 Jan 2006 15:04:05.000", s[2:26])
		}
		if err == nil && !at.IsZero() {
			for night < fleetNights-1 && at.After(n.edges[night]) {
				night++
			}
		}
		b[night].WriteString(line)
	}
	for k := range parts {
		parts[k] = b[k].String()
	}
	return parts
}

// deliver brings what is there after a night (from 0), in another layout for each fourth of the groups.
func (n *nights) deliver(k int) {
	n.t.Helper()
	for g := range n.groups {
		group := fmt.Sprintf("shard-%05d", g)
		if g == 8 && k >= 3 { // it vanishes
			if err := os.RemoveAll(filepath.Join(n.root, group)); err != nil {
				n.t.Fatal(err)
			}
			continue
		}
		servers, err := os.ReadDir(filepath.Join(n.whole, group))
		if err != nil {
			n.t.Fatal(err)
		}
		for _, s := range servers {
			till := k
			if g == 12 && k == 1 && strings.HasSuffix(s.Name(), "-c") { // late: it comes with the next night
				till = 0
			}
			n.server(group, s.Name(), g, till, k)
		}
	}
}

func (n *nights) server(group, server string, g, till, k int) {
	from, to := filepath.Join(n.whole, group, server), filepath.Join(n.root, group, server)
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			n.t.Fatal(err)
		}
		return string(b)
	}
	write := func(name, content string) {
		path := filepath.Join(to, name)
		if old, err := os.ReadFile(path); err == nil && string(old) == content {
			return // as it was: nobody touches it
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			n.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			n.t.Fatal(err)
		}
	}
	info, log := n.cut(read("info.log")), n.cut(read("redis.log"))
	joined := func(parts [fleetNights]string, to int) string { return strings.Join(parts[:to+1], "") }
	length := "128"
	if k >= 2 && g < 40 {
		length = "256"
	}
	write("config.txt", strings.TrimRight(read("config.txt"), "\n")+"\nslowlog-max-len\n"+length+"\n")
	var slow, kept []json.RawMessage
	if err := json.Unmarshal([]byte(read("slowlog.json")), &slow); err != nil {
		n.t.Fatal(err)
	}
	for _, e := range slow { // as it was taken after the night
		var entry []any
		if err := json.Unmarshal(e, &entry); err != nil {
			n.t.Fatal(err)
		}
		if at := time.Unix(int64(entry[1].(float64)), 0); !at.After(n.edges[till]) {
			kept = append(kept, e)
		}
	}
	taken, err := json.Marshal(append([]json.RawMessage{}, kept...))
	if err != nil {
		n.t.Fatal(err)
	}
	write("slowlog.json", string(taken))
	switch g % 4 {
	case 1: // rotated each night
		for j := range till {
			write(fmt.Sprintf("redis.log.%d", till-j), log[j])
		}
		write("redis.log", log[till])
		write(fmt.Sprintf("info-%d.log", till+1), info[till])
	case 2: // a file of dumps each night
		write(fmt.Sprintf("info-%d.log", till+1), info[till])
		write("redis.log", joined(log, till))
	case 3: // appended to, with a copy of the night before beside it
		write("info.log", joined(info, till))
		write("redis.log", joined(log, till))
		if till > 0 {
			write("redis.log.bak", joined(log, till-1))
		}
	default:
		write("info.log", joined(info, till))
		write("redis.log", joined(log, till))
	}
}

// fleetCommand runs fleet in this process.
func fleetCommand(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"fleet"}, args...), strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String() + stderr.String()
}

// Five nights: what is new, still open, over and acknowledged each morning, and the same incidents in the end as one analysis over all.
func TestFleetNights(t *testing.T) {
	n, expected := delivered(t, 45)
	dir := t.TempDir()
	db, out := filepath.Join(dir, "state.db"), filepath.Join(dir, "out")
	acked := ""
	for k := range fleetNights {
		n.deliver(k)
		notify := filepath.Join(dir, fmt.Sprintf("notify-%d", k))
		code, said := fleetCommand(t, n.root, "--state", db, "--out", out, "--notify", notify)
		if code != 0 {
			t.Fatalf("night %d: exit %d: %s", k+1, code, said)
		}
		page := pageOf(t, out)
		if page.Night != k+1 {
			t.Fatalf("night %d is called %d", k+1, page.Night)
		}
		goldenNight(t, k, out, n.root)
		before := snapshot(t, dir)
		if code, said := fleetCommand(t, n.root, "--state", db, "--out", out, "--notify", notify); code != 0 || snapshot(t, dir) != before {
			t.Errorf("night %d, run again with nothing new: exit %d: %s", k+1, code, said)
		}
		for _, c := range page.New {
			if c.Incident.Ongoing && acked == "" {
				acked = c.Key
				if code, said := fleetCommand(t, "ack", acked, "--state", db, "--reason", "known since yesterday"); code != 0 {
					t.Fatalf("ack: exit %d: %s", code, said)
				}
			}
		}
		if _, err := os.Stat(notify); (err == nil) != (len(page.New)+len(page.Changes)+len(page.Missing) > 0) {
			t.Errorf("night %d: a message: %v; new %d, changed %d, missing %d", k+1, err == nil, len(page.New), len(page.Changes), len(page.Missing))
		}
		switch k {
		case 2:
			if i := slices.IndexFunc(page.Changes, func(c fleet.Changed) bool { return c.What == "slowlog-max-len" }); i < 0 || len(page.Changes[i].Groups) != 40 {
				t.Errorf("the setting that changed on 40 groups is not one line: %+v", page.Changes)
			}
		case 3:
			if !slices.Equal(page.Missing, []string{"shard-00008-a"}) {
				t.Errorf("missing: %v", page.Missing)
			}
		}
	}
	if acked == "" {
		t.Fatal("no incident was open at the end of a night: none lies over midnight")
	}
	sameAsTogether(t, n, db, acked, expected)
}

// sameAsTogether holds the state after all nights against one analysis of everything.
func sameAsTogether(t *testing.T, n *nights, db, acked string, expected []synthetic.Expected) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"analyze", "-q", "--format", "json", n.whole}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	var together diagnosis.Diagnosis
	if err := json.Unmarshal(stdout.Bytes(), &together); err != nil {
		t.Fatal(err)
	}
	if len(together.Incidents) != len(expected) {
		t.Fatalf("%d incidents in one analysis, %d are in the fleet", len(together.Incidents), len(expected))
	}
	store, st, err := state.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Shut()
	if len(st.Incidents) != len(together.Incidents) {
		t.Errorf("%d incidents over the nights, %d together", len(st.Incidents), len(together.Incidents))
	}
	if _, ok := st.Incidents[acked]; !ok {
		t.Errorf("the acknowledged incident %s has another key by now", acked)
	}
	for _, want := range together.Incidents {
		found := 0
		for _, i := range st.Incidents {
			if st.Groups[i.Group].Name == want.Group && i.Is.Trigger.Kind == want.Trigger.Kind && slices.Equal(i.Is.Affected, want.Affected) && !i.Is.Start.After(want.End.Time) && i.Is.End != nil && !want.Start.After(i.Is.End.Time) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s of %s is there %d times", want.Trigger.Kind, want.Group, found)
		}
	}
}

func pageOf(t *testing.T, out string) *fleet.Page {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "fleet.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := &fleet.Page{}
	if err := json.Unmarshal(b, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// goldenNight holds the night's page against the one that is kept.
func goldenNight(t *testing.T, k int, out, root string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(out, "report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got = bytes.ReplaceAll(got, []byte(root), []byte("FLEET"))
	path := filepath.Join("testdata", "fleet", fmt.Sprintf("night-%d.txt", k+1))
	if *updateFleet {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// snapshot is all files below a directory with what is in them; of a state its tables.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		if strings.Contains(path, "state.db") {
			return nil
		}
		b, err := os.ReadFile(path)
		files = append(files, path+"\n"+string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return strings.Join(files, "\n") + "\n" + dump(t, filepath.Join(dir, "state.db"))
}

// dump is a state as text.
func dump(t *testing.T, db string) string {
	t.Helper()
	if _, err := os.Stat(db); err != nil {
		return ""
	}
	store, st, err := state.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Shut()
	b, err := json.Marshal(map[string]any{"nights": st.Nights, "groups": st.Groups, "incidents": st.Incidents, "artifacts": st.Artifacts, "changes": st.Changes, "measures": st.Measures, "acks": st.Acks, "settings": settingsOf(st)})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func settingsOf(st *fleet.State) []string {
	var out []string
	for k, v := range st.Settings {
		out = append(out, fmt.Sprint(k, v.Value, v.Since))
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

// The metrics are what Prometheus reads, whatever the groups are called.
func TestFleetMetrics(t *testing.T) {
	p := fleetpage.Page{Page: &fleet.Page{Night: 1, Through: &diagnosis.Stamp{Time: time.Unix(1795219200, 0)}, Groups: []fleet.Ranked{
		{Key: "a", Name: `quo"ted\name`, Risk: 0.5, Trend: []*fleet.Measure{{SurvivesS: 1.5, BacklogUsed: 0.25, ForkS: 0.1, PeakBytesPerS: 1e6}}},
		{Key: "b", Name: "two\nlines", Trend: []*fleet.Measure{{}}},
	}}}
	var b bytes.Buffer
	if err := fleetpage.Metrics(&b, p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"psyncope_evidence_through_timestamp_seconds 1795219200\n", `psyncope_group_backlog_survives_seconds{group="quo\"ted\\name",group_id="a"} 1.5` + "\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool: the metrics are not checked by it (Debian: apt-get install prometheus)")
	}
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = &b
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v: %s", err, out)
	}
}
