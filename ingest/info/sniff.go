package info

import (
	"bytes"
	"strings"
	"sync"

	"psyncope/ingest/table"
)

// sniffer only reads lines, which changes nothing of it: it is everybody's.
var sniffer = sync.OnceValue(func() *Reader { return NewReader(&table.Case{}, false) })

// sniff tells INFO by its lines: known fields and headers among the first hundred, or two dozen where nothing else is among them. Logs that hold an INFO in a
// crash report are mostly other lines.
func sniff(name string, head []byte) int {
	named := strings.Contains(strings.ToLower(name), "info")
	if !named && bytes.IndexByte(head, ':') < 0 && bytes.IndexByte(head, '#') < 0 {
		return 0 // no field, no heading, no date
	}
	r := sniffer()
	known, shaped, failed, dates, logs, lines := 0, 0, 0, 0, 0, 0
	for lines < 100 && len(head) > 0 && (lines < 24 || known+shaped < lines) {
		var b []byte
		if i := bytes.IndexByte(head, '\n'); i >= 0 {
			b, head = head[:i+1], head[i+1:]
		} else {
			b, head = head, nil
		}
		b = b[:min(len(b), 4096)]
		l := r.readLine(b)
		switch {
		case isLog(trimQuote(b)):
			logs++
		case l.class == classBlank || l.class == classPrompt || l.class == classBulk:
			continue
		case l.opens():
			known++
		case l.class == classOther:
			shaped++
		case l.class == classFailed:
			failed++
		case l.class == classDate:
			dates++
		}
		lines++
	}
	switch {
	case lines == 0:
		return 0
	case logs > 0 && known < 5:
		return 0
	case logs > 0, known > 0 && !named && logBehind(head):
		return 10
	case known > 0 && 10*(known+shaped+failed+dates) >= 9*lines:
		return 95
	case known > 0 && 2*(known+shaped+failed+dates) >= lines:
		return 60
	case failed > 0 && failed+dates == lines && named:
		return 50
	case failed > 0 && failed+dates == lines:
		return 20
	case dates == lines && named:
		return 30
	case known >= 5:
		return 15
	}
	return 0
}

// logBehind reports whether lines of a log follow: a crash report holds a whole dump, and a log may have been cut inside it.
func logBehind(head []byte) bool {
	for len(head) > 0 {
		var b []byte
		if i := bytes.IndexByte(head, '\n'); i >= 0 {
			b, head = head[:i], head[i+1:]
		} else {
			b, head = head, nil
		}
		if isLog(b[:min(len(b), 4096)]) {
			return true
		}
	}
	return false
}
