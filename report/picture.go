package report

import (
	"fmt"
	"math"
	"time"

	"psyncope/correlate/diagnosis"
)

// The picture's measures, in the units of its own drawing; the script knows the same (report.js).
const (
	picWidth  = 1120
	picLeft   = 150 // names; the charts' axes are as wide
	picRight  = 14
	picTop    = 30 // numbers of incidents
	laneStep  = 46
	laneMid   = 26 // of the state's bar, below the lane's top
	picBottom = 26 // the axis
)

func newPicture(id string, g gathered, f frame, book *evidenceBook) *htmlPicture {
	p := &htmlPicture{ID: id, Width: picWidth, Left: picLeft, PlotWidth: picWidth - picLeft - picRight}
	p.From, p.To = time.UnixMilli(f.from).UTC().Format("2006-01-02 15:04:05"), time.UnixMilli(f.to).UTC().Format("2006-01-02 15:04:05")
	seenStates, seenShapes := map[string]bool{}, map[string]bool{}
	mid := map[string]int{}
	for n, l := range g.lanes {
		y := picTop + n*laneStep
		lane := htmlLane{Name: visible(l.Instance), Role: visible(l.Role), Y: y, Mid: y + laneMid, Says: visible(l.Instance) + ", " + visible(l.Role)}
		mid[l.Instance] = lane.Mid
		for _, b := range thinBars(l.Bars, htmlBars) {
			lane.Bars = append(lane.Bars, barOf(b, lane.Mid, f))
			seenStates[stateClass(b.State)] = true
		}
		for _, m := range thinMarks(l.Marks, htmlBars) {
			lane.Marks = append(lane.Marks, markOf(m, lane.Mid, f, book))
			seenShapes[shapeOf(m.Kind).name] = true
			p.Doubts = p.Doubts || m.ErrorS > 0
		}
		p.Lanes = append(p.Lanes, lane)
	}
	p.AxisY = picTop + len(g.lanes)*laneStep
	p.Height = p.AxisY + picBottom
	for n, i := range g.incidents {
		p.incident(fmt.Sprintf("%si%d", id, n+1), n, i, f, mid, book)
	}
	for _, s := range states {
		if seenStates[s.name] {
			p.States = append(p.States, htmlKey{Class: s.name, Name: s.says})
		}
	}
	for _, s := range []struct{ name, says string }{{"diamond", "fork"}, {"disc", "slow or still"}, {"cross", "lost, refused, failed"}, {"tick", "back"}, {"triangle", "start, change of role"}, {"square", "snapshot, transfer, other"}} {
		if seenShapes[s.name] {
			for _, sh := range shapes {
				if sh.name == s.name {
					p.Shapes = append(p.Shapes, htmlKey{Class: s.name, Name: s.says, Path: sh.path})
					break
				}
			}
		}
	}
	for i := range 6 {
		ms := f.min + (f.max-f.min)*int64(2*i+1)/12
		p.Ticks = append(p.Ticks, htmlTick{X: round1(f.x(ms)), Label: time.UnixMilli(ms).UTC().Format("15:04:05")})
	}
	return p
}

func (p *htmlPicture) incident(id string, n int, i *diagnosis.Incident, f frame, mid map[string]int, book *evidenceBook) {
	if i.Start == nil {
		return
	}
	s := htmlPicSpan{A: i.Start.UnixMilli(), B: f.to, Severity: severityClass(i.Severity), Href: id, N: n + 1}
	if i.End != nil {
		s.B = i.End.UnixMilli()
	}
	x0, x1 := f.clip(s.A), f.clip(s.B)
	s.X, s.W = round1(x0), round1(max(x1-x0, 0))
	p.Spans = append(p.Spans, s)
	chain, _ := upTo(i.Chain, htmlChain)
	for k, step := range chain {
		y, ok := mid[step.Instance]
		if step.At == nil || !ok {
			continue
		}
		a := step.At.UnixMilli()
		p.Steps = append(p.Steps, htmlPicStep{
			A: a, X: round1(f.x(a)), Y: y, N: k + 1, Href: fmt.Sprintf("%ss%d", id, k+1), Outside: a < f.min || a > f.max,
			Says: fmt.Sprintf("step %d, %s %s: %s: %s", k+1, offset(i.Start, step.At), visible(step.Instance), visible(step.Kind), PlainText(step.Summary)), E: numbers(book.all(step.Evidence)),
		})
		if step.Rule == "" || step.From < 0 || step.From >= k {
			continue
		}
		from := i.Chain[step.From]
		y0, ok := mid[from.Instance]
		if from.At == nil || !ok || from.Instance == step.Instance {
			continue
		}
		arrow := htmlArrow{A: from.At.UnixMilli(), B: a, Y1: y0, Y2: y, Loose: step.Unordered}
		arrow.Path = arrowPath(f.x(arrow.A), f.x(arrow.B), y0, y)
		p.Arrows = append(p.Arrows, arrow)
	}
}

