package info

import (
	"bytes"
	"strings"
)

// class is what a line is. It depends on the line's bytes alone, never on the lines around it.
type class uint8

const (
	classBlank   class = iota // nothing, a rule of punctuation, or a header that no one knows
	classDate                 // dates the dump that follows
	classSection              // "# Server"
	classInt                  // a field with a column for numbers
	classReal                 // one with a column for fractions
	classText                 // one with a column for words
	classReplica              // slaveN:...
	classCount                // cmdstat_..., errorstat_...
	classOther                // a field without a column
	classBulk                 // "$7012", the length before a raw reply
	classPrompt               // "127.0.0.1:6379> info"
	classFailed               // what stands where a dump should: the collector's error
	classStrange              // anything else
)

// opens reports whether the class makes lines a dump: what stands before is a preface.
func (l *line) opens() bool {
	return l.class >= classSection && l.class <= classCount && l.number != 0 || l.family
}

// caret is a carriage return as some pagers and paste sites show it.
var caret = []byte("^M")

// edge reports whether what stands before the line decides if it begins a dump.
func (l *line) edge() bool {
	switch l.class {
	case classDate, classBulk, classPrompt, classFailed:
		return true
	}
	return l.number == serverSection
}

// readLine tells what a line is; b includes its line end. Known fields are looked up first: everything else is rare.
func (r *Reader) readLine(b []byte) line {
	if len(b) > 0 && (b[0] == '*' || b[0] == '-' || b[0] == '`' || b[0] == '_' || b[0] == 0xe2) {
		unmarked(b)
	}
	at := 0
	for at < len(b) && strings.IndexByte(" \t>|", b[at]) >= 0 { // indented or quoted
		at++
	}
	text := bytes.TrimSuffix(bytes.TrimRight(b[at:], " \t\r\n"), caret)
	all := uint32(len(b))
	if len(text) == 0 {
		return line{class: classBlank, value: all}
	}
	if bytes.HasSuffix(text, longMark) {
		return line{class: classStrange, value: all}
	}
	colon := bytes.IndexByte(text[:min(len(text), 256)], ':')
	if colon > 0 {
		value := uint32(at + colon + 1)
		key := text[:colon]
		if n := r.numbers[string(key)]; n > 0 {
			l := r.known[n]
			l.value = value
			return l
		}
		if l, ok := family(key); ok {
			l.value = value
			return l
		}
	}
	switch c := text[0]; {
	case c == '#':
		if n := sectionOf(text); n >= 0 {
			return line{class: classSection, number: sectionNumber(n), value: all}
		}
	case c == '$' && len(text) > 1 && len(text) < 12:
		if _, n := digits(text[1:]); n == len(text)-1 {
			return line{class: classBulk, value: uint32(at + 1)}
		}
	}
	if _, start, ok := lineDate(b); ok {
		return line{class: classDate, number: dateNumber, value: uint32(start)}
	}
	switch {
	case isKey(text, colon) && plain(text[colon+1:]):
		return line{class: classOther, value: uint32(at + colon + 1)}
	case isRule(text):
		return line{class: classBlank, value: all}
	case isPrompt(text):
		return line{class: classPrompt, value: all}
	case isFailure(text):
		return line{class: classFailed, value: all}
	case isHeader(text):
		return line{class: classBlank, value: all}
	case isKey(text, colon):
		return line{class: classOther, value: all}
	}
	return line{class: classStrange, value: all}
}

// family tells the lines that come under numbered or made-up names.
func family(key []byte) (line, bool) {
	switch key[0] {
	case 's':
		if n := len("slave"); len(key) > n && string(key[:n]) == "slave" && allDigits(key[n:]) {
			return line{class: classReplica, family: true}, true
		}
	case 'c', 'e':
		if (bytes.HasPrefix(key, []byte("cmdstat_")) || bytes.HasPrefix(key, []byte("errorstat_"))) && !bytes.ContainsAny(key, " \t") {
			return line{class: classCount, family: true}, true
		}
	}
	if !isKey(key, len(key)) {
		return line{}, false
	}
	for _, f := range families {
		if len(key) > len(f) && string(key[:len(f)]) == f && (len(f) > 2 || allDigits(key[len(f):])) {
			return line{class: classOther, family: true}, true
		}
	}
	return line{}, false
}

func allDigits(b []byte) bool {
	_, n := digits(b)
	return n == len(b)
}

// isKey reports whether text[:colon] can be a field's name.
func isKey(text []byte, colon int) bool {
	if colon <= 0 || text[0]-'0' <= 9 {
		return false
	}
	for _, c := range text[:colon] {
		if c <= ' ' || c == '"' || c == '=' || c >= 0x7f {
			return false
		}
	}
	return true
}

// plain reports whether what follows a colon needs no second look: prompts and errors have colons too.
func plain(value []byte) bool {
	return len(value) == 0 || value[0] != ' ' && bytes.IndexByte(value, '>') < 0
}

func sectionOf(text []byte) int {
	name := bytes.TrimLeft(text, "# ")
	for i, s := range sections {
		if string(name) == s {
			return i
		}
	}
	return -1
}

