package cause

import (
	"psyncope/correlate/replication"
)

var failoverStuck = Cause{
	Kind: "failover-stuck", On: OnPrimary,
	Prose: "Sentinels or cluster nodes agree that the primary is down but cannot agree on, or find, a new one: no good replica, no quorum, an election that expires, data too old.",
	Clues: []Clue{
		{Says: "a failover was aborted or expired", Ask: said("sentinels", replication.NoFailover, "gave up a failover"), For: Hard, Against: Contradicts},
		{Says: "none succeeded", Ask: not(said("sentinels", replication.RoleChanged, "changed roles")), For: Usual, Against: Unlikely},
	},
	Fix: []string{"check-quorum"},
}
