package message

import (
	"strings"
	"sync"
	"testing"
)

func TestParseNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"== x\nno colon", `line 2: a kind line wants`},
		{"a: b", "kind a stands before any family"},
		{"== x\na: b\n\tsome text\na: c\n\tother text", "line 4: kind a stands twice"},
		{"\tsome text", "line 1: a wording stands before any kind"},
		{"== x\na: b", "kind a has no wording"},
		{"== x\na: b\n\tsome <thing>", "unknown field <thing"},
		{"== x\na: b\n\tsome <detail", "unknown field <detail"},
		{"== x\na: b\n\tsome <detail><peer>", "two fields with nothing between them"},
		{"== x\na: b\n\tsome {text", "choice without end"},
		{"== x\na: b\n\tsome {text}", "unknown choice {text}"},
		{"== x\na: b\n\t<detail>", "too little literal text"},
		{"== x\na: b\n\tsome {a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}", "more than 128 spellings"},
		{"== x\na: b\n\tsome text\nc: d\n\tsome {text|words}", `line 5: wording "some text" is of a too`},
		{"let x", "a let line wants"},
	} {
		_, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestParseNotation(t *testing.T) {
	c, err := Parse("# said first\nlet who = cat|dog\n\n== animals\nbite [toes]: it bites\n\tThe {who} {bit|bites} <number> toe\\<s> of <peer>{|!}\n")
	if err != nil {
		t.Fatal(err)
	}
	var m Match
	for _, msg := range []string{"The dog bites 2 toe<s> of a:1", "The cat bit 2 toe<s> of a:1!"} {
		if !c.Match([]byte(msg), &m) || m.Kind != "bite" || m.Number != 2 || string(m.Peer) != "a:1" && string(m.Peer) != "a:1!" {
			t.Errorf("%s: %s", msg, show(&m))
		}
	}
	if i, ok := c.Lookup("bite"); !ok || i.Unit != "toes" || i.Family != "animals" || i.Meaning != "it bites" || len(i.Wordings) != 1 {
		t.Errorf("%+v", i)
	}
}

// One catalogue serves many goroutines (run with -race).
func TestCatalogueIsShared(t *testing.T) {
	all := allWordings()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var m Match
			for _, w := range all {
				msg, want := w.example()
				if Default().Match([]byte(msg), &m); !m.equal(&want) {
					t.Errorf("%s: %s", msg, show(&m))
				}
			}
		})
	}
	wg.Wait()
}

// A message that begins as a long head does may still be one of a shorter head.
func TestShortHeadsAreNotMissed(t *testing.T) {
	c, err := Parse("== x\nshort: s\n\tAbc <detail> end\nlong: l\n\tAbc defghijklm\n")
	if err != nil {
		t.Fatal(err)
	}
	var m Match
	for msg, want := range map[string]Kind{"Abc defghijklm": "long", "Abc defghi end": "short", "Abc defghijklm end": "short", "Abc defghi": Other} {
		if c.Match([]byte(msg), &m); m.Kind != want {
			t.Errorf("%s is %s, want %s", msg, m.Kind, want)
		}
	}
}
