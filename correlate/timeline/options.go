package timeline

import (
	"time"

	"psyncope/ingest/table"
)

// Options are what a person may know better than the evidence.
type Options struct {
	// TZ gives instances' time zones; Skew how far their clocks are ahead of the reference.
	TZ   map[string]*time.Location
	Skew map[string]time.Duration
	// Reference names the instance whose clock is the axis, instead of the group's first primary.
	Reference string
	// Year is that of the last line of a log without years; 0 leaves it to the evidence.
	Year int
	// Since and Until bound the incidents and notes that are told; zero is open.
	Since, Until time.Time
	// Window, where it is given, gives Since and Until for evidence that spans the time from one instant to another.
	Window func(from, to time.Time) (since, until time.Time)
	// Group keeps one group, by id or by the name of one of its instances. Its lanes and series are told even without an
	// incident.
	Group string
}

// Within is o with the window for evidence from one moment to another.
func (o Options) Within(from, to micros) Options {
	if o.Window != nil && from != unknown && to != unknown {
		o.Since, o.Until = o.Window(from.Time(), to.Time())
	}
	return o
}

// Tells reports whether what lies between two moments is to be told.
func (o *Options) Tells(from, to micros) bool {
	if !o.Since.IsZero() && to != unknown && to < table.MicrosOf(o.Since) {
		return false
	}
	return o.Until.IsZero() || from == unknown || from <= table.MicrosOf(o.Until)
}
