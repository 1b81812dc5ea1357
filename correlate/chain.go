package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"psyncope/ingest/message"
)

// step is a Step before it is printed.
type step struct {
	Step
	at      micros
	err     micros
	replica *host // whose link it is about; nil for the primary's own
	cause   bool
	order   int // within one moment: loss before request before answer
}

// maxTries is how many attempts of one outage are told one by one; the rest are told as a number.
const maxTries = 4

// chain tells the incident as steps, each led to by a rule from an earlier one.
func (in *judged) chain() []Step {
	var steps []step
	add := func(s step) {
		if len(s.Evidence) > 0 {
			steps = append(steps, s)
		}
	}
	if h := in.verdict.best; h != nil {
		add(step{Step: Step{Kind: h.cause.Kind, Instance: h.suspect.name, Summary: cmp.Or(h.summary(), h.cause.Kind), Evidence: few(h.evidence(), 4)}, at: in.triggerAt(), err: h.suspect.clock.err, cause: true, order: -1})
		// What broke the link first, where the verdict is what kept it from coming back.
		if h.cause.blocks {
			for _, o := range in.verdict.ranking[1:] {
				if !o.cause.blocks && o.score > unknownPrior && o.at != unknown && len(o.evidence()) > 0 {
					add(step{Step: Step{Kind: o.cause.Kind, Instance: o.suspect.name, Summary: o.summary(), Evidence: few(o.evidence(), 2)}, at: min(o.at, in.start), err: o.suspect.clock.err, cause: true, order: -2})
					break
				}
			}
		}
	}
	for _, o := range in.outages {
		in.outageSteps(o, add)
	}
	in.forkSteps(add)
	if len(steps) == 0 && in.seed != nil {
		for i := range in.seed.events {
			e := &in.seed.events[i]
			if faultKind(e, in.seed.sentinel) && (e.at == unknown || e.at >= in.start && e.at <= in.end) && len(steps) < 5 {
				add(step{Step: Step{Kind: e.Kind, Instance: in.seed.name, Summary: shorten(e.Text, 160), Evidence: []Evidence{e.evidence()}}, at: e.at})
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
	return link(steps)
}

func few(ev []Evidence, n int) []Evidence {
	if len(ev) > n {
		return ev[:n]
	}
	return ev
}

func (in *incident) outageSteps(o *outage, add func(step)) {
	r := o.replica
	mk := func(at micros, kind, summary string, order int, ev ...Evidence) {
		add(step{Step: Step{Kind: kind, Instance: r.name, Summary: summary, Evidence: ev}, at: at, err: r.clock.err, replica: r, order: order})
	}
	if o.promoted {
		ev := few(o.proof, 1)
		if o.moved != nil {
			ev = []Evidence{o.moved.evidence()}
		}
		mk(o.restored, stepPromotion, r.name+" became a primary", 5, ev...)
	} else if o.moved != nil {
		mk(o.moved.at, stepFollow, fmt.Sprintf("%s was told to follow %s", r.name, cmp.Or(o.moved.Peer, "another primary")), 1, o.moved.evidence())
	}
	if !o.begun || len(o.notices) > 0 {
		ev := evidenceOf(o.notices, 3)
		if len(ev) == 0 {
			ev = few(o.proof, 2)
		}
		what := fmt.Sprintf("%s lost its link; %s noticed first", r.name, o.lostBy)
		switch {
		case o.timeoutByReplica != nil && o.timeoutByReplica.at <= o.lost+second:
			what = fmt.Sprintf("%s heard nothing for its repl-timeout and gave up the link", r.name)
		case o.timeoutByPrimary != nil && o.timeoutByPrimary.at <= o.lost+second:
			what = fmt.Sprintf("the primary heard nothing of %s for its repl-timeout and closed it", r.name)
		case o.overflow != nil:
			what = fmt.Sprintf("the primary closed %s at its output buffer limit", r.name)
		case o.restart != nil:
			what = fmt.Sprintf("%s went away with its process", r.name)
		}
		mk(o.lost, stepLinkLost, what, 0, ev...)
	}
	in.connectSteps(o, mk)
	in.handshakeSteps(o, mk)
	shown := 0
	for i, t := range o.tries {
		if shown >= maxTries && i < len(o.tries)-1 {
			continue
		}
		if shown == maxTries && len(o.tries)-1 > maxTries {
			mk(t.at, stepAttemptFailed, fmt.Sprintf("%d more attempts of %s ended like these", len(o.tries)-1-maxTries, r.name), 1, attemptEvidence(o.tries[maxTries])...)
		}
		shown++
		in.attemptSteps(o, t, mk)
	}
	if !o.promoted && o.restored != unknown {
		ev := few(o.proof, 1)
		if o.restoredEv != nil {
			ev = []Evidence{o.restoredEv.evidence()}
		} else if s := r.firstSampleAfter(o.restored); s != nil && s.LinkStatus != "" {
			ev = []Evidence{s.evidence("master_link_status:" + s.LinkStatus)}
		}
		mk(o.restored, stepLinkUp, fmt.Sprintf("%s is up again, %s after the loss", r.name, length(o.restored-o.lost)), 9, ev...)
	}
}

func (in *incident) connectSteps(o *outage, mk func(micros, string, string, int, ...Evidence)) {
	var first, last *event
	n := int64(0)
	for _, e := range o.failures {
		if e.Kind == message.ReplConnectFailed || e.Kind == message.ReplConnectTimeout {
			if first == nil {
				first = e
			}
			last = e
			n += e.Count.Or(1)
		}
	}
	if first == nil {
		return
	}
	ev := []Evidence{first.evidence()}
	if last != first {
		ev = append(ev, last.evidence())
	}
	mk(first.at, stepConnectFailed, fmt.Sprintf("%s could not connect, %s: %s", o.replica.name, plural(n, "time", "times"), shorten(first.Text, 90)), 1, ev...)
}

// handshakeSteps tells of handshakes that were refused before the replica could ask for anything.
func (in *incident) handshakeSteps(o *outage, mk func(micros, string, string, int, ...Evidence)) {
	var refused []*event
	n := int64(0)
	for _, e := range o.failures {
		if e.Kind == message.ReplAuthFailed || strings.HasPrefix(e.Kind, message.ReplHandshakeError) {
			refused = append(refused, e)
			n += e.Count.Or(1)
		}
	}
	if len(refused) == 0 || slices.ContainsFunc(o.tries, func(t *attempt) bool { return t.failEv == refused[0] }) {
		return
	}
	mk(refused[0].at, stepAttemptFailed, fmt.Sprintf("%s was refused in the handshake, %s: %s", o.replica.name, plural(n, "time", "times"), shorten(refused[0].Text, 90)), 1, evidenceOf(refused, 2)...)
}

func attemptEvidence(t *attempt) []Evidence {
	var out []Evidence
	for _, e := range []*event{t.askEv, t.answerEv, t.fullEv, t.failEv} {
		if e != nil {
			out = append(out, e.evidence())
		}
	}
	return out
}

func (in *incident) attemptSteps(o *outage, t *attempt, mk func(micros, string, string, int, ...Evidence)) {
	r := o.replica
	var ev []Evidence
	for _, e := range []*event{t.askEv, t.answerEv} {
		if e != nil {
			ev = append(ev, e.evidence())
		}
	}
	switch {
	case t.granted == "partial":
		what := r.name + " continued by partial resync"
		if t.answerEv != nil && t.answerEv.Bytes.Known() {
			what += fmt.Sprintf(": %s bytes from the backlog", bytesOf(int64(t.answerEv.Bytes)))
		}
		mk(t.at, stepPartialResync, what, 2, ev...)
		return
	case t.asked == "partial":
		what := fmt.Sprintf("%s asked to continue from %s and was refused", r.name, bytesOf(t.offset))
		if t.offset < 0 {
			what = r.name + " asked to continue and was refused"
		}
		if t.refusal != "" && t.refusal != "unknown" {
			what += ": " + t.refusal
		}
		if t.granted == "full" || t.refusal != "" {
			mk(t.at, stepPartialRefused, what, 2, ev...)
		}
	}
	if t.granted == "full" {
		var ev []Evidence
		for _, e := range []*event{t.fullEv, t.receiveEv, t.loadEv} {
			if e != nil {
				ev = append(ev, e.evidence())
			}
		}
		if len(ev) == 0 {
			ev = attemptEvidence(t)
		}
		at := t.at
		if t.fullEv != nil {
			at = t.fullEv.at
		}
		what := r.name + " was granted a full resync"
		if t.primaryOffset >= 0 {
			what += " at offset " + bytesOf(t.primaryOffset)
		}
		mk(at, stepFullResync, what, 3, ev...)
	}
	if t.outcome == "failed" && t.failEv != nil {
		kind := stepAttemptFailed
		if t.failEv.Kind == message.ClientOutputBufferLimit {
			kind = stepBufferClose
		}
		mk(t.end, kind, fmt.Sprintf("the attempt failed: %s", shorten(t.failEv.Text, 120)), 4, t.failEv.evidence())
	}
}

// forkSteps adds the stalls that the incident's own resyncs cost the primary.
func (in *incident) forkSteps(add func(step)) {
	told := map[string]bool{}
	for _, st := range in.forkStalls() {
		for _, e := range st.because {
			if e.kind != "fork-stall" {
				continue
			}
			at := in.forkedAt(e.from)
			if key := fmt.Sprint(at); !told[key] {
				told[key] = true
				add(step{Step: Step{Kind: stepFork, Instance: in.primary.name, Summary: e.summary, Evidence: few(e.evidence, 2)}, at: at, err: in.primary.clock.err, order: 4})
			}
			break
		}
	}
}

// forkedAt moves a fork behind the request it was made for: the slowlog knows whole seconds only, and so a fork's
// beginning may seem to lie before the request that asked for it.
func (in *incident) forkedAt(from micros) micros {
	at := from
	for _, o := range in.outages {
		for _, t := range o.tries {
			if t.at > from && t.at-from <= 3*second/2 {
				at = max(at, t.at)
			}
		}
	}
	return at
}

// forkStalls are the primary's stalls for a fork after the incident's first request for a full resync.
func (in *incident) forkStalls() []stall {
	p := in.primary
	asked := unknown
	for _, o := range in.outages {
		for _, t := range o.tries {
			if t.granted == "full" && (asked == unknown || t.at < asked) {
				asked = t.at
			}
		}
	}
	if asked == unknown {
		return nil
	}
	var out []stall
	for _, s := range p.stalls {
		if s.from < asked-2*second || in.end != unknown && s.from > in.end {
			continue
		}
		if slices.ContainsFunc(s.because, func(e explanation) bool { return e.kind == "fork-stall" }) {
			out = append(out, s)
		}
	}
	return out
}

// link finds for each step the latest earlier one from which a rule leads to it.
func link(steps []step) []Step {
	out := make([]Step, len(steps))
	byKind := map[string][]int{} // the steps before: a storm has tens of thousands, few of which a rule looks at
	for i := range steps {
		s := &steps[i]
		s.From = -1
		for k := range rules {
			r := &rules[k]
			if r.To != s.Kind || s.cause {
				continue
			}
			from := byKind[r.From]
			for n := len(from) - 1; n >= 0 && from[n] > s.From; n-- {
				if r.fits(&steps[from[n]], s) {
					s.Rule, s.From = r.Name, from[n]
				}
			}
		}
		byKind[s.Kind] = append(byKind[s.Kind], i)
		if s.cause {
			byKind["*"] = append(byKind["*"], i)
		}
		// Where the clocks cannot tell which came first, the cause may have been sorted behind its effect.
		for j := i + 1; j < len(steps) && s.From < 0 && s.at != unknown && steps[j].at-s.at <= s.err+steps[j].err; j++ {
			for _, r := range rules {
				if steps[j].Instance != s.Instance && r.fits(&steps[j], s) {
					s.Rule, s.From = r.Name, j
					break
				}
			}
		}
		if i > 0 {
			p := &steps[i-1]
			s.Unordered = p.Instance != s.Instance && s.at != unknown && p.at != unknown && s.at-p.at < s.err+p.err
		}
		s.Step.At = stampOf(s.at)
		s.Evidence = slices.Clone(s.Evidence)
		out[i] = s.Step
	}
	return out
}

func (r *Rule) fits(from, to *step) bool {
	if to.Kind != r.To || to.cause {
		return false
	}
	if r.From == "*" {
		if !from.cause {
			return false
		}
	} else if from.Kind != r.From || from.cause && r.From != stepFork {
		return false
	}
	switch r.Where {
	case sameLink:
		return from.replica == to.replica
	case otherLink:
		return from.replica == nil || from.replica != to.replica
	}
	return true
}
