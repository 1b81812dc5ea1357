package fleet

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"psyncope/correlate/diagnosis"
)

// Schema names the JSON form of a Page.
const Schema = "psyncope/fleet/v1"

// Page is what is read in the morning.
type Page struct {
	Schema  string           `json:"schema"`
	Night   int              `json:"night"`
	Through *diagnosis.Stamp `json:"through"`
	Read    int              `json:"artifacts_read"`
	Bytes   int64            `json:"bytes_read"`
	Broken  []string         `json:"broken"`
	New     []Case           `json:"new"`
	Open    []Case           `json:"open"` // from nights before, and not over
	Gone    []Case           `json:"gone"` // open the night before, and over
	Acked   []Case           `json:"acknowledged"`
	// Together is what many of the new incidents have in common.
	Together []Together `json:"together"`
	// NearMisses are what is about to break, by kind, with the groups.
	NearMisses []Near    `json:"near_misses"`
	Groups     []Ranked  `json:"groups"` // by risk, the riskiest first
	Changes    []Changed `json:"changes"`
	// Missing are groups that had evidence before and none this night; Silent their servers.
	Missing []string `json:"missing_groups"`
	Silent  []string `json:"silent_servers"`
}

// Case is an incident on the page.
type Case struct {
	Key       string             `json:"key"`
	Group     string             `json:"group"`
	GroupName string             `json:"group_name"`
	Nth       int                `json:"nth"`        // of its like in this group
	OfNights  int                `json:"of_nights"`  // over how many nights
	SameCause bool               `json:"same_cause"` // as the one before of its like
	Since     int                `json:"since_night"`
	Until     *diagnosis.Stamp   `json:"acknowledged_until"`
	Reason    string             `json:"acknowledged_reason"`
	Incident  diagnosis.Incident `json:"incident"`
}

// Near is one kind of near miss.
type Near struct {
	Kind     string   `json:"kind"`
	Summary  string   `json:"summary"`  // of the first group
	Evidence string   `json:"evidence"` // of the first group: file and line
	Groups   []string `json:"groups"`
}

// Ranked is a group with how near the edge it is. SurvivesS is nil where nothing tells.
type Ranked struct {
	Key       string     `json:"key"`
	Name      string     `json:"name"`
	Primary   string     `json:"primary"`
	Verdict   string     `json:"verdict"`
	Risk      float64    `json:"risk"` // 0 to 1
	Why       string     `json:"why"`
	SurvivesS *float64   `json:"survives_s"`
	Trend     []*Measure `json:"trend"`
	Incidents int        `json:"incidents"`
	Missing   bool       `json:"missing"`
}

