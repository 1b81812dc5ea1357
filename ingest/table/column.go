package table

import (
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"psyncope/ingest/secret"
)

// column collects one column of a record batch. Arrow's builders are not used: they cost a call and a bit for every
// value, and their dictionary allocates for each (arrow v17 array/dictionary.go).
//
// As long as all rows say the same, they are only counted. What is not known lies among the values as Null, NaN or
// noWord; Arrow's bitmap is made of that at the end.
type column struct {
	Column
	same   bool  // all n values are value
	value  int64 // float64s as their bits, words as their numbers
	n      int
	values []int64 // KindInt, KindInt64, KindFloat, KindMicros
	small  []int32 // KindInt32, KindText
	words  map[string]int32
	dict   []string
	recent [4]word // words seen last, by address
	long   bool    // the batch before was full: so will be this one
}

// word is a word with its number.
type word struct {
	text string
	id   int32
}

// noWord is the number of the empty word, which is null.
const noWord = -1

// nothing is what columns without any known value share, and those of zeros.
var nothing [chunkRows * 8]byte

// write adds the n values that lie stride bytes apart from p on.
func (c *column) write(p unsafe.Pointer, stride uintptr, n int) {
	switch c.Kind {
	case KindInt32:
		c.small = put(c, c.small, p, stride, n, func(p unsafe.Pointer) int32 { return *(*int32)(p) })
	case KindText:
		if c.repeats(p, stride, n) {
			c.n += n
			return
		}
		c.small = put(c, c.small, p, stride, n, func(p unsafe.Pointer) int32 { return c.word(*(*string)(p)) })
	default:
		c.put64(p, stride, n)
	}
}

// repeats reports whether n strings are the very string that all before them were. The parsers hand the same one again
// while a field stays the same.
func (c *column) repeats(p unsafe.Pointer, stride uintptr, n int) bool {
	s := *(*string)(p)
	id := int64(c.word(s))
	if c.n == 0 {
		c.value = id
	}
	if !c.same || id != c.value {
		return false
	}
	for i := 1; i < n; i++ {
		o := *(*string)(unsafe.Add(p, uintptr(i)*stride))
		if len(o) != len(s) || unsafe.StringData(o) != unsafe.StringData(s) && s != "" {
			return false
		}
	}
	return true
}

// put64 is put for the kinds of eight bytes, which are most of all there is: without a call for each value.
func (c *column) put64(p unsafe.Pointer, stride uintptr, n int) {
	i := 0
	if c.same {
		if c.n == 0 {
			c.value = *(*int64)(p)
		}
		for i < n && *(*int64)(unsafe.Add(p, uintptr(i)*stride)) == c.value {
			i++
		}
		if i == n {
			c.n += n
			return
		}
		c.values = spread(c, c.values)
	}
	at := len(c.values)
	c.values = grow(c.values, n)
	to := c.values[at : at+n]
	for i := range to {
		to[i] = *(*int64)(unsafe.Add(p, uintptr(i)*stride))
	}
	c.n += n
}

func put(c *column, values []int32, p unsafe.Pointer, stride uintptr, n int, load func(unsafe.Pointer) int32) []int32 {
	if c.n == 0 {
		c.value = int64(load(p))
	}
	for i := range n {
		v := load(unsafe.Add(p, uintptr(i)*stride))
		if c.same && int64(v) != c.value {
			values = spread(c, values)
		}
		if !c.same {
			values = append(values, v)
		}
		c.n++
	}
	return values
}

// spread writes the values out that were only counted.
func spread[T int32 | int64](c *column, values []T) []T {
	c.same = false
	if values = values[:0]; c.long {
		values = make([]T, 0, chunkRows)
	}
	values = grow(values, c.n)
	for i := range values {
		values[i] = T(c.value)
	}
	return values
}

// grow lengthens values by n; by doubling, but not beyond a record batch.
func grow[T int32 | int64](values []T, n int) []T {
	need := len(values) + n
	if need > cap(values) {
		more := make([]T, len(values), max(min(2*need, chunkRows), need))
		copy(more, values)
		values = more
	}
	return values[:need]
}

func (c *column) word(s string) int32 {
	if s == "" {
		return noWord
	}
	// The parsers hand the same string again while a field stays the same, and those of several replicas in turn.
	at := &c.recent[uintptr(unsafe.Pointer(unsafe.StringData(s)))>>4%4]
	if len(s) == len(at.text) && unsafe.StringData(s) == unsafe.StringData(at.text) {
		return at.id
	}
	id, ok := c.words[s]
	if !ok {
		if c.words == nil {
			c.words = map[string]int32{}
		}
		id = int32(len(c.dict))
		c.words[s] = id
		c.dict = append(c.dict, c.clean(s))
	}
	*at = word{s, id}
	return id
}

// clean is a word without the credentials in it: no row has any. What lies where is left as it is, or nobody would find it.
func (c *column) clean(s string) string {
	if c.Is == IsPath {
		return s
	}
	return secret.Text(s)
}

// finish makes the Arrow array of the n values and empties the column.
func (c *column) finish(n int) arrow.Array {
	var out arrow.Array
	switch c.Kind {
	case KindInt32:
		out = array32(c, n, false)
	case KindText:
		index, dict := array32(c, n, true), words(c.dict)
		out = array.NewDictionaryArray(c.Kind.Arrow(), index, dict)
		index.Release()
		dict.Release()
	default:
		out = array64(c, n)
	}
	*c = column{Column: c.Column, same: true, long: true}
	return out
}

