package cause

import (
	"psyncope/correlate/replication"
)

var primaryDown = Cause{
	Kind: "primary-down", On: OnPrimary,
	Prose: "The primary is gone and nothing in the evidence says why: connections to it are refused, Sentinels or cluster nodes agree that it is down, and it has no log or dump after the loss.",
	Clues: []Clue{
		{Says: "nothing of the primary after the loss, and it cannot be reached", Ask: goneForGood, For: Hard},
		{Says: "no failover was given up", Ask: not(said("sentinels", replication.NoFailover, "gave up a failover")), Against: Unlikely},
	},
	Fix: []string{"find-primary-log"},
}
