package redact

import (
	"strings"

	"psyncope/ingest/pseudonym"
	"psyncope/ingest/secret"
)

// lines writes the lines of one file anew, in their order.
type lines struct {
	*file
	m        *pseudonym.Maker
	number   int
	withheld int64
	open     bool // the line before ended in the name of a secret: this one is it
}

func (l *lines) line(text string) string {
	l.number++
	open := l.open
	l.open = secret.Open(text)
	switch {
	case strings.TrimSpace(text) == "":
		return text // of CONFIG GET it is the value: none is set
	case open:
		return hidden(text)
	case l.refused[l.number]:
		l.withheld++
		return pseudonym.Withheld(len(text))
	}
	for _, unknown := range l.unknown[l.number] {
		if before, after, ok := strings.Cut(text, unknown); ok {
			l.withheld++
			return l.words(secret.Text(before)) + pseudonym.Withheld(len(unknown)) + l.words(after)
		}
	}
	if l.begins[l.number] {
		// It stands there in another spelling, as in JSON: nothing of the line but its numbers stays.
		l.withheld++
		return l.m.Slowlog(secret.Text(text))
	}
	return l.words(secret.Text(text))
}

func (l *lines) words(text string) string {
	if l.kinds["slowlog"] && len(l.kinds) == 1 {
		return l.m.Slowlog(text)
	}
	return l.m.Text(text)
}

// hidden is a line that is a secret: `2) "hunter2"` keeps what is around it.
func hidden(text string) string {
	from, to := strings.IndexAny(text, `"'`), strings.LastIndexAny(text, `"'`)
	if from >= 0 && to == from+1 {
		return text // it is not set
	}
	if from >= 0 && to > from {
		return text[:from+1] + secret.Mask + text[to:]
	}
	return secret.Mask
}
