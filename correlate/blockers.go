package correlate

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/ingest/message"
)

// Conditions about what kept resyncs from succeeding, and about what people did.

// eachEvent calls f for every event inside the incident, of the hosts of its group, oldest first by host.
func (s *scene) eachEvent(hs []*host, f func(*host, *event) bool) {
	for _, h := range hs {
		for i := range h.events {
			e := &h.events[i]
			if !s.during(e) {
				continue
			}
			if !f(h, e) {
				return
			}
		}
	}
}

// said looks for messages of these kinds in the incident, on the suspect or on any host of the group.
func said(where string, match func(*event) bool, what string) func(*scene) finding {
	return func(s *scene) finding {
		hs := []*host{s.suspect}
		if where == "group" {
			hs = s.g.hosts
		}
		if where == "sentinels" {
			hs = append(append([]*host{}, s.g.sentinels...), s.g.hosts...)
		}
		n := int64(0)
		var first, second *event
		var on *host
		s.eachEvent(hs, func(h *host, e *event) bool {
			if match(e) {
				n += e.Count.Or(1)
				switch {
				case first == nil || e.at < first.at: // the hosts come by name
					first, second, on = e, first, h
				case second == nil:
					second = e
				}
			}
			return true
		})
		if first != nil {
			ev := []Evidence{first.evidence()}
			if second != nil {
				ev = append(ev, second.evidence())
			}
			f := found(first.at, fmt.Sprintf("%s %s: %q (%s)", on.name, what, shorten(first.Text, 120), plural(n, "time", "times")), ev...)
			f.exact = true
			return f
		}
		for _, h := range hs {
			if !h.hasLog() {
				return needs("the log of " + h.name)
			}
		}
		return finding{at: unknown}
	}
}

func kinds(ks ...string) func(*event) bool {
	return func(e *event) bool {
		for _, k := range ks {
			if e.Kind == k {
				return true
			}
		}
		return false
	}
}

// replies matches what a primary's error reply says inside a replica's lines.
func replies(words ...string) func(*event) bool {
	return func(e *event) bool {
		if !failsAttempt(e.Kind) && !strings.HasPrefix(e.Kind, "repl-handshake") && e.Kind != message.PsyncUnsupported {
			return false
		}
		for _, w := range words {
			if strings.Contains(e.Text, w) {
				return true
			}
		}
		return false
	}
}

var authWords = []string{
	"NOAUTH", "WRONGPASS", "NOPERM", "invalid password", "Unable to AUTH", "invalid username", "-DENIED", "DENIED Redis is running in protected mode",
	"operation not permitted", "no password is set", "certificate", "SSL", "TLS",
}

// failedSaves are snapshots that could not be written, for reasons of the disk.
func failedSave(e *event) bool {
	switch e.Kind {
	case message.RdbSaveOpenFailed, message.RdbSaveWriteError, message.RdbSaveRenameFailed, message.RdbSaveFsyncDirFailed, message.AofWriteError,
		message.SyncRdbOpenFailed, message.SyncRdbRenameFailed, message.SyncRdbFsyncFailed, message.BgsaveFailed, message.ReplyMisconfRdb:
		return true
	}
	return strings.Contains(e.Text, "No space left on device") || strings.Contains(e.Text, "Read-only file system")
}

// beginsNoSnapshot: a replica is told so where the snapshot's child cannot be started (redis 7.4.1 replication.c
// startBgsaveForReplication). A child that fails later closes the connection without a word.
func beginsNoSnapshot(e *event) bool {
	return strings.Contains(e.Text, "BGSAVE failed, replication can't continue")
}

// lastSaveFailed reads rdb_last_bgsave_status in the dumps of the incident.
func lastSaveFailed(s *scene) finding {
	h := s.suspect
	for i := range h.samples {
		sm := &h.samples[i]
		if sm.at >= s.contact && (s.end == unknown || sm.at <= s.end+h.interval()) && sm.RDBLastStatus == "err" {
			return found(unknown, "rdb_last_bgsave_status is err on "+h.name, sm.evidence("rdb_last_bgsave_status:err"))
		}
	}
	if !h.hasInfo() {
		return needs("INFO persistence of " + h.name)
	}
	return denied("rdb_last_bgsave_status stays ok")
}

