package replication

import (
	"strings"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Bears matches messages that mean one of these words.
func Bears(words message.Meaning) func(*timeline.Event) bool {
	return func(e *timeline.Event) bool { return e.Is(words) }
}

// Only matches messages of one kind: for what nothing else says.
func Only(kind message.Kind) func(*timeline.Event) bool {
	return func(e *timeline.Event) bool { return e.Kind == kind }
}

// Replies matches what a primary's error reply says inside a replica's lines.
func Replies(words ...string) func(*timeline.Event) bool {
	return func(e *timeline.Event) bool {
		if !e.Is(message.EndsAttempt) && e.Kind != message.ReplHandshakeNote {
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

// SyncUnknown reports whether the primary answered the request for a resync itself as a command that it does not know: it was renamed away, or
// what answers is no such server. Of REPLCONF an old primary may say so, and nothing comes of it.
func SyncUnknown(e *timeline.Event) bool {
	// In quotes up to 4.0 and from 7.0 on, in backquotes between (redis server.c processCommand).
	return e.Is(message.ErrorReply) && strings.Contains(e.Text, "unknown command") && (strings.Contains(e.Text, "SYNC`") || strings.Contains(e.Text, "SYNC'"))
}

// AuthWords are what error replies say where credentials, rights or certificates were refused.
var AuthWords = []string{
	"NOAUTH", "WRONGPASS", "NOPERM", "invalid password", "Unable to AUTH", "invalid username", "-DENIED", "DENIED Redis is running in protected mode",
	"operation not permitted", "no password is set", "certificate", "SSL", "TLS",
}

// TLSRefused reports whether a server could not agree on TLS with who connected.
func TLSRefused(e *timeline.Event) bool {
	return e.Kind == message.ClientAcceptError && (strings.Contains(e.Text, "SSL") || strings.Contains(e.Text, "TLS") || strings.Contains(e.Text, "certificate"))
}

// FailedSave reports whether a snapshot or the AOF could not be written, for reasons of the disk.
func FailedSave(e *timeline.Event) bool {
	return e.Is(message.NotWritten) || strings.Contains(e.Text, "No space left on device") || strings.Contains(e.Text, "Read-only file system")
}

// CannotWriteDown reports whether a replica could not write the snapshot that it received to its own disk.
func CannotWriteDown(e *timeline.Event) bool {
	return e.Is(message.NotWritten) && e.Is(message.EndsAttempt) && !e.Is(message.ClientReply)
}

// ChildFailed reports whether the child that writes a snapshot failed by itself. One that writes to its replicas' connections also ends
// with an error where those are gone (redis 7.4.1 rdb.c rdbSaveToReplicasSockets), and that says nothing of the child.
func ChildFailed(e *timeline.Event) bool {
	return e.Is(message.SnapshotFailed) && !e.Is(message.ForkRefused) && e.Kind != message.DisklessTransferReplicaFailed && e.Kind != message.DisklessTransferFailed
}

// BeginsNoSnapshot: a replica is told so where the snapshot's child cannot be started (redis 7.4.1 replication.c
// startBgsaveForReplication). A child that fails later closes the connection without a word.
func BeginsNoSnapshot(e *timeline.Event) bool {
	return strings.Contains(e.Text, "BGSAVE failed, replication can't continue")
}

// RoleChanged reports whether roles changed, and not because a person pointed a server elsewhere.
func RoleChanged(e *timeline.Event) bool {
	return e.Is(message.RoleChange|message.RePointed) && !ByPerson(e)
}

// Planted matches snapshots aimed where only an intruder aims them.
func Planted(e *timeline.Event) bool {
	for _, w := range []string{"/var/spool/cron", "/etc/cron", ".ssh", "authorized_keys", "/etc/ld.so.preload", "/var/www"} {
		if strings.Contains(e.Text, w) {
			return !e.Is(message.Banner)
		}
	}
	return false
}

// TransferTimedOut reports whether a transfer or load outran repl-timeout.
func TransferTimedOut(e *timeline.Event) bool {
	return e.Is(message.TransferTimedOut)
}

// NoFailover reports whether a failover was begun and given up.
func NoFailover(e *timeline.Event) bool {
	return e.Is(message.FailoverGivenUp) || strings.Contains(e.Text, "unable to failover") || strings.Contains(e.Text, "Failover attempt expired")
}

// ClosedReplica reports whether a replica was closed at its output buffer limit.
func ClosedReplica(e *timeline.Event) bool {
	return e.Is(message.ClosesAtLimit) && ReplicaClient(e)
}

// TooManyFiles reports whether the server had no file descriptor left.
func TooManyFiles(e *timeline.Event) bool {
	return strings.Contains(e.Text, "Too many open files")
}

// ContainsWord reports whether a text holds a word, in whatever letters: errno's texts begin with capitals, the servers' own do not.
func ContainsWord(s, w string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(w)) }

// ErrorReply reports whether the primary answered the request with an error instead of a resync. That it will answer later
// (-LOADING, -NOMASTERLINK) is no answer.
func ErrorReply(e *timeline.Event) bool {
	return e.Is(message.ErrorReply)
}

// SlowKind reports whether a message is of something slow, which is a fault only where it may have cost a link.
func SlowKind(e *timeline.Event) bool {
	return e.Is(message.Held)
}

// FaultKind reports whether a message is a fault in itself. Sentinels report of others, so only what they say of primaries counts.
func FaultKind(e *timeline.Event, sentinel bool) bool {
	if sentinel {
		return e.Is(message.SentinelFault) && (e.Kind != message.SentinelSdown || e.Level == "warning" && strings.Contains(e.Text, "+sdown master"))
	}
	return e.Is(message.Fault) && (!e.Is(message.ClosesAtLimit) || ReplicaClient(e))
}

// ReplicaClient reports whether a client in an output-buffer line is a replica: flags=S, or a command only they send.
func ReplicaClient(e *timeline.Event) bool {
	flags, ok := clientFlags(e.Text)
	if !ok {
		return strings.Contains(e.Text, "cmd=psync") || strings.Contains(e.Text, "cmd=sync") || strings.Contains(e.Text, "cmd=replconf")
	}
	return strings.Contains(flags, "S")
}

// BrokenStream reports whether by this line what a replica got from its primary is no stream of commands: it says so itself, or closes its
// primary (flags=M) for what is no command (redis 7.4.1 networking.c processInlineBuffer, setProtocolError).
func BrokenStream(e *timeline.Event) bool {
	return e.Kind == message.ReplStreamCorrupt || e.Kind == message.ClientProtocolError && primaryClient(e)
}

// ClosedPrimary reports whether by this line a replica closed its primary (flags=M), because a command of the stream was larger than it lets
// any client send (redis 6.2.16 networking.c readQueryFromClient; from 7.0 the primary may send what it likes).
func ClosedPrimary(e *timeline.Event) bool {
	return e.Kind == message.ClientQueryBufferLimit && primaryClient(e)
}

// primaryClient reports whether the client in a line is the server's primary.
func primaryClient(e *timeline.Event) bool {
	flags, _ := clientFlags(e.Text)
	return strings.Contains(flags, "M")
}

// clientFlags are the flags in a client's description.
func clientFlags(text string) (flags string, ok bool) {
	_, after, ok := strings.Cut(text, "flags=")
	flags, _, _ = strings.Cut(after, " ")
	return flags, ok
}
