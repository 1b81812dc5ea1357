package timeline

import (
	"psyncope/ingest/message"
)

// Request is what the replica's log says of one request, on the replica's own clock.
type Request struct {
	Asked, heard micros // heard is unknown where no answer is logged
	Full         bool   // it asked for everything
	granted      int64  // the offset at which its full resync starts; -1 unknown
	Offset       int64
	Replid       string
	to           string // the address it was sent to; empty where the log does not name it
}

// Reply is what the primary's log says of one, on the primary's own clock.
type Reply struct {
	At     micros
	words  message.Meaning
	offset int64
	replid string
	peer   string
}

// MaxRequests bounds the work on a retry storm: a few hundred requests fix a clock as well as a hundred thousand.
const MaxRequests = 300

func requestsOf(h *Host) []Request {
	var out []Request
	var cur *Request
	to := ""
	for _, l := range h.linesOf(func(e *Event) bool {
		return asks(e) || e.Is(message.HeardAnswer|message.Connects|message.NamesPrimary|message.EndsAttempt) || e.Is(message.LosesLink) && e.Is(message.Follows)
	}) {
		e := l.event
		if e.Is(message.NamesPrimary) && e.Peer != "" {
			to = e.Peer
		}
		switch {
		case e.Is(message.AsksFull):
			out = append(out, Request{Asked: l.at, heard: unknown, granted: -1, Full: true, Offset: -1, to: to})
			cur = &out[len(out)-1]
		case asks(e):
			out = append(out, Request{Asked: l.at, heard: unknown, granted: -1, Offset: e.Offset.Or(-1), Replid: e.ReplID, to: to})
			cur = &out[len(out)-1]
		case e.Is(message.EndsAttempt) && cur != nil && cur.heard == unknown:
			out, cur = out[:len(out)-1], nil // the server says no more of it than this
		case !e.Is(message.HeardAnswer):
			cur = nil
		case cur != nil && cur.heard == unknown:
			cur.heard = l.at
			if e.Is(message.GrantedFull) {
				cur.granted = e.Offset.Or(-1)
			}
		}
	}
	return thin(out)
}

// asks reports whether a replica asks for a resync, over its first connection or a second.
func asks(e *Event) bool { return e.Is(message.Asks) || e.Kind == message.PsyncTryDualChannel }

// RepliesOf is what the primary's log says of requests.
func RepliesOf(h *Host) []Reply {
	var out []Reply
	for _, l := range h.linesOf(func(e *Event) bool { return e.Is(message.Accepts | message.Refuses) }) {
		e := l.event
		out = append(out, Reply{At: l.at, words: e.Means, offset: e.Offset.Or(-1), replid: e.ReplID, peer: e.Peer})
	}
	return thin(out)
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

// AnsweredBy reports whether the primary's line could answer the request.
func (r *Request) AnsweredBy(p *Reply) bool {
	switch {
	case p.words.Is(message.WantsAll):
		return r.Full
	case p.words.Is(message.UnknownID):
		return !r.Full && p.replid == r.Replid
	}
	return !r.Full && r.Offset >= 0 && p.offset == r.Offset
}
