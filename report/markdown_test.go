package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// prose is the Markdown without its code: what a renderer would act on.
func prose(md string) string {
	var out []string
	fence := ""
	for l := range strings.SplitSeq(md, "\n") {
		ticks := len(l) - len(strings.TrimLeft(l, "`"))
		switch {
		case fence == "" && ticks >= 3:
			fence = strings.Repeat("`", ticks)
		case fence != "" && l == fence:
			fence = ""
		case fence == "":
			out = append(out, l)
		}
	}
	if fence != "" {
		out = append(out, "UNCLOSED FENCE")
	}
	return strings.Join(out, "\n")
}

var escaped = regexp.MustCompile(`\\[[:punct:]]`)

var codeSpan = regexp.MustCompile("`[^`]*`|<code>.*?</code>")

func TestMarkdownHostile(t *testing.T) {
	f, _ := ByName("md")
	out := string(bytesOf(t, f, hostile(), Options{}))
	inert(t, []byte(out), "\n")
	text := escaped.ReplaceAllString(prose(out), "")
	text = codeSpan.ReplaceAllString(text, "")
	for _, bad := range []string{"<script", "<img", "](", "http://", "UNCLOSED", "<b", "@", "- [ ]\n"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q in the prose", bad)
		}
	}
	// Every row of a table has as many cells as its head: no | of the evidence counts.
	cells := 0
	for l := range strings.SplitSeq(prose(out), "\n") {
		if !strings.HasPrefix(l, "|") {
			cells = 0
			continue
		}
		n := strings.Count(l, "|")
		if cells != 0 && n != cells {
			t.Errorf("a row of %d cells in a table of %d: %.200s", n, cells, l)
		}
		cells = n
	}
}

func TestMarkdownTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &markdown{}
		content := rapid.StringMatching("[a`\n ]{0,40}").Draw(t, "content")
		m.block("text", content)
		if p := prose(m.b.String()); strings.TrimSpace(p) != "" {
			t.Fatalf("%q leaves its block: %q", content, p)
		}
	})
}

// Whatever the text: one line, and no character with a meaning in diagrams.
func TestMermaidIsPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := mermaid(rapid.String().Draw(t, "text"), 40)
		if s == "" || strings.ContainsAny(s, "\n\r;#<>{}[]\"%`|&\\") || strings.HasPrefix(s, "wrap:") {
			t.Fatalf("%q", s)
		}
		for _, r := range s {
			if unicode.IsControl(r) {
				t.Fatalf("%q", s)
			}
		}
	})
}

func TestMarkdownText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"cart-1 is up", "cart-1 is up"},
		{"a_b *c* [d](e)", `a\_b \*c\* \[d\](e)`},
		{"# one", `\# one`},
		{"1. one", `1\. one`},
		{"- [ ] x", `\- \[ \] x`},
		{"see http://example.invalid now", "see `http://example.invalid` now"},
		{"ask @team", "ask `@team`"},
		{"fixes #12", "fixes `#12`"},
		{"id 8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb", "id `8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb`"},
		{"offset 58709267", "offset 58709267"},
		{"a|b <i>", "a&#124;b &lt;i>"},
		{"x@`|y", "<code>x@\\`&#124;y</code>"},
		{"two\nlines", `two\\nlines`},
	} {
		if got := MarkdownText(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
