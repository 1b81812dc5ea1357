package report

import (
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// What fills the rows of the diagnosis' tables.

// keys are the groups' keys by the names under which a report speaks of them, and what else a row needs of its group.
type keys map[string]*diagnosis.Group

func keysOf(d *diagnosis.Diagnosis) keys {
	k := keys{}
	for i := range d.Groups {
		k[d.Groups[i].ID] = &d.Groups[i]
	}
	return k
}

// row is the beginning of a row about an instance of a group.
func (k keys) row(group, instance string, at *diagnosis.Stamp) keyed {
	r := keyed{Instance: instance, At: micros(at)}
	if g := k[group]; g != nil {
		r.GroupID = g.Key
	}
	return r
}

// of is the beginning of a row that belongs to an incident.
func (k keys) of(i *diagnosis.Incident, instance string, at *diagnosis.Stamp) ofIncident {
	return ofIncident{k.row(i.Group, instance, at), i.Key}
}

// whole is the beginning of a row about a whole group: its first primary, from its first evidence on.
func (k keys) whole(group string) keyed {
	g := k[group]
	if g == nil {
		return k.row(group, "", nil)
	}
	return k.row(group, g.Primary, g.From)
}

func micros(s *diagnosis.Stamp) table.Micros {
	if s == nil {
		return table.Null
	}
	return table.MicrosOf(s.Time)
}

func maybe(n *int64) table.Int {
	if n == nil {
		return table.Null
	}
	return table.Int(*n)
}

func maybeReal(f *float64) table.Float {
	if f == nil {
		return table.NoFloat()
	}
	return table.Float(*f)
}

// positive is n where 0 stands for unknown.
func positive(n int64) table.Int {
	if n <= 0 {
		return table.Null
	}
	return table.Int(n)
}

func between(from, to *diagnosis.Stamp) table.Float {
	if from == nil || to == nil {
		return table.NoFloat()
	}
	return table.Float(to.Sub(from.Time).Seconds())
}

func yes(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// items keeps a list in a column of text.
func items(list []string) string { return strings.Join(list, table.ListSep) }

func incidentRows(d *diagnosis.Diagnosis, add func(*incidentRow)) {
	k := keysOf(d)
	for n := range d.Incidents {
		i := &d.Incidents[n]
		r := incidentRow{
			ofIncident: k.of(i, i.Trigger.Instance, i.Start),
			Group:      i.Group, Incident: i.ID, Severity: i.Severity, Headline: i.Headline, Start: micros(i.Start), End: micros(i.End), Seconds: between(i.Start, i.End), Ongoing: yes(i.Ongoing),
			Trigger: string(i.Trigger.Kind), TriggerAt: micros(i.Trigger.At), TriggerConfidence: table.Float(i.Trigger.Confidence), TriggerResource: string(i.Trigger.Resource), TriggerSummary: i.Trigger.Summary,
			Refusal: string(i.Refusal.Kind), RefusalInstance: i.Refusal.Instance, Requested: maybe(i.Refusal.RequestedOffset), Primary: maybe(i.Refusal.PrimaryOffset),
			Needed: maybe(i.Refusal.NeededBytes), Backlog: maybe(i.Refusal.BacklogBytes), Short: maybe(i.Refusal.ShortByBytes),
			AtLeast: maybe(i.Refusal.AtLeastBytes), AtMost: maybe(i.Refusal.AtMostBytes), How: i.Refusal.How, LostWrites: maybe(i.LostWritesBytes),
			Storm: yes(i.Storm), Rounds: table.Null, Period: table.NoFloat(), Full: i.FullSyncs, Partial: i.PartialSyncs,
			Affected: items(i.Affected), Missing: items(i.Missing),
		}
		if i.Loop != nil {
			r.Loop, r.Rounds, r.Period = string(i.Loop.Kind), table.Int(i.Loop.Rounds), table.Float(i.Loop.PeriodS)
		}
		add(&r)
	}
}

func stepRows(d *diagnosis.Diagnosis, add func(*stepRow)) {
	k := keysOf(d)
	for n := range d.Incidents {
		i := &d.Incidents[n]
		for n, s := range i.Chain {
			r := stepRow{
				ofIncident: k.of(i, s.Instance, s.At), Step: int32(n + 1), Offset: between(i.Start, s.At), Kind: s.Kind, Summary: s.Summary,
				Rule: s.Rule, Because: s.Because, From: table.Null, Round: positive(int64(s.Round)), Ordered: yes(!s.Unordered), Evidence: int32(len(s.Evidence)),
			}
			if s.Rule != "" && s.From >= 0 {
				r.From = table.Int(s.From + 1)
			}
			add(&r)
		}
	}
}

func evidenceRows(d *diagnosis.Diagnosis, add func(*evidenceRow)) {
	k := keysOf(d)
	say := func(begin ofIncident, of, kind string, step table.Int, ev []diagnosis.Evidence) {
		for n, e := range ev {
			add(&evidenceRow{ofIncident: begin, Of: of, Step: step, Kind: kind, Nth: int32(n + 1), File: e.File, Line: positive(int64(e.Line)), Text: e.Text})
		}
	}
	for n := range d.Incidents {
		i := &d.Incidents[n]
		for n, s := range i.Chain {
			say(k.of(i, s.Instance, s.At), "chain", s.Kind, table.Int(n+1), s.Evidence)
		}
		for _, q := range i.Questions {
			say(k.of(i, i.Trigger.Instance, q.From), "question", q.ID, table.Null, q.Evidence)
		}
	}
	for _, n := range d.Notes {
		say(ofIncident{keyed: k.row(n.Group, n.Instance, n.At)}, "note", n.Kind, table.Null, n.Evidence)
	}
}

func questionRows(d *diagnosis.Diagnosis, add func(*questionRow)) {
	k := keysOf(d)
	for n := range d.Incidents {
		i := &d.Incidents[n]
		for _, q := range i.Questions {
			add(&questionRow{
				ofIncident: k.of(i, i.Trigger.Instance, q.From), ID: q.ID, Question: q.Question, Known: yes(q.Known), Answer: q.Answer, Needs: q.Needs,
				Bytes: maybe(q.Bytes), Seconds: maybeReal(q.Seconds), From: micros(q.From), To: micros(q.To),
			})
		}
	}
}

func alternativeRows(d *diagnosis.Diagnosis, add func(*alternativeRow)) {
	k := keysOf(d)
	for n := range d.Incidents {
		i := &d.Incidents[n]
		for _, a := range i.Alternatives {
			add(&alternativeRow{ofIncident: k.of(i, a.Instance, a.At), Kind: string(a.Kind), Confidence: table.Float(a.Confidence), WhyNot: a.WhyNot})
		}
	}
}

func resyncRows(d *diagnosis.Diagnosis, add func(*resyncRow)) {
	k := keysOf(d)
	for n := range d.Incidents {
		i := &d.Incidents[n]
		for _, s := range i.Resyncs {
			r := resyncRow{
				ofIncident: k.of(i, s.Instance, s.At), Asked: string(s.Asked), Outcome: string(s.Outcome), Refusal: string(s.Refusal),
				Requested: maybe(s.RequestedOffset), Primary: maybe(s.PrimaryOffset), Needed: maybe(s.NeededBytes), Backlog: maybe(s.BacklogBytes), Seconds: table.NoFloat(),
				AtLeast: maybe(s.AtLeastBytes), AtMost: maybe(s.AtMostBytes),
			}
			if s.Seconds > 0 {
				r.Seconds = table.Float(s.Seconds)
			}
			c := s.Cost
			if c == nil {
				c = &diagnosis.ResyncCost{}
			}
			r.Waited, r.Fork, r.Snapshot, r.Transfer, r.Load = maybeReal(c.WaitedS), maybeReal(c.ForkS), maybeReal(c.SnapshotS), maybeReal(c.TransferS), maybeReal(c.LoadS)
			r.Transferred, r.Cow, r.Buffers = maybe(c.TransferredBytes), maybe(c.CopyOnWriteBytes), maybe(c.BufferBytes)
			add(&r)
		}
	}
}

func recommendationRows(d *diagnosis.Diagnosis, add func(*recommendationRow)) {
	k := keysOf(d)
	for n := range d.Incidents {
		i := &d.Incidents[n]
		for _, r := range i.Recommendations {
			add(&recommendationRow{ofIncident: k.of(i, r.Instance, i.Start), ID: r.ID, Setting: r.Setting, From: r.From, To: r.To, Command: r.Command, Why: r.Why, Cuts: r.Cuts, Cost: r.Cost, Plan: yes(r.Plan)})
		}
	}
}

func sizingRows(d *diagnosis.Diagnosis, add func(*sizingRow)) {
	k := keysOf(d)
	for _, s := range d.Sizing {
		add(&sizingRow{
			keyed: k.whole(s.Group), Group: s.Group, Backlog: s.BacklogBytes, Peak: table.Float(s.PeakWriteBytesPerS), P99: table.Float(s.P99WriteBytesPerS), Median: table.Float(s.MedianWriteBytesPerS),
			Covered: table.Float(s.SecondsCovered), Outage: table.Float(s.LongestOutageS), Recommended: maybe(s.RecommendedBytes), MemoryLimit: maybe(s.MemoryLimitBytes), Upper: maybe(s.UpperBytes), UpperFor: table.Float(s.UpperForS), Method: s.Method,
		})
	}
}

func whatIfRows(d *diagnosis.Diagnosis, add func(*whatIfRow)) {
	k := keysOf(d)
	for _, s := range d.Sizing {
		for _, w := range s.Curves() {
			add(&whatIfRow{keyed: k.whole(s.Group), Setting: w.Setting, Value: w.Value, Backlog: w.BacklogBytes, Full: w.FullSyncs, Survives: table.Float(w.SurvivesS), Saves: w.Saves})
		}
	}
}

func noteRows(d *diagnosis.Diagnosis, add func(*noteRow)) {
	k := keysOf(d)
	for _, n := range d.Notes {
		add(&noteRow{keyed: k.row(n.Group, n.Instance, n.At), Kind: n.Kind, Summary: n.Summary})
	}
}

func clockRows(d *diagnosis.Diagnosis, add func(*clockRow)) {
	k := keysOf(d)
	for _, h := range d.Time.Hosts {
		r := clockRow{
			keyed: k.whole(h.Group), Zone: table.Float(h.ZoneOffsetS), Skew: table.Float(h.SkewS), Error: table.Float(h.ErrorS),
			Pairs: int64(h.Pairs), Method: h.Method, Changes: items(h.Changes),
		}
		r.Instance = h.Instance
		add(&r)
	}
}

func groupRows(d *diagnosis.Diagnosis, add func(*groupRow)) {
	k := keysOf(d)
	verdicts := map[string]string{}
	for _, c := range d.Coverage {
		verdicts[c.Group] = c.Verdict
	}
	for _, g := range d.Groups {
		versions := make([]string, len(g.Versions))
		for i, v := range g.Versions {
			versions[i] = strings.ReplaceAll(v, " ", "-") // a list's items stand apart by spaces in CSV
		}
		add(&groupRow{
			keyed: k.whole(g.ID), Group: g.ID, Replicas: items(g.Replicas), Versions: items(versions), Addresses: items(g.Addresses), IDs: items(g.ReplicationIDs),
			From: micros(g.From), To: micros(g.To), Verdict: verdicts[g.ID],
		})
	}
}

func fileRows(d *diagnosis.Diagnosis, add func(*fileRow)) {
	k := keysOf(d)
	for _, f := range d.Inputs.Files {
		add(&fileRow{
			keyed: k.row(f.Group, f.Instance, f.First), Path: f.Path, Kind: f.Kind, Bytes: f.Bytes, Records: f.Records, Ignored: f.Ignored, Rejected: f.Rejected,
			Understood: yes(f.Understood), First: micros(f.First), Last: micros(f.Last),
		})
	}
}

func problemRows(d *diagnosis.Diagnosis, add func(*problemRow)) {
	k := keysOf(d)
	of := map[string]*diagnosis.InputFile{}
	for i := range d.Inputs.Files {
		of[d.Inputs.Files[i].Path] = &d.Inputs.Files[i]
	}
	for _, p := range d.Inputs.Problems {
		r := problemRow{keyed: keyed{At: table.Null}, File: p.File, Line: positive(int64(p.Line)), Reason: p.Reason, Text: p.Text}
		if f := of[p.File]; f != nil {
			r.keyed = k.row(f.Group, f.Instance, nil)
		}
		add(&r)
	}
}

func barRows(d *diagnosis.Diagnosis, add func(*barRow)) {
	k := keysOf(d)
	for _, l := range d.Lanes {
		for _, b := range l.Bars {
			add(&barRow{keyed: k.row(l.Group, l.Instance, &b.From), Role: l.Role, State: b.State, From: micros(&b.From), To: micros(&b.To)})
		}
	}
}

func markRows(d *diagnosis.Diagnosis, add func(*markRow)) {
	k := keysOf(d)
	for _, l := range d.Lanes {
		for _, m := range l.Marks {
			add(&markRow{keyed: k.row(l.Group, l.Instance, &m.At), Kind: m.Kind, Seconds: table.Float(m.Seconds), Error: table.Float(m.ErrorS), Summary: m.Summary})
		}
	}
}

func pointRows(d *diagnosis.Diagnosis, add func(*pointRow)) {
	k := keysOf(d)
	for _, s := range d.Series {
		for n, at := range s.At {
			r := pointRow{keyed: k.row(s.Group, s.Instance, nil), Name: s.Name, Unit: s.Unit, Value: table.NoFloat()}
			r.At = table.Micros(at * 1000)
			if n < len(s.Values) && s.Values[n] != nil {
				r.Value = table.Float(*s.Values[n])
			}
			add(&r)
		}
	}
}
