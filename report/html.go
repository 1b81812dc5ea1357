package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"psyncope/correlate/diagnosis"
)

// HTML writes one file that holds everything it needs: no request leaves it, and its own
// Content-Security-Policy forbids any, as it forbids every script and style but the two embedded ones.
//
// The lanes are drawn here, so that the page says the same without scripts and in print; the script adds
// charts, zoom, and evidence on hover.
func HTML(w io.Writer, d *diagnosis.Diagnosis, _ Options) error {
	v, err := newHTMLPage(d)
	if err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	var b bytes.Buffer
	if err := htmlTemplate().Execute(&b, v); err != nil {
		return fmt.Errorf("write html report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

var (
	//go:embed template/report.html
	htmlSource string
	//go:embed template/report.css
	htmlStyle string
	//go:embed template/report.js
	htmlScript string
	//go:embed assets/uPlot.iife.min.js
	uplotScript string
	//go:embed assets/uPlot.min.css
	uplotStyle string
	//go:embed assets/uPlot.LICENSE
	uplotLicense string
)

// htmlTemplate is parsed when a page is asked for, not at every start: that took 0.7 of 9.5 ms.
var htmlTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"visible":     func(s any) string { return visible(fmt.Sprint(s)) },
		"short":       PlainText,
		"when":        when,
		"until":       until,
		"offset":      offset,
		"commas":      commas,
		"size":        func(n int64) string { return size(float64(n)) },
		"rate":        rate,
		"span":        span,
		"wanted":      wanted,
		"whatBridges": whatBridges,
		"percent":     percent,
		"optional":    optional,
		"needed":      needed,
		"list":        list,
		"facts":       facts,
		"change":      change,
		"lines":       lines,
		"looped":      looped,
		"zone":        zone,
		"skew":        skew,
		"whatValue":   whatValue,
		"arithmetic":  arithmetic,
		"inc":         func(n int) int { return n + 1 },
		"upper":       strings.ToUpper,
		"join":        strings.Join,
		"lower":       strings.ToLower,
		"tail":        tail,
	}).Parse(htmlSource))
})

const (
	quietSections = 400    // groups without an incident that get a section of their own
	quietOpen     = 3      // of so few groups, all sections are open
	openGroups    = 100    // of more, all sections are folded: what is folded costs nothing to open
	htmlValues    = 400000 // numbers in one page; beyond, series are thinned harder
	htmlSeries    = 4000   // numbers in one series: more than a screen has columns
	htmlRows      = 200    // of a table in a page
	htmlSteps     = 12     // of a chain, before the rest is folded
	htmlChain     = 1000   // of a chain in all: a storm of a day has 100,000 steps, and no browser opens those
	htmlBars      = 1000   // of a lane, and as many marks: no screen has more columns
)

func newHTMLPage(d *diagnosis.Diagnosis) (*htmlPage, error) {
	style := uplotStyle + "\n" + htmlStyle
	script := "/*\nuPlot, https://github.com/leeoniya/uPlot\n\n" + uplotLicense + "*/\n" + uplotScript + "\n" + htmlScript
	v := &htmlPage{
		Title: "Redis replication report", Verdict: verdict(d), Version: diagnosis.Schema,
		Style: template.CSS(style), Script: template.JS(script),
		Policy: template.HTMLAttr(fmt.Sprintf(`content="default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src %s; script-src %s"`, hash(style), hash(script))),
		Notes:  []htmlNote{}, Root: rootOf(d), InputWords: inputWords(d.Inputs),
	}
	if d.Schema != "" {
		v.Version = visible(d.Schema)
	}
	var data pageData
	groups := htmlGroups(d)
	thin := min(htmlSeries, max(htmlValues/max(len(d.Series), 1), 60))
	section := map[string]string{}
	for n, g := range groups {
		id := fmt.Sprintf("g%d", n+1)
		quiet := len(g.incidents) == 0
		if quiet && n >= quietSections {
			continue
		}
		section[g.Group.ID] = id
		book := &evidenceBook{root: v.Root, at: map[diagnosis.Evidence]int{}}
		view, gd := htmlGroupOf(id, g, len(groups), thin, book)
		v.Groups = append(v.Groups, view)
		data.Groups = append(data.Groups, gd)
		for k, i := range view.Incidents {
			if len(d.Incidents) > 1 && len(groups) <= fewGroups {
				v.Index = append(v.Index, htmlLink{ID: view.Incidents[k].ID, Severity: i.I.Severity, Headline: i.I.Headline, When: when(i.I.Start)})
			}
		}
	}
	// Notes have a page's list of their own: an instance name is not always in one group only.
	book := &evidenceBook{root: v.Root, at: map[diagnosis.Evidence]int{}}
	for _, n := range d.Notes {
		if len(v.Notes) == htmlRows {
			break
		}
		v.Notes = append(v.Notes, htmlNote{N: n, Group: len(data.Groups), Evidence: book.all(n.Evidence)})
	}
	data.Groups = append(data.Groups, groupData{ID: "notes", Lines: book.lines, X: [][]int64{}, Charts: []chartData{}, Spans: []spanData{}})
	for n := range data.Groups {
		if data.Groups[n].Lines == nil {
			data.Groups[n].Lines = [][3]any{}
		}
	}
	v.overview(d, groups, section)
	v.contents(d, groups)
	v.Sizes, v.SizesLeft = upTo(d.Sizing, htmlRows)
	v.Lacking, v.LackingLeft = upTo(lacking(d), htmlRows)
	v.Clocks, v.ClocksLeft = upTo(d.Time.Hosts, htmlRows)
	v.Files, v.FilesLeft = upTo(d.Inputs.Files, 2*htmlRows)
	v.Problems, v.ProblemsLeft = upTo(d.Inputs.Problems, htmlRows)
	raw, err := json.Marshal(data) // escapes <, > and &, so that no text ends the script element
	v.Data = template.JS(raw)
	return v, err
}

