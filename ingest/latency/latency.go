// Package latency reads what the latency monitor answered: LATENCY LATEST and LATENCY HISTORY, in
// whatever form a client saved them.
//
// LATEST has for each event its name, the second of the last one, that one's milliseconds and the
// most since reset (redis 7.4.1 latency.c latencyCommandReplyWithLatestEvents; later releases add a sum and a
// count). HISTORY has seconds and milliseconds only; its event is known from the command or from the
// file's name, and empty otherwise. What one file holds twice is one row. LATENCY DOCTOR, GRAPH and
// HISTOGRAM are recognised and passed over: the first two say in prose and art what the others say in
// numbers. The package concludes nothing from any of them.
package latency

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/heading"
	"psyncope/ingest/reject"
	"psyncope/ingest/reply"
	"psyncope/ingest/table"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "latency", Sniff: sniff, Read: read}
}

// sink takes what scan finds.
type sink struct {
	event  func(line int32, e event)
	prose  func() // LATENCY DOCTOR or GRAPH begins
	ignore func()
	reject func(line int32, reason, text string)
}

// event is one entry: max is table.Null in a history.
type event struct {
	name      string
	second    int64
	last, max table.Int
}

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	rejected := reject.Lines{In: in, Out: out, Account: &account}
	seen := map[event]bool{}
	err := scan(in.Name, in.Body, sink{
		event: func(line int32, e event) {
			if seen[e] {
				account.Ignored++
				return
			}
			e.name = strings.Clone(e.name)
			seen[e] = true
			row := table.Latency{Origin: in.Origin, Event: e.name, At: table.Micros(e.second) * table.Second, Last: e.last, Max: e.max}
			row.Line += line
			account.Records++
			account.Saw(row.At)
			out.Latency.Append(&row)
		},
		prose:  func() {},
		ignore: func() { account.Ignored++ },
		reject: rejected.Add,
	})
	rejected.Close()
	return account, err
}

const sniffBytes = 4 << 10

func sniff(name string, head []byte) int {
	head = reply.Head(head, sniffBytes)
	right, wrong, prose, history := 0, 0, false, true
	_ = scan(name, bytes.NewReader(head), sink{
		event: func(_ int32, e event) {
			right++
			history = history && !e.max.Known()
		},
		prose:  func() { prose = true },
		ignore: func() {},
		reject: func(_ int32, _, text string) {
			if !heading.Refusal(text) {
				wrong++
			}
		},
	})
	named := strings.Contains(strings.ToLower(name), "latency")
	switch {
	case right > 0 && history && wrong > 0 && !named:
		return 0 // any column of stamps and one of numbers looks so
	case right > 0 && wrong <= 1:
		return 93
	case right > 0:
		return 90 * right / (right + wrong)
	case prose && wrong <= 1:
		return 80
	case named && wrong == 0:
		return 75 // no events, or a server that refused
	}
	return 0
}

// Seconds since 1970 that an event may carry: 2001 to 2100.
const (
	firstSecond = 1_000_000_000
	lastSecond  = 4_102_444_800
)

func isSecond(n int64) bool { return n >= firstSecond && n <= lastSecond }

// scan reads body in whatever form it is.
func scan(name string, body io.Reader, s sink) error {
	r := &reader{sink: s, asked: historyOf(name)}
	buffered := reply.Buffered(body)
	head, _ := buffered.Peek(sniffBytes)
	if beginsRaw(head) {
		err := reply.Lines(buffered, r.raw)
		r.end()
		return err
	}
	err := reply.Read(buffered, reply.Handler{
		List: r.list,
		Scalar: func(v reply.Value) {
			if v.Line != r.line {
				r.end()
			}
			if v.Kind == reply.Int {
				r.number(v.Line, v.Int)
			} else {
				r.word(v.Line, v.Text)
			}
		},
		Line: func(line int32, text string) {
			r.end()
			r.between(line, text)
		},
		Broken: func(line int32, reason, text string) {
			r.end()
			s.reject(line, reason, text)
		},
	})
	r.end()
	return err
}

// historyOf is the event after the word history: in "latency history fork", in
// latency-history-aof-fsync-always.txt. It is empty without one.
func historyOf(s string) string {
	s = strings.ToLower(s)
	at := strings.LastIndex(s, "history")
	if at < 0 {
		return ""
	}
	s = strings.TrimLeft(s[at+len("history"):], " -_.=")
	end := 0
	for end < len(s) && (s[end] >= 'a' && s[end] <= 'z' || s[end] == '-') {
		end++
	}
	if end > maxName {
		return ""
	}
	return strings.Trim(s[:end], "-")
}

const maxName = 64

