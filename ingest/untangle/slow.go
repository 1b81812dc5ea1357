package untangle

import (
	"encoding/json"
	"strconv"
	"strings"

	"psyncope/ingest/record"
)

// entryPaths are the fields of a table of slowlog entries.
type entryPaths struct{ id, at, took, command, client string }

// entryOf finds the columns of a slowlog in records that are tables of one: by their heading, or by what stands in them: a time, a
// number of microseconds, a command.
func entryOf(records []record.Record) *entryPaths {
	if len(records) == 0 {
		return nil
	}
	first := &records[0]
	e := &entryPaths{}
	for _, f := range first.Fields {
		name := strings.ToLower(f.Path)
		switch {
		case strings.HasPrefix(name, "dur") || strings.Contains(name, "exec") && strings.Contains(name, "time") || strings.Contains(name, "usec") || strings.Contains(name, "microsec"):
			e.took = f.Path
		case strings.Contains(name, "command") || name == "cmd" || name == "args" || name == "argv":
			e.command = f.Path
		case strings.Contains(name, "client") && strings.Contains(f.Text, ":"):
			e.client = f.Path
		case name == "id" || strings.HasSuffix(name, " id"):
			e.id = f.Path
		case e.at == "":
			if _, ok := instant(f.Text); ok {
				e.at = f.Path
			}
		}
	}
	if e.at != "" && e.took != "" && e.command != "" {
		return e
	}
	// Without a heading: SLOWLOG's own order, id, time, duration, command, client.
	for i := 1; i+2 < len(first.Fields); i++ {
		at, took, cmd := first.Fields[i], first.Fields[i+1], first.Fields[i+2]
		if _, ok := instant(at.Text); !ok || !isNumber(took.Text) || !isNumber(first.Fields[i-1].Text) || !isCommand(cmd.Text) {
			continue
		}
		e = &entryPaths{id: first.Fields[i-1].Path, at: at.Path, took: took.Path, command: cmd.Path}
		if i+3 < len(first.Fields) {
			e.client = first.Fields[i+3].Path
		}
		return e
	}
	return nil
}

// isCommand reports whether a text begins with a word that could be a command's name.
func isCommand(s string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return len(word) >= 3 && strings.Trim(strings.ToUpper(word), "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-|") == ""
}

func (e *entryPaths) fits(r *record.Record) bool {
	_, ok := instant(r.Get(e.at))
	return ok && isNumber(r.Get(e.took)) && r.Get(e.command) != ""
}

// write is an entry as clients print it, which package slowlog reads.
func (e *entryPaths) write(r *record.Record) string {
	at, _ := instant(r.Get(e.at))
	took, _ := strconv.ParseInt(r.Get(e.took), 10, 64)
	out := map[string]any{"start_time": at.Unix(), "duration": took, "command": strings.TrimSpace(r.Get(e.command)), "client_address": r.Get(e.client), "client_name": ""}
	if id, err := strconv.ParseInt(r.Get(e.id), 10, 64); err == nil {
		out["id"] = id
	}
	b, err := json.Marshal(out)
	if err != nil {
		return ""
	}
	return string(b)
}
