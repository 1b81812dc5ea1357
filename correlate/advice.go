package correlate

// advise adds what to change.
func (in *incident) advise(out *Incident) {}
