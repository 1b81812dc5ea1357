package timeline

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"psyncope/ingest/message"
)

// maskWords are words that people put in place of an address, between brackets or bare.
var maskWords = []string{"redacted", "hidden", "masked", "removed", "censored", "private", "internal", "ip", "addr", "address", "host", "hostname", "port"}

// Masked reports whether somebody put a mask over the host of an address: xx.xx.xx.xx, ***, <IP>, [REDACTED]. One of which a part is left
// (x.x.3.4), or that says whose it is (<master-ip>), tells servers apart as any name does.
func Masked(addr string) bool {
	if strings.Trim(addr, "0123456789.:") == "" {
		return false
	}
	host := addr
	if i := strings.LastIndexByte(addr, ':'); i >= 0 && strings.Trim(addr[i+1:], "0123456789xX*") == "" {
		host = addr[:i]
	}
	if host == "" {
		return false
	}
	marked := strings.ContainsAny(host, "<>[]{}*#") && !strings.Contains(host, ":")
	words := strings.FieldsFunc(strings.ToLower(host), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return marked || strings.Trim(host, ".-_?") == "" && host != "?"
	}
	covered := strings.Contains(host, ".") || marked // of a bare word only the plainest are masks: xx may be a server's name
	for _, w := range words {
		switch {
		case covered && strings.Trim(w, "x") == "":
		case marked && slices.Contains(maskWords, w), len(words) == 1 && slices.Contains(maskWords[:5], w):
		default:
			return false
		}
	}
	return true
}

// unmask forgets the names of servers whose masks are all one: an address under which both a primary and its replica are spoken of, or which is
// no address any more, tells nobody apart. Where ports or parts of the mask do, they are names as good as others.
func unmask(hs []*Host) {
	m := masks{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, h := range hs {
		m.see(h)
	}
	for _, is := range m.known {
		if !is {
			continue
		}
		for _, h := range hs {
			m.takeOff(h)
		}
		return
	}
}

// masks are the masked addresses under which primaries and replicas are spoken of, and which addresses are masked: they are few, and stand again
// and again.
type masks struct{ primaries, replicas, known map[string]bool }

func (m masks) masked(addr string) bool {
	is, ok := m.known[addr]
	if !ok {
		is = Masked(addr)
		m.known[addr] = is
	}
	return is
}

func (m masks) see(h *Host) {
	for i := range h.Events {
		switch e := &h.Events[i]; {
		case e.Peer == "" || !m.masked(e.Peer):
		case e.Is(message.NamesPrimary):
			m.primaries[e.Peer] = true
		case e.Is(message.Asked | message.LosesLink | message.Accepts | message.Refuses | message.ReplicaOnline):
			m.replicas[e.Peer] = true
		}
	}
	for i := range h.Samples {
		if s := &h.Samples[i]; s.PrimaryHost != "" && m.masked(s.PrimaryHost) {
			m.primaries[s.primaryAddr()] = true
		}
	}
	for i := range h.Replicas {
		if m.masked(h.Replicas[i].Addr) {
			m.replicas[h.Replicas[i].Addr] = true
		}
	}
}

func (m masks) nobody(addr string) bool {
	return addr != "" && m.masked(addr) && (m.primaries[addr] && m.replicas[addr] || !addressLike(addr) || !strings.Contains(addr, ":"))
}

func (m masks) takeOff(h *Host) {
	for i := range h.Events {
		if m.nobody(h.Events[i].Peer) {
			h.Events[i].Peer = ""
		}
	}
	var nobody restated
	for i := range h.Samples {
		if s := &h.Samples[i]; s.PrimaryHost != "" && m.masked(s.PrimaryHost) && m.nobody(s.primaryAddr()) {
			nobody.give(s, func(st *Standing) { st.PrimaryHost = "" })
		}
	}
	h.Replicas = slices.DeleteFunc(h.Replicas, func(r ReplicaRow) bool { return m.nobody(r.Addr) })
}

func (s *Sample) primaryAddr() string {
	return net.JoinHostPort(s.PrimaryHost, strconv.FormatInt(int64(s.PrimaryPort.Or(6379)), 10))
}
