package replication

import (
	"slices"

	"psyncope/correlate/timeline"
	"psyncope/ingest/message"
)

// nameless is the one replica that a line can only mean which speaks of a replica and names none; nil where it may mean several. Servers before 2.8.18 never say which (redis 2.8
// replication.c), and people cut addresses out before they publish a log.
func (l *primaryLog) nameless(e *timeline.Event) *timeline.Host {
	h := l.only()
	if h == nil {
		h = l.byMoment(e)
	}
	switch {
	case h == nil:
		return nil
	case h.HasLog() && h.LogCovers(e.At):
		if !saysSo(h, e.At) && len(l.several) == 0 {
			return nil // another's, of which there is nothing
		}
	case ClosedReplica(e) && l.missing:
		return nil // one that is gone is not closed: this is another, and nothing tells which
	case e.Is(message.LosesLink) || ClosedReplica(e):
		l.missing = true
	case e.Is(message.Accepts | message.ReplicaOnline):
		if !l.missing && !e.Is(message.Accepts) {
			return nil
		}
		l.missing = false
	case e.Is(message.Refuses) && !e.Is(message.WantsAll): // only who had a link asks to go on
		l.missing = true
	case !l.missing:
		return nil // somebody comes for the first time: who, nothing tells
	}
	return h
}

// only is the one replica that nameless lines can be of; nil where the log names its replicas, or there are several. Where there is no trace of any but
// these lines, it is a host of its own: one, for nothing tells two apart.
func (l *primaryLog) only() *timeline.Host {
	if l.looked {
		return l.one
	}
	l.looked = true
	for _, h := range l.g.Hosts {
		if h != l.p && followsFirst(h) {
			l.several = append(l.several, h)
		}
	}
	switch names := l.names(); {
	case len(names) == 1 && timeline.Masked(names[0]) && len(l.several) == 0:
		l.one = l.g.Named(names[0]) // under the one mask that there is
	case len(names) > 0 || len(l.p.Replicas) > 0:
	case len(l.several) == 0:
		l.one = l.g.unnamed(l.p)
	case len(l.several) == 1:
		l.one, l.several = l.several[0], nil
	}
	return l.one
}

// names are those under which the log speaks of replicas.
func (l *primaryLog) names() []string {
	var out []string
	for i := range l.p.Events {
		e := &l.p.Events[i]
		if e.Is(aboutReplica) && !e.Is(message.ClosesAtLimit|message.Follows) && isAddr(e.Peer) && !slices.Contains(out, e.Peer) {
			if out = append(out, e.Peer); len(out) > 1 {
				return out
			}
		}
	}
	return out
}

// byMoment is, of several replicas with logs, the one whose own log says at that moment what the primary's line does; nil where more than one does, or none.
func (l *primaryLog) byMoment(e *timeline.Event) *timeline.Host {
	near := timeline.ThreeTicks
	var means message.Meaning
	from, to := e.At-near, e.At+near
	switch {
	case e.Is(message.Asked):
		means = message.Asks
	case e.Is(message.LosesLink) || ClosedReplica(e):
		// A replica that stood still finds out when it goes on.
		means, to = message.LosesLink, to+l.p.Duration("repl-timeout")
	case l.asked != nil && e.At-l.askedAt < timeline.ThreeTicks:
		return l.asked // the answer to what it was just asked
	default:
		return nil
	}
	var found *timeline.Host
	for _, h := range l.several {
		for x := range h.Within(timeline.Span{From: from - h.Clock.Err, To: to + h.Clock.Err}) {
			if x.Is(means) && x.At >= from-h.Clock.Err && x.At <= to+h.Clock.Err {
				if found != nil && found != h {
					return nil
				}
				found = h
			}
		}
	}
	if e.Is(message.Asked) {
		l.asked, l.askedAt = found, e.At
	}
	return found
}

// saysSo reports whether a host's own log speaks of its link at that moment.
func saysSo(h *timeline.Host, at micros) bool {
	near := timeline.ThreeTicks + h.Clock.Err
	for e := range h.Within(timeline.Span{From: at - near, To: at + near}) {
		if e.Is(message.LosesLink|message.Asks|message.Follows) || e.Kind == message.PrimaryLinkLost {
			return true
		}
	}
	return false
}

// unnamed is the host of a replica of which only its primary speaks, and not by name.
func (g *Group) unnamed(p *timeline.Host) *timeline.Host {
	return &timeline.Host{Name: "a replica of " + p.Name, Settings: map[string]timeline.Setting{}, Peers: p.Peers, Clock: p.Clock}
}