// grantsWithoutTransfer: the primary grants full resyncs again and again and closes each at once, before a byte is sent.
// A grant that ends by a timeout is another matter, and so is a primary whose log shows its snapshots well.
func grantsWithoutTransfer(s *scene) finding {
	n := 0
	var first *attempt
	for _, o := range s.outages {
		for _, t := range o.tries {
			if t.granted != "full" || t.outcome != "failed" || t.receiveEv != nil || t.fullEv == nil || t.failEv == nil {
				continue
			}
			if t.failEv.Kind == message.ReplConnectTimeout || t.failEv.Kind == message.SyncTransferTimeout || t.end-t.fullEv.at > max(s.timeout/2, second) {
				continue
			}
			n++
			if first == nil {
				first = t
			}
		}
	}
	if n < 2 {
		return finding{at: unknown}
	}
	for i := range s.primary.events {
		e := &s.primary.events[i]
		switch e.Kind {
		case message.BgsaveOk, message.DisklessTransferOk, message.DisklessTransferStarted:
			if e.at >= first.at && (s.end == unknown || e.at < s.end-2*second) {
				return denied("the log of "+s.primary.name+" shows snapshots that went well meanwhile", e.evidence())
			}
		}
	}
	return found(first.at, fmt.Sprintf("%d full resyncs were granted and closed before a byte was sent", n), first.fullEv.evidence(), first.failEv.evidence())
}

