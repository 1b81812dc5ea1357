package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"psyncope/correlate/diagnosis"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// page is text under construction.
type page struct {
	b     bytes.Buffer
	width int
	color bool
	root  string // where all evidence lies
}

func newPage(o Options) *page {
	p := &page{width: o.Width, color: o.Color}
	if p.width <= 0 {
		p.width = defaultWidth
	}
	p.width = max(p.width, narrowest)
	return p
}

// The colours are written here, not by go-pretty, whose switch for them is one for the whole program.
func (p *page) paint(code, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *page) bold(s string) string { return p.paint("1", s) }

func (p *page) dim(s string) string { return p.paint("2", s) }

func (p *page) severity(s string) string {
	word := strings.ToUpper(visible(s))
	if s == diagnosis.Critical {
		return p.paint("1;31", word)
	}
	return p.paint("1;33", word)
}

func (p *page) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

func (p *page) gap() { p.b.WriteByte('\n') }

func (p *page) head(s string) { p.gap(); p.line(p.bold(s)) }

// para writes text wrapped at the page's width, each line behind indent spaces.
func (p *page) para(indent int, s string) { p.hang(strings.Repeat(" ", indent), s) }

// hang writes text wrapped behind a first prefix; later lines stand below the text.
func (p *page) hang(prefix, s string) {
	in := text.StringWidthWithoutEscSequences(prefix)
	for i, l := range strings.Split(wrap(s, p.width-in), "\n") {
		if i > 0 {
			prefix = strings.Repeat(" ", in)
		}
		p.line(prefix + l)
	}
}

// wrap breaks at spaces, and within a word only where that word alone is longer than a line.
func wrap(s string, width int) string {
	width = max(width, 20)
	var b strings.Builder
	col := 0
	for i, word := range strings.Fields(s) {
		n := text.StringWidthWithoutEscSequences(word)
		switch {
		case i == 0:
		case col+1+n > width:
			b.WriteByte('\n')
			col = 0
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += n
	}
	return b.String()
}

// grid writes a table behind two spaces, without lines around it.
func (p *page) grid(header table.Row, rows []table.Row, right ...int) {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "  ", ""
	style.Format.Header = text.FormatDefault
	style.Format.HeaderAlign = text.AlignDefault
	t.SetStyle(style)
	for i := range header {
		header[i] = p.dim(header[i].(string))
	}
	t.AppendHeader(header)
	t.AppendRows(rows)
	configs := make([]table.ColumnConfig, 0, len(header))
	for i := range header {
		c := table.ColumnConfig{Number: i + 1, VAlign: text.VAlignTop}
		if slices.Contains(right, i) {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		configs = append(configs, c)
	}
	t.SetColumnConfigs(configs)
	for l := range strings.SplitSeq(t.Render(), "\n") {
		p.line(l)
	}
}

func (p *page) more(n int, noun string) {
	if n > 0 {
		p.line(p.dim("  " + count(int64(n), "more "+noun) + "; --format html, csv or json has all"))
	}
}

// evidence writes where it says so, one line of it; the place is never cut, for it is what one opens.
func (p *page) evidence(indent int, lines []diagnosis.Evidence) {
	if len(lines) == 0 {
		return
	}
	at, said, more := place(p.root, lines[0]), PlainText(lines[0].Text), ""
	if len(lines) > 1 {
		more = fmt.Sprintf("  +%d", len(lines)-1)
	}
	room := p.width - indent - 2 - len(more) - text.StringWidthWithoutEscSequences(at)
	if room < 24 && said != "" {
		p.line(fmt.Sprintf("%*s%s%s", indent, "", p.paint("36", at), p.dim(more)))
		p.line(p.dim(fmt.Sprintf("%*s%s", indent+2, "", cut(said, p.width-indent-2))))
		return
	}
	p.line(fmt.Sprintf("%*s%s  %s%s", indent, "", p.paint("36", at), p.dim(cut(said, room)), p.dim(more)))
}
