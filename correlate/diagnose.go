package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Options are what a person may know better than the evidence.
type Options struct {
	// TZ gives instances' time zones; Skew how far their clocks are ahead of the reference.
	TZ   map[string]*time.Location
	Skew map[string]time.Duration
	// Reference names the instance whose clock is the axis, instead of the group's first primary.
	Reference string
	// Since and Until bound the incidents and notes that are told; zero is open.
	Since, Until time.Time
	// Group keeps one group, by id or by the name of one of its instances. Its lanes and series are told even without an
	// incident.
	Group string
}

// Diagnose analyses one case. The case is not changed and may be released afterwards.
func Diagnose(c *table.Case, o Options) *Diagnosis {
	d := empty()
	hs := hosts(c)
	clocks(hs, o)
	for _, g := range groups(hs) {
		if len(g.hosts) == 0 && len(g.sentinels) == 0 {
			continue
		}
		g.shareSettings()
		align(g.hosts, g.sentinels, g.primary, o)
		for _, h := range slices.Concat(g.hosts, g.sentinels) {
			h.lay()
		}
		g.resolve()
		g.markSentinels()
		g.id = groupID(g)
		if o.Group != "" && !g.named(o.Group) {
			continue
		}
		g.findLinks()
		g.report(d, o)
	}
	d.inputs(c)
	d.finish()
	return d
}

func empty() *Diagnosis {
	return &Diagnosis{
		Schema: Schema, Inputs: Inputs{Files: []InputFile{}, Problems: []Problem{}}, Time: TimeAxis{Hosts: []HostClock{}}, Groups: []Group{},
		Incidents: []Incident{}, Notes: []Note{}, Sizing: []Sizing{}, Lanes: []Lane{}, Series: []Series{},
	}
}

// Merge joins diagnoses of different cases into one, in a fixed order.
func Merge(ds ...*Diagnosis) *Diagnosis {
	out := empty()
	for _, d := range ds {
		out.Inputs.Files = append(out.Inputs.Files, d.Inputs.Files...)
		out.Inputs.Problems = append(out.Inputs.Problems, d.Inputs.Problems...)
		out.Inputs.Bytes += d.Inputs.Bytes
		out.Inputs.Records += d.Inputs.Records
		out.Inputs.Rejected += d.Inputs.Rejected
		out.Time.Hosts = append(out.Time.Hosts, d.Time.Hosts...)
		out.Groups = append(out.Groups, d.Groups...)
		out.Incidents = append(out.Incidents, d.Incidents...)
		out.Notes = append(out.Notes, d.Notes...)
		out.Sizing = append(out.Sizing, d.Sizing...)
		out.Lanes = append(out.Lanes, d.Lanes...)
		out.Series = append(out.Series, d.Series...)
	}
	out.finish()
	return out
}

// finish sorts everything and numbers the incidents, so that the order of cases does not show.
func (d *Diagnosis) finish() {
	slices.SortStableFunc(d.Inputs.Files, func(a, b InputFile) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(d.Inputs.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	slices.SortStableFunc(d.Time.Hosts, func(a, b HostClock) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance))
	})
	slices.SortStableFunc(d.Groups, func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(d.Incidents, func(a, b Incident) int {
		return cmp.Or(compareStamps(a.Start, b.Start), cmp.Compare(a.Group, b.Group), cmp.Compare(strings.Join(a.Affected, " "), strings.Join(b.Affected, " ")))
	})
	for i := range d.Incidents {
		d.Incidents[i].ID = fmt.Sprintf("incident-%d", i+1)
	}
	slices.SortStableFunc(d.Notes, func(a, b Note) int {
		return cmp.Or(compareStamps(a.At, b.At), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Summary, b.Summary))
	})
	slices.SortStableFunc(d.Sizing, func(a, b Sizing) int { return cmp.Compare(a.Group, b.Group) })
	slices.SortStableFunc(d.Lanes, func(a, b Lane) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance))
	})
	slices.SortStableFunc(d.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Name, b.Name))
	})
}

func compareStamps(a, b *Stamp) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return a.Compare(b.Time)
}

