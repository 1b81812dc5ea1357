package correlate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"psyncope/ingest/message"
)

// The protocol ties the two ends of a link together: a replica asks, the primary answers, the replica hears the
// answer. What the primary logs lies between the two lines of the replica, so each request bounds how far the
// replica's clock is ahead of the primary's, from both sides:
//
//	replica   r1 "Trying a partial resynchronization"     r2 "Full resync from primary"
//	primary              p "Unable to partial resync with replica ..."
//
//	r1 - p  <=  skew  <=  r2 - p
//
// Which of the primary's lines answers which request is not always said, and retries look alike. So no pair is
// trusted: every line that could be the answer gives an interval, and the skew is where most requests find one.

// interval bounds a skew.
type interval struct{ lo, hi micros }

// request is what the replica's log says of one request, on the replica's own clock.
type request struct {
	asked, heard micros // heard is unknown where no answer is logged
	full         bool   // it asked for everything
	granted      int64  // the offset at which its full resync starts; -1 unknown
	offset       int64
	replid       string
}

// reply is what the primary's log says of one, on the primary's own clock.
type reply struct {
	at     micros
	kind   string
	offset int64
	replid string
	peer   string
}

// maxRequests bounds the work on a retry storm: a few hundred requests fix a clock as well as a hundred thousand.
const maxRequests = 300

// logTick is how finely a log stamp is written: milliseconds, cut off (redis 7.4.1 server.c:121).
const logTick = 1000

