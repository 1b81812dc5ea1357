package correlate

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"sort"
	"strings"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// fix is one thing to change. It looks at an incident and gives the change with this incident's numbers, or none where
// the evidence shows that it would not help, or is done already. cuts is the rule that it breaks.
type fix struct {
	id, cuts string
	give     func(*incident) (Recommendation, bool)
	prose    string // what `explain` prints
}

// fixes is every recommendation there is, in the order in which general ones are told. A cause names those that fit it
// (Cause.fix), a loop those that break it (loopFixes).
var fixes = []fix{
	{
		"break-storm", "fork-loses-link", breakStorm,
		"While several replicas ask for a full resync at once, each one's fork costs the others their links. Stop all but one, give it room, and let the others in one by one.",
	},
	{
		"avoid-slow-command", "cause-loses-link", avoidSlowCommand,
		"Replace the command that held the primary by one that works in small steps, or forbid it to its caller (ACL from 6.0, rename-command before).",
	},
	{
		"bound-script", "cause-loses-link", boundScript,
		"Split the script into pieces that end within repl-timeout. The server ends no script by itself: SCRIPT KILL or FUNCTION KILL does, as long as it has not written.",
	},
	{
		"disable-thp", "fork-loses-link", disableTHP,
		"Switch transparent huge pages off: after a fork every write copies 2 MiB instead of 4 KiB. Not given where the server's start shows that they are off.",
	},
	{
		"diskless-sync", "full-resync-forks", disklessSync,
		"Send the snapshot of a full resync as it is made: no disk on the primary is needed, and replicas that come within repl-diskless-sync-delay share one fork. Not given where it is on, or where fork itself is refused.",
	},
	{
		"faster-fsync", "cause-loses-link", fasterFsync,
		"Keep fsync out of the main thread's way: everysec instead of always, none during a rewrite, or a disk that takes one within a second.",
	},
	{
		"steady-host", "cause-loses-link", steadyHost,
		"Find what froze the primary's host: a moved virtual machine, swapping, a starved CPU.",
	},
	{
		"check-path", "cause-loses-link", checkPath,
		"Look at the network on the side that broke: losses, resets, retransmissions.",
	},
	{
		"raise-repl-timeout", "cause-loses-link", raiseTimeout,
		"Let links outlive the silence that was measured, half as much again. Both ends use their own value. Given only where the link was lost to the timeout and up to ten minutes; a longer silence has to be mended where it arises.",
	},
	{
		"raise-backlog", "backlog-overflow", raiseBacklog,
		"Let the backlog hold what was written while the replica was away: the guide's formula (twice the peak write rate times the longest outage), and never less than what a refused resync needed. Given only where the refusal was a lost offset and a larger backlog would have made it a partial resync.",
	},
	{
		"keepalive", "cause-loses-link", keepAlive,
		"Notice a dead path sooner, and keep middle boxes from forgetting an idle one: pings well within repl-timeout, TCP keepalives.",
	},
	{
		"raise-output-buffer", "transfer-overflows", raiseOutputBuffer,
		"Let a slow replica fall behind further before the primary closes it. What was written from the first close until the replica was up again bounds what it takes. From 7.0 a hard limit below the backlog is ignored. A larger backlog does not replace it.",
	},
	{
		"speed-up-transfer", "transfer-overflows", speedUpTransfer,
		"Make full resyncs shorter, so that less is written meanwhile: load from the socket, a second channel (Valkey 8), a wider path.",
	},
	{
		"find-replica-stall", "cause-loses-link", findReplicaStall,
		"Find what held the replica: a command in its slowlog, its host, its disk.",
	},
	{
		"plan-restart", "cause-loses-link", planRestart,
		"Stop replicas with SHUTDOWN SAVE: they come back with their replication id and last offset and ask only for what they missed (4.0 on, without the AOF).",
	},
	{
		"failover-first", "cause-loses-link", failoverFirst,
		"Promote a replica before the primary is restarted: the others continue from it by partial resync (4.0 on).",
	},
	{
		"save-on-shutdown", "refusal-costs-full-resync", saveOnShutdown,
		"Stop the primary with a snapshot: from 7.0 it comes back with its id and offset, and replicas continue. Not given where the version or the AOF makes it useless.",
	},
	{
		"find-crash", "cause-loses-link", findCrash,
		"Find why the primary's process ended: its crash report against later releases, the kernel's log for its out-of-memory killer.",
	},
	{
		"use-sentinel", "lost-link-promotes", useSentinel,
		"Have a replica promoted when the primary is gone. Not given where Sentinels or a cluster watch already.",
	},
	{
		"check-failover", "cause-moves-roles", checkFailover,
		"Find why roles changed although the old primary shows no fault.",
	},
	{
		"find-primary-log", "cause-loses-link", findPrimaryLog,
		"Collect the primary's log and its host's kernel log: nothing else tells why it is gone.",
	},
	{
		"check-quorum", "lost-link-promotes", checkQuorum,
		"Make Sentinels or cluster nodes able to agree: enough of them, that reach each other, and a replica that is fresh enough.",
	},
	{
		"process-limit", "attempt-fails", processLimit,
		"Raise the limit of processes: fork failed with EAGAIN, which is no want of memory.",
	},
	{
		"overcommit", "attempt-fails", overcommit,
		"Let the kernel promise a forked child the pages it shares: vm.overcommit_memory=1. Not given where the server's start shows that it is set.",
	},
	{
		"more-memory", "attempt-fails", moreMemory,
		"Leave room for the pages that are written while a child runs. Not given where the data is small beside the memory.",
	},
	{
		"free-disk", "attempt-fails", freeDisk,
		"Give the snapshot a place to be written: space, inodes, a writable file system, the right owner.",
	},
	{
		"check-rdb", "attempt-fails", checkRDB,
		"Check the snapshot that did not load, and the modules it needs.",
	},
	{
		"upgrade-replica", "attempt-fails", upgradeReplica,
		"Run replicas at the primary's version or a later one.",
	},
	{
		"set-masterauth", "lost-link-attempt-fails", setMasterauth,
		"Give the replica the credentials that the primary asks for: password, ACL rights (+psync +replconf +ping), certificates.",
	},
	{
		"check-topology", "lost-link-attempt-fails", checkTopology,
		"Point the replica at an address of the primary that it reaches.",
	},
	{
		"lock-down", "cause-loses-link", lockDown,
		"Keep strangers out: a password, private addresses, protected-mode; and trust neither the data nor the host until both are looked at.",
	},
	{
		"raise-maxclients", "lost-link-attempt-fails", raiseMaxclients,
		"Make room for the replica's connection, and find who opens so many.",
	},
	{
		"ask-who", "cause-loses-link", askWho,
		"Ask who did it, and agree on how the next one is announced.",
	},
}

