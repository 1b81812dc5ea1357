package message

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A wording is one spelling of one message: a literal head, then fields, each with the literal behind it.
type wording struct {
	kind  Kind
	head  string
	parts []part
	size  int // bytes of literal text: the more, the more specific
	text  string
}

type part struct {
	field field
	after []byte // literal text behind the field; empty only for the last part
}

// field is a place in a wording where the text varies. fieldSpecs says how each is read.
type field uint8

const (
	fieldPeer field = iota
	fieldReplID
	fieldReplID2
	fieldOffset
	fieldBytes
	fieldMegabytes
	fieldNumber
	fieldMillis
	fieldSeconds
	fieldInt
	fieldWord
	fieldDetail
	fieldSkip
	fieldClient
	fieldInstance
	fieldSwitch
	fieldItem
)

// shape is how far a field reaches.
type shape uint8

const (
	shapeDigits  shape = iota // an optional sign and digits
	shapeDecimal              // the same with a fraction
	shapeToken                // up to a blank or to the literal behind
	shapeText                 // up to the literal behind, the last one if that ends the wording
	shapeSpecial              // Sentinel's lists of words
)

type fieldSpec struct {
	name  string
	shape shape
}

var fieldSpecs = [...]fieldSpec{
	fieldPeer:      {"peer", shapeToken},
	fieldReplID:    {"replid", shapeToken},
	fieldReplID2:   {"replid2", shapeToken},
	fieldOffset:    {"offset", shapeDigits},
	fieldBytes:     {"bytes", shapeDigits},
	fieldMegabytes: {"mb", shapeDecimal},
	fieldNumber:    {"number", shapeDigits},
	fieldMillis:    {"ms", shapeDigits},
	fieldSeconds:   {"seconds", shapeDecimal},
	fieldInt:       {"int", shapeDigits},
	fieldWord:      {"word", shapeToken},
	fieldDetail:    {"detail", shapeText},
	fieldSkip:      {"skip", shapeText},
	fieldClient:    {"client", shapeText},
	fieldInstance:  {"instance", shapeSpecial},
	fieldSwitch:    {"switch", shapeSpecial},
	fieldItem:      {"item", shapeToken},
}

// maxSpellings bounds what the choices of one line of the catalogue may multiply to.
const maxSpellings = 128

// Parse compiles a catalogue from its text; the head of catalogue.txt describes the notation. An error
// names every wrong line. Two wordings with the same text are an error.
func Parse(text string) (*Catalogue, error) {
	p := parser{choices: map[string][]string{}, seen: map[string]Kind{}, cat: &Catalogue{byKey: map[Kind]int{}}}
	for i, line := range strings.Split(text, "\n") {
		if err := p.line(line); err != nil {
			p.errs = append(p.errs, fmt.Errorf("catalogue line %d: %w", i+1, err))
		}
	}
	for _, k := range p.cat.kinds {
		if len(k.Wordings) == 0 {
			p.errs = append(p.errs, fmt.Errorf("catalogue: kind %s has no wording", k.Kind))
		}
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	for _, n := range p.cat.root {
		n.finish()
	}
	p.cat.jumps.build(&p.cat.root)
	slices.SortFunc(p.cat.looseNumber, moreSpecific)
	slices.SortFunc(p.cat.looseText, moreSpecific)
	return p.cat, nil
}

// moreSpecific orders wordings of equal heads: the one with more literal text is tried first.
func moreSpecific(a, b wording) int {
	return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.text, b.text))
}

type parser struct {
	cat     *Catalogue
	family  string
	common  Meaning // what every kind of the family means
	choices map[string][]string
	seen    map[string]Kind
	errs    []error
}

func (p *parser) line(line string) error {
	switch {
	case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		return nil
	case strings.HasPrefix(line, "== "):
		return p.setFamily(line[3:])
	case strings.HasPrefix(line, "let "):
		name, list, ok := strings.Cut(line[4:], "=")
		if !ok {
			return errors.New("a let line wants name = a|b")
		}
		p.choices[strings.TrimSpace(name)] = strings.Split(strings.TrimSpace(list), "|")
		return nil
	case strings.HasPrefix(line, "before "):
		p.cat.before = append(p.cat.before, []byte(strings.TrimSpace(line[7:])+" "))
		return nil
	case line[0] == '\t':
		return p.wording(strings.TrimSpace(line))
	}
	return p.kind(line)
}

func (p *parser) setFamily(line string) (err error) {
	name, words, _ := strings.Cut(strings.TrimSpace(line), " (")
	p.family = name
	p.common, err = parseMeaning(strings.TrimSuffix(words, ")"))
	return err
}

