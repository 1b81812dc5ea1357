package timeline

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// strangePeers forgets peers that no server can have written: it formats addresses itself, and what a replica announces is a name or an
// address (redis 7.4.1 replication.c replconfCommand, networking.c genClientPeerId). A flipped byte would else be another replica.
func (h *Host) strangePeers() (found []table.Origin) {
	plausible := map[string]bool{"": true} // the same few, again and again
	strange := func(addr string) bool {
		ok, known := plausible[addr]
		if !known {
			ok = plausiblePeer(addr)
			plausible[addr] = ok
		}
		return !ok
	}
	for i := range h.Events {
		if e := &h.Events[i]; strange(e.Peer) {
			e.Peer, found = "", append(found, e.Origin)
		}
	}
	for i := range h.Replicas {
		if r := &h.Replicas[i]; !strings.Contains(r.Addr, ":") {
			r.Addr = noPort // INFO always has a port (redis 7.4.1 server.c genRedisInfoString): its name was spoilt
		}
	}
	h.Replicas = slices.DeleteFunc(h.Replicas, func(r ReplicaRow) bool {
		if !strange(r.Addr) {
			return false
		}
		found = append(found, r.Origin)
		return true
	})
	var nobody restated
	for i := range h.Samples {
		if s := &h.Samples[i]; strange(s.PrimaryHost) {
			nobody.give(s, func(st *Standing) { st.PrimaryHost = "" })
			found = append(found, s.Origin())
		}
	}
	return found
}

// noPort stands for a replica's address that lacks its port; it is none.
const noPort = "?"

// standIns are what servers write in place of an address or a port that they do not know (redis 7.4.1 replication.c replicationGetSlaveName,
// anet.c anetFdToString; "slave" before 5.0).
var standIns = regexp.MustCompile(`^(client id #\d+|\?:0|.*:<unknown-(replica|slave)-port>)$`)

// plausiblePeer reports whether a text can be the name or address of a server or client, a Unix socket's path included.
func plausiblePeer(s string) bool {
	return addressLike(s) || standIns.MatchString(s)
}

func addressLike(s string) bool {
	figures := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == ':':
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '/', c == '[', c == ']', c == '%':
			figures = false
		case c >= 0x80: // a name in another script
			figures = false
		default:
			return false
		}
	}
	if host, _, ok := strings.Cut(s, ":"); figures && ok && strings.Count(s, ":") == 1 && strings.Contains(host, ".") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	return true
}
