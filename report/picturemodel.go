package report

import (
	"math"
	"strconv"
	"strings"

	"psyncope/correlate/diagnosis"
)

type htmlPicture struct {
	ID             string
	Width, Height  int
	Left           int
	PlotWidth      int
	AxisY          int
	Lanes          []htmlLane
	Spans          []htmlPicSpan
	Arrows         []htmlArrow
	Steps          []htmlPicStep
	Ticks          []htmlTick
	States, Shapes []htmlKey
	Doubts         bool // some mark's time is in doubt
	From, To       string
}

type htmlLane struct {
	Name, Role string
	Y, Mid     int
	Bars       []htmlBar
	Marks      []htmlMark
	Says       string
}

type htmlBar struct {
	State   string // class
	A, B    int64
	X, W    float64
	Y, H    int
	Says    string
	Outside bool
}

type htmlMark struct {
	A        int64
	Duration int64
	Doubt    int64
	X, Y     float64
	LenW     float64
	DoubtW   float64
	Shape    string
	Path     string
	Says     string
	E        string // numbers of its evidence, by commas
	Outside  bool
}

type htmlPicSpan struct {
	A, B           int64
	X, W           float64
	Severity, Href string
	N              int
}

type htmlArrow struct {
	A, B   int64
	Y1, Y2 int
	Path   string
	Loose  bool // order not known
}

type htmlPicStep struct {
	A       int64
	X       float64
	Y       int
	N       int
	Href    string
	Says    string
	E       string
	Outside bool
}

type htmlTick struct {
	X     float64
	Label string
}

type htmlKey struct{ Class, Name, Path string }

// shape is the sign of a kind of mark. The first whose word is in the kind's name counts.
type shape struct{ word, name, path string }

var shapes = []shape{
	{"lost", "cross", "M-4-4L4 4M4-4L-4 4"},
	{"down", "cross", "M-4-4L4 4M4-4L-4 4"},
	{"refus", "cross", "M-4-4L4 4M4-4L-4 4"},
	{"fail", "cross", "M-4-4L4 4M4-4L-4 4"},
	{"crash", "cross", "M-4-4L4 4M4-4L-4 4"},
	{"up", "tick", "M-4 0L-1 3L5-4"},
	{"partial", "tick", "M-4 0L-1 3L5-4"},
	{"fork", "diamond", "M0-5L5 0L0 5L-5 0Z"},
	{"slow", "disc", "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z"},
	{"script", "disc", "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z"},
	{"stall", "disc", "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z"},
	{"pause", "disc", "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z"},
	{"lack", "disc", "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z"},
	{"start", "triangle", "M0-5L5 4L-5 4Z"},
	{"role", "triangle", "M0-5L5 4L-5 4Z"},
	{"promot", "triangle", "M0-5L5 4L-5 4Z"},
	{"failover", "triangle", "M0-5L5 4L-5 4Z"},
	{"", "square", "M-4-4L4-4L4 4L-4 4Z"},
}

func shapeOf(kind string) shape {
	for _, s := range shapes {
		if strings.Contains(kind, s.word) {
			return s
		}
	}
	return shapes[len(shapes)-1]
}

// states are the stretches of a link's life in the order of the legend: trouble is tall, health is a thin line.
var states = []struct {
	name   string
	height int
	says   string
}{
	{"up", 4, "link up"},
	{"down", 16, "link down"},
	{"connecting", 16, "connecting"},
	{"transfer", 16, "transfer"},
	{"load", 16, "loading"},
	{"stalled", 16, "stands still"},
	{"gone", 10, "gone"},
}

// frame is the time a picture covers, in ms: all there is, and the window it opens with.
type frame struct{ from, to, min, max int64 }

// newFrame takes the group's extent, widened by whatever it holds, and opens on its worst incident.
func newFrame(g gathered) frame {
	f := frame{from: math.MaxInt64, to: math.MinInt64}
	see := func(s *diagnosis.Stamp) {
		if s != nil && !s.IsZero() {
			f.from, f.to = min(f.from, s.UnixMilli()), max(f.to, s.UnixMilli())
		}
	}
	see(g.From)
	see(g.To)
	for _, l := range g.lanes {
		for _, b := range l.Bars {
			see(&b.From)
			see(&b.To)
		}
		for _, m := range l.Marks {
			see(&m.At)
		}
	}
	for _, s := range g.series {
		if len(s.At) > 0 {
			f.from, f.to = min(f.from, s.At[0]), max(f.to, s.At[len(s.At)-1])
		}
	}
	for _, i := range g.incidents {
		see(i.Start)
		see(i.End)
	}
	if f.from > f.to {
		return frame{}
	}
	f.min, f.max = f.from, f.to
	for _, i := range g.incidents {
		if i.Start == nil {
			continue
		}
		first, last := i.Start.UnixMilli(), f.to
		if i.End != nil {
			last = i.End.UnixMilli()
		}
		for _, s := range i.Chain {
			if s.At != nil {
				first, last = min(first, s.At.UnixMilli()), max(last, s.At.UnixMilli())
			}
		}
		pad := max((last-first)/8, 1000)
		f.min, f.max = max(first-pad, f.from), min(last+pad, f.to)
		break
	}
	if f.min >= f.max {
		f.min, f.max = f.from, f.to
	}
	return f
}

// x is where an instant lies in the window the picture opens with.
func (f frame) x(ms int64) float64 {
	return picLeft + (picWidth-picLeft-picRight)*float64(ms-f.min)/float64(f.max-f.min)
}

// clip is x, kept within the plot.
func (f frame) clip(ms int64) float64 {
	return min(max(f.x(ms), picLeft), picWidth-picRight)
}

func round1(f float64) float64 { return math.Round(f*10) / 10 }

// significant rounds to seven digits.
func significant(f float64) float64 {
	if f == 0 {
		return 0
	}
	scale := math.Pow(10, 6-math.Floor(math.Log10(math.Abs(f))))
	if math.IsInf(scale, 0) || scale == 0 {
		return f
	}
	if r := math.Round(f*scale) / scale; finite(r) {
		return r
	}
	return f
}

// tail is the end of a long name: names of one group differ there.
func tail(s string) string {
	r := []rune(s)
	if len(r) <= 19 {
		return s
	}
	return "…" + string(r[len(r)-18:])
}

func numbers(ev []htmlEvidence) string {
	out := make([]string, len(ev))
	for i, e := range ev {
		out[i] = strconv.Itoa(e.E)
	}
	return strings.Join(out, ",")
}

// stateClass is a state's class; a state that this package does not know is drawn as gone.
func stateClass(state string) string {
	for _, s := range states {
		if s.name == state {
			return s.name
		}
	}
	return "gone"
}

func severityClass(s string) string {
	if s == diagnosis.Critical {
		return diagnosis.Critical
	}
	return diagnosis.Warning
}
