package slowlog

import (
	"bytes"
	"strconv"
	"strings"

	"psyncope/ingest/heading"
)

// raw reads what redis-cli writes to a pipe: a line for each scalar, and nothing that tells where an
// entry or an argument ends:
//
//	4
//	1795374621
//	16
//	mset
//	k1
//	127.0.0.1:35950
//	(an empty line: no name)
//	3
//
// Three whole numbers in a row, the middle one a second since 1970, begin an entry if the id is one
// less than the last one's; or, at the beginning of another reply, if the entry before is complete.
type raw struct {
	*reader
	window [4]string // lines not yet placed
	n      int
	next   int32 // line of window[0]

	cur    entry
	begun  bool
	lines  []string
	size   int
	newest entry // the first entry of the reply
}

const (
	maxRawLine  = 4 << 10  // kept of a line
	maxRawEntry = 16 << 10 // kept of an entry
	keepLast    = 4        // lines that are kept of whatever length of entry: its end tells the caller
)

// line takes a line of the file.
func (r *raw) line(line int32, text string) {
	if r.n == len(r.window) {
		r.place()
	}
	if r.n == 0 {
		r.next = line
	}
	if len(text) > maxRawLine {
		text = strings.Clone(text[:maxRawLine])
	}
	r.window[r.n] = text
	r.n++
}

// end is the end of the file.
func (r *raw) end() {
	for r.n > 0 {
		r.place()
	}
	r.finish()
}

// place takes one line out of the window, or three that begin an entry.
func (r *raw) place() {
	used := 1
	if e, ok := startOf(r.window[:r.n]); ok && r.follows(&e) {
		if !r.begun || e.id != r.cur.id-1 {
			r.newest = e
		}
		r.finish()
		e.line = r.next
		r.cur, r.begun = e, true
		used = 3
	} else {
		r.other(r.next, r.window[0])
	}
	r.next += int32(used)
	r.n = copy(r.window[:], r.window[used:r.n])
}

// startOf reads three numbers and a line that may be a command's name.
func startOf(window []string) (entry, bool) {
	if len(window) < 4 || window[3] == "" || isWhole(window[3]) || isPeer(window[3]) || !isWhole(window[0]) || !isWhole(window[1]) || !isWhole(window[2]) {
		return entry{}, false
	}
	id, errID := strconv.ParseInt(window[0], 10, 64)
	second, errSecond := strconv.ParseInt(window[1], 10, 64)
	amount, errAmount := strconv.ParseInt(window[2], 10, 64)
	e := entry{id: id, amount: amount}
	return e, errID == nil && errSecond == nil && errAmount == nil && e.check(second) == isEntry
}

// isWhole tells a number as the server prints it: no sign, no zero in front.
func isWhole(s string) bool {
	return isDigits(s) && len(s) <= 19 && (s[0] != '0' || len(s) == 1)
}

// follows reports whether e can be the next entry, and its numbers are not arguments of this one.
func (r *raw) follows(e *entry) bool {
	switch {
	case !r.begun:
		return true
	case len(r.lines) == 0:
		return false
	case e.id == r.cur.id-1:
		return true
	}
	// Another reply: what came before must be whole, as far as that can be seen.
	if !r.noPeers && peerAt(r.lines) > 0 {
		return true
	}
	return !r.peers && e.id >= r.newest.id && e.ended >= r.newest.ended
}

// other takes a line that begins no entry: one of an entry's, or one between replies.
func (r *raw) other(line int32, text string) {
	if r.begun && !r.isHeading(text) {
		r.lines = append(r.lines, text)
		r.size += len(text) + 1
		if n := len(r.lines); n > 2*keepLast && r.size > maxRawEntry {
			r.size -= len(r.lines[n-keepLast-1]) + 1
			r.lines = append(r.lines[:n-keepLast-1], r.lines[n-keepLast:]...)
		}
		return
	}
	r.finish()
	r.reader.line(line, text)
}

// isHeading reports whether a line ends a reply. An argument may well be a date: only what no argument
// looks like counts, and anything that dates once the entry is complete.
func (r *raw) isHeading(text string) bool {
	if _, ok := heading.Time(text); ok {
		n := peerAt(r.lines)
		return strings.HasPrefix(text, "#") || r.noPeers && !isDigits(text[:1]) || n > 0 && r.lines[n] != ""
	}
	_, ok := heading.Command(text)
	return ok
}

func (r *raw) finish() {
	if !r.begun {
		return
	}
	r.cur.argv, r.cur.client, r.cur.user = r.splitPeer(r.lines)
	r.emit(&r.cur)
	r.cur, r.begun, r.lines, r.size, r.taken = entry{}, false, nil, 0, 0
}

// beginsRaw reports whether a file whose beginning is head has the raw form: an entry begins before
// anything that only other forms have.
func beginsRaw(head []byte) bool {
	var window []string
	for range 64 {
		line, rest, more := bytes.Cut(head, []byte("\n"))
		head = rest
		text := strings.TrimSuffix(string(line), "\r")
		if text != "" && strings.IndexByte("[{*\"", text[0]) >= 0 || strings.Contains(text, ") ") && strings.Contains(text, "(integer)") {
			return false
		}
		window = append(window, text)
		if len(window) > 4 {
			window = window[1:]
		}
		if _, ok := startOf(window); ok {
			return true
		}
		if !more {
			return false
		}
	}
	return false
}
