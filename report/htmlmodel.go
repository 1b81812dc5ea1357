package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"slices"

	"psyncope/correlate/diagnosis"
)

type htmlPage struct {
	Contents []htmlEntry // what the page holds, where it is more than one incident
	Causes   []htmlCause

	Title, Verdict string
	Policy         template.HTMLAttr
	Style          template.CSS
	Script         template.JS
	Data           template.JS
	Overview       []htmlStrip
	Quiet          int
	From, To       string // of the overview's strips
	Index          []htmlLink
	Groups         []htmlGroup
	Notes          []htmlNote
	Sizes          []diagnosis.Sizing
	Lacking        []string // what nobody took, with what takes it
	LackingLeft    int
	SizesLeft      int
	Clocks         []diagnosis.HostClock
	ClocksLeft     int
	Files          []diagnosis.InputFile
	FilesLeft      int
	Problems       []diagnosis.Problem
	ProblemsLeft   int
	InputWords     string
	Root           string // where all evidence lies
	Version        string
}

type htmlLink struct {
	ID, Severity, Headline, When string
}

// htmlStrip is a group in the overview, with its incidents along the whole capture.
type htmlStrip struct {
	ID, Name, Severity, Headline string
	Critical, Warning            int
	Full                         int64
	Rank                         int
	Section                      bool
	Heat                         []htmlSpan
}

type htmlSpan struct {
	X, W     float64 // of 1000
	Severity string
}

type htmlGroup struct {
	Fold      bool // of a fleet too large to have all open
	ID        string
	Group     diagnosis.Group
	Open      bool
	Quiet     bool
	Picture   *htmlPicture
	Charts    bool
	Incidents []htmlIncident
	Sizing    *htmlSizing
}

type htmlIncident struct {
	ID     string
	I      *diagnosis.Incident
	Facts  []fact
	Others []htmlOthers
	Steps  []htmlStep
	Later  []htmlStep // of a long chain, what the page opens on demand
	Left   int        // steps that are not in the page
	Sum    *htmlSum
	Refuse string
	Rs     []htmlAdvice
	// Asked are the questions of a post-mortem that are answered, AskedOpen those that are not; Rounds the later rounds of a storm.
	Asked      []fact
	AskedOpen  string
	Rounds     []string
	RoundsLeft int
}

type htmlStep struct {
	N        int
	G        string // the group's id
	ID       string
	Offset   string
	S        diagnosis.Step
	Lead     string
	LeadStep string // id of the step it leads from
	LeadN    int
	Evidence []htmlEvidence
	More     int
}

// htmlEvidence is a line and its number in the group's list of lines.
type htmlEvidence struct {
	E           int
	Place, Text string
}

type htmlAdvice struct {
	N int
	R diagnosis.Recommendation
}

// htmlEntry is a line of the contents.
type htmlEntry struct{ ID, Title string }

// htmlCause is how many incidents a cause began.
type htmlCause struct {
	Kind string
	N    int64
}

type htmlNote struct {
	N        diagnosis.Note
	Group    int
	Evidence []htmlEvidence
}

// htmlSum is the refusal's arithmetic as a drawing, in units of 1000.
type htmlSum struct {
	R               diagnosis.Refusal
	Short           float64 // width of what is missing
	Backlog         float64 // width of what the backlog holds
	Percent         string
	Primary, Wanted string
}

type htmlSizing struct {
	S      diagnosis.Sizing
	Curves []htmlCurve
}

// htmlCurve is the what-if of one setting.
type htmlCurve struct {
	Setting string
	Points  []htmlWhatIf
	Path    string // empty where the curve is flat
}

type htmlWhatIf struct {
	diagnosis.WhatIf
	X, Y, Bar float64
}

// pageData is what the script reads.
type pageData struct {
	Groups []groupData `json:"groups"`
}

type groupData struct {
	ID     string      `json:"id"`
	From   int64       `json:"from"` // the capture, ms
	To     int64       `json:"to"`
	Focus  [2]int64    `json:"focus"` // the window to begin with
	Spans  []spanData  `json:"spans"`
	Lines  [][3]any    `json:"lines"` // evidence: file, line, text
	X      [][]int64   `json:"x"`     // time axes, as first value and steps
	Charts []chartData `json:"charts"`
}

type spanData struct {
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Severity string `json:"severity"`
	ID       string `json:"id"`
}

type chartData struct {
	Name   string       `json:"name"`
	Title  string       `json:"title"`
	Unit   string       `json:"unit"`
	Series []seriesData `json:"series"`
}

type seriesData struct {
	Label string     `json:"label"`
	X     int        `json:"x"` // index of its axis
	Y     []*float64 `json:"y"`
}

// evidenceBook numbers the lines of evidence of a group; the page holds each once.
type evidenceBook struct {
	root  string
	lines [][3]any
	at    map[diagnosis.Evidence]int
}

func (b *evidenceBook) add(e diagnosis.Evidence) int {
	n, ok := b.at[e]
	if !ok {
		n = len(b.lines)
		b.at[e] = n
		b.lines = append(b.lines, [3]any{visible(e.File), e.Line, PlainText(e.Text)})
	}
	return n
}

func (b *evidenceBook) all(ev []diagnosis.Evidence) []htmlEvidence {
	out := make([]htmlEvidence, len(ev))
	for i, e := range ev {
		out[i] = htmlEvidence{b.add(e), place(b.root, e), e.Text}
	}
	return out
}

// gathered is a group with all that is said of it.
type gathered struct {
	diagnosis.Group
	incidents []*diagnosis.Incident
	lanes     []*diagnosis.Lane
	series    []*diagnosis.Series
	sizing    *diagnosis.Sizing
}

// htmlGroups gathers what belongs together, groups with incidents first, the worst of them first.
func htmlGroups(d *diagnosis.Diagnosis) []gathered {
	var out []gathered
	at := map[string]int{}
	of := func(id string) *gathered {
		n, ok := at[id]
		if !ok {
			n = len(out)
			at[id] = n
			out = append(out, gathered{Group: diagnosis.Group{ID: id}})
		}
		return &out[n]
	}
	for _, g := range d.Groups {
		of(g.ID).Group = g
	}
	for _, i := range worstFirst(d.Incidents) {
		g := of(i.Group)
		g.incidents = append(g.incidents, i)
	}
	for i := range d.Lanes {
		g := of(d.Lanes[i].Group)
		g.lanes = append(g.lanes, &d.Lanes[i])
	}
	for i := range d.Series {
		g := of(d.Series[i].Group)
		g.series = append(g.series, &d.Series[i])
	}
	for i := range d.Sizing {
		of(d.Sizing[i].Group).sizing = &d.Sizing[i]
	}
	worst := func(g gathered) int {
		switch {
		case len(g.incidents) == 0:
			return 2
		default:
			return rank(g.incidents[0])
		}
	}
	slices.SortStableFunc(out, func(a, b gathered) int { return cmp.Compare(worst(a), worst(b)) })
	return out
}

func upTo[T any](in []T, n int) ([]T, int) {
	if len(in) <= n {
		return in, 0
	}
	return in[:n], len(in) - n
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// htmlOthers are causes that were weighed and lost, under what is to be said of them.
type htmlOthers struct {
	Title string
	As    []diagnosis.Alternative
}

func others(as []diagnosis.Alternative) (out []htmlOthers) {
	could, ruledOut := couldHave(as)
	if len(could) > 0 {
		out = append(out, htmlOthers{"What else it could have been", could})
	}
	if len(ruledOut) > 0 {
		out = append(out, htmlOthers{"Ruled out", ruledOut})
	}
	return out
}
