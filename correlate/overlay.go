package correlate

import (
	"fmt"
	"strings"

	"psyncope/correlate/diagnosis"
	"psyncope/correlate/replication"
	"psyncope/correlate/timeline"
	"psyncope/ingest/table"
)

// half of an interval has to be lost for a lane to show it: less is what any machine has now and then, and stands in the series.
const half = 0.5

// machine draws on a host's lane what its machine lacked, and what the kernel said.
func (b *bars) machine() {
	for _, m := range b.h.Measures() {
		for i := 0; i < len(m.Points); i++ {
			first := m.Points[i]
			if first.Share < half {
				continue
			}
			last := first
			for i+1 < len(m.Points) && m.Points[i+1].Share >= half {
				i++
				last = m.Points[i]
			}
			b.mark(first.Span.From, "lack-of-"+string(m.Resource), last.Span.To-first.Span.From, fmt.Sprintf("%s: %s", b.h.Name, m.Says), first.Row.Evidence(m.Column))
		}
	}
	for i := range b.h.Kernel {
		e := &b.h.Kernel[i]
		if table.ByKernel(e.Kind) {
			b.mark(e.At, e.Kind, 0, b.h.Name+"'s kernel: "+e.Text, e.Evidence())
		}
	}
}

// ofMachine adds what tools measured of a host's machine.
func ofMachine(g *replication.Group, h *timeline.Host, c *curve, out []diagnosis.Series) []diagnosis.Series {
	for _, m := range h.Measures() {
		c.at, c.values = c.at[:0], c.values[:0]
		step := micros(0)
		for i, p := range m.Points {
			if i > 0 {
				c.hole(m.Points[i-1].Span.To, p.Span.To, step)
				step = max(step, p.Span.To-p.Span.From)
			}
			c.add(p.Span.To, p.Value)
		}
		out = c.append(out, diagnosis.Series{Instance: h.Name, Group: g.ID, Name: "machine_" + m.Column, Unit: unitOf(m.Column)})
	}
	return out
}

// unitOf is the unit that a column's name ends in.
func unitOf(column string) string {
	for _, u := range [][2]string{{"_bytes_per_second", "bytes/s"}, {"_per_second", "1/s"}, {"_percent", "%"}} {
		if strings.HasSuffix(column, u[0]) {
			return u[1]
		}
	}
	return ""
}
