package correlate

import (
	"fmt"
	"slices"
	"strings"

	"psyncope/ingest/message"
)

// verdictOf is the answer of a condition: evidence says yes, says no, or does not say.
type answer int

const (
	dontKnow answer = iota
	yes
	no
)

// finding is a condition's answer with the rows that give it.
type finding struct {
	answer   answer
	text     string // what was found, as a clause: "its slowlog holds DEBUG SLEEP 10 for 10 s"
	evidence []Evidence
	at       micros // when the cause began, where the finding tells
	exact    bool   // at is exact to about a second
	need     string // with dontKnow: the artifact that would tell
}

func found(at micros, text string, ev ...Evidence) finding {
	return finding{answer: yes, text: text, evidence: ev, at: at}
}

func denied(text string, ev ...Evidence) finding {
	return finding{answer: no, text: text, evidence: ev, at: unknown}
}

func needs(artifact string) finding { return finding{need: artifact, at: unknown} }

// clue is a condition with its weight: how much a yes speaks for the cause and a no against it, in
// logarithms of odds (2.3 makes it ten times as likely). Says is the phrase `explain` prints.
type clue struct {
	says string
	ask  func(*scene) finding
	yes  float64
	no   float64
}

// scene is an incident seen with one suspect.
type scene struct {
	*incident
	suspect *host
}

// own is the suspect's own outage in the first wave.
func (s *scene) own() *outage {
	for _, o := range s.wave {
		if o.replica == s.suspect {
			return o
		}
	}
	return nil
}

// answered tells whether h gave a dump, or wrote a line of its main thread, inside the silence.
func (s *scene) answeredInside(h *host) *sample {
	from, to := s.contact+second, s.lost-second
	if !s.silent || to <= from {
		from, to = s.lost-2*second, s.lost+2*second
	}
	for i := range h.samples {
		if t := h.samples[i].at; t > from && t < to {
			return &h.samples[i]
		}
	}
	return nil
}

func ms(x micros) string { return x.Time().Format("15:04:05.000") }

// ---- conditions, each a function with a phrase in causes.go ----

func explained(kind string) func(*scene) finding {
	return func(s *scene) finding {
		for i := range s.suspect.stalls {
			st := &s.suspect.stalls[i]
			for _, e := range st.because {
				if e.kind == kind && !s.effect(&e) && e.overlaps(s.window()) && e.from <= s.last+second && (s.first == nil || long(e, s) || st.gap && st.atMost >= s.timeout) {
					f := found(e.from, e.summary, e.evidence...)
					f.exact = e.exact
					if st.gap && !e.exact {
						f.at = st.from
					}
					return f
				}
			}
		}
		return finding{at: unknown}
	}
}

// effect tells whether a fork is the incident's own work: the snapshot that the first request for a resync asked for.
// The slowlog knows whole seconds only, so such a fork may seem to begin a second before its request.
func (s *scene) effect(e *explanation) bool {
	if e.kind != "fork-stall" {
		return false
	}
	for i := range s.primary.stalls {
		st := &s.primary.stalls[i]
		// One fork is told by the slowlog, LATENCY and INFO: what the slowlog says of it holds for all.
		if st.overlaps(e.span) && slices.ContainsFunc(st.because, func(x explanation) bool { return x.resync && x.overlaps(e.span) }) {
			return true
		}
	}
	asked := unknown
	for _, o := range s.outages {
		for _, t := range o.tries {
			if asked == unknown || t.at < asked {
				asked = t.at
			}
		}
	}
	return asked != unknown && e.from >= asked-3*second/2
}

// long tells whether a hold is long enough to cost a silent link: a repl-timeout, less the time between two pings
// that may already have passed.
func long(e explanation, s *scene) bool {
	if s.guessed && !s.silent {
		return e.to-e.from >= 5*second // what the server itself calls slow (busy-reply-threshold)
	}
	need := s.timeout - second
	if !s.silent {
		need = s.timeout / 2
	}
	return e.to-e.from >= min(need, 5*second) && e.to-e.from >= s.timeout/2
}

