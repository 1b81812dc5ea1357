package correlate

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/correlate/advice"
	"psyncope/correlate/cause"
	"psyncope/correlate/chain"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/questions"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

// isAsked reports whether the group has evidence and is the one that is asked for, by its id or the name of one of its instances; "" asks
// for all.
func isAsked(g *replication.Group, name string) bool {
	if len(g.Hosts) == 0 && len(g.Sentinels) == 0 {
		return false
	}
	if name == "" || g.ID == name || g.Primary.Name == name {
		return true
	}
	return slices.ContainsFunc(g.Hosts, func(h *timeline.Host) bool { return h.Name == name })
}

// report adds the incidents that are asked for.
func report(ins []*cause.Judged, p *advice.Plan, o Options, d *diagnosis.Diagnosis) {
	for i, in := range ins {
		next := unknown
		if i+1 < len(ins) {
			next = ins[i+1].Start
		}
		if o.Tells(in.Start, in.End) {
			d.Incidents = append(d.Incidents, incidentReport(in, next, p))
		}
	}
}

func clockReport(h *timeline.Host, g *replication.Group) diagnosis.HostClock {
	c := &h.Clock
	how := c.Method
	switch {
	case !h.HasLog():
	case c.ZoneKnown:
		how += "; zone from " + c.ZoneHow
	default:
		how += "; zone " + c.ZoneHow
	}
	return diagnosis.HostClock{Instance: h.Name, Group: g.ID, ZoneOffsetS: diagnosis.Seconds(c.Zone), SkewS: diagnosis.Seconds(c.Skew), ErrorS: diagnosis.Seconds(c.Err), Method: how, Pairs: c.Pairs, Changes: append([]string{}, c.Changes...)}
}

func incidentReport(in *cause.Judged, next micros, p *advice.Plan) diagnosis.Incident {
	v := in.Verdict
	out := diagnosis.Incident{Group: in.G.ID, Alternatives: []diagnosis.Alternative{}, Affected: in.Affected, Chain: chain.Chain(in), Missing: append([]string{}, v.Missing...), Recommendations: []diagnosis.Recommendation{}, Resyncs: []diagnosis.Resync{}}
	for _, h := range cutShort(in) {
		out.Missing = append(out.Missing, fmt.Sprintf("the log of %s from before %s", h.Name, diagnosis.ClockTime(h.FirstLine())))
	}
	start := in.Start
	if v.Best != nil {
		at := in.TriggerAt()
		out.Trigger = diagnosis.Trigger{Kind: v.Best.Cause.Kind, Instance: v.Best.Suspect.Name, At: diagnosis.StampOf(at), Confidence: diagnosis.Round2(v.P), Summary: v.Best.Summary(), Resource: v.Best.Resource()}
		if at != unknown {
			start = min(start, at)
		}
	} else {
		out.Trigger = diagnosis.Trigger{Kind: "unknown", Instance: "", At: diagnosis.StampOf(in.TriggerAt()), Confidence: diagnosis.Round2(v.P), Summary: cause.UnknownProse}
		if lacked, says := cause.Starved(in.Incident); lacked != "" {
			out.Trigger.Resource = lacked
			out.Trigger.Summary += " Meanwhile " + says + "."
		}
	}
	out.Start, out.End = diagnosis.StampOf(start), diagnosis.StampOf(in.End)
	for _, h := range v.Alternatives() {
		out.Alternatives = append(out.Alternatives, diagnosis.Alternative{Kind: h.Cause.Kind, Instance: h.Suspect.Name, At: diagnosis.StampOf(h.At), Confidence: diagnosis.Round2(h.P), WhyNot: h.WhyNot()})
	}
	out.FullSyncs, out.PartialSyncs = in.Counts(next)
	resyncs(in, &out)
	out.Refusal = in.Refusal()
	out.LostWritesBytes, out.Ongoing = in.LostWrites(), in.End == unknown
	out.Loop, out.Storm = in.Loop, in.Storm
	out.Severity = severity(in, out.FullSyncs)
	out.Headline = headline(in, &out)
	p.Give(in, &out)
	out.WhatIf = p.WhatIf(in, out.FullSyncs)
	out.Questions = questions.Of(in)
	return out
}

// severity is critical where a full resync happened that was no provisioning or planned restart of a replica, or a
// link stayed down for longer than LongOutage.
func severity(in *cause.Judged, full int64) string {
	if in.Loop != nil && in.Loop.Kind == diagnosis.PartialLoop {
		return diagnosis.Critical // none of them was survived
	}
	planned := in.Verdict.Best != nil && in.Verdict.Best.Cause.Kind == "replica-restart" && plannedRestart(in.Incident)
	if full > 0 && !planned && len(in.Outages) > 0 {
		return diagnosis.Critical
	}
	for _, o := range in.Outages {
		end := o.Restored
		if end == unknown {
			end = in.G.LastSeen()
		}
		if o.Promoted || o.Lost == unknown || end == unknown {
			continue
		}
		if end-o.Lost > timeline.LongOutage {
			return diagnosis.Critical
		}
	}
	return diagnosis.Warning
}

func plannedRestart(in *incident.Incident) bool {
	for _, o := range in.Outages {
		if o.Restart == nil {
			return false
		}
		l := o.Replica.LifeBefore(o.Restart)
		if l == nil || l.How != "shutdown" {
			return false
		}
	}
	return true
}

