package cause

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/timeline"
)

// ends are the servers at both ends of the first round's links.
func (s *scene) ends() []*timeline.Host {
	hs := []*timeline.Host{s.Primary}
	for _, o := range s.Wave {
		if o == s.FirstOf(o.Replica) {
			hs = append(hs, o.Replica)
		}
	}
	return hs
}

// endStarved: the machine of one end kept its server waiting for most of the silence, or may have. It may have answered now and then, and late.
var endStarved = ofAll(func(s *scene) Finding {
	if !s.Silent {
		return Finding{at: unknown}
	}
	for _, h := range s.ends() {
		for _, l := range h.Lacks(timeline.Span{From: s.Contact, To: s.Lost}) {
			if l.Resource != diagnosis.Disk && l.Most > 0 && l.Most >= (s.Lost-s.Contact)/2 {
				f := found(unknown, fmt.Sprintf("the machine of %s lacked %s: %s", h.Name, l.Resource, l.Says), l.Evidence...)
				f.resource = l.Resource
				return f
			}
		}
	}
	return Finding{at: unknown}
})

// Starved is what an end of the incident's links lacked while they were silent, in a sentence; empty where nothing tells. It is for where no
// cause is named: it may have done it.
func Starved(in *incident.Incident) (diagnosis.Resource, string) {
	f := endStarved(newScene(in))
	return f.resource, f.Text
}