func slowlogHas(kind string) func(*scene) finding {
	exp := explained(kind)
	return func(s *scene) finding {
		if f := exp(s); f.answer == yes {
			return f
		}
		if !s.suspect.hasSlowlog() {
			return needs("the slowlog of " + s.suspect.name)
		}
		return denied(fmt.Sprintf("nothing in the slowlog of %s held it for %s", s.suspect.name, length(max(s.timeout/2, second))))
	}
}

// statsShow looks for a command family whose total time in INFO commandstats jumped over the silence.
func statsShow(kind string) func(*scene) finding {
	return func(s *scene) finding {
		h := s.suspect
		if len(h.stats) == 0 {
			return needs("INFO commandstats of " + h.name)
		}
		last := map[string]*statistic{}
		for i := range h.stats {
			r := &h.stats[i]
			if !strings.HasPrefix(r.Name, "cmdstat_") {
				continue
			}
			prev := last[r.Name]
			last[r.Name] = r
			if !r.Usec.Known() || r.at < s.contact-2*second || r.at > s.last+h.interval()*2+60*second {
				continue
			}
			d := int64(r.Usec)
			if prev != nil {
				if !prev.Usec.Known() || prev.Usec > r.Usec {
					continue
				}
				d -= int64(prev.Usec)
			} else if h.samples[0].at >= r.at {
				continue
			}
			if micros(d) < max(s.timeout/2, second) {
				continue
			}
			name := strings.ToUpper(strings.TrimPrefix(r.Name, "cmdstat_"))
			base, _, _ := strings.Cut(name, "|")
			k := "slow-command"
			switch {
			case base == "PSYNC" || base == "SYNC":
				continue // a resync's own fork: some link had been lost before
			case isForkCommand(base, strings.ToLower(name)):
				k = "fork-stall"
			case isScript(base):
				k = "slow-script"
			}
			if k != kind {
				continue
			}
			at := unknown
			if st := s.stallOf(h); st != nil {
				at = st.from
			}
			return found(at, fmt.Sprintf("%s took %s more of %s between two dumps", name, length(micros(d)), h.name),
				Evidence{File: r.File, Line: r.Line, Text: fmt.Sprintf("%s:calls=%d,usec=%d", r.Name, r.Calls.Or(0), r.Usec)})
		}
		return denied("no command's total time in INFO commandstats rose by as much")
	}
}

func stoodStill(s *scene) finding {
	h := s.suspect
	if st := s.stallOf(h); st != nil && (st.gap || st.atLeast >= s.timeout/2) && (s.first == nil || st.atMost >= s.timeout-second || !s.silent && st.atMost >= 2*second) {
		ev := []Evidence{}
		if st.before != nil {
			ev = append(ev, st.before.evidence("last dump before the hole, "+ms(st.before.at)), st.after.evidence("first dump after it, "+ms(st.after.at)))
		}
		f := found(st.from, fmt.Sprintf("%s gave no sign of life from %s to %s", h.name, ms(st.from), ms(st.to)), ev...)
		return f
	}
	if a := s.answeredInside(h); a != nil && s.first != nil {
		return denied(fmt.Sprintf("%s answered INFO at %s, inside the silence", h.name, ms(a.at)), a.evidence("dump at "+ms(a.at)))
	}
	if h.interval() == 0 || h.samples[0].at > s.contact || h.samples[len(h.samples)-1].at < s.lost {
		return needs("INFO dumps of " + h.name + " over the time of the loss")
	}
	if h.interval() > s.timeout/2 && s.timeout > 0 {
		return needs("INFO dumps of " + h.name + " more often than every " + length(h.interval()))
	}
	return denied(fmt.Sprintf("the INFO series of %s has no hole long enough", h.name))
}

func keptAnswering(s *scene) finding {
	f := stoodStill(s)
	switch f.answer {
	case yes:
		return denied(f.text, f.evidence...)
	case no:
		return finding{answer: yes, text: f.text, evidence: f.evidence, at: unknown}
	}
	return f
}

func primaryAnswered(s *scene) finding {
	t := *s
	t.suspect = s.primary
	return keptAnswering(&t)
}

func replicaAnswered(s *scene) finding {
	if len(s.wave) == 0 {
		return finding{at: unknown}
	}
	t := *s
	t.suspect = s.wave[0].replica
	return keptAnswering(&t)
}

