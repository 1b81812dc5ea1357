package report

import (
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/ingest/table"
)

// The tables of the diagnosis: one struct a table, as in package table, whose tags are the schema of
// Parquet, Arrow, CSV and TABLES.md. Instants are on the reference axis: the clock of the group's
// first primary.

type incidentRow struct {
	Group             string       `col:"group" doc:"replication group"`
	Incident          string       `col:"incident" doc:"id of the incident"`
	Severity          string       `col:"severity" doc:"critical or warning"`
	Headline          string       `col:"headline" doc:"the incident in a sentence"`
	Start             table.Micros `col:"start_us" doc:"when the first link was lost, reference axis"`
	End               table.Micros `col:"end_us" doc:"when the last link was up again; empty while it still goes on at the capture's end"`
	Seconds           table.Float  `col:"lasted_seconds" doc:"from start to end; empty without an end"`
	Trigger           string       `col:"trigger_kind" doc:"what began it"`
	TriggerInstance   string       `col:"trigger_instance" doc:"where"`
	TriggerAt         table.Micros `col:"trigger_at_us" doc:"when, reference axis"`
	TriggerConfidence table.Float  `col:"trigger_confidence" doc:"how sure, 0 to 1"`
	TriggerSummary    string       `col:"trigger_summary" doc:"in words"`
	Refusal           string       `col:"refusal_kind" doc:"why no partial resync; none where it was partial or never got that far"`
	RefusalInstance   string       `col:"refusal_instance" doc:"the replica refused first"`
	Requested         table.Int    `col:"requested_offset_bytes" doc:"offset in the stream that the replica asked to continue from"`
	Primary           table.Int    `col:"primary_offset_bytes" doc:"where the primary's stream was then"`
	Needed            table.Int    `col:"needed_bytes" doc:"primary's offset less the requested one: what the backlog should have held"`
	AtLeast           table.Int    `col:"needed_at_least_bytes" doc:"lower bound of needed, where it is not certain to the byte"`
	AtMost            table.Int    `col:"needed_at_most_bytes" doc:"upper bound"`
	How               string       `col:"needed_how" doc:"what the numbers rest on"`
	Backlog           table.Int    `col:"backlog_bytes" doc:"what it could hold"`
	Short             table.Int    `col:"short_by_bytes" doc:"needed less backlog"`
	Storm             int32        `col:"storm" doc:"1 where the work of one full resync brings on the next"`
	Loop              string       `col:"loop_kind" doc:"what goes round; empty where nothing does"`
	Rounds            table.Int    `col:"loop_rounds" doc:"how often"`
	Period            table.Float  `col:"loop_period_seconds" doc:"one round"`
	Full              int64        `col:"full_syncs" doc:"full resyncs the primary granted in it"`
	Partial           int64        `col:"partial_syncs" doc:"partial resyncs"`
	Affected          string       `col:"affected" doc:"replicas whose link was lost or that had to resync, separated by spaces"`
	Missing           string       `col:"missing" doc:"what evidence would settle what is open, separated by semicolons"`
}

type stepRow struct {
	Group    string       `col:"group" doc:"replication group"`
	Incident string       `col:"incident" doc:"id of the incident"`
	Step     int32        `col:"step" doc:"place in the chain, from 1"`
	At       table.Micros `col:"at_us" doc:"when, reference axis"`
	Offset   table.Float  `col:"since_start_seconds" doc:"from the incident's start; negative before it"`
	Kind     string       `col:"kind" doc:"what happened"`
	Instance string       `col:"instance" doc:"where"`
	Summary  string       `col:"summary" doc:"in words"`
	Rule     string       `col:"rule" doc:"the rule that leads here; empty for a root"`
	Because  string       `col:"because" doc:"why it follows, in words"`
	From     table.Int    `col:"from_step" doc:"the step it leads from; empty for a root"`
	Ordered  int32        `col:"order_known" doc:"0 where the step lies closer to its neighbour than both clocks' error"`
	File     string       `col:"file" doc:"where the first evidence stands"`
	Line     table.Int    `col:"line" doc:"its line"`
	Text     string       `col:"text" doc:"what it says"`
	Evidence int32        `col:"evidence_lines" doc:"how many lines say so"`
}

