package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

type markdown struct {
	b    bytes.Buffer
	root string // where all evidence lies
}

// What a ticket takes: GitHub's comments hold 65,536 characters, and nobody reads more of one incident.
const (
	mdMost       = 60_000 // characters of the whole
	mdOfIncident = 20_000
	mdSpare      = 8_000 // kept for what stands behind the incidents
	mdAnswer     = 4_000 // less is no room for an incident's first screen and its plan
)

// room is how many characters incidents may still take.
func (m *markdown) room() int { return mdMost - mdSpare - utf8.RuneCount(m.b.Bytes()) }

func (m *markdown) f(format string, a ...any) { fmt.Fprintf(&m.b, format, a...) }

// row writes a table's row; the cells are Markdown already.
func (m *markdown) row(cells ...string) { m.f("| %s |\n", strings.Join(cells, " | ")) }

// header writes a table's head; a name that ends in a colon makes its column right-aligned.
func (m *markdown) header(names ...string) {
	rule := make([]string, len(names))
	for i, n := range names {
		rule[i] = "---"
		if strings.HasSuffix(n, ":") {
			names[i], rule[i] = strings.TrimSuffix(n, ":"), "---:"
		}
	}
	m.row(names...)
	m.row(rule...)
}

// block writes a code block whose fence is longer than any run of backticks in it.
func (m *markdown) block(language, content string) {
	fence := strings.Repeat("`", max(3, ticks(content)+1))
	m.f("\n%s%s\n%s\n%s\n", fence, language, strings.TrimRight(content, "\n"), fence)
}
