package cause

import "psyncope/correlate/diagnosis"

var aofFsyncStall = Cause{
	Kind: "aof-fsync-stall", On: OnPrimary,
	Told:  "an fsync of the append-only file held %s",
	Prose: "The append-only file's fsync held the primary: with appendfsync always every write waits for the disk, with everysec a write waits while the background fsync is more than two seconds late. LATENCY's aof events, aof_delayed_fsync and the log's \"Asynchronous AOF fsync is taking too long\" show it.",
	Fits:  stallFits, Resource: diagnosis.Disk,
	Clues: []Clue{
		{Says: "LATENCY, the log or aof_delayed_fsync shows a write held by fsync in the silence", Ask: explained("aof-fsync-stall"), For: Said},
		{Says: "the disk was busy, or waited for, through the silence of a server whose writes wait for it", Ask: disksHeld, For: Hard, Rare: true},
		{Says: "the AOF is on", Ask: not(aofOff), Against: Contradicts},
		{Says: "the primary stood still: a hole in its own INFO series", Ask: stoodStill, For: Usual},
	},
	Fix: []string{"faster-fsync", "raise-repl-timeout", "raise-backlog"},
}
