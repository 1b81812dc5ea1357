package replication

import (
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// replicaDump handles what the replica's own dump says of its role and link.
func (m *linkMachine) replicaDump(it item) {
	s := it.sample
	switch {
	case s.Role == "master" && m.follows && !m.hasLog(it.at):
		m.promotedInDump(it)
	case s.Role != "slave" || s.LinkStatus == "":
	case s.LinkStatus == "up":
		m.isReplica(it)
		m.upInDump(it)
	default:
		m.isReplica(it)
		m.downInDump(it)
	}
}

// isReplica takes the server that a dump names for the replica's, where no log says better.
func (m *linkMachine) isReplica(it item) {
	m.follows = true
	s := it.sample
	if s.PrimaryHost == "" || m.server != nil && (m.cur != nil || m.hasLog(it.at)) {
		return
	}
	named := m.g.At(s.PrimaryAddr())
	switch {
	case named != nil && named != m.h:
		m.server = named
	case m.server == nil:
		m.server = m.g.Primary
	}
}

func (m *linkMachine) promotedInDump(it item) {
	o := m.cur
	if o == nil {
		o = m.open(it, it.at)
	}
	o.Promoted, o.Restored, m.cur, m.follows = true, it.at, nil, false
	o.Proof = appendFew(o.Proof, it.sample.Evidence("role:master"))
	m.upOnce = false
}

func (m *linkMachine) upInDump(it item) {
	if m.cur == nil {
		m.up(it.at)
		return
	}
	m.wasUp(it.at)
	if m.cur == nil || it.sample.LastIOSeconds.Or(0) > 2 {
		return
	}
	if m.hasLog(it.at) {
		m.dumpSaysUp(it)
		return
	}
	// A replica that just woke still believes in its link, for a moment: against the primary's log its word counts when
	// a second dump repeats it.
	if m.may(it) || m.cur.LostBy == replicaInfo || m.saidUp == m.cur {
		m.close(it, "")
	} else {
		m.saidUp = m.cur
	}
}

func (m *linkMachine) downInDump(it item) {
	s := it.sample
	m.saidUp, m.after = nil, upAgain{}
	lost, since := it.at, false
	if d := s.LinkDownSeconds; d.Known() && d >= 0 && d < neverUp {
		lost, since = it.at-micros(d)*second, true
	} else if d := s.LastIOSeconds; !s.LinkDownSeconds.Known() && d.Or(0) > 0 {
		// Redis says -1 of a link that is down; other servers go on counting since the last byte.
		lost, since = it.at-micros(d)*second, true
	}
	proof := s.Evidence("master_link_status:down", "master_link_down_since_seconds:"+diagnosis.Itoa(s.LinkDownSeconds.Or(-1)))
	if m.cur != nil {
		m.cur.Proof = appendFew(m.cur.Proof, proof)
		return
	}
	if m.hasLog(it.at) {
		return
	}
	// What a replica says of its own link is first hand. If it was down all along, the primary's log closed it too early:
	// the primary has sent a resync before the replica has loaded it.
	if n := len(m.out); n > 0 && !m.out[n-1].Promoted && m.out[n-1].Restored != unknown && lost <= m.out[n-1].Restored+timeline.Tick {
		m.cur = m.out[n-1]
		m.cur.Restored, m.cur.RestoredEv = unknown, nil
		m.cur.LostBy = replicaInfo
		return
	}
	o := m.open(it, lost)
	o.Begun = !m.hadLink(it.at)
	o.First = o.Begun && !since
	o.Proof = appendFew(o.Proof, proof)
}

// neverUp bounds master_link_down_since_seconds: a link that never was up is down since the epoch, or since a clock's beginning.
const neverUp = 1 << 24

// hasLog reports whether the replica's own log speaks at this moment.
func (m *linkMachine) hasLog(at micros) bool {
	from, ok := m.covers[ReplicaLog]
	return ok && from <= at
}

func (m *linkMachine) primaryDump(it item) {
	s := it.sample
	if it.gone {
		if m.cur == nil && m.upOnce && m.may(it) {
			o := m.open(it, it.at)
			o.Proof = appendFew(o.Proof, s.Evidence("connected_slaves:"+diagnosis.Itoa(s.ConnectedReplicas.Or(0)), "("+m.h.Name+" no longer listed)"))
		}
		return
	}
	if it.row.State == "online" {
		m.closeIfMay(it)
		return
	}
	if m.cur == nil && m.may(it) {
		o := m.open(it, it.at)
		o.First = !m.hadLink(it.at)
		o.Proof = appendFew(o.Proof, diagnosis.Evidence{File: it.row.File, Line: it.row.Line, Text: "slave " + it.row.Addr + " state=" + it.row.State})
	}
}

// closeIfMay ends the outage, if the source may.
func (m *linkMachine) closeIfMay(it item) {
	if m.cur == nil {
		m.up(it.at)
		return
	}
	if m.may(it) {
		m.close(it, "")
	}
}
