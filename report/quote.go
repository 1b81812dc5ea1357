package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"psyncope/correlate/diagnosis"
)

// longest is how many bytes of one evidence text a page shows. A log line is long enough to be
// recognised then; JSON and tables carry whatever the diagnosis carries.
const longest = 600

// visible makes text harmless wherever characters have power over their surroundings: control
// characters, ANSI escapes, marks that reverse or hide text, and bytes that are no UTF-8 become
// readable escapes. Letters of any script stay.
func visible(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !hidden(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// hidden tells whether a reader cannot see r, or r changes how its neighbours are seen: controls,
// formats (direction marks, zero widths, tags), line separators, private use, and unassigned space.
func hidden(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) ||
		unicode.Is(unicode.Variation_Selector, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0'
}

// short is visible text of at most longest bytes, which says so where it was cut.
func short(s string) string {
	if len(s) <= longest {
		return visible(s)
	}
	cut := longest
	for cut > longest-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return visible(s[:cut]) + " … (" + commas(int64(len(s))) + " bytes)"
}

// place is file:line below root, or the file alone where the whole file says it.
func place(root string, e diagnosis.Evidence) string {
	file := visible(strings.TrimPrefix(e.File, root))
	if e.Line <= 0 {
		return file
	}
	return file + ":" + strconv.Itoa(int(e.Line))
}

// shortRoot is the length below which a common directory is no burden to read.
const shortRoot = 16

// rootOf is the directory or archive that all files of a report lie in, with its slash: pages say it once. Empty where there
// is none, or it is short.
func rootOf(d *diagnosis.Diagnosis) string {
	root, first := "", true
	see := func(file string) {
		if file == "" {
			return
		}
		dir := file[:strings.LastIndexByte(file, '/')+1]
		if first {
			root, first = dir, false
		}
		for !strings.HasPrefix(file, root) {
			root = root[:strings.LastIndexByte(root[:len(root)-1], '/')+1]
		}
	}
	lines := func(ev []diagnosis.Evidence) {
		for _, e := range ev {
			see(e.File)
		}
	}
	for _, f := range d.Inputs.Files {
		see(f.Path)
	}
	for _, p := range d.Inputs.Problems {
		see(p.File)
	}
	for _, i := range d.Incidents {
		for _, s := range i.Chain {
			lines(s.Evidence)
		}
	}
	for _, n := range d.Notes {
		lines(n.Evidence)
	}
	if len(root) < shortRoot {
		return ""
	}
	return root
}

// commas prints n as 1,234,567.
func commas(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// size prints bytes as people say them: 512 B, 1.0 MiB.
func size(n float64) string {
	if math.Abs(n) < 1024 {
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	}
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		n /= 1024
		if math.Abs(n) < 1023.95 {
			return trim(n, 1) + " " + u
		}
	}
	return trim(n/1024, 1) + " PiB"
}

// trim prints f with at most digits decimals.
func trim(f float64, digits int) string {
	s := strconv.FormatFloat(f, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// span prints seconds as people say them: 0.35 s, 65.1 s, 4 min 12 s, 3 h 5 min, 2 d 3 h.
func span(s float64) string {
	switch {
	case s < 0:
		return "-" + span(-s)
	case s < 10:
		return trim(s, 3) + " s"
	case s < 120:
		return trim(s, 1) + " s"
	}
	n := int64(math.Round(s))
	switch {
	case n < 7200:
		return pair(n/60, "min", n%60, "s")
	case n < 48*3600:
		return pair(n/3600, "h", n%3600/60, "min")
	default:
		return pair(n/86400, "d", n%86400/3600, "h")
	}
}

func pair(a int64, unit string, b int64, below string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unit)
	}
	return fmt.Sprintf("%d %s %d %s", a, unit, b, below)
}

// when prints a stamp for people, to the millisecond.
func when(s *diagnosis.Stamp) string {
	if s == nil {
		return "at an unknown time"
	}
	return s.UTC().Format("2006-01-02 15:04:05.000")
}

// until prints a stamp's time of day, with the date where it is not from's.
func until(from, s *diagnosis.Stamp) string {
	if s == nil {
		return "?"
	}
	if from != nil && from.UTC().Format(time.DateOnly) == s.UTC().Format(time.DateOnly) {
		return s.UTC().Format("15:04:05.000")
	}
	return when(s)
}

// lasted is the incident's extent in words.
func lasted(i *diagnosis.Incident) string {
	switch {
	case i.Start == nil:
		return "at an unknown time"
	case i.End == nil:
		return when(i.Start) + " UTC, still going on at the end of the capture"
	default:
		return when(i.Start) + " to " + until(i.Start, i.End) + " UTC, " + span(i.End.Sub(i.Start.Time).Seconds())
	}
}

// offset is how long after the incident's start the instant lies: +0.000s, +1:02.345, -3.2s.
func offset(start, at *diagnosis.Stamp) string {
	if start == nil || at == nil {
		return "?"
	}
	d := at.Sub(start.Time).Round(time.Millisecond)
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%s%.1fs", sign, d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%s%d:%04.1f", sign, int(d.Minutes()), (d % time.Minute).Seconds())
	default:
		return fmt.Sprintf("%s%d:%02d:%02.0f", sign, int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Truncate(time.Second).Seconds())
	}
}

// percent prints a confidence.
func percent(c float64) string { return strconv.Itoa(int(math.Round(c*100))) + "%" }

// count prints n of a noun: 1 full resync, 4 full resyncs, no partial resyncs.
func count(n int64, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return commas(n) + " " + noun + "s"
	}
}

// list joins names as prose does, and counts those beyond the first few.
func list(names []string, most int) string {
	shown := names
	if len(shown) > most {
		shown = shown[:most]
	}
	words := make([]string, len(shown))
	for i, n := range shown {
		words[i] = visible(n)
	}
	if more := len(names) - len(shown); more > 0 {
		words = append(words, commas(int64(more))+" more")
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
}

// arithmetic is the refusal's sum in words; empty where no number is known.
func arithmetic(r diagnosis.Refusal) string {
	var parts []string
	add := func(words string, n *int64) {
		if n != nil {
			parts = append(parts, fmt.Sprintf(words, commas(*n)))
		}
	}
	add("requested %s", r.RequestedOffset)
	add("primary at %s", r.PrimaryOffset)
	if s := needed(r.NeededBytes, r.AtLeastBytes, r.AtMostBytes); s != "" {
		parts = append(parts, "needed "+s+" bytes")
	}
	add("backlog %s", r.BacklogBytes)
	add("short by %s", r.ShortByBytes)
	return strings.Join(parts, "; ")
}

// needed is what the backlog had to hold: a number, its bounds where it is not certain to the byte, or the bounds alone.
func needed(n, least, most *int64) string {
	bounds := ""
	switch {
	case least != nil && most != nil && *least != *most:
		bounds = "between " + commas(*least) + " and " + commas(*most)
	case least != nil && most == nil:
		bounds = "at least " + commas(*least)
	case most != nil && least == nil:
		bounds = "at most " + commas(*most)
	}
	switch {
	case n == nil:
		return bounds
	case bounds == "":
		return commas(*n)
	default:
		return commas(*n) + " (" + bounds + ")"
	}
}
