package fleet

import (
	"cmp"
	"maps"
	"math"
	"net"
	"net/netip"
	"path"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"
)

// Together are groups whose new incidents have one thing in common that chance does not explain: they broke at one time, or what they share
// hardly another group has.
type Together struct {
	Groups    []string         `json:"groups"`
	Incidents []string         `json:"incidents"`   // keys
	First     *diagnosis.Stamp `json:"first_start"` // null where they did not break at one time
	Last      *diagnosis.Stamp `json:"last_start"`
	// Share is what the groups have in common ("network 10.4.7.0/24", "version redis 7.2.4"): the same groups of the fleet have each of these.
	Share []string `json:"share"`
	// Of how many groups that have it are among them, and how many of those that do not.
	Hit       int    `json:"hit_of_sharing"`
	Sharing   int    `json:"sharing"`
	HitOthers int    `json:"hit_of_others"`
	Others    int    `json:"others"`
	Kinds     []Kind `json:"triggers"` // of the incidents, the most frequent first
	Evidence  string `json:"evidence"` // of the first: file and line
}

// Kind is how many of the incidents have one trigger.
type Kind struct {
	Trigger string `json:"trigger"`
	Count   int    `json:"count"`
}

const (
	// oneFaultUs is how far apart replicas notice one fault, in microseconds: a timeout is repl-timeout after the last byte, 60 s unless set.
	oneFaultUs = ReachBack / 3
	// chance is how likely something may be by chance and still be told. A page a night: once in three years.
	chance = 1e-3
)

// together finds which new incidents broke at one time, and what those groups share; then what all the others share.
func (s *State) together(p *Page, night int) {
	var there []*Group
	for _, g := range s.byName() {
		if g.LastNight == night {
			there = append(there, g)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(p.New), func(c Case) bool { return c.Incident.Start == nil })
	slices.SortStableFunc(rest, func(a, b Case) int { return diagnosis.CompareStamps(a.Incident.Start, b.Incident.Start) })
	if groupsOf(rest) < 2 {
		return
	}
	length, all := s.lengthUs(there, night), groupsOf(rest)
	traits := s.traits(there)
	for {
		from, to := burst(rest)
		n := groupsOf(rest[from:to])
		// How many others fall into one stretch as long, if each begins at any time of the night; there are as many stretches as incidents.
		if n < 2 || float64(all)*poissonTail(n-1, float64(all-1)*oneFaultUs/float64(length)) > chance {
			break
		}
		t := togetherOf(rest[from:to])
		t.First, t.Last = rest[from].Incident.Start, rest[to-1].Incident.Start
		t.shares(rest[from:to], there, traits)
		p.Together = append(p.Together, t)
		rest = slices.Delete(rest, from, to)
	}
	if groupsOf(rest) < 2 {
		return
	}
	if t := togetherOf(rest); t.shares(rest, there, traits) {
		p.Together = append(p.Together, t)
	}
}

// lengthUs is how long the night's evidence is.
func (s *State) lengthUs(there []*Group, night int) int64 {
	from, to := int64(0), int64(0)
	for _, g := range there {
		if g.FromUs > 0 && (from == 0 || g.FromUs < from) {
			from = g.FromUs
		}
		to = max(to, g.ThroughUs)
	}
	for _, n := range s.Nights {
		if n.N < night {
			from = max(from, n.ThroughUs)
		}
	}
	return max(to-from, oneFaultUs)
}

func groupsOf(cases []Case) int {
	seen := map[string]bool{}
	for _, c := range cases {
		seen[c.Group] = true
	}
	return len(seen)
}

// burst is the stretch of one fault's length in which the most groups broke.
func burst(cases []Case) (from, to int) {
	most, end := 0, 0
	for i := range cases {
		for end < len(cases) && cases[end].Incident.Start.UnixMicro()-cases[i].Incident.Start.UnixMicro() <= oneFaultUs {
			end++
		}
		if n := groupsOf(cases[i:end]); n > most {
			most, from, to = n, i, end
		}
	}
	return from, to
}

func togetherOf(cases []Case) Together {
	t := Together{Groups: []string{}, Incidents: []string{}, Share: []string{}, Kinds: []Kind{}}
	kinds := map[string]int{}
	for _, c := range cases {
		if !slices.Contains(t.Groups, c.GroupName) {
			t.Groups = append(t.Groups, c.GroupName)
		}
		t.Incidents = append(t.Incidents, c.Key)
		kinds[string(c.Incident.Trigger.Kind)]++
	}
	for _, k := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return cmp.Or(cmp.Compare(kinds[b], kinds[a]), cmp.Compare(a, b)) }) {
		t.Kinds = append(t.Kinds, Kind{k, kinds[k]})
	}
	for _, step := range cases[0].Incident.Chain {
		if t.Evidence == "" && len(step.Evidence) > 0 {
			t.Evidence = step.Evidence[0].Place()
		}
	}
	slices.Sort(t.Groups)
	return t
}

