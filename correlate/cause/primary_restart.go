package cause

var primaryRestart = Cause{
	Kind: "primary-restart", On: OnPrimary,
	Told:  "%s was restarted as the primary",
	Prose: "The primary was asked to shut down and was started again. Up to 6.2 every restart begins a new replication id, so every replica resyncs fully; from 7.0 a clean shutdown with a dump file keeps id and offset.",
	Clues: []Clue{
		{Says: "the primary's log has a shutdown request before its new start", Ask: primaryEnded("shutdown"), For: Said, Against: Contradicts},
		{Says: "its log begins with a start after the loss", Ask: startedAnew, For: Hard},
		{Says: "its run id changed", Ask: runIDChanged, For: Usual},
	},
	Fix: []string{"failover-first", "save-on-shutdown"},
}
