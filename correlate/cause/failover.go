package cause

import (
	"psyncope/correlate/replication"
)

var failover = Cause{
	Kind: "failover", On: OnPrimary,
	Told:     "another server took over from %s",
	Prose:    "Roles changed: Sentinel, the cluster or FAILOVER made a replica the primary. Siblings that follow it continue by partial resync (4.0+); the old primary resyncs too, fully if it took writes nobody else has. It is the trigger only where the evidence shows no reason for it.",
	Residual: true,
	Clues: []Clue{
		{Says: "a replica was promoted", Ask: said("sentinels", replication.RoleChanged, "changed roles"), For: Hard},
		{Says: "dumps show a replica as a primary that others follow, and no log tells who made it one", Ask: promotedInDumps, For: Hard, Rare: true},
		{Says: "somebody asked a Sentinel for a failover, and no lost link is seen", Ask: askedAlone, For: Hard, Rare: true},
		{Says: "the primary that was replaced had not stood still before", Ask: primaryAnswered, Against: Contradicts, Rare: true},
		{Says: "the old primary did not start anew after the loss", Ask: not(startedAnew), Against: Unlikely},
	},
	Fix: []string{"check-failover"},
}
