package untangle

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"psyncope/ingest/message"
	"psyncope/ingest/record"
)

// sort is what a record holds.
type sort uint8

const (
	nothing sort = iota
	line         // a server's line, with its header or without
	dump         // INFO as text
	fields       // INFO as fields
	pair         // one field of INFO, its name in one cell and its value in the next
	command      // a slowlog entry
)

// rec is a record with what was found of it.
type rec struct {
	*record.Record
	sort sort
	text string
	line int32 // on which the text stands
	at   time.Time
	who  string
}

// fromRecords writes the evidence in records out as servers write it.
func fromRecords(records []record.Record) (Result, bool) {
	recs := make([]rec, len(records))
	text := textPath(records)
	entry := entryOf(records)
	cell := pairAt(records)
	kinds := map[sort]int{}
	for i := range records {
		recs[i] = rec{Record: &records[i]}
		recs[i].judge(text, entry, cell)
		kinds[recs[i].sort]++
	}
	if kinds[nothing] == len(recs) || kinds[nothing] > 20 && kinds[nothing] > 9*(len(recs)-kinds[nothing]) {
		return Result{}, false
	}
	kept := slices.DeleteFunc(recs, func(r rec) bool { return r.sort == nothing })
	c := choose(kept, text, cell, entry)
	if c.when != "" && newestFirst(kept) {
		slices.Reverse(kept)
	}
	res := Result{By: c.by()}
	var ps parts
	for i := range kept {
		kept[i].write(&ps, c, entry, cell)
	}
	res.Parts = ps.done()
	return res, len(res.Parts) > 0
}

// textPath is the path at which most of the servers' lines stand.
func textPath(records []record.Record) string {
	votes, order := map[string]int{}, []string(nil)
	var m message.Match
	step := max(len(records)/400, 1)
	for i := 0; i < len(records); i += step {
		for _, f := range records[i].Fields {
			n := 0
			switch {
			case isLogLine(f.Text):
				n = 4
			case len(f.Text) > 8 && isMessage(f.Text, &m):
				n = 2
			}
			if n > 0 {
				if votes[f.Path] == 0 {
					order = append(order, f.Path)
				}
				votes[f.Path] += n
			}
		}
	}
	best := ""
	for _, p := range order {
		if best == "" || votes[p] > votes[best] {
			best = p
		}
	}
	return best
}

// pairAt is the cell in which rows have the name of a field of INFO, with its value in the next one; -1 where they have not.
func pairAt(records []record.Record) int {
	votes := map[int]int{}
	look := records[:min(len(records), 200)]
	for i := range look {
		f := look[i].Fields
		for j := 0; j+1 < len(f) && j < 8; j++ {
			if isInfoField(strings.TrimSpace(f[j].Text)) {
				votes[j]++
			}
		}
	}
	for j, n := range votes {
		if n >= 5 && n*4 > len(look) {
			return j
		}
	}
	return -1
}

