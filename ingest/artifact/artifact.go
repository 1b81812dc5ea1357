// Package artifact is what every artifact format is given to read and where it puts what it finds.
//
// It knows no format: package ingest lists them, and each has a package of its own.
package artifact

import (
	"io"

	"psyncope/ingest/table"
)

// Input is one artifact, decompressed.
type Input struct {
	// Origin names the instance and the file; its Line is where the reader begins counting (0).
	Origin table.Origin
	// Name is the file's base name without compression suffixes: "info-20261122T184530Z.txt".
	Name string
	// ModTime is the file's modification time; Null where it has none.
	ModTime table.Micros
	// Body is read once, to its end.
	Body io.Reader
	// Fields asks for the table of INFO fields without a column of their own.
	Fields bool
	// Beside, if set, is the instance of a server that turns out to be in the artifact, by the name that its lines have.
	Beside func(name string) string
	// Refused, if set, is told of every line that is rejected.
	Refused func(line int32)
}

// Refuse tells Refused.
func (in *Input) Refuse(line int32) {
	if in.Refused != nil {
		in.Refused(line)
	}
}

// Account is what became of the bytes: each was a record, a line of no interest, or a rejected
// line with a row in Problems. A format's Read returns it.
type Account struct {
	Records, Ignored, Rejected int64
	// First and Last are the earliest and latest stamps as written; Null without any.
	First, Last table.Micros
}

// NewAccount is an account with nothing in it.
func NewAccount() Account { return Account{First: table.Null, Last: table.Null} }

// Saw widens the account's span to t.
func (a *Account) Saw(t table.Micros) {
	if t == table.Null {
		return
	}
	if a.First == table.Null || t < a.First {
		a.First = t
	}
	if a.Last == table.Null || t > a.Last {
		a.Last = t
	}
}

// Format is one kind of artifact. Package ingest holds the list of them.
type Format struct {
	// Name is the kind as inputs.files prints it: info, log, slowlog, ...
	Name string
	// Sniff says how sure it is, 0 to 100, that a file with this base name and these first bytes
	// (up to 64 KiB, decompressed, possibly cut in mid-line) is of its kind. Content counts before the name.
	Sniff func(name string, head []byte) int
	// Read takes the whole artifact into out. A line that cannot be read is a row of out.Problems and
	// counts as rejected; only a failing Body is an error, and what was read before it stays.
	Read func(in Input, out *table.Case) (Account, error)
}
