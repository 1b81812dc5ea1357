package cause

import (
	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

var incompatibleVersion = Cause{
	Kind: "incompatible-version", On: onReplica, Blocks: true,
	Told:  "%s cannot read what its primary sends",
	Prose: "The replica cannot read what the primary sends: its RDB version is newer, or it carries types or commands the replica does not know. A replica may be newer than its primary, never older.",
	Clues: []Clue{
		{Says: "the replica says that it can't handle the RDB format", Ask: said("group", replication.Bears(message.FormatTooNew), "cannot read the primary's format"), For: Said},
		{Says: "it dropped the link right after each snapshot had reached it", Ask: droppedAfterTransfer, For: Hard},
	},
	Fix: []string{"upgrade-replica"},
}
