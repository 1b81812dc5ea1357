package reply

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// literal reads JSON and what looks like it: Python's repr with its b” strings, and the C quoting of
// redis-cli in both. Flat is --csv: values and commas to the end of one line, without brackets.
func (p *parser) literal(flat bool) {
	for {
		c, ok := p.in.next()
		if !ok {
			p.closeAll()
			return
		}
		line := p.in.line
		switch {
		case c == '\n':
			if len(p.open) == 0 {
				return
			}
		case c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ':':
		case (c == '[' || c == '{' || c == '(') && !(flat && len(p.open) == 0):
			if len(p.open) == maxDepth {
				p.broken("lists within lists beyond any reply")
				return
			}
			f := frame{close: c + 2, v: Value{Kind: List, Line: line}}
			if c == '{' {
				f.v.Kind = Map
			} else if c == '(' {
				f.close = ')'
			}
			p.push(f)
		case len(p.open) > 0 && c == p.open[len(p.open)-1].close:
			p.pop()
		case c == '"' || c == '\'':
			if !p.quoted(c, c == '"' && !flat, line) {
				p.broken("text without a closing quote")
				return
			}
		case (c == 'b' || c == 'u') && (p.in.look() == '\'' || p.in.look() == '"'):
			q, _ := p.in.next()
			if !p.quoted(q, false, line) {
				p.broken("text without a closing quote")
				return
			}
		case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			p.put(p.word(c, line))
		default:
			p.broken("neither a value nor a bracket: " + strconv.QuoteRune(rune(c)))
			return
		}
	}
}

// broken reports the current line and goes on after it.
func (p *parser) broken(reason string) {
	head, line := p.in.lineHead(), p.in.line
	if p.in.n > 0 {
		_, rest := p.in.readLine()
		head += rest[:min(len(rest), cap(p.in.head)-len(head))]
	}
	p.drop()
	p.h.Broken(line, reason, head)
}

// word reads a number, true, null, None and the like.
func (p *parser) word(first byte, line int32) Value {
	buf := []byte{first}
	for {
		c := p.in.look()
		if !(c == '.' || c == '-' || c == '+' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			break
		}
		p.in.next()
		if len(buf) < maxText {
			buf = append(buf, c)
		}
	}
	return wordValue(string(buf), line)
}

func wordValue(s string, line int32) Value {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Value{Kind: Int, Int: n, Line: line}
	}
	switch s {
	case "null", "None", "nil", "NULL":
		return Value{Kind: Nil, Line: line}
	}
	return Value{Kind: Bare, Text: s, Line: line}
}

// quoted reads text up to its closing quote, and not beyond the line. It knows the escapes of JSON,
// C and Python.
func (p *parser) quoted(q byte, json bool, line int32) bool {
	p.text = p.text[:0]
	twice := false
	for {
		if p.in.look() == '\n' {
			return false
		}
		c, ok := p.in.next()
		switch {
		case !ok:
			return false
		case c == q:
			// redis-cli --quoted-json doubles every backslash of its C quoting, that of \" too, and so
			// ends the string too early (redis 7.0.15 cli_common.c jsonStringOutput).
			if len(p.text) > 0 && p.text[len(p.text)-1] == '\\' && !p.ends() {
				p.add(c)
				twice = true
				continue
			}
			text := string(p.text)
			if json {
				text = unquoteAgain(text, twice)
			}
			p.put(Value{Kind: Text, Text: text, Line: line})
			return true
		case c != '\\':
			p.add(c)
		default:
			e, ok := p.in.next()
			if !ok {
				return false
			}
			p.escape(e)
		}
	}
}

func (p *parser) add(b ...byte) {
	if len(p.text)+len(b) <= maxText {
		p.text = append(p.text, b...)
	}
}

// ends reports whether a quote closes its text, going by what stands behind it: the end of lists that
// are open, then a comma and another value, or the end of the line.
func (p *parser) ends() bool {
	b, _ := p.in.r.Peek(16)
	if len(b) == 0 || len(p.open) == 0 {
		return true
	}
	top := &p.open[len(p.open)-1]
	if b[0] == ':' {
		return top.v.Kind == Map
	}
	closed := bytes.TrimLeft(b, "]})")
	if len(closed) < len(b) && b[0] != top.close {
		return false
	}
	rest := bytes.TrimLeft(closed, " ")
	if len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r' {
		return true
	}
	if rest[0] != ',' {
		return false
	}
	rest = bytes.TrimLeft(rest[1:], " ")
	return len(rest) == 0 || strings.IndexByte(`\,]}`, rest[0]) < 0
}

func (p *parser) escape(e byte) {
	if i := strings.IndexByte(escapeLetters, e); i >= 0 {
		p.add(escapeBytes[i])
		return
	}
	switch e {
	case 'x':
		if n, ok := p.hex(2); ok {
			p.add(byte(n))
			return
		}
		p.add('\\', 'x')
	case 'u':
		n, ok := p.hex(4)
		if !ok {
			p.add('\\', 'u')
			return
		}
		r := rune(n)
		if r >= 0xd800 && r < 0xdc00 {
			if b, _ := p.in.r.Peek(6); len(b) == 6 && b[0] == '\\' && b[1] == 'u' {
				low, err := strconv.ParseUint(string(b[2:6]), 16, 16)
				if err == nil && low >= 0xdc00 && low < 0xe000 {
					for range 6 {
						p.in.next()
					}
					r = (r-0xd800)<<10 + rune(low) - 0xdc00 + 0x10000
				}
			}
		}
		p.add(utf8.AppendRune(nil, r)...)
	case '"', '\'', '\\', '/':
		p.add(e)
	default:
		p.add('\\', e)
	}
}

const (
	escapeLetters = "nrtabfv0"
	escapeBytes   = "\n\r\t\a\b\f\v\x00"
)

// hex reads exactly n hexadecimal digits, or nothing.
func (p *parser) hex(n int) (uint64, bool) {
	b, _ := p.in.r.Peek(n)
	if len(b) < n {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b), 16, 32)
	if err != nil {
		return 0, false
	}
	for range n {
		p.in.next()
	}
	return v, true
}

// unquoteAgain undoes the second quoting of --quoted-json. It is known by a quote that came too early,
// and by its \xHH, which no other form leaves behind once it is read: text that itself holds one is
// taken for it, and text whose only escapes are others (\n, \t) stays as it is.
func unquoteAgain(s string, sure bool) string {
	for i := 0; i+3 < len(s) && !sure; i++ {
		sure = s[i] == '\\' && s[i+1] == 'x' && isHex(s[i+2]) && isHex(s[i+3])
	}
	if !sure {
		return s
	}
	if text, n := unquoteC([]byte(s)); n > len(s) {
		return string(text)
	}
	return s
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// unquoteC undoes the quoting of sdscatrepr (redis 7.4.1 sds.c): b is what stands after the opening
// quote, n is how many bytes it takes up to and with the closing one; n is len(b)+1 without one.
func unquoteC(b []byte) (text []byte, n int) {
	text = make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '"' {
			return text, i + 1
		}
		if c != '\\' || i+1 == len(b) {
			text = append(text, c)
			continue
		}
		i++
		switch e := b[i]; {
		case e == 'x' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			v, _ := strconv.ParseUint(string(b[i+1:i+3]), 16, 8)
			text = append(text, byte(v))
			i += 2
		case strings.IndexByte("nrtab", e) >= 0:
			text = append(text, escapeBytes[strings.IndexByte(escapeLetters, e)])
		default:
			text = append(text, e)
		}
	}
	return text, len(b) + 1
}
