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
	// Told, where it is given, are the files of which all that ended before Since was told already, and more before them than is read now: what is
	// there only to go on from is not told anew by half of its evidence. What another file has of the time before is told.
	Told map[string]bool
	// Group keeps one group, by id or by the name of one of its instances. Its lanes and series are told even without an
	// incident.
	Group string
}

// Within is o with the window for evidence from one moment to another.
func (o Options) Within(from, to micros) Options {
	if o.Window != nil && from != unknown && to != unknown {
		since, until := o.Window(from.Time(), to.Time())
		if since.After(o.Since) {
			o.Since = since
		}
		o.Until = until
	}
	return o
}

// FromNew moves Since back to where the evidence begins that no earlier run has told.
func (o Options) FromNew(hosts []*Host) Options {
	if o.Told == nil || o.Since.IsZero() {
		return o
	}
	since := table.MicrosOf(o.Since)
	see := func(file string, at micros) {
		if at != unknown && at < since && !o.Told[file] {
			since = at
		}
	}
	for _, h := range hosts {
		for i := range h.Samples {
			see(h.Samples[i].File, h.Samples[i].At)
		}
		for i := range h.Events {
			see(h.Events[i].File, h.Events[i].At)
		}
	}
	o.Since = since.Time()
	return o
}

// Tells reports whether what lies between two moments is to be told.
func (o *Options) Tells(from, to micros) bool {
	if !o.Since.IsZero() && to != unknown && to < table.MicrosOf(o.Since) {
		return false
	}
	return o.Until.IsZero() || from == unknown || from <= table.MicrosOf(o.Until)
}
