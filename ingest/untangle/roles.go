package untangle

import (
	"slices"
	"strings"
)

// roleIn is the one word of a heading that says whose what follows is, by its role: "And a slave's log:", "INFO of replica-2". Empty where there is
// none, or more than one.
func roleIn(heading []string) string {
	role := ""
	for _, w := range heading {
		w = strings.ToLower(bareName(strings.TrimSuffix(strings.TrimSuffix(strings.ReplaceAll(w, "’", "'"), ":"), "'s")))
		switch strings.TrimRight(w, "0123456789-_") {
		case "master", "primary", "slave", "replica":
		default:
			continue
		}
		if role != "" && role != w {
			return ""
		}
		role = w
	}
	return role
}

// roleOf is the role in which the lines of a block speak: of the first line of a log, with its process id, or as INFO has it; empty where they do not say.
func roleOf(block []string) (role, pid string) {
	for _, l := range block {
		t := strings.TrimSpace(unquoted(l))
		switch {
		case strings.HasPrefix(t, "role:master"):
			return "master", ""
		case strings.HasPrefix(t, "role:slave"):
			return "slave", ""
		case !isLogLine(t):
			continue
		}
		pid, rest, _ := strings.Cut(t, ":")
		switch {
		case !isNumber(pid):
			return "", ""
		case strings.HasPrefix(rest, "M "):
			return "master", pid
		case strings.HasPrefix(rest, "S "):
			return "slave", pid
		case len(rest) < 2 || rest[1] != ' ': // a time of day is no process
			return "", ""
		}
		return "", pid
	}
	return "", ""
}

// sameRole compares roles by what they are, in old words or new, whatever number they have.
func sameRole(a, b string) bool {
	serves := func(w string) bool { return strings.HasPrefix(w, "master") || strings.HasPrefix(w, "primary") }
	return serves(a) == serves(b)
}

// told takes a text apart as people write it: each server's part stands below a sentence that names its role, and the first one's may have none.
// It gives up where a sentence and the lines below it disagree, and where one process speaks in both roles: it was promoted, or demoted.
func told(text string) (Result, bool) {
	if !looksTold(text) {
		return Result{}, false
	}
	lines := linesOf(text)
	all, headless := blocks(lines)
	if headless {
		all = append([]title{{at: -1}}, all...)
	}
	name, named, roles := map[int]string{}, 0, map[bool]bool{}
	serves := map[string]bool{} // by process ids, but for that of all containers
	for i, t := range all {
		end := len(lines)
		if i+1 < len(all) {
			end = all[i+1].at
		}
		said := roleIn(t.words)
		is, pid := roleOf(lines[t.at+1 : end])
		switch {
		case said == "" && is == "", said != "" && is != "" && !sameRole(said, is):
			return Result{}, false
		case said != "":
			named++
			name[t.at] = said
		default:
			name[t.at] = is
		}
		primary := sameRole(name[t.at], "master")
		if was, ok := serves[pid]; ok && was != primary {
			return Result{}, false
		}
		if pid != "" && pid != "1" {
			serves[pid] = primary
		}
		roles[primary] = true
	}
	if named == 0 || len(roles) < 2 {
		return Result{}, false
	}
	return under(lines, name, nil)
}

// looksTold reports whether a text may be one of those: some line of it is prose that names a role, above an artifact's. Of a plain log or dump no line
// is looked at twice.
func looksTold(head string) bool {
	prose := false
	for l := range strings.Lines(head) {
		begins := l[0] != '[' && (l[0] < '0' || l[0] > '9') && len(l) < longestTitle && strings.Contains(l, " ")
		if prose = begins && roleIn(strings.Fields(l)) != ""; prose {
			break
		}
	}
	if !prose {
		return false
	}
	all, _ := blocks(strings.Split(head, "\n"))
	return slices.ContainsFunc(all, func(t title) bool { return roleIn(t.words) != "" })
}
