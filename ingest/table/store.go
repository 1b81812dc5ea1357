package table

import (
	"fmt"
	"iter"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Table holds rows of R as Arrow columns. The zero Table is empty and ready for Append.
// Rows go in before the first read and come out after it: Rows, All and Records close the
// table for appending.
//
// Text is dictionary-coded: INFO repeats its words dump after dump, and a log repeats its
// addresses line after line. A column that says the same in all rows of a record batch, as two of three columns of
// INFO do, is written once.
type Table[R any] struct {
	cols    []column
	schema  *arrow.Schema
	pending []R
	open    int // rows in cols
	chunks  []arrow.Record
	closed  bool
	n       int
}

// Rows wait in the form in which they came until there are waitBytes of them, then are written out column by
// column: that many stay in the first cache while every column passes over them.
const (
	waitBytes = 24 << 10
	waitMin   = 16
	waitMax   = 256
)

// chunkRows is how many rows make a record batch. Columns need not grow beyond it by copying, and one that changes
// once in a day is still written once in most of the day's batches.
const chunkRows = 4096

// spendRows is after how many rows Spend gives their memory back: what is made of a million dumps is as large again, and grows while they go.
const spendRows = 250_000

// Append adds a row. It panics after the table was read: an ingest bug, never an input's doing.
func (t *Table[R]) Append(r *R) {
	if t.closed {
		panic("table: append after read")
	}
	if t.pending == nil {
		t.pending = make([]R, 0, max(waitMin, min(waitMax, waitBytes/int(unsafe.Sizeof(*r)))))
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

// flush writes the rows that wait into the columns.
func (t *Table[R]) flush() {
	if len(t.pending) == 0 {
		return
	}
	if t.cols == nil {
		s := shapeOf[R]()
		t.schema = s.schema
		t.cols = make([]column, 0, len(s.columns))
		for _, c := range s.columns {
			t.cols = append(t.cols, column{Column: c, same: true})
		}
	}
	base, stride := unsafe.Pointer(unsafe.SliceData(t.pending)), unsafe.Sizeof(t.pending[0])
	for i := range t.cols {
		t.cols[i].write(unsafe.Add(base, t.cols[i].off), stride, len(t.pending))
	}
	t.open += len(t.pending)
	t.pending = t.pending[:0]
	if t.open > chunkRows-waitMax {
		t.seal()
	}
}

// seal makes a record batch of what is in the columns.
func (t *Table[R]) seal() {
	if t.open == 0 {
		return
	}
	arrays := make([]arrow.Array, len(t.cols))
	for i := range t.cols {
		arrays[i] = t.cols[i].finish(t.open)
	}
	t.chunks = append(t.chunks, array.NewRecord(t.schema, arrays, int64(t.open)))
	for _, a := range arrays {
		a.Release()
	}
	t.open = 0
}

// Records is the table as Arrow record batches of a few thousand rows. The table keeps them: do not release them.
func (t *Table[R]) Records() []arrow.Record {
	if t.closed {
		return t.chunks
	}
	t.closed = true
	t.flush()
	t.seal()
	t.pending, t.cols, t.schema = nil, nil, nil
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
func (t *Table[R]) Rows() []R { return Read[R](t) }

// Read reads all rows of t back, in the order in which they were appended, straight into rows of another struct:
// one that has columns of R, embedded or by themselves, and what else its user notes beside them. Fields of V that are
// no columns are zero; a column of V that R has not is an error of the program, and Read panics.
func Read[V, R any](t *Table[R]) []V {
	rows := make([]V, t.n)
	done := 0
	read(t, func(n int) []V {
		done += n
		return rows[done-n : done]
	}, nil)
	return rows
}

// ReadEach is Read that hands the rows on some at a time, and writes over them then: for those who keep less than a row is.
func ReadEach[V, R any](t *Table[R], take func([]V)) {
	var rows []V
	read(t, reused(&rows), take)
}

// Spend is ReadEach that lets go of the rows as it hands them on, so that a million of them are not held beside what is made of them. The table is
// empty afterwards. Its words stay: they are Go's memory.
func Spend[V, R any](t *Table[R], take func([]V)) {
	chunks := t.Records()
	*t = Table[R]{}
	var rows []V
	spent := 0
	for i, rec := range chunks {
		chunks[i] = nil
		read(&Table[R]{chunks: []arrow.Record{rec}, closed: true}, reused(&rows), take)
		spent += int(rec.NumRows())
		rec.Release()
		if spent >= spendRows {
			GiveBack(spent)
			spent = 0
		}
	}
}

// GiveBack gives memory back to the system once so many files or rows were done with: what 100,000 took, some 50 MiB, would stay beside what comes
// next, which is a few large pieces.
func GiveBack(n int) {
	if n >= 100_000 {
		debug.FreeOSMemory()
	}
}

// reused gives room in rows, again and again.
func reused[V any](rows *[]V) func(n int) []V {
	return func(n int) []V {
		if cap(*rows) < n {
			*rows = make([]V, n)
		}
		*rows = (*rows)[:n]
		clear(*rows)
		return *rows
	}
}

// read reads rows into the zero ones that room gives, and tells done of them, if that is set.
func read[V, R any](t *Table[R], room func(n int) []V, done func([]V)) {
	cols := shapeOf[V]().columns
	from := sourcesOf[R](cols)
	readers := make([]reader, len(cols))
	stride := reflect.TypeFor[V]().Size()
	step := max(waitMin, waitBytes/int(stride))
	for _, rec := range t.Records() {
		n := int(rec.NumRows())
		for i, c := range cols {
			readers[i] = newReader(c, rec.Column(from[i]))
		}
		for from := 0; from < n; from += step {
			rows := room(min(step, n-from))
			base := unsafe.Pointer(unsafe.SliceData(rows))
			for i := range readers {
				readers[i].read(unsafe.Add(base, readers[i].off), stride, from, len(rows))
			}
			if done != nil {
				done(rows)
			}
		}
	}
}

// sourcesOf tells which of R's columns each of cols is.
func sourcesOf[R any](cols []Column) []int {
	at := map[string]int{}
	kinds := []ColumnKind{}
	for i, c := range shapeOf[R]().columns {
		at[c.Name], kinds = i, append(kinds, c.Kind)
	}
	out := make([]int, len(cols))
	for i, c := range cols {
		j, ok := at[c.Name]
		if !ok || kinds[j] != c.Kind {
			panic(fmt.Sprintf("table: %s has no such column %s", reflect.TypeFor[R](), c.Name))
		}
		out[i] = j
	}
	return out
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
	t.Map(func(c Column, w string) string {
		if r, ok := to[w]; ok && c.Name == column {
			return r
		}
		return w
	})
}

// Map replaces the words of all text columns by what change makes of them. It costs as much as they have different words, and closes t for
// appending.
func (t *Table[R]) Map(change func(c Column, word string) string) {
	cols := shapeOf[R]().columns
	for n, rec := range t.Records() {
		columns := slices.Clone(rec.Columns())
		for i, c := range cols {
			if c.Kind != KindText {
				continue
			}
			old := rec.Column(i).(*array.Dictionary)
			words := old.Dictionary().(*array.String)
			b := array.NewStringBuilder(memory.DefaultAllocator)
			changed := false
			for j := range words.Len() {
				w := words.Value(j)
				to := change(c, w)
				changed = changed || to != w
				b.Append(to)
			}
			dict := b.NewArray()
			b.Release()
			if changed {
				columns[i] = array.NewDictionaryArray(old.DataType(), old.Indices(), dict)
				defer columns[i].Release()
			}
			dict.Release()
		}
		t.chunks[n] = array.NewRecord(rec.Schema(), columns, rec.NumRows())
		rec.Release()
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
	As   As // how it is written out
	Is   Is // what its words are, of a column of text
	off  uintptr
}

// Is says what the words of a column of text are: whose they are, and so what may be shown to strangers.
type Is string

// The ways of a column's tag "is". Every column of text has one.
const (
	IsOwn     Is = "own"     // a word of this program's
	IsWord    Is = "word"    // a word of the server's own
	IsText    Is = "text"    // what a server or a person wrote: messages, reasons, values of settings
	IsHost    Is = "host"    // an address or a host's name, with its port
	IsName    Is = "name"    // a name that somebody gave, or an id
	IsArgs    Is = "args"    // arguments of a command
	IsPath    Is = "path"    // where something lies: a file, or the instance that was named after it
	IsExcerpt Is = "excerpt" // a piece of a line that nothing understood
)

// As is how a column's values are written out where that is not how they are kept.
type As string

// The ways of a column's tag "as".
const (
	AsFlag    As = "flag"    // a number that is 0 or 1: a boolean
	AsList    As = "list"    // text, its items apart by ListSep: a list of text
	AsVersion As = "version" // text that spreadsheets take for a date: with a v before it
)

// ListSep parts the items of a list that is kept as text.
const ListSep = "\x1f"

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

// Columns lists the columns of R in the order of its fields; those of an embedded struct stand in its place. The slice is a copy.
func Columns[R any]() []Column { return slices.Clone(shapeOf[R]().columns) }

// shape is what a row's struct says of its table.
type shape struct {
	columns []Column
	schema  *arrow.Schema
}

// shapes holds the shape of each row's struct by its reflect.Type: a fleet of small groups has a table for each of tens of thousands of files.
var shapes sync.Map

func shapeOf[R any]() *shape {
	t := reflect.TypeFor[R]()
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	cols := columnsOf(t, 0)
	s, _ := shapes.LoadOrStore(t, &shape{columns: cols, schema: schemaOf(cols)})
	return s.(*shape)
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
		c := Column{Name: name, Doc: f.Tag.Get("doc"), As: As(f.Tag.Get("as")), Is: Is(f.Tag.Get("is")), off: base + f.Offset}
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
func Schema[R any]() *arrow.Schema { return shapeOf[R]().schema }

func schemaOf(cols []Column) *arrow.Schema {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		keys, values := []string{"description"}, []string{c.Doc}
		if u := c.Unit(); u != "" {
			keys, values = append(keys, "unit"), append(values, u)
		}
		fields[i] = arrow.Field{Name: c.Name, Type: c.Kind.Arrow(), Nullable: c.Kind != KindInt64 && c.Kind != KindInt32, Metadata: arrow.NewMetadata(keys, values)}
	}
	return arrow.NewSchema(fields, nil)
}

// Arrow is the Arrow type in which a kind is kept.
func (k ColumnKind) Arrow() arrow.DataType {
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

// InfoNames are the names of INFO's fields that have a column: the first of each info tag and its other names.
func InfoNames() []string {
	var out []string
	row := reflect.TypeFor[Sample]()
	for i := range row.NumField() {
		tag, _, _ := strings.Cut(row.Field(i).Tag.Get("info"), ",")
		if tag != "" {
			out = append(out, strings.Split(tag, "|")...)
		}
	}
	return out
}
