package advice

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
)

// mostTimeout is the longest repl-timeout that is advised. A dead peer is noticed only after it, and its output buffer
// grows as long: ten minutes is ten times the default, and longer stalls have to be mended where they arise.
const mostTimeout = 600

func raiseTimeout(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	now := int64(p.Duration("repl-timeout") / second)
	if now == 0 {
		return diagnosis.Recommendation{}, false
	}
	need, what := sizing.TimeoutNeed(in.Judged), "the link was silent for"
	seen := sizing.Silence(in.Judged)
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if t.FailEv != nil && replication.TransferTimedOut(t.FailEv) && t.End != unknown {
				if d := t.End - t.At; d > seen {
					seen, need, what = d, int64(d/second)+1, "a full resync had got no further after"
				}
			}
		}
	}
	if l, storm := in.Loop, in.Storm; storm && l.Kind == diagnosis.ForkCascade {
		for _, f := range in.ForkStalls() {
			if f.AtMost > seen {
				seen, need, what = f.AtMost, int64(f.AtMost/second)+2, "the snapshots' forks hold the primary for"
			}
		}
	}
	if need <= now {
		return diagnosis.Recommendation{}, false // it was not lost to the timeout
	}
	// Half as much again: the next stall is not the same to the second. Multiples of five read better.
	to := (need*3/2 + 4) / 5 * 5
	if to > mostTimeout {
		return diagnosis.Recommendation{}, false
	}
	cut := ""
	if what != "the link was silent for" {
		cut = "attempt-fails"
	}
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "repl-timeout", From: diagnosis.Itoa(now), To: diagnosis.Itoa(to), Command: everywhere(in.Judged.Incident, "repl-timeout", diagnosis.Itoa(to)), Cuts: cut,
		Why: fmt.Sprintf("%s %s, and repl-timeout is %d s%s: with %d s the link would have outlived it. Both ends use their own value, so it goes to every server",
			what, diagnosis.Length(seen), now, assumedWord(p.Setting("repl-timeout")), to),
		Cost: fmt.Sprintf("a peer that is really gone is noticed %d s later; what is written meanwhile waits in its output buffer", to-now),
	}, true
}

func raiseBacklog(in *situation) (diagnosis.Recommendation, bool) {
	pl := in.plan
	if cures, _ := sizing.BacklogCures(in.Judged); !cures || pl == nil {
		return diagnosis.Recommendation{}, false
	}
	var acc *sizing.Account
	for i := range pl.Accounts {
		if pl.Accounts[i].In == in.Judged {
			acc = &pl.Accounts[i]
		}
	}
	if acc == nil {
		return diagnosis.Recommendation{}, false
	}
	// The one that takes the largest size to spare; a storm's later rounds are spared with its first.
	var curable []*sizing.Demand
	floor := acc.FullAt(1 << 62)
	for i := range acc.Demands {
		if d := &acc.Demands[i]; d.Curable {
			curable = append(curable, d)
		}
	}
	slices.SortStableFunc(curable, func(a, b *sizing.Demand) int { return cmp.Compare(a.Need.Most, b.Need.Most) })
	// More backlog never means more full resyncs, so it is searched for: a storm has thousands.
	at := sort.Search(len(curable), func(i int) bool { return acc.FullAt(curable[i].Need.Most) == floor })
	if at == len(curable) {
		return diagnosis.Recommendation{}, false
	}
	worst := curable[at]
	if pl.Recommended <= pl.Backlog || pl.Recommended < worst.Need.Most {
		return diagnosis.Recommendation{}, false
	}
	p := in.Primary
	spared := acc.Total - acc.FullAt(pl.Recommended)
	needed := diagnosis.BytesOf(worst.Need.Most) + " bytes"
	if worst.Need.Least < worst.Need.Most {
		needed = "at most " + needed
		if worst.Need.Least > 0 {
			needed = fmt.Sprintf("between %s and %s bytes", diagnosis.BytesOf(worst.Need.Least), diagnosis.BytesOf(worst.Need.Most))
		}
	}
	why := fmt.Sprintf("%s needed %s and the backlog holds %s; with %s %d of the incident's %s would have been partial", worst.Name(), needed, diagnosis.BytesOf(pl.Backlog), diagnosis.SizeWord(pl.Recommended), spared,
		diagnosis.Plural(acc.Total, "full resync", "full resyncs"))
	if spared <= 0 {
		return diagnosis.Recommendation{}, false
	}
	if pl.Rates.Peak > 0 {
		why += fmt.Sprintf("; at the peak of %s/s it covers %s instead of %s", diagnosis.Amount(int64(pl.Rates.Peak)), diagnosis.Length(micros(float64(pl.Recommended)/pl.Rates.Peak*float64(second))), diagnosis.Length(micros(float64(pl.Backlog)/pl.Rates.Peak*float64(second))))
	}
	cost := fmt.Sprintf("%s of memory more on %s, and on each replica, which keeps one too", diagnosis.Amount(pl.Recommended-pl.Backlog), p.Name)
	if _, v := p.Version(); v != "" && !p.Can(timeline.SharesBuffers) {
		cost += "; up to 6.2 the change empties the backlog, so make it while all links are up"
	}
	if hard, _, _, ok := p.ReplicaLimit(); ok && hard > 0 && hard < pl.Recommended && p.Can(timeline.SharesBuffers) {
		cost += fmt.Sprintf("; client-output-buffer-limit replica (%s) is below it and counts as %s from then on", diagnosis.SizeWord(hard), diagnosis.SizeWord(pl.Recommended))
	}
	return diagnosis.Recommendation{Instance: p.Name, Setting: "repl-backlog-size", From: diagnosis.SizeWord(pl.Backlog), To: diagnosis.SizeWord(pl.Recommended), Command: everywhere(in.Judged.Incident, "repl-backlog-size", diagnosis.Itoa(pl.Recommended)), Why: why, Cost: cost}, true
}

