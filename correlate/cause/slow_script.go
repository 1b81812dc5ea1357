package cause

var slowScript = Cause{
	Kind: "slow-script", On: OnPrimary,
	Told:  "a script held %s",
	Prose: "A script or function held the primary's event loop. After busy-reply-threshold (lua-time-limit) milliseconds the server logs it and answers BUSY; replication stands still until the script ends or SCRIPT KILL stops it.",
	Fits:  stallFits,
	Clues: []Clue{
		{Says: "the log or the slowlog names a script that ran through the silence", Ask: explained("slow-script"), For: Said},
		{Says: "a script command's total time in INFO commandstats rose by about the silence", Ask: statsShow("slow-script"), For: Hard},
	},
	Fix: []string{"bound-script", "raise-repl-timeout", "raise-backlog"},
}