// droppedAfterTransfer: by the primary's account each snapshot arrived, and each time the replica dropped the link at
// once and asked again: it could not use what it got.
func droppedAfterTransfer(s *scene) finding {
	if s.suspect.hasLog() {
		return finding{at: unknown} // then its own words tell
	}
	n := 0
	var first *outage
	for i, o := range s.outages {
		if o.replica != s.suspect || o.closing != "full" {
			continue
		}
		for _, next := range s.outages[i+1:] {
			if next.replica == o.replica {
				if next.lost-o.restored <= clockSlack && next.timeoutByPrimary == nil && next.overflow == nil {
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
		return found(first.lost, fmt.Sprintf("%s dropped the link right after %d snapshots had reached it", s.suspect.name, n), evidenceOf(first.notices, 2)...)
	}
	return finding{at: unknown}
}

func transfersFailed(s *scene) finding {
	n := 0
	var first *attempt
	for _, o := range s.outages {
		for _, t := range o.tries {
			if t.outcome == "failed" && (t.receiveEv != nil || t.loadEv != nil) && t.failEv != nil && t.failEv.Kind != message.SyncTransferTimeout {
				n++
				if first == nil {
					first = t
				}
			}
		}
	}
	if first != nil {
		return found(first.at, fmt.Sprintf("%d transfers broke off after they had begun", n), first.failEv.evidence())
	}
	return finding{at: unknown}
}

func counterRose(get func(*sample) int64, name string) func(*scene) finding {
	return func(s *scene) finding {
		h := s.primary
		before := h.lastSampleBefore(s.contact)
		var after *sample
		for i := range h.samples {
			sm := &h.samples[i]
			if sm.at > s.lost && (s.end == unknown || sm.at <= s.end+2*h.interval()) {
				after = sm
			}
		}
		if before == nil || after == nil {
			return needs("INFO of " + h.name + " on both sides of the incident")
		}
		a, b := get(before), get(after)
		if a < 0 || b < 0 || before.RunID != after.RunID {
			return finding{at: unknown}
		}
		if b > a {
			return found(unknown, fmt.Sprintf("%s of %s rose by %s", name, h.name, bytesOf(b-a)), before.evidence(name+":"+itoa(a)), after.evidence(name+":"+itoa(b)))
		}
		return denied(name + " did not rise")
	}
}

// byPerson tells whether a role change or re-pointing was asked for by somebody who is no Sentinel.
func byPerson(e *event) bool {
	switch e.Kind {
	case message.ReplicaofSet, message.Promoted:
		return !e.bySentinel
	case message.FailoverRequested, message.ClusterFailoverForced, message.SentinelFailoverRequested:
		return true
	}
	return false
}

func roleChanged(e *event) bool {
	if e.Kind == message.ReplicaofSet {
		return !byPerson(e)
	}
	switch e.Kind {
	case message.Promoted, message.PromotedByFailover, message.SentinelSwitchPrimary, message.ClusterElectionWon, message.ClusterManualFailoverAccepted, message.SentinelPromoted, message.SentinelFailoverEnd:
		return true
	}
	return false
}

// planted matches snapshots aimed where only an intruder aims them.
func planted(e *event) bool {
	for _, w := range []string{"/var/spool/cron", "/etc/cron", ".ssh", "authorized_keys", "/etc/ld.so.preload", "/var/www", "/tmp/exp", "module.so", "system.so", "exp.so"} {
		if strings.Contains(e.Text, w) {
			return e.Kind != message.ServerVersion
		}
	}
	return false
}

// goneForGood: nothing of the primary after the loss, and the replicas cannot reach it.
func goneForGood(s *scene) finding {
	p := s.primary
	if len(p.samples) > 0 && p.samples[len(p.samples)-1].at > s.lost+5*second || p.hasLog() && p.events[len(p.events)-1].at > s.lost+5*second+p.clock.err {
		return denied(p.name + " has evidence after the loss")
	}
	for _, o := range s.outages {
		for _, t := range o.tries {
			if t.granted != "" && o.moved == nil && (t.server == nil || t.server == p) {
				return denied(p.name+" answered "+o.replica.name+" afterwards", attemptEvidence(t)...)
			}
		}
	}
	if f := connectFails("refused", "No error", "reset by peer")(s); f.answer == yes {
		f.text = "nothing of " + p.name + " after the loss, and " + f.text
		return f
	}
	if f := said("sentinels", kinds(message.SentinelOdown, message.ClusterNodeFail, message.ClusterNodeFailReceived, message.SentinelSdown), "says it is down")(s); f.answer == yes {
		return f
	}
	return finding{at: unknown}
}

func neverLinked(s *scene) finding {
	o := s.first
	if o == nil || !o.begun {
		return finding{at: unknown}
	}
	if o.restored == unknown && !slices.ContainsFunc(o.tries, func(t *attempt) bool { return t.granted != "" }) && len(o.failures) > 0 {
		return found(o.lost, o.replica.name+" never had a link in the evidence", o.failures[0].evidence())
	}
	return finding{at: unknown}
}

func transferTimedOut(e *event) bool {
	return e.Kind == message.SyncTransferTimeout || e.Kind == message.ReplicaTimeoutFullsync
}

func noFailover(e *event) bool {
	switch e.Kind {
	case message.SentinelFailoverAbortNotElected, message.SentinelFailoverAbortNoGoodSlave, message.SentinelFailoverAbortSlaveTimeout, message.SentinelFailoverEndTimeout:
		return true
	}
	return strings.HasPrefix(e.Kind, "cluster-") && (strings.Contains(e.Text, "unable to failover") || strings.Contains(e.Text, "Failover attempt expired"))
}

func closedReplica(e *event) bool {
	return e.Kind == message.ClientOutputBufferLimit && replicaClient(e)
}

func tooManyFiles(e *event) bool {
	return strings.Contains(e.Text, "Too many open files")
}

// not turns an answer round: what would deny becomes what supports.
func not(ask func(*scene) finding) func(*scene) finding {
	return func(s *scene) finding {
		f := ask(s)
		switch f.answer {
		case yes:
			f.answer = no
		case no:
			f.answer = yes
		}
		f.at = unknown
		return f
	}
}

func sameProcesses(s *scene) finding {
	if l := s.primary.endedNear(s); l != nil {
		return denied(s.primary.name + " itself was a new process afterwards")
	}
	for _, o := range s.wave {
		if o.restart != nil {
			return denied(o.replica.name + " itself was a new process")
		}
	}
	return finding{at: unknown}
}

func sameprimary(s *scene) finding {
	if l := s.primary.endedNear(s); l != nil {
		return denied(s.primary.name + " had ended too: " + l.how)
	}
	return finding{at: unknown}
}

// movedAtLoss: the link was lost because a role changed or the replica was told to follow another.
func movedAtLoss(s *scene) finding {
	for _, o := range s.wave {
		if o.moved != nil && abs(o.moved.at-o.lost) <= 2*second {
			return found(o.lost, o.replica.name+" was re-pointed at that moment", o.moved.evidence())
		}
	}
	for i := range s.primary.events {
		e := &s.primary.events[i]
		if (e.Kind == message.ReplicaofSet || roleChanged(e)) && abs(e.at-s.lost) <= 2*second {
			return found(e.at, s.primary.name+" changed its role at that moment", e.evidence())
		}
	}
	return finding{at: unknown}
}

// noticedLate: the primary heard nothing for repl-timeout and dropped the replica, which did not see a silence of
// its own: it was not looking.
func noticedLate(s *scene) finding {
	o := s.own()
	if o == nil || o.timeoutByPrimary == nil {
		return finding{at: unknown}
	}
	if o.timeoutByReplica != nil {
		return denied(o.replica.name+" timed the primary out by itself: it was awake", o.timeoutByReplica.evidence())
	}
	for _, e := range o.notices {
		if e.Instance == o.replica.name && e.at > o.timeoutByPrimary.at+second+o.replica.clock.err {
			return found(o.timeoutByPrimary.at-o.replica.duration("repl-timeout"), fmt.Sprintf("%s noticed %s after the primary had dropped it, and had seen no silence itself", o.replica.name, length(e.at-o.timeoutByPrimary.at)),
				o.timeoutByPrimary.evidence(), e.evidence())
		}
	}
	if !o.replica.hasLog() {
		return needs("the log of " + o.replica.name)
	}
	return finding{at: unknown}
}

func runIDChanged(s *scene) finding {
	h := s.primary
	a, b := h.lastSampleBefore(s.lost), h.firstSampleAfter(s.last)
	if a == nil || b == nil || a.RunID == "" || b.RunID == "" {
		return needs("INFO of " + h.name + " before and after")
	}
	if a.RunID != b.RunID {
		return found(unknown, "the run id of "+h.name+" changed", a.evidence("run_id:"+a.RunID), b.evidence("run_id:"+b.RunID))
	}
	// A later dump may be the first of the new process.
	return denied("the run id of "+h.name+" stayed the same", b.evidence("run_id:"+b.RunID))
}

// wokeTogether: Sentinel noticed a jump of its own timer, or primary and replica lost each other in the same moment
// with almost nothing missed: the host under all of them had stopped.
func wokeTogether(s *scene) finding {
	f := said("sentinels", kinds(message.SentinelTiltEnter), "entered TILT")(s)
	if f.answer == yes {
		f.at = unknown
		return f
	}
	return finding{at: unknown}
}

// clientKilled: CLIENT KILL stands in the slowlog at the loss, or its count in commandstats rose over it.
func clientKilled(s *scene) finding {
	h := s.primary
	for i := range h.commands {
		c := &h.commands[i]
		if c.Name == "CLIENT" && strings.HasPrefix(strings.ToUpper(c.Args), "KILL") && abs(c.end-s.lost) <= 3*second {
			return found(c.start, "CLIENT KILL on "+h.name, c.evidence())
		}
	}
	var prev *statistic
	for i := range h.stats {
		r := &h.stats[i]
		if r.Name != "cmdstat_client|kill" {
			continue
		}
		if r.at >= s.lost-second && (prev == nil || prev.at <= s.lost) && r.at-s.lost <= 2*h.interval()+second && (prev != nil || h.samples[0].at < s.lost) {
			return found(s.lost, "CLIENT KILL was called on "+h.name+" between two dumps", Evidence{File: r.File, Line: r.Line, Text: r.Name + ":calls=" + itoa(r.Calls.Or(0))})
		}
		prev = r
	}
	return finding{at: unknown}
}

// timedOutFirst: the replica's first attachment, or the first the evidence shows, ended in a timed-out transfer.
// After a link that had been up, a transfer that times out feeds a loop but began nothing.
func timedOutFirst(s *scene) finding {
	o := s.own()
	if o == nil || !o.first && !o.begun {
		return denied("the link had been up before: what broke it came first")
	}
	for _, e := range o.failures {
		if transferTimedOut(e) || e.Kind == message.ReplicaTimeout {
			return found(e.at, fmt.Sprintf("a resync of %s outran repl-timeout: %q", o.replica.name, shorten(e.Text, 100)), e.evidence())
		}
	}
	return said("group", transferTimedOut, "gave up on a transfer")(s)
}

func movedBySentinel(o *outage) bool { return o.moved != nil && !byPerson(o.moved) }

// rogueReplicaof: a client that is no Sentinel told a serving primary to follow an address out in the open, while the
// group itself lives on private ones.
func rogueReplicaof(s *scene) finding {
	for i := range s.primary.events {
		e := &s.primary.events[i]
		if e.Kind != message.ReplicaofSet || !byPerson(e) || e.Peer == "" || !s.during(e) || s.g.byAddr[e.Peer] != nil {
			continue
		}
		ip, _, _ := net.SplitHostPort(e.Peer)
		target := net.ParseIP(ip)
		if target == nil || target.IsPrivate() || target.IsLoopback() || target.IsLinkLocalUnicast() {
			continue
		}
		for a := range s.g.byAddr {
			host, _, _ := net.SplitHostPort(a)
			if own := net.ParseIP(host); own != nil && (own.IsPrivate() || own.IsLoopback()) {
				f := found(e.at, fmt.Sprintf("%s was told to follow %s, a public address that is nobody of the group", s.primary.name, e.Peer), e.evidence())
				f.exact = true
				return f
			}
		}
	}
	return finding{at: unknown}
}

// awakeButUnreached: a server wrote to its log while whoever took its dumps got none, for longer than a dump is apart:
// the server ran and its network did not.
func awakeButUnreached(s *scene) finding {
	hs := []*host{s.primary}
	for _, o := range s.wave {
		hs = append(hs, o.replica)
	}
	for _, h := range hs {
		step := h.interval()
		if step == 0 {
			continue
		}
		for i := 1; i < len(h.samples); i++ {
			a, b := &h.samples[i-1], &h.samples[i]
			if b.at-a.at < step*17/10 || b.at < s.contact || a.at > s.last+second || h.restartedWithin(a.at, b.at) {
				continue
			}
			for j := range h.events {
				e := &h.events[j]
				if e.at > a.at+second && b.at-e.at > step*12/10+second && awake(e) {
					return found(unknown, fmt.Sprintf("%s wrote to its log at %s while nobody got a dump of it until %s", h.name, ms(e.at), ms(b.at)), e.evidence(), b.evidence("first dump after the hole, "+ms(b.at)))
				}
			}
		}
	}
	return finding{at: unknown}
}

// nothingElseSaid: the logs of both ends reach over the loss and name no cause: no end of a process, no closing at a
// limit, no change of roles. What breaks links without a word is the network.
func nothingElseSaid(s *scene) finding {
	if s.first == nil {
		return finding{at: unknown}
	}
	r := s.first.replica
	if !s.primary.hasLog() || !r.hasLog() {
		for _, h := range []*host{s.primary, r} {
			if !h.hasLog() {
				return needs("the log of " + h.name)
			}
		}
	}
	for _, f := range []finding{sameProcesses(s), not(movedAtLoss)(s), not(overflowClosed)(s)} {
		if f.answer == no {
			return denied(f.text, f.evidence...)
		}
	}
	return found(unknown, "the logs of both ends name no other cause", evidenceOf(s.first.notices, 2)...)
}

// wentNowhere: connecting timed out or found no route: packets were dropped on the way, unless the primary itself hung.
func wentNowhere(s *scene) finding {
	f := connectFails("No route", "unreachable", "timed out", "Timeout connecting")(s)
	if f.answer != yes {
		return finding{at: unknown}
	}
	if st := s.stallOf(s.primary); st != nil && st.gap {
		return finding{at: unknown}
	}
	for _, o := range s.wave {
		for _, t := range o.tries {
			if t.byReplica || t.byPrimary {
				return finding{at: unknown} // it got through in between: whoever did not answer was the primary
			}
		}
	}
	return f
}

// overflowLater: what lost the link first is not in the evidence, and a later round of it ended at the buffer limit.
func overflowLater(s *scene) finding {
	o := s.own()
	if o == nil {
		return finding{at: unknown}
	}
	for _, x := range s.outages {
		if x.replica != o.replica {
			continue
		}
		for _, e := range append(append([]*event{}, x.notices...), x.failures...) {
			if closedReplica(e) {
				return found(unknown, "a round of this link's resyncs ended at the output buffer limit", e.evidence())
			}
		}
	}
	return finding{at: unknown}
}

// startedAnew: the primary's log begins with a start after the loss: the process before it had ended, and how is not
// in the evidence.
func startedAnew(s *scene) finding {
	h := s.primary
	if len(h.lives) == 0 || h.lives[0].startEv == nil || s.first == nil || s.first.first {
		return finding{at: unknown}
	}
	l := &h.lives[0]
	if l.from >= s.lost-clockSlack && (s.end == unknown || l.from <= s.end) {
		return found(s.lost, h.name+" started after the links were lost; its log does not reach back to how it ended", l.startEv.evidence())
	}
	return finding{at: unknown}
}

// dumpCutShort: a server that starts finds its own dump file cut short: the file had not been written whole.
func dumpCutShort(s *scene) finding {
	if s.first != nil {
		return finding{at: unknown}
	}
	return said("suspect", kinds(message.RdbLoadShortRead, message.RdbLoadChecksum, message.RdbLoadReadError), "found its own dump file incomplete")(s)
}

// whenLinked keeps a condition to incidents in which a link was lost.
func whenLinked(ask func(*scene) finding) func(*scene) finding {
	return func(s *scene) finding {
		if s.first == nil {
			return finding{at: unknown}
		}
		return ask(s)
	}
}

// wrongAddress: the replica tried an address at which nobody of the group is known, in vain, while the primary has
// another: the one it was told to follow later, or the one its siblings use.
func wrongAddress(s *scene) finding {
	o := s.own()
	if o == nil {
		return finding{at: unknown}
	}
	// INFO names the primary it is configured with: one address while it was down, another when it was up again.
	down, up := "", ""
	var downAt *sample
	for i := range o.replica.samples {
		sm := &o.replica.samples[i]
		if sm.PrimaryHost == "" || sm.at < o.lost || sm.at > o.lost+600*second {
			continue
		}
		a := net.JoinHostPort(sm.PrimaryHost, itoa(sm.PrimaryPort.Or(6379)))
		if sm.LinkStatus == "down" && downAt == nil {
			down, downAt = a, sm
		} else if sm.LinkStatus == "up" && downAt != nil {
			up = a
			break
		}
	}
	if up != "" && up != down && !movedBySentinel(o) && (s.g.byAddr[up] == s.primary || s.primary.name == up) {
		return found(downAt.at, fmt.Sprintf("%s was configured with %s while its link was down, and with %s when it was up", o.replica.name, down, up), downAt.evidence("master_host, master_port: "+down))
	}
	for _, a := range o.tried {
		if s.g.byAddr[a] != nil || o.moved != nil && o.moved.Peer == a {
			continue
		}
		for _, e := range o.failures {
			if e.Kind != message.ReplConnectFailed && e.Kind != message.ReplConnectTimeout {
				continue
			}
			if o.moved != nil && s.g.at(o.moved.Peer) == s.primary && s.primary != nil {
				return found(e.at, fmt.Sprintf("%s tried %s in vain and got its link when it was told to follow %s", o.replica.name, a, o.moved.Peer), e.evidence(), o.moved.evidence())
			}
			for other, h := range s.g.byAddr {
				if h == s.primary && other != a && s.primary.hasLog() {
					return found(e.at, fmt.Sprintf("%s tried %s, where nobody of the group is known; its primary is at %s", o.replica.name, a, other), e.evidence())
				}
			}
		}
	}
	return finding{at: unknown}
}

// forksWhileFailing reads, where no log tells why snapshots fail, whether forks happened meanwhile: a refused fork
// leaves latest_fork_usec and total_forks as they were, although sync_full counts the requests.
func forksWhileFailing(s *scene) (forked, failed answer, ev []Evidence) {
	h := s.primary
	var before, after *sample
	for i := range h.samples {
		sm := &h.samples[i]
		if sm.at <= s.lost {
			before = sm
		} else if s.end == unknown || sm.at < s.end-second {
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
	ev = []Evidence{
		before.evidence("sync_full:"+itoa(int64(before.SyncFull)), "latest_fork_usec:"+itoa(int64(before.LatestForkMicros))),
		after.evidence("sync_full:"+itoa(int64(after.SyncFull)), "latest_fork_usec:"+itoa(int64(after.LatestForkMicros)), "rdb_last_bgsave_status:err"),
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

// snapshotSeen tells whether some resync of the incident got its snapshot, by the log of either end.
func (s *scene) snapshotSeen() bool {
	for _, o := range s.outages {
		for _, t := range o.tries {
			if t.outcome == "full" && t.end != unknown && (s.end == unknown || t.end < s.end) || t.receiveEv != nil && len(o.tries) == 1 {
				return true
			}
		}
	}
	for i := range s.primary.events {
		e := &s.primary.events[i]
		switch e.Kind {
		case message.BgsaveStarted, message.DisklessTransferStarted:
			if e.at >= s.lost && (s.end == unknown || e.at < s.end-2*second) {
				return true
			}
		}
	}
	return false
}

// snapshotsFail: resyncs were asked for again and again while every snapshot failed, for whatever reason.
func snapshotsFail(s *scene) finding {
	_, failed, ev := forksWhileFailing(s)
	if failed == yes {
		return found(unknown, "resyncs were asked for again and again on "+s.primary.name+" while its snapshots failed", ev...)
	}
	return finding{at: unknown}
}

func refusedForks(s *scene) finding {
	forked, failed, ev := forksWhileFailing(s)
	if failed == yes && forked == no {
		return found(unknown, "resyncs were asked for and snapshots failed on "+s.primary.name+", yet no fork happened", ev...)
	}
	if failed == yes && forked == yes {
		return denied("forks happened on "+s.primary.name+" while its snapshots failed", ev...)
	}
	return finding{at: unknown}
}

// cameBack: the link was restored by the same process to the same primary, and nobody pointed it elsewhere: whatever
// kept it away passed by itself.
func cameBack(s *scene) finding {
	o := s.own()
	if o == nil || o.restored == unknown || o.promoted || o.moved != nil || o.restart != nil || len(o.tried) > 1 || wrongAddress(s).answer == yes {
		return finding{at: unknown}
	}
	f := found(o.restored, o.replica.name+" came back to the same primary with nothing changed")
	if o.restoredEv != nil {
		f.evidence = append(f.evidence, o.restoredEv.evidence())
	}
	return f
}
