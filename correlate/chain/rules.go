package chain

import (
	"fmt"
)

// Rule says that one kind of step leads to another. Chains, roots and loops come out of the rules: the storm needs
// none of its own. Every rule is a place to cut the chain.
type Rule struct {
	Name     string
	From, To string // kinds of step; From "*" is any cause
	Where    where
	Prose    string
	// When is what the rule asks for beyond its kinds, in words.
	When string
}

type where int

const (
	sameLink  where = iota // both steps are of one replica
	anyLink                // the cause lies with one server, the effect with any link of the group
	otherLink              // the work for one replica, the link of another
)

// String is where the two steps lie, as a rule says it.
func (w where) String() string {
	return [...]string{"on the same link", "on any of the primary's links", "on another link"}[w]
}

// Kinds of steps that are no causes.
const (
	stepLinkLost       = "link-lost"
	stepConnectFailed  = "connect-failed"
	stepPartialRefused = "partial-refused"
	stepPartialResync  = "partial-resync"
	stepFullResync     = "full-resync"
	stepAttemptFailed  = "attempt-failed"
	stepFork           = "fork-stall"
	stepBufferClose    = "output-buffer-close"
	stepLinkUp         = "link-up"
	stepPromotion      = "promotion"
	stepFollow         = "re-pointed"
)

