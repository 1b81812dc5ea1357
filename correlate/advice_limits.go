package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
)

// Advice on limits: timeouts, the backlog, buffers, and the time that a full resync takes.

// mostTimeout is the longest repl-timeout that is advised. A dead peer is noticed only after it, and its output buffer
// grows as long: ten minutes is ten times the default, and longer stalls have to be mended where they arise.
const mostTimeout = 600

func raiseTimeout(in *situation) (Recommendation, bool) {
	p := in.primary
	now := int64(p.duration("repl-timeout") / second)
	if now == 0 {
		return Recommendation{}, false
	}
	need, what := in.timeoutNeed(), "the link was silent for"
	seen := in.silence()
	for _, o := range in.outages {
		for _, t := range o.tries {
			if t.failEv != nil && transferTimedOut(t.failEv) && t.end != unknown {
				if d := t.end - t.at; d > seen {
					seen, need, what = d, int64(d/second)+1, "a full resync had got no further after"
				}
			}
		}
	}
	if l, storm := in.loop, in.storm; storm && l.Kind == "fork-cascade" {
		for _, f := range in.forkStalls() {
			if f.atMost > seen {
				seen, need, what = f.atMost, int64(f.atMost/second)+2, "the snapshots' forks hold the primary for"
			}
		}
	}
	if need <= now {
		return Recommendation{}, false // it was not lost to the timeout
	}
	// Half as much again: the next stall is not the same to the second. Multiples of five read better.
	to := (need*3/2 + 4) / 5 * 5
	if to > mostTimeout {
		return Recommendation{}, false
	}
	cut := ""
	if what != "the link was silent for" {
		cut = "attempt-fails"
	}
	return Recommendation{
		Instance: p.name, Setting: "repl-timeout", From: itoa(now), To: itoa(to), Command: in.everywhere("repl-timeout", itoa(to)), Cuts: cut,
		Why: fmt.Sprintf("%s %s, and repl-timeout is %d s%s: with %d s the link would have outlived it. Both ends use their own value, so it goes to every server",
			what, length(seen), now, assumedWord(p.setting("repl-timeout")), to),
		Cost: fmt.Sprintf("a peer that is really gone is noticed %d s later; what is written meanwhile waits in its output buffer", to-now),
	}, true
}

func raiseBacklog(in *situation) (Recommendation, bool) {
	pl := in.plan
	if cures, _ := in.backlogCures(); !cures || pl == nil {
		return Recommendation{}, false
	}
	var acc *account
	for i := range pl.accounts {
		if pl.accounts[i].in == in.judged {
			acc = &pl.accounts[i]
		}
	}
	if acc == nil {
		return Recommendation{}, false
	}
	// The one that takes the largest size to spare; a storm's later rounds are spared with its first.
	var curable []*demand
	floor := acc.fullAt(1 << 62)
	for i := range acc.demands {
		if d := &acc.demands[i]; d.curable {
			curable = append(curable, d)
		}
	}
	slices.SortStableFunc(curable, func(a, b *demand) int { return cmp.Compare(a.need.most, b.need.most) })
	// More backlog never means more full resyncs, so it is searched for: a storm has thousands.
	at := sort.Search(len(curable), func(i int) bool { return acc.fullAt(curable[i].need.most) == floor })
	if at == len(curable) {
		return Recommendation{}, false
	}
	worst := curable[at]
	if pl.recommended <= pl.backlog || pl.recommended < worst.need.most {
		return Recommendation{}, false
	}
	p := in.primary
	spared := acc.total - acc.fullAt(pl.recommended)
	needed := bytesOf(worst.need.most) + " bytes"
	if worst.need.least < worst.need.most {
		needed = "at most " + needed
		if worst.need.least > 0 {
			needed = fmt.Sprintf("between %s and %s bytes", bytesOf(worst.need.least), bytesOf(worst.need.most))
		}
	}
	why := fmt.Sprintf("%s needed %s and the backlog holds %s; with %s %d of the incident's %s would have been partial", worst.name(), needed, bytesOf(pl.backlog), sizeWord(pl.recommended), spared,
		plural(acc.total, "full resync", "full resyncs"))
	if spared <= 0 {
		return Recommendation{}, false
	}
	if pl.rates.peak > 0 {
		why += fmt.Sprintf("; at the peak of %s/s it covers %s instead of %s", amount(int64(pl.rates.peak)), length(micros(float64(pl.recommended)/pl.rates.peak*float64(second))), length(micros(float64(pl.backlog)/pl.rates.peak*float64(second))))
	}
	cost := fmt.Sprintf("%s of memory more on %s, and on each replica, which keeps one too", amount(pl.recommended-pl.backlog), p.name)
	if _, v := p.version(); v != "" && !p.atLeast(7, 0) {
		cost += "; up to 6.2 the change empties the backlog, so make it while all links are up"
	}
	if hard, _, _, ok := p.replicaLimit(); ok && hard > 0 && hard < pl.recommended && p.atLeast(7, 0) {
		cost += fmt.Sprintf("; client-output-buffer-limit replica (%s) is below it and counts as %s from then on", sizeWord(hard), sizeWord(pl.recommended))
	}
	return Recommendation{Instance: p.name, Setting: "repl-backlog-size", From: sizeWord(pl.backlog), To: sizeWord(pl.recommended), Command: in.everywhere("repl-backlog-size", itoa(pl.recommended)), Why: why, Cost: cost}, true
}

