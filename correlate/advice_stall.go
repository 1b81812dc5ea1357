package correlate

import (
	"cmp"
	"fmt"
	"net"
	"strings"

	"psyncope/ingest/message"
)

// Advice where something held a server, or a path broke.

// heldBy is the slowlog entry that held the host's event loop while the links were lost: the longest.
func (in *incident) heldBy(h *host, script bool) *command {
	var best *command
	w := in.window()
	for i := range h.commands {
		c := &h.commands[i]
		if c.start > w.to || c.end < w.from || isForkCommand(c.Name, c.Args) || isScript(c.Name) != script || micros(c.Micros) < worthASecond {
			continue
		}
		if best == nil || c.Micros > best.Micros {
			best = c
		}
	}
	return best
}

// instead is what does the work of a command that walks everything at once in small steps.
var instead = []struct{ name, to, how string }{
	{"KEYS", "SCAN", "SCAN walks the keyspace in small steps"},
	{"SMEMBERS", "SSCAN", "SSCAN walks the set in small steps"},
	{"HGETALL", "HSCAN", "HSCAN walks the hash in small steps"},
	{"HVALS", "HSCAN", "HSCAN walks the hash in small steps"},
	{"HKEYS", "HSCAN", "HSCAN walks the hash in small steps"},
	{"ZRANGE", "ZSCAN, or a bounded range", "a bounded range or ZSCAN reads it in pieces"},
	{"ZREVRANGE", "ZSCAN, or a bounded range", "a bounded range or ZSCAN reads it in pieces"},
	{"LRANGE", "a bounded LRANGE", "a bounded range reads it in pieces"},
	{"DEL", "UNLINK", "UNLINK frees the value in a thread of its own (4.0 on)"},
	{"FLUSHALL", "FLUSHALL ASYNC", "ASYNC frees the values in a thread of its own (4.0 on)"},
	{"FLUSHDB", "FLUSHDB ASYNC", "ASYNC frees the values in a thread of its own (4.0 on)"},
	{"SAVE", "BGSAVE", "BGSAVE writes from a child"},
	{"SORT", "SORT on a replica", "a replica that nobody waits for may take the time"},
	{"SUNION", "SUNION on a replica", "a replica that nobody waits for may take the time"},
	{"SINTER", "SINTER on a replica", "a replica that nobody waits for may take the time"},
	{"SDIFF", "SDIFF on a replica", "a replica that nobody waits for may take the time"},
	{"SUNIONSTORE", "smaller sets", "smaller sets bound the time"},
	{"SINTERSTORE", "smaller sets", "smaller sets bound the time"},
	{"ZUNIONSTORE", "smaller sets", "smaller sets bound the time"},
	{"ZINTERSTORE", "smaller sets", "smaller sets bound the time"},
	{"DEBUG", "none", "it is no command for production"},
}

func avoidSlowCommand(in *situation) (Recommendation, bool) {
	p := in.primary
	c := in.heldBy(p, false)
	if c == nil {
		// Only commandstats shows it: the family is known, the call is not.
		b := in.verdict.best
		if b == nil || b.cause.Kind != "slow-command" {
			return Recommendation{}, false
		}
		return Recommendation{
			Instance: p.name, Setting: "slow command", Command: p.cli() + " SLOWLOG GET 128", Cost: noCost,
			Why: b.summary() + ", longer than the replicas wait. Find the call and its caller in the slowlog before it is pushed out",
		}, true
	}
	r := Recommendation{Instance: p.name, Setting: c.Name, From: shorten(strings.TrimSpace(c.Name+" "+c.Args), 80), Cost: "the caller has to be changed first: its call fails from then on"}
	how := "it has to be bounded"
	for _, i := range instead {
		if i.name == c.Name {
			r.To, how = i.to, i.how
		}
	}
	who := "the slowlog names no caller (4.0 on it does)"
	if c.Client != "" {
		who = "it was called by " + c.Client
		if c.User != "" {
			who += " (" + c.User + ")"
		}
	}
	r.Why = fmt.Sprintf("%s held %s for %s, and the replicas wait %s; %s; %s", c.Name, p.name, length(micros(c.Micros)), length(p.duration("repl-timeout")), who, how)
	word := strings.ToLower(c.Name)
	switch {
	case !plainWord(word):
		r.Command = p.cli() + " SLOWLOG GET 128"
	case p.atLeast(6, 0):
		r.Command = fmt.Sprintf("%s ACL SETUSER default -%s\n%s CONFIG REWRITE", p.cli(), word, p.cli())
	default:
		r.Command = fmt.Sprintf("# in redis.conf, at the next restart:\nrename-command %s \"\"", c.Name)
	}
	return r, true
}

