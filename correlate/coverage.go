package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"psyncope/correlate/advice"
	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// cover says what the group's verdict rests on. A group is healthy only where somebody says so: a dump that shows its links, or a
// server's log, which would tell of a link that broke. Settings, slowlogs and a collector's errors say nothing of health.
// What nobody took is named with what takes it: of every group what it is judged by, of one with incidents also what tells more about them.
func cover(g *replication.Group, judged []*cause.Judged, d *diagnosis.Diagnosis) {
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
			c.Missing = append(c.Missing, fmt.Sprintf("%s: its log (`%s CONFIG GET logfile` says where it is; where that is empty: journalctl, docker logs, kubectl logs --previous)", h.Name, advice.Shell(h)))
		}
		if dumps == 0 {
			c.Missing = append(c.Missing, fmt.Sprintf("%s: its INFO (psyncope collect %s --out capture)", h.Name, advice.Address(h)))
		}
	}
	for _, in := range judged {
		for _, lacking := range lackingOf(in) {
			if !slices.Contains(c.Missing, lacking) {
				c.Missing = append(c.Missing, lacking)
			}
		}
	}
	if len(judged) > 0 {
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

// lackingOf is what would tell more about an incident: the slowlog, the settings and the machine of the servers in it, and INFO taken often enough.
func lackingOf(in *cause.Judged) []string {
	var out []string
	over := timeline.Span{From: in.Start, To: in.End}
	for _, h := range partiesOf(in) {
		if !h.HasSlowlog() {
			out = append(out, fmt.Sprintf("%s: its slowlog (%s SLOWLOG GET 128)", h.Name, advice.Shell(h)))
		}
		if len(h.Settings) == 0 {
			out = append(out, fmt.Sprintf("%s: its settings (%s CONFIG GET '*')", h.Name, advice.Shell(h)))
		}
		if !h.HasMachine(over) {
			out = append(out, h.Name+": what was measured of its machine meanwhile (sadf -j -- -A, vmstat -t 1, dmesg -T; psyncope collect takes it where it runs beside the server)")
		}
		if every, wanted := h.Interval(), lookEvery(in); every >= wanted+second {
			out = append(out, fmt.Sprintf("%s: INFO each %s, where it was taken each %s and a loss took %s (psyncope collect %s --out capture --interval %s; --until-incident looks each second)",
				h.Name, spanOf(wanted), spanOf(every), spanOf(2*wanted), advice.Address(h), spanOf(wanted)))
		}
	}
	return out
}

// partiesOf are who took part: the primaries that were lost and the replicas that lost them, of those that left evidence.
func partiesOf(in *cause.Judged) []*timeline.Host {
	var out []*timeline.Host
	for _, o := range in.Outages {
		for _, h := range []*timeline.Host{o.Server, o.Replica} {
			if h != nil && slices.Contains(in.G.Hosts, h) && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, func(a, b *timeline.Host) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// lookEvery is how often INFO has to be taken to have two dumps inside the shortest loss, between which it shows what was written: at most once a second.
func lookEvery(in *cause.Judged) micros {
	shortest := micros(0)
	for _, o := range in.Outages {
		if d := o.Restored - o.Lost; o.Restored != unknown && o.Lost != unknown && d > 0 && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	if shortest == 0 {
		return in.End - in.Start
	}
	return max(shortest/2/second*second, second)
}

// spanOf is a span in whole seconds, as flags take it.
func spanOf(d micros) string {
	return (time.Duration(d) * time.Microsecond).Round(time.Second).String()
}
