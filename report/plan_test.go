package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"psyncope/correlate/diagnosis"
)

// planned runs the plan of a diagnosis in a shell that knows nothing but a client which notes how it was called.
func planned(t *rapid.T, dir string, d *diagnosis.Diagnosis) []string {
	log := filepath.Join(dir, "calls")
	os.Remove(log)
	var b strings.Builder
	if err := Plan(&b, d, Options{}); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("/bin/sh")
	sh.Dir, sh.Stdin, sh.Env = dir, strings.NewReader(b.String()), []string{"PATH=" + dir, "LOG=" + log, "REDISCLI_AUTH=x"}
	if out, err := sh.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s\n%s", err, out, b.String())
	}
	calls, _ := os.ReadFile(log)
	return strings.Split(strings.TrimSuffix(string(calls), "\n"), "\n")
}

// Whatever names and texts a report holds, running its plan calls what was meant and nothing else.
func TestPlanCallsNothingElse(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "redis-cli"), []byte("#!/bin/sh\necho \"$*\" >>\"$LOG\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		nasty := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"a\nredis-cli -p 1 FLUSHALL", "$(redis-cli FLUSHALL)", "`redis-cli FLUSHALL`", "x; redis-cli FLUSHALL", "x\" redis-cli FLUSHALL \"", "\r\nredis-cli FLUSHALL", "\u2028redis-cli FLUSHALL", "'", "\\"}))
		r := diagnosis.Recommendation{
			ID: "raise-backlog", Plan: true, Instance: nasty.Draw(t, "instance"), Setting: nasty.Draw(t, "setting"), From: nasty.Draw(t, "from"), To: nasty.Draw(t, "to"), Why: nasty.Draw(t, "why"), Cost: nasty.Draw(t, "cost"),
			Command: "redis-cli -h 10.0.0.1 -p 6379 CONFIG SET repl-backlog-size 1\nredis-cli -h 10.0.0.1 -p 6379 " + nasty.Draw(t, "rest") + "\n" + nasty.Draw(t, "line") + "\n: \"${REDISCLI_AUTH:?" + nasty.Draw(t, "word") + "}\"",
		}
		d := &diagnosis.Diagnosis{Incidents: []diagnosis.Incident{{ID: nasty.Draw(t, "id"), Headline: nasty.Draw(t, "headline"), Recommendations: []diagnosis.Recommendation{r}}}}
		if calls := planned(t, dir, d); len(calls) != 1 || calls[0] != "-h 10.0.0.1 -p 6379 CONFIG SET repl-backlog-size 1" {
			t.Fatalf("called %q", calls)
		}
	})
}

func TestIsCommand(t *testing.T) {
	for line, want := range map[string]bool{
		"redis-cli -h 10.0.0.1 -p 6379 CONFIG SET repl-backlog-size 1":                           true,
		`valkey-cli -h ::1 -p 6379 --tls CONFIG SET client-output-buffer-limit "replica 1 1 60"`: true,
		"redis-cli CONFIG REWRITE":              true,
		`: "${REDISCLI_AUTH:?export it first}"`: true,
		"redis-cli -h 10.0.0.1 FLUSHALL":        false,
		"redis-cli --eval x CONFIG SET a b":     false,
		"redis-cli CONFIG SET a b; reboot":      false,
		"redis-cli CONFIG SET a $(reboot)":      false,
		`redis-cli CONFIG SET a "b`:             false,
		`redis-cli CONFIG SET a "b"c`:           false,
		"rm -rf /":                              false,
		": reboot":                              false,
		`: "${REDISCLI_AUTH:?$(reboot)}"`:       false,
		"":                                      false,
		"# redis-cli CONFIG REWRITE":            false,
	} {
		if isCommand(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}