// adviceProse is what `explain` prints of a recommendation or a leading indicator.
func adviceProse(name string) (string, bool) {
	for _, f := range fixes {
		if f.id == name {
			return "recommendation: " + f.prose + "\n\nIt cuts " + f.cuts + ".", true
		}
	}
	for _, i := range indicatorTable {
		if i.kind == name {
			return "leading indicator: " + i.prose, true
		}
	}
	for _, k := range kernelWarnings {
		if k.kind == name {
			return "leading indicator: " + k.summary + ".", true
		}
	}
	return "", false
}

// adviceNames lists what adviceProse knows.
func adviceNames() []string {
	var out []string
	for _, f := range fixes {
		out = append(out, f.id)
	}
	for _, i := range indicatorTable {
		out = append(out, i.kind)
	}
	for _, k := range kernelWarnings {
		out = append(out, k.kind)
	}
	return out
}

// loopFixes are what breaks a loop, whatever began it. They come first: while it turns nothing else takes effect.
var loopFixes = []struct {
	kind  string
	fixes []string
}{
	{"fork-cascade", []string{"break-storm", "raise-repl-timeout", "disable-thp", "diskless-sync"}},
	{"output-buffer", []string{"raise-output-buffer", "speed-up-transfer", "diskless-sync"}},
	{"sync-timeout", []string{"raise-repl-timeout", "speed-up-transfer", "diskless-sync"}},
	{"big-key", []string{"raise-repl-timeout", "speed-up-transfer"}},
	{"snapshot-failed", []string{"process-limit", "overcommit", "free-disk", "diskless-sync"}},
}

// anyway are tried on every incident: the evidence itself asks for them.
var anyway = []string{"process-limit"}

// unnamed are tried where the evidence cannot tell the cause: they mend what the link then ran into.
var unnamed = []string{"raise-repl-timeout", "raise-backlog"}

