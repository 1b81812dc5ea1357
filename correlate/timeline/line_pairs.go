package timeline

import (
	"slices"
	"strings"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// linePairs counts lines that servers always write together. Where one of a pair is missing again and again, lines of the log are gone.
type linePairs struct {
	connects, started, unable int64 // a replica that connects says that a sync started, or that it could not (redis 7.4.1 replication.c connectWithMaster)
	asked, answered           int64 // what is accepted or refused was asked; SYNC is asked, and answered without a word (redis 7.4.1 replication.c syncCommand)
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
	case e.Is(message.Accepts), e.Is(message.Refuses) && e.Kind != message.PsyncOffsetAhead: // that one is said besides the answer
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

// missing is how many lines of pairs are not there. Where one of a pair never stands, somebody picked the lines: none of them is lost.
func (r *linePairs) missing() int {
	n := int64(0)
	if r.connects > 0 && r.started > 0 {
		n = max(r.started-r.connects, r.connects-r.started-r.unable, 0)
	}
	if r.asked > 0 && !r.twoWays {
		n += max(r.answered-r.asked, 0)
	}
	if n < cutEnds {
		return 0
	}
	return int(n)
}

// gluedLines finds messages with others of the log behind them: the ends of its lines are lost.
func (h *Host) gluedLines() (found []table.Origin) {
	for i := range h.Events {
		e := &h.Events[i]
		if len(e.Text) < gluedText {
			continue
		}
		if strings.Count(e.Text, ":M ")+strings.Count(e.Text, ":S ")+strings.Count(e.Text, ":C ") >= 2 {
			found = append(found, e.Origin)
		}
	}
	return found
}

// gluedText is the shortest text that can hold two messages more, with their heads.
const gluedText = 120

// missLines finds logs of which lines are gone.
func (h *Host) missLines() []table.Origin {
	var r linePairs
	for i := range h.Events {
		r.hear(&h.Events[i])
	}
	n := r.missing()
	if n == 0 {
		return nil
	}
	return slices.Repeat([]table.Origin{*r.first}, n)
}
