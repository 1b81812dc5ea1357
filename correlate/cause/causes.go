package cause

import (
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Cause is one kind of trigger: what it is in the guide's words, where it is looked for, and what speaks for it and
// against it. The table below is the whole of what the analysis knows about causes.
type Cause struct {
	Kind string
	// Prose is what `explain` prints.
	Prose string
	// On is where the suspect stands: the primary, or each replica of the first round.
	On side
	// Blocks says that the cause keeps every resync from succeeding: it outweighs what broke the link first.
	Blocks bool
	// what says it in the summary, before the strongest finding, where that finding alone does not name the cause.
	what string
	// prior is the weight without any evidence: how often the cause is met at all.
	prior float64
	Clues []Clue
	// Fix names what to change, in order.
	Fix []string
}

type side int

const (
	OnPrimary side = iota
	onReplica
	OnPath // a replica where one link broke, the primary where all did
)

// Weights are logarithms of odds. 7 and more: said aloud by a server. 3 to 5: hard to explain otherwise.
// 1 to 2: usual with it. Negative numbers stand as `no`: what a yes to the contrary costs.
var Causes = []Cause{
	{
		Kind: "slow-command", On: OnPrimary,
		Prose: "A command held the primary's event loop. While it runs the primary sends nothing, not even the ping, and answers nobody: one that runs longer than the replicas' repl-timeout loses every link at once. The slowlog names it; its time there is when the command ended, so it began that much earlier.",
		Clues: []Clue{
			{"the primary's slowlog holds a command that ran through the silence", slowlogHas("slow-command"), 7, -2.5},
			{"a command's total time in INFO commandstats rose by about the silence", statsShow("slow-command"), 4.5, -1},
			{"the primary stood still: a hole in its own INFO series", stoodStill, 1, -3},
			{"all replicas lost the link at once", allAtOnce, 0.5, -1.5},
		},
		Fix: []string{"avoid-slow-command", "raise-repl-timeout", "raise-backlog"},
	},
	{
		Kind: "slow-script", On: OnPrimary,
		Prose: "A script or function held the primary's event loop. After busy-reply-threshold (lua-time-limit) milliseconds the server logs it and answers BUSY; replication stands still until the script ends or SCRIPT KILL stops it.",
		Clues: []Clue{
			{"the log or the slowlog names a script that ran through the silence", explained("slow-script"), 8, 0},
			{"a script command's total time in INFO commandstats rose by about the silence", statsShow("slow-script"), 4.5, -0.5},
			{"the slowlog holds a script that ran through the silence", slowlogHas("slow-script"), 0.5, -2},
			{"the primary stood still: a hole in its own INFO series", stoodStill, 1, -3},
			{"all replicas lost the link at once", allAtOnce, 0.5, -1.5},
		},
		Fix: []string{"bound-script", "raise-repl-timeout", "raise-backlog"},
	},
	{
		Kind: "fork-stall", On: OnPrimary,
		Prose: "The fork for a snapshot or an AOF rewrite held the primary's main thread: copying the page tables of a large process, more so with transparent huge pages or on some hypervisors. latest_fork_usec tells how long the last one took; a fork inside BGSAVE or PSYNC also stands in the slowlog as that command.",
		Clues: []Clue{
			{"INFO, LATENCY, the slowlog or the log shows a fork as long as the silence", explained("fork-stall"), 7, 0},
			{"latest_fork_usec and total_forks changed over the silence", not(forksUnchanged), 0, -4},
			{"the time of a forking command in INFO commandstats rose by about the silence", statsShow("fork-stall"), 3, -1},
			{"the primary stood still: a hole in its own INFO series", stoodStill, 1, -3},
			{"all replicas lost the link at once", allAtOnce, 0.5, -1.5},
		},
		Fix: []string{"disable-thp", "diskless-sync", "raise-repl-timeout", "raise-backlog"},
	},
	{
		Kind: "aof-fsync-stall", On: OnPrimary,
		Prose: "The append-only file's fsync held the primary: with appendfsync always every write waits for the disk, with everysec a write waits while the background fsync is more than two seconds late. LATENCY's aof events, aof_delayed_fsync and the log's \"Asynchronous AOF fsync is taking too long\" show it.",
		Clues: []Clue{
			{"LATENCY, the log or aof_delayed_fsync shows a write held by fsync in the silence", explained("aof-fsync-stall"), 6.5, 0},
			{"the AOF is on", not(aofOff), 0, -6},
			{"the primary stood still: a hole in its own INFO series", stoodStill, 1, -2},
			{"all replicas lost the link at once", allAtOnce, 0.5, -1.5},
		},
		Fix: []string{"faster-fsync", "raise-repl-timeout", "raise-backlog"},
	},
	{
		Kind: "host-pause", On: OnPrimary, what: "the process or its host stood still",
		Prose: "The primary's process or its host stood still and nothing of its own explains it: a virtual machine that was frozen or moved, swapping, SIGSTOP, a starved CPU. Its own INFO series has a hole, its log is silent, every replica loses it at once, and its slowlog, its forks and its AOF hold nothing as long.",
		Clues: []Clue{
			{"the primary stood still: a hole in its own INFO series", stoodStill, 2.5, -4},
			{"nothing of its own explains the hole", nothingOfItsOwn, 3, -5},
			{"latest_fork_usec and total_forks did not change over it", forksUnchanged, 0.5, 0},
			{"all replicas lost the link at once", allAtOnce, 1, -2},
			{"the host itself noticed: Sentinel's TILT, or all servers woke in the same moment", wokeTogether, 3, 0},
		},
		Fix: []string{"steady-host", "raise-repl-timeout", "raise-backlog"},
	},
	{
		Kind: "network-interruption", On: OnPath, prior: 0.8, what: "the path broke",
		Prose: "The path between primary and replica broke: connections were reset, refused or went silent while both servers ran on. One link alone points at that replica's side; all links at once with a primary that goes on answering point at the primary's.",
		Clues: []Clue{
			{"the primary ran on: its INFO series has no hole", primaryAnswered, 1.2, -3.5},
			{"the replica ran on: its INFO series has no hole", replicaAnswered, 0.7, -1.5},
			{"connecting again failed although the primary was there", pathBroken, 3, 0},
			{"a server was awake while its collector could not reach it", awakeButUnreached, 4, 0},
			{"connecting timed out or found no route, and never got through", wentNowhere, 2, 0},
			{"the logs of both ends name no other cause", nothingElseSaid, 1, 0},
			{"each side timed the other out", bothTimedOut, 1.5, 0},
			{"the link closed without a timeout", lostWithoutTimeout, 0.8, 0},
			{"neither process had ended", sameProcesses, 0, -5},
			{"the primary did not close the link at an output buffer limit", not(overflowClosed), 0, -5},
			{"nobody changed roles or re-pointed the replica at that moment", not(movedAtLoss), 0, -4},
			{"nobody killed the connections at that moment", not(clientKilled), 0, -3},
		},
		Fix: []string{"check-path", "raise-backlog", "keepalive"},
	},
	{
		Kind: "output-buffer-overflow", On: onReplica,
		Prose: "The primary closed the replica because what waited to be sent to it exceeded client-output-buffer-limit replica: the replica or its path is slower than the writes, or a full resync takes longer than the limit holds. The log names the client and its omem. A larger backlog does not stop it; the server raises the hard limit to the backlog's size from 7.0 on.",
		Clues: []Clue{
			{"the primary's log or INFO counts a replica closed at its output buffer limit", overflowClosed, 8.5, -5},
			{"a later round of the same link ended at the limit", overflowLater, 3, 0},
		},
		Fix: []string{"raise-output-buffer", "speed-up-transfer", "diskless-sync"},
	},
	{
		Kind: "sync-timeout", On: onReplica,
		Prose: "A full resync's transfer or load outran repl-timeout, on either side: the replica gives up with \"Timeout receiving bulk data\", or the primary drops a replica that takes no bytes. The next attempt begins from the start and meets the same end.",
		Clues: []Clue{
			{"the link was never up before a transfer or load timed out", timedOutFirst, 7.5, -4},
		},
		Fix: []string{"raise-repl-timeout", "speed-up-transfer", "diskless-sync"},
	},
	{
		Kind: "replica-stall", On: onReplica, what: "the replica stood still",
		Prose: "The replica itself stood still or could not keep up: a slow command on it, a frozen host, a long load. The primary hears no acknowledgement for repl-timeout and drops it; the replica notices only when it wakes, and its own INFO series has the hole.",
		Clues: []Clue{
			{"the replica stood still: a hole in its own INFO series", stoodStill, 2, -4},
			{"the replica's slowlog holds a command that ran through the silence", slowlogHas("slow-command"), 3.5, -0.3},
			{"the primary timed it out and the replica noticed later, without a timeout of its own", noticedLate, 3.5, -2},
			{"the primary ran on", primaryAnswered, 1, -3},
			{"only this replica lost its link", alone, 0.5, -2.5},
			{"its process is the same before and after", not(restartedReplica), 0, -5},
		},
		Fix: []string{"find-replica-stall", "raise-repl-timeout", "raise-backlog"},
	},
	{
		Kind: "replica-restart", On: onReplica,
		Prose: "The replica's process went away and came back. It asks to continue from what its dump file remembers, or for everything; what the primary wrote meanwhile decides whether the backlog still holds it.",
		Clues: []Clue{
			{"the replica was a new process when it came back", restartedReplica, 7.5, -6},
			{"the primary is the same process", sameprimary, 0, -1},
		},
		Fix: []string{"plan-restart", "raise-backlog"},
	},
	{
		Kind: "primary-restart", On: OnPrimary,
		Prose: "The primary was asked to shut down and was started again. Up to 6.2 every restart begins a new replication id, so every replica resyncs fully; from 7.0 a clean shutdown with a dump file keeps id and offset.",
		Clues: []Clue{
			{"the primary's log has a shutdown request before its new start", primaryEnded("shutdown"), 8, -6},
			{"its log begins with a start after the loss", startedAnew, 2.6, 0},
			{"its run id changed", runIDChanged, 1.5, -4},
		},
		Fix: []string{"failover-first", "save-on-shutdown"},
	},
	{
		Kind: "primary-crash", On: OnPrimary,
		Prose: "The primary's process ended without being asked: a crash report, a kill, the kernel's out-of-memory killer, a power loss. Its log ends in a bug report or in mid-sentence before the next start. Its replication id is gone, so every replica needs a full resync unless one of them was promoted.",
		Clues: []Clue{
			{"the primary's log ends in a crash report, or without a farewell before the next start", primaryEnded("crash", "gone"), 8, -6},
			{"its log begins with a start after the loss", startedAnew, 3.2, 0},
			{"its run id changed", runIDChanged, 2.2, -4},
			{"the server left a crash report", said("suspect", replication.Kinds(message.CrashReportStart, message.CrashSignal, message.CrashAssert, message.CrashPanic, message.OomServer), "left a crash report"), 6, 0},
		},
		Fix: []string{"find-crash", "use-sentinel"},
	},
	{
		Kind: "failover", On: OnPrimary,
		Prose: "Roles changed: Sentinel, the cluster or FAILOVER made a replica the primary. Siblings that follow it continue by partial resync (4.0+); the old primary resyncs too, fully if it took writes nobody else has. It is the trigger only where the evidence shows no reason for it.",
		Clues: []Clue{
			{"a replica was promoted", said("sentinels", replication.RoleChanged, "changed roles"), 4, -6},
			{"the old primary had not ended", not(primaryEnded("crash", "gone", "shutdown")), 0, -3},
			{"the old primary did not start anew after the loss", not(startedAnew), 0, -3},
		},
		Fix: []string{"check-failover"},
	},
	{
		Kind: "primary-down", On: OnPrimary,
		Prose: "The primary is gone and nothing in the evidence says why: connections to it are refused, Sentinels or cluster nodes agree that it is down, and it has no log or dump after the loss.",
		Clues: []Clue{
			{"nothing of the primary after the loss, and it cannot be reached", goneForGood, 5, -5},
			{"no account of its end", not(primaryEnded("crash", "shutdown")), 0, -4},
			{"no failover was given up", not(said("sentinels", replication.NoFailover, "gave up a failover")), 0, -2},
		},
		Fix: []string{"find-primary-log"},
	},
	{
		Kind: "failover-stuck", On: OnPrimary,
		Prose: "Sentinels or cluster nodes agree that the primary is down but cannot agree on, or find, a new one: no good replica, no quorum, an election that expires, data too old.",
		Clues: []Clue{
			{"a failover was aborted or expired", said("sentinels", replication.NoFailover, "gave up a failover"), 5, -6},
			{"none succeeded", not(said("sentinels", replication.RoleChanged, "changed roles")), 1, -3},
		},
		Fix: []string{"check-quorum"},
	},
	{
		Kind: "fork-failed", On: OnPrimary, Blocks: true,
		Prose: "fork was refused: not enough memory under the kernel's overcommit rules, or a process limit. No snapshot, so no full resync, can succeed until that changes; the replica asks again and again.",
		Clues: []Clue{
			{"the log says that fork failed", said("suspect", replication.Kinds(message.ForkFailedRdb, message.ForkFailedAof, message.ForkFailedModule), "could not fork"), 9, 0},
			{"the primary told the replica that it could not begin a snapshot", said("group", replication.BeginsNoSnapshot, "was told that no snapshot can begin"), 5, 0},
			{"snapshots failed and no fork happened: total_forks stood still while sync_full rose", refusedForks, 5.5, -3},
			{"resyncs were asked for while every snapshot failed", snapshotsFail, 2.2, 0},
			{"rdb_last_bgsave_status is err", lastSaveFailed, 2.5, 0},
		},
		Fix: []string{"overcommit", "more-memory"},
	},
	{
		Kind: "save-failed", On: OnPrimary, Blocks: true, what: "snapshots could not be written",
		Prose: "The snapshot or the AOF could not be written: disk full, read-only file system, missing directory, permissions. A full resync over disk cannot succeed until that is mended; a diskless one needs no disk on the primary, but a replica may still need a temporary file.",
		Clues: []Clue{
			{"the log says that a snapshot could not be written", said("group", replication.FailedSave, "could not write"), 7, 0},
			{"a server found its own dump file incomplete at its start", dumpCutShort, 5, 0},
			{"rdb_last_bgsave_status is err", lastSaveFailed, 3, -1},
			{"full resyncs were granted and closed at once, again and again", grantsWithoutTransfer, 4.5, -2},
			{"resyncs were asked for while every snapshot failed", snapshotsFail, 2.5, 0},
			{"forks happened meanwhile", not(refusedForks), 0.5, -6},
			{"fork itself was not refused", not(said("suspect", replication.Kinds(message.ForkFailedRdb, message.ForkFailedAof), "could not fork")), 0, -7},
			{"the snapshot was not aimed where only an intruder aims it", not(said("group", replication.Planted, "was aimed at a system file")), 0, -8},
		},
		Fix: []string{"free-disk", "diskless-sync"},
	},
	{
		Kind: "transfer-failed", On: onReplica, Blocks: true,
		Prose: "The snapshot broke on its way or could not be loaded: a corrupt or truncated RDB, a missing module, an I/O error of the replica.",
		Clues: []Clue{
			{"the replica could not load what it received", whenLinked(said("suspect", replication.Kinds(message.RdbLoadChecksum, message.RdbLoadCorrupt, message.RdbLoadShortRead, message.RdbLoadBadSignature, message.SyncLoadFailed, message.SyncBadProtocol, message.RdbLoadReadError, message.RdbLoadModuleMissing), "could not load")), 6.5, 0},
			{"it dropped the link right after each snapshot had reached it", droppedAfterTransfer, 3.4, 0},
			{"transfers broke off after they had begun", transfersFailed, 1.5, -1},
			{"the primary did not close them at an output buffer limit", not(said("group", replication.ClosedReplica, "closed a replica")), 0, -6},
			{"the transfer did not time out", not(said("group", replication.TransferTimedOut, "gave up on a transfer")), 0, -5},
		},
		Fix: []string{"check-rdb"},
	},
	{
		Kind: "incompatible-version", On: onReplica, Blocks: true,
		Prose: "The replica cannot read what the primary sends: its RDB version is newer, or it carries types or commands the replica does not know. A replica may be newer than its primary, never older.",
		Clues: []Clue{
			{"the replica says that it can't handle the RDB format", said("group", replication.Kinds(message.RdbLoadBadVersion), "cannot read the primary's format"), 10, 0},
			{"it dropped the link right after each snapshot had reached it", droppedAfterTransfer, 3, 0},
		},
		Fix: []string{"upgrade-replica"},
	},
	{
		Kind: "auth-failed", On: onReplica, Blocks: true,
		Prose: "Credentials, ACL rules, TLS or protected mode refused the link. It often shows only at the first reconnect after the password changed: the old connection went on unharmed.",
		Clues: []Clue{
			{"the primary refused the replica's credentials", said("suspect", replication.Replies(replication.AuthWords...), "was refused"), 9, -1},
			{"acl_access_denied_auth rose on the primary", counterRose(func(s *timeline.Sample) int64 { return s.DeniedAuth.Or(-1) }, "acl_access_denied_auth"), 2, 0},
		},
		Fix: []string{"set-masterauth"},
	},
	{
		Kind: "misconfigured", On: onReplica, Blocks: true, what: "the topology or a setting is wrong",
		Prose: "The topology or a setting makes the link impossible: a wrong address, a replica of itself, a name that does not resolve, a primary that is itself a replica without a link.",
		Clues: []Clue{
			{"the handshake was refused for what the primary is", said("suspect", replication.Replies("NOMASTERLINK", "unknown command", "can't resolve", "Name or service not known", "Temporary failure in name resolution", "Invalid argument"), "was refused"), 3, 0},
			{"it tried an address at which its primary is not", wrongAddress, 5, 0},
			{"the replica never had a link in the evidence", neverLinked, 1, 0},
			{"the link did not come back with nothing changed", not(cameBack), 0, -2.5},
			{"Sentinel found the address wrong", said("sentinels", replication.Kinds(message.SentinelInvalidAddress), "found an address wrong"), 5, 0},
		},
		Fix: []string{"check-topology"},
	},
	{
		Kind: "intrusion", On: OnPrimary,
		Prose: "Someone who should not: a rogue REPLICAOF, CONFIG SET dir and dbfilename aimed at cron or ssh files, a module loaded from a dump. The server is reachable without a password.",
		Clues: []Clue{
			{"a file is aimed where only an intruder aims it", said("group", replication.Planted, "was aimed at a system file"), 9.5, 0},
			{"a primary was told to follow a public address outside its group", rogueReplicaof, 7, 0},
			{"the server saw another protocol's words", said("group", replication.Kinds(message.SecurityCrossProtocol), "saw a cross-protocol attack"), 5, 0},
		},
		Fix: []string{"lock-down"},
	},
	{
		Kind: "connection-exhaustion", On: OnPrimary, Blocks: true,
		Prose: "maxclients or the file descriptor limit refused the replica's connection. Servers do not log it: the replica's handshake shows the error, INFO counts rejected_connections.",
		Clues: []Clue{
			{"the handshake met the limit", said("group", replication.Replies("max number of clients"), "was refused"), 9, -1},
			{"rejected_connections rose", counterRose(func(s *timeline.Sample) int64 { return s.RejectedConnections.Or(-1) }, "rejected_connections"), 4, -2},
			{"accepting failed for want of file descriptors", said("suspect", replication.TooManyFiles, "could not accept"), 7, 0},
		},
		Fix: []string{"raise-maxclients"},
	},
	{
		Kind: "admin-action", On: OnPath,
		Prose: "A person did it: REPLICAOF, CLIENT KILL, CONFIG SET, DEBUG. The log names the client of a role change; a kill shows in the slowlog or in commandstats.",
		Clues: []Clue{
			{"REPLICAOF or a failover was asked for by a client that is no Sentinel", said("group", replication.ByPerson, "obeyed a client"), 4.5, -1},
			{"CLIENT KILL was called on the primary at that moment", clientKilled, 4.5, -0.5},
			{"the link closed without a timeout", lostWithoutTimeout, 0.3, -3},
		},
		Fix: []string{"ask-who"},
	},
}

// UnknownPrior is the weight of the verdict "the evidence cannot tell".
const UnknownPrior = 1.6

// UnknownProse is what `explain unknown` prints.
const UnknownProse = "The evidence cannot tell what began it: no cause is supported well enough to be named. What would settle it stands under missing."
