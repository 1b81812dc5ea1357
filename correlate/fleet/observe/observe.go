// Package observe notes of a case what a night of a fleet keeps beside its diagnosis: what the servers run with, and how near the edge they are.
// What was noted can be saved where a case is analysed, and taken over elsewhere.
//
// It refuses to judge, and to know the nights before.
package observe

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/fleet"
	"psyncope/ingest/table"
)

// edge is of a dump what tells how near the edge a server is.
type edge struct {
	table.Origin
	MaxClients       table.Int `col:"maxclients"`
	ConnectedClients table.Int `col:"connected_clients"`
	UsedMemory       table.Int `col:"used_memory_bytes"`
	MaxMemory        table.Int `col:"maxmemory_bytes"`
	SystemMemory     table.Int `col:"total_system_memory_bytes"`
	ReplicaBuffers   table.Int `col:"mem_clients_slaves_bytes"`
	RDBLastCow       table.Int `col:"rdb_last_cow_size_bytes"`
	CurrentCow       table.Int `col:"current_cow_size_bytes"`
	AOFLastCow       table.Int `col:"aof_last_cow_size_bytes"`
	LatestFork       table.Int `col:"latest_fork_us"`
}

// NewRead is a run that has read nothing yet.
func NewRead() *fleet.Read {
	return &fleet.Read{Packed: map[string][]byte{}, Settings: map[fleet.Setting]fleet.Stated{}, Measures: map[string]*fleet.Measure{}, SinceUs: map[string]int64{}}
}

// Case notes what a case's servers run with and how near the edge they are.
func Case(c *table.Case, place table.Place, read *fleet.Read) {
	of := func(o table.Origin) string {
		key, _ := place(table.Row{Table: "settings", Origin: o, Stamp: table.Null})
		return key
	}
	for _, s := range c.Settings.Rows() {
		if key := of(s.Origin); key != "" {
			read.Settings[fleet.Setting{Group: key, Instance: s.Instance, Name: s.Name}] = fleet.Stated{Value: s.Value, Evidence: fmt.Sprintf("%s:%d", s.File, s.Line)}
		}
	}
	keys := map[string]string{}
	for _, e := range table.Read[edge](&c.Samples) {
		key, ok := keys[e.Instance]
		if !ok {
			key = of(e.Origin)
			keys[e.Instance] = key
		}
		if key == "" {
			continue
		}
		m := measureOf(read, key)
		m.ForkS = max(m.ForkS, float64(e.LatestFork.Or(0))/1e6)
		m.CopyOnWriteBytes = max(m.CopyOnWriteBytes, e.RDBLastCow.Or(0), e.CurrentCow.Or(0), e.AOFLastCow.Or(0))
		m.ReplicaBufferBytes = max(m.ReplicaBufferBytes, e.ReplicaBuffers.Or(0))
		if n := e.ConnectedClients.Or(0); n > m.Clients {
			m.Clients, m.MaxClients = n, e.MaxClients.Or(0)
		}
		if n := e.UsedMemory.Or(0); n > m.UsedMemoryBytes {
			limit := e.MaxMemory.Or(0)
			if limit <= 0 {
				limit = e.SystemMemory.Or(0)
			}
			m.UsedMemoryBytes, m.MemoryLimitBytes = n, limit
		}
	}
}

func measureOf(read *fleet.Read, key string) *fleet.Measure {
	m := read.Measures[key]
	if m == nil {
		m = &fleet.Measure{}
		read.Measures[key] = m
	}
	return m
}

// Diagnoses adds to the measures what the diagnoses tell.
func Diagnoses(ds []*diagnosis.Diagnosis, read *fleet.Read) {
	for _, d := range ds {
		keys := map[string]string{}
		for _, g := range d.Groups {
			keys[g.ID] = g.Key
			measureOf(read, g.Key)
		}
		for _, s := range d.Sizing {
			m := measureOf(read, keys[s.Group])
			m.SurvivesS, m.PeakBytesPerS, m.BacklogBytes, m.LongestOutageS = s.SecondsCovered, s.PeakWriteBytesPerS, s.BacklogBytes, s.LongestOutageS
			if s.RecommendedBytes != nil {
				m.RecommendedBytes = *s.RecommendedBytes
			}
		}
		for _, i := range d.Incidents {
			m := measureOf(read, keys[i.Group])
			m.FullSyncs, m.PartialSyncs = m.FullSyncs+i.FullSyncs, m.PartialSyncs+i.PartialSyncs
			for _, r := range i.Resyncs {
				if r.Outcome == diagnosis.Partial && r.NeededBytes != nil && r.BacklogBytes != nil && *r.BacklogBytes > 0 {
					m.BacklogUsed = max(m.BacklogUsed, float64(*r.NeededBytes)/float64(*r.BacklogBytes))
				}
			}
		}
	}
}

// noted is what Save writes.
type noted struct {
	Settings []setting                 `json:"settings"`
	Measures map[string]*fleet.Measure `json:"measures"` // by group key
}

type setting struct {
	fleet.Setting
	fleet.Stated
}

// Save writes what Case noted, as JSON.
func Save(w io.Writer, read *fleet.Read) error {
	n := noted{Settings: []setting{}, Measures: read.Measures}
	for k, v := range read.Settings {
		n.Settings = append(n.Settings, setting{k, v})
	}
	slices.SortFunc(n.Settings, func(a, b setting) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Name, b.Name))
	})
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(n)
}

// Load adds what Save wrote.
func Load(r io.Reader, read *fleet.Read) error {
	var n noted
	if err := json.NewDecoder(r).Decode(&n); err != nil {
		return fmt.Errorf("what was noted of a case: %w", err)
	}
	for _, s := range n.Settings {
		read.Settings[s.Setting] = s.Stated
	}
	for key, m := range n.Measures {
		if m != nil {
			read.Measures[key] = m
		}
	}
	return nil
}
