package report

import (
	"fmt"
	"strconv"
	"strings"
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

// hidden reports whether a reader cannot see r, or r changes how its neighbours are seen: controls,
// formats (direction marks, zero widths, tags), line separators, private use, and unassigned space.
func hidden(r rune) bool {
	if r >= ' ' && r < 0x7f {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) ||
		unicode.Is(unicode.Variation_Selector, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0'
}

// PlainText is text in which nothing acts on what shows it: see visible. It is of at most longest bytes, and says so where it was cut.
func PlainText(s string) string {
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