func allAtOnce(s *scene) finding {
	switch {
	case s.first == nil:
		return finding{at: unknown}
	case s.all:
		return found(unknown, fmt.Sprintf("all %d replicas lost their link within %s", len(s.wave), length(s.last-s.lost)))
	case len(s.g.attachedAt(s.primary, s.lost)) > len(s.wave):
		return denied(fmt.Sprintf("only %d of %d replicas lost its link", len(s.wave), len(s.g.attachedAt(s.primary, s.lost))))
	}
	return finding{at: unknown, need: "the logs of the other replicas"}
}

func alone(s *scene) finding {
	f := allAtOnce(s)
	switch f.answer {
	case yes:
		return denied(f.text)
	case no:
		return found(unknown, f.text)
	}
	return f
}

func nothingOfItsOwn(s *scene) finding {
	h := s.suspect
	st := s.stallOf(h)
	if st == nil || s.first == nil {
		return finding{at: unknown}
	}
	for _, e := range st.because {
		if long(e, s) || e.to-e.from >= st.atLeast/2 {
			return denied(e.summary, e.evidence...)
		}
	}
	for _, k := range []string{"slow-command", "slow-script", "fork-stall"} {
		if f := statsShow(k)(s); f.answer == yes {
			return denied(f.text, f.evidence...)
		}
	}
	if !h.hasSlowlog() {
		return needs("the slowlog of " + h.name)
	}
	return found(st.from, "nothing in its slowlog, its forks or its AOF explains it")
}

func forksUnchanged(s *scene) finding {
	h := s.suspect
	before, after := h.lastSampleBefore(s.lost-second), h.firstSampleAfter(s.last+second)
	if st := s.stallOf(h); st != nil && st.before != nil {
		before, after = st.before, st.after
	}
	if before == nil || after == nil || !before.LatestForkMicros.Known() || !after.LatestForkMicros.Known() {
		return needs("INFO stats of " + h.name + " on both sides of the stall")
	}
	if before.LatestForkMicros == after.LatestForkMicros && before.TotalForks == after.TotalForks {
		return found(unknown, "latest_fork_usec did not change over it", before.evidence("latest_fork_usec:"+itoa(int64(before.LatestForkMicros))),
			after.evidence("latest_fork_usec:"+itoa(int64(after.LatestForkMicros))))
	}
	return finding{at: unknown}
}

func aofOff(s *scene) finding {
	sm := s.suspect.lastSampleBefore(s.lost)
	if sm == nil {
		sm = s.suspect.firstSampleAfter(s.lost)
	}
	if sm == nil || !sm.AOFEnabled.Known() {
		if v := s.suspect.setting("appendonly"); !v.assumed && v.Value == "no" {
			return found(unknown, "appendonly is no", Evidence{File: v.File, Line: v.Line, Text: "appendonly no"})
		}
		return needs("INFO persistence of " + s.suspect.name)
	}
	if sm.AOFEnabled == 0 {
		return found(unknown, "aof_enabled is 0", sm.evidence("aof_enabled:0"))
	}
	return denied("aof_enabled is 1")
}

func connectFails(words ...string) func(*scene) finding {
	return func(s *scene) finding {
		for _, o := range s.wave {
			for _, e := range o.failures {
				if e.Kind != message.ReplConnectFailed && e.Kind != message.ReplConnectTimeout && e.Kind != message.ReplHandshakeError {
					continue
				}
				for _, w := range words {
					if containsWord(e.Text, w) {
						return found(unknown, fmt.Sprintf("%s could not connect: %s", o.replica.name, e.Text), e.evidence())
					}
				}
			}
		}
		for _, o := range s.wave {
			if !o.replica.hasLog() {
				return needs("the log of " + o.replica.name)
			}
		}
		return finding{at: unknown}
	}
}

