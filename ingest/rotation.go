package ingest

import (
	"cmp"
	"strings"
)

// rotated is a file name taken apart: which stream of files it belongs to and where in it it stands.
type rotated struct {
	family string // the name of the live file, without compression suffix
	age
}

// age is where a file stands in its stream.
type age struct {
	date   string // digits of the date or stamp, in the order in which they sort
	number int32  // logrotate's: higher is older
	rank   int8   // 0 dated, 1 numbered, 2 the live file
}

// rotationOf takes the marks of rotation off a file name. Known are
//
//	redis.log.3.gz redis.log.2 redis.log.1 redis.log           logrotate
//	redis.log-20261122 redis.log-20261122-1795373130.gz         logrotate with dateext
//	redis-2026-11-22.log redis.log.2026-11-22T10 redis_20261122.log   by hand, by cron
//	@400000006563f0a1.s current                                svlogd, multilog
//	redis.log.bak redis.previous.log redis.log~                 by hand, by kubectl logs --previous
//
// A file without a mark is the live one. INFO dumps dated by their names are such a stream too.
func rotationOf(name string) rotated {
	name = trimCodec(name)
	if strings.HasPrefix(name, "@4") {
		return rotated{family: "current", age: age{date: name}}
	}
	r := rotated{age: age{rank: 2}}
	if stem, ok := cutAside(name); ok {
		name = trimCodec(stem)
		r.family, r.rank, r.number = name, 1, 1
	}
	if stem, n, ok := cutNumber(name); ok {
		r.family, r.rank, r.number = stem, 1, int32(n)
		name = stem
	}
	if family, date, ok := cutDate(name); ok {
		r.family, r.rank, r.date = family, 0, date
		return r
	}
	r.family = name
	return r
}

// asides are the words with which people put a file aside, and tools name the one before.
var asides = [...]string{"bak", "backup", "old", "orig", "save", "copy", "prev", "previous"}

// cutAside takes such a word off: at the end, or before the extension.
func cutAside(name string) (string, bool) {
	if s, ok := strings.CutSuffix(name, "~"); ok && s != "" {
		return s, true
	}
	ext := ""
	for range 2 {
		i := strings.LastIndexAny(name, ".-_")
		if i <= 0 {
			return "", false
		}
		for _, w := range asides {
			if strings.EqualFold(name[i+1:], w) {
				return name[:i] + ext, true
			}
		}
		if name[i] != '.' {
			return "", false
		}
		name, ext = name[:i], name[i:]
	}
	return "", false
}

// compareRotated puts the oldest first.
func compareAges(a, b age) int {
	return cmp.Or(
		cmp.Compare(a.rank, b.rank),
		compareNatural(a.date, b.date),
		cmp.Compare(b.number, a.number),
	)
}

// trimCodec takes the suffixes of compressions off a name.
func trimCodec(name string) string {
	for again := true; again; {
		again = false
		for _, c := range codecs {
			for _, s := range c.suffixes {
				if len(name) > len(s) && strings.EqualFold(name[len(name)-len(s):], s) {
					name, again = name[:len(name)-len(s)], true
				}
			}
		}
	}
	return name
}

// cutNumber takes logrotate's number off: redis.log.3. Four digits and more are no rotation: a year, a port.
func cutNumber(name string) (string, int, bool) {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || i == len(name)-1 || len(name)-i > 4 {
		return name, 0, false
	}
	n := 0
	for _, c := range []byte(name[i+1:]) {
		if !isDigit(c) {
			return name, 0, false
		}
		n = n*10 + int(c-'0')
	}
	return name[:i], n, true
}

// cutDate takes the first date or epoch out of a name, with the separator before it.
func cutDate(name string) (family, date string, ok bool) {
	for i := 0; i < len(name); i++ {
		if !isDigit(name[i]) || i > 0 && (isDigit(name[i-1]) || isLetter(name[i-1])) {
			continue
		}
		n := dateLen(name[i:])
		if n == 0 {
			continue
		}
		before := strings.TrimRight(name[:i], "-._@ ")
		if len(before)+len(name[i+n:]) == 0 {
			return "", name, true
		}
		return before + name[i+n:], name[i : i+n], true
	}
	return name, "", false
}

// dateLen is the length of the date with which s begins: 20261122, 2026-11-22, either with a time
// behind it (T184530Z, _18:45:30.123, -1845, -1795373130), or seconds or milliseconds since 1970.
func dateLen(s string) int {
	digits := func(s string) int {
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		return n
	}
	d := digits(s)
	n := 0
	switch {
	case d == 10 && s[0] == '1' || d == 13 && s[0] == '1' || d == 16 && s[0] == '1':
		return d
	case (d == 8 || d == 14 || d == 12) && plausible(s[:4], s[4:6], s[6:8]):
		n = d
	case d == 4 && len(s) >= 10 && (s[4] == '-' || s[4] == '_' || s[4] == '.') && s[7] == s[4] &&
		digits(s[5:]) == 2 && digits(s[8:]) == 2 && plausible(s[:4], s[5:7], s[8:10]):
		n = 10
	default:
		return 0
	}
	// A time of day, or a counter, behind the date.
	if n+1 < len(s) && strings.IndexByte("T_-t ", s[n]) >= 0 && isDigit(s[n+1]) {
		m := n + 1
		for m < len(s) && (isDigit(s[m]) || (strings.IndexByte(":-._", s[m]) >= 0 && m+1 < len(s) && isDigit(s[m+1]))) {
			m++
		}
		if m < len(s) && (s[m] == 'Z' || s[m] == 'z') {
			m++
		}
		n = m
	}
	return n
}

func plausible(year, month, day string) bool {
	return year >= "1990" && year <= "2099" && month >= "01" && month <= "12" && day >= "01" && day <= "31"
}

// compareNatural compares runs of digits as numbers: info-9 comes before info-10.
func compareNatural(a, b string) int {
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			x, resta := leadingNumber(a)
			y, restb := leadingNumber(b)
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = resta, restb
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// leadingNumber is the run of digits with which s begins, without leading zeros, and what follows.
func leadingNumber(s string) (string, string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
