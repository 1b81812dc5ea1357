package collect

import (
	"net"
	"strconv"
	"strings"
	"time"
)

// stamped is a body under the line `### STAMP`, with an empty line after it.
func stamped(at time.Time, body []byte) []byte {
	b := make([]byte, 0, len(body)+40)
	b = append(b, "### "...)
	b = at.UTC().AppendFormat(b, Stamp)
	b = append(b, '\n')
	b = append(b, body...)
	if len(body) == 0 || body[len(body)-1] != '\n' {
		b = append(b, '\n')
	}
	return append(b, '\n')
}

// oneLine is s without what would break a line-oriented file, at most 500 bytes of it.
func oneLine(s string) string {
	if len(s) > 500 {
		s = s[:500]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// fieldOf is a field of an INFO text, empty where it is not there.
func fieldOf(info, name string) string {
	_, rest, found := strings.Cut("\n"+info, "\n"+name+":")
	if !found {
		return ""
	}
	return strings.TrimSpace(rest[:strings.IndexAny(rest+"\n", "\r\n")])
}

// infoInt is a number of an INFO text, 0 where it is not there.
func infoInt(info, name string) int {
	n, _ := strconv.Atoi(fieldOf(info, name))
	return n
}

// atLeast reports whether a version is that or later; an empty one is not.
func atLeast(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	return errX == nil && errY == nil && (x > major || x == major && y >= minor)
}

// others are the addresses that an INFO names: slave0:ip=10.0.0.2,port=6379,state=online,… and master_host with master_port; of a
// Sentinel master0:name=mymaster,status=ok,address=10.0.0.1:6379,… (redis 7.4.1 server.c, sentinel.c), of the primary of that name alone where one is
// given.
func others(info, watched string) []string {
	var out []string
	host := ""
	for line := range strings.Lines(info) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			continue
		}
		switch {
		case key == "master_host":
			host = value
		case key == "master_port":
			out = withAddress(out, host, value)
		case numbered(key, "slave"):
			fields := pairsOf(value)
			out = withAddress(out, fields["ip"], fields["port"])
		case numbered(key, "master"):
			fields := pairsOf(value)
			if h, p, err := net.SplitHostPort(fields["address"]); err == nil && (watched == "" || fields["name"] == watched) {
				out = withAddress(out, h, p)
			}
		}
	}
	return out
}

// withAddress is a list of addresses and one more, where it is one.
func withAddress(list []string, host, port string) []string {
	if at, err := withPort(net.JoinHostPort(host, port), ""); err == nil && host != "" && port != "" {
		return append(list, at)
	}
	return list
}

// watchedBy are the names of the primaries that a Sentinel watches, by its INFO: a name is of letters, digits and "._-" where it came from a
// configuration (redis 7.4.1 sentinel.c sentinelIsQuorumReachable and its neighbours take any; what holds a comma cannot be read here).
func watchedBy(info string) []string {
	var out []string
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && numbered(key, "master") {
			if name := pairsOf(value)["name"]; name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// nodesOf are the addresses in CLUSTER NODES: "<id> 10.0.0.1:7000@17000,host master - 0 … connected 0-5460" (redis 7.4.1 cluster_legacy.c
// clusterGenNodeDescription). Nodes without an address, or with which nobody has shaken hands, lead nowhere.
func nodesOf(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || strings.Contains(f[2], "noaddr") || strings.Contains(f[2], "handshake") {
			continue
		}
		addr, _, _ := strings.Cut(f[1], "@")
		if i := strings.LastIndexByte(addr, ':'); i > 0 { // an IPv6 address has no brackets here
			out = withAddress(out, strings.Trim(addr[:i], "[]"), addr[i+1:])
		}
	}
	return out
}

func numbered(key, word string) bool {
	n, ok := strings.CutPrefix(key, word)
	return ok && n != "" && strings.Trim(n, "0123456789") == ""
}

func pairsOf(s string) map[string]string {
	out := map[string]string{}
	for p := range strings.SplitSeq(s, ",") {
		if k, v, ok := strings.Cut(p, "="); ok {
			out[k] = v
		}
	}
	return out
}