// pathBroken: connecting failed although the primary was there.
func pathBroken(s *scene) finding {
	f := connectFails("refused", "No route", "unreachable", "timed out", "Timeout connecting", "reset by peer", "Operation now in progress")(s)
	if f.answer != yes {
		return f
	}
	p := s.primary
	if st := s.stallOf(p); st != nil && st.gap && strings.Contains(f.text, "Timeout connecting") {
		return finding{at: unknown}
	}
	if p.endedNear(s) != nil || startedAnew(s).answer == yes {
		return finding{at: unknown}
	}
	// It ran on if it gave a dump meanwhile, or wrote a line: a log that ends before the loss may be that of a process that ended.
	if p.answersBetween(s.lost, s.end) || p.wroteAfter(s.lost-p.clock.err) {
		f.text += ", though " + p.name + " ran on"
		return f
	}
	return needs("evidence of " + p.name + " from that time")
}

// wroteAfter tells whether the host's own log has a line from this moment on.
func (h *host) wroteAfter(at micros) bool {
	return h.anyEvent(func(e *event) bool { return e.at >= at && awake(e) })
}

// answersBetween tells whether the host gave a dump between two moments.
func (h *host) answersBetween(from, to micros) bool {
	s := h.firstSampleAfter(from)
	return s != nil && (to == unknown || s.at <= to)
}

// endedNear is the life of the host that ended about when the links were lost.
func (h *host) endedNear(s *scene) *life {
	for i := range h.lives {
		l := &h.lives[i]
		if l.how == "" || l.to == unknown {
			continue
		}
		next := unknown
		if i+1 < len(h.lives) {
			next = h.lives[i+1].from
		}
		if l.to <= s.last+5*second+h.clock.err && (next == unknown || next >= s.contact-5*second) && l.to >= s.contact-60*second-h.interval()*2 {
			return l
		}
		if (l.how == "gone" || l.how == "ended") && next != unknown && next >= s.contact-second && l.to <= s.last+second {
			return l
		}
	}
	return nil
}

func bothTimedOut(s *scene) finding {
	o := s.first
	if o == nil {
		return finding{at: unknown}
	}
	if o.timeoutByReplica != nil && o.timeoutByPrimary != nil && abs(o.timeoutByPrimary.at-o.timeoutByReplica.at) <= o.replica.duration("repl-timeout") {
		return found(unknown, "each side waited for the other until its own repl-timeout", o.timeoutByReplica.evidence(), o.timeoutByPrimary.evidence())
	}
	return finding{at: unknown}
}

func lostWithoutTimeout(s *scene) finding {
	o := s.first
	if o == nil || o.lostBy < primaryLog {
		return finding{at: unknown}
	}
	if !s.silent {
		return found(s.lost, "the connection closed at once, without a timeout", evidenceOf(o.notices, 2)...)
	}
	return denied("the link timed out", evidenceOf(o.notices, 2)...)
}

func evidenceOf(evs []*event, n int) []Evidence {
	var out []Evidence
	for _, e := range evs {
		if len(out) == n {
			break
		}
		out = append(out, e.evidence())
	}
	return out
}

func overflowClosed(s *scene) finding {
	o := s.own()
	if o == nil {
		if s.first != nil {
			return finding{at: unknown}
		}
		for i := range s.primary.events {
			e := &s.primary.events[i]
			if e.Kind == message.ClientOutputBufferLimit && replicaClient(e) {
				return found(e.at, "the primary closed a replica at its output buffer limit", e.evidence())
			}
		}
		return finding{at: unknown}
	}
	if o.begun && o.first {
		for _, e := range o.failures {
			if closedReplica(e) {
				return found(e.at, fmt.Sprintf("the primary closed %s at its output buffer limit while it took its first full resync", o.replica.name), e.evidence())
			}
		}
	}
	if o.overflow != nil {
		return found(o.overflow.at, fmt.Sprintf("the primary closed %s at its output buffer limit with %s bytes waiting", o.replica.name, bytesOf(o.overflow.Bytes.Or(0))), o.overflow.evidence())
	}
	// The closed client's address carries its own port, not the listening one: near misses in time count.
	for i := range s.primary.events {
		e := &s.primary.events[i]
		if e.Kind == message.ClientOutputBufferLimit && replicaClient(e) && abs(e.at-s.lost) <= 2*second+o.replica.clock.err && !s.several {
			return found(e.at, fmt.Sprintf("the primary closed a replica at its output buffer limit with %s bytes waiting", bytesOf(e.Bytes.Or(0))), e.evidence())
		}
	}
	// The replica may notice a moment after it was closed.
	before, after := s.primary.lastSampleBefore(s.lost-3*second), s.primary.firstSampleAfter(s.lost)
	if before != nil && after != nil && before.OutputLimitDrops.Known() && after.OutputLimitDrops > before.OutputLimitDrops && before.RunID == after.RunID {
		return found(s.lost, "client_output_buffer_limit_disconnections rose over the loss", after.evidence("client_output_buffer_limit_disconnections:"+itoa(int64(after.OutputLimitDrops))))
	}
	if !s.primary.hasLog() {
		return needs("the log of " + s.primary.name)
	}
	if s.primary.logCovers(s.lost) && !o.begun {
		return denied("the log of " + s.primary.name + " names no client closed at a limit")
	}
	return needs("the log of " + s.primary.name + " from the time of the loss")
}