func (p *parser) kind(line string) error {
	// A unit may hold a colon of its own, so what stands in brackets is taken off first.
	name, rest := line, ""
	if i := strings.IndexAny(line, " :"); i >= 0 {
		name, rest = line[:i], line[i:]
	}
	unit, rest := bracketed(rest, " [", "]")
	words, rest := bracketed(rest, " (", ")")
	meaning, ok := strings.CutPrefix(rest, ": ")
	if !ok {
		return errors.New("a kind line wants \"kind [unit] (words): meaning\"")
	}
	means, err := parseMeaning(words)
	if err != nil {
		return err
	}
	info := Info{Kind: name, Family: p.family, Meaning: meaning, Means: means | p.common, Unit: unit}
	if p.family == "" {
		return fmt.Errorf("kind %s stands before any family", name)
	}
	if _, twice := p.cat.byKey[name]; twice {
		return fmt.Errorf("kind %s stands twice", name)
	}
	p.cat.byKey[name] = len(p.cat.kinds)
	p.cat.kinds = append(p.cat.kinds, info)
	return nil
}

// bracketed takes what stands between open and end off the front of a text, if it begins so.
func bracketed(s, open, end string) (inner, rest string) {
	if after, ok := strings.CutPrefix(s, open); ok {
		if inner, rest, ok = strings.Cut(after, end); ok {
			return inner, rest
		}
	}
	return "", s
}

func (p *parser) wording(line string) error {
	if len(p.cat.kinds) == 0 {
		return errors.New("a wording stands before any kind")
	}
	info := &p.cat.kinds[len(p.cat.kinds)-1]
	info.Wordings = append(info.Wordings, line)
	spellings, err := p.spell(line)
	if err != nil {
		return err
	}
	for _, text := range spellings {
		text = strings.TrimSpace(text)
		if other, twice := p.seen[text]; twice {
			if other != info.Kind {
				return fmt.Errorf("wording %q is of %s too", text, other)
			}
			continue
		}
		p.seen[text] = info.Kind
		w, err := compile(info.Kind, text)
		if err != nil {
			return err
		}
		if w.head == "" {
			p.cat.looseNumber = append(p.cat.looseNumber, w)
			if fieldSpecs[w.parts[0].field].shape != shapeDigits {
				p.cat.looseText = append(p.cat.looseText, w)
			}
			continue
		}
		slot := &p.cat.root[w.head[0]]
		if *slot == nil {
			*slot = &node{}
		}
		(*slot).insert(w.head, w)
	}
	return nil
}

// spell writes out the choices of a line: {a|b}, or {name} of a let line.
func (p *parser) spell(line string) ([]string, error) {
	done := []string{""}
	for {
		open := indexBare(line, '{')
		if open < 0 {
			for i := range done {
				done[i] += line
			}
			return done, nil
		}
		end := strings.IndexByte(line[open:], '}')
		if end < 0 {
			return nil, fmt.Errorf("choice without end in %q", line)
		}
		inner := line[open+1 : open+end]
		alts, named := p.choices[inner]
		if !named {
			if alts = strings.Split(inner, "|"); len(alts) < 2 {
				return nil, fmt.Errorf("unknown choice {%s}", inner)
			}
		}
		var next []string
		for _, d := range done {
			for _, a := range alts {
				next = append(next, d+line[:open]+a)
			}
		}
		if len(next) > maxSpellings {
			return nil, fmt.Errorf("more than %d spellings in one line", maxSpellings)
		}
		done, line = next, line[open+end+1:]
	}
}

// indexBare finds b where no backslash stands before it.
func indexBare(s string, b byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if s[i] == b {
			return i
		}
	}
	return -1
}

// compile cuts one spelling into its literals and fields.
func compile(kind Kind, text string) (wording, error) {
	w := wording{kind: kind, text: text}
	var lit strings.Builder
	flush := func() {
		if n := len(w.parts); n > 0 {
			w.parts[n-1].after = []byte(lit.String())
		} else {
			w.head = lit.String()
		}
		w.size += lit.Len()
		lit.Reset()
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			lit.WriteByte(text[i])
		case c == '<' && i+1 < len(text) && text[i+1] >= 'a' && text[i+1] <= 'z':
			name, _, ok := strings.Cut(text[i+1:], ">")
			f := slices.IndexFunc(fieldSpecs[:], func(s fieldSpec) bool { return s.name == name })
			if !ok || f < 0 {
				return w, fmt.Errorf("unknown field <%s in %q; a literal < is written \\<", name, text)
			}
			if len(w.parts) > 0 && lit.Len() == 0 {
				return w, fmt.Errorf("two fields with nothing between them in %q", text)
			}
			flush()
			w.parts = append(w.parts, part{field: field(f)})
			i += len(name) + 1
		default:
			lit.WriteByte(c)
		}
	}
	flush()
	if w.size < 2 {
		return w, fmt.Errorf("too little literal text in %q", text)
	}
	return w, nil
}
