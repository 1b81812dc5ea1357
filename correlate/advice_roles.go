package correlate

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/ingest/message"
)

// Advice on servers that went away or changed roles.

func findReplicaStall(in *situation) (Recommendation, bool) {
	b := in.verdict.best
	if b == nil {
		return Recommendation{}, false
	}
	r := b.suspect
	if c := in.heldBy(r, false); c != nil {
		to := "a bounded call, or another replica for it"
		for _, i := range instead {
			if i.name == c.Name {
				to = i.to
			}
		}
		who := ""
		if c.Client != "" {
			who = ", called by " + c.Client
		}
		return Recommendation{
			Instance: r.name, Setting: c.Name, From: shorten(strings.TrimSpace(c.Name+" "+c.Args), 80), To: to, Command: r.cli() + " SLOWLOG GET 25", Cost: noCost,
			Why: fmt.Sprintf("%s held %s for %s%s; the primary waits %s for an acknowledgement", c.Name, r.name, length(micros(c.Micros)), who, length(in.primary.duration("repl-timeout"))),
		}, true
	}
	rec := Recommendation{
		Instance: r.name, Setting: "host of the replica", To: "no pauses longer than repl-timeout", Cost: noCost,
		Command: r.cli() + " SLOWLOG GET 25\n" + r.cli() + " LATENCY LATEST\nvmstat 1 5",
		Why:     r.name + " stood still and nothing in its slowlog explains it: look at its host, its disk, and what else runs there",
	}
	if s := r.setting("latency-monitor-threshold"); s.Value == "0" {
		rec.Setting, rec.From, rec.To = "latency-monitor-threshold", "0", "100"
		rec.Command = r.configSet("latency-monitor-threshold", "100") + "\n" + rec.Command
		rec.Why += "; with the latency monitor on it would say so itself the next time"
	}
	return rec, true
}

func planRestart(in *situation) (Recommendation, bool) {
	b := in.verdict.best
	if b == nil {
		return Recommendation{}, false
	}
	r := b.suspect
	var o *outage
	for _, x := range in.outages {
		if x.replica == r && x.restart != nil {
			o = x
		}
	}
	if o == nil {
		return Recommendation{}, false
	}
	rec := Recommendation{Instance: r.name, Setting: "restart", To: "SHUTDOWN SAVE", Command: r.cli() + " SHUTDOWN SAVE", Cost: "a snapshot at each planned stop"}
	old := ""
	for _, t := range o.tries {
		if t.offset >= 0 && in.stale(o, t) {
			old = fmt.Sprintf("; it came back with the offset %s of an old dump file", bytesOf(t.offset))
			break
		}
	}
	l := r.lifeBefore(o.restart)
	switch {
	case l != nil && l.how == "crash":
		rec.Setting, rec.To, rec.Command = "crash of the replica", "its cause", "journalctl -k | grep -iE 'oom|segfault'"
		rec.Why = r.name + " crashed" + old
	case l == nil || l.how != "shutdown":
		rec.Why = fmt.Sprintf("%s ended without a word (killed, or its host went)%s; stopped with SHUTDOWN SAVE it comes back with its id and its last offset and asks for what it missed only (4.0 on)", r.name, old)
	default:
		rec.Why = fmt.Sprintf("%s was restarted%s; stopped with SHUTDOWN SAVE it comes back with its id and its last offset and asks for what it missed only (4.0 on)", r.name, old)
	}
	if r.from("appendonly") == "yes" {
		rec.Why += ". With the AOF on the offset is not kept: expect a full resync"
	}
	return rec, true
}

// ---- the primary's restarts and failovers ----

// promotable names a replica that could take over.
func (in *incident) promotable() *host {
	p := in.primary
	for _, h := range in.g.hosts {
		if h != p && !h.sentinel {
			return h
		}
	}
	return nil
}

func failoverFirst(in *situation) (Recommendation, bool) {
	p, r := in.primary, in.promotable()
	if r == nil {
		return Recommendation{}, false
	}
	rec := Recommendation{Instance: p.name, Setting: "restart of the primary", To: "after a failover", Cost: "a failover: writes pause for a moment"}
	switch name := in.g.watched(); {
	case len(in.g.sentinels) > 0:
		rec.Command = fmt.Sprintf("%s SENTINEL FAILOVER %s", in.g.sentinels[0].cli(), name)
	case p.atLeast(6, 2):
		rec.Command = p.cli() + " FAILOVER"
	default:
		rec.Command = fmt.Sprintf("# once %s has caught up:\n%s REPLICAOF NO ONE", r.name, r.cli())
		if !p.atLeast(5, 0) {
			rec.Command = strings.ReplaceAll(rec.Command, "REPLICAOF", "SLAVEOF")
		}
	}
	rec.Why = fmt.Sprintf("%s was restarted as the primary and begins a new replication id; where a replica is promoted first, the others continue by partial resync (4.0 on)", p.name)
	return rec, true
}

// watched is the name under which Sentinels know the group.
func (g *group) watched() string {
	for _, s := range g.sentinels {
		for i := range s.events {
			if e := &s.events[i]; e.Kind == message.SentinelSwitchPrimary || e.Kind == message.SentinelOdown || e.Kind == message.SentinelSdown {
				// "+switch-master NAME ip port ip port", "+odown master NAME ip port ..."
				f := strings.Fields(strings.TrimPrefix(strings.TrimPrefix(e.Text, "# "), "* "))
				for j := 0; j+1 < len(f); j++ {
					if f[j] == "+switch-master" || f[j] == "master" {
						if plainWord(f[j+1]) {
							return f[j+1]
						}
					}
				}
			}
		}
	}
	return "NAME"
}

