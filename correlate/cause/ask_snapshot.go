package cause

import (
	"cmp"
	"fmt"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// lastSaveFailed reads rdb_last_bgsave_status in the dumps of the incident.
func lastSaveFailed(s *scene) Finding {
	h := s.suspect
	for i := range h.Samples {
		sm := &h.Samples[i]
		if sm.At >= s.Contact && (s.End == unknown || sm.At <= s.End+h.Interval()) && sm.RDBLastStatus == "err" {
			return found(unknown, "rdb_last_bgsave_status is err on "+h.Name, sm.Evidence("rdb_last_bgsave_status:err"))
		}
	}
	if !h.HasInfo() {
		return needs("INFO persistence of " + h.Name)
	}
	return denied("rdb_last_bgsave_status stays ok")
}

// childFails: by the primary's log the child that wrote the snapshot ended with an error or by a signal, each time.
func childFails(s *scene) Finding {
	var ends []*timeline.Event
	n, good := int64(0), false
	for e := range s.Said(s.Primary) {
		if s.First != nil && e.At < s.Lost {
			continue
		}
		switch {
		case replication.ChildFailed(e):
			ends = append(ends, e)
			n += e.Count.Or(1)
		case e.Is(message.SnapshotOK) && len(ends) > 0 && e.At < s.End-timeline.Tick:
			good = true
		}
	}
	switch {
	case n < 2:
		return Finding{at: unknown}
	case good:
		return denied("snapshots of "+s.Primary.Name+" went well meanwhile", ends[0].Evidence())
	}
	return outLoud(found(ends[0].At, fmt.Sprintf("the child that writes the snapshot failed on %s again and again: %q", s.Primary.Name, diagnosis.Shorten(ends[0].Text, 120)), replication.EvidenceOf(ends, 2)...))
}

// grantsWithoutTransfer: the primary grants full resyncs again and again and closes each at once, before a byte is sent.
// A grant that ends by a timeout is another matter, and so is a primary whose log shows its snapshots well.
func grantsWithoutTransfer(s *scene) Finding {
	n := 0
	var first *replication.Attempt
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Granted != diagnosis.Full || t.Outcome != diagnosis.Failed || t.ReceiveEv != nil || t.FullEv == nil || t.FailEv == nil {
				continue
			}
			if t.FailEv.Kind == message.ReplConnectTimeout || t.FailEv.Is(message.TransferTimedOut) || t.End-t.FullEv.At > max(s.Timeout/2, timeline.Tick) {
				continue
			}
			n++
			if first == nil {
				first = t
			}
		}
	}
	if n < 2 {
		return Finding{at: unknown}
	}
	for i := range s.Primary.Events {
		e := &s.Primary.Events[i]
		if (e.Is(message.SnapshotOK) || e.Kind == message.DisklessTransferStarted) && e.At >= first.At && (s.End == unknown || e.At < s.End-timeline.TwoTicks) {
			return denied("the log of "+s.Primary.Name+" shows snapshots that went well meanwhile", e.Evidence())
		}
	}
	return found(first.At, fmt.Sprintf("%d full resyncs were granted and closed before a byte was sent", n), first.FullEv.Evidence(), first.FailEv.Evidence())
}

// droppedAfterTransfer: by the primary's account each snapshot arrived, and each time the replica dropped the link at
// once and asked again: it could not use what it got.
func droppedAfterTransfer(s *scene) Finding {
	if s.suspect.HasLog() {
		return Finding{at: unknown} // then its own words tell
	}
	n := 0
	var first *replication.Outage
	lost := s.LossesOf(s.suspect)
	for i, o := range lost[:max(len(lost)-1, 0)] {
		next := lost[i+1]
		if o.Closing == diagnosis.Full && next.Lost-o.Restored <= replication.ClockSlack && next.TimeoutByPrimary == nil && next.Overflow == nil {
			n++
			if first == nil {
				first = next
			}
		}
	}
	if n >= 2 {
		return found(first.Lost, fmt.Sprintf("%s dropped the link right after %d snapshots had reached it", s.suspect.Name, n), replication.EvidenceOf(first.Notices, 2)...)
	}
	return Finding{at: unknown}
}

func transfersFailed(s *scene) Finding {
	n := 0
	var first *replication.Attempt
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Outcome == diagnosis.Failed && (t.ReceiveEv != nil || t.LoadEv != nil) && t.FailEv != nil && !t.FailEv.Is(message.TransferTimedOut) {
				n++
				if first == nil {
					first = t
				}
			}
		}
	}
	if first != nil {
		return found(first.At, fmt.Sprintf("%d transfers broke off after they had begun", n), first.FailEv.Evidence())
	}
	return Finding{at: unknown}
}

