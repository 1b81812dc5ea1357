package fleetpage

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"psyncope/correlate/fleet"
	"psyncope/report"
)

//go:embed page.html
var source string

//go:embed page.css
var style string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"clean": report.PlainText, "since": since, "first": first, "change": plainChange, "together": plainTogether, "names": plainNames, "evidence": evidence, "acknowledged": acknowledged, "spark": spark,
		"percent": func(f float64) string { return fmt.Sprintf("%.0f%%", f*100) },
	}).Parse(source))
})

// HTML writes the page as one file with links to the groups' own pages beside it: no request leaves it, and it runs no script.
func HTML(w io.Writer, p Page) error {
	sum := sha256.Sum256([]byte(style))
	var b bytes.Buffer
	err := page().Execute(&b, map[string]any{
		"P": p, "Line": p.Line(), "Lists": p.lists(), "HasPage": p.HasPage, "Style": template.CSS(style), "Most": mostRows,
		"Policy": template.HTMLAttr(`content="default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'sha256-` + base64.StdEncoding.EncodeToString(sum[:]) + `'"`),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// trendOf is a number of a night that is drawn over the nights.
var trendOf = map[string]func(*fleet.Measure) float64{
	"write":    func(m *fleet.Measure) float64 { return m.PeakBytesPerS },
	"headroom": func(m *fleet.Measure) float64 { return m.SurvivesS },
	"resyncs":  func(m *fleet.Measure) float64 { return float64(m.FullSyncs + m.PartialSyncs) },
	"fork":     func(m *fleet.Measure) float64 { return m.ForkS },
}

// spark is a small drawing of a number over the nights, as the points of a line and what it says; nights without it leave a gap.
func spark(name string, trend []*fleet.Measure) template.HTML {
	const width, height = 90.0, 20.0
	of := trendOf[name]
	most, last := 0.0, 0.0
	for _, m := range trend {
		most = max(most, of(m))
		last = of(m)
	}
	if len(trend) == 0 || most == 0 {
		return ""
	}
	first, end := trend[0].Night, trend[len(trend)-1].Night
	var path strings.Builder
	drawn := -1
	for _, m := range trend {
		x := width / 2
		if end > first {
			x = float64(m.Night-first) / float64(end-first) * width
		}
		verb := "L"
		if drawn < 0 || m.Night > drawn+1 {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", verb, x, height-2-of(m)/most*(height-4))
		if drawn < 0 || m.Night > drawn+1 {
			fmt.Fprintf(&path, "h.1") // one night alone is a dot
		}
		drawn = m.Night
	}
	return template.HTML(fmt.Sprintf(`<svg class="spark" viewBox="-2 0 94 20" role="img" aria-label="%s over %d nights, at last %s"><path d="%s"/></svg>`, name, len(trend), number(last), path.String()))
}
