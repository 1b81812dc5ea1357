package report

import (
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"psyncope/ingest/table"
)

// evidenceColumns are the columns of a table of the model as it is written out: its group and the reference axis before its own.
func evidenceColumns(own []table.Column) []table.Column {
	out := table.Columns[keyed]()
	for _, c := range own {
		if c.Name != "instance" {
			out = append(out, c)
		}
	}
	return out
}

// schemaOf is the Arrow schema of columns as they are written out; text is dictionary-coded.
func schemaOf(columns []table.Column) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		names, values := []string{"description"}, []string{c.Doc}
		if u := c.Unit(); u != "" {
			names, values = append(names, "unit"), append(values, u)
		}
		fields[i] = arrow.Field{Name: c.Name, Type: typeOf(c), Nullable: c.As == table.AsFlag || c.Kind != table.KindInt64 && c.Kind != table.KindInt32, Metadata: arrow.NewMetadata(names, values)}
	}
	return arrow.NewSchema(fields, nil)
}

func typeOf(c table.Column) arrow.DataType {
	switch c.As {
	case table.AsFlag:
		return arrow.FixedWidthTypes.Boolean
	case table.AsList:
		return arrow.ListOf(arrow.BinaryTypes.String)
	}
	return c.Kind.Arrow()
}

// stampColumns are a table's own stamps: what its rows are placed by.
var stampColumns = map[string]string{"events": "stamp_us", "commands": "ended_us", "settings": "", "host_samples": "stamp_us"}

// joined is a batch of evidence with its group and its place on the reference axis before its own columns.
func joined(name string, own []table.Column, r arrow.Record, place table.Place) []arrow.Array {
	at := func(name string) arrow.Array {
		for i, c := range own {
			if c.Name == name {
				return r.Column(i)
			}
		}
		return nil
	}
	stamps, ok := stampColumns[name]
	if !ok {
		stamps = "server_at_us"
	}
	instance, file, line, stamp, clock := texts(at("instance")), texts(at("file")), at("line").(*array.Int32), at(stamps), texts(at("clock"))
	groups := array.NewDictionaryBuilder(memory.DefaultAllocator, table.KindText.Arrow().(*arrow.DictionaryType)).(*array.BinaryDictionaryBuilder)
	defer groups.Release()
	axis := array.NewTimestampBuilder(memory.DefaultAllocator, table.KindMicros.Arrow().(*arrow.TimestampType))
	defer axis.Release()
	for n := range int(r.NumRows()) {
		row := table.Row{Table: name, Origin: table.Origin{Instance: instance(n), File: file(n), Line: line.Value(n)}, Stamp: table.Null, Clock: clock(n)}
		if s, ok := stamp.(*array.Timestamp); ok && s.IsValid(n) {
			row.Stamp = table.Micros(s.Value(n))
		}
		group, when := "", table.Micros(table.Null)
		if place != nil {
			group, when = place(row)
		}
		if group == "" {
			groups.AppendNull()
		} else {
			_ = groups.AppendString(group) // fails only where 2^31 words are not enough
		}
		if when == table.Null {
			axis.AppendNull()
		} else {
			axis.Append(arrow.Timestamp(when))
		}
	}
	who := at("instance")
	who.Retain()
	out := []arrow.Array{groups.NewArray(), who, axis.NewArray()}
	for i, c := range own {
		if c.Name != "instance" {
			out = append(out, shaped(c, r.Column(i)))
		}
	}
	return out
}

// texts gives the words of a column; "" where there is none.
func texts(a arrow.Array) func(int) string {
	d, ok := a.(*array.Dictionary)
	if !ok {
		return func(int) string { return "" }
	}
	words := d.Dictionary().(*array.String)
	return func(n int) string {
		if d.IsNull(n) {
			return ""
		}
		return words.Value(d.GetValueIndex(n))
	}
}

// shaped is a column as it is written out. The caller releases it.
func shaped(c table.Column, a arrow.Array) arrow.Array {
	switch c.As {
	case table.AsFlag:
		return flags(a)
	case table.AsList:
		return lists(a)
	case table.AsVersion:
		return versions(a.(*array.Dictionary))
	}
	a.Retain()
	return a
}

func flags(a arrow.Array) arrow.Array {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(a.Len())
	for n := range a.Len() {
		switch v := a.(type) {
		case *array.Int32:
			b.Append(v.Value(n) != 0)
		case *array.Int64:
			if v.IsNull(n) {
				b.AppendNull()
			} else {
				b.Append(v.Value(n) != 0)
			}
		}
	}
	return b.NewArray()
}

func lists(a arrow.Array) arrow.Array {
	b := array.NewListBuilder(memory.DefaultAllocator, arrow.BinaryTypes.String)
	defer b.Release()
	items := b.ValueBuilder().(*array.StringBuilder)
	text := texts(a)
	for n := range a.Len() {
		b.Append(true)
		s := text(n)
		if s == "" {
			continue
		}
		for item := range strings.SplitSeq(s, table.ListSep) {
			items.Append(strings.ToValidUTF8(item, "\ufffd"))
		}
	}
	return b.NewArray()
}

// versions puts a v before each: 7.2.4 is a day in April or July to a spreadsheet.
func versions(d *array.Dictionary) arrow.Array {
	words := d.Dictionary().(*array.String)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for n := range words.Len() {
		b.Append("v" + words.Value(n))
	}
	dict := b.NewArray()
	defer dict.Release()
	return array.NewDictionaryArray(d.DataType(), d.Indices(), dict)
}
