package untangle

import (
	"path"
	"slices"
	"strings"
	"time"

	"psyncope/ingest/logline"
	"psyncope/ingest/record"
)

// choice is which fields of the records mean what.
type choice struct {
	when, level, role, pid string
	who                    []string
	taken                  []string // paths that hold what is told
}

func (c *choice) by() string { return strings.Join(c.who, " and ") }

const (
	maxServers = 64
	// maxLooked is how many records the choice is made by.
	maxLooked = 4096
)

// choose finds the fields that tell when, how and who, and notes time and server with every record.
func choose(recs []rec, text string, cell int, entry *entryPaths) *choice {
	c := &choice{}
	if cell >= 0 {
		c.taken = append(c.taken, recs[0].Fields[cell].Path, recs[0].Fields[cell+1].Path)
	}
	if entry != nil {
		c.taken = append(c.taken, entry.id, entry.at, entry.took, entry.command, entry.client)
	}
	look := recs[:min(len(recs), maxLooked)]
	if len(recs) > maxLooked { // from all over, for a server may come late
		look = nil
		for i := 0; i < maxLooked; i++ {
			look = append(look, recs[i*len(recs)/maxLooked])
		}
	}
	cols := columns(look, text)
	c.when = whenOf(look, cols, text)
	for _, col := range cols {
		switch {
		case c.level == "" && col.all(isLevel) && len(col.values) <= 6:
			c.level = col.path
		case c.role == "" && col.all(isRole) && len(col.values) <= 5:
			c.role = col.path
		case c.pid == "" && strings.Contains(strings.ToLower(lastOf(col.path)), "pid") && col.all(isNumber):
			c.pid = col.path
		}
	}
	if c.when != "" {
		for i := range recs {
			recs[i].at, _ = instant(recs[i].Get(c.when))
		}
	}
	c.apart(look, cols)
	c.nameAll(recs)
	return c
}

// column is what stands at one path in many records.
type column struct {
	path   string
	n      int
	values map[string]int
	order  []string
}

