package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The examples of the documents and of fixtures/deploy use flags that there are; what this machine has checks their forms.
func TestExamples(t *testing.T) {
	for _, c := range []struct {
		cmd   *cobra.Command
		paths []string
	}{
		{newFleet(), []string{"../../FLEET.md", "../../fixtures/deploy/psyncope-fleet.service", "../../fixtures/deploy/cronjob.yaml"}},
		{newCollect(), []string{"../../COLLECT.md", "../../fixtures/deploy/psyncope-watch.service", "../../fixtures/deploy/sidecar.yaml"}},
	} {
		known := []*cobra.Command{c.cmd}
		known = append(known, c.cmd.Commands()...)
		for _, path := range c.paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range strings.FieldsFunc(string(b), func(r rune) bool { return strings.ContainsRune(" \n\"',`[]();", r) }) {
				name, ok := strings.CutPrefix(w, "--")
				if name, _, _ = strings.Cut(name, "="); !ok || strings.Trim(name, "-") == "" {
					continue
				}
				there := false
				for _, k := range known {
					there = there || k.Flags().Lookup(name) != nil
				}
				if !there {
					t.Errorf("%s: no flag --%s", path, name)
				}
			}
		}
	}
	if b, err := os.ReadFile("../../COLLECT.md"); err != nil || !strings.Contains(string(b), collectRights) {
		t.Errorf("COLLECT.md does not list the rights %s: %v", collectRights, err)
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Log("no systemd-analyze: the units are not verified")
	} else if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "../../fixtures/deploy/psyncope-fleet.service", "../../fixtures/deploy/psyncope-fleet.timer", "../../fixtures/deploy/psyncope-watch.service").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
