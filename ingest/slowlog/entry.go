package slowlog

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"psyncope/ingest/logline"
	"psyncope/ingest/reply"
	"psyncope/ingest/table"
)

// verdict says what a list is: an entry, none at all, or an entry with something wrong.
type verdict string

const (
	isEntry  verdict = ""
	notEntry verdict = "no entry"
)

// Seconds since 1970 that an entry may carry: 2001 to 2100. A slowlog is younger than Redis.
const (
	firstSecond = 1_000_000_000
	lastSecond  = 4_102_444_800
)

// entryOf reads a list of the server's shape, or a dictionary of a client library or a managed service.
func entryOf(v reply.Value) (entry, verdict) {
	switch {
	case v.Kind == reply.Map:
		return entryOfMap(v)
	case v.Kind != reply.List || len(v.Items) < 4:
		return entry{}, notEntry
	}
	id, ended, amount, args := v.Items[0], v.Items[1], v.Items[2], v.Items[3]
	if id.Kind != reply.Int || ended.Kind != reply.Int || amount.Kind != reply.Int || args.Kind != reply.List {
		return entry{}, notEntry
	}
	e := entry{line: v.Line, id: id.Int, amount: amount.Int, argv: words(args.Items)}
	if len(v.Items) > 5 {
		e.client, e.user = textOf(v.Items[4]), textOf(v.Items[5])
	}
	return e, e.check(ended.Int)
}

// check sets the second, and says what is wrong with the numbers.
func (e *entry) check(second int64) verdict {
	switch {
	case second < firstSecond || second > lastSecond:
		return "an entry whose time is no second since 1970"
	case e.amount < 0 || e.id < 0 && e.id != noID:
		return "an entry with a negative number"
	case !table.Within(e.amount, table.MostMicros) || !table.Within(e.id, table.MostCount):
		return "an entry with a number beyond reason"
	}
	e.ended = table.Micros(second) * table.Second
	return isEntry
}

func words(items []reply.Value) []string {
	out := make([]string, len(items))
	for i, v := range items {
		out[i] = textOf(v)
	}
	return out
}

func textOf(v reply.Value) string {
	switch v.Kind {
	case reply.Int:
		return strconv.FormatInt(v.Int, 10)
	case reply.Text, reply.Bare:
		return v.Text
	}
	return ""
}

// dictionaryKeys are the names libraries have for an entry's elements, in lower case without
// punctuation: go-redis and redigo (Go structs), redis-py, ioredis, Jedis, ElastiCache.
var dictionaryKeys = []struct{ key, element string }{
	{"id", "id"},
	{"time", "time"},
	{"timestamp", "time"},
	{"starttime", "time"},
	{"duration", "amount"},
	{"durationus", "amount"},
	{"executiontime", "amount"},
	{"args", "args"},
	{"arguments", "args"},
	{"command", "args"},
	{"cmd", "args"},
	{"clientaddr", "client"},
	{"clientaddress", "client"},
	{"clientipport", "client"},
	{"clientname", "user"},
}

func entryOfMap(v reply.Value) (entry, verdict) {
	e := entry{line: v.Line, id: noID}
	var ended, amount reply.Value
	goStruct, hasArgs := false, false
	for i := 0; i+1 < len(v.Items); i += 2 {
		key, value := textOf(v.Items[i]), v.Items[i+1]
		switch elementOf(key) {
		case "id":
			if value.Kind == reply.Int {
				e.id = value.Int
			}
		case "time":
			ended = value
		case "amount":
			amount = value
			// Go's time.Duration is nanoseconds; struct fields keep their capital.
			goStruct = key == "Duration" || key == "ExecutionTime"
		case "args":
			hasArgs = true
			if value.Kind == reply.List {
				e.argv = words(value.Items)
			} else {
				e.argv = splitJoined(textOf(value))
			}
		case "client":
			e.client = textOf(value)
		case "user":
			e.user = textOf(value)
		}
	}
	us, ok := amountOf(amount, goStruct)
	if !ok || !hasArgs || ended.Kind == reply.Nil {
		return e, notEntry
	}
	e.amount = us
	second, ok := secondOf(ended)
	if !ok {
		return e, "an entry whose time cannot be read"
	}
	return e, e.check(second)
}

func elementOf(key string) string {
	var b [24]byte
	n := 0
	for i := range len(key) {
		c := key[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c < 'a' || c > 'z' {
			continue
		}
		if n == len(b) {
			return ""
		}
		b[n] = c
		n++
	}
	for _, k := range dictionaryKeys {
		if k.key == string(b[:n]) {
			return k.element
		}
	}
	return ""
}

// splitJoined parts a command that redis-py or a managed service shows as one text: the name, and the
// rest. Where one argument ends and the next begins is lost.
func splitJoined(s string) []string {
	name, rest, ok := strings.Cut(s, " ")
	if !ok {
		return []string{name}
	}
	return []string{name, rest}
}

func amountOf(v reply.Value, nanoseconds bool) (int64, bool) {
	switch {
	case v.Kind == reply.Int && nanoseconds:
		return v.Int / 1000, true
	case v.Kind == reply.Int:
		return v.Int, true
	case v.Kind == reply.Text:
		d, err := time.ParseDuration(v.Text)
		return d.Microseconds(), err == nil
	}
	return 0, false
}

// secondOf reads seconds or a finer count since 1970, or an ISO stamp with a zone.
func secondOf(v reply.Value) (int64, bool) {
	switch v.Kind {
	case reply.Int:
		at, ok := logline.OfEpoch(v.Int, len(strconv.FormatInt(v.Int, 10)))
		return int64(at / table.Second), ok
	case reply.Text:
		at, clock, n := logline.ISO([]byte(v.Text))
		return int64(at / table.Second), n > 0 && clock == table.ClockUTC
	}
	return 0, false
}

// managedText reads ElastiCache's slow log in its TEXT form: cluster, node, second, microseconds,
// command, address, name, with commas between and no id.
func managedText(line string) (entry, bool) {
	if strings.Count(line, ",") < 6 {
		return entry{}, false
	}
	fields := strings.SplitN(line, ",", 5)
	if len(fields) < 5 || len(fields[1]) != 4 || !isDigits(fields[1]) || !isDigits(fields[2]) || !isDigits(fields[3]) {
		return entry{}, false
	}
	rest := fields[4]
	nameAt := strings.LastIndexByte(rest, ',')
	addrAt := strings.LastIndexByte(rest[:max(nameAt, 0)], ',')
	if addrAt < 1 {
		return entry{}, false
	}
	second, err := strconv.ParseInt(fields[2], 10, 64)
	us, errUs := strconv.ParseInt(fields[3], 10, 64)
	if err != nil || errUs != nil {
		return entry{}, false
	}
	e := entry{id: noID, amount: us, argv: splitJoined(rest[:addrAt]), client: rest[addrAt+1 : nameAt], user: rest[nameAt+1:]}
	return e, isPeer(e.client) && e.check(second) == isEntry
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isPeer reports whether s is a caller's address as an entry has it: an IP and port, a socket's path,
// or ?:0 for a script. Host names do not come into it, so a key like user:1 is none.
func isPeer(s string) bool {
	if s == "?:0" {
		return true
	}
	if strings.HasPrefix(s, "/") {
		return strings.HasSuffix(s, ":0")
	}
	if len(s) > 64 {
		return false
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}
