package record

import (
	"strconv"
	"strings"
)

// Field is a leaf of a record: where it stands in it, and what it says.
type Field struct {
	Path string // keys with dots between, an index for an element of a list
	Text string
	Line int32
}

// Record is one thing that was exported: its own fields, and those of what it stands in.
type Record struct {
	Line   int32
	Fields []Field
}

// Field is the field at a path; nil without one.
func (r *Record) Field(path string) *Field {
	for i := range r.Fields {
		if r.Fields[i].Path == path {
			return &r.Fields[i]
		}
	}
	return nil
}

// Get is the text of the field at a path; "" without one.
func (r *Record) Get(path string) string {
	if f := r.Field(path); f != nil {
		return f.Text
	}
	return ""
}

// maxFields bounds one record: an object with more is data, not an account of something.
const maxFields = 4096

// maxAround bounds what a record has of the objects it stands in: each of a million elements has a copy.
const maxAround = 64

// FromValue takes a value apart into records. An object that holds lists of objects, or of lists, is what its elements stand in; its
// own fields are theirs as well.
func FromValue(v *Value, out []Record) []Record {
	return emit(v, "", nil, out, 0)
}

func emit(v *Value, path string, around []Field, out []Record, depth int) []Record {
	if depth > maxDepth {
		return out
	}
	if keys := names(v); keys {
		for i, item := range v.Items {
			named := append(clip(around), Field{join(path, "key"), v.Keys[i], item.Line})
			out = emit(item, join(path, "value"), named, out, depth+1)
		}
		return out
	}
	if v.Kind == List {
		if isRow(v) { // [stamp, line]: one record
			return append(out, Record{v.Line, append(clip(around), cells(v, path)...)})
		}
		rows := areRows(v)
		for _, item := range v.Items {
			switch item.Kind {
			case Object, List:
				if rows {
					out = append(out, Record{item.Line, append(clip(around), cells(item, path)...)})
					continue
				}
				out = emit(item, path, around, out, depth+1)
			default:
				out = append(out, Record{item.Line, append(clip(around), Field{path, item.Text, item.Line})})
			}
		}
		return out
	}
	own, lists := leaves(v, path, nil, nil, 0)
	if len(lists) > 0 && len(own) > maxAround {
		own = own[:maxAround]
	}
	all := append(clip(around[:min(len(around), maxAround)]), own...)
	if len(lists) == 0 || tells(own) {
		return append(out, Record{v.Line, all})
	}
	for _, l := range lists {
		out = emit(l.v, l.path, all, out, depth+1)
	}
	return out
}

// cells are the plain values of a row.
func cells(v *Value, path string) []Field {
	fields := make([]Field, 0, len(v.Items))
	for j, x := range v.Items {
		fields = append(fields, Field{join(path, strconv.Itoa(j)), x.Text, x.Line})
	}
	return fields
}

// areRows reports whether a list is a table: rows of equally many plain cells, more than one.
func areRows(v *Value) bool {
	if len(v.Items) < 2 {
		return false
	}
	for _, row := range v.Items {
		if row.Kind != List || len(row.Items) < 2 || len(row.Items) != len(v.Items[0].Items) {
			return false
		}
		for _, cell := range row.Items {
			if cell.Kind == List || cell.Kind == Object {
				return false
			}
		}
	}
	return true
}

// names reports whether an object's keys are names of things that are alike: its values are lists of sentences, or objects with mostly the
// same keys.
func names(v *Value) bool {
	if v.Kind != Object || len(v.Items) < 2 {
		return false
	}
	for _, x := range v.Items {
		switch x.Kind {
		case List:
			if len(x.Items) == 0 || !isSentence(x.Items[0].Text) {
				return false
			}
		case Object:
			if len(x.Keys) < 3 || !alike(x, v.Items[0]) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func alike(a, b *Value) bool {
	in := map[string]bool{}
	for _, k := range b.Keys {
		in[k] = true
	}
	n := 0
	for _, k := range a.Keys {
		if in[k] {
			n++
		}
	}
	return n*2 > max(len(a.Keys), len(b.Keys))
}

// clip makes sure that what is appended to a slice is no other record's.
func clip(f []Field) []Field { return f[:len(f):len(f)] }

// isRow reports whether a list of plain values is a row of cells and not a list of lines: its cells are of different sorts.
func isRow(v *Value) bool {
	numbers := 0
	for _, x := range v.Items {
		if x.Kind == List || x.Kind == Object {
			return false
		}
		if _, err := strconv.ParseFloat(x.Text, 64); err == nil {
			numbers++
		}
	}
	return len(v.Items) > 1 && numbers > 0 && numbers < len(v.Items)
}

type placed struct {
	path string
	v    *Value
}

// leaves are the plain values of an object, those of objects inside it too, and the lists that hold more than plain values.
func leaves(v *Value, path string, own []Field, lists []placed, depth int) ([]Field, []placed) {
	for i, item := range v.Items {
		at := join(path, v.Keys[i])
		if len(own) >= maxFields {
			break
		}
		switch item.Kind {
		case Object:
			if depth < maxDepth {
				own, lists = leaves(item, at, own, lists, depth+1)
			}
		case List:
			if len(item.Items) > 0 {
				if isLabels(item) {
					continue
				}
				lists = append(lists, placed{at, item})
			}
		default:
			if inner := inside(item); inner != nil { // JSON inside a string
				if inner.Kind == Object {
					own, lists = leaves(inner, at, own, lists, depth+1)
				} else {
					lists = append(lists, placed{at, inner})
				}
				continue
			}
			own = append(own, Field{at, item.Text, item.Line})
		}
	}
	return own, lists
}

// isLabels reports whether a list holds a few short words only.
func isLabels(v *Value) bool {
	for _, x := range v.Items {
		if x.Kind == Object || x.Kind == List || len(x.Text) > 20 {
			return false
		}
	}
	return true
}

// inside is the object or list that a text holds; nil where it holds none. Its lines are all the text's.
func inside(v *Value) *Value {
	t := strings.TrimSpace(v.Text)
	if len(t) < 8 || t[0] != '{' && t[0] != '[' || !strings.ContainsAny(t[:min(len(t), 64)], `"'`) {
		return nil
	}
	p := NewParser(t, v.Line)
	in := p.value(1)
	if in == nil || in.Kind != Object && in.Kind != List || in.Cut || strings.TrimSpace(p.in[p.i:]) != "" {
		return nil
	}
	relined(in, v.Line)
	return in
}

func relined(v *Value, line int32) {
	v.Line = line
	for _, x := range v.Items {
		relined(x, line)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// tells reports whether fields hold a sentence: then they are an account of their own, and lists beside them are its labels.
func tells(fields []Field) bool {
	for i := range fields {
		if isSentence(fields[i].Text) {
			return true
		}
	}
	return false
}

func isSentence(s string) bool { return len(s) > 20 && strings.Count(s, " ") > 2 }
