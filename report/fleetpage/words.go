package fleetpage

import (
	"fmt"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/report"
)

// Page is a page with what links need: which groups have a page of their own.
type Page struct {
	*fleet.Page
	HasPage map[string]bool // by group key
}

// since says since when an incident is, and how often its like was there.
func since(c fleet.Case) string {
	s := when(c.Incident.Start)
	if c.Incident.End != nil {
		s += " to " + c.Incident.End.UTC().Format("15:04:05") + " UTC"
	} else {
		s += " UTC on"
	}
	if c.Nth > 1 {
		s += fmt.Sprintf("; the %s of its like in %s", nth(c.Nth), diagnosis.Plural(int64(c.OfNights), "night", "nights"))
		if c.SameCause {
			s += ", the same cause"
		} else {
			s += ", another cause"
		}
	}
	return s
}

func nth(n int) string {
	switch {
	case n%100/10 == 1:
	case n%10 == 1:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

func when(s *diagnosis.Stamp) string {
	if s == nil {
		return "at an unknown time"
	}
	return s.UTC().Format("2006-01-02 15:04:05")
}

// first is what to do first about an incident; empty where nothing is known.
func first(i *diagnosis.Incident) string {
	for _, plan := range []bool{true, false} {
		for _, r := range i.Recommendations {
			if r.Plan != plan {
				continue
			}
			s := report.PlainText(r.Setting) + " on " + report.PlainText(r.Instance)
			if r.From != "" || r.To != "" {
				s += ": " + report.PlainText(r.From) + " -> " + report.PlainText(r.To)
			}
			return s
		}
	}
	return ""
}

// change is a change in a line; as writes what the evidence says in the form of the page.
func change(c fleet.Changed, as func(string) string) string {
	s := as(c.What) + ": "
	switch {
	case c.To == "":
		s += as(c.From)
	default:
		s += as(c.From + " -> " + c.To)
	}
	s += " in " + names(c.Groups, 8, as)
	if c.Incidents > 0 {
		s += fmt.Sprintf("; %d new incidents there", c.Incidents)
	}
	if c.Evidence != "" {
		s += "; evidence: " + as(c.Evidence)
	}
	return s
}

// together is what many new incidents have in common, in a line; as writes what the evidence says in the form of the page.
func together(t fleet.Together, as func(string) string) string {
	s := diagnosis.Plural(int64(len(t.Groups)), "group", "groups")
	if t.First != nil && t.Last != nil {
		s += fmt.Sprintf(" broke within %s, from %s UTC on: ", diagnosis.LengthS(t.Last.Sub(t.First.Time).Seconds()), when(t.First))
	} else {
		s += " with new incidents: "
	}
	s += names(t.Groups, 8, as)
	if len(t.Share) > 0 {
		s += fmt.Sprintf("; of the %d groups with %s it hit %d, of the %d others %d", t.Sharing, names(t.Share, 3, as), t.Hit, t.Others, t.HitOthers)
	}
	kinds := make([]string, 0, len(t.Kinds))
	for _, k := range t.Kinds {
		kinds = append(kinds, fmt.Sprintf("%s (%d)", k.Trigger, k.Count))
	}
	s += "; " + names(kinds, 4, as)
	if t.Evidence != "" {
		s += "; evidence: " + as(t.Evidence)
	}
	return s
}

// names lists a few names, each written as the page has it, and counts the rest.
func names(list []string, most int, as func(string) string) string {
	out := make([]string, 0, most)
	for _, n := range list[:min(len(list), most)] {
		out = append(out, as(n))
	}
	s := strings.Join(out, ", ")
	if n := len(list) - len(out); n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

// plainChange, plainTogether and plainNames are those of a page that escapes by itself.
func plainChange(c fleet.Changed) string { return change(c, report.PlainText) }

func plainTogether(t fleet.Together) string { return together(t, report.PlainText) }

func plainNames(list []string, most int) string { return names(list, most, report.PlainText) }

// evidence is where an incident is read of: the first line of its chain that has a file.
func evidence(i *diagnosis.Incident) string {
	for _, s := range i.Chain {
		for _, e := range s.Evidence {
			if e.File != "" {
				return report.PlainText(e.Place())
			}
		}
	}
	return ""
}

// lists are the page's incidents under their headings.
func (p Page) lists() []struct {
	Title string
	Cases []fleet.Case
} {
	return []struct {
		Title string
		Cases []fleet.Case
	}{{"New", p.New}, {"Still open", p.Open}, {"Over", p.Gone}, {"Acknowledged", p.Acked}}
}
