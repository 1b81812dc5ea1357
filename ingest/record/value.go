package record

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is what a Value is.
type Kind uint8

// Kinds of values.
const (
	Word   Kind = iota // a number or a word without quotes
	Text               // quoted
	List               // an array, a tuple, a set
	Object             // Keys and Items side by side
)

// Value is one value of structured text. Line is the line on which it begins, from 1.
type Value struct {
	Kind  Kind
	Text  string
	Keys  []string
	Items []*Value
	Line  int32
	// Cut tells that the text ended inside it.
	Cut bool
}

const (
	maxDepth  = 64
	maxValues = 4 << 20 // of one file
)

// Parser reads values one behind another. It takes JSON, and what Python's repr, Go's %v of a map with quoted keys and loose hands
// make of it: single quotes, trailing commas, tuples, True and None, u” and b”. What ends early is kept as far as it goes.
type Parser struct {
	in   string
	i    int
	line int32
	n    int
}

// NewParser reads text, whose first line has this number.
func NewParser(text string, line int32) *Parser { return &Parser{in: text, line: line} }

// Line is the line at which the parser stands.
func (p *Parser) Line() int32 { return p.line }

// Next reads the next object or list, skipping what is neither; nil at the end.
func (p *Parser) Next() *Value {
	for p.i < len(p.in) {
		if c := p.in[p.i]; c == '{' || c == '[' {
			from, line := p.i, p.line
			if v := p.value(0); v != nil && (v.Kind == Object || v.Kind == List) {
				return v
			}
			if p.i == from {
				p.i, p.line = from, line
				p.step()
			}
			continue
		}
		p.step()
	}
	return nil
}

func (p *Parser) step() {
	if p.in[p.i] == '\n' {
		p.line++
	}
	p.i++
}

func (p *Parser) blank() {
	for p.i < len(p.in) {
		switch c := p.in[p.i]; {
		case c == '\n':
			p.line++
		case c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';':
		default:
			return
		}
		p.i++
	}
}

func (p *Parser) value(depth int) *Value {
	p.blank()
	if p.n++; depth > maxDepth || p.n > maxValues {
		p.i = len(p.in) // no store nests so deep: what does is no export, and is left to others
	}
	if p.i >= len(p.in) {
		return nil
	}
	switch c := p.in[p.i]; {
	case c == '{':
		return p.object(depth)
	case c == '[' || c == '(':
		return p.list(depth)
	case c == '"' || c == '\'':
		return p.quoted()
	case (c == 'u' || c == 'b') && p.i+1 < len(p.in) && (p.in[p.i+1] == '"' || p.in[p.i+1] == '\''):
		p.i++
		return p.quoted()
	}
	return p.word()
}

func (p *Parser) object(depth int) *Value {
	v := &Value{Kind: Object, Line: p.line}
	p.i++
	for {
		p.blank()
		if p.i >= len(p.in) {
			v.Cut = true
			return v
		}
		if c := p.in[p.i]; c == '}' {
			p.i++
			return v
		} else if c == ']' || c == ')' {
			return v // a bracket of somebody else's: leave it to them
		}
		from := p.i
		key := p.value(depth + 1)
		if key == nil || key.Kind == Object || key.Kind == List {
			return v
		}
		p.blank()
		if p.i < len(p.in) && p.in[p.i] == ':' {
			p.i++
		} else if strings.HasPrefix(p.in[p.i:], "=>") {
			p.i += 2
		} else {
			if p.i == from {
				p.step()
			}
			continue
		}
		item := p.value(depth + 1)
		if item == nil {
			v.Cut = true
			return v
		}
		v.Keys, v.Items = append(v.Keys, key.Text), append(v.Items, item)
	}
}

func (p *Parser) list(depth int) *Value {
	v := &Value{Kind: List, Line: p.line}
	end := byte(']')
	if p.in[p.i] == '(' {
		end = ')'
	}
	p.i++
	for {
		p.blank()
		if p.i >= len(p.in) {
			v.Cut = true
			return v
		}
		if c := p.in[p.i]; c == end {
			p.i++
			return v
		} else if c == '}' {
			return v
		}
		from := p.i
		item := p.value(depth + 1)
		if item == nil {
			return v
		}
		if p.i == from {
			p.step()
		}
		v.Items = append(v.Items, item)
	}
}

// word reads a number or a bare word, up to what ends one.
func (p *Parser) word() *Value {
	from := p.i
	for p.i < len(p.in) && !strings.ContainsRune(",:]})\n\r\t\"'", rune(p.in[p.i])) && p.in[p.i] != ' ' && !strings.HasPrefix(p.in[p.i:], "=>") {
		p.i++
	}
	return &Value{Kind: Word, Text: p.in[from:p.i], Line: p.line}
}

// quoted reads text in quotes with JSON's and Python's escapes.
func (p *Parser) quoted() *Value {
	q := p.in[p.i]
	v := &Value{Kind: Text, Line: p.line}
	p.i++
	from := p.i
	for p.i < len(p.in) && p.in[p.i] != q && p.in[p.i] != '\\' {
		if p.in[p.i] == '\n' {
			p.line++
		}
		p.i++
	}
	if p.i < len(p.in) && p.in[p.i] == q { // mostly nothing is escaped
		v.Text = p.in[from:p.i]
		p.i++
		return v
	}
	var b strings.Builder
	b.WriteString(p.in[from:p.i])
	for p.i < len(p.in) {
		c := p.in[p.i]
		switch {
		case c == q:
			p.i++
			v.Text = b.String()
			return v
		case c == '\\' && p.i+1 < len(p.in):
			p.escape(&b)
		default:
			if c == '\n' {
				p.line++
			}
			b.WriteByte(c)
			p.i++
		}
	}
	v.Text, v.Cut = b.String(), true
	return v
}

func (p *Parser) escape(b *strings.Builder) {
	c := p.in[p.i+1]
	p.i += 2
	switch c {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case '\n':
		p.line++
	case 'x':
		p.code(b, 2)
	case 'u':
		p.code(b, 4)
	default:
		b.WriteByte(c)
	}
}

func (p *Parser) code(b *strings.Builder, digits int) {
	if p.i+digits > len(p.in) {
		return
	}
	n, err := strconv.ParseUint(p.in[p.i:p.i+digits], 16, 32)
	if err != nil {
		return
	}
	p.i += digits
	if digits == 2 {
		b.WriteByte(byte(n))
		return
	}
	r := rune(n)
	if r >= 0xd800 && r < 0xdc00 && strings.HasPrefix(p.in[p.i:], `\u`) && p.i+6 <= len(p.in) {
		if low, err := strconv.ParseUint(p.in[p.i+2:p.i+6], 16, 32); err == nil && low >= 0xdc00 && low < 0xe000 {
			r = 0x10000 + (r-0xd800)<<10 + rune(low) - 0xdc00
			p.i += 6
		}
	}
	if !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	b.WriteRune(r)
}
