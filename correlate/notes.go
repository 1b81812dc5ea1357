package correlate

import (
	"fmt"
	"strings"

	"psyncope/correlate/advice"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
)

// notes adds what is worth saying and is no incident.
func notes(g *replication.Group, p *sizing.Plan, o Options, d *diagnosis.Diagnosis) {
	for _, l := range g.Links {
		if l.First && !incident.Failing(l) && !incident.Demoted(l) && l.Restored != unknown && o.Tells(l.Lost, l.Restored) {
			n := diagnosis.Note{Kind: "provisioning", Instance: l.Replica.Name, At: diagnosis.StampOf(l.Lost), Summary: fmt.Sprintf("%s was provisioned in %s", l.Replica.Name, diagnosis.Length(l.Restored-l.Lost)), Evidence: []diagnosis.Evidence{}}
			if l.RestoredEv != nil {
				n.Evidence = append(n.Evidence, l.RestoredEv.Evidence())
			}
			d.Notes = append(d.Notes, n)
		}
	}
	for _, h := range g.Hosts {
		if h.Mixed() {
			d.Notes = append(d.Notes, diagnosis.Note{
				Kind: "servers-not-told-apart", Instance: h.Name, Evidence: []diagnosis.Evidence{},
				Summary: "the log of " + h.Name + " has the lines of several servers, and nothing tells them apart: nothing that is said of it is sure",
			})
		}
		if len(h.Damage) > 0 {
			n := diagnosis.Note{Kind: "damaged-evidence", Instance: h.Name, Evidence: []diagnosis.Evidence{}}
			what := make([]string, 0, len(h.Damage))
			for _, x := range h.Damage {
				what = append(what, x.What)
				n.Evidence = append(n.Evidence, diagnosis.Evidence{File: x.File, Line: x.Line, Text: x.What})
			}
			n.Summary = "the evidence of " + h.Name + " is not as the server wrote it: it has " + strings.Join(what, "; ") + ". Nothing that rests on it is sure"
			d.Notes = append(d.Notes, n)
		}
		for _, x := range h.Steps {
			way := "forward"
			if x.By < 0 {
				way = "back"
			}
			d.Notes = append(d.Notes, diagnosis.Note{
				Kind: "clock-step", Instance: h.Name, Evidence: []diagnosis.Evidence{{File: x.File, Line: x.Line, Text: "the first of the new time"}},
				Summary: fmt.Sprintf("the clock of %s was set %s by %s or more inside the capture: its times on both sides of that do not compare", h.Name, way, diagnosis.Length(max(x.By, -x.By))),
			})
		}
		if h.YearGuessed {
			d.Notes = append(d.Notes, diagnosis.Note{
				Kind: "date-guessed", Instance: h.Name, Evidence: []diagnosis.Evidence{},
				Summary: "the log of " + h.Name + " has no years, and nothing else dates it: the year is taken from the file's own time",
			})
		}
	}
	advice.Indicators(g, p, d, o)
}
