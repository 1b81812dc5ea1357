package cause

var slowCommand = Cause{
	Kind: "slow-command", On: OnPrimary,
	Told:  "a command held %s",
	Prose: "A command held the primary's event loop. While it runs the primary sends nothing, not even the ping, and answers nobody: one that runs longer than the replicas' repl-timeout loses every link at once. The slowlog names it; its time there is when the command ended, so it began that much earlier.",
	Fits:  stallFits,
	Clues: []Clue{
		{Says: "the primary's slowlog holds a command that ran through the silence", Ask: slowlogHas("slow-command"), For: Said, Against: Unlikely},
		{Says: "it wrote a snapshot itself, as SAVE, DEBUG RELOAD and FLUSHALL have it do, and nobody got an answer until that was done", Ask: explained("own-save"), For: Hard, Rare: true},
		{Says: "a command's total time in INFO commandstats rose by about the silence", Ask: statsShow("slow-command"), For: Hard},
		{Says: "the primary stood still: a hole in its own INFO series", Ask: stoodStill, For: Usual},
		{Says: "its system took a connection in which it did not answer", Ask: systemAnswered, For: Usual, Rare: true},
		{Says: "all replicas lost the link at once while it stood still", Ask: stoodStillForAll, For: Usual},
	},
	Fix: []string{"avoid-slow-command", "raise-repl-timeout", "raise-backlog"},
}