type alternativeRow struct {
	Group      string       `col:"group" doc:"replication group"`
	Incident   string       `col:"incident" doc:"id of the incident"`
	Kind       string       `col:"kind" doc:"a cause that was weighed and lost"`
	Instance   string       `col:"instance" doc:"where"`
	At         table.Micros `col:"at_us" doc:"when, reference axis"`
	Confidence table.Float  `col:"confidence" doc:"what is left for it, 0 to 1"`
	WhyNot     string       `col:"why_not" doc:"what speaks against it"`
}

type resyncRow struct {
	Group     string       `col:"group" doc:"replication group"`
	Incident  string       `col:"incident" doc:"id of the incident"`
	Instance  string       `col:"instance" doc:"the replica that tries to come back"`
	At        table.Micros `col:"at_us" doc:"when it asked, reference axis"`
	Asked     string       `col:"asked" doc:"partial, full (no cached primary) or unknown"`
	Outcome   string       `col:"outcome" doc:"partial, full, failed or refused"`
	Refusal   string       `col:"refusal" doc:"why it was not partial"`
	Requested table.Int    `col:"requested_offset_bytes" doc:"offset asked for"`
	Primary   table.Int    `col:"primary_offset_bytes" doc:"where the primary's stream was then"`
	Needed    table.Int    `col:"needed_bytes" doc:"what the backlog should have held"`
	AtLeast   table.Int    `col:"needed_at_least_bytes" doc:"lower bound of needed, where it is not certain to the byte"`
	AtMost    table.Int    `col:"needed_at_most_bytes" doc:"upper bound"`
	Backlog   table.Int    `col:"backlog_bytes" doc:"what it could hold"`
	Seconds   table.Float  `col:"took_seconds" doc:"from asking until the link was up; empty where it never was"`
}

type recommendationRow struct {
	Group    string `col:"group" doc:"replication group"`
	Incident string `col:"incident" doc:"id of the incident"`
	ID       string `col:"id" doc:"name of the recommendation"`
	Instance string `col:"instance" doc:"where to do it"`
	Setting  string `col:"setting" doc:"what to change"`
	From     string `col:"from" doc:"its value now"`
	To       string `col:"to" doc:"the value to give it"`
	Command  string `col:"command" doc:"ready to paste"`
	Why      string `col:"why" doc:"the reason, with its numbers"`
	Cuts     string `col:"cuts" doc:"the rule of the chain that it breaks"`
	Cost     string `col:"cost" doc:"what it takes"`
	Plan     int32  `col:"in_plan" doc:"1 where it is of the smallest set of settings that ends what happened, by the model that replays the capture"`
}

type sizingRow struct {
	Group       string      `col:"group" doc:"replication group"`
	Backlog     int64       `col:"backlog_bytes" doc:"repl-backlog-size now"`
	Peak        table.Float `col:"peak_write_bytes_per_s" doc:"highest write rate to the replication stream"`
	P99         table.Float `col:"p99_write_bytes_per_s" doc:"99 of 100 windows wrote no faster"`
	Median      table.Float `col:"median_write_bytes_per_s" doc:"half of the windows wrote no faster"`
	Covered     table.Float `col:"covered_seconds" doc:"how long the backlog lasts at the peak"`
	Outage      table.Float `col:"longest_outage_seconds" doc:"longest time a link was down in the capture"`
	Recommended table.Int   `col:"recommended_bytes" doc:"what repl-backlog-size should be; empty where no size helps"`
	MemoryLimit table.Int   `col:"memory_limit_bytes" doc:"how large a backlog there is room for"`
	Upper       table.Int   `col:"upper_bytes" doc:"the upper end, for outages still to come: twice the peak write rate for upper_for_seconds"`
	UpperFor    table.Float `col:"upper_for_seconds" doc:"the outage that upper_bytes is for"`
	Method      string      `col:"method" doc:"how that was found"`
}

