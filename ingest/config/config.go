// Package config reads a server's settings: what CONFIG GET answered, in whatever form a client saved
// it, and the files redis.conf, valkey.conf, sentinel.conf and users.acl.
//
// Names are in lower case, and of two names for one setting the later one; CONFIG GET prints both,
// and what is then the same twice is one row. A file may set one name on several lines, each a row.
// Values stay as they were written: table.ParseSize and its like read them. Secrets are replaced when
// they are read and go nowhere, not even into a problem's text.
//
// The package does not follow include, does not know what a server does by default
// (table.DefaultSetting), and does not judge a value.
package config

import (
	"bytes"
	"io"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/heading"
	"psyncope/ingest/reject"
	"psyncope/ingest/reply"
	"psyncope/ingest/secret"
	"psyncope/ingest/table"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "config", Sniff: sniff, Read: read}
}

// headBytes is how much of a file's beginning is looked at: the comments before the first directive
// of the stock redis.conf are 5 KiB.
const headBytes = reply.BufferBytes

// sink takes what scan finds. Name and value are as written.
type sink struct {
	pair   func(line int32, name, value string)
	ignore func()
	reject func(line int32, reason, text string)
}

const maxValue = 2 << 10

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	rejected := reject.Lines{In: in, Out: out, Account: &account}
	type pair struct{ name, value string }
	seen := map[pair]bool{}
	err := scan(in.Body, sink{
		pair: func(line int32, name, value string) {
			row := table.Setting{Origin: in.Origin, Name: strings.Clone(table.SettingName(name)), Value: reject.Cut(secret.Value(name, value), maxValue)}
			row.Line += line
			if p := (pair{row.Name, row.Value}); seen[p] {
				account.Ignored++
				return
			} else {
				seen[p] = true
			}
			account.Records++
			out.Settings.Append(&row)
		},
		ignore: func() { account.Ignored++ },
		reject: rejected.Add,
	})
	rejected.Close()
	return account, err
}

func sniff(name string, head []byte) int {
	head = reply.Head(head, headBytes)
	right, wrong := 0, 0
	_ = scan(bytes.NewReader(head), sink{
		pair: func(_ int32, name, _ string) {
			if isKnown(name) {
				right++
			} else {
				wrong++
			}
		},
		ignore: func() {},
		reject: func(_ int32, reason, _ string) {
			if reason != refused {
				wrong++
			}
		},
	})
	switch {
	case right > 0 && right >= wrong:
		return 60 + 35*right/(right+wrong)
	case wrong == 0 && right == 0 && isNamed(name):
		return 75 // nothing asked for, or a server that refused
	}
	return 0
}

func isNamed(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"config", ".conf", "_conf", "-conf", "users.acl"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

const refused = "the server refused"

// scan reads body in whatever form it is.
func scan(body io.Reader, s sink) error {
	buffered := reply.Buffered(body)
	head, _ := buffered.Peek(headBytes)
	switch form, inStep := formOf(head); form {
	case formPairs:
		p := pairs{sink: s, sure: inStep}
		err := reply.Lines(buffered, p.line)
		p.end()
		return err
	case formFile:
		return reply.Lines(buffered, s.directive)
	}
	flat := flat{sink: s}
	err := reply.Read(buffered, reply.Handler{
		List:   s.list,
		Scalar: flat.scalar,
		Line: func(line int32, text string) {
			flat.end()
			s.between(line, text)
		},
		Broken: func(line int32, reason, _ string) {
			flat.end()
			s.reject(line, reason, "")
		},
	})
	flat.end()
	return err
}

type form uint8

const (
	formReply form = iota // one of those that package reply reads
	formPairs             // raw: a line with the name, a line with the value
	formFile              // redis.conf: name and value on one line
)

// formOf tells by the first lines that are not headings. InStep is that the lines before the first
// name alone on its line are as many as pairs have.
func formOf(head []byte) (f form, inStep bool) {
	alone, together, before := 0, 0, 0
	for range 400 {
		line, rest, more := bytes.Cut(head, []byte("\n"))
		head = rest
		text := strings.TrimRight(string(line), "\r")
		if alone+together == 0 && reply.Begins(text) && !heading.Noise(text) {
			return formReply, false
		}
		name, value, found := cutName(text)
		switch {
		case !isKnown(name):
			if alone == 0 && (before > 0 || !heading.Noise(text)) {
				before++
			}
		case found && value != "":
			together++
		default:
			alone++
		}
		if !more {
			break
		}
	}
	switch {
	case alone+together == 0:
		return formReply, false
	case alone > together:
		return formPairs, before%2 == 0
	}
	return formFile, false
}

// between reads a line that is no setting. Its text may be a secret that lost its name.
func (s sink) between(line int32, text string) {
	switch {
	case heading.Refusal(text):
		s.reject(line, refused, text)
	case heading.Noise(text):
		s.ignore()
	default:
		s.reject(line, "not a setting; the text is left out, as it may be a secret", "")
	}
}

// list takes a dictionary of settings, or a list of names and values one after the other.
func (s sink) list(v reply.Value, depth int) bool {
	if len(v.Items) == 0 {
		if depth == 0 {
			s.ignore()
		}
		return depth == 0
	}
	whole := v.Items[:len(v.Items)/2*2]
	if len(whole) == 0 || !isNames(whole) {
		if depth == 0 {
			s.reject(v.Line, "a reply that is no list of settings", "")
		}
		return depth == 0
	}
	for i := 0; i < len(whole); i += 2 {
		s.pair(whole[i].Line, whole[i].Text, textOf(whole[i+1]))
	}
	if len(whole) < len(v.Items) {
		s.reject(v.Items[len(whole)].Line, "a setting without its value: the reply was cut", "")
	}
	return true
}

func isNames(items []reply.Value) bool {
	for i := 0; i < len(items); i += 2 {
		if items[i].Kind != reply.Text || !isName(items[i].Text) || items[i+1].Kind == reply.List || items[i+1].Kind == reply.Map {
			return false
		}
	}
	return true
}

// flat reads --csv: names and values one after the other in one line.
type flat struct {
	sink
	line int32
	name string
	has  bool
}

func (f *flat) scalar(v reply.Value) {
	if v.Line != f.line {
		f.end()
		f.line = v.Line
	}
	text := textOf(v)
	switch {
	case f.has:
		f.pair(v.Line, f.name, text)
		f.has = false
	case v.Kind == reply.Text && isName(text):
		f.name, f.has = text, true
	default:
		f.reject(v.Line, "not a setting's name; the text is left out, as it may be a secret", "")
	}
}

func (f *flat) end() {
	if f.has {
		f.reject(f.line, "a setting without its value", "")
	}
	f.has = false
}