func boundScript(in *situation) (Recommendation, bool) {
	p := in.primary
	threshold := p.setting("busy-reply-threshold")
	r := Recommendation{Instance: p.name, Setting: "script", Cost: "a script that is killed has done nothing; one that has written can only be waited for"}
	ran := micros(0)
	if c := in.heldBy(p, true); c != nil {
		r.From, ran = shorten(strings.TrimSpace(c.Name+" "+c.Args), 80), micros(c.Micros)
		if c.Client != "" {
			r.Why = "it was called by " + c.Client + "; "
		}
	} else {
		for i := range p.stalls {
			for _, e := range p.stalls[i].because {
				if e.kind == "slow-script" && e.overlaps(in.window()) {
					ran = max(ran, e.to-e.from)
				}
			}
		}
	}
	if ran == 0 {
		return r, false
	}
	kill := "SCRIPT KILL"
	if strings.HasPrefix(r.From, "FCALL") {
		kill = "FUNCTION KILL"
	}
	r.To = "bounded work for each call"
	r.Command = p.cli() + " " + kill
	r.Why += fmt.Sprintf("a script ran for %s on %s and the replicas wait %s. The server only says so after %s ms (busy-reply-threshold, lua-time-limit before 7.0) and ends nothing by itself: split the work, and let a watch call %s", length(ran), p.name, length(p.duration("repl-timeout")), cmp.Or(threshold.Value, "5000"), kill)
	return r, true
}

// warned finds a warning of the host's about its kernel, and whether its log has a start in it, at which the server
// would have said so.
func (h *host) warned(kind string) (warning *event, started bool) {
	for i := range h.events {
		switch e := &h.events[i]; {
		case e.Kind == kind:
			warning = e
		case e.Kind == message.ServerStarting || e.Kind == message.ServerStarted:
			started = true
		}
	}
	return warning, started
}

// longestFork is the longest fork that the evidence has of the host.
func (h *host) longestFork() (us micros, memory int64) {
	for i := range h.samples {
		s := &h.samples[i]
		if f := micros(s.LatestForkMicros.Or(0)); f > us {
			us, memory = f, s.UsedMemory.Or(0)
		}
	}
	for i := range h.stalls {
		for _, e := range h.stalls[i].because {
			if e.kind == "fork-stall" {
				us = max(us, e.to-e.from)
			}
		}
	}
	return us, memory
}

func forkWords(h *host) string {
	us, memory := h.longestFork()
	if us == 0 {
		return "a fork held " + h.name
	}
	s := fmt.Sprintf("a fork held %s for %s", h.name, length(us))
	if memory > 0 {
		s += fmt.Sprintf(" with %s of data", amount(memory))
	}
	return s
}

func disableTHP(in *situation) (Recommendation, bool) {
	p := in.primary
	w, started := p.warned(message.ThpWarning)
	if w == nil && started {
		return Recommendation{}, false // it would have said so at its start
	}
	r := Recommendation{
		Instance: p.name, Setting: "transparent_hugepage", From: "unknown", To: "never", Cost: "a little more work for the CPU's address cache",
		Command: "echo never > /sys/kernel/mm/transparent_hugepage/enabled",
	}
	if w != nil {
		r.From = "always"
		r.Why = forkWords(p) + ", and its log says that transparent huge pages are on: after a fork every write then copies 2 MiB instead of 4 KiB"
	} else {
		r.Why = forkWords(p) + "; the evidence does not tell whether transparent huge pages are on: cat /sys/kernel/mm/transparent_hugepage/enabled"
	}
	return r, true
}

func disklessSync(in *situation) (Recommendation, bool) {
	p := in.primary
	s := p.setting("repl-diskless-sync")
	kind := ""
	if b := in.verdict.best; b != nil {
		kind = b.cause.Kind
	}
	if l := in.loop; l != nil && kind != "save-failed" {
		kind = cmp.Or(map[string]string{"snapshot-failed": "save-failed"}[l.Kind], kind)
	}
	if in.forkRefused("") != nil {
		return Recommendation{}, false // it forks as well
	}
	if s.Value == "no" {
		r := Recommendation{
			Instance: p.name, Setting: "repl-diskless-sync", From: "no", To: "yes", Command: p.configSet("repl-diskless-sync", "yes"),
			Cost: "the snapshot is sent as it is made: a slow replica holds the child, and with it copy-on-write memory, for longer",
		}
		switch kind {
		case "save-failed":
			r.Why = "a diskless full resync needs no disk on the primary, so that replicas get through while its disk is mended"
			r.Cuts = "attempt-fails"
		case "output-buffer-overflow", "sync-timeout":
			r.Why = "a full resync over disk writes the snapshot, then reads and sends it; sent as it is made it takes less time, and less piles up meanwhile" + assumedWord(s)
			r.Cuts = "transfer-overflows"
		default:
			if len(in.affected) < 2 {
				return r, false // one fork for one replica either way
			}
			r.Why = fmt.Sprintf("%d replicas asked for a full resync and a fork for each is a stall for all; with repl-diskless-sync-delay those that come within the delay share one%s", len(in.affected), assumedWord(s))
		}
		return r, true
	}
	// Diskless already: without a delay each replica that comes a moment later waits for a fork of its own.
	delay := p.setting("repl-diskless-sync-delay")
	if s.Value == "yes" && delay.Value == "0" && len(in.affected) > 1 && kind != "save-failed" {
		return Recommendation{
			Instance: p.name, Setting: "repl-diskless-sync-delay", From: "0", To: "5", Command: p.configSet("repl-diskless-sync-delay", "5"),
			Why:  fmt.Sprintf("%d replicas asked within moments; without a delay the first one's fork begins at once and the others wait for the next. Five seconds, the default, let them share one", len(in.affected)),
			Cost: "a full resync begins five seconds later",
		}, true
	}
	return Recommendation{}, false
}

