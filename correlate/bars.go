package correlate

import (
	"psyncope/correlate/diagnosis"
	"psyncope/correlate/timeline"
)

// bars draws a lane: the states of a link as bars, and instants as marks on them.
type bars struct {
	on  *diagnosis.Lane
	h   *timeline.Host
	end micros // of the group's evidence
}

func (b *bars) bar(state string, from, to micros) {
	if from != unknown && to != unknown && to > from {
		b.on.Bars = append(b.on.Bars, diagnosis.Bar{State: state, From: *diagnosis.StampOf(from), To: *diagnosis.StampOf(to)})
	}
}

func (b *bars) mark(at micros, kind string, length micros, what string, ev ...diagnosis.Evidence) {
	if at != unknown {
		b.on.Marks = append(b.on.Marks, diagnosis.Mark{
			At: *diagnosis.StampOf(at), Kind: kind, Seconds: diagnosis.Seconds(length), ErrorS: diagnosis.Seconds(b.h.Clock.Err), Summary: what, Evidence: append([]diagnosis.Evidence{}, ev...),
		})
	}
}
