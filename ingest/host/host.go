// Package host reads what tools say of the machine under a server: sar and sadf, vmstat, iostat, mpstat, pidstat, top, df, files of /proc and of
// control groups, and what node_exporter serves.
//
// Tools print tables whose heads name their columns; names.go knows the names, and a column that it does not know is passed over. Counters of
// /proc and of exporters become rates against the snapshot before. A snapshot is what stands under one date: a line that dates what follows
// (see package heading), the date in the file's name, or the file's own time.
//
// The package concludes nothing: what a busy disk or a stolen CPU did to anybody is not told by it. It keeps no names of commands and no
// command lines. A table that cannot be dated is kept without a stamp.
package host

import (
	"bytes"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/heading"
	"psyncope/ingest/reject"
	"psyncope/ingest/reply"
	"psyncope/ingest/table"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "host-metrics", Sniff: sniff, Read: read}
}

// sniffBytes is how much of a file tells what it is: the head of sar's first table may follow a table of each CPU.
const sniffBytes = 16 << 10

func sniff(name string, head []byte) int {
	head = reply.Head(head, sniffBytes)
	if beginsSadf(head) {
		return 96
	}
	r := newReader(artifact.Input{Name: name, ModTime: table.Null}, func(*table.HostSample) {})
	if reply.Lines(bytes.NewReader(head), r.line) != nil {
		return 0
	}
	r.end()
	switch all := r.known + r.unknown; {
	case r.telling == 0 || r.known < 9*r.unknown:
		return 0
	default:
		return 95 * r.known / all
	}
}

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	rejected := reject.Lines{In: in, Out: out, Account: &account}
	defer rejected.Close()
	r := newReader(in, func(row *table.HostSample) {
		account.Records++
		account.Saw(row.Stamp)
		out.Host.Append(row)
	})
	r.refuse, r.ignore = rejected.Add, func() { account.Ignored++ }
	body := reply.Buffered(in.Body)
	if head, _ := body.Peek(sniffBytes); beginsSadf(head) {
		return account, r.sadf(body)
	}
	err := reply.Lines(body, r.line)
	r.end()
	return account, err
}

// reader takes one file line by line.
type reader struct {
	in      artifact.Input
	put     func(*table.HostSample)
	refuse  func(line int32, reason, text string)
	ignore  func()
	known   int // lines that were understood
	unknown int // lines that were not
	telling int // lines that nothing but a host's metrics has

	tool string
	at   stamp        // what the rows in hand are dated with
	step table.Micros // how long before it the last one was; 0 where that is not known
	days days         // the day that times of day belong to
	cpus float64

	head   columns        // of the table in hand
	single bool           // its head is followed by one row
	heads  map[string]int // tables of vmstat and iostat that began, by the first word of their head: the first is of the time since boot
	since  bool           // the row in hand is of the time since boot
	list   bool           // in top's list of processes
	path   string         // the file of /proc that the lines in hand are of
	snap   snapshot
}

func newReader(in artifact.Input, put func(*table.HostSample)) *reader {
	return &reader{in: in, put: put, at: stamp{table.Null, table.ClockNone}, heads: map[string]int{}}
}

// line reads one line.
func (r *reader) line(n int32, text string) {
	text = strings.TrimRight(text, "\r")
	switch {
	case strings.TrimSpace(text) == "":
		if !r.single { // a table ends; iostat's disks follow their head at once
			r.head = nil
		}
		r.pass()
	case r.dates(n, text), r.title(text), r.counter(n, text), r.header(text), r.row(n, text):
		r.known++
	default:
		r.unknown++
		if r.refuse != nil {
			r.refuse(n, "no line of a host's metrics", text)
		}
	}
}

// pass counts a line that is of no interest.
func (r *reader) pass() {
	if r.ignore != nil {
		r.ignore()
	}
}

// dates reads a line that says when what follows was taken.
func (r *reader) dates(_ int32, text string) bool {
	if r.path != "" && strings.Trim(text, "0123456789") == "" {
		return false // a file's one number, and no epoch
	}
	at, ok := stampOf(text, &r.days)
	if !ok {
		if t, is := heading.Time(text); is && t.Known() {
			at, ok = stamp{t, table.ClockUTC}, true
		}
	}
	if !ok {
		return false
	}
	r.end()
	r.moment(at)
	r.head, r.path = nil, ""
	r.days.saw(at)
	r.pass()
	return true
}

// moment sets what the rows that follow are dated with. What lies between it and the one before is their interval.
func (r *reader) moment(at stamp) {
	if at == r.at {
		return
	}
	r.step = 0
	if at.at.Known() && r.at.at.Known() && at.at > r.at.at {
		r.step = at.at - r.at.at
	}
	r.at = at
}

// end closes the snapshot in hand.
func (r *reader) end() {
	if r.snap.empty() {
		return
	}
	at := r.at
	if at.at == table.Null {
		at = stamp{r.fileTime(), table.ClockUTC}
	}
	r.snap.end(at, func(row *table.HostSample) {
		row.Tool = r.snap.tool
		row.Instance, row.File = r.in.Origin.Instance, r.in.Origin.File
		row.Line += r.in.Origin.Line
		r.put(row)
	})
}

// fileTime is when the file says that it was taken.
func (r *reader) fileTime() table.Micros {
	if t, ok := heading.NameTime(r.in.Name); ok {
		return t
	}
	return r.in.ModTime
}

// sample is a new row of the line.
func (r *reader) sample(n int32) table.HostSample {
	row := table.NewHostSample(r.in.Origin)
	row.Line += n
	row.Tool, row.Stamp, row.Clock = r.tool, r.at.at, r.at.clock
	if r.step > 0 {
		row.Interval = table.Float(float64(r.step) / 1e6)
	}
	if r.cpus > 0 {
		row.CPUs = table.Float(r.cpus)
	}
	return row
}
