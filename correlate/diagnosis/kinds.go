package diagnosis

// CauseKind is what began an incident; package cause has them all, with their prose.
type CauseKind string

// UnknownCause is the kind where the evidence cannot tell.
const UnknownCause CauseKind = "unknown"

// Resource is what ran short.
type Resource string

// The resources that a trigger may name.
const (
	CPU     Resource = "cpu"
	Memory  Resource = "memory"
	Disk    Resource = "disk"
	Network Resource = "network"
	Setting Resource = "setting" // a limit that somebody set
	Process Resource = "process" // the process itself, or what the system allows one
)

// Outcome is what a replica asked for, was granted, or got in the end.
type Outcome string

// The empty outcome is that of an attempt that is still open, or of which nothing is known.
const (
	Partial        Outcome = "partial"
	Full           Outcome = "full"
	Failed         Outcome = "failed"
	UnknownOutcome Outcome = "unknown"
)

// RefusalKind is why a replica could not simply continue.
type RefusalKind string

const (
	BacklogOverflow RefusalKind = "backlog-overflow"
	NoBacklog       RefusalKind = "no-backlog"
	ReplidMismatch  RefusalKind = "replid-mismatch"
	OffsetAhead     RefusalKind = "offset-ahead"
	FreshReplica    RefusalKind = "fresh-replica"
	Forced          RefusalKind = "forced"
	NoRefusal       RefusalKind = "none"
	UnknownRefusal  RefusalKind = "unknown"
)

// LoopKind is what goes round.
type LoopKind string

const (
	ForkCascade      LoopKind = "fork-cascade"
	OutputBufferLoop LoopKind = "output-buffer"
	PartialLoop      LoopKind = "partial-loop"
	SyncTimeoutLoop  LoopKind = "sync-timeout"
	BigKey           LoopKind = "big-key"
	SnapshotFailed   LoopKind = "snapshot-failed"
	FailoverLoop     LoopKind = "failover"
	Herd             LoopKind = "herd"
)