// contents lists what the page holds, where that is more than one screen of one incident.
func (v *htmlPage) contents(d *diagnosis.Diagnosis, groups []gathered) {
	counts := map[string]int64{}
	for _, i := range d.Incidents {
		counts[string(i.Trigger.Kind)]++
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		v.Causes = append(v.Causes, htmlCause{kind, counts[kind]})
	}
	slices.SortStableFunc(v.Causes, func(a, b htmlCause) int { return cmp.Compare(b.N, a.N) })
	add := func(is bool, id, title string) {
		if is {
			v.Contents = append(v.Contents, htmlEntry{id, title})
		}
	}
	add(len(groups) > fewGroups, "overview-title", "Groups")
	if len(groups) <= fewGroups {
		for _, g := range v.Groups {
			add(true, g.ID, "Group "+visible(g.Group.ID))
		}
	}
	add(len(v.Notes) > 0, "notes-title", "Notes")
	add(len(v.Sizes) > 0, "sizes-title", "Backlog")
	add(len(v.Lacking) > 0, "lacking-title", "What nobody took")
	add(len(v.Clocks) > 0, "clocks-title", "Clocks")
	add(true, "inputs-title", "Inputs")
}

func (v *htmlPage) overview(d *diagnosis.Diagnosis, groups []gathered, section map[string]string) {
	if len(groups) <= fewGroups {
		return
	}
	from, to := d.Extent()
	v.From, v.To = when(from), when(to)
	for n, g := range groups {
		s := htmlStrip{ID: section[g.Group.ID], Name: g.Group.ID, Rank: n, Section: section[g.Group.ID] != ""}
		for _, i := range g.incidents {
			if s.Severity == "" {
				s.Severity, s.Headline = i.Severity, i.Headline
			}
			if rank(i) == 0 {
				s.Critical++
			} else {
				s.Warning++
			}
			s.Full += i.FullSyncs
			if from != nil && i.Start != nil {
				s.Heat = append(s.Heat, heat(i, from, to))
			}
		}
		if s.Severity == "" {
			v.Quiet++
		}
		v.Overview = append(v.Overview, s)
	}
}

func heat(i *diagnosis.Incident, from, to *diagnosis.Stamp) htmlSpan {
	whole := max(to.Sub(from.Time).Seconds(), 1e-3)
	end := to
	if i.End != nil {
		end = i.End
	}
	x := min(max(i.Start.Sub(from.Time).Seconds()/whole, 0), 1)
	w := min(max(end.Sub(i.Start.Time).Seconds()/whole, 0.006), 1-x)
	return htmlSpan{X: round1(x * 1000), W: round1(max(w, 0.006) * 1000), Severity: i.Severity}
}

func htmlGroupOf(id string, g gathered, groups, thin int, book *evidenceBook) (htmlGroup, groupData) {
	v := htmlGroup{ID: id, Group: g.Group, Open: len(g.incidents) > 0 || groups <= quietOpen, Quiet: len(g.incidents) == 0, Fold: groups > openGroups}
	for n, i := range g.incidents {
		v.Incidents = append(v.Incidents, htmlIncidentOf(id, fmt.Sprintf("%si%d", id, n+1), i, book))
	}
	gd := groupData{ID: id, Spans: []spanData{}, Charts: []chartData{}, X: [][]int64{}}
	frame := newFrame(g)
	gd.From, gd.To, gd.Focus = frame.from, frame.to, [2]int64{frame.min, frame.max}
	for n, i := range g.incidents {
		if i.Start == nil {
			continue
		}
		s := spanData{From: i.Start.UnixMilli(), To: frame.to, Severity: i.Severity, ID: v.Incidents[n].ID}
		if i.End != nil {
			s.To = i.End.UnixMilli()
		}
		gd.Spans = append(gd.Spans, s)
	}
	if len(g.lanes) > 0 && frame.from < frame.to {
		v.Picture = newPicture(id, g, frame, book)
	}
	if len(g.series) > 0 && (len(g.incidents) > 0 || groups <= 20) {
		gd.X, gd.Charts = charts(g.series, thin)
		v.Charts = true
	}
	if g.sizing != nil && len(g.sizing.Curves()) > 0 {
		v.Sizing = &htmlSizing{S: *g.sizing, Curves: curves(g.sizing.Curves())}
	}
	gd.Lines = book.lines
	return v, gd
}

