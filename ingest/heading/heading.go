// Package heading knows the lines that stand between the replies of a server in a capture: the
// stamps that scripts print before a dump, the prompts and timings of an interactive client, the
// warnings of redis-cli.
//
// It does not know the replies themselves, and takes no doubtful line for a heading.
package heading

import (
	"strings"
	"time"

	"psyncope/ingest/logline"
	"psyncope/ingest/table"
)

// Time reads a line that only dates what follows: "### 2026-11-22T18:45:30.123Z", "# ts=1795373130",
// "Sun Nov 22 18:45:30 UTC 2026", RFC 3339 alone, epoch alone. The instant is on the collector's
// clock; it is Null where the line dates in a zone that is not told or that only a name tells.
func Time(line string) (at table.Micros, ok bool) {
	line = strings.Trim(line, "#=-*>< \t\r")
	if word, rest, found := strings.Cut(line, "="); found && isLabel(word) {
		line = rest
	} else if word, rest, found := strings.Cut(line, ": "); found && isLabel(word) {
		line = strings.TrimSpace(rest)
	}
	if len(line) < 10 || len(line) > 40 {
		return table.Null, false
	}
	if at, ok := epoch(line); ok {
		return at, true
	}
	if at, clock, n := logline.ISO([]byte(line)); n > 0 {
		rest := strings.TrimSpace(line[n:])
		switch {
		case rest == "UTC" || rest == "GMT" || rest == "" && clock == table.ClockUTC:
			return at, true
		case rest == "" || len(rest) <= 5 && strings.ToUpper(rest) == rest:
			return table.Null, true
		}
		return table.Null, false
	}
	if !strings.Contains("SunMonTueWedThuFriSat", line[:3]) {
		return table.Null, false
	}
	for _, layout := range dateLayouts {
		t, err := time.Parse(layout, strings.Join(strings.Fields(line), " "))
		if err != nil {
			continue
		}
		// A zone's name alone does not tell its offset: time.Parse invents a zone of 0.
		if zone, offset := t.Zone(); zone != "UTC" && zone != "GMT" && offset == 0 {
			return table.Null, true
		}
		return table.MicrosOf(t), true
	}
	return table.Null, false
}

// dateLayouts are what date(1) prints, in the C locale and in en_US, and date -u -R.
var dateLayouts = []string{
	"Mon Jan 2 15:04:05 MST 2006",
	"Mon Jan 2 03:04:05 PM MST 2006",
	"Mon 2 Jan 15:04:05 MST 2006",
	"Mon 02 Jan 2006 03:04:05 PM MST",
	"Mon, 02 Jan 2006 15:04:05 -0700",
}

func isLabel(word string) bool {
	switch strings.ToLower(word) {
	case "ts", "time", "date", "timestamp", "epoch", "at", "collected", "captured":
		return true
	}
	return false
}

// epoch reads seconds with or without a fraction, milliseconds, microseconds or nanoseconds since 1970.
func epoch(s string) (table.Micros, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, ok := number(whole)
	if !ok {
		return table.Null, false
	}
	at, ok := logline.OfEpoch(n, len(whole))
	if !ok || at < 946684800*table.Second || fraction == "" {
		return at, ok && at >= 946684800*table.Second
	}
	if len(whole) != 10 || len(fraction) > 9 {
		return table.Null, false
	}
	f, ok := number(fraction)
	for i := len(fraction); i < 6; i++ {
		f *= 10
	}
	for i := len(fraction); i > 6; i-- {
		f /= 10
	}
	return at + table.Micros(f), ok
}

func number(s string) (int64, bool) {
	if s == "" || len(s) > 19 {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, n >= 0
}

// NameTime is the date in a file's name, on the collector's clock: clients-20261122T184530Z.txt,
// clients-2026-11-22T18:45:30Z.txt, clients.1795373130.txt. A date without a zone is taken as UTC,
// as scripts that name files so mostly use it. Not ok without a time of day.
func NameTime(name string) (table.Micros, bool) {
	for i := 0; i < len(name); i++ {
		if name[i] < '0' || name[i] > '9' || i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
			continue
		}
		n := 0
		for i+n < len(name) && name[i+n] >= '0' && name[i+n] <= '9' {
			n++
		}
		if at, ok := epoch(name[i : i+n]); ok {
			return at, true
		}
		for _, layout := range nameLayouts {
			if len(name)-i < len(layout) {
				continue
			}
			if t, err := time.Parse(layout, name[i:i+len(layout)]); err == nil {
				return table.MicrosOf(t), true
			}
		}
		i += n
	}
	return table.Null, false
}

