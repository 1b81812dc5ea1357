package cause

import (
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
)

var connectionExhaustion = Cause{
	Kind: "connection-exhaustion", On: OnPrimary, Blocks: true,
	Told:  "%s had no connection left",
	Prose: "maxclients or the file descriptor limit refused the replica's connection. Servers do not log it: the replica's handshake shows the error, INFO counts rejected_connections.",
	Clues: []Clue{
		{Says: "the handshake met the limit", Ask: said("group", replication.Replies("max number of clients"), "was refused"), For: Said},
		{Says: "rejected_connections rose", Ask: counterRose(func(s *timeline.Sample) int64 { return s.RejectedConnections.Or(-1) }, "rejected_connections"), For: Hard},
		{Says: "accepting failed for want of file descriptors", Ask: said("suspect", replication.TooManyFiles, "could not accept"), For: Said},
	},
	Fix: []string{"raise-maxclients"},
}