func saveOnShutdown(in *situation) (Recommendation, bool) {
	p := in.primary
	if !p.atLeast(7, 0) || p.from("appendonly") == "yes" {
		return Recommendation{}, false // before 7.0, and with the AOF on, a start begins a new id whatever the dump holds
	}
	s := p.setting("shutdown-on-sigterm")
	return Recommendation{
		Instance: p.name, Setting: "shutdown-on-sigterm", From: cmp.Or(s.Value, "default"), To: "save", Command: p.configSet("shutdown-on-sigterm", "save"),
		Why:  "from 7.0 a primary that is stopped with a snapshot keeps its replication id as the second one, and its offset: replicas then continue by partial resync after its start",
		Cost: "the stop takes as long as a snapshot; shutdown-timeout lets replicas catch up before",
	}, true
}

func findCrash(in *situation) (Recommendation, bool) {
	p := in.primary
	r := Recommendation{Instance: p.name, Setting: "crash", To: "its cause", Cost: noCost, Command: "journalctl -k --since '1 day ago' | grep -iE 'out of memory|oom-kill|segfault'"}
	r.Why = p.name + " ended without being asked"
	for i := range p.events {
		switch e := &p.events[i]; e.Kind {
		case message.CrashReportStart, message.CrashSignal, message.CrashAssert, message.CrashPanic:
			_, v := p.version()
			r.Setting, r.To = "version", "the latest of its series"
			r.From = v
			r.Why = fmt.Sprintf("%s left a crash report: %q; compare it with what later releases mend, and keep it whole for a report", p.name, shorten(e.Text, 100))
			r.Command = p.cli() + " INFO server"
			return r, true
		case message.OomServer:
			r.Setting, r.To = "maxmemory", "below the host's memory"
			r.Why = p.name + " ran out of memory: " + shorten(e.Text, 100)
			return r, true
		}
	}
	if b := in.verdict.best; b != nil && b.cause.Kind == "primary-crash" {
		r.Why = fmt.Sprintf("%s was gone without a farewell: killed from outside (the kernel's out-of-memory killer, an operator), or its host went", p.name)
	}
	return r, true
}

func useSentinel(in *situation) (Recommendation, bool) {
	if len(in.g.sentinels) > 0 {
		return Recommendation{}, false
	}
	for _, h := range in.g.hosts {
		for i := range h.samples {
			if h.samples[i].Mode == "cluster" {
				return Recommendation{}, false
			}
		}
	}
	for _, o := range in.outages {
		if o.promoted {
			return Recommendation{}, false // somebody watches
		}
	}
	p := in.primary
	if in.promotable() == nil {
		return Recommendation{}, false
	}
	addr := "PRIMARY 6379"
	if len(p.addrs) > 0 {
		if ip, port, err := net.SplitHostPort(p.addrs[0]); err == nil && plainWord(ip) && plainWord(port) {
			addr = ip + " " + port
		}
	}
	return Recommendation{
		Instance: p.name, Setting: "failover", From: "none in the evidence", To: "Sentinel, three of them", Command: "# in sentinel.conf on three hosts:\nsentinel monitor main " + addr + " 2",
		Why: "nobody took over while " + p.name + " was gone; a promoted replica keeps the old replication id, and the others continue by partial resync (4.0 on)", Cost: "three small processes on hosts of their own",
	}, true
}

func checkFailover(in *situation) (Recommendation, bool) {
	r := Recommendation{
		Instance: in.primary.name, Setting: "failover", To: "a known reason", Cost: noCost, Command: in.primary.cli() + " INFO replication",
		Why: "roles changed and the evidence shows no reason on the old primary; a down-after-milliseconds shorter than its usual stalls fails over for nothing",
	}
	if e := in.failoverAsked(); e != nil {
		r.To, r.Why = "announced", fmt.Sprintf("somebody asked for it: %q; let those who are on call know, and do it while little is written", shorten(e.Text, 120))
	}
	if len(in.g.sentinels) > 0 {
		r.Command = in.g.sentinels[0].cli() + " SENTINEL MASTERS"
	}
	return r, true
}

// failoverAsked is the line that says that a person wanted the failover; nil without one.
func (in *incident) failoverAsked() *event {
	for _, h := range append(slices.Clone(in.g.hosts), in.g.sentinels...) {
		for i := range h.events {
			e := &h.events[i]
			switch e.Kind {
			case message.SentinelFailoverRequested, message.FailoverRequested, message.ClusterManualFailoverAccepted, message.ClusterFailoverForced:
				if e.at >= in.start-obeyed-h.clock.err && (in.end == unknown || e.at <= in.end) {
					return e
				}
			}
		}
	}
	return nil
}

func findPrimaryLog(in *situation) (Recommendation, bool) {
	p := in.primary
	return Recommendation{
		Instance: p.name, Setting: "evidence", To: "the log of " + p.name, Cost: noCost, Command: "journalctl -u redis-server --since '1 day ago'\njournalctl -k --since '1 day ago' | grep -iE 'oom|segfault'",
		Why: p.name + " is gone and nothing of it is in the evidence after the loss: its log and its host's kernel log tell why",
	}, true
}

func checkQuorum(in *situation) (Recommendation, bool) {
	r := Recommendation{Instance: in.primary.name, Setting: "quorum", To: "a majority that can be reached", Cost: noCost, Why: "a failover was begun and given up: Sentinels or cluster nodes could not agree, or found no replica good enough"}
	if len(in.g.sentinels) > 0 {
		r.Command = fmt.Sprintf("%s SENTINEL CKQUORUM %s", in.g.sentinels[0].cli(), in.g.watched())
	} else {
		r.Command = in.primary.cli() + " CLUSTER NODES"
	}
	return r, true
}

// ---- snapshots ----
