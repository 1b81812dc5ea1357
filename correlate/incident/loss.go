package incident

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// Loss is how a link was lost, as far as the lines of both ends tell.
type Loss int

const (
	// Unseen: only dumps show it, or an end that cannot tell a close from a silence.
	Unseen Loss = iota
	// Silence: one end gave the other up after hearing nothing for repl-timeout.
	Silence
	// Closed: the connection ended while both ends could speak.
	Closed
	// AtLimit: the primary closed it at its output buffer limit.
	AtLimit
	// Moved: a replica was promoted, or told to follow another server. What was wrong with the one before is another question.
	Moved
)

// LossOf is how an outage's link was lost. A replica that sees its connection close cannot tell whether its primary had timed it out: only
// the primary's log can.
func LossOf(o *replication.Outage) Loss {
	own := slices.ContainsFunc(o.Notices, func(e *timeline.Event) bool { return e.Instance == o.Replica.Name && e.Is(message.LosesLink) })
	switch {
	case o.Promoted, o.Moved != nil && (o.Moved.At-o.Lost).Abs() <= timeline.TwoTicks:
		return Moved
	case o.Overflow != nil:
		return AtLimit
	case early(o, o.TimeoutByReplica), early(o, o.TimeoutByPrimary):
		return Silence
	case own && o.Server != nil && o.Server.HasLog() && o.Server.LogCovers(o.Lost-o.Replica.Clock.Err):
		return Closed
	}
	return Unseen
}

// early reports whether a line tells of the loss itself, not of what an attempt to come back met.
func early(o *replication.Outage, e *timeline.Event) bool {
	return e != nil && e.At-o.Lost <= timeline.TwoTicks+o.Replica.Clock.Err
}

// NoStall says why no stall, of whichever end, can have lost the link; "" where one can. An event loop that stands still closes nothing, and
// the kernel goes on taking connections for it: they are refused where nobody listens (redis 7.4.1 anet.c; a listening socket's backlog
// is the kernel's).
func NoStall(o *replication.Outage) (why string, e *timeline.Event) {
	for _, e := range o.Failures {
		if e.Is(message.ConnectFailed) && strings.Contains(e.Text, "refused") {
			return o.Replica.Name + " was refused when it connected again: a server that stands still refuses nobody", e
		}
	}
	switch LossOf(o) {
	case Closed:
		return fmt.Sprintf("the link of %s was closed, and neither end had heard nothing for repl-timeout: a stall closes no link", o.Replica.Name), o.Notices[0]
	case AtLimit:
		return fmt.Sprintf("the link of %s was closed at the output buffer limit", o.Replica.Name), o.Overflow
	}
	return "", nil
}

// guessed reports whether nothing in the evidence tells how long a replica waits: the version's default may be far off.
func guessed(h *timeline.Host) bool { return h.Setting("repl-timeout").File == "" }