// advise adds what to change, what breaks a loop first, then what mends the cause in the order of the guide.
func (in *incident) advise(out *Incident) {
	var ids []string
	if out.Loop != nil {
		for _, l := range loopFixes {
			if l.kind == out.Loop.Kind {
				ids = append(ids, l.fixes...)
			}
		}
	}
	if b := in.verdict.best; b != nil {
		ids = append(ids, b.cause.fix...)
	} else {
		ids = append(ids, unnamed...)
	}
	ids = append(ids, anyway...)
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		for _, f := range fixes {
			if f.id != id {
				continue
			}
			if r, ok := f.give(in); ok {
				r.ID, r.Cuts = f.id, cmp.Or(r.Cuts, f.cuts)
				out.Recommendations = append(out.Recommendations, r)
			}
		}
	}
}

// ---- words of commands ----

// cli is how to reach a server from a shell: with its address where the evidence has one.
func (h *host) cli() string {
	flavor, _ := h.version()
	s := "redis-cli"
	if flavor == "valkey" {
		s = "valkey-cli"
	}
	for _, a := range h.addrs {
		if ip, port, err := net.SplitHostPort(a); err == nil && plainWord(ip) && plainWord(port) {
			return s + " -h " + ip + " -p " + port
		}
	}
	return s
}