func keepAlive(in *situation) (Recommendation, bool) {
	if !in.silent {
		return Recommendation{}, false // the break was heard of at once
	}
	p := in.primary
	ping, timeout := p.setting("repl-ping-replica-period"), p.setting("repl-timeout")
	if a, b := p.duration(ping.Name), p.duration(timeout.Name); a > 0 && b > 0 && a*2 > b {
		to := max(int64(b/second)/6, 1)
		return Recommendation{
			Instance: p.name, Setting: ping.Name, From: ping.Value, To: itoa(to), Command: p.configSet(pingName(p), itoa(to)), Cost: "14 bytes a ping",
			Why: fmt.Sprintf("the primary pings every %s s and repl-timeout is %s s: one late ping costs an idle link", ping.Value, timeout.Value),
		}, true
	}
	if s := p.setting("tcp-keepalive"); s.Value == "0" && !s.assumed {
		return Recommendation{
			Instance: p.name, Setting: "tcp-keepalive", From: "0", To: "60", Command: in.everywhere("tcp-keepalive", "60"), Cost: noCost,
			Why: "the path fell silent without a word; with keepalives the kernel notices a dead peer, and middle boxes keep the flow",
		}, true
	}
	return Recommendation{}, false
}

// pingName is the setting's name as the host's version has it (renamed in 5.0).
func pingName(h *host) string {
	if _, v := h.version(); v != "" && !h.atLeast(5, 0) {
		return "repl-ping-slave-period"
	}
	return "repl-ping-replica-period"
}

