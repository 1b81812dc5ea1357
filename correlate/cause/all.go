package cause

// All are the causes there are, in the order in which `explain` lists them.
var All = []*Cause{
	&slowCommand,
	&slowScript,
	&forkStall,
	&aofFsyncStall,
	&hostPause,
	&networkInterruption,
	&outputBufferOverflow,
	&syncTimeout,
	&replicaStall,
	&replicaRestart,
	&primaryRestart,
	&primaryCrash,
	&failover,
	&primaryDown,
	&failoverStuck,
	&forkFailed,
	&saveFailed,
	&transferFailed,
	&incompatibleVersion,
	&authFailed,
	&misconfigured,
	&intrusion,
	&connectionExhaustion,
	&adminAction,
}

// UnknownProse is what `explain unknown` prints.
const UnknownProse = "The evidence cannot tell what began it: no cause is supported well enough to be named. What would settle it is listed as missing."
