package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"psyncope/correlate/diagnosis"
)

// Plan writes the plan alone, as a script with comments: the settings that end what happened, each with its reason, what it costs and the way
// back. Commands that a saved report may have got from anywhere are printed only where they are a client's with plain words; all
// else is a comment.
func Plan(w io.Writer, d *diagnosis.Diagnosis, _ Options) error {
	var b bytes.Buffer
	b.WriteString("#!/bin/sh\n# What psyncope would change, the smallest set of settings that ends what happened. Read it before you run it.\n")
	said := map[string]bool{}
	steps := 0
	for _, i := range worstFirst(d.Incidents) {
		told := false
		for _, r := range i.Recommendations {
			key := i.Group + "\x00" + r.Setting + "\x00" + r.Command
			if !r.Plan || said[key] {
				continue
			}
			said[key] = true
			if !told {
				fmt.Fprintf(&b, "\n# %s: %s\n", visible(i.ID), PlainText(i.Headline))
				told = true
			}
			steps++
			fmt.Fprintf(&b, "\n# %d. %s\n", steps, strings.TrimSuffix(change(r), " [plan]"))
			for _, s := range []struct{ what, says string }{{"why", r.Why}, {"costs", r.Cost}, {"back", back(r)}, {"look", look(r)}} {
				if s.says != "" {
					fmt.Fprintf(&b, "# %s: %s\n", s.what, sentence(PlainText(s.says)))
				}
			}
			var script []string
			for line := range strings.Lines(r.Command) {
				line = strings.TrimSpace(line)
				if !isCommand(line) {
					line = "# " + visible(strings.TrimLeft(line, "# "))
				}
				script = append(script, line)
			}
			b.WriteString(looped(strings.Join(script, "\n")) + "\n")
		}
	}
	if steps == 0 {
		b.WriteString("\n# Nothing: no setting that the model knows would have changed what happened. The report says what else to do.\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// back is the way back from a change.
func back(r diagnosis.Recommendation) string {
	if r.From == "" {
		return ""
	}
	return fmt.Sprintf("the same commands with %s", r.From)
}

// look is what shows whether a change took.
func look(r diagnosis.Recommendation) string {
	switch r.Setting {
	case "repl-backlog-size":
		return "INFO replication: repl_backlog_size; the next outage leaves sync_full as it is and raises sync_partial_ok"
	case "repl-timeout", "repl-backlog-ttl", "client-output-buffer-limit replica":
		return fmt.Sprintf("CONFIG GET %s on each server; the next outage leaves sync_full as it is", strings.TrimSuffix(r.Setting, " replica"))
	}
	return ""
}
