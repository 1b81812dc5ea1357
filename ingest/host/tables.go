package host

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"psyncope/ingest/table"
)

// most is beyond what any rate, size or share of a host is: what is more is damage.
const most = 1 << 62

// number reads a number of a tool's, with a decimal point or a comma.
func number(word string) (float64, bool) {
	if word == "" || len(word) > 32 || (word[0] < '0' || word[0] > '9') && word[0] != '-' && word[0] != '.' {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.Replace(word, ",", ".", 1), 64)
	return v, err == nil && !math.IsNaN(v) && v >= -1 && v <= most
}

// title reads the lines by which a tool says who it is: "Linux 6.1.0 (db-1) 11/22/26 _x86_64_ (2 CPU)", vmstat's first line of groups.
func (r *reader) title(text string) bool {
	if strings.Contains(text, "LINUX RESTART") {
		r.head = nil
		r.pass()
		return true
	}
	if strings.HasPrefix(text, "procs ---") || strings.HasPrefix(text, "--procs--") {
		r.tool = "vmstat"
		r.telling++
		r.pass()
		return true
	}
	words := strings.Fields(text)
	if len(words) >= 4 && words[0] == "Linux" && strings.HasPrefix(words[2], "(") {
		day, other, ok := dayOf(words[3])
		if !ok {
			return false
		}
		r.days.begin(day, other, r.in.ModTime)
		r.tool = "sysstat"
		if i := slices.Index(words, "CPU)"); i > 0 {
			r.cpus, _ = number(strings.TrimPrefix(words[i-1], "("))
		}
		r.telling++
		r.pass()
		return true
	}
	return r.top(text, words)
}

// top reads the lines above top's list: the time, the load, the CPUs.
func (r *reader) top(text string, words []string) bool {
	switch {
	case strings.HasPrefix(text, "top - "):
		r.tool, r.head, r.list = "top", nil, false
		if of, n := timeOf(words[2:]); n > 0 {
			if r.days.day.IsZero() && r.fileTime().Known() {
				r.days.begin(r.fileTime().Time().Truncate(24*time.Hour), time.Time{}, table.Null)
			}
			r.moment(r.days.time(of))
		}
		r.telling++
	case r.tool == "top" && len(words) > 2 && words[0] == "PID": // the processes, of which only a name or a command line would tell more
		r.list = true
	case r.list && r.tool == "top":
	case r.tool == "top" && strings.HasPrefix(text, "Tasks:"), r.tool == "top" && len(words) > 1 && (words[1] == "Mem" || words[1] == "Swap:"):
	default:
		return false
	}
	r.pass()
	return true
}

// header reads the head of a table. Its row or rows follow.
func (r *reader) header(text string) bool {
	words := strings.Fields(text)
	of, n := timeOf(words)
	names := words[n:]
	switch {
	case strings.HasPrefix(text, "# hostname;interval;timestamp"): // sadf -d
		return r.begin("sysstat", strings.Split(strings.TrimPrefix(text, "# "), ";"))
	case len(words) > 5 && words[0] == "Filesystem" && words[len(words)-1] == "on":
		return r.begin("df", []string{"Filesystem"})
	case n > 0 && len(names) > 0: // sar, mpstat, pidstat
		if head, _ := columnsOf(names); head == nil {
			return false
		}
		r.moment(r.days.time(of))
		return r.begin("sysstat", names)
	case len(names) > 1 && names[0] == "avg-cpu:":
		ok := r.begin("iostat", names[1:])
		r.single = ok
		return ok
	case len(names) > 1 && strings.TrimSuffix(names[0], ":") == "Device":
		return r.begin("iostat", names)
	case len(names) > 8 && names[0] == "r" && names[1] == "b":
		if last := names[len(names)-1]; r.days.day.IsZero() && strings.ToUpper(last) == last {
			r.days.utc = last == "UTC" // the zone stands over the dates of vmstat -t
		}
		return r.begin("vmstat", names)
	}
	return false
}

// begin begins a tool's table.
func (r *reader) begin(tool string, names []string) bool {
	head, known := columnsOf(names)
	if head == nil {
		return false
	}
	r.tool, r.head, r.single = tool, head, false
	r.heads[names[0]]++
	r.since = (tool == "iostat" || tool == "vmstat") && r.heads[names[0]] == 1
	if known || tool == "df" {
		r.telling++
	}
	r.pass()
	return true
}

// row reads a row of the table in hand.
func (r *reader) row(n int32, text string) bool {
	if strings.HasPrefix(text, "%Cpu") {
		return r.cpuLine(n, text)
	}
	words := strings.Fields(text)
	if r.tool == "sysstat" && strings.HasSuffix(words[0], ":") && !strings.Contains(words[0][:len(words[0])-1], ":") { // Average:
		r.pass()
		return true
	}
	if r.head == nil {
		return false
	}
	switch {
	case r.tool == "df":
		return r.space(n, words)
	case strings.Contains(text, ";") && r.tool == "sysstat":
		return r.semicolons(n, text)
	case r.tool == "vmstat":
		if len(words) < len(r.head)-1 {
			return false
		}
		r.vmstatTime(words)
		return r.values(n, words[:min(len(words), len(r.head))])
	}
	if of, k := timeOf(words); k > 0 {
		r.moment(r.days.time(of))
		words = words[k:]
	}
	if len(words) != len(r.head) && !(len(words) > len(r.head) && r.head[len(r.head)-1].word == "command") {
		return false
	}
	return r.values(n, words)
}

