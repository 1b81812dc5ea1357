package chain

import (
	"cmp"
	"fmt"
	"slices"

	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// step is a Step before it is printed.
type step struct {
	diagnosis.Step
	at      micros
	err     micros
	replica *timeline.Host // whose link it is about; nil for the primary's own
	cause   bool
	order   int // within one moment: loss before request before answer
}

// maxTries is how many attempts of one outage are told one by one; the rest are told as a number.
const maxTries = 4

// Chain tells the incident as steps, each led to by a rule from an earlier one.
func Chain(in *cause.Judged) []diagnosis.Step {
	var steps []step
	add := func(s step) {
		if len(s.Evidence) > 0 {
			steps = append(steps, s)
		}
	}
	if h := in.Verdict.Best; h != nil {
		add(step{Step: diagnosis.Step{Kind: string(h.Cause.Kind), Instance: h.Suspect.Name, Summary: cmp.Or(h.Summary(), string(h.Cause.Kind)), Evidence: diagnosis.Few(h.Evidence(), 4)}, at: in.TriggerAt(), err: h.Suspect.Clock.Err, cause: true, order: -1})
		// What broke the link first, where the verdict is what kept it from coming back.
		if h.Cause.Blocks {
			for _, o := range in.Verdict.Ranking[1:] {
				if !o.Cause.Blocks && o.Supported() && o.At != unknown && len(o.Evidence()) > 0 {
					add(step{Step: diagnosis.Step{Kind: string(o.Cause.Kind), Instance: o.Suspect.Name, Summary: o.Summary(), Evidence: diagnosis.Few(o.Evidence(), 2)}, at: min(o.At, in.Start), err: o.Suspect.Clock.Err, cause: true, order: -2})
					break
				}
			}
		}
	}
	for _, o := range in.Outages {
		outageSteps(in.Incident, o, add)
	}
	forkSteps(in.Incident, add)
	if len(steps) == 0 && in.Seed != nil {
		for i := range in.Seed.Events {
			e := &in.Seed.Events[i]
			if replication.FaultKind(e, in.Seed.Sentinel) && (e.At == unknown || e.At >= in.Start && e.At <= in.End) && len(steps) < 5 {
				add(step{Step: diagnosis.Step{Kind: e.Kind, Instance: in.Seed.Name, Summary: diagnosis.Shorten(e.Text, 160), Evidence: []diagnosis.Evidence{e.Evidence()}}, at: e.At})
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
	out := link(steps)
	if in.Storm {
		countRounds(out)
	}
	return out
}

// countRounds parts a storm's steps into rounds: a new one begins where a replica that was granted a full resync in this one is without its
// link again.
func countRounds(steps []diagnosis.Step) {
	round := 1
	granted := map[string]bool{}
	for i := range steps {
		s := &steps[i]
		switch s.Kind {
		case stepLinkLost, stepConnectFailed, stepPartialRefused, stepFullResync:
			if granted[s.Instance] {
				round++
				clear(granted)
			}
		}
		if s.Kind == stepFullResync {
			granted[s.Instance] = true
		}
		s.Round = round
	}
}

func outageSteps(in *incident.Incident, o *replication.Outage, add func(step)) {
	r := o.Replica
	mk := func(at micros, kind, summary string, order int, ev ...diagnosis.Evidence) {
		add(step{Step: diagnosis.Step{Kind: kind, Instance: r.Name, Summary: summary, Evidence: ev}, at: at, err: r.Clock.Err, replica: r, order: order})
	}
	if o.Promoted {
		ev := diagnosis.Few(o.Proof, 1)
		if o.Moved != nil {
			ev = []diagnosis.Evidence{o.Moved.Evidence()}
		}
		mk(o.Restored, stepPromotion, r.Name+" became a primary", 5, ev...)
	} else if o.Moved != nil {
		mk(o.Moved.At, stepFollow, fmt.Sprintf("%s was told to follow %s", r.Name, cmp.Or(o.Moved.Peer, "another primary")), 1, o.Moved.Evidence())
	}
	if !o.Begun || len(o.Notices) > 0 {
		ev := replication.EvidenceOf(o.Notices, 3)
		if len(ev) == 0 {
			ev = diagnosis.Few(o.Proof, 2)
		}
		what := fmt.Sprintf("%s lost its link; %s noticed first", r.Name, o.LostBy)
		switch {
		case o.TimeoutByReplica != nil && o.TimeoutByReplica.At <= o.Lost+timeline.Tick:
			what = fmt.Sprintf("%s heard nothing for its repl-timeout and gave up the link", r.Name)
		case o.TimeoutByPrimary != nil && o.TimeoutByPrimary.At <= o.Lost+timeline.Tick:
			what = fmt.Sprintf("the primary heard nothing of %s for its repl-timeout and closed it", r.Name)
		case o.Overflow != nil:
			what = fmt.Sprintf("the primary closed %s at its output buffer limit", r.Name)
		case o.Restart != nil:
			what = fmt.Sprintf("%s went away with its process", r.Name)
		}
		mk(o.Lost, stepLinkLost, what, 0, ev...)
	}
	connectSteps(in, o, mk)
	handshakeSteps(in, o, mk)
	shown := 0
	for i, t := range o.Tries {
		if shown >= maxTries && i < len(o.Tries)-1 {
			continue
		}
		if shown == maxTries && len(o.Tries)-1 > maxTries {
			mk(t.At, stepAttemptFailed, fmt.Sprintf("%d more attempts of %s ended like these", len(o.Tries)-1-maxTries, r.Name), 1, replication.AttemptEvidence(o.Tries[maxTries])...)
		}
		shown++
		attemptSteps(o, t, mk)
	}
	if !o.Promoted && o.Restored != unknown {
		ev := diagnosis.Few(o.Proof, 1)
		if o.RestoredEv != nil {
			ev = []diagnosis.Evidence{o.RestoredEv.Evidence()}
		} else if s := r.FirstSampleAfter(o.Restored); s != nil && s.LinkStatus != "" {
			ev = []diagnosis.Evidence{s.Evidence("master_link_status:" + s.LinkStatus)}
		}
		mk(o.Restored, stepLinkUp, fmt.Sprintf("%s is up again, %s after the loss", r.Name, diagnosis.Length(o.Restored-o.Lost)), 9, ev...)
	}
}

func connectSteps(in *incident.Incident, o *replication.Outage, mk func(micros, string, string, int, ...diagnosis.Evidence)) {
	var first, last *timeline.Event
	n := int64(0)
	for _, e := range o.Failures {
		if e.Is(message.ConnectFailed) {
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
	ev := []diagnosis.Evidence{first.Evidence()}
	if last != first {
		ev = append(ev, last.Evidence())
	}
	mk(first.At, stepConnectFailed, fmt.Sprintf("%s could not connect, %s: %s", o.Replica.Name, diagnosis.Plural(n, "time", "times"), diagnosis.Shorten(first.Text, 90)), 1, ev...)
}

// handshakeSteps tells of handshakes that were refused before the replica could ask for anything.
func handshakeSteps(in *incident.Incident, o *replication.Outage, mk func(micros, string, string, int, ...diagnosis.Evidence)) {
	var refused []*timeline.Event
	n := int64(0)
	for _, e := range o.Failures {
		if e.Is(message.HandshakeRefused) {
			refused = append(refused, e)
			n += e.Count.Or(1)
		}
	}
	if len(refused) == 0 || slices.ContainsFunc(o.Tries, func(t *replication.Attempt) bool { return t.FailEv == refused[0] }) {
		return
	}
	mk(refused[0].At, stepAttemptFailed, fmt.Sprintf("%s was refused in the handshake, %s: %s", o.Replica.Name, diagnosis.Plural(n, "time", "times"), diagnosis.Shorten(refused[0].Text, 90)), 1, replication.EvidenceOf(refused, 2)...)
}

// attemptSteps tells of one attempt: what was asked and answered, the grant, how it failed.
func attemptSteps(o *replication.Outage, t *replication.Attempt, mk func(micros, string, string, int, ...diagnosis.Evidence)) {
	r := o.Replica.Name
	asked := evidence(t.AskEv, t.AnswerEv)
	if t.Granted == diagnosis.Partial {
		what := r + " continued by partial resync"
		if t.AnswerEv != nil && t.AnswerEv.Bytes.Known() {
			what += fmt.Sprintf(": %s bytes from the backlog", diagnosis.BytesOf(int64(t.AnswerEv.Bytes)))
		}
		mk(t.At, stepPartialResync, what, 2, asked...)
		return
	}
	if t.Asked == diagnosis.Partial && (t.Granted == diagnosis.Full || t.Refusal != "") {
		what := r + " asked to continue and was refused"
		if t.Offset >= 0 {
			what = fmt.Sprintf("%s asked to continue from %s and was refused", r, diagnosis.BytesOf(t.Offset))
		}
		if t.Refusal != "" && t.Refusal != diagnosis.UnknownRefusal {
			what += ": " + string(t.Refusal)
		}
		mk(t.At, stepPartialRefused, what, 2, asked...)
	}
	if t.Granted == diagnosis.Full {
		grantStep(r, t, mk)
	}
	if t.Outcome == diagnosis.Failed && t.FailEv != nil {
		kind := stepAttemptFailed
		if t.FailEv.Is(message.ClosesAtLimit) {
			kind = stepBufferClose
		}
		mk(t.End, kind, fmt.Sprintf("the attempt failed: %s", diagnosis.Shorten(t.FailEv.Text, 120)), 4, t.FailEv.Evidence())
	}
}

func grantStep(r string, t *replication.Attempt, mk func(micros, string, string, int, ...diagnosis.Evidence)) {
	ev := evidence(t.FullEv, t.ReceiveEv, t.LoadEv)
	if len(ev) == 0 {
		ev = replication.AttemptEvidence(t)
	}
	at, what := t.At, r+" was granted a full resync"
	if t.FullEv != nil {
		at = t.FullEv.At
	}
	if t.PrimaryOffset >= 0 {
		what += " at offset " + diagnosis.BytesOf(t.PrimaryOffset)
	}
	mk(at, stepFullResync, what, 3, ev...)
}

// evidence are the lines that there are.
func evidence(events ...*timeline.Event) []diagnosis.Evidence {
	var out []diagnosis.Evidence
	for _, e := range events {
		if e != nil {
			out = append(out, e.Evidence())
		}
	}
	return out
}

// forkSteps adds the stalls that the incident's own resyncs cost the primary.
func forkSteps(in *incident.Incident, add func(step)) {
	told := map[string]bool{}
	for _, st := range in.ForkStalls() {
		for _, e := range st.Because {
			if e.Kind != "fork-stall" {
				continue
			}
			at := in.ForkedAt(e.From)
			if key := fmt.Sprint(at); !told[key] {
				told[key] = true
				add(step{Step: diagnosis.Step{Kind: stepFork, Instance: in.Primary.Name, Summary: e.Summary, Evidence: diagnosis.Few(e.Evidence, 2)}, at: at, err: in.Primary.Clock.Err, order: 4})
			}
			break
		}
	}
}
