package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"unicode/utf8"

	"psyncope/correlate/diagnosis"
)

// JSON writes the diagnosis in the form that scripts rely on: every slice a list, never null; one value a line, but
// lists of numbers on one; characters a reader cannot see as \u escapes, so that a terminal shows
// them and obeys none. It is made piece by piece: a list of a million files is never in memory as text.
func JSON(w io.Writer, d *diagnosis.Diagnosis, _ Options) error {
	own := *d
	if own.Schema == "" {
		own.Schema = diagnosis.Schema
	}
	p := pieces{w: bufio.NewWriter(w)}
	p.enc = json.NewEncoder(&p.compact)
	p.enc.SetEscapeHTML(false)
	err := p.value(reflect.ValueOf(own), 0)
	if err == nil {
		p.w.WriteByte('\n')
		err = p.w.Flush()
	}
	return err
}

// pieces writes a diagnosis piece by piece.
type pieces struct {
	w       *bufio.Writer
	enc     *json.Encoder
	compact bytes.Buffer
	laid    []byte
}

// value writes v with its fields at that depth: the structs of the top and lists of structs part by part, everything else at once.
func (p *pieces) value(v reflect.Value, depth int) error {
	switch t := v.Type(); {
	case t == reflect.TypeFor[diagnosis.Diagnosis](), t == reflect.TypeFor[diagnosis.Inputs]():
		return p.list('{', '}', v.NumField(), depth, func(i int) error {
			fmt.Fprintf(p.w, "%q: ", t.Field(i).Tag.Get("json"))
			return p.value(v.Field(i), depth+1)
		})
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return p.list('[', ']', v.Len(), depth, func(i int) error { return p.piece(v.Index(i), depth+1) })
	}
	return p.piece(v, depth)
}

func (p *pieces) list(begin, end byte, n, depth int, each func(int) error) error {
	p.w.WriteByte(begin)
	for i := range n {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.newline(depth + 1)
		if err := each(i); err != nil {
			return err
		}
	}
	if n > 0 {
		p.newline(depth)
	}
	return p.w.WriteByte(end)
}

func (p *pieces) newline(depth int) {
	p.w.WriteByte('\n')
	for range depth {
		p.w.WriteByte(' ')
	}
}

// piece writes a whole copy of v.
func (p *pieces) piece(v reflect.Value, depth int) error {
	own := reflect.New(v.Type()).Elem()
	own.Set(v)
	fill(own)
	p.compact.Reset()
	if err := p.enc.Encode(own.Interface()); err != nil {
		return fmt.Errorf("write json report: %w", err)
	}
	p.laid = indent(p.laid[:0], bytes.TrimSuffix(p.compact.Bytes(), []byte("\n")), depth)
	_, err := p.w.Write(p.laid)
	return err
}

// Load reads a report that [JSON] wrote.
func Load(r io.Reader) (*diagnosis.Diagnosis, error) {
	dec := json.NewDecoder(r)
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("read saved report: it is empty")
		}
		return nil, fmt.Errorf("read saved report: %w", err)
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.Schema == "" {
		return nil, errors.New(`read saved report: this is no report: "schema" is missing (one is made with psyncope analyze --format json)`)
	}
	if head.Schema != diagnosis.Schema {
		return nil, fmt.Errorf("read saved report: its schema is %q, this psyncope reads %q", visible(head.Schema), diagnosis.Schema)
	}
	var d diagnosis.Diagnosis
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read saved report: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read saved report: there is more after its end (one report a file)")
	}
	return whole(&d), nil
}

// whole copies a diagnosis so that no slice in it is nil and every number is one that JSON can
// say: not-a-number becomes null in a series, 0 elsewhere.
func whole(d *diagnosis.Diagnosis) *diagnosis.Diagnosis {
	out := *d
	fill(reflect.ValueOf(&out).Elem())
	if out.Schema == "" {
		out.Schema = diagnosis.Schema
	}
	return &out
}

// fill replaces what v refers to by copies that are whole. What v itself holds is v's own.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		switch v.Type().Elem().Kind() {
		case reflect.Slice, reflect.Pointer, reflect.Struct, reflect.Array, reflect.Float64:
			for i := range own.Len() {
				fill(own.Index(i))
			}
		}
		v.Set(own)
	case reflect.Pointer:
		switch {
		case v.IsNil():
		case v.Type().Elem().Kind() == reflect.Float64 && !finite(v.Elem().Float()):
			v.SetZero()
		default:
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			fill(own.Elem())
			v.Set(own)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[diagnosis.Stamp]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Float64:
		if !finite(v.Float()) {
			v.SetFloat(0)
		}
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// indent lays compact JSON out, one space a level. json.Indent would put each number of a series
// on a line of its own: 200,000 lines for a day. What it appends to out begins at that depth.
func indent(out, src []byte, depth int) []byte {
	newline := func() {
		out = append(out, '\n')
		for range depth {
			out = append(out, ' ')
		}
	}
	for i := 0; i < len(src); {
		switch c := src[i]; c {
		case '"':
			end := stringEnd(src, i)
			out = appendSeen(out, src[i:end])
			i = end
			continue
		case '[', '{':
			if end := flat(src, i); end > 0 {
				out = append(out, src[i:end]...)
				i = end
				continue
			}
			out = append(out, c)
			depth++
			newline()
		case ']', '}':
			depth--
			newline()
			out = append(out, c)
		case ',':
			out = append(out, c)
			newline()
		case ':':
			out = append(out, ':', ' ')
		default:
			out = append(out, c)
		}
		i++
	}
	return out
}

// stringEnd is the index behind the string that begins at i.
func stringEnd(src []byte, i int) int {
	for i++; src[i] != '"'; i++ {
		if src[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// flat is the index behind the list of numbers (or the empty list or object) that begins at i; 0 for anything else.
func flat(src []byte, i int) int {
	for j := i + 1; j < len(src); j++ {
		switch src[j] {
		case ']', '}':
			return j + 1
		case '"', '[', '{':
			return 0
		}
	}
	return 0
}

// appendSeen appends a JSON string with \u escapes for what cannot be seen. encoding/json escapes
// the ASCII controls only.
func appendSeen(out, s []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case !hidden(r) && r != utf8.RuneError: // which encoding/json escapes only where it replaces a byte
			out = append(out, s[:n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		s = s[n:]
	}
	return out
}
