package cause

import (
	"psyncope/correlate/replication"
	"psyncope/ingest/message"
)

var intrusion = Cause{
	Kind: "intrusion", On: OnObeyed,
	Told:  "a stranger commanded %s",
	Prose: "Someone who should not: a rogue REPLICAOF, CONFIG SET dir and dbfilename aimed at cron or ssh files, a module loaded from a dump. The server is reachable without a password.",
	Clues: []Clue{
		{Says: "a file is aimed where only an intruder aims it", Ask: said("group", replication.Planted, "was aimed at a system file"), For: Said},
		{Says: "a server was told to follow a stranger: the client's own address, or a public one outside its private group", Ask: rogueReplicaof, For: Said},
		{Says: "a primary was told to follow nobody of its group", Ask: toldToFollowNobody, For: Hard},
		{Says: "a primary's dumps show that it follows nobody of its group, and no log tells who told it to", Ask: strangerInDumps, For: Usual, Rare: true},
		{Says: "a module was loaded, or was to be, after the server was told to follow a stranger", Ask: moduleOfStranger, For: Said},
		{Says: "the server saw another protocol's words", Ask: said("group", replication.Only(message.SecurityCrossProtocol), "saw a cross-protocol attack"), For: Hard},
	},
	Fix: []string{"lock-down"},
}