func (d *Diagnosis) inputs(c *table.Case) {
	for _, f := range c.Files {
		d.AddFile(f)
	}
	for _, p := range c.Problems.Rows() {
		d.Inputs.Problems = append(d.Inputs.Problems, Problem{File: p.File, Line: p.Line, Reason: p.Reason, Text: p.Text})
	}
}

// AddFile adds the account of a file, of this case or of none.
func (d *Diagnosis) AddFile(f table.File) {
	d.Inputs.Files = append(d.Inputs.Files, InputFile{
		Path: f.Path, Kind: f.Kind, Instance: f.Instance, Bytes: f.Bytes, Records: f.Records, Ignored: f.Ignored,
		Rejected: f.Rejected, First: stampOf(f.First), Last: stampOf(f.Last),
	})
	d.Inputs.Bytes += f.Bytes
	d.Inputs.Records += f.Records
	d.Inputs.Rejected += f.Rejected
}

// AddProblem adds a problem that belongs to no case.
func (d *Diagnosis) AddProblem(p table.Problem) {
	d.Inputs.Problems = append(d.Inputs.Problems, Problem{File: p.File, Line: p.Line, Reason: p.Reason, Text: p.Text})
}

// groupID names a group: the directory its instances share, else its first primary.
func groupID(g *group) string {
	if dir, _, ok := strings.Cut(g.primary.name, "/"); ok {
		return dir
	}
	return g.primary.name
}

func (g *group) named(name string) bool {
	if g.id == name || g.primary.name == name {
		return true
	}
	return slices.ContainsFunc(g.hosts, func(h *host) bool { return h.name == name })
}