// headline says what happened, by whose doing and to whom: the culprit by name, as sure as the verdict is.
func headline(in *cause.Judged, i *diagnosis.Incident) string {
	who := diagnosis.List(i.Affected)
	told := "nothing in the evidence says why"
	if b := in.Verdict.Best; b != nil {
		told = hedge(i.Trigger) + b.Told()
	}
	full := diagnosis.Plural(i.FullSyncs, "full resync", "full resyncs")
	switch {
	case len(in.Outages) == 0:
		return told + ": no lost link in the evidence"
	case i.Loop != nil && i.Loop.Kind == diagnosis.PartialLoop:
		return fmt.Sprintf("Partial resyncs that never end: %s; %s was granted %s, was closed again each time and does not get on", told, who,
			diagnosis.Plural(i.PartialSyncs, "partial resync", "partial resyncs"))
	case i.Storm:
		return fmt.Sprintf("Full-resync storm: %s; the %s loop feeds it, %s for %s", told, i.Loop.Kind, full, who)
	}
	end := "and the link was still down when the evidence ends"
	if i.End != nil {
		switch {
		case i.FullSyncs > 0:
			end = "and came back by " + full
		case i.PartialSyncs > 0:
			end = fmt.Sprintf("and caught up by %s", diagnosis.Plural(i.PartialSyncs, "partial resync", "partial resyncs"))
		default:
			end = "and came back"
		}
	}
	if len(i.Affected) == 0 { // nobody is left but whoever took over
		var heirs []string
		for _, o := range in.Outages {
			if o.Promoted && !slices.Contains(heirs, o.Replica.Name) {
				heirs = append(heirs, o.Replica.Name)
			}
		}
		return told + ": " + diagnosis.List(heirs) + " became primary"
	}
	if in.Verdict.Best == nil && !slices.ContainsFunc(in.Outages, func(o *replication.Outage) bool { return !o.First || !incident.NeverAttaches(o) }) {
		return fmt.Sprintf("%s had no link to the primary in all the evidence, for a reason it does not show", who)
	}
	if in.Verdict.Best == nil {
		return fmt.Sprintf("%s lost the link to the primary for a reason the evidence does not show, %s", who, end)
	}
	return fmt.Sprintf("%s: %s lost the link, %s", told, who, end)
}

// Below these a headline does not name a cause without a word of doubt. What rests on one kind of evidence, or on what is only usual,
// is believed with 0.8 at most (package cause), and a cause that is less likely than all others together is not told as the answer.
const (
	plainly  = 0.9
	probably = 0.5
)

// hedge is the doubt that stands before a cause in a headline.
func hedge(t diagnosis.Trigger) string {
	switch {
	case t.Kind == "unknown" || t.Confidence >= plainly:
		return ""
	case t.Confidence > probably:
		return "probably "
	}
	return "cannot tell; most likely "
}

// resyncs lists every attempt.
func resyncs(in *cause.Judged, out *diagnosis.Incident) {
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			r := diagnosis.Resync{Instance: o.Replica.Name, At: diagnosis.StampOf(t.At), Asked: cmp.Or(t.Asked, "unknown"), Outcome: cmp.Or(t.Outcome, diagnosis.Failed), Refusal: cmp.Or(t.Refusal, "none")}
			if t.Granted == diagnosis.Full && t.Refusal == "" {
				r.Refusal = in.RefusalKind(o, t)
			}
			if t.Granted == diagnosis.Partial {
				r.Refusal = "none"
			}
			r.RequestedOffset, r.PrimaryOffset, r.NeededBytes, r.BacklogBytes = in.Arithmetic(o, t)
			if r.Refusal == diagnosis.BacklogOverflow {
				r.AtLeastBytes, r.AtMostBytes, _ = in.Shortfall(o, t).Bounds()
			}
			if t.End != unknown {
				r.Seconds = diagnosis.Seconds(t.End - t.At)
			}
			r.Cost = questions.Cost(in, o, t)
			out.Resyncs = append(out.Resyncs, r)
		}
	}
	slices.SortStableFunc(out.Resyncs, func(a, b diagnosis.Resync) int {
		return cmp.Or(diagnosis.CompareStamps(a.At, b.At), cmp.Compare(a.Instance, b.Instance))
	})
}

// reachBack is how far before the loss a log must reach to tell what led to it: a repl-timeout of silence, and what
// was said before that.
const reachBack = 30 * second

// cutShort are the hosts of the first round whose logs begin too late to tell how it began, and not with a start.
func cutShort(in *cause.Judged) []*timeline.Host {
	if in.Verdict.Best != nil && in.Verdict.P >= 0.9 {
		return nil
	}
	hs := []*timeline.Host{in.Primary}
	for _, o := range in.Wave {
		if !slices.Contains(hs, o.Replica) {
			hs = append(hs, o.Replica)
		}
	}
	return slices.DeleteFunc(hs, func(h *timeline.Host) bool {
		if !h.HasLog() || h.FirstLine() == unknown || h.FirstLine() < in.Contact-reachBack {
			return true
		}
		return len(h.Lives) > 0 && h.Lives[0].StartEv != nil && h.Lives[0].From-h.FirstLine() <= timeline.BannerLead
	})
}
