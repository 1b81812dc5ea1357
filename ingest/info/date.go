package info

import (
	"bytes"
	"strings"

	"psyncope/ingest/table"
)

// dateWords may stand before a date: "ts=1795373130", "timestamp: 2026-11-22T18:45:30Z".
var dateWords = []string{"ts", "time", "timestamp", "date", "datetime", "epoch", "unixtime", "collected", "collected_at", "sampled_at", "at"}

// zones are the abbreviations that date(1) prints, in minutes east of UTC. Where two places share one
// (CST, IST, BST), it is the more frequent in server rooms; an unknown one is read as UTC. Clocks are aligned
// later, from other evidence: this need only be near.
var zones = []struct {
	name    string
	minutes int
}{
	{"UTC", 0},
	{"GMT", 0},
	{"Z", 0},
	{"WET", 0},
	{"WEST", 60},
	{"BST", 60},
	{"CET", 60},
	{"CEST", 120},
	{"EET", 120},
	{"EEST", 180},
	{"SAST", 120},
	{"MSK", 180},
	{"IST", 330},
	{"WIB", 420},
	{"CST", -360},
	{"CDT", -300},
	{"EST", -300},
	{"EDT", -240},
	{"MST", -420},
	{"MDT", -360},
	{"PST", -480},
	{"PDT", -420},
	{"AKST", -540},
	{"AKDT", -480},
	{"HST", -600},
	{"HKT", 480},
	{"SGT", 480},
	{"AWST", 480},
	{"JST", 540},
	{"KST", 540},
	{"AEST", 600},
	{"AEDT", 660},
	{"NZST", 720},
	{"NZDT", 780},
	{"IDT", 180},
}

const (
	months   = "JanFebMarAprMayJunJulAugSepOctNovDec"
	weekdays = "MonTueWedThuFriSatSun"
)

// lineDate reads a line that dates a dump, and says where in the line the date begins. It takes a date that
// stands alone (RFC 3339 and its looser kin, epoch in s, ms, us or ns, date(1) and date -R), bare, behind a word
// of dateWords, or anywhere in a line that is decorated: "### 2026-11-22T18:45:30Z", "=== redis-a 1795373130 ===".
// A time without a zone is read as UTC.
func lineDate(line []byte) (t table.Micros, at int, ok bool) {
	text := trimEnd(line)
	text = text[:min(len(text), 200)]
	decorated := false
	for ; at < len(text); at++ {
		c := text[at]
		if c == '#' || c == '=' || c == '-' || c == '*' || c == '[' || c == '<' || c == '~' {
			decorated = true
		} else if c != ' ' && c != '\t' && c != '>' {
			break
		}
	}
	if decorated && !alnum(text[len(text)-1]) {
		text = bytes.TrimRight(text, " \t#=-*]<>~:")
	}
	for tries := 0; at < len(text) && tries < 8; tries++ {
		n := wordLength(text[at:])
		if t, used := date(text[at+n:]); used > 0 && (decorated || used == len(text)-at-n) {
			return t, at + n, true
		}
		if !decorated {
			break
		}
		space := bytes.IndexByte(text[at:], ' ')
		if space < 0 {
			break
		}
		at += space + 1
	}
	return table.Null, 0, false
}

