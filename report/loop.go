package report

import (
	"fmt"
	"slices"
	"strings"
)

// call is a line that calls a client on one server: what stands before its address, the address, and what follows.
type call struct{ client, host, port, rest string }

// callOf takes a line apart; ok is false where it is no call with an address.
func callOf(line string) (c call, ok bool) {
	words := strings.SplitN(strings.TrimSpace(line), " ", 6)
	if len(words) < 6 || words[0] != "redis-cli" && words[0] != "valkey-cli" || words[1] != "-h" || words[3] != "-p" || !isCommand(line) {
		return call{}, false
	}
	return call{words[0], words[2], words[4], words[5]}, true
}

// looped writes the same change on several servers as one loop over their addresses; what is not the same stays as it is. A server's lines
// are those that follow one another with its address.
func looped(command string) string {
	lines := strings.Split(strings.TrimRight(command, "\n"), "\n")
	var out []string
	for i := 0; i < len(lines); {
		servers, n := sameCalls(lines[i:])
		if len(servers) < 2 {
			out = append(out, lines[i])
			i++
			continue
		}
		per := n / len(servers)
		at := make([]string, len(servers))
		for k, s := range servers {
			at[k] = s.host + ":" + s.port
		}
		out = append(out, "for at in "+strings.Join(at, " ")+"; do")
		for _, l := range lines[i : i+per] {
			c, _ := callOf(l)
			out = append(out, fmt.Sprintf(`  %s -h "${at%%:*}" -p "${at##*:}" %s`, c.client, c.rest))
		}
		out = append(out, "done")
		i += n
	}
	return strings.Join(out, "\n")
}

// sameCalls are the servers that the first n lines call one after the other with the same words.
func sameCalls(lines []string) (servers []call, n int) {
	var first []call
	for i := 0; i < len(lines); {
		c, ok := callOf(lines[i])
		if !ok || slices.ContainsFunc(servers, func(s call) bool { return s.host == c.host && s.port == c.port }) {
			break
		}
		block := []call{c}
		for i+len(block) < len(lines) {
			next, ok := callOf(lines[i+len(block)])
			if !ok || next.host != c.host || next.port != c.port {
				break
			}
			block = append(block, next)
		}
		if first == nil {
			first = block
		}
		if !slices.EqualFunc(first, block, func(a, b call) bool { return a.client == b.client && a.rest == b.rest }) {
			break
		}
		servers = append(servers, c)
		i += len(block)
		n = i
	}
	return servers, n
}