func requestsOf(h *host) []request {
	var out []request
	var cur *request
	for _, l := range h.linesOf(
		message.PsyncTry, message.PsyncTryDualChannel, message.PsyncNoCachedPrimary, message.SyncFullFromPrimary, message.PsyncOk,
		message.DualChannelStart, message.PsyncOkDualChannel, message.ReplConnecting, message.ReplReconnecting, message.PrimaryLinkLost,
	) {
		e := l.event
		switch e.Kind {
		case message.PsyncTry, message.PsyncTryDualChannel:
			out = append(out, request{asked: l.at, heard: unknown, granted: -1, offset: e.Offset.Or(-1), replid: e.ReplID})
			cur = &out[len(out)-1]
		case message.PsyncNoCachedPrimary:
			out = append(out, request{asked: l.at, heard: unknown, granted: -1, full: true, offset: -1})
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

func repliesOf(h *host) []reply {
	var out []reply
	for _, l := range h.linesOf(
		message.PsyncRefusedBacklog, message.PsyncRefusedBacklogNone, message.PsyncAccepted, message.PsyncOffsetAhead, message.PsyncRefusedReplid,
		message.SyncFullRequested,
	) {
		out = append(out, reply{at: l.at, kind: l.event.Kind, offset: l.event.Offset.Or(-1), replid: l.event.ReplID, peer: l.event.Peer})
	}
	return thin(out)
}

// line is a message with its time by what is known of the clock so far.
type line struct {
	at    micros
	event *event
}

// linesOf are the host's messages of these kinds in order of time, as far as they have one. Rows lie nowhere yet while
// clocks are compared, so this is what the comparison reads.
func (h *host) linesOf(kinds ...string) []line {
	var out []line
	for i := range h.events {
		e := &h.events[i]
		if !slices.Contains(kinds, e.Kind) {
			continue
		}
		if at := h.clock.event(&e.Event, e.index, e.Stamp); at != unknown {
			out = append(out, line{at, e})
		}
	}
	sortByTime(out, func(l *line) micros { return l.at })
	return out
}

// dumped is when the host's dump was taken, by what is known of its clock so far. Dumps lie in this order.
func (h *host) dumped(i int) micros { return h.clock.dump(&h.samples[i]) }

// dumpsUntil is how many of the host's dumps were taken before this moment.
func (h *host) dumpsUntil(at micros) int {
	return sort.Search(len(h.samples), func(i int) bool { return h.dumped(i) >= at })
}

// thin keeps the first and last of a long list and some between.
func thin[T any](list []T) []T {
	if len(list) <= maxRequests {
		return list
	}
	out := make([]T, 0, maxRequests)
	for i := range maxRequests {
		out = append(out, list[i*(len(list)-1)/(maxRequests-1)])
	}
	return out
}

// answers tells whether the primary's line could answer the request.
func (r *request) answeredBy(p *reply) bool {
	switch p.kind {
	case message.SyncFullRequested:
		return r.full
	case message.PsyncRefusedReplid:
		return !r.full && p.replid == r.replid
	}
	return !r.full && r.offset >= 0 && p.offset == r.offset
}

// hadOffset tells whether the server's stream can have been at this offset at this moment of its own clock, or a
// while later where a snapshot had to wait: what is granted is never older than the dump before.
func (h *host) hadOffset(offset int64, at micros) bool {
	if offset < 0 {
		return true
	}
	var before, after *sample
	if i := h.dumpsUntil(at - second); i > 0 {
		before = &h.samples[i-1]
	}
	if i := h.dumpsUntil(at + 600*second); i < len(h.samples) {
		after = &h.samples[i]
	}
	if before != nil && before.PrimaryOffset.Known() && int64(before.PrimaryOffset) > offset {
		return false
	}
	return after == nil || !after.PrimaryOffset.Known() || before == nil || after.RunID != before.RunID || offset <= int64(after.PrimaryOffset)
}

// align estimates the skew of every host against the reference: the primary, or the one that a person names. The
// reference's own clock stays as it is: skew 0. It reads the rows as they came; they are laid afterwards.
func align(servers, sentinels []*host, primary *host, o Options) {
	ref := primary
	for _, h := range servers {
		if h.name == o.Reference {
			ref = h
		}
	}
	if !ref.hasLog() && !ref.hasInfo() && len(servers) > 0 {
		ref = servers[0]
	}
	ref.clock.aligned, ref.clock.method, ref.clock.err = true, "reference", 0
	done := map[*host]bool{ref: true}
	// Whoever shares requests with an aligned server is aligned next: siblings meet at a new primary.
	for range servers {
		for _, h := range servers {
			if done[h] {
				continue
			}
			if s, ok := o.Skew[h.name]; ok {
				h.clock.set(micros(s.Microseconds()), second/2, 0, "--skew")
				done[h] = true
				continue
			}
			for _, p := range servers {
				if !done[p] || p == h {
					continue
				}
				if h.alignTo(p) {
					done[h] = true
					break
				}
			}
		}
	}
	for _, h := range servers {
		if !done[h] {
			if h.alignByOffsets(ref) {
				continue
			}
			h.clock.method = "unaligned: no event ties it to " + ref.name + "; its clock was taken as it is"
			h.clock.err = unalignedError
		}
	}
	alignSentinels(servers, sentinels)
}

// unalignedError is the doubt of a clock that nothing ties to another: hosts under NTP mostly agree to better, and
// no order is claimed inside it.
const unalignedError = 5 * second

func (c *clock) set(skew, err micros, pairs int, how string) {
	c.skew, c.err, c.pairs, c.method, c.aligned = skew, err, pairs, how, true
}

// alignTo estimates h's skew from what it and p, which is aligned, logged of the same requests.
func (h *host) alignTo(p *host) bool {
	var candidates []candidate
	add := func(reqs []request, reps []reply, sign micros) {
		for i := range reqs {
			var in []interval
			for j := range reps {
				server := p
				if sign < 0 {
					server = h
				}
				if !reqs[i].answeredBy(&reps[j]) || !server.hadOffset(reqs[i].granted, reps[j].at) {
					continue
				}
				iv := interval{reqs[i].asked - reps[j].at - logTick, math.MaxInt64}
				if reqs[i].heard != unknown {
					iv.hi = reqs[i].heard - reps[j].at + logTick
				} else {
					iv.hi = iv.lo + h.duration("repl-timeout") + 2*second
				}
				if sign < 0 { // h answered and p asked
					iv.lo, iv.hi = -iv.hi, -iv.lo
				}
				in = append(in, iv)
			}
			if len(in) > 0 {
				candidates = append(candidates, candidate{reqs[i].asked, in})
			}
		}
	}
	add(requestsOf(h), repliesOf(p), 1)
	add(requestsOf(p), repliesOf(h), -1)
	if len(candidates) == 0 {
		return false
	}
	hint, sure := h.offsetSkew(p)
	if !sure {
		hint = 0 // hosts mostly keep about the same time
	}
	likely, best, votes := stab(candidates, hint, sure)
	skew := likely.near(hint)
	err := max(best.hi-skew, skew-best.lo) + logTick
	// A zone that nothing told shows up as a skew of hours.
	if q := zoneNear(skew); q != 0 && abs(skew-q) < 300*second {
		switch {
		case !h.clock.zoneKnown && h.hasLog():
			h.clock.zone += q
			skew -= q
			h.clock.zoneHow, h.clock.zoneKnown = "requests logged at both ends, taking the clocks to agree to minutes", true
		case !p.clock.zoneKnown && p.hasLog() && p.clock.method == "reference":
			p.clock.zone -= q
			skew -= q
			p.clock.zoneHow, p.clock.zoneKnown = "requests logged at both ends, taking the clocks to agree to minutes", true
		}
	}
	h.clock.set(skew, err+p.clock.err, votes, fmt.Sprintf("%d of %d requests logged at both ends", votes, len(candidates)))
	h.findStep(candidates, best, hint)
	return true
}

// candidate is one request with the skews that some line of the other end allows; at is on the host's own clock as
// it was laid before any skew was known.
type candidate struct {
	at micros
	in []interval
}

func (c *candidate) allows(x micros) bool {
	return slices.ContainsFunc(c.in, func(iv interval) bool { return iv.lo <= x && x <= iv.hi })
}

// findStep looks for a clock that was set in between: all requests from some moment on (or up to it) disagree with the
// skew that most have, and agree with another. Two are the least that can agree.
func (h *host) findStep(candidates []candidate, best interval, hint micros) {
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.at, b.at) })
	mid := (best.lo + best.hi) / 2
	fits := func(c candidate) bool { return c.allows(mid) }
	n := len(candidates)
	tail, head := n, 0
	for tail > 0 && !fits(candidates[tail-1]) {
		tail--
	}
	for head < n && !fits(candidates[head]) {
		head++
	}
	part, from, before := candidates[tail:], unknown, h.clock.skew
	switch {
	case n-tail >= 2 && tail > 0:
		from = candidates[tail].at
	case head >= 2 && head < n:
		part = candidates[:head]
	default:
		return
	}
	_, other, votes := stab(part, mid, true)
	to := (other.lo + other.hi) / 2
	if votes < len(part) || abs(to-mid) < best.hi-best.lo+other.hi-other.lo+second/10 {
		return
	}
	delta := to - mid
	if from == unknown { // the first part differs: the clock was set where the second begins
		h.clock.steps = []clockStep{{candidates[head].at, before}}
		h.clock.skew = before + delta
		from, delta = candidates[head].at, -delta
	} else {
		h.clock.steps = []clockStep{{from, before + delta}}
	}
	h.clock.changes = append(h.clock.changes, fmt.Sprintf("the clock was set by %s between two resyncs, before %s of its own time", length(delta), from.Time().Format("2006-01-02 15:04:05")))
}