// logCovers tells whether the host's log reaches over the moment.
func (h *host) logCovers(at micros) bool {
	return len(h.events) > 0 && h.events[0].at <= at
}

func restartedReplica(s *scene) finding {
	o := s.own()
	if o == nil {
		return finding{at: unknown}
	}
	if o.restart != nil {
		at := o.lost
		ev := []Evidence{}
		if l := o.replica.lifeBefore(o.restart); l != nil && l.endEv != nil {
			at = l.endEv.at
			ev = append(ev, l.endEv.evidence())
		}
		if o.restart.startEv != nil {
			ev = append(ev, o.restart.startEv.evidence())
		}
		return found(at, o.replica.name+" was a new process when it came back", ev...)
	}
	a, b := o.replica.lastSampleBefore(s.lost), o.replica.firstSampleAfter(s.last+second)
	if a != nil && b != nil && a.RunID != "" && b.RunID != "" {
		if a.RunID != b.RunID {
			return found(a.at, "the run id of "+o.replica.name+" changed over the loss", a.evidence("run_id:"+a.RunID), b.evidence("run_id:"+b.RunID))
		}
		return denied("the run id of "+o.replica.name+" is the same before and after", b.evidence("run_id:"+b.RunID))
	}
	if o.replica.logCovers(s.lost) {
		return denied("the log of " + o.replica.name + " has no start line after the loss")
	}
	return needs("the log or INFO of " + o.replica.name)
}

// primaryEnded asks how the primary's process ended.
func primaryEnded(hows ...string) func(*scene) finding {
	return func(s *scene) finding {
		h := s.primary
		if s.suspect != nil {
			h = s.suspect
		}
		if l := h.endedNear(s); l != nil {
			for _, how := range hows {
				if l.how != how {
					continue
				}
				var ev []Evidence
				if l.endEv != nil {
					ev = append(ev, l.endEv.evidence())
				}
				if n := h.lifeAfter(l); n != nil && n.startEv != nil {
					ev = append(ev, n.startEv.evidence())
				}
				text := map[string]string{"shutdown": "it was asked to shut down", "crash": "it left a crash report", "gone": "its process was gone without a farewell"}[how]
				at := l.to
				if how == "gone" && s.first != nil && s.lost > at {
					at = s.lost // its links broke when it died; its last line may be older
				}
				return found(at, h.name+": "+text, ev...)
			}
			if l.how == "ended" {
				return needs("the log of " + h.name + " up to its end")
			}
			return denied(h.name + " ended otherwise: " + l.how)
		}
		a, b := h.lastSampleBefore(s.contact), h.firstSampleAfter(s.last+second)
		if a != nil && b != nil && a.RunID != "" && a.RunID == b.RunID {
			return denied(h.name+" is the same process before and after", b.evidence("run_id:"+b.RunID))
		}
		if !h.hasInfo() && !h.hasLog() {
			return needs("the log of " + h.name)
		}
		if h.logCovers(s.contact) && len(h.lives) == 1 && h.events[len(h.events)-1].at > s.last {
			return denied("the log of " + h.name + " goes on without a new start")
		}
		return finding{at: unknown}
	}
}

func (h *host) lifeAfter(l *life) *life {
	for i := range h.lives[:max(len(h.lives)-1, 0)] {
		if &h.lives[i] == l {
			return &h.lives[i+1]
		}
	}
	return nil
}

func containsWord(s, w string) bool { return strings.Contains(s, w) }
