package advice

import (
	"fmt"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/sizing"
)

// WhatIf answers what would have been: without the cause, and with each setting that the model knows, whether it is advised or not.
func (p *Plan) WhatIf(in *cause.Judged, full int64) (out []diagnosis.Counterfactual) {
	out = []diagnosis.Counterfactual{}
	if len(in.Wave) == 0 {
		return out
	}
	a := p.accounts[in]
	if c, ok := withoutCause(in, full); ok {
		out = append(out, c)
	}
	is := a.Try(sizing.Settings{})
	say := func(s sizing.Settings, setting string) {
		if r := a.Try(s); r.CompareHarm(is) != 0 {
			out = append(out, diagnosis.Counterfactual{If: setting, Then: p.left(in, r)})
		}
	}
	if w := a.Worst(); w != nil {
		say(sizing.Settings{Backlog: w.Need.Most}, fmt.Sprintf("with a repl-backlog-size of %s bytes", diagnosis.BytesOf(w.Need.Most)))
	}
	if need, _, _ := a.TimeoutNeed(); need > 0 {
		say(sizing.Settings{Timeout: need}, fmt.Sprintf("with a repl-timeout of %d s on every server", need))
	}
	if p.Limit > 0 {
		say(sizing.Settings{Limit: p.Limit}, "with a client-output-buffer-limit of "+diagnosis.SizeWord(p.Limit)+" for replicas")
	}
	if p.TTL > 0 {
		say(sizing.Settings{TTL: p.TTL}, fmt.Sprintf("with a repl-backlog-ttl of %d s", p.TTL))
	}
	return out
}

// withoutCause says whether the links would have been lost all the same. What keeps resyncs from succeeding loses no link.
func withoutCause(in *cause.Judged, full int64) (diagnosis.Counterfactual, bool) {
	b := in.Verdict.Best
	if b == nil {
		return diagnosis.Counterfactual{}, false
	}
	c := diagnosis.Counterfactual{If: fmt.Sprintf("without %s on %s", b.Cause.Kind, b.Suspect.Name)}
	who := diagnosis.List(in.Affected)
	switch {
	case len(in.Affected) == 0:
		return c, false
	case b.Cause.Blocks:
		c.Then = fmt.Sprintf("%s would have lost the link all the same, and come back with the first attempt", who)
	case full > 0:
		c.Then = fmt.Sprintf("%s would have kept the link, and %s would not have been", who, diagnosis.Plural(full, "full resync", "full resyncs"))
	default:
		c.Then = who + " would have kept the link"
	}
	if in.Verdict.P < 0.9 {
		c.Then += fmt.Sprintf("; as far as it was that, which is %.0f%% sure", in.Verdict.P*100)
	}
	return c, true
}

// left is what would have remained of the incident.
func (p *Plan) left(in *cause.Judged, r sizing.Result) string {
	switch {
	case r.Stuck:
		return "partial resyncs that are granted and closed again, without end"
	case r.Full == 0 && r.Partial == 0 && r.Closes == 0:
		return "no link lost"
	case r.Full == 0 && r.Partial == 0:
		return "no full resync"
	case r.Full == 0:
		away := micros(0)
		for _, o := range in.Wave {
			away = max(away, sizing.Missing(in.Incident, o))
		}
		return fmt.Sprintf("%s in place of full ones: a gap of %s and what was missed in it, sent at once", diagnosis.Plural(r.Partial, "partial resync", "partial resyncs"), diagnosis.Length(away))
	}
	return fmt.Sprintf("%s left", diagnosis.Plural(r.Full, "full resync", "full resyncs"))
}