// plainWord tells whether a text from the evidence can stand in a shell command: names and addresses can, anything with
// a space, a quote or a sign of the shell's cannot.
func plainWord(s string) bool {
	for _, r := range s {
		if r != '.' && r != ':' && r != '-' && r != '_' && r != '/' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s != ""
}

// configSet is the pair of commands that changes a setting now and for the next start.
func (h *host) configSet(name, value string) string {
	if strings.Contains(value, " ") {
		value = `"` + value + `"`
	}
	return fmt.Sprintf("%s CONFIG SET %s %s\n%s CONFIG REWRITE", h.cli(), name, value, h.cli())
}

// everywhere is configSet on the primary and each replica that has artifacts: both ends use their own value, and each
// may be the primary tomorrow.
func (in *incident) everywhere(name, value string) string {
	p := in.primary()
	out := []string{p.configSet(name, value)}
	for _, h := range in.g.hosts {
		if h != p {
			out = append(out, h.configSet(name, value))
		}
	}
	const most = 9 // a fleet's worth is a script's work
	if len(out) > most {
		out = append(out[:most:most], fmt.Sprintf("# and on %d more", len(out)-most))
	}
	return strings.Join(out, "\n")
}

// atLeast tells whether the host runs this version or a later one; false where the version is not known.
func (h *host) atLeast(major, minor int) bool {
	flavor, v := h.version()
	if v == "" {
		return false
	}
	var a, b int
	if n, _ := fmt.Sscanf(v, "%d.%d", &a, &b); n == 0 {
		return false
	}
	if flavor == "valkey" && a == 7 {
		a, b = 7, max(b, 2) // valkey 7.2 is redis 7.2
	}
	return a > major || a == major && b >= minor
}

// rewriteCost is what every CONFIG REWRITE costs.
const noCost = "nothing to speak of"

// from is a setting's present value, "" where nothing tells it.
func (h *host) from(name string) string { return h.setting(name).Value }

func assumedWord(s setting) string {
	if s.assumed {
		return " (the default, or what its peers run with)"
	}
	return ""
}

// ---- causes of stalls ----

// heldBy is the slowlog entry that held the host's event loop while the links were lost: the longest.
func (in *incident) heldBy(h *host, script bool) *command {
	var best *command
	w := span{in.start - 600*second, in.start + 5*second}
	if in.scene != nil {
		w = in.scene.window()
	}
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

func avoidSlowCommand(in *incident) (Recommendation, bool) {
	p := in.primary()
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

func boundScript(in *incident) (Recommendation, bool) {
	p := in.primary()
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
				if e.kind == "slow-script" && in.scene != nil && e.overlaps(in.scene.window()) {
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

func disableTHP(in *incident) (Recommendation, bool) {
	p := in.primary()
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

func disklessSync(in *incident) (Recommendation, bool) {
	p := in.primary()
	s := p.setting("repl-diskless-sync")
	kind := ""
	if b := in.verdict.best; b != nil {
		kind = b.cause.Kind
	}
	if l, _ := in.loop(); l != nil && kind != "save-failed" {
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
			if len(in.affected()) < 2 {
				return r, false // one fork for one replica either way
			}
			r.Why = fmt.Sprintf("%d replicas asked for a full resync and a fork for each is a stall for all; with repl-diskless-sync-delay those that come within the delay share one%s", len(in.affected()), assumedWord(s))
		}
		return r, true
	}
	// Diskless already: without a delay each replica that comes a moment later waits for a fork of its own.
	delay := p.setting("repl-diskless-sync-delay")
	if s.Value == "yes" && delay.Value == "0" && len(in.affected()) > 1 && kind != "save-failed" {
		return Recommendation{
			Instance: p.name, Setting: "repl-diskless-sync-delay", From: "0", To: "5", Command: p.configSet("repl-diskless-sync-delay", "5"),
			Why:  fmt.Sprintf("%d replicas asked within moments; without a delay the first one's fork begins at once and the others wait for the next. Five seconds, the default, let them share one", len(in.affected())),
			Cost: "a full resync begins five seconds later",
		}, true
	}
	return Recommendation{}, false
}

func fasterFsync(in *incident) (Recommendation, bool) {
	p := in.primary()
	s := p.setting("appendfsync")
	if s.Value == "always" {
		return Recommendation{
			Instance: p.name, Setting: "appendfsync", From: "always", To: "everysec", Command: p.configSet("appendfsync", "everysec"),
			Why:  "with always every write waits for the disk in the main thread, and with it every replica's link; everysec leaves it to a thread",
			Cost: "up to a second of writes may be lost if the host dies",
		}, true
	}
	if n := p.setting("no-appendfsync-on-rewrite"); n.Value == "no" && p.rewroteDuring(in) {
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

func steadyHost(in *incident) (Recommendation, bool) {
	p := in.primary()
	d := micros(0)
	if in.scene != nil {
		if st := in.scene.stallOf(p); st != nil {
			d = st.atMost
		}
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

func checkPath(in *incident) (Recommendation, bool) {
	p, r := in.primary(), (*host)(nil)
	if w := in.wave(); len(w) > 0 {
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
	if !in.scene.several {
		where = "the side of " + r.name + ": its link alone broke"
	}
	how := "closed at once"
	if in.scene.silent {
		how = "fell silent"
	}
	what := fmt.Sprintf("the link %s while both servers ran on; look on %s", how, where)
	if d := in.missing(in.wave()[0]); d > 0 {
		what += fmt.Sprintf("; it was gone for %s", length(d))
	}
	return Recommendation{
		Instance: r.name, Setting: "network path", To: "no breaks", Why: what, Cost: noCost,
		Command: fmt.Sprintf("# on %s:\nmtr -rwc 100 %s\nss -ti dst %s\nnetstat -s | grep -i retrans", r.name, target, target),
	}, true
}

// ---- settings of the link ----

// mostTimeout is the longest repl-timeout that is advised. A dead peer is noticed only after it, and its output buffer
// grows as long: ten minutes is ten times the default, and longer stalls have to be mended where they arise.
const mostTimeout = 600

func raiseTimeout(in *incident) (Recommendation, bool) {
	p := in.primary()
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
	if l, storm := in.loop(); storm && l.Kind == "fork-cascade" {
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

func raiseBacklog(in *incident) (Recommendation, bool) {
	pl := in.g.plan
	if cures, _ := in.backlogCures(); !cures || pl == nil {
		return Recommendation{}, false
	}
	var acc *account
	for i := range pl.accounts {
		if pl.accounts[i].in == in {
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
	p := in.primary()
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

func keepAlive(in *incident) (Recommendation, bool) {
	if in.scene == nil || !in.scene.silent {
		return Recommendation{}, false // the break was heard of at once
	}
	p := in.primary()
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

func raiseOutputBuffer(in *incident) (Recommendation, bool) {
	p := in.primary()
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
	p := in.primary()
	a, b := p.lastSampleBefore(in.start), p.firstSampleAfter(in.start)
	return a != nil && b != nil && a.OutputLimitDrops.Known() && b.OutputLimitDrops > a.OutputLimitDrops && a.RunID == b.RunID
}

func speedUpTransfer(in *incident) (Recommendation, bool) {
	p := in.primary()
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

func findReplicaStall(in *incident) (Recommendation, bool) {
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
			Why: fmt.Sprintf("%s held %s for %s%s; the primary waits %s for an acknowledgement", c.Name, r.name, length(micros(c.Micros)), who, length(in.primary().duration("repl-timeout"))),
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

func planRestart(in *incident) (Recommendation, bool) {
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
	p := in.primary()
	for _, h := range in.g.hosts {
		if h != p && !h.sentinel {
			return h
		}
	}
	return nil
}

func failoverFirst(in *incident) (Recommendation, bool) {
	p, r := in.primary(), in.promotable()
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

func saveOnShutdown(in *incident) (Recommendation, bool) {
	p := in.primary()
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

func findCrash(in *incident) (Recommendation, bool) {
	p := in.primary()
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

func useSentinel(in *incident) (Recommendation, bool) {
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
	p := in.primary()
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

func checkFailover(in *incident) (Recommendation, bool) {
	r := Recommendation{
		Instance: in.primary().name, Setting: "failover", To: "a known reason", Cost: noCost, Command: in.primary().cli() + " INFO replication",
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

func findPrimaryLog(in *incident) (Recommendation, bool) {
	p := in.primary()
	return Recommendation{
		Instance: p.name, Setting: "evidence", To: "the log of " + p.name, Cost: noCost, Command: "journalctl -u redis-server --since '1 day ago'\njournalctl -k --since '1 day ago' | grep -iE 'oom|segfault'",
		Why: p.name + " is gone and nothing of it is in the evidence after the loss: its log and its host's kernel log tell why",
	}, true
}

func checkQuorum(in *incident) (Recommendation, bool) {
	r := Recommendation{Instance: in.primary().name, Setting: "quorum", To: "a majority that can be reached", Cost: noCost, Why: "a failover was begun and given up: Sentinels or cluster nodes could not agree, or found no replica good enough"}
	if len(in.g.sentinels) > 0 {
		r.Command = fmt.Sprintf("%s SENTINEL CKQUORUM %s", in.g.sentinels[0].cli(), in.g.watched())
	} else {
		r.Command = in.primary().cli() + " CLUSTER NODES"
	}
	return r, true
}

// ---- snapshots ----

// forkRefused is the log's line about a fork that failed in the incident and says this.
func (in *incident) forkRefused(what string) *event {
	p := in.primary()
	for i := range p.events {
		e := &p.events[i]
		if e.Kind != message.ForkFailedRdb && e.Kind != message.ForkFailedAof && e.Kind != message.ForkFailedModule || in.scene != nil && !in.scene.during(e) {
			continue
		}
		if strings.Contains(e.Text, what) {
			return e
		}
	}
	return nil
}

func processLimit(in *incident) (Recommendation, bool) {
	// EAGAIN: fork(2) gives it at RLIMIT_NPROC, a cgroup's pids.max or the kernel's limit of threads.
	e := in.forkRefused("Resource temporarily unavailable")
	if e == nil {
		return Recommendation{}, false
	}
	p := in.primary()
	pid := "$(pidof redis-server)"
	if s := p.lastSampleBefore(in.start); s != nil && s.ProcessID.Known() {
		pid = itoa(int64(s.ProcessID))
	}
	return Recommendation{
		Instance: p.name, Setting: "process limit", To: "more processes", Command: fmt.Sprintf("prlimit --pid %s --nproc=65536:65536\ncat /proc/%s/cgroup # then pids.max there", pid, pid),
		Why: fmt.Sprintf("fork failed with %q: a limit of processes (ulimit -u, TasksMax, pids.max) and not of memory", shorten(e.Text, 100)), Cost: noCost,
	}, true
}

func overcommit(in *incident) (Recommendation, bool) {
	p := in.primary()
	if in.forkRefused("Resource temporarily unavailable") != nil {
		return Recommendation{}, false
	}
	w, started := p.warned(message.OvercommitWarning)
	if w == nil && started {
		return Recommendation{}, false // it would have said so at its start
	}
	r := Recommendation{
		Instance: p.name, Setting: "vm.overcommit_memory", From: "unknown", To: "1", Command: "sysctl vm.overcommit_memory=1\necho vm.overcommit_memory=1 >> /etc/sysctl.conf",
		Why: "fork was refused for want of memory; the child shares the parent's pages, but without overcommit the kernel counts them twice", Cost: "the kernel promises more than it has: keep maxmemory below the host's memory",
	}
	if w != nil {
		r.From = "0"
		r.Why += ", and the log of " + p.name + " warns of it"
	}
	return r, true
}

func moreMemory(in *incident) (Recommendation, bool) {
	p := in.primary()
	if in.forkRefused("Resource temporarily unavailable") != nil {
		return Recommendation{}, false
	}
	s := p.lastSampleBefore(in.start)
	r := Recommendation{
		Instance: p.name, Setting: "memory", To: "room for copy-on-write", Command: "free -m", Cost: "memory, or a smaller data set",
		Why: "a snapshot needs room for the pages that are written while it is made",
	}
	if s == nil || !s.UsedMemory.Known() || !s.TotalSystemMemory.Known() || s.TotalSystemMemory <= 0 {
		return r, true
	}
	if s.UsedMemory*4 < s.TotalSystemMemory {
		return r, false // with the data below a quarter of the memory there is room for as much again
	}
	r.From = amount(int64(s.TotalSystemMemory))
	r.Why += fmt.Sprintf(": %s of data on a host with %s", amount(int64(s.UsedMemory)), amount(int64(s.TotalSystemMemory)))
	return r, true
}

func freeDisk(in *incident) (Recommendation, bool) {
	p := in.primary()
	var e *event
	var on *host
	for _, h := range in.g.hosts {
		for i := range h.events {
			x := &h.events[i]
			if failedSave(x) && (in.scene == nil || in.scene.during(x)) && (e == nil || more(x.Text, e.Text)) {
				e, on = x, h
			}
		}
	}
	if on == nil {
		on = p
	}
	dir := on.from("dir")
	if !plainWord(dir) {
		dir = "DIR"
	}
	r := Recommendation{
		Instance: on.name, Setting: "disk", To: "a place that takes the snapshot", Cost: "disk", Command: fmt.Sprintf("df -h %s\ndf -i %s\nls -ld %s", dir, dir, dir),
		Why: "the snapshot could not be written",
	}
	b := in.verdict.best
	if e == nil && (b == nil || b.cause.Kind != "save-failed") {
		return r, false
	}
	if e == nil {
		r.Why += "; its log does not say why: " + b.summary()
	} else {
		r.Why += fmt.Sprintf(": %q", shorten(e.Text, 120))
		switch {
		case strings.Contains(e.Text, "No space left"):
			r.Setting, r.To = "disk space", "twice the size of the dump file free"
		case strings.Contains(e.Text, "Read-only"):
			r.Setting, r.To = "file system", "writable"
			r.Command += "\nmount | grep ' ro[, ]'"
		case strings.Contains(e.Text, "Permission denied"):
			r.Setting, r.To = "owner of the directory", "the server's user"
		}
	}
	return r, true
}

// more tells whether a text names an error of the system where the other does not.
func more(a, b string) bool {
	named := func(s string) bool {
		return strings.Contains(s, "No space") || strings.Contains(s, "Read-only") || strings.Contains(s, "Permission denied") || strings.Contains(s, "No such file")
	}
	return named(a) && !named(b)
}

func checkRDB(in *incident) (Recommendation, bool) {
	r := in.suspectReplica()
	rec := Recommendation{Instance: r.name, Setting: "dump file", To: "one that loads", Cost: noCost, Why: "the snapshot broke on its way or could not be loaded"}
	tool := "redis-check-rdb"
	if f, _ := r.version(); f == "valkey" {
		tool = "valkey-check-rdb"
	}
	dir, name := r.from("dir"), cmp.Or(r.from("dbfilename"), "dump.rdb")
	if !plainWord(dir) || !plainWord(name) {
		dir, name = "DIR", "dump.rdb"
	}
	rec.Command = fmt.Sprintf("%s %s/%s", tool, strings.TrimSuffix(dir, "/"), name)
	for _, o := range in.outages {
		for _, e := range o.failures {
			if o.replica == r && strings.HasPrefix(e.Kind, "rdb-load-") {
				rec.Why += fmt.Sprintf(": %q", shorten(e.Text, 120))
				if e.Kind == message.RdbLoadModuleMissing {
					rec.Setting, rec.To = "modules", "those of the primary"
					rec.Command = r.cli() + " MODULE LIST"
				}
				return rec, true
			}
		}
	}
	return rec, true
}

// suspectReplica is the replica the verdict names, else the first that was affected, else the primary.
func (in *incident) suspectReplica() *host {
	if b := in.verdict.best; b != nil && b.suspect != nil {
		return b.suspect
	}
	if w := in.wave(); len(w) > 0 {
		return w[0].replica
	}
	return in.primary()
}

func upgradeReplica(in *incident) (Recommendation, bool) {
	r, p := in.suspectReplica(), in.primary()
	_, rv := r.version()
	pf, pv := p.version()
	if pv == "" {
		pf, pv = "the primary's", "version"
	}
	return Recommendation{
		Instance: r.name, Setting: "version", From: rv, To: pf + " " + pv + " or later", Command: r.cli() + " INFO server", Cost: "an upgrade of the replica",
		Why: fmt.Sprintf("%s cannot read what %s sends: a replica may be newer than its primary, never older", r.name, p.name),
	}, true
}

// ---- access ----

func setMasterauth(in *incident) (Recommendation, bool) {
	r, p := in.suspectReplica(), in.primary()
	rec := Recommendation{
		Instance: r.name, Setting: "masterauth", To: "the primary's password", Cost: noCost,
		Command: fmt.Sprintf("%s CONFIG SET masterauth PASSWORD\n%s CONFIG REWRITE", r.cli(), r.cli()), Why: "the primary refused the replica's credentials",
	}
	var said *event
	refused := replies(authWords...)
	for _, o := range in.outages {
		for _, e := range o.failures {
			if o.replica == r && said == nil && refused(e) {
				said = e
			}
		}
	}
	if said == nil {
		return rec, true
	}
	rec.Why += fmt.Sprintf(" (%q, %s)", shorten(said.Text, 120), plural(int64(len(in.outages[0].failures)), "time", "times"))
	switch t := said.Text; {
	case strings.Contains(t, "NOPERM"):
		user := r.from("masteruser")
		if !plainWord(user) {
			user = "USER"
		}
		rec.Instance, rec.Setting, rec.To = p.name, "ACL of the replication user", "+psync +replconf +ping"
		rec.Command = fmt.Sprintf("%s ACL SETUSER %s +psync +replconf +ping\n%s CONFIG REWRITE # or ACL SAVE", p.cli(), user, p.cli())
	case strings.Contains(t, "protected mode"):
		rec.Instance, rec.Setting, rec.From, rec.To = p.name, "requirepass", "none", "a password, on both sides"
		rec.Command = fmt.Sprintf("%s CONFIG SET masterauth PASSWORD\n%s CONFIG SET requirepass PASSWORD\n%s CONFIG REWRITE", r.cli(), p.cli(), p.cli())
	case strings.Contains(t, "SSL") || strings.Contains(t, "TLS") || strings.Contains(t, "certificate"):
		rec.Setting, rec.To = "tls-replication", "certificates that both sides trust"
		rec.Command = r.cli() + " CONFIG GET 'tls-*'\n" + p.cli() + " CONFIG GET 'tls-*'"
	}
	return rec, true
}

func checkTopology(in *incident) (Recommendation, bool) {
	r, p := in.suspectReplica(), in.primary()
	rec := Recommendation{Instance: r.name, Setting: "replicaof", From: primaryAddr(r), To: "an address of the primary that " + r.name + " reaches", Cost: noCost, Why: "the link is impossible as it is set up"}
	for _, o := range in.outages {
		if o.replica == r && len(o.failures) > 0 {
			rec.Why += fmt.Sprintf(": %q", shorten(o.failures[0].Text, 120))
			break
		}
	}
	word := "REPLICAOF"
	if !r.atLeast(5, 0) && !p.atLeast(5, 0) {
		word = "SLAVEOF"
	}
	target := "HOST PORT"
	if len(p.addrs) > 0 && p.addrs[0] != rec.From {
		if ip, port, err := net.SplitHostPort(p.addrs[0]); err == nil && plainWord(ip) && plainWord(port) {
			target = ip + " " + port
		}
	}
	rec.Command = fmt.Sprintf("%s ROLE\n%s %s %s", r.cli(), r.cli(), word, target)
	return rec, true
}

func lockDown(in *incident) (Recommendation, bool) {
	p := in.primary()
	r := Recommendation{
		Instance: p.name, Setting: "access", From: "open", To: "a password, private addresses, protected-mode",
		Command: fmt.Sprintf("%s CONFIG SET protected-mode yes\n%s CONFIG SET requirepass PASSWORD\n%s CONFIG REWRITE", p.cli(), p.cli(), p.cli()),
		Why:     "somebody who should not has commanded the server: take it off the net, look at cron, ssh keys and loaded modules on its host, and trust neither", Cost: "clients need the password",
	}
	if p.atLeast(7, 0) {
		r.Why += "; from 7.0 enable-protected-configs no keeps dir and dbfilename from being set at run time"
	}
	return r, true
}

func raiseMaxclients(in *incident) (Recommendation, bool) {
	p := in.primary()
	s := p.setting("maxclients")
	now, ok := table.ParseSize(s.Value)
	if !ok {
		for i := len(p.samples) - 1; i >= 0 && !ok; i-- {
			if n := p.samples[i].MaxClients; n.Known() {
				now, ok = int64(n), true
			}
		}
	}
	if !ok {
		now = 10000 // the default since 2.6 (redis 7.4.1 config.c)
	}
	most := int64(0)
	for i := range p.samples {
		most = max(most, p.samples[i].ConnectedClients.Or(0))
	}
	to := max(2*now, most*2)
	r := Recommendation{
		Instance: p.name, Setting: "maxclients", From: itoa(now), To: itoa(to), Command: p.configSet("maxclients", itoa(to)) + fmt.Sprintf("\nprlimit --pid $(pidof redis-server) --nofile=%d:%d", to+32, to+32),
		Why: fmt.Sprintf("the replica's connection was refused at the limit of %s", bytesOf(now)), Cost: "a file descriptor and some KiB for each client: find who opens so many first (CLIENT LIST)",
	}
	if most > 0 {
		r.Why += fmt.Sprintf("; up to %s clients were connected", bytesOf(most))
	}
	return r, true
}

func askWho(in *incident) (Recommendation, bool) {
	p := in.primary()
	r := Recommendation{Instance: p.name, Setting: "change by a person", To: "an announced one", Cost: noCost, Command: p.cli() + " CLIENT LIST\n" + p.cli() + " SLOWLOG GET 128", Why: "somebody did it by hand"}
	if b := in.verdict.best; b != nil {
		r.Instance = b.suspect.name
		if s := b.summary(); s != "" {
			r.Why += ": " + s
		}
	}
	if p.atLeast(6, 0) {
		r.Command += "\n" + p.cli() + " ACL LOG"
	}
	return r, true
}

// breakStorm is the order of steps that ends a storm while it turns: as long as several replicas ask, each one's fork
// costs the others their links.
func breakStorm(in *incident) (Recommendation, bool) {
	l, storm := in.loop()
	if l == nil || !storm || l.Kind != "fork-cascade" {
		return Recommendation{}, false
	}
	p := in.primary()
	var reps []*host
	for _, o := range in.outages {
		if !o.promoted && !slices.Contains(reps, o.replica) {
			reps = append(reps, o.replica)
		}
	}
	if len(reps) < 2 {
		return Recommendation{}, false
	}
	slices.SortFunc(reps, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	word := "REPLICAOF"
	if !p.atLeast(5, 0) {
		word = "SLAVEOF"
	}
	target := "PRIMARY 6379"
	if a := primaryAddr(reps[0]); a != "" {
		if ip, port, err := net.SplitHostPort(a); err == nil && plainWord(ip) && plainWord(port) {
			target = ip + " " + port
		}
	}
	var c []string
	c = append(c, "# 1. one replica only: the others stop asking (they keep their data and serve it as it is)")
	for _, h := range reps[1:] {
		c = append(c, fmt.Sprintf("%s %s NO ONE", h.cli(), word))
	}
	c = append(c, "# 2. room for the first: limits on the primary and on "+reps[0].name)
	if n := in.g.plan; n != nil && n.recommended > n.backlog {
		c = append(c, fmt.Sprintf("%s CONFIG SET repl-backlog-size %d", p.cli(), n.recommended))
	}
	fork, _ := p.longestFork()
	to := max((int64(fork/second)*2+4)/5*5, int64(p.duration("repl-timeout")/second))
	for _, h := range append([]*host{p}, reps...) {
		c = append(c, fmt.Sprintf("%s CONFIG SET repl-timeout %d", h.cli(), to))
	}
	c = append(c, "# 3. wait until "+reps[0].name+" is online", p.cli()+" INFO replication", "# 4. let the others in one by one, each when the one before it is online")
	for _, h := range reps[1:] {
		c = append(c, fmt.Sprintf("%s %s %s", h.cli(), word, target))
	}
	return Recommendation{
		Instance: p.name, Setting: "topology", From: fmt.Sprintf("%d replicas at once", len(reps)), To: "one after the other", Command: strings.Join(c, "\n"),
		Why:  fmt.Sprintf("each full resync's fork holds the primary for %s and the other replicas lose their links behind it, %d rounds every %s so far; with one replica at a time nobody is lost to a fork", length(fork), l.Rounds, length(micros(l.PeriodS*float64(second)))),
		Cost: "replicas that wait serve old data, and take writes: keep clients off them; with Sentinel, raise down-after-milliseconds or stop it first, or it re-points them",
	}, true
}
