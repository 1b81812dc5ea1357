package report

import "psyncope/ingest/table"

// The tables of the diagnosis: one struct a table, as in package table, whose tags are the schema of
// Parquet, Arrow, CSV, the workbook and TABLES.md. Instants are on the reference axis: the clock of the group's
// first primary.

// keyed begins every row of every table: by it, tables join.
type keyed struct {
	GroupID  string       `col:"group_id" doc:"key of the replication group, the same wherever its evidence lies"`
	Instance string       `col:"instance" doc:"the server that the row speaks of"`
	At       table.Micros `col:"at_us" doc:"when, reference axis: the clock of the group's first primary"`
}

// ofIncident begins every row that belongs to an incident.
type ofIncident struct {
	keyed
	Key string `col:"incident_key" doc:"key of the incident, the same for the same evidence wherever it lies"`
}

type incidentRow struct {
	ofIncident
	Incident          string       `col:"incident_id" doc:"its number in this report"`
	Group             string       `col:"group_name" doc:"what the report calls the group"`
	Severity          string       `col:"severity" doc:"critical or warning"`
	Headline          string       `col:"headline" doc:"the incident in a sentence"`
	Start             table.Micros `col:"start_us" doc:"when what began it began, reference axis; at_us is the same"`
	End               table.Micros `col:"end_us" doc:"when the last link was up again; empty while it still goes on at the capture's end"`
	Seconds           table.Float  `col:"lasted_seconds" doc:"from start to end; empty without an end"`
	Ongoing           int32        `col:"ongoing" as:"flag" doc:"not over when the evidence ends"`
	Trigger           string       `col:"trigger_kind" doc:"what began it, on instance"`
	TriggerAt         table.Micros `col:"trigger_at_us" doc:"when, reference axis"`
	TriggerConfidence table.Float  `col:"trigger_confidence" doc:"how sure, 0 to 1"`
	TriggerResource   string       `col:"trigger_resource" is:"own" doc:"what ran short, where the evidence names it: cpu, memory, disk, network, setting, process"`
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
	LostWrites        table.Int    `col:"lost_writes_bytes" doc:"what a former primary had written and its heir never got"`
	Storm             int32        `col:"storm" as:"flag" doc:"the work of one full resync brings on the next"`
	Loop              string       `col:"loop_kind" doc:"what goes round; empty where nothing does"`
	Rounds            table.Int    `col:"loop_rounds" doc:"how often"`
	Period            table.Float  `col:"loop_period_seconds" doc:"one round"`
	Full              int64        `col:"full_syncs" doc:"full resyncs the primary granted in it"`
	Partial           int64        `col:"partial_syncs" doc:"partial resyncs"`
	Affected          string       `col:"affected" as:"list" doc:"replicas whose link was lost or that had to resync"`
	Missing           string       `col:"missing" as:"list" doc:"what evidence would settle what is open"`
}

type stepRow struct {
	ofIncident
	Step     int32       `col:"step" doc:"place in the chain, from 1"`
	Offset   table.Float `col:"since_start_seconds" doc:"from the incident's start; negative before it"`
	Kind     string      `col:"kind" doc:"what happened"`
	Summary  string      `col:"summary" doc:"in words"`
	Rule     string      `col:"rule" doc:"the rule that leads here; empty for a root"`
	Because  string      `col:"because" doc:"why it follows, in words"`
	From     table.Int   `col:"from_step" doc:"the step it leads from; empty for a root"`
	Round    table.Int   `col:"storm_round" doc:"which round of a storm it is of, from 1; empty where nothing goes round"`
	Ordered  int32       `col:"order_known" as:"flag" doc:"false where the step lies closer to its neighbour than both clocks' error"`
	Evidence int32       `col:"evidence_lines" doc:"how many lines say so: rows of evidence"`
}

type evidenceRow struct {
	ofIncident
	Of   string    `col:"said_of" doc:"chain, question or note: what the line speaks for"`
	Step table.Int `col:"step" doc:"the step of the chain; empty for others"`
	Kind string    `col:"kind" doc:"kind of the step or note, id of the question"`
	Nth  int32     `col:"nth" doc:"which line of them, from 1"`
	File string    `col:"file" doc:"where it stands"`
	Line table.Int `col:"line" doc:"its line"`
	Text string    `col:"excerpt" doc:"what it says"`
}

