package advice

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/incident"
	"psyncope/correlate/replication"
	"psyncope/correlate/sizing"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

func findReplicaStall(in *situation) (diagnosis.Recommendation, bool) {
	b := in.Verdict.Best
	if b == nil {
		return diagnosis.Recommendation{}, false
	}
	r := b.Suspect
	if c := heldBy(in.Judged.Incident, r, false); c != nil {
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
		return diagnosis.Recommendation{
			Instance: r.Name, Setting: c.Name, From: diagnosis.Shorten(strings.TrimSpace(c.Name+" "+c.Args), 80), To: to, Command: cli(r) + " SLOWLOG GET 25", Cost: noCost,
			Why: fmt.Sprintf("%s held %s for %s%s; the primary waits %s for an acknowledgement", c.Name, r.Name, diagnosis.Length(micros(c.Micros)), who, diagnosis.Length(in.Primary.Duration("repl-timeout"))),
		}, true
	}
	rec := diagnosis.Recommendation{
		Instance: r.Name, Setting: "host of the replica", To: "no pauses longer than repl-timeout", Cost: noCost,
		Command: cli(r) + " SLOWLOG GET 25\n" + cli(r) + " LATENCY LATEST\nvmstat 1 5",
		Why:     r.Name + " stood still and nothing in its slowlog explains it: look at its host, its disk, and what else runs there",
	}
	if s := r.Setting("latency-monitor-threshold"); s.Value == "0" {
		rec.Setting, rec.From, rec.To = "latency-monitor-threshold", "0", "100"
		rec.Command = configSet(r, "latency-monitor-threshold", "100") + "\n" + rec.Command
		rec.Why += "; with the latency monitor on it would say so itself the next time"
	}
	return rec, true
}

func planRestart(in *situation) (diagnosis.Recommendation, bool) {
	b := in.Verdict.Best
	if b == nil {
		return diagnosis.Recommendation{}, false
	}
	r := b.Suspect
	var o *replication.Outage
	for _, x := range in.Outages {
		if x.Replica == r && x.Restart != nil {
			o = x
		}
	}
	if o == nil {
		return diagnosis.Recommendation{}, false
	}
	rec := diagnosis.Recommendation{Instance: r.Name, Setting: "restart", To: "SHUTDOWN SAVE", Command: later("at the next planned stop, in place of any other", cli(r)+" SHUTDOWN SAVE"), Cost: "a snapshot at each planned stop"}
	old := ""
	for _, t := range o.Tries {
		if t.Offset >= 0 && sizing.Stale(in.Judged.Incident, o, t) {
			old = fmt.Sprintf("; it came back with the offset %s of an old dump file", diagnosis.BytesOf(t.Offset))
			break
		}
	}
	l := r.LifeBefore(o.Restart)
	switch {
	case l != nil && l.How == "crash":
		rec.Setting, rec.To, rec.Command = "crash of the replica", "its cause", "journalctl -k | grep -iE 'oom|segfault'"
		rec.Why = r.Name + " crashed" + old
	case l == nil || l.How != "shutdown":
		rec.Why = fmt.Sprintf("%s ended without a word (killed, or its host went)%s; stopped with SHUTDOWN SAVE it comes back with its id and its last offset and asks for what it missed only (4.0 on)", r.Name, old)
	default:
		rec.Why = fmt.Sprintf("%s was restarted%s; stopped with SHUTDOWN SAVE it comes back with its id and its last offset and asks for what it missed only (4.0 on)", r.Name, old)
	}
	if r.Value("appendonly") == "yes" {
		rec.Why += ". With the AOF on the offset is not kept: expect a full resync"
	}
	return rec, true
}

// promotable names a replica that could take over.
func promotable(in *incident.Incident) *timeline.Host {
	p := in.Primary
	for _, h := range in.G.Hosts {
		if h != p && !h.Sentinel {
			return h
		}
	}
	return nil
}