func keepAlive(in *situation) (diagnosis.Recommendation, bool) {
	if !in.Silent {
		return diagnosis.Recommendation{}, false // the break was heard of at once
	}
	p := in.Primary
	ping, timeout := p.Setting("repl-ping-replica-period"), p.Setting("repl-timeout")
	if a, b := p.Duration(ping.Name), p.Duration(timeout.Name); a > 0 && b > 0 && a*2 > b {
		to := max(int64(b/second)/6, 1)
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: ping.Name, From: ping.Value, To: diagnosis.Itoa(to), Command: configSet(p, pingName(p), diagnosis.Itoa(to)), Cost: "14 bytes a ping",
			Why: fmt.Sprintf("the primary pings every %s s and repl-timeout is %s s: one late ping costs an idle link", ping.Value, timeout.Value),
		}, true
	}
	if s := p.Setting("tcp-keepalive"); s.Value == "0" && !s.Assumed {
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "tcp-keepalive", From: "0", To: "60", Command: everywhere(in.Judged.Incident, "tcp-keepalive", "60"), Cost: noCost,
			Why: "the path fell silent without a word; with keepalives the kernel notices a dead peer, and middle boxes keep the flow",
		}, true
	}
	return diagnosis.Recommendation{}, false
}

// pingName is the setting's name as the host's version has it (renamed in 5.0).
func pingName(h *timeline.Host) string {
	if _, v := h.Version(); v != "" && !h.Can(timeline.SaysReplica) {
		return "repl-ping-slave-period"
	}
	return "repl-ping-replica-period"
}

