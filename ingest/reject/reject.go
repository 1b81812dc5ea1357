// Package reject writes down the lines of an artifact that could not be read.
//
// Every one is counted. The first [maxRows] of a file are rows of Problems, what is beyond them is one
// row together, so that a file that is not what it seemed does not cost more memory than it has bytes. The line behind a secret's name is
// counted without its text: it is the secret.
package reject

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"psyncope/ingest/artifact"
	"psyncope/ingest/secret"
	"psyncope/ingest/table"
)

const (
	maxRows = 200
	maxText = 200
)

// Lines takes the rejected lines of one artifact.
type Lines struct {
	In      artifact.Input
	Out     *table.Case
	Account *artifact.Account

	open  int32 // the line behind one that ended in a secret's name
	rows  int
	first int32 // of those beyond maxRows
	more  int64
}

// Add rejects a line; text is its beginning, or empty where it may hold a secret.
func (l *Lines) Add(line int32, reason, text string) {
	l.Account.Rejected++
	l.In.Refuse(l.In.Origin.Line + line)
	if line == l.open {
		text = ""
	}
	if secret.Open(text) {
		l.open = line + 1
	}
	if l.rows == maxRows {
		if l.more == 0 {
			l.first = line
		}
		l.more++
		return
	}
	l.rows++
	l.row(line, reason, Cut(text, maxText))
}

// Close writes the row for what is beyond maxRows.
func (l *Lines) Close() {
	if l.more > 0 {
		l.row(l.first, fmt.Sprintf("%d more lines that could not be read", l.more), "")
	}
}

func (l *Lines) row(line int32, reason, text string) {
	p := table.Problem{Origin: l.In.Origin, Reason: reason, Text: text}
	p.Line += line
	l.Out.Problems.Append(&p)
}

// Cut is at most n bytes of s, in memory of their own, and no half of a character at the end.
func Cut(s string, n int) string {
	if len(s) <= n {
		return strings.Clone(s)
	}
	for i := n; i > n-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(s[i]) {
			return strings.Clone(s[:i])
		}
	}
	return strings.Clone(s[:n])
}
