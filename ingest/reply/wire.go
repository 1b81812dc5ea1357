package reply

import (
	"strconv"
	"strings"
)

// wire reads one reply of the wire protocol (RESP 2 and 3). Lengths are in bytes; copies that went
// through a terminal may have lost their carriage returns, so a line's end is either.
func (p *parser) wire() {
	for {
		line, s := p.in.readLine()
		if s == "" && p.in.err != nil {
			p.closeAll()
			return
		}
		if !p.wireValue(line, s) {
			p.drop()
			p.h.Broken(line, "not a line of the wire protocol, inside a reply", s[:min(len(s), cap(p.in.head))])
			return
		}
		for len(p.open) > 0 && p.open[len(p.open)-1].left == 0 {
			p.pop()
		}
		if len(p.open) == 0 {
			return
		}
	}
}

func (p *parser) wireValue(line int32, s string) bool {
	if len(s) < 1 {
		return false
	}
	if len(p.open) > 0 {
		p.open[len(p.open)-1].left--
	}
	rest := s[1:]
	switch s[0] {
	case ':', '(':
		p.put(wordValue(rest, line))
	case '+':
		p.putText([]byte(rest), line)
	case ',', '#', '-':
		p.put(Value{Kind: Bare, Text: rest[:min(len(rest), maxText)], Line: line})
	case '_':
		p.put(Value{Kind: Nil, Line: line})
	case '$', '=', '!':
		n, err := strconv.Atoi(rest)
		if err != nil || n < -1 {
			return false
		}
		if n == -1 {
			p.put(Value{Kind: Nil, Line: line})
			return true
		}
		p.put(Value{Kind: Text, Text: p.bulk(n), Line: line})
	case '*', '~', '>', '%', '|':
		n, err := strconv.Atoi(rest)
		if err != nil || n < -1 || n > 1<<30 || len(p.open) == maxDepth {
			return false
		}
		if n == -1 {
			p.put(Value{Kind: Nil, Line: line})
			return true
		}
		f := frame{left: n, v: Value{Kind: List, Line: line}}
		if s[0] == '%' || s[0] == '|' {
			f.left, f.v.Kind = 2*n, Map
		}
		p.push(f)
	default:
		return false
	}
	return true
}

// bulk reads n bytes and the line's end behind them.
func (p *parser) bulk(n int) string {
	var b strings.Builder
	for range n {
		c, ok := p.in.next()
		if !ok {
			return b.String()
		}
		if b.Len() < maxText {
			b.WriteByte(c)
		}
	}
	if p.in.look() == '\r' {
		p.in.next()
	}
	if p.in.look() == '\n' {
		p.in.next()
	}
	return b.String()
}
