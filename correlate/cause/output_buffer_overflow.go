package cause

var outputBufferOverflow = Cause{
	Kind: "output-buffer-overflow", On: OnPath, Unseen: true,
	Told:  "%s was closed at the output buffer limit",
	Prose: "The primary closed the replica because what waited to be sent to it exceeded client-output-buffer-limit replica: the replica or its path is slower than the writes, or a full resync takes longer than the limit holds. The log names the client and its omem. A larger backlog does not stop it; the server raises the hard limit to the backlog's size from 7.0 on.",
	Clues: []Clue{
		{Says: "the primary's log or INFO counts a replica closed at its output buffer limit", Ask: overflowClosed, For: Said, Against: Contradicts},
		{Says: "the replica's machine kept it waiting before that", Ask: replicaStarved},
		{Says: "more was lost on the way to it than ever before", Ask: pathLost},
		{Says: "a later round of the same link ended at the limit", Ask: overflowLater, For: Hard},
	},
	Fix: []string{"raise-output-buffer", "speed-up-transfer"},
}
