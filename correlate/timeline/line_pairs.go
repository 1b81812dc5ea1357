package timeline

import (
	"strings"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// linePairs counts lines that servers always write together. Where one of a pair is missing again and again, lines of the log are gone.
type linePairs struct {
	connects, started, unable int64 // a replica that connects says that a sync started, or that it could not (redis 7.4.1 replication.c connectWithMaster)
	asked, answered           int64 // a request is accepted, refused, or wants everything (redis 7.4.1 replication.c syncCommand)
	twoWays                   bool  // a full resync over two connections: its second one asks too
	first                     *table.Origin
}

func (r *linePairs) hear(e *Event) {
	n := e.Count.Or(1)
	switch {
	case e.Kind == message.ReplConnecting || e.Kind == message.ReplReconnecting:
		r.connects += n
	case e.Kind == message.SyncStarted:
		r.started += n
	case e.Kind == message.ReplConnectFailed && !e.Is(message.Follows):
		r.unable += n
	case e.Is(message.Asked):
		r.asked += n
	case e.Is(message.Accepts), e.Is(message.Refuses) && !e.Is(message.BeyondEnd):
		r.answered += n
	case e.Kind == message.DualChannelOffered || e.Kind == message.SyncFullRequestedRdbChannel:
		r.twoWays = true
	default:
		return
	}
	if r.first == nil {
		r.first = &e.Origin
	}
}

// cutEnds is how many lines of a pair may be missing because a file begins or ends between the two.
const cutEnds = 2

// missing is how many lines of pairs are not there.
func (r *linePairs) missing() int {
	n := max(r.started-r.connects, r.connects-r.started-r.unable, 0)
	if !r.twoWays {
		n += max(r.asked-r.answered, r.answered-r.asked)
	}
	if n < cutEnds {
		return 0
	}
	return int(n)
}

// gluedLines finds messages with others of the log behind them: the ends of its lines are lost.
func (h *Host) gluedLines() {
	var t tally
	for i := range h.Events {
		e := &h.Events[i]
		if len(e.Text) < gluedText {
			continue
		}
		if strings.Count(e.Text, ":M ")+strings.Count(e.Text, ":S ")+strings.Count(e.Text, ":C ") >= 2 {
			t.see(&e.Origin)
		}
	}
	h.damaged(t, "lines that hold many messages: the ends of lines are lost")
}

// gluedText is the shortest text that can hold two messages more, with their heads.
const gluedText = 120

// missLines finds logs of which lines are gone.
func (h *Host) missLines() {
	var r linePairs
	for i := range h.Events {
		r.hear(&h.Events[i])
	}
	if n := r.missing(); n > 0 {
		h.damaged(tally{n, *r.first}, "lines missing of those that a server always writes together")
	}
}