func alnum(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z' }

// wordLength is the length of a date word and what follows it up to the date.
func wordLength(b []byte) int {
	n := 0
	for n < len(b) && (b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z' || b[n] == '_') {
		n++
	}
	if n == 0 || n == len(b) || n > 12 {
		return 0
	}
	for _, w := range dateWords {
		if len(w) == n && strings.EqualFold(w, string(b[:n])) {
			sep := n
			for sep < len(b) && strings.IndexByte("=: \"", b[sep]) >= 0 {
				sep++
			}
			if sep > n {
				return sep
			}
		}
	}
	return 0
}

// date reads a date at the beginning of b and says how many bytes it took; 0 if there is none.
func date(b []byte) (table.Micros, int) {
	if len(b) == 0 {
		return table.Null, 0
	}
	if b[0]-'0' > 9 {
		return wordy(b)
	}
	v, n := digits(b)
	next := byte(0)
	if n < len(b) {
		next = b[n]
	}
	switch {
	case n == 4 && (next == '-' || next == '/'):
		return iso(b)
	case (n == 8 && (next == 'T' || next == '_' || next == '-')) || n == 14:
		return compact(b)
	case n <= 2:
		return wordy(b)
	case n == 10 && (next == '.' || next == ','):
		micros, used := fraction(b[n:])
		return epoch(v, table.Second, micros, n+used)
	case next != 0 && next != ' ' && next != '"':
		return table.Null, 0
	case n == 10:
		return epoch(v, table.Second, 0, n)
	case n == 13:
		return epoch(v/1000, table.Second, table.Micros(v%1000)*1000, n)
	case n == 16:
		return epoch(v/1_000_000, table.Second, table.Micros(v%1_000_000), n)
	case len(b) >= 19 && n >= 19:
		if s, m := digits(b[:10]); m == 10 {
			f, _ := digits(b[10:16])
			if tail := b[16:19]; tail[0]-'0' <= 9 && tail[1]-'0' <= 9 && tail[2]-'0' <= 9 && (len(b) == 19 || b[19]-'0' > 9) {
				return epoch(s, table.Second, table.Micros(f), 19)
			}
		}
	}
	return table.Null, 0
}

// epoch takes seconds between 2001 and 2106: what else has ten digits is no date.
func epoch(v int64, unit, rest table.Micros, used int) (table.Micros, int) {
	if v < 1_000_000_000 || v > 4_294_967_295 {
		return table.Null, 0
	}
	return table.Micros(v)*unit + rest, used
}

// iso reads 2026-11-22T18:45:30.123Z, with a blank, an underscore or a dash for the T, slashes for dashes, dashes for colons.
func iso(b []byte) (table.Micros, int) {
	if len(b) < 19 || b[7] != b[4] || strings.IndexByte("Tt _-", b[10]) < 0 || b[16] != b[13] || (b[13] != ':' && b[13] != '-') {
		return table.Null, 0
	}
	t, ok := civil(pair(b[0:])*100+pair(b[2:]), pair(b[5:]), pair(b[8:]), pair(b[11:]), pair(b[14:]), pair(b[17:]))
	if !ok {
		return table.Null, 0
	}
	return zoned(t, b, 19)
}

// compact reads 20261122T184530Z and 20261122184530.
func compact(b []byte) (table.Micros, int) {
	at := 8
	if at < len(b) && b[at]-'0' > 9 {
		at++
	}
	if len(b) < at+6 {
		return table.Null, 0
	}
	t, ok := civil(pair(b[0:])*100+pair(b[2:]), pair(b[4:]), pair(b[6:]), pair(b[at:]), pair(b[at+2:]), pair(b[at+4:]))
	if !ok {
		return table.Null, 0
	}
	return zoned(t, b, at+6)
}

// zoned adds the fraction and takes off the zone that follow a time at b[at:].
func zoned(t table.Micros, b []byte, at int) (table.Micros, int) {
	f, used := fraction(b[at:])
	t, at = t+f, at+used
	if at < len(b) && b[at]-'0' <= 9 {
		return table.Null, 0
	}
	space := 0
	if at < len(b) && b[at] == ' ' {
		space = 1
	}
	if m, used := zone(b[at+space:]); used > 0 {
		return t - table.Micros(m)*60*table.Second, at + space + used
	}
	return t, at
}

// fraction reads ".123" or ",123" as microseconds; used is 0 where there is none.
func fraction(b []byte) (table.Micros, int) {
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') || b[1]-'0' > 9 {
		return 0, 0
	}
	f, unit, n := table.Micros(0), table.Second, 1
	for ; n < len(b) && b[n]-'0' <= 9; n++ {
		unit /= 10
		f += table.Micros(b[n]-'0') * unit
	}
	return f, n
}

// zone reads Z, +01:00, +0100, +01 or an abbreviation: minutes east of UTC, and how many bytes; 0 bytes if there is none.
func zone(b []byte) (int, int) {
	if len(b) >= 3 && (b[0] == '+' || b[0] == '-') && pair(b[1:]) >= 0 {
		m, n := pair(b[1:])*60, 3
		if len(b) >= 5 && pair(b[3:]) >= 0 {
			m, n = m+pair(b[3:]), 5
		} else if len(b) >= 6 && b[3] == ':' && pair(b[4:]) >= 0 {
			m, n = m+pair(b[4:]), 6
		}
		if b[0] == '-' {
			m = -m
		}
		return m, n
	}
	if len(b) == 1 && b[0] == 'Z' {
		return 0, 1
	}
	n := 0
	for n < len(b) && b[n] >= 'A' && b[n] <= 'Z' {
		n++
	}
	if n == 0 || n > 5 || n < len(b) && b[n] != ' ' {
		return 0, 0
	}
	for _, z := range zones {
		if z.name == string(b[:n]) {
			return z.minutes, n
		}
	}
	return 0, 0
}

