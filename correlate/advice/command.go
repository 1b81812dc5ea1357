package advice

import (
	"fmt"
	"net"
	"strings"

	"psyncope/correlate/incident"
	"psyncope/correlate/timeline"
)

// cli is how to reach a server from a shell: with its address where the evidence has one.
func cli(h *timeline.Host) string {
	flavor, _ := h.Version()
	s := "redis-cli"
	if flavor == "valkey" {
		s = "valkey-cli"
	}
	for _, a := range h.Addrs {
		if ip, port, err := net.SplitHostPort(a); err == nil && plainWord(ip) && plainWord(port) {
			return s + " -h " + ip + " -p " + port
		}
	}
	return s
}

// plainWord reports whether a text from the evidence can stand in a shell command: names and addresses can, anything with
// a space, a quote or a sign of the shell's cannot.
func plainWord(s string) bool {
	for _, r := range s {
		if r != '.' && r != ':' && r != '-' && r != '_' && r != '/' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s != ""
}

// configSet is the pair of commands that changes a setting now and for the next start.
func configSet(h *timeline.Host, name, value string) string {
	if strings.Contains(value, " ") {
		value = `"` + value + `"`
	}
	return fmt.Sprintf("%s CONFIG SET %s %s\n%s CONFIG REWRITE", cli(h), name, value, cli(h))
}

// everywhere is configSet on the primary and each replica that has artifacts: both ends use their own value, and each
// may be the primary tomorrow.
func everywhere(in *incident.Incident, name, value string) string {
	p := in.Primary
	out := []string{configSet(p, name, value)}
	for _, h := range in.G.Hosts {
		if h != p {
			out = append(out, configSet(h, name, value))
		}
	}
	const most = 9 // a fleet's worth is a script's work
	if len(out) > most {
		out = append(out[:most:most], fmt.Sprintf("# and on %d more", len(out)-most))
	}
	return strings.Join(out, "\n")
}

// noCost is what every CONFIG REWRITE costs.
const noCost = "nothing to speak of"

func assumedWord(s timeline.Setting) string {
	if s.Assumed {
		return " (the default, or what its peers run with)"
	}
	return ""
}
