package diagnosis

import "psyncope/ingest/table"

// Verdicts of a group's coverage.
const (
	// HasIncidents: there were incidents, which stand in the report.
	HasIncidents = "incidents"
	// Healthy: what was read shows the links up, and no incident.
	Healthy = "healthy"
	// Insufficient: what was read does not tell; that is no all-clear.
	Insufficient = "insufficient"
)

// Coverage is what a group's verdict rests on.
type Coverage struct {
	Group   string   `json:"group"`
	Verdict string   `json:"verdict"`
	Read    []string `json:"read"`
	Missing []string `json:"missing"`
}

// Tells reports whether anything was read that allows a verdict, about any group.
func (d *Diagnosis) Tells() bool {
	for _, c := range d.Coverage {
		if c.Verdict != Insufficient {
			return true
		}
	}
	return len(d.Incidents) > 0
}

// understood reports whether anything in a file could be read: an empty one has nothing that could not.
func understood(f *table.File) bool {
	switch {
	case f.Bytes == 0 && f.Kind != "unreadable":
		return true
	case f.Kind == "other" || f.Kind == "unreadable":
		return false
	}
	return f.Records > 0 || f.Rejected == 0
}

// Unread are the first few files in which nothing could be read, and how many there are: a million, where somebody hands over a disk.
func (d *Diagnosis) Unread(few int) (first []*InputFile, all int) {
	for i := range d.Inputs.Files {
		if f := &d.Inputs.Files[i]; !f.Understood && f.Records == 0 {
			if all++; all <= few {
				first = append(first, f)
			}
		}
	}
	return first, all
}

// Extent is the time that all groups together cover.
func (d *Diagnosis) Extent() (from, to *Stamp) {
	for _, g := range d.Groups {
		if g.From != nil && (from == nil || g.From.Before(from.Time)) {
			from = g.From
		}
		if g.To != nil && (to == nil || g.To.After(to.Time)) {
			to = g.To
		}
	}
	if from == nil || to == nil {
		return nil, nil
	}
	return from, to
}
