// Package logs reads server and Sentinel logs into the tables of events and problems.
//
// A line goes through three steps: package wrap takes it out of what shippers put around it, package
// logline takes its header off, package message gives the rest a kind. What is no message is told apart
// here: raw blocks (crash reports, logos, stack traces) are ignored, the rest of a message that was
// wrapped by a terminal is joined to it, other programmes' lines in the same stream are ignored, and
// what nothing explains is a row of problems. Every line is exactly one of: a record, ignored, rejected.
//
// # Folding
//
// Messages that repeat within a second are folded into rows with a count (see fold): a storm of ten thousand
// lines a second costs a few rows. The sum of counts is the number of messages, always.
//
// # Several servers in one file
//
// Where a wrapper names its source and the beginning of the file holds lines of several servers, each
// gets the source's name as its instance. One source alone, or none, is the artifact's own instance.
// Rows are in the order of the file for each instance.
//
// # Stamps
//
// A message's own stamp is kept as it was written; the wrapper's stands beside it, and in its place
// where a message has none (syslog). A raw line that carries meaning takes the stamp of a neighbour:
// the beginning of a crash report that of the next line, which the same process writes at once; others
// that of the line before. The package aligns no clocks, guesses no zone and no year.
package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"psyncope/ingest/artifact"
	"psyncope/ingest/table"
)

// Format is the format of server and Sentinel logs, whatever wraps them.
func Format() artifact.Format {
	return artifact.Format{Name: "log", Sniff: sniff, Read: read}
}

// sniff reads the head as a log and weighs what it understood against what it did not. A log may be
// three lines that someone pasted, so a single sure line among nothing else is enough.
func sniff(_ string, head []byte) int {
	const full = 64 << 10
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 && len(head) >= full {
		head = head[:i+1]
	}
	r := newReader(artifact.Input{}, nil)
	if err := r.all(newLines(bytes.NewReader(head))); err != nil {
		return 0
	}
	records, rejected := int(r.account.Records), int(r.account.Rejected)
	if records == 0 {
		return 0
	}
	understood := records + r.blocks
	if r.sure > 0 {
		return max(1, 98*understood/(understood+rejected))
	}
	// Messages without a stamp: other formats quote them too.
	if understood < rejected {
		return 0
	}
	return 70 * understood / (understood + rejected)
}

// read takes a whole log into out.
func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	l := newLines(in.Body)
	r := newReader(in, out)
	r.survey(l)
	r.doubled.each = timesEach(l.head(firstSize))
	if err := r.all(l); err != nil {
		return r.account, fmt.Errorf("read log %s: %w", in.Origin.File, err)
	}
	return r.account, nil
}

// all reads every line. What was read before an error is kept.
func (r *reader) all(l *lines) error {
	for {
		line, ok := l.next()
		if !ok {
			break
		}
		r.line++
		if r.doubled.each > 1 && r.doubled.again(line) {
			r.account.Ignored++
			continue
		}
		if n := len(line); n > 0 && line[n-1] <= '\r' || n > 1 && line[n-1] == 'M' && line[n-2] == '^' {
			line = unreturned(line)
		}
		// Most logs are bare: their lines go straight to the parser and the fold.
		if s := r.bare; s.parser.Parse(line, &r.header) {
			r.sure++
			if r.event(s, place{line: r.line, at: r.header.Stamp, outer: table.Null}) && r.doubled.each <= 1 {
				r.storm(l)
			}
			continue
		}
		r.odd(line)
	}
	r.finish()
	if !errors.Is(l.err, io.EOF) {
		return l.err
	}
	return nil
}

// storm reads on while every line is the one that followed the last one the time before. It does what event would do,
// without looking for the line's end or taking its header apart: in a storm that is three quarters of the work.
func (r *reader) storm(l *lines) {
	s := r.bare
	for {
		b := l.buf[l.start:l.end]
		last, at, level, n := s.parser.Again(b)
		if n == 0 {
			return
		}
		m := s.fold.next(last, level, b[n:], place{line: r.line + 1, at: at, outer: table.Null})
		if m == 0 {
			return
		}
		l.start += n + m
		r.line++
		r.sure++
		r.account.Records++
		s.records++
		s.joins = 0
	}
}

// unreturned takes off the carriage returns of a line, and "^M" as editors show them.
func unreturned(line []byte) []byte {
	for {
		switch n := len(line); {
		case n > 0 && line[n-1] == '\r':
			line = line[:n-1]
		case n > 1 && line[n-1] == 'M' && line[n-2] == '^':
			line = line[:n-2]
		default:
			return line
		}
	}
}
