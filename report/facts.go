package report

import (
	"cmp"
	"fmt"
	"strings"

	"psyncope/correlate/diagnosis"
)

// fact is a line of the answer.
type fact struct{ Name, Says string }

// facts is the answer below the headline: when, who, what began it and how sure that is, what a replica lacked, what it cost, what to do first.
func facts(i *diagnosis.Incident) []fact {
	out := []fact{{"when", lasted(i)}}
	who := list(i.Affected, 8)
	if who == "" {
		who = "no replica"
	}
	if i.Group != "" {
		who += " (group " + visible(i.Group) + ")"
	}
	out = append(out, fact{"affected", who}, fact{"began", began(i)})
	if next := runnerUp(i); next != "" {
		out = append(out, fact{"or maybe", next})
	}
	if r := i.Trigger.Resource; r != "" {
		out = append(out, fact{"ran short", cmp.Or(shortOf[r], visible(string(r)))})
	}
	if s := lacked(i.Refusal); s != "" {
		out = append(out, fact{"lacked", s})
	}
	cost := count(i.FullSyncs, "full resync") + ", " + count(i.PartialSyncs, "partial resync")
	if n := i.LostWritesBytes; n != nil {
		cost += ", " + commas(*n) + " bytes of writes lost"
	}
	out = append(out, fact{"cost", cost})
	if s := round(i); s != "" {
		out = append(out, fact{"loop", s})
	}
	if s := first(i.Recommendations); s != "" {
		out = append(out, fact{"do first", s})
	}
	return out
}

// runnerUp is the cause that is likely beside the one told; empty where none is.
func runnerUp(i *diagnosis.Incident) string {
	could, _ := couldHave(i.Alternatives)
	if len(could) == 0 {
		return ""
	}
	a := could[0]
	s := visible(string(a.Kind))
	if a.Instance != "" {
		s += " on " + visible(a.Instance)
	}
	return s + ", " + percent(a.Confidence)
}

// couldHave parts what was weighed and lost from what the evidence rules out.
func couldHave(as []diagnosis.Alternative) (could, ruledOut []diagnosis.Alternative) {
	const negligible = 0.005 // reads as 0%
	for _, a := range as {
		if a.Confidence >= negligible {
			could = append(could, a)
		} else {
			ruledOut = append(ruledOut, a)
		}
	}
	return could, ruledOut
}

// lacked is why a replica could not simply go on, in numbers.
func lacked(r diagnosis.Refusal) string {
	if r.NeededBytes == nil || r.BacklogBytes == nil || r.Kind != diagnosis.BacklogOverflow {
		return ""
	}
	return fmt.Sprintf("%s needed %s bytes, and the backlog held %s", visible(r.Instance), commas(*r.NeededBytes), commas(*r.BacklogBytes))
}

// first is what to do first: the plan, else what stands first.
func first(rs []diagnosis.Recommendation) string {
	var plan []string
	for _, r := range rs {
		if r.Plan {
			plan = append(plan, change(r))
		}
	}
	switch {
	case len(plan) > 0:
		return strings.ReplaceAll(strings.Join(plan, "; then "), " [plan]", "")
	case len(rs) > 0:
		return change(rs[0])
	}
	return ""
}

// began says what began it, where, when, and how sure that is.
func began(i *diagnosis.Incident) string {
	t := i.Trigger
	s := visible(string(t.Kind))
	if t.Instance != "" {
		s += " on " + visible(t.Instance)
	}
	if t.At != nil {
		s += " at " + until(i.Start, t.At)
	}
	s += ", " + percent(t.Confidence) + " sure"
	if t.Summary != "" {
		s += ": " + PlainText(t.Summary)
	}
	return s
}

// round says what goes round; empty where nothing does.
func round(i *diagnosis.Incident) string {
	s := ""
	if l := i.Loop; l != nil {
		s = visible(string(l.Kind)) + ", " + count(int64(l.Rounds), "round")
		if l.PeriodS > 0 {
			s += ", one every " + span(l.PeriodS)
		}
	}
	if i.Storm {
		if s != "" {
			s += "; "
		}
		if i.Loop != nil && i.Loop.Kind == diagnosis.PartialLoop {
			return s + "each partial resync ends as the one before"
		}
		s += "a storm: each full resync brings on the next"
	}
	return s
}

// asked are the questions that a post-mortem asks and the evidence answers, and in one line those that it does not.
func asked(i *diagnosis.Incident) (answered []fact, open string) {
	for _, q := range i.Questions {
		name := strings.ReplaceAll(visible(q.ID), "-", " ")
		if q.Known {
			answered = append(answered, fact{name, PlainText(q.Answer)})
			continue
		}
		if open != "" {
			open += "; "
		}
		open += name + " (it takes " + PlainText(q.Needs) + ")"
	}
	return answered, open
}

// shortOf says what ran short, in words.
var shortOf = map[diagnosis.Resource]string{
	diagnosis.CPU: "CPU", diagnosis.Memory: "memory", diagnosis.Disk: "the disk", diagnosis.Network: "the network", diagnosis.Setting: "a limit that is set",
	diagnosis.Process: "the process itself, or what the system allows one",
}
