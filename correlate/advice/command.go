package advice

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"psyncope/correlate/incident"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// Shell is how to reach a server from a shell: redis-cli, with its address where the evidence has one.
func Shell(h *timeline.Host) string { return cli(h) }

// Address is a server's as the evidence has it, HOST:PORT; where it has none, a word that says so.
func Address(h *timeline.Host) string {
	if ip, port, ok := reach(h); ok {
		return net.JoinHostPort(ip, port)
	}
	return "HOST:PORT"
}

// cli is how to reach a server from a shell: with its address where the evidence has one, and over TLS where it listens to nothing else.
func cli(h *timeline.Host) string {
	flavor, _ := h.Version()
	s := "redis-cli"
	if flavor == "valkey" {
		s = "valkey-cli"
	}
	if ip, port, ok := reach(h); ok {
		s += " -h " + ip + " -p " + port
	}
	if h.Value("port") == "0" && !h.Setting("port").Assumed {
		s += " --tls"
	}
	return s
}

// reach is the address of a server: the one by which whoever took its dumps reached it, else one by which others speak of it.
func reach(h *timeline.Host) (ip, port string, ok bool) {
	for _, a := range slices.Concat(h.Reached, h.Addrs, []string{h.Name}) { // who left no evidence of its own is called by its address
		if ip, port, err := net.SplitHostPort(a); err == nil && plainWord(ip) && plainWord(port) {
			return ip, port, true
		}
	}
	return "", "", false
}

// plainWord reports whether a text from the evidence can stand in a shell command: names and addresses can, anything with
// a space, a quote or a sign of the shell's cannot.
func plainWord(s string) bool {
	for _, r := range s {
		if r != '.' && r != ':' && r != '-' && r != '_' && r != '/' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s != "" && !timeline.Masked(s)
}

// configSet changes a setting now and for the next start.
func configSet(h *timeline.Host, name, value string) string {
	if strings.Contains(value, " ") && !strings.HasPrefix(value, `"`) {
		value = `"` + value + `"`
	}
	if renamed, _, _ := strings.Cut(h.Value("rename-command"), " "); strings.EqualFold(renamed, "CONFIG") {
		return fmt.Sprintf("# %s knows CONFIG by another name, or not at all: set %s %s there by that name, or in its configuration file before its next start", shellName(h), name, value)
	}
	set := fmt.Sprintf("%s CONFIG SET %s %s", cli(h), name, value)
	if noFile(h) {
		return set + fmt.Sprintf("\n# %s runs without a configuration file: start it with --%s %s as well, or this is lost at its next start", shellName(h), name, value)
	}
	return set + "\n" + cli(h) + " CONFIG REWRITE"
}

// noFile reports whether the server was started without a configuration file, by its INFO: it refuses CONFIG REWRITE then.
func noFile(h *timeline.Host) bool {
	for i := len(h.Samples) - 1; i >= 0; i-- {
		if f := h.Samples[i].ConfigFile; f != "" {
			return f == table.NoConfigFile
		}
	}
	return false
}

// aclSave keeps what ACL SETUSER changed: users of an ACL file are not written by CONFIG REWRITE, which says OK all the same.
func aclSave(h *timeline.Host) string {
	switch {
	case h.Value("aclfile") != "" && !h.Setting("aclfile").Assumed:
		return cli(h) + " ACL SAVE"
	case len(h.Settings) == 0:
		return fmt.Sprintf("# an error says that its users are in no file of their own, which is well:\n%s ACL SAVE\n%s CONFIG REWRITE", cli(h), cli(h))
	case noFile(h):
		return fmt.Sprintf("# %s runs without a configuration file: the change is lost at its next start, unless the users are given to it again", shellName(h))
	}
	return cli(h) + " CONFIG REWRITE"
}

// shellName is the host's name for a comment in a shell script: whatever the evidence calls it, it stays on its line.
func shellName(h *timeline.Host) string {
	if plainWord(h.Name) {
		return h.Name
	}
	return "the server"
}

// later are commands that are not for now: in a comment, so that pasting does no harm.
func later(when, commands string) string {
	return "# " + when + ":\n# " + strings.ReplaceAll(strings.ReplaceAll(commands, "\n# ", "\n"), "\n", "\n# ")
}

// announced tells in a comment by which other address a server is spoken of, where that is not the one in the commands.
func announced(in *incident.Incident, commands string) string {
	for _, h := range in.G.Hosts {
		ip, port, ok := reach(h)
		if !ok || len(h.Reached) == 0 || !strings.Contains(commands, "-h "+ip+" -p "+port+" ") || len(h.Addrs) == 0 || slices.Contains(h.Addrs, net.JoinHostPort(ip, port)) {
			continue
		}
		if ip, port, err := net.SplitHostPort(h.Addrs[0]); err == nil && plainWord(ip) && plainWord(port) {
			commands = fmt.Sprintf("# %s goes by %s port %s among the servers\n", shellName(h), ip, port) + commands
		}
	}
	return commands
}

// withPassword begins commands with a look whether the password is there, where the servers ask for one: a server says so, or its replicas
// give one that is no other user's.
func withPassword(in *incident.Incident, commands string) string {
	set := func(h *timeline.Host, name string) (value, known bool) {
		v, known := h.Settings[name]
		return v.Value != "" && v.Value != `""`, known
	}
	asks, told := false, false
	for _, h := range in.G.Hosts {
		own, known := set(h, "requirepass")
		asks, told = asks || own, told || known
	}
	for _, h := range in.G.Hosts {
		gives, _ := set(h, "masterauth")
		user, _ := set(h, "masteruser")
		asks = asks || !told && gives && !user
	}
	if !strings.Contains(commands, "-cli ") || !asks {
		return commands
	}
	return `: "${REDISCLI_AUTH:?the servers ask for a password: export REDISCLI_AUTH first}"` + "\n" + commands
}

// everywhere is configSet on the primary and each replica that has artifacts: both ends use their own value, and each
// may be the primary tomorrow.
func everywhere(in *incident.Incident, name, value string) string {
	return onAll(in, name, value, func(*timeline.Host) bool { return true })
}

// onAll is configSet on those servers of the group that the question is answered with yes for, the primary first.
func onAll(in *incident.Incident, name, value string, is func(*timeline.Host) bool) string {
	var out []string
	for _, h := range append([]*timeline.Host{in.Primary}, in.G.Hosts...) {
		if is(h) && (h != in.Primary || len(out) == 0) {
			out = append(out, configSet(h, name, value))
		}
	}
	const most = 100 // more is a script's work
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
