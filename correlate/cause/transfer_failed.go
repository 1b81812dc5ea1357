package cause

import (
	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

var transferFailed = Cause{
	Kind: "transfer-failed", On: onReplica, Blocks: true,
	Told:  "what was sent to %s broke on its way or at load",
	Prose: "The snapshot broke on its way or could not be written down or loaded: the replica's full or read-only disk, a corrupt or truncated RDB, a missing module. Or what came behind it was no stream of commands.",
	Clues: []Clue{
		{Says: "the replica could not load what it received", Ask: whenLinked(said("suspect", replication.Bears(message.CannotLoad), "could not load")), For: Said},
		{Says: "the replica could not write down what it received", Ask: said("suspect", replication.CannotWriteDown, "could not write"), For: Said},
		{Says: "the replica says that what came was no stream of commands", Ask: said("suspect", replication.BrokenStream, "got no stream of commands"), For: Said},
		{Says: "it dropped the link right after each snapshot had reached it", Ask: droppedAfterTransfer, For: Hard},
		{Says: "the replica does not say that it cannot read the format", Ask: not(said("group", replication.Bears(message.FormatTooNew), "cannot read the primary's format")), Against: Contradicts},
		{Says: "transfers broke off after they had begun", Ask: ofAll(transfersFailed), For: Usual},
		{Says: "full resyncs were broken off one after another, faster than a silence could", Ask: brokenOffEachTime, For: Usual, Rare: true},
		{Says: "the primary did not close them at an output buffer limit", Ask: not(said("group", replication.ClosedReplica, "closed a replica")), Against: Contradicts},
	},
	Fix: []string{"check-rdb", "check-stream"},
}
