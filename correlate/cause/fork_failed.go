package cause

import (
	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

var forkFailed = Cause{
	Kind: "fork-failed", On: OnPrimary, Blocks: true,
	Told:  "%s could not fork for a snapshot",
	Prose: "fork was refused: not enough memory under the kernel's overcommit rules, or a process limit. No snapshot, so no full resync, can succeed until that changes; the replica asks again and again.",
	Clues: []Clue{
		{Says: "the log says that fork failed", Ask: said("suspect", replication.Bears(message.ForkRefused), "could not fork"), For: Said},
		{Says: "the primary told the replica that it could not begin a snapshot", Ask: said("group", replication.BeginsNoSnapshot, "was told that no snapshot can begin"), For: Hard},
		{Says: "snapshots failed and no fork happened: total_forks stood still while sync_full rose", Ask: refusedForks, For: Hard},
		{Says: "rdb_last_bgsave_status is err", Ask: lastSaveFailed, For: Usual},
	},
	Fix: []string{"overcommit", "more-memory"},
}