// arrowPath leaves one lane and comes down (or up) on the other; report.js draws the same.
func arrowPath(x0, x1 float64, y0, y1 int) string {
	s := 9.0 // clear of the step's disc
	if y1 < y0 {
		s = -9
	}
	a, b := float64(y0)+s, float64(y1)-s-math.Copysign(3, s)
	m := (a + b) / 2
	return fmt.Sprintf("M%v %vC%v %v %v %v %v %v", round1(x0), a, round1(x0), m, round1(x1), m, round1(x1), b)
}

// thinBars joins neighbours until at most most are left: what is told of them is the state of the longest that is no link
// that is up, for trouble must not get lost.
func thinBars(bars []diagnosis.Bar, most int) []diagnosis.Bar {
	if len(bars) <= most {
		return bars
	}
	width := bars[len(bars)-1].To.Sub(bars[0].From.Time) / time.Duration(most)
	out := make([]diagnosis.Bar, 0, most)
	longest := time.Duration(0)
	for _, b := range bars {
		d := b.To.Sub(b.From.Time)
		if n := len(out); n > 0 && b.To.Sub(out[n-1].From.Time) <= width {
			out[n-1].To = b.To
			if b.State != "up" && (out[n-1].State == "up" || d > longest) {
				out[n-1].State, longest = b.State, d
			}
			continue
		}
		out, longest = append(out, b), d
	}
	return out
}

// thinMarks keeps of each kind of mark one for every column.
func thinMarks(marks []diagnosis.Mark, most int) []diagnosis.Mark {
	if len(marks) <= most {
		return marks
	}
	width := max(marks[len(marks)-1].At.Sub(marks[0].At.Time)/time.Duration(most), 1)
	last := map[string]time.Duration{}
	out := make([]diagnosis.Mark, 0, most)
	for _, m := range marks {
		at := m.At.Sub(marks[0].At.Time)
		if before, ok := last[m.Kind]; ok && at-before < width {
			continue
		}
		last[m.Kind] = at
		out = append(out, m)
	}
	return out
}

func barOf(b diagnosis.Bar, mid int, f frame) htmlBar {
	class, h := stateClass(b.State), 16
	for _, s := range states {
		if s.name == class {
			h = s.height
		}
	}
	out := htmlBar{State: class, A: b.From.UnixMilli(), B: b.To.UnixMilli(), Y: mid - h/2, H: h}
	x0, x1 := f.clip(out.A), f.clip(out.B)
	out.X, out.W = round1(x0), round1(max(x1-x0, 1))
	out.Outside = out.B < f.min || out.A > f.max
	out.Says = visible(b.State) + " for " + span(b.To.Sub(b.From.Time).Seconds()) + ", from " + b.From.UTC().Format("15:04:05.000")
	return out
}

func markOf(m diagnosis.Mark, mid int, f frame, book *evidenceBook) htmlMark {
	s := shapeOf(m.Kind)
	perMs := (picWidth - picLeft - picRight) / float64(f.max-f.min)
	out := htmlMark{A: m.At.UnixMilli(), Duration: int64(m.Seconds * 1000), Doubt: int64(m.ErrorS * 1000), Y: float64(mid) - 17, Shape: s.name, Path: s.path}
	out.X = round1(f.x(out.A))
	out.LenW, out.DoubtW = round1(float64(out.Duration)*perMs), round1(float64(out.Doubt)*perMs)
	out.Outside = out.A+out.Duration < f.min || out.A > f.max
	out.Says = visible(m.Kind) + " at " + m.At.UTC().Format("15:04:05.000")
	if m.Seconds > 0 {
		out.Says += ", " + span(m.Seconds)
	}
	if m.ErrorS > 0 {
		out.Says += " (clock ± " + span(m.ErrorS) + ")"
	}
	if m.Summary != "" {
		out.Says += ": " + PlainText(m.Summary)
	}
	out.E = numbers(book.all(m.Evidence))
	return out
}