// tight is an interval whose middle is as good as any other place in it.
const tight = second

// near is the place in the interval to believe in. A wide one has a cause that its middle knows nothing of: the answer came
// after a fork, or the request waited for a primary that stood still. Then the clocks are taken to agree as far as it allows.
func (iv interval) near(hint micros) micros {
	if iv.hi-iv.lo <= tight {
		return (iv.lo + iv.hi) / 2
	}
	return min(max(hint, iv.lo), iv.hi)
}

// stab finds where most requests have an interval. Where several places have as many, the one closest to hint is likely,
// and all spans those near it, so that the error covers the ambiguity of replicas that asked at about the same moment:
// within a second where the hint is sure enough to choose by, within ten where it is none.
func stab(candidates []candidate, hint micros, sure bool) (likely, all interval, votes int) {
	var points []micros
	for _, c := range candidates {
		for _, iv := range c.in {
			points = append(points, iv.lo, iv.hi)
		}
	}
	slices.Sort(points)
	points = slices.Compact(points)
	count := func(x micros) int {
		n := 0
		for i := range candidates {
			if candidates[i].allows(x) {
				n++
			}
		}
		return n
	}
	best := 0
	at := make([]int, len(points))
	for i, x := range points {
		at[i] = count(x)
		best = max(best, at[i])
	}
	var runs []interval
	for i := 0; i < len(points); i++ {
		if at[i] < best {
			continue
		}
		j := i
		for j+1 < len(points) && at[j+1] == best && count((points[j]+points[j+1])/2) == best {
			j++
		}
		runs = append(runs, interval{points[i], points[j]})
		i = j
	}
	away := func(r interval) micros { return max(r.lo-hint, hint-r.hi, 0) }
	slices.SortStableFunc(runs, func(a, b interval) int {
		return cmp.Or(cmp.Compare(away(a)/(second/10), away(b)/(second/10)), cmp.Compare(a.hi-a.lo, b.hi-b.lo), cmp.Compare(a.lo, b.lo))
	})
	out, reach := runs[0], second
	if !sure {
		reach = 10 * second
	}
	for _, r := range runs[1:] {
		if r.lo <= out.hi+reach && r.hi >= out.lo-reach && r.hi-r.lo <= 2*(out.hi-out.lo)+second/10 {
			out.lo, out.hi = min(out.lo, r.lo), max(out.hi, r.hi)
		}
	}
	return runs[0], out, best
}