type questionRow struct {
	ofIncident
	ID       string       `col:"question_id" doc:"name of the question"`
	Question string       `col:"question" doc:"what a post-mortem asks"`
	Known    int32        `col:"known" as:"flag" doc:"whether the evidence tells"`
	Answer   string       `col:"answer" doc:"what it says"`
	Needs    string       `col:"needs" doc:"what would have told"`
	Bytes    table.Int    `col:"answer_bytes" doc:"the answer as a number of bytes of the stream"`
	Seconds  table.Float  `col:"answer_seconds" doc:"the answer as a time"`
	From     table.Micros `col:"from_us" doc:"since when, reference axis; at_us is the same"`
	To       table.Micros `col:"to_us" doc:"until when"`
}

type alternativeRow struct {
	ofIncident
	Kind       string      `col:"kind" doc:"a cause that was weighed and lost"`
	Confidence table.Float `col:"confidence" doc:"what is left for it, 0 to 1"`
	WhyNot     string      `col:"why_not" doc:"what speaks against it"`
}

type resyncRow struct {
	ofIncident
	Asked       string      `col:"asked" doc:"partial, full (no cached primary) or unknown"`
	Outcome     string      `col:"outcome" doc:"partial, full, failed or refused"`
	Refusal     string      `col:"refusal_kind" doc:"why it was not partial"`
	Requested   table.Int   `col:"requested_offset_bytes" doc:"offset asked for"`
	Primary     table.Int   `col:"primary_offset_bytes" doc:"where the primary's stream was then"`
	Needed      table.Int   `col:"needed_bytes" doc:"the difference"`
	AtLeast     table.Int   `col:"needed_at_least_bytes" doc:"lower bound of needed, where it is not certain to the byte"`
	AtMost      table.Int   `col:"needed_at_most_bytes" doc:"upper bound"`
	Backlog     table.Int   `col:"backlog_bytes" doc:"what the backlog could hold"`
	Seconds     table.Float `col:"took_seconds" doc:"from asking until the link was up; empty where it never was"`
	Waited      table.Float `col:"waited_seconds" doc:"of a full one: from asking until it was granted"`
	Fork        table.Float `col:"fork_seconds" doc:"how long the fork held the primary"`
	Snapshot    table.Float `col:"snapshot_seconds" doc:"from the grant until the first byte came"`
	Transfer    table.Float `col:"transfer_seconds" doc:"until the snapshot was there"`
	Load        table.Float `col:"load_seconds" doc:"the old data dropped and the new loaded"`
	Transferred table.Int   `col:"transferred_bytes" doc:"size of the snapshot that was sent"`
	Cow         table.Int   `col:"copy_on_write_bytes" doc:"what the child copied that made the snapshot"`
	Buffers     table.Int   `col:"buffer_bytes" doc:"the most that replicas' output buffers held meanwhile"`
}

type recommendationRow struct {
	ofIncident
	ID      string `col:"recommendation_id" doc:"name of the recommendation"`
	Setting string `col:"setting" doc:"what to change, on instance"`
	From    string `col:"value_now" doc:"its value now"`
	To      string `col:"value_wanted" doc:"the value to give it"`
	Command string `col:"command" doc:"ready to paste"`
	Why     string `col:"why" doc:"the reason, with its numbers"`
	Cuts    string `col:"cuts" doc:"the rule of the chain that it breaks"`
	Cost    string `col:"cost" doc:"what it takes"`
	Plan    int32  `col:"in_plan" as:"flag" doc:"of the smallest set of settings that ends what happened, by the model that replays the capture"`
}

