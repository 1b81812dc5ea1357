package incident

import (
	"cmp"
	"slices"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Arithmetic is what an attempt asked for and what the primary had. The backlog would have had to hold everything from
// the requested byte to the primary's last one: primary - requested + 1, for offsets number bytes from 1 (redis 7.0.15
// replication.c masterTryPartialResync; on a live 7.0.15 exactly that many suffice and one less than histlen+1 does not).
// The replica's line names the offset at which its full resync starts; how far that is from where the primary was when
// it refused, shortfall tells.
func (in *Incident) Arithmetic(o *replication.Outage, t *replication.Attempt) (requested, primary, needed, backlog *int64) {
	// Copies: a Diagnosis that points into an attempt keeps all its group's evidence in memory.
	if offset := t.Offset; offset >= 0 && t.Asked == diagnosis.Partial {
		requested = &offset
	}
	p := t.Server
	if p == nil {
		p = in.Primary
	}
	accepted := t.Granted == diagnosis.Partial && t.AnswerEv != nil && t.AnswerEv.Bytes.Known()
	switch {
	case accepted && t.Offset > 0:
		// "Sending N bytes of backlog starting from offset R": the primary stood at the last of them.
		n, end := int64(t.AnswerEv.Bytes), t.Offset+int64(t.AnswerEv.Bytes)-1
		primary, needed = &end, &n
	case accepted:
		n := int64(t.AnswerEv.Bytes)
		needed = &n
	case t.PrimaryOffset >= 0:
		n := t.PrimaryOffset
		primary = &n
	case requested != nil:
		if s := p.FirstSampleAfter(t.At); s != nil && s.At-t.At < timeline.MinuteApart && s.PrimaryOffset.Known() {
			n := int64(s.PrimaryOffset)
			primary = &n
		}
	}
	// An id that the primary does not know has offsets of another stream.
	if needed == nil && requested != nil && primary != nil && *primary+1 >= *requested && (t.Granted != diagnosis.Full || in.RefusalKind(o, t) == diagnosis.BacklogOverflow) {
		n := *primary - *requested + 1
		needed = &n
	}
	if s := p.LastSampleBefore(t.At); s != nil && s.BacklogSize.Known() {
		n := int64(s.BacklogSize)
		backlog = &n
	} else if n, _, ok := p.Bytes("repl-backlog-size"); ok {
		backlog = &n
	}
	return requested, primary, needed, backlog
}

// Refusal is the incident's first refusal, with its arithmetic.
func (in *Incident) Refusal() diagnosis.Refusal {
	first, of, partial := in.firstRefused()
	switch {
	case first == nil && !partial && len(in.Outages) > 0:
		if full, _ := in.Counts(unknown); full > 0 {
			return in.refusalFromCounters()
		}
		return diagnosis.Refusal{Kind: diagnosis.NoRefusal}
	case first == nil, first.Granted == "" && first.Refusal == "": // turned away before the primary looked at the offset
		return diagnosis.Refusal{Kind: diagnosis.NoRefusal}
	}
	r := diagnosis.Refusal{Kind: in.RefusalKind(of, first), Instance: of.Replica.Name}
	r.RequestedOffset, r.PrimaryOffset, r.NeededBytes, r.BacklogBytes = in.Arithmetic(of, first)
	if r.Kind == diagnosis.BacklogOverflow {
		r.AtLeastBytes, r.AtMostBytes, r.How = in.Shortfall(of, first).Bounds()
	}
	if r.NeededBytes != nil && r.BacklogBytes != nil && r.Kind == diagnosis.BacklogOverflow {
		n := max(*r.NeededBytes-*r.BacklogBytes, 0)
		r.ShortByBytes = &n
	}
	return r
}

// LostWrites is how much of a former primary's stream its heir never got: it asked to continue from further on than the heir can tell
// of the stream before its promotion (redis 7.4.1 replication.c masterTryPartialResync, second_replid_offset). Nil where nobody did.
func (in *Incident) LostWrites() *int64 {
	var lost *int64
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			e := t.AnswerEv
			if e == nil || !e.Is(message.BeyondEnd) || !e.Number.Known() || t.Offset < 0 || t.Offset <= int64(e.Number) {
				continue
			}
			if n := t.Offset - int64(e.Number); lost == nil || n > *lost {
				lost = &n
			}
		}
	}
	return lost
}