func fasterFsync(in *situation) (Recommendation, bool) {
	p := in.primary
	s := p.setting("appendfsync")
	if s.Value == "always" {
		return Recommendation{
			Instance: p.name, Setting: "appendfsync", From: "always", To: "everysec", Command: p.configSet("appendfsync", "everysec"),
			Why:  "with always every write waits for the disk in the main thread, and with it every replica's link; everysec leaves it to a thread",
			Cost: "up to a second of writes may be lost if the host dies",
		}, true
	}
	if n := p.setting("no-appendfsync-on-rewrite"); n.Value == "no" && p.rewroteDuring(in.incident) {
		return Recommendation{
			Instance: p.name, Setting: "no-appendfsync-on-rewrite", From: "no", To: "yes", Command: p.configSet("no-appendfsync-on-rewrite", "yes"),
			Why:  "a child was writing to the same disk while fsync held the writes; without fsync during a rewrite or snapshot they do not wait for it",
			Cost: "what is written during a rewrite may be lost if the host dies",
		}, true
	}
	delayed := int64(0)
	for i := range p.samples {
		delayed = max(delayed, p.samples[i].AOFDelayedFsync.Or(0))
	}
	r := Recommendation{
		Instance: p.name, Setting: "disk of the append-only file", To: "one that takes an fsync within a second", Cost: "a disk, or moving what else uses it",
		Command: "iostat -x 1 5", Why: "writes on " + p.name + " waited for the append-only file's fsync",
	}
	if delayed > 0 {
		r.Why += fmt.Sprintf(" (aof_delayed_fsync is %s)", bytesOf(delayed))
	}
	if dir := p.from("dir"); plainWord(dir) && dir != "." {
		r.Command += "\ndf -h " + dir
	}
	return r, true
}

// rewroteDuring tells whether a child of the host's was writing when the links were lost.
func (h *host) rewroteDuring(in *incident) bool {
	for i := range h.samples {
		s := &h.samples[i]
		if abs(s.at-in.start) <= 30*second && (s.AOFRewriting.Or(0) == 1 || s.RDBInProgress.Or(0) == 1) {
			return true
		}
	}
	return false
}

func steadyHost(in *situation) (Recommendation, bool) {
	p := in.primary
	d := micros(0)
	if st := in.stallOf(p); st != nil {
		d = st.atMost
	}
	r := Recommendation{
		Instance: p.name, Setting: "host", To: "no pauses longer than repl-timeout", Cost: noCost,
		Command: "journalctl -k --since '1 hour ago' | grep -iE 'stall|hung|oom|steal|soft lockup'\nvmstat 1 5",
	}
	r.Why = p.name + " stood still and nothing of its own explains it"
	if d > 0 {
		r.Why = fmt.Sprintf("%s stood still for up to %s and nothing of its own explains it", p.name, length(d))
	}
	r.Why += ": look for a frozen or moved virtual machine, swapping, a starved CPU"
	if s := p.lastSampleBefore(in.start); s != nil && s.UsedMemory.Known() && s.UsedMemoryRSS.Known() && s.UsedMemoryRSS < s.UsedMemory*9/10 {
		r.Why += fmt.Sprintf("; %s of its data is not resident: it is swapped out", amount(int64(s.UsedMemory-s.UsedMemoryRSS)))
		r.Command += "\nsysctl vm.swappiness=1"
	}
	return r, true
}

func checkPath(in *situation) (Recommendation, bool) {
	p, r := in.primary, (*host)(nil)
	if w := in.wave; len(w) > 0 {
		r = w[0].replica
	}
	if r == nil {
		return Recommendation{}, false
	}
	target := "PRIMARY"
	if a := primaryAddr(r); a != "" {
		if ip, _, err := net.SplitHostPort(a); err == nil && plainWord(ip) {
			target = ip
		}
	} else if len(p.addrs) > 0 {
		if ip, _, err := net.SplitHostPort(p.addrs[0]); err == nil && plainWord(ip) {
			target = ip
		}
	}
	where := "the primary's side: all links broke at once"
	if !in.several {
		where = "the side of " + r.name + ": its link alone broke"
	}
	how := "closed at once"
	if in.silent {
		how = "fell silent"
	}
	what := fmt.Sprintf("the link %s while both servers ran on; look on %s", how, where)
	if d := in.missing(in.wave[0]); d > 0 {
		what += fmt.Sprintf("; it was gone for %s", length(d))
	}
	return Recommendation{
		Instance: r.name, Setting: "network path", To: "no breaks", Why: what, Cost: noCost,
		Command: fmt.Sprintf("# on %s:\nmtr -rwc 100 %s\nss -ti dst %s\nnetstat -s | grep -i retrans", r.name, target, target),
	}, true
}

// ---- settings of the link ----
