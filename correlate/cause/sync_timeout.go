package cause

var syncTimeout = Cause{
	Kind: "sync-timeout", On: onReplica,
	Told:  "a full resync of %s outran repl-timeout",
	Prose: "A full resync's transfer or load outran repl-timeout, on either side: the replica gives up with \"Timeout receiving bulk data\", or the primary drops a replica that takes no bytes. The next attempt begins from the start and meets the same end.",
	Clues: []Clue{
		{Says: "the link was never up before a transfer or load timed out", Ask: timedOutFirst, For: Said},
	},
	Fix: []string{"raise-repl-timeout", "speed-up-transfer"},
}