func (c *column) all(is func(string) bool) bool {
	for v := range c.values {
		if !is(v) {
			return false
		}
	}
	return c.n > 0
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// columns gathers what stands where; the lines themselves are left out.
func columns(look []rec, text string) []*column {
	var out []*column
	by := map[string]*column{}
	for i := range look {
		for _, f := range look[i].Fields {
			if f.Path == text && look[i].sort == line || len(f.Text) > 300 || isInfoField(lastOf(f.Path)) && look[i].sort == fields || f.Text == "" {
				continue
			}
			c := by[f.Path]
			if c == nil {
				if len(by) >= 512 {
					continue
				}
				c = &column{path: f.Path, values: map[string]int{}}
				by[f.Path] = c
				out = append(out, c)
			}
			c.n++
			if c.values[f.Text] == 0 {
				c.order = append(c.order, f.Text)
			}
			c.values[f.Text]++
		}
	}
	return out
}

// whenOf is the field with the time: of those that are one in nine of ten records, the one that is nearest to the lines' own stamps, or
// the earliest where they have none: a store notes after it was told.
func whenOf(look []rec, cols []*column, text string) string {
	best, bestFar := "", time.Duration(-1)
	for _, col := range cols {
		good := 0
		for v := range col.values {
			if _, ok := instant(v); ok {
				good++
			}
		}
		if good*10 < len(col.values)*9 || col.n*10 < len(look)*9 {
			continue
		}
		var far time.Duration
		n := 0
		for i := range look {
			at, ok := instant(look[i].Get(col.path))
			if !ok {
				continue
			}
			far += distance(&look[i], at, text)
			if n++; n == 200 {
				break
			}
		}
		if bestFar < 0 || n > 0 && far/time.Duration(n) < bestFar {
			best, bestFar = col.path, far/time.Duration(max(n, 1))
		}
	}
	return best
}

// distance is how far a time is from a line's own stamp: by whole quarters of an hour it may differ, for that is a zone.
func distance(r *rec, at time.Time, text string) time.Duration {
	own, ok := ownStamp(r.text)
	if !ok {
		return at.Sub(time.Unix(0, 0)) / 1e6
	}
	d := at.Sub(own) % (15 * time.Minute)
	if d < 0 {
		d += 15 * time.Minute
	}
	return min(d, 15*time.Minute-d)
}

func ownStamp(text string) (time.Time, bool) {
	var p logline.Parser
	var h logline.Header
	first, _, _ := strings.Cut(text, "\n")
	if !p.Parse([]byte(strings.TrimRight(first, "\r")), &h) || !h.Stamp.Known() {
		return time.Time{}, false
	}
	return h.Stamp.Time(), true
}

// apart finds the field that tells servers apart: the coarsest that does not put two processes side by side under one value.
func (c *choice) apart(look []rec, cols []*column) {
	var able []*column
	for _, col := range cols {
		if c.names(col, look) {
			able = append(able, col)
		}
	}
	slices.SortStableFunc(able, func(a, b *column) int { return len(a.values) - len(b.values) })
	whole := c.sideBySide(look, func(*rec) string { return "" })
	if whole == 0 && len(able) > 0 && able[0].readable() == 0 {
		able = nil // one process's lines under ids that mean nothing to us
	}
	for _, col := range able {
		// Fields that part the records alike are one; the one that reads as a name is taken.
		same := col
		for _, other := range able {
			if other != col && sameParts(look, col.path, other.path) && other.readable() > same.readable() {
				same = other
			}
		}
		if c.sideBySide(look, func(r *rec) string { return r.Get(col.path) }) == 0 {
			c.who = []string{same.path}
			return
		}
	}
	if n := len(able); n > 0 {
		c.who = []string{able[n-1].path}
		if n > 1 && c.sideBySide(look, func(r *rec) string { return r.Get(able[n-1].path) }) > 0 {
			c.who = []string{able[n-2].path, able[n-1].path}
		}
	}
}

// names reports whether a field could name servers: words, a few of them, each of several records.
func (c *choice) names(col *column, look []rec) bool {
	n := len(col.values)
	if n < 2 || n > maxServers || slices.Contains(c.taken, col.path) || col.path == c.when || col.path == c.level || col.path == c.role || col.path == c.pid || col.n*10 < len(look)*9 {
		return false
	}
	plain := look[0].sort == line
	if plain && n*2 > col.n {
		return false
	}
	digits := true // and what stands between them in a stamp, though its year be no year
	for v := range col.values {
		if len(v) > 256 || isLevel(v) || isRole(v) || v == "stdout" || v == "stderr" || v == "F" || v == "P" {
			return false
		}
		if _, ok := instant(v); ok {
			return false
		}
		digits = digits && strings.Trim(v, "0123456789.-+:TZ ") == ""
	}
	return !digits || col.all(isAddress)
}

func isAddress(s string) bool { return strings.Count(s, ".") == 3 }

// readable says how much a field's values read like names: ids of hexadecimal digits do not.
func (c *column) readable() int {
	for _, v := range c.order {
		word := v[strings.LastIndexByte(v, '/')+1:]
		if len(word) >= 12 && strings.Trim(word, "0123456789abcdef-") == "" {
			return 0
		}
	}
	if len(c.order) > 0 && len(c.order[0]) > 40 {
		return 1
	}
	return 2
}

// sideBySide counts how often, under one value, a process's line follows another's whose line followed its own: of two processes that
// live at the same time. Children do not count. A server that changes its role says so, and changes once.
func (c *choice) sideBySide(look []rec, who func(*rec) string) int {
	type state struct {
		last  string
		seen  map[string]bool
		turns int
	}
	states := map[string]*state{}
	var p logline.Parser
	var h logline.Header
	for i := range look {
		r := &look[i]
		if r.sort != line {
			continue
		}
		key := r.get(c.role)
		first, _, _ := strings.Cut(r.text, "\n")
		if p.Parse([]byte(strings.TrimRight(first, "\r")), &h) {
			if h.Role == "C" {
				continue
			}
			key = h.Role
		}
		if key == "" || key == "C" {
			continue
		}
		k := who(r)
		s := states[k]
		if s == nil {
			s = &state{seen: map[string]bool{}}
			states[k] = s
		}
		if key != s.last {
			if s.seen[key] {
				s.turns++
			}
			s.seen[key], s.last = true, key
		}
	}
	n := 0
	for _, s := range states {
		if s.turns > 2 { // a failover there and back is two
			n += s.turns
		}
	}
	return n
}

// sameParts reports whether two fields part the records alike.
func sameParts(look []rec, a, b string) bool {
	ab, ba := map[string]string{}, map[string]string{}
	for i := range look {
		x, y := look[i].Get(a), look[i].Get(b)
		if v, ok := ab[x]; ok && v != y {
			return false
		}
		if v, ok := ba[y]; ok && v != x {
			return false
		}
		ab[x], ba[y] = y, x
	}
	return true
}

// nameAll notes with every record whose it is.
func (c *choice) nameAll(recs []rec) {
	if len(c.who) == 0 {
		return
	}
	raw := map[string]bool{}
	var order []string
	key := func(r *record.Record) string {
		var words []string
		for _, p := range c.who {
			words = append(words, r.Get(p))
		}
		return strings.Join(words, "/")
	}
	for i := range recs {
		if k := key(recs[i].Record); !raw[k] {
			raw[k] = true
			order = append(order, k)
		}
	}
	names := Shorten(order)
	for i := range recs {
		recs[i].who = names[key(recs[i].Record)]
	}
}

// Shorten names by what differs: of paths, the last part in which they do, without a file's ending; or, where that would give two of them
// one name, all parts that differ. A name that says the same for all says nothing.
func Shorten(all []string) map[string]string {
	parts := make([][]string, len(all))
	for i, s := range all {
		parts[i] = strings.Split(strings.Trim(s, "/"), "/")
	}
	out, taken := map[string]string{}, map[string]bool{}
	for i, s := range all {
		n := ""
		for k := range parts[i] {
			if differs(parts, k) {
				n = parts[i][len(parts[i])-1-k]
				break
			}
		}
		if stem, _, ok := strings.Cut(n, ".log"); ok && stem != "" {
			n = stem
		}
		out[s] = n
		taken[n] = true
	}
	if len(taken) < len(all) || taken[""] && len(all) > 1 {
		for _, s := range all {
			out[s] = strings.ReplaceAll(strings.Trim(s, "/"), "/", "-")
		}
	}
	return out
}

// differs reports whether paths differ in their part k, counted from the end.
func differs(parts [][]string, k int) bool {
	for _, p := range parts {
		if len(p) <= k || p[len(p)-1-k] != parts[0][len(parts[0])-1-k] {
			return true
		}
	}
	return false
}

// lastTelling is the last part of a path that is no server's usual file name.
func lastTelling(s string) string {
	for s != "" {
		base := path.Base(s)
		stem, _, _ := strings.Cut(base, ".log")
		if stem != "" && !slices.Contains(usual[:], stem) {
			return stem
		}
		next := strings.TrimSuffix(strings.TrimSuffix(s, base), "/")
		if next == s {
			break
		}
		s = next
	}
	return ""
}

// usual are the names of files that every server has.
var usual = [...]string{"redis", "redis-server", "valkey", "valkey-server", "server", "sentinel", "stdout", "stderr", "log", "logs", "current"}