// Changed is one change and the groups that it explains.
type Changed struct {
	What     string   `json:"what"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Groups   []string `json:"groups"`
	Where    []string `json:"instances"`
	Evidence string   `json:"evidence"` // of the first of them: file and line
	// Incidents are how many new incidents these groups have.
	Incidents int `json:"new_incidents"`
}

// Morning is the page after the last night. AckedAt, in microseconds, is when acknowledgements are held against their dates: the end of the
// evidence, so that the page does not hang on when it is made.
func (s *State) Morning() *Page {
	p := &Page{Schema: Schema, Broken: []string{}, New: []Case{}, Open: []Case{}, Gone: []Case{}, Acked: []Case{}, Together: []Together{}, NearMisses: []Near{}, Groups: []Ranked{}, Changes: []Changed{}, Missing: []string{}, Silent: []string{}}
	if len(s.Nights) == 0 {
		return p
	}
	last := s.Nights[len(s.Nights)-1]
	p.Night, p.Read, p.Bytes, p.Through = last.N, last.Read, last.Bytes, stampOf(last.ThroughUs)
	for _, path := range sortedKeys(s.Artifacts) {
		a := s.Artifacts[path]
		if a.Night == last.N && a.Kind == "unreadable" {
			p.Broken = append(p.Broken, path)
		}
	}
	p.Silent = append(p.Silent, s.silent(last.N)...)
	sick, cases := map[string]int{}, map[string]Case{}
	order := s.byTime()
	for _, key := range order {
		i := s.Incidents[key]
		if i.FirstNight == last.N || i.Open() || i.WasOpen && i.LastNight == last.N {
			cases[key] = s.caseOf(i, order)
		}
		if i.FirstNight == last.N || i.Open() {
			sick[i.Group]++
		}
		c := cases[key]
		switch acked := s.acked(i, last.ThroughUs); {
		case acked && (i.FirstNight == last.N || i.Open()):
			p.Acked = append(p.Acked, c)
		case i.FirstNight == last.N:
			p.New = append(p.New, c)
		case i.Open():
			p.Open = append(p.Open, c)
		case i.WasOpen && i.LastNight == last.N:
			p.Gone = append(p.Gone, c)
		}
	}
	for _, list := range []([]Case){p.New, p.Open, p.Acked, p.Gone} {
		slices.SortStableFunc(list, func(a, b Case) int {
			return cmp.Or(cmp.Compare(worse(a), worse(b)), diagnosis.CompareStamps(a.Incident.Start, b.Incident.Start))
		})
	}
	s.together(p, last.N)
	s.near(p, last.N)
	s.rank(p, last.N, sick)
	s.changed(p, last.N)
	return p
}

func worse(c Case) int {
	if c.Incident.Severity == diagnosis.Critical {
		return 0
	}
	return 1
}

func stampOf(us int64) *diagnosis.Stamp {
	if us == 0 {
		return nil
	}
	return &diagnosis.Stamp{Time: time.UnixMicro(us).UTC().Truncate(time.Millisecond)}
}

// byTime are the incidents' keys in the order in which they began.
func (s *State) byTime() []string {
	return slices.SortedFunc(maps.Keys(s.Incidents), func(a, b string) int {
		return cmp.Or(diagnosis.CompareStamps(s.Incidents[a].Is.Start, s.Incidents[b].Is.Start), cmp.Compare(a, b))
	})
}

func (s *State) acked(i *Incident, nowUs int64) bool {
	a, ok := s.Acks[i.Key]
	return ok && (a.UntilUs == 0 || nowUs < a.UntilUs)
}

// caseOf is an incident with how often its like was there before: in the same group, of the same cause or the same replica.
func (s *State) caseOf(i *Incident, order []string) Case {
	c := Case{Key: i.Key, Group: i.Group, Incident: i.Is, Since: i.FirstNight, Nth: 1, OfNights: 1}
	if g := s.Groups[i.Group]; g != nil {
		c.GroupName = g.Name
	}
	if a, ok := s.Acks[i.Key]; ok {
		c.Until, c.Reason = stampOf(a.UntilUs), a.Reason
	}
	first := i.FirstNight
	var before *Incident
	for _, key := range order {
		o := s.Incidents[key]
		if o == i || o.Group != i.Group || diagnosis.CompareStamps(o.Is.Start, i.Is.Start) >= 0 || o.Is.Trigger.Kind != i.Is.Trigger.Kind && !share(o.Is.Affected, i.Is.Affected) {
			continue
		}
		c.Nth++
		first, before = min(first, o.FirstNight), o
	}
	c.OfNights = i.FirstNight - first + 1
	c.SameCause = before != nil && before.Is.Trigger.Kind == i.Is.Trigger.Kind
	return c
}

// nearKinds are notes of what is about to break, with the most pressing first.
var nearKinds = []string{
	"writes-refused", "evictions", "snapshot-failing", "backlog-nearly-used", "backlog-headroom", "partial-resyncs-refused", "output-buffer-near-limit", "connections-near-maxclients",
	"copy-on-write-near-memory", "slow-fork", "event-loop-stalls", "replica-lag", "aof-errors", "thp-warning", "overcommit-warning",
}

func (s *State) near(p *Page, night int) {
	for _, kind := range nearKinds {
		n := Near{Kind: kind, Groups: []string{}}
		for _, g := range s.byName() {
			if g.LastNight != night {
				continue
			}
			for _, note := range g.Notes {
				if note.Kind == kind && !slices.Contains(n.Groups, g.Name) {
					n.Groups = append(n.Groups, g.Name)
					if n.Summary == "" {
						n.Summary, n.Evidence = note.Instance+": "+note.Summary, placeOf(note.Evidence)
					}
				}
			}
		}
		if len(n.Groups) > 0 {
			p.NearMisses = append(p.NearMisses, n)
		}
	}
}

// placeOf is where the first line of evidence stands.
func placeOf(ev []diagnosis.Evidence) string {
	if len(ev) == 0 {
		return ""
	}
	return ev[0].Place()
}

// rank orders the groups by how little it takes to hurt them.
func (s *State) rank(p *Page, night int, sick map[string]int) {
	there := map[string]bool{} // groups of which some artifact is there, and false those of which all are gone
	for _, a := range s.Artifacts {
		there[a.Group] = there[a.Group] || !a.Missing
	}
	for _, key := range sortedKeys(s.Groups) {
		g := s.Groups[key]
		is, known := there[key]
		r := Ranked{Key: key, Name: g.Name, Primary: g.Primary, Verdict: g.Verdict, Trend: s.Measures[key], Incidents: sick[key], Missing: g.LastNight != night && known && !is}
		if r.Trend == nil {
			r.Trend = []*Measure{}
		}
		if r.Missing {
			p.Missing = append(p.Missing, g.Name)
		}
		if n := len(r.Trend); n > 0 {
			r.Risk, r.Why, r.SurvivesS = r.Trend[n-1].risk()
		}
		if r.Incidents > 0 {
			r.Risk = 1 // it is no risk any more
			r.Why = strings.TrimSuffix(diagnosis.Plural(int64(r.Incidents), "incident", "incidents")+"; "+r.Why, "; ")
		}
		p.Groups = append(p.Groups, r)
	}
	slices.SortStableFunc(p.Groups, func(a, b Ranked) int { return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(a.Name, b.Name)) })
}

// silence is for how long no collector may have brought anything of a server while its group's evidence goes on: one runs more often than every hour.
const silence = 3600 * 1e6

// silent are servers of which no collector brought anything for that long before their group's last evidence. A log does not count, either way:
// a healthy server says nothing for days, and one that logs may still have lost its collector.
func (s *State) silent(night int) (out []string) {
	newest := map[[2]string]int64{}
	for _, a := range s.Artifacts {
		if a.Group == "" || a.Instance == "" || a.Kind == "log" || a.Kind == "sentinel-log" {
			continue
		}
		key := [2]string{a.Group, a.Instance}
		newest[key] = max(newest[key], a.LastUs)
	}
	for key, us := range newest {
		if g := s.Groups[key[0]]; g != nil && g.LastNight == night && us > 0 && us < g.ThroughUs-silence {
			out = append(out, key[1])
		}
	}
	slices.Sort(out)
	return out
}

// risk is how near the edge a group is, by what is nearest: the outage that the backlog bridges, against the minute in which a restart or a
// failover is over (repl-timeout's default is 60 s), and each buffer, limit and copy against its room.
func (m *Measure) risk() (risk float64, why string, survives *float64) {
	const bridge = 60.0
	add := func(r float64, says string) {
		if r = min(max(r, 0), 1); r > risk {
			risk, why = r, says
		}
	}
	if m.SurvivesS > 0 {
		survives = &m.SurvivesS
		add(bridge/(bridge+m.SurvivesS), fmt.Sprintf("the backlog bridges %s at the peak", diagnosis.LengthS(m.SurvivesS)))
	}
	if m.BacklogUsed > 0 {
		add(m.BacklogUsed, fmt.Sprintf("a resync used %.0f%% of the backlog", m.BacklogUsed*100))
	}
	if m.MaxClients > 0 && m.Clients > 0 {
		add(float64(m.Clients)/float64(m.MaxClients), fmt.Sprintf("%d of %d connections", m.Clients, m.MaxClients))
	}
	if m.MemoryLimitBytes > 0 {
		add(float64(m.UsedMemoryBytes+m.CopyOnWriteBytes)/float64(m.MemoryLimitBytes), fmt.Sprintf("memory and copy-on-write are %s of %s", diagnosis.Amount(m.UsedMemoryBytes+m.CopyOnWriteBytes), diagnosis.Amount(m.MemoryLimitBytes)))
	}
	if m.ForkS > 0 {
		add(m.ForkS/bridge, "a fork takes "+diagnosis.LengthS(m.ForkS))
	}
	return risk, why, survives
}

// changed gathers the night's changes: one that many groups share is one line with its groups.
func (s *State) changed(p *Page, night int) {
	at := map[[3]string]int{}
	for _, c := range s.Changes {
		if c.Night != night {
			continue
		}
		key := [3]string{c.What, c.From, c.To}
		if c.What == "primary" {
			key[1], key[2] = c.From+" in "+c.Group, c.To // each group's own
		}
		n, ok := at[key]
		if !ok {
			n = len(p.Changes)
			at[key] = n
			p.Changes = append(p.Changes, Changed{What: c.What, From: c.From, To: c.To, Groups: []string{}, Where: []string{}, Evidence: c.Evidence})
		}
		to := &p.Changes[n]
		if g := s.Groups[c.Group]; g != nil && !slices.Contains(to.Groups, g.Name) {
			to.Groups = append(to.Groups, g.Name)
			for _, i := range s.Incidents {
				if i.Group == c.Group && i.FirstNight == night {
					to.Incidents++
				}
			}
		}
		if c.Instance != "" {
			to.Where = append(to.Where, c.Instance)
		}
	}
	for _, key := range sortedKeys(s.Groups) {
		if g := s.Groups[key]; len(g.Gone) > 0 && g.LastNight == night {
			p.Changes = append(p.Changes, Changed{What: "replica gone", From: diagnosis.List(g.Gone), Groups: []string{g.Name}, Where: g.Gone})
		}
	}
	for _, c := range p.Changes {
		slices.Sort(c.Groups)
		slices.Sort(c.Where)
	}
	slices.SortStableFunc(p.Changes, func(a, b Changed) int {
		return cmp.Or(cmp.Compare(len(b.Groups), len(a.Groups)), cmp.Compare(a.What, b.What), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
}

// Line is the night in one line.
func (p *Page) Line() string {
	if p.Night == 0 {
		return "nothing read yet"
	}
	s := fmt.Sprintf("night %d", p.Night)
	if p.Through != nil {
		s += " through " + p.Through.UTC().Format("2006-01-02 15:04") + " UTC"
	}
	s += fmt.Sprintf(": %s; %d new, %d still open, %d over", diagnosis.Plural(int64(len(p.Groups)), "group", "groups"), len(p.New), len(p.Open), len(p.Gone))
	for _, x := range []struct {
		n         int
		one, many string
	}{
		{len(p.Acked), "acknowledged", "acknowledged"},
		{len(p.Missing), "group missing", "groups missing"},
		{len(p.Broken), "artifact unreadable", "artifacts unreadable"},
		{len(p.Changes), "change", "changes"},
	} {
		if x.n > 0 {
			s += ", " + diagnosis.Plural(int64(x.n), x.one, x.many)
		}
	}
	return s
}