// judge says what a record holds.
func (r *rec) judge(text string, entry *entryPaths, cell int) {
	if cell >= 0 {
		if cell+1 < len(r.Fields) && plainName(strings.TrimSpace(r.Fields[cell].Text)) {
			r.sort = pair
		}
		return
	}
	n := 0
	for i := range r.Fields {
		f := &r.Fields[i]
		if isDump(f.Text) {
			r.sort, r.text, r.line = dump, f.Text, f.Line
			return
		}
		if isInfoField(lastOf(f.Path)) {
			n++
		}
	}
	switch {
	case n >= 4:
		r.sort = fields
	case entry != nil && entry.fits(r.Record):
		r.sort = command
	case text != "":
		if f := r.Field(text); f != nil && strings.TrimSpace(f.Text) != "" {
			r.sort, r.text, r.line = line, f.Text, f.Line
		}
	}
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// newestFirst reports whether most records are earlier than the one before.
func newestFirst(recs []rec) bool {
	up, down := 0, 0
	for i := 1; i < len(recs); i++ {
		switch {
		case recs[i].at.IsZero() || recs[i-1].at.IsZero():
		case recs[i].at.After(recs[i-1].at):
			up++
		case recs[i].at.Before(recs[i-1].at):
			down++
		}
	}
	return down > up
}

// write puts a record's evidence into its server's part.
func (r *rec) write(ps *parts, c *choice, entry *entryPaths, cell int) {
	switch r.sort {
	case line:
		r.writeLine(ps.at(r.who, "log"), c)
	case dump:
		p := ps.at(r.who, "info")
		r.heading(p)
		for l := range strings.Lines(r.text) {
			p.line(strings.TrimRight(l, "\r\n"), r.line)
		}
	case fields:
		r.writeFields(ps.at(r.who, "info"))
	case pair:
		ps.at(r.who, "info").line(strings.TrimSpace(r.Fields[cell].Text)+":"+strings.TrimSpace(r.Fields[cell+1].Text), r.Line)
	case command:
		ps.at(r.who, "slowlog").line(entry.write(r.Record), r.Line)
	}
}

func (r *rec) heading(p *part) {
	if !r.at.IsZero() {
		p.line("### "+r.at.Format(time.RFC3339Nano), r.Line)
	}
}

// writeLine writes a log's line: as it is where it has a header and the record no time, else as docker wraps lines, with what the record knows.
func (r *rec) writeLine(p *part, c *choice) {
	for l := range strings.Lines(r.text) {
		if l = strings.TrimRight(l, "\r\n"); strings.TrimSpace(l) == "" {
			continue
		}
		if r.at.IsZero() && c.level == "" && c.role == "" {
			p.line(l, r.line)
			continue
		}
		w := wrapped{Log: l + "\n", Stream: "stdout"}
		if !r.at.IsZero() {
			w.Time = r.at.Format("2006-01-02T15:04:05.000000000Z")
		}
		if !isLogLine(l) {
			w.Level, w.Role, w.PID = r.get(c.level), r.get(c.role), r.get(c.pid)
		}
		b, err := json.Marshal(w)
		if err != nil {
			continue
		}
		p.line(string(b), r.line)
	}
}

// wrapped is a line as package wrap reads it.
type wrapped struct {
	Log    string `json:"log"`
	Stream string `json:"stream"`
	Time   string `json:"time,omitempty"`
	Level  string `json:"level,omitempty"`
	Role   string `json:"role,omitempty"`
	PID    string `json:"_PID,omitempty"`
}

func (r *rec) get(path string) string {
	if path == "" {
		return ""
	}
	return r.Get(path)
}

// writeFields writes INFO that was taken apart into fields.
func (r *rec) writeFields(p *part) {
	r.heading(p)
	p.line("# Server", r.Line)
	nested := ""
	var inner []string
	flush := func(line int32) {
		if nested != "" {
			p.line(nested+":"+strings.Join(inner, ","), line)
		}
		nested, inner = "", nil
	}
	for _, f := range r.Fields {
		name, parent := lastOf(f.Path), ""
		if i := strings.LastIndexByte(f.Path, '.'); i >= 0 {
			parent = lastOf(f.Path[:i])
		}
		if isFamily(parent) { // slave0: {ip: ..., port: ...}
			if parent != nested {
				flush(f.Line)
				nested = parent
			}
			inner = append(inner, name+"="+f.Text)
			continue
		}
		flush(f.Line)
		if strings.ContainsAny(name, " :") || strings.Contains(f.Text, "\n") || !isInfoField(name) && !plainName(name) {
			continue
		}
		value := f.Text
		if value == "True" || value == "true" {
			value = "1"
		} else if value == "False" || value == "false" {
			value = "0"
		}
		p.line(name+":"+value, f.Line)
	}
	flush(r.Line)
}

// isFamily knows the numbered and named lines of INFO whose value is a list of pairs.
func isFamily(name string) bool {
	for _, f := range [...]string{"slave", "db", "master"} {
		if rest, ok := strings.CutPrefix(name, f); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			return true
		}
	}
	return strings.HasPrefix(name, "cmdstat_") || strings.HasPrefix(name, "errorstat_")
}

func plainName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == ""
}
