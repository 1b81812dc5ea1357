package cause

var replicaRestart = Cause{
	Kind: "replica-restart", On: onReplica,
	Told:  "%s went away and came back",
	Prose: "The replica's process went away and came back. It asks to continue from what its dump file remembers, or for everything; what the primary wrote meanwhile decides whether the backlog still holds it.",
	Clues: []Clue{
		{Says: "the replica was a new process when it came back", Ask: restartedReplica, For: Said},
		{Says: "the kernel says that it ended the process", Ask: killedForMemory, For: Said, Rare: true},
	},
	Fits: wasReplica,
	Fix:  []string{"plan-restart", "raise-backlog"},
}
