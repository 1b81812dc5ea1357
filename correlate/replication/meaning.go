package replication

import (
	"strings"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

func Kinds(ks ...string) func(*timeline.Event) bool {
	return func(e *timeline.Event) bool {
		for _, k := range ks {
			if e.Kind == k {
				return true
			}
		}
		return false
	}
}

// Replies matches what a primary's error reply says inside a replica's lines.
func Replies(words ...string) func(*timeline.Event) bool {
	return func(e *timeline.Event) bool {
		if !failsAttempt(e.Kind) && !strings.HasPrefix(e.Kind, "repl-handshake") && e.Kind != message.PsyncUnsupported {
			return false
		}
		for _, w := range words {
			if strings.Contains(e.Text, w) {
				return true
			}
		}
		return false
	}
}

var AuthWords = []string{
	"NOAUTH", "WRONGPASS", "NOPERM", "invalid password", "Unable to AUTH", "invalid username", "-DENIED", "DENIED Redis is running in protected mode",
	"operation not permitted", "no password is set", "certificate", "SSL", "TLS",
}

// failedSaves are snapshots that could not be written, for reasons of the disk.
func FailedSave(e *timeline.Event) bool {
	switch e.Kind {
	case message.RdbSaveOpenFailed, message.RdbSaveWriteError, message.RdbSaveRenameFailed, message.RdbSaveFsyncDirFailed, message.AofWriteError,
		message.SyncRdbOpenFailed, message.SyncRdbRenameFailed, message.SyncRdbFsyncFailed, message.BgsaveFailed, message.ReplyMisconfRdb:
		return true
	}
	return strings.Contains(e.Text, "No space left on device") || strings.Contains(e.Text, "Read-only file system")
}

// BeginsNoSnapshot: a replica is told so where the snapshot's child cannot be started (redis 7.4.1 replication.c
// startBgsaveForReplication). A child that fails later closes the connection without a word.
func BeginsNoSnapshot(e *timeline.Event) bool {
	return strings.Contains(e.Text, "BGSAVE failed, replication can't continue")
}

// ByPerson reports whether a role change or re-pointing was asked for by somebody who is no Sentinel.
func ByPerson(e *timeline.Event) bool {
	switch e.Kind {
	case message.ReplicaofSet, message.Promoted:
		return !e.BySentinel
	case message.FailoverRequested, message.ClusterFailoverForced, message.SentinelFailoverRequested:
		return true
	}
	return false
}

func RoleChanged(e *timeline.Event) bool {
	if e.Kind == message.ReplicaofSet {
		return !ByPerson(e)
	}
	switch e.Kind {
	case message.Promoted, message.PromotedByFailover, message.SentinelSwitchPrimary, message.ClusterElectionWon, message.ClusterManualFailoverAccepted, message.SentinelPromoted, message.SentinelFailoverEnd:
		return true
	}
	return false
}

// Planted matches snapshots aimed where only an intruder aims them.
func Planted(e *timeline.Event) bool {
	for _, w := range []string{"/var/spool/cron", "/etc/cron", ".ssh", "authorized_keys", "/etc/ld.so.preload", "/var/www", "/tmp/exp", "module.so", "system.so", "exp.so"} {
		if strings.Contains(e.Text, w) {
			return e.Kind != message.ServerVersion
		}
	}
	return false
}

func TransferTimedOut(e *timeline.Event) bool {
	return e.Kind == message.SyncTransferTimeout || e.Kind == message.ReplicaTimeoutFullsync
}

func NoFailover(e *timeline.Event) bool {
	switch e.Kind {
	case message.SentinelFailoverAbortNotElected, message.SentinelFailoverAbortNoGoodSlave, message.SentinelFailoverAbortSlaveTimeout, message.SentinelFailoverEndTimeout:
		return true
	}
	return strings.HasPrefix(e.Kind, "cluster-") && (strings.Contains(e.Text, "unable to failover") || strings.Contains(e.Text, "Failover attempt expired"))
}

func ClosedReplica(e *timeline.Event) bool {
	return e.Kind == message.ClientOutputBufferLimit && ReplicaClient(e)
}

func TooManyFiles(e *timeline.Event) bool {
	return strings.Contains(e.Text, "Too many open files")
}

func MovedBySentinel(o *Outage) bool { return o.Moved != nil && !ByPerson(o.Moved) }

func ContainsWord(s, w string) bool { return strings.Contains(s, w) }

// ErrorReply reports whether the primary answered the request with an error instead of a resync. That it will answer later
// (-LOADING, -NOMASTERLINK) is no answer.
func ErrorReply(e *timeline.Event) bool {
	switch e.Kind {
	case message.PsyncBadReply, message.PsyncUnsupported, message.ReplAuthFailed, message.SyncAbortedByPrimary:
		return true
	}
	return strings.HasPrefix(e.Kind, message.ReplHandshakeError)
}

// SlowKind reports whether a message is of something slow, which is a fault only where it may have cost a link.
func SlowKind(e *timeline.Event) bool {
	return e.Kind == message.ScriptSlow || e.Kind == message.AofFsyncSlow
}

// FaultKind reports whether a message is a fault in itself.
func FaultKind(e *timeline.Event, sentinel bool) bool {
	if sentinel {
		switch e.Kind {
		case message.SentinelOdown, message.SentinelSwitchPrimary, message.SentinelTryFailover, message.SentinelFailoverAbortNotElected, message.SentinelFailoverAbortNoGoodSlave, message.SentinelPromoted:
			return true
		case message.SentinelSdown:
			return e.Level == "warning" && ContainsWord(e.Text, "+sdown master")
		}
		return false
	}
	switch e.Kind {
	case message.CrashReportStart, message.CrashSignal, message.CrashAssert, message.CrashPanic, message.OomServer,
		message.ForkFailedRdb, message.ForkFailedAof, message.BgsaveFailed, message.RdbSaveOpenFailed, message.RdbSaveWriteError,
		message.AofWriteError, message.AofFsyncSlow, message.ScriptSlow, message.SecurityCrossProtocol,
		message.RdbLoadFatal, message.RdbLoadShortRead, message.RdbLoadChecksum, message.RdbLoadBadVersion, message.LoadFatal,
		message.ClusterNodeFail, message.ClusterElectionWon, message.ClientOutputBufferLimit, message.SyncBgsaveFailed:
		return e.Kind != message.ClientOutputBufferLimit || ReplicaClient(e)
	case message.ReplicaTimeout:
		return true
	}
	return false
}

// ReplicaClient reports whether a client in an output-buffer line is a replica: flags=S, or a command only they send.
func ReplicaClient(e *timeline.Event) bool {
	i := strings.Index(e.Text, "flags=")
	if i < 0 {
		return strings.Contains(e.Text, "cmd=psync") || strings.Contains(e.Text, "cmd=sync") || strings.Contains(e.Text, "cmd=replconf")
	}
	flags, _, _ := strings.Cut(e.Text[i+len("flags="):], " ")
	return strings.Contains(flags, "S")
}

// linkWord reports whether a replica that lives through a lost link says something of this kind.
func linkWord(kind string) bool {
	return strings.HasPrefix(kind, "repl-") || strings.HasPrefix(kind, "psync-") || strings.HasPrefix(kind, "sync-") ||
		strings.HasPrefix(kind, "primary-") || strings.HasPrefix(kind, "server-") || kind == message.CachedPrimarySaved
}

// failsAttempt reports whether a line of a replica ends its attempt without a link.
func failsAttempt(kind string) bool {
	switch kind {
	case message.ReplConnectFailed, message.ReplConnectTimeout, message.ReplAuthFailed, message.ReplHandlerFailed, message.SyncAbortedByPrimary,
		message.SyncTransferTimeout, message.SyncBadProtocol, message.DualChannelAborted, message.PsyncTryLater, message.PsyncUnsupported, message.PsyncBadReply:
		return true
	}
	for _, p := range []string{message.ReplHandshakeError, message.SyncIoError, message.SyncLoadFailed, "rdb-load-", "reply-"} {
		if strings.HasPrefix(kind, p) {
			return kind != message.RdbLoadEmptyKey && kind != message.RdbLoadDuplicateKey
		}
	}
	return strings.HasPrefix(kind, "sync-rdb-") && (strings.HasSuffix(kind, "-failed") || strings.HasSuffix(kind, "-error"))
}

// refusalOf is the word for a primary's reason (contract: refusal.kind).
func refusalOf(kind string) string {
	switch kind {
	case message.PsyncRefusedBacklog:
		return "backlog-overflow"
	case message.PsyncRefusedBacklogNone:
		return "no-backlog"
	case message.PsyncRefusedReplid, message.PsyncRefusedSecondOffset:
		return "replid-mismatch"
	case message.PsyncOffsetAhead:
		return "offset-ahead"
	case message.SyncFullRequested:
		return "fresh-replica"
	}
	return "unknown"
}
