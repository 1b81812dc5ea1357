package cause

import (
	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

var saveFailed = Cause{
	Kind: "save-failed", On: OnPrimary, Blocks: true, What: "snapshots could not be written",
	Told:  "%s could not write a snapshot",
	Prose: "The snapshot or the AOF could not be written: disk full, read-only file system, missing directory, permissions; or the child that writes it was killed, as by the kernel's out-of-memory killer. A full resync over disk cannot succeed until that is mended; a diskless one needs no disk on the primary, but a replica may still need a temporary file.",
	Clues: []Clue{
		{Says: "the log says that a snapshot could not be written", Ask: said("suspect", replication.FailedSave, "could not write"), For: Said},
		{Says: "the snapshot's child ended with an error or by a signal, again and again", Ask: whenLinked(childFails), For: Said},
		{Says: "the kernel says that it ended the child", Ask: whenLinked(childKilledForMemory), For: Said, Rare: true},
		{Says: "a file system was full", Ask: noRoom},
		{Says: "a server found its own dump file incomplete at its start", Ask: dumpCutShort, For: Hard},
		{Says: "rdb_last_bgsave_status is err", Ask: lastSaveFailed, For: Hard},
		{Says: "full resyncs were granted and closed at once, again and again", Ask: grantsWithoutTransfer, For: Hard},
		{Says: "forks happened meanwhile", Ask: not(refusedForks), Against: Contradicts},
		{Says: "fork itself was not refused", Ask: not(said("suspect", replication.Bears(message.ForkRefused), "could not fork")), Against: Contradicts},
		{Says: "the snapshot was not aimed where only an intruder aims it", Ask: not(said("group", replication.Planted, "was aimed at a system file")), Against: Contradicts},
	},
	Fix: []string{"more-memory", "free-disk", "diskless-sync"},
}
