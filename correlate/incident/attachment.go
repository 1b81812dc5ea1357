package incident

import (
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Failing reports whether a first attachment is more than provisioning: a full resync's work was in vain, or it was turned
// away again and again. A replica that waits some seconds for its primary to start is well.
func Failing(o *replication.Outage) bool {
	for _, t := range o.Tries {
		if t.Granted == diagnosis.Full && t.Outcome == diagnosis.Failed {
			return true
		}
	}
	if NeverAttaches(o) {
		return true
	}
	n := int64(0)
	for _, e := range o.Failures {
		n += e.Count.Or(1)
	}
	return n >= 2 && (o.Restored == unknown || o.Restored-o.Lost > timeline.LongOutage) || n >= 1 && o.Restored == unknown
}

// NeverAttaches reports whether a replica that never had a link has none for longer than an attempt may last without a word (repl-timeout), and none
// of its dumps finds a snapshot on its way: master_sync_in_progress is 1 from the moment at which one is granted (redis 7.4.1 replication.c,
// REPL_STATE_TRANSFER).
func NeverAttaches(o *replication.Outage) bool {
	if o.Restored != unknown || o.Moved != nil {
		return false
	}
	dumps := o.Replica.SamplesWithin(timeline.Span{From: o.Lost, To: 1 << 62})
	for i := range dumps {
		if s := &dumps[i]; s.LinkStatus != "down" || s.SyncInProgress != 0 {
			return false
		}
	}
	return len(dumps) > 1 && dumps[len(dumps)-1].At-dumps[0].At > o.Replica.Duration("repl-timeout")
}

// Demoted reports whether the outage is a former primary that comes back as a replica.
func Demoted(o *replication.Outage) bool {
	if o.Promoted {
		return false
	}
	if o.Served {
		return true
	}
	if o.Moved == nil {
		return false
	}
	for i := range o.Replica.Events {
		e := &o.Replica.Events[i]
		if e.At >= o.Moved.At {
			return false
		}
		if e.Is(message.Asked) || e.Kind == message.Promoted {
			return true
		}
	}
	for i := range o.Replica.Samples {
		s := &o.Replica.Samples[i]
		if s.At >= o.Moved.At {
			break
		}
		if s.Role == "master" && s.ConnectedReplicas.Or(0) > 0 {
			return true
		}
	}
	return false
}