// shares finds what the incidents' groups have in common and hardly another group has.
func (t *Together) shares(cases []Case, there []*Group, traits map[string][]string) bool {
	hit := map[string]bool{}
	for _, c := range cases {
		hit[c.Group] = true
	}
	hits := 0
	for _, g := range there {
		if hit[g.Key] {
			hits++
		}
	}
	best := chance / float64(max(len(traits), 1)) // the more that is looked at, the more is alike by chance
	var of []string
	for _, trait := range sortedKeys(traits) {
		n := 0
		for _, key := range traits[trait] {
			if hit[key] {
				n++
			}
		}
		if n < 2 {
			continue
		}
		switch p := atLeast(n, len(traits[trait]), hits, len(there)); {
		case p < best:
			best, of = p, traits[trait]
			t.Share = []string{trait}
			t.Hit, t.Sharing, t.HitOthers, t.Others = n, len(of), hits-n, len(there)-len(of)
		case slices.Equal(of, traits[trait]):
			t.Share = append(t.Share, trait)
		}
	}
	return len(t.Share) > 0
}

// traits are what some groups have and others have not, each with the keys of those that do, in order: where their servers stand and where their
// evidence lies, which versions and settings they run with.
func (s *State) traits(there []*Group) map[string][]string {
	have := map[string]map[string]bool{}
	here := map[string]bool{}
	add := func(trait, key string) {
		if !here[key] {
			return
		}
		if have[trait] == nil {
			have[trait] = map[string]bool{}
		}
		have[trait][key] = true
	}
	for _, g := range there {
		here[g.Key] = true
		for _, v := range g.Versions {
			add("version "+v, g.Key)
		}
		for _, a := range g.Addresses {
			for _, where := range around(a) {
				add(where, g.Key)
			}
		}
	}
	for p, a := range s.Artifacts {
		for dir := path.Dir(slashed(p)); dir != "." && dir != "/"; dir = path.Dir(dir) {
			add("directory "+dir, a.Group)
		}
	}
	for k, v := range s.Settings {
		add("setting "+k.Name+" "+v.Value, k.Group)
	}
	out := map[string][]string{}
	for trait, keys := range have {
		if len(keys) > 1 && len(keys) < len(there) {
			out[trait] = sortedKeys(keys)
		}
	}
	return out
}

// around is where an address is: its host and network, or the domain of a name. A loopback address is nowhere.
func around(addr string) []string {
	host := addr
	if h, _, err := net.SplitHostPort(addr); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		if name, domain, ok := strings.Cut(host, "."); ok && name != "" && strings.Contains(domain, ".") {
			return []string{"host " + host, "domain " + domain}
		}
		return []string{"host " + host}
	}
	if ip.IsLoopback() {
		return nil
	}
	bits := 24
	if ip.Is6() && !ip.Is4In6() {
		bits = 64
	}
	net, err := ip.Unmap().Prefix(bits)
	if err != nil {
		return nil
	}
	return []string{"host " + ip.String(), "network " + net.String()}
}

// poissonTail is how likely it is that at least n come where mean are expected.
func poissonTail(n int, mean float64) float64 {
	below := 0.0
	for k := range n {
		lg, _ := math.Lgamma(float64(k) + 1)
		below += math.Exp(float64(k)*math.Log(mean) - mean - lg)
	}
	return max(1-below, 0)
}

// atLeast is how likely it is that at least hit of the sharing groups are among the hits, if hits of all groups are drawn blindly.
func atLeast(hit, sharing, hits, all int) float64 {
	p := 0.0
	for k := hit; k <= min(sharing, hits); k++ {
		if hits-k <= all-sharing {
			p += math.Exp(choose(sharing, k) + choose(all-sharing, hits-k) - choose(all, hits))
		}
	}
	return p
}

// choose is the logarithm of how many ways there are to take k of n.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n) + 1)
	b, _ := math.Lgamma(float64(k) + 1)
	c, _ := math.Lgamma(float64(n-k) + 1)
	return a - b - c
}
