package correlate

import (
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// cover says what the group's verdict rests on. A group is healthy only where somebody says so: a dump that shows its links, or a
// server's log, which would tell of a link that broke. Settings, slowlogs and a collector's errors say nothing of health.
func cover(g *replication.Group, incidents int, d *diagnosis.Diagnosis) {
	c := diagnosis.Coverage{Group: g.ID, Verdict: diagnosis.Insufficient, Read: []string{}, Missing: []string{}}
	for _, h := range everybody(g) {
		messages, dumps := known(h), len(h.Samples)
		if showsLinks(h) || messages > 0 {
			c.Verdict = diagnosis.Healthy
		}
		span := ""
		if from, to := diagnosis.StampOf(h.FirstSeen()), diagnosis.StampOf(h.LastSeen()); from != nil && to != nil {
			span = ", " + from.UTC().Format(diagnosis.StampLayout) + " to " + to.UTC().Format(diagnosis.StampLayout)
		}
		if messages+dumps > 0 {
			c.Read = append(c.Read, fmt.Sprintf("%s: %d log messages, %d dumps%s", h.Name, messages, dumps, span))
		}
		if messages == 0 {
			c.Missing = append(c.Missing, h.Name+": its log")
		}
		if dumps == 0 {
			c.Missing = append(c.Missing, h.Name+": its INFO")
		}
	}
	if incidents > 0 {
		c.Verdict = diagnosis.HasIncidents
	}
	d.Coverage = append(d.Coverage, c)
}

// known is how many messages of a host's log are known.
func known(h *timeline.Host) int {
	n := 0
	for i := range h.Events {
		if h.Events[i].Kind != message.Other {
			n++
		}
	}
	return n
}

// showsLinks reports whether a dump of the host's says how its links are.
func showsLinks(h *timeline.Host) bool {
	for i := range h.Samples {
		if s := &h.Samples[i]; s.LinkStatus != "" || s.ConnectedReplicas.Known() {
			return true
		}
	}
	return false
}
