package cause

var replicaStall = Cause{
	Kind: "replica-stall", On: onReplica, What: "the replica stood still",
	Told:  "%s stood still",
	Prose: "The replica itself stood still or could not keep up: a slow command on it, a frozen host, a long load. The primary hears no acknowledgement for repl-timeout and drops it; the replica notices only when it wakes, and its own INFO series has the hole.",
	Fits:  stallFits,
	Clues: []Clue{
		{Says: "the replica stood still: a hole in its own INFO series", Ask: stoodStill, For: Usual, Against: Contradicts},
		{Says: "the replica's own log, slowlog, LATENCY or INFO tells what held it through the silence", Ask: whenLinked(heldItself), For: Said},
		{Says: "its system took connections while it was silent, or nobody tried", Ask: not(noWayTo), Against: Unlikely, Rare: true},
		{Says: "its machine lacked CPU or memory for most of the silence, or its process was stopped", Ask: machineLacked(), For: Hard, Rare: true},
		{Says: "its machine's own tools stood still as long", Ask: machineStill, For: Hard, Rare: true},
		{Says: "its machine's own tools ran on, and lacked nothing: the process alone stood still", Ask: machineRan},
		{Says: "the primary timed it out and the replica noticed later, without a timeout of its own", Ask: noticedLate, For: Hard},
		{Says: "its own replicas lost it in the same moment", Ask: lostByItsOwn, For: Usual, Rare: true},
		{Says: "the primary ran on", Ask: primaryAnswered, For: Usual},
	},
	Fix: []string{"find-replica-stall", "raise-repl-timeout", "raise-backlog"},
}
