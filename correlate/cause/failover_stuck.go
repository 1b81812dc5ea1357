package cause

var failoverStuck = Cause{
	Kind: "failover-stuck", On: OnPrimary,
	Told:  "no new primary could be agreed on for %s",
	Prose: "Sentinels or cluster nodes agree that the primary is down but cannot agree on, or find, a new one: no good replica, no quorum, an election that expires, data too old.",
	Clues: []Clue{
		{Says: "a failover was aborted or expired, and none succeeded", Ask: stuck, For: Hard},
	},
	Fix: []string{"check-quorum"},
}