// report adds the group and what happened in it.
func (g *group) report(d *Diagnosis, o Options) {
	gr := Group{ID: g.id, Primary: g.primary.name, Replicas: []string{}, Versions: []string{}}
	from, to := unknown, unknown
	all := slices.Clone(g.hosts)
	for _, h := range g.byAddr {
		if !slices.Contains(all, h) && h != g.primary {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	for _, h := range all {
		if h != g.primary {
			gr.Replicas = append(gr.Replicas, h.name)
		}
		if f, v := h.version(); v != "" {
			if name := f + " " + v; !slices.Contains(gr.Versions, name) {
				gr.Versions = append(gr.Versions, name)
			}
		}
		if t := h.firstSeen(); t != unknown && (from == unknown || t < from) {
			from = t
		}
		if t := lastSeen(h, 1<<62); t != unknown && (to == unknown || t > to) {
			to = t
		}
	}
	slices.Sort(gr.Versions)
	gr.From, gr.To = stampOf(from), stampOf(to)
	d.Groups = append(d.Groups, gr)
	for _, h := range append(slices.Clone(g.hosts), g.sentinels...) {
		d.Time.Hosts = append(d.Time.Hosts, h.clockReport(g))
	}
	var ins []*judged
	for _, in := range g.findIncidents() {
		ins = append(ins, &judged{incident: in, verdict: weigh(in)})
	}
	plan := g.planFor(ins)
	for i, in := range ins {
		next := unknown
		if i+1 < len(ins) {
			next = ins[i+1].start
		}
		if !o.tells(in.start, in.end) {
			continue
		}
		d.Incidents = append(d.Incidents, in.report(next, plan))
	}
	g.notes(d, o, plan)
	g.size(d, plan)
	if len(ins) > 0 || o.Group != "" {
		g.picture(d)
	}
}

func (o *Options) tells(from, to micros) bool {
	if !o.Since.IsZero() && to != unknown && to < table.MicrosOf(o.Since) {
		return false
	}
	return o.Until.IsZero() || from == unknown || from <= table.MicrosOf(o.Until)
}

func (h *host) firstSeen() micros {
	t := unknown
	for i := range h.events {
		if h.events[i].at != unknown {
			t = h.events[i].at
			break
		}
	}
	if len(h.samples) > 0 && (t == unknown || h.samples[0].at < t) {
		t = h.samples[0].at
	}
	return t
}

func (h *host) clockReport(g *group) HostClock {
	c := &h.clock
	how := c.method
	switch {
	case !h.hasLog():
	case c.zoneKnown:
		how += "; zone from " + c.zoneHow
	default:
		how += "; zone " + c.zoneHow
	}
	return HostClock{Instance: h.name, Group: g.id, ZoneOffsetS: seconds(c.zone), SkewS: seconds(c.skew), ErrorS: seconds(c.err), Method: how, Pairs: c.pairs, Changes: append([]string{}, c.changes...)}
}

// triggerAt is when the cause began: where its evidence tells, else when the link was last alive.
func (in *judged) triggerAt() micros {
	h := in.verdict.best
	at := in.start
	if len(in.wave) > 0 {
		at = in.contact
		if !in.silent {
			at = in.lost
		}
	}
	if h != nil && h.at != unknown && !h.cause.blocks {
		at = h.at
	}
	if h != nil && h.cause.blocks && h.at != unknown && (in.start == unknown || h.at < in.start) {
		at = h.at
	}
	return at
}

func (in *judged) report(next micros, p *plan) Incident {
	v := in.verdict
	out := Incident{Group: in.g.id, Alternatives: []Alternative{}, Affected: in.affected, Chain: in.chain(), Missing: append([]string{}, v.missing...), Recommendations: []Recommendation{}, Resyncs: []Resync{}}
	for _, h := range in.cutShort() {
		out.Missing = append(out.Missing, fmt.Sprintf("the log of %s from before %s", h.name, clockTime(h.firstLine())))
	}
	start := in.start
	if v.best != nil {
		at := in.triggerAt()
		out.Trigger = Trigger{Kind: v.best.cause.Kind, Instance: v.best.suspect.name, At: stampOf(at), Confidence: round2(v.p), Summary: v.best.summary()}
		if at != unknown {
			start = min(start, at)
		}
	} else {
		out.Trigger = Trigger{Kind: "unknown", Instance: "", At: stampOf(in.triggerAt()), Confidence: round2(v.p), Summary: unknownProse}
	}
	out.Start, out.End = stampOf(start), stampOf(in.end)
	rank := v.ranking
	if v.best != nil {
		rank = rank[1:]
	}
	for i, h := range worthTelling(rank) {
		if i < 6 || h.p > 0.02 {
			at := h.at
			out.Alternatives = append(out.Alternatives, Alternative{Kind: h.cause.Kind, Instance: h.suspect.name, At: stampOf(at), Confidence: round2(h.p), WhyNot: h.whyNot()})
		}
	}
	out.FullSyncs, out.PartialSyncs = in.counts(next)
	in.resyncs(&out)
	out.Refusal = in.refusal()
	out.Loop, out.Storm = in.loop, in.storm
	out.Severity = in.severity(out.FullSyncs)
	out.Headline = in.headline(&out)
	advise(in, p, &out)
	return out
}

// worthTelling orders the causes that lost: by belief where they have any, then those that evidence speaks against, for
// they were looked at and ruled out; those of which nothing is said come last.
func worthTelling(rank []*hypothesis) []*hypothesis {
	weight := func(h *hypothesis) float64 {
		if h.p >= 0.005 {
			return 100 + h.p
		}
		w := 0.0
		for i, f := range h.findings {
			if f.answer == no && f.text != "" {
				w = max(w, -h.cause.clues[i].no)
			}
		}
		return w
	}
	out := slices.Clone(rank)
	slices.SortStableFunc(out, func(a, b *hypothesis) int { return cmp.Compare(weight(b), weight(a)) })
	return out
}

func round2(p float64) float64 { return float64(int(p*100+0.5)) / 100 }

// severity is critical where a full resync happened that was no provisioning or planned restart of a replica, or a
// link stayed down for more than 30 s (contract).
func (in *judged) severity(full int64) string {
	planned := in.verdict.best != nil && in.verdict.best.cause.Kind == "replica-restart" && in.plannedRestart()
	if full > 0 && !planned && len(in.outages) > 0 {
		return Critical
	}
	for _, o := range in.outages {
		end := o.restored
		if end == unknown {
			end = in.g.lastSeen()
		}
		if o.promoted || o.lost == unknown || end == unknown {
			continue
		}
		if end-o.lost > 30*second {
			return Critical
		}
	}
	return Warning
}

func (g *group) lastSeen() micros {
	t := unknown
	for _, h := range g.hosts {
		t = max(t, lastSeen(h, 1<<62))
	}
	return t
}

func (in *incident) plannedRestart() bool {
	for _, o := range in.outages {
		if o.restart == nil {
			return false
		}
		l := o.replica.lifeBefore(o.restart)
		if l == nil || l.how != "shutdown" {
			return false
		}
	}
	return true
}

func (in *judged) headline(i *Incident) string {
	who := list(i.Affected)
	cause := i.Trigger.Kind
	switch {
	case len(in.outages) == 0:
		return fmt.Sprintf("%s on %s: no lost link in the evidence", cause, cmp.Or(i.Trigger.Instance, in.primary.name))
	case i.Storm:
		return fmt.Sprintf("Full-resync storm: %s on %s began it, %s feeds it; %d full resyncs for %s", cause, i.Trigger.Instance, i.Loop.Kind, i.FullSyncs, who)
	}
	end := "and the link was still down when the evidence ends"
	if i.End != nil {
		switch {
		case i.FullSyncs > 0:
			end = fmt.Sprintf("and came back by %s", plural(i.FullSyncs, "full resync", "full resyncs"))
		case i.PartialSyncs > 0:
			end = fmt.Sprintf("and caught up by %s", plural(i.PartialSyncs, "partial resync", "partial resyncs"))
		default:
			end = "and came back"
		}
	}
	if len(i.Affected) == 0 { // nobody is left but whoever took over
		var heirs []string
		for _, o := range in.outages {
			if o.promoted && !slices.Contains(heirs, o.replica.name) {
				heirs = append(heirs, o.replica.name)
			}
		}
		who, end = list(heirs), "and became primary"
	}
	if i.Trigger.Kind == "unknown" {
		return fmt.Sprintf("%s lost the link to the primary for a reason the evidence does not show, %s", who, end)
	}
	return fmt.Sprintf("%s on %s: %s lost the link, %s", cause, i.Trigger.Instance, who, end)
}

// resyncs lists every attempt.
func (in *incident) resyncs(out *Incident) {
	for _, o := range in.outages {
		for _, t := range o.tries {
			r := Resync{Instance: o.replica.name, At: stampOf(t.at), Asked: cmp.Or(t.asked, "unknown"), Outcome: cmp.Or(t.outcome, "failed"), Refusal: cmp.Or(t.refusal, "none")}
			if t.granted == "full" && t.refusal == "" {
				r.Refusal = in.refusalKind(o, t)
			}
			if t.granted == "partial" {
				r.Refusal = "none"
			}
			r.RequestedOffset, r.PrimaryOffset, r.NeededBytes, r.BacklogBytes = in.arithmetic(o, t)
			if r.Refusal == "backlog-overflow" {
				r.AtLeastBytes, r.AtMostBytes, _ = in.shortfall(o, t).bounds()
			}
			if t.end != unknown {
				r.Seconds = seconds(t.end - t.at)
			}
			out.Resyncs = append(out.Resyncs, r)
		}
	}
	slices.SortStableFunc(out.Resyncs, func(a, b Resync) int {
		return cmp.Or(compareStamps(a.At, b.At), cmp.Compare(a.Instance, b.Instance))
	})
}

// arithmetic is what an attempt asked for and what the primary had. The backlog would have had to hold everything from
// the requested byte to the primary's last one: primary - requested + 1, for offsets number bytes from 1 (redis 7.0.15
// replication.c masterTryPartialResync; on a live 7.0.15 exactly that many suffice and one less than histlen+1 does not).
// The replica's line names the offset at which its full resync starts; how far that is from where the primary was when
// it refused, shortfall tells.
func (in *incident) arithmetic(o *outage, t *attempt) (requested, primary, needed, backlog *int64) {
	// Copies: a Diagnosis that points into an attempt keeps all its group's evidence in memory.
	if offset := t.offset; offset >= 0 && t.asked == "partial" {
		requested = &offset
	}
	p := t.server
	if p == nil {
		p = in.primary
	}
	accepted := t.granted == "partial" && t.answerEv != nil && t.answerEv.Bytes.Known()
	switch {
	case accepted && t.offset > 0:
		// "Sending N bytes of backlog starting from offset R": the primary stood at the last of them.
		n, end := int64(t.answerEv.Bytes), t.offset+int64(t.answerEv.Bytes)-1
		primary, needed = &end, &n
	case accepted:
		n := int64(t.answerEv.Bytes)
		needed = &n
	case t.primaryOffset >= 0:
		n := t.primaryOffset
		primary = &n
	case requested != nil:
		if s := p.firstSampleAfter(t.at); s != nil && s.at-t.at < 60*second && s.PrimaryOffset.Known() {
			n := int64(s.PrimaryOffset)
			primary = &n
		}
	}
	// An id that the primary does not know has offsets of another stream.
	if needed == nil && requested != nil && primary != nil && *primary+1 >= *requested && (t.granted != "full" || in.refusalKind(o, t) == "backlog-overflow") {
		n := *primary - *requested + 1
		needed = &n
	}
	if s := p.lastSampleBefore(t.at); s != nil && s.BacklogSize.Known() {
		n := int64(s.BacklogSize)
		backlog = &n
	} else if n, _, ok := p.bytes("repl-backlog-size"); ok {
		backlog = &n
	}
	return requested, primary, needed, backlog
}

// refusal is the incident's first refusal, with its arithmetic.
func (in *incident) refusal() Refusal {
	var first *attempt
	var of *outage
	partial := false
	for _, o := range in.outages {
		for _, t := range o.tries {
			if t.granted == "partial" {
				partial = true
			}
			turnedAway := t.asked != "" && t.granted == "" && t.failEv != nil && errorReply(t.failEv)
			if t.granted != "full" && t.refusal == "" && !turnedAway || t.granted == "partial" {
				continue
			}
			if first == nil || t.answered() < first.answered() {
				first, of = t, o
			}
		}
	}
	if first == nil {
		if partial || len(in.outages) == 0 {
			return Refusal{Kind: "none"}
		}
		if full, _ := in.counts(unknown); full > 0 {
			return in.refusalFromCounters()
		}
		return Refusal{Kind: "none"}
	}
	if first.granted == "" && first.refusal == "" {
		return Refusal{Kind: "none"} // turned away before the primary looked at the offset
	}
	r := Refusal{Kind: in.refusalKind(of, first), Instance: of.replica.name}
	r.RequestedOffset, r.PrimaryOffset, r.NeededBytes, r.BacklogBytes = in.arithmetic(of, first)
	if r.Kind == "backlog-overflow" {
		r.AtLeastBytes, r.AtMostBytes, r.How = in.shortfall(of, first).bounds()
	}
	if r.NeededBytes != nil && r.BacklogBytes != nil && r.Kind == "backlog-overflow" {
		n := max(*r.NeededBytes-*r.BacklogBytes, 0)
		r.ShortByBytes = &n
	}
	return r
}

// errorReply tells whether the primary answered the request with an error instead of a resync. That it will answer later
// (-LOADING, -NOMASTERLINK) is no answer.
func errorReply(e *event) bool {
	switch e.Kind {
	case message.PsyncBadReply, message.PsyncUnsupported, message.ReplAuthFailed, message.SyncAbortedByPrimary:
		return true
	}
	return strings.HasPrefix(e.Kind, message.ReplHandshakeError)
}

// refusalFromCounters: only counters show the full resyncs; they count lost offsets and unknown ids alike.
func (in *incident) refusalFromCounters() Refusal {
	p := in.primary
	a, b := p.lastSampleBefore(in.start), p.firstSampleAfter(in.end)
	if b == nil && len(p.samples) > 0 {
		b = &p.samples[len(p.samples)-1]
	}
	if a == nil || b == nil {
		return Refusal{Kind: "unknown"}
	}
	if a.RunID != b.RunID || a.ReplID != b.ReplID && a.ReplID != "" {
		return Refusal{Kind: "replid-mismatch"}
	}
	if b.SyncPartialErr > a.SyncPartialErr {
		return Refusal{Kind: "backlog-overflow"}
	}
	return Refusal{Kind: "unknown"}
}

// refusalKind is the primary's reason; where its line is lost, what offsets, ids and counters leave as the only one.
func (in *incident) refusalKind(o *outage, t *attempt) string {
	kind := t.refusal
	p := t.server
	if p == nil {
		p = in.primary
	}
	if kind == "" && t.granted == "full" {
		granted := ""
		if t.fullEv != nil {
			granted = t.fullEv.ReplID
		} else {
			granted = idAfter(p, o, t)
		}
		switch {
		case t.asked == "full":
			kind = "fresh-replica"
		case t.asked == "":
			return "unknown"
		case granted != "" && t.replid != "" && granted != t.replid:
			kind = "replid-mismatch"
		case t.offset >= 0 && t.primaryOffset >= 0 && t.offset > t.primaryOffset+1:
			return "offset-ahead"
		default:
			kind = "backlog-overflow" // the same id and an offset behind: only the window is left
		}
	}
	if kind == "fresh-replica" && o.dropped(t) {
		return "forced"
	}
	if kind == "replid-mismatch" && p.backlogFreed(t, in) {
		return "no-backlog"
	}
	return cmp.Or(kind, "unknown")
}

// idAfter is the id under which the replica came back, as the dumps have it: a full resync over two connections is
// granted without a word of it. Empty where none has, or where it is the one that was asked for under another name.
func idAfter(p *host, o *outage, t *attempt) string {
	for _, h := range []*host{p, o.replica} {
		if s := h.firstSampleAfter(max(t.end, t.at)); s != nil && (h == p && s.Role == "master" || s.LinkStatus == "up") && s.ReplID2 != t.replid {
			return s.ReplID
		}
	}
	return ""
}

// backlogFreed tells whether the id asked for was the primary's own, of the same process, before its backlog's TTL
// freed it (from 4.0 a freed backlog takes a new id), or whether it had no backlog.
func (h *host) backlogFreed(t *attempt, in *incident) bool {
	for i := range h.events {
		e := &h.events[i]
		if e.Kind == message.BacklogFreed && e.at <= t.at {
			for _, l := range h.lives {
				if l.startEv != nil && l.from > e.at && l.from <= t.at {
					return false
				}
			}
			return true
		}
	}
	s := h.lastSampleBefore(t.at)
	return s != nil && s.BacklogActive.Known() && s.BacklogActive == 0 && s.at > in.start && s.ReplID == t.replid && t.replid != ""
}

// dropped tells whether the replica had forgotten its primary although its process lived on: it asked for everything,
// and no failed full resync had made it forget (up to 6.2 that does: redis 6.2.16 replication.c:2146).
func (o *outage) dropped(t *attempt) bool {
	if o.first || o.restart != nil || o.moved != nil || t != o.tries[0] {
		return false
	}
	return slices.ContainsFunc(o.notices, func(e *event) bool { return e.Instance == o.replica.name && e.Kind == message.PrimaryLinkLost })
}

// reachBack is how far before the loss a log must reach to tell what led to it: a repl-timeout of silence, and what
// was said before that.
const reachBack = 30 * second

// cutShort are the hosts of the first round whose logs begin too late to tell how it began, and not with a start.
func (in *judged) cutShort() []*host {
	if in.verdict.best != nil && in.verdict.p >= 0.9 {
		return nil
	}
	hs := []*host{in.primary}
	for _, o := range in.wave {
		if !slices.Contains(hs, o.replica) {
			hs = append(hs, o.replica)
		}
	}
	return slices.DeleteFunc(hs, func(h *host) bool {
		if !h.hasLog() || h.firstLine() == unknown || h.firstLine() < in.contact-reachBack {
			return true
		}
		return len(h.lives) > 0 && h.lives[0].startEv != nil && h.lives[0].from-h.firstLine() <= bannerLead
	})
}

// firstLine is when the host's log begins.
func (h *host) firstLine() micros {
	for i := range h.events {
		if h.events[i].at != unknown {
			return h.events[i].at
		}
	}
	return unknown
}
