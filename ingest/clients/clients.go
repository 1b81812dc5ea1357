// Package clients reads CLIENT LIST.
//
// A client is one line of key=value pairs, of which each version adds some (redis 7.4.1 networking.c
// catClientInfoString; redis 2.4 has no id). redis-cli prints the lines as they are, on a terminal
// and with --json too; libraries may have quoted them as one text. A listing is dated by the heading
// before it or by the file's name, both the collector's word, and not at all otherwise.
//
// A client chooses its own name: the first of two equal keys holds, as the server writes the name
// behind the address and lets no blank into it. The package keeps every client up to [maxRows] a
// file, counts the rest, and does not say who any of them is.
package clients

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"psyncope/ingest/artifact"
	"psyncope/ingest/heading"
	"psyncope/ingest/reject"
	"psyncope/ingest/reply"
	"psyncope/ingest/table"
)

// Format is the format's place in package ingest's list.
func Format() artifact.Format {
	return artifact.Format{Name: "clients", Sniff: sniff, Read: read}
}

// maxRows is how many clients of one file become rows. A listing has at most maxclients (10000 by
// default), but scripts take one every minute.
const maxRows = 100_000

func read(in artifact.Input, out *table.Case) (artifact.Account, error) {
	return readUpTo(maxRows, in, out)
}

func readUpTo(limit int64, in artifact.Input, out *table.Case) (artifact.Account, error) {
	account := artifact.NewAccount()
	rejected := reject.Lines{In: in, Out: out, Account: &account}
	at, _ := heading.NameTime(in.Name)
	beyond, first := int64(0), int32(0)
	err := scan(in.Body, func(line int32, text string) {
		row, ok := clientOf(text)
		switch {
		case ok && account.Records == limit:
			if beyond == 0 {
				first = line
			}
			beyond++
		case ok:
			row.Origin = in.Origin
			row.Line += line
			row.At = at
			account.Records++
			account.Saw(at)
			out.Clients.Append(&row)
		default:
			if t, ok := heading.Time(text); ok {
				at = t
			}
			switch {
			case heading.Refusal(text):
				rejected.Add(line, "the server refused", text)
			case heading.Noise(text):
				account.Ignored++
			default:
				rejected.Add(line, "not a client", text)
			}
		}
	})
	rejected.Close()
	if beyond > 0 {
		account.Ignored += beyond
		p := table.Problem{Origin: in.Origin, Reason: strconv.FormatInt(beyond, 10) + " more clients were counted and left out"}
		p.Line += first
		out.Problems.Append(&p)
	}
	return account, err
}

// scan gives every line of the listing. A listing that is one quoted text (--csv of a library, JSON, a
// Lua script's reply) is parted at its line breaks; its lines all stand where the text begins.
func scan(body io.Reader, each func(line int32, text string)) error {
	return reply.Lines(body, func(line int32, text string) {
		q := strings.IndexAny(text, `"'`)
		if q < 0 || q > 2 || !isClient(text[q+1:]) {
			each(line, text)
			return
		}
		text = strings.TrimRight(text, `,] `)
		text = strings.TrimSuffix(text[q+1:], text[q:q+1])
		for part := range strings.SplitSeq(text, `\n`) {
			if part != "" {
				each(line, part)
			}
		}
	})
}

func sniff(name string, head []byte) int {
	head = reply.Head(head, 4<<10)
	right, wrong := 0, 0
	_ = scan(bytes.NewReader(head), func(_ int32, text string) {
		switch {
		case isClient(text):
			right++
		case !heading.Noise(text) && !heading.Refusal(text):
			wrong++
		}
	})
	name = strings.ToLower(name)
	switch {
	case right > 0 && right >= wrong:
		return 60 + 35*right/(right+wrong)
	case wrong == 0 && right == 0 && (strings.Contains(name, "client-list") || strings.Contains(name, "clients") || strings.Contains(name, "client_list") || strings.Contains(name, "clientlist")):
		return 75 // no client, or a server that refused
	}
	return 0
}

// isClient tells a line of CLIENT LIST by its beginning.
func isClient(line string) bool {
	if rest, ok := strings.CutPrefix(line, "id="); ok {
		i := 0
		for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
			i++
		}
		return i > 0 && strings.HasPrefix(rest[i:], " addr=")
	}
	return strings.HasPrefix(line, "addr=") && strings.Contains(line[:min(len(line), 400)], " fd=")
}

const (
	maxText  = 128
	maxPairs = 64 // redis 7.4 has 29
)

// clientOf reads one line.
func clientOf(line string) (table.Client, bool) {
	if !isClient(line) {
		return table.Client{}, false
	}
	c := table.Client{ID: table.Null, Age: table.Null, Idle: table.Null, Omem: table.Null, At: table.Null}
	seen := 0
	for pair := range strings.SplitSeq(line, " ") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		if seen++; seen > maxPairs {
			break
		}
		switch key {
		case "id":
			number(&c.ID, value)
		case "age":
			number(&c.Age, value)
		case "idle":
			number(&c.Idle, value)
		case "omem":
			number(&c.Omem, value)
		case "addr":
			text(&c.Addr, value)
		case "name":
			text(&c.Name, value)
		case "flags":
			text(&c.Flags, value)
		case "cmd":
			text(&c.Cmd, value)
		case "user":
			text(&c.User, value)
		}
	}
	return c, true
}

// number keeps the first value of a key.
func number(to *table.Int, value string) {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && !to.Known() && n != table.Null && table.Within(n, table.MostCount) {
		*to = table.Int(n)
	}
}

func text(to *string, value string) {
	if *to == "" {
		*to = reject.Cut(value, maxText)
	}
}
