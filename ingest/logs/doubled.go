package logs

import "bytes"

// doubled leaves out the repeats in a log whose every line stands several times on end, as where a shipper sent each twice, or two wrote
// one file.
type doubled struct {
	each int // how often each stands; 0 and 1 are plain logs
	line []byte
	left int
}

// sureRuns is how many different lines on end must stand equally often before that is no chance: a server repeats itself, but not
// everything it says.
const sureRuns = 5

// timesEach is how often every line of a log that begins like this stands on end.
func timesEach(head []byte) int {
	var last []byte
	runs, n, each := 0, 0, 0
	for {
		line, rest, ok := bytes.Cut(head, []byte("\n"))
		if !ok { // the last run may be cut
			break
		}
		head = rest
		if n > 0 && bytes.Equal(line, last) {
			n++
			continue
		}
		if n > 0 {
			if runs++; n == 1 {
				return 1
			}
			each = common(each, n)
		}
		last, n = line, 1
	}
	if runs < sureRuns {
		return 1
	}
	return each
}

// common is the greatest common divisor.
func common(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// again reports whether a line is one of the repeats.
func (d *doubled) again(line []byte) bool {
	if d.left > 0 && bytes.Equal(line, d.line) {
		d.left--
		return true
	}
	d.line, d.left = append(d.line[:0], line...), d.each-1
	return false
}
