package cause

import (
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// scene is an incident seen with one suspect.
type scene struct {
	*incident.Incident
	suspect *timeline.Host
	told    map[*question]Finding // the answers that are the same for all suspects
	// whose is false where nobody can tell whose replica the first round's were.
	whose bool
}

// newScene is an incident with its primary for a suspect.
func newScene(in *incident.Incident) *scene {
	s := &scene{Incident: in, suspect: in.Primary, told: map[*question]Finding{}}
	s.whose = !s.unnamed()
	return s
}

// question is one that has the same answer for all suspects of an incident.
type question struct{ ask func(*scene) Finding }

// ofAll asks once what is the same for all suspects: a herd has thousands.
func ofAll(ask func(*scene) Finding) func(*scene) Finding {
	q := &question{ask}
	return func(s *scene) Finding {
		f, known := s.told[q]
		if !known {
			f = q.ask(s)
			s.told[q] = f
		}
		return f
	}
}

// own is the suspect's own outage in the first wave; where it is the primary's path that is suspected, the first one.
func (s *scene) own() *replication.Outage {
	if s.suspect == s.Primary && s.Several {
		return s.First
	}
	return s.FirstOf(s.suspect)
}
