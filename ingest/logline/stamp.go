package logline

import (
	"time"

	"psyncope/ingest/table"
)

// stamp is a stamp that was read from the beginning of some bytes.
type stamp struct {
	at       table.Micros
	clock    string
	n        int  // bytes read
	dot      int  // place of the dot before the milliseconds of a server's own stamp, 0 without
	dateless bool // a time alone, or a masked day: the date is made up
}

// stamps reads stamps and remembers the last day, whose date costs more than its clock.
type stamps struct {
	day      [12]byte
	n        int
	midnight table.Micros
	clock    string
}

// read reads one stamp in any of the forms a server's line has: "22 Nov 2026 18:57:20.641", the same
// without year or milliseconds, ISO 8601, and epoch milliseconds.
func (d *stamps) read(b []byte) (stamp, bool) {
	if len(b) < 6 {
		return stamp{}, false
	}
	if n := d.n; n != 0 && len(b) > n && string(b[:n]) == string(d.day[:n]) {
		if s, ok := d.time(b, n, d.midnight, d.clock); ok {
			return s, true // else a year follows a day that was kept without one
		}
	}
	if b[2] == ' ' || b[1] == ' ' {
		return d.dayMonth(b)
	}
	if b[2] == ':' {
		s, ok := d.time(b, 0, year2000, table.ClockLocalNoYear)
		s.dateless = true
		return s, ok
	}
	if b[4] == '-' {
		t, clock, n := ISO(b)
		return stamp{at: t, clock: clock, n: n}, n > 0
	}
	return epoch(b)
}

// year2000 is the year in which stamps without one count: it has a 29 February.
const year2000 table.Micros = 946_684_800 * table.Second

// dayMonth reads "22 Nov 2026 " or "22 Nov " and the time behind it.
func (d *stamps) dayMonth(b []byte) (stamp, bool) {
	day, masked, n := 0, false, 2
	switch {
	case isDigit(b[0]) && isDigit(b[1]):
		day = int(b[0]-'0')*10 + int(b[1]-'0')
	case isDigit(b[0]) && b[1] == ' ':
		day, n = int(b[0]-'0'), 1
	case isMask(b[0]) && isMask(b[1]):
		day, masked = 1, true
	default:
		return stamp{}, false
	}
	if len(b) < n+5 || b[n] != ' ' || b[n+4] != ' ' {
		return stamp{}, false
	}
	month := MonthOf(b[n+1 : n+4])
	if month == 0 {
		return stamp{}, false
	}
	n += 5
	year, clock := 2000, table.ClockLocalNoYear
	if len(b) > n+5 && b[n+4] == ' ' {
		y, w := number(b[n : n+4])
		if w != 4 {
			return stamp{}, false
		}
		year, clock = int(y), table.ClockLocal
		n += 5
	}
	days, ok := civil(year, int(month), day)
	if !ok {
		return stamp{}, false
	}
	midnight := table.Micros(days) * 86400 * table.Second
	s, ok := d.time(b, n, midnight, clock)
	if ok && !masked {
		d.n = copy(d.day[:], b[:n])
		d.midnight, d.clock = midnight, clock
	}
	s.dateless = masked
	return s, ok
}

// time reads "18:57:20.641" or "18:57:20" at b[n:].
func (d *stamps) time(b []byte, n int, midnight table.Micros, clock string) (stamp, bool) {
	seconds, ok := hms(b[n:])
	if !ok {
		return stamp{}, false
	}
	s := stamp{at: midnight + table.Micros(seconds)*table.Second, clock: clock, n: n + 8}
	micros, w := fraction(b[s.n:])
	if w == 4 && b[s.n] == '.' {
		s.dot = s.n
	}
	s.at += micros
	s.n += w
	return s, true
}

// hms reads "18:57:20" as seconds of the day.
func hms(b []byte) (int, bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	h1, h2, m1, m2, s1, s2 := b[0]-'0', b[1]-'0', b[3]-'0', b[4]-'0', b[6]-'0', b[7]-'0'
	if h1 > 2 || h2 > 9 || m1 > 5 || m2 > 9 || s1 > 6 || s2 > 9 {
		return 0, false
	}
	h, m, s := int(h1)*10+int(h2), int(m1)*10+int(m2), int(s1)*10+int(s2)
	if h > 23 || s > 60 {
		return 0, false
	}
	return h*3600 + m*60 + s, true
}

// fraction reads ".641234567" (or with a comma), whatever its length, as microseconds.
func fraction(b []byte) (table.Micros, int) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' || !isDigit(b[1]) {
		return 0, 0
	}
	v, unit, n := table.Micros(0), table.Micros(100_000), 1
	for n < len(b) && isDigit(b[n]) {
		v += table.Micros(b[n]-'0') * unit
		unit /= 10
		n++
	}
	return v, n
}

// skipZone steps over " UTC" behind a stamp (managed services) and takes it into account.
func skipZone(rest []byte, s *stamp) []byte {
	if len(rest) > 4 && rest[0] == ' ' {
		if z := string(rest[1:4]); z == "UTC" || z == "GMT" {
			if s.clock == table.ClockLocal {
				s.clock = table.ClockUTC
			}
			s.dot = 0
			return rest[4:]
		}
	}
	return rest
}

