package cause

import "psyncope/correlate/diagnosis"

var forkStall = Cause{
	Kind: "fork-stall", On: OnPrimary,
	Told:  "a fork held %s",
	Prose: "The fork for a snapshot or an AOF rewrite held the primary's main thread: copying the page tables of a large process, more so with transparent huge pages or on some hypervisors. latest_fork_usec tells how long the last one took; a fork inside BGSAVE or PSYNC also stands in the slowlog as that command.",
	Fits:  stallFits,
	Clues: []Clue{
		{Says: "INFO, LATENCY, the slowlog or the log shows a fork as long as the silence", Ask: explained("fork-stall"), For: Said},
		{Says: "latest_fork_usec and total_forks changed over the silence", Ask: not(forksUnchanged), Against: Contradicts},
		{Says: "the time of a forking command in INFO commandstats rose by about the silence", Ask: statsShow("fork-stall"), For: Hard},
		{Says: "its machine lacked memory while it forked", Ask: machineLacked(diagnosis.Memory)},
		{Says: "the primary stood still: a hole in its own INFO series", Ask: stoodStill, For: Usual},
	},
	Fix: []string{"disable-thp", "raise-repl-timeout", "raise-backlog"},
}
