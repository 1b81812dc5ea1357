package replication

import (
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// AttemptEvidence are the lines of an attempt: asked, answered, granted, failed.
func AttemptEvidence(t *Attempt) []diagnosis.Evidence {
	var out []diagnosis.Evidence
	for _, e := range []*timeline.Event{t.AskEv, t.AnswerEv, t.FullEv, t.FailEv} {
		if e != nil {
			out = append(out, e.Evidence())
		}
	}
	return out
}

// EvidenceOf are the first n events as evidence.
func EvidenceOf(evs []*timeline.Event, n int) []diagnosis.Evidence {
	var out []diagnosis.Evidence
	for _, e := range evs {
		if len(out) == n {
			break
		}
		out = append(out, e.Evidence())
	}
	return out
}

// HeardUntil is the latest moment at which a dump of the replica still shows a live link: it had heard the primary
// master_last_io_seconds_ago before.
func (o *Outage) HeardUntil() micros {
	s := o.Replica.LastSampleBefore(o.Lost - timeline.Tick)
	if s == nil || s.LinkStatus != "up" || !s.LastIOSeconds.Known() || s.LastIOSeconds < 0 {
		return unknown
	}
	return s.At - micros(s.LastIOSeconds+1)*second
}

// AliveAt is the latest moment at which the link is known to have been alive before it was lost: a dump of the replica shows it, or it had
// come up only then.
func (o *Outage) AliveAt() micros { return max(o.HeardUntil(), o.upSince) }

// Outage is one break in the life of a replica's link: from the loss, attempt by attempt, until it was up again.
type Outage struct {
	Replica *timeline.Host
	Lost    micros // when the first side noticed
	// Restored is when the replica was up to date again; unknown while it never was.
	Restored micros
	LostBy   source
	First    bool // the replica's first attachment: provisioning, no loss
	Begun    bool // the evidence begins inside the outage: when it was lost is not known
	Promoted bool // it ended because the replica became a primary
	// What was said at the loss, by either side; nil where it was not.
	TimeoutByReplica, TimeoutByPrimary, Overflow *timeline.Event
	Notices                                      []*timeline.Event // every line that says it is lost
	Restart                                      *timeline.Life    // the replica's process that began inside it
	Moved                                        *timeline.Event   // REPLICAOF to another primary, or NO ONE
	LeftFor                                      *timeline.Event   // it closed the link itself, to follow another: the line that says so
	Tries                                        []*Attempt
	Failures                                     []*timeline.Event // attempts that did not get as far as asking
	Closing                                      diagnosis.Outcome // partial or full: what ended it
	Proof                                        []diagnosis.Evidence
	RestoredEv                                   *timeline.Event
	Server                                       *timeline.Host  // the primary it lost
	Tried                                        []string        // addresses it tried to connect to
	ByHand                                       bool            // a person moved it, no Sentinel
	Served                                       bool            // the replica had been a primary that others lost, before it was told to follow one
	upSince                                      micros          // when the outage before was over; unknown without one
	online                                       *timeline.Event // the primary said that it is over, where the replica's log should have the word
}

// Attempt is one request for synchronization and what came of it.
type Attempt struct {
	At, End       micros
	Asked         diagnosis.Outcome // partial, full or empty
	Replid        string
	Offset        int64                 // asked for; -1 unknown
	Refusal       diagnosis.RefusalKind // as its primary said it; empty where it did not
	PrimaryOffset int64                 // where the primary was when it answered; -1 unknown
	Granted       diagnosis.Outcome
	Outcome       diagnosis.Outcome // partial, full, failed, or empty while open
	Count         int64
	ByReplica     bool // the replica's log has it
	ByPrimary     bool // the primary's log has it
	AskEv         *timeline.Event
	AnswerEv      *timeline.Event
	FullEv        *timeline.Event // the replica's line that names the granted offset
	ReceiveEv     *timeline.Event
	LoadEv        *timeline.Event
	FailEv        *timeline.Event
	Server        *timeline.Host
}

func (o *Outage) last() *Attempt {
	if len(o.Tries) == 0 {
		return nil
	}
	return o.Tries[len(o.Tries)-1]
}

// FirstOf is the first of two events that there is.
func FirstOf(a, b *timeline.Event) *timeline.Event {
	if a != nil {
		return a
	}
	return b
}

// unfold takes one request out of the attempt that counts those of this row.
func (o *Outage) unfold(ask *timeline.Event) {
	for _, t := range o.Tries {
		if t.AskEv == ask && t.Count > 1 {
			t.Count--
			return
		}
	}
}

// appendFew keeps the first few proofs: a link that is down for an hour is down in every dump.
func appendFew(list []diagnosis.Evidence, e diagnosis.Evidence) []diagnosis.Evidence {
	if len(list) < 3 {
		return append(list, e)
	}
	return list
}

// Answered is when the primary refused, on its own clock where its log tells: it decides which refusal came first.
func (t *Attempt) Answered() micros {
	if t.AnswerEv != nil {
		return t.AnswerEv.At
	}
	return t.At
}

// markRoles finds the outages of servers that a person moved, and of those that had been a primary which others lost, before they were told
// to follow one.
func markRoles(links []*Outage) {
	missed := map[*timeline.Host]micros{} // when others first lost the host as their server
	for _, o := range slices.Backward(links) {
		if o.Server != o.Replica && !o.First { // who asks for the first time has lost nothing
			missed[o.Server] = o.Lost
		}
	}
	for _, o := range links {
		o.ByHand = o.Moved != nil && ByPerson(o.Moved)
		until := o.Lost
		if o.Moved != nil {
			until = o.Moved.At
		}
		at, ok := missed[o.Replica]
		o.Served = ok && at <= until && (o.Moved != nil || o.First)
	}
}
