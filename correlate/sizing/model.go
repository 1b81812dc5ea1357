package sizing

import (
	"cmp"
	"slices"
	"sort"

	"psyncope/correlate/replication"
)

// The model replays the incidents of a capture under other settings: every link that was lost, every request that was answered, and what
// piled up in a replica's output buffer, as the evidence has them. What it takes for granted:
//
//   - A link that was given up for silence is kept by a repl-timeout longer than the silence, at both ends.
//   - A request is granted where the backlog holds what the replica misses. Up to 6.2 all of that lies in the replica's output buffer at
//     once, and at or above the hard limit the connection is closed at once, again and again (redis 6.2 replication.c
//     addReplyReplicationBacklog); from 7.0 it is read from the backlog, and the limit is never below the backlog (7.0.15 networking.c:3771).
//   - What is written while a full resync runs waits in the output buffer; a limit above it is not met. What drains meanwhile is not known,
//     so that it is an upper bound.
//   - A backlog without replicas is freed after repl-backlog-ttl, and then no request is granted (replication.c replicationCron).
//   - What a full resync's work broke stays whole without that resync.
//
// It knows nothing of what the incident's cause would do under other settings, nor of load that clients would have added.

// Settings are values to try; the zero value of each keeps what the capture had.
type Settings struct {
	Backlog int64 // repl-backlog-size, bytes
	Timeout int64 // repl-timeout, seconds
	Limit   int64 // the hard limit of client-output-buffer-limit replica, bytes; the soft one as well
	TTL     int64 // repl-backlog-ttl, seconds
}

// Result is what would be left of an incident.
type Result struct {
	Full    int64 // full resyncs
	Partial int64 // partial resyncs that close it
	Closes  int64 // connections of replicas closed at the output buffer limit
	Stuck   bool  // partial resyncs are granted and closed again: the replica does not get on
}

