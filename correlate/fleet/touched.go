package fleet

// What a run changed is told by Touched, so that only that is written again.

// Touched reports whether the group differs from what was read from the state.
func (g *Group) Touched() bool { return g.touched }

// Touched reports whether the incident differs from what was read from the state.
func (i *Incident) Touched() bool { return i.touched }

// Touched reports whether the artifact differs from what was read from the state.
func (a *Artifact) Touched() bool { return a.touched }

// Touched reports whether the value differs from what was read from the state.
func (v *Value) Touched() bool { return v.touched }

// Touched reports whether the measure differs from what was read from the state.
func (m *Measure) Touched() bool { return m.touched }

// Touch marks an artifact that moved without being read.
func (a *Artifact) Touch() { a.touched = true }
