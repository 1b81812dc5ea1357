package diagnosis

import (
	"fmt"
	"slices"
	"time"
)

// Schema names the JSON form of a Diagnosis. Fields may be added under one schema; none is lost or renamed.
const Schema = "psyncope/report/v1"

// Diagnosis is everything the analysis has to say, in the form in which `--format json` prints it.
// Reports are made from it alone. Times are on the reference axis: the clock of the group's first
// primary. Sizes are bytes, durations seconds. Slices are never nil.
type Diagnosis struct {
	Schema string   `json:"schema"`
	Inputs Inputs   `json:"inputs"`
	Time   TimeAxis `json:"time"`
	// Window is what was looked at, where that is not everything.
	Window *Window `json:"window"`
	// Shard says which share of the groups this is of, where it is not of all; Join makes one of all shares.
	Shard     *Shard     `json:"shard"`
	Groups    []Group    `json:"groups"`
	Incidents []Incident `json:"incidents"`
	// Coverage says of each group what its verdict rests on.
	Coverage []Coverage `json:"coverage"`
	Notes    []Note     `json:"notes"`
	Sizing   []Sizing   `json:"sizing"`
	// Lanes and Series are what the pictures are drawn from: link states, marks and numbers over time.
	Lanes  []Lane   `json:"lanes"`
	Series []Series `json:"series"`
}

// Shard is one of several shares of what was handed over, from 1 to Of.
type Shard struct {
	Number int `json:"number"`
	Of     int `json:"of"`
}

// Stamp is an instant on the reference axis; nil where unknown. It prints as RFC 3339, UTC, with milliseconds.
type Stamp struct{ time.Time }

// StampLayout is how every stamp is printed.
const StampLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON prints the stamp.
func (s Stamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + s.UTC().Format(StampLayout) + `"`), nil
}

// UnmarshalJSON reads a saved report's stamp.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(b))
	if err != nil {
		return fmt.Errorf("stamp %s: %w", b, err)
	}
	s.Time = t
	return nil
}

// Window bounds what is told: incidents and notes that lie outside are left out. Nil is open.
type Window struct {
	Since *Stamp `json:"since"`
	Until *Stamp `json:"until"`
}

// Inputs accounts for every byte that was given.
type Inputs struct {
	Files    []InputFile `json:"files"`
	Problems []Problem   `json:"problems"`
	Bytes    int64       `json:"bytes"`
	Records  int64       `json:"records"`
	Rejected int64       `json:"rejected"`
}

// InputFile is one artifact and what was taken from it.
type InputFile struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"`
	Instance string `json:"instance"`
	Group    string `json:"group"` // the instance's; empty where it is in none
	Bytes    int64  `json:"bytes"`
	Records  int64  `json:"records"`
	Ignored  int64  `json:"ignored"`
	Rejected int64  `json:"rejected"`
	// Understood is false where the file was opened and nothing in it could be read.
	Understood bool   `json:"understood"`
	First      *Stamp `json:"first"`
	Last       *Stamp `json:"last"`
}