// Rules read as sentences; String prints them so. The first that fits a pair of steps is taken.
var Rules = []Rule{
	{
		Name: "cause-loses-link", From: "*", To: stepLinkLost, Where: anyLink, When: "the cause was at work when the link was lost",
		Prose: "What `explain KIND` says of the cause. A silent link is given up after repl-timeout by whichever side waits for it.",
	},
	{
		Name: "cause-moves-roles", From: "*", To: stepPromotion, Where: anyLink, When: "the old primary was given up",
		Prose: "Sentinel, the cluster or a person made a replica the primary.",
	},
	{
		Name: "lost-link-promotes", From: stepLinkLost, To: stepPromotion, Where: anyLink, When: "a replica was made the primary",
		Prose: "Replicas that lost their primary elect, or are told, a new one. It takes a new replication id and keeps the old one as its second.",
	},
	{
		Name: "promotion-re-points", From: stepPromotion, To: stepFollow, Where: otherLink, When: "another server was told to follow the new primary",
		Prose: "Siblings continue from their offset: the new primary knows the old id. The old primary asks with an id of its own and mostly takes a full resync.",
	},
	{
		Name: "lost-link-cannot-connect", From: stepLinkLost, To: stepConnectFailed, Where: sameLink, When: "connecting failed",
		Prose: "While the replica cannot connect the primary goes on writing, and the backlog moves past the replica's offset.",
	},
	{
		Name: "backlog-overflow", From: stepLinkLost, To: stepPartialRefused, Where: sameLink, When: "the replica's offset had left the backlog, or its id was unknown",
		Prose: "A replica that comes back asks to continue from its offset. If the primary wrote more than its backlog holds meanwhile, that offset is gone and only a full resync helps. Raising repl-backlog-size above what is written during the longest outage cuts the chain here.",
	},
	{
		Name: "followed-and-refused", From: stepFollow, To: stepPartialRefused, Where: sameLink, When: "the new primary does not know the id",
		Prose: "A server that was a primary itself asks with an id the new one never had.",
	},
	{
		Name: "caught-up", From: stepLinkLost, To: stepPartialResync, Where: sameLink, When: "the backlog still held the offset",
		Prose: "The backlog covered the outage: the replica continued where it was.",
	},
	{
		Name: "followed-and-caught-up", From: stepFollow, To: stepPartialResync, Where: sameLink, When: "the new primary knows the old id",
		Prose: "From 4.0 a promoted replica answers for the old replication id up to the offset of its promotion.",
	},
	{
		Name: "refusal-costs-full-resync", From: stepPartialRefused, To: stepFullResync, Where: sameLink, When: "the primary granted a full resync instead",
		Prose: "The primary forks, writes its whole data set and sends it; the replica drops its own and loads.",
	},
	{
		Name: "lost-link-full-resync", From: stepLinkLost, To: stepFullResync, Where: sameLink, When: "no request to continue is in the evidence",
		Prose: "The replica had nothing to continue from, or its request was not logged.",
	},
	{
		Name: "full-resync-forks", From: stepFullResync, To: stepFork, Where: anyLink, When: "the snapshot's fork held the primary",
		Prose: "The snapshot for the resync needs a fork, and the fork freezes the primary for all its clients and replicas.",
	},
	{
		Name: "refusal-forks", From: stepPartialRefused, To: stepFork, Where: anyLink, When: "the snapshot's fork held the primary",
		Prose: "The snapshot for the resync needs a fork, and the fork freezes the primary for all its clients and replicas.",
	},
	{
		Name: "fork-loses-link", From: stepFork, To: stepLinkLost, Where: otherLink, When: "another replica's link timed out behind it",
		Prose: "A fork that lasts about as long as repl-timeout loses the other replicas' links: they will ask too, and so it goes round. Diskless sync, huge pages off and a longer repl-timeout cut the chain here.",
	},
	{
		Name: "fork-fails-attempt", From: stepFork, To: stepAttemptFailed, Where: anyLink, When: "the waiting replica gave up behind it",
		Prose: "The replica that waits for its snapshot times out while the primary forks for it, and begins anew.",
	},
	{
		Name: "attempt-fails", From: stepFullResync, To: stepAttemptFailed, Where: sameLink, When: "the resync did not get through",
		Prose: "The snapshot, the transfer or the load failed. The work was in vain, and the next attempt needs it again.",
	},
	{
		Name: "refused-attempt-fails", From: stepPartialRefused, To: stepAttemptFailed, Where: sameLink, When: "the resync did not get through",
		Prose: "The snapshot, the transfer or the load failed. The work was in vain, and the next attempt needs it again.",
	},
	{
		Name: "lost-link-attempt-fails", From: stepLinkLost, To: stepAttemptFailed, Where: sameLink, When: "the handshake was refused",
		Prose: "The replica reached the primary and was turned away.",
	},
	{
		Name: "failed-asks-again", From: stepAttemptFailed, To: stepPartialRefused, Where: sameLink, When: "the replica asked again",
		Prose: "After a failed attempt the replica asks again; from 7.0 with its old id, before with none.",
	},
	{
		Name: "failed-resyncs-again", From: stepAttemptFailed, To: stepFullResync, Where: sameLink, When: "another full resync was granted",
		Prose: "The next attempt begins from the start.",
	},
	{
		Name: "transfer-overflows", From: stepFullResync, To: stepBufferClose, Where: sameLink, When: "what was written meanwhile overran client-output-buffer-limit replica",
		Prose: "Writes pile up in the replica's output buffer while the snapshot is made, sent and loaded. Over the limit the primary closes the replica, which asks again: the loop feeds itself until the limit is raised or the transfer gets faster.",
	},
	{
		Name: "buffer-close-asks-again", From: stepBufferClose, To: stepPartialRefused, Where: sameLink, When: "the replica asked again",
		Prose: "The closed replica comes back at once, and its offset has left the backlog by then.",
	},
	{Name: "connected-again", From: stepConnectFailed, To: stepPartialRefused, Where: sameLink, When: "it got through at last", Prose: "By then the offset had left the backlog."},
	{Name: "resync-done", From: stepFullResync, To: stepLinkUp, Where: sameLink, When: "the load finished", Prose: "The replica has the whole data set again."},
	{Name: "partial-done", From: stepPartialResync, To: stepLinkUp, Where: sameLink, When: "it continued", Prose: "The replica has what it missed."},
	{Name: "link-restored", From: stepLinkLost, To: stepLinkUp, Where: sameLink, When: "the link was up again", Prose: "How it came back is not in the evidence."},
}

// String is the rule as a sentence.
func (r Rule) String() string {
	from := r.From
	if from == "*" {
		from = "a cause"
	}
	return fmt.Sprintf("%s leads to %s %s, when %s", from, r.To, r.Where, r.When)
}
