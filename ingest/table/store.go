package table

import (
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Table holds rows of R as Arrow columns. The zero Table is empty and ready for Append.
// Rows go in before the first read and come out after it: Rows, All and Record close the
// table for appending.
//
// Text is dictionary-coded: INFO repeats its words dump after dump, and a log repeats its
// addresses line after line.
type Table[R any] struct {
	cols    []column
	pending []R
	chunks  []arrow.Record
	closed  bool
	n       int
}

// flushRows is how many rows wait before they are written out column by column: enough that a
// column's loop stays in cache, few enough that a small table costs nothing.
const flushRows = 256

// Append adds a row. It panics after the table was read: an ingest bug, never an input's doing.
func (t *Table[R]) Append(r *R) {
	if t.closed {
		panic("table: append after read")
	}
	if t.pending == nil {
		t.pending = make([]R, 0, flushRows)
	}
	t.pending = append(t.pending, *r)
	t.n++
	if len(t.pending) == cap(t.pending) {
		t.flush()
	}
}

// Take moves all rows of other behind those of t, without copying them. It closes both for appending.
func (t *Table[R]) Take(other *Table[R]) {
	t.Records()
	t.chunks = append(t.chunks, other.Records()...)
	t.n += other.n
	*other = Table[R]{}
}

// Len is the number of rows.
func (t *Table[R]) Len() int { return t.n }

func (t *Table[R]) flush() {
	if t.cols == nil {
		for _, c := range Columns[R]() {
			t.cols = append(t.cols, newColumn(c))
		}
	}
	if len(t.pending) == 0 {
		return
	}
	base, stride := unsafe.Pointer(unsafe.SliceData(t.pending)), unsafe.Sizeof(t.pending[0])
	for i := range t.cols {
		t.cols[i].write(base, stride, len(t.pending))
	}
	clear(t.pending) // let go of the rows' strings
	t.pending = t.pending[:0]
}

// Records is the table as Arrow record batches, one for each table that was taken in. The table
// keeps them: do not release them.
func (t *Table[R]) Records() []arrow.Record {
	if t.closed {
		return t.chunks
	}
	t.closed = true
	t.flush()
	t.pending = nil
	if t.n == 0 {
		return nil
	}
	arrays := make([]arrow.Array, len(t.cols))
	for i := range t.cols {
		arrays[i] = t.cols[i].finish()
	}
	t.chunks = []arrow.Record{array.NewRecord(Schema[R](), arrays, int64(t.n))}
	for _, a := range arrays {
		a.Release()
	}
	t.cols = nil
	return t.chunks
}

// Release gives the Arrow memory back; the table is empty afterwards.
func (t *Table[R]) Release() {
	for _, r := range t.chunks {
		r.Release()
	}
	*t = Table[R]{}
}

// Rows reads all rows back in the order in which they were appended.
func (t *Table[R]) Rows() []R {
	rows := make([]R, t.n)
	cols := Columns[R]()
	done := 0
	for _, rec := range t.Records() {
		n := int(rec.NumRows())
		base, stride := unsafe.Pointer(unsafe.SliceData(rows[done:])), unsafe.Sizeof(rows[0])
		for i, c := range cols {
			readColumn(c, rec.Column(i), base, stride, n)
		}
		done += n
	}
	return rows
}

// Words lists the different words of a text column, sorted and without the empty one. It closes t for appending.
func (t *Table[R]) Words(column string) []string {
	var out []string
	for _, rec := range t.Records() {
		for i, f := range rec.Schema().Fields() {
			if f.Name != column {
				continue
			}
			words := rec.Column(i).(*array.Dictionary).Dictionary().(*array.String)
			for j := range words.Len() {
				// A copy: the words of a Table end with its memory.
				out = append(out, strings.Clone(words.Value(j)))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Rename replaces words of a text column by others. It costs as much as the column has different words, and
// closes t for appending.
func (t *Table[R]) Rename(column string, to map[string]string) {
	for n, rec := range t.Records() {
		for i, f := range rec.Schema().Fields() {
			if f.Name != column {
				continue
			}
			old := rec.Column(i).(*array.Dictionary)
			words := old.Dictionary().(*array.String)
			b := array.NewStringBuilder(memory.DefaultAllocator)
			for j := range words.Len() {
				w := words.Value(j)
				if r, ok := to[w]; ok {
					w = r
				}
				b.Append(w)
			}
			dict := b.NewArray()
			b.Release()
			renamed := array.NewDictionaryArray(old.DataType(), old.Indices(), dict)
			dict.Release()
			columns := slices.Clone(rec.Columns())
			columns[i] = renamed
			t.chunks[n] = array.NewRecord(rec.Schema(), columns, rec.NumRows())
			renamed.Release()
			rec.Release()
		}
	}
}

// All ranges over the rows with their index.
func (t *Table[R]) All() iter.Seq2[int, *R] {
	return func(yield func(int, *R) bool) {
		rows := t.Rows()
		for i := range rows {
			if !yield(i, &rows[i]) {
				return
			}
		}
	}
}

// Column is one column of a table as its struct tag declares it.
type Column struct {
	Name string // snake_case, with the unit
	Doc  string // one phrase
	Kind ColumnKind
	off  uintptr
}

// ColumnKind is what a column holds.
type ColumnKind int

// The kinds of column, by the Go type of the field.
const (
	KindText   ColumnKind = iota // string: dictionary of UTF-8, empty is null
	KindInt                      // Int: nullable int64
	KindInt64                    // int64
	KindInt32                    // int32
	KindFloat                    // Float: nullable float64
	KindMicros                   // Micros: nullable timestamp in microseconds, UTC
)

// Unit is the unit that the column's name ends in: bytes, seconds, us, ms or "".
func (c Column) Unit() string {
	for _, u := range []string{"bytes", "seconds", "us", "ms"} {
		if strings.HasSuffix(c.Name, "_"+u) {
			return u
		}
	}
	return ""
}

// Columns lists the columns of R in the order of its fields; those of an embedded struct stand in its place.
func Columns[R any]() []Column {
	return columnsOf(reflect.TypeFor[R](), 0)
}

func columnsOf(t reflect.Type, base uintptr) []Column {
	var out []Column
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			out = append(out, columnsOf(f.Type, base+f.Offset)...)
			continue
		}
		name := f.Tag.Get("col")
		if name == "" {
			continue
		}
		c := Column{Name: name, Doc: f.Tag.Get("doc"), off: base + f.Offset}
		switch f.Type {
		case reflect.TypeFor[string]():
			c.Kind = KindText
		case reflect.TypeFor[Int]():
			c.Kind = KindInt
		case reflect.TypeFor[int64]():
			c.Kind = KindInt64
		case reflect.TypeFor[int32]():
			c.Kind = KindInt32
		case reflect.TypeFor[Float]():
			c.Kind = KindFloat
		case reflect.TypeFor[Micros]():
			c.Kind = KindMicros
		default:
			panic(fmt.Sprintf("table: %s.%s: no column kind for %s", t.Name(), f.Name, f.Type))
		}
		out = append(out, c)
	}
	return out
}

// Schema is the Arrow schema of R; each field carries its description and unit as metadata.
func Schema[R any]() *arrow.Schema {
	cols := Columns[R]()
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		keys, values := []string{"description"}, []string{c.Doc}
		if u := c.Unit(); u != "" {
			keys, values = append(keys, "unit"), append(values, u)
		}
		fields[i] = arrow.Field{Name: c.Name, Type: c.Kind.arrow(), Nullable: c.Kind != KindInt64 && c.Kind != KindInt32, Metadata: arrow.NewMetadata(keys, values)}
	}
	return arrow.NewSchema(fields, nil)
}

func (k ColumnKind) arrow() arrow.DataType {
	switch k {
	case KindText:
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	case KindInt32:
		return arrow.PrimitiveTypes.Int32
	case KindFloat:
		return arrow.PrimitiveTypes.Float64
	case KindMicros:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	default:
		return arrow.PrimitiveTypes.Int64
	}
}

// column builds one Arrow array. Arrow's own dictionary builder allocates for every value
// (arrow v17 array/dictionary.go), so the dictionary is kept here and joined at the end.
type column struct {
	Column
	ints   *array.Int64Builder
	int32s *array.Int32Builder
	floats *array.Float64Builder
	times  *array.TimestampBuilder
	words  map[string]int32
	dict   *array.StringBuilder
	last   string
	lastID int32
}

func newColumn(c Column) column {
	out := column{Column: c}
	mem := memory.DefaultAllocator
	switch c.Kind {
	case KindInt, KindInt64:
		out.ints = array.NewInt64Builder(mem)
	case KindInt32:
		out.int32s = array.NewInt32Builder(mem)
	case KindFloat:
		out.floats = array.NewFloat64Builder(mem)
	case KindMicros:
		out.times = array.NewTimestampBuilder(mem, c.Kind.arrow().(*arrow.TimestampType))
	case KindText:
		out.int32s = array.NewInt32Builder(mem)
		out.dict = array.NewStringBuilder(mem)
		out.words = map[string]int32{}
	}
	return out
}

func (c *column) write(base unsafe.Pointer, stride uintptr, n int) {
	p := unsafe.Add(base, c.off)
	switch c.Kind {
	case KindInt, KindInt64:
		c.ints.Reserve(n)
		for i := range n {
			v := *(*int64)(unsafe.Add(p, uintptr(i)*stride))
			if v == Null && c.Kind == KindInt {
				c.ints.UnsafeAppendBoolToBitmap(false)
			} else {
				c.ints.UnsafeAppend(v)
			}
		}
	case KindInt32:
		c.int32s.Reserve(n)
		for i := range n {
			c.int32s.UnsafeAppend(*(*int32)(unsafe.Add(p, uintptr(i)*stride)))
		}
	case KindFloat:
		c.floats.Reserve(n)
		for i := range n {
			v := *(*float64)(unsafe.Add(p, uintptr(i)*stride))
			if math.IsNaN(v) {
				c.floats.UnsafeAppendBoolToBitmap(false)
			} else {
				c.floats.UnsafeAppend(v)
			}
		}
	case KindMicros:
		c.times.Reserve(n)
		for i := range n {
			v := *(*int64)(unsafe.Add(p, uintptr(i)*stride))
			if v == Null {
				c.times.UnsafeAppendBoolToBitmap(false)
			} else {
				c.times.UnsafeAppend(arrow.Timestamp(v))
			}
		}
	case KindText:
		c.int32s.Reserve(n)
		for i := range n {
			s := *(*string)(unsafe.Add(p, uintptr(i)*stride))
			if s == "" {
				c.int32s.UnsafeAppendBoolToBitmap(false)
				continue
			}
			c.int32s.UnsafeAppend(c.word(s))
		}
	}
}

func (c *column) word(s string) int32 {
	// The parsers hand the same string again while a field stays the same.
	if c.last != "" && len(s) == len(c.last) && unsafe.StringData(s) == unsafe.StringData(c.last) {
		return c.lastID
	}
	id, ok := c.words[s]
	if !ok {
		id = int32(len(c.words))
		c.words[s] = id
		c.dict.Append(s)
	}
	c.last, c.lastID = s, id
	return id
}

func (c *column) finish() arrow.Array {
	switch c.Kind {
	case KindInt, KindInt64:
		defer c.ints.Release()
		return c.ints.NewArray()
	case KindInt32:
		defer c.int32s.Release()
		return c.int32s.NewArray()
	case KindFloat:
		defer c.floats.Release()
		return c.floats.NewArray()
	case KindMicros:
		defer c.times.Release()
		return c.times.NewArray()
	}
	defer c.int32s.Release()
	defer c.dict.Release()
	index, dict := c.int32s.NewArray(), c.dict.NewArray()
	defer index.Release()
	defer dict.Release()
	return array.NewDictionaryArray(c.Kind.arrow(), index, dict)
}

func readColumn(c Column, a arrow.Array, base unsafe.Pointer, stride uintptr, n int) {
	p := unsafe.Add(base, c.off)
	switch c.Kind {
	case KindInt, KindInt64:
		read(a, a.(*array.Int64).Int64Values(), p, stride, n, Null)
	case KindInt32:
		read(a, a.(*array.Int32).Int32Values(), p, stride, n, 0)
	case KindFloat:
		read(a, a.(*array.Float64).Float64Values(), p, stride, n, math.NaN())
	case KindMicros:
		read(a, a.(*array.Timestamp).TimestampValues(), p, stride, n, Null)
	case KindText:
		d := a.(*array.Dictionary)
		words := d.Dictionary().(*array.String)
		index := d.Indices().(*array.Int32).Int32Values()
		for i := range n {
			if a.IsValid(i) {
				*(*string)(unsafe.Add(p, uintptr(i)*stride)) = words.Value(int(index[i]))
			}
		}
	}
}

func read[T any](a arrow.Array, values []T, p unsafe.Pointer, stride uintptr, n int, null T) {
	nulls := a.NullN() > 0
	for i := range n {
		v := values[i]
		if nulls && a.IsNull(i) {
			v = null
		}
		*(*T)(unsafe.Add(p, uintptr(i)*stride)) = v
	}
}