func htmlIncidentOf(group, id string, i *diagnosis.Incident, book *evidenceBook) htmlIncident {
	v := htmlIncident{ID: id, I: i, Facts: facts(i), Others: others(i.Alternatives)}
	v.Asked, v.AskedOpen = asked(i)
	first, rounds := later(i)
	for _, r := range rounds {
		v.Rounds = append(v.Rounds, fmt.Sprintf("round %d, %s", r.n, r.says(i)))
	}
	v.Rounds, v.RoundsLeft = upTo(v.Rounds, mostRows)
	chain, left := upTo(i.Chain, htmlChain)
	v.Left = left
	for n, s := range chain {
		step := htmlStep{N: n + 1, G: group, ID: fmt.Sprintf("%ss%d", id, n+1), Offset: offset(i.Start, s.At), S: s, Lead: because(s)}
		if s.Rule != "" && s.From >= 0 && s.From < n {
			step.LeadN, step.LeadStep = s.From+1, fmt.Sprintf("%ss%d", id, s.From+1)
		}
		ev, more := upTo(s.Evidence, 2*mostEvidence)
		step.Evidence, step.More = book.all(ev), more
		if len(rounds) > 0 && n < min(first, mostOfRound) || len(rounds) == 0 && (n < htmlSteps || len(i.Chain) <= htmlSteps+4) {
			v.Steps = append(v.Steps, step)
		} else {
			v.Later = append(v.Later, step)
		}
	}
	if k := i.Refusal.Kind; k != "" && k != "none" {
		v.Refuse = string(k)
		v.Sum = sumOf(i.Refusal)
	}
	for n, r := range i.Recommendations {
		v.Rs = append(v.Rs, htmlAdvice{n + 1, r})
	}
	return v
}

// sumOf draws needed against backlog; nil where either is unknown.
func sumOf(r diagnosis.Refusal) *htmlSum {
	if r.NeededBytes == nil || r.BacklogBytes == nil || *r.NeededBytes <= 0 {
		return nil
	}
	held := min(max(float64(*r.BacklogBytes)/float64(*r.NeededBytes), 0), 1)
	s := &htmlSum{R: r, Backlog: round1(held * 1000), Short: round1((1 - held) * 1000), Percent: percent(held)}
	if r.RequestedOffset != nil {
		s.Wanted = commas(*r.RequestedOffset)
	}
	if r.PrimaryOffset != nil {
		s.Primary = commas(*r.PrimaryOffset)
	}
	return s
}

// curves draws each setting's what-if as a stair.
func curves(ws []diagnosis.WhatIf) []htmlCurve {
	var out []htmlCurve
	for _, w := range ws {
		name := w.Setting
		if name == "" {
			name = "repl-backlog-size"
		}
		if len(out) == 0 || out[len(out)-1].Setting != name {
			out = append(out, htmlCurve{Setting: name})
		}
		c := &out[len(out)-1]
		c.Points = append(c.Points, htmlWhatIf{WhatIf: w})
	}
	for n := range out {
		c := &out[n]
		top, flat := int64(1), true
		for _, p := range c.Points {
			top, flat = max(top, p.FullSyncs), flat && p.FullSyncs == c.Points[0].FullSyncs
		}
		if flat {
			continue
		}
		var path strings.Builder
		for i := range c.Points {
			p := &c.Points[i]
			p.Bar = round1(float64(max(p.FullSyncs, 0)) / float64(top) * 100)
			p.X = round1(40 + 520*(float64(i)+0.5)/float64(len(c.Points)))
			p.Y = round1(20 + 100*(1-float64(max(p.FullSyncs, 0))/float64(top)))
			if i == 0 {
				fmt.Fprintf(&path, "M40 %vH%v", p.Y, p.X)
			} else {
				fmt.Fprintf(&path, "V%vH%v", p.Y, p.X)
			}
		}
		path.WriteString("H560")
		c.Path = path.String()
	}
	return out
}