// Problem is a line or file that could not be read.
type Problem struct {
	File   string `json:"file"`
	Line   int32  `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// TimeAxis is what is known of the clocks.
type TimeAxis struct {
	Hosts []HostClock `json:"hosts"`
}

// HostClock is one instance's clock against its group's first primary.
type HostClock struct {
	Instance string `json:"instance"`
	Group    string `json:"group"`
	// ZoneOffsetS is how far the log's local time is ahead of UTC, in seconds.
	ZoneOffsetS float64 `json:"zone_offset_s"`
	// SkewS is how far the clock is ahead of the primary's; ErrorS bounds the doubt on either side.
	SkewS  float64 `json:"skew_s"`
	ErrorS float64 `json:"error_s"`
	// Method says in words what zone and skew rest on; "unaligned: ..." where nothing ties the host to the primary.
	Method string `json:"method"`
	Pairs  int    `json:"pairs"`
	// Changes are zone changes (daylight saving), steps and drift found inside the capture.
	Changes []string `json:"changes"`
}

// Group is a primary and its replicas.
type Group struct {
	ID string `json:"id"`
	// Key says which group it is, whatever its servers are called and wherever its evidence lies; see Identify.
	Key      string   `json:"key"`
	Primary  string   `json:"primary"` // the first one
	Replicas []string `json:"replicas"`
	Versions []string `json:"versions"`
	From     *Stamp   `json:"from"`
	To       *Stamp   `json:"to"`
	// ReplicationIDs are those that the group's evidence names, the first one first; Addresses the ip:port of its servers, sorted.
	ReplicationIDs []string `json:"replication_ids"`
	Addresses      []string `json:"addresses"`
}

// Severity of an incident.
const (
	Critical = "critical"
	Warning  = "warning"
)

// Incident is one break of replication, from what began it until the last link was up again.
type Incident struct {
	ID string `json:"id"` // its number in this report
	// Key is the same for the same evidence, wherever it lies and with whatever else it is analysed; see Identify.
	Key          string        `json:"key"`
	Group        string        `json:"group"`
	Start        *Stamp        `json:"start"`
	End          *Stamp        `json:"end"` // nil while it still goes on at the capture's end
	Severity     string        `json:"severity"`
	Headline     string        `json:"headline"`
	Trigger      Trigger       `json:"trigger"`
	Alternatives []Alternative `json:"alternatives"`
	Refusal      Refusal       `json:"refusal"`
	// LostWritesBytes is what a former primary had written and its heir never got; nil where nothing shows any.
	LostWritesBytes *int64   `json:"lost_writes_bytes"`
	Ongoing         bool     `json:"ongoing"` // not over when the evidence ends
	Storm           bool     `json:"storm"`
	Loop            *Loop    `json:"loop"`
	FullSyncs       int64    `json:"full_syncs"`
	PartialSyncs    int64    `json:"partial_syncs"`
	Affected        []string `json:"affected"`
	Chain           []Step   `json:"chain"`
	Resyncs         []Resync `json:"resyncs"`
	Missing         []string `json:"missing"`
	// Questions are those that a post-mortem asks of such an incident, with what the evidence says to each.
	Questions []Question `json:"questions"`
	// WhatIf is what would have been, had something been different: the questions that a post-mortem rests on, as the model answers them.
	WhatIf          []Counterfactual `json:"what_if"`
	Recommendations []Recommendation `json:"recommendations"`
}

// Question is one that a post-mortem asks. Where the evidence does not tell, Known is false and Needs says what would have told.
type Question struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Known    bool   `json:"known"`
	Answer   string `json:"answer"`
	Needs    string `json:"needs"`
	// The answer in numbers, where it is one: bytes of the stream, and a stretch of the axis with its length.
	Bytes    *int64     `json:"bytes"`
	Seconds  *float64   `json:"seconds"`
	From     *Stamp     `json:"from"`
	To       *Stamp     `json:"to"`
	Evidence []Evidence `json:"evidence"`
}

// Counterfactual is one thing that was not so, and what would have come of it.
type Counterfactual struct {
	If   string `json:"if"`
	Then string `json:"then"`
}

// Trigger is what began the incident.
type Trigger struct {
	Kind       CauseKind `json:"kind"`
	Instance   string    `json:"instance"`
	At         *Stamp    `json:"at"`
	Confidence float64   `json:"confidence"`
	Summary    string    `json:"summary"`
	// Resource is what ran short, where the evidence names it; empty elsewhere.
	Resource Resource `json:"resource"`
}

// Alternative is a cause that was weighed and lost.
type Alternative struct {
	Kind       CauseKind `json:"kind"`
	Instance   string    `json:"instance"`
	At         *Stamp    `json:"at"`
	Confidence float64   `json:"confidence"`
	WhyNot     string    `json:"why_not"`
}

// Refusal is why the replica could not simply catch up. Numbers are nil where no evidence gives them.
type Refusal struct {
	Kind            RefusalKind `json:"kind"`
	Instance        string      `json:"instance"`
	RequestedOffset *int64      `json:"requested_offset"`
	PrimaryOffset   *int64      `json:"primary_offset"`
	NeededBytes     *int64      `json:"needed_bytes"`
	BacklogBytes    *int64      `json:"backlog_bytes"`
	ShortByBytes    *int64      `json:"short_by_bytes"`
	// AtLeastBytes and AtMostBytes enclose what the backlog had to hold where needed_bytes is not certain to the byte;
	// How says in words what the numbers rest on.
	AtLeastBytes *int64 `json:"needed_at_least_bytes"`
	AtMostBytes  *int64 `json:"needed_at_most_bytes"`
	How          string `json:"needed_how"`
}

// Loop is what goes round.
type Loop struct {
	Kind    LoopKind `json:"kind"`
	Rounds  int      `json:"rounds"`
	PeriodS float64  `json:"period_s"`
}

// Step is one event of the chain, oldest first.
type Step struct {
	At       *Stamp     `json:"at"`
	Kind     string     `json:"kind"`
	Instance string     `json:"instance"`
	Summary  string     `json:"summary"`
	Evidence []Evidence `json:"evidence"`
	// Rule names the rule that leads here from an earlier step, From the index of that step; -1 and "" for a root.
	// Because says in words why it follows.
	Rule    string `json:"rule"`
	From    int    `json:"from"`
	Because string `json:"because"`
	// Round is which round of a storm the step is of, from 1; 0 where nothing goes round.
	Round int `json:"round"`
	// Unordered is true where the step lies closer to its neighbour than both clocks' error.
	Unordered bool `json:"unordered"`
}

// Evidence is a line that says so.
type Evidence struct {
	File string `json:"file"`
	Line int32  `json:"line"`
	Text string `json:"text"`
}

// Resync is one attempt of a replica to come back.
type Resync struct {
	Instance        string      `json:"instance"`
	At              *Stamp      `json:"at"`
	Asked           Outcome     `json:"asked"`   // partial, full (no cached primary) or unknown
	Outcome         Outcome     `json:"outcome"` // partial, full, failed or refused
	Refusal         RefusalKind `json:"refusal"` // as Refusal.Kind; none where it was partial
	RequestedOffset *int64      `json:"requested_offset"`
	PrimaryOffset   *int64      `json:"primary_offset"`
	NeededBytes     *int64      `json:"needed_bytes"`
	BacklogBytes    *int64      `json:"backlog_bytes"`
	AtLeastBytes    *int64      `json:"needed_at_least_bytes"` // as in Refusal
	AtMostBytes     *int64      `json:"needed_at_most_bytes"`
	Seconds         float64     `json:"seconds"` // from asking until the link was up; 0 where it never was
	// Cost is what a full resync took; nil for all else.
	Cost *ResyncCost `json:"cost"`
}

// ResyncCost is what one full resync took, step by step, in seconds and bytes. Nil where no evidence gives the number.
type ResyncCost struct {
	WaitedS          *float64 `json:"waited_s"`   // from asking until it was granted
	ForkS            *float64 `json:"fork_s"`     // how long the fork held the primary
	SnapshotS        *float64 `json:"snapshot_s"` // from the grant until the first byte came: the snapshot was made
	TransferS        *float64 `json:"transfer_s"`
	LoadS            *float64 `json:"load_s"` // the old data dropped and the new loaded: reads are refused meanwhile
	TransferredBytes *int64   `json:"transferred_bytes"`
	CopyOnWriteBytes *int64   `json:"copy_on_write_bytes"` // of the child that made the snapshot
	BufferBytes      *int64   `json:"buffer_bytes"`        // the most that replicas' output buffers held meanwhile
}

// Recommendation is one thing to change.
type Recommendation struct {
	ID       string `json:"id"`
	Instance string `json:"instance"`
	Setting  string `json:"setting"`
	From     string `json:"from"`
	To       string `json:"to"`
	Command  string `json:"command"`
	Why      string `json:"why"`
	// Cuts is the rule of the chain that the change breaks; Cost what it takes.
	Cuts string `json:"cuts"`
	Cost string `json:"cost"`
	// Plan tells that it is of the smallest set of settings that ends what happened, by the model that replays the capture: none of
	// these can be left out, and nothing else is needed for that.
	Plan bool `json:"plan"`
}

// Note is something worth saying that is no incident.
type Note struct {
	Kind     string     `json:"kind"`
	Group    string     `json:"group"`
	Instance string     `json:"instance"`
	At       *Stamp     `json:"at"`
	Summary  string     `json:"summary"`
	Evidence []Evidence `json:"evidence"`
}

// Sizing is what the backlog holds and what it should hold.
type Sizing struct {
	Group                string  `json:"group"`
	BacklogBytes         int64   `json:"backlog_bytes"`
	PeakWriteBytesPerS   float64 `json:"peak_write_bytes_per_s"`
	P99WriteBytesPerS    float64 `json:"p99_write_bytes_per_s"`
	MedianWriteBytesPerS float64 `json:"median_write_bytes_per_s"`
	SecondsCovered       float64 `json:"seconds_covered"`
	LongestOutageS       float64 `json:"longest_outage_s"`
	// RecommendedBytes is nil where no size helps, or none that there is room for: MemoryLimitBytes, where the evidence tells it.
	RecommendedBytes *int64 `json:"recommended_bytes"`
	MemoryLimitBytes *int64 `json:"memory_limit_bytes"`
	// UpperBytes is the upper end, for outages still to come: twice the peak write rate for UpperForS seconds.
	UpperBytes *int64   `json:"upper_bytes"`
	UpperForS  float64  `json:"upper_for_s"`
	Method     string   `json:"method"`
	WhatIf     []WhatIf `json:"whatif"`
	// Limits are the same curves for client-output-buffer-limit replica and repl-timeout, by WhatIf.Setting.
	Limits []WhatIf `json:"whatif_limits"`
}

// Curves are all what-if curves, one setting after another.
func (s *Sizing) Curves() []WhatIf { return slices.Concat(s.WhatIf, s.Limits) }

// WhatIf is how many full resyncs the capture would have seen with another setting.
type WhatIf struct {
	Setting      string `json:"setting"`
	BacklogBytes int64  `json:"backlog_bytes"`
	Value        string `json:"value"`
	FullSyncs    int64  `json:"full_syncs"`
	// SurvivesS is how long an outage a backlog of this size bridges at the peak write rate; 0 for other settings, and where no rate is known.
	SurvivesS float64 `json:"survives_s"`
	Saves     string  `json:"saves"` // the resync that this step saves
}

// Lane is one instance's life over the capture, for the pictures.
type Lane struct {
	Instance string `json:"instance"`
	Group    string `json:"group"`
	Role     string `json:"role"`
	Bars     []Bar  `json:"bars"`
	Marks    []Mark `json:"marks"`
}

// Bar is a stretch of a link's life: up, down, connecting, transfer, load, gone, stalled.
type Bar struct {
	State string `json:"state"`
	From  Stamp  `json:"from"`
	To    Stamp  `json:"to"`
}

// Mark is an instant worth seeing on a lane.
type Mark struct {
	At       Stamp      `json:"at"`
	Kind     string     `json:"kind"`
	Seconds  float64    `json:"seconds"` // how long it lasted, 0 for an instant
	ErrorS   float64    `json:"error_s"`
	Summary  string     `json:"summary"`
	Evidence []Evidence `json:"evidence"`
}

// Series is one number of one instance over time, thinned so that extremes stay. Null values are gaps.
type Series struct {
	Instance string     `json:"instance"`
	Group    string     `json:"group"`
	Name     string     `json:"name"` // as the column of samples it comes from, or a rate made of it
	Unit     string     `json:"unit"`
	At       []int64    `json:"at_ms"` // milliseconds since the epoch on the reference axis
	Values   []*float64 `json:"values"`
}
