package cause

var primaryCrash = Cause{
	Kind: "primary-crash", On: OnPrimary,
	Told:  "%s ended without being asked",
	Prose: "The primary's process ended without being asked: a crash report, a kill, the kernel's out-of-memory killer, a power loss. Its log ends in a bug report or in mid-sentence before the next start. Its replication id is gone, so every replica needs a full resync unless one of them was promoted.",
	Clues: []Clue{
		{Says: "the primary's log ends in a crash report, or without a farewell before the next start", Ask: primaryEnded("crash", "gone"), For: Said, Against: Contradicts},
		{Says: "the kernel says that it ended the process", Ask: killedForMemory, For: Said, Rare: true},
		{Says: "its log begins with a start after the loss", Ask: startedAnew, For: Hard},
		{Says: "its run id changed", Ask: runIDChanged, For: Usual},
	},
	Fix: []string{"find-crash", "use-sentinel"},
}
