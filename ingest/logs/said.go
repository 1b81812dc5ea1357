package logs

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"psyncope/ingest/message"
	"psyncope/ingest/secret"
	"psyncope/ingest/table"
)

const (
	// maxText is how much of a message is kept. A server cuts at 1023 bytes itself (redis 7.4.1
	// server.h:111); only joined and raw lines are longer.
	maxText = 1023
	// maxRaw is how much of a message is looked at and compared.
	maxRaw = 8 << 10
	// maxKnown is how many different messages are remembered with what the catalogue said of them,
	// and maxKnownText the longest of them.
	maxKnown     = 4096
	maxKnownText = 2048
)

// said is one distinct message and what the catalogue says of it.
type said struct {
	raw, text                           string
	kind, peer, replID, replID2, detail string
	offset, bytes, number               table.Int
	cut                                 bool // it ends before its wording does
	frame                               frame
}

// known is the reader's memory of messages: most messages of a log were said before.
type known struct {
	catalogue *message.Catalogue
	match     message.Match
	words     map[string]*said
}

func newKnown() *known {
	return &known{catalogue: message.Default(), words: map[string]*said{}}
}

// of is what there is to say of a message.
func (k *known) of(msg []byte) *said {
	if len(msg) > maxRaw {
		msg = msg[:maxRaw]
	}
	if w, ok := k.words[string(msg)]; ok {
		return w
	}
	w := &said{raw: string(msg), frame: frameOf(msg)}
	w.text = legible(msg, maxText, w.raw)
	k.catalogue.Match(msg, &k.match)
	m := &k.match
	w.kind = m.Kind
	w.peer, w.replID, w.replID2 = legible(m.Peer, maxText, ""), legible(m.ReplID, maxText, ""), legible(m.ReplID2, maxText, "")
	w.detail = legible(m.Detail, maxText, "")
	if w.detail != "" {
		// Beside its name a credential is known for one, by itself it may not be.
		w.detail = secret.Part(w.text, w.detail)
	}
	w.offset, w.bytes, w.number = m.Offset, m.Bytes, m.Number
	w.cut = m.Cut
	// A message with a number in it is seldom said again, but for storms, which the fold remembers.
	if len(msg) <= maxKnownText && w.offset == table.Null && w.number == table.Null {
		if len(k.words) >= maxKnown {
			clear(k.words)
		}
		k.words[w.raw] = w
	}
	return w
}

// knows reports whether a text is a whole message of the catalogue: without a header before it, half of one
// proves nothing.
func (k *known) knows(text []byte) bool {
	w := k.of(text)
	return w.kind != message.Other && !w.cut
}

// legible is a text as it is kept: trimmed, not longer than most, and UTF-8. same is returned instead if it
// is no different.
func legible(b []byte, most int, same string) string {
	b = bytes.TrimSpace(b)
	if len(b) > most {
		b = b[:most]
	}
	if len(b) == len(same) && utf8.ValidString(same) {
		return same
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