// brokenOffEachTime: the primary granted more full resyncs than silences could end, by its counter: an attempt that ends in a silence takes a
// whole repl-timeout. So each of them broke off, and what lost the link at first is not what kept it down. Where there is a log it tells what
// did, and nobody needs to count.
func brokenOffEachTime(s *scene) Finding {
	n, ok := s.FullGranted()
	if !ok || s.First == nil || s.Timeout <= 0 || s.Primary.HasLog() || s.First.Replica.HasLog() {
		return Finding{at: unknown}
	}
	timeout := s.Timeout
	if s.Guessed {
		timeout = timeline.CalledSlow // nobody waits less than for what a server calls slow
	}
	until := &s.Primary.Samples[len(s.Primary.Samples)-1]
	if s.End != unknown {
		until = cmp.Or(s.Primary.FirstSampleAfter(s.End), until)
	}
	lasted := until.At - s.Lost
	if s.End != unknown {
		lasted = s.End - s.Lost
	}
	if each := int64(lasted/timeout) + 2; n <= each*int64(len(s.Affected)) {
		return Finding{at: unknown}
	}
	return found(unknown, fmt.Sprintf("%s granted %d full resyncs in %s: more than silences of repl-timeout could end, so each was broken off", s.Primary.Name, n, diagnosis.Length(lasted)),
		until.Evidence("sync_full:"+diagnosis.Itoa(int64(until.SyncFull))))
}

// dumpCutShort: a server that starts finds its own dump file cut short: the file had not been written whole.
func dumpCutShort(s *scene) Finding {
	if s.First != nil {
		return Finding{at: unknown}
	}
	return said("suspect", replication.Bears(message.DumpCutShort), "found its own dump file incomplete")(s)
}

// forksWhileFailing reads, where no log tells why snapshots fail, whether forks happened meanwhile: a refused fork
// leaves latest_fork_usec and total_forks as they were, although sync_full counts the requests.
func forksWhileFailing(s *scene) (forked, failed answer, ev []diagnosis.Evidence) {
	h := s.Primary
	var before, after *timeline.Sample
	for i := range h.Samples {
		sm := &h.Samples[i]
		if sm.At <= s.Lost {
			before = sm
		} else if s.End == unknown || sm.At < s.End-timeline.Tick {
			after = sm
		}
	}
	if before == nil || after == nil || before.RunID != after.RunID || !before.SyncFull.Known() || !before.LatestForkMicros.Known() {
		return dontKnow, dontKnow, nil
	}
	if after.SyncFull-before.SyncFull < 2 {
		return dontKnow, no, nil
	}
	// A full resync needs a snapshot, and a snapshot a fork, unless one runs already. Diskless snapshots leave
	// rdb_last_bgsave_status alone, so the count of forks says more than the status.
	refused := before.TotalForks.Known() && before.TotalForks == after.TotalForks && before.RDBInProgress == 0 && !s.snapshotSeen()
	if after.RDBLastStatus != "err" && !refused {
		return dontKnow, no, nil
	}
	ev = []diagnosis.Evidence{
		before.Evidence("sync_full:"+diagnosis.Itoa(int64(before.SyncFull)), "latest_fork_usec:"+diagnosis.Itoa(int64(before.LatestForkMicros))),
		after.Evidence("sync_full:"+diagnosis.Itoa(int64(after.SyncFull)), "latest_fork_usec:"+diagnosis.Itoa(int64(after.LatestForkMicros)), "rdb_last_bgsave_status:err"),
	}
	// Before 6.2 nothing counts forks, and latest_fork_usec is set by a refused one too (redis 4.0.14 rdb.c rdbSaveBackground).
	if !after.TotalForks.Known() || !before.TotalForks.Known() {
		return dontKnow, yes, ev
	}
	if after.TotalForks == before.TotalForks {
		return no, yes, ev
	}
	return yes, yes, ev
}

// snapshotSeen reports whether some resync of the incident got its snapshot, by the log of either end.
func (s *scene) snapshotSeen() bool {
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Outcome == diagnosis.Full && t.End != unknown && (s.End == unknown || t.End < s.End) || t.ReceiveEv != nil && len(o.Tries) == 1 {
				return true
			}
		}
	}
	for i := range s.Primary.Events {
		e := &s.Primary.Events[i]
		if e.Is(message.Forked) && e.Kind != message.AofRewriteStarted && e.At >= s.Lost && (s.End == unknown || e.At < s.End-timeline.TwoTicks) {
			return true
		}
	}
	return false
}

func refusedForks(s *scene) Finding {
	forked, failed, ev := forksWhileFailing(s)
	if failed == yes && forked == no {
		return found(unknown, "resyncs were asked for and snapshots failed on "+s.Primary.Name+", yet no fork happened", ev...)
	}
	if failed == yes && forked == yes {
		return denied("forks happened on "+s.Primary.Name+" while its snapshots failed", ev...)
	}
	return Finding{at: unknown}
}
