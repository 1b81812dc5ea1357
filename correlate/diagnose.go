package correlate

import (
	"slices"

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

// Diagnose analyses one case. It lets go of the case's dumps as it reads them; of the rest nothing is changed, and all may be released afterwards.
func Diagnose(c *table.Case, o Options) *diagnosis.Diagnosis {
	d := diagnosis.Empty()
	groups(timeline.Spend(c, o), o, d, func(*replication.Group, string) {})
	account(c, d)
	d.Finish()
	return d
}

// Place analyses one case as Diagnose does, keeps it whole, and says of its rows which group they are of and when they lie on its axis. What it says holds
// for as long as the case is not released.
func Place(c *table.Case, o Options) (*diagnosis.Diagnosis, table.Place) {
	d, where := diagnosis.Empty(), newAxis()
	groups(timeline.Read(c, o), o, d, where.take)
	account(c, d)
	d.Finish()
	return d, where.place
}

// groups adds what is to be said of the groups of a case's hosts, and hands each to take once it is on its axis, with its key. Who keeps none of them
// lets go of their rows: there may be a million.
func groups(hs []*timeline.Host, o Options, d *diagnosis.Diagnosis, take func(*replication.Group, string)) {
	for _, g := range replication.Groups(hs) {
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
		o := windowOf(g, o, d)
		told := slices.DeleteFunc(slices.Clone(judged), func(in *cause.Judged) bool { return !o.Tells(in.Start, in.End) })
		take(g, d.Groups[len(d.Groups)-1].Key)
		cover(g, told, d)
		report(judged, advice.For(plan), o, d)
		notes(g, plan, o, d)
		belong(incidents, noted, d)
		sizing.Report(g, plan, d)
		if len(told) > 0 || o.Group != "" {
			draw(g, d)
		}
	}
}
