package report

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// Parquet begins a directory of Parquet files, zstd-compressed. Each column's description and unit stand in
// the Arrow schema that the file carries.
func Parquet(dir string, _ Options) (*Tables, error) {
	return openTables(dir, ".parquet", func(f *os.File, s sheet) (writer, error) { return beginParquet(f, s, compress.Codecs.Zstd) })
}

func beginParquet(to io.Writer, s sheet, codec compress.Compression) (writer, error) {
	schema := plainSchema(s)
	buf := bufio.NewWriterSize(to, 1<<16)
	w, err := pqarrow.NewFileWriter(schema, buf,
		parquet.NewWriterProperties(parquet.WithCompression(codec), parquet.WithCreatedBy("psyncope"), parquet.WithMaxRowGroupLength(parquetRows)),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, err
	}
	return &plainWriter{schema: schema, write: w.WriteBuffered, end: func() error { return errors.Join(w.Close(), buf.Flush()) }}, nil
}

// Arrow begins a directory of Arrow IPC files (Feather version 2), not compressed: arrow-js has no codec of its own.
func Arrow(dir string, _ Options) (*Tables, error) {
	return openTables(dir, ".arrow", func(f *os.File, s sheet) (writer, error) {
		schema := plainSchema(s)
		w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema))
		if err != nil {
			return nil, err
		}
		return &plainWriter{schema: schema, write: w.Write, end: w.Close}, nil
	})
}

// parquetRows is the length of a row group, which is in memory until it is full.
const parquetRows = 1 << 17

// plainWriter writes batches with text as plain strings.
//
// The model keeps text dictionary-coded, batch by batch. An IPC file must not replace a dictionary
// once it is written, and every case brings its own; Parquet makes its own dictionaries. So
// both get the strings.
type plainWriter struct {
	schema *arrow.Schema
	write  func(arrow.Record) error
	end    func() error
}

func (w *plainWriter) Write(r arrow.Record) error {
	cols := make([]arrow.Array, r.NumCols())
	for i := range cols {
		if d, ok := r.Column(i).(*array.Dictionary); ok {
			cols[i] = plainText(d)
			defer cols[i].Release()
			continue
		}
		cols[i] = r.Column(i)
	}
	out := array.NewRecord(w.schema, cols, r.NumRows())
	defer out.Release()
	return w.write(out)
}

func (w *plainWriter) Close() error { return w.end() }

// plainText is a dictionary's column as strings. Bytes that are no UTF-8 are replaced: readers refuse
// the whole file for one of them.
func plainText(d *array.Dictionary) arrow.Array {
	dict := d.Dictionary().(*array.String)
	words := make([]string, dict.Len())
	for i := range words {
		if words[i] = dict.Value(i); !utf8.ValidString(words[i]) {
			words[i] = strings.ToValidUTF8(words[i], "\ufffd")
		}
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(d.Len())
	for i := range d.Len() {
		if d.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(words[d.GetValueIndex(i)])
		}
	}
	return b.NewArray()
}

// plainSchema is a table's schema with plain strings, and with the table's own name and description.
func plainSchema(s sheet) *arrow.Schema {
	fields := s.schema.Fields()
	for i := range fields {
		if fields[i].Type.ID() == arrow.DICTIONARY {
			fields[i].Type = arrow.BinaryTypes.String
		}
	}
	meta := arrow.NewMetadata([]string{"table", "description"}, []string{s.name, s.doc})
	return arrow.NewSchema(fields, &meta)
}