// wordy reads what date(1) and date -R print, in whatever order: "Sun Nov 22 18:45:30 UTC 2026",
// "Sun 22 Nov 2026 06:45:30 PM CET", "Sun, 22 Nov 2026 18:45:30 +0000". It takes all of b or nothing.
func wordy(b []byte) (table.Micros, int) {
	year, month, day, hour, minute, second := -1, -1, -1, -1, -1, -1
	var frac table.Micros
	offset, pm := 0, 0
	for at, tokens := 0, 0; at < len(b); tokens++ {
		if b[at] == ' ' || b[at] == ',' {
			at++
			continue
		}
		end := at
		for end < len(b) && b[end] != ' ' && b[end] != ',' {
			end++
		}
		w := b[at:end]
		v, n := digits(w)
		switch {
		case tokens > 20:
			return table.Null, 0
		case n == len(w) && n <= 2 && day < 0:
			day = int(v)
		case n == len(w) && n == 4 && year < 0:
			year = int(v)
		case len(w) >= 8 && w[2] == ':' && w[5] == ':' && hour < 0:
			hour, minute, second = pair(w), pair(w[3:]), pair(w[6:])
			f, used := fraction(w[8:])
			if used != len(w)-8 {
				return table.Null, 0
			}
			frac = f
		case len(w) == 7 && w[1] == ':' && w[4] == ':' && hour < 0: // 6:45:30 PM
			hour, minute, second = int(w[0]-'0'), pair(w[2:]), pair(w[5:])
		case len(w) == 3 && month < 0 && name(months, w) >= 0:
			month = name(months, w) + 1
		case len(w) == 3 && name(weekdays, w) >= 0:
		case string(w) == "AM":
			pm = -1
		case string(w) == "PM":
			pm = 1
		default:
			m, used := zone(w)
			if used != len(w) && !capitals(w) {
				return table.Null, 0
			}
			offset = m
		}
		at = end
	}
	switch {
	case pm > 0 && hour < 12:
		hour += 12
	case pm < 0 && hour == 12:
		hour = 0
	}
	t, ok := civil(year, month, day, hour, minute, second)
	if !ok {
		return table.Null, 0
	}
	return t + frac - table.Micros(offset)*60*table.Second, len(b)
}

func capitals(w []byte) bool {
	for _, c := range w {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(w) >= 2 && len(w) <= 5
}

// name is the index of the three letters w in a list of them, or -1.
func name(list string, w []byte) int {
	for i := 0; i < len(list); i += 3 {
		if list[i:i+3] == string(w) {
			return i / 3
		}
	}
	return -1
}

// pair reads two digits, or -1000.
func pair(b []byte) int {
	if len(b) < 2 || b[0]-'0' > 9 || b[1]-'0' > 9 {
		return -1000
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

// civil is the instant of a date and time in UTC (days from civil, Howard Hinnant's way), checked.
func civil(year, month, day, hour, minute, second int) (table.Micros, bool) {
	if year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return table.Null, false
	}
	y, m := year, month
	if m <= 2 {
		y, m = y-1, m+12
	}
	era := y / 400
	yoe := y - era*400
	doe := yoe*365 + yoe/4 - yoe/100 + (153*(m-3)+2)/5 + day - 1
	days := era*146097 + doe - 719468
	return table.Micros(((days*24+hour)*60+minute)*60+second) * table.Second, true
}

// nameDate finds the date in a file name: 20261122T184530Z, 2026-11-22T18-45-30, 1795373130 and the like; Null without one.
func nameDate(name string) table.Micros {
	b := []byte(name)
	for i := range b {
		if b[i]-'0' > 9 || i > 0 && b[i-1]-'0' <= 9 {
			continue
		}
		_, n := digits(b[i:])
		switch {
		case n == 4 && i+4 < len(b) && b[i+4] == '-':
			if t, used := iso(b[i:]); used > 0 {
				return t
			}
		case n == 8 || n == 14:
			if t, used := compact(b[i:]); used > 0 {
				return t
			}
		case n == 10 || n == 13 || n == 16:
			if t, used := date(b[i : i+n]); used > 0 {
				return t
			}
		}
	}
	return table.Null
}
