package report

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"psyncope/correlate/diagnosis"
)

// A ticket takes 65,536 characters: the whole stays below 60,000 and an incident below 20,000, whatever the incident, and what is left out
// is named.
func TestMarkdownFitsATicket(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	long := strings.Repeat("the log of redis-a says so, and so on; ", 20)
	incident := func() diagnosis.Incident {
		i := diagnosis.Incident{ID: "incident-1", Severity: diagnosis.Critical, Headline: long, Start: &diagnosis.Stamp{Time: at}, Trigger: diagnosis.Trigger{Kind: "host-pause", Instance: "redis-a", Summary: long}}
		for k := range 3000 {
			i.Chain = append(i.Chain, diagnosis.Step{At: &diagnosis.Stamp{Time: at.Add(time.Duration(k) * time.Second)}, Kind: "link-lost", Instance: fmt.Sprintf("redis-%d", k), Summary: long, Evidence: []diagnosis.Evidence{{File: "a.log", Line: 3, Text: long}}, From: -1})
			i.Resyncs = append(i.Resyncs, diagnosis.Resync{Instance: "redis-b"})
		}
		for range 30 {
			i.Recommendations = append(i.Recommendations, diagnosis.Recommendation{Setting: "repl-timeout", From: "6", To: "60", Why: long, Command: "redis-cli -h a -p 1 CONFIG SET repl-timeout 60"})
			i.Questions = append(i.Questions, diagnosis.Question{ID: "writes-lost", Known: true, Answer: long})
			i.Missing = append(i.Missing, long)
		}
		return i
	}
	whole := incident()
	for _, many := range []int{1, 2, 40, 3000} {
		d := &diagnosis.Diagnosis{}
		for range many {
			d.Incidents = append(d.Incidents, whole)
		}
		for range 500 {
			if many == 1 {
				break
			}
			d.Notes = append(d.Notes, diagnosis.Note{Kind: "x", Summary: long})
			d.Inputs.Problems = append(d.Inputs.Problems, diagnosis.Problem{File: "a", Line: 1, Reason: long, Text: long})
		}
		var b strings.Builder
		if err := Markdown(&b, d, Options{}); err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCountInString(b.String()); n > mdMost {
			t.Errorf("%d incidents: %d characters", many, n)
		}
		if many == 1 && utf8.RuneCountInString(b.String()) > mdOfIncident+1000 {
			t.Errorf("one incident takes %d characters", utf8.RuneCountInString(b.String()))
		}
		if !strings.Contains(b.String(), "Too long for a ticket") || many > 3 && !strings.Contains(b.String(), "Further incidents") {
			t.Errorf("%d incidents: what is left out is not named", many)
		}
	}
}

// The rounds of a storm are a line each, but the first.
func TestLater(t *testing.T) {
	step := func(round int, kind string) diagnosis.Step {
		return diagnosis.Step{Kind: kind, Instance: "redis-b", Round: round}
	}
	i := &diagnosis.Incident{Chain: []diagnosis.Step{step(1, "link-lost"), step(1, "full-resync"), step(2, "link-lost"), step(2, "full-resync"), step(3, "attempt-failed")}}
	first, rounds := later(i)
	if first != 2 || len(rounds) != 2 || rounds[1].from != 4 || !strings.Contains(rounds[0].says(i), "redis-b lost the link; 1 full resync") {
		t.Errorf("%d, %+v", first, rounds)
	}
	i.Chain = []diagnosis.Step{step(0, "link-lost"), step(0, "full-resync")}
	if first, rounds := later(i); first != 2 || rounds != nil {
		t.Errorf("%d, %+v", first, rounds)
	}
}

// A plan for several servers calls each with each command, in order.
func TestPlanLoops(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	if err := os.WriteFile(filepath.Join(dir, "redis-cli"), []byte("#!/bin/sh\necho \"$*\" >>\"$LOG\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var want []string
	command := `: "${REDISCLI_AUTH:?the servers ask for a password: export REDISCLI_AUTH first}"`
	for _, host := range []string{"10.0.0.1", "fe80::1", "redis-c.example"} {
		for _, rest := range []string{`CONFIG SET client-output-buffer-limit "replica 1 2 3"`, "CONFIG REWRITE"} {
			command += "\nredis-cli -h " + host + " -p 6379 --tls " + rest
			want = append(want, "-h "+host+" -p 6379 --tls "+strings.ReplaceAll(rest, `"`, ""))
		}
	}
	d := &diagnosis.Diagnosis{Incidents: []diagnosis.Incident{{Recommendations: []diagnosis.Recommendation{{Plan: true, Setting: "x", Command: command}}}}}
	var b strings.Builder
	if err := Plan(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("/bin/sh")
	sh.Dir, sh.Stdin, sh.Env = dir, strings.NewReader(b.String()), []string{"PATH=" + dir, "LOG=" + log, "REDISCLI_AUTH=x"}
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls, _ := os.ReadFile(log)
	if got := strings.Split(strings.TrimSpace(string(calls)), "\n"); !slices.Equal(got, want) {
		t.Errorf("called\n%s\nwant\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), b.String())
	}
	if strings.Count(b.String(), "for at in ") != 1 {
		t.Error(b.String())
	}
}