// alignByOffsets compares the replica's applied offset with the primary's stream: a replica cannot hold what the
// primary has not written, and while its link is well it holds nearly all of it. So where the primary's offset, drawn
// between its dumps, reaches the replica's, there the replica's dump was taken or a little later.
func (h *host) alignByOffsets(p *host) bool {
	d, spread, n := h.offsetDifferences(p)
	if n < 3 || spread > unalignedError {
		return false
	}
	h.clock.set(d, spread, n, fmt.Sprintf("replication offsets in %d dumps against the primary's", n))
	return true
}

// offsetSkew is the skew that replication offsets give, if it is good to some seconds: enough to choose among requests.
func (h *host) offsetSkew(p *host) (micros, bool) {
	d, spread, n := h.offsetDifferences(p)
	return d, n >= 3 && spread <= 2*unalignedError
}

func (h *host) offsetDifferences(p *host) (skew, spread micros, n int) {
	if len(p.samples) < 3 || len(h.samples) < 3 {
		return 0, 0, 0
	}
	var d []micros
	dated := 0 // dumps that only the lines around them will date come first
	for dated < len(p.samples) && p.dumped(dated) == unknown {
		dated++
	}
	every := max(len(h.samples)/maxRequests, 1)
	for i := 0; i < len(h.samples); i += every {
		s := &h.samples[i]
		if s.LinkStatus != "up" || !s.ReplicaOffset.Known() || h.dumped(i) == unknown || s.LastIOSeconds.Or(99) > 1 {
			continue
		}
		// The stream only grows while the primary's process lives: halving finds the first dump that reaches the offset.
		o := s.ReplicaOffset
		j := dated + sort.Search(len(p.samples)-dated, func(j int) bool { return p.samples[dated+j].PrimaryOffset >= o })
		if j == dated || j == len(p.samples) {
			continue
		}
		a, b := &p.samples[j-1], &p.samples[j]
		if !a.PrimaryOffset.Known() || b.PrimaryOffset <= a.PrimaryOffset || o < a.PrimaryOffset || a.RunID != b.RunID {
			continue
		}
		from, to := p.dumped(j-1), p.dumped(j)
		if to-from > 60*second {
			continue
		}
		at := from + micros(float64(to-from)*float64(o-a.PrimaryOffset)/float64(b.PrimaryOffset-a.PrimaryOffset))
		d = append(d, h.dumped(i)-at)
	}
	// An idle primary's stream moves by pings alone: too coarse to date anything, and the dumps scatter.
	if len(d) == 0 {
		return 0, 0, 0
	}
	m := median(d)
	dev := make([]micros, len(d))
	for i := range d {
		dev[i] = abs(d[i] - m)
	}
	return m, 3*median(dev) + second/4, len(d)
}

