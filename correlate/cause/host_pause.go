package cause

var hostPause = Cause{
	Kind: "host-pause", On: OnPrimary, What: "the process or its host stood still",
	Told:     "%s stood still",
	Prose:    "The primary's process or its host stood still and nothing of its own explains it: a virtual machine that was frozen or moved, swapping, SIGSTOP, a starved CPU. Its own INFO series has a hole, its log is silent, every replica loses it at once, and its slowlog, its forks and its AOF hold nothing as long.",
	Fits:     stallFits,
	Residual: true,
	Clues: []Clue{
		{Says: "the primary stood still: a hole in its own INFO series", Ask: stoodStill, For: Usual, Against: Contradicts},
		{Says: "its system took a connection in which it did not answer", Ask: systemAnswered, For: Usual, Rare: true},
		{Says: "its pings were due and it sent none, though its replica was awake", Ask: pingsUnsent, For: Usual, Rare: true},
		{Says: "its machine lacked CPU or memory for most of the silence, or its process was stopped", Ask: machineLacked(), For: Hard, Rare: true},
		{Says: "its machine's own tools stood still as long", Ask: machineStill, For: Hard, Rare: true},
		{Says: "its machine's own tools ran on, and lacked nothing: the process alone stood still", Ask: machineRan},
		{Says: "nothing of its own explains the hole", Ask: nothingOfItsOwn, For: Hard, Against: Contradicts},
		{Says: "all replicas lost the link at once", Ask: allAtOnce, For: Usual},
		{Says: "the host itself noticed: Sentinel's TILT, or all servers woke in the same moment", Ask: wokeTogether, For: Hard},
	},
	Fix: []string{"steady-host", "raise-repl-timeout", "raise-backlog"},
}
