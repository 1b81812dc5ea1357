package correlate

// indicators adds notes on what is not broken yet.
func (g *group) indicators(d *Diagnosis, o Options) {}
