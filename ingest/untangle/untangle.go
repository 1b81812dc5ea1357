// Package untangle gives back the plain files that servers wrote, out of what people export: records of log stores and consoles in any
// container, streams in which several servers' lines stand under prefixes or headings, INFO as a map, slowlogs as tables.
//
// It finds by content which part of a record holds a server's line, which holds its time, and which tells servers apart: a field or a
// prefix that stays the same within a process and differs between them, whatever it is called. It knows no vendor. What it hands out is
// text as servers write it, a [Part] for each server and kind, with the line of the file that each of its lines is from.
//
// It refuses to conclude: where nothing tells servers apart their lines stay in one part. It holds a file in memory while it takes it
// apart, and leaves alone what the readers of plain files can read as it is.
package untangle

import (
	"strings"

	"psyncope/ingest/record"
)

// Part is one server's share of a file, of one kind.
type Part struct {
	// Server is what the file calls it; empty where the file is one server's.
	Server string
	// Kind is log, info or slowlog.
	Kind string
	Text string
	// Lines are the lines of the file that the lines of Text are from, from 1.
	Lines []int32
}

// Result is what came of a file.
type Result struct {
	Parts []Part
	// By says what told servers apart: a field's path, "prefix" or "heading"; empty where there was one.
	By string
	// Behind are the lines of the file that a terminal made of the line before them; what they say has that line's number.
	Behind map[int32]bool
}

// Take takes a file apart. It is false where there is nothing to take apart.
func Take(text string) (Result, bool) {
	joined, lines := unwrapped(text)
	r, ok := take(joined)
	if ok && lines != nil {
		r.inFile(lines, int32(strings.Count(text, "\n")+1))
	}
	return r, ok
}

func take(text string) (Result, bool) {
	if records := record.Read(text); len(records) > 0 {
		r, ok := fromRecords(records)
		if ok && (len(r.Parts) > 1 || !isLogLine(firstOf(text))) {
			return r, true
		}
	}
	for _, take := range [...]func(string) (Result, bool){headed, told, glued, spelled, dumps, prefixed} {
		if r, ok := take(text); ok {
			return r, true
		}
	}
	return Result{}, false
}

// Tangled reports whether a file that begins like this may be worth taking apart.
func Tangled(head string) bool {
	first := firstLines(head, 1)
	if len(first) == 1 && isLogLine(first[0]) {
		return record.Delimited(head) || looksTold(head) // a table may have the line in its first column
	}
	return record.Structured(head) || looksHeaded(head) || looksTold(head) || looksPrefixed(head) || looksGlued(head) || looksSpelled(head) || looksLikeDumps(head)
}

// firstLines are up to n lines that are not blank.
func firstLines(text string, n int) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			if out = append(out, line); len(out) == n {
				break
			}
		}
	}
	return out
}

// part is a Part that is being written.
type part struct {
	Part
	b strings.Builder
}

func (p *part) line(text string, line int32) {
	p.b.WriteString(text)
	p.b.WriteByte('\n')
	p.Lines = append(p.Lines, line)
}

// parts keeps the parts of a file in the order in which they appear.
type parts struct {
	order []*part
	by    map[[2]string]*part
}

func (ps *parts) at(server, kind string) *part {
	k := [2]string{server, kind}
	if ps.by == nil {
		ps.by = map[[2]string]*part{}
	}
	if ps.by[k] == nil {
		ps.by[k] = &part{Part: Part{Server: server, Kind: kind}}
		ps.order = append(ps.order, ps.by[k])
	}
	return ps.by[k]
}

func (ps *parts) done() []Part {
	var out []Part
	for _, p := range ps.order {
		if len(p.Lines) > 0 {
			p.Text = p.b.String()
			out = append(out, p.Part)
		}
	}
	return out
}
