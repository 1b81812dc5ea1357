package untangle

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"psyncope/ingest/logline"
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// isLogLine reports whether a text begins with a server's header, or with what pasting left of one in front of a message that servers log.
func isLogLine(s string) bool {
	if len(s) < 12 || s[0] != '[' && s[0] != 'p' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	var p logline.Parser
	var h logline.Header
	first, _, _ := strings.Cut(s, "\n")
	line := []byte(strings.TrimRight(first, "\r"))
	if p.Parse(line, &h) {
		return true
	}
	return p.ParsePasted(line, &h) && h.Stamp.Known() && isMessage(string(h.Message), new(message.Match))
}

// isMessage reports whether a text is a message that servers log.
func isMessage(s string, m *message.Match) bool {
	first, _, _ := strings.Cut(s, "\n")
	return message.Default().Match([]byte(strings.TrimSpace(first)), m) && m.Kind != message.Other && !m.Cut
}

// isDump reports whether a text is INFO: several of its lines, or of its words, are fields of INFO.
func isDump(s string) bool {
	if !strings.Contains(s, "redis_version:") && !strings.Contains(s, "connected_slaves:") && !strings.Contains(s, "valkey_version:") && !strings.Contains(s, "run_id:") && !strings.Contains(s, "used_memory:") {
		return false
	}
	n := 0
	for word := range strings.FieldsSeq(s[:min(len(s), 8<<10)]) {
		name, _, ok := strings.Cut(word, ":")
		if ok && isInfoField(name) {
			n++
		}
	}
	return n >= 3
}

// isInfoField reports whether a name is a field of INFO that has a column, or one of its numbered families.
func isInfoField(name string) bool {
	if _, ok := infoFields[name]; ok {
		return true
	}
	rest, ok := strings.CutPrefix(name, "slave")
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}

// infoFields are the names of INFO's fields, as the tags of table.Sample have them.
var infoFields = namesOfInfo()

func namesOfInfo() map[string]bool {
	out := map[string]bool{"redis_version": true, "valkey_version": true, "server_time_usec": true, "slave_read_only": true, "replica_announced": true, "mem_fragmentation_ratio": true, "tcp_port": true}
	for _, c := range table.InfoNames() {
		out[c] = true
	}
	return out
}

// instant reads a time in any form in which exports have one.
func instant(s string) (time.Time, bool) {
	b := []byte(strings.TrimSpace(s))
	if len(b) < 10 || len(b) > 40 {
		return time.Time{}, false
	}
	if at, clock, n := logline.ISO(b); n > 0 && len(bytes.TrimSpace(b[n:])) <= 10 {
		if clock == table.ClockLocalNoYear {
			return time.Time{}, false
		}
		return at.Time(), true
	}
	if t, ok := epoch(string(b)); ok {
		return t, true
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, string(b)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// layouts are other ways in which consoles write a time.
var layouts = []string{
	"02-01-2006 15:04:05.000 MST", "02-01-2006 15:04:05 MST", "Jan 2, 2006 @ 15:04:05.000", "Jan 2, 2006, 15:04:05.000", "Jan _2 2006 15:04:05.000", "01/02/2006 15:04:05.000", "01/02/2006 15:04:05",
	"02/Jan/2006:15:04:05 -0700", time.RFC1123, time.RFC1123Z, time.UnixDate, time.RubyDate, time.ANSIC,
}

// epoch reads seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by how many digits there are.
func epoch(s string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Trim(whole, "0123456789") != "" || strings.Trim(fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	n := int64(0)
	for _, c := range whole {
		n = n*10 + int64(c-'0')
	}
	switch len(whole) {
	case 10:
		f := (fraction + "000000000")[:9]
		ns := int64(0)
		for _, c := range f {
			ns = ns*10 + int64(c-'0')
		}
		return time.Unix(n, ns).UTC(), true
	case 13:
		return time.UnixMilli(n).UTC(), true
	case 16:
		return time.UnixMicro(n).UTC(), true
	case 19:
		return time.Unix(0, n).UTC(), true
	}
	return time.Time{}, false
}

// isLevel reports whether a word is a level of any logger's.
func isLevel(s string) bool {
	return slices.Contains([]string{
		"debug", "verbose", "notice", "warning", "warn", "info", "error", "err", "critical", "crit", "fatal", "trace", "information", "default", "alert", "emergency",
	}, strings.ToLower(s))
}

// isRole reports whether a word is a process's role, as the servers' letter or in words.
func isRole(s string) bool { return logline.RoleNamed([]byte(s)) != "" }
