package cause

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// eachEvent calls f for every event inside the incident, of the hosts of its group, oldest first by host.
func (s *scene) eachEvent(hs []*timeline.Host, f func(*timeline.Host, *timeline.Event) bool) {
	for _, h := range hs {
		for i := range h.Events {
			e := &h.Events[i]
			if !s.During(e) {
				continue
			}
			if !f(h, e) {
				return
			}
		}
	}
}

// said looks for messages of these kinds in the incident, on the suspect or on any host of the group.
func said(where string, match func(*timeline.Event) bool, what string) func(*scene) Finding {
	return func(s *scene) Finding {
		hs := []*timeline.Host{s.suspect}
		if where == "group" {
			hs = s.G.Hosts
		}
		if where == "sentinels" {
			hs = append(append([]*timeline.Host{}, s.G.Sentinels...), s.G.Hosts...)
		}
		n := int64(0)
		var first, second *timeline.Event
		var on *timeline.Host
		s.eachEvent(hs, func(h *timeline.Host, e *timeline.Event) bool {
			if match(e) {
				n += e.Count.Or(1)
				switch {
				case first == nil || e.At < first.At: // the hosts come by name
					first, second, on = e, first, h
				case second == nil:
					second = e
				}
			}
			return true
		})
		if first != nil {
			ev := []diagnosis.Evidence{first.Evidence()}
			if second != nil {
				ev = append(ev, second.Evidence())
			}
			f := found(first.At, fmt.Sprintf("%s %s: %q (%s)", on.Name, what, diagnosis.Shorten(first.Text, 120), diagnosis.Plural(n, "time", "times")), ev...)
			f.exact = true
			return f
		}
		for _, h := range hs {
			if !h.HasLog() {
				return needs("the log of " + h.Name)
			}
		}
		return Finding{at: unknown}
	}
}

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
			if t.FailEv.Kind == message.ReplConnectTimeout || t.FailEv.Is(message.TransferTimedOut) || t.End-t.FullEv.At > max(s.Timeout/2, second) {
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
		if (e.Is(message.SnapshotOK) || e.Kind == message.DisklessTransferStarted) && e.At >= first.At && (s.End == unknown || e.At < s.End-2*second) {
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
	for i, o := range s.Outages {
		if o.Replica != s.suspect || o.Closing != diagnosis.Full {
			continue
		}
		for _, next := range s.Outages[i+1:] {
			if next.Replica == o.Replica {
				if next.Lost-o.Restored <= replication.ClockSlack && next.TimeoutByPrimary == nil && next.Overflow == nil {
					n++
					if first == nil {
						first = next
					}
				}
				break
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

func counterRose(get func(*timeline.Sample) int64, name string) func(*scene) Finding {
	return func(s *scene) Finding {
		h := s.Primary
		before := h.LastSampleBefore(s.Contact)
		var after *timeline.Sample
		for i := range h.Samples {
			sm := &h.Samples[i]
			if sm.At > s.Lost && (s.End == unknown || sm.At <= s.End+2*h.Interval()) {
				after = sm
			}
		}
		if before == nil || after == nil {
			return needs("INFO of " + h.Name + " on both sides of the incident")
		}
		a, b := get(before), get(after)
		if a < 0 || b < 0 || before.RunID != after.RunID {
			return Finding{at: unknown}
		}
		if b > a {
			return found(unknown, fmt.Sprintf("%s of %s rose by %s", name, h.Name, diagnosis.BytesOf(b-a)), before.Evidence(name+":"+diagnosis.Itoa(a)), after.Evidence(name+":"+diagnosis.Itoa(b)))
		}
		return denied(name + " did not rise")
	}
}

// goneForGood: nothing of the primary after the loss, and the replicas cannot reach it.
func goneForGood(s *scene) Finding {
	p := s.Primary
	if len(p.Samples) > 0 && p.Samples[len(p.Samples)-1].At > s.Lost+5*second || p.HasLog() && p.Events[len(p.Events)-1].At > s.Lost+5*second+p.Clock.Err {
		return denied(p.Name + " has evidence after the loss")
	}
	for _, o := range s.Outages {
		for _, t := range o.Tries {
			if t.Granted != "" && o.Moved == nil && (t.Server == nil || t.Server == p) {
				return denied(p.Name+" answered "+o.Replica.Name+" afterwards", replication.AttemptEvidence(t)...)
			}
		}
	}
	if f := connectFails("refused", "no error", "reset by peer")(s); f.Answer == yes {
		f.Text = "nothing of " + p.Name + " after the loss, and " + f.Text
		return f
	}
	if f := said("sentinels", replication.Bears(message.SaysDown), "says it is down")(s); f.Answer == yes {
		return f
	}
	return Finding{at: unknown}
}

func neverLinked(s *scene) Finding {
	o := s.First
	if o == nil || !o.Begun {
		return Finding{at: unknown}
	}
	if o.Restored == unknown && !slices.ContainsFunc(o.Tries, func(t *replication.Attempt) bool { return t.Granted != "" }) && len(o.Failures) > 0 {
		return found(o.Lost, o.Replica.Name+" never had a link in the evidence", o.Failures[0].Evidence())
	}
	return Finding{at: unknown}
}

// not turns an answer round: what would deny becomes what supports.
func not(ask func(*scene) Finding) func(*scene) Finding {
	return func(s *scene) Finding {
		f := ask(s)
		switch f.Answer {
		case yes:
			f.Answer = no
		case no:
			f.Answer = yes
		}
		f.at = unknown
		return f
	}
}

func sameProcesses(s *scene) Finding {
	if l := endedNear(s.Primary, s); l != nil {
		return denied(s.Primary.Name + " itself was a new process afterwards")
	}
	for _, o := range s.Wave {
		if o.Restart != nil {
			return denied(o.Replica.Name + " itself was a new process")
		}
	}
	return Finding{at: unknown}
}

func sameprimary(s *scene) Finding {
	if l := endedNear(s.Primary, s); l != nil {
		return denied(s.Primary.Name + " had ended too: " + l.How)
	}
	return Finding{at: unknown}
}

// movedAtLoss: the link was lost because a role changed or the replica was told to follow another.
func movedAtLoss(s *scene) Finding {
	for _, o := range s.Wave {
		if o.Moved != nil && timeline.Abs(o.Moved.At-o.Lost) <= 2*second {
			return found(o.Lost, o.Replica.Name+" was re-pointed at that moment", o.Moved.Evidence())
		}
	}
	for i := range s.Primary.Events {
		e := &s.Primary.Events[i]
		if (e.Is(message.RePointed) || replication.RoleChanged(e)) && timeline.Abs(e.At-s.Lost) <= 2*second {
			return found(e.At, s.Primary.Name+" changed its role at that moment", e.Evidence())
		}
	}
	return Finding{at: unknown}
}

// noticedLate: the primary heard nothing for repl-timeout and dropped the replica, which did not see a silence of
// its own: it was not looking.
func noticedLate(s *scene) Finding {
	o := s.own()
	if o == nil || o.TimeoutByPrimary == nil {
		return Finding{at: unknown}
	}
	if o.TimeoutByReplica != nil {
		return denied(o.Replica.Name+" timed the primary out by itself: it was awake", o.TimeoutByReplica.Evidence())
	}
	for _, e := range o.Notices {
		if e.Instance == o.Replica.Name && e.At > o.TimeoutByPrimary.At+second+o.Replica.Clock.Err {
			return found(o.TimeoutByPrimary.At-o.Replica.Duration("repl-timeout"), fmt.Sprintf("%s noticed %s after the primary had dropped it, and had seen no silence itself", o.Replica.Name, diagnosis.Length(e.At-o.TimeoutByPrimary.At)),
				o.TimeoutByPrimary.Evidence(), e.Evidence())
		}
	}
	if !o.Replica.HasLog() {
		return needs("the log of " + o.Replica.Name)
	}
	return Finding{at: unknown}
}

func runIDChanged(s *scene) Finding {
	h := s.Primary
	a, b := h.LastSampleBefore(s.Lost), h.FirstSampleAfter(s.Last)
	if a == nil || b == nil || a.RunID == "" || b.RunID == "" {
		return needs("INFO of " + h.Name + " before and after")
	}
	if a.RunID != b.RunID {
		return found(unknown, "the run id of "+h.Name+" changed", a.Evidence("run_id:"+a.RunID), b.Evidence("run_id:"+b.RunID))
	}
	// A later dump may be the first of the new process.
	return denied("the run id of "+h.Name+" stayed the same", b.Evidence("run_id:"+b.RunID))
}

// wokeTogether: Sentinel noticed a jump of its own timer, or primary and replica lost each other in the same moment
// with almost nothing missed: the host under all of them had stopped.
func wokeTogether(s *scene) Finding {
	f := said("sentinels", replication.Only(message.SentinelTiltEnter), "entered TILT")(s)
	if f.Answer == yes {
		f.at = unknown
		return f
	}
	return Finding{at: unknown}
}

// clientKilled: CLIENT KILL stands in the slowlog at the loss, or its count in commandstats rose over it.
func clientKilled(s *scene) Finding {
	h := s.Primary
	for i := range h.Commands {
		c := &h.Commands[i]
		if c.Name == "CLIENT" && strings.HasPrefix(strings.ToUpper(c.Args), "KILL") && timeline.Abs(c.End-s.Lost) <= 3*second {
			return found(c.Start, "CLIENT KILL on "+h.Name, c.Evidence())
		}
	}
	var prev *timeline.Statistic
	for i := range h.Stats {
		r := &h.Stats[i]
		if r.Name != "cmdstat_client|kill" {
			continue
		}
		if r.At >= s.Lost-second && (prev == nil || prev.At <= s.Lost) && r.At-s.Lost <= 2*h.Interval()+second && (prev != nil || h.Samples[0].At < s.Lost) {
			return found(s.Lost, "CLIENT KILL was called on "+h.Name+" between two dumps", diagnosis.Evidence{File: r.File, Line: r.Line, Text: r.Name + ":calls=" + diagnosis.Itoa(r.Calls.Or(0))})
		}
		prev = r
	}
	return Finding{at: unknown}
}

// timedOutFirst: the replica's first attachment, or the first the evidence shows, ended in a timed-out transfer.
// After a link that had been up, a transfer that times out feeds a loop but began nothing.
func timedOutFirst(s *scene) Finding {
	o := s.own()
	if o == nil || !o.First && !o.Begun {
		return denied("the link had been up before: what broke it came first")
	}
	for _, e := range o.Failures {
		if replication.TransferTimedOut(e) || e.Kind == message.ReplicaTimeout {
			return found(e.At, fmt.Sprintf("a resync of %s outran repl-timeout: %q", o.Replica.Name, diagnosis.Shorten(e.Text, 100)), e.Evidence())
		}
	}
	return said("group", replication.TransferTimedOut, "gave up on a transfer")(s)
}

// rogueReplicaof: a client that is no Sentinel told a serving primary to follow an address out in the open, while the
// group itself lives on private ones.
func rogueReplicaof(s *scene) Finding {
	for i := range s.Primary.Events {
		e := &s.Primary.Events[i]
		if !e.Is(message.RePointed) || !replication.ByPerson(e) || e.Peer == "" || !s.During(e) || s.G.ByAddr[e.Peer] != nil {
			continue
		}
		ip, _, _ := net.SplitHostPort(e.Peer)
		target := net.ParseIP(ip)
		if target == nil || target.IsPrivate() || target.IsLoopback() || target.IsLinkLocalUnicast() {
			continue
		}
		for a := range s.G.ByAddr {
			host, _, _ := net.SplitHostPort(a)
			if own := net.ParseIP(host); own != nil && (own.IsPrivate() || own.IsLoopback()) {
				f := found(e.At, fmt.Sprintf("%s was told to follow %s, a public address that is nobody of the group", s.Primary.Name, e.Peer), e.Evidence())
				f.exact = true
				return f
			}
		}
	}
	return Finding{at: unknown}
}

// awakeButUnreached: a server wrote to its log while whoever took its dumps got none, for longer than a dump is apart:
// the server ran and its network did not.
func awakeButUnreached(s *scene) Finding {
	hs := []*timeline.Host{s.Primary}
	for _, o := range s.Wave {
		hs = append(hs, o.Replica)
	}
	for _, h := range hs {
		step := h.Interval()
		if step == 0 {
			continue
		}
		for i := 1; i < len(h.Samples); i++ {
			a, b := &h.Samples[i-1], &h.Samples[i]
			if b.At-a.At < step*17/10 || b.At < s.Contact || a.At > s.Last+second || h.RestartedWithin(a.At, b.At) {
				continue
			}
			for j := range h.Events {
				e := &h.Events[j]
				if e.At > a.At+second && b.At-e.At > step*12/10+second && timeline.Awake(e) {
					return found(unknown, fmt.Sprintf("%s wrote to its log at %s while nobody got a dump of it until %s", h.Name, ms(e.At), ms(b.At)), e.Evidence(), b.Evidence("first dump after the hole, "+ms(b.At)))
				}
			}
		}
	}
	return Finding{at: unknown}
}

// nothingElseSaid: the logs of both ends reach over the loss and name no cause: no end of a process, no closing at a
// limit, no change of roles. What breaks links without a word is the network.
func nothingElseSaid(s *scene) Finding {
	if s.First == nil {
		return Finding{at: unknown}
	}
	r := s.First.Replica
	if !s.Primary.HasLog() || !r.HasLog() {
		for _, h := range []*timeline.Host{s.Primary, r} {
			if !h.HasLog() {
				return needs("the log of " + h.Name)
			}
		}
	}
	for _, f := range []Finding{sameProcesses(s), not(movedAtLoss)(s), not(overflowClosed)(s)} {
		if f.Answer == no {
			return denied(f.Text, f.evidence...)
		}
	}
	return found(unknown, "the logs of both ends name no other cause", replication.EvidenceOf(s.First.Notices, 2)...)
}

// wentNowhere: connecting timed out or found no route: packets were dropped on the way, unless the primary itself hung.
func wentNowhere(s *scene) Finding {
	f := connectFails("no route", "unreachable", "timed out", "Timeout connecting")(s)
	if f.Answer != yes {
		return Finding{at: unknown}
	}
	if st := s.StallOf(s.Primary); st != nil && st.Gap {
		return Finding{at: unknown}
	}
	for _, o := range s.Wave {
		for _, t := range o.Tries {
			if t.ByReplica || t.ByPrimary {
				return Finding{at: unknown} // it got through in between: whoever did not answer was the primary
			}
		}
	}
	return f
}

// overflowLater: what lost the link first is not in the evidence, and a later round of it ended at the buffer limit.
func overflowLater(s *scene) Finding {
	o := s.own()
	if o == nil {
		return Finding{at: unknown}
	}
	for _, x := range s.Outages {
		if x.Replica != o.Replica {
			continue
		}
		for _, e := range append(append([]*timeline.Event{}, x.Notices...), x.Failures...) {
			if replication.ClosedReplica(e) {
				return found(unknown, "a round of this link's resyncs ended at the output buffer limit", e.Evidence())
			}
		}
	}
	return Finding{at: unknown}
}

// startedAnew: the primary's log begins with a start after the loss: the process before it had ended, and how is not
// in the evidence.
func startedAnew(s *scene) Finding {
	h := s.Primary
	if len(h.Lives) == 0 || h.Lives[0].StartEv == nil || s.First == nil || s.First.First {
		return Finding{at: unknown}
	}
	l := &h.Lives[0]
	if l.From >= s.Lost-replication.ClockSlack && (s.End == unknown || l.From <= s.End) {
		return found(s.Lost, h.Name+" started after the links were lost; its log does not reach back to how it ended", l.StartEv.Evidence())
	}
	return Finding{at: unknown}
}

// dumpCutShort: a server that starts finds its own dump file cut short: the file had not been written whole.
func dumpCutShort(s *scene) Finding {
	if s.First != nil {
		return Finding{at: unknown}
	}
	return said("suspect", replication.Bears(message.DumpCutShort), "found its own dump file incomplete")(s)
}

// whenLinked keeps a condition to incidents in which a link was lost.
func whenLinked(ask func(*scene) Finding) func(*scene) Finding {
	return func(s *scene) Finding {
		if s.First == nil {
			return Finding{at: unknown}
		}
		return ask(s)
	}
}

// wrongAddress: the replica tried an address at which nobody of the group is known, in vain, while the primary has
// another: the one it was told to follow later, or the one its siblings use.
func wrongAddress(s *scene) Finding {
	o := s.own()
	if o == nil {
		return Finding{at: unknown}
	}
	// INFO names the primary it is configured with: one address while it was down, another when it was up again.
	down, up := "", ""
	var downAt *timeline.Sample
	for i := range o.Replica.Samples {
		sm := &o.Replica.Samples[i]
		if sm.PrimaryHost == "" || sm.At < o.Lost || sm.At > o.Lost+600*second {
			continue
		}
		a := net.JoinHostPort(sm.PrimaryHost, diagnosis.Itoa(sm.PrimaryPort.Or(6379)))
		if sm.LinkStatus == "down" && downAt == nil {
			down, downAt = a, sm
		} else if sm.LinkStatus == "up" && downAt != nil {
			up = a
			break
		}
	}
	if up != "" && up != down && !replication.MovedBySentinel(o) && (s.G.ByAddr[up] == s.Primary || s.Primary.Name == up) {
		return found(downAt.At, fmt.Sprintf("%s was configured with %s while its link was down, and with %s when it was up", o.Replica.Name, down, up), downAt.Evidence("master_host, master_port: "+down))
	}
	for _, a := range o.Tried {
		if s.G.ByAddr[a] != nil || o.Moved != nil && o.Moved.Peer == a {
			continue
		}
		for _, e := range o.Failures {
			if !e.Is(message.ConnectFailed) {
				continue
			}
			if o.Moved != nil && s.G.At(o.Moved.Peer) == s.Primary && s.Primary != nil {
				return found(e.At, fmt.Sprintf("%s tried %s in vain and got its link when it was told to follow %s", o.Replica.Name, a, o.Moved.Peer), e.Evidence(), o.Moved.Evidence())
			}
			for other, h := range s.G.ByAddr {
				if h == s.Primary && other != a && s.Primary.HasLog() {
					return found(e.At, fmt.Sprintf("%s tried %s, where nobody of the group is known; its primary is at %s", o.Replica.Name, a, other), e.Evidence())
				}
			}
		}
	}
	return Finding{at: unknown}
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
		} else if s.End == unknown || sm.At < s.End-second {
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
		if e.Is(message.Forked) && e.Kind != message.AofRewriteStarted && e.At >= s.Lost && (s.End == unknown || e.At < s.End-2*second) {
			return true
		}
	}
	return false
}

// snapshotsFail: resyncs were asked for again and again while every snapshot failed, for whatever reason.
func snapshotsFail(s *scene) Finding {
	_, failed, ev := forksWhileFailing(s)
	if failed == yes {
		return found(unknown, "resyncs were asked for again and again on "+s.Primary.Name+" while its snapshots failed", ev...)
	}
	return Finding{at: unknown}
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

// cameBack: the link was restored by the same process to the same primary, and nobody pointed it elsewhere: whatever
// kept it away passed by itself.
func cameBack(s *scene) Finding {
	o := s.own()
	if o == nil || o.Restored == unknown || o.Promoted || o.Moved != nil || o.Restart != nil || len(o.Tried) > 1 || wrongAddress(s).Answer == yes {
		return Finding{at: unknown}
	}
	f := found(o.Restored, o.Replica.Name+" came back to the same primary with nothing changed")
	if o.RestoredEv != nil {
		f.evidence = append(f.evidence, o.RestoredEv.Evidence())
	}
	return f
}
