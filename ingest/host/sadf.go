package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"psyncope/ingest/table"
)

// beginsSadf tells the JSON of sadf -j.
func beginsSadf(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n\uFEFF")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head[:min(len(head), 200)], []byte(`"sysstat"`))
}

// lineCounter counts lines of what is read through it, so that a row can say where it stands.
type lineCounter struct {
	io.Reader
	ends []int64 // offsets behind each line's end
	n    int64
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.n+int64(i)+1)
		}
	}
	l.n += int64(n)
	return n, err
}

func (l *lineCounter) lineAt(offset int64) int32 {
	i, found := slices.BinarySearch(l.ends, offset)
	if found {
		i++
	}
	return int32(i + 1)
}

// sadf reads sadf -j: hosts, and in each one statistics, each with its date.
func (r *reader) sadf(body io.Reader) error {
	r.tool = "sysstat"
	lines := &lineCounter{Reader: body}
	d := json.NewDecoder(lines)
	name := ""
	for {
		tok, err := d.Token()
		if err != nil {
			var syntax *json.SyntaxError
			if err == io.EOF || errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
				if err != io.EOF {
					r.refuse(lines.lineAt(d.InputOffset()), "JSON that breaks off or is damaged: "+err.Error(), "")
				}
				return nil
			}
			return fmt.Errorf("read sadf's JSON: %w", err)
		}
		switch t := tok.(type) {
		case string:
			if name == "number-of-cpus" || name == "nodename" || name == "timezone" {
				name = ""
				continue
			}
			name = t
		case float64:
			if name == "number-of-cpus" {
				r.cpus = t
			}
		case json.Delim:
			if t == '[' && name == "statistics" {
				for d.More() {
					at := lines.lineAt(d.InputOffset() + 1)
					var s map[string]any
					if err := d.Decode(&s); err != nil {
						break // the next token says so again
					}
					r.statistic(at, s)
				}
			}
		}
	}
}

// statistic makes rows of what sadf says at one time.
func (r *reader) statistic(line int32, s map[string]any) {
	when, _ := s["timestamp"].(map[string]any)
	date, _ := when["date"].(string)
	of, _ := when["time"].(string)
	interval, told := when["interval"].(float64)
	day, _, ok := dayOf(date)
	clock, n := timeOf([]string{of, ""})
	if !ok || n == 0 {
		r.refuse(line, "a statistic without its date", "")
		return
	}
	utc, _ := when["utc"].(float64)
	r.at = stamp{table.MicrosOf(day.Add(clock)), table.ClockLocal} // each says its interval
	if utc == 1 {
		r.at.clock = table.ClockUTC
	}
	put := r.put
	defer func() { r.put = put }()
	r.put = func(row *table.HostSample) {
		if told {
			row.Interval = table.Float(interval)
		}
		put(row)
	}
	for _, k := range sortedKeys(s) {
		if k != "timestamp" {
			r.object(line, k, s[k])
		}
	}
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// object makes a row of an object's numbers, and goes into what it holds.
func (r *reader) object(line int32, name string, v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			r.object(line, name, x)
		}
	case map[string]any:
		row := r.sample(line)
		says := false
		for _, k := range sortedKeys(v) {
			switch x := v[k].(type) {
			case float64:
				c := names[plain(k)]
				if pressure, ok := pressures[name+"/"+k]; ok {
					c = names[pressure]
				}
				if c.to != "" && x >= 0 && x <= most {
					c.set(&row, x)
					says = true
				}
			case string:
				if !scopes[k] {
					continue
				}
				if k == "cpu" && x != "all" {
					return
				}
				r.scope(&row, k, x)
			default:
				r.object(line, k, x)
			}
		}
		if says && !strings.HasPrefix(name, "cpu-frequency") {
			r.put(&row)
		}
	}
}

// pressures are sadf's names for what sar calls %scpu and so on.
var pressures = map[string]string{
	"psi-cpu/some_avg": "scpu", "psi-mem/some_avg": "smem", "psi-mem/full_avg": "fmem", "psi-io/some_avg": "sio", "psi-io/full_avg": "fio",
}
