package untangle

import "strings"

// minWidth is the narrowest terminal whose wrapping is believed.
const minWidth = 40

// unwrapped joins the lines of a structured text that a terminal or a mail cut at its width. Where the widest line's width is that of a
// third of all lines, and no line is wider, it is where they were cut: records end anywhere else. lines are the lines of the file at which
// those of the joined text begin; nil where nothing was joined.
//
// A newline in the middle of a record is nothing to who reads structured text, but in a string it is part of what is said: half a stamp, a
// message in two.
func unwrapped(text string) (joined string, lines []int32) {
	t := strings.TrimLeft(text, " \t\r\n")
	if t == "" || t[0] != '{' && t[0] != '[' {
		return text, nil
	}
	width, wide, all := 0, 0, 0
	for line := range strings.Lines(text) {
		n := len(strings.TrimRight(line, "\r\n"))
		switch {
		case n == 0:
			continue
		case n > width:
			width, wide = n, 1
		case n == width:
			wide++
		}
		all++
	}
	if width < minWidth || wide < 2 || wide*3 < all {
		return text, nil
	}
	var b strings.Builder
	b.Grow(len(text))
	number, behind := int32(0), false
	for line := range strings.Lines(text) {
		number++
		cut := strings.TrimRight(line, "\r\n")
		if !behind {
			lines = append(lines, number)
		}
		if behind = len(cut) == width && !closed(cut); behind {
			b.WriteString(cut)
		} else {
			b.WriteString(line)
		}
	}
	return b.String(), lines
}

// closed reports whether a line ends where a record does.
func closed(line string) bool {
	line = strings.TrimRight(line, " ,;")
	return strings.HasSuffix(line, "}") || strings.HasSuffix(line, "]")
}

// inFile makes the lines of parts those of the file, and tells which lines of the file went on from the line before them.
func (r *Result) inFile(lines []int32, all int32) {
	for i := range r.Parts {
		for j, l := range r.Parts[i].Lines {
			if l >= 1 && int(l) <= len(lines) {
				r.Parts[i].Lines[j] = lines[l-1]
			}
		}
	}
	r.Behind = map[int32]bool{}
	next := 0
	for n := int32(1); n <= all; n++ {
		if next < len(lines) && lines[next] == n {
			next++
			continue
		}
		r.Behind[n] = true
	}
}
