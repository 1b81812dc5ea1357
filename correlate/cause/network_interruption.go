package cause

var networkInterruption = Cause{
	Kind: "network-interruption", On: OnPath, Prior: Fits, What: "the path broke",
	Told:     "the path of %s broke",
	Prose:    "The path between primary and replica broke: connections were reset, refused or went silent while both servers ran on. One link alone points at that replica's side; all links at once with a primary that goes on answering point at the primary's.",
	Residual: true,
	Fits:     pathFits,
	Clues: []Clue{
		{Says: "the primary ran on: its INFO series has no hole", Ask: primaryAnswered, For: Usual, Against: Unlikely},
		{Says: "connecting again failed although the primary was there", Ask: pathBroken, For: Hard},
		{Says: "a server was awake while its collector could not reach it", Ask: awakeButUnreached, For: Hard},
		{Says: "who asked for INFO found no way to one end's system, and the other answered", Ask: noWay, For: Usual, Rare: true},
		{Says: "both ends answered whoever took their dumps while the link was silent", Ask: bothAwake, For: Hard},
		{Says: "an interface of either end lost its link", Ask: machineLink, For: Hard, Rare: true},
		{Says: "frames or segments were lost on either end's machine, more than ever before", Ask: machineLoss, For: Usual, Rare: true},
		{Says: "others took over from a primary that ran on", Ask: cutOff, For: Hard},
		{Says: "connecting timed out or found no route, and never got through", Ask: wentNowhere, For: Usual},
		{Says: "the logs of both ends name no other cause", Ask: nothingElseSaid, For: Usual},
		{Says: "the link closed without a timeout", Ask: lostWithoutTimeout, For: Fits},
		{Says: "neither end was kept waiting by its own machine", Ask: not(endStarved), Against: Unlikely, Rare: true},
		{Says: "the full resyncs that followed were not broken off one after another", Ask: not(brokenOffEachTime), Against: Contradicts, Rare: true},
		{Says: "nobody's system took a connection in which its process did not answer", Ask: not(anySystemAnswered), Against: Unlikely, Rare: true},
		{Says: "neither process had ended", Ask: sameProcesses, Against: Contradicts},
		{Says: "the primary did not close the link at an output buffer limit", Ask: not(overflowClosed), Against: Contradicts},
		{Says: "nobody changed roles or re-pointed the replica at that moment", Ask: not(movedAtLoss), Against: Contradicts},
	},
	Fix: []string{"check-path", "raise-backlog", "keepalive"},
}
