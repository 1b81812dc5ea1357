package message

import (
	"bytes"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// within reports whether part is a slice of whole's memory (any of its capacity).
func within(part, whole []byte) bool {
	if len(part) == 0 {
		return true
	}
	if cap(whole) == 0 {
		return false
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(part)))
	return at >= from && at+uintptr(len(part)) <= from+uintptr(cap(whole))
}

// sound checks what must hold of every match of every text.
func sound(t interface {
	Helper()
	Fatalf(string, ...any)
}, msg []byte, m *Match, known bool,
) {
	t.Helper()
	if known == (m.Kind == Other) {
		t.Fatalf("%q: known %v, kind %s", msg, known, m.Kind)
	}
	if _, ok := Default().Lookup(m.Kind); known && !ok {
		t.Fatalf("%q: kind %s is not in the catalogue", msg, m.Kind)
	}
	var none Match
	if none.reset(Other); !known && !m.equal(&none) {
		t.Fatalf("%q is not known, but %s", msg, show(m))
	}
	for _, s := range [][]byte{m.Peer, m.ReplID, m.ReplID2, m.Detail} {
		// buf may have grown since a slice of it was taken, so a composed text is only held to be short enough.
		if !within(s, msg) && !within(s, m.buf) && !within(s, m.clean) && len(s) > 2*len(msg)+8 {
			t.Fatalf("%q: %q is from nowhere", msg, s)
		}
	}
	if len(m.Peer)+len(m.ReplID)+len(m.ReplID2) > len(msg)+4 {
		t.Fatalf("%q gives more than it has: %s", msg, show(m))
	}
}

func FuzzMatch(f *testing.F) {
	for i, w := range allWordings() {
		if i%7 == 0 { // all of them would make each start of the fuzzer slow
			msg, _ := w.example()
			f.Add([]byte(msg))
		}
	}
	f.Add([]byte("+switch-master a b 1 c"))
	f.Add([]byte("Client id= addr= omem=99999999999999999999 scheduled to be closed ASAP for overcoming of output buffer limits."))
	f.Add([]byte(`Master \&lt; \\ &amp;lt; &`))
	f.Add([]byte("Connection with slave client id # lost."))
	f.Fuzz(func(t *testing.T, msg []byte) {
		before := bytes.Clone(msg)
		var m, again Match
		known := Default().Match(msg, &m)
		sound(t, msg, &m, known)
		if !bytes.Equal(msg, before) {
			t.Fatalf("%q was changed to %q", before, msg)
		}
		// A used Match reads as a new one does.
		Default().Match([]byte("+sdown slave 10.1.0.2:6380 10.1.0.2 6380 @ orders 10.1.0.1 6379"), &again)
		Default().Match(msg, &again)
		if !m.equal(&again) {
			t.Fatalf("%q read twice: %s, %s", msg, show(&m), show(&again))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("== client\nx [n]: y\n\tA {b|c} <number> d\n")
	f.Add("let a = b|c\n== x\nk: m\n\t{a} <detail>\n")
	f.Add("\tx\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		var m Match
		c.Match([]byte(text), &m)
	})
}

// Trailing dirt never changes what a message is.
func TestDirtAtTheEndDoesNotMatter(t *testing.T) {
	all := allWordings()
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(all).Draw(t, "wording")
		dirt := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{" ", "\r", "\t", "^M", "\n", "\x1b[0m"}), 0, 4).Draw(t, "dirt"), "")
		msg, want := w.example()
		var m Match
		Default().Match([]byte("  "+msg+dirt), &m)
		if !m.equal(&want) {
			t.Fatalf("%q with %q: %s, want %s", msg, dirt, show(&m), show(&want))
		}
	})
}

// One changed byte of a wording's literal text is another text: other, or another wording that is
// cut short on purpose, but never a wrong number.
func TestNearMissesAreNotTaken(t *testing.T) {
	all := allWordings()
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(all).Draw(t, "wording")
		if w.head == "" || len(w.head) < 8 {
			t.Skip()
		}
		msg, want := w.example()
		at := rapid.IntRange(0, len(w.head)-1).Draw(t, "at")
		if msg[at] == '~' {
			t.Skip()
		}
		changed := []byte(msg)
		changed[at] = '~'
		var m Match
		known := Default().Match(changed, &m)
		sound(t, changed, &m, known)
		if known && m.Kind == want.Kind && m.Number.Known() && m.Number != want.Number {
			t.Fatalf("%q: %s, want %s or none", changed, show(&m), show(&want))
		}
	})
}
