package message

import (
	"fmt"
	"math/bits"
	"strings"
)

// Meaning is what a message means for replication: a set of words, each of which answers one question. The catalogue says which kind
// bears which, and is the only place that does: whatever asks, asks by word.
type Meaning uint64

const (
	LosesLink Meaning = 1 << iota
	TimesOut
	LinkUp
	LinkWord
	Connects
	ConnectFailed
	NamesPrimary
	AsksPartial
	AsksFull
	HeardAnswer
	GrantedFull
	GrantedPartial
	Receives
	Loads
	EndsAttempt
	HandshakeRefused
	ErrorReply
	TransferTimedOut
	CannotLoad
	FormatTooNew
	DumpCutShort
	Follows
	Serves
	Asked
	Accepts
	Refuses
	LackOfBacklog
	NoBacklog
	UnknownID
	BeyondEnd
	WantsAll
	ClosesAtLimit
	ReplicaOnline
	SnapshotFailed
	SnapshotOK
	NotWritten
	ForkRefused
	AboutToFork
	Forked
	WaitsForFork
	Starts
	Banner
	Begins
	AskedToEnd
	Crash
	LoopHeld
	Held
	FsyncTrouble
	Promotes
	RePointed
	MovedByCluster
	RoleChange
	AskedByPerson
	FailoverAsked
	FailoverGivenUp
	SaysDown
	SentinelOrders
	Fault
	SentinelFault
	ClientReply
	ChildKilled
	Loaded

	Asks = AsksPartial | AsksFull
)

// meanings are the words with the question that each answers, in the order of the constants.
var meanings = [...]struct{ word, asks string }{
	{"loses-link", "does one end say that the link is gone?"},
	{"times-out", "does this end give the link up because it heard nothing for repl-timeout?"},
	{"link-up", "is the replica up to date again?"},
	{"link-word", "does only a log say so that would also tell of a lost link?"},
	{"connects", "is the replica about to connect, or connected?"},
	{"connect-failed", "did the connection not come about?"},
	{"names-primary", "does it name the address that the replica follows?"},
	{"asks-partial", "does the replica ask to continue?"},
	{"asks-full", "does the replica ask for everything?"},
	{"heard-answer", "has the replica heard the primary's answer?"},
	{"granted-full", "has the replica heard that it gets a full resync, and at which offset?"},
	{"granted-partial", "has the replica heard that it may continue?"},
	{"receives", "does a snapshot arrive at the replica?"},
	{"loads", "does the replica load a snapshot?"},
	{"ends-attempt", "does it end a replica's attempt without a link?"},
	{"handshake-refused", "was the replica turned away before it could ask?"},
	{"error-reply", "did the primary answer with an error instead of a resync?"},
	{"transfer-timed-out", "did a transfer or load outrun repl-timeout?"},
	{"cannot-load", "could what was received not be loaded?"},
	{"format-too-new", "is the format newer than the reader?"},
	{"dump-cut-short", "is a dump file incomplete or damaged?"},
	{"follows", "does only a replica say so?"},
	{"serves", "does only a primary say so, of its replicas?"},
	{"asked", "was the primary asked for a resync?"},
	{"accepts", "did the primary grant a partial resync?"},
	{"refuses", "did the primary refuse a partial resync?"},
	{"lack-of-backlog", "is the reason that the offset has left the backlog?"},
	{"no-backlog", "is the reason that there is no backlog?"},
	{"unknown-id", "is the reason a replication id that the primary does not have?"},
	{"beyond-end", "is the reason an offset that the primary has not reached?"},
	{"wants-all", "is the reason that the replica asked for everything?"},
	{"closes-at-limit", "did the server close a client at its output buffer limit?"},
	{"replica-online", "does the primary say that a resync is over?"},
	{"snapshot-failed", "did the snapshot for a resync fail?"},
	{"snapshot-ok", "did a snapshot succeed?"},
	{"not-written", "could a snapshot or the AOF not be written?"},
	{"fork-refused", "did fork itself fail?"},
	{"about-to-fork", "is a fork the next thing the main thread does?"},
	{"forked", "has a child just been started?"},
	{"waits-for-fork", "does the request wait for a later snapshot?"},
	{"starts", "does a process start here?"},
	{"banner", "does it name the version, at a start or in a report?"},
	{"begins", "is it one of the lines of a start?"},
	{"asked-to-end", "was the process asked to end?"},
	{"crash", "did the process end without being asked?"},
	{"loop-held", "is it written although the event loop does not turn?"},
	{"held", "does it say that something slow holds the server?"},
	{"fsync-trouble", "is the append-only file not written as it should be?"},
	{"promoted", "did this server become a primary?"},
	{"re-pointed", "was this server told to follow another?"},
	{"moved-by-cluster", "does this server follow another, or another address, because the cluster has it so?"},
	{"role-change", "did roles change, by Sentinel's or the cluster's word or the server's own?"},
	{"asked-by-person", "does only a person ask for it?"},
	{"failover-asked", "was a failover asked for?"},
	{"failover-given-up", "was a failover begun and given up?"},
	{"says-down", "does a Sentinel or a cluster node call another down?"},
	{"sentinel-orders", "did a Sentinel tell a server whom to follow?"},
	{"fault", "is it a fault of this server's, whether or not a link felt it?"},
	{"sentinel-fault", "does a Sentinel report a fault of a primary's?"},
	{"client-reply", "is it what a client was told, and no line of a log?"},
	{"child-killed", "did a signal, which the number names, end a child that writes a snapshot?"},
	{"loaded", "has the server loaded data that it had, or was sent?"},
}

// Means is what a message of this kind means; 0 of an unknown kind.
func Means(kind Kind) Meaning {
	c := Default()
	if i, ok := c.byKey[kind]; ok {
		return c.kinds[i].Means
	}
	return 0
}

// MeansOf is what one message of this kind means. A child that a signal ended has failed, unless the server itself ended it, which it does
// by SIGUSR1 (redis 7.4.1 rdb.c killRDBChild: its number is 10 on Linux, 30 on BSD and macOS).
func MeansOf(kind Kind, number int64) Meaning {
	m := Means(kind)
	if m.Is(ChildKilled) && number != 10 && number != 30 {
		m |= SnapshotFailed
	}
	return m
}

// Is reports whether the meaning has one of these words.
func (m Meaning) Is(words Meaning) bool { return m&words != 0 }

// Words are the meaning's words, in the order of the constants.
func (m Meaning) Words() []string {
	var out []string
	for ; m != 0; m &= m - 1 {
		out = append(out, meanings[bits.TrailingZeros64(uint64(m))].word)
	}
	return out
}

// parseMeaning reads a list of words.
func parseMeaning(words string) (Meaning, error) {
	var m Meaning
next:
	for _, w := range strings.Fields(words) {
		for i := range meanings {
			if meanings[i].word == w {
				m |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("no such word: %q", w)
	}
	return m, nil
}
