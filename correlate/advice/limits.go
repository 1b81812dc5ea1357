package advice

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
)

func raiseTimeout(in *situation) (diagnosis.Recommendation, bool) {
	p, to := in.Primary, in.plan.Timeout
	now := int64(p.Duration("repl-timeout") / second)
	need, seen, what := in.plan.accounts[in.Judged].TimeoutNeed()
	cut := ""
	if what != sizing.SilentLink {
		cut = "attempt-fails"
	}
	why := fmt.Sprintf("%s %s, and repl-timeout is %d s%s: it takes %d s at least, and with %d s the link would have outlived it. Both ends use their own value, so it goes to every server",
		what, diagnosis.Length(seen), now, assumedWord(p.Setting("repl-timeout")), need, to)
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "repl-timeout", From: diagnosis.Itoa(now), To: diagnosis.Itoa(to), Command: everywhere(in.Judged.Incident, "repl-timeout", diagnosis.Itoa(to)), Cuts: cut,
		Why:  why + in.otherwise(setTimeout),
		Cost: fmt.Sprintf("a peer that is really gone is noticed %d s later; what is written meanwhile waits in its output buffer", to-now),
	}, to > now
}

// otherwise says what else would be enough by itself.
func (in *situation) otherwise(chosen steps) string {
	var out []string
	for _, s := range in.plan.instead(in.Judged, chosen) {
		switch s {
		case setBacklog:
			out = append(out, "a repl-backlog-size of "+diagnosis.SizeWord(in.plan.Recommended)+" (the links are lost, and partial resyncs bring them back)")
		case setTimeout:
			out = append(out, fmt.Sprintf("a repl-timeout of %d s on every server (the links are kept; a dead peer is noticed as much later)", in.plan.Timeout))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return ". In place of it, " + strings.Join(out, " or ") + " would be enough as well"
}

func raiseBacklog(in *situation) (diagnosis.Recommendation, bool) {
	pl, p := in.plan, in.Primary
	acc := pl.accounts[in.Judged]
	to := max(pl.Recommended, pl.Wanted)
	worst := acc.Worst()
	if worst == nil {
		return diagnosis.Recommendation{}, false
	}
	needed := diagnosis.BytesOf(worst.Need.Most) + " bytes"
	if worst.Need.Least < worst.Need.Most {
		needed = "at most " + needed
		if worst.Need.Least > 0 {
			needed = fmt.Sprintf("between %s and %s bytes", diagnosis.BytesOf(worst.Need.Least), diagnosis.BytesOf(worst.Need.Most))
		}
	}
	why := fmt.Sprintf("%s needed %s and the backlog holds %s; with %s %d of the incident's %s would have been partial", worst.Label(), needed, diagnosis.BytesOf(pl.Backlog), diagnosis.SizeWord(to), acc.Total-acc.Try(settings(pl.Plan, in.chosen)).Full,
		diagnosis.Plural(acc.Total, "full resync", "full resyncs"))
	if pl.Rates.Peak > 0 {
		why += fmt.Sprintf("; at the peak of %s/s it covers %s instead of %s", diagnosis.Amount(int64(pl.Rates.Peak)), diagnosis.Length(pl.Survives(to)), diagnosis.Length(pl.Survives(pl.Backlog)))
	}
	cost := fmt.Sprintf("%s of memory more on %s, and on each replica, which keeps one too", diagnosis.Amount(to-pl.Backlog), p.Name)
	commands := everywhere(in.Judged.Incident, "repl-backlog-size", diagnosis.Itoa(to))
	if pl.Wanted > 0 {
		room, ok := in.makeRoom(to)
		why += room
		if !ok {
			return diagnosis.Recommendation{}, false
		}
		most := pl.MaxMemoryFor(to)
		commands = onAll(in.Judged.Incident, "maxmemory", diagnosis.Itoa(most), func(h *timeline.Host) bool {
			return slices.ContainsFunc(h.Samples, func(s timeline.Sample) bool { return s.MaxMemory.Or(0) > 0 && int64(s.MaxMemory) < most })
		}) + "\n" + commands
		cost += "; the host gives it beside maxmemory"
	}
	if _, v := p.Version(); v != "" && !p.Can(timeline.SharesBuffers) {
		cost += "; up to 6.2 the change empties the backlog, so make it while all links are up"
	}
	hard, _, _, ok := p.ReplicaLimit()
	if ok && hard > 0 && hard <= to && in.chosen&setLimit == 0 && !p.Can(timeline.SharesBuffers) {
		cost += fmt.Sprintf("; before 7.0 a partial resync of more than client-output-buffer-limit replica (%s) is closed at once and asked for again, without end: raise that too before one may get as large", diagnosis.SizeWord(hard))
	}
	if ok && hard > 0 && hard < to && p.Can(timeline.SharesBuffers) {
		cost += fmt.Sprintf("; client-output-buffer-limit replica (%s) is below it and counts as %s from then on", diagnosis.SizeWord(hard), diagnosis.SizeWord(to))
	}
	return diagnosis.Recommendation{Instance: p.Name, Setting: "repl-backlog-size", From: diagnosis.SizeWord(pl.Backlog), To: diagnosis.SizeWord(to), Command: commands, Why: why + in.otherwise(setBacklog), Cost: cost}, to > pl.Backlog
}

// makeRoom says what a backlog that does not fit takes; ok is false where the host has not got it.
func (in *situation) makeRoom(to int64) (why string, ok bool) {
	most := in.plan.MaxMemoryFor(to)
	if most == 0 {
		return "", false
	}
	return fmt.Sprintf("; there is no room for it under maxmemory, against which the backlog counts: with %s more of it, which the hosts have, no write is refused and no key evicted for it", diagnosis.Amount(to-in.plan.Room)), true
}

func raiseTTL(in *situation) (diagnosis.Recommendation, bool) {
	p, to := in.Primary, in.plan.TTL
	s := p.Setting("repl-backlog-ttl")
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: s.Name, From: s.Value, To: diagnosis.Itoa(to), Command: everywhere(in.Judged.Incident, s.Name, diagnosis.Itoa(to)),
		Why:  fmt.Sprintf("%s freed its backlog after %s s without a replica%s, and whoever came back got a full resync, whatever the backlog had held; the longest was away for %s", p.Name, s.Value, assumedWord(s), diagnosis.Length(in.plan.accounts[in.Judged].Away())),
		Cost: fmt.Sprintf("a primary without replicas keeps its %s of backlog for as long", diagnosis.SizeWord(in.plan.Backlog)),
	}, true
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
			Instance: p.Name, Setting: ping.Name, From: ping.Value, To: diagnosis.Itoa(to), Command: everywhere(in.Judged.Incident, pingName(p), diagnosis.Itoa(to)), Cost: "14 bytes a ping",
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
	if !ok {
		return diagnosis.Recommendation{}, false
	}
	cs := sizing.Closes(in.Judged.Incident)
	omem := int64(0)
	for _, e := range cs {
		omem = max(omem, e.Bytes.Or(0))
	}
	target := in.plan.Limit
	class := "replica"
	if _, v := p.Version(); v != "" && !p.Can(timeline.SaysReplica) {
		class = "slave"
	}
	newSoft, newSecs := max(target/2, min(2*soft, target)), max(secs, 60)
	if soft == 0 {
		newSoft, newSecs = 0, secs
	}
	value := fmt.Sprintf("%s %d %d %d", class, target, newSoft, newSecs)
	cost := fmt.Sprintf("up to %s of memory on %s while a replica is slow", diagnosis.Amount(target), p.Name)
	if !p.Can(timeline.SharesBuffers) {
		cost += ", for each replica: before 7.0 they share nothing"
	}
	r := diagnosis.Recommendation{
		Instance: p.Name, Setting: "client-output-buffer-limit replica", From: fmt.Sprintf("%s %s %d", diagnosis.SizeWord(hard), diagnosis.SizeWord(soft), secs),
		To: fmt.Sprintf("%s %s %d", diagnosis.SizeWord(target), diagnosis.SizeWord(newSoft), newSecs), Command: everywhere(in.Judged.Incident, "client-output-buffer-limit", value), Cost: cost,
	}
	switch {
	case len(cs) == 0 && in.chosen&setBacklog != 0:
		r.Why = fmt.Sprintf("before 7.0 all that a partial resync sends lies in the replica's output buffer at once: with the larger backlog alone %s would grant what a limit of %s closes at once, again and again; twice the backlog holds it, and what is written while it drains",
			p.Name, diagnosis.SizeWord(hard))
		return r, true
	case len(cs) == 0 && !countedClose(in.Judged.Incident):
		return r, false
	}
	_, written, known := sizing.BufferNeed(in.Judged.Incident)
	r.Why = fmt.Sprintf("the primary closed %s with up to %s bytes waiting", diagnosis.Plural(int64(max(len(cs), 1)), "connection of a replica", "connections of replicas"), diagnosis.BytesOf(omem))
	switch {
	case in.Loop != nil && in.Loop.Kind == diagnosis.PartialLoop:
		r.Why += "; each partial resync lies in the output buffer as a whole (before 7.0), and is closed before it is sent: the limit has to hold the backlog, and what is written while it drains"
	case known:
		r.Why += fmt.Sprintf("; from the first close until it was up again %s were written, all of which may have to wait", diagnosis.Amount(written))
	default:
		r.Why += "; how much a full resync lets pile up the evidence does not tell: measure it with the limit raised"
	}
	if soft > 0 && omem > 0 && omem < hard {
		r.Why += fmt.Sprintf("; that is below the hard limit: the soft one (%s for %d s) closed it", diagnosis.SizeWord(soft), secs)
	}
	if s := p.LastSampleBefore(in.Start); s != nil && s.BacklogSize.Or(0) > hard && hard > 0 && p.Can(timeline.SharesBuffers) {
		r.Why += fmt.Sprintf("; the limit of %s is below the backlog and ignored: %s counts", diagnosis.SizeWord(hard), diagnosis.SizeWord(int64(s.BacklogSize)))
	}
	if !p.Can(timeline.SharesBuffers) {
		r.Why += ". A larger repl-backlog-size does not stop it, and alone makes it worse: it grants what the limit closes"
	}
	return r, true
}

// countedClose reports whether INFO counts a client closed at its limit over the incident, where no log names it.
func countedClose(in *incident.Incident) bool {
	p := in.Primary
	a, b := p.LastSampleBefore(in.Start), p.FirstSampleAfter(in.Start)
	return a != nil && b != nil && a.OutputLimitDrops.Known() && b.OutputLimitDrops > a.OutputLimitDrops && a.RunID == b.RunID
}

func speedUpTransfer(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	if in.chosen != 0 {
		return diagnosis.Recommendation{}, false // that is enough
	}
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