func failoverFirst(in *situation) (diagnosis.Recommendation, bool) {
	p, r := in.Primary, promotable(in.Judged.Incident)
	if r == nil || slices.ContainsFunc(in.Outages, func(o *replication.Outage) bool { return o.Promoted }) {
		return diagnosis.Recommendation{}, false // nobody is there to take over, or somebody did
	}
	rec := diagnosis.Recommendation{Instance: p.Name, Setting: "restart of the primary", To: "after a failover", Cost: "a failover: writes pause for a moment"}
	command, word := "", "REPLICAOF"
	if !p.Can(timeline.SaysReplica) {
		word = "SLAVEOF"
	}
	switch {
	case len(in.G.Sentinels) > 0:
		command = fmt.Sprintf("%s SENTINEL FAILOVER %s", cli(in.G.Sentinels[0]), watched(in.G))
	case inCluster(in.G):
		command = cli(r) + " CLUSTER FAILOVER" // asked of the replica; FAILOVER is refused there
	case p.Can(timeline.HasFailover):
		command = cli(p) + " FAILOVER"
	default:
		command = fmt.Sprintf("%s %s NO ONE # once %s has caught up", cli(r), word, shellName(r))
	}
	rec.Command = later("before the next planned restart", command)
	rec.Why = fmt.Sprintf("%s was restarted as the primary and begins a new replication id; where a replica is promoted first, the others continue by partial resync (4.0 on)", p.Name)
	return rec, true
}

// inCluster reports whether a server of the group runs in cluster mode.
func inCluster(g *replication.Group) bool {
	return slices.ContainsFunc(g.Hosts, func(h *timeline.Host) bool {
		return slices.ContainsFunc(h.Samples, func(s timeline.Sample) bool { return s.Mode == "cluster" })
	})
}