type whatIfRow struct {
	Group    string      `col:"group" doc:"replication group"`
	Setting  string      `col:"setting" doc:"the setting that would differ"`
	Value    string      `col:"value" doc:"its value as the setting takes it"`
	Backlog  int64       `col:"backlog_bytes" doc:"the value in bytes, for a setting in bytes"`
	Full     int64       `col:"full_syncs" doc:"full resyncs the capture would have seen"`
	Survives table.Float `col:"survives_seconds" doc:"how long an outage a backlog of this size bridges at the peak write rate"`
	Saves    string      `col:"saves" doc:"the resync that this step saves"`
}

type noteRow struct {
	Kind     string       `col:"kind" doc:"what is worth saying"`
	Instance string       `col:"instance" doc:"where"`
	At       table.Micros `col:"at_us" doc:"when, reference axis; empty where it holds for the whole capture"`
	Summary  string       `col:"summary" doc:"in words"`
	File     string       `col:"file" doc:"where the first evidence stands"`
	Line     table.Int    `col:"line" doc:"its line"`
	Text     string       `col:"text" doc:"what it says"`
}

type clockRow struct {
	Instance string      `col:"instance" doc:"whose clock"`
	Group    string      `col:"group" doc:"replication group"`
	Zone     table.Float `col:"zone_offset_seconds" doc:"how far the log's local time is ahead of UTC"`
	Skew     table.Float `col:"skew_seconds" doc:"how far the clock is ahead of the group's first primary's"`
	Error    table.Float `col:"error_seconds" doc:"doubt on either side"`
	Pairs    int64       `col:"pairs" doc:"events that both ends wrote down"`
	Method   string      `col:"method" doc:"what that rests on; unaligned where nothing does"`
	Changes  string      `col:"changes" doc:"zone changes, steps and drift inside the capture, separated by semicolons"`
}

type groupRow struct {
	Group    string       `col:"group" doc:"replication group"`
	Primary  string       `col:"primary" doc:"the first primary"`
	Replicas string       `col:"replicas" doc:"separated by spaces"`
	Versions string       `col:"versions" doc:"server versions seen, separated by spaces"`
	From     table.Micros `col:"from_us" doc:"first evidence, reference axis"`
	To       table.Micros `col:"to_us" doc:"last evidence"`
}

type fileRow struct {
	Path     string       `col:"path" doc:"the artifact"`
	Kind     string       `col:"kind" doc:"what it was read as"`
	Instance string       `col:"instance" doc:"whose it is"`
	Bytes    int64        `col:"size_bytes" doc:"after decompression"`
	Records  int64        `col:"records" doc:"dumps, messages, entries taken"`
	Ignored  int64        `col:"ignored" doc:"lines seen and understood as of no interest"`
	Rejected int64        `col:"rejected" doc:"lines that could not be read: rows of problems"`
	First    table.Micros `col:"first_us" doc:"earliest stamp"`
	Last     table.Micros `col:"last_us" doc:"latest stamp"`
}

type problemRow struct {
	File   string    `col:"file" doc:"the artifact"`
	Line   table.Int `col:"line" doc:"the line; empty where it is the whole file"`
	Reason string    `col:"reason" doc:"what was wrong and what was done about it"`
	Text   string    `col:"text" doc:"the beginning of the line"`
}

type barRow struct {
	Group    string       `col:"group" doc:"replication group"`
	Instance string       `col:"instance" doc:"whose life it is"`
	Role     string       `col:"role" doc:"primary or replica"`
	State    string       `col:"state" doc:"up, down, connecting, transfer, load, gone, stalled"`
	From     table.Micros `col:"from_us" doc:"since, reference axis"`
	To       table.Micros `col:"to_us" doc:"until"`
}

