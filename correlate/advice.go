package correlate

// advise adds what to change.
func (in *incident) advise(out *Incident) {}

// size adds the group's sizing.
func (g *group) size(d *Diagnosis, ins []*incident) {}
