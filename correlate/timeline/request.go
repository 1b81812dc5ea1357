package timeline

import (
	"slices"

	"psyncope/ingest/message"
)

// Request is what the replica's log says of one request, on the replica's own clock.
type Request struct {
	Asked, heard micros // heard is unknown where no answer is logged
	Full         bool   // it asked for everything
	granted      int64  // the offset at which its full resync starts; -1 unknown
	Offset       int64
	Replid       string
}

// Reply is what the primary's log says of one, on the primary's own clock.
type Reply struct {
	At     micros
	kind   string
	offset int64
	replid string
	peer   string
}

// MaxRequests bounds the work on a retry storm: a few hundred requests fix a clock as well as a hundred thousand.
const MaxRequests = 300

func requestsOf(h *Host) []Request {
	var out []Request
	var cur *Request
	for _, l := range h.linesOf(
		message.PsyncTry, message.PsyncTryDualChannel, message.PsyncNoCachedPrimary, message.SyncFullFromPrimary, message.PsyncOk,
		message.DualChannelStart, message.PsyncOkDualChannel, message.ReplConnecting, message.ReplReconnecting, message.PrimaryLinkLost,
	) {
		e := l.event
		switch e.Kind {
		case message.PsyncTry, message.PsyncTryDualChannel:
			out = append(out, Request{Asked: l.at, heard: unknown, granted: -1, Offset: e.Offset.Or(-1), Replid: e.ReplID})
			cur = &out[len(out)-1]
		case message.PsyncNoCachedPrimary:
			out = append(out, Request{Asked: l.at, heard: unknown, granted: -1, Full: true, Offset: -1})
			cur = &out[len(out)-1]
		case message.SyncFullFromPrimary, message.PsyncOk, message.DualChannelStart, message.PsyncOkDualChannel:
			if cur != nil && cur.heard == unknown {
				cur.heard = l.at
				if e.Kind == message.SyncFullFromPrimary {
					cur.granted = e.Offset.Or(-1)
				}
			}
		default:
			cur = nil
		}
	}
	return thin(out)
}

func RepliesOf(h *Host) []Reply {
	var out []Reply
	for _, l := range h.linesOf(
		message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncAccepted, message.PsyncOffsetAhead, message.PsyncRefusedReplid,
		message.SyncFullRequested,
	) {
		out = append(out, Reply{At: l.at, kind: l.event.Kind, offset: l.event.Offset.Or(-1), replid: l.event.ReplID, peer: l.event.Peer})
	}
	return thin(out)
}

// line is a message with its time by what is known of the clock so far.
type line struct {
	at    micros
	event *Event
}

// linesOf are the host's messages of these kinds in order of time, as far as they have one. Rows lie nowhere yet while
// clocks are compared, so this is what the comparison reads.
func (h *Host) linesOf(kinds ...string) []line {
	var out []line
	for i := range h.Events {
		e := &h.Events[i]
		if !slices.Contains(kinds, e.Kind) {
			continue
		}
		if at := h.Clock.Event(&e.Event, e.Index, e.Stamp); at != unknown {
			out = append(out, line{at, e})
		}
	}
	sortByTime(out, func(l *line) micros { return l.at })
	return out
}

// thin keeps the first and last of a long list and some between.
func thin[T any](list []T) []T {
	if len(list) <= MaxRequests {
		return list
	}
	out := make([]T, 0, MaxRequests)
	for i := range MaxRequests {
		out = append(out, list[i*(len(list)-1)/(MaxRequests-1)])
	}
	return out
}

// answers reports whether the primary's line could answer the request.
func (r *Request) AnsweredBy(p *Reply) bool {
	switch p.kind {
	case message.SyncFullRequested:
		return r.Full
	case message.PsyncRefusedReplid:
		return !r.Full && p.replid == r.Replid
	}
	return !r.Full && r.Offset >= 0 && p.offset == r.Offset
}
