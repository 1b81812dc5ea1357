package config

import (
	"strconv"
	"strings"

	"psyncope/ingest/heading"
	"psyncope/ingest/reply"
)

func textOf(v reply.Value) string {
	if v.Kind == reply.Int {
		return strconv.FormatInt(v.Int, 10)
	}
	return v.Text
}

// pairs reads what redis-cli writes to a pipe: a line with the name, a line with the value, which may
// be empty. Some scripts drop empty lines; there a name follows a name.
type pairs struct {
	sink
	name string
	at   int32
	has  bool
	// sure tells that the last name was known or followed a pair: what is out of step may be a value,
	// and a secret. At the beginning it tells that the lines before the first known name are pairs.
	sure bool
}

func (p *pairs) line(line int32, text string) {
	if p.has {
		next := strings.TrimSpace(text)
		if next == p.name && !isValueToo(next) { // its line stands twice
			p.ignore()
			return
		}
		_, dated := heading.Time(text)
		if IsSetting(next) || dated && strings.HasPrefix(text, "#") {
			p.pair(p.at, p.name, "")
			p.has = false
		} else {
			p.pair(p.at, p.name, text)
			p.has = false
			return
		}
	}
	if name := strings.TrimSpace(text); isName(name) && (p.sure || isKnown(name)) {
		p.name, p.at, p.has, p.sure = name, line, true, true
		return
	}
	p.sure = p.sure && strings.TrimSpace(text) != "" && heading.Noise(text)
	p.between(line, text)
}

// end is the end of the file: the last value may be empty, and its line lost.
func (p *pairs) end() {
	if p.has {
		p.pair(p.at, p.name, "")
	}
}

// cutName parts a directive's name from its value. Sentinel's directives have two words
// ("sentinel monitor mymaster ...").
func cutName(line string) (name, value string, found bool) {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return line, "", false
	}
	name, value = line[:end], strings.TrimLeft(line[end:], " \t")
	if strings.EqualFold(name, "sentinel") {
		if end := strings.IndexAny(value, " \t"); end > 0 {
			return name + " " + value[:end], strings.TrimLeft(value[end:], " \t"), true
		}
		return name + " " + value, "", true
	}
	return name, value, true
}

// directive reads a line of redis.conf.
func (s sink) directive(line int32, text string) {
	name, value, found := cutName(text)
	switch {
	case name == "" || name[0] == '#':
		s.ignore()
	case !found || !isName(strings.Replace(name, " ", "-", 1)):
		s.between(line, text)
	default:
		s.pair(line, name, unquoted(value))
	}
}

// unquoted is a value whose quotes are all around it, without them (redis 7.4.1 sds.c sdssplitargs).
// Of several words each may have quotes of its own: they stay.
func unquoted(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '"' && s[0] != '\'' {
		return s
	}
	inner := s[1 : len(s)-1]
	if strings.IndexByte(inner, s[0]) >= 0 || strings.HasSuffix(inner, `\`) {
		return s
	}
	return inner
}