// isPrompt tells redis-cli's and a shell's prompts: "10.0.0.1:6379[2]> INFO", "not connected>", "$ redis-cli info".
func isPrompt(text []byte) bool {
	if bytes.HasPrefix(text, []byte("$ ")) || bytes.HasPrefix(text, []byte("# redis-cli")) || bytes.HasPrefix(text, []byte("# valkey-cli")) || bytes.HasPrefix(text, []byte("redis-cli ")) || bytes.HasPrefix(text, []byte("valkey-cli ")) {
		return true
	}
	end := bytes.IndexByte(text[:min(len(text), 120)], '>')
	if end <= 0 || end+1 < len(text) && text[end+1] != ' ' {
		return false
	}
	p := bytes.TrimSuffix(text[:end], []byte("(TX)"))
	if string(p) == "not connected" || string(p) == "redis" {
		return true
	}
	if open := bytes.LastIndexByte(p, '['); open > 0 && p[len(p)-1] == ']' {
		p = p[:open]
	}
	colon := bytes.LastIndexByte(p, ':')
	return bytes.IndexByte(p, ' ') < 0 && colon >= 0 && colon+1 < len(p) && allDigits(p[colon+1:])
}

// failures are how the line begins that a collector leaves where the server did not give a dump: redis-cli's
// words (redis 7.4.1 redis-cli.c), the server's error replies, shells, ssh and the clients' exceptions.
var failures = []string{
	"Could not connect to", "(error) ", "Error: ", "Error ", "error: ", "I/O error", "AUTH failed", "ERR ", "LOADING ", "NOAUTH ", "NOPERM ", "WRONGPASS ", "MASTERDOWN ",
	"BUSY ", "DENIED ", "MISCONF ", "OOM ", "TRYAGAIN ", "CLUSTERDOWN ", "-ERR ", "-LOADING ", "-NOAUTH ", "-NOPERM ", "-WRONGPASS ", "-MASTERDOWN ", "-BUSY ", "-DENIED ", "-MISCONF ",
	"Traceback (most recent call last)", "redis.exceptions.", "ConnectionError", "TimeoutError", "Exception", "Unable to connect", "Cannot connect", "Server closed the connection",
	"ssh: ", "timeout: ", "Killed", "Terminated", "command terminated", "bash: ", "sh: ", "-bash: ", "dial tcp ", "(nil)", "Timeout",
}

// wounds are words that mean the same wherever they stand in a line.
var wounds = []string{
	"onnection refused", "onnection reset", "onnection timed out", "No route to host", "i/o timeout", "etwork is unreachable", "Operation timed out",
	"Name or service not known", "command not found", "Temporary failure in name resolution", "Server closed the connection",
}

func isFailure(text []byte) bool {
	for _, f := range failures {
		if len(text) >= len(f) && string(text[:len(f)]) == f || string(text) == strings.TrimRight(f, " ") {
			return true
		}
	}
	for _, w := range wounds {
		if bytes.Contains(text[:min(len(text), 4096)], []byte(w)) {
			return true
		}
	}
	return false
}

// isRule tells a line that says nothing: one that only draws ("------", "====="), and the "+OK" of a QUIT.
func isRule(text []byte) bool {
	if w := string(bytes.TrimPrefix(text, []byte("+"))); w == "OK" || w == "PONG" {
		return true
	}
	for _, c := range text {
		if strings.IndexByte("-=*_~#+. ", c) < 0 {
			return false
		}
	}
	return true
}

// isHeader tells a section's header that is none of the known ones: modules have their own, and every release has more
// ("# Scripting Engines"). It says nothing by itself.
func isHeader(text []byte) bool {
	name, ok := bytes.CutPrefix(text, []byte("# "))
	if !ok || len(name) == 0 || len(name) > 40 || bytes.Count(name, []byte(" ")) > 2 {
		return false
	}
	for _, c := range name {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == ' ') {
			return false
		}
	}
	return true
}

// isLog tells a line of a server's log: "12:M 22 Nov ...", "[12] 22 Nov ...".
func isLog(text []byte) bool {
	bracket := len(text) > 0 && text[0] == '['
	if bracket {
		text = text[1:]
	}
	_, n := digits(text)
	if n == 0 || n > 10 || len(text) < n+9 {
		return false
	}
	text = text[n:]
	if bracket && text[0] == ']' || !bracket && text[0] == ':' && text[1] >= 'A' && text[1] <= 'Z' {
		date := bytes.TrimLeft(text[1:], "MSCX ")
		_, n = digits(date)
		return n > 0 && n <= 2 && len(date) >= n+4 && date[n] == ' ' && name(months, date[n+1:n+4]) >= 0
	}
	return false
}

// glued finds a date inside a line that was cut: "used_mem### 2026-11-22T18:45:30Z" is what a
// collector that was killed and started again leaves. It returns where the date's line begins, or -1.
func glued(b []byte, from int) int {
	for from < len(b) {
		i := bytes.IndexByte(b[from:], '#')
		if i < 0 {
			return -1
		}
		if from += i; from > 0 {
			if _, _, ok := lineDate(b[from:]); ok {
				return from
			}
		}
		for from < len(b) && b[from] == '#' {
			from++
		}
	}
	return -1
}

// unmarked takes the marks off a line that people put there: emphasis, bullets, backticks. What follows moves up, and blanks fill the end.
func unmarked(b []byte) {
	text := bytes.TrimRight(b, "\r\n")
	rest := bytes.TrimLeft(text, "*-_` ")
	rest = bytes.TrimPrefix(rest, []byte("•"))
	rest = bytes.TrimLeft(rest, "*_` ")
	name, value, ok := bytes.Cut(rest, []byte(":"))
	name = bytes.TrimRight(name, "*_` ")
	if !ok || len(name) == 0 || name[0] < 'a' || name[0] > 'z' {
		return
	}
	value = bytes.Trim(value, "*_` ")
	clean := append(append(append(make([]byte, 0, len(text)), name...), ':'), value...)
	n := copy(text, clean)
	for i := n; i < len(text); i++ {
		text[i] = ' '
	}
}