// alignSentinels ties Sentinels' clocks to the servers': the leader sends REPLICAOF NO ONE before the replica obeys and
// reports the promotion after; the others vote between the leader's call and its election, and hear of the switch
// within some seconds, with the hello messages that Sentinels publish every two (redis 7.4.1 sentinel.c
// sentinel_publish_period).
func alignSentinels(servers, sentinels []*host) {
	var promoted []micros
	for _, r := range servers {
		for _, l := range r.linesOf(message.Promoted) {
			promoted = append(promoted, l.at)
		}
	}
	for _, h := range sentinels {
		h.alignTimes("the promotion it ordered", h.orders(promoted))
	}
	for _, h := range sentinels {
		if h.clock.aligned {
			continue
		}
		for _, leader := range sentinels {
			if leader.clock.aligned && h.alignTimes("the vote for "+leader.name, h.votes(leader)) {
				break
			}
		}
		if !h.clock.aligned {
			h.alignTimes("the switch it heard of", h.switches(promoted))
		}
		if !h.clock.aligned {
			h.clock.method = "unaligned: no promotion ties it to a server; its clock was taken as it is"
			h.clock.err = unalignedError
		}
	}
}

// alignTimes sets the clock where the intervals agree best.
func (h *host) alignTimes(how string, in []interval) bool {
	if len(in) == 0 {
		return false
	}
	_, best, n := stab([]candidate{{unknown, in}}, 0, true)
	h.clock.set((best.lo+best.hi)/2, (best.hi-best.lo)/2+logTick, n, how)
	return true
}

// orders bounds the skew by the promotions that this Sentinel ordered itself.
func (h *host) orders(promoted []micros) (in []interval) {
	sent := unknown
	for _, l := range h.linesOf(message.SentinelFailoverSendReplicaofNoone, message.SentinelPromoted, message.SentinelFailoverReconf) {
		if l.event.Kind == message.SentinelFailoverSendReplicaofNoone {
			sent = l.at
			continue
		}
		for _, p := range promoted {
			if sent != unknown {
				in = append(in, interval{sent - p - logTick, l.at - p + logTick})
			}
		}
		sent = unknown
	}
	return in
}

// votes bounds the skew by this Sentinel's votes between another's call for a failover and its election.
func (h *host) votes(leader *host) (in []interval) {
	called := unknown
	voted := h.linesOf(message.SentinelVoteForLeader)
	for _, l := range leader.linesOf(message.SentinelTryFailover, message.SentinelElectedLeader) {
		if l.event.Kind == message.SentinelTryFailover {
			called = l.at
			continue
		}
		for _, v := range voted {
			if called != unknown {
				in = append(in, interval{v.at - l.at - logTick, v.at - called + logTick})
			}
		}
		called = unknown
	}
	return in
}

// switches bounds the skew by the switches this Sentinel heard of.
func (h *host) switches(promoted []micros) (in []interval) {
	for _, l := range h.linesOf(message.SentinelSwitchPrimary) {
		for _, p := range promoted {
			in = append(in, interval{l.at - p - 10*second, l.at - p})
		}
	}
	return in
}
