package fleet

import (
	"cmp"
	"maps"
	"slices"

	"psyncope/correlate/diagnosis"
)

// State is all that is kept from night to night.
type State struct {
	Nights    []Night
	Groups    map[string]*Group     // by key
	Incidents map[string]*Incident  // by key
	Artifacts map[string]*Artifact  // by path
	Settings  map[Setting]*Value    // what servers run with
	Changes   []Change              // in the order of the nights
	Measures  map[string][]*Measure // by group, a row a night
	Acks      map[string]Ack        // by incident key
}

// NewState is a state before the first night.
func NewState() *State {
	return &State{
		Groups: map[string]*Group{}, Incidents: map[string]*Incident{}, Artifacts: map[string]*Artifact{}, Settings: map[Setting]*Value{},
		Measures: map[string][]*Measure{}, Acks: map[string]Ack{},
	}
}

// byName are the groups in the order of their names.
func (s *State) byName() []*Group {
	return slices.SortedFunc(maps.Values(s.Groups), func(a, b *Group) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
}

// Night is one run that read something new. Times are microseconds since 1970, 0 where unknown.
type Night struct {
	N         int
	ThroughUs int64 // up to where the evidence reaches
	Read      int   // artifacts that were read
	Bytes     int64
	Broken    int // artifacts of which nothing could be read
	Notified  bool
}

// Group is a replication group of the fleet.
type Group struct {
	Key, Name, Primary string
	Replicas, Versions []string
	IDs, Addresses     []string
	FirstNight         int
	LastNight          int // in which there was evidence of it
	FromUs, ThroughUs  int64
	Verdict            string
	Notes              []diagnosis.Note
	Packed             []byte   // the diagnosis of the last night with evidence, as package state packs it
	WasPrimary         string   // the primary of the night before, where it was another
	Gone               []string // replicas that the night before had and this one has not
	touched            bool
}

// Incident is one over the nights: its key is carried on when later evidence moves its start, its cause or its replicas.
type Incident struct {
	Key, Group string
	FirstNight int
	LastNight  int  // in which evidence of it was read last
	WasOpen    bool // at the end of the night before
	Is         diagnosis.Incident
	touched    bool
}

// Open reports whether the incident was not over when its evidence ended.
func (i *Incident) Open() bool { return i.Is.Ongoing }

// Artifact is a file of evidence and what was read of it.
type Artifact struct {
	Path     string
	Size     int64
	ModUs    int64
	Inode    uint64
	Print    string // of its content: head, tail and size
	Kind     string
	Instance string
	Group    string // key
	Case     string // the files that are read together share it
	FirstUs  int64  // on the axis, for logs and dumps; else as written
	LastUs   int64  // likewise; 0 where nothing in it is dated
	Records  int64
	Mark     Mark
	Night    int // in which it was read last
	Missing  bool
	touched  bool
}

// Mark is a place in an artifact from which on it can be read again: the first byte of a line before which all is older than so long before its
// end. Print is of what stands before it: the artifact was only appended to where that is the same. The zero Mark is none.
type Mark struct {
	Offset, Line int64
	Us           int64 // when the line was, on the axis
	Print        string
}

// Setting is one of one server.
type Setting struct{ Group, Instance, Name string }

// Stated is a setting's value, and where it stands.
type Stated struct{ Value, Evidence string }

// Value is what a setting is, and since which night.
type Value struct {
	Value   string
	Since   int
	touched bool
}

// Change is a setting, a version or a primary that differs from the night before.
type Change struct {
	Night                           int
	Group, Instance, What, From, To string
	Evidence                        string // file and line
}

// Measure is how near the edge a group was in a night. Numbers are 0 where nothing tells.
type Measure struct {
	Night              int
	SurvivesS          float64 // outage that the backlog bridges at the peak write rate
	PeakBytesPerS      float64
	BacklogBytes       int64
	RecommendedBytes   int64
	LongestOutageS     float64
	BacklogUsed        float64 // the most of the backlog that a partial resync needed, as a share
	FullSyncs          int64
	PartialSyncs       int64
	ForkS              float64
	CopyOnWriteBytes   int64
	UsedMemoryBytes    int64
	MemoryLimitBytes   int64
	ReplicaBufferBytes int64
	Clients            int64
	MaxClients         int64
	touched            bool
}

// Ack keeps a known incident out of the exit code and off the top, until a date. A maintenance is one that was known before.
type Ack struct {
	Key     string
	UntilUs int64
	Reason  string
}

// Read is what one run read: the diagnosis of each case, what the servers run with, and how near the edge they are.
type Read struct {
	Diagnoses []*diagnosis.Diagnosis
	Packed    map[string][]byte // the same whole, packed, by group key of the run
	Artifacts []*Artifact
	Settings  map[Setting]Stated
	Measures  map[string]*Measure // by group key of the run
	// SinceUs is from when on evidence was read anew; what lies before is known only from the nights before. 0 for all.
	SinceUs map[string]int64 // by group key of the run
	Missing []string         // paths that were there the night before
}
