package correlate

import (
	"psyncope/correlate/advice"
	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// Options are what a person may know better than the evidence.
type Options = timeline.Options

// Diagnose analyses one case. The case is not changed and may be released afterwards.
func Diagnose(c *table.Case, o Options) *diagnosis.Diagnosis {
	d := diagnosis.Empty()
	for _, g := range replication.Groups(timeline.Read(c, o)) {
		if !isAsked(g, o.Group) {
			continue
		}
		timeline.Align(g.Hosts, g.Sentinels, g.Primary, o)
		timeline.Lay(g.Hosts, g.Sentinels)
		g.Resolve()
		g.FindLinks()

		var judged []*cause.Judged
		for _, in := range incident.Find(g) {
			judged = append(judged, &cause.Judged{Incident: in, Verdict: cause.Weigh(in)})
		}
		plan := sizing.For(g, judged)

		incidents, noted := len(d.Incidents), len(d.Notes)
		describe(g, d)
		cover(g, len(judged), d)
		report(judged, advice.For(plan), o, d)
		notes(g, plan, o, d)
		belong(incidents, noted, d)
		sizing.Report(g, plan, d)
		if len(judged) > 0 || o.Group != "" {
			draw(g, d)
		}
	}
	account(c, d)
	d.Finish()
	return d
}