func raiseOutputBuffer(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	hard, soft, secs, ok := p.ReplicaLimit()
	cs := sizing.Closes(in.Judged.Incident)
	if !ok || len(cs) == 0 && !countedClose(in.Judged.Incident) {
		return diagnosis.Recommendation{}, false
	}
	omem := int64(0)
	for _, e := range cs {
		omem = max(omem, e.Bytes.Or(0))
	}
	need, written, known := sizing.BufferNeed(in.Judged.Incident)
	target := sizing.RoundUp(2 * max(need, 1))
	what := fmt.Sprintf("the primary closed %s with up to %s bytes waiting", diagnosis.Plural(int64(max(len(cs), 1)), "connection of a replica", "connections of replicas"), diagnosis.BytesOf(omem))
	if known {
		what += fmt.Sprintf("; from the first close until it was up again %s were written, all of which may have to wait", diagnosis.Amount(written))
	} else {
		target = sizing.RoundUp(2 * max(need, hard, 1))
		what += "; how much a full resync lets pile up the evidence does not tell: measure it with the limit raised"
	}
	if soft > 0 && omem > 0 && omem < hard {
		what += fmt.Sprintf("; that is below the hard limit: the soft one (%s for %d s) closed it", diagnosis.SizeWord(soft), secs)
	}
	if s := p.LastSampleBefore(in.Start); s != nil && s.BacklogSize.Or(0) > hard && hard > 0 && p.Can(timeline.SharesBuffers) {
		what += fmt.Sprintf("; the limit of %s is below the backlog and ignored: %s counts", diagnosis.SizeWord(hard), diagnosis.SizeWord(int64(s.BacklogSize)))
		target = max(target, sizing.RoundUp(2*int64(s.BacklogSize)))
	}
	class := "replica"
	if _, v := p.Version(); v != "" && !p.Can(timeline.SaysReplica) {
		class = "slave"
	}
	target = max(target, hard)
	newSoft, newSecs := max(target/2, min(2*soft, target)), max(secs, 60)
	value := fmt.Sprintf("%s %d %d %d", class, target, newSoft, newSecs)
	why := what + ". A larger repl-backlog-size does not stop it"
	cost := fmt.Sprintf("up to %s of memory on %s while a replica is slow", diagnosis.Amount(target), p.Name)
	if !p.Can(timeline.SharesBuffers) {
		cost += ", for each replica: before 7.0 they share nothing"
	}
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "client-output-buffer-limit replica", From: fmt.Sprintf("%s %s %d", diagnosis.SizeWord(hard), diagnosis.SizeWord(soft), secs),
		To: fmt.Sprintf("%s %s %d", diagnosis.SizeWord(target), diagnosis.SizeWord(newSoft), newSecs), Command: configSet(p, "client-output-buffer-limit", value), Why: why, Cost: cost,
	}, true
}

// countedClose reports whether INFO counts a client closed at its limit over the incident, where no log names it.
func countedClose(in *incident.Incident) bool {
	p := in.Primary
	a, b := p.LastSampleBefore(in.Start), p.FirstSampleAfter(in.Start)
	return a != nil && b != nil && a.OutputLimitDrops.Known() && b.OutputLimitDrops > a.OutputLimitDrops && a.RunID == b.RunID
}

func speedUpTransfer(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	var slow *replication.Outage
	took := micros(0)
	for _, o := range in.Outages {
		for _, t := range o.Tries {
			if t.Granted == diagnosis.Full && t.End != unknown && t.End-t.At >= took {
				slow, took = o, t.End-t.At
			}
		}
	}
	if slow == nil {
		return diagnosis.Recommendation{}, false
	}
	r := slow.Replica
	flavor, _ := p.Version()
	if flavor == "valkey" && p.Can(timeline.DualChannel) && p.Value("dual-channel-replication-enabled") == "no" && p.Value("repl-diskless-sync") == "yes" {
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "dual-channel-replication-enabled", From: "no", To: "yes", Command: everywhere(in.Judged.Incident, "dual-channel-replication-enabled", "yes"),
			Why:  fmt.Sprintf("a full resync of %s ran for %s; over two channels what is written meanwhile waits at the replica and not in the primary's output buffer", r.Name, diagnosis.Length(took)),
			Cost: "memory at the replica instead, up to its own client-output-buffer-limit replica",
		}, true
	}
	if s := r.Setting("repl-diskless-load"); s.Value == "disabled" && (r.Can(timeline.LoadsDirect) || p.Can(timeline.LoadsDirect)) {
		return diagnosis.Recommendation{
			Instance: r.Name, Setting: "repl-diskless-load", From: "disabled", To: "on-empty-db", Command: configSet(r, "repl-diskless-load", "on-empty-db"),
			Why:  fmt.Sprintf("a full resync of %s ran for %s; loading from the socket saves the replica the way over its disk. If the path is the narrow place, widen that: what is written must fit through it with the snapshot", r.Name, diagnosis.Length(took)),
			Cost: "only a replica that is empty at that moment gains; swapdb gains always and takes memory for two data sets",
		}, true
	}
	return diagnosis.Recommendation{
		Instance: r.Name, Setting: "path and disk of full resyncs", To: "faster than the writes", Command: "# on " + r.Name + ":\niostat -x 1 5\nss -ti", Cost: "bandwidth, or a disk",
		Why: fmt.Sprintf("a full resync of %s ran for %s; what is written meanwhile must fit in the output buffer", r.Name, diagnosis.Length(took)),
	}, true
}