type pointRow struct {
	Group    string       `col:"group" doc:"replication group"`
	Instance string       `col:"instance" doc:"whose number"`
	Name     string       `col:"name" doc:"a column of samples, or a rate made of it"`
	Unit     string       `col:"unit" doc:"its unit"`
	At       table.Micros `col:"at_us" doc:"when, reference axis; thinned so that extremes stay"`
	Value    table.Float  `col:"value" doc:"empty in a gap"`
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

func firstLine(ev []diagnosis.Evidence) diagnosis.Evidence {
	if len(ev) == 0 {
		return diagnosis.Evidence{}
	}
	return ev[0]
}

func incidentRows(d *diagnosis.Diagnosis, add func(*incidentRow)) {
	for _, i := range d.Incidents {
		r := incidentRow{
			Group: i.Group, Incident: i.ID, Severity: i.Severity, Headline: i.Headline, Start: micros(i.Start), End: micros(i.End), Seconds: between(i.Start, i.End),
			Trigger: string(i.Trigger.Kind), TriggerInstance: i.Trigger.Instance, TriggerAt: micros(i.Trigger.At), TriggerConfidence: table.Float(i.Trigger.Confidence), TriggerSummary: i.Trigger.Summary,
			Refusal: string(i.Refusal.Kind), RefusalInstance: i.Refusal.Instance, Requested: maybe(i.Refusal.RequestedOffset), Primary: maybe(i.Refusal.PrimaryOffset),
			Needed: maybe(i.Refusal.NeededBytes), Backlog: maybe(i.Refusal.BacklogBytes), Short: maybe(i.Refusal.ShortByBytes),
			AtLeast: maybe(i.Refusal.AtLeastBytes), AtMost: maybe(i.Refusal.AtMostBytes), How: i.Refusal.How,
			Storm: yes(i.Storm), Rounds: table.Null, Period: table.NoFloat(), Full: i.FullSyncs, Partial: i.PartialSyncs,
			Affected: strings.Join(i.Affected, " "), Missing: strings.Join(i.Missing, "; "),
		}
		if i.Loop != nil {
			r.Loop, r.Rounds, r.Period = string(i.Loop.Kind), table.Int(i.Loop.Rounds), table.Float(i.Loop.PeriodS)
		}
		add(&r)
	}
}

func stepRows(d *diagnosis.Diagnosis, add func(*stepRow)) {
	for _, i := range d.Incidents {
		for n, s := range i.Chain {
			e := firstLine(s.Evidence)
			r := stepRow{
				Group: i.Group, Incident: i.ID, Step: int32(n + 1), At: micros(s.At), Offset: between(i.Start, s.At), Kind: s.Kind, Instance: s.Instance, Summary: s.Summary,
				Rule: s.Rule, Because: s.Because, From: table.Null, Ordered: yes(!s.Unordered), File: e.File, Line: positive(int64(e.Line)), Text: e.Text, Evidence: int32(len(s.Evidence)),
			}
			if s.Rule != "" && s.From >= 0 {
				r.From = table.Int(s.From + 1)
			}
			add(&r)
		}
	}
}

func alternativeRows(d *diagnosis.Diagnosis, add func(*alternativeRow)) {
	for _, i := range d.Incidents {
		for _, a := range i.Alternatives {
			add(&alternativeRow{Group: i.Group, Incident: i.ID, Kind: string(a.Kind), Instance: a.Instance, At: micros(a.At), Confidence: table.Float(a.Confidence), WhyNot: a.WhyNot})
		}
	}
}

func resyncRows(d *diagnosis.Diagnosis, add func(*resyncRow)) {
	for _, i := range d.Incidents {
		for _, s := range i.Resyncs {
			r := resyncRow{
				Group: i.Group, Incident: i.ID, Instance: s.Instance, At: micros(s.At), Asked: string(s.Asked), Outcome: string(s.Outcome), Refusal: string(s.Refusal),
				Requested: maybe(s.RequestedOffset), Primary: maybe(s.PrimaryOffset), Needed: maybe(s.NeededBytes), Backlog: maybe(s.BacklogBytes), Seconds: table.NoFloat(),
				AtLeast: maybe(s.AtLeastBytes), AtMost: maybe(s.AtMostBytes),
			}
			if s.Seconds > 0 {
				r.Seconds = table.Float(s.Seconds)
			}
			add(&r)
		}
	}
}

func recommendationRows(d *diagnosis.Diagnosis, add func(*recommendationRow)) {
	for _, i := range d.Incidents {
		for _, r := range i.Recommendations {
			add(&recommendationRow{Group: i.Group, Incident: i.ID, ID: r.ID, Instance: r.Instance, Setting: r.Setting, From: r.From, To: r.To, Command: r.Command, Why: r.Why, Cuts: r.Cuts, Cost: r.Cost, Plan: yes(r.Plan)})
		}
	}
}

func sizingRows(d *diagnosis.Diagnosis, add func(*sizingRow)) {
	for _, s := range d.Sizing {
		add(&sizingRow{
			Group: s.Group, Backlog: s.BacklogBytes, Peak: table.Float(s.PeakWriteBytesPerS), P99: table.Float(s.P99WriteBytesPerS), Median: table.Float(s.MedianWriteBytesPerS),
			Covered: table.Float(s.SecondsCovered), Outage: table.Float(s.LongestOutageS), Recommended: maybe(s.RecommendedBytes), MemoryLimit: maybe(s.MemoryLimitBytes), Upper: maybe(s.UpperBytes), UpperFor: table.Float(s.UpperForS), Method: s.Method,
		})
	}
}

func whatIfRows(d *diagnosis.Diagnosis, add func(*whatIfRow)) {
	for _, s := range d.Sizing {
		for _, w := range s.Curves() {
			add(&whatIfRow{Group: s.Group, Setting: w.Setting, Value: w.Value, Backlog: w.BacklogBytes, Full: w.FullSyncs, Survives: table.Float(w.SurvivesS), Saves: w.Saves})
		}
	}
}

func noteRows(d *diagnosis.Diagnosis, add func(*noteRow)) {
	for _, n := range d.Notes {
		e := firstLine(n.Evidence)
		add(&noteRow{Kind: n.Kind, Instance: n.Instance, At: micros(n.At), Summary: n.Summary, File: e.File, Line: positive(int64(e.Line)), Text: e.Text})
	}
}

func clockRows(d *diagnosis.Diagnosis, add func(*clockRow)) {
	for _, h := range d.Time.Hosts {
		add(&clockRow{
			Instance: h.Instance, Group: h.Group, Zone: table.Float(h.ZoneOffsetS), Skew: table.Float(h.SkewS), Error: table.Float(h.ErrorS),
			Pairs: int64(h.Pairs), Method: h.Method, Changes: strings.Join(h.Changes, "; "),
		})
	}
}

func groupRows(d *diagnosis.Diagnosis, add func(*groupRow)) {
	for _, g := range d.Groups {
		add(&groupRow{Group: g.ID, Primary: g.Primary, Replicas: strings.Join(g.Replicas, " "), Versions: strings.Join(g.Versions, " "), From: micros(g.From), To: micros(g.To)})
	}
}

func fileRows(d *diagnosis.Diagnosis, add func(*fileRow)) {
	for _, f := range d.Inputs.Files {
		add(&fileRow{Path: f.Path, Kind: f.Kind, Instance: f.Instance, Bytes: f.Bytes, Records: f.Records, Ignored: f.Ignored, Rejected: f.Rejected, First: micros(f.First), Last: micros(f.Last)})
	}
}

func problemRows(d *diagnosis.Diagnosis, add func(*problemRow)) {
	for _, p := range d.Inputs.Problems {
		add(&problemRow{File: p.File, Line: positive(int64(p.Line)), Reason: p.Reason, Text: p.Text})
	}
}

func barRows(d *diagnosis.Diagnosis, add func(*barRow)) {
	for _, l := range d.Lanes {
		for _, b := range l.Bars {
			add(&barRow{Group: l.Group, Instance: l.Instance, Role: l.Role, State: b.State, From: micros(&b.From), To: micros(&b.To)})
		}
	}
}

func pointRows(d *diagnosis.Diagnosis, add func(*pointRow)) {
	for _, s := range d.Series {
		for n, at := range s.At {
			r := pointRow{Group: s.Group, Instance: s.Instance, Name: s.Name, Unit: s.Unit, At: table.Micros(at * 1000), Value: table.NoFloat()}
			if n < len(s.Values) && s.Values[n] != nil {
				r.Value = table.Float(*s.Values[n])
			}
			add(&r)
		}
	}
}
