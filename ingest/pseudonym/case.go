package pseudonym

import (
	"psyncope/ingest/message"
	"psyncope/ingest/table"
)

// Case replaces what is the user's own in all evidence of a case. What nothing understood is withheld: the text of messages that the
// catalogue does not have, and pieces of lines that could not be read.
func (m *Maker) Case(c *table.Case) {
	type text struct {
		Kind string `col:"kind"`
		Text string `col:"message"`
	}
	unknown := map[string]bool{}
	for _, e := range table.Read[text](&c.Events) {
		if e.Kind == message.Other {
			unknown[e.Text] = true
		}
	}
	c.Events.Map(func(col table.Column, w string) string {
		if col.Name == "message" && unknown[w] {
			return Withheld(len(w))
		}
		return m.column(col, w)
	})
	c.Samples.Map(m.column)
	c.Replicas.Map(m.column)
	c.Statistics.Map(m.column)
	c.Commands.Map(m.column)
	c.Settings.Map(m.column)
	c.Clients.Map(m.column)
	c.Latency.Map(m.column)
	c.Host.Map(m.column)
	c.Fields.Map(m.column)
	c.Problems.Map(m.column)
	for i := range c.Files {
		c.Files[i] = m.File(c.Files[i])
	}
	for i, in := range c.Instances {
		c.Instances[i] = table.Instance{Name: m.Path(in.Name), Addrs: m.paths(in.Addrs), Reached: m.paths(in.Reached)}
	}
}

// File is the account of an artifact under its pseudonym.
func (m *Maker) File(f table.File) table.File {
	f.Path, f.Instance = m.Path(f.Path), m.Path(f.Instance)
	return f
}

// Problem is a problem without what is the user's own.
func (m *Maker) Problem(p table.Problem) table.Problem {
	p.File, p.Instance, p.Reason = m.Path(p.File), m.Path(p.Instance), m.Text(p.Reason)
	if p.Text != "" {
		p.Text = Withheld(len(p.Text))
	}
	return p
}

func (m *Maker) paths(given []string) []string {
	out := make([]string, len(given))
	for i, s := range given {
		out[i] = m.Path(s)
	}
	return out
}

// column replaces a word of a column, as the column says what its words are.
func (m *Maker) column(c table.Column, w string) string {
	switch c.Is {
	case table.IsOwn:
		return w
	case table.IsPath:
		return m.Path(w)
	case table.IsName:
		return m.Name(w)
	case table.IsArgs:
		return m.Args(w)
	case table.IsExcerpt:
		return Withheld(len(w))
	}
	return m.Text(w)
}
