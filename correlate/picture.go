package correlate

// picture adds the lanes and series that reports draw.
func (g *group) picture(d *Diagnosis, ins []*incident) {}