func array64(c *column, n int) arrow.Array {
	unknown := int64(Null)
	switch c.Kind {
	case KindInt64:
		unknown = 0
	case KindFloat:
		unknown = int64(math.Float64bits(math.NaN()))
		for i, v := range c.values { // there are many NaNs
			if math.IsNaN(math.Float64frombits(uint64(v))) {
				c.values[i] = unknown
			}
		}
	}
	nullable := c.Kind != KindInt64
	switch {
	case c.same && nullable && (c.value == unknown || c.Kind == KindFloat && math.IsNaN(math.Float64frombits(uint64(c.value)))):
		return made(c.Kind.Arrow(), n, n, nothing[:(n+7)/8], nothing[:8*n])
	case c.same && c.value == 0:
		return made(c.Kind.Arrow(), n, 0, nil, nothing[:8*n])
	case c.same:
		c.values = spread(c, c.values)
		return made(c.Kind.Arrow(), n, 0, nil, arrow.Int64Traits.CastToBytes(c.values))
	}
	bitmap, nulls := bits(c.values, unknown, nullable)
	return made(c.Kind.Arrow(), n, nulls, bitmap, arrow.Int64Traits.CastToBytes(c.values))
}

func array32(c *column, n int, text bool) arrow.Array {
	switch {
	case c.same && text && c.value == noWord:
		return made(arrow.PrimitiveTypes.Int32, n, n, nothing[:(n+7)/8], nothing[:4*n])
	case c.same && c.value == 0:
		return made(arrow.PrimitiveTypes.Int32, n, 0, nil, nothing[:4*n])
	case c.same:
		c.small = spread(c, c.small)
		return made(arrow.PrimitiveTypes.Int32, n, 0, nil, arrow.Int32Traits.CastToBytes(c.small))
	}
	bitmap, nulls := bits(c.small, noWord, text)
	if nulls > 0 { // no reader shall find an index out of range, null or not
		for i, v := range c.small {
			c.small[i] = max(v, 0)
		}
	}
	return made(arrow.PrimitiveTypes.Int32, n, nulls, bitmap, arrow.Int32Traits.CastToBytes(c.small))
}

// bits is Arrow's bitmap of the values that are not unknown, nil where all are known, and how many are not.
func bits[T int32 | int64](values []T, unknown T, nullable bool) ([]byte, int) {
	if !nullable {
		return nil, 0
	}
	nulls := 0
	for _, v := range values {
		if v == unknown {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	bitmap := make([]byte, (len(values)+7)/8)
	for i, v := range values {
		if v != unknown {
			bitmap[i/8] |= 1 << (i % 8)
		}
	}
	return bitmap, nulls
}

// made is an Arrow array over memory that is Go's.
func made(t arrow.DataType, n, nulls int, bitmap, values []byte) arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(values)}
	if bitmap != nil {
		buffers[0] = memory.NewBufferBytes(bitmap)
	}
	data := array.NewData(t, n, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// words is an Arrow array of strings.
func words(dict []string) arrow.Array {
	size := 0
	for _, w := range dict {
		size += len(w)
	}
	offsets, text := make([]int32, 1, len(dict)+1), make([]byte, 0, size)
	for _, w := range dict {
		text = append(text, w...)
		offsets = append(offsets, int32(len(text)))
	}
	data := array.NewData(arrow.BinaryTypes.String, len(dict), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(text)}, nil, 0, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// reader gives the values of one column of a record batch back.
type reader struct {
	Column
	values []int64
	small  []int32
	words  []string
	nulls  arrow.Array // nil where every value is known, or unknown values lie among the others
	none   bool        // no value is known
}

func newReader(c Column, a arrow.Array) reader {
	r := reader{Column: c, none: a.NullN() == a.Len()}
	switch c.Kind {
	case KindInt32:
		r.small = a.(*array.Int32).Int32Values()
	case KindText:
		d := a.(*array.Dictionary)
		words := d.Dictionary().(*array.String)
		r.words = make([]string, words.Len())
		for i := range r.words {
			r.words[i] = words.Value(i)
		}
		r.small = d.Indices().(*array.Int32).Int32Values()
		if a.NullN() > 0 {
			r.nulls = a
		}
	case KindFloat:
		r.values = arrow.Int64Traits.CastFromBytes(arrow.Float64Traits.CastToBytes(a.(*array.Float64).Float64Values()))
	case KindMicros:
		r.values = arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.(*array.Timestamp).TimestampValues()))
	default:
		r.values = a.(*array.Int64).Int64Values()
	}
	return r
}

// read writes the values from..from+n to places stride bytes apart from p on, where there are zeros.
func (r *reader) read(p unsafe.Pointer, stride uintptr, from, n int) {
	switch {
	case r.Kind == KindInt32:
		for i, v := range r.small[from : from+n] {
			*(*int32)(unsafe.Add(p, uintptr(i)*stride)) = v
		}
	case r.Kind == KindText:
		if r.none {
			return
		}
		for i, v := range r.small[from : from+n] {
			if r.nulls == nil || r.nulls.IsValid(from+i) {
				*(*string)(unsafe.Add(p, uintptr(i)*stride)) = r.words[v]
			}
		}
	case r.none && r.Kind == KindFloat:
		for i := range n {
			*(*float64)(unsafe.Add(p, uintptr(i)*stride)) = math.NaN()
		}
	case r.none && r.Kind != KindInt64:
		for i := range n {
			*(*int64)(unsafe.Add(p, uintptr(i)*stride)) = Null
		}
	default:
		for i, v := range r.values[from : from+n] {
			*(*int64)(unsafe.Add(p, uintptr(i)*stride)) = v
		}
	}
}
