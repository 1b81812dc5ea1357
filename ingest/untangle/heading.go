package untangle

import (
	"slices"
	"strings"
)

// beginning is how a line begins an artifact: the kind, or "" where it begins none.
func beginning(l string) string {
	t := strings.TrimSpace(unquoted(l))
	switch {
	case isLogLine(t):
		return "log"
	case t == "# Server" || strings.HasPrefix(t, "redis_version:") || strings.HasPrefix(t, "valkey_version:") || t == "# Replication" || strings.HasPrefix(t, "role:"):
		return "info"
	case strings.HasPrefix(t, "1) 1) (integer)"):
		return "slowlog"
	}
	return ""
}

// unquoted takes the mark of a quotation off a line, and those of code.
func unquoted(l string) string {
	if rest, ok := strings.CutPrefix(l, ">"); ok {
		return strings.TrimPrefix(rest, " ")
	}
	return strings.TrimSuffix(strings.TrimPrefix(l, "`"), "`")
}

// linesOf are the lines of a text without their ends.
func linesOf(text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r")
	}
	return lines
}

// untagged is a heading's line without HTML's tags, where it has any that end.
func untagged(l string) string {
	if !strings.Contains(l, "</") && !strings.HasPrefix(l, "<") {
		return l
	}
	var b strings.Builder
	for l != "" {
		before, rest, _ := strings.Cut(l, "<")
		b.WriteString(before + " ")
		_, l, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

func isFence(l string) bool {
	t := strings.TrimSpace(l)
	if strings.HasPrefix(t, "<") && strings.TrimSpace(untagged(t)) == "" {
		return true
	}
	if strings.HasPrefix(t, "{") && strings.HasSuffix(t, "}") && !strings.ContainsAny(t, "\"' ,") { // Jira's {noformat} and {code:bash}
		return true
	}
	return strings.HasPrefix(t, "```") || strings.HasPrefix(t, "~~~") || strings.HasPrefix(t, "----") && strings.Trim(t, "-") == ""
}

// longestTitle bounds the bytes of a heading.
const longestTitle = 160

// title is a line that stands before the beginning of an artifact.
type title struct {
	at    int // index of its line
	words []string
	rest  string // what stands behind it on its line: "10.0.0.1:6379: # Server"
}

// titles are the lines before the beginnings of artifacts. A text that has headings begins with one.
func titles(lines []string) []title {
	out, headless := blocks(lines)
	if headless {
		return nil
	}
	return out
}

// blocks are the titles of a text, and whether what it begins with has none.
func blocks(lines []string) (out []title, headless bool) {
	prev, inside := -1, ""
	for i, l := range lines {
		if strings.TrimSpace(l) == "" || isFence(l) {
			continue
		}
		kind := beginning(l)
		if kind == "" {
			if j := strings.Index(l, ": # Server"); j > 0 && j < 100 && !strings.Contains(l[:j], " ") {
				out = append(out, title{i, []string{l[:j]}, l[j+2:]})
				prev, inside = -1, "info"
				continue
			}
			prev = i
			continue
		}
		if prev >= 0 && len(lines[prev]) < longestTitle && !isFieldLine(lines[prev]) {
			out = append(out, title{at: prev, words: strings.Fields(untagged(lines[prev]))})
		} else if inside == "" {
			headless = true
		}
		prev, inside = -1, kind
	}
	return out, headless
}

func isFieldLine(l string) bool {
	name, _, ok := strings.Cut(strings.TrimSpace(l), ":")
	return ok && (isInfoField(name) || plainName(name) && !strings.Contains(l, " "))
}

// headings are the titles that are alike but for one word, the name; the group with the most names.
func headings(all []title) (name map[int]string, rest map[int]string) {
	groups := map[string][]title{}
	for _, t := range all {
		if len(t.words) > 12 {
			continue
		}
		for k := range t.words {
			masked := append([]string(nil), t.words...)
			masked[k] = "\x00"
			key := strings.Join(masked, " ")
			groups[key] = append(groups[key], t)
		}
	}
	var best []title
	bestAt, names := 0, 1
	for key, g := range groups {
		k := len(strings.Fields(key[:strings.IndexByte(key, 0)]))
		seen := map[string]bool{}
		for _, t := range g {
			if w := bareName(t.words[k]); w != "" {
				seen[w] = true
			}
		}
		if len(seen) > names && len(seen) <= maxServers && g[0].at == all[0].at {
			best, bestAt, names = g, k, len(seen)
		}
	}
	if best == nil {
		return nil, nil
	}
	name, rest = map[int]string{}, map[int]string{}
	for _, t := range best {
		name[t.at] = bareName(t.words[bestAt])
		if t.rest != "" {
			rest[t.at] = t.rest
		}
	}
	return name, rest
}

// bareName is a word of a heading without what decorates it; empty where no letter or digit is left.
func bareName(w string) string {
	w = strings.Trim(w, "=#*|>:[]()<`\"',-_~")
	if len(words(w)) == 0 && !isAddr(w) || countOnly(w) {
		return "" // a time, or a count
	}
	if strings.Contains(w, "/") {
		w = lastTelling(w)
	}
	return w
}

// countOnly reports whether a word is a number with what people put before it: "#17", "t=3".
func countOnly(w string) bool {
	run := 0
	for _, c := range w {
		if run++; c < '0' || c > '9' {
			run = 0
		}
		if run >= 8 { // an epoch, or a date
			return true
		}
	}
	return strings.Trim(w, "0123456789#=t") == "" && !isPort(w)
}

func isPort(w string) bool { return isNumber(w) && len(w) >= 4 && len(w) <= 5 && w[0] != '0' }

// oneProcess reports whether a file has several dumps and all are one process's: what stands between them then names none.
func oneProcess(text string) bool {
	run := ""
	for n := 0; ; n++ {
		_, rest, ok := strings.Cut(text, "run_id:")
		switch {
		case !ok:
			return n > 1
		case len(rest) < 40 || n > 0 && rest[:40] != run:
			return false
		}
		run, text = rest[:40], rest[40:]
	}
}

func isAddr(w string) bool {
	host, port, ok := strings.Cut(w, ":")
	return (!ok || isNumber(port)) && strings.Count(host, ".") == 3 && strings.Trim(host, "0123456789.") == ""
}

func looksHeaded(head string) bool {
	lines := firstLines(head, 8)
	if len(lines) == 0 || beginning(lines[0]) != "" {
		return false
	}
	found := false
	for _, l := range lines {
		found = found || beginning(l) != "" || strings.Contains(l, ": # Server")
	}
	if !found {
		return false
	}
	if oneProcess(head) {
		return false
	}
	all := titles(strings.Split(head, "\n"))
	if len(all) == 1 {
		return slices.ContainsFunc(all[0].words, func(w string) bool { return bareName(w) != "" })
	}
	name, _ := headings(all)
	return name != nil
}

// headed takes a text apart in which every server's part stands under a heading with its name.
func headed(text string) (Result, bool) {
	if !looksHeaded(text) {
		return Result{}, false
	}
	lines := linesOf(text)
	all := titles(lines)
	if len(all) < 2 {
		return Result{}, false
	}
	name, rest := headings(all)
	if name == nil {
		return Result{}, false
	}
	return under(lines, name, rest)
}

// under gives each server what stands under the headings with its name, by the indexes of their lines; -1 is before the first line. rest is what stands
// behind a heading on its line.
func under(lines []string, name, rest map[int]string) (Result, bool) {
	var ps parts
	var res Result
	res.By = "heading"
	who, kind := name[-1], ""
	var waiting []int
	for i, l := range lines {
		if n, ok := name[i]; ok {
			who, kind, waiting = n, "", nil
			if l = rest[i]; l == "" {
				continue
			}
		}
		if who == "" || isFence(l) {
			continue
		}
		if k := beginning(l); k != "" && (kind == "" || k == "log") {
			kind = k
			for _, j := range waiting {
				ps.at(who, kind).line(unquoted(lines[j]), int32(j+1))
			}
			waiting = nil
		}
		if kind == "" {
			waiting = append(waiting, i)
			continue
		}
		ps.at(who, kind).line(unquoted(l), int32(i+1))
	}
	res.Parts = ps.done()
	return res, len(res.Parts) > 1
}