var nameLayouts = []string{
	"20060102T150405", "20060102-150405", "20060102_150405", "20060102150405",
	"2006-01-02T15:04:05", "2006-01-02T15-04-05", "2006-01-02T150405", "2006-01-02_15-04-05",
	"2006-01-02_15:04:05", "2006-01-02-15-04-05", "2006-01-02_150405",
}

// Command is the command of a line that was typed at a prompt: "127.0.0.1:6379> slowlog get 2",
// "redis 127.0.0.1:6379[3]> ...", "127.0.0.1:6379(TX)> ...", "$ redis-cli -p 6380 slowlog get". Also of a
// line that redis-cli --cluster call prints: ">>> Calling slowlog get".
func Command(line string) (command string, ok bool) {
	line = strings.TrimRight(strings.TrimSpace(line), "\r")
	if rest, ok := strings.CutPrefix(line, ">>> Calling "); ok {
		return rest, true
	}
	if at := strings.Index(line, "> "); at > 0 && isPrompt(line[:at]) {
		return strings.TrimSpace(line[at+2:]), true
	}
	if rest, ok := strings.CutSuffix(line, ">"); ok && isPrompt(rest) {
		return "", true
	}
	for _, shell := range []string{"$ ", "# "} {
		at := strings.Index(line, shell)
		if at < 0 || at > 80 {
			continue
		}
		rest := line[at+2:]
		if strings.HasPrefix(rest, "redis-cli") || strings.HasPrefix(rest, "valkey-cli") {
			return rest, true
		}
	}
	return "", false
}

// isPrompt reports whether s is what redis-cli prints before "> ".
func isPrompt(s string) bool {
	s = strings.TrimPrefix(s, "redis ")
	s = strings.TrimSuffix(s, "(TX)")
	s = strings.TrimSuffix(s, "(subscribed mode)")
	if at := strings.LastIndexByte(s, '['); at > 0 && strings.HasSuffix(s, "]") {
		s = s[:at]
	}
	return s == "not connected" || s == "redis" || IsAddr(s)
}

// IsAddr reports whether s may be the address of a server or of a client as servers print it:
// 10.0.0.1:6379, [::1]:6379, host:6379, /path/redis.sock:0, ?:0.
func IsAddr(s string) bool {
	at := strings.LastIndexByte(s, ':')
	if at < 1 || len(s) > 300 || len(s)-at > 6 || at == len(s)-1 {
		return false
	}
	if _, ok := number(s[at+1:]); !ok {
		return false
	}
	host := s[:at]
	if host == "?" || host[0] == '/' || host[0] == '[' && host[len(host)-1] == ']' {
		return true
	}
	for i := range len(host) {
		c := host[i] | 0x20
		if !(c >= 'a' && c <= 'z' || host[i] >= '0' && host[i] <= '9' || host[i] == '.' || host[i] == '-' || host[i] == '_' || host[i] == ':') {
			return false
		}
	}
	return true
}

// Noise reports whether a line between replies is of no interest: empty, a date, a prompt, the time a
// reply took, a warning of redis-cli.
func Noise(line string) bool {
	line = strings.TrimSpace(line)
	if line == "" || strings.Trim(line, "-=#*") == "" {
		return true
	}
	if strings.HasPrefix(line, "(") && strings.HasSuffix(line, "s)") {
		return strings.Trim(line[1:len(line)-2], "0123456789.") == ""
	}
	for _, p := range []string{"Warning: ", "AUTH failed", ">>> Calling", "-> push:"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	if _, ok := Time(line); ok {
		return true
	}
	_, ok := Command(line)
	return ok
}

// Refusal reports whether a line is an error reply in place of what was asked for, as redis-cli prints
// it: "(error) NOAUTH Authentication required.", or the bare text when not on a terminal.
func Refusal(line string) bool {
	line = strings.TrimSpace(line)
	if rest, ok := strings.CutPrefix(line, "(error) "); ok {
		return rest != ""
	}
	for _, p := range []string{"NOAUTH ", "NOPERM ", "WRONGPASS ", "LOADING ", "MASTERDOWN ", "MISCONF ", "BUSY ", "-ERR ", "ERR ", "Could not connect to ", "Error: "} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}
