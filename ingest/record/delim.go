package record

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
)

// maxText is the longest text that is taken apart: what is longer is read line by line by those who can.
const maxText = 1 << 30

// Read takes text apart into records, by what it looks like. It is nil where the text is not structured.
func Read(text string) []Record {
	if len(text) > maxText {
		return nil
	}
	for _, read := range [...]func(string) []Record{values, markdown, delimited, pairs} {
		if records := read(text); len(records) > 0 {
			return records
		}
	}
	return nil
}

// Structured reports whether a text's beginning looks as if Read could take it apart. It costs a glance.
func Structured(head string) bool {
	t := unlabelled(strings.TrimLeft(head, " \t\r\n"))
	return braced(t) || headOfTable(t) || delimiter(head) != 0 || looksPaired(t)
}

// Delimited reports whether a text's first lines are rows of as many cells.
func Delimited(head string) bool { return delimiter(head) != 0 }

// unlabelled takes a word and a colon off the front of an object: "data: {".
func unlabelled(t string) string {
	label, rest, ok := strings.Cut(t[:min(len(t), 40)], ":")
	if ok && label != "" && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz") == "" && strings.HasPrefix(strings.TrimLeft(rest, " "), "{") {
		return strings.TrimLeft(t[len(label)+1:], " ")
	}
	return t
}

// braced reports whether a text begins as JSON or a literal does: "[pod/a]" and "[8010]" do not.
func braced(t string) bool {
	if len(t) < 2 {
		return false
	}
	rest := strings.TrimLeft(t[1:], " \t\r\n")
	if rest == "" {
		return false
	}
	switch t[0] {
	case '{':
		return strings.ContainsRune(`"'}`, rune(rest[0])) || rest[0] == 'u' || rest[0] == 'b'
	case '[', '(':
		return strings.ContainsRune(`{["'(`, rune(rest[0]))
	case '"':
		return strings.Contains(t[:min(len(t), 4096)], `\n`) || strings.Contains(t[:min(len(t), 4096)], `\r`)
	}
	return false
}

// values reads objects, lists and quoted text, one behind another.
func values(text string) []Record {
	t := unlabelled(strings.TrimLeft(text, " \t\r\n"))
	if !braced(t) {
		return nil
	}
	line := int32(1 + strings.Count(text[:len(text)-len(t)], "\n"))
	p := NewParser(t, line)
	if t[0] == '"' {
		v := p.value(0)
		if v == nil || v.Cut || strings.TrimSpace(p.in[p.i:]) != "" {
			return nil
		}
		return []Record{{v.Line, []Field{{"", v.Text, v.Line}}}}
	}
	var out []Record
	for {
		v := p.Next()
		if v == nil {
			return out
		}
		out = FromValue(v, out)
	}
}

// delimiter is the byte that separates the cells of a table's first lines; 0 where it is none.
func delimiter(head string) byte {
	var lines []string
	for line := range strings.Lines(head) {
		if strings.HasSuffix(line, "\n") && strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
		if len(lines) == 8 {
			break
		}
	}
	if len(lines) < 2 {
		return 0
	}
	for _, c := range [...]byte{'\t', ',', ';', '|'} {
		n, quoted := 0, 0
		for _, l := range lines {
			if strings.Contains(l, string(c)) {
				n++
			}
			if strings.Contains(l, `"`) {
				quoted++
			}
		}
		if n < len(lines) {
			continue
		}
		cells := strings.Count(lines[0], string(c))
		same := 0
		for _, l := range lines[1:] {
			if strings.Count(l, string(c)) == cells || quoted > 0 && cells > 0 {
				same++
			}
		}
		if same == len(lines)-1 {
			return c
		}
	}
	return 0
}

// delimited reads CSV, TSV and their like, with a heading or without one.
func delimited(text string) []Record {
	c := delimiter(text[:min(len(text), 16<<10)])
	if c == 0 {
		return nil
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = rune(c), true, -1, true
	var head []string
	var out []Record
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				continue
			}
			return out
		}
		if first && isHeading(row) {
			for _, cell := range row {
				head = append(head, strings.TrimSpace(cell))
			}
			continue
		}
		line, _ := r.FieldPos(0)
		out = append(out, rowOf(head, row, int32(line)))
	}
}

func rowOf(head, row []string, line int32) Record {
	rec := Record{Line: line}
	for i, cell := range row {
		name := strconv.Itoa(i)
		if i < len(head) && head[i] != "" {
			name = head[i]
		}
		rec.Fields = append(rec.Fields, Field{name, strings.Clone(cell), line})
	}
	return rec
}

// isHeading reports whether a row names columns: short words, none of them a number.
func isHeading(row []string) bool {
	words := 0
	for _, cell := range row {
		cell = strings.TrimSpace(cell)
		if len(cell) > 40 || strings.Count(cell, " ") > 3 || strings.Count(cell, ":") > 1 {
			return false
		}
		if _, err := strconv.ParseFloat(cell, 64); err == nil {
			return false
		}
		if cell != "" {
			words++
		}
	}
	return words > 0 && words >= len(row)-1
}

// headOfTable reports whether a text begins with a table of Markdown's, or of a database's console.
func headOfTable(t string) bool {
	first, rest, _ := strings.Cut(t, "\n")
	second, _, _ := strings.Cut(rest, "\n")
	if isRule(first) {
		first, second = second, first
	}
	return strings.Count(first, "|") >= 2 && isRule(second)
}

func isRule(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) > 4 && strings.Contains(line, "--") && strings.Trim(line, "|-+: ") == ""
}

// markdown reads tables of Markdown's kind; other lines between them are left out.
func markdown(text string) []Record {
	if !headOfTable(strings.TrimLeft(text[:min(len(text), 8<<10)], " \t\r\n")) {
		return nil
	}
	var head []string
	var out []Record
	n := int32(0)
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if strings.Count(line, "|") < 2 || isRule(line) {
			if line == "" {
				head = nil
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		if head == nil {
			head = cells
			continue
		}
		out = append(out, rowOf(head, cells, n))
	}
	return out
}

// looksPaired reports whether a text's first line is key=value pairs with something quoted in it.
func looksPaired(t string) bool {
	first, _, _ := strings.Cut(t, "\n")
	return strings.Count(first, "=") >= 3 && len(paired(first)) >= 3
}

// pairs reads lines of key=value, as logfmt has them.
func pairs(text string) []Record {
	if !looksPaired(strings.TrimLeft(text[:min(len(text), 8<<10)], " \t\r\n")) {
		return nil
	}
	var out []Record
	n := int32(0)
	for line := range strings.Lines(text) {
		n++
		fields := paired(strings.TrimSpace(line))
		if len(fields) == 0 {
			continue
		}
		for i := range fields {
			fields[i].Line = n
		}
		out = append(out, Record{n, fields})
	}
	return out
}

// paired are the pairs of a line; nil where anything else stands in it.
func paired(line string) []Field {
	var out []Field
	for line != "" {
		key, rest, ok := strings.Cut(line, "=")
		if !ok || key == "" || strings.ContainsAny(key, ` "'`) {
			return nil
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			p := NewParser(rest, 1)
			v := p.quoted()
			value, rest = v.Text, rest[p.i:]
		} else {
			value, rest, _ = strings.Cut(rest, " ")
		}
		out = append(out, Field{Path: key, Text: value})
		line = strings.TrimLeft(rest, " ")
	}
	return out
}