type sizingRow struct {
	keyed
	Group       string      `col:"group_name" doc:"what the report calls the group"`
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
	keyed
	Setting  string      `col:"setting" doc:"the setting that would differ"`
	Value    string      `col:"setting_value" doc:"its value as the setting takes it"`
	Backlog  int64       `col:"backlog_bytes" doc:"the value in bytes, for a setting in bytes"`
	Full     int64       `col:"full_syncs" doc:"full resyncs the capture would have seen"`
	Survives table.Float `col:"survives_seconds" doc:"how long an outage a backlog of this size bridges at the peak write rate"`
	Saves    string      `col:"saves" doc:"the resync that this step saves"`
}

type noteRow struct {
	keyed
	Kind    string `col:"kind" doc:"what is worth saying; at_us is empty where it holds for the whole capture"`
	Summary string `col:"summary" doc:"in words; its lines are rows of evidence"`
}

type clockRow struct {
	keyed
	Zone    table.Float `col:"zone_offset_seconds" doc:"how far the log's local time is ahead of UTC"`
	Skew    table.Float `col:"skew_seconds" doc:"how far the clock is ahead of the group's first primary's"`
	Error   table.Float `col:"error_seconds" doc:"doubt on either side"`
	Pairs   int64       `col:"pairs" doc:"events that both ends wrote down"`
	Method  string      `col:"method" doc:"what that rests on; unaligned where nothing does"`
	Changes string      `col:"changes" as:"list" doc:"zone changes, steps and drift inside the capture"`
}

type groupRow struct {
	keyed
	Group     string       `col:"group_name" doc:"what the report calls it; instance is the first primary"`
	Replicas  string       `col:"replicas" as:"list" doc:"its other servers"`
	Versions  string       `col:"versions" as:"list" doc:"server versions seen"`
	Addresses string       `col:"addresses" as:"list" doc:"ip:port of its servers"`
	IDs       string       `col:"replication_ids" as:"list" doc:"replication ids that its evidence names, the first one first"`
	From      table.Micros `col:"from_us" doc:"first evidence, reference axis; at_us is the same"`
	To        table.Micros `col:"to_us" doc:"last evidence"`
	Verdict   string       `col:"verdict" doc:"incidents, healthy or insufficient"`
}

type fileRow struct {
	keyed
	Path       string       `col:"file" doc:"the artifact; at_us is its earliest stamp, as written"`
	Kind       string       `col:"kind" doc:"what it was read as"`
	Bytes      int64        `col:"size_bytes" doc:"after decompression"`
	Records    int64        `col:"records" doc:"dumps, entries, and lines of a log with a message that was taken"`
	Ignored    int64        `col:"ignored" doc:"lines seen and understood as of no interest"`
	Rejected   int64        `col:"rejected" doc:"lines that could not be read: rows of problems"`
	Understood int32        `col:"understood" as:"flag" doc:"false where it was opened and nothing in it could be read"`
	First      table.Micros `col:"first_us" doc:"earliest stamp, as written"`
	Last       table.Micros `col:"last_us" doc:"latest stamp, as written"`
}

type problemRow struct {
	keyed
	File   string    `col:"file" doc:"the artifact"`
	Line   table.Int `col:"line" doc:"the line; empty where it is the whole file"`
	Reason string    `col:"reason" doc:"what was wrong and what was done about it"`
	Text   string    `col:"excerpt" doc:"the beginning of the line"`
}

type barRow struct {
	keyed
	Role  string       `col:"role" doc:"primary or replica"`
	State string       `col:"state" doc:"up, down, connecting, transfer, load, gone, stalled"`
	From  table.Micros `col:"from_us" doc:"since, reference axis; at_us is the same"`
	To    table.Micros `col:"to_us" doc:"until"`
}

type markRow struct {
	keyed
	Kind    string      `col:"kind" doc:"what happened at that instant"`
	Seconds table.Float `col:"lasted_seconds" doc:"how long it lasted; 0 for an instant"`
	Error   table.Float `col:"error_seconds" doc:"doubt of its time, on either side"`
	Summary string      `col:"summary" doc:"in words"`
}

type pointRow struct {
	keyed
	Name  string      `col:"series" doc:"a column of samples, or a rate made of it; thinned so that extremes stay"`
	Unit  string      `col:"unit" doc:"its unit"`
	Value table.Float `col:"measured" doc:"the number in that unit; empty in a gap"`
}
