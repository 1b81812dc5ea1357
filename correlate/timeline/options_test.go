package timeline

import (
	"testing"
	"time"

	"psyncope/ingest/table"
)

// TestFromNew: what ended before Since is told where a file has it that was not told before, and not where all that speaks of it was.
func TestFromNew(t *testing.T) {
	at := func(second int64) micros { return table.Micros(1_795_000_000+second) * table.Second }
	row := func(file string, second int64) Event {
		e := Event{At: at(second)}
		e.File = file
		return e
	}
	h := &Host{Events: []Event{row("old", 5), row("new", 90), {Event: table.Event{Origin: table.Origin{File: "late"}}, At: unknown}}}
	o := Options{Since: at(60).Time(), Told: map[string]bool{"old": true}}
	for _, c := range []struct {
		late []Event
		want micros
	}{
		{nil, at(60)},
		{[]Event{row("late", 20), row("late", 70)}, at(20)},
	} {
		g := &Host{Events: c.late}
		if got := o.FromNew([]*Host{h, g}); !got.Since.Equal(c.want.Time()) {
			t.Errorf("from %s, not %s", got.Since.Format(time.TimeOnly), c.want.Time().Format(time.TimeOnly))
		}
	}
	o.Told = nil
	if got := o.FromNew([]*Host{{Events: []Event{row("late", 20)}}}); !got.Since.Equal(o.Since) {
		t.Error("without files that were told, Since is the user's own")
	}
}
