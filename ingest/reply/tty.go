package reply

import (
	"strconv"
	"strings"
)

// maxHalves is for how many lines a text that lost its closing quote is waited for: 128 bytes of \xHH
// are 512, seven lines of a narrow terminal.
const maxHalves = 16

// tty reads one line of the form redis-cli has on a terminal:
//
//  1. 1) (integer) 4
//  2. "127.0.0.1:35950"
//
// The numbers of one list are right-aligned, so the column of their parenthesis tells the list, for
// lists of any length and text indented by any width. It is false where the line is nothing of the kind.
func (p *parser) tty(line int32, s string) bool {
	if p.half != nil {
		if _, _, _, numbered := number(s, 0); !numbered && p.halves < maxHalves && len(p.half)+len(s) < maxText {
			p.halves++
			p.half = append(p.half, s...) // the client wrote no newline: it would be \n
			if _, n := unquoteC(p.half); n <= len(p.half) {
				p.flushHalf()
			}
			return true
		}
		p.flushHalf()
	}
	column, index, after, ok := number(s, 0)
	if !ok {
		// redis-cli --cluster call puts the node before its reply.
		if node, rest, found := strings.Cut(s, ": "); found && node != "" && !strings.Contains(node, " ") {
			if _, _, _, ok := number(rest, 0); ok || isEmpty(rest) {
				p.closeAll()
				p.h.Line(line, node)
				return p.tty(line, rest)
			}
		}
		if isEmpty(strings.TrimSpace(s)) {
			p.closeAll()
			p.put(Value{Kind: List, Line: line})
			return true
		}
		if strings.TrimSpace(s) != "" {
			p.closeAll()
		}
		return false
	}
	for ok {
		p.element(column, index, s[column], line)
		var next int
		column, index, next, ok = number(s, after)
		if ok {
			after = next
		}
	}
	p.ttyValue(s[after:], line)
	return true
}

// element makes the list whose numbers stand at column the innermost one.
func (p *parser) element(column, index int, sign byte, line int32) {
	for len(p.open) > 0 && p.open[len(p.open)-1].column > column {
		p.pop()
	}
	if len(p.open) > 0 && p.open[len(p.open)-1].column == column {
		if index != 1 {
			return
		}
		p.pop() // another reply of the same shape
	}
	if len(p.open) == maxDepth {
		return
	}
	f := frame{column: column, v: Value{Kind: List, Line: line}}
	if sign == '#' {
		f.v.Kind = Map
	}
	p.push(f)
}

// number reads blanks and "12) " at s[from:]: RESP3 has "1# " for maps and "1~ " for sets
// (redis 7.4.1 redis-cli.c cliFormatReplyTTY). After is where the element begins.
func number(s string, from int) (column, index, after int, ok bool) {
	i := from
	for i < len(s) && s[i] == ' ' {
		i++
	}
	start := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' && i-start < 9 {
		index = index*10 + int(s[i]-'0')
		i++
	}
	if i == start || i+1 >= len(s) || s[i] != ')' && s[i] != '#' && s[i] != '~' || s[i+1] != ' ' {
		return 0, 0, 0, false
	}
	return i, index, i + 2, true
}

func isEmpty(s string) bool {
	switch s {
	case "(empty array)", "(empty list or set)", "(empty hash)", "(empty set)", "(empty push)":
		return true
	}
	return false
}

// ttyValue reads what stands after the numbers.
func (p *parser) ttyValue(s string, line int32) {
	s = strings.TrimLeft(s, " ")
	if len(p.open) == 0 {
		return
	}
	switch {
	case strings.HasPrefix(s, `"`):
		text, n := unquoteC([]byte(s[1:]))
		if n == len(s) {
			p.half, p.halfLine, p.halves = append([]byte{}, s[1:]...), line, 1
			return
		}
		p.putText(text, line)
		// The value of a RESP3 map stands behind its key.
		if rest := s[1+n:]; strings.HasPrefix(rest, " => ") {
			p.ttyValue(rest[4:], line)
		}
	case strings.HasPrefix(s, "(integer) "):
		n, err := strconv.ParseInt(strings.TrimSpace(s[len("(integer) "):]), 10, 64)
		if err != nil {
			p.putText([]byte(s), line)
			return
		}
		p.put(Value{Kind: Int, Int: n, Line: line})
	case isEmpty(s):
		p.put(Value{Kind: List, Line: line})
	case s == "(nil)":
		p.put(Value{Kind: Nil, Line: line})
	default:
		p.put(Value{Kind: Bare, Text: s[:min(len(s), maxText)], Line: line})
	}
}

func (p *parser) putText(b []byte, line int32) {
	p.put(Value{Kind: Text, Text: string(b[:min(len(b), maxText)]), Line: line})
}

// flushHalf puts a text that went over several lines, or as much of it as there is.
func (p *parser) flushHalf() {
	if p.half == nil {
		return
	}
	text, _ := unquoteC(p.half)
	p.half = nil
	if len(p.open) > 0 {
		p.putText(text, p.halfLine)
	}
}