// watched is the name under which Sentinels know the group.
func watched(g *replication.Group) string {
	for _, s := range g.Sentinels {
		for i := range s.Events {
			if e := &s.Events[i]; e.Kind == message.SentinelSwitchPrimary || e.Is(message.SaysDown) {
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

func saveOnShutdown(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	if !p.Can(timeline.KeepsHistory) || p.Value("appendonly") == "yes" {
		return diagnosis.Recommendation{}, false // before 7.0, and with the AOF on, a start begins a new id whatever the dump holds
	}
	const keeps = "from 7.0 a primary that is stopped with a snapshot keeps its replication id as the second one, and its offset: replicas then continue by partial resync after its start"
	signal, asked := false, false
	for e := range in.Said(p) {
		signal, asked = signal || e.Kind == message.ShutdownSignal, asked || e.Is(message.AskedToEnd)
	}
	switch s := p.Setting("shutdown-on-sigterm"); {
	case signal && s.Value != "save":
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "shutdown-on-sigterm", From: cmp.Or(s.Value, "default"), To: "save", Command: everywhere(in.Judged.Incident, "shutdown-on-sigterm", "save"),
			Why: "it was stopped by a signal; " + keeps, Cost: "the stop takes as long as a snapshot; shutdown-timeout lets replicas catch up before",
		}, true
	case asked && !signal: // by command: what a signal does is not asked
		return diagnosis.Recommendation{
			Instance: p.Name, Setting: "restart of the primary", To: "SHUTDOWN SAVE", Command: later("at the next planned stop, in place of any other", cli(p)+" SHUTDOWN SAVE"),
			Why: "it was stopped by a command; " + keeps, Cost: "the stop takes as long as a snapshot; shutdown-timeout lets replicas catch up before",
		}, true
	}
	return diagnosis.Recommendation{}, false
}

func findCrash(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	r := diagnosis.Recommendation{Instance: p.Name, Setting: "crash", To: "its cause", Cost: noCost, Command: "journalctl -k --since '1 day ago' | grep -iE 'out of memory|oom-kill|segfault'"}
	r.Why = p.Name + " ended without being asked"
	for i := range p.Events {
		switch e := &p.Events[i]; {
		case e.Is(message.Crash) && e.Kind != message.OomServer:
			_, v := p.Version()
			r.Setting, r.To = "version", "the latest of its series"
			r.From = v
			r.Why = fmt.Sprintf("%s left a crash report: %q; compare it with what later releases mend, and keep it whole for a report", p.Name, diagnosis.Shorten(e.Text, 100))
			r.Command = cli(p) + " INFO server"
			return r, true
		case e.Kind == message.OomServer:
			r.Setting, r.To = "maxmemory", "below the host's memory"
			r.Why = p.Name + " ran out of memory: " + diagnosis.Shorten(e.Text, 100)
			return r, true
		}
	}
	if b := in.Verdict.Best; b != nil && b.Cause.Kind == "primary-crash" {
		r.Why = fmt.Sprintf("%s was gone without a farewell: killed from outside (the kernel's out-of-memory killer, an operator), or its host went", p.Name)
	}
	return r, true
}

func useSentinel(in *situation) (diagnosis.Recommendation, bool) {
	if len(in.G.Sentinels) > 0 {
		return diagnosis.Recommendation{}, false
	}
	if inCluster(in.G) {
		return diagnosis.Recommendation{}, false
	}
	for _, o := range in.Outages {
		if o.Promoted {
			return diagnosis.Recommendation{}, false // somebody watches
		}
	}
	p := in.Primary
	if promotable(in.Judged.Incident) == nil {
		return diagnosis.Recommendation{}, false
	}
	addr := "PRIMARY 6379"
	if len(p.Addrs) > 0 {
		if ip, port, err := net.SplitHostPort(p.Addrs[0]); err == nil && plainWord(ip) && plainWord(port) {
			addr = ip + " " + port
		}
	}
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "failover", From: "none in the evidence", To: "Sentinel, three of them", Command: "# in sentinel.conf on three hosts:\nsentinel monitor main " + addr + " 2",
		Why: "nobody took over while " + p.Name + " was gone; a promoted replica keeps the old replication id, and the others continue by partial resync (4.0 on)", Cost: "three small processes on hosts of their own",
	}, true
}

func checkFailover(in *situation) (diagnosis.Recommendation, bool) {
	r := diagnosis.Recommendation{
		Instance: in.Primary.Name, Setting: "failover", To: "a known reason", Cost: noCost, Command: cli(in.Primary) + " INFO replication",
		Why: "roles changed and the evidence shows no reason on the old primary; a down-after-milliseconds shorter than its usual stalls fails over for nothing",
	}
	if e := failoverAsked(in.Judged.Incident); e != nil {
		r.To, r.Why = "announced", fmt.Sprintf("somebody asked for it: %q; let those who are on call know, and do it while little is written", diagnosis.Shorten(e.Text, 120))
	}
	if len(in.G.Sentinels) > 0 {
		r.Command = cli(in.G.Sentinels[0]) + " SENTINEL MASTERS"
	}
	return r, true
}

// failoverAsked is the line that says that a person wanted the failover; nil without one.
func failoverAsked(in *incident.Incident) *timeline.Event {
	for _, h := range append(slices.Clone(in.G.Hosts), in.G.Sentinels...) {
		for i := range h.Events {
			e := &h.Events[i]
			if e.Is(message.FailoverAsked) && e.At >= in.Start-replication.Obeyed-h.Clock.Err && (in.End == unknown || e.At <= in.End) {
				return e
			}

		}
	}
	return nil
}

func findPrimaryLog(in *situation) (diagnosis.Recommendation, bool) {
	p := in.Primary
	return diagnosis.Recommendation{
		Instance: p.Name, Setting: "evidence", To: "the log of " + p.Name, Cost: noCost, Command: "journalctl -u redis-server --since '1 day ago'\njournalctl -k --since '1 day ago' | grep -iE 'oom|segfault'",
		Why: p.Name + " is gone and nothing of it is in the evidence after the loss: its log and its host's kernel log tell why",
	}, true
}

func checkQuorum(in *situation) (diagnosis.Recommendation, bool) {
	r := diagnosis.Recommendation{Instance: in.Primary.Name, Setting: "quorum", To: "a majority that can be reached", Cost: noCost, Why: "a failover was begun and given up: Sentinels or cluster nodes could not agree, or found no replica good enough"}
	if len(in.G.Sentinels) > 0 {
		r.Command = fmt.Sprintf("%s SENTINEL CKQUORUM %s", cli(in.G.Sentinels[0]), watched(in.G))
	} else {
		r.Command = cli(in.Primary) + " CLUSTER NODES"
	}
	return r, true
}