// CompareHarm is below 0 where r leaves less harm than o.
func (r Result) CompareHarm(o Result) int {
	stuck := func(r Result) int {
		if r.Stuck {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(stuck(r), stuck(o)), cmp.Compare(r.Full, o.Full), cmp.Compare(r.Closes, o.Closes))
}

// What a repl-timeout has to outlive.
const (
	SilentLink   = "the link was silent for"
	SlowTransfer = "a full resync had got no further after"
	LongFork     = "the snapshots' forks hold the primary for"
)

// TimeoutNeed is the repl-timeout that would have kept what was lost to it, what it has to outlive, and how long that was.
func (a *Account) TimeoutNeed() (need int64, seen micros, what string) {
	l := &a.limits
	need, seen, what = l.silence, Silence(a.In), SilentLink
	if l.transfer > need {
		need, seen, what = l.transfer, micros(l.transfer-1)*second, SlowTransfer
	}
	if l.fork > need {
		need, seen, what = l.fork, micros(l.fork-2)*second, LongFork
	}
	return need, seen, what
}

// Away is for how long at most the primary had no replica when its backlog was freed.
func (a *Account) Away() micros { return micros(a.limits.away) * second }

// limit is what counts as the hard limit for replicas under the settings; 0 none.
func (l *limits) limit(s Settings) int64 {
	hard := cmp.Or(s.Limit, l.hard)
	if l.shares && hard > 0 {
		hard = max(hard, cmp.Or(s.Backlog, l.backlog))
	}
	return hard
}

// holds reports whether what piled up would have been held under the settings: by a limit above it, or from 7.0 by a backlog above it. The
// soft limit is raised with the hard one; where it alone still closes a replica, that one goes on from the backlog.
func (l *limits) holds(s Settings) bool {
	return s.Limit > 0 && l.limit(s) >= l.buffer || l.shares && s.Backlog > l.backlog && s.Backlog >= l.buffer
}

// Try replays the incident under other settings.
func (a *Account) Try(s Settings) Result {
	r, _ := a.replay(s)
	return r
}

// replay also tells which of the account's full resyncs are left. A replica asks again only after an attempt that was not granted.
func (a *Account) replay(s Settings) (r Result, left []bool) {
	l := &a.limits
	left = make([]bool, len(a.Demands))
	if l.silence > 0 && s.Timeout >= l.silence {
		return r, left
	}
	backlog := cmp.Or(s.Backlog, l.backlog)
	limit := l.limit(s)
	fits := len(l.closes) > 0 && l.holds(s)
	stuck := l.partials && !fits
	ended := map[*replication.Outage]bool{} // continued by a partial resync, or never lost
	served := map[*replication.Outage]bool{}
	any := false
	known := int64(0)
	for i := range a.Demands {
		d := &a.Demands[i]
		known += d.count
		switch {
		case ended[d.o]:
		case d.effect && (!any || l.fork > 0 && s.Timeout >= l.fork):
		case fits && d.at != unknown && d.at >= l.closes[0].At-replication.ClockSlack:
			// It would not have been closed. The resync that was under way then had been asked for already.
		case l.transfer > 0 && s.Timeout >= l.transfer && served[d.o]:
			// The first transfer would have ended.
		case d.spared(backlog, s, l):
			ended[d.o] = true
			if !l.shares && limit > 0 && d.Need.Most >= limit {
				stuck = true
				break
			}
			r.Partial++
		default:
			r.Full, any, left[i] = r.Full+d.count, true, true
			served[d.o] = true
		}
	}
	rest := max(a.Total-known, 0)
	if fits || a.feeds && r.Full == 0 && known > 0 {
		rest = 0
	}
	r.Full = min(r.Full+rest, max(a.Total, 0))
	if !fits {
		r.Closes = int64(len(l.closes))
		// Up to 6.2 a backlog that grants what the limit cannot hold turns full resyncs into partial ones that never end.
		stuck = stuck || !l.shares && len(l.closes) > 1 && s.Backlog > l.backlog && s.Backlog >= l.limit(s)
	}
	r.Stuck = stuck
	return r, left
}

// FullAt is how many of the incident's full resyncs are left with a backlog of this size.
func (a *Account) FullAt(size int64) int64 { return a.Try(Settings{Backlog: size}).Full }

// Worst is the full resync whose need a backlog has to hold so that as few are left as with any; nil where none spares any. What comes after
// a resync that was spared, in the same outage or by its work, is spared with it.
func (a *Account) Worst() *Demand {
	var curable []*Demand
	for i := range a.Demands {
		if d := &a.Demands[i]; d.Curable && !d.effect {
			curable = append(curable, d)
		}
	}
	slices.SortStableFunc(curable, func(a, b *Demand) int { return cmp.Compare(a.Need.Most, b.Need.Most) })
	full := func(backlog int64) int64 { return a.Try(Settings{Backlog: backlog, TTL: a.limits.away + 1}).Full }
	floor := full(1 << 62)
	// More backlog never means more full resyncs, so it is searched for: a storm has thousands.
	at := sort.Search(len(curable), func(i int) bool { return full(curable[i].Need.Most) == floor })
	if at == len(curable) {
		return nil
	}
	return curable[at]
}

// spared reports whether the request would have been granted.
func (d *Demand) spared(backlog int64, s Settings, l *limits) bool {
	if !d.Curable || backlog < d.Need.Most {
		return false
	}
	return !d.freed || s.TTL > l.away
}

// proposals are the values that the plan's settings would be given, one for the whole group; 0 where there is nothing to change.
func (p *Plan) proposals() {
	for i := range p.Accounts {
		l := &p.Accounts[i].limits
		now := int64(p.Accounts[i].In.Primary.Duration("repl-timeout") / second)
		if need := max(l.silence, l.transfer, l.fork); need > now && now > 0 {
			// Half as much again: the next stall is not the same to the second. Multiples of five read better.
			if to := (need*3/2 + 4) / 5 * 5; to <= MostTimeout {
				p.Timeout = max(p.Timeout, to)
			}
		}
		if l.away > 0 {
			p.TTL = max(p.TTL, 2*l.away, defaultTTL)
		}
	}
	for i := range p.Accounts {
		p.Limit = max(p.Limit, p.limitFor(&p.Accounts[i]))
	}
}

const (
	// MostTimeout is the longest repl-timeout that is advised. A dead peer is noticed only after it, and its output buffer
	// grows as long: ten minutes is ten times the default, and longer stalls have to be mended where they arise.
	MostTimeout = 600
	// defaultTTL is repl-backlog-ttl unless set (redis 7.4.1 config.c).
	defaultTTL = 3600
)

// limitFor is the hard limit that an incident asks for: what piled up, and where a larger backlog grants partial resyncs that lie in the
// buffer at once (up to 6.2), twice that backlog: a partial resync is at most as large, and while it drains as much again may be written
// on a path that is fast enough to keep a replica at all.
func (p *Plan) limitFor(a *Account) int64 {
	l := &a.limits
	need := int64(0)
	switch {
	case l.hard == 0:
		return 0
	case len(l.closes) > 0 && l.measured:
		need = WithMargin(l.buffer)
	case len(l.closes) > 0:
		need = 2 * max(l.buffer, l.hard)
	}
	backlog := max(l.backlog, p.Proposed().Backlog)
	if len(l.closes) > 0 && l.shares && need <= l.backlog {
		need = 2 * l.backlog // below the backlog the limit is ignored
	}
	if !l.shares && (l.partials || a.curable() && backlog >= l.hard) {
		need = max(need, 2*backlog)
	}
	if need == 0 {
		return 0
	}
	return max(RoundUp(need), l.hard)
}

func (a *Account) curable() bool {
	return slices.ContainsFunc(a.Demands, func(d Demand) bool { return d.Curable })
}

// Proposed is what each setting would be given.
func (p *Plan) Proposed() Settings {
	backlog := p.Recommended
	if p.Wanted > 0 && p.MaxMemoryFor(p.Wanted) > 0 {
		backlog = p.Wanted
	}
	return Settings{Backlog: backlog, Timeout: p.Timeout, Limit: p.Limit, TTL: p.TTL}
}

// Try replays all incidents of the group.
func (p *Plan) Try(s Settings) (sum Result) {
	for i := range p.Accounts {
		r := p.Accounts[i].Try(s)
		sum.Full, sum.Partial, sum.Closes, sum.Stuck = sum.Full+r.Full, sum.Partial+r.Partial, sum.Closes+r.Closes, sum.Stuck || r.Stuck
	}
	return sum
}
