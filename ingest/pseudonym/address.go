package pseudonym

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// address is the pseudonym of an IP address: of the same kind, and in the same network as those that it shared one with. Each byte is exchanged
// for another by a table that depends on the bytes before it, so that no two become one.
func (m *Maker) address(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return "", false
	}
	return m.made("address", s, func([]byte) string {
		out := a
		switch b := a.As16(); {
		case a.Is4():
			out = netip.AddrFrom4(m.four(a.As4()))
		case a.Is4In6():
			out = netip.AddrFrom16(netip.AddrFrom4(m.four(a.Unmap().As4())).As16())
		case !a.IsLoopback() && !a.IsUnspecified():
			keep := 1 // groups of 16 bits: what kind of address it is
			for i := keep; i < 8; i++ {
				group := binary.BigEndian.Uint16(b[2*i:])
				if group != 0 { // what is left out stays so
					binary.BigEndian.PutUint16(b[2*i:], m.group(string(b[:2*i]), group))
				}
			}
			out = netip.AddrFrom16(b)
		}
		return out.WithZone("").String()
	}), true
}

func (m *Maker) four(b [4]byte) [4]byte {
	keep := 0
	switch a := netip.AddrFrom4(b); {
	case a.IsLoopback(), a.IsUnspecified(), a.IsMulticast(), b == [4]byte{255, 255, 255, 255}:
		return b
	case b[0] == 10:
		keep = 1
	case a.IsPrivate(), a.IsLinkLocalUnicast():
		keep = 2
	case b[0] == 172, b[0] == 192, b[0] == 169: // next to the private and link-local ones: it must not become one of them
		keep = 1
	}
	given := string(b[:])
	for i := keep; i < 4; i++ {
		b[i] = m.exchanged(given[:i], b[i])
	}
	return b
}

// local reports whether addresses that begin with these two bytes are private or link-local, of a network with others beside them.
func local(first, second byte) bool {
	return first == 172 && second >= 16 && second < 32 || first == 192 && second == 168 || first == 169 && second == 254
}

// exchanged is what becomes of a byte behind the bytes before it. The order of all values by their sums is the table.
func (m *Maker) exchanged(before string, v byte) byte {
	first := before == ""
	class := func(v byte) int {
		switch {
		case len(before) == 1 && local(before[0], v):
			return 1
		case first && (v == 0 || v == 10 || v == 127 || v == 169 || v == 172 || v == 192 || v >= 224):
			return 1
		case !first && (v == 0 || v == 255): // of a network, and to all in it
			return 1
		}
		return 0
	}
	if class(v) != 0 {
		return v
	}
	// The smallest cycle walk: a keyed permutation of all bytes, gone on with until it comes to one of the same kind.
	for {
		if v = m.permuted(before, v); class(v) == 0 {
			return v
		}
	}
}

// permuted is a Feistel network of four rounds over the two halves of a byte: a permutation.
func (m *Maker) permuted(before string, v byte) byte {
	l, r := v>>4, v&15
	for round := range 4 {
		sum := m.sum("byte", before+string([]byte{byte(round), r}))
		l, r = r, l^sum[0]&15
	}
	return l<<4 | r
}

func (m *Maker) group(before string, v uint16) uint16 {
	for {
		l, r := byte(v>>8), byte(v)
		for round := range 4 {
			sum := m.sum("group", before+string([]byte{byte(round), r}))
			l, r = r, l^sum[0]
		}
		if v = uint16(l)<<8 | uint16(r); v != 0 {
			return v
		}
	}
}

// addressAt is how long the IP address is that begins at the beginning of s; 0 where none does.
func addressAt(s string) int {
	n, dots, colons := 0, 0, 0
	for n < len(s) && n < 48 {
		switch c := s[n]; {
		case isDigit(c):
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c|0x20 >= 'a' && c|0x20 <= 'f':
		default:
			goto end
		}
		n++
	}
end:
	if dots == 3 && s[0] != ':' { // 10.0.0.1, 10.0.0.1:6379, 10.0.0.1:6379: and what follows
		v4 := n
		if i := strings.IndexByte(s[:n], ':'); i >= 0 {
			v4 = i
		}
		for v4 > 0 && s[v4-1] == '.' {
			v4--
		}
		if a, err := netip.ParseAddr(s[:v4]); err == nil && a.Is4() && !letterAt(s, v4) {
			return v4
		}
		if colons <= 1 {
			return 0
		}
	}
	if dots > 3 || colons < 2 {
		// An address and a dot behind it, or a version of more than four parts, which is none.
		v4 := 0
		for v4 < n && (isDigit(s[v4]) || s[v4] == '.') {
			v4++
		}
		v4 = len(strings.TrimRight(s[:v4], "."))
		if a, err := netip.ParseAddr(s[:v4]); err == nil && a.Is4() && !letterAt(s, v4) {
			return v4
		}
		return 0
	}
	// IPv6 is followed by a port in what INFO calls ip:port: the longest part that is an address counts, but a port of four digits
	// reads like a group.
	for end := n; end > 2; end-- {
		if letterAt(s, end) {
			continue
		}
		if a, err := netip.ParseAddr(s[:end]); err == nil && a.Is6() {
			return end
		}
	}
	return 0
}

func letterAt(s string, i int) bool {
	return i < len(s) && (isDigit(s[i]) || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z')
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