// epoch reads seconds, milliseconds or microseconds since 1970, told apart by their digits.
func epoch(b []byte) (stamp, bool) {
	v, n := int64(0), 0
	for n < len(b) && n < 17 && isDigit(b[n]) {
		v = v*10 + int64(b[n]-'0')
		n++
	}
	t, ok := OfEpoch(v, n)
	return stamp{at: t, clock: table.ClockUTC, n: n}, ok
}

// OfEpoch is the instant of a number with so many digits: 10 are seconds since 1970, 13
// milliseconds, 16 microseconds, 19 nanoseconds.
func OfEpoch(v int64, digits int) (table.Micros, bool) {
	switch digits {
	case 10:
		return table.Micros(v) * table.Second, true
	case 13:
		return table.Micros(v) * 1000, true
	case 16:
		return table.Micros(v), true
	case 19:
		return table.Micros(v / 1000), true
	}
	return table.Null, false
}

// ISO reads an ISO 8601 stamp at the beginning of b and says how many bytes it has, 0 where there is
// none: date, one of "T", " " or "_", time with or without a fraction of any length, and Z, an offset
// (with or without its colon) or nothing. With a zone the clock is table.ClockUTC, without
// table.ClockLocal.
func ISO(b []byte) (at table.Micros, clock string, n int) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != ' ' && b[10] != '_' && b[10] != 't' {
		return table.Null, table.ClockNone, 0
	}
	year, w1 := number(b[:4])
	month, w2 := number(b[5:7])
	day, w3 := number(b[8:10])
	seconds, ok := hms(b[11:])
	if !ok || w1 != 4 || w2 != 2 || w3 != 2 {
		return table.Null, table.ClockNone, 0
	}
	days, ok := civil(int(year), int(month), int(day))
	if !ok {
		return table.Null, table.ClockNone, 0
	}
	at = (table.Micros(days)*86400 + table.Micros(seconds)) * table.Second
	n = 19
	micros, w := fraction(b[n:])
	at += micros
	n += w
	offset, w := zone(b[n:])
	if w == 0 {
		return at, table.ClockLocal, n
	}
	return at - offset, table.ClockUTC, n + w
}

// Years beyond these are damage: clocks of computers begin in 1970, and the last whole year before table.MostInstant is 2254.
const firstYear, lastYear = 1970, 2254

// civil is the number of days from 1970-01-01 to a date of the Gregorian calendar, which it checks. Years
// begin in March here, so that the leap day is the last. (time.Date takes four times as long.)
func civil(year, month, day int) (int, bool) {
	if month < 1 || month > 12 || day < 1 || day > 31 || year < firstYear || year > lastYear {
		return 0, false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	if day > int(monthDays[month]) && !(leap && month == 2 && day == 29) {
		return 0, false
	}
	if month <= 2 {
		year--
		month += 12
	}
	year += 400 // year 0 too has one before it
	days := year*365 + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1
	return days - 719_468 - 146_097, true
}

var monthDays = [13]uint8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// zone reads "Z", "+05:30", "+0530" or "+05" as what local time is ahead of UTC.
func zone(b []byte) (table.Micros, int) {
	if len(b) > 0 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, 1
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' || !isDigit(b[1]) || !isDigit(b[2]) {
		return 0, 0
	}
	minutes, n := (int(b[1]-'0')*10+int(b[2]-'0'))*60, 3
	m := n
	if len(b) > m && b[m] == ':' {
		m++
	}
	if len(b) >= m+2 && isDigit(b[m]) && isDigit(b[m+1]) {
		minutes += int(b[m]-'0')*10 + int(b[m+1]-'0')
		n = m + 2
	}
	if b[0] == '-' {
		minutes = -minutes
	}
	return table.Micros(minutes) * 60 * table.Second, n
}

// MonthOf knows the English abbreviations: servers never leave the C locale (redis 7.4.1
// server.c:2648). It is 0 for anything else.
func MonthOf(b []byte) time.Month {
	if len(b) != 3 {
		return 0
	}
	const names = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for i := 0; i < len(names); i += 3 {
		if names[i] == b[0] && names[i+1] == b[1] && names[i+2] == b[2] {
			return time.Month(i/3 + 1)
		}
	}
	return 0
}

// NoYear is "Nov 22 18:57:20" of the syslog and the journal, its day padded by a blank or not, with
// or without a fraction: local time within the year 2000. It has 0 bytes where there is none.
func NoYear(b []byte) (at table.Micros, n int) {
	if len(b) < 14 || b[3] != ' ' {
		return table.Null, 0
	}
	month := MonthOf(b[:3])
	i := 4
	if b[i] == ' ' {
		i++
	}
	day, w := number(b[i:min(i+2, len(b))])
	i += w
	if month == 0 || w == 0 || i >= len(b) || b[i] != ' ' {
		return table.Null, 0
	}
	i++
	days, ok := civil(2000, int(month), int(day))
	seconds, ok2 := hms(b[i:])
	if !ok || !ok2 {
		return table.Null, 0
	}
	i += 8
	micros, w := fraction(b[i:])
	return (table.Micros(days)*86400+table.Micros(seconds))*table.Second + micros, i + w
}
