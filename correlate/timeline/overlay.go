package timeline

import (
	"slices"

	"psyncope/correlate/diagnosis"
)

// Measure is what tools said of one way in which a machine can lack something, over all of the evidence.
type Measure struct {
	Resource diagnosis.Resource
	Column   string // of table.HostSample
	Says     string
	Points   []MeasurePoint // by time
}

// MeasurePoint is one interval of it. Share is which part of the interval a process that wanted the resource could not have it; 0 where that cannot
// be said of a process, as of a disk that is busy with whatever.
type MeasurePoint struct {
	Span  Span
	Value float64
	Share float64
	Row   *HostSample
}

// Measures are those of a host's machine of which anything but zero was ever told. Of several parts of a machine (disks, groups) that are told of
// at the same time the one that lacked most counts.
func (h *Host) Measures() []Measure {
	var out []Measure
	for i := range ways {
		w := &ways[i]
		m := Measure{Resource: w.resource, Column: w.column, Says: w.says}
		any := false
		for j := range h.Machine {
			row := &h.Machine[j]
			v := *row.Measure(w.column)
			if row.At == unknown || !v.Known() {
				continue
			}
			p := MeasurePoint{Span: row.Span(), Value: float64(v), Row: row}
			switch {
			case w.some || w.whoever:
			case w.share != nil:
				p.Share = w.share(row)
			default:
				p.Share = min(float64(v)/100, 1)
			}
			any = any || v > 0
			if n := len(m.Points); n > 0 && m.Points[n-1].Span.To == p.Span.To {
				if p.Value > m.Points[n-1].Value {
					m.Points[n-1] = p
				}
				continue
			}
			m.Points = append(m.Points, p)
		}
		if any {
			out = append(out, m)
		}
	}
	return slices.Clip(out)
}