// firstRefused is the first attempt that was refused or turned away, by the primary's clock where its log tells, and whether any was
// granted a partial resync.
func (in *Incident) firstRefused() (first *replication.Attempt, of *replication.Outage, partial bool) {
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			partial = partial || t.Granted == diagnosis.Partial
			turnedAway := t.Asked != "" && t.Granted == "" && t.FailEv != nil && replication.ErrorReply(t.FailEv)
			if t.Granted != diagnosis.Full && t.Refusal == "" && !turnedAway || t.Granted == diagnosis.Partial {
				continue
			}
			if first == nil || t.Answered() < first.Answered() {
				first, of = t, o
			}
		}
	}
	return first, of, partial
}

// refusalFromCounters: only counters show the full resyncs; they count lost offsets and unknown ids alike.
func (in *Incident) refusalFromCounters() diagnosis.Refusal {
	p := in.Primary
	a, b := p.LastSampleBefore(in.Start), p.FirstSampleAfter(in.End)
	if b == nil && len(p.Samples) > 0 {
		b = &p.Samples[len(p.Samples)-1]
	}
	if a == nil || b == nil {
		return diagnosis.Refusal{Kind: diagnosis.UnknownRefusal}
	}
	if a.RunID != b.RunID || a.ReplID != b.ReplID && a.ReplID != "" {
		return diagnosis.Refusal{Kind: diagnosis.ReplidMismatch}
	}
	if b.SyncPartialErr > a.SyncPartialErr {
		return diagnosis.Refusal{Kind: diagnosis.BacklogOverflow}
	}
	return diagnosis.Refusal{Kind: diagnosis.UnknownRefusal}
}

// RefusalKind is the primary's reason; where its line is lost, what offsets, ids and counters leave as the only one.
func (in *Incident) RefusalKind(o *replication.Outage, t *replication.Attempt) diagnosis.RefusalKind {
	kind := t.Refusal
	p := t.Server
	if p == nil {
		p = in.Primary
	}
	if kind == "" && t.Granted == diagnosis.Full {
		granted := ""
		if t.FullEv != nil {
			granted = t.FullEv.ReplID
		} else {
			granted = idAfter(p, o, t)
		}
		switch {
		case t.Asked == diagnosis.Full:
			kind = diagnosis.FreshReplica
		case t.Asked == "":
			return diagnosis.UnknownRefusal
		case granted != "" && t.Replid != "" && granted != t.Replid:
			kind = diagnosis.ReplidMismatch
		case t.Offset >= 0 && t.PrimaryOffset >= 0 && t.Offset > t.PrimaryOffset+1:
			return diagnosis.OffsetAhead
		default:
			kind = diagnosis.BacklogOverflow // the same id and an offset behind: only the window is left
		}
	}
	if kind == diagnosis.FreshReplica && dropped(o, t) {
		return diagnosis.Forced
	}
	if kind == diagnosis.ReplidMismatch && backlogFreed(p, t, in) {
		return diagnosis.NoBacklog
	}
	return cmp.Or(kind, diagnosis.UnknownRefusal)
}

// idAfter is the id under which the replica came back, as the dumps have it: a full resync over two connections is
// granted without a word of it. Empty where none has, or where it is the one that was asked for under another name.
func idAfter(p *timeline.Host, o *replication.Outage, t *replication.Attempt) string {
	for _, h := range []*timeline.Host{p, o.Replica} {
		if s := h.FirstSampleAfter(max(t.End, t.At)); s != nil && (h == p && s.Role == "master" || s.LinkStatus == "up") && s.ReplID2 != t.Replid {
			return s.ReplID
		}
	}
	return ""
}

// backlogFreed reports whether the id asked for was the primary's own, of the same process, before its backlog's TTL
// freed it (from 4.0 a freed backlog takes a new id), or whether it had no backlog.
func backlogFreed(h *timeline.Host, t *replication.Attempt, in *Incident) bool {
	for i := range h.Events {
		e := &h.Events[i]
		if e.Kind == message.BacklogFreed && e.At <= t.At {
			for _, l := range h.Lives {
				if l.StartEv != nil && l.From > e.At && l.From <= t.At {
					return false
				}
			}
			return true
		}
	}
	s := h.LastSampleBefore(t.At)
	return s != nil && s.BacklogActive.Known() && s.BacklogActive == 0 && s.At > in.Start && s.ReplID == t.Replid && t.Replid != ""
}

// dropped reports whether the replica had forgotten its primary although its process lived on: it asked for everything,
// and no failed full resync had made it forget (up to 6.2 that does: redis 6.2.16 replication.c:2146).
func dropped(o *replication.Outage, t *replication.Attempt) bool {
	if o.First || o.Restart != nil || o.Moved != nil || t != o.Tries[0] {
		return false
	}
	return slices.ContainsFunc(o.Notices, func(e *timeline.Event) bool { return e.Instance == o.Replica.Name && e.Kind == message.PrimaryLinkLost })
}