// vmstatTime reads the date that vmstat -t puts behind its numbers.
func (r *reader) vmstatTime(words []string) {
	if len(words) < 3 {
		return
	}
	day, _, ok := dayOf(words[len(words)-2])
	of, k := timeOf(words[len(words)-1:])
	if !ok || k == 0 {
		return
	}
	utc := r.days.utc
	r.days = days{day: day, utc: utc}
	r.moment(r.days.time(of))
}

// values makes a row of the numbers under the head.
func (r *reader) values(n int32, words []string) bool {
	row := r.sample(n)
	says := false
	for i, h := range r.head {
		if i >= len(words) {
			break
		}
		if scopes[h.word] {
			if whole := h.word == "cpu" && (words[i] == "all" || words[i] == "-1"); !whole && h.to == "" {
				if h.word == "cpu" && !r.perProcess() {
					r.pass() // one CPU of several
					return true
				}
				r.scope(&row, h.word, words[i])
			}
			continue
		}
		if h.to == "" {
			continue
		}
		v, ok := number(words[i])
		if !ok {
			return false
		}
		h.set(&row, v)
		says = true
	}
	if r.single {
		r.head, r.single = nil, false
	}
	if says {
		r.telling++
	}
	if !says || r.since {
		r.since = r.since && r.tool != "vmstat" // whose head is followed by all its rows
		r.pass()
		return true
	}
	r.put(&row)
	return true
}

// perProcess reports whether the table in hand is of processes: its column CPU says where one ran.
func (r *reader) perProcess() bool {
	return slices.ContainsFunc(r.head, func(n name) bool { return n.word == "pid" })
}

func (r *reader) scope(row *table.HostSample, kind, word string) {
	switch kind {
	case "cpu":
	case "pid":
		if v, ok := number(word); ok && v >= 1 {
			row.PID = table.Int(v)
			row.Scope = "process " + word
		}
	default:
		row.Scope = word
	}
}

// semicolons reads a row of sadf -d: host, seconds, date, and the numbers.
func (r *reader) semicolons(n int32, text string) bool {
	cells := strings.Split(text, ";")
	if len(cells) < 4 || len(cells) != len(r.head) {
		return false
	}
	words := strings.Fields(cells[2])
	if len(words) < 2 {
		return false
	}
	day, other, ok := dayOf(words[0])
	of, k := timeOf(words[1:])
	if !ok || k == 0 {
		return false
	}
	d := days{utc: words[len(words)-1] == "UTC"}
	d.begin(day, other, r.in.ModTime)
	r.moment(d.time(of))
	interval, _ := number(cells[1])
	put := r.put
	defer func() { r.put = put }()
	r.put = func(row *table.HostSample) {
		row.Interval = table.Float(interval)
		put(row)
	}
	return r.values(n, cells)
}

// space reads a row of df: free space in the unit that its head named, which is a kibibyte unless it was asked otherwise.
func (r *reader) space(n int32, words []string) bool {
	if len(words) < 6 {
		return false
	}
	free, ok := sized(words[len(words)-3])
	if !ok {
		return false
	}
	row := r.sample(n)
	row.Scope, row.DiskFree = words[len(words)-1], table.Float(free)
	if row.Stamp == table.Null {
		row.Stamp, row.Clock = r.fileTime(), table.ClockUTC
	}
	r.telling++
	r.put(&row)
	return true
}

// sized reads a size: a number of kibibytes, or one with its unit as df -h prints.
func sized(word string) (float64, bool) {
	if word == "" {
		return 0, false
	}
	unit := map[byte]float64{'K': kib, 'M': mib, 'G': 1 << 30, 'T': 1 << 40, 'P': 1 << 50}[word[len(word)-1]]
	if unit == 0 {
		v, ok := number(word)
		return v * kib, ok
	}
	v, ok := number(word[:len(word)-1])
	return v * unit, ok
}

// cpuLine reads top's "%Cpu(s):  1.0 us,  0.5 sy, ...".
func (r *reader) cpuLine(n int32, text string) bool {
	_, rest, ok := strings.Cut(text, ":")
	if !ok {
		return false
	}
	row := r.sample(n)
	says := false
	for item := range strings.SplitSeq(rest, ",") {
		words := strings.Fields(item)
		if len(words) != 2 {
			continue
		}
		v, ok := number(words[0])
		if c := names[words[1]]; ok && c.to != "" && words[1] != "si" { // soft interrupts here, swap elsewhere
			c.set(&row, v)
			says = true
		}
	}
	if says {
		r.telling++
		r.put(&row)
	}
	return says
}
