package logs

import (
	"bytes"
	"unicode"

	"psyncope/ingest/logline"
)

// frame is what a line says of the raw block that it opens or closes.
type frame uint8

const (
	noFrame      frame = iota
	crashBegins        // a crash report, or a section of one
	crashInfo          // the INFO dump inside a crash report
	crashEnds          // its last line; some raw advice follows
	blockBegins        // another raw block, to the next line with a header
	processBegin       // a process starts: whatever block was open was left unfinished
)

// frames are the marks of raw blocks, by what the message begins with and holds (redis 2.4 to 8 and
// valkey debug.c, config.c, rdb.c). The first that fits counts.
var frames = [...]struct {
	begins, holds string
	is            frame
}{
	{"=== ", "BUG REPORT START", crashBegins},
	{"=== ", "BUG REPORT END", crashEnds},
	{"=== ", "ASSERTION FAILED", crashBegins},
	{"------ ", "MODULES INFO OUTPUT", crashBegins},
	{"------ ", "INFO OUTPUT", crashInfo},
	{"--- ", "INFO OUTPUT", crashInfo}, // 2.4 to 2.8
	{"--- ", "STACK TRACE", crashBegins},
	{"--- ", "CLIENT LIST OUTPUT", crashBegins},
	{"--- ", "CURRENT CLIENT INFO", crashBegins},
	{"--- ", "REGISTERS", crashBegins},
	{"--- WATCHDOG", "", blockBegins},
	{"--- RDB ERROR", "", blockBegins},
	{"*** FATAL", "", blockBegins},
	{"------ ", "", crashBegins},
	{"oO0OoO0OoO0Oo ", "", processBegin},
	{"Server started, ", "", processBegin},
}

func frameOf(msg []byte) frame {
	if len(msg) < 4 {
		return noFrame
	}
	switch msg[0] {
	case '=', '-', '*', 'o', 'S':
	default:
		return noFrame
	}
	for _, f := range frames {
		if bytes.HasPrefix(msg, []byte(f.begins)) && bytes.Contains(msg, []byte(f.holds)) {
			return f.is
		}
	}
	return noFrame
}

// ofNoInterest knows lines without a header that servers and tools print and no one asks for.
func ofNoInterest(line []byte) bool {
	line = logline.Unquote(line)
	return len(line) == 0 || drawing(line) || stackLine(line) || clientLine(line) || digitsOnly(line) || heading(line)
}

// drawing knows the logo that servers print at their start, rules, and dots for what was left out: a
// line of nothing but strokes before its first word.
func drawing(line []byte) bool {
	strokes := 0
	for _, c := range line {
		if c == ' ' {
			continue
		}
		if bytes.IndexByte([]byte("_.-'`|()\\/,+#*^@~=:<>{}[]"), c) < 0 {
			break
		}
		strokes++
	}
	if strokes >= 4 || strokes == len(line) {
		return true
	}
	// The ends of the logo's shorter lines: "'+v+'" and the like.
	return strokes >= 2 && len(line) <= 8
}

// isWritten tells a letter, a digit or a control character from punctuation.
func isWritten(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsControl(r) }

// stackLine knows "path(symbol+0x1f)[0x55d0c1]", "path[0x55d0c1]" and "path() [0x55d0c1]".
func stackLine(line []byte) bool {
	i := bytes.LastIndex(line, []byte("[0x"))
	return i > 0 && line[len(line)-1] == ']' && bytes.IndexByte(line[i:], ' ') < 0 && bytes.IndexByte(line[:i], '/') >= 0
}

// clientLine knows a line of CLIENT LIST.
func clientLine(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("id=")) && !bytes.HasPrefix(line, []byte("addr=")) {
		return false
	}
	return bytes.Contains(line, []byte(" fd=")) && bytes.Contains(line, []byte(" idle="))
}

// digitsOnly knows a line of a hexdump.
func digitsOnly(line []byte) bool {
	if len(line) < 16 {
		return false
	}
	for _, c := range line {
		if c-'0' > 9 && c-'a' >= 6 && c-'A' >= 6 {
			return false
		}
	}
	return true
}

// heading knows what tools print above and between logs.
func heading(line []byte) bool {
	for _, h := range [...]string{
		"-- Logs begin at", "-- Journal begins at", "-- Boot ", "-- Reboot --", "-- No entries --",
		"Attaching to ", "[offset ", "[info] ", "[additional info] ", "Symbol: ", "Module: ", "$ xxd ", "$ objdump ",
		"EIP:", "Backtrace:",
	} {
		if bytes.HasPrefix(line, []byte(h)) {
			return true
		}
	}
	// "[..CUT..]", "<snip>", "(truncated)": people say that they left lines out.
	word := bytes.Trim(line, "[](){}<>.-=* ")
	for _, w := range [...]string{"", "cut", "snip", "snipped", "snippet", "truncated", "omitted", "skipped", "redacted"} {
		if len(w) == len(word) && bytes.EqualFold(word, []byte(w)) {
			return true
		}
	}
	return false
}
