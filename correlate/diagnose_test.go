package correlate

import (
	"testing"

	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Hosts that share no event are said to be unaligned, and their clocks are left as they are.
func TestUnalignedIsSaid(t *testing.T) {
	var c table.Case
	for i, kind := range []string{message.SyncRequested, message.PrimaryLinkLost} {
		e := blank[table.Event]()
		e.Instance, e.Kind, e.Clock, e.Count = []string{"a", "b"}[i], kind, table.ClockLocal, 1
		e.Stamp = dayStart + micros(i)*5*second
		e.LastStamp = e.Stamp
		c.Events.Append(&e)
	}
	d := Diagnose(&c, Options{})
	for _, h := range d.Time.Hosts {
		if h.Instance == "b" && (h.SkewS != 0 || h.ErrorS == 0 || len(h.Method) < 9 || h.Method[:9] != "unaligned") {
			t.Errorf("%+v: want unaligned, with a doubt", h)
		}
	}
}
