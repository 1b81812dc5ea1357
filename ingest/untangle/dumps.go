package untangle

import (
	"strconv"
	"strings"
)

// oneDump is one of several INFO dumps in a file.
type oneDump struct {
	from, to     int // lines
	run, port    string
	role, replid string
	begun, taken int64 // seconds: when the process started and the dump was made; 0 where not said
}

// dumps takes a file apart in which the INFO of several servers stands one behind the other, with nothing that names them: by their
// run ids, where two of the processes lived at the same time. A server that was restarted has several run ids too, but one after the other.
func dumps(text string) (Result, bool) {
	if strings.Count(text, "run_id:") < 2 || strings.Count(text, "redis_version:")+strings.Count(text, "valkey_version:") < 2 {
		return Result{}, false
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	all := dumpsIn(lines)
	if len(all) < 2 || all[0].from > 0 && strings.TrimSpace(strings.Join(lines[:all[0].from], "")) != "" || !together(all) {
		return Result{}, false
	}
	names := map[string]string{}
	ports := map[string]string{}
	for _, d := range all {
		if ports[d.port] != "" && ports[d.port] != d.run {
			ports = nil
			break
		}
		ports[d.port] = d.run
	}
	var ps parts
	for _, d := range all {
		name := names[d.run]
		switch {
		case name != "":
		case ports != nil && d.port != "":
			name = d.port
		default:
			name = "run-" + d.run[:min(8, len(d.run))]
		}
		names[d.run] = name
		for i := d.from; i < d.to; i++ {
			ps.at(name, "info").line(strings.TrimRight(lines[i], "\r"), int32(i+1))
		}
	}
	return Result{Parts: ps.done(), By: "run_id"}, len(names) > 1
}

func dumpsIn(lines []string) []oneDump {
	var all []oneDump
	for i, l := range lines {
		l = strings.TrimSpace(l)
		name, value, _ := strings.Cut(l, ":")
		begins := l == "# Server" || (name == "redis_version" || name == "valkey_version") && (len(all) == 0 || i-all[len(all)-1].from > 2)
		if begins {
			if n := len(all); n > 0 {
				all[n-1].to = i
			}
			all = append(all, oneDump{from: i, to: len(lines)})
		}
		if len(all) == 0 {
			continue
		}
		d := &all[len(all)-1]
		number := func() int64 {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
		switch name {
		case "run_id":
			d.run = strings.TrimSpace(value)
		case "tcp_port":
			d.port = strings.TrimSpace(value)
		case "role":
			d.role = strings.TrimSpace(value)
		case "master_replid":
			d.replid = strings.TrimSpace(value)
		case "server_time_usec":
			d.taken = number() / 1e6
		case "uptime_in_seconds":
			d.begun = number()
		}
	}
	out := all[:0]
	for _, d := range all {
		if d.run == "" {
			return nil
		}
		if d.begun > 0 && d.taken > 0 {
			d.begun = d.taken - d.begun
		}
		out = append(out, d)
	}
	return out
}

// together reports whether two of the processes lived at the same time.
func together(all []oneDump) bool {
	left := map[string]bool{}
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		if a.run == b.run {
			continue
		}
		left[a.run] = true
		switch {
		case left[b.run]: // it was there before: A, B, A
			return true
		case a.port != b.port && a.port != "" && b.port != "":
			return true
		case a.taken > 0 && b.taken > 0 && b.begun > 0 && b.begun+1 < a.taken:
			return true
		case a.taken == 0 && a.replid != "" && a.replid == b.replid && a.role != b.role:
			return true
		}
	}
	return false
}

// looksLikeDumps reports whether a text begins with the dumps of two processes.
func looksLikeDumps(head string) bool {
	_, rest, ok := strings.Cut(head, "run_id:")
	if !ok || len(rest) < 40 || beginning(firstOf(head)) != "info" {
		return false
	}
	run := rest[:40]
	for {
		if _, rest, ok = strings.Cut(rest, "run_id:"); !ok {
			return false
		}
		if len(rest) >= 40 && rest[:40] != run {
			return true
		}
	}
}

func firstOf(head string) string {
	if l := firstLines(head, 1); len(l) == 1 {
		return l[0]
	}
	return ""
}

// gluedAt are the places in a line at which a field of INFO or a section begins.
func gluedAt(l string) []int {
	var at []int
	for i := 0; i < len(l); {
		end := strings.IndexByte(l[i:], ' ')
		if end < 0 {
			end = len(l) - i
		}
		word := l[i : i+end]
		name, _, ok := strings.Cut(word, ":")
		if ok && plainName(name) || word == "#" {
			at = append(at, i)
		}
		i += end + 1
	}
	return at
}

// unescaped is a line whose line ends were written out as escapes.
func unescaped(l string) string {
	return strings.ReplaceAll(strings.ReplaceAll(l, `\r\n`, " "), `\n`, " ")
}

// looksGlued reports whether a text begins with INFO whose lines were put one behind the other.
func looksGlued(head string) bool {
	for _, l := range firstLines(head, 4) {
		l = unescaped(l)
		if len(l) > 200 && isDump(l) && strings.Count(l, ":") > 8 && !strings.Contains(l, `":`) && !strings.Contains(l, `':`) && len(gluedAt(l)) > 8 {
			return true
		}
	}
	return false
}

// glued writes INFO whose lines were put one behind the other as the lines that they were.
func glued(text string) (Result, bool) {
	if !looksGlued(text[:min(len(text), 64<<10)]) {
		return Result{}, false
	}
	var ps parts
	number := int32(0)
	for l := range strings.Lines(text) {
		number++
		l = strings.TrimRight(l, "\r\n")
		l = unescaped(l)
		at := gluedAt(l)
		if len(at) < 2 {
			ps.at("", "info").line(l, number)
			continue
		}
		if head := strings.TrimSpace(l[:at[0]]); head != "" {
			ps.at("", "info").line(head, number)
		}
		for i, from := range at {
			to := len(l)
			if i+1 < len(at) {
				to = at[i+1]
			}
			ps.at("", "info").line(strings.TrimSpace(l[from:to]), number)
		}
	}
	return Result{Parts: ps.done()}, true
}

// spelling is a field of INFO on a line of its own, with other marks around its name than a colon behind it.
func spelling(l string) (name, value string, ok bool) {
	l = strings.TrimLeft(l, " \t['\"")
	n := 0
	for n < len(l) && (l[n] == '_' || l[n] >= 'a' && l[n] <= 'z' || l[n] >= '0' && l[n] <= '9') {
		n++
	}
	name = l[:n]
	rest := strings.TrimLeft(l[n:], " \t]'\"=>:|")
	return name, strings.Trim(rest, "'\", \t"), n > 1 && len(rest) < len(l[n:]) && (!strings.HasPrefix(l[n:], ":") || strings.HasPrefix(l[n:], `: "`) || strings.HasPrefix(l[n:], ": '"))
}

// looksSpelled reports whether a text begins with INFO in other marks: name = value, [name] => value, name and a tab.
func looksSpelled(head string) bool {
	n := 0
	for _, l := range firstLines(head, 40) {
		if name, _, ok := spelling(l); ok && isInfoField(name) {
			n++
		}
	}
	return n >= 5
}

// spelled writes INFO in other marks as servers do.
func spelled(text string) (Result, bool) {
	if !looksSpelled(text[:min(len(text), 64<<10)]) {
		return Result{}, false
	}
	var ps parts
	var res Result
	number := int32(0)
	for l := range strings.Lines(text) {
		number++
		l = strings.TrimRight(l, "\r\n")
		name, value, ok := spelling(l)
		switch {
		case ok:
			ps.at("", "info").line(name+":"+value, number)
		case strings.HasPrefix(strings.TrimSpace(l), "#"), strings.TrimSpace(l) == "":
			ps.at("", "info").line(strings.TrimSpace(l), number)
		}
	}
	res.Parts = ps.done()
	return res, len(res.Parts) > 0
}
