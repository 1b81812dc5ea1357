package cause

import (
	"psyncope/correlate/replication"
)

var misconfigured = Cause{
	Kind: "misconfigured", On: onReplica, Blocks: true, What: "the topology or a setting is wrong",
	Told:  "%s is set up so that the link cannot be",
	Prose: "The topology or a setting makes the link impossible: a wrong address, a replica of itself, a name that does not resolve, a primary that is itself a replica without a link, a limit of the replica's below what its primary sends.",
	Clues: []Clue{
		{Says: "the handshake was refused for what the primary is", Ask: said("suspect", replication.Replies("NOMASTERLINK", "unknown command", "can't resolve", "Name or service not known", "Temporary failure in name resolution", "Invalid argument"), "was refused"), For: Usual},
		{Says: "it tried an address at which its primary is not", Ask: wrongAddress, For: Hard},
		{Says: "repl-timeout is no longer than the primary lets pass between two pings, and the link timed out", Ask: ofAll(tooShort), For: Said},
		{Says: "a link was given up for silence, and its replica had missed nothing: its primary was awake and sent nothing", Ask: missedNothing, For: Hard},
		{Says: "the replica closed its primary at its own client-query-buffer-limit", Ask: closedPrimary, For: Said},
		{Says: "the replica never had a link in the evidence", Ask: neverLinked, For: Usual},
		{Says: "the primary knows no such command as was asked for", Ask: said("suspect", replication.SyncUnknown, "was told that there is no SYNC"), For: Said},
		{Says: "the link did not come back with nothing changed", Ask: stayedAway, Against: Unlikely},
	},
	Fix: []string{"check-topology"},
}
