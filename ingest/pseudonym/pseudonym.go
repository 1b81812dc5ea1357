// Package pseudonym replaces what is the user's own in a text by pseudonyms: names of hosts, files, clients, users and keys, addresses,
// replication and run ids, values. The same key and the same name give the same pseudonym, in whatever file it stands, so that what
// belonged together still does; without the key nobody gets back.
//
// It goes by what may stay, not by what must go: the words that servers themselves write (the catalogue of messages, the names of settings and of INFO's fields, commands,
// the words of words.txt) and numbers. Any other run of letters is somebody's own. So a name that consists of such words alone ("cache-primary") stays as it
// is; so do single letters, and the digits of a name of up to five. Addresses stay addresses of their kind
// (private, loopback, of the same network as before), ids stay hexadecimal and of their length.
//
// It does not know what a credential is: package secret does, and has been at work before. It does not judge whether a line was
// understood: who calls it withholds what was not, with [Withheld].
package pseudonym

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"psyncope/ingest/config"
	"psyncope/ingest/message"
)

// KeyBytes is how long a key is.
const KeyBytes = 32

// NewKey makes a random key.
func NewKey() ([]byte, error) {
	key := make([]byte, KeyBytes)
	_, err := rand.Read(key)
	return key, err
}

// ParseKey reads a key as it is shown: 64 hexadecimal digits.
func ParseKey(s string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(s))
	if err != nil || len(key) != KeyBytes {
		return nil, errors.New("no key: it has 64 hexadecimal digits")
	}
	return key, nil
}

// Withheld stands in place of n bytes that nothing understood.
func Withheld(n int) string { return fmt.Sprintf("[withheld: %d bytes]", n) }

// Maker makes pseudonyms with one key. It may be used from many goroutines.
type Maker struct {
	key   []byte
	known sync.Map // word, with what it is: its pseudonym
}

// New is a Maker with a key of [KeyBytes].
func New(key []byte) *Maker { return &Maker{key: key} }

//go:embed words.txt
var wordsText string

// vocabulary is the words that stay.
type vocabulary struct {
	words    map[string]bool // in what servers write
	commands map[string]bool // in what clients send: no more than commands and what they are given
	replies  map[string]bool // in a reply that has such: these, and what clients put around them
}

var load = sync.OnceValue(func() vocabulary {
	v := vocabulary{words: map[string]bool{}, commands: map[string]bool{}, replies: map[string]bool{}}
	section := ""
	for line := range strings.Lines(wordsText) {
		if head, ok := strings.CutPrefix(line, "# "); ok {
			section, _, _ = strings.Cut(head, ":")
			continue
		}
		for _, w := range strings.Fields(line) {
			v.words[w] = true
			switch section {
			case "commands":
				v.commands[w], v.replies[w] = true, true
			case "wrappers":
				v.replies[w] = true
			}
		}
	}
	letters := func(s string, add func(string)) {
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r < 'a' || r > 'z' }) {
			add(w)
		}
	}
	for _, k := range message.Default().Kinds() {
		for _, w := range k.Wordings {
			letters(withoutFields(w), func(w string) { v.words[w] = true })
		}
	}
	for _, name := range config.Names() {
		letters(name, func(w string) { v.words[w], v.commands[w], v.replies[w] = true, true, true })
	}
	return v
})

// withoutFields is a wording without the <fields> in it.
func withoutFields(s string) string {
	var b strings.Builder
	for s != "" {
		before, rest, ok := strings.Cut(s, "<")
		b.WriteString(before + " ")
		if !ok {
			break
		}
		_, s, _ = strings.Cut(rest, ">")
	}
	return b.String()
}

func (m *Maker) sum(kind, s string) [sha256.Size]byte {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(s))
	var out [sha256.Size]byte
	h.Sum(out[:0])
	return out
}

// made gives the pseudonym of s as a kind of thing, and makes it the first time.
func (m *Maker) made(kind, s string, make func(sum []byte) string) string {
	at := kind + "\x00" + s
	if p, ok := m.known.Load(at); ok {
		return p.(string)
	}
	sum := m.sum(kind, s)
	p := make(sum[:])
	m.known.Store(strings.Clone(at), p)
	return p
}

const consonants, vowels = "bdfgklmnprstvz", "aeiou"

// word is the pseudonym of a word: five syllables, of which there are 1.6 thousand million.
func (m *Maker) word(s string) string {
	return m.made("word", strings.ToLower(s), func(sum []byte) string {
		b := make([]byte, 0, 10)
		for i := 0; len(b) < cap(b); i += 2 {
			b = append(b, consonants[int(sum[i])%len(consonants)], vowels[int(sum[i+1])%len(vowels)])
		}
		return string(b)
	})
}

// hexadecimal is the pseudonym of an id, of its length.
func (m *Maker) hexadecimal(s string) string {
	return m.made("id", strings.ToLower(s), func(sum []byte) string {
		for len(sum)*2 < len(s) {
			more := m.sum("more", string(sum))
			sum = append(sum, more[:]...)
		}
		return hex.EncodeToString(sum)[:len(s)]
	})
}

// digits is the pseudonym of a number, of its length.
func (m *Maker) digits(s string) string {
	return m.made("digits", s, func(sum []byte) string {
		b := make([]byte, len(s))
		for i := range b {
			b[i] = '0' + sum[i%len(sum)]%10
		}
		if b[0] == '0' {
			b[0] = '1'
		}
		return string(b)
	})
}
