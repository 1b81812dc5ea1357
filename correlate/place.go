package correlate

import (
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// axis says of the rows of a case where they lie: see [table.Place].
type axis struct {
	keys  map[string]string // of the group, by instance
	hosts map[string]*timeline.Host
	// dumps and messages are laid out one by one: some are mended, and some are dated by what stands beside them. They are gathered when a
	// host is first asked for.
	dumps    map[string]map[spot]micros
	messages map[string]map[spot]micros
}

// spot is where a row was read; a dump's rows are known by their dump's own stamp.
type spot struct {
	file  string
	line  int32
	stamp micros
}

func newAxis() *axis {
	return &axis{keys: map[string]string{}, hosts: map[string]*timeline.Host{}, dumps: map[string]map[spot]micros{}, messages: map[string]map[spot]micros{}}
}

// take adds a group's hosts, once they are laid on its axis.
func (a *axis) take(g *replication.Group, key string) {
	for _, hs := range [][]*timeline.Host{g.Hosts, g.Sentinels} {
		for _, h := range hs {
			a.keys[h.Name], a.hosts[h.Name] = key, h
		}
	}
}

// place is the axis's [table.Place].
func (a *axis) place(r table.Row) (string, table.Micros) {
	h := a.hosts[r.Origin.Instance]
	if h == nil {
		return "", unknown
	}
	at, ok := unknown, false
	switch r.Table {
	case "samples":
		at, ok = a.dumpsOf(h)[spot{r.Origin.File, r.Origin.Line, unknown}]
	case "replicas", "statistics", "fields":
		at, ok = a.dumpsOf(h)[spot{r.Origin.File, 0, r.Stamp}]
	case "events":
		if at, ok = a.messagesOf(h)[spot{r.Origin.File, r.Origin.Line, unknown}]; !ok {
			at, ok = h.Clock.Event(&table.Event{Clock: r.Clock}, 0, r.Stamp), true
		}
	}
	if !ok && r.Stamp.Known() {
		at = h.Clock.Server(r.Stamp)
	}
	return a.keys[h.Name], at
}

func (a *axis) dumpsOf(h *timeline.Host) map[spot]micros {
	m := a.dumps[h.Name]
	if m == nil {
		m = map[spot]micros{}
		for i := range h.Samples {
			s := &h.Samples[i]
			m[spot{s.File, s.Line, unknown}] = s.At
			m[spot{s.File, 0, s.Stamp}] = s.At
		}
		a.dumps[h.Name] = m
	}
	return m
}

func (a *axis) messagesOf(h *timeline.Host) map[spot]micros {
	m := a.messages[h.Name]
	if m == nil {
		m = map[spot]micros{}
		for i := range h.Events {
			m[spot{h.Events[i].File, h.Events[i].Line, unknown}] = h.Events[i].At
		}
		a.messages[h.Name] = m
	}
	return m
}