// isEvent reports whether s can be an event's name: aof-fsync-always, module-acquire-GIL.
func isEvent(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if !(c >= 'a' && c <= 'z' || i > 0 && (s[i] == '-' || s[i] == '_' || s[i] >= '0' && s[i] <= '9')) {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// reader puts entries together, of lists or of what stands without them.
type reader struct {
	sink
	asked string // the event whose history this is
	taken int    // entries since the last outermost list ended
	told  bool   // in the prose of LATENCY DOCTOR or GRAPH

	// Of what stands without lists: a name, and the numbers since.
	line    int32
	name    string
	numbers []int64
}

// list takes the lists that are entries.
func (r *reader) list(v reply.Value, depth int) bool {
	if e, ok := r.eventOf(v); ok {
		r.taken++
		r.event(v.Line, e)
		return true
	}
	if depth > 0 {
		return false
	}
	switch {
	case r.taken > 0:
	case len(v.Items) == 0 || isHistogram(v):
		r.ignore()
	default:
		r.reject(v.Line, "a reply that is no latency event", v.Items[0].Text)
	}
	r.taken, r.told = 0, false
	return true
}

func (r *reader) eventOf(v reply.Value) (event, bool) {
	if v.Kind != reply.List {
		return event{}, false
	}
	var n []int64
	items := v.Items
	name := ""
	if len(items) >= 3 && items[0].Kind == reply.Text && isEvent(items[0].Text) {
		name, items = items[0].Text, items[1:]
	} else if len(items) != 2 {
		return event{}, false
	}
	for _, i := range items {
		if i.Kind != reply.Int || i.Int < 0 {
			return event{}, false
		}
		n = append(n, i.Int)
	}
	return r.made(name, n)
}

// made is the entry of a name and its numbers, or of a history's two numbers.
func (r *reader) made(name string, n []int64) (event, bool) {
	switch {
	case len(n) < 2 || !isSecond(n[0]) || slices.ContainsFunc(n, func(x int64) bool { return !table.Within(x, table.MostMillis) }):
		return event{}, false
	case name == "" && len(n) == 2:
		return event{name: r.asked, second: n[0], last: table.Int(n[1]), max: table.Null}, true
	case name != "" && len(n) >= 3:
		return event{name: name, second: n[0], last: table.Int(n[1]), max: table.Int(n[2])}, true
	case name != "": // what is looked at ends before the longest one's line does
		return event{name: name, second: n[0], last: table.Int(n[1]), max: table.Null}, true
	}
	return event{}, false
}

// isHistogram tells the reply of LATENCY HISTOGRAM: commands, each with its calls and a histogram.
func isHistogram(v reply.Value) bool {
	for _, i := range v.Items {
		for _, j := range i.Items {
			if j.Text == "histogram_usec" {
				return true
			}
		}
	}
	return false
}

// raw reads what redis-cli writes to a pipe: a line for each name and each number.
func (r *reader) raw(line int32, text string) {
	text = strings.TrimRight(text, "\r")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		r.number(line, n)
		return
	}
	if isEvent(text) {
		r.word(line, text)
		return
	}
	r.end()
	r.between(line, text)
}

func (r *reader) word(line int32, name string) {
	r.end()
	if !isEvent(name) {
		r.reject(line, "not an event's name", name)
		return
	}
	r.line, r.name = line, name
}

func (r *reader) number(line int32, n int64) {
	if r.name == "" && len(r.numbers) == 2 {
		r.end()
	}
	if r.name == "" && len(r.numbers) == 0 || r.line == 0 {
		r.line = line
	}
	if len(r.numbers) < 16 {
		r.numbers = append(r.numbers, n)
	}
}

// end puts what came together as one entry.
func (r *reader) end() {
	line, name, n := r.line, r.name, r.numbers
	r.line, r.name, r.numbers = 0, "", r.numbers[:0]
	if name == "" && len(n) == 0 {
		return
	}
	e, ok := r.made(name, n)
	switch {
	case ok:
		r.event(line, e)
	case name == "" && len(n) == 1 && isSecond(n[0]): // a date by itself
		r.ignore()
	default:
		r.reject(line, "not a latency event", name)
	}
}

// between reads a line that is no part of a reply.
func (r *reader) between(line int32, text string) {
	if command, ok := heading.Command(text); ok || strings.HasPrefix(text, "#") {
		if !ok {
			command = text
		}
		r.told = false
		if event := historyOf(command); event != "" || ok {
			r.asked = event
		}
		r.ignore()
		return
	}
	if isProse(text) {
		r.told = true
		r.prose()
	}
	switch {
	case r.told || heading.Noise(text):
		r.ignore()
	case heading.Refusal(text):
		r.reject(line, "the server refused", text)
	default:
		r.reject(line, "not a latency event", text)
	}
}

// isProse tells the first line of LATENCY DOCTOR or GRAPH (redis 7.4.1 latency.c createLatencyReport,
// latencyCommandGenSparkeline).
func isProse(text string) bool {
	return strings.HasPrefix(text, "Dave, ") || strings.HasPrefix(text, "I'm sorry, Dave") ||
		strings.Contains(text, " - high ") && strings.Contains(text, " ms, low ")
}

// beginsRaw reports whether a file whose beginning is head has the raw form: a name and three numbers,
// or a history's numbers two by two, before anything that only other forms have.
func beginsRaw(head []byte) bool {
	var window []string
	for range 64 {
		line, rest, more := bytes.Cut(head, []byte("\n"))
		head = rest
		text := strings.TrimRight(string(line), "\r")
		_, err := strconv.ParseUint(text, 10, 63)
		switch {
		case err == nil || isEvent(text):
			window = append(window, text)
		case text != "" && reply.Begins(text):
			return false
		default:
			if isHistory(window) {
				return true
			}
			window = nil
		}
		if n := len(window); n >= 4 && isEvent(window[n-4]) && isSecondText(window[n-3]) && !isEvent(window[n-2]) && !isEvent(window[n-1]) {
			return true
		}
		if len(window) == 4 && isHistory(window) {
			return true
		}
		if !more {
			return isHistory(window)
		}
	}
	return false
}

// isHistory tells seconds and milliseconds in turn, and nothing else.
func isHistory(window []string) bool {
	for i, w := range window {
		if isEvent(w) || i%2 == 0 && !isSecondText(w) || i%2 == 1 && isSecondText(w) {
			return false
		}
	}
	return len(window) > 0 && len(window)%2 == 0
}

func isSecondText(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && isSecond(n)
}
