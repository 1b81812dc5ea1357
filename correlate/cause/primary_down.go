package cause

var primaryDown = Cause{
	Kind: "primary-down", On: OnPrimary,
	Told:  "%s is gone, and nothing says why",
	Prose: "The primary is gone and nothing in the evidence says why: connections to it are refused, Sentinels or cluster nodes agree that it is down, and it has no log or dump after the loss.",
	Clues: []Clue{
		{Says: "nothing of the primary after the loss, and it cannot be reached", Ask: goneForGood, For: Hard},
		{Says: "something shows that it ever was there", Ask: not(neverSeen), Against: Unlikely},
	},
	Fix: []string{"find-primary-log"},
}
