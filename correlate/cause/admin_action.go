package cause

var adminAction = Cause{
	Kind: "admin-action", On: OnObeyed,
	Told:  "somebody commanded %s",
	Prose: "A person did it: REPLICAOF, CLUSTER REPLICATE, CLIENT KILL, CONFIG SET, DEBUG. The log names the client of a role change; a kill shows in the slowlog or in commandstats.",
	Clues: []Clue{
		{Says: "REPLICAOF or a failover was asked for by a client that is no Sentinel", Ask: obeyed, For: Hard},
		{Says: "a replica let its primary go to follow another, and nothing says that a Sentinel or the cluster moved it", Ask: leftUnasked, For: Hard, Rare: true},
		{Says: "a primary's dumps show that it follows nobody of its group from the loss on: no Sentinel told it to", Ask: strangerInDumps, For: Hard, Rare: true},
		{Says: "CLIENT KILL was called on the primary at that moment", Ask: clientKilled, For: Hard},
		{Says: "CLIENT was called more often over the loss than at any other time, and the version counts no KILL by itself", Ask: clientCommanded, For: Hard, Rare: true},
		{Says: "all replicas were closed in one moment, and were back at once", Ask: closedForAll, For: Usual, Rare: true},
		{Says: "the link closed without a timeout", Ask: lostWithoutTimeout, For: Fits, Against: Unlikely},
	},
	Fix: []string{"ask-who"},
}
