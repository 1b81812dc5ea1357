package advice

import (
	"psyncope/correlate/cause"
	"psyncope/correlate/diagnosis"
)

// situation is what a fix looks at: an incident, its verdict, and what the group's incidents would have taken.
type situation struct {
	*cause.Judged
	plan   *Plan
	chosen steps // the settings that are changed for it
}

// fix is one thing to change. It looks at an incident and gives the change with this incident's numbers, or none where
// the evidence shows that it would not help, or is done already. cuts is the rule that it breaks.
type fix struct {
	id, cuts string
	give     func(*situation) (diagnosis.Recommendation, bool)
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
		"Switch transparent huge pages off: after a fork every write copies 2 MiB instead of 4 KiB. Given only where a server says that they are on.",
	},
	{
		"diskless-sync", "full-resync-forks", disklessSync,
		"Send the snapshot of a full resync as it is made: no disk on the primary is needed. Given only where the snapshot cannot be written; not where it is on, or where fork itself is refused.",
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
		"raise-output-buffer", "transfer-overflows", raiseOutputBuffer,
		"Let a slow replica fall behind further before the primary closes it. What was written from the first close until the replica was up again bounds what it takes. From 7.0 a hard limit below the backlog is ignored. A larger backlog does not replace it.",
	},
	{
		"raise-backlog", "backlog-overflow", raiseBacklog,
		"Let the backlog hold what was written while the replica was away: what a refused resync needed, or what an outage as long would have taken at the busiest time, and 15 in 100 more; never more than there is memory for. Given only where the refusal was a lost offset and a larger backlog would have made it a partial resync.",
	},
	{
		"raise-backlog-ttl", "backlog-overflow", raiseTTL,
		"Keep the backlog of a primary that has no replica for a while: it is freed after repl-backlog-ttl, and its replicas come back to a full resync whatever its size. Given only where it was freed.",
	},
	{
		"keepalive", "cause-loses-link", keepAlive,
		"Notice a dead path sooner, and keep middle boxes from forgetting an idle one: pings well within repl-timeout, TCP keepalives.",
	},
	{
		"speed-up-transfer", "transfer-overflows", speedUpTransfer,
		"Make full resyncs shorter, so that less is written meanwhile: load from the socket, a second channel (Valkey 8), a wider path. Given only where no setting that the model knows is enough.",
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
		"check-stream", "attempt-fails", checkStream,
		"Run the newest patch release on both ends where what a replica got was no stream of commands.",
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
		"Point the replica at an address of the primary that it reaches; where it gives an idle link up before its primary pings, let it wait longer.",
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

// AdviceProse is what `explain` prints of a recommendation or a leading indicator.
func AdviceProse(name string) (string, bool) {
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

// AdviceNames lists what adviceProse knows.
func AdviceNames() []string {
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
	kind  diagnosis.LoopKind
	fixes []string
}{
	{diagnosis.ForkCascade, []string{"break-storm", "raise-repl-timeout", "disable-thp"}},
	{diagnosis.OutputBufferLoop, []string{"raise-output-buffer", "speed-up-transfer"}},
	{diagnosis.PartialLoop, []string{"raise-output-buffer"}},
	{diagnosis.SyncTimeoutLoop, []string{"raise-repl-timeout", "speed-up-transfer"}},
	{diagnosis.BigKey, []string{"raise-repl-timeout", "speed-up-transfer"}},
	{diagnosis.SnapshotFailed, []string{"process-limit", "overcommit", "free-disk", "diskless-sync"}},
}

// anyway are tried on every incident: the evidence itself asks for them.
var anyway = []string{"process-limit"}

// unnamed are tried where the evidence cannot tell the cause: they mend what the link then ran into.
var unnamed = []string{"raise-repl-timeout", "raise-backlog"}