func raiseOutputBuffer(in *situation) (Recommendation, bool) {
	p := in.primary
	hard, soft, secs, ok := p.replicaLimit()
	cs := in.closes()
	if !ok || len(cs) == 0 && !in.countedClose() {
		return Recommendation{}, false
	}
	omem := int64(0)
	for _, e := range cs {
		omem = max(omem, e.Bytes.Or(0))
	}
	need, written, known := in.bufferNeed()
	target := roundUp(2 * max(need, 1))
	what := fmt.Sprintf("the primary closed %s with up to %s bytes waiting", plural(int64(max(len(cs), 1)), "connection of a replica", "connections of replicas"), bytesOf(omem))
	if known {
		what += fmt.Sprintf("; from the first close until it was up again %s were written, all of which may have to wait", amount(written))
	} else {
		target = roundUp(2 * max(need, hard, 1))
		what += "; how much a full resync lets pile up the evidence does not tell: measure it with the limit raised"
	}
	if soft > 0 && omem > 0 && omem < hard {
		what += fmt.Sprintf("; that is below the hard limit: the soft one (%s for %d s) closed it", sizeWord(soft), secs)
	}
	if s := p.lastSampleBefore(in.start); s != nil && s.BacklogSize.Or(0) > hard && hard > 0 && p.atLeast(7, 0) {
		what += fmt.Sprintf("; the limit of %s is below the backlog and ignored: %s counts", sizeWord(hard), sizeWord(int64(s.BacklogSize)))
		target = max(target, roundUp(2*int64(s.BacklogSize)))
	}
	class := "replica"
	if _, v := p.version(); v != "" && !p.atLeast(5, 0) {
		class = "slave"
	}
	target = max(target, hard)
	newSoft, newSecs := max(target/2, min(2*soft, target)), max(secs, 60)
	value := fmt.Sprintf("%s %d %d %d", class, target, newSoft, newSecs)
	why := what + ". A larger repl-backlog-size does not stop it"
	cost := fmt.Sprintf("up to %s of memory on %s while a replica is slow", amount(target), p.name)
	if !p.atLeast(7, 0) {
		cost += ", for each replica: before 7.0 they share nothing"
	}
	return Recommendation{
		Instance: p.name, Setting: "client-output-buffer-limit replica", From: fmt.Sprintf("%s %s %d", sizeWord(hard), sizeWord(soft), secs),
		To: fmt.Sprintf("%s %s %d", sizeWord(target), sizeWord(newSoft), newSecs), Command: p.configSet("client-output-buffer-limit", value), Why: why, Cost: cost,
	}, true
}

// countedClose tells whether INFO counts a client closed at its limit over the incident, where no log names it.
func (in *incident) countedClose() bool {
	p := in.primary
	a, b := p.lastSampleBefore(in.start), p.firstSampleAfter(in.start)
	return a != nil && b != nil && a.OutputLimitDrops.Known() && b.OutputLimitDrops > a.OutputLimitDrops && a.RunID == b.RunID
}

func speedUpTransfer(in *situation) (Recommendation, bool) {
	p := in.primary
	var slow *outage
	took := micros(0)
	for _, o := range in.outages {
		for _, t := range o.tries {
			if t.granted == "full" && t.end != unknown && t.end-t.at >= took {
				slow, took = o, t.end-t.at
			}
		}
	}
	if slow == nil {
		return Recommendation{}, false
	}
	r := slow.replica
	flavor, _ := p.version()
	if flavor == "valkey" && p.atLeast(8, 0) && p.from("dual-channel-replication-enabled") == "no" && p.from("repl-diskless-sync") == "yes" {
		return Recommendation{
			Instance: p.name, Setting: "dual-channel-replication-enabled", From: "no", To: "yes", Command: in.everywhere("dual-channel-replication-enabled", "yes"),
			Why:  fmt.Sprintf("a full resync of %s ran for %s; over two channels what is written meanwhile waits at the replica and not in the primary's output buffer", r.name, length(took)),
			Cost: "memory at the replica instead, up to its own client-output-buffer-limit replica",
		}, true
	}
	if s := r.setting("repl-diskless-load"); s.Value == "disabled" && (r.atLeast(6, 0) || p.atLeast(6, 0)) {
		return Recommendation{
			Instance: r.name, Setting: "repl-diskless-load", From: "disabled", To: "on-empty-db", Command: r.configSet("repl-diskless-load", "on-empty-db"),
			Why:  fmt.Sprintf("a full resync of %s ran for %s; loading from the socket saves the replica the way over its disk. If the path is the narrow place, widen that: what is written must fit through it with the snapshot", r.name, length(took)),
			Cost: "only a replica that is empty at that moment gains; swapdb gains always and takes memory for two data sets",
		}, true
	}
	return Recommendation{
		Instance: r.name, Setting: "path and disk of full resyncs", To: "faster than the writes", Command: "# on " + r.name + ":\niostat -x 1 5\nss -ti", Cost: "bandwidth, or a disk",
		Why: fmt.Sprintf("a full resync of %s ran for %s; what is written meanwhile must fit in the output buffer", r.name, length(took)),
	}, true
}

// ---- the replica's side ----
